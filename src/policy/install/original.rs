// SPDX-License-Identifier: GPL-3.0-or-later

//! What the key file records of an opt-out: what was there before the policy.

use std::path::{Component, Path, PathBuf};
use std::slice;

use serde::{Deserialize, Serialize};

use crate::choices::opt_out;
use crate::choices::opt_out::OptOut;
use crate::formats::format::Scalar;

/// An opt-out that a policy set, and what was there before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Original {
    #[serde(flatten)]
    pub(crate) opt_out: OptOut,
    /// The value before; `None` if there was none.
    #[serde(default, rename = "was", skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Scalar>,
    /// The file and the folders that were created for the opt-out, outer folders first.
    #[serde(default, rename = "made", skip_serializing_if = "Vec::is_empty")]
    pub(crate) created: Vec<PathBuf>,
}

impl Original {
    /// Whether an application may have recorded it: its paths are in the folders that a policy may
    /// write to, and lead to no other file.
    pub(crate) fn is_sound(&self) -> bool {
        let named = match &self.opt_out {
            OptOut::Value { file, .. } => file
                .components()
                .all(|part| matches!(part, Component::RootDir | Component::Normal(_))),
            OptOut::Masked { unit } => opt_out::is_unit(unit),
        };
        let named = named && !opt_out::of_administrator(slice::from_ref(&self.opt_out)).is_empty();
        let file = self.opt_out.file();
        named && self.created.iter().all(|path| file.starts_with(path))
    }

    /// Whether it is about a value in the file.
    pub(crate) fn is_in(&self, file: &Path) -> bool {
        matches!(&self.opt_out, OptOut::Value { file: found, .. } if found == file)
    }

    pub(crate) fn created_file(&self) -> bool {
        self.created
            .last()
            .is_some_and(|last| *last == self.opt_out.file())
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
