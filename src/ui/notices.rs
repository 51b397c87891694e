// SPDX-License-Identifier: GPL-3.0-or-later

//! What the first page says besides the choices: warnings, the system's privacy policy, and reader
//! files with mistakes.

use std::env;

use adw::prelude::*;
use gtk::glib;

use privacy_panel::app::{PACKAGE, VERSION};
use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::{desktop, words};
use privacy_panel::formats::mistake::Mistake;
use privacy_panel::system::i18n::{gettext, gettext_f, ngettext_f};
use privacy_panel::system::settings::fault::StorageFault;
use privacy_panel::system::text;

use crate::actions;
use crate::kit::buttons;
use crate::kit::markup;
use crate::kit::rows;
use crate::kit::uri;

/// Debian’s package with the storage of settings.
const STORAGE_PACKAGE: &str = "dconf-gsettings-backend";

/// A warning that stays.
pub(crate) fn warning(sentence: &str) -> adw::ActionRow {
    let row = adw::ActionRow::builder()
        .title(markup::escape(sentence))
        .title_lines(0)
        .build();
    let icon = rows::decoration("dialog-warning-symbolic");
    icon.add_css_class("warning");
    row.add_prefix(&icon);
    row
}

/// Why settings cannot be saved, with what helps.
pub(crate) fn storage(fault: &StorageFault) -> adw::ActionRow {
    let row = warning(&words::storage(fault));
    if *fault == StorageFault::MemoryOnly {
        let copy = buttons::copy(
            // Translators: button: copies the name of the package to install
            &gettext("Copy Package Name"),
            STORAGE_PACKAGE,
            // Translators: {package} is the name of a package
            gettext_f(
                "The name “{package}” was copied.",
                &[("package", STORAGE_PACKAGE)],
            ),
        );
        buttons::flatten(&copy);
        row.add_suffix(&copy);
    }
    row
}

/// Whether settings are lost when this process ends.
pub(crate) const fn is_memory(fault: &StorageFault) -> bool {
    matches!(
        fault,
        StorageFault::MemoryOnly | StorageFault::MemoryBackend(_)
    )
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

/// The user's own reader files that were left out. The panel doesn't switch what they describe. Files
/// of packages and of the administrator are only in About, like all details: the user can't fix them.
pub(crate) fn mistakes(catalogue: &Catalogue) -> Option<adw::PreferencesGroup> {
    let own = [glib::user_config_dir(), glib::user_data_dir()];
    let is_own = |mistake: &&Mistake| own.iter().any(|folder| mistake.file.starts_with(folder));
    let count = all(catalogue).filter(is_own).count();
    if count == 0 {
        return None;
    }
    let row = rows::described(
        &ngettext_f(
            "{count} File Could Not Be Read",
            "{count} Files Could Not Be Read",
            count,
            &[("count", &count.to_string())],
        ),
        &gettext(
            // Translators: “About” is an entry of the menu, “Troubleshooting” one of libadwaita’s window
            "An app that only such a file describes doesn’t follow this panel. Under About, Troubleshooting says what to fix.",
        ),
    );
    row.set_action_name(Some(actions::ABOUT));
    row.set_activatable(true);
    let icon = rows::decoration("dialog-warning-symbolic");
    icon.add_css_class("warning");
    row.add_prefix(&icon);
    row.add_suffix(&rows::decoration("go-next-symbolic"));
    Some(group(&row))
}

/// What bug reports need: the version, and every file that was left out. In English.
pub(crate) fn debug_info(catalogue: Option<&Catalogue>) -> String {
    let mut lines = vec![
        format!("{PACKAGE} {VERSION}"),
        format!(
            "GTK {}.{}.{}, libadwaita {}.{}.{}",
            gtk::major_version(),
            gtk::minor_version(),
            gtk::micro_version(),
            adw::major_version(),
            adw::minor_version(),
            adw::micro_version()
        ),
    ];
    if let Some(desktop) = env::var_os(desktop::VARIABLE) {
        lines.push(format!(
            "{}={}",
            desktop::VARIABLE,
            desktop.to_string_lossy()
        ));
    }
    if let Some(catalogue) = catalogue {
        lines.push(format!("Readers: {}", catalogue.readers().len()));
        lines.extend(all(catalogue).map(ToString::to_string));
    }
    lines.join("\n")
}

fn all(catalogue: &Catalogue) -> impl Iterator<Item = &Mistake> {
    catalogue.mistakes().iter().chain(catalogue.lost())
}

fn group(row: &impl IsA<gtk::Widget>) -> adw::PreferencesGroup {
    let group = adw::PreferencesGroup::new();
    group.add(row);
    group
}
