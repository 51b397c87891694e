// SPDX-License-Identifier: GPL-3.0-or-later

//! Opt-outs for all users by a program's own rules: a value in a system-wide file, or a masked
//! systemd unit.
//!
//! The administrator can set them by hand. A policy that locks a choice off sets them, too. An
//! opt-out only turns off: none turns a program on for all users, and no user can undo it.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(crate) use crate::choices::catalogue::names::is_unit;
use crate::choices::catalogue::names::{AbsoluteFile, DottedKey, NonEmpty, UnitName};
use crate::choices::catalogue::values::FileValue;
use crate::formats::document::DocumentProblem;
use crate::formats::format::{Found, Scalar};
use crate::formats::toml as document;
use crate::system::i18n::system_error;
use crate::system::tree::{Kind, Tree};

/// The folder of the administrator's systemd units; systemd.unit(5).
const UNITS: &str = "/etc/systemd/system";

/// One condition. A program with several is off when all of them hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OptOut {
    /// A value in a TOML file.
    Value {
        /// The absolute file name.
        file: PathBuf,
        /// The names of the nested tables, and of the value.
        key: Vec<String>,
        /// The value that turns the program off.
        value: Scalar,
    },
    /// A masked systemd unit, which can't be started; systemctl(1).
    Masked {
        /// The unit's name, such as `example.service`.
        unit: String,
    },
}

impl OptOut {
    /// The file that has the opt-out.
    pub fn file(&self) -> PathBuf {
        match self {
            Self::Value { file, .. } => file.clone(),
            Self::Masked { unit } => Path::new(UNITS).join(unit),
        }
    }

    /// Whether it is in effect on a computer or in an image.
    pub fn is_so(&self, tree: &Tree) -> Result<bool, DocumentProblem> {
        match self {
            Self::Value { value, .. } => Ok(self.found(tree)?.is(value)),
            Self::Masked { .. } => {
                let file = self.file();
                let empty = || tree.read(&file, 0).is_ok_and(|found| found.is_some());
                match tree.kind(&file).map_err(|error| self.unreadable(&error))? {
                    Some(Kind::Link) => Ok(tree.is_null(&file)),
                    Some(Kind::File(_)) => Ok(empty()),
                    _ => Ok(false),
                }
            }
        }
    }

    /// What the file has in place of the value. For a unit: nothing.
    pub(crate) fn found(&self, tree: &Tree) -> Result<Found, DocumentProblem> {
        match self {
            Self::Value { file, key, .. } => document::look(tree, file, key),
            Self::Masked { .. } => Ok(Found::Nothing),
        }
    }

    fn unreadable(&self, error: &std::io::Error) -> DocumentProblem {
        DocumentProblem::Unreadable {
            file: self.file(),
            reason: system_error(error),
        }
    }
}

/// A value as in its file; a unit as an argument of systemctl(1).
impl fmt::Display for OptOut {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { key, value, .. } => write!(out, "{} = {value}", key.join(".")),
            Self::Masked { unit } => write!(out, "systemctl mask {unit}"),
        }
    }
}

/// `disable-all` in a reader file: all conditions that turn a program off for all users.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Table", into = "Table")]
pub struct OptOuts {
    table: Table,
    list: Vec<OptOut>,
}

/// The fields of `disable-all`: a value in a file, or units.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    file: Option<AbsoluteFile>,
    key: Option<DottedKey>,
    value: Option<FileValue>,
    masked_units: Option<NonEmpty<UnitName>>,
}

impl Deref for OptOuts {
    type Target = [OptOut];

    fn deref(&self) -> &[OptOut] {
        &self.list
    }
}

impl OptOuts {
    /// Whether the reader file has no opt-outs.
    pub(crate) fn is_none(&self) -> bool {
        self.list.is_empty()
    }
}

impl TryFrom<Table> for OptOuts {
    type Error = &'static str;

    fn try_from(table: Table) -> Result<Self, Self::Error> {
        let list = match &table {
            Table {
                file: Some(file),
                key: Some(key),
                value: Some(FileValue(value)),
                masked_units: None,
            } => vec![OptOut::Value {
                file: PathBuf::from(&**file),
                key: key.parts(),
                value: value.clone(),
            }],
            Table {
                file: None,
                key: None,
                value: None,
                masked_units: Some(units),
            } => {
                let units = units.iter().map(ToString::to_string);
                units.map(|unit| OptOut::Masked { unit }).collect()
            }
            _ => return Err("expected “file”, “key” and “value”, or else “masked-units”"),
        };
        Ok(Self { table, list })
    }
}

