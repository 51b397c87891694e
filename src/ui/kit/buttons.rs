// SPDX-License-Identifier: GPL-3.0-or-later

//! Buttons with an icon instead of a label.

use adw::prelude::*;
use gtk::accessible;

use crate::kit::toast;

/// A button with an icon. Its name is its tooltip, and what screen readers say.
pub(crate) fn picture(icon: &str, name: &str) -> gtk::Button {
    let button = gtk::Button::builder()
        .icon_name(icon)
        .tooltip_text(name)
        .build();
    button.update_property(&[accessible::Property::Label(name)]);
    button
}

/// The same, for the end of a row or of a heading.
pub(crate) fn flat(icon: &str, name: &str) -> gtk::Button {
    let button = picture(icon, name);
    flatten(&button);
    button
}

/// Makes a button fit the end of a row.
pub(crate) fn flatten(button: &gtk::Button) {
    button.set_valign(gtk::Align::Center);
    button.add_css_class("flat");
}

/// A button that copies a text and shows a toast about it.
pub(crate) fn copy(name: &str, text: &str, copied: String) -> gtk::Button {
    let button = picture("edit-copy-symbolic", name);
    let text = text.to_owned();
    button.connect_clicked(move |button| {
        button.clipboard().set_text(&text);
        toast::show(button, &copied);
    });
    button
}
