// SPDX-License-Identifier: GPL-3.0-or-later

//! The page of a report: its state, and its fields.

use std::collections::VecDeque;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{gio, glib};

use privacy_panel::reports::{self, Content, Field, Person, Reading, Report, Unreadable, words};
use privacy_panel::system::i18n::{gettext, gettext_f};

use crate::kit::announce;
use crate::kit::buttons;
use crate::kit::focus;
use crate::kit::markup;
use crate::kit::pages;
use crate::kit::result::ResultRow;
use crate::kit::rows;
use crate::kit::rows::described;
use crate::kit::subpage::Subpage;
use crate::kit::toast;
use crate::reports::delete;
use crate::reports::entry::Entry;
use crate::reports::text;

/// Called with a sentence when the report was deleted.
type Deleted = Box<dyn Fn(&str)>;

/// How much of a text is shown in a row, in characters and lines.
const MAX_CHARACTERS: usize = 200;
const MAX_LINES: usize = 3;

/// How many rows are created before the main loop handles other events.
const ROWS_PER_TURN: usize = 5;

mod imp {
    use std::cell::{OnceCell, RefCell};

    use super::*;

    #[derive(Default)]
    pub(crate) struct ReportPage {
        pub(crate) page: adw::PreferencesPage,
        /// What the last action did.
        pub(crate) result: OnceCell<ResultRow>,
        /// The report's state.
        pub(crate) state: OnceCell<adw::ActionRow>,
        /// The button that keeps it from being sent.
        pub(crate) keep: gtk::Button,
        /// The fields that may be personal.
        pub(crate) personal: adw::PreferencesGroup,
        /// All other fields.
        pub(crate) fields: adw::PreferencesGroup,
        /// All fields as a text, once they are read.
        pub(crate) text: RefCell<String>,
        pub(crate) copy: OnceCell<gtk::Button>,
        pub(crate) report: OnceCell<Report>,
        /// Called with a sentence when the report was deleted, and the page closes.
        pub(crate) deleted: OnceCell<Deleted>,
    }

    #[glib::object_subclass]
    impl ObjectSubclass for ReportPage {
        const NAME: &'static str = "PrivacyPanelReport";
        type Type = super::ReportPage;
        type ParentType = adw::Bin;
    }

    impl ObjectImpl for ReportPage {
        fn constructed(&self) {
            self.parent_constructed();
            let result = ResultRow::new();
            self.obj().set_child(Some(&result.above(&self.page)));
            // Only this function sets it.
            let _ = self.result.set(result);
        }
    }

    impl WidgetImpl for ReportPage {}
    impl BinImpl for ReportPage {}
}

glib::wrapper! {
    pub(crate) struct ReportPage(ObjectSubclass<imp::ReportPage>)
        @extends adw::Bin, gtk::Widget,
        @implements gtk::Accessible, gtk::Buildable, gtk::ConstraintTarget;
}

impl ReportPage {
    /// The page for a report of the list. Calls `deleted` with a sentence when the report was
    /// deleted, and closes.
    pub(crate) fn page(entry: &Entry, deleted: impl Fn(&str) + 'static) -> Subpage {
        let content: Self = glib::Object::new();
        let imp = content.imp();
        // Translators: on a button: copies all of a report
        let copy = buttons::picture("edit-copy-symbolic", &gettext("Copy All"));
        copy.set_sensitive(false);
        copy.connect_clicked(glib::clone!(
            #[weak]
            content,
            move |_| content.copy_all()
        ));
        // Only this function sets them.
        let _ = imp.report.set(entry.report.clone());
        let _ = imp.deleted.set(Box::new(deleted));
        let _ = imp.copy.set(copy.clone());
        content.add_state(&entry.report);
        content.add_fields();
        content.add_summary(&entry.report);
        content.read(&entry.report);

        let page = Subpage::new(&entry.name, &content);
        // Translators: on a button; it asks before it deletes
        let delete = buttons::picture("user-trash-symbolic", &gettext("Delete Report…"));
        delete.set_sensitive(entry.report.deletable);
        delete.connect_clicked(glib::clone!(
            #[weak]
            content,
            move |_| content.confirm_delete()
        ));
        page.header().pack_end(&delete);
        page.header().pack_end(&copy);
        page
    }

