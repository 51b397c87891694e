// SPDX-License-Identifier: GPL-3.0-or-later

//! A system file with a setting for all users, which root may change for a choice: the system
//! service does so for a user, and a policy does.
//!
//! A place is never one whose content a program runs: no hook, no unit, no rule. Some files are read by
//! a shell script, so their values are constants.

use std::any::Any;
use std::sync::Arc;

use crate::choices::catalogue::names::{AbsoluteFile, FormatName, KeyPart, NonEmpty};
use crate::choices::measure::Shared;
use crate::choices::measures::mark::Mark;
use crate::choices::measures::value::{Hold, ValueOfSystem};
use crate::choices::place::{Place, Setting, Wanted};
use crate::choices::places::PLACES;
use crate::choices::places::drop_in::Folders;
use crate::formats::FORMATS;
use crate::formats::format::{Format, Scalar};

/// A file that root may change.
#[derive(Debug)]
pub struct SystemFile {
    /// The absolute file name.
    pub file: &'static str,
    /// The format's name in [`FORMATS`]. `None`: programs only check whether the file exists.
    pub(crate) format: Option<&'static str>,
    /// What comes first in a new file, if the file is the panel's own. Such a file is removed with
    /// its last value. `None`: the file belongs to another program, and only values in it change.
    pub(crate) head: Option<&'static str>,
    /// The files that programs read, in their order. A `*` in the last part stands for all files with
    /// this ending. The last value counts.
    pub reads: &'static [&'static str],
    /// Whether to create the file's folder, which its program doesn't ship.
    pub makes_folder: bool,
    /// The keys that may change.
    pub(crate) keys: &'static [Key],
    /// What a policy does.
    pub(crate) policy: Way,
}

/// How a policy sets the values of a file.
#[derive(Debug)]
pub(crate) enum Way {
    /// By the values in the file, which is created if it is missing.
    Values,
    /// By the values in the file, if it is there. The file comes with its program, which needs more
    /// from it than these values.
    ValuesOfProgram,
    /// By the file's existence, which turns the program off.
    Mark,
    /// By a file of the policy's own, which comes after the panel's.
    DropIn(Folders),
}

/// A key, and the values that may be set.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) parts: &'static [&'static str],
    pub(crate) values: &'static [Value],
    /// The program's default, if a policy need not write it.
    pub(crate) unset: Option<Value>,
}

/// A value that may be set.
#[derive(Debug)]
pub(crate) enum Value {
    Boolean(bool),
    Integer(i64),
    Text(&'static str),
}

/// The files of the list of places.
pub fn all() -> impl Iterator<Item = &'static SystemFile> {
    let files = PLACES.iter().filter_map(|(_, place)| place.system_file());
    files.filter_map(|place| place.downcast_ref())
}

impl SystemFile {
    /// The place of a file.
    pub fn find(file: &str) -> Option<&'static Self> {
        all().find(|place| place.file == file)
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
        values.iter().any(|allowed| allowed.scalar() == *value)
    }

    fn key(&self, parts: &[String]) -> Option<&Key> {
        self.keys.iter().find(|key| key.parts == parts)
    }

    /// The keys with their values, for a message.
    fn expected(&self) -> String {
        let keys = self.keys.iter().map(|key| {
            let values = key.values.iter().map(Value::scalar);
            let values: Vec<_> = values.map(|value| value.to_string()).collect();
            format!("{:?} with {}", key.parts, values.join(" or "))
        });
        keys.collect::<Vec<_>>().join(", or ")
    }

    /// Whether a value is the program's default.
    fn is_unset(&self, setting: &Setting<'_>) -> bool {
        let unset = self.key(setting.key).and_then(|key| key.unset.as_ref());
        unset.is_some_and(|unset| unset.scalar() == *setting.value)
    }

    fn measure(&self, setting: &Setting<'_>, on: bool) -> Result<ValueOfSystem, String> {
        let format = self.format.and_then(FormatName::find);
        Ok(ValueOfSystem {
            file: AbsoluteFile::try_from(self.file)?,
            format: format.ok_or("no format")?,
            key: NonEmpty::<KeyPart>::of(setting.key)?,
            value: setting.value.clone(),
            hold: Hold::Alone,
            on,
            needs_file: matches!(self.policy, Way::ValuesOfProgram),
            is_unset: self.is_unset(setting),
        })
    }
}

impl Place for SystemFile {
    fn system_file(&'static self) -> Option<&'static dyn Any> {
        Some(self)
    }

    fn check(&self, setting: &Setting<'_>) -> Result<(), String> {
        if self.is_mark() && setting.key.is_empty() && *setting.value == Scalar::Boolean(true) {
            Ok(())
        } else if self.is_mark() {
            Err(
                "another setting; expected no “key”, and true for the state with the file"
                    .to_owned(),
            )
        } else if self.allows(setting.key, setting.value) {
            Ok(())
        } else {
            Err(format!("another setting; expected {}", self.expected()))
        }
    }

    fn presets(&self) -> bool {
        false
    }

    fn locks(&self) -> bool {
        true
    }

    /// A value in the file itself is what the store reads.
    fn is_alone(&self) -> bool {
        matches!(self.policy, Way::DropIn(_))
    }

    fn measures(&self, settings: &[Setting<'_>], wanted: Wanted<'_>) -> Vec<Shared> {
        match &self.policy {
            Way::DropIn(folders) => folders.measures(settings, wanted),
            Way::Mark => {
                let file = AbsoluteFile::try_from(self.file);
                let mark = file.into_iter().map(|mark| Mark { mark });
                let marks = mark.take(settings.len());
                marks.map(|mark| Arc::new(mark) as Shared).collect()
            }
            Way::Values | Way::ValuesOfProgram => {
                let settings = settings.iter();
                let measures = settings.filter_map(|setting| self.measure(setting, wanted.on).ok());
                measures
                    .map(|measure| Arc::new(measure) as Shared)
                    .collect()
            }
        }
    }
}

impl Value {
    fn scalar(&self) -> Scalar {
        match self {
            Self::Boolean(on) => Scalar::Boolean(*on),
            Self::Integer(number) => Scalar::Integer(*number),
            Self::Text(text) => Scalar::Text((*text).to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Folders whose files programs run, or whose files grant permissions.
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
        for place in all() {
            for file in place.reads.iter().chain([&place.file]) {
                assert!(file.starts_with("/etc/"), "{file}");
                assert!(!file.contains("/../") && !file.ends_with('/'), "{file}");
                assert!(!NEVER.iter().any(|never| file.starts_with(never)), "{file}");
            }
        }
    }

    #[test]
    fn a_value_in_a_file_that_a_shell_reads_is_a_plain_word() {
        for place in all().filter(|place| place.format == Some("shell")) {
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
        for place in all() {
            let last = place.reads.last().unwrap();
            let (folder, pattern) = last.rsplit_once('/').unwrap();
            let (own_folder, name) = place.file.rsplit_once('/').unwrap();
            assert_eq!(folder, own_folder);
            assert!(name.ends_with(pattern.trim_start_matches('*')), "{name}");
        }
    }

    #[test]
    fn every_format_of_a_place_exists_and_takes_its_keys() {
        for place in all() {
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
