// SPDX-License-Identifier: GPL-3.0-or-later

//! Asks before it deletes reports, and says which could not be deleted.

use adw::prelude::*;

use privacy_panel::reports::{NotDeleted, Report, words};
use privacy_panel::system::i18n::{Part, gettext, ngettext_parts};

use crate::kit::dialogs;
use crate::kit::dialogs::Question;

/// Asks the user, and calls `confirmed` if the answer is yes.
pub(crate) fn confirm(
    parent: &impl IsA<gtk::Widget>,
    heading: &str,
    delete: &str,
    confirmed: impl Fn() + 'static,
) {
    let question = Question {
        heading,
        body: &gettext(
            "What is deleted here cannot be brought back. What was sent already stays with those who received it.",
        ),
        // Translators: a button; the letter after _ is its shortcut
        cancel: &gettext("_Cancel"),
        confirm: delete,
    };
    dialogs::confirm(parent, question, confirmed);
}

/// Which reports could not be deleted, in a sentence. `None` if there are none.
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
