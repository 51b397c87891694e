// SPDX-License-Identifier: GPL-3.0-or-later

//! The rows of the choices.

pub(crate) mod choice_row;
pub(crate) mod details;
pub(crate) mod extra_rows;
pub(crate) mod identifier;
