// SPDX-License-Identifier: GPL-3.0-or-later

//! The apps that follow a choice, on its page: those that need attention, those that are on, and
//! those that are off, which are folded if they are many. A few rows are made for each frame.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use adw::prelude::*;
use gtk::{accessible, gio, glib};

use privacy_panel::choices::overview::Sections;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::system::i18n::{gettext, ngettext_f};

use crate::choices::app_row::{AppRow, Section};
use crate::choices::control::{Control, Failed};
use crate::choices::icons;
use crate::choices::icons::Entry;
use crate::kit::expander;
use crate::kit::focus;
use crate::kit::rows;

/// The smallest number of apps for which the page has a search.
const SEARCH_FROM: usize = 12;

/// Up to how many apps that are off are shown without a row that unfolds them.
const UNFOLDED: usize = 5;

/// How many rows are made for a frame. Making more, and laying them out, would delay it.
const ROWS_PER_FRAME: usize = 2;

#[derive(Debug)]
pub(crate) struct Apps(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    page: adw::PreferencesPage,
    /// Made when there are many apps.
    search: OnceCell<gtk::SearchEntry>,
    search_group: adw::PreferencesGroup,
    nothing: adw::PreferencesGroup,
    attention: adw::PreferencesGroup,
    on: adw::PreferencesGroup,
    off: adw::PreferencesGroup,
    /// Contains the apps that are off, if they are many. Made when they are.
    fold: OnceCell<adw::ExpanderRow>,
    /// Whether the apps that are off are in it.
    folds: Cell<bool>,
    /// Whether it is expanded when it is made.
    unfolded: Cell<bool>,
    rows: RefCell<HashMap<String, Rc<AppRow>>>,
    /// The IDs of the rows in each section, in display order.
    shown: RefCell<[Vec<String>; 3]>,
    /// What the page shows.
    wanted: RefCell<Option<(Control, ChoiceStatus)>>,
    /// The rows that are still to be made.
    left: RefCell<VecDeque<(Section, String)>>,
    /// Whether anything has been shown.
    seen: Cell<bool>,
    /// Whether the next frames make more rows.
    filling: Cell<bool>,
    /// The app whose switch the user has moved, to keep the focus on it.
    moved: Rc<RefCell<Option<String>>>,
    entries: RefCell<HashMap<String, Entry>>,
}

impl Apps {
    pub(crate) fn new(control: &Control, page: &adw::PreferencesPage) -> Self {
        let hidden = || adw::PreferencesGroup::builder().visible(false).build();
        let group = |title: String| {
            adw::PreferencesGroup::builder()
                .title(title)
                .visible(false)
                .build()
        };
        let inner = Rc::new(Inner {
            page: page.clone(),
            search: OnceCell::new(),
            search_group: hidden(),
            nothing: hidden(),
            // Translators: heading over apps about which the user should do something
            attention: group(gettext("Needs Attention")),
            // Translators: heading over the apps in which a choice is on
            on: group(gettext("On")),
            // Translators: heading over the apps in which a choice is off
            off: group(gettext("Off")),
            fold: OnceCell::new(),
            folds: Cell::default(),
            unfolded: Cell::default(),
            rows: RefCell::default(),
            shown: RefCell::default(),
            wanted: RefCell::default(),
            left: RefCell::default(),
            seen: Cell::default(),
            filling: Cell::default(),
            moved: Rc::default(),
            entries: RefCell::default(),
        });
        for group in [
            &inner.search_group,
            &inner.nothing,
            &inner.attention,
            &inner.on,
            &inner.off,
        ] {
            page.add(group);
        }
        inner.find_icons(control);
        Self(inner)
    }

    pub(crate) fn show(&self, control: &Control, status: &ChoiceStatus) {
        self.0
            .wanted
            .replace(Some((control.clone(), status.clone())));
        self.0.arrange();
    }
}

impl Inner {
    fn make_search(self: &Rc<Self>) {
        self.search.get_or_init(|| {
            // Translators: about apps
            let name = gettext("Search Apps");
            let search = gtk::SearchEntry::builder()
                .placeholder_text(&name)
                .hexpand(true)
                .build();
            search.update_property(&[accessible::Property::Label(&name)]);
            let weak = Rc::downgrade(self);
            search.connect_search_changed(move |search| {
                if let Some(inner) = weak.upgrade() {
                    if !search.text().is_empty() {
                        inner.unfold();
                    }
                    inner.arrange();
                }
            });
            self.search_group.add(&search);
            // Translators: no app has a name with what was typed
            self.nothing
                .add(&rows::plain(&gettext("No Results Found"), ""));
            search
        });
    }

    fn fold(self: &Rc<Self>) -> &adw::ExpanderRow {
        self.fold.get_or_init(|| {
            let fold = adw::ExpanderRow::builder()
                .expanded(self.unfolded.get())
                .build();
            expander::replace_arrow(&fold);
            expander::tell_expanded(&fold);
            let weak = Rc::downgrade(self);
            fold.connect_expanded_notify(move |_| {
                if let Some(inner) = weak.upgrade() {
                    inner.arrange();
                }
            });
            self.off.add(&fold);
            fold
        })
    }

