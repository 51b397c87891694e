// SPDX-License-Identifier: GPL-3.0-or-later

//! Every place where root writes for a choice: where a policy decides for programs, beside their own
//! settings, and which files of the computer the system service changes.
//!
//! The list is closed: a reader file chooses a place and a key from it, and can add neither. So no
//! reader file decides where root writes, or what.

pub(crate) mod dconf_key;
pub(crate) mod drop_in;
pub(crate) mod shared_file;
pub mod system_file;
pub(crate) mod xdg;

use crate::choices::place::Place;
use dconf_key::DconfKey;
use drop_in::{Content, Folders};
use shared_file::SharedFile;
use system_file::{Key, SystemFile, Value, Way};
use xdg::Xdg;

// To add a place, add a line here with its source. A new kind of place is also a file in `places/`
// that implements `Place`. Name only a file or folder from which programs take plain data: never
// one whose files are commands, unless `Content` restricts them to constants. Document the place in
// `docs/readers.md`.

const YES: Value = Value::Boolean(true);
const NO: Value = Value::Boolean(false);

/// The first lines of the panel's own files.
const HEAD: &str = "# Written by the Privacy panel for everyone on this computer.\n";

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
    // policy_paths.cc, kPolicyPath. brave/brave-core, app/brave_main_delegate.cc, PreSandboxStartup(),
    // DIR_POLICY_FILES. Edge's source is closed: its folder is only known from Microsoft's answers to
    // administrators, so no reader that comes with the panel uses it.
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
    // environment.d(5): a user's own file of a later name overrides the variable.
    (
        "environment",
        &Folders::preset("/etc/environment.d", Content::Environment),
    ),
    // GNOME/gtk, gtk/gtksettings.c, gtk_settings_init().
    ("gtk-3.0", &SharedFile::gtk("/etc/gtk-3.0/settings.ini")),
    ("gtk-4.0", &SharedFile::gtk("/etc/gtk-4.0/settings.ini")),
    // popularity-contest 1.76, /etc/cron.daily/popularity-contest: files whose names end in ".conf",
    // each a shell script. The package doesn't ship the folder. `run-parts --list --regex '\.conf$'`
    // sorts by bytes.
    (
        "popularity-contest",
        &SystemFile {
            file: "/etc/popularity-contest.d/zz-privacy-panel.conf",
            format: Some("shell"),
            head: Some(HEAD),
            reads: &[
                "/etc/popularity-contest.conf",
                "/etc/popularity-contest.d/*.conf",
            ],
            makes_folder: true,
            keys: &[Key {
                parts: &["PARTICIPATE"],
                values: &[Value::Text("yes"), Value::Text("no")],
                unset: None,
            }],
            policy: Way::DropIn(Folders::lock(
                "/etc/popularity-contest.d",
                Content::Participation,
            )),
        },
    ),
    // base-files of Ubuntu, /etc/update-motd.d/50-motd-news.
    (
        "motd-news",
        &SystemFile {
            file: "/etc/default/motd-news",
            format: Some("shell"),
            head: None,
            reads: &["/etc/default/motd-news"],
            makes_folder: false,
            keys: &[Key {
                parts: &["ENABLED"],
                values: &[Value::Text("1"), Value::Text("0")],
                unset: Some(Value::Text("0")),
            }],
            policy: Way::ValuesOfProgram,
        },
    ),
    // fwupd/fwupd, src/fu-remote.c, fu_remote_load_from_filename().
    (
        "fwupd",
        &SystemFile {
            file: "/etc/fwupd/remotes.d/lvfs.conf",
            format: Some("gkeyfile"),
            head: None,
            reads: &["/etc/fwupd/remotes.d/lvfs.conf"],
            makes_folder: false,
            keys: &[
                Key {
                    parts: &["fwupd Remote", "AutomaticReports"],
                    values: &[YES, NO],
                    unset: Some(NO),
                },
                Key {
                    parts: &["fwupd Remote", "AutomaticSecurityReports"],
                    values: &[YES, NO],
                    unset: Some(NO),
                },
            ],
            policy: Way::ValuesOfProgram,
        },
    ),
    // rpm-software-management/dnf5, dnf5.conf(5): files in the order of their names. The group is a
    // pattern for the names of repositories.
    (
        "dnf",
        &SystemFile {
            file: "/etc/dnf/repos.override.d/99-privacy-panel.repo",
            format: Some("gkeyfile"),
            head: Some(HEAD),
            reads: &["/etc/dnf/repos.override.d/*.repo"],
            makes_folder: false,
            keys: &[Key {
                parts: &["*", "countme"],
                values: &[Value::Integer(0)],
                unset: None,
            }],
            policy: Way::DropIn(Folders::lock(
                "/etc/dnf/repos.override.d",
                Content::Repositories,
            )),
        },
    ),
    // netdata/netdata, src/daemon/analytics.c.
    (
        "netdata",
        &SystemFile {
            file: "/etc/netdata/.opt-out-from-anonymous-statistics",
            format: None,
            head: Some(""),
            reads: &["/etc/netdata/.opt-out-from-anonymous-statistics"],
            makes_folder: false,
            keys: &[],
            policy: Way::Mark,
        },
    ),
    // abrt/abrt 1ae85385, src/plugins/abrt-action-notify; src/lib/abrt_conf.c,
    // abrt_load_abrt_conf_file(): the only file.
    (
        "abrt",
        &SystemFile {
            file: "/etc/abrt/abrt.conf",
            format: Some("libreport"),
            head: None,
            reads: &["/etc/abrt/abrt.conf"],
            makes_folder: false,
            keys: &[Key {
                parts: &["AutoreportingEnabled"],
                values: &[Value::Text("yes"), Value::Text("no")],
                unset: None,
            }],
            policy: Way::Values,
        },
    ),
];
