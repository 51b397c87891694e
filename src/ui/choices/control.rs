// SPDX-License-Identifier: GPL-3.0-or-later

//! One choice in the panel: its last status, the change under way, and why the last change failed.
//! Rows and pages show it, and pass the user's changes on to it.

use std::sync::Arc;

use adw::prelude::*;
use adw::subclass::prelude::*;
use glib::translate::FromGlibPtrBorrow;
use gtk::{gio, glib};

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::change;
use privacy_panel::choices::change::{Report, Task};
use privacy_panel::choices::choice;
use privacy_panel::choices::choice::Choice;
use privacy_panel::choices::reader::Request;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::words;

use crate::kit::later::Later;

/// The catalogue, which another thread reads.
pub(crate) type Known = Later<Arc<Catalogue>>;

/// Called with the result of a change. `None`: a later change has replaced it, or its thread
/// failed.
type Done = Box<dyn FnOnce(Option<&Report>)>;

/// A reader that the last change did not change.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    /// The reader's ID.
    pub(crate) reader: String,
    /// The wanted change.
    pub(crate) request: Request,
    /// Why it failed, and what to do.
    pub(crate) sentence: String,
}

/// Where the restart of an app is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restart {
    /// The app has been asked to quit.
    Closing,
    /// It is still open.
    StillOpen,
}

/// What failed in the last changes.
#[derive(Clone, Debug)]
struct Failure {
    /// The change that failed last.
    task: Task,
    sentence: String,
    readers: Vec<Failed>,
}

mod imp {
    use std::cell::{Cell, OnceCell, RefCell};
    use std::collections::{HashMap, VecDeque};
    use std::sync::OnceLock;

    use glib::subclass::Signal;

    use super::*;

    #[derive(Default)]
    pub(crate) struct Control {
        pub(super) choice: OnceCell<&'static Choice>,
        pub(super) catalogue: OnceCell<Known>,
        pub(super) status: RefCell<Option<ChoiceStatus>>,
        pub(super) failure: RefCell<Option<Failure>>,
        /// Why settings are kept in memory only, if they are.
        pub(super) forgets: RefCell<Option<String>>,
        /// The apps that are being restarted, or could not be, by the IDs of their readers.
        pub(super) restarts: RefCell<HashMap<String, Restart>>,
        /// Whether a change is under way.
        pub(super) busy: Cell<bool>,
        /// Whether it may be waiting for a password.
        pub(super) asking: Cell<bool>,
        /// The changes that the user made meanwhile: the last one about all apps, or about each
        /// app.
        pub(super) next: RefCell<VecDeque<(Task, Option<Done>)>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for Control {
        const NAME: &'static str = "PrivacyPanelControl";
        type Type = super::Control;
    }

    impl ObjectImpl for Control {
        fn signals() -> &'static [Signal] {
            static SIGNALS: OnceLock<Vec<Signal>> = OnceLock::new();
            SIGNALS.get_or_init(|| {
                vec![
                    Signal::builder("shown").build(),
                    Signal::builder("changed").build(),
                    Signal::builder("failed")
                        .param_types([String::static_type()])
                        .build(),
                ]
            })
        }
    }
}

glib::wrapper! {
    pub(crate) struct Control(ObjectSubclass<imp::Control>);
}

impl Control {
    pub(crate) fn new(choice: &'static Choice, catalogue: &Known) -> Self {
        let control: Self = glib::Object::new();
        let imp = control.imp();
        // Only this function sets them.
        let _ = imp.choice.set(choice);
        let _ = imp.catalogue.set(catalogue.clone());
        control
    }