    /// Whether the report is sent, and the button that prevents it.
    fn add_state(&self, report: &Report) {
        let imp = self.imp();
        let group = adw::PreferencesGroup::new();
        let state = described(&words::state(report.state), &words::consequence(report));
        if let Some(may_keep) = report.may_keep() {
            if may_keep {
                // Translators: a button: keeps a report from being sent
                buttons::set_text(&imp.keep, &gettext("_Don’t Send"));
                imp.keep.set_valign(gtk::Align::Center);
                imp.keep.connect_clicked(glib::clone!(
                    #[weak(rename_to = page)]
                    self,
                    move |_| page.keep()
                ));
                state.add_suffix(&imp.keep);
            } else {
                let sentence =
                    format!("{} {}", words::consequence(report), words::not_kept(report));
                state.set_subtitle(&markup::escape(&sentence));
                announce::describe(&state, &sentence);
            }
        }
        group.add(&state);
        if !report.deletable {
            let why = words::not_deleted(report, &reports::NotDeleted::NotPermitted);
            // Translators: why the button that deletes a report cannot be pressed follows
            group.add(&described(&gettext("You cannot delete it"), &why));
        }
        imp.page.add(&group);
        // Only this function sets it.
        let _ = imp.state.set(state);
    }

    fn add_fields(&self) {
        let imp = self.imp();
        // Translators: heading over the parts of an error report that may be about the user
        imp.personal.set_title(&gettext("May Be Personal"));
        imp.personal.set_description(Some(&gettext(
            "These parts can contain what you were working on, names, and passwords.",
        )));
        imp.personal.set_visible(false);
        // Translators: heading over the parts of an error report that aren’t about the user
        imp.fields
            .set_title(&gettext("About the App and This Computer"));
        let spinner = gtk::Spinner::builder().spinning(true).build();
        imp.fields.set_header_suffix(Some(&spinner));
        imp.page.add(&imp.personal);
        imp.page.add(&imp.fields);
    }

    /// Its location and size.
    fn add_summary(&self, report: &Report) {
        let group = adw::PreferencesGroup::new();
        // Translators: heading over facts about an error report, such as its size
        group.set_title(&gettext("About This Report"));
        for (title, text) in [
            // Translators: a fact about an error report
            (gettext("Program"), report.program.clone()),
            // Translators: a fact about an error report: when it was written
            (gettext("Date"), words::time(report.time)),
            // Translators: a fact about an error report: how much room it takes
            (gettext("Size"), words::size(report.size)),
        ] {
            group.add(&described(&title, &text));
        }
        let files = report.files.iter();
        let files: Vec<_> = files
            .map(|file| reports::path(&report.place, file))
            .collect();
        let kept = gettext_f(
            // Translators: a fact about an error report, such as “Kept by Apport”
            "Kept by {keeper}",
            &[("keeper", &report.place.keeper.title())],
        );
        group.add(&described(&kept, &files.join("\n")));
        self.imp().page.add(&group);
    }

    /// Reads the fields in a blocking thread.
    fn read(&self, report: &Report) {
        let report = report.clone();
        let page = self.downgrade();
        glib::spawn_future_local(async move {
            let read = gio::spawn_blocking(move || {
                let mut fields = Vec::new();
                let result = report.read(&mut |field| {
                    fields.push(field);
                    Reading::GoOn
                });
                let text = text::whole(&report, &fields);
                let person = Person::new();
                let (mut personal, mut others) = (Vec::new(), VecDeque::new());
                for field in fields {
                    match person.rank(&field) {
                        Some(rank) => personal.push((rank, field)),
                        None => others.push_back((false, field)),
                    }
                }
                personal.sort_by_key(|(rank, _)| *rank);
                let personal = personal.into_iter().map(|(_, field)| (true, field));
                (personal.chain(others).collect(), result, text)
            })
            .await;
            if let (Some(page), Ok((fields, result, text))) = (page.upgrade(), read) {
                page.imp().text.replace(text);
                page.show(fields, &result);
            }
        });
    }

    /// Shows the fields: those that may be personal, and the others.
    fn show(&self, mut fields: VecDeque<(bool, Field)>, result: &Result<(), Unreadable>) {
        let imp = self.imp();
        if let (Err(why), Some(report)) = (result, imp.report.get()) {
            // Translators: why nobody can see what is in a report follows
            imp.fields.add(&described(
                &gettext("Not shown"),
                &words::unreadable(report, why),
            ));
        } else if fields.is_empty() {
            imp.fields.add(&described(
                &gettext("Empty"),
                &gettext("There is nothing in this report."),
            ));
        }
        if let Some(copy) = imp.copy.get() {
            copy.set_sensitive(!fields.is_empty());
        }
        let is_all_personal =
            result.is_ok() && !fields.is_empty() && fields.iter().all(|(personal, _)| *personal);
        glib::idle_add_local(glib::clone!(
            #[weak(rename_to = page)]
            self,
            #[upgrade_or]
            glib::ControlFlow::Break,
            move || {
                let imp = page.imp();
                for _ in 0..ROWS_PER_TURN {
                    let Some((is_personal, field)) = fields.pop_front() else {
                        imp.fields.set_header_suffix(gtk::Widget::NONE);
                        imp.fields.set_visible(!is_all_personal);
                        return glib::ControlFlow::Break;
                    };
                    let row = field_row(field);
                    if is_personal {
                        imp.personal.set_visible(true);
                        imp.personal.add(&row);
                    } else {
                        imp.fields.add(&row);
                    }
                }
                glib::ControlFlow::Continue
            }
        ));
    }

