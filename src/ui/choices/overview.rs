// SPDX-License-Identifier: GPL-3.0-or-later

//! The first page's summary of all choices: what may still be sent or recorded, the button that
//! turns it off, and the organisation that manages the choices.

use adw::prelude::*;

use privacy_panel::choices::choice;
use privacy_panel::choices::overview;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::words;
use privacy_panel::system::i18n::{gettext, gettext_f, ngettext_f};

use crate::actions;
use crate::choices::texts;
use crate::kit::announce;
use crate::kit::focus;
use crate::kit::late_spinner::LateSpinner;
use crate::kit::markup;
use crate::kit::row_layout;
use crate::kit::rows;

#[derive(Debug)]
pub(crate) struct Overview {
    status: adw::PreferencesGroup,
    row: adw::ActionRow,
    icon: gtk::Image,
    button: gtk::Button,
    spinner: LateSpinner,
    managed: adw::PreferencesGroup,
    organisation: adw::ActionRow,
    link: gtk::Image,
}

impl Overview {
    pub(crate) fn new() -> Self {
        let row = rows::plain(&texts::waiting(), "");
        row.set_focusable(true);
        let icon = rows::decoration("");
        icon.set_icon_size(gtk::IconSize::Large);
        row.add_prefix(&icon);
        let spinner = LateSpinner::new();
        spinner.add_to(&row);
        row_layout::lay_out(&row);
        let button = turn_off_button();
        let status = adw::PreferencesGroup::new();
        status.add(&row);
        status.add(&button);

        let organisation = rows::plain("", "");
        organisation.add_prefix(&rows::decoration("system-lock-screen-symbolic"));
        let link = rows::decoration("adw-external-link-symbolic");
        organisation.add_suffix(&link);
        row_layout::lay_out(&organisation);
        let managed = adw::PreferencesGroup::builder().visible(false).build();
        managed.add(&organisation);
        Self {
            status,
            row,
            icon,
            button,
            spinner,
            managed,
            organisation,
            link,
        }
    }

    pub(crate) fn add_to(&self, page: &adw::PreferencesPage) {
        page.add(&self.status);
        page.add(&self.managed);
    }

    /// Shows what was read until now. `is_turning_off`: whether everything is being turned off.
    pub(crate) fn show(&self, statuses: &[ChoiceStatus], is_turning_off: bool) {
        let statuses: Vec<_> = statuses.iter().collect();
        let is_on = statuses
            .iter()
            .any(|status| overview::may_send(status) || overview::is_finishing(status));
        let can_help = statuses
            .iter()
            .any(|status| status.state.may_send() && !status.locked);
        // The page calls nothing off before all choices are read.
        let is_known = statuses.len() == choice::ALL.len();
        let (title, details) = if is_turning_off {
            // Translators: while all choices are being turned off
            (gettext("Turning everything off…"), String::new())
        } else if is_on || is_known {
            (overview::headline(&statuses), overview::still_on(&statuses))
        } else {
            (texts::waiting(), String::new())
        };
        let icon = if is_on {
            "dialog-warning-symbolic"
        } else {
            "security-high-symbolic"
        };
        self.icon.set_icon_name(Some(icon));
        self.icon.set_visible(is_on || is_known);
        for (class, wanted) in [("warning", is_on), ("success", !is_on)] {
            if wanted {
                self.icon.add_css_class(class);
            } else {
                self.icon.remove_css_class(class);
            }
        }
        self.spinner.show(is_turning_off);
        self.row.set_title(&markup::escape(&title));
        self.row.set_subtitle(&markup::escape(&details));
        announce::describe(&self.row, &details);
        if !can_help || is_turning_off {
            focus::leave(&self.button, Some(self.row.upcast_ref()));
        }
        self.button.set_visible(can_help && !is_turning_off);
        self.show_organisation(&statuses);
    }

    fn show_organisation(&self, statuses: &[&ChoiceStatus]) {
        let managed = overview::managed(statuses);
        self.managed.set_visible(managed.is_some());
        let Some((organisation, count)) = managed else {
            return;
        };
        self.organisation.set_title(&markup::escape(&ngettext_f(
            // Translators: {organisation} is a name; {count} is how many choices it has set or locked
            "{organisation} manages {count} of these choices",
            "{organisation} manages {count} of these choices",
            count,
            &[
                ("organisation", &organisation.name),
                ("count", &count.to_string()),
            ],
        )));
        let contact = organisation.contact.as_deref();
        let address = contact.map(words::contact_address);
        let said = address.map_or_else(String::new, |address| {
            gettext_f(
                // Translators: {address} is the web or mail address of an organisation
                "Contact: {address}",
                &[("address", address)],
            )
        });
        self.organisation.set_subtitle(&markup::escape(&said));
        announce::describe(&self.organisation, &said);
        self.organisation.set_activatable(contact.is_some());
        self.link.set_visible(contact.is_some());
        if let Some(contact) = contact {
            self.organisation
                .set_action_target_value(Some(&contact.to_variant()));
            // The action requires a target, so its name is set after it.
            self.organisation.set_action_name(Some(actions::CONTACT));
        } else {
            self.organisation.set_action_name(None);
        }
    }
}

fn turn_off_button() -> gtk::Button {
    // Translators: button: turns all choices off
    let label = gtk::Label::with_mnemonic(&gettext("_Turn Everything Off"));
    label.set_wrap(true);
    label.set_justify(gtk::Justification::Center);
    let button = gtk::Button::builder()
        .child(&label)
        .action_name(actions::TURN_EVERYTHING_OFF)
        .halign(gtk::Align::Center)
        .margin_top(12)
        .visible(false)
        .css_classes(["pill", "suggested-action"])
        .build();
    label.set_mnemonic_widget(Some(&button));
    button
}
