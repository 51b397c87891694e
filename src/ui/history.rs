// SPDX-License-Identifier: GPL-3.0-or-later

//! The rows and pages of the history.

pub(crate) mod applications;
pub(crate) mod clear_page;
pub(crate) mod exceptions_page;
pub(crate) mod group;
pub(crate) mod keep_row;
pub(crate) mod kinds;
