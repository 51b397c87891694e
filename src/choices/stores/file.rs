// SPDX-License-Identifier: GPL-3.0-or-later

//! Values in files of the user's folders, of any format, each with one value for on and one for
//! off.
//!
//! Less important files, of the system or a vendor, count where the user's own file has no value.
//! Only the user's own file is written.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use glib::Variant;
use glib::prelude::*;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::choices::catalogue::names::{
    Base, ConfigurationFiles, FormatName, KeyPath, Layer, List, Meaning, NonEmpty, wrong,
};
use crate::choices::catalogue::values::{FileValue, different};
use crate::choices::opt_out;
use crate::choices::opt_out::{OptOut, OptOuts};
use crate::choices::rule;
use crate::choices::rule::{Place, Rule, TwoValues};
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::choices::store::{Answer, Problem, Request, Store, Watched, Write};
use crate::formats::document;
use crate::formats::document::DocumentProblem;
use crate::formats::format::{Format, Found, Scalar};
use crate::formats::mistake::At;
use crate::system::folders;
use crate::system::i18n::system_error;
use crate::system::limits;
use crate::system::settings::Origin;
use crate::system::text;
use crate::system::tree::Tree;

/// `[file]` in a reader file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct ValueInFile {
    format: FormatName,
    /// The user's folder.
    #[serde(default, skip_serializing_if = "Base::is_default")]
    base: Base,
    /// The folders with less important files of the same names, the most important first.
    #[serde(default, skip_serializing_if = "is_empty")]
    layers: List<Layer>,
    /// The files. Names with a `*` match existing files only.
    files: NonEmpty<ConfigurationFiles>,
    key: Spanned<KeyPath>,
    /// The value with which the program may send something.
    on: Spanned<FileValue>,
    /// The value with which it sends nothing.
    off: Spanned<FileValue>,
    /// What any other value of the same type means. `None`: neither on nor off.
    other: Option<Meaning>,
    /// The state if all files or their values are missing.
    missing: Meaning,
    /// Further values of the same program.
    #[serde(default, skip_serializing_if = "is_empty")]
    also: List<Also>,
    /// What turns the program off for all users.
    #[serde(default, skip_serializing_if = "OptOuts::is_none")]
    disable_all: OptOuts,
}

/// `[[file.also]]` in a reader file: another value. Missing fields are those of `[file]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Also {
    files: Option<NonEmpty<ConfigurationFiles>>,
    key: Option<Spanned<KeyPath>>,
    on: Option<Spanned<FileValue>>,
    off: Option<Spanned<FileValue>>,
    other: Option<Meaning>,
    missing: Option<Meaning>,
}

fn is_empty<T>(list: &List<T>) -> bool {
    list.is_empty()
}

/// A value with all its fields.
struct Value<'a> {
    files: &'a [ConfigurationFiles],
    key: &'a Spanned<KeyPath>,
    on: &'a Spanned<FileValue>,
    off: &'a Spanned<FileValue>,
    other: Option<Meaning>,
    missing: Meaning,
}

/// What the values mean.
struct FileRule {
    values: TwoValues,
    other: State,
}

impl Rule for FileRule {
    fn state(&self, value: Option<&Variant>) -> State {
        match self.values.state(value) {
            // A value of another type, or one that isn't certain, is a unit.
            State::Mixed if value.is_some_and(|value| !value.is_type(glib::VariantTy::UNIT)) => {
                self.other
            }
            state => state,
        }
    }

    fn value(&self, on: bool) -> Option<Variant> {
        self.values.value(on)
    }
}

/// A file of the user with a value.
struct Target {
    file: PathBuf,
    /// The file's name below the user's folder.
    name: String,
    key: Vec<String>,
    /// The index of its rule.
    rule: usize,
}

