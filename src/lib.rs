// SPDX-License-Identifier: GPL-3.0-or-later

//! One place for a person's privacy decisions, obeyed by every program that could act against them.
//!
//! A **choice** is one decision (`online-search`, `error-reports`…). A **reader** is a program that
//! obeys a choice, with the place in which it looks the choice up. There is no second
//! copy of the truth: what a choice amounts to, its **state**, is what its installed readers read.
//!
//! The layers, each knowing only those below it:
//!
//! ```text
//! ui (GTK), cli, search_provider   the programs; not in this library
//! ├── change                write every installed reader, then read every one back
//! ├── watch                 be told when anybody changes anything
//! ├── status                state, origin and lock of a choice
//! ├── history               what is remembered here: looking, clearing, never recording
//! ├── search                finding a choice by what a person types
//! ├── policy                an administrator's file, compiled to defaults and locks of dconf
//! ├── reports               reports of errors that are kept on this computer
//! ├── catalogue             the reader files: layers, masks, mistakes
//! ├── reader                how one reader is read and written
//! ├── choice                the decisions that there are
//! ├── storage               GSettings as it is on disk at this moment
//! ├── services              what is kept by services on a bus
//! ├── opt_out               what turns a program off for everybody on a computer
//! ├── document              what is kept in TOML files
//! ├── home                  whose home this is, and the way to a file in it
//! ├── replace, open         replacing a file with the rights that it has; opening regular files
//! ├── child, scratch        child processes, and temporary folders
//! ├── tree, mistake         files of this computer or of an image; what is wrong in them
//! └── limits, text          how much of anything is read; foreign text, made safe to show
//! ```
//!
//! Nothing here may know GTK, print, or end the process.

pub mod catalogue;
pub mod change;
mod child;
pub mod choice;
pub mod document;
pub mod folders;
pub mod history;
pub mod home;
pub mod i18n;
pub mod limits;
pub mod mistake;
mod open;
pub mod opt_out;
pub mod policy;
pub mod reader;
pub mod replace;
pub mod reports;
mod scratch;
pub mod search;
pub mod services;
pub mod session;
pub mod state;
pub mod status;
pub mod storage;
pub mod text;
pub mod tree;
pub mod watch;
pub mod words;

/// The application, its bus name, its desktop file, its icon and its GSettings schema.
pub const APP_ID: &str = "net.launchpad.PrivacyPanel";

/// What the panel is called among other programs; [`i18n::gettext`] has it in the person's language.
// Translators: the name of the panel among other programs
pub const NAME: &str = i18n::noop("Privacy");

/// Where the panel's own keys are in the settings storage.
pub const SCHEMA_PATH: &str = "/net/launchpad/PrivacyPanel/";

/// The source package, the data folders and the gettext domain.
pub const PACKAGE: &str = "privacy-panel";

/// The version of the program and of everything that comes with it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
