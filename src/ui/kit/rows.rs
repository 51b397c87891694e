// SPDX-License-Identifier: GPL-3.0-or-later

//! Rows with a title and a subtitle.

use adw::prelude::*;

use crate::kit::announce;
use crate::kit::markup;
use crate::kit::row_layout;

/// A row of text.
pub(crate) fn plain(title: &str, subtitle: &str) -> adw::ActionRow {
    adw::ActionRow::builder()
        .title(markup::escape(title))
        .title_lines(0)
        .subtitle(markup::escape(subtitle))
        .subtitle_lines(0)
        .build()
}

/// A row of text whose subtitle screen readers also read.
pub(crate) fn described(title: &str, subtitle: &str) -> adw::ActionRow {
    let row = plain(title, subtitle);
    announce::describe(&row, subtitle);
    row_layout::lay_out(&row);
    row
}

/// Lets screen readers say the subtitle of a row, also when it changes. libadwaita doesn't.
fn speak_subtitle(row: &adw::ActionRow) {
    let speak = |row: &adw::ActionRow| {
        let subtitle = row.subtitle().unwrap_or_default();
        let parsed = gtk::pango::parse_markup(&subtitle, '\0');
        announce::describe(row, parsed.as_ref().map_or("", |(_, text, _)| text));
    };
    speak(row);
    row.connect_subtitle_notify(speak);
}

/// A row that opens a page.
pub(crate) fn link(title: &str, subtitle: &str) -> adw::ActionRow {
    let row = plain(title, subtitle);
    row.set_activatable(true);
    row.add_suffix(&decoration("go-next-symbolic"));
    speak_subtitle(&row);
    row_layout::lay_out(&row);
    row
}

/// A row that acts like a button.
pub(crate) fn button(icon: &str, label: &str) -> adw::ActionRow {
    let row = adw::ActionRow::builder()
        .title(markup::escape(label))
        .title_lines(0)
        .activatable(true)
        .accessible_role(gtk::AccessibleRole::Button)
        .build();
    row.add_prefix(&decoration(icon));
    row
}

/// An icon that screen readers leave out.
pub(crate) fn decoration(icon: &str) -> gtk::Image {
    gtk::Image::builder()
        .icon_name(icon)
        .accessible_role(gtk::AccessibleRole::Presentation)
        .build()
}
