// SPDX-License-Identifier: GPL-3.0-or-later

//! Buttons for rows and headings.

use adw::prelude::*;
use gtk::accessible;

use crate::kit::toast;

/// A button with a label, in which `_` is before the key that presses it, for the end of a row.
pub(crate) fn text(label: &str) -> gtk::Button {
    let button = gtk::Button::builder()
        .css_classes(["text-button"])
        .valign(gtk::Align::Center)
        .build();
    set_text(&button, label);
    button
}

/// Changes the label of such a button.
pub(crate) fn set_text(button: &gtk::Button, label: &str) {
    let shown = button.child().and_downcast::<gtk::Label>();
    if shown.is_none_or(|shown| shown.label() != label) {
        // A new one: GTK 4.8 tells screen readers the `_` of a label that is changed.
        let label = gtk::Label::with_mnemonic(label);
        // Only where there is no room for a line.
        label.set_wrap(true);
        label.set_natural_wrap_mode(gtk::NaturalWrapMode::None);
        label.set_justify(gtk::Justification::Center);
        button.set_child(Some(&label));
        label.set_mnemonic_widget(Some(button));
    }
}

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
