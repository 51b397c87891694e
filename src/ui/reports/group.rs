// SPDX-License-Identifier: GPL-3.0-or-later

//! Previous reports: the row that leads to them, and what its pages have in common.

use adw::prelude::*;
use gtk::{gio, glib};

use privacy_panel::reports::{self, NotDeleted, Place, Report, words};
use privacy_panel::system::i18n::{Part, gettext, gettext_f, ngettext_parts};

use crate::kit::markup;
use crate::kit::subpage;
use crate::kit::subpage::Subpage;
use crate::reports::list_page::ListPage;
use crate::window::Window;

/// The row on the first page, where something on this computer keeps reports.
pub(crate) fn row() -> Option<adw::ActionRow> {
    if Place::all().is_empty() {
        return None;
    }
    // Translators: leads to the error reports that are kept on this computer, as in Ubuntu’s System Settings
    let row = subpage::row(&gettext("Previous Reports"), "");
    row.connect_activated(|row| {
        if let Some(window) = row.root().and_downcast::<Window>() {
            let list = ListPage::new(Place::all());
            let page = Subpage::new(&gettext("Previous Reports"), &list);
            page.header().pack_end(&list.delete_all_button());
            window.open_page(&page);
        }
    });
    Some(row)
}

/// Counts the reports, and says in the row how many there are. Nobody waits for it.
pub(crate) fn count(row: &adw::ActionRow) {
    let row = row.downgrade();
    glib::spawn_future_local(async move {
        let counted = gio::spawn_blocking(|| reports::count(&Place::all())).await;
        if let (Some(row), Ok(count)) = (row.upgrade(), counted) {
            row.set_subtitle(&markup::escape(&words::count(count)));
        }
    });
}

/// What there is to say when reports were to be deleted, and not all of it was possible.
pub(crate) fn not_deleted(failures: &[(Report, NotDeleted)]) -> Option<String> {
    let ((report, why), others) = failures.split_first()?;
    let sentence = words::not_deleted(report, why);
    Some(match others.len() {
        0 => sentence,
        others => ngettext_parts(
            // Translators: after a sentence about a report that could not be deleted
            "{sentence} {count} other report could not be deleted completely either.",
            "{sentence} {count} other reports could not be deleted completely either.",
            others,
            &[
                ("sentence", Part::Own(&sentence)),
                ("count", Part::Own(&others.to_string())),
            ],
        ),
    })
}

/// Asks whether to delete, and goes on where the answer is yes.
pub(crate) fn confirm(
    parent: &impl IsA<gtk::Widget>,
    question: &str,
    reply: &str,
    go_on: impl Fn() + 'static,
) {
    let dialog = adw::MessageDialog::builder()
        .heading(question)
        .body(gettext(
            "What is deleted here cannot be brought back. What was sent already stays with those who received it.",
        ))
        .close_response("cancel")
        .default_response("cancel")
        .build();
    dialog.set_transient_for(parent.root().and_downcast::<gtk::Window>().as_ref());
    // Translators: a button; the letter after _ is its shortcut
    dialog.add_response("cancel", &gettext("_Cancel"));
    dialog.add_response("delete", reply);
    dialog.set_response_appearance("delete", adw::ResponseAppearance::Destructive);
    dialog.connect_response(None, move |_, response| {
        if response == "delete" {
            go_on();
        }
    });
    dialog.present();
}

/// A button with a picture alone, that is called something.
pub(crate) fn picture_button(icon: &str, name: &str) -> gtk::Button {
    let button = gtk::Button::builder()
        .icon_name(icon)
        .tooltip_text(name)
        .build();
    button.update_property(&[gtk::accessible::Property::Label(name)]);
    button
}

/// A button that copies a text.
pub(crate) fn copy_button(what: &str, text: &str) -> gtk::Button {
    let name = gettext_f(
        // Translators: on a button; what is copied is the content of a field of a report
        "Copy “{field}”",
        &[("field", what)],
    );
    let button = picture_button("edit-copy-symbolic", &name);
    let text = text.to_owned();
    button.connect_clicked(move |button| {
        button.clipboard().set_text(&text);
        if let Some(window) = button.root().and_downcast::<Window>() {
            // Translators: said when something has been copied
            window.toast(&gettext("Copied"));
        }
    });
    button
}
