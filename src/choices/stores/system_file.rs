// SPDX-License-Identifier: GPL-3.0-or-later

//! Values in the system's files, which apply to all users of the computer.
//!
//! The user reads them like any other setting. Only root writes them: `choices::everyone` plans and
//! makes the changes, in the system service or in a command that root runs.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use glib::Variant;
use glib::prelude::*;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::choices::catalogue::names::{AbsoluteFile, KeyPath, List, Meaning, wrong};
use crate::choices::catalogue::values::{FileValue, different};
use crate::choices::places::system_file as place;
use crate::choices::rule;
use crate::choices::rule::Rule;
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::choices::store::{Answer, Problem, Request, Store, SystemEdit, Watched, Write};
use crate::formats::document;
use crate::formats::document::DocumentProblem;
use crate::formats::format::{Format, Found, Scalar};
use crate::formats::mistake::{At, quote};
use crate::system::i18n::system_error;
use crate::system::limits;
use crate::system::text;
use crate::system::tree::{Tree, unless_missing};

/// `[system-file]` in a reader file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SystemFile {
    /// The file that root changes: one of [`place::all`].
    file: Spanned<AbsoluteFile>,
    /// The value that decides. `None`: the file's existence decides.
    key: Option<Spanned<KeyPath>>,
    /// Further values that must be set alike.
    #[serde(default, skip_serializing_if = "is_empty")]
    also: List<Spanned<KeyPath>>,
    /// The value with which the program may send something. `None`: it may send something if there
    /// is no value.
    on: Option<Spanned<FileValue>>,
    /// The value with which it sends nothing.
    off: Option<Spanned<FileValue>>,
    /// What any other value of the same type means. `None`: neither on nor off.
    other: Option<Meaning>,
    /// The state if no file has the value.
    missing: Option<Meaning>,
    /// What it means that the file exists.
    exists: Option<Meaning>,
}

fn is_empty<T>(list: &List<T>) -> bool {
    list.is_empty()
}

/// What a value, or the file's existence, means.
#[derive(Debug)]
struct SystemRule {
    on: Option<Variant>,
    off: Option<Variant>,
    other: State,
    missing: State,
}

impl Rule for SystemRule {
    fn state(&self, value: Option<&Variant>) -> State {
        match value {
            None => self.missing,
            Some(_) if value == self.off.as_ref() => State::Off,
            Some(_) if value == self.on.as_ref() => State::On,
            // A value of another type, or one that isn't certain, is a unit.
            Some(value) if value.is_type(glib::VariantTy::UNIT) => State::Mixed,
            Some(_) => self.other,
        }
    }

    fn value(&self, on: bool) -> Option<Variant> {
        if on {
            self.on.clone()
        } else {
            self.off.clone()
        }
    }
}

impl SystemFile {
    /// `None` only for a table that failed [`Store::check`].
    fn place(&self) -> Option<&'static place::SystemFile> {
        place::SystemFile::find(self.file.get_ref())
    }

    fn keys(&self) -> impl Iterator<Item = &Spanned<KeyPath>> {
        self.key.iter().chain(self.also.iter())
    }

    fn rule(&self) -> SystemRule {
        let variant = |value: &Option<Spanned<FileValue>>| {
            let value = value.as_ref()?;
            Some(value.get_ref().0.to_variant())
        };
        let state = |meaning: Option<Meaning>| meaning.map_or(State::Mixed, |meaning| meaning.0);
        match self.exists.map(|meaning| meaning.0) {
            Some(State::On) => SystemRule {
                on: Some(true.to_variant()),
                off: None,
                other: State::Mixed,
                missing: State::Off,
            },
            Some(_) => SystemRule {
                on: None,
                off: Some(true.to_variant()),
                other: State::Mixed,
                missing: State::On,
            },
            None => SystemRule {
                on: variant(&self.on),
                off: variant(&self.off),
                other: state(self.other),
                missing: state(self.missing),
            },
        }
    }

    /// What the program reads in the place of a key.
    fn found(
        &self,
        place: &place::SystemFile,
        format: &dyn Format,
        key: &[String],
    ) -> Result<Found, DocumentProblem> {
        let off = self.off.as_ref();
        let like = off.map_or(Scalar::Boolean(false), |value| value.get_ref().0.clone());
        let mut found = Found::Nothing;
        for file in files(place)? {
            let Some(bytes) = document::read(format, &Tree::computer(), &file)? else {
                continue;
            };
            let here = document::find(format, &file, &bytes, key, &like)?.found;
            if here.is_set() {
                found = here;
            } else if found.is_set() && is_pattern(key) && mentions(&bytes, key) {
                // A later file sets it for some of the names that the pattern matches.
                found = Found::Other;
            }
        }
        Ok(found)
    }

    fn value(
        &self,
        place: &place::SystemFile,
        key: &[String],
    ) -> Result<Option<Variant>, DocumentProblem> {
        let Some(format) = place.format() else {
            let exists = unless_missing(std::fs::metadata(place.file));
            let exists = exists.map_err(|error| unreadable(place.file.as_ref(), &error))?;
            return Ok(exists.map(|_| true.to_variant()));
        };
        Ok(match self.found(place, format, key)? {
            Found::NoFile | Found::Nothing => None,
            Found::Value(value) => Some(value.to_variant()),
            // A unit never equals the value for on or off.
            Found::Other => Some(().to_variant()),
        })
    }
}

