// SPDX-License-Identifier: GPL-3.0-or-later

//! Every place where a policy decides for programs, beside their own settings.

pub(crate) mod dconf_key;
pub(crate) mod drop_in;
pub(crate) mod shared_file;
pub(crate) mod xdg;

use crate::choices::place::Place;
use dconf_key::DconfKey;
use drop_in::{Content, Folders};
use shared_file::SharedFile;
use xdg::Xdg;

// To add a place, add a line here with its source. A new kind of place is also a file in `places/`
// that implements `Place`. Name only a file or folder from which programs take plain data: never
// one whose files are commands, unless `Content` restricts them to constants. Document the place in
// `docs/readers.md`.

/// The places by their names in reader files.
pub(crate) const PLACES: &[(&str, &dyn Place)] = &[
    ("dconf", &DconfKey),
    // KDE/kconfig: XDG_CONFIG_DIRS, of which /etc/xdg is the last.
    ("kconfig", &Xdg),
    // Debian's firefox-esr: /usr/lib/firefox-esr/browser/defaults/syspref is a link to the folder.
    (
        "firefox-esr",
        &Folders::both("/etc/firefox-esr", Content::Preferences),
    ),
    // Debian's thunderbird: /usr/lib/thunderbird/defaults/syspref.
    (
        "thunderbird",
        &Folders::both("/etc/thunderbird/pref", Content::Preferences),
    ),
    // mozilla/gecko-dev, toolkit/components/enterprisepolicies/EnterprisePoliciesParent.sys.mjs,
    // _getLocalConfigurationFile(); SysConfD of Debian's packages.
    (
        "firefox-policies",
        &SharedFile::mozilla("/etc/firefox/policies/policies.json"),
    ),
    (
        "thunderbird-policies",
        &SharedFile::mozilla("/etc/thunderbird/policies/policies.json"),
    ),
    // chromium/chromium 8e6b0fd4, chrome/common/chrome_paths.cc and components/policy/core/common/
    // policy_paths.cc, kPolicyPath.
    (
        "chromium",
        &Folders::policies(
            "/etc/chromium/policies/managed",
            "/etc/chromium/policies/recommended",
        ),
    ),
    (
        "chrome",
        &Folders::policies(
            "/etc/opt/chrome/policies/managed",
            "/etc/opt/chrome/policies/recommended",
        ),
    ),
    (
        "brave",
        &Folders::policies(
            "/etc/brave/policies/managed",
            "/etc/brave/policies/recommended",
        ),
    ),
    (
        "edge",
        &Folders::policies(
            "/etc/opt/edge/policies/managed",
            "/etc/opt/edge/policies/recommended",
        ),
    ),
    // microsoft/vscode 0af4de3e, src/vs/platform/policy/common/filePolicyService.ts.
    ("vscode", &SharedFile::json("/etc/vscode/policy.json")),
    // popularity-contest 1.76, /etc/cron.daily/popularity-contest: files whose names end in ".conf",
    // in the order of their names, each a shell script.
    (
        "popularity-contest",
        &Folders::lock("/etc/popularity-contest.d", Content::Participation),
    ),
    // rpm-software-management/dnf5, dnf5.conf(5): files in the order of their names.
    (
        "dnf",
        &Folders::lock("/etc/dnf/repos.override.d", Content::Repositories),
    ),
    // environment.d(5): a user's own file of a later name overrides the variable.
    (
        "environment",
        &Folders::preset("/etc/environment.d", Content::Environment),
    ),
    // GNOME/gtk, gtk/gtksettings.c, gtk_settings_init().
    ("gtk-3.0", &SharedFile::gtk("/etc/gtk-3.0/settings.ini")),
    ("gtk-4.0", &SharedFile::gtk("/etc/gtk-4.0/settings.ini")),
];
