// SPDX-License-Identifier: GPL-3.0-or-later

//! The settings for how long each list keeps its entries, in their order of precedence.
//!
//! A setting is written as the table of a store in a reader file, so that the same code reads, writes
//! and watches it. The value for on stands for the wanted duration.

use super::{List, Unit};

/// A setting of a list.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) list: List,
    /// The reader of the list itself that programs obey in the same sessions.
    pub(super) reader: &'static str,
    pub(super) unit: Unit,
    /// The number that applies without a stored value. `None`: the next setting applies.
    pub(super) missing: Option<i32>,
    /// The table of the store. `{on}` and `{off}` stand for its values.
    pub(super) table: &'static str,
}

/// The default of GTK's setting; GNOME/gtk, gtk/gtksettings.c, `gtk-recent-files-max-age`.
const GTK_DAYS: i32 = 30;

/// Everything is kept; KDE/kactivitymanagerd, src/service/plugins/sqlite/StatsPlugin.cpp,
/// `deleteOldEvents()`. From Plasma 6.5 on, the default is 4 months (45ff7f7c). This constant is
/// the older default, so that the panel never promises an earlier removal.
const KDE_MONTHS: i32 = 0;

/// The table of a GSettings key of a desktop's settings daemon.
macro_rules! daemon_key {
    ($organisation:literal) => {
        concat!(
            "[gsettings]\n",
            "schema = \"org.",
            $organisation,
            ".desktop.privacy\"\n",
            "path = \"/org/",
            $organisation,
            "/desktop/privacy/\"\n",
            "key = \"recent-files-max-age\"\n",
            "on = \"{on}\"\n",
            "off = \"{off}\"\n",
        )
    };
}

pub(super) const PLACES: &[Place] = &[
    // GNOME/gnome-settings-daemon b38441bc, plugins/xsettings/gsd-xsettings-manager.c, and GNOME/gtk,
    // gdk/wayland, translations[]: GTK's setting is this key.
    Place {
        list: List::RecentFiles,
        reader: "gtk-recent-files",
        unit: Unit::Days,
        missing: None,
        table: daemon_key!("gnome"),
    },
    // linuxmint/cinnamon-settings-daemon fce611d2, plugins/xsettings/csd-xsettings-manager.c.
    Place {
        list: List::RecentFiles,
        reader: "gtk-recent-files-cinnamon",
        unit: Unit::Days,
        missing: None,
        table: daemon_key!("cinnamon"),
    },
    // xfce4-settings f75d9379, xfsettingsd/xsettings.c, xfce_xsettings_helper_prop_valid(): every
    // property /Gtk/... is the XSETTING of that name.
    Place {
        list: List::RecentFiles,
        reader: "gtk-recent-files-xfce",
        unit: Unit::Days,
        missing: None,
        table: r#"
            [dbus-call]
            bus = "session"
            name = "org.xfce.Xfconf"
            path = "/org/xfce/Xfconf"
            interface = "org.xfce.Xfconf"
            get = "GetProperty"
            set = "SetProperty"
            reset = "ResetProperty"
            reset-with = "false"
            is-locked = "IsPropertyLocked"
            arguments = ["xsettings", "/Gtk/RecentFilesMaxAge"]
            no-value = "org.xfce.Xfconf.Error.PropertyNotFound"
            missing = "off"
            on = "{on}"
            off = "{off}"
            signals = ["PropertyChanged", "PropertyRemoved"]
        "#,
    },
    // GNOME/gtk, gtk/gtksettings.c: gtk_settings_init() reads these files when a program starts.
    Place {
        list: List::RecentFiles,
        reader: "gtk-recent-files-settings",
        unit: Unit::Days,
        missing: Some(GTK_DAYS),
        table: r#"
            [file]
            format = "gkeyfile"
            files = ["gtk-3.0/settings.ini", "gtk-4.0/settings.ini"]
            layers = ["config-dirs", "/etc", "/usr/share"]
            key = ["Settings", "gtk-recent-files-max-age"]
            on = {on}
            off = {off}
            missing = "off"
        "#,
    },
    // The same file as in the reader: the service deletes older events when it starts, when the file
    // changes, and twice a day.
    Place {
        list: List::KdeActivities,
        reader: "kde-activities",
        unit: Unit::Months,
        missing: Some(KDE_MONTHS),
        table: r#"
            [file]
            format = "kconfig"
            files = ["kactivitymanagerd-pluginsrc"]
            layers = ["config-dirs"]
            key = ["Plugin-org.kde.ActivityManager.Resources.Scoring", "keep-history-for"]
            on = {on}
            off = {off}
            missing = "off"
        "#,
    },
];
