// SPDX-License-Identifier: GPL-3.0-or-later

//! Texts for the titles, subtitles and descriptions of libadwaita, which are markup.

use gtk::glib;

use privacy_panel::system::text;

/// A text as markup that shows it. Names of others in it neither are markup nor turn it around:
/// what is unprintable is made visible.
// The only place; clippy.toml says so.
#[allow(clippy::disallowed_methods)]
pub(crate) fn escape(shown: &str) -> glib::GString {
    glib::markup_escape_text(&text::composed(shown))
}
