// SPDX-License-Identifier: GPL-3.0-or-later

//! One choice in the panel: what was read last, the request that is being carried out, and why the
//! last one failed. Rows and pages show it, and pass the user's wishes on to it.

use std::sync::Arc;

use adw::prelude::*;
use adw::subclass::prelude::*;
use glib::translate::FromGlibPtrBorrow;
use gtk::{gio, glib};

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::change;
use privacy_panel::choices::change::{Report, Wish};
use privacy_panel::choices::choice;
use privacy_panel::choices::choice::Choice;
use privacy_panel::choices::reader::Request;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::words;

/// Called with the result of a wish. `None`: a later wish has replaced it, or it failed to run.
type Done = Box<dyn FnOnce(Option<&Report>)>;

/// A reader that the last change did not change.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    /// The reader's ID.
    pub(crate) reader: String,
    /// What was wished.
    pub(crate) request: Request,
    /// Why it failed, and what to do.
    pub(crate) sentence: String,
}

/// What failed in the last changes.
#[derive(Clone, Debug)]
struct Failure {
    /// The wish that failed last.
    wish: Wish,
    sentence: String,
    readers: Vec<Failed>,
}

mod imp {
    use std::cell::{Cell, OnceCell, RefCell};
    use std::collections::VecDeque;
    use std::sync::OnceLock;

    use glib::subclass::Signal;

    use super::*;

    #[derive(Default)]
    pub(crate) struct Control {
        pub(super) choice: OnceCell<&'static Choice>,
        pub(super) catalogue: OnceCell<Arc<Catalogue>>,
        pub(super) status: RefCell<Option<ChoiceStatus>>,
        pub(super) failure: RefCell<Option<Failure>>,
        /// Whether a wish is being carried out.
        pub(super) busy: Cell<bool>,
        /// Whether it may be waiting for a password.
        pub(super) asking: Cell<bool>,
        /// The wishes that the user expressed meanwhile: the last one about all, or about each app.
        pub(super) next: RefCell<VecDeque<(Wish, Option<Done>)>>,
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
    pub(crate) fn new(choice: &'static Choice, catalogue: &Arc<Catalogue>) -> Self {
        let control: Self = glib::Object::new();
        let imp = control.imp();
        // Only this function sets them.
        let _ = imp.choice.set(choice);
        let _ = imp.catalogue.set(Arc::clone(catalogue));
        control
    }

    pub(crate) fn choice(&self) -> &'static Choice {
        // `new` always sets it.
        let choice = self.imp().choice.get();
        choice.copied().unwrap_or(&choice::ALL[0])
    }

    pub(crate) fn catalogue(&self) -> Option<&Arc<Catalogue>> {
        self.imp().catalogue.get()
    }

    /// What was read last. `None`: nothing yet.
    pub(crate) fn status(&self) -> Option<ChoiceStatus> {
        self.imp().status.borrow().clone()
    }

    /// Whether a wish is being carried out.
    pub(crate) fn is_busy(&self) -> bool {
        self.imp().busy.get()
    }

    /// Whether a wish is being carried out that may be waiting for a password.
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

    /// Calls `failed` with a sentence when a wish has failed and that is shown.
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

    /// Shows a status, unless a wish is being carried out: then its result is shown next.
    pub(crate) fn show_status(&self, status: ChoiceStatus) {
        let imp = self.imp();
        if imp.busy.get() || imp.status.borrow().as_ref() == Some(&status) {
            return;
        }
        self.forget_what_has_come_true(&status);
        imp.status.replace(Some(status));
        self.emit_shown();
    }

    /// A failure is out of date when another program has done what was wished.
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
            self.wish(failure.wish);
            return;
        }
        self.read_again();
    }

    /// Asks the services again that did not answer.
    pub(crate) fn read_again(&self) {
        if let Some(catalogue) = self.catalogue() {
            catalogue.forget_silence(self.choice());
        }
        // The answer is shown even if it is the same.
        self.imp().status.take();
        self.emit_shown();
        self.emit_changed();
    }

    /// Carries out a wish about all apps, and shows the result.
    pub(crate) fn request(&self, request: Request) {
        self.wish(Wish::of_all(request));
    }

    /// Carries out a wish and shows the result. One at a time: those that come meanwhile follow.
    pub(crate) fn wish(&self, wish: Wish) {
        self.begin(wish, None);
    }

    /// The same. `done` gets the result.
    pub(crate) fn wish_and(&self, wish: Wish, done: impl FnOnce(Option<&Report>) + 'static) {
        self.begin(wish, Some(Box::new(done)));
    }

    fn begin(&self, wish: Wish, done: Option<Done>) {
        let imp = self.imp();
        if imp.busy.replace(true) {
            self.put_off(wish, done);
            return;
        }
        let control = self.clone();
        // Closing the window doesn't cancel the request.
        let hold = gio::Application::default().map(|app| app.hold());
        glib::spawn_future_local(async move {
            let _hold = hold;
            let imp = control.imp();
            let mut now = Some((wish, done));
            while let Some((wish, done)) = now {
                let report = control.carry_out(wish.clone()).await;
                imp.asking.set(false);
                control.keep_failures(wish, report.as_ref());
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

    /// Remembers a wish for later. It replaces earlier ones about the same apps.
    fn put_off(&self, wish: Wish, done: Option<Done>) {
        let mut replaced = Vec::new();
        {
            let mut next = self.imp().next.borrow_mut();
            for earlier in std::mem::take(&mut *next) {
                if wish.reader.is_none() || earlier.0.reader == wish.reader {
                    replaced.extend(earlier.1);
                } else {
                    next.push_back(earlier);
                }
            }
            next.push_back((wish, done));
        }
        for done in replaced {
            done(None);
        }
    }

    /// Keeps what failed. A wish about one app leaves what is known of the others.
    fn keep_failures(&self, wish: Wish, report: Option<&Report>) {
        let mut kept = self.imp().failure.borrow_mut();
        let mut readers = self::readers(report);
        if let (Some(only), Some(kept)) = (&wish.reader, &*kept) {
            let others = kept.readers.iter().filter(|failed| failed.reader != *only);
            readers.extend(others.cloned());
        }
        let sentence = report.and_then(words::report);
        *kept = match (sentence, kept.take()) {
            _ if readers.is_empty() => None,
            (Some(sentence), _) => Some(Failure {
                wish,
                sentence,
                readers,
            }),
            (None, kept) => kept.map(|kept| Failure { readers, ..kept }),
        };
    }

    /// Writes in a blocking thread: the settings service may be slow or never answer.
    async fn carry_out(&self, wish: Wish) -> Option<Report> {
        let choice = self.choice();
        let catalogue = Arc::clone(self.catalogue()?);
        // Only the main thread uses the object; the other ones just pass the reference on.
        let late = self.later(Self::emit_changed);
        let asking = self.later(|control| {
            if control.is_busy() {
                control.imp().asking.set(true);
                control.emit_shown();
            }
        });
        gio::spawn_blocking(move || change::carry_out(&catalogue, choice, &wish, asking, late))
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
