// SPDX-License-Identifier: GPL-3.0-or-later

//! Asks before an action that can't be undone.

use adw::prelude::*;

/// The texts of such a question.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    pub(crate) heading: &'a str,
    pub(crate) body: &'a str,
    /// The label of the button that does nothing.
    pub(crate) cancel: &'a str,
    /// The label of the button that goes on.
    pub(crate) confirm: &'a str,
}

const CANCEL: &str = "cancel";
const CONFIRM: &str = "confirm";

/// Asks the user, and calls `confirmed` if the answer is yes.
pub(crate) fn confirm(
    parent: &impl IsA<gtk::Widget>,
    question: Question<'_>,
    confirmed: impl Fn() + 'static,
) {
    let window = parent.root().and_downcast::<gtk::Window>();
    let dialog =
        adw::MessageDialog::new(window.as_ref(), Some(question.heading), Some(question.body));
    dialog.add_response(CANCEL, question.cancel);
    dialog.add_response(CONFIRM, question.confirm);
    dialog.set_response_appearance(CONFIRM, adw::ResponseAppearance::Destructive);
    dialog.set_default_response(Some(CANCEL));
    dialog.set_close_response(CANCEL);
    dialog.connect_response(Some(CONFIRM), move |_, _| confirmed());
    dialog.present();
}
