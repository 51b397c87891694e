// SPDX-License-Identifier: GPL-3.0-or-later

//! Talking to Zeitgeist, the service to which programs report the user's activities.
//!
//! Source: zeitgeist 1.0.4, libzeitgeist/remote.vala and src/zeitgeist-daemon.vala.

use std::time::Duration;

use gio::Cancellable;
use gio::prelude::*;
use glib::{Variant, VariantTy};

use crate::history::source::Problem;
use crate::system::{limits, service, session};

pub(super) const NAME: &str = "org.gnome.zeitgeist.Engine";

/// Its name in sentences, in every language.
pub(super) const PROGRAM: &str = "Zeitgeist";

/// An event, or a template of events: its fields, the fields of its subjects, and its payload.
pub(super) type Event = (Vec<String>, Vec<Vec<String>>, Vec<u8>);

/// The session bus, if there is one.
pub(super) fn bus() -> Option<gio::DBusConnection> {
    let bus = gio::bus_get_sync(gio::BusType::Session, Cancellable::NONE).ok()?;
    // GLib would exit the process when the session ends, in the middle of a change.
    bus.set_exit_on_close(false);
    Some(bus)
}

/// Whether a program owns a name on the session bus.
pub(super) fn is_running(name: &str) -> bool {
    bus().is_some_and(|bus| has_owner(&bus, name))
}

fn has_owner(bus: &gio::DBusConnection, name: &str) -> bool {
    session::ask_bus(
        bus,
        "NameHasOwner",
        &(name,).to_variant(),
        Some(limits::BUS_PATIENCE),
    )
    .ok()
    .and_then(|reply| reply.get())
    .is_some_and(|(running,)| running)
}

/// Whether Zeitgeist runs or can be started.
pub(super) fn is_here() -> bool {
    bus().is_some_and(|bus| is_on(&bus))
}

/// The same, on a given bus.
pub(super) fn is_on(bus: &gio::DBusConnection) -> bool {
    has_owner(bus, NAME) || service::can_be_started(bus, NAME)
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
    let answer = VariantTy::new(answer).ok();
    bus.call_sync(
        Some(NAME),
        path,
        interface,
        method,
        question,
        answer,
        gio::DBusCallFlags::NONE,
        i32::try_from(patience.as_millis()).unwrap_or(i32::MAX),
        Some(cancellable),
    )
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
