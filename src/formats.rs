// SPDX-License-Identifier: GPL-3.0-or-later

//! Formats of files: one value is found or changed, and every other byte stays.

pub mod mistake;
pub mod toml;
pub(crate) mod xml;