/// Whether the group's name stands for several groups.
fn is_pattern(key: &[String]) -> bool {
    key.len() > 1 && key[0].contains('*')
}

/// Whether a text contains the key's own name.
fn mentions(text: &[u8], key: &[String]) -> bool {
    key.last().is_some_and(|name| {
        text.windows(name.len())
            .any(|window| window.eq_ignore_ascii_case(name.as_bytes()))
    })
}

fn unreadable(file: &Path, error: &io::Error) -> DocumentProblem {
    DocumentProblem::Unreadable {
        file: file.to_owned(),
        reason: system_error(error),
    }
}

/// The files that a program reads, in its order.
fn files(place: &place::SystemFile) -> Result<Vec<PathBuf>, DocumentProblem> {
    let mut found = Vec::new();
    for name in place.reads {
        match name.split_once("/*") {
            None => found.push(PathBuf::from(name)),
            Some((folder, ending)) => found.extend(files_in(Path::new(folder), ending)?),
        }
    }
    Ok(found)
}

/// The files of a folder whose names have an ending, sorted by the bytes of their names. Hidden
/// ones count: `run-parts` with a regular expression lists them.
fn files_in(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, DocumentProblem> {
    let entries = Tree::computer().entries(folder);
    let mut entries = entries.map_err(|error| unreadable(folder, &error))?;
    let fits = |name: &OsStr| name.as_encoded_bytes().ends_with(ending.as_bytes());
    entries.retain(|(name, _)| fits(name));
    if entries.len() > limits::CONFIGURATION_FILES {
        return Err(DocumentProblem::Broken(format!(
            "{}: more than {} files of this program, the most that are read; remove some",
            text::path(folder),
            limits::CONFIGURATION_FILES
        )));
    }
    entries.sort_unstable();
    let files = entries.into_iter().map(|(name, _)| folder.join(name));
    Ok(files.collect())
}

impl Store for SystemFile {
    fn check(&self) -> Result<(), At> {
        let Some(place) = self.place() else {
            let known: Vec<_> = place::all().map(|place| place.file).collect();
            let name = quote(self.file.get_ref());
            let message = format!("{name}; expected one of: {}", known.join(", "));
            return Err(wrong(&self.file, message));
        };
        let fits = if place.is_mark() {
            let none = self.key.is_none() && self.also.is_empty();
            none && self.on.is_none() && self.off.is_none() && self.exists.is_some()
        } else {
            self.key.is_some() && self.off.is_some() && self.exists.is_none()
        };
        let only_values = self.other.is_none() && self.missing.is_none();
        if !fits
            || (place.is_mark() && !only_values)
            || (!place.is_mark() && self.missing.is_none())
        {
            let expected = if place.is_mark() {
                "“exists” and no other field for this file"
            } else {
                "“key”, “off” and “missing” for this file, and no “exists”"
            };
            return Err(wrong(&self.file, format!("expected {expected}")));
        }
        for key in self.keys() {
            let parts = key.get_ref().parts();
            if !place.has_key(&parts) {
                return Err(wrong(key, "expected a key that may change in this file"));
            }
            for value in self.on.iter().chain(&self.off) {
                if !place.allows(&parts, &value.get_ref().0) {
                    return Err(wrong(value, "expected a value that the key may have"));
                }
            }
        }
        if let (Some(on), Some(off)) = (&self.on, &self.off) {
            different(("on", on.get_ref()), (off, off.get_ref()))?;
        }
        // Without a value for on, turning on removes the panel's own file.
        if self.on.is_none() && !place.is_mark() && place.head().is_none() {
            return Err(wrong(&self.file, "expected “on” for this file"));
        }
        Ok(())
    }

    fn needs_programs(&self) -> bool {
        true
    }

    fn read(&self, _: &Snapshot) -> Result<Option<Answer>, Problem> {
        let Some(place) = self.place() else {
            return Ok(None);
        };
        let rule = self.rule();
        let mut keys: Vec<_> = self.keys().map(|key| key.get_ref().parts()).collect();
        if place.is_mark() {
            keys.push(Vec::new());
        }
        let mut places = Vec::with_capacity(keys.len());
        for key in keys {
            places.push(rule::Place {
                rule: &rule,
                name: key.last().cloned().unwrap_or_default(),
                value: self.value(place, &key)?,
                origin: None,
                locked: false,
                own: false,
                settled: true,
            });
        }
        Ok(Some(Answer {
            for_every_user: true,
            ..rule::answer(&places, false)
        }))
    }

    /// Always empty: the user's programs can't write the file.
    fn plan(&self, _: &Snapshot, _: Request) -> Result<Vec<Box<dyn Write>>, Problem> {
        Ok(Vec::new())
    }

    fn watched(&self) -> Watched {
        let reads = self.place().map_or(&[][..], |place| place.reads);
        let folders = reads.iter().filter_map(|file| Path::new(file).parent());
        Watched {
            folders: folders.map(PathBuf::from).collect(),
            ..Watched::default()
        }
    }

    fn is_for_every_user(&self) -> bool {
        true
    }

    fn system_edits(&self, on: bool) -> Vec<SystemEdit> {
        let Some(place) = self.place() else {
            return Vec::new();
        };
        let value = self.rule().value(on);
        let value = value.and_then(|value| Scalar::from_variant(&value));
        let edit = |key| SystemEdit {
            file: place.file,
            key,
            value: value.clone(),
        };
        if place.is_mark() {
            vec![edit(Vec::new())]
        } else {
            self.keys().map(|key| edit(key.get_ref().parts())).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::catalogue;

    fn mistake(table: &str) -> String {
        let text = format!(
            "name = \"A\"\nchoice = \"usage-statistics\"\nprograms = [\"/usr/bin/a\"]\n\
             [system-file]\n{table}"
        );
        let parsed = catalogue::parse(Path::new("a.toml"), text.as_bytes());
        parsed.map_or_else(|mistake| mistake.message, |_| String::new())
    }

    #[test]
    fn a_reader_file_can_add_no_file_no_key_and_no_value() {
        let popcon = "file = \"/etc/popularity-contest.d/zz-privacy-panel.conf\"\n";
        let rest = "on = \"yes\"\noff = \"no\"\nmissing = \"off\"\n";
        let key = "key = \"PARTICIPATE\"\n";
        assert_eq!(mistake(&format!("{popcon}{key}{rest}")), "");
        let other = "file = \"/etc/cron.d/x\"\n";
        assert!(mistake(&format!("{other}{key}{rest}")).contains("expected one of: /etc/pop"));
        let other = "key = \"PATH\"\n";
        assert!(mistake(&format!("{popcon}{other}{rest}")).contains("expected a key"));
        let other = "on = \"$(reboot)\"\noff = \"no\"\nmissing = \"off\"\n";
        assert!(mistake(&format!("{popcon}{key}{other}")).contains("expected a value"));
        let mark = "file = \"/etc/netdata/.opt-out-from-anonymous-statistics\"\n";
        assert_eq!(mistake(&format!("{mark}exists = \"off\"\n")), "");
        assert!(mistake(&format!("{mark}{key}{rest}")).contains("expected “exists”"));
    }

    #[test]
    fn files_are_read_in_the_order_of_their_names_bytes_with_hidden_ones() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["zz.conf", "Z.conf", ".a.conf", "10.conf", "a.conf.bak"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let files = files_in(folder.path(), ".conf").unwrap();
        let names: Vec<_> = files.iter().filter_map(|file| file.file_name()).collect();
        assert_eq!(names, [".a.conf", "10.conf", "Z.conf", "zz.conf"]);
        assert!(
            files_in(&folder.path().join("none"), ".conf")
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn another_files_value_for_some_groups_of_a_pattern_is_noticed() {
        let key = ["*".to_owned(), "countme".to_owned()];
        assert!(is_pattern(&key) && mentions(b"[fedora]\ncountme=1\n", &key));
        assert!(!mentions(b"[fedora]\nenabled=1\n", &key));
    }
}
