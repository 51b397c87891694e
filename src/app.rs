// SPDX-License-Identifier: GPL-3.0-or-later

//! The program's own names: application, schema, package, database.

/// The ID of the application, its bus name, desktop file, icon and GSettings schema.
pub const APP_ID: &str = "net.launchpad.PrivacyPanel";

/// The path of the panel's own keys in the settings storage.
pub const SCHEMA_PATH: &str = "/net/launchpad/PrivacyPanel/";

/// The name of the source package, the data folders and the gettext domain.
pub const PACKAGE: &str = "privacy-panel";

/// The version of all programs of the package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The name of the policy database in a dconf profile.
///
/// dconf signals changes on an object path that ends in this name, and object paths have no
/// hyphens.
pub const DATABASE_NAME: &str = "privacy_panel";

/// The compiled database of the policy.
pub const DATABASE: &str = "/etc/dconf/db/privacy_panel";
