// SPDX-License-Identifier: GPL-3.0-or-later

//! Previous reports: the row that opens their list.

use adw::prelude::*;
use gtk::{gio, glib};

use privacy_panel::reports::{self, Place, words};
use privacy_panel::system::i18n::gettext;

use crate::choices::extra_rows::ExtraRows;
use crate::kit::markup;
use crate::kit::pages;
use crate::kit::rows;
use crate::kit::subpage::Subpage;
use crate::reports::list_page::ListPage;

/// The choice that decides whether reports are sent.
const CHOICE: &str = "error-reports";

/// The row on the first page, if a program on this computer keeps reports.
pub(crate) struct ReportsRow {
    row: adw::ActionRow,
}

impl ReportsRow {
    pub(crate) fn new() -> Self {
        // Translators: leads to the error reports that are kept on this computer, as in Ubuntu’s System Settings
        let row = rows::link(&gettext("Previous Reports"), "");
        row.connect_activated(|row| {
            let list = ListPage::new(Place::all());
            let page = Subpage::new(&gettext("Previous Reports"), &list);
            page.header().pack_end(&list.delete_all_button());
            pages::open(row, &page);
        });
        let new = Self { row };
        new.show();
        new
    }

    fn show(&self) {
        self.row.set_visible(!Place::all().is_empty());
    }
}

impl ExtraRows for ReportsRow {
    fn below(&self) -> Option<&'static str> {
        Some(CHOICE)
    }

    fn add_to(&self, group: &adw::PreferencesGroup) {
        group.add(&self.row);
    }

    /// Counts the reports in another thread, and shows how many there are.
    fn refresh(&self) {
        self.show();
        let row = self.row.downgrade();
        glib::spawn_future_local(async move {
            let counted = gio::spawn_blocking(|| reports::count(&Place::all())).await;
            if let (Some(row), Ok(count)) = (row.upgrade(), counted) {
                row.set_subtitle(&markup::escape(&words::count(count)));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use privacy_panel::choices::choice::{Act, Choice};

    use super::*;

    #[test]
    fn the_choice_above_the_row_is_one_of_its_group() {
        let choice = Choice::find(CHOICE).unwrap();
        assert_eq!(choice.act, Act::Send);
    }
}
