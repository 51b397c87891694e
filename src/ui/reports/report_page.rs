// SPDX-License-Identifier: GPL-3.0-or-later

//! The page of a report: its state, and its fields.

use std::collections::VecDeque;

use adw::prelude::*;
use adw::subclass::prelude::*;
use gtk::{gio, glib};

use privacy_panel::reports::{self, Content, Field, Reading, Report, Unreadable, words};
use privacy_panel::system::i18n::{gettext, gettext_f};

use crate::kit::buttons;
use crate::kit::pages;
use crate::kit::rows;
use crate::kit::rows::plain;
use crate::kit::subpage::Subpage;
use crate::kit::toast;
use crate::reports::delete;
use crate::reports::entry::Entry;
use crate::reports::text;

/// How much of a text is shown in a row, in characters and lines.
const MAX_CHARACTERS: usize = 200;
const MAX_LINES: usize = 3;

/// How many rows are created before the main loop handles other events.
const ROWS_PER_TURN: usize = 5;

mod imp {
    use std::cell::OnceCell;

    use super::*;

    #[derive(Default)]
    pub(crate) struct ReportPage {
        pub(crate) page: adw::PreferencesPage,
        pub(crate) fields: adw::PreferencesGroup,
        pub(crate) report: OnceCell<Report>,
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
            self.obj().set_child(Some(&self.page));
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
    /// The page for a report of the list.
    pub(crate) fn page(entry: &Entry) -> Subpage {
        let content: Self = glib::Object::new();
        // Only this function sets it.
        let _ = content.imp().report.set(entry.report.clone());
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
        page
    }

    fn add_summary(&self, report: &Report) {
        let group = adw::PreferencesGroup::new();
        group.add(&plain(
            &words::state(report.state),
            &words::consequence(report),
        ));
        if !report.deletable {
            let why = words::not_deleted(report, &reports::NotDeleted::NotPermitted);
            // Translators: why the button that deletes a report cannot be pressed follows
            group.add(&plain(&gettext("You cannot delete it"), &why));
        }
        for (title, text) in [
            // Translators: a fact about an error report
            (gettext("Program"), report.program.clone()),
            // Translators: a fact about an error report: when it was written
            (gettext("Date"), words::time(report.time)),
            // Translators: a fact about an error report: how much room it takes
            (gettext("Size"), words::size(report.size)),
        ] {
            group.add(&plain(&title, &text));
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
        group.add(&plain(&kept, &files.join("\n")));
        self.imp().page.add(&group);
    }

    /// Reads the fields in a blocking thread.
    fn read(&self, report: &Report) {
        let imp = self.imp();
        // Translators: heading over all that is in an error report
        imp.fields.set_title(&gettext("What It Holds"));
        let spinner = gtk::Spinner::builder().spinning(true).build();
        imp.fields.set_header_suffix(Some(&spinner));
        imp.page.add(&imp.fields);
        let report = report.clone();
        let page = self.downgrade();
        glib::spawn_future_local(async move {
            let read = gio::spawn_blocking(move || {
                let mut fields = VecDeque::new();
                let result = report.read(&mut |field| {
                    fields.push_back(field);
                    Reading::GoOn
                });
                (fields, result)
            })
            .await;
            if let (Some(page), Ok((fields, result))) = (page.upgrade(), read) {
                page.show(fields, &result);
            }
        });
    }

    fn show(&self, mut fields: VecDeque<Field>, result: &Result<(), Unreadable>) {
        let group = &self.imp().fields;
        if let (Err(why), Some(report)) = (result, self.imp().report.get()) {
            // Translators: why nobody can see what is in a report follows
            group.add(&plain(
                &gettext("Not shown"),
                &words::unreadable(report, why),
            ));
        } else if fields.is_empty() {
            group.add(&plain(
                &gettext("Empty"),
                &gettext("There is nothing in this report."),
            ));
        }
        glib::idle_add_local(glib::clone!(
            #[weak(rename_to = page)]
            self,
            #[upgrade_or]
            glib::ControlFlow::Break,
            move || {
                let group = &page.imp().fields;
                for _ in 0..ROWS_PER_TURN {
                    let Some(field) = fields.pop_front() else {
                        group.set_header_suffix(gtk::Widget::NONE);
                        return glib::ControlFlow::Break;
                    };
                    group.add(&field_row(field));
                }
                glib::ControlFlow::Continue
            }
        ));
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
            if let Err(why) = deleted {
                toast::show(&overlay, &words::not_deleted(&report, &why));
            }
            if let Some(page) = page.upgrade().filter(|page| !stays && page.is_mapped()) {
                pages::close(&page);
            }
        });
    }
}

/// The row of a field: its text, or the beginning and a page with all of it.
fn field_row(field: Field) -> adw::ActionRow {
    let name = words::field_name(&field);
    let (text, cut) = match field.content {
        Content::Binary { .. } => {
            return plain(&name, &words::binary(&field).unwrap_or_default());
        }
        Content::Text { text, cut } => (text, cut),
    };
    let beginning: String = text
        .split_inclusive('\n')
        .take(MAX_LINES)
        .flat_map(str::chars)
        .take(MAX_CHARACTERS)
        .collect();
    if !cut && beginning == text {
        let row = plain(&name, &text);
        if !text.is_empty() {
            let copy = text::copy_button(&name, &text);
            buttons::flatten(&copy);
            row.add_suffix(&copy);
        }
        return row;
    }
    let row = rows::link(&name, &format!("{}…", beginning.trim_end()));
    row.connect_activated(move |row| {
        pages::open(row, &text::page(&name, &text, cut));
    });
    row
}
