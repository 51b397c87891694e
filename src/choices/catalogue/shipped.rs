// SPDX-License-Identifier: GPL-3.0-or-later

//! The shipped readers, for an image without the panel.

/// The name and the text of each file in `data/readers.d`, by name. `build.rs` generates the list.
pub const SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/shipped.rs"));
