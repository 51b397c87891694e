// SPDX-License-Identifier: GPL-3.0-or-later

//! The readers that come with the panel, for an image that doesn't have them yet.

/// The name and the text of each file in `data/readers.d`, by name; `build.rs` lists them.
pub const SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/shipped.rs"));
