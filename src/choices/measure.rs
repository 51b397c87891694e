// SPDX-License-Identifier: GPL-3.0-or-later

//! The interface of all measures. A measure is something in the system's files that decides for all
//! users of a program outside dconf: a value in a file, a masked systemd unit, a file of its own.
//!
//! The administrator can take a measure by hand. A policy takes it, too, and reverts it by the bytes
//! that were there. Only a measure knows its own kind: all other code uses this trait.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::formats::document::DocumentProblem;
use crate::formats::format::Scalar;
use crate::system::i18n::system_error;
use crate::system::limits;
use crate::system::open;
use crate::system::tree::{Kind, Tree};

/// A measure that several parts of the program refer to.
pub type Shared = Arc<dyn Measure>;

/// Something in the system's files that decides for all users of a program.
///
/// A struct that implements it is also what the sources of the policy's database record.
pub trait Measure: Record + fmt::Debug + Send + Sync {
    /// The absolute name of the file with it.
    fn file(&self) -> PathBuf;

    /// The name in reports. Two measures of one name exclude each other.
    fn name(&self) -> String {
        self.file().display().to_string()
    }

    /// What an administrator would write to take it by hand: a line of a file, or a command. Empty
    /// for a file that needs no content.
    fn shown(&self) -> String;

    /// What [`Seen::value`] has while the measure is in effect.
    fn wanted(&self) -> String;

    /// Whether no user can override it.
    fn locks(&self) -> bool;

    /// Whether it lets the program send or record something.
    fn turns_on(&self) -> bool;

    /// Whether it only counts on a computer that has its file.
    fn needs_file(&self) -> bool {
        false
    }

    /// The current value in the measure's place. `file`: the file's name in messages.
    ///
    /// # Errors
    ///
    /// The file isn't of its format, or can't be read.
    fn look(&self, file: &Path, entry: &Entry) -> Result<Seen, DocumentProblem>;

    /// The value that it replaces, for a file that is edited before the measure is taken back.
    ///
    /// # Errors
    ///
    /// As for [`Measure::look`], or another kind of value is in its place.
    fn original(&self, _file: &Path, _entry: &Entry) -> Result<Option<Scalar>, DocumentProblem> {
        Ok(None)
    }

    /// The content with the measure in effect.
    ///
    /// # Errors
    ///
    /// As for [`Measure::look`], or the measure can't be added without other changes.
    fn put(&self, file: &Path, entry: &Entry) -> Result<Entry, DocumentProblem>;

    /// The content without the measure. `original`: the result of [`Measure::original`].
    ///
    /// # Errors
    ///
    /// As for [`Measure::put`].
    fn taken_out(
        &self,
        file: &Path,
        entry: &Entry,
        original: Option<&Scalar>,
    ) -> Result<Entry, DocumentProblem>;

    /// The files that its program no longer reads once the measure's file exists, the most important
    /// first. Their content has to be in the new file, so that it stays in force.
    fn hides(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether a file has no content of its own, so that it is removed with the measure.
    fn is_blank(&self, content: &[u8]) -> bool {
        content.trim_ascii().is_empty()
    }

    /// The systemd unit that it masks.
    fn unit(&self) -> Option<Unit<'_>> {
        None
    }

    /// Whether the value is in the file, rather than the program's default. Only called while the
    /// measure is in effect.
    ///
    /// # Errors
    ///
    /// As for [`Measure::look`].
    fn is_written(&self, _file: &Path, _entry: &Entry) -> Result<bool, DocumentProblem> {
        Ok(true)
    }

    /// Whether it is in effect.
    ///
    /// # Errors
    ///
    /// As for [`Measure::look`].
    fn is_in_effect(&self, file: &Path, entry: &Entry) -> Result<bool, DocumentProblem> {
        let seen = self.look(file, entry)?;
        let is_held = seen.locked || !self.locks();
        Ok(is_held && seen.value.as_deref() == Some(self.wanted().as_str()))
    }

