// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacy-panel-search-provider`: the choices among the results of GNOME Shell's search, and of
//! `KRunner`'s.
//!
//! ```text
//! main         owns the bus name, and exits when it is idle
//! ├── answer   org.gnome.Shell.SearchProvider2
//! ├── krunner  org.kde.krunner1
//! └── results  what both answer with: calls the library, opens the panel
//! ```
//!
//! D-Bus starts it for each search. It must not link GTK: it has to start quickly.

mod answer;
mod krunner;
mod results;

use std::process::ExitCode;

use privacy_panel::choices::words;
use privacy_panel::system::life;
use privacy_panel::system::{i18n, limits, log};

/// The program's name in its messages.
const PROGRAM: &str = "privacy-panel-search-provider";

/// The well-known bus name, as in `data/net.launchpad.PrivacyPanel.search-provider.ini`.
const BUS_NAME: &str = "net.launchpad.PrivacyPanel.SearchProvider";

fn main() -> ExitCode {
    i18n::init();
    log::tell(|complaint| eprintln!("{PROGRAM}: {}", words::complaint(complaint)));
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{PROGRAM}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), glib::Error> {
    life::serve(
        gio::BusType::Session,
        BUS_NAME,
        limits::PROVIDER_IDLE,
        |bus, life| {
            // Both objects stay until the process ends.
            krunner::register(bus, life)?;
            answer::register(bus, life)
        },
    )
}
