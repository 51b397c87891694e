// SPDX-License-Identifier: GPL-3.0-or-later

//! Talking to Zeitgeist, the service to which programs report the user's activities.
//!
//! Source: zeitgeist 1.0.4, libzeitgeist/remote.vala and src/zeitgeist-daemon.vala.

mod database;
mod standstill;

use std::time::Duration;

use gio::Cancellable;
use glib::{Variant, VariantTy};

use crate::history::source::Problem;
use crate::system::bus::{Bus, Message, can_start, has_owner};
use crate::system::limits;

pub(super) use database::Database;
pub use database::answer;
pub(super) use standstill::{Failure, Standstill, process_of};

pub(super) const NAME: &str = "org.gnome.zeitgeist.Engine";

/// The object and the interface of the log.
pub(super) const LOG_PATH: &str = "/org/gnome/zeitgeist/log/activity";
pub(super) const LOG: &str = "org.gnome.zeitgeist.Log";

/// Its name in sentences, in every language.
pub(super) const PROGRAM: &str = "Zeitgeist";

/// An event, or a template of events: its fields, the fields of its subjects, and its payload.
pub(super) type Event = (Vec<String>, Vec<Vec<String>>, Vec<u8>);

/// The session bus, if there is one.
pub(super) fn bus() -> Option<gio::DBusConnection> {
    let bus = Bus::Session.connect(limits::BUS_PATIENCE).ok()??;
    // GLib would exit the process when the session ends, in the middle of a change.
    bus.set_exit_on_close(false);
    Some(bus)
}

/// Whether a program owns a name on the session bus.
pub(super) fn is_running(name: &str) -> bool {
    bus().is_some_and(|bus| has_owner(&bus, name))
}

/// Whether Zeitgeist runs or can be started.
pub(super) fn is_here() -> bool {
    bus().is_some_and(|bus| is_on(&bus))
}

/// The same, on a given bus.
pub(super) fn is_on(bus: &gio::DBusConnection) -> bool {
    has_owner(bus, NAME) || can_start(bus, NAME)
}

/// Whether Zeitgeist can have recorded anything. If it never ran, it hasn't, and a call would start
/// it for nothing.
pub(super) fn is_worth_asking(bus: &gio::DBusConnection) -> bool {
    has_owner(bus, NAME)
        || glib::user_data_dir()
            .join("zeitgeist/activity.sqlite")
            .exists()
}

/// Calls a method of the object with this path and interface.
pub(super) fn ask(
    bus: &gio::DBusConnection,
    (path, interface): (&str, &str),
    method: &str,
    question: Option<&Variant>,
    answer: &str,
    (cancellable, patience): (&Cancellable, Duration),
) -> Result<Variant, Problem> {
    Message {
        name: NAME,
        path,
        interface,
        method,
        arguments: question,
        reply: VariantTy::new(answer).ok(),
        flags: gio::DBusCallFlags::NONE,
        timeout: Some(patience),
        cancellable: Some(cancellable),
    }
    .send(bus)
    .map_err(|error| problem(&error))
}

fn problem(error: &glib::Error) -> Problem {
    match error.kind::<gio::IOErrorEnum>() {
        Some(gio::IOErrorEnum::Cancelled) => return Problem::Cancelled,
        Some(gio::IOErrorEnum::TimedOut) => return Problem::NoAnswer,
        Some(gio::IOErrorEnum::Closed) => return Problem::Ended,
        _ => {}
    }
    match error.kind::<gio::DBusError>() {
        // The bus's error when a program exits before it has replied.
        Some(gio::DBusError::NoReply | gio::DBusError::Disconnected) => Problem::Ended,
        Some(gio::DBusError::Timeout | gio::DBusError::TimedOut) => Problem::NoAnswer,
        _ => {
            let mut error = error.clone();
            gio::DBusError::strip_remote_error(&mut error);
            Problem::Refused(limits::cut(error.message(), limits::SERVICE_MESSAGE))
        }
    }
}
