// SPDX-License-Identifier: GPL-3.0-or-later

//! The page with all reports. A blocking thread reads them, again whenever their folders change.

use std::cell::{Cell, OnceCell, RefCell};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{gio, glib};

use privacy_panel::reports::{Place, Report, Section, words};
use privacy_panel::system::i18n::{gettext, ngettext_f};

use crate::kit::buttons;
use crate::kit::markup;
use crate::kit::pages;
use crate::kit::result::ResultRow;
use crate::kit::subpage::Subpage;
use crate::kit::toast;
use crate::reports::delete;
use crate::reports::entry::{Entry, Loaded, Progress};
use crate::reports::list_section::{ListSection, Lost};
use crate::reports::report_page::ReportPage;

/// How often the number of reports found so far is updated.
const STEP: Duration = Duration::from_millis(100);

/// How long to wait for more changes, after one in a folder.
const PAUSE: Duration = Duration::from_millis(300);

/// How many rows are added per frame. Adding all at once would block the window while it lays them
/// out.
const ROWS_PER_FRAME: usize = 4;

mod imp {
    use super::*;

    #[derive(Default, gtk::CompositeTemplate)]
    #[template(file = "list_page.ui")]
    pub(crate) struct ListPage {
        #[template_child]
        pub(crate) stack: TemplateChild<gtk::Stack>,
        #[template_child]
        pub(crate) spinner: TemplateChild<gtk::Spinner>,
        #[template_child]
        pub(crate) progress: TemplateChild<gtk::Label>,
        #[template_child]
        pub(crate) page: TemplateChild<adw::PreferencesPage>,
        #[template_child]
        pub(crate) empty: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub(crate) problem: TemplateChild<adw::PreferencesGroup>,
        #[template_child]
        pub(crate) problem_row: TemplateChild<adw::ActionRow>,
        /// What the last action did.
        pub(crate) result: OnceCell<ResultRow>,
        pub(crate) sections: OnceCell<Vec<ListSection>>,
        pub(crate) delete_all: OnceCell<gtk::Button>,
        pub(crate) places: OnceCell<Vec<Place>>,
        pub(crate) loading: Arc<Progress>,
        /// Whether a thread is reading or deleting.
        pub(crate) busy: Cell<bool>,
        /// Whether a folder has changed since it began.
        pub(crate) again: Cell<bool>,
        pub(crate) pause: RefCell<Option<glib::SourceId>>,
        /// Adds the remaining rows, frame by frame.
        pub(crate) filling: RefCell<Option<gtk::TickCallbackId>>,
        /// The report whose page the user opened last.
        pub(crate) opened: RefCell<Option<String>>,
        /// The row that had the focus, or gets it when the user returns, and was removed.
        pub(crate) lost: RefCell<Option<Lost>>,
        pub(crate) monitors: RefCell<Vec<gio::FileMonitor>>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ListPage {
        const NAME: &'static str = "PrivacyPanelReportList";
        type Type = super::ListPage;
        type ParentType = adw::Bin;

        fn class_init(class: &mut Self::Class) {
            class.bind_template();
        }

        fn instance_init(object: &glib::subclass::InitializingObject<Self>) {
            object.init_template();
        }
    }

    impl ObjectImpl for ListPage {
        fn constructed(&self) {
            self.parent_constructed();
            let page = self.obj();
            let result = ResultRow::new();
            page.set_child(gtk::Widget::NONE);
            page.set_child(Some(&result.above(&*self.stack)));
            let sections = Section::ALL.map(|section| {
                let opened = page.downgrade();
                ListSection::new(section, move |row, entry| {
                    if let Some(page) = opened.upgrade() {
                        page.open(row, entry);
                    }
                })
            });
            for (at, section) in sections.iter().enumerate() {
                self.page.add(section.widget());
                section.connect_more(glib::clone!(
                    #[weak]
                    page,
                    move || page.show_all(at)
                ));
            }
            // Only this function sets them.
            let _ = self.result.set(result);
            let _ = self.sections.set(sections.into());
            page.connect_map(|page| {
                // After the leaflet, which moves the focus when its visible child changes.
                glib::source::idle_add_local_full(
                    glib::Priority::LOW,
                    glib::clone!(
                        #[weak]
                        page,
                        #[upgrade_or]
                        glib::ControlFlow::Break,
                        move || {
                            page.restore_focus();
                            glib::ControlFlow::Break
                        }
                    ),
                );
            });
        }