    /// Whether exactly it is in effect, rather than a stricter one.
    ///
    /// # Errors
    ///
    /// As for [`Measure::look`].
    fn is_exactly_in_effect(&self, file: &Path, entry: &Entry) -> Result<bool, DocumentProblem> {
        Ok(self.is_in_effect(file, entry)? && self.look(file, entry)?.locked == self.locks())
    }

    /// Whether a policy may take it: only in the administrator's own folder, since root writes it.
    fn is_administrators(&self) -> bool {
        self.file().starts_with("/etc")
    }
}

/// Serializes to what the sources of the policy's database record.
pub trait Record {
    /// The fields. `None` if they can't be serialized.
    fn record(&self) -> Option<Map<String, Value>>;
}

impl<T: serde::Serialize> Record for T {
    fn record(&self) -> Option<Map<String, Value>> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => Some(fields),
            _ => None,
        }
    }
}

impl PartialEq for dyn Measure {
    fn eq(&self, other: &Self) -> bool {
        self.record() == other.record()
    }
}

/// The current value in a measure's place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The value. `None` if there is none, or one of another kind.
    pub value: Option<String>,
    /// Whether no user can override it.
    pub locked: bool,
}

/// A masked systemd unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit<'a> {
    /// Its name, such as `example.service`.
    pub name: &'a str,
    /// Whether it is a unit of the system rather than of each user.
    pub is_of_system: bool,
}

/// What has a file's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Nothing.
    Nothing,
    /// A regular file with this content, or a link to one.
    File(Vec<u8>),
    /// A link to `/dev/null`.
    Null,
    /// Something else, or a file that can't be read, and the system's error message.
    Other(String),
}

impl Entry {
    /// What is at a path.
    pub fn at(tree: &Tree, file: &Path) -> Self {
        let other = |error: &std::io::Error| Self::Other(system_error(error));
        match tree.kind(file) {
            Ok(None) => Self::Nothing,
            Ok(Some(Kind::Link)) if tree.is_null(file) => Self::Null,
            Ok(Some(Kind::File(_) | Kind::Link)) => match tree.read(file, limits::JSON) {
                Ok(Some(bytes)) => Self::File(bytes),
                Ok(None) => Self::Nothing,
                Err(error) => other(&error),
            },
            Ok(Some(_)) => other(&open::not_regular()),
            Err(error) => other(&error),
        }
    }

    /// The bytes of a file. `None` for anything else.
    pub fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::File(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The content that a program reads.
    ///
    /// # Errors
    ///
    /// It isn't a file, or can't be read.
    pub fn content(&self, file: &Path) -> Result<&[u8], DocumentProblem> {
        match self {
            Self::Nothing | Self::Null => Ok(b""),
            Self::File(bytes) => Ok(bytes),
            Self::Other(reason) => Err(DocumentProblem::Unreadable {
                file: file.to_owned(),
                reason: reason.clone(),
            }),
        }
    }
}

impl From<Option<&[u8]>> for Entry {
    fn from(bytes: Option<&[u8]>) -> Self {
        bytes.map_or(Self::Nothing, |bytes| Self::File(bytes.to_vec()))
    }
}

/// Whether every measure is in effect on a computer or in an image. False if there are none.
///
/// # Errors
///
/// As for [`Measure::look`].
pub fn all_in_effect(measures: &[Shared], tree: &Tree) -> Result<bool, DocumentProblem> {
    for measure in measures {
        let file = measure.file();
        if !measure.is_in_effect(&tree.name(&file), &Entry::at(tree, &file))? {
            return Ok(false);
        }
    }
    Ok(!measures.is_empty())
}

/// The folders of the measures' files.
pub(crate) fn folders(measures: &[Shared]) -> impl Iterator<Item = PathBuf> {
    let files = measures.iter().map(|measure| measure.file());
    files.filter_map(|file| file.parent().map(PathBuf::from))
}
