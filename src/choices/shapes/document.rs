// SPDX-License-Identifier: GPL-3.0-or-later

//! A value in TOML files of a person's configuration, with one value for on and one for off.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::choices::opt_out;
use crate::choices::opt_out::OptOut;
use crate::choices::reader::{Answer, DocumentWrite, Part, Request};
use crate::choices::state::State;
use crate::formats::toml as document;
use crate::formats::toml::{DocumentProblem, Found, Scalar};
use crate::system::folders;
use crate::system::i18n::system_error;
use crate::system::limits;
use crate::system::settings::Origin;
use crate::system::tree::Tree;

/// `[toml]` in a reader file.
#[derive(Clone, Debug, PartialEq)]
pub struct DocumentShape {
    /// The files, below the person's configuration folder. In the name of one, though not in its
    /// folders', `*` stands for anything: those that exist count then.
    pub files: Vec<String>,
    /// The tables that the value is in, and its own name.
    pub key: Vec<String>,
    /// The value with which the program may send something.
    pub on: Scalar,
    /// The value with which it sends nothing.
    pub off: Scalar,
    /// What it does where there is no such file, or no such value in it.
    pub missing: State,
    /// What turns all off for everybody.
    pub disable_all: Vec<OptOut>,
}

/// A file and what is in it.
struct Look {
    file: PathBuf,
    found: Found,
}

impl DocumentShape {
    /// The folders in which something about the state may change.
    pub fn folders(&self) -> Vec<PathBuf> {
        let own = self.files.iter().filter_map(|file| {
            let file = dirs::config_dir()?.join(file);
            file.parent().map(PathBuf::from)
        });
        own.chain(everybodys(&self.disable_all)).collect()
    }

    pub(crate) fn ask(&self) -> Result<Option<Answer>, DocumentProblem> {
        let all_off = opt_out::is_off(&self.disable_all, &Tree::computer())?;
        let found = self.look()?;
        let parts: Vec<_> = found.iter().map(|look| (look, self.state(look))).collect();
        let state = State::together(parts.iter().map(|(_, state)| *state));
        let decided = found.iter().any(|look| look.found.is_set());
        let part = |(look, state): &(&Look, State)| {
            let name = look.file.file_name().unwrap_or_default().to_string_lossy();
            Part {
                id: name.clone().into_owned(),
                name: name.into_owned(),
                on: *state != State::Off && !all_off,
            }
        };
        Ok(Some(Answer {
            state: if all_off {
                State::Off
            } else {
                state.unwrap_or(self.missing)
            },
            origin: Some(match (all_off, decided) {
                (true, _) => Origin::Administrator,
                (false, true) => Origin::You,
                (false, false) => Origin::Default,
            }),
            locked: all_off,
            resettable: decided,
            overruled: false,
            for_everybody: false,
            mode: None,
            // One file is the program itself.
            parts: if parts.len() > 1 {
                parts.iter().map(part).collect()
            } else {
                Vec::new()
            },
        }))
    }

    pub(crate) fn plan(&self, request: Request) -> Result<Vec<DocumentWrite>, DocumentProblem> {
        let locked = opt_out::is_off(&self.disable_all, &Tree::computer())?;
        let found = self.look()?;
        let writes = found.into_iter().filter_map(|look| {
            let value = match request {
                Request::Reset if look.found.is_set() => None,
                Request::Reset | Request::Mode(_) => return None,
                // Under a lock, no value of the person's turns it on.
                Request::On if self.state(&look) == State::On && !locked => return None,
                Request::Off if self.state(&look) == State::Off => return None,
                Request::On => Some(self.on.clone()),
                Request::Off => Some(self.off.clone()),
            };
            Some(DocumentWrite {
                file: look.file,
                key: self.key.clone(),
                value,
                locked,
            })
        });
        Ok(writes.collect())
    }

    fn state(&self, look: &Look) -> State {
        if !look.found.is_set() {
            self.missing
        } else if look.found.is(&self.off) {
            State::Off
        } else if look.found.is(&self.on) {
            State::On
        } else {
            State::Mixed
        }
    }

    /// Every file once; those that are named without a `*` whether they exist or not.
    fn look(&self) -> Result<Vec<Look>, DocumentProblem> {
        let mut files: Vec<PathBuf> = Vec::new();
        let mut seen = HashSet::new();
        for name in &self.files {
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
        files
            .into_iter()
            .map(|file| {
                let found = document::look(&Tree::computer(), &file, &self.key)?;
                Ok(Look { file, found })
            })
            .collect()
    }
}

fn too_many(folder: &Path) -> DocumentProblem {
    DocumentProblem::Broken(format!(
        "{}: more than {} files of this program, the most that are read; remove some",
        folder.display(),
        limits::CONFIGURATION_FILES
    ))
}

/// The folders in which what is off for everybody may change.
pub(crate) fn everybodys(opt_outs: &[OptOut]) -> impl Iterator<Item = PathBuf> {
    opt_outs
        .iter()
        .filter_map(|opt_out| opt_out.file().parent().map(PathBuf::from))
}
