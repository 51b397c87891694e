// SPDX-License-Identifier: GPL-3.0-or-later

//! Being told when anybody changes a value or a lock.
//!
//! The signals of GSettings say that something happened; what it amounts to is always read from
//! a fresh [`Storage`]. dconf's service saves before it tells, so one that dies in between tells
//! nobody: its end is a reason to look, too.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use gio::prelude::*;

use crate::catalogue::Catalogue;
use crate::policy;
use crate::reader::Reader;
use crate::session;
use crate::storage::Storage;

/// The bus name of dconf's service.
const DCONF_SERVICE: &str = "ca.desrt.dconf";

/// Calls a function when something may have changed, for as long as it lives.
pub struct Watch {
    _settings: Vec<gio::Settings>,
    /// The watch of the service's name; it ends with this.
    _service: Rc<RefCell<Option<gio::SignalSubscription>>>,
    /// An administrator's policy: dconf tells of it only where the profile named it from the start.
    _policy: Vec<gio::FileMonitor>,
}

impl Watch {
    /// Watches the keys of every installed reader. `changed` is called from the main loop of the
    /// calling thread, once for all that happens in one turn of it.
    pub fn new(catalogue: &Catalogue, changed: impl Fn() + 'static) -> Self {
        let notify = coalesced(changed);
        let storage = Storage::fresh();
        let mut keys: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
        for (schema, path, key) in catalogue.readers().iter().flat_map(Reader::keys) {
            keys.entry((schema, path)).or_default().push(key);
        }
        let settings = keys
            .into_iter()
            .filter_map(|((id, path), names)| {
                let schema = storage.schema(id, path).ok()??;
                let settings =
                    gio::Settings::new_full(&schema, None::<&gio::SettingsBackend>, Some(path));
                let tell = Rc::clone(&notify);
                settings.connect_changed(None, move |_, _| tell());
                let tell = Rc::clone(&notify);
                settings.connect_writable_changed(None, move |_, _| tell());
                // A change is told only of keys that have been read since.
                for name in names.iter().filter(|name| schema.has_key(name)) {
                    settings.value(name);
                }
                Some(settings)
            })
            .collect();
        let tell = Rc::clone(&notify);
        // A file that takes another's place is several events, and one policy.
        let policy_changed = coalesced(move || {
            // What is shown is to be what the others have heard of, too.
            let _ = session::announce();
            tell();
        });
        let policy = policy::in_force::files()
            .into_iter()
            .filter_map(|file| {
                let file = gio::File::for_path(file);
                let flags = gio::FileMonitorFlags::WATCH_MOVES;
                let monitor = file.monitor_file(flags, gio::Cancellable::NONE).ok()?;
                let tell = Rc::clone(&policy_changed);
                monitor.connect_changed(move |_, _, _, _| tell());
                Some(monitor)
            })
            .collect();
        let service = Rc::new(RefCell::new(None));
        if Storage::is_dconf() {
            watch_service(&service, notify);
        }
        Self {
            _settings: settings,
            _service: service,
            _policy: policy,
        }
    }
}

/// Calls the function when dconf's service comes or goes, as soon as there is a bus to ask.
///
/// Not with `gio::bus_watch_name`: its bindings end the process when there is no bus.
fn watch_service(
    subscription: &Rc<RefCell<Option<gio::SignalSubscription>>>,
    notify: Rc<dyn Fn()>,
) {
    let subscription = Rc::downgrade(subscription);
    glib::MainContext::ref_thread_default().spawn_local(async move {
        let Ok(bus) = gio::bus_get_future(gio::BusType::Session).await else {
            return;
        };
        if let Some(subscription) = subscription.upgrade() {
            subscription.replace(Some(bus.subscribe_to_signal(
                Some(session::BUS),
                Some(session::BUS),
                Some("NameOwnerChanged"),
                Some(session::BUS_PATH),
                Some(DCONF_SERVICE),
                gio::DBusSignalFlags::NONE,
                move |_| notify(),
            )));
        }
    });
}

/// Calls the function once, from the main loop, for any number of calls before that.
fn coalesced(function: impl Fn() + 'static) -> Rc<dyn Fn()> {
    let function = Rc::new(function);
    let due = Rc::new(Cell::new(false));
    Rc::new(move || {
        if !due.replace(true) {
            let (function, due) = (Rc::clone(&function), Rc::clone(&due));
            glib::MainContext::ref_thread_default().spawn_local_with_priority(
                glib::Priority::DEFAULT,
                async move {
                    due.set(false);
                    function();
                },
            );
        }
    })
}
