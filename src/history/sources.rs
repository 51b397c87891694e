// SPDX-License-Identifier: GPL-3.0-or-later

//! Where programs record what a person did, one file a source.

pub(crate) mod app_usage;
pub(crate) mod recent;
pub(crate) mod typed;