    fn copy_all(&self) {
        let imp = self.imp();
        self.clipboard().set_text(&imp.text.borrow());
        if let Some(result) = imp.result.get() {
            result.show_done(&gettext(
                "Copied. Before you paste it where others can read it, look at what may be personal.",
            ));
        }
    }

    /// Removes the mark that has the report sent.
    fn keep(&self) {
        let Some(report) = self.imp().report.get().cloned() else {
            return;
        };
        let page = self.downgrade();
        glib::spawn_future_local(async move {
            let kept = gio::spawn_blocking(move || {
                let kept = report.keep();
                (report, kept)
            });
            let (Ok((report, kept)), Some(page)) = (kept.await, page.upgrade()) else {
                return;
            };
            let imp = page.imp();
            let (Some(result), Some(state)) = (imp.result.get(), imp.state.get()) else {
                return;
            };
            match kept {
                Ok(()) => {
                    state.set_title(&words::state(reports::State::Waiting));
                    let sentence = words::kept();
                    state.set_subtitle(&markup::escape(&sentence));
                    announce::describe(state, &sentence);
                    focus::leave(&imp.keep, Some(state.upcast_ref()));
                    imp.keep.set_visible(false);
                    result.clear();
                }
                Err(reports::NotDeleted::NotPermitted) => {
                    result.show_failure(&words::not_kept(&report));
                }
                Err(why) => result.show_failure(&words::not_deleted(&report, &why)),
            }
        });
    }

    fn confirm_delete(&self) {
        let page = self.downgrade();
        delete::confirm(
            self,
            &gettext("Delete This Report?"),
            // Translators: a button; the letter after _ is its shortcut
            &gettext("_Delete"),
            move || {
                if let Some(page) = page.upgrade() {
                    page.delete();
                }
            },
        );
    }

    fn delete(&self) {
        let (Some(report), Some(overlay)) =
            (self.imp().report.get().cloned(), toast::overlay(self))
        else {
            return;
        };
        // Closing the window doesn't cancel the deletion.
        let hold = gio::Application::default().map(|app| app.hold());
        let page = self.downgrade();
        glib::spawn_future_local(async move {
            let _hold = hold;
            let deleted = gio::spawn_blocking(move || {
                let deleted = report.delete();
                (report, deleted)
            })
            .await;
            let Ok((report, deleted)) = deleted else {
                return;
            };
            let stays = matches!(
                deleted,
                Err(reports::NotDeleted::NotPermitted
                    | reports::NotDeleted::Foreign(_)
                    | reports::NotDeleted::Changed
                    | reports::NotDeleted::System { .. })
            );
            let sentence = match &deleted {
                Err(why) => words::not_deleted(&report, why),
                Ok(()) => gettext_f(
                    // Translators: an app whose error report was deleted
                    "The report about {program} was deleted.",
                    &[("program", report.program_name())],
                ),
            };
            match page.upgrade().filter(ReportPage::is_mapped) {
                Some(page) if stays => {
                    if let Some(result) = page.imp().result.get() {
                        result.show_failure(&sentence);
                    }
                }
                Some(page) => {
                    if let Some(deleted) = page.imp().deleted.get() {
                        deleted(&sentence);
                    }
                    pages::close(&page);
                }
                None if deleted.is_err() => toast::show(&overlay, &sentence),
                None => {}
            }
        });
    }
}

/// The row of a field: its text, or the beginning and a page with all of it.
fn field_row(field: Field) -> adw::ActionRow {
    let title = words::field_title(&field);
    let name = words::field_name(&field);
    let (text, cut) = match field.content {
        Content::Binary { .. } => {
            return described(&title, &words::binary(&field).unwrap_or_default());
        }
        Content::Text { text, cut } => (text, cut),
    };
    let beginning: String = text
        .split_inclusive('\n')
        .take(MAX_LINES)
        .flat_map(str::chars)
        .take(MAX_CHARACTERS)
        .collect();
    let row = if !cut && beginning == text {
        described(&title, &text)
    } else {
        let beginning = format!("{}…", beginning.trim_end());
        let row = rows::link(&title, &beginning);
        row.connect_activated(glib::clone!(
            #[strong]
            title,
            move |row| pages::open(row, &text::page(&title, &text, cut))
        ));
        row
    };
    if name != title {
        // As bug reports call it.
        row.set_tooltip_text(Some(&name));
    }
    announce::restore(&row);
    row
}
