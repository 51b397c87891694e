// SPDX-License-Identifier: GPL-3.0-or-later

//! Watching for changes of values and locks.
//!
//! The signals of GSettings only say that something changed; the state is always read from a fresh
//! [`Storage`]. dconf-service saves before it signals. If it dies in between there is no signal, so
//! readers are read again when it exits. Services that keep a choice signal changes of their
//! properties or entries, and the bus signals when a service starts or ends. Files are monitored by
//! their folders.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

use gio::prelude::*;

use crate::choices::catalogue::Catalogue;
use crate::choices::organisation;
use crate::choices::store::{SettingKey, Watched};
use crate::system::bus::Bus;
use crate::system::limits;
use crate::system::service;
use crate::system::service::{Service, Signal};
use crate::system::settings::Storage;
use crate::system::settings::fault::DCONF_SERVICE;

/// Signal subscriptions, which end when dropped.
type Subscriptions = Rc<RefCell<Vec<gio::SignalSubscription>>>;

/// The services of a bus by name, each with the signals to watch.
type Services = HashMap<String, HashSet<Signal>>;

/// The subjects to watch. Finding them reads files in the user's home, so another thread can do it.
#[derive(Debug)]
pub struct Subjects(Vec<(Watched, Option<Service>)>);

impl Subjects {
    /// What each store has to be watched for, with its service.
    pub(crate) const fn new(stores: Vec<(Watched, Option<Service>)>) -> Self {
        Self(stores)
    }

    /// Finds the subjects of every installed reader.
    pub fn of(catalogue: &Catalogue) -> Self {
        let readers = catalogue.readers().iter();
        Self(
            readers
                .map(|reader| (reader.watched(), reader.store.service()))
                .collect(),
        )
    }
}

/// Calls a function when something may have changed, until it is dropped.
pub struct Watch {
    _settings: Vec<gio::Settings>,
    _services: Subscriptions,
    /// Readers' files, and those of the administrator's policy: dconf signals changes of its database only to
    /// programs whose profile named it at their start.
    _files: Vec<gio::FileMonitor>,
    /// The folders of readers with a value in a file.
    _folders: Vec<Folder>,
}

impl Watch {
    /// Watches the keys of every installed reader. `changed` is called from the main loop of the
    /// calling thread, once for all changes in one iteration.
    pub fn new(catalogue: &Catalogue, changed: impl Fn() + 'static) -> Self {
        Self::of(Subjects::of(catalogue), changed)
    }

    /// Like [`Self::new`], for subjects that were found before.
    pub fn of(subjects: Subjects, changed: impl Fn() + 'static) -> Self {
        let notify = coalesced(changed);
        let storage = Storage::fresh();
        let mut keys: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        let (mut folders, mut files) = (BTreeSet::new(), BTreeSet::new());
        let (mut session, mut system) = (Services::new(), Services::new());
        for (watched, service) in subjects.0 {
            for SettingKey { schema, path, key } in watched.keys {
                keys.entry((schema, path)).or_default().push(key);
            }
            folders.extend(watched.folders);
            files.extend(watched.files);
            for name in watched.owners {
                let owner = Signal::owner(&name);
                session.entry(name).or_default().insert(owner);
            }
            let Some(service) = service else {
                continue;
            };
            let services = match service.bus {
                Bus::Session => &mut session,
                Bus::System => &mut system,
            };
            let owner = Signal::owner(&service.name);
            let signals = services.entry(service.name).or_default();
            signals.insert(owner);
            signals.extend(watched.signals);
        }
        let settings = keys
            .into_iter()
            .filter_map(|((id, path), names)| {
                let schema = storage.schema(&id, &path).ok()??;
                let settings =
                    gio::Settings::new_full(&schema, None::<&gio::SettingsBackend>, Some(&path));
                let tell = Rc::clone(&notify);
                settings.connect_changed(None, move |_, _| tell());
                let tell = Rc::clone(&notify);
                settings.connect_writable_changed(None, move |_, _| tell());
                // GSettings signals changes only of keys that were read.
                for name in names.iter().filter(|name| schema.has_key(name)) {
                    settings.value(name);
                }
                Some(settings)
            })
            .collect();
        let files = files
            .into_iter()
            .chain(organisation::files())
            .filter_map(|file| {
                let file = gio::File::for_path(file);
                let flags = gio::FileMonitorFlags::WATCH_MOVES;
                let monitor = file.monitor_file(flags, gio::Cancellable::NONE).ok()?;
                let tell = Rc::clone(&notify);
                monitor.connect_changed(move |_, _, _, _| tell());
                Some(monitor)
            })
            .collect();
        let folders = folders
            .into_iter()
            .map(|folder| Folder::new(folder, &notify))
            .collect();
        let subscriptions = Subscriptions::default();
        let dconf = Storage::is_dconf();
        if dconf || !session.is_empty() {
            watch_bus(&subscriptions, Bus::Session, session, dconf, &notify);
        }
        if !system.is_empty() {
            watch_bus(&subscriptions, Bus::System, system, false, &notify);
        }
        Self {
            _settings: settings,
            _services: subscriptions,
            _files: files,
            _folders: folders,
        }
    }
}

