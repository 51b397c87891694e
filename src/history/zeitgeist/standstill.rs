// SPDX-License-Identifier: GPL-3.0-or-later

//! Stops Zeitgeist for a moment, so that its database can be changed.
//!
//! Zeitgeist ends, and this process owns its name meanwhile. So the bus doesn't start another
//! Zeitgeist, and no call is lost. This process keeps the events that programs report meanwhile,
//! and reports them to the next Zeitgeist. It sees all calls of `InsertEvents` as a monitor of the
//! bus: some may have been on their way when Zeitgeist ended. Zeitgeist stores an event only once,
//! so reporting one again does no harm; `insert_event` in src/engine.vala.
//!
//! Zeitgeist is started again only if it ran before, or if there are such events.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use gio::prelude::*;
use gio::{Cancellable, DBusConnection, DBusConnectionFlags};
use glib::{MainContext, Variant};

use super::database::Database;
use super::{LOG, LOG_PATH, NAME, ask};
use crate::history::source::Problem;
use crate::system::bus::{Bus, DAEMON, DAEMON_PATH, Message, has_owner, query_daemon};
use crate::system::limits;
use crate::system::processes::{Folder, is_running};

/// The name of Zeitgeist's service for full-text search, which ends with Zeitgeist.
const INDEXER: &str = "org.gnome.zeitgeist.SimpleIndexer";

/// The methods of the log that are kept for the next Zeitgeist.
const METHODS: &str = r#"
<node>
  <interface name="org.gnome.zeitgeist.Log">
    <method name="InsertEvents">
      <arg type="a(asaasay)" direction="in"/>
      <arg type="au" direction="out"/>
    </method>
    <method name="GetEvents">
      <arg type="au" direction="in"/>
      <arg type="a(asaasay)" direction="out"/>
    </method>
    <method name="FindEventIds">
      <arg type="(xx)" direction="in"/>
      <arg type="a(asaasay)" direction="in"/>
      <arg type="u" direction="in"/>
      <arg type="u" direction="in"/>
      <arg type="u" direction="in"/>
      <arg type="au" direction="out"/>
    </method>
    <method name="FindEvents">
      <arg type="(xx)" direction="in"/>
      <arg type="a(asaasay)" direction="in"/>
      <arg type="u" direction="in"/>
      <arg type="u" direction="in"/>
      <arg type="u" direction="in"/>
      <arg type="a(asaasay)" direction="out"/>
    </method>
    <method name="DeleteEvents">
      <arg type="au" direction="in"/>
      <arg type="(xx)" direction="out"/>
    </method>
  </interface>
</node>"#;

/// `RequestName` without a flag waits in a queue; D-Bus Specification.
const WAIT_IN_QUEUE: u32 = 0;

type Inserted = Rc<RefCell<Vec<Variant>>>;
type Held = Rc<RefCell<Vec<(gio::DBusMethodInvocation, String, Variant)>>>;

/// Zeitgeist stands still while this exists.
pub(crate) struct Standstill<'a> {
    bus: &'a DBusConnection,
    context: MainContext,
    /// Sees every call that reports events.
    monitor: DBusConnection,
    inserted: Inserted,
    held: Held,
    objects: Vec<(DBusConnection, gio::RegistrationId)>,
    has_name: bool,
    /// Since when this process may own the name.
    since: Instant,
    was_running: bool,
    database: Database,
}

