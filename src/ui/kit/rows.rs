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

/// A row of text of which screen readers say the subtitle, too.
pub(crate) fn described(title: &str, subtitle: &str) -> adw::ActionRow {
    let row = plain(title, subtitle);
    announce::describe(&row, subtitle);
    row_layout::lay_out(&row);
    row
}

/// A row that opens a page.
pub(crate) fn link(title: &str, subtitle: &str) -> adw::ActionRow {
    let row = plain(title, subtitle);
    row.set_activatable(true);
    row.add_suffix(&decoration("go-next-symbolic"));
    row_layout::lay_out(&row);
    row
}

/// An icon that screen readers leave out.
pub(crate) fn decoration(icon: &str) -> gtk::Image {
    gtk::Image::builder()
        .icon_name(icon)
        .accessible_role(gtk::AccessibleRole::Presentation)
        .build()
}
