// SPDX-License-Identifier: GPL-3.0-or-later

//! Keeps the keyboard focus where the user can follow it.

use gtk::prelude::*;

/// The widget with the focus, if it is the given one or in it.
pub(crate) fn within(widget: &impl IsA<gtk::Widget>) -> Option<gtk::Widget> {
    let widget = widget.upcast_ref::<gtk::Widget>();
    let focus = widget.root().as_ref().and_then(gtk::Root::focus)?;
    (focus == *widget || focus.is_ancestor(widget)).then_some(focus)
}

/// Moves the focus out of a widget that is about to be hidden, removed or made insensitive. GTK
/// would move it to a widget without a name.
pub(crate) fn leave(widget: &impl IsA<gtk::Widget>, place: Option<&gtk::Widget>) {
    if let (Some(_), Some(place)) = (within(widget), place) {
        place.grab_focus();
    }
}
