// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacy-panel-zeitgeist`: counts and clears the events in Zeitgeist's database.
//!
//! `privacyctl` and the panel start it. No other program loads the library for databases.

use std::env;
use std::process::ExitCode;

use privacy_panel::history;

fn main() -> ExitCode {
    let file = env::args_os().nth(1).unwrap_or_default();
    match history::answer_about_zeitgeist(&file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("privacy-panel-zeitgeist: {error}");
            ExitCode::FAILURE
        }
    }
}
