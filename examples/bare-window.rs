// SPDX-License-Identifier: GPL-3.0-or-later

//! `scripts/bench` measures the panel against this program: a libadwaita window with as many rows and
//! switches as the first page of the panel, and no function behind them.

use adw::prelude::*;
use privacy_panel::choices::choice;

/// How many rows of the first page have no switch.
const OTHER_ROWS: usize = 4;

fn main() -> gtk::glib::ExitCode {
    let app = adw::Application::builder()
        .application_id("net.launchpad.PrivacyPanel.BareWindow")
        .build();
    app.connect_activate(|app| {
        let page = adw::PreferencesPage::new();
        for choice in choice::ALL {
            let group = adw::PreferencesGroup::builder()
                .title(choice.act.title())
                .build();
            let switch = gtk::Switch::builder().valign(gtk::Align::Center).build();
            let row = adw::ActionRow::builder()
                .title(choice.title())
                .subtitle(choice.description())
                .activatable_widget(&switch)
                .build();
            row.add_suffix(&switch);
            group.add(&row);
            page.add(&group);
        }
        // What is still sent; the reports; the exceptions, and what clears the history.
        let others = adw::PreferencesGroup::new();
        for choice in choice::ALL.iter().take(OTHER_ROWS) {
            let row = adw::ActionRow::builder()
                .title(choice.title())
                .subtitle(choice.description())
                .build();
            others.add(&row);
        }
        page.add(&others);
        let content = gtk::Box::new(gtk::Orientation::Vertical, 0);
        content.append(&adw::HeaderBar::new());
        page.set_vexpand(true);
        content.append(&page);
        adw::ApplicationWindow::builder()
            .application(app)
            .title("Bare Window")
            .default_width(640)
            .default_height(560)
            .content(&content)
            .build()
            .present();
    });
    app.run()
}
