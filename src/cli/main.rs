// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacyctl`: the panel for scripts, terminals and computers without a desktop.
//!
//! It parses, asks the library and prints. It may not know GTK.

mod args;
mod commands;
mod completions;
mod history;
mod human;
mod json;
mod output;
mod policy;
mod reports;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let args = args::Args::parse();
    match commands::run(args) {
        Ok(exit) => exit.into(),
        Err(error) => output::failed(&error).into(),
    }
}
