// SPDX-License-Identifier: GPL-3.0-or-later

//! A masked systemd unit, which can't be started; systemctl(1).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::choices::catalogue::names::UnitName;
use crate::choices::measure::{Entry, Measure, Seen, Unit};
use crate::formats::document::DocumentProblem;
use crate::formats::format::Scalar;

/// The folders of the administrator's units, of the system and of each user; systemd.unit(5).
const OF_SYSTEM: &str = "/etc/systemd/system";
const OF_USERS: &str = "/etc/systemd/user";

/// What a report says of a masked unit.
const MASKED: &str = "masked";

/// A masked unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Masked {
    pub(crate) unit: UnitName,
    /// Whether it is a unit of each user rather than of the system.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) of_users: bool,
}

impl Measure for Masked {
    fn file(&self) -> PathBuf {
        let folder = if self.of_users { OF_USERS } else { OF_SYSTEM };
        Path::new(folder).join(&*self.unit)
    }

    fn shown(&self) -> String {
        let whose = if self.of_users { "--global " } else { "" };
        format!("systemctl {whose}mask {}", self.unit)
    }

    fn wanted(&self) -> String {
        MASKED.to_owned()
    }

    fn locks(&self) -> bool {
        true
    }

    fn turns_on(&self) -> bool {
        false
    }

    fn look(&self, _: &Path, entry: &Entry) -> Result<Seen, DocumentProblem> {
        let masked = matches!(entry, Entry::Null) || entry.bytes().is_some_and(<[u8]>::is_empty);
        Ok(Seen {
            value: masked.then(|| self.wanted()),
            locked: masked,
        })
    }

    fn put(&self, _: &Path, _: &Entry) -> Result<Entry, DocumentProblem> {
        Ok(Entry::Null)
    }

    fn taken_out(
        &self,
        _: &Path,
        entry: &Entry,
        _: Option<&Scalar>,
    ) -> Result<Entry, DocumentProblem> {
        Ok(match entry {
            Entry::Null => Entry::Nothing,
            entry => entry.clone(),
        })
    }

    fn unit(&self) -> Option<Unit<'_>> {
        Some(Unit {
            name: &self.unit,
            is_of_system: !self.of_users,
        })
    }
}
