// SPDX-License-Identifier: GPL-3.0-or-later

//! A value in TOML files of the user's configuration, with one value for on and one for off.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use glib::prelude::*;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::choices::catalogue::names::{ConfigurationFiles, DottedKey, Meaning, NonEmpty};
use crate::choices::catalogue::values::{FileValue, different};
use crate::choices::opt_out;
use crate::choices::opt_out::{OptOut, OptOuts};
use crate::choices::rule;
use crate::choices::rule::{Place, TwoValues};
use crate::choices::snapshot::Snapshot;
use crate::choices::store::{Answer, Problem, Request, Store, Watched, Write};
use crate::formats::mistake::At;
use crate::formats::toml as document;
use crate::formats::toml::{DocumentProblem, Found, Scalar};
use crate::system::folders;
use crate::system::i18n::system_error;
use crate::system::limits;
use crate::system::settings::Origin;
use crate::system::text;
use crate::system::tree::Tree;

/// `[toml]` in a reader file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct TomlFile {
    /// The files. Names with a `*` match existing files only.
    files: NonEmpty<ConfigurationFiles>,
    /// The names of the nested tables, and of the value.
    key: DottedKey,
    /// The value with which the program may send something.
    on: Spanned<FileValue>,
    /// The value with which it sends nothing.
    off: Spanned<FileValue>,
    /// The state if the file or the value is missing.
    missing: Meaning,
    /// What turns the program off for all users.
    #[serde(default, skip_serializing_if = "OptOuts::is_none")]
    disable_all: OptOuts,
}

impl TomlFile {
    fn rule(&self) -> TwoValues {
        TwoValues {
            on: self.on.get_ref().0.to_variant(),
            off: self.off.get_ref().0.to_variant(),
            missing: self.missing.0,
        }
    }

    fn is_all_off(&self) -> Result<bool, DocumentProblem> {
        opt_out::is_off(&self.disable_all, &Tree::computer())
    }

    /// Each file once, with its value. Names without a `*` count even if the file doesn't exist.
    fn places<'a>(
        &self,
        rule: &'a TwoValues,
    ) -> Result<Vec<(PathBuf, Place<'a>)>, DocumentProblem> {
        let mut files: Vec<PathBuf> = Vec::new();
        let mut seen = HashSet::new();
        for name in self.files.iter() {
            let found = folders::configuration(name).map_err(|(file, error)| {
                let reason = system_error(&error);
                DocumentProblem::Unreadable { file, reason }
            })?;
            files.extend(found.into_iter().filter(|file| seen.insert(file.clone())));
            if files.len() > limits::CONFIGURATION_FILES {
                let folder = dirs::config_dir().unwrap_or_default();
                return Err(too_many(&folder));
            }
        }
        let key = self.key.parts();
        files
            .into_iter()
            .map(|file| {
                let found = document::look(&Tree::computer(), &file, &key)?;
                let name = file.file_name().unwrap_or_default().to_string_lossy();
                let place = place(rule, name.into_owned(), found);
                Ok((file, place))
            })
            .collect()
    }
}

fn too_many(folder: &Path) -> DocumentProblem {
    DocumentProblem::Broken(format!(
        "{}: more than {} files of this program, the most that are read; remove some",
        text::path(folder),
        limits::CONFIGURATION_FILES
    ))
}

fn place(rule: &TwoValues, name: String, found: Found) -> Place<'_> {
    let is_set = found.is_set();
    Place {
        rule,
        name,
        value: match found {
            Found::NoFile | Found::Nothing => None,
            Found::Value(value) => Some(value.to_variant()),
            // A unit never equals the value for on or off.
            Found::Other => Some(().to_variant()),
        },
        origin: Some(if is_set { Origin::You } else { Origin::Default }),
        locked: false,
        own: is_set,
        settled: true,
    }
}

impl Store for TomlFile {
    fn check(&self) -> Result<(), At> {
        different(("on", self.on.get_ref()), (&self.off, self.off.get_ref()))
    }

    fn needs_programs(&self) -> bool {
        true
    }

    fn read(&self, _: &Snapshot) -> Result<Option<Answer>, Problem> {
        let all_off = self.is_all_off()?;
        let rule = self.rule();
        let places = self.places(&rule)?.into_iter();
        let mut places: Vec<_> = places.map(|(_, place)| place).collect();
        if places.is_empty() {
            places.push(place(&rule, String::new(), Found::NoFile));
        }
        Ok(Some(rule::answer(&places, all_off)))
    }

    fn plan(&self, _: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem> {
        let locked = self.is_all_off()?;
        let rule = self.rule();
        let (files, places): (Vec<_>, Vec<_>) = self.places(&rule)?.into_iter().unzip();
        let changes = rule::changes(&places, request, locked).into_iter();
        let writes = changes.filter_map(|(number, value)| {
            let write: Box<dyn Write> = Box::new(FileWrite {
                file: files[number].clone(),
                key: self.key.parts(),
                value: match value {
                    None => None,
                    Some(value) => Some(Scalar::from_variant(&value)?),
                },
                locked,
            });
            Some(write)
        });
        Ok(writes.collect())
    }

    fn watched(&self) -> Watched {
        let own = self.files.iter().filter_map(|file| {
            let file = dirs::config_dir()?.join(&**file);
            file.parent().map(PathBuf::from)
        });
        Watched {
            folders: own.chain(opt_out::folders(&self.disable_all)).collect(),
            ..Watched::default()
        }
    }

    fn opt_outs(&self) -> &[OptOut] {
        &self.disable_all
    }
}

/// A change of a value in a file. `None` removes the value.
#[derive(Clone, Debug)]
struct FileWrite {
    file: PathBuf,
    /// The names of the nested tables, and of the value.
    key: Vec<String>,
    value: Option<Scalar>,
    /// Whether the administrator already decided, so that the change would have no effect.
    locked: bool,
}

impl Write for FileWrite {
    fn is_allowed(&self, _: &Snapshot) -> bool {
        !self.locked
    }

    fn apply(&self) -> Result<(), Problem> {
        let value = self.value.as_ref();
        Ok(document::write(&self.file, &self.key, value)?)
    }
}
