// SPDX-License-Identifier: GPL-3.0-or-later

//! The key file's record of a measure: the state before the policy.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::choices::measure::Shared;
use crate::choices::measures;
use crate::formats::format::Scalar;

/// The fields that a record has besides those of the measure.
const WAS: &str = "was";
const CREATED: &str = "made";

/// A measure that a policy took, and the state before it.
#[derive(Clone, Debug)]
pub(crate) struct Original {
    pub(crate) measure: Shared,
    /// The value before; `None` if there was none.
    pub(crate) value: Option<Scalar>,
    /// The file and the folders that were created for the measure, outer folders first.
    pub(crate) created: Vec<PathBuf>,
}

impl Original {
    /// The record as JSON on one line. `None` if a path is not UTF-8: no reader file has such paths.
    pub(crate) fn record(&self) -> Option<String> {
        let mut fields = self.measure.record()?;
        if let Some(value) = &self.value {
            fields.insert(WAS.to_owned(), serde_json::to_value(value).ok()?);
        }
        if !self.created.is_empty() {
            fields.insert(
                CREATED.to_owned(),
                serde_json::to_value(&self.created).ok()?,
            );
        }
        serde_json::to_string(&fields).ok()
    }

    /// Reads a record. `None` if no application writes such a record: its paths are in the folders
    /// that a policy may write to, and lead to no other file.
    pub(crate) fn parse(record: &str) -> Option<Self> {
        let Ok(Value::Object(mut fields)) = serde_json::from_str(record) else {
            return None;
        };
        let value = fields.remove(WAS).map(serde_json::from_value);
        let created = fields.remove(CREATED).map(serde_json::from_value);
        let measure = measures::recorded(&fields)?;
        let original = Self {
            value: value.transpose().ok()?,
            created: created.transpose().ok()?.unwrap_or_default(),
            measure,
        };
        let file = original.measure.file();
        let is_sound = original.created.iter().all(|path| file.starts_with(path));
        is_sound.then_some(original)
    }

    /// Whether it is in the file.
    pub(crate) fn is_in(&self, file: &Path) -> bool {
        self.measure.file() == file
    }

    pub(crate) fn created_file(&self) -> bool {
        self.created
            .last()
            .is_some_and(|last| *last == self.measure.file())
    }

    /// The folders that were created for the file.
    pub(crate) fn created_folders(&self) -> &[PathBuf] {
        let created = self.created.as_slice();
        match created.split_last() {
            Some((_, folders)) if self.created_file() => folders,
            _ => created,
        }
    }
}
