// SPDX-License-Identifier: GPL-3.0-or-later

//! What libadwaita 1.2 doesn't do for expander rows.

use adw::prelude::*;
use gtk::accessible;

/// The part of a row that is visible while it is closed, and takes the focus.
pub(crate) fn header(row: &impl IsA<gtk::Widget>) -> Option<gtk::Widget> {
    let mut widget = row.first_child()?;
    while !widget.is::<adw::ActionRow>() {
        widget = widget.first_child()?;
    }
    Some(widget)
}

/// Keeps the accessible state “expanded” of a row up to date.
pub(crate) fn tell_expanded(row: &impl IsA<adw::ExpanderRow>) {
    let tell = |row: &adw::ExpanderRow| {
        if let Some(header) = header(row) {
            header.update_state(&[accessible::State::Expanded(Some(row.is_expanded()))]);
        }
    };
    let row: &adw::ExpanderRow = row.upcast_ref();
    tell(row);
    row.connect_expanded_notify(tell);
}

/// Replaces the arrow with one of the same shape from the icon theme. libadwaita's own is an SVG,
/// and the renderer for it takes a tenth of the panel's memory and of its start time.
pub(crate) fn replace_arrow(row: &impl IsA<gtk::Widget>) {
    fn images(widget: &gtk::Widget, found: &mut impl FnMut(&gtk::Image)) {
        if let Some(image) = widget.downcast_ref() {
            found(image);
        }
        let mut child = widget.first_child();
        while let Some(widget) = child {
            images(&widget, found);
            child = widget.next_sibling();
        }
    }
    images(row.upcast_ref(), &mut |image| {
        if image.has_css_class("expander-row-arrow") {
            image.set_icon_name(Some("go-up-symbolic"));
        }
    });
}