impl ValueInFile {
    fn format(&self) -> &'static dyn Format {
        self.format.format()
    }

    fn values(&self) -> impl Iterator<Item = Value<'_>> {
        let first = Value {
            files: &self.files,
            key: &self.key,
            on: &self.on,
            off: &self.off,
            other: self.other,
            missing: self.missing,
        };
        let others = self.also.iter().map(|also| Value {
            files: also.files.as_deref().unwrap_or(&self.files),
            key: also.key.as_ref().unwrap_or(&self.key),
            on: also.on.as_ref().unwrap_or(&self.on),
            off: also.off.as_ref().unwrap_or(&self.off),
            other: also.other.or(self.other),
            missing: also.missing.unwrap_or(self.missing),
        });
        std::iter::once(first).chain(others)
    }

    fn rules(&self) -> Vec<FileRule> {
        let rule = |value: Value<'_>| FileRule {
            values: TwoValues {
                on: value.on.get_ref().0.to_variant(),
                off: value.off.get_ref().0.to_variant(),
                missing: value.missing.0,
            },
            other: value.other.map_or(State::Mixed, |meaning| meaning.0),
        };
        self.values().map(rule).collect()
    }

    fn base(&self) -> PathBuf {
        match self.base {
            Base::Config => glib::user_config_dir(),
            Base::Data => glib::user_data_dir(),
            Base::State => glib::user_state_dir(),
        }
    }

    fn layers(&self) -> Vec<PathBuf> {
        let folders = self.layers.iter().flat_map(|layer| match layer {
            Layer::ConfigDirs => folders::config_dirs(),
            Layer::Folder(folder) => vec![PathBuf::from(&**folder)],
        });
        folders.collect()
    }

    fn is_all_off(&self) -> Result<bool, DocumentProblem> {
        opt_out::is_off(&self.disable_all, &Tree::computer())
    }

    /// Each value of each file once. Names without a `*` count even if the file doesn't exist.
    fn targets(&self) -> Result<Vec<Target>, DocumentProblem> {
        let base = self.base();
        let mut targets: Vec<Target> = Vec::new();
        let mut seen = HashSet::new();
        for (rule, value) in self.values().enumerate() {
            let key = value.key.get_ref().parts();
            for name in value.files {
                let found = folders::files_below(&base, name).map_err(|(file, error)| {
                    let reason = system_error(&error);
                    DocumentProblem::Unreadable { file, reason }
                })?;
                for file in found {
                    if !seen.insert((file.clone(), key.clone())) {
                        continue;
                    }
                    let name = file.strip_prefix(&base).unwrap_or(&file);
                    targets.push(Target {
                        name: name.display().to_string(),
                        key: key.clone(),
                        file,
                        rule,
                    });
                }
                if targets.len() > limits::CONFIGURATION_FILES {
                    return Err(too_many(&base));
                }
            }
        }
        Ok(targets)
    }

    /// What a program reads: the value of the most important file that has one, unless a less
    /// important file locks it.
    fn place<'a>(
        &self,
        target: &Target,
        rule: &'a FileRule,
        layers: &[PathBuf],
    ) -> Result<Place<'a>, DocumentProblem> {
        let like = Scalar::from_variant(&rule.values.off).unwrap_or(Scalar::Boolean(false));
        let look = |file: &Path| {
            document::look(self.format(), &Tree::computer(), file, &target.key, &like)
        };
        let own = look(&target.file)?;
        let mut found = Found::Nothing;
        let mut locked = false;
        for folder in layers.iter().rev() {
            let below = look(&folder.join(&target.name))?;
            if below.found.is_set() || below.hides {
                found = below.found;
            }
            if below.locked {
                locked = true;
                break;
            }
        }
        let is_own = own.found.is_set() || own.hides;
        if is_own && !locked {
            found = own.found;
        }
        Ok(Place {
            rule,
            name: target.name.clone(),
            settled: is_own || !found.is_set(),
            value: match found {
                Found::NoFile | Found::Nothing => None,
                Found::Value(value) => Some(value.to_variant()),
                // A unit never equals the value for on or off.
                Found::Other => Some(().to_variant()),
            },
            origin: Some(match (locked, is_own) {
                (true, _) => Origin::Administrator,
                (false, true) => Origin::You,
                (false, false) => Origin::Default,
            }),
            locked: locked || own.locked,
            own: is_own,
        })
    }

    /// Each target with its place, which has the file's name if that tells the files apart.
    fn places<'a>(
        &self,
        rules: &'a [FileRule],
    ) -> Result<Vec<(Target, Place<'a>)>, DocumentProblem> {
        let layers = self.layers();
        let targets = self.targets()?;
        let mut names: Vec<_> = targets
            .iter()
            .map(|target| target.file.file_name())
            .collect();
        names.sort_unstable();
        let alike = names.windows(2).any(|names| names[0] == names[1]);
        let mut found = Vec::with_capacity(targets.len());
        for target in targets {
            if let Some(rule) = rules.get(target.rule) {
                let mut place = self.place(&target, rule, &layers)?;
                if let (false, Some(name)) = (alike, target.file.file_name()) {
                    place.name = name.to_string_lossy().into_owned();
                }
                found.push((target, place));
            }
        }
        Ok(found)
    }
}