    fn is_unfolded(&self) -> bool {
        let fold = self.fold.get();
        !self.folds.get() || fold.map_or(self.unfolded.get(), adw::ExpanderRow::is_expanded)
    }

    /// Puts the apps that are off into the row that unfolds them, or out of it.
    fn set_folds(self: &Rc<Self>, folds: bool) {
        if self.folds.get() != folds {
            let shown = std::mem::take(&mut self.shown.borrow_mut()[Section::Off as usize]);
            for id in shown {
                if let Some(row) = self.rows.borrow().get(&id) {
                    self.remove(Section::Off, row.widget());
                }
            }
            self.folds.set(folds);
        }
        if folds {
            self.fold();
        }
        if let Some(fold) = self.fold.get() {
            fold.set_visible(folds);
        }
    }

    /// Shows the apps that are off. If their row is there, it arranges everything.
    fn unfold(&self) {
        self.unfolded.set(true);
        if let Some(fold) = self.fold.get() {
            fold.set_expanded(true);
        }
    }

    /// Looks up the icons of all apps in another thread: there may be hundreds.
    fn find_icons(self: &Rc<Self>, control: &Control) {
        let Some(catalogue) = control.catalogue().cloned() else {
            return;
        };
        let choice = control.choice();
        let weak = Rc::downgrade(self);
        glib::spawn_future_local(async move {
            let catalogue = catalogue.wait().await;
            let find = move || icons::find(&icons::programs(&catalogue, choice));
            let found = gio::spawn_blocking(find).await;
            let (Some(inner), Ok(found)) = (weak.upgrade(), found) else {
                return;
            };
            inner.entries.replace(found);
            for row in inner.rows.borrow().values() {
                row.show_entry(inner.entries.borrow().get(row.id()));
            }
            let has_open_app = inner.wanted.borrow().as_ref().is_some_and(|(_, status)| {
                let mut followers = status.followers();
                followers.any(|reader| !reader.processes.is_empty())
            });
            if has_open_app {
                // What has an entry can be restarted.
                inner.arrange();
            }
        });
    }

    /// Brings each app into its section, and up to date.
    fn arrange(self: &Rc<Self>) {
        let Some((control, status)) = self.wanted.borrow().clone() else {
            return;
        };
        let failed = control.failed();
        let sections = Sections::of(&status, |id| failed.iter().any(|f| f.reader == id));
        let is_first = !self.seen.replace(true);
        let focus = self.focus();
        self.set_folds(sections.off.len() > UNFOLDED);
        if !control.is_busy() {
            let moved = self.moved.take();
            let is_off = |id: &String| sections.off.iter().any(|reader| reader.id == *id);
            if moved.as_ref().is_some_and(is_off) && !self.is_unfolded() {
                // The user can follow what was moved, and undo it.
                self.unfold();
                if self.fold.get().is_some() {
                    return;
                }
            }
        }
        let has_search = sections.len() >= SEARCH_FROM;
        if has_search {
            self.make_search();
        }
        self.search_group.set_visible(has_search);
        if self.folds.get() {
            self.fold().set_title(&ngettext_f(
                // Translators: a row that unfolds the list of the apps that are off
                "{count} App",
                "{count} Apps",
                sections.off.len(),
                &[("count", &sections.off.len().to_string())],
            ));
        }
        self.left.borrow_mut().clear();
        for section in Section::ALL {
            let is_folded = section == Section::Off
                && !self.is_unfolded()
                && self.shown.borrow()[section as usize].is_empty();
            let wanted: Vec<_> = if is_folded {
                Vec::new()
            } else {
                section.of(&sections).iter().map(|r| r.id.clone()).collect()
            };
            self.bring(section, wanted);
            let group = self.group(section);
            group.set_visible(!section.of(&sections).is_empty());
        }
        let is_left = focus.as_ref().is_some_and(|focus| {
            let left = self.left.borrow();
            left.iter().any(|(_, id)| id == focus)
        });
        let most = match (is_left, is_first) {
            (true, _) => usize::MAX,
            // The search and the headings take a frame of their own.
            (false, true) => 0,
            (false, false) => ROWS_PER_FRAME,
        };
        self.make(&control, &status, &failed, most);
        self.update(&control, &status, &failed);
        self.filter();
        if let Some(row) = focus.and_then(|id| self.rows.borrow().get(&id).cloned()) {
            if focus::within(row.widget()).is_none() && row.widget().parent().is_some() {
                row.take_focus();
            }
        }
    }

    /// Makes a section contain these rows, and creates the missing ones.
    fn bring(&self, section: Section, wanted: Vec<String>) {
        let at = section as usize;
        let shown = self.shown.borrow()[at].clone();
        // Those that are still to be made come last.
        if !wanted.starts_with(&shown) {
            for id in &shown {
                if let Some(row) = self.rows.borrow().get(id) {
                    self.remove(section, row.widget());
                }
            }
            self.shown.borrow_mut()[at].clear();
        }
        let known = self.shown.borrow()[at].len();
        let left = wanted.into_iter().skip(known);
        self.left.borrow_mut().extend(left.map(|id| (section, id)));
    }

