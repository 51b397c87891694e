// SPDX-License-Identifier: GPL-3.0-or-later

//! A file of the policy in a folder from which a program reads every file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::choices::catalogue::names::AbsoluteFile;
use crate::choices::measure::{Entry, Measure, Seen};
use crate::formats::document::DocumentProblem;
use crate::formats::format::Scalar;

/// The names of the policy's files begin with one of these: with the first so that they come after
/// all others, with the second so that a user's file comes after them.
pub(crate) const LAST: &str = "zzz-privacy-panel-";
pub(crate) const FIRST: &str = "10-privacy-panel-";

/// A whole file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DropIn {
    file: AbsoluteFile,
    content: String,
    /// Whether users can override it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    preset: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    on: bool,
}

impl DropIn {
    /// A file with that content. `None` if it isn't the name of one.
    pub(crate) fn new(file: &str, content: String, locks: bool, on: bool) -> Option<Self> {
        Some(Self {
            file: AbsoluteFile::try_from(file).ok()?,
            content,
            preset: !locks,
            on,
        })
    }
}

impl Measure for DropIn {
    fn file(&self) -> PathBuf {
        PathBuf::from(&*self.file)
    }

    fn shown(&self) -> String {
        let lines: Vec<_> = self.content.lines().map(str::trim).collect();
        lines.join(" ")
    }

    fn wanted(&self) -> String {
        self.shown()
    }

    fn locks(&self) -> bool {
        !self.preset
    }

    fn turns_on(&self) -> bool {
        self.on
    }

    fn look(&self, file: &Path, entry: &Entry) -> Result<Seen, DocumentProblem> {
        if matches!(entry, Entry::Nothing) {
            return Ok(Seen::default());
        }
        let content = entry.content(file)?;
        let is_same = content == self.content.as_bytes();
        Ok(Seen {
            value: is_same.then(|| self.wanted()),
            locked: is_same && self.locks(),
        })
    }

    fn put(&self, _: &Path, _: &Entry) -> Result<Entry, DocumentProblem> {
        Ok(Entry::File(self.content.clone().into_bytes()))
    }

    fn is_administrators(&self) -> bool {
        let file = self.file();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let is_ours = [LAST, FIRST].iter().any(|prefix| name.starts_with(prefix));
        is_ours && file.starts_with("/etc")
    }

    /// A file that was edited since is the administrator's own.
    fn taken_out(
        &self,
        _: &Path,
        entry: &Entry,
        _: Option<&Scalar>,
    ) -> Result<Entry, DocumentProblem> {
        Ok(if entry.bytes() == Some(self.content.as_bytes()) {
            Entry::Nothing
        } else {
            entry.clone()
        })
    }
}
