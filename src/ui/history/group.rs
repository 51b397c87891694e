// SPDX-License-Identifier: GPL-3.0-or-later

//! The rows about history below its choice, which open its pages.
//!
//! Each row is hidden until a blocking thread has found its subject on this computer.

use adw::prelude::*;
use gtk::{gio, glib};

use privacy_panel::history;
use privacy_panel::system::i18n::gettext;

use crate::choices::extra_rows::ExtraRows;
use crate::history::clear_page::ClearPage;
use crate::history::exceptions_page::ExceptionsPage;
use crate::kit::pages;
use crate::kit::rows;
use crate::kit::subpage::Subpage;

#[derive(Debug)]
pub(crate) struct HistoryRows {
    exceptions: adw::ActionRow,
    clear: adw::ActionRow,
}

impl HistoryRows {
    pub(crate) fn new() -> Self {
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
        Self { exceptions, clear }
    }
}

impl ExtraRows for HistoryRows {
    fn add_to(&self, group: &adw::PreferencesGroup) {
        group.add(&self.exceptions);
        group.add(&self.clear);
    }

    /// Shows or hides each row, depending on what is on this computer now.
    fn refresh(&self) {
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
