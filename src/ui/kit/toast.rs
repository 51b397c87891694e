// SPDX-License-Identifier: GPL-3.0-or-later

//! Sentences that appear for a moment at the bottom of the window, and that screen readers say.

use adw::prelude::*;

use privacy_panel::system::text;

use crate::kit::announce;

/// How much of the window's width a toast needs besides its text, in pixels: margins, padding and
/// a button.
const FRAME: i32 = 144;

/// Seconds.
const TIMEOUT: u32 = 10;

/// Shows a sentence in the window of a widget, which may be the overlay itself.
pub(crate) fn show(widget: &impl IsA<gtk::Widget>, sentence: &str) {
    let Some(overlay) = overlay(widget) else {
        return;
    };
    // A toast's own title is one line, and would cut off the end of the sentence.
    let label = gtk::Label::builder()
        .label(text::composed(sentence))
        .wrap(true)
        .wrap_mode(gtk::pango::WrapMode::WordChar)
        .max_width_chars(width(&overlay))
        .xalign(0.0)
        .build();
    let toast = adw::Toast::builder()
        .custom_title(&label)
        .timeout(TIMEOUT)
        .build();
    overlay.add_toast(toast);
    announce::announce(&overlay, sentence);
}

/// The overlay around a widget. A task takes it along if its page may be closed before it ends.
pub(crate) fn overlay(widget: &impl IsA<gtk::Widget>) -> Option<adw::ToastOverlay> {
    widget
        .ancestor(adw::ToastOverlay::static_type())
        .and_downcast()
}

/// How many characters fit on a line of a toast. libadwaita gives the label its natural width, even
/// if the window is narrower.
fn width(overlay: &adw::ToastOverlay) -> i32 {
    let metrics = overlay.pango_context().metrics(None, None);
    let character = (metrics.approximate_char_width() / gtk::pango::SCALE).max(1);
    ((overlay.width() - FRAME) / character).clamp(8, 56)
}
