// SPDX-License-Identifier: GPL-3.0-or-later

//! The identifiers of this computer that apps send, on the page of their choice, while they may send
//! something. The user can copy them.
//!
//! Services have them, and may be slow, so a blocking thread asks for them.

use std::cell::RefCell;
use std::rc::Rc;

use adw::prelude::*;
use gtk::{accessible, gio, glib};

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::words;
use privacy_panel::system::i18n::{gettext, gettext_f};

use crate::choices::control::Known;
use crate::kit::announce;
use crate::kit::buttons;
use crate::kit::rows::described;

/// How many characters of an identifier are shown. All of them are copied.
const SHOWN: usize = 8;

/// The name of each program, and its identifier or why it can't be read.
type Found = Vec<(String, Result<String, String>)>;

/// A group with a row for each identifier, which is hidden while none is sent.
#[derive(Debug)]
pub(crate) struct Identifiers {
    group: adw::PreferencesGroup,
    catalogue: Known,
    /// The IDs of the readers whose identifiers are shown, or were asked for.
    wanted: Rc<RefCell<Vec<String>>>,
    rows: Rc<RefCell<Vec<adw::ActionRow>>>,
}

impl Identifiers {
    pub(crate) fn new(catalogue: &Known) -> Self {
        Self {
            group: adw::PreferencesGroup::builder().visible(false).build(),
            catalogue: catalogue.clone(),
            wanted: Rc::default(),
            rows: Rc::default(),
        }
    }

    pub(crate) const fn widget(&self) -> &adw::PreferencesGroup {
        &self.group
    }

    pub(crate) fn show(&self, status: &ChoiceStatus) {
        let sends = status.followers().filter(|reader| {
            let answer = reader.reading();
            reader.has_identifier && answer.is_some_and(|answer| answer.state.may_send())
        });
        let wanted: Vec<_> = sends.map(|reader| reader.id.clone()).collect();
        if *self.wanted.borrow() == wanted {
            return;
        }
        self.wanted.replace(wanted.clone());
        for row in self.rows.take() {
            self.group.remove(&row);
        }
        self.group.set_visible(false);
        if wanted.is_empty() {
            return;
        }
        let (catalogue, group) = (self.catalogue.clone(), self.group.clone());
        let (now, rows) = (Rc::clone(&self.wanted), Rc::clone(&self.rows));
        glib::spawn_future_local(async move {
            let catalogue = catalogue.wait().await;
            let asked = wanted.clone();
            let found = gio::spawn_blocking(move || find(&catalogue, &asked)).await;
            // Meanwhile, the choice may have changed, more than once.
            if *now.borrow() != wanted || !rows.borrow().is_empty() {
                return;
            }
            let found = found.unwrap_or_default();
            let several = found.len() > 1;
            for (program, identifier) in found {
                let row = row(&program, identifier, several);
                group.add(&row);
                rows.borrow_mut().push(row);
            }
            group.set_visible(!rows.borrow().is_empty());
        });
    }
}

fn find(catalogue: &Catalogue, wanted: &[String]) -> Found {
    let readers = catalogue.readers().iter();
    readers
        .filter(|reader| wanted.contains(&reader.id))
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

fn row(program: &str, identifier: Result<String, String>, several: bool) -> adw::ActionRow {
    // Translators: a number by which reports of one computer can be told from others
    let mut title = gettext("Identifier of This Computer");
    if several {
        title = gettext_f(
            // Translators: what a row is about, and the program to which it belongs
            "{title} ({program})",
            &[("title", &title), ("program", program)],
        );
    }
    let identifier = match identifier {
        Ok(identifier) => identifier,
        Err(sentence) => return described(&title, &sentence),
    };
    let purpose = gettext(
        "Every error report carries it, so that its receivers can tell which reports come from the same computer. It cannot be changed here.",
    );
    let row = described(&title, &format!("{}\n{purpose}", beginning(&identifier)));
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
    // The tooltip says no more than the name.
    announce::describe(&copy, "");
    row.add_suffix(&copy);
    row
}

/// The first characters of an identifier, by which people can tell it from another.
fn beginning(identifier: &str) -> String {
    match identifier.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &identifier[..end]),
        None => identifier.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_characters_of_an_identifier_are_shown() {
        assert_eq!(beginning("0123456789abcdef"), "01234567…");
        assert_eq!(beginning("01234567"), "01234567");
        assert_eq!(beginning("äöüßäöüßx"), "äöüßäöüß…");
    }
}