        fn dispose(&self) {
            self.loading.cancelled.store(true, Ordering::Relaxed);
            if let Some(pause) = self.pause.take() {
                pause.remove();
            }
            if let Some(filling) = self.filling.take() {
                filling.remove();
            }
            for monitor in self.monitors.take() {
                monitor.cancel();
            }
        }
    }

    impl WidgetImpl for ListPage {}
    impl BinImpl for ListPage {}
}

glib::wrapper! {
    pub(crate) struct ListPage(ObjectSubclass<imp::ListPage>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl ListPage {
    pub(crate) fn new(places: Vec<Place>) -> Self {
        let page: Self = glib::Object::new();
        for place in &places {
            let folder = gio::File::for_path(&place.folder);
            // Without a monitor, the list isn't updated.
            if let Ok(monitor) =
                folder.monitor_directory(gio::FileMonitorFlags::NONE, gio::Cancellable::NONE)
            {
                monitor.connect_changed(glib::clone!(
                    #[weak]
                    page,
                    move |_, _, _, _| page.reload_soon()
                ));
                page.imp().monitors.borrow_mut().push(monitor);
            }
        }
        // Only this function sets it.
        let _ = page.imp().places.set(places);
        page.show_loading();
        page.reload();
        page
    }

    fn sections(&self) -> &[ListSection] {
        self.imp().sections.get().map_or(&[], Vec::as_slice)
    }

    fn open(&self, row: &adw::ActionRow, entry: &Entry) {
        let imp = self.imp();
        if let Some(result) = imp.result.get() {
            result.clear();
        }
        imp.opened.replace(Some(entry.report.id.clone()));
        let page = self.downgrade();
        let subpage = ReportPage::page(entry, move |sentence| {
            if let Some(page) = page.upgrade() {
                page.say(sentence);
            }
        });
        pages::open(row, &subpage);
    }

    /// Shows what was done on the page of a report, which is closed now.
    fn say(&self, sentence: &str) {
        if let Some(result) = self.imp().result.get() {
            result.show_done(sentence);
        }
    }

    /// The button for the header bar.
    pub(crate) fn delete_all_button(&self) -> gtk::Button {
        let button = self.imp().delete_all.get_or_init(|| {
            // Translators: on a button; it asks before it deletes
            let button = buttons::picture("user-trash-symbolic", &gettext("Delete All…"));
            button.set_sensitive(false);
            button.connect_clicked(glib::clone!(
                #[weak(rename_to = page)]
                self,
                move |_| page.confirm_delete_all()
            ));
            button
        });
        button.clone()
    }

    fn show_loading(&self) {
        let imp = self.imp();
        imp.spinner.start();
        imp.stack.set_visible_child_name("loading");
    }

    fn reload_soon(&self) {
        let imp = self.imp();
        if imp.pause.borrow().is_some() {
            return;
        }
        let pause = glib::timeout_add_local_once(
            PAUSE,
            glib::clone!(
                #[weak(rename_to = page)]
                self,
                move || {
                    page.imp().pause.take();
                    page.reload();
                }
            ),
        );
        imp.pause.replace(Some(pause));
    }

    /// Reads all reports in a blocking thread, and shows them.
    fn reload(&self) {
        let imp = self.imp();
        if imp.busy.replace(true) {
            imp.again.set(true);
            return;
        }
        let progress = Arc::clone(&imp.loading);
        let places = imp.places.get().cloned().unwrap_or_default();
        glib::timeout_add_local(
            STEP,
            glib::clone!(
                #[weak(rename_to = page)]
                self,
                #[upgrade_or]
                glib::ControlFlow::Break,
                move || page.show_progress()
            ),
        );
        let page = self.downgrade();
        glib::spawn_future_local(async move {
            let loaded = gio::spawn_blocking(move || progress.load(&places)).await;
            let Some(page) = page.upgrade() else {
                return;
            };
            page.imp().busy.set(false);
            if let Ok(Some(loaded)) = loaded {
                page.show(loaded);
            }
            if page.imp().again.take() {
                page.reload_soon();
            }
        });
    }

    fn show_progress(&self) -> glib::ControlFlow {
        let imp = self.imp();
        if !imp.busy.get() {
            return glib::ControlFlow::Break;
        }
        let found = imp.loading.found.load(Ordering::Relaxed);
        if found > 0 {
            imp.progress.set_label(&words::count(found));
        }
        glib::ControlFlow::Continue
    }

    fn show(&self, loaded: Loaded) {
        let imp = self.imp();
        let Loaded { entries, problems } = loaded;
        imp.problem.set_visible(!problems.is_empty());
        imp.problem_row
            .set_title(&markup::escape(&problems.join("\n")));
        imp.empty
            .set_visible(entries.is_empty() && problems.is_empty());
        if let Some(button) = imp.delete_all.get() {
            button.set_sensitive(!entries.is_empty());
        }
        let opened = imp.opened.borrow().clone();
        for section in self.sections() {
            if let Some(lost) = section.take(&entries, opened.as_deref()) {
                imp.lost.replace(Some(lost));
            }
        }
        let is_first = imp.stack.visible_child_name().as_deref() != Some("list");
        imp.stack.set_visible_child_name("list");
        imp.spinner.stop();
        self.fill();
        if self.is_mapped() {
            self.restore_focus();
        }
        let subpage = self.ancestor(Subpage::static_type());
        if let (true, Some(subpage)) = (is_first, subpage.and_downcast::<Subpage>()) {
            subpage.focus_what_came();
        }
    }

    /// Adds the missing rows: some now, the others frame by frame.
    fn fill(&self) {
        fn fill(page: &ListPage) -> glib::ControlFlow {
            let mut left = ROWS_PER_FRAME;
            for section in page.sections() {
                left -= section.fill(left);
            }
            if left > 0 {
                return glib::ControlFlow::Break;
            }
            glib::ControlFlow::Continue
        }
        if let Some(filling) = self.imp().filling.take() {
            filling.remove();
        }
        // The first rows are in the first frame.
        if fill(self) == glib::ControlFlow::Continue {
            let source = self.add_tick_callback(move |page, _| {
                let flow = fill(page);
                if flow == glib::ControlFlow::Break {
                    page.imp().filling.take();
                }
                flow
            });
            self.imp().filling.replace(Some(source));
        }
    }

    fn show_all(&self, section: usize) {
        if let Some(section) = self.sections().get(section) {
            section.show_all();
        }
        self.fill();
    }

    /// Moves the focus to the new row of a report, or beside where it was.
    fn restore_focus(&self) {
        let Some(lost) = self.imp().lost.take() else {
            return;
        };
        let mut sections = self.sections().iter();
        let row = sections.find_map(|section| section.row(&lost.report));
        let first = || self.sections().iter().find_map(ListSection::first);
        if let Some(row) = row.or(lost.beside).or_else(first) {
            row.grab_focus();
        }
    }

    fn confirm_delete_all(&self) {
        // Those that come while the question is open stay.
        let entries = self.sections().iter().flat_map(ListSection::entries);
        let reports: Vec<_> = entries.map(|entry| entry.report).collect();
        let heading = ngettext_f(
            "Delete {count} Report?",
            "Delete {count} Reports?",
            reports.len(),
            &[("count", &reports.len().to_string())],
        );
        let page = self.downgrade();
        delete::confirm(
            self,
            &heading,
            // Translators: a button; the letter after _ is its shortcut
            &gettext("_Delete All"),
            move || {
                if let Some(page) = page.upgrade() {
                    page.delete(reports.clone());
                }
            },
        );
    }

    fn delete(&self, reports: Vec<Report>) {
        let imp = self.imp();
        if let Some(result) = imp.result.get() {
            result.clear();
        }
        self.show_loading();
        imp.progress.set_label("");
        // Deleting changes the folders. They are read again afterwards.
        imp.busy.set(true);
        imp.again.set(true);
        // Closing the window doesn't cancel the deletion.
        let hold = gio::Application::default().map(|app| app.hold());
        let page = self.downgrade();
        let overlay = toast::overlay(self);
        let count = reports.len();
        glib::spawn_future_local(async move {
            let _hold = hold;
            let failures = gio::spawn_blocking(move || {
                let failures = reports.into_iter().filter_map(|report| {
                    let why = report.delete().err()?;
                    Some((report, why))
                });
                failures.collect::<Vec<_>>()
            })
            .await
            .unwrap_or_default();
            let failure = delete::not_deleted(&failures);
            let Some(page) = page.upgrade() else {
                if let (Some(overlay), Some(sentence)) = (overlay, failure) {
                    toast::show(&overlay, &sentence);
                }
                return;
            };
            let imp = page.imp();
            imp.busy.set(false);
            imp.again.set(false);
            imp.stack.set_visible_child_name("list");
            if let Some(result) = imp.result.get() {
                match failure {
                    Some(sentence) => result.show_failure(&sentence),
                    None => result.show_done(&deleted(count)),
                }
            }
            page.reload();
        });
    }
}

/// What was done, in a sentence.
fn deleted(count: usize) -> String {
    ngettext_f(
        "{count} report was deleted.",
        "{count} reports were deleted.",
        count,
        &[("count", &count.to_string())],
    )
}
