// SPDX-License-Identifier: GPL-3.0-or-later

//! `disable-all` in reader files: a program's own way for an administrator to turn it off for all
//! users. Such an opt-out turns off only, and no user can undo it.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::choices::catalogue::names::{AbsoluteFile, FormatName, KeyPath, NonEmpty, UnitName};
use crate::choices::catalogue::values::FileValue;
use crate::choices::measure;
use crate::choices::measure::Shared;
use crate::choices::measures::masked::Masked;
use crate::choices::measures::value::{Hold, ValueOfSystem};
use crate::formats::document::DocumentProblem;
use crate::system::tree::Tree;

/// One condition. A program with several is off when all of them hold.
pub type OptOut = Shared;

/// `disable-all` in a reader file: all conditions that turn a program off for all users.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "Table", into = "Table")]
pub struct OptOuts {
    table: Table,
    list: Vec<OptOut>,
}

/// The fields of `disable-all`: a value in a file, or units.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    file: Option<AbsoluteFile>,
    format: Option<FormatName>,
    key: Option<KeyPath>,
    value: Option<FileValue>,
    masked_units: Option<NonEmpty<UnitName>>,
    masked_user_units: Option<NonEmpty<UnitName>>,
}

impl PartialEq for OptOuts {
    fn eq(&self, other: &Self) -> bool {
        self.table == other.table
    }
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
    type Error = String;

    fn try_from(table: Table) -> Result<Self, String> {
        let list = match &table {
            Table {
                file: Some(file),
                format,
                key: Some(key),
                value: Some(FileValue(value)),
                masked_units: None,
                masked_user_units: None,
            } => {
                let format = format.unwrap_or_default();
                let key = key.parts();
                let check = format.format().check(&key);
                check.map_err(|expected| format!("another key; expected {expected}"))?;
                let measure = ValueOfSystem {
                    file: file.clone(),
                    format,
                    key: NonEmpty::of(&key)?,
                    value: value.clone(),
                    hold: Hold::Alone,
                    on: false,
                    needs_file: false,
                    is_unset: false,
                };
                vec![Arc::new(measure) as OptOut]
            }
            Table {
                file: None,
                format: None,
                key: None,
                value: None,
                masked_units,
                masked_user_units,
            } if masked_units.is_some() || masked_user_units.is_some() => {
                let masked = |units: &Option<NonEmpty<UnitName>>, of_users| -> Vec<OptOut> {
                    let units = units.iter().flat_map(|units| units.iter().cloned());
                    let masked = units.map(|unit| Masked { unit, of_users });
                    masked.map(|masked| Arc::new(masked) as OptOut).collect()
                };
                [masked(masked_units, false), masked(masked_user_units, true)].concat()
            }
            _ => {
                let expected = "expected “file”, “key” and “value”, or else “masked-units”";
                return Err(expected.to_owned());
            }
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
    measure::folders(opt_outs)
}

/// Whether every opt-out is in effect. False if there are none.
pub fn is_off(opt_outs: &[OptOut], tree: &Tree) -> Result<bool, DocumentProblem> {
    measure::all_in_effect(opt_outs, tree)
}

/// The opt-outs that a policy may apply: only files in the administrator's own folder, since root
/// writes them. Either all opt-outs, or none.
pub(crate) fn of_administrator(opt_outs: &[OptOut]) -> &[OptOut] {
    if opt_outs.iter().all(|opt_out| opt_out.is_administrators()) {
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
    use crate::choices::catalogue::names::is_unit;

    fn image() -> (tempfile::TempDir, Tree) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("etc/systemd/system")).unwrap();
        let tree = Tree::image(folder.path()).unwrap();
        (folder, tree)
    }

    fn opt_outs(table: &str) -> Result<OptOuts, toml::de::Error> {
        toml::from_str(table)
    }

    fn masked(units: &str) -> OptOuts {
        opt_outs(&format!("masked-units = [{units}]")).unwrap()
    }

    fn value(file: &str) -> OptOuts {
        opt_outs(&format!("file = \"{file}\"\nkey = \"off\"\nvalue = true")).unwrap()
    }

    #[test]
    fn a_unit_is_masked_by_a_link_to_nothing_or_an_empty_file_and_by_nothing_else() {
        let (folder, tree) = image();
        let file = folder.path().join("etc/systemd/system/a.service");
        let units = masked("\"a.service\"");
        assert_eq!(is_off(&units, &tree), Ok(false));
        symlink("/dev/null", &file).unwrap();
        assert_eq!(is_off(&units, &tree), Ok(true));
        fs::remove_file(&file).unwrap();
        symlink("/usr/lib/systemd/system/b.service", &file).unwrap();
        assert_eq!(is_off(&units, &tree), Ok(false));
        fs::remove_file(&file).unwrap();
        fs::write(&file, "").unwrap();
        assert_eq!(is_off(&units, &tree), Ok(true));
        fs::write(&file, "[Unit]\n").unwrap();
        assert_eq!(is_off(&units, &tree), Ok(false));
    }

    #[test]
    fn a_unit_of_each_user_is_masked_in_a_folder_of_its_own() {
        let (folder, tree) = image();
        let units = opt_outs("masked-user-units = [\"a.path\"]").unwrap();
        fs::create_dir_all(folder.path().join("etc/systemd/user")).unwrap();
        symlink("/dev/null", folder.path().join("etc/systemd/system/a.path")).unwrap();
        assert_eq!(is_off(&units, &tree), Ok(false));
        symlink("/dev/null", folder.path().join("etc/systemd/user/a.path")).unwrap();
        assert_eq!(is_off(&units, &tree), Ok(true));
    }

    #[test]
    fn a_program_is_off_while_all_that_it_takes_is_so() {
        let (folder, tree) = image();
        let units = masked("\"a.path\", \"a.service\"");
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
        let opt_out = value("/etc/a.toml");
        assert_eq!(is_off(&opt_out, &tree), Ok(false));
        fs::write(folder.path().join("etc/a.toml"), "off = true\n").unwrap();
        assert_eq!(is_off(&opt_out, &tree), Ok(true));
        fs::write(folder.path().join("etc/a.toml"), "off = true =\n").unwrap();
        assert!(is_off(&opt_out, &tree).is_err());
    }

    #[test]
    fn a_policy_writes_below_etc_alone() {
        let fine = [value("/etc/a.toml").list, masked("\"a.service\"").list].concat();
        assert_eq!(of_administrator(&fine).len(), 2);
        for file in ["/home/a/a.toml", "/etcetera/a.toml", "/tmp/etc/a.toml"] {
            let other = [masked("\"a.service\"").list, value(file).list].concat();
            assert!(of_administrator(&other).is_empty());
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
