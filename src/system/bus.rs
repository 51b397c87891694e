// SPDX-License-Identifier: GPL-3.0-or-later

//! The session bus and the system bus: connections and calls, each with a timeout.
//!
//! This is the one place that calls a bus. Calls block: don't make them on the UI thread.

use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use gio::prelude::*;
use gio::{BusType, Cancellable, DBusCallFlags, DBusConnection};
use glib::{Variant, VariantTy};

use crate::system::limits;

/// The name and the interface of the message bus daemon; D-Bus Specification, "Message Bus
/// Specification".
pub(crate) const DAEMON: &str = "org.freedesktop.DBus";

/// The object of the message bus daemon.
pub(crate) const DAEMON_PATH: &str = "/org/freedesktop/DBus";

/// A message bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bus {
    /// The user's own, in their session.
    Session,
    /// The bus of the whole computer. Its services' settings apply to every user.
    System,
}

impl Bus {
    pub(crate) const fn kind(self) -> BusType {
        match self {
            Self::Session => BusType::Session,
            Self::System => BusType::System,
        }
    }

    /// Lets this process outlive the system bus, which may be restarted: by default, GLib ends the
    /// process with the bus. A program of a session ends with the session.
    pub(crate) fn outlive(self, connection: &DBusConnection) {
        if self == Self::System {
            connection.set_exit_on_close(false);
        }
    }

    /// A connection, shared by the whole process. `None`: there is no such bus. An error: the bus
    /// did not answer in time.
    pub(crate) fn connect(self, timeout: Duration) -> Result<Option<DBusConnection>, ()> {
        static KNOWN: Mutex<Vec<(Bus, DBusConnection)>> = Mutex::new(Vec::new());
        let find = || {
            let known = lock(&KNOWN);
            let mut open = known.iter().filter(|(_, found)| !found.is_closed());
            open.find(|(of, _)| *of == self)
                .map(|(_, found)| found.clone())
        };
        if let Some(connection) = find() {
            return Ok(Some(connection));
        }
        let (sender, receiver) = mpsc::channel();
        // The bus may never answer. In that case this thread leaks.
        thread::Builder::new()
            .name("bus".to_owned())
            .spawn(move || {
                let connection = gio::bus_get_sync(self.kind(), Cancellable::NONE).ok();
                if let Some(connection) = &connection {
                    self.outlive(connection);
                }
                // The caller may have stopped waiting.
                let _ = sender.send(connection);
            })
            .map_err(drop)?;
        let connection = receiver.recv_timeout(timeout).map_err(drop)?;
        if let Some(connection) = &connection {
            let mut known = lock(&KNOWN);
            known.retain(|(_, found)| !found.is_closed());
            known.push((self, connection.clone()));
        }
        Ok(connection)
    }
}

/// A call of a method on a bus.
pub(crate) struct Message<'a> {
    /// The bus name of the program that is called.
    pub(crate) name: &'a str,
    pub(crate) path: &'a str,
    pub(crate) interface: &'a str,
    pub(crate) method: &'a str,
    /// A tuple.
    pub(crate) arguments: Option<&'a Variant>,
    /// The type of the reply, if replies of other types are errors.
    pub(crate) reply: Option<&'a VariantTy>,
    pub(crate) flags: DBusCallFlags,
    /// `None`: GIO's default, 25 seconds.
    pub(crate) timeout: Option<Duration>,
    pub(crate) cancellable: Option<&'a Cancellable>,
}

impl Message<'_> {
    /// Sends the call and waits for the reply.
    pub(crate) fn send(&self, bus: &DBusConnection) -> Result<Variant, glib::Error> {
        let milliseconds = |timeout: Duration| i32::try_from(timeout.as_millis());
        bus.call_sync(
            Some(self.name),
            self.path,
            self.interface,
            self.method,
            self.arguments,
            self.reply,
            self.flags,
            self.timeout
                .map_or(-1, |timeout| milliseconds(timeout).unwrap_or(i32::MAX)),
            self.cancellable,
        )
    }
}

/// Emits a signal to every program on a bus, and waits until the bus has it. No error if there is no
/// bus: no program listens then.
pub(crate) fn emit(bus: Bus, path: &str, interface: &str, name: &str, arguments: &Variant) {
    let Ok(Some(connection)) = bus.connect(limits::BUS_PATIENCE) else {
        return;
    };
    let is_valid = Variant::is_object_path(path);
    if is_valid
        && connection
            .emit_signal(None, path, interface, name, Some(arguments))
            .is_ok()
    {
        // The bus answers in order.
        let timeout = Some(limits::BUS_PATIENCE);
        let _ = query_daemon(&connection, "GetId", &().to_variant(), timeout);
    }
}

/// Calls a method of the message bus daemon itself.
pub fn query_daemon(
    bus: &DBusConnection,
    method: &str,
    arguments: &Variant,
    timeout: Option<Duration>,
) -> Result<Variant, glib::Error> {
    Message {
        name: DAEMON,
        path: DAEMON_PATH,
        interface: DAEMON,
        method,
        arguments: Some(arguments),
        reply: None,
        flags: DBusCallFlags::NONE,
        timeout,
        cancellable: None,
    }
    .send(bus)
}

/// Whether a program owns the name on the bus.
pub(crate) fn has_owner(bus: &DBusConnection, name: &str) -> bool {
    let arguments = (name,).to_variant();
    let reply = query_daemon(bus, "NameHasOwner", &arguments, Some(limits::BUS_PATIENCE));
    let owned = reply.ok().and_then(|reply| reply.get());
    owned.is_some_and(|(owned,)| owned)
}

/// Whether the bus can start the service of that name.
pub(crate) fn can_start(bus: &DBusConnection, name: &str) -> bool {
    let timeout = Some(limits::SERVICE_PATIENCE);
    query_daemon(bus, "ListActivatableNames", &().to_variant(), timeout).is_ok_and(|reply| {
        let mut names = reply.iter().filter(|names| names.type_().as_str() == "as");
        names.any(|names| names.iter().any(|other| other.str() == Some(name)))
    })
}

/// Locks a mutex, also after a thread panicked with the lock: no such thread leaves a partial change.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
