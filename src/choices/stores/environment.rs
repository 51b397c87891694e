// SPDX-License-Identifier: GPL-3.0-or-later

//! A variable of the environment in which the user's programs start; environment.d(5).
//!
//! The panel writes one file of its own, which comes last by name. The file has one line for each
//! variable of such a reader. A change takes effect at the next login, in sessions whose programs
//! systemd starts.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use glib::Variant;
use glib::prelude::*;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::choices::catalogue::names::{Meaning, VariableName, VariableValue, wrong};
use crate::choices::rule;
use crate::choices::rule::{Place, Rule, TwoValues};
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::choices::store::{Answer, Problem, Request, Store, Watched, Write};
use crate::formats::document;
use crate::formats::document::DocumentProblem;
use crate::formats::environment::Environment;
use crate::formats::format::{Found, Scalar};
use crate::formats::mistake::At;
use crate::system::folders;
use crate::system::i18n::system_error;
use crate::system::settings::Origin;
use crate::system::tree::Tree;

/// The folders of the system, the most important first.
const SYSTEM: [&str; 4] = [
    "/etc/environment.d",
    "/run/environment.d",
    "/usr/local/lib/environment.d",
    "/usr/lib/environment.d",
];

/// The panel's own file. Debian's `99-environment.conf`, which is /etc/environment, comes before it.
const OWN: &str = "99-privacy-panel.conf";

/// `[environment]` in a reader file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct InEnvironment {
    variable: VariableName,
    /// The value with which the program may send something.
    on: VariableValue,
    /// The value with which it sends nothing.
    off: Spanned<VariableValue>,
    /// What any other value means. `None`: neither on nor off.
    other: Option<Meaning>,
    /// The state without the variable.
    missing: Meaning,
}

struct VariableRule {
    values: TwoValues,
    other: State,
}

impl Rule for VariableRule {
    fn state(&self, value: Option<&Variant>) -> State {
        match self.values.state(value) {
            State::Mixed => self.other,
            state => state,
        }
    }

    fn value(&self, on: bool) -> Option<Variant> {
        self.values.value(on)
    }
}

impl InEnvironment {
    fn rule(&self) -> VariableRule {
        VariableRule {
            values: TwoValues {
                on: self.on.to_variant(),
                off: self.off.get_ref().to_variant(),
                missing: self.missing.0,
            },
            other: self.other.map_or(State::Mixed, |meaning| meaning.0),
        }
    }

    fn key(&self) -> [String; 1] {
        [self.variable.to_string()]
    }

    /// The value that systemd gives the variable when the user logs in.
    fn place<'a>(&self, rule: &'a VariableRule) -> Result<Place<'a>, DocumentProblem> {
        let user = user_folder();
        let mut value = None;
        let mut origin = Origin::Default;
        let mut locked = false;
        let mut own = false;
        for file in files()? {
            let like = Scalar::Text(String::new());
            let look = document::look(&Environment, &Tree::computer(), &file, &self.key(), &like)?;
            let Found::Value(found) = look.found else {
                continue;
            };
            value = Some(found.to_variant());
            let is_users = file.starts_with(&user);
            own |= is_users;
            origin = if is_users {
                Origin::You
            } else {
                Origin::Administrator
            };
            // This file comes after the user's, so its value counts.
            locked = !is_users && file.file_name() > Some(OWN.as_ref());
        }
        Ok(Place {
            rule,
            name: self.variable.to_string(),
            settled: value.is_none() || origin == Origin::You,
            value,
            origin: Some(origin),
            locked,
            own,
        })
    }
}

fn user_folder() -> PathBuf {
    glib::user_config_dir().join("environment.d")
}

/// The files in the order in which systemd reads them: by name, whatever the folder. A file replaces
/// those of the same name in less important folders.
fn files() -> Result<impl Iterator<Item = PathBuf>, DocumentProblem> {
    let user = user_folder();
    let mut files: BTreeMap<OsString, PathBuf> = BTreeMap::new();
    let system = SYSTEM.iter().map(Path::new);
    for folder in std::iter::once(user.as_path()).chain(system) {
        let found = folders::files_below(folder, "*.conf").map_err(|(file, error)| {
            let reason = system_error(&error);
            DocumentProblem::Unreadable { file, reason }
        })?;
        for file in found {
            if let Some(name) = file.file_name() {
                files.entry(name.to_owned()).or_insert(file);
            }
        }
    }
    // A link to /dev/null only masks other files.
    Ok(files
        .into_values()
        .filter(|file| !Tree::computer().is_null(file)))
}

impl Store for InEnvironment {
    fn check(&self) -> Result<(), At> {
        if self.on == *self.off.get_ref() {
            return Err(wrong(&self.off, "the same value as “on”; expected another"));
        }
        Ok(())
    }

    fn needs_programs(&self) -> bool {
        true
    }

    fn read(&self, _: &Snapshot) -> Result<Option<Answer>, Problem> {
        let rule = self.rule();
        Ok(Some(rule::answer(&[self.place(&rule)?], false)))
    }

    fn plan(&self, _: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem> {
        let rule = self.rule();
        let place = self.place(&rule)?;
        let locked = place.locked;
        let changes = rule::changes(&[place], request, false).into_iter();
        let writes = changes.map(|(_, value)| {
            let write: Box<dyn Write> = Box::new(VariableWrite {
                key: self.key(),
                value: value.as_ref().and_then(Scalar::from_variant),
                locked,
            });
            write
        });
        Ok(writes.collect())
    }

    fn watched(&self) -> Watched {
        let system = SYSTEM.iter().map(PathBuf::from);
        Watched {
            folders: std::iter::once(user_folder()).chain(system).collect(),
            ..Watched::default()
        }
    }
}

/// A change of a variable in the panel's own file. `None` removes the variable.
#[derive(Clone, Debug)]
struct VariableWrite {
    key: [String; 1],
    value: Option<Scalar>,
    locked: bool,
}

impl Write for VariableWrite {
    fn is_allowed(&self, _: &Snapshot) -> bool {
        !self.locked
    }

    fn apply(&self) -> Result<(), Problem> {
        let file = user_folder().join(OWN);
        let value = self.value.as_ref();
        document::write(&Environment, &file, &self.key, value)?;
        Ok(())
    }
}
