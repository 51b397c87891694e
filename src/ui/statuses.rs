// SPDX-License-Identifier: GPL-3.0-or-later

//! The statuses of all choices, kept up to date.
//!
//! Blocking threads read them, one round after the other: one reads settings and files, which may be
//! on a slow disk, and one asks services, which may take longer. This module knows no widget.

use std::cell::{Cell, OnceCell};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use gtk::{gio, glib};

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::choice;
use privacy_panel::choices::choice::Choice;
use privacy_panel::choices::snapshot::Snapshot;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::watch::{Subjects, Watch};

use crate::choices::control::Known;

/// Reads the statuses of some choices now.
type Read = dyn Fn(&Catalogue, &[&'static Choice]) -> Vec<ChoiceStatus> + Send + Sync;

/// Whether a thread is reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Asking {
    #[default]
    No,
    Once,
    /// It is, and something has changed since it began.
    Again,
}

/// What a thread reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Round {
    /// The choices whose apps keep no setting in a service.
    Settings,
    /// The others.
    Services,
}

/// Reads statuses, and reports each one to a callback.
#[derive(Debug)]
pub(crate) struct Statuses(Rc<Inner>);

struct Inner {
    known: Known,
    read: Arc<Read>,
    is_busy: Box<dyn Fn() -> bool>,
    changed: Box<dyn Fn(ChoiceStatus)>,
    settings: Cell<Asking>,
    services: Cell<Asking>,
    watch: OnceCell<Watch>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner")
            .field("settings", &self.settings)
            .field("services", &self.services)
            .finish_non_exhaustive()
    }
}

impl Statuses {
    /// `changed` gets each status that is read, changed or not. No service is asked while
    /// `is_busy`: one that asks the user for a password may not answer meanwhile. The caller
    /// refreshes when that is over.
    pub(crate) fn new(
        known: Known,
        is_busy: impl Fn() -> bool + 'static,
        changed: impl Fn(ChoiceStatus) + 'static,
    ) -> Self {
        Self::with(known, Arc::new(read), is_busy, changed)
    }

    fn with(
        known: Known,
        read: Arc<Read>,
        is_busy: impl Fn() -> bool + 'static,
        changed: impl Fn(ChoiceStatus) + 'static,
    ) -> Self {
        Self(Rc::new(Inner {
            known,
            read,
            is_busy: Box::new(is_busy),
            changed: Box::new(changed),
            settings: Cell::default(),
            services: Cell::default(),
            watch: OnceCell::new(),
        }))
    }

    /// Refreshes whenever a value, a lock or a service changes.
    pub(crate) fn watch(&self, subjects: Subjects) {
        self.0.watch.get_or_init(|| {
            let inner = Rc::downgrade(&self.0);
            Watch::of(subjects, move || {
                if let Some(inner) = inner.upgrade() {
                    inner.refresh();
                }
            })
        });
    }

    /// Reads the settings. Statuses that need a service follow once it has answered.
    pub(crate) fn refresh(&self) {
        self.0.refresh();
    }

    /// Reads only the statuses that need a service.
    pub(crate) fn refresh_services(&self) {
        self.0.read(Round::Services);
    }
}

impl Inner {
    fn refresh(self: &Rc<Self>) {
        self.read(Round::Settings);
        self.read(Round::Services);
    }

    fn read(self: &Rc<Self>, round: Round) {
        let Some(catalogue) = self.known.get().map(Arc::clone) else {
            // Everything is read once it is known.
            return;
        };
        let choices = choices(&catalogue, round);
        let waits = round == Round::Services && (self.is_busy)();
        if choices.is_empty() || waits {
            return;
        }
        let asking = self.asking(round);
        if asking.get() != Asking::No {
            asking.set(Asking::Again);
            return;
        }
        asking.set(Asking::Once);
        let read = Arc::clone(&self.read);
        let inner = Rc::downgrade(self);
        glib::spawn_future_local(async move {
            let statuses = gio::spawn_blocking(move || read(&catalogue, &choices)).await;
            let Some(inner) = inner.upgrade() else {
                return;
            };
            if inner.asking(round).replace(Asking::No) == Asking::Again {
                // These answers are out of date already.
                inner.read(round);
                return;
            }
            for status in statuses.into_iter().flatten() {
                (inner.changed)(status);
            }
        });
    }

    const fn asking(&self, round: Round) -> &Cell<Asking> {
        match round {
            Round::Settings => &self.settings,
            Round::Services => &self.services,
        }
    }
}

/// The choices that a thread reads.
pub(crate) fn choices(catalogue: &Catalogue, round: Round) -> Vec<&'static Choice> {
    let asks_services = |choice: &&'static Choice| catalogue.asks_services(choice);
    let all = choice::ALL.iter();
    all.filter(|choice| asks_services(choice) == (round == Round::Services))
        .collect()
}

