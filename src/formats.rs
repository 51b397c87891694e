// SPDX-License-Identifier: GPL-3.0-or-later

//! Formats of files: one value is found or changed, and everything else stays byte for byte.

pub mod mistake;
pub mod toml;
pub(crate) mod xml;
