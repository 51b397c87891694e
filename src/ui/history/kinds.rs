// SPDX-License-Identifier: GPL-3.0-or-later

//! A page to choose a kind of files.

use adw::prelude::*;

use privacy_panel::history::never_record::FileKind;
use privacy_panel::system::i18n::gettext;

use crate::kit::pages;
use crate::kit::rows;
use crate::kit::subpage::Subpage;

/// Opens a page with these kinds. When the user chooses one, closes it and calls `chosen`.
pub(crate) fn open(
    widget: &impl IsA<gtk::Widget>,
    kinds: Vec<&'static FileKind>,
    chosen: impl Fn(&'static FileKind) + Clone + 'static,
) {
    let group = adw::PreferencesGroup::new();
    for kind in kinds {
        let row = rows::plain(&kind.title(), "");
        row.set_activatable(true);
        let chosen = chosen.clone();
        row.connect_activated(move |row| {
            pages::close(row);
            chosen(kind);
        });
        group.add(&row);
    }
    let page = adw::PreferencesPage::new();
    page.add(&group);
    // Translators: the title of a page on which the user chooses a kind of files not to record
    pages::open(widget, &Subpage::new(&gettext("Add Kind of Files"), &page));
    group.child_focus(gtk::DirectionType::TabForward);
}