/// Reads the statuses of some choices now.
pub(crate) fn read(catalogue: &Catalogue, choices: &[&'static Choice]) -> Vec<ChoiceStatus> {
    let now = Snapshot::fresh();
    choices
        .iter()
        .map(|choice| ChoiceStatus::of(catalogue, choice, &now))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::path::Path;
    use std::sync::{Condvar, Mutex};
    use std::thread;

    use super::*;

    /// The choice for which [`known`] has a reader that asks a service.
    const SLOW: &str = "activity-history";

    /// A service that answers a round of questions when the test lets it.
    #[derive(Default)]
    struct Service {
        rounds: Mutex<Rounds>,
        changed: Condvar,
    }

    #[derive(Default)]
    struct Rounds {
        asked: usize,
        allowed: usize,
    }

    impl Service {
        fn answer(&self) {
            let mut rounds = self.rounds.lock().unwrap();
            rounds.asked += 1;
            let round = rounds.asked;
            drop(
                self.changed
                    .wait_while(rounds, |rounds| rounds.allowed < round)
                    .unwrap(),
            );
        }

        fn allow(&self, rounds: usize) {
            self.rounds.lock().unwrap().allowed = rounds;
            self.changed.notify_all();
        }

        fn asked(&self) -> usize {
            self.rounds.lock().unwrap().asked
        }
    }

    fn known() -> Known {
        let reader = privacy_panel::choices::catalogue::parse(
            Path::new("zeitgeist.toml"),
            include_bytes!("../../data/readers.d/zeitgeist.toml"),
        );
        let known = Known::default();
        known.set(Arc::new(Catalogue::of(reader.unwrap())));
        known
    }

    struct Test {
        statuses: Statuses,
        service: Arc<Service>,
        busy: Rc<Cell<bool>>,
        /// The ids of the choices that were reported, in order.
        reported: Rc<RefCell<Vec<&'static str>>>,
    }

    impl Test {
        fn new() -> Self {
            let (service, busy) = (Arc::<Service>::default(), Rc::<Cell<bool>>::default());
            let reported = Rc::<RefCell<Vec<_>>>::default();
            let asked = Arc::clone(&service);
            // Without the service's reader, so that the test needs no bus.
            let read = move |_: &Catalogue, choices: &[&'static Choice]| {
                if choices.iter().any(|choice| choice.id == SLOW) {
                    asked.answer();
                }
                read(&Catalogue::of([]), choices)
            };
            let (is_busy, told) = (Rc::clone(&busy), Rc::clone(&reported));
            let statuses = Statuses::with(
                known(),
                Arc::new(read),
                move || is_busy.get(),
                move |status| told.borrow_mut().push(status.choice.id),
            );
            Self {
                statuses,
                service,
                busy,
                reported,
            }
        }

        /// How often the status that needs the service was reported.
        fn slow(&self) -> usize {
            slow(&self.reported)
        }
    }

    fn slow(reported: &RefCell<Vec<&'static str>>) -> usize {
        reported.borrow().iter().filter(|id| **id == SLOW).count()
    }

    /// Runs a test with a main context of its own, and a way to wait on it.
    fn run(test: impl FnOnce(Test, &dyn Fn(&dyn Fn() -> bool))) {
        let context = glib::MainContext::new();
        let wait = |until: &dyn Fn() -> bool| {
            while !until() {
                if !context.iteration(false) {
                    thread::yield_now();
                }
            }
        };
        context
            .with_thread_default(|| test(Test::new(), &wait))
            .unwrap();
    }

    #[test]
    fn settings_are_reported_before_services_have_answered() {
        run(|test, wait| {
            test.statuses.refresh();
            let ids = choice::ALL.iter().map(|choice| choice.id);
            let fast: Vec<_> = ids.filter(|id| *id != SLOW).collect();
            wait(&|| !test.reported.borrow().is_empty());
            assert_eq!(*test.reported.borrow(), fast);

            test.service.allow(1);
            wait(&|| test.slow() == 1);
            assert_eq!(test.service.asked(), 1);
        });
    }

    #[test]
    fn answers_from_before_a_change_are_asked_for_again_and_never_reported() {
        run(|test, wait| {
            test.statuses.refresh();
            wait(&|| test.service.asked() == 1);
            // Several changes take one more round.
            test.statuses.refresh();
            test.statuses.refresh();
            test.service.allow(1);
            wait(&|| test.service.asked() == 2);
            assert_eq!(test.slow(), 0);

            test.service.allow(2);
            wait(&|| test.slow() == 1);
            assert_eq!(test.statuses.0.services.get(), Asking::No);
            assert_eq!(test.service.asked(), 2);
        });
    }

    #[test]
    fn no_service_is_asked_while_a_request_is_being_carried_out() {
        run(|test, wait| {
            test.busy.set(true);
            test.service.allow(2);
            test.statuses.refresh();
            assert_eq!(test.statuses.0.services.get(), Asking::No);
            wait(&|| !test.reported.borrow().is_empty());

            test.busy.set(false);
            test.statuses.refresh();
            wait(&|| test.slow() == 1);
            assert_eq!(test.service.asked(), 1);
        });
    }

    #[test]
    fn answers_that_come_after_the_window_has_gone_are_reported_to_no_one() {
        run(|test, wait| {
            let Test {
                statuses,
                service,
                reported,
                ..
            } = test;
            statuses.refresh();
            wait(&|| service.asked() == 1);
            let inner = Rc::downgrade(&statuses.0);
            drop(statuses);
            assert_eq!(inner.strong_count(), 0);
            service.allow(1);
            // The thread drops the service when it ends.
            wait(&|| Arc::strong_count(&service) == 1);
            wait(&|| !glib::MainContext::ref_thread_default().pending());
            assert_eq!(slow(&reported), 0);
        });
    }
}
