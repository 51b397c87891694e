// SPDX-License-Identifier: GPL-3.0-or-later

//! The rows and pages of the choices.

pub(crate) mod app_row;
pub(crate) mod apps;
pub(crate) mod choice_page;
pub(crate) mod choice_row;
pub(crate) mod control;
pub(crate) mod extra_rows;
pub(crate) mod icons;
pub(crate) mod identifier;
pub(crate) mod lever;
pub(crate) mod overview;
pub(crate) mod restart;
pub(crate) mod still_on_page;
pub(crate) mod texts;
