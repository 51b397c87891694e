// SPDX-License-Identifier: GPL-3.0-or-later

//! What the first page says besides the choices: warnings, the system's privacy policy, and reader
//! files with mistakes.

use std::cell::RefCell;

use adw::prelude::*;
use gtk::glib;

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::system::i18n::{gettext, ngettext_f};
use privacy_panel::system::text;

use crate::kit::markup;
use crate::kit::rows;
use crate::kit::uri;

/// A warning that stays.
pub(crate) fn warning(sentence: &str) -> adw::PreferencesGroup {
    let row = adw::ActionRow::builder()
        .title(markup::escape(sentence))
        .title_lines(0)
        .build();
    let icon = rows::decoration("dialog-warning-symbolic");
    icon.add_css_class("warning");
    row.add_prefix(&icon);
    group(&row)
}

/// A link to the privacy policy of the operating system, if `os-release` has one.
pub(crate) fn policy() -> Option<adw::PreferencesGroup> {
    let address = glib::os_info("PRIVACY_POLICY_URL").filter(|address| {
        matches!(
            glib::Uri::peek_scheme(address).as_deref(),
            Some("http" | "https")
        )
    })?;
    let system = glib::os_info("NAME").unwrap_or_default();
    let row = adw::ActionRow::builder()
        .title(gettext("Privacy Policy"))
        .subtitle(markup::escape(&system))
        .activatable(true)
        .tooltip_text(text::one_line(&address))
        .build();
    row.add_suffix(&rows::decoration("adw-external-link-symbolic"));
    row.connect_activated(move |row| {
        uri::open(
            row,
            &address,
            gettext("The privacy policy could not be opened. Install a web browser and try again."),
        );
    });
    Some(group(&row))
}

/// The reader files that were left out. The panel doesn't switch what they describe.
pub(crate) fn mistakes(catalogue: &Catalogue) -> Option<adw::PreferencesGroup> {
    let mistakes: Vec<_> = [catalogue.mistakes(), catalogue.lost()].concat();
    if mistakes.is_empty() {
        return None;
    }
    let expander = adw::ExpanderRow::builder()
        .title(ngettext_f(
            "{count} File Could Not Be Read",
            "{count} Files Could Not Be Read",
            mistakes.len(),
            &[("count", &mistakes.len().to_string())],
        ))
        .subtitle(gettext(
            "A program that only such a file describes does not follow this panel. Fix the file, or remove it.",
        ))
        .icon_name("dialog-warning-symbolic")
        .build();
    // There may be a thousand, so their rows are made when the user opens this one.
    let texts: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    let texts = RefCell::new(texts);
    expander.connect_expanded_notify(move |expander| {
        if expander.is_expanded() {
            for text in texts.take() {
                let row = adw::ActionRow::new();
                row.set_title(&markup::escape(&text));
                row.set_title_lines(0);
                row.set_title_selectable(true);
                expander.add_row(&row);
            }
        }
    });
    Some(group(&expander))
}

fn group(row: &impl IsA<gtk::Widget>) -> adw::PreferencesGroup {
    let group = adw::PreferencesGroup::new();
    group.add(row);
    group
}
