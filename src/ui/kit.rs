// SPDX-License-Identifier: GPL-3.0-or-later

//! Widgets and helpers that know nothing about choices, history or reports.

pub(crate) mod announce;
pub(crate) mod buttons;
pub(crate) mod dialogs;
pub(crate) mod expander;
pub(crate) mod focus;
pub(crate) mod late_spinner;
pub(crate) mod later;
pub(crate) mod markup;
pub(crate) mod pages;
pub(crate) mod result;
pub(crate) mod row_layout;
pub(crate) mod rows;
pub(crate) mod style;
pub(crate) mod subpage;
pub(crate) mod toast;
pub(crate) mod uri;
