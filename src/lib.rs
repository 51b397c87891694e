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

pub mod app;
pub mod choices;
pub mod formats;
pub mod history;
pub mod policy;
pub mod reports;
pub mod system;
