// SPDX-License-Identifier: GPL-3.0-or-later

//! The apps that follow a choice, on its page: those that need attention, those that are on, and
//! those that are off, which are folded. There may be many, so most rows are made in idle slices.

use std::cell::{Cell, RefCell};
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
use crate::kit::expander;
use crate::kit::focus;
use crate::kit::rows;

/// From how many apps on there is a search.
const SEARCH_FROM: usize = 12;

/// Up to how many apps that are off are shown without being unfolded.
const UNFOLDED: usize = 5;

/// How many rows are made at once.
const SLICE: usize = 8;

#[derive(Debug)]
pub(crate) struct Apps(Rc<Inner>);

#[derive(Debug)]
struct Inner {
    search: gtk::SearchEntry,
    search_group: adw::PreferencesGroup,
    nothing: adw::PreferencesGroup,
    attention: adw::PreferencesGroup,
    on: adw::PreferencesGroup,
    off: adw::PreferencesGroup,
    /// Contains the apps that are off.
    fold: adw::ExpanderRow,
    rows: RefCell<HashMap<String, Rc<AppRow>>>,
    /// The IDs of the rows in each section, in the order in which they are shown.
    shown: RefCell<[Vec<String>; 3]>,
    /// What is to be shown.
    wanted: RefCell<Option<(Control, ChoiceStatus)>>,
    /// The rows that are still to be made.
    left: RefCell<VecDeque<(Section, String)>>,
    /// Whether anything has been shown.
    seen: Cell<bool>,
    /// Whether an idle slice follows.
    filling: Cell<bool>,
    /// The app whose switch the user has moved, to keep the focus on it.
    moved: Rc<RefCell<Option<String>>>,
    icons: RefCell<HashMap<String, gio::Icon>>,
}

impl Apps {
    pub(crate) fn new(control: &Control, page: &adw::PreferencesPage) -> Self {
        // Translators: about apps
        let name = gettext("Search Apps");
        let search = gtk::SearchEntry::builder()
            .placeholder_text(&name)
            .hexpand(true)
            .build();
        search.update_property(&[accessible::Property::Label(&name)]);
        let search_group = adw::PreferencesGroup::builder().visible(false).build();
        search_group.add(&search);
        // Translators: no app has a name with what was typed
        let nothing = adw::PreferencesGroup::builder().visible(false).build();
        nothing.add(&rows::plain(&gettext("No Results Found"), ""));
        let fold = adw::ExpanderRow::new();
        expander::replace_arrow(&fold);
        expander::tell_expanded(&fold);
        let group = |title: String| {
            adw::PreferencesGroup::builder()
                .title(title)
                .visible(false)
                .build()
        };
        let inner = Rc::new(Inner {
            search,
            search_group,
            nothing,
            // Translators: heading over apps about which the user should do something
            attention: group(gettext("Needs Attention")),
            // Translators: heading over the apps in which a choice is on
            on: group(gettext("On")),
            // Translators: heading over the apps in which a choice is off
            off: group(gettext("Off")),
            fold,
            rows: RefCell::default(),
            shown: RefCell::default(),
            wanted: RefCell::default(),
            left: RefCell::default(),
            seen: Cell::default(),
            filling: Cell::default(),
            moved: Rc::default(),
            icons: RefCell::default(),
        });
        inner.off.add(&inner.fold);
        for group in [
            &inner.search_group,
            &inner.nothing,
            &inner.attention,
            &inner.on,
            &inner.off,
        ] {
            page.add(group);
        }
        let weak = Rc::downgrade(&inner);
        inner.search.connect_search_changed(move |search| {
            if let Some(inner) = weak.upgrade() {
                if !search.text().is_empty() {
                    inner.fold.set_expanded(true);
                }
                inner.arrange();
            }
        });
        let weak = Rc::downgrade(&inner);
        inner.fold.connect_expanded_notify(move |_| {
            if let Some(inner) = weak.upgrade() {
                inner.arrange();
            }
        });
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
    /// Looks up the icons of all apps in another thread: there may be hundreds.
    fn find_icons(self: &Rc<Self>, control: &Control) {
        let Some(programs) = icons::programs(control) else {
            return;
        };
        let weak = Rc::downgrade(self);
        glib::spawn_future_local(async move {
            let found = gio::spawn_blocking(move || icons::find(&programs)).await;
            let (Some(inner), Ok(found)) = (weak.upgrade(), found) else {
                return;
            };
            let icons = found
                .into_iter()
                .filter_map(|(id, icon)| Some((id, gio::Icon::for_string(&icon).ok()?)));
            inner.icons.replace(icons.collect());
            for row in inner.rows.borrow().values() {
                row.show_icon(inner.icons.borrow().get(row.id()));
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
        if !self.seen.replace(true) && sections.off.len() <= UNFOLDED {
            self.fold.set_expanded(true);
            return;
        }
        if !control.is_busy() {
            let moved = self.moved.take();
            let is_off = |id: &String| sections.off.iter().any(|reader| reader.id == *id);
            if moved.as_ref().is_some_and(is_off) && !self.fold.is_expanded() {
                // The user can follow what was moved, and undo it. This arranges everything.
                self.fold.set_expanded(true);
                return;
            }
        }
        self.search_group.set_visible(sections.len() >= SEARCH_FROM);
        self.fold.set_title(&ngettext_f(
            // Translators: a row that unfolds the list of the apps that are off
            "{count} App",
            "{count} Apps",
            sections.off.len(),
            &[("count", &sections.off.len().to_string())],
        ));
        let focus = self.focus();
        self.left.borrow_mut().clear();
        for section in Section::ALL {
            let is_folded = section == Section::Off
                && !self.fold.is_expanded()
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
        let most = if is_left { usize::MAX } else { SLICE };
        self.make(&control, &status, &failed, most);
        self.update(&control, &status, &failed);
        self.filter();
        if let Some(row) = focus.and_then(|id| self.rows.borrow().get(&id).cloned()) {
            if focus::within(row.widget()).is_none() && row.widget().parent().is_some() {
                row.take_focus();
            }
        }
    }

    /// Makes a section contain these rows, of which some are still to be made.
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

    /// Makes some of the rows that are still to be made, and the rest when nothing else is to do.
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
                row.show_icon(self.icons.borrow().get(&id));
                self.rows.borrow_mut().insert(id.clone(), Rc::clone(&row));
                row
            });
            // It may still be in another section.
            self.take_out(&id);
            row.show(control, status, reader, failed, section);
            match section {
                Section::Off => self.fold.add_row(row.widget()),
                _ => self.group(section).add(row.widget()),
            }
            self.shown.borrow_mut()[section as usize].push(id);
        }
        if !self.left.borrow().is_empty() && !self.filling.replace(true) {
            let weak = Rc::downgrade(self);
            glib::idle_add_local_once(move || {
                let Some(inner) = weak.upgrade() else { return };
                inner.filling.set(false);
                let wanted = inner.wanted.borrow().clone();
                if let Some((control, status)) = wanted {
                    inner.make(&control, &status, &control.failed(), SLICE);
                    inner.filter();
                }
            });
        }
    }

    /// Shows what is true now in the rows that there are, and drops those of apps that have gone.
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
        let typed = fold_case(&self.search.text());
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
            Section::Off => self.fold.remove(row),
            _ => self.group(section).remove(row),
        }
    }

    /// Takes a row out of the section in which it is.
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