/// A watched folder, which may appear and disappear itself.
struct Folder(#[allow(dead_code)] Rc<FolderState>);

struct FolderState {
    folder: PathBuf,
    notify: Rc<dyn Fn()>,
    monitor: RefCell<Option<(PathBuf, gio::FileMonitor)>>,
}

impl Folder {
    fn new(folder: PathBuf, notify: &Rc<dyn Fn()>) -> Self {
        let state = Rc::new(FolderState {
            folder,
            notify: Rc::clone(notify),
            monitor: RefCell::default(),
        });
        state.look();
        Self(state)
    }
}

impl FolderState {
    /// Monitors the folder or, while it is missing, its nearest existing parent: otherwise GLib
    /// would poll for it every few seconds.
    fn look(self: &Rc<Self>) {
        let there = |folder: &&Path| folder.is_dir();
        let Some(place) = self.folder.ancestors().find(there) else {
            return;
        };
        let known = self.monitor.borrow();
        if known.as_ref().is_some_and(|(known, _)| known == place) {
            return;
        }
        drop(known);
        let flags = gio::FileMonitorFlags::WATCH_MOVES;
        let file = gio::File::for_path(place);
        let Ok(monitor) = file.monitor_directory(flags, gio::Cancellable::NONE) else {
            return;
        };
        let state = Rc::downgrade(self);
        monitor.connect_changed(move |_, _, _, _| {
            if let Some(state) = state.upgrade() {
                state.look();
                (state.notify)();
            }
        });
        self.monitor.replace(Some((place.to_owned(), monitor)));
    }
}

/// Calls the function when a service starts, ends or signals a change, once the bus is connected.
/// `dconf`: also when dconf-service starts or ends.
///
/// Doesn't use `gio::bus_watch_name`: its bindings end the process if there is no bus.
fn watch_bus(
    subscriptions: &Subscriptions,
    bus: Bus,
    services: Services,
    dconf: bool,
    notify: &Rc<dyn Fn()>,
) {
    let subscriptions = Rc::downgrade(subscriptions);
    let notify = Rc::clone(notify);
    glib::MainContext::ref_thread_default().spawn_local(async move {
        let Ok(connection) = gio::bus_get_future(bus.kind()).await else {
            return;
        };
        bus.outlive(&connection);
        let Some(subscriptions) = subscriptions.upgrade() else {
            return;
        };
        let subscribe = |signal: &Signal, told: Box<dyn Fn()>| {
            let subscription = connection.subscribe_to_signal(
                Some(&signal.sender),
                Some(&signal.interface),
                Some(&signal.name),
                Some(&signal.path),
                signal.about.as_deref(),
                gio::DBusSignalFlags::NONE,
                move |_| told(),
            );
            subscriptions.borrow_mut().push(subscription);
        };
        if dconf {
            let notify = Rc::clone(&notify);
            subscribe(&Signal::owner(DCONF_SERVICE), Box::new(move || notify()));
        }
        for (name, signals) in &services {
            for signal in signals {
                let (name, notify) = (name.clone(), Rc::clone(&notify));
                let told = move || {
                    service::answered(bus, &name);
                    notify();
                };
                subscribe(signal, Box::new(told));
            }
        }
        if !services.is_empty() {
            // Something may have changed before the subscription.
            notify();
        }
    });
}

/// Merges calls: the function is called once, from the main loop, for any number of calls. It is
/// called at once after a pause, otherwise [`limits::LOOK_AGAIN`] after the last time, so that a
/// program that floods the bus with signals can't keep the readers busy.
pub(crate) fn coalesced(function: impl Fn() + 'static) -> Rc<dyn Fn()> {
    let function = Rc::new(function);
    let due = Rc::new(Cell::new(false));
    let last: Rc<Cell<Option<Instant>>> = Rc::default();
    Rc::new(move || {
        if !due.replace(true) {
            let (function, due, last) = (Rc::clone(&function), Rc::clone(&due), Rc::clone(&last));
            glib::MainContext::ref_thread_default().spawn_local_with_priority(
                glib::Priority::DEFAULT,
                async move {
                    let since = last.get().map(|last| last.elapsed());
                    let pause = since.and_then(|since| limits::LOOK_AGAIN.checked_sub(since));
                    if let Some(pause) = pause {
                        glib::timeout_future(pause).await;
                    }
                    due.set(false);
                    function();
                    last.set(Some(Instant::now()));
                },
            );
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_signals_has_the_function_called_now_and_then_and_after_the_last_of_them() {
        let context = glib::MainContext::new();
        context
            .with_thread_default(|| {
                let (told, heard) = (
                    Rc::new(Cell::new(0_u32)),
                    Rc::new(Cell::new((0_u32, 0_u32))),
                );
                let tell = coalesced({
                    let (told, heard) = (Rc::clone(&told), Rc::clone(&heard));
                    move || heard.set((heard.get().0 + 1, told.get()))
                });
                let began = Instant::now();
                // However little time this thread gets on a busy computer.
                while began.elapsed() < limits::LOOK_AGAIN * 5
                    || told.get() <= 100
                    || heard.get().0 < 2
                {
                    told.set(told.get() + 1);
                    tell();
                    context.iteration(false);
                }
                let turns = told.get();
                while heard.get().1 < turns {
                    context.iteration(true);
                }
                let most = began.elapsed().as_millis() / limits::LOOK_AGAIN.as_millis() + 2;
                let calls = heard.get().0;
                assert!(u128::from(calls) <= most, "{calls} calls");
            })
            .unwrap();
    }
}
