// SPDX-License-Identifier: GPL-3.0-or-later

//! Keeps a service on a bus running while it answers calls, and for a while after that.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use glib::prelude::*;

use crate::system::{bus, limits};

/// `DBUS_NAME_FLAG_DO_NOT_QUEUE` and `DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER` of the D-Bus
/// specification.
const DO_NOT_QUEUE: u32 = 4;
const PRIMARY_OWNER: u32 = 1;

/// Ends the process when it is idle.
#[derive(Debug)]
pub struct Life {
    bus: gio::DBusConnection,
    name: &'static str,
    idle: Duration,
    main_loop: glib::MainLoop,
    answering: Cell<u32>,
    end: RefCell<Option<glib::SourceId>>,
}

/// A call that is being answered.
#[derive(Debug)]
pub struct Question(Rc<Life>);

/// Runs a service on a bus until no call has come for `idle`. `register` puts its object on the bus.
///
/// # Errors
///
/// There is no such bus, or it refuses the object or the name.
pub fn serve(
    bus: gio::BusType,
    name: &'static str,
    idle: Duration,
    register: impl FnOnce(&gio::DBusConnection, &Rc<Life>) -> Result<gio::RegistrationId, glib::Error>,
) -> Result<(), glib::Error> {
    let bus = gio::bus_get_sync(bus, gio::Cancellable::NONE)?;
    let life = Life::new(&bus, name, idle);
    // Register the object first: a caller may call as soon as the name appears.
    let registered = register(&bus, &life)?;
    life.live()?;
    // The process ends, so an error doesn't matter.
    let _ = bus.unregister_object(registered);
    bus.flush_sync(gio::Cancellable::NONE)
}

/// The interface of that name in a description in XML.
///
/// # Errors
///
/// The description isn't one, or has no such interface.
pub fn interface(description: &str, name: &str) -> Result<gio::DBusInterfaceInfo, glib::Error> {
    let node = gio::DBusNodeInfo::for_xml(description)?;
    let found = node.lookup_interface(name);
    found.ok_or_else(|| glib::Error::new(gio::DBusError::Failed, name))
}

impl Life {
    /// For a service with a well-known name. It ends when no call comes for `idle`.
    fn new(bus: &gio::DBusConnection, name: &'static str, idle: Duration) -> Rc<Self> {
        Rc::new(Self {
            bus: bus.clone(),
            name,
            idle,
            main_loop: glib::MainLoop::new(None, false),
            answering: Cell::new(0),
            end: RefCell::new(None),
        })
    }

    /// Owns the name, and answers calls until none has come for a while. Returns at once if another
    /// process owns the name.
    fn live(self: &Rc<Self>) -> Result<(), glib::Error> {
        let arguments = (self.name, DO_NOT_QUEUE).to_variant();
        let owner = bus::query_daemon(&self.bus, "RequestName", &arguments, None)?;
        if owner.get::<(u32,)>() == Some((PRIMARY_OWNER,)) {
            self.wait(self.idle, Self::leave);
            self.main_loop.run();
        }
        Ok(())
    }

    /// Keeps the process running until the result is dropped.
    pub fn question(self: &Rc<Self>) -> Question {
        self.answering.set(self.answering.get() + 1);
        self.stop_waiting();
        Question(Rc::clone(self))
    }

    /// Releases the bus name, so that D-Bus starts a new process for later calls.
    fn leave(self: &Rc<Self>) {
        // Errors don't matter: the process ends, and the name with it.
        let name = (self.name,).to_variant();
        let patience = Some(Duration::from_secs(1));
        let _ = bus::query_daemon(&self.bus, "ReleaseName", &name, patience);
        self.wait(limits::PROVIDER_LAST_CALLS, |life| life.main_loop.quit());
    }

    fn wait(self: &Rc<Self>, time: Duration, then: impl FnOnce(&Rc<Self>) + 'static) {
        let life = Rc::clone(self);
        let source = glib::timeout_add_local_once(time, move || {
            life.end.take();
            then(&life);
        });
        self.end.replace(Some(source));
    }

    fn stop_waiting(&self) {
        if let Some(source) = self.end.take() {
            source.remove();
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let life = &self.0;
        life.answering.set(life.answering.get() - 1);
        if life.answering.get() == 0 {
            life.stop_waiting();
            life.wait(life.idle, Life::leave);
        }
    }
}
