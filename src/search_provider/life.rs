// SPDX-License-Identifier: GPL-3.0-or-later

//! How long the process runs: while it answers calls, and for a while after that.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use glib::prelude::*;

use crate::BUS_NAME;
use privacy_panel::system::{bus, limits};

/// Ends the process when it is idle.
pub(crate) struct Life {
    bus: gio::DBusConnection,
    main_loop: glib::MainLoop,
    answering: Cell<u32>,
    end: RefCell<Option<glib::SourceId>>,
}

/// A call that is being answered.
pub(crate) struct Question(Rc<Life>);

impl Life {
    pub(crate) fn new(bus: &gio::DBusConnection) -> Rc<Self> {
        Rc::new(Self {
            bus: bus.clone(),
            main_loop: glib::MainLoop::new(None, false),
            answering: Cell::new(0),
            end: RefCell::new(None),
        })
    }

    /// Answers calls until none has come for a while.
    pub(crate) fn live(self: &Rc<Self>) {
        self.wait(limits::PROVIDER_IDLE, Self::leave);
        self.main_loop.run();
    }

    /// Keeps the process running until the result is dropped.
    pub(crate) fn question(self: &Rc<Self>) -> Question {
        self.answering.set(self.answering.get() + 1);
        self.stop_waiting();
        Question(Rc::clone(self))
    }

    /// Releases the bus name, so that D-Bus starts a new process for later calls.
    fn leave(self: &Rc<Self>) {
        // Errors don't matter: the process ends, and the name with it.
        let name = (BUS_NAME,).to_variant();
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
            life.wait(limits::PROVIDER_IDLE, Life::leave);
        }
    }
}
