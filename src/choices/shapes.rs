// SPDX-License-Identifier: GPL-3.0-or-later

//! The shapes that a setting can have, one file a shape.

pub(crate) mod document;
pub(crate) mod entry;
pub(crate) mod list;
pub(crate) mod property;
pub(crate) mod value;
