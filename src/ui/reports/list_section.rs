// SPDX-License-Identifier: GPL-3.0-or-later

//! A section of the list of reports: a heading, the newest reports, and a row that shows the others.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use adw::prelude::*;
use gtk::{accessible, gio};

use privacy_panel::reports::{Section, words};
use privacy_panel::system::i18n::ngettext_f;

use crate::kit::announce;
use crate::kit::focus;
use crate::kit::markup;
use crate::kit::rows;
use crate::reports::entry::Entry;

/// How many rows a section has until the user asks for all: each takes memory, and time to lay out.
const ROWS_AT_FIRST: usize = 50;

/// For programs without a known icon.
const NO_ICON: &str = "application-x-executable-symbolic";

/// Called when the user activates the row of a report.
type Open = dyn Fn(&adw::ActionRow, &Entry);

/// A row that had the focus, and was removed.
#[derive(Debug)]
pub(crate) struct Lost {
    /// The report's ID.
    pub(crate) report: String,
    /// The row beside it.
    pub(crate) beside: Option<gtk::Widget>,
}

/// The widgets of a section, and what they show.
pub(crate) struct ListSection {
    section: Section,
    open: Rc<Open>,
    group: adw::PreferencesGroup,
    list: gtk::ListBox,
    more: adw::ActionRow,
    is_whole: Cell<bool>,
    /// All entries of the section, the newest first.
    entries: RefCell<Vec<Entry>>,
    /// The rows so far. They are those of the first entries, with gaps while rows are being added.
    rows: RefCell<Vec<(Entry, adw::ActionRow)>>,
}

impl ListSection {
    /// Calls `open` when the user activates the row of a report.
    pub(crate) fn new(section: Section, open: impl Fn(&adw::ActionRow, &Entry) + 'static) -> Self {
        let title = words::section(section);
        let group = adw::PreferencesGroup::builder()
            .title(markup::escape(&title))
            .visible(false)
            .build();
        let list = gtk::ListBox::builder()
            .selection_mode(gtk::SelectionMode::None)
            .css_classes(["boxed-list"])
            .build();
        list.update_property(&[accessible::Property::Label(&title)]);
        let more = rows::plain("", "");
        more.set_activatable(true);
        more.set_visible(false);
        more.add_suffix(&rows::decoration("go-down-symbolic"));
        list.append(&more);
        group.add(&list);
        Self {
            section,
            open: Rc::new(open),
            group,
            list,
            more,
            is_whole: Cell::new(false),
            entries: RefCell::default(),
            rows: RefCell::default(),
        }
    }

    pub(crate) const fn widget(&self) -> &adw::PreferencesGroup {
        &self.group
    }

    /// Calls `asked` when the user wants to see all reports of the section.
    pub(crate) fn connect_more(&self, asked: impl Fn() + 'static) {
        self.more.connect_activated(move |_| asked());
    }

    /// From now on, shows all of the section.
    pub(crate) fn show_all(&self) {
        self.is_whole.set(true);
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.borrow().clone()
    }

    fn wanted(&self) -> usize {
        let count = self.entries.borrow().len();
        // One row for one report is no more than a row that shows it.
        if self.is_whole.get() || count == ROWS_AT_FIRST + 1 {
            count
        } else {
            count.min(ROWS_AT_FIRST)
        }
    }

    /// Takes new entries, and removes the rows that are out of date. Tells which of them had the
    /// focus, or was opened by the user.
    pub(crate) fn take(&self, all: &[Entry], opened: Option<&str>) -> Option<Lost> {
        let entries = all.iter().filter(|entry| entry.section() == self.section);
        self.entries.replace(entries.cloned().collect());
        let entries = self.entries.borrow();
        let mut wanted = entries[..self.wanted()].iter();
        let mut lost = None;
        let mut beside = None;
        self.rows.borrow_mut().retain(|(entry, row)| {
            // Both are in the same order.
            if wanted.clone().any(|wanted| wanted == entry) {
                wanted.by_ref().find(|wanted| *wanted == entry);
                if lost.is_some() && beside.is_none() {
                    beside = Some(row.clone().upcast::<gtk::Widget>());
                }
                return true;
            }
            if focus::within(row).is_some() || opened == Some(&entry.report.id) {
                lost = Some(entry.report.id.clone());
            }
            self.list.remove(row);
            false
        });
        let rows = self.rows.borrow();
        let end = rows.last().map(|(_, row)| row.clone().upcast());
        Some(Lost {
            report: lost?,
            beside: beside.or(end),
        })
    }

    /// The row of a report.
    pub(crate) fn row(&self, report: &str) -> Option<gtk::Widget> {
        let rows = self.rows.borrow();
        let mut rows = rows.iter();
        let (_, row) = rows.find(|(entry, _)| entry.report.id == report)?;
        Some(row.clone().upcast())
    }

    /// The first row.
    pub(crate) fn first(&self) -> Option<gtk::Widget> {
        let rows = self.rows.borrow();
        Some(rows.first()?.1.clone().upcast())
    }

    /// Adds at most `most` rows that are missing. Returns how many it added.
    pub(crate) fn fill(&self, most: usize) -> usize {
        let entries = self.entries.borrow();
        let wanted = &entries[..self.wanted()];
        let mut rows = self.rows.borrow_mut();
        let (mut at, mut added) = (0, 0);
        // The row “more” doesn't move the focus before it is hidden.
        let mut first_new = None;
        while let (Some(entry), true) = (wanted.get(at), added < most) {
            if rows.get(at).is_none_or(|(shown, _)| shown != entry) {
                let row = row(entry, &self.open);
                self.list.insert(&row, i32::try_from(at).unwrap_or(-1));
                first_new.get_or_insert_with(|| row.clone());
                rows.insert(at, (entry.clone(), row));
                added += 1;
            }
            at += 1;
        }
        let left = entries.len() - wanted.len();
        if left == 0 {
            focus::leave(&self.more, first_new.as_ref().map(Cast::upcast_ref));
        } else {
            self.more.set_title(&markup::escape(&ngettext_f(
                // Translators: a row that shows the remaining reports of a list
                "Show {count} More",
                "Show {count} More",
                left,
                &[("count", &left.to_string())],
            )));
        }
        self.more.set_visible(left > 0);
        self.group.set_visible(!rows.is_empty());
        added
    }
}

fn row(entry: &Entry, open: &Rc<Open>) -> adw::ActionRow {
    let row = rows::link(&entry.name, &entry.details());
    let icon = gtk::Image::builder()
        .pixel_size(32)
        .accessible_role(gtk::AccessibleRole::Presentation)
        .build();
    match entry.icon.as_deref().map(gio::Icon::for_string) {
        Some(Ok(known)) => icon.set_from_gicon(&known),
        _ => icon.set_icon_name(Some(NO_ICON)),
    }
    row.add_prefix(&icon);
    row.set_tooltip_text(Some(&words::time(entry.report.time)));
    announce::describe(&row, &entry.description());
    let (entry, open) = (entry.clone(), Rc::clone(open));
    row.connect_activated(move |row| open(row, &entry));
    row
}
