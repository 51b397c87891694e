// SPDX-License-Identifier: GPL-3.0-or-later

//! The page of apps that could not be turned off with everything else, and what to do about each.

use adw::prelude::*;

use privacy_panel::choices::change::Report;
use privacy_panel::choices::choice::Choice;
use privacy_panel::choices::words;
use privacy_panel::system::i18n::gettext;

use crate::actions;
use crate::kit::buttons;
use crate::kit::markup;
use crate::kit::pages;
use crate::kit::rows;
use crate::kit::subpage::Subpage;

/// A choice, and the sentences about its apps that could not be turned off.
#[derive(Clone, Debug)]
pub(crate) struct Left {
    choice: &'static Choice,
    apps: Vec<(String, String)>,
}

impl Left {
    /// `None`: all is off.
    pub(crate) fn of(report: &Report) -> Option<Self> {
        let apps = report.named_failures();
        let apps: Vec<_> = apps
            .map(|(name, failure)| {
                let sentence = words::failure(&name, failure);
                (name, sentence)
            })
            .collect();
        (!apps.is_empty()).then_some(Self {
            choice: report.status.choice,
            apps,
        })
    }
}

/// The page, with a group for each choice.
pub(crate) fn new(left: &[Left]) -> Subpage {
    let page = adw::PreferencesPage::new();
    for choice in left {
        let group = adw::PreferencesGroup::builder()
            .title(markup::escape(&choice.choice.title()))
            .build();
        for (name, sentence) in &choice.apps {
            let row = rows::described(name, sentence);
            row.set_focusable(true);
            group.add(&row);
        }
        page.add(&group);
    }
    let again = adw::PreferencesGroup::new();
    again.add(&again_button());
    page.add(&again);
    // Translators: heading of a list of apps that could not be turned off
    Subpage::new(&gettext("Not Turned Off"), &page)
}

/// Tries again, which the first page shows.
fn again_button() -> gtk::Button {
    // Translators: button: tries a change again that has failed, or asks an app again
    let button = buttons::text(&gettext("_Try Again"));
    button.set_halign(gtk::Align::Center);
    button.add_css_class("pill");
    button.connect_clicked(|button| {
        // The application has it as long as it runs.
        let _ = button.activate_action(actions::TURN_EVERYTHING_OFF, None);
        pages::close(button);
    });
    button
}
