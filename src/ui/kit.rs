// SPDX-License-Identifier: GPL-3.0-or-later

//! Widgets and helpers that know no choice.

pub(crate) mod expander;
pub(crate) mod markup;
pub(crate) mod rows;
pub(crate) mod subpage;