    pub(crate) fn choice(&self) -> &'static Choice {
        // `new` always sets it.
        let choice = self.imp().choice.get();
        choice.copied().unwrap_or(&choice::ALL[0])
    }

    /// The apps on this computer, which may not be known yet.
    pub(crate) fn catalogue(&self) -> Option<&Known> {
        self.imp().catalogue.get()
    }

    /// The last status. `None`: nothing was read yet.
    pub(crate) fn status(&self) -> Option<ChoiceStatus> {
        self.imp().status.borrow().clone()
    }

    /// Records that settings are kept in memory only, so that none can be changed, and why.
    pub(crate) fn forget_on_exit(&self, why: String) {
        self.imp().forgets.replace(Some(why));
        self.emit_shown();
    }

    /// Why the switch can't be moved, if that isn't a lock.
    pub(crate) fn obstacle(&self) -> Option<String> {
        if self.can_save() {
            return None;
        }
        self.imp().forgets.borrow().clone()
    }

    /// Whether a change of an app that follows the choice can be saved.
    pub(crate) fn can_save(&self) -> bool {
        if self.imp().forgets.borrow().is_none() {
            return true;
        }
        // Other stores keep their settings elsewhere. Apps are turned off there, and none is turned on.
        let status = self.imp().status.borrow();
        let (Some(status), Some(catalogue)) = (&*status, self.catalogue().and_then(Known::get))
        else {
            return false;
        };
        let is_elsewhere = |id: &str| {
            let mut readers = catalogue.readers_of(self.choice());
            let reader = readers.find(|reader| reader.id == id);
            reader.is_some_and(|reader| {
                reader.store.needs_programs() || reader.store.service().is_some()
            })
        };
        status.followers().any(|reader| {
            let may_send = reader
                .reading()
                .is_some_and(|answer| answer.state.may_send());
            may_send && is_elsewhere(&reader.id)
        })
    }

    /// Whether a change is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.imp().busy.get()
    }

    /// Whether the change that is under way may be waiting for a password.
    pub(crate) fn is_asking(&self) -> bool {
        self.imp().asking.get()
    }

    /// Why the last change failed, until the next one.
    pub(crate) fn failure(&self) -> Option<String> {
        let failure = self.imp().failure.borrow();
        Some(failure.as_ref()?.sentence.clone())
    }

    /// The readers that the last change did not change.
    pub(crate) fn failed(&self) -> Vec<Failed> {
        let failure = self.imp().failure.borrow();
        failure
            .as_ref()
            .map_or_else(Vec::new, |failure| failure.readers.clone())
    }

    /// Where the restart of a reader's app is.
    pub(crate) fn restart(&self, reader: &str) -> Option<Restart> {
        self.imp().restarts.borrow().get(reader).copied()
    }

    /// Shows where a restart is. `None`: it is over, so everything is read again.
    pub(crate) fn set_restart(&self, reader: &str, restart: Option<Restart>) {
        let mut restarts = self.imp().restarts.borrow_mut();
        match restart {
            Some(restart) => restarts.insert(reader.to_owned(), restart),
            None => restarts.remove(reader),
        };
        drop(restarts);
        self.emit_shown();
        if restart.is_none() {
            self.emit_changed();
        }
    }

    /// Calls `show` when there is something new to show.
    pub(crate) fn connect_shown<T>(&self, of: &T, show: impl Fn(&T) + 'static)
    where
        T: ObjectType + FromGlibPtrBorrow<*mut <T as ObjectType>::GlibType>,
    {
        let of = of.clone();
        // The closure ends with the object: a page is dropped when it is closed; its choice stays.
        self.connect_closure(
            "shown",
            false,
            glib::closure_local!(
                #[watch]
                of,
                move |_: Self| show(of)
            ),
        );
    }

    /// Calls `changed` after something was written, so that everything else is read again.
    pub(crate) fn connect_changed(&self, changed: impl Fn() + 'static) {
        self.connect_closure(
            "changed",
            false,
            glib::closure_local!(move |_: Self| changed()),
        );
    }

    /// Calls `failed` with a sentence when a change has failed and the failure is shown.
    pub(crate) fn connect_failed(&self, failed: impl Fn(&str) + 'static) {
        self.connect_closure(
            "failed",
            false,
            glib::closure_local!(move |_: Self, sentence: &str| failed(sentence)),
        );
    }

    fn emit_shown(&self) {
        self.emit_by_name::<()>("shown", &[]);
    }

    fn emit_changed(&self) {
        self.emit_by_name::<()>("changed", &[]);
    }

    /// Shows a status, unless a change is under way, whose result is shown next.
    pub(crate) fn show_status(&self, status: ChoiceStatus) {
        let imp = self.imp();
        if imp.busy.get() || imp.status.borrow().as_ref() == Some(&status) {
            return;
        }
        self.forget_what_has_come_true(&status);
        imp.restarts.borrow_mut().retain(|id, restart| {
            let mut readers = status.readers.iter();
            *restart == Restart::Closing
                || readers.any(|reader| reader.id == *id && !reader.processes.is_empty())
        });
        imp.status.replace(Some(status));
        self.emit_shown();
    }

    /// A failure is out of date when another program has made the wanted change.
    fn forget_what_has_come_true(&self, status: &ChoiceStatus) {
        let mut failure = self.imp().failure.borrow_mut();
        let is_undone = |failed: &Failed| {
            let mut readers = status.readers.iter();
            readers.any(|reader| {
                reader.id == failed.reader && !change::is_done(reader, failed.request)
            })
        };
        if failure
            .as_ref()
            .is_some_and(|failure| !failure.readers.iter().any(is_undone))
        {
            *failure = None;
        }
    }

    /// Reads again what could not be read, or tries again what failed.
    pub(crate) fn try_again(&self) {
        let failure = self.imp().failure.borrow().clone();
        if let Some(failure) = failure {
            self.start(failure.task);
            return;
        }
        self.read_again();
    }

    /// Asks the services again that did not answer.
    pub(crate) fn read_again(&self) {
        if let Some(catalogue) = self.catalogue().and_then(Known::get) {
            catalogue.forget_silence(self.choice());
        }
        // The answer is shown even if it is the same.
        self.imp().status.take();
        self.emit_shown();
        self.emit_changed();
    }

    /// Changes all apps, and shows the result.
    pub(crate) fn request(&self, request: Request) {
        self.start(Task::of_all(request));
    }

    /// Carries out a change and shows the result. Later changes wait for it.
    pub(crate) fn start(&self, task: Task) {
        self.begin(task, None);
    }

    /// Like [`Self::start`], and passes the result to `done`.
    pub(crate) fn start_and(&self, task: Task, done: impl FnOnce(Option<&Report>) + 'static) {
        self.begin(task, Some(Box::new(done)));
    }

    fn begin(&self, task: Task, done: Option<Done>) {
        let imp = self.imp();
        if imp.busy.replace(true) {
            self.put_off(task, done);
            return;
        }
        let control = self.clone();
        // Closing the window doesn't cancel the request.
        let hold = gio::Application::default().map(|app| app.hold());
        glib::spawn_future_local(async move {
            let _hold = hold;
            let imp = control.imp();
            let mut now = Some((task, done));
            while let Some((task, done)) = now {
                let report = control.carry_out(task.clone()).await;
                imp.asking.set(false);
                control.keep_failures(task, report.as_ref());
                let next = imp.next.borrow_mut().pop_front();
                if next.is_none() {
                    imp.busy.set(false);
                    // Without a report, the thread panicked. Any status that is read next is shown.
                    let status = report.as_ref().map(|report| report.status.clone());
                    imp.status.replace(status);
                    control.emit_shown();
                    if let Some(sentence) = control.failure() {
                        control.emit_by_name::<()>("failed", &[&sentence]);
                    }
                    control.emit_changed();
                }
                if let Some(done) = done {
                    done(report.as_ref());
                }
                now = next;
            }
        });
    }

    /// Remembers a change for later. It replaces earlier ones of the same apps.
    fn put_off(&self, task: Task, done: Option<Done>) {
        let mut replaced = Vec::new();
        {
            let mut next = self.imp().next.borrow_mut();
            for earlier in std::mem::take(&mut *next) {
                if task.reader.is_none() || earlier.0.reader == task.reader {
                    replaced.extend(earlier.1);
                } else {
                    next.push_back(earlier);
                }
            }
            next.push_back((task, done));
        }
        for done in replaced {
            done(None);
        }
    }

    /// Keeps the failures. A change of one app keeps the failures of the others.
    fn keep_failures(&self, task: Task, report: Option<&Report>) {
        let mut kept = self.imp().failure.borrow_mut();
        let mut readers = self::readers(report);
        if let (Some(only), Some(kept)) = (&task.reader, &*kept) {
            let others = kept.readers.iter().filter(|failed| failed.reader != *only);
            readers.extend(others.cloned());
        }
        let sentence = report.and_then(words::report);
        *kept = match (sentence, kept.take()) {
            _ if readers.is_empty() => None,
            (Some(sentence), _) => Some(Failure {
                task,
                sentence,
                readers,
            }),
            (None, kept) => kept.map(|kept| Failure { readers, ..kept }),
        };
    }

    /// Writes in a blocking thread: the settings service may be slow or never answer.
    async fn carry_out(&self, task: Task) -> Option<Report> {
        let choice = self.choice();
        let catalogue = self.catalogue()?.wait().await;
        // Only the main thread uses the object; the other ones just pass the reference on.
        let late = self.later(Self::emit_changed);
        let asking = self.later(|control| {
            if control.is_busy() {
                control.imp().asking.set(true);
                control.emit_shown();
            }
        });
        gio::spawn_blocking(move || change::carry_out(&catalogue, choice, &task, asking, late))
            .await
            .ok()
    }

    /// A function for other threads that calls another one in the main thread.
    fn later(&self, act: fn(&Self)) -> impl Fn() + Send + 'static {
        let control = glib::SendWeakRef::from(self.downgrade());
        move || {
            let control = control.clone();
            glib::MainContext::default().invoke(move || {
                if let Some(control) = control.upgrade() {
                    act(&control);
                }
            });
        }
    }
}

/// The readers that were not changed.
fn readers(report: Option<&Report>) -> Vec<Failed> {
    let Some(report) = report else {
        return Vec::new();
    };
    let readers = report.failures.iter().zip(report.named_failures());
    readers
        .map(|((reader, _), (name, failure))| Failed {
            reader: reader.clone(),
            request: report.request,
            sentence: words::failure(&name, failure),
        })
        .collect()
}
