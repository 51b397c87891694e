// SPDX-License-Identifier: GPL-3.0-or-later

//! What the user decides: the choices, the readers that follow them, and their combined state.

pub mod catalogue;
pub mod change;
pub mod choice;
pub(crate) mod condition;
pub mod decision;
pub mod desktop;
pub mod everyone;
pub mod lock;
pub mod measure;
pub(crate) mod measures;
pub mod opt_out;
pub mod organisation;
pub mod overview;
pub(crate) mod place;
pub mod places;
pub mod reader;
pub mod rule;
pub mod search;
pub mod snapshot;
pub mod state;
pub mod status;
pub mod store;
pub mod stores;
pub mod system_setting;
pub mod watch;
pub mod words;
