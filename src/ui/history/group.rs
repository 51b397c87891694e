// SPDX-License-Identifier: GPL-3.0-or-later

//! The rows about history below its choice, which open its pages.
//!
//! Each row is hidden until a blocking thread has found its subject on this computer.

use std::cell::RefCell;
use std::rc::Rc;

use adw::prelude::*;
use gtk::{gio, glib};

use privacy_panel::choices::watch::Watch;
use privacy_panel::history;
use privacy_panel::history::retention;
use privacy_panel::history::retention::List;
use privacy_panel::system::i18n::gettext;

use crate::choices::control::Known;
use crate::choices::extra_rows::ExtraRows;
use crate::history::clear_page::ClearPage;
use crate::history::exceptions_page::ExceptionsPage;
use crate::history::keep_row::KeepRow;
use crate::kit::pages;
use crate::kit::rows;
use crate::kit::subpage::Subpage;

pub(crate) struct HistoryRows {
    keep: Rc<[KeepRow; 2]>,
    /// Watches the settings of `keep`, once they are known.
    watch: Rc<RefCell<Option<Watch>>>,
    known: Known,
    exceptions: adw::ActionRow,
    clear: adw::ActionRow,
}

impl HistoryRows {
    pub(crate) fn new(known: &Known) -> Self {
        let exceptions = rows::link(
            // Translators: leads to a page with kinds of files, folders and applications
            &gettext("Exceptions"),
            &gettext("Kinds of files, folders and applications that are not recorded"),
        );
        exceptions.connect_activated(|row| {
            let page = Subpage::new(&gettext("Exceptions"), &ExceptionsPage::new());
            pages::open(row, &page);
        });
        let clear = rows::link(
            &gettext("Clear History"),
            &gettext("Remove what was recorded in the past hour, or at any other time"),
        );
        clear.connect_activated(|row| {
            let page = Subpage::new(&gettext("Clear History"), &ClearPage::new());
            pages::open(row, &page);
        });
        for row in [&exceptions, &clear] {
            row.set_visible(false);
        }
        Self {
            keep: Rc::new(List::ALL.map(|list| KeepRow::new(list, known))),
            watch: Rc::default(),
            known: known.clone(),
            exceptions,
            clear,
        }
    }
}

impl std::fmt::Debug for HistoryRows {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("HistoryRows")
            .field(&self.keep)
            .finish()
    }
}

impl HistoryRows {
    /// Shows what other programs change in the settings of how long entries are kept.
    fn watch(&self) {
        if self.watch.borrow().is_some() {
            return;
        }
        let (keep, known) = (Rc::clone(&self.keep), self.known.clone());
        let watch = Rc::downgrade(&self.watch);
        glib::spawn_future_local(async move {
            let catalogue = known.wait().await;
            let subjects = gio::spawn_blocking(move || retention::subjects(&catalogue)).await;
            if let (Ok(subjects), Some(watch)) = (subjects, watch.upgrade()) {
                let new = Watch::of(subjects, move || keep.iter().for_each(KeepRow::refresh));
                watch.borrow_mut().get_or_insert(new);
            }
        });
    }
}

impl ExtraRows for HistoryRows {
    fn add_to(&self, group: &adw::PreferencesGroup) {
        for row in &*self.keep {
            group.add(row.widget());
        }
        group.add(&self.exceptions);
        group.add(&self.clear);
    }

    /// Shows or hides each row, depending on what is on this computer now.
    fn refresh(&self) {
        for row in &*self.keep {
            row.refresh();
        }
        self.watch();
        let (exceptions, clear) = (self.exceptions.clone(), self.clear.clone());
        glib::spawn_future_local(async move {
            let here = gio::spawn_blocking(|| {
                (
                    history::never_record::is_here(),
                    history::is_anything_here(),
                )
            });
            if let Ok((can_obey, remembers)) = here.await {
                exceptions.set_visible(can_obey);
                clear.set_visible(remembers);
            }
        });
    }
}