fn too_many(folder: &Path) -> DocumentProblem {
    DocumentProblem::Broken(format!(
        "{}: more than {} files of this program, the most that are read; remove some",
        text::path(folder),
        limits::CONFIGURATION_FILES
    ))
}

impl Store for ValueInFile {
    fn check(&self) -> Result<(), At> {
        for value in self.values() {
            different(("on", value.on.get_ref()), (value.off, value.off.get_ref()))?;
            let check = self.format().check(&value.key.get_ref().parts());
            check.map_err(|expected| wrong(value.key, format!("expected {expected}")))?;
        }
        Ok(())
    }

    fn needs_programs(&self) -> bool {
        true
    }

    fn read(&self, _: &Snapshot) -> Result<Option<Answer>, Problem> {
        let all_off = self.is_all_off()?;
        let rules = self.rules();
        let places = self.places(&rules)?.into_iter();
        let mut places: Vec<_> = places.map(|(_, place)| place).collect();
        if let ([], Some(rule)) = (&places[..], rules.first()) {
            places.push(Place {
                rule,
                name: String::new(),
                value: None,
                origin: Some(Origin::Default),
                locked: false,
                own: false,
                settled: true,
            });
        }
        Ok(Some(rule::answer(&places, all_off)))
    }

    fn plan(&self, _: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem> {
        let all_off = self.is_all_off()?;
        let rules = self.rules();
        let (targets, places): (Vec<_>, Vec<_>) = self.places(&rules)?.into_iter().unzip();
        let changes = rule::changes(&places, request, all_off).into_iter();
        let writes = changes.filter_map(|(number, value)| {
            let write: Box<dyn Write> = Box::new(FileWrite {
                format: self.format(),
                file: targets[number].file.clone(),
                key: targets[number].key.clone(),
                value: match value {
                    None => None,
                    Some(value) => Some(Scalar::from_variant(&value)?),
                },
                locked: all_off || places[number].locked,
            });
            Some(write)
        });
        Ok(writes.collect())
    }

    fn watched(&self) -> Watched {
        let folders = std::iter::once(self.base()).chain(self.layers());
        let own = folders.flat_map(|folder| {
            let files = self.values().flat_map(|value| value.files.to_vec());
            let folders = files.map(move |file| folder.join(&*file));
            folders
                .filter_map(|file| file.parent().map(PathBuf::from))
                .collect::<Vec<_>>()
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
    format: &'static dyn Format,
    file: PathBuf,
    /// The names of the tables or groups, and of the value.
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
        Ok(document::write(self.format, &self.file, &self.key, value)?)
    }
}
