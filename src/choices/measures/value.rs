// SPDX-License-Identifier: GPL-3.0-or-later

//! A value in a file of the system, of any format. Everything else in the file stays.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::choices::catalogue::names::{AbsoluteFile, FormatName, KeyPart, NonEmpty};
use crate::choices::measure::{Entry, Measure, Seen};
use crate::formats::document;
use crate::formats::document::DocumentProblem;
use crate::formats::format::{Found, Look, Scalar};

/// A value in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ValueOfSystem {
    pub(crate) file: AbsoluteFile,
    #[serde(default, skip_serializing_if = "FormatName::is_default")]
    pub(crate) format: FormatName,
    /// The names of the tables or groups, and of the value.
    pub(crate) key: NonEmpty<KeyPart>,
    pub(crate) value: Scalar,
}

impl ValueOfSystem {
    fn key(&self) -> Vec<String> {
        self.key.iter().map(ToString::to_string).collect()
    }

    fn found(&self, file: &Path, entry: &Entry) -> Result<Look, DocumentProblem> {
        if matches!(entry, Entry::Nothing | Entry::Null) {
            return Ok(Found::NoFile.into());
        }
        let format = self.format.format();
        let content = entry.content(file)?;
        document::find(format, file, content, &self.key(), &self.value)
    }

    fn edited(
        &self,
        file: &Path,
        content: &[u8],
        value: Option<&Scalar>,
    ) -> Result<Vec<u8>, DocumentProblem> {
        document::edited(self.format.format(), file, content, &self.key(), value)
    }
}

impl Measure for ValueOfSystem {
    fn file(&self) -> PathBuf {
        PathBuf::from(&*self.file)
    }

    fn name(&self) -> String {
        format!("{}#{}", &*self.file, self.key().join("."))
    }

    fn shown(&self) -> String {
        let lines = self.edited(Path::new(""), b"", Some(&self.value));
        let lines = String::from_utf8(lines.unwrap_or_default()).unwrap_or_default();
        let lines: Vec<_> = lines.lines().map(str::trim).collect();
        lines.join(" ").trim().to_owned()
    }

    fn wanted(&self) -> String {
        self.value.to_string()
    }

    fn locks(&self) -> bool {
        true
    }

    fn turns_on(&self) -> bool {
        false
    }

    fn look(&self, file: &Path, entry: &Entry) -> Result<Seen, DocumentProblem> {
        let look = self.found(file, entry)?;
        let is_so = look.found.is(&self.value);
        Ok(Seen {
            value: match look.found {
                Found::Value(value) => Some(value.to_string()),
                _ => None,
            },
            locked: is_so,
        })
    }

    fn original(&self, file: &Path, entry: &Entry) -> Result<Option<Scalar>, DocumentProblem> {
        match self.found(file, entry)?.found {
            Found::NoFile | Found::Nothing => Ok(None),
            Found::Value(value) => Ok(Some(value)),
            Found::Other => Err(DocumentProblem::Broken(format!(
                "{}: a value of another kind than “{}”",
                file.display(),
                self.shown()
            ))),
        }
    }

    fn put(&self, file: &Path, entry: &Entry) -> Result<Entry, DocumentProblem> {
        let content = entry.content(file)?;
        Ok(Entry::File(self.edited(
            file,
            content,
            Some(&self.value),
        )?))
    }

    fn taken_out(
        &self,
        file: &Path,
        entry: &Entry,
        original: Option<&Scalar>,
    ) -> Result<Entry, DocumentProblem> {
        match entry {
            Entry::Nothing | Entry::Null => Ok(entry.clone()),
            _ => {
                let content = entry.content(file)?;
                Ok(Entry::File(self.edited(file, content, original)?))
            }
        }
    }
}
