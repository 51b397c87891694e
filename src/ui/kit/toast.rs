// SPDX-License-Identifier: GPL-3.0-or-later

//! Sentences that appear for a moment at the bottom of the window, and that screen readers say.

use std::cell::RefCell;

use adw::prelude::*;
use gtk::glib;

use privacy_panel::system::text;

use crate::kit::announce;
use crate::kit::markup;

/// How much of the window's width a toast needs besides its text, in pixels: margins, padding and
/// a button.
const FRAME: i32 = 144;

/// The first version of libadwaita that announces toasts: GNOME/libadwaita, `announce_toast` in
/// `src/adw-toast-overlay.c`. It reads the plain title when the toast appears.
const ANNOUNCES: (u32, u32) = (1, 6);

/// Seconds.
const TIMEOUT: u32 = 10;

thread_local! {
    /// The last toast.
    static LAST: RefCell<glib::WeakRef<adw::Toast>> = RefCell::default();
}

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
        .title(markup::escape(sentence))
        .timeout(TIMEOUT)
        .build();
    // A newer result replaces an older one.
    if let Some(last) = LAST.with_borrow(glib::WeakRef::upgrade) {
        last.dismiss();
    }
    LAST.with_borrow(|last| last.set(Some(&toast)));
    overlay.add_toast(toast.clone());
    toast.set_custom_title(Some(&label));
    if (adw::major_version(), adw::minor_version()) < ANNOUNCES {
        announce::announce(&overlay, sentence);
    }
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
