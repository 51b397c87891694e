// SPDX-License-Identifier: GPL-3.0-or-later

//! The rows about what is remembered here, below its switch, and the pages behind them.
//!
//! A row is shown once it is known that its subject is on this computer. Finding that out, and all
//! else that waits for other programs, is done in threads of their own.

use adw::prelude::*;
use gtk::{gio, glib};

use privacy_panel::history;
use privacy_panel::system::i18n::gettext;

use crate::history::clear_page::ClearPage;
use crate::history::never_page::NeverPage;
use crate::kit::markup;
use crate::kit::rows;
use crate::kit::subpage;
use crate::kit::subpage::Subpage;
use crate::window::Window;

/// The two rows.
#[derive(Debug)]
pub(crate) struct HistoryRows {
    never: adw::ActionRow,
    clear: adw::ActionRow,
}

impl HistoryRows {
    pub(crate) fn new(window: &Window, group: &adw::PreferencesGroup) -> Self {
        let never = subpage::row(
            // Translators: leads to a page with kinds of files, folders and applications
            &gettext("Never Record"),
            &gettext("Kinds of files, folders and applications of which nothing is recorded"),
        );
        never.connect_activated(glib::clone!(
            #[weak]
            window,
            move |_| window.open_page(&Subpage::new(&gettext("Never Record"), &NeverPage::new()))
        ));
        let clear = subpage::row(
            &gettext("Clear History"),
            &gettext("Remove what was recorded in the past hour, or at any other time"),
        );
        clear.connect_activated(glib::clone!(
            #[weak]
            window,
            move |_| window.open_page(&Subpage::new(&gettext("Clear History"), &ClearPage::new()))
        ));
        for row in [&never, &clear] {
            row.set_visible(false);
            group.add(row);
        }
        Self { never, clear }
    }

    /// Shows the rows whose subject is on this computer now.
    pub(crate) fn refresh(&self) {
        let (never, clear) = (self.never.clone(), self.clear.clone());
        glib::spawn_future_local(async move {
            let here = gio::spawn_blocking(|| {
                (
                    history::never_record::is_here(),
                    history::is_anything_here(),
                )
            });
            if let Ok((can_obey, remembers)) = here.await {
                never.set_visible(can_obey);
                clear.set_visible(remembers);
            }
        });
    }
}

/// A row that says something, to screen readers as well.
pub(crate) fn row(title: &str, subtitle: &str) -> adw::ActionRow {
    let row = adw::ActionRow::builder()
        .title(markup::escape(title))
        .title_lines(0)
        .subtitle_lines(0)
        .build();
    row.set_subtitle(&markup::escape(subtitle));
    row.update_property(&[gtk::accessible::Property::Description(subtitle)]);
    rows::lay_out(&row);
    row
}
