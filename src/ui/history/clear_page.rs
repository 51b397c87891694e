// SPDX-License-Identifier: GPL-3.0-or-later

//! The page to clear history: choosing the time, counting what would be removed, confirming, and
//! showing the result.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{accessible, gio, glib};

use privacy_panel::history::{self, Found, Outcome, Past, Progress, Span, When, words};
use privacy_panel::system::i18n::{gettext, gettext_f, ngettext_f};

use crate::kit::announce;
use crate::kit::dialogs;
use crate::kit::dialogs::Question;
use crate::kit::markup;
use crate::kit::rows::described;
use crate::kit::toast;

/// How often progress is shown.
const PULSE: Duration = Duration::from_millis(200);

mod imp {
    use std::cell::{Cell, RefCell};

    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "clear_page.ui")]
    pub(crate) struct ClearPage {
        #[template_child]
        pub(crate) times: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub(crate) hour: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(crate) day: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(crate) week: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(crate) days: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(crate) everything: TemplateChild<gtk::CheckButton>,
        #[template_child]
        pub(crate) first_row: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub(crate) first: TemplateChild<gtk::Calendar>,
        #[template_child]
        pub(crate) first_button: TemplateChild<gtk::MenuButton>,
        #[template_child]
        pub(crate) last_row: TemplateChild<adw::ActionRow>,
        #[template_child]
        pub(crate) last: TemplateChild<gtk::Calendar>,
        #[template_child]
        pub(crate) last_button: TemplateChild<gtk::MenuButton>,
        #[template_child]
        pub(crate) places: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub(crate) stays: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub(crate) clear: TemplateChild<gtk::Button>,
        #[template_child]
        pub(crate) under_way: TemplateChild<gtk::Box>,
        #[template_child]
        pub(crate) progress: TemplateChild<gtk::ProgressBar>,
        #[template_child]
        pub(crate) stop: TemplateChild<gtk::Button>,
        /// The rows of the sources, with the group of each.
        pub(crate) rows: RefCell<Vec<(adw::PreferencesGroup, adw::ActionRow)>>,
        /// How many entries would be removed.
        pub(crate) count: Cell<usize>,
        /// Whether the button is for entries that remain after clearing.
        pub(crate) is_rest: Cell<bool>,
        /// Cancels the counting or clearing.
        pub(crate) cancellable: RefCell<gio::Cancellable>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ClearPage {
        const NAME: &'static str = "PrivacyPanelClearPage";
        type Type = super::ClearPage;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
            class.bind_template_callbacks();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for ClearPage {
        fn constructed(&self) {
            self.parent_constructed();
            let page = self.obj();
            let remark = markup::escape(&words::out_of_reach());
            self.stays.set_description(Some(&remark));
            for button in [
                &self.hour,
                &self.day,
                &self.week,
                &self.days,
                &self.everything,
            ] {
                tell_chosen(button);
            }
            page.show_days();
            page.count(false);
        }
    }

    impl WidgetImpl for ClearPage {
        fn unroot(&self) {
            // Counting is pointless now. Clearing goes on.
            if !self.under_way.is_visible() {
                self.cancellable.borrow().cancel();
            }
            self.parent_unroot();
        }
    }

    impl BinImpl for ClearPage {}

    #[gtk::template_callbacks]
    impl ClearPage {
        /// Called for both buttons: the one that becomes active and the one that ceases to be.
        #[template_callback]
        fn on_time_toggled(&self, button: &gtk::CheckButton) {
            tell_chosen(button);
            if button.is_active() {
                self.obj().count(false);
            }
        }

        #[template_callback]
        fn on_day_selected(&self, _: &gtk::Calendar) {
            self.obj().show_days();
            if self.days.is_active() {
                self.obj().count(false);
            }
        }

        #[template_callback]
        fn on_clear_clicked(&self, _: &gtk::Button) {
            if self.is_rest.get() {
                // By now, the user may have removed what was in the way.
                self.obj().count(true);
            } else {
                self.obj().ask();
            }
        }

        #[template_callback]
        fn on_stop_clicked(&self, button: &gtk::Button) {
            button.set_sensitive(false);
            self.cancellable.borrow().cancel();
        }
    }
}

glib::wrapper! {
    pub(crate) struct ClearPage(ObjectSubclass<imp::ClearPage>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl ClearPage {
    pub(crate) fn new() -> Self {
        glib::Object::new()
    }

    /// The chosen time. `None` if its last day is before its first.
    fn span(&self) -> Option<Span> {
        let imp = self.imp();
        if imp.everything.is_active() {
            return Some(Span::EVERYTHING);
        }
        if imp.days.is_active() {
            let day = |calendar: &gtk::Calendar| {
                let date = calendar.date();
                When::day(date.year(), date.month(), date.day_of_month())
            };
            let (first, last) = (day(&imp.first)?, day(&imp.last)?);
            return Span::between(Some(first), Some(last));
        }
        Some(Span::past_from_now(if imp.week.is_active() {
            Past::Week
        } else if imp.day.is_active() {
            Past::Day
        } else {
            Past::Hour
        }))
    }

    /// Shows the chosen dates on their buttons.
    fn show_days(&self) {
        let imp = self.imp();
        for (calendar, button, row) in [
            (&imp.first, &imp.first_button, &imp.first_row),
            (&imp.last, &imp.last_button, &imp.last_row),
        ] {
            let date = calendar.date().format("%x").unwrap_or_default();
            button.set_label(&date);
            announce::describe(&**row, &date);
        }
    }

    /// Replaces the rows: what is removed and, if that is known, what stays.
    fn show_rows(
        &self,
        heading: &str,
        goes: Vec<adw::ActionRow>,
        stays: Option<Vec<adw::ActionRow>>,
    ) {
        let imp = self.imp();
        for (group, row) in imp.rows.take() {
            group.remove(&row);
        }
        imp.places.set_title(&markup::escape(heading));
        imp.places.set_visible(!goes.is_empty());
        imp.stays.set_visible(stays.is_some());
        let rows = [(&imp.places, goes), (&imp.stays, stays.unwrap_or_default())];
        for (group, rows) in rows {
            for row in rows {
                group.add(&row);
                imp.rows.borrow_mut().push((group.get(), row));
            }
        }
    }

    /// Cancels the counting under way, and returns what cancels the next task.
    fn begin(&self) -> gio::Cancellable {
        let cancellable = gio::Cancellable::new();
        self.imp().cancellable.replace(cancellable.clone()).cancel();
        cancellable
    }

    /// Shows on the button whether it is for the entries that remain.
    fn set_rest(&self, is_rest: bool) {
        let imp = self.imp();
        imp.is_rest.set(is_rest);
        imp.clear.set_label(&if is_rest {
            // Translators: a button, after not everything could be cleared; it asks before it
            // clears
            gettext("Clear the Rest…")
        } else {
            gettext("Clear History…")
        });
    }

    /// Counts what would be removed. If there is something, may ask at once whether to remove it.
    fn count(&self, then_ask: bool) {
        let imp = self.imp();
        let cancellable = self.begin();
        imp.count.set(0);
        imp.clear.set_sensitive(false);
        self.set_rest(false);
        // Translators: heading over places and how much they hold of a time
        let heading = gettext("What Will Be Removed");
        let Some(span) = self.span() else {
            let row = described(&gettext("The last day is before the first."), "");
            self.show_rows(&heading, vec![row], None);
            return;
        };
        let waiting = described(&gettext("Counting…"), "");
        let spinner = gtk::Spinner::builder().spinning(true).build();
        waiting.add_suffix(&spinner);
        self.show_rows(&heading, vec![waiting], None);
        self.look(span, cancellable, move |page, found| {
            page.show_found(&heading, found);
            if then_ask && page.imp().count.get() > 0 {
                page.ask();
            }
        });
    }

    /// Looks in a blocking thread what there is. Does nothing if that is cancelled meanwhile, for
    /// example since the user chose another time.
    fn look(
        &self,
        span: Span,
        cancellable: gio::Cancellable,
        then: impl FnOnce(&Self, &[Found]) + 'static,
    ) {
        glib::spawn_future_local(glib::clone!(
            #[weak(rename_to = page)]
            self,
            async move {
                let counted = cancellable.clone();
                let found = gio::spawn_blocking(move || history::look(span, &counted)).await;
                if let (Ok(found), false) = (found, cancellable.is_cancelled()) {
                    then(&page, &found);
                }
            }
        ));
    }

    fn show_found(&self, heading: &str, found: &[Found]) {
        let count = found
            .iter()
            .filter(|found| found.obstacle.is_none())
            .filter_map(|found| found.count.as_ref().ok())
            .sum();
        self.imp().count.set(count);
        self.imp().clear.set_sensitive(count > 0);
        let (goes, stays): (Vec<_>, Vec<_>) = found
            .iter()
            .partition(|found| found.count.is_ok() && found.obstacle.is_none());
        let rows = |found: Vec<&Found>| {
            found
                .into_iter()
                .map(|found| described(&found.source.title(), &words::found(found)))
                .collect()
        };
        self.show_rows(heading, rows(goes), Some(rows(stays)));
    }

    /// Asks the user to confirm.
    fn ask(&self) {
        let Some(span) = self.span() else {
            return;
        };
        let imp = self.imp();
        let heading = if imp.everything.is_active() {
            gettext("Clear Everything?")
        } else if imp.days.is_active() {
            // Translators: the days are chosen on the page behind
            gettext("Clear These Days?")
        } else if imp.week.is_active() {
            gettext("Clear the Past Week?")
        } else if imp.day.is_active() {
            gettext("Clear the Past Day?")
        } else {
            gettext("Clear the Past Hour?")
        };
        let body = ngettext_f(
            "{count} entry will be removed for good. This cannot be undone.",
            "{count} entries will be removed for good. This cannot be undone.",
            imp.count.get(),
            &[("count", &imp.count.get().to_string())],
        );
        let question = Question {
            heading: &heading,
            body: &body,
            // Translators: a button of a question
            cancel: &gettext("Cancel"),
            // Translators: a button of a question: removes history
            confirm: &gettext("Clear"),
        };
        dialogs::confirm(
            self,
            question,
            glib::clone!(
                #[weak(rename_to = page)]
                self,
                move || page.clear(span)
            ),
        );
    }

    fn clear(&self, span: Span) {
        let cancellable = self.begin();
        self.show_under_way(true);
        // Closing the window or the page doesn't cancel the clearing.
        let hold = gio::Application::default().map(|app| app.hold());
        let overlay = toast::overlay(self);
        let progress: Arc<Mutex<Option<Progress>>> = Arc::default();
        let pulse = glib::timeout_add_local(
            PULSE,
            glib::clone!(
                #[weak(rename_to = page)]
                self,
                #[strong]
                progress,
                #[upgrade_or]
                glib::ControlFlow::Break,
                move || {
                    page.show_progress(progress.lock().ok().and_then(|now| *now));
                    glib::ControlFlow::Continue
                }
            ),
        );
        let page = self.downgrade();
        glib::spawn_future_local(async move {
            let _hold = hold;
            let outcomes = gio::spawn_blocking(move || {
                history::clear(span, &cancellable, |now| {
                    if let Ok(mut progress) = progress.lock() {
                        *progress = Some(now);
                    }
                })
            })
            .await
            .unwrap_or_default();
            if let Some(page) = page.upgrade() {
                pulse.remove();
                page.show_under_way(false);
                page.show_outcomes(&outcomes, span);
            }
            if let Some(overlay) = overlay {
                toast::show(&overlay, &summary(&outcomes));
            }
        });
    }

    fn show_under_way(&self, under_way: bool) {
        let imp = self.imp();
        imp.times.set_sensitive(!under_way);
        imp.clear.set_visible(!under_way);
        imp.stop.set_sensitive(true);
        imp.under_way.set_visible(under_way);
        self.show_progress(None);
        if under_way {
            imp.stop.grab_focus();
        }
    }

    fn show_progress(&self, progress: Option<Progress>) {
        let bar = &self.imp().progress;
        let Some(Progress {
            source,
            removed,
            of,
        }) = progress
        else {
            bar.set_text(Some(&gettext("Clearing…")));
            bar.pulse();
            return;
        };
        // The bar doesn't show the lost bits.
        #[expect(clippy::cast_precision_loss)]
        bar.set_fraction(removed as f64 / of.max(1) as f64);
        let text = gettext_f(
            // Translators: how many entries of a place were removed so far
            "{place}: {removed} of {count} removed",
            &[
                ("place", &source.title()),
                ("removed", &removed.to_string()),
                ("count", &of.to_string()),
            ],
        );
        bar.set_text(Some(&text));
        // Screen readers don't read the text of a progress bar.
        announce::describe(&**bar, &text);
    }

    fn show_outcomes(&self, outcomes: &[Outcome], span: Span) {
        let imp = self.imp();
        imp.count.set(0);
        imp.clear.set_sensitive(false);
        self.set_rest(is_incomplete(outcomes));
        let (went, stayed): (Vec<_>, Vec<_>) = outcomes
            .iter()
            .partition(|outcome| outcome.removed > 0 || outcome.problem.is_none());
        let rows = |outcomes: Vec<&Outcome>| {
            outcomes
                .into_iter()
                .map(|outcome| described(&outcome.source.title(), &words::outcome(outcome)))
                .collect()
        };
        // Translators: heading over places and what became of clearing them
        self.show_rows(&gettext("What Was Removed"), rows(went), Some(rows(stayed)));
        // The button that had the focus is hidden.
        let first = imp.rows.borrow().first().map(|(_, row)| row.clone());
        if !first.is_some_and(|row| row.grab_focus()) {
            imp.times.child_focus(gtk::DirectionType::TabForward);
        }
        if imp.is_rest.get() {
            self.count_rest(span);
        }
    }

    /// Counts what remains after clearing, and lets the user clear it.
    fn count_rest(&self, span: Span) {
        let cancellable = self.begin();
        self.look(span, cancellable, |page, found| {
            // A source that can't be counted or cleared now may be later.
            let left = |found: &Found| !matches!(found.count, Ok(0));
            page.imp().clear.set_sensitive(found.iter().any(left));
        });
    }
}

/// Tells screen readers whether a time is chosen: its row has the focus and stands for its button.
fn tell_chosen(button: &gtk::CheckButton) {
    if let Some(row) = button.ancestor(adw::ActionRow::static_type()) {
        let checked = if button.is_active() {
            gtk::AccessibleTristate::True
        } else {
            gtk::AccessibleTristate::False
        };
        row.update_state(&[accessible::State::Checked(checked)]);
    }
}

fn is_incomplete(outcomes: &[Outcome]) -> bool {
    let mut problems = outcomes
        .iter()
        .filter_map(|outcome| outcome.problem.as_ref());
    problems.any(history::Problem::is_failure) || outcomes.is_empty()
}

/// The result in one sentence.
fn summary(outcomes: &[Outcome]) -> String {
    let removed: usize = outcomes.iter().map(|outcome| outcome.removed).sum();
    let count = removed.to_string();
    if is_incomplete(outcomes) {
        ngettext_f(
            "{count} entry was removed, but not all of them.",
            "{count} entries were removed, but not all of them.",
            removed,
            &[("count", &count)],
        )
    } else {
        ngettext_f(
            "{count} entry was removed.",
            "{count} entries were removed.",
            removed,
            &[("count", &count)],
        )
    }
}
