// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacyctl`: the panel for scripts, terminals and computers without a desktop.
//!
//! It parses, asks the library and prints. It may not know GTK.

mod args;
mod choices;
mod completions;
mod history;
mod json;
mod output;
mod policy;
mod reports;

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use privacy_panel::system::text;

fn main() -> ExitCode {
    let args = args::Args::try_parse().unwrap_or_else(|error| bad_usage(&error));
    match choices::run(args) {
        Ok(exit) => exit.into(),
        Err(error) => output::failed(&error).into(),
    }
}

/// Says what is wrong with the arguments, or prints the help. A mistake quotes an argument, which
/// may be a file's name.
fn bad_usage(error: &clap::Error) -> ! {
    let quotable = |argument: OsString| !argument.to_string_lossy().contains(text::is_unprintable);
    if std::env::args_os().all(quotable) {
        error.exit();
    }
    let said = text::lines(&error.render().to_string());
    // With the output closed there is nobody left to tell.
    let _ = if error.use_stderr() {
        write!(io::stderr(), "{said}")
    } else {
        write!(io::stdout(), "{said}")
    };
    std::process::exit(error.exit_code());
}
