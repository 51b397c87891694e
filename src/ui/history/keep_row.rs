// SPDX-License-Identifier: GPL-3.0-or-later

//! A row that shows how long a list of used files or apps keeps its entries.
//!
//! It is hidden while no program of the session obeys such a setting, and always shows the setting as
//! it was read back.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use adw::prelude::*;
use gtk::{gio, glib};

use privacy_panel::history::retention::{self, Keep, List, Retention};
use privacy_panel::history::words;
use privacy_panel::system::i18n::gettext;

use crate::choices::control::Known;
use crate::kit::announce;
use crate::kit::markup;
use crate::kit::toast;

#[derive(Clone)]
pub(crate) struct KeepRow {
    widget: adw::ComboRow,
    list: List,
    known: Known,
    /// What the row offers, in its order.
    offered: Rc<RefCell<Vec<Keep>>>,
    /// Whether the row is being filled, so that no selection is the user's.
    is_showing: Rc<Cell<bool>>,
    /// How many changes began or ended: what was read before one of them doesn't count.
    changes: Rc<Cell<u32>>,
}

impl std::fmt::Debug for KeepRow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("KeepRow")
            .field(&self.offered)
            .finish()
    }
}

impl KeepRow {
    pub(crate) fn new(list: List, known: &Known) -> Self {
        let widget = adw::ComboRow::builder()
            .title(words::duration(list))
            .title_lines(0)
            .subtitle_lines(0)
            .visible(false)
            .build();
        let row = Self {
            widget,
            list,
            known: known.clone(),
            offered: Rc::default(),
            is_showing: Rc::default(),
            changes: Rc::default(),
        };
        let weak = row.widget.downgrade();
        let parts = (
            row.known.clone(),
            Rc::clone(&row.offered),
            Rc::clone(&row.is_showing),
            Rc::clone(&row.changes),
        );
        row.widget.connect_selected_notify(move |_| {
            let (known, offered, is_showing, changes) = parts.clone();
            if let Some(widget) = weak.upgrade() {
                let row = Self {
                    widget,
                    list,
                    known,
                    offered,
                    is_showing,
                    changes,
                };
                row.on_selected();
            }
        });
        row
    }

    pub(crate) const fn widget(&self) -> &adw::ComboRow {
        &self.widget
    }

    /// Shows the setting in force.
    pub(crate) fn refresh(&self) {
        let row = self.clone();
        glib::spawn_future_local(async move {
            let catalogue = row.known.wait().await;
            let changes = row.changes.get();
            let list = row.list;
            let found = gio::spawn_blocking(move || retention::look(&catalogue, list)).await;
            if let (Ok(found), true) = (found, changes == row.changes.get()) {
                row.show(found);
            }
        });
    }

    fn show(&self, found: Option<Retention>) {
        self.widget.set_visible(found.is_some());
        let Some(found) = found else {
            return;
        };
        let mut offered = self.list.choices().to_vec();
        if !offered.contains(&found.keep) {
            offered.insert(0, found.keep);
        }
        let at = offered.iter().position(|keep| *keep == found.keep);
        let names: Vec<_> = offered.iter().map(|keep| words::keep(*keep)).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let subtitle = if found.locked {
            gettext("Locked by your administrator")
        } else {
            words::place(self.list)
        };
        self.is_showing.set(true);
        if *self.offered.borrow() != offered {
            self.widget.set_model(Some(&gtk::StringList::new(&names)));
            self.offered.replace(offered);
        }
        let at = at.and_then(|at| u32::try_from(at).ok());
        self.widget.set_selected(at.unwrap_or_default());
        self.widget.set_sensitive(!found.locked);
        self.widget.set_subtitle(&markup::escape(&subtitle));
        // libadwaita tells screen readers neither.
        announce::describe(&self.widget, &words::keep_and_why(found.keep, &subtitle));
        self.is_showing.set(false);
    }

    fn count_change(&self) {
        self.changes.set(self.changes.get().wrapping_add(1));
    }

    fn on_selected(&self) {
        let at = usize::try_from(self.widget.selected()).ok();
        let keep = at.and_then(|at| self.offered.borrow().get(at).copied());
        let (false, Some(keep)) = (self.is_showing.get(), keep) else {
            return;
        };
        self.count_change();
        let row = self.clone();
        glib::spawn_future_local(async move {
            let catalogue = row.known.wait().await;
            let list = row.list;
            let done = gio::spawn_blocking(move || {
                let done = retention::set(&catalogue, list, keep);
                (done, retention::look(&catalogue, list))
            });
            let done = done.await;
            row.count_change();
            if let Ok((done, found)) = done {
                row.show(found);
                if let Err(why) = done {
                    toast::show(&row.widget, &words::not_kept(why));
                }
            }
        });
    }
}
