// SPDX-License-Identifier: GPL-3.0-or-later

//! The identifiers of this computer that programs send with reports, which the user can copy.
//!
//! Services have them, and may be slow, so a blocking thread asks for them. It asks for the number
//! itself only when the user opens the row.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use adw::prelude::*;
use gtk::{accessible, gio, glib};

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::choice;
use privacy_panel::choices::snapshot::Snapshot;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::words;
use privacy_panel::system::i18n::{gettext, gettext_f};

use crate::kit::announce;
use crate::kit::buttons;
use crate::kit::expander;
use crate::kit::markup;
use crate::kit::row_layout;

/// The name of each program, and its identifier or why it can't be read.
type Found = Vec<(String, Result<String, String>)>;

/// A group with the row, which is hidden while no program with an identifier is installed.
pub(crate) fn group(catalogue: &Arc<Catalogue>) -> adw::PreferencesGroup {
    let group = adw::PreferencesGroup::builder().visible(false).build();
    let catalogue = Arc::clone(catalogue);
    let weak = group.downgrade();
    glib::spawn_future_local(async move {
        let asked = Arc::clone(&catalogue);
        let status = gio::spawn_blocking(move || {
            ChoiceStatus::of(&asked, choice::ERROR_REPORTS, &Snapshot::fresh())
        });
        let (Ok(status), Some(group)) = (status.await, weak.upgrade()) else {
            return;
        };
        if status.installed().any(|reader| reader.has_identifier) {
            group.add(&row(&catalogue, status.state.may_send()));
            group.set_visible(true);
        }
    });
    group
}

fn row(catalogue: &Arc<Catalogue>, may_send: bool) -> adw::ExpanderRow {
    let purpose = if may_send {
        gettext(
            "Every error report carries it, so that its receivers can tell which reports come from the same computer. It cannot be changed here.",
        )
    } else {
        gettext(
            "Sending is off. If you turn it on, every error report carries this number, so that its receivers can tell which reports come from the same computer.",
        )
    };
    let row = adw::ExpanderRow::builder()
        // Translators: a number by which reports of one computer can be told from others
        .title(gettext("Identifier of This Computer"))
        .subtitle(&purpose)
        .build();
    if let Some(header) = expander::header(&row) {
        announce::describe(&header, &purpose);
    }
    row_layout::lay_out(&row);
    expander::replace_arrow(&row);
    expander::tell_expanded(&row);
    let catalogue = Arc::clone(catalogue);
    let shown = Rc::new(RefCell::new(Vec::<gtk::Widget>::new()));
    row.connect_expanded_notify(move |row| {
        for old in shown.take() {
            row.remove(&old);
        }
        if !row.is_expanded() {
            return;
        }
        let (row, shown) = (row.clone(), Rc::clone(&shown));
        let catalogue = Arc::clone(&catalogue);
        glib::spawn_future_local(async move {
            let found = gio::spawn_blocking(move || find(&catalogue)).await;
            // The user has closed the row, or closed and opened it again.
            if !row.is_expanded() || !shown.borrow().is_empty() {
                return;
            }
            let found = found.unwrap_or_default();
            let several = found.len() > 1;
            for (program, identifier) in found {
                let new = identifier_row(&program, identifier, several);
                row.add_row(&new);
                shown.borrow_mut().push(new.upcast());
            }
        });
    });
    row
}

fn find(catalogue: &Catalogue) -> Found {
    let readers = catalogue.readers().iter();
    readers
        .filter_map(|reader| {
            let identifier = reader.store.identifier().transpose()?;
            let program = gettext(reader.name.as_str());
            Some((
                program,
                identifier.map_err(|problem| words::problem(&problem)),
            ))
        })
        .collect()
}

fn identifier_row(
    program: &str,
    identifier: Result<String, String>,
    several: bool,
) -> adw::ActionRow {
    let row = adw::ActionRow::builder().title_lines(0).build();
    if several {
        row.set_subtitle(&markup::escape(program));
    }
    let identifier = match identifier {
        Ok(identifier) => identifier,
        Err(sentence) => {
            row.set_title(&markup::escape(&sentence));
            return row;
        }
    };
    row.set_title(&format!("<tt>{}</tt>", markup::escape(&identifier)));
    row.set_title_selectable(true);
    let copy = buttons::copy(
        &gettext("Copy"),
        &identifier,
        gettext("The identifier was copied."),
    );
    buttons::flatten(&copy);
    copy.update_property(&[accessible::Property::Label(&gettext_f(
        // Translators: what a button does, for screen readers
        "Copy the identifier of {program}",
        &[("program", program)],
    ))]);
    row.add_suffix(&copy);
    row
}