/// Why there is none.
pub(crate) enum Failure {
    /// It is not possible here. Zeitgeist wasn't touched.
    NotPossible,
    /// It failed.
    Problem(Problem),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl<'a> Standstill<'a> {
    /// Stops Zeitgeist, if it runs.
    pub(crate) fn begin(
        bus: &'a DBusConnection,
        cancellable: &Cancellable,
    ) -> Result<Self, Failure> {
        let process = process_of(bus, NAME);
        let database = match process {
            Some(process) => Database::of_process(process),
            None => Database::usual(),
        };
        let database = database.ok_or(Failure::NotPossible)?;
        // Another bus of this user may have a Zeitgeist with the same database.
        if process.is_none() && is_running("zeitgeist-daemon", Folder::Data) {
            return Err(Problem::ProgramRunning(super::PROGRAM).into());
        }
        let context = MainContext::new();
        let (inserted, held) = (Inserted::default(), Held::default());
        let mut standstill = context
            .with_thread_default(|| {
                let monitor = monitor()?;
                let objects = vec![
                    watch(&monitor, &inserted).map(|id| (monitor.clone(), id))?,
                    hold(bus, &held).map(|id| (bus.clone(), id))?,
                ];
                become_monitor(&monitor)?;
                Ok(Self {
                    bus,
                    context: context.clone(),
                    monitor,
                    inserted,
                    held,
                    objects,
                    has_name: false,
                    since: Instant::now(),
                    was_running: process.is_some(),
                    database,
                })
            })
            .unwrap_or(Err(Failure::NotPossible))?;
        match standstill.take_name(process, cancellable) {
            Ok(()) => Ok(standstill),
            Err(failure) => {
                if standstill.owns_name() {
                    // The first problem counts.
                    let _ = standstill.end();
                }
                Err(failure)
            }
        }
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    fn take_name(
        &mut self,
        process: Option<u32>,
        cancellable: &Cancellable,
    ) -> Result<(), Failure> {
        let request = (NAME, WAIT_IN_QUEUE).to_variant();
        query_daemon(
            self.bus,
            "RequestName",
            &request,
            Some(limits::BUS_PATIENCE),
        )
        .map_err(|_| Failure::NotPossible)?;
        self.has_name = true;
        let indexer = process_of(self.bus, INDEXER);
        if process.is_some() {
            self.send_quit();
        }
        self.wait(cancellable, || self.owns_name())?;
        if let Some(process) = process {
            self.wait(cancellable, || !self.database.is_open_in(process))?;
        }
        // The indexer only reads the database. It doesn't end by itself if it started too late to
        // notice Zeitgeist.
        if let Some(indexer) = indexer {
            let end = Instant::now() + limits::LAST_ZEITGEIST_PATIENCE;
            self.wait(cancellable, || {
                !self.database.is_open_in(indexer) || Instant::now() > end
            })?;
        }
        Ok(())
    }

    fn owns_name(&self) -> bool {
        owner(self.bus, NAME).as_deref() == self.bus.unique_name().as_deref()
    }

    /// Asks Zeitgeist to end. It doesn't reply.
    fn send_quit(&self) {
        let call = gio::DBusMessage::new_method_call(Some(NAME), LOG_PATH, Some(LOG), "Quit");
        call.set_flags(
            gio::DBusMessageFlags::NO_REPLY_EXPECTED | gio::DBusMessageFlags::NO_AUTO_START,
        );
        // If it isn't sent, the wait ends with its timeout.
        let _ = self
            .bus
            .send_message(&call, gio::DBusSendMessageFlags::NONE);
    }

    fn wait(
        &self,
        cancellable: &Cancellable,
        mut is_done: impl FnMut() -> bool,
    ) -> Result<(), Problem> {
        let end = Instant::now() + limits::ZEITGEIST_PATIENCE;
        while !is_done() {
            if cancellable.is_cancelled() {
                return Err(Problem::Cancelled);
            }
            if Instant::now() > end {
                return Err(Problem::NoAnswer);
            }
            self.collect();
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// Takes the calls that have arrived.
    fn collect(&self) {
        while self.context.iteration(false) {}
    }

    /// Lets Zeitgeist go on, and gives it the events that were reported meanwhile.
    pub(crate) fn end(mut self) -> Result<(), Problem> {
        // Programs that notice the name ask for its properties. Later, that would start Zeitgeist.
        while !self.was_running && self.since.elapsed() < limits::ZEITGEIST_NAME {
            self.collect();
            thread::sleep(PAUSE);
        }
        self.release();
        // All calls that the bus gave to this process have arrived with its reply.
        self.collect();
        let (inserted, held) = (self.inserted.take(), self.held.take());
        // A call that only reads doesn't start Zeitgeist either.
        if !self.was_running && inserted.is_empty() {
            for (invocation, _, _) in held {
                let ended = Problem::Ended.to_string();
                invocation.return_dbus_error("org.freedesktop.DBus.Error.Failed", &ended);
            }
            self.flush();
            return Ok(());
        }
        let never = Cancellable::new();
        let call = |method: &str, arguments: &Variant| {
            ask(
                self.bus,
                (LOG_PATH, LOG),
                method,
                Some(arguments),
                "*",
                (&never, limits::ZEITGEIST_PATIENCE),
            )
        };
        let mut done = Ok(());
        for events in &inserted {
            if let Err(problem) = call("InsertEvents", events) {
                done = Err(problem);
            }
        }
        for (invocation, method, arguments) in held {
            match call(&method, &arguments) {
                Ok(reply) => invocation.return_value(Some(&reply)),
                Err(problem) => invocation
                    .return_dbus_error("org.freedesktop.DBus.Error.Failed", &problem.to_string()),
            }
        }
        self.flush();
        if inserted.is_empty() && !has_owner(self.bus, NAME) {
            let start = (NAME, 0_u32).to_variant();
            // A failure doesn't matter: the bus starts Zeitgeist with the next event.
            let _ = query_daemon(
                self.bus,
                "StartServiceByName",
                &start,
                Some(limits::ZEITGEIST_PATIENCE),
            );
        }
        done
    }

    /// Sends the replies before this process may end.
    fn flush(&self) {
        // Without a bus, no program waits for a reply.
        let _ = self.bus.flush_sync(Cancellable::NONE);
    }

    fn release(&mut self) {
        if std::mem::take(&mut self.has_name) {
            let name = (NAME,).to_variant();
            // The bus releases it at the latest when this process ends.
            let _ = query_daemon(self.bus, "ReleaseName", &name, Some(limits::BUS_PATIENCE));
        }
    }
}

impl Drop for Standstill<'_> {
    fn drop(&mut self) {
        self.release();
        for (bus, object) in self.objects.drain(..) {
            // The object is registered, so this can't fail.
            let _ = bus.unregister_object(object);
        }
        let _ = self.monitor.close_sync(Cancellable::NONE);
    }
}

/// How often the end of a process is checked.
const PAUSE: Duration = Duration::from_millis(10);

fn monitor() -> Result<DBusConnection, Failure> {
    let address = gio::dbus_address_get_for_bus_sync(Bus::Session.kind(), Cancellable::NONE);
    let connection = address.and_then(|address| {
        DBusConnection::for_address_sync(
            &address,
            DBusConnectionFlags::AUTHENTICATION_CLIENT
                | DBusConnectionFlags::MESSAGE_BUS_CONNECTION,
            None,
            Cancellable::NONE,
        )
    });
    let connection = connection.map_err(|_| Failure::NotPossible)?;
    connection.set_exit_on_close(false);
    Ok(connection)
}

fn become_monitor(connection: &DBusConnection) -> Result<(), Failure> {
    let rule = format!("type='method_call',interface='{LOG}',member='InsertEvents'");
    let arguments = (vec![rule], 0_u32).to_variant();
    let message = Message {
        name: DAEMON,
        path: DAEMON_PATH,
        interface: "org.freedesktop.DBus.Monitoring",
        method: "BecomeMonitor",
        arguments: Some(&arguments),
        reply: None,
        flags: gio::DBusCallFlags::NONE,
        timeout: Some(limits::BUS_PATIENCE),
        cancellable: None,
    };
    message.send(connection).map_err(|_| Failure::NotPossible)?;
    Ok(())
}

fn interface() -> Result<gio::DBusInterfaceInfo, Failure> {
    let node = gio::DBusNodeInfo::for_xml(METHODS).map_err(|_| Failure::NotPossible)?;
    node.lookup_interface(LOG).ok_or(Failure::NotPossible)
}

/// Remembers the events of each call that the monitor sees. A monitor can't reply.
fn watch(monitor: &DBusConnection, inserted: &Inserted) -> Result<gio::RegistrationId, Failure> {
    let inserted = Rc::clone(inserted);
    monitor
        .register_object(LOG_PATH, &interface()?)
        .method_call(move |_, _, _, _, _, events, invocation| {
            // Drops the call without a reply: a monitor may not send anything.
            drop(invocation);
            inserted.borrow_mut().push(events);
        })
        .build()
        .map_err(|_| Failure::NotPossible)
}

/// Keeps each call until the next Zeitgeist can answer it.
fn hold(bus: &DBusConnection, held: &Held) -> Result<gio::RegistrationId, Failure> {
    let held = Rc::clone(held);
    bus.register_object(LOG_PATH, &interface()?)
        .method_call(move |_, _, _, _, method, arguments, invocation| {
            held.borrow_mut()
                .push((invocation, method.to_owned(), arguments));
        })
        .build()
        .map_err(|_| Failure::NotPossible)
}

fn owner(bus: &DBusConnection, name: &str) -> Option<String> {
    let timeout = Some(limits::BUS_PATIENCE);
    let reply = query_daemon(bus, "GetNameOwner", &(name,).to_variant(), timeout).ok()?;
    reply.get::<(String,)>().map(|(owner,)| owner)
}

pub(crate) fn process_of(bus: &DBusConnection, name: &str) -> Option<u32> {
    let timeout = Some(limits::BUS_PATIENCE);
    let name = (name,).to_variant();
    let reply = query_daemon(bus, "GetConnectionUnixProcessID", &name, timeout).ok()?;
    reply.get::<(u32,)>().map(|(process,)| process)
}
