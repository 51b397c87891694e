// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacy-panel-search-provider`: the choices among the results of GNOME Shell's search.
//!
//! ```text
//! main        owns the bus name, and goes when nobody has asked for a while
//! ├── life    who is being answered, and since when nobody is
//! └── answer  org.gnome.Shell.SearchProvider2: the library asked, the panel opened
//! ```
//!
//! The bus starts it when somebody searches. It may not know GTK: it answers while a person types,
//! and is there for each of them.

mod answer;
mod life;

use std::process::ExitCode;

use gio::prelude::*;

use life::Life;
use privacy_panel::app::PACKAGE;
use privacy_panel::system::bus;

/// The name on the bus; `data/net.launchpad.PrivacyPanel.search-provider.ini` tells the shell.
const BUS_NAME: &str = "net.launchpad.PrivacyPanel.SearchProvider";
/// Where the object is; likewise.
const OBJECT_PATH: &str = "/net/launchpad/PrivacyPanel/SearchProvider";

/// `DBUS_NAME_FLAG_DO_NOT_QUEUE` and `DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER` of the D-Bus
/// specification.
const DO_NOT_QUEUE: u32 = 4;
const PRIMARY_OWNER: u32 = 1;

fn main() -> ExitCode {
    privacy_panel::system::i18n::init();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{PACKAGE}-search-provider: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), glib::Error> {
    let bus = gio::bus_get_sync(gio::BusType::Session, gio::Cancellable::NONE)?;
    let life = Life::new(&bus);
    // The object comes first: whoever sees the name may call at once.
    let registered = answer::register(&bus, &life)?;
    let wish = (BUS_NAME, DO_NOT_QUEUE).to_variant();
    let owner = bus::query_daemon(&bus, "RequestName", &wish, None)?;
    // Another one answers already.
    if owner.get::<(u32,)>() != Some((PRIMARY_OWNER,)) {
        return Ok(());
    }
    life.live();
    // Nothing is left of it to be asked.
    let _ = bus.unregister_object(registered);
    bus.flush_sync(gio::Cancellable::NONE)
}
