// SPDX-License-Identifier: GPL-3.0-or-later

//! Restarts an app that is open with an older setting: asks the user, asks the app to quit, and opens
//! it again. The app isn't killed, so it may stay open.

use std::time::Duration;

use adw::prelude::*;
use gtk::{gdk, gio, glib};

use privacy_panel::choices::status::ReaderStatus;
use privacy_panel::system::i18n::{gettext, gettext_f};

use crate::choices::control::{Control, Restart};
use crate::choices::texts;
use crate::kit::announce;
use crate::kit::dialogs;
use crate::kit::dialogs::Question;
use crate::kit::toast;

/// How long an app may take to quit. It may ask the user what to do with unsaved work.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks the user whether to restart an app, and does. `entry`: the ID of its desktop file.
pub(crate) fn ask(
    widget: &impl IsA<gtk::Widget>,
    control: &Control,
    reader: &ReaderStatus,
    entry: &str,
) {
    let name = reader.program_name();
    let heading = gettext_f(
        // Translators: {program} is an app, such as “Firefox”
        "Restart {program}?",
        &[("program", &name)],
    );
    let body = gettext_f(
        // Translators: {program} is an app that is closed and opened again
        "{program} closes all its windows and opens again. Save your work there first.",
        &[("program", &name)],
    );
    let question = Question {
        heading: &heading,
        body: &body,
        // Translators: a button of a question
        cancel: &gettext("Cancel"),
        // Translators: a button of a question: closes an app and opens it again
        confirm: &gettext("Restart"),
    };
    let overlay = toast::overlay(widget);
    let (control, reader, entry) = (control.clone(), reader.clone(), entry.to_owned());
    dialogs::confirm(widget, question, move || {
        restart(&control, &reader, &entry, overlay.as_ref());
    });
}

fn restart(
    control: &Control,
    reader: &ReaderStatus,
    entry: &str,
    overlay: Option<&adw::ToastOverlay>,
) {
    if control.restart(&reader.id) == Some(Restart::Closing) {
        return;
    }
    control.set_restart(&reader.id, Some(Restart::Closing));
    // Closing the window doesn't cancel it: the app would stay closed.
    let hold = gio::Application::default().map(|app| app.hold());
    let (control, reader, entry) = (control.clone(), reader.clone(), entry.to_owned());
    let overlay = overlay.cloned();
    glib::spawn_future_local(async move {
        let _hold = hold;
        let processes = reader.processes.clone();
        let quit = gio::spawn_blocking(move || {
            let mut processes = processes.iter();
            processes.all(|process| process.quit(PATIENCE).unwrap_or_default())
        });
        if !quit.await.unwrap_or_default() {
            control.set_restart(&reader.id, Some(Restart::StillOpen));
            if let Some(overlay) = overlay {
                announce::announce(&overlay, &texts::restart(&reader, Restart::StillOpen));
            }
            return;
        }
        let opened = open(&entry);
        control.set_restart(&reader.id, None);
        let name = ("program", &*reader.program_name());
        let said = if opened {
            // Translators: {program} is an app
            gettext_f("{program} was restarted.", &[name])
        } else {
            // Translators: {program} is an app
            gettext_f(
                "{program} could not be opened again. Open it yourself.",
                &[name],
            )
        };
        if let Some(overlay) = overlay {
            toast::show(&overlay, &said);
        }
    });
}

/// Opens an app as the desktop does.
fn open(entry: &str) -> bool {
    let mut apps = gio::AppInfo::all().into_iter();
    let app = apps.find(|app| app.id().is_some_and(|id| id == entry));
    let context = gdk::Display::default().map(|display| display.app_launch_context());
    app.is_some_and(|app| app.launch(&[], context.as_ref()).is_ok())
}
