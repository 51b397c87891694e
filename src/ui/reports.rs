// SPDX-License-Identifier: GPL-3.0-or-later

//! The rows and pages of error reports.

pub(crate) mod delete;
pub(crate) mod entry;
pub(crate) mod group;
pub(crate) mod list_page;
pub(crate) mod list_section;
pub(crate) mod report_page;
pub(crate) mod text;
