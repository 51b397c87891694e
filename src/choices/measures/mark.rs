// SPDX-License-Identifier: GPL-3.0-or-later

//! A file whose existence turns a program off. Its content doesn't matter.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::choices::catalogue::names::AbsoluteFile;
use crate::choices::measure::{Entry, Measure, Seen};
use crate::formats::document::DocumentProblem;
use crate::formats::format::Scalar;

/// What a report says of the file.
const THERE: &str = "there";

/// A file that exists.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mark {
    pub(crate) mark: AbsoluteFile,
}

impl Measure for Mark {
    fn file(&self) -> PathBuf {
        PathBuf::from(&*self.mark)
    }

    fn shown(&self) -> String {
        String::new()
    }

    fn wanted(&self) -> String {
        THERE.to_owned()
    }

    fn locks(&self) -> bool {
        true
    }

    fn turns_on(&self) -> bool {
        false
    }

    fn look(&self, _: &Path, entry: &Entry) -> Result<Seen, DocumentProblem> {
        let is_there = *entry != Entry::Nothing;
        Ok(Seen {
            value: is_there.then(|| self.wanted()),
            locked: is_there,
        })
    }

    fn put(&self, _: &Path, _: &Entry) -> Result<Entry, DocumentProblem> {
        Ok(Entry::File(Vec::new()))
    }

    /// A file with content is the administrator's own.
    fn taken_out(
        &self,
        _: &Path,
        entry: &Entry,
        _: Option<&Scalar>,
    ) -> Result<Entry, DocumentProblem> {
        Ok(if entry.bytes().is_some_and(<[u8]>::is_empty) {
            Entry::Nothing
        } else {
            entry.clone()
        })
    }
}