    /// Makes some of the rows that are still to be made, and the rest in the next frames.
    fn make(
        self: &Rc<Self>,
        control: &Control,
        status: &ChoiceStatus,
        failed: &[Failed],
        most: usize,
    ) {
        for _ in 0..most {
            let Some((section, id)) = self.left.borrow_mut().pop_front() else {
                return;
            };
            let Some(reader) = status.followers().find(|reader| reader.id == id) else {
                continue;
            };
            let made = self.rows.borrow().get(&id).cloned();
            let row = made.unwrap_or_else(|| {
                let row = Rc::new(AppRow::new(control, reader, &self.moved));
                row.show_entry(self.entries.borrow().get(&id));
                self.rows.borrow_mut().insert(id.clone(), Rc::clone(&row));
                row
            });
            // It may still be in another section.
            self.take_out(&id);
            row.show(control, status, reader, failed, section);
            match section {
                Section::Off if self.folds.get() => self.fold().add_row(row.widget()),
                _ => self.group(section).add(row.widget()),
            }
            self.shown.borrow_mut()[section as usize].push(id);
        }
        if !self.left.borrow().is_empty() && !self.filling.replace(true) {
            let weak = Rc::downgrade(self);
            self.page.add_tick_callback(move |_, _| {
                let Some(inner) = weak.upgrade() else {
                    return glib::ControlFlow::Break;
                };
                let wanted = inner.wanted.borrow().clone();
                if let Some((control, status)) = wanted {
                    inner.make(&control, &status, &control.failed(), ROWS_PER_FRAME);
                    inner.filter();
                }
                if inner.left.borrow().is_empty() {
                    inner.filling.set(false);
                    return glib::ControlFlow::Break;
                }
                glib::ControlFlow::Continue
            });
        }
    }

    /// Updates the existing rows, and removes those of apps that are gone.
    fn update(&self, control: &Control, status: &ChoiceStatus, failed: &[Failed]) {
        let gone: Vec<_> = {
            let rows = self.rows.borrow();
            let is_gone = |id: &&String| !status.followers().any(|reader| reader.id == **id);
            rows.keys().filter(is_gone).cloned().collect()
        };
        for id in gone {
            self.take_out(&id);
            self.rows.borrow_mut().remove(&id);
        }
        let shown = self.shown.borrow().clone();
        for (section, ids) in Section::ALL.into_iter().zip(shown) {
            for id in ids {
                let row = self.rows.borrow().get(&id).cloned();
                let reader = status.followers().find(|reader| reader.id == id);
                if let (Some(row), Some(reader)) = (row, reader) {
                    row.show(control, status, reader, failed, section);
                }
            }
        }
    }

    /// Shows only the apps with what was typed in their names.
    fn filter(&self) {
        let typed = self.search.get().map(gtk::SearchEntry::text);
        let typed = fold_case(&typed.unwrap_or_default());
        let wanted = self.wanted.borrow();
        let Some((_, status)) = wanted.as_ref() else {
            return;
        };
        let matches = |name: &str| typed.is_empty() || fold_case(name).contains(&typed);
        let mut any = typed.is_empty();
        let shown = self.shown.borrow();
        for section in Section::ALL {
            let mut here = false;
            for id in &shown[section as usize] {
                if let Some(row) = self.rows.borrow().get(id) {
                    let is_match = matches(row.name());
                    row.widget().set_visible(is_match);
                    here |= is_match;
                }
            }
            if !typed.is_empty() {
                self.group(section).set_visible(here);
            }
            any |= here;
        }
        // Rows that are still to be made count, too.
        let left = self.left.borrow();
        any |= left.iter().any(|(_, id)| {
            let mut followers = status.followers();
            followers.any(|reader| reader.id == *id && matches(&reader.display_name()))
        });
        self.nothing.set_visible(!any);
    }

    const fn group(&self, section: Section) -> &adw::PreferencesGroup {
        match section {
            Section::Attention => &self.attention,
            Section::On => &self.on,
            Section::Off => &self.off,
        }
    }

    fn remove(&self, section: Section, row: &adw::ActionRow) {
        match section {
            Section::Off if self.folds.get() => {
                if let Some(fold) = self.fold.get() {
                    fold.remove(row);
                }
            }
            _ => self.group(section).remove(row),
        }
    }

    /// Removes a row from its section.
    fn take_out(&self, id: &str) {
        for section in Section::ALL {
            let at = self.shown.borrow()[section as usize]
                .iter()
                .position(|shown| shown == id);
            if let (Some(at), Some(row)) = (at, self.rows.borrow().get(id)) {
                self.remove(section, row.widget());
                self.shown.borrow_mut()[section as usize].remove(at);
            }
        }
    }

    /// The app whose row has the focus.
    fn focus(&self) -> Option<String> {
        let rows = self.rows.borrow();
        let mut rows = rows.values();
        let row = rows.find(|row| focus::within(row.widget()).is_some())?;
        Some(row.id().to_owned())
    }
}

/// A text without case, for comparisons.
fn fold_case(text: &str) -> String {
    glib::casefold(text).into()
}
