// SPDX-License-Identifier: GPL-3.0-or-later

//! Every name of the program's own: application, schema, package.

/// The application, its bus name, its desktop file, its icon and its GSettings schema.
pub const APP_ID: &str = "net.launchpad.PrivacyPanel";

/// Where the panel's own keys are in the settings storage.
pub const SCHEMA_PATH: &str = "/net/launchpad/PrivacyPanel/";

/// The source package, the data folders and the gettext domain.
pub const PACKAGE: &str = "privacy-panel";

/// The version of the program and of everything that comes with it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The name of the database that a policy is compiled into, as a profile has it.
///
/// dconf tells running programs of a change by a signal whose object path ends in this name, and an
/// object path has no hyphens.
pub const DATABASE_NAME: &str = "privacy_panel";

/// The database that a policy is compiled into.
pub const DATABASE: &str = "/etc/dconf/db/privacy_panel";
