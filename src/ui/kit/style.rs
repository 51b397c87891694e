// SPDX-License-Identifier: GPL-3.0-or-later

//! The panel's style sheets, which only raise contrasts.

use gtk::gdk;

/// Loads the style sheets, and follows the user's setting for high contrast.
pub(crate) fn load() {
    let Some(display) = gdk::Display::default() else {
        return;
    };
    let sheet = |text| {
        let provider = gtk::CssProvider::new();
        provider.load_from_data(text);
        provider
    };
    let priority = gtk::STYLE_PROVIDER_PRIORITY_APPLICATION;
    let controls = sheet(include_str!("../style.css"));
    gtk::style_context_add_provider_for_display(&display, &controls, priority);
    let texts = sheet(include_str!("../texts.css"));
    let apply = move |manager: &adw::StyleManager| {
        if manager.is_high_contrast() {
            gtk::style_context_remove_provider_for_display(&display, &texts);
        } else {
            gtk::style_context_add_provider_for_display(&display, &texts, priority);
        }
    };
    let manager = adw::StyleManager::default();
    apply(&manager);
    manager.connect_high_contrast_notify(apply);
}
