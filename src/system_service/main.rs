// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacy-panel-system`: turns choices on and off in programs whose setting applies to all users.
//! It runs as root, for users whom polkit allows to make the change.
//!
//! ```text
//! main           owns the bus name, and exits when it is idle
//! ├── answer     the methods: checks a call, and queues it
//! ├── permission asks polkit
//! ├── counting   how often a user may call
//! └── journal    writes each attempt to the system's log
//! ```
//!
//! It trusts nothing that a caller sends: `docs/security.md` has the rules. The library makes the
//! changes, in `choices::everyone`.

mod answer;
mod counting;
mod journal;
mod permission;

use std::process::ExitCode;

use privacy_panel::choices::everyone;
use privacy_panel::choices::everyone::client::BUS_NAME;
use privacy_panel::system::{life, limits};

/// The program's name in its messages, and in the journal.
const PROGRAM: &str = "privacy-panel-system";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{PROGRAM}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), glib::Error> {
    // If this fails, each change tries again, and is refused if it fails again.
    if let Err(refusal) = everyone::recover() {
        eprintln!("{PROGRAM}: {refusal}");
    }
    life::serve(
        gio::BusType::System,
        BUS_NAME,
        limits::SYSTEM_IDLE,
        answer::register,
    )
}
