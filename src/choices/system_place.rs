// SPDX-License-Identifier: GPL-3.0-or-later

//! The files of the computer that keep a setting for all its users, and that root may change for a
//! choice.
//!
//! The list is closed: a reader file chooses a place and a key from it, and can add neither. So no
//! reader file decides where root writes, or what. A place is never one whose content a program runs:
//! no hook, no unit, no rule. Two files here are read by a shell script, so their values are
//! constants.

use crate::formats::FORMATS;
use crate::formats::format::{Format, Scalar};

/// A file that root may change.
#[derive(Debug)]
pub struct Place {
    /// The absolute file name.
    pub file: &'static str,
    /// The format's name in [`FORMATS`]. `None`: programs only check whether the file exists.
    format: Option<&'static str>,
    /// What comes first in a new file, if the file is the panel's own. Such a file is removed with
    /// its last value. `None`: the file belongs to another program, and only values in it change.
    head: Option<&'static str>,
    /// The files that programs read, in their order. A `*` in the last part stands for all files with
    /// this ending. The last value counts.
    pub reads: &'static [&'static str],
    /// Whether to create the file's folder, which its program doesn't ship.
    pub makes_folder: bool,
    /// The keys that may change.
    keys: &'static [Key],
}

/// A key, and the values that may be set.
#[derive(Debug)]
struct Key {
    parts: &'static [&'static str],
    values: &'static [Value],
}

/// A value that may be set.
#[derive(Debug)]
enum Value {
    Boolean(bool),
    Integer(i64),
    Text(&'static str),
}

const YES: Value = Value::Boolean(true);
const NO: Value = Value::Boolean(false);

/// The first lines of the panel's own files.
const HEAD: &str = "# Written by the Privacy panel for everyone on this computer.\n";

/// The places. To add one, check in the program's source that the file can only set values.
pub const PLACES: &[Place] = &[
    // The package doesn't ship the folder. `run-parts --list --regex '\.conf$'` sorts by bytes.
    Place {
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
        }],
    },
    Place {
        file: "/etc/default/motd-news",
        format: Some("shell"),
        head: None,
        reads: &["/etc/default/motd-news"],
        makes_folder: false,
        keys: &[Key {
            parts: &["ENABLED"],
            values: &[Value::Text("1"), Value::Text("0")],
        }],
    },
    Place {
        file: "/etc/fwupd/remotes.d/lvfs.conf",
        format: Some("gkeyfile"),
        head: None,
        reads: &["/etc/fwupd/remotes.d/lvfs.conf"],
        makes_folder: false,
        keys: &[
            Key {
                parts: &["fwupd Remote", "AutomaticReports"],
                values: &[YES, NO],
            },
            Key {
                parts: &["fwupd Remote", "AutomaticSecurityReports"],
                values: &[YES, NO],
            },
        ],
    },
    // The group is a pattern for the names of repositories.
    Place {
        file: "/etc/dnf/repos.override.d/99-privacy-panel.repo",
        format: Some("gkeyfile"),
        head: Some(HEAD),
        reads: &["/etc/dnf/repos.override.d/*.repo"],
        makes_folder: false,
        keys: &[Key {
            parts: &["*", "countme"],
            values: &[Value::Integer(0)],
        }],
    },
    Place {
        file: "/etc/netdata/.opt-out-from-anonymous-statistics",
        format: None,
        head: Some(""),
        reads: &["/etc/netdata/.opt-out-from-anonymous-statistics"],
        makes_folder: false,
        keys: &[],
    },
];