impl From<OptOuts> for Table {
    fn from(opt_outs: OptOuts) -> Self {
        opt_outs.table
    }
}

/// The folders of the opt-out files.
pub(crate) fn folders(opt_outs: &[OptOut]) -> impl Iterator<Item = PathBuf> {
    opt_outs
        .iter()
        .filter_map(|opt_out| opt_out.file().parent().map(PathBuf::from))
}

/// Whether every opt-out is in effect. False if there are none.
pub fn is_off(opt_outs: &[OptOut], tree: &Tree) -> Result<bool, DocumentProblem> {
    for opt_out in opt_outs {
        if !opt_out.is_so(tree)? {
            return Ok(false);
        }
    }
    Ok(!opt_outs.is_empty())
}

/// The opt-outs that a policy may apply: only files in the administrator's own folder, since root
/// writes them. Either all opt-outs, or none.
pub(crate) fn of_administrator(opt_outs: &[OptOut]) -> &[OptOut] {
    if opt_outs
        .iter()
        .all(|opt_out| opt_out.file().starts_with("/etc"))
    {
        opt_outs
    } else {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    fn image() -> (tempfile::TempDir, Tree) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("etc/systemd/system")).unwrap();
        let tree = Tree::image(folder.path()).unwrap();
        (folder, tree)
    }

    fn masked(unit: &str) -> OptOut {
        OptOut::Masked {
            unit: unit.to_owned(),
        }
    }

    #[test]
    fn a_unit_is_masked_by_a_link_to_nothing_or_an_empty_file_and_by_nothing_else() {
        let (folder, tree) = image();
        let file = folder.path().join("etc/systemd/system/a.service");
        let opt_out = masked("a.service");
        assert_eq!(opt_out.is_so(&tree), Ok(false));
        symlink("/dev/null", &file).unwrap();
        assert_eq!(opt_out.is_so(&tree), Ok(true));
        fs::remove_file(&file).unwrap();
        symlink("/usr/lib/systemd/system/b.service", &file).unwrap();
        assert_eq!(opt_out.is_so(&tree), Ok(false));
        fs::remove_file(&file).unwrap();
        fs::write(&file, "").unwrap();
        assert_eq!(opt_out.is_so(&tree), Ok(true));
        fs::write(&file, "[Unit]\n").unwrap();
        assert_eq!(opt_out.is_so(&tree), Ok(false));
    }

    #[test]
    fn a_program_is_off_while_all_that_it_takes_is_so() {
        let (folder, tree) = image();
        let units = [masked("a.path"), masked("a.service")];
        assert_eq!(is_off(&[], &tree), Ok(false));
        let link = |unit: &str| {
            symlink(
                "/dev/null",
                folder.path().join("etc/systemd/system").join(unit),
            )
            .unwrap();
        };
        link("a.path");
        assert_eq!(is_off(&units, &tree), Ok(false));
        link("a.service");
        assert_eq!(is_off(&units, &tree), Ok(true));
    }

    #[test]
    fn a_file_that_is_no_toml_is_a_problem_and_not_a_yes() {
        let (folder, tree) = image();
        let opt_out = OptOut::Value {
            file: "/etc/a.toml".into(),
            key: vec!["off".to_owned()],
            value: Scalar::Boolean(true),
        };
        assert_eq!(opt_out.is_so(&tree), Ok(false));
        fs::write(folder.path().join("etc/a.toml"), "off = true\n").unwrap();
        assert_eq!(opt_out.is_so(&tree), Ok(true));
        fs::write(folder.path().join("etc/a.toml"), "off = true =\n").unwrap();
        assert!(opt_out.is_so(&tree).is_err());
    }

    #[test]
    fn a_policy_writes_below_etc_alone() {
        let value = |file: &str| OptOut::Value {
            file: file.into(),
            key: vec!["off".to_owned()],
            value: Scalar::Boolean(true),
        };
        let fine = [value("/etc/a.toml"), masked("a.service")];
        assert_eq!(of_administrator(&fine), fine);
        for file in ["/home/a/a.toml", "/etcetera/a.toml", "/tmp/etc/a.toml"] {
            assert_eq!(of_administrator(&[masked("a.service"), value(file)]), []);
        }
    }

    #[test]
    fn only_names_of_units_are_taken_for_some() {
        for name in ["a.service", "whoopsie.path", "a@b.timer", "a-b_c:d.socket"] {
            assert!(is_unit(name), "{name}");
        }
        for name in [
            "",
            "a",
            ".service",
            "a.mount",
            "../a.service",
            "a/b.service",
            "a b.path",
        ] {
            assert!(!is_unit(name), "{name}");
        }
    }
}
