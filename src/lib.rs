// SPDX-License-Identifier: GPL-3.0-or-later

//! One place for the user's privacy choices, which every program on the desktop follows.
//!
//! A **choice** is one decision (`online-search`, `error-reports`…). A **reader** is a program that
//! follows a choice, with the place where it keeps the setting. There is no second copy of the
//! truth: the **state** of a choice is what its installed readers read.
//!
//! The layers. Each imports only from those below it, and `tests/layers.rs` checks that:
//!
//! ```text
//! cli, search_provider, ui     the programs, which are not in this library
//! history, policy, reports     recorded activity; the administrator's file; error reports
//! choices                      choices, readers, stores; their status, changes and search
//! formats                      one value in a text, everything else kept
//! system                       the computer: settings, buses, files, processes, translation
//! app                          every name of the program's own
//! ```
//!
//! Nothing here links GTK, prints, or ends the process.

pub mod app;
pub mod choices;
pub mod formats;
pub mod history;
pub mod policy;
pub mod reports;
pub mod system;
