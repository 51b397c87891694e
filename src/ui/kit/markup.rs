// SPDX-License-Identifier: GPL-3.0-or-later

//! Text for titles, subtitles and descriptions of libadwaita, which are Pango markup.

use gtk::glib;

use privacy_panel::system::text;

/// Escapes a text so that it is shown as it is. Other programs' names can contain neither markup
/// nor characters that change the direction of the text: unprintable ones become visible.
// clippy.toml allows this call nowhere else.
#[allow(clippy::disallowed_methods)]
pub(crate) fn escape(shown: &str) -> glib::GString {
    glib::markup_escape_text(&text::composed(shown))
}