impl Place {
    /// The place of a file.
    pub fn find(file: &str) -> Option<&'static Self> {
        PLACES.iter().find(|place| place.file == file)
    }

    /// The format. `None`: programs only check whether the file exists.
    pub fn format(&self) -> Option<&'static dyn Format> {
        let name = self.format?;
        let mut formats = FORMATS.iter();
        let found = formats.find(|(other, _)| *other == name);
        found.map(|(_, format)| *format)
    }

    /// Whether only the file's existence matters.
    pub const fn is_mark(&self) -> bool {
        self.format.is_none()
    }

    /// What comes first in a new file. `None`: the file belongs to another program.
    pub const fn head(&self) -> Option<&'static str> {
        self.head
    }

    /// Whether a key may change.
    pub fn has_key(&self, parts: &[String]) -> bool {
        self.key(parts).is_some()
    }

    /// Whether a key may be set to this value.
    pub fn allows(&self, parts: &[String], value: &Scalar) -> bool {
        let values = self.key(parts).map_or(&[][..], |key| key.values);
        values.iter().any(|allowed| match (allowed, value) {
            (Value::Boolean(allowed), Scalar::Boolean(value)) => allowed == value,
            (Value::Integer(allowed), Scalar::Integer(value)) => allowed == value,
            (Value::Text(allowed), Scalar::Text(value)) => allowed == value,
            _ => false,
        })
    }

    fn key(&self, parts: &[String]) -> Option<&Key> {
        self.keys.iter().find(|key| key.parts == parts)
    }
}

/// A change of one of the computer's files.
#[derive(Clone, Debug)]
pub struct SystemEdit {
    /// The file.
    pub place: &'static Place,
    /// The names of the groups and of the value. Empty if only the file's existence matters.
    pub key: Vec<String>,
    /// The value to set. `None`: remove the value, or the file of which only the existence matters.
    pub value: Option<Scalar>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Folders from which programs run what they find, or in which files decide who may do what.
    const NEVER: &[&str] = &[
        "/etc/apt",
        "/etc/cron",
        "/etc/dbus-1",
        "/etc/environment",
        "/etc/init.d",
        "/etc/ld.so",
        "/etc/pam",
        "/etc/polkit-1",
        "/etc/profile",
        "/etc/security",
        "/etc/shadow",
        "/etc/ssh",
        "/etc/sudoers",
        "/etc/systemd",
        "/etc/udev",
        "/etc/update-motd.d",
        "/etc/xdg/autostart",
    ];

    #[test]
    fn no_place_is_in_a_folder_whose_files_are_run() {
        for place in PLACES {
            for file in place.reads.iter().chain([&place.file]) {
                assert!(file.starts_with("/etc/"), "{file}");
                assert!(!file.contains("/../") && !file.ends_with('/'), "{file}");
                assert!(!NEVER.iter().any(|never| file.starts_with(never)), "{file}");
            }
        }
    }

    #[test]
    fn a_value_in_a_file_that_a_shell_reads_is_a_plain_word() {
        for place in PLACES.iter().filter(|place| place.format == Some("shell")) {
            for value in place.keys.iter().flat_map(|key| key.values) {
                let Value::Text(text) = value else {
                    panic!("{value:?}");
                };
                assert!(text.chars().all(|c| c.is_ascii_alphanumeric()), "{text}");
            }
        }
    }

    #[test]
    fn an_own_file_is_the_last_of_those_that_are_read() {
        for place in PLACES {
            let last = place.reads.last().unwrap();
            let (folder, pattern) = last.rsplit_once('/').unwrap();
            let (own_folder, name) = place.file.rsplit_once('/').unwrap();
            assert_eq!(folder, own_folder);
            assert!(name.ends_with(pattern.trim_start_matches('*')), "{name}");
        }
    }

    #[test]
    fn every_format_of_a_place_exists_and_takes_its_keys() {
        for place in PLACES {
            assert_eq!(place.is_mark(), place.keys.is_empty());
            let Some(format) = place.format() else {
                assert_eq!(place.format, None);
                continue;
            };
            for key in place.keys {
                let parts: Vec<_> = key.parts.iter().map(ToString::to_string).collect();
                assert_eq!(format.check(&parts), Ok(()));
                assert!(place.has_key(&parts));
            }
        }
    }
}
