// SPDX-License-Identifier: GPL-3.0-or-later

//! Opening addresses in other programs.

use adw::prelude::*;
use gtk::glib;

use privacy_panel::app::PACKAGE;
use privacy_panel::system::text;

use crate::kit::toast;

/// Opens an address in the user's program for it. If that fails, a toast shows `failure`.
pub(crate) fn open(widget: &impl IsA<gtk::Widget>, address: &str, failure: String) {
    open_first(widget, &[address], failure);
}

/// Opens the first of some addresses for which the user has a program that starts. If there is none, a
/// toast shows `failure`.
pub(crate) fn open_first(widget: &impl IsA<gtk::Widget>, addresses: &[&str], failure: String) {
    let window = widget.root().and_downcast::<gtk::Window>();
    let overlay = toast::overlay(widget);
    let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    glib::spawn_future_local(async move {
        for address in addresses {
            let opened =
                gtk::show_uri_full_future(window.as_ref(), &address, gtk::gdk::CURRENT_TIME).await;
            let Err(error) = opened else { return };
            let address = text::one_line(&address);
            glib::g_warning!(PACKAGE, "{address}: {error}");
        }
        if let Some(overlay) = overlay {
            toast::show(&overlay, &failure);
        }
    });
}
