// SPDX-License-Identifier: GPL-3.0-or-later

//! Programs that keep their setting elsewhere than in dconf, and that something turns off for
//! everybody: a policy that locks a choice off sees to that, and a removal takes it back.
//!
//! What was there before is kept in the sources of the policy's database, and stands there before
//! anything is changed. It is a program's own file: all else in it stays as it is, and what somebody
//! else has changed since is theirs.

use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::slice;

use cap_std::fs::Dir;
use serde::{Deserialize, Serialize};

use crate::choices::catalogue::Catalogue;
use crate::choices::opt_out;
use crate::choices::opt_out::OptOut;
use crate::choices::reader::Reader;
use crate::formats::toml as document;
use crate::formats::toml::{Found, Scalar};
use crate::policy::compile::Conflict;
use crate::policy::diff::FileChange;
use crate::policy::failure::Failure;
use crate::policy::install::Place;
use crate::policy::install::read_back::Answer;
use crate::policy::report::KeyReport;
use crate::policy::{Decision, Policy};
use crate::system::systemd;
use crate::system::tree;
use crate::system::tree::{Kind, Rights, UNDER_WAY};

/// What was turned off for everybody, and what was there before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Before {
    #[serde(flatten)]
    opt_out: OptOut,
    /// The value that stood there; none where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    was: Option<Scalar>,
    /// The file, where there was none, and the folders that were made for it, those above first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    made: Vec<PathBuf>,
}

/// What is to become of the opt-outs of a place.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    /// What is not so yet, and is to be.
    pub(crate) set: Vec<OptOut>,
    /// What the policy no longer wants.
    pub(crate) undo: Vec<Before>,
    /// What a removal will have to know.
    pub(crate) before: Vec<Before>,
}

impl Steps {
    /// What was there before all that is set now, so that it can be taken back.
    pub(crate) fn newly_set(&self) -> Vec<Before> {
        let set = |before: &&Before| self.set.contains(&before.opt_out);
        self.before.iter().filter(set).cloned().collect()
    }
}

/// What an application would change of them.
#[derive(Debug, Default)]
pub struct Preview {
    /// The files, beside those of the database.
    pub files: Vec<FileChange>,
    /// The units that would be masked.
    pub masked: Vec<String>,
    /// The units that would no longer be.
    pub unmasked: Vec<String>,
}

impl Preview {
    /// Whether anything would.
    pub fn is_change(&self) -> bool {
        !(self.files.is_empty() && self.masked.is_empty() && self.unmasked.is_empty())
    }
}

impl Before {
    /// Whether it is what an application may have written, and nothing that leads anywhere else.
    pub(crate) fn is_sound(&self) -> bool {
        let named = match &self.opt_out {
            OptOut::Value { file, .. } => file
                .components()
                .all(|part| matches!(part, Component::RootDir | Component::Normal(_))),
            OptOut::Masked { unit } => opt_out::is_unit(unit),
        };
        let named = named && !opt_out::of_administrator(slice::from_ref(&self.opt_out)).is_empty();
        let file = self.opt_out.file();
        named && self.made.iter().all(|made| file.starts_with(made))
    }

    fn made_file(&self) -> bool {
        self.made
            .last()
            .is_some_and(|last| *last == self.opt_out.file())
    }
}

/// What turns a reader off for everybody as a decision says; nothing where the decision does not
/// lock it off, or where nothing does.
pub fn wanted_of<'a>(decision: &Decision, reader: &'a Reader) -> &'a [OptOut] {
    if decision.locked && !decision.state.may_send() {
        opt_out::of_administrator(reader.store.opt_outs())
    } else {
        &[]
    }
}

/// All that a policy wants so.
///
/// # Errors
///
/// Where two readers want different values of one place.
pub fn wanted(policy: &Policy, catalogue: &Catalogue) -> Result<Vec<OptOut>, Conflict> {
    let mut wanted: Vec<(&OptOut, &Reader)> = Vec::new();
    for decision in &policy.decisions {
        for reader in catalogue.readers_of(decision.choice) {
            for opt_out in wanted_of(decision, reader) {
                match wanted
                    .iter()
                    .find(|(other, _)| name(other) == name(opt_out))
                {
                    None => wanted.push((opt_out, reader)),
                    Some((other, _)) if *other == opt_out => {}
                    Some((_, other)) => {
                        return Err(Conflict {
                            key: name(opt_out),
                            one: other.id.clone(),
                            other: reader.id.clone(),
                        });
                    }
                }
            }
        }
    }
    Ok(wanted
        .into_iter()
        .map(|(opt_out, _)| opt_out.clone())
        .collect())
}

/// The place as reports have it: the file, and the value in it.
fn name(opt_out: &OptOut) -> String {
    let file = opt_out.file();
    match opt_out {
        OptOut::Value { key, .. } => format!("{}#{}", file.display(), key.join(".")),
        OptOut::Masked { .. } => file.display().to_string(),
    }
}

impl Place {
    /// What is to be done so that all is so that is wanted, and nothing else of ours.
    pub(crate) fn opt_out_steps(
        &self,
        wanted: &[OptOut],
        before: Vec<Before>,
    ) -> Result<Steps, Failure> {
        let (kept, undo): (Vec<_>, Vec<_>) = before
            .into_iter()
            .partition(|before| wanted.contains(&before.opt_out));
        let mut steps = Steps {
            undo,
            before: kept,
            set: Vec::new(),
        };
        for opt_out in wanted {
            if opt_out.is_so(&self.tree)? {
                continue;
            }
            if !steps.before.iter().any(|before| before.opt_out == *opt_out) {
                let before = self.look_before(opt_out)?;
                steps.before.push(before);
            }
            self.check_in_the_way(opt_out)?;
            steps.set.push(opt_out.clone());
        }
        let order = |before: &Before| wanted.iter().position(|wanted| *wanted == before.opt_out);
        steps.before.sort_by_key(order);
        Ok(steps)
    }

    /// What is there now.
    fn look_before(&self, opt_out: &OptOut) -> Result<Before, Failure> {
        let file = opt_out.file();
        let was = match opt_out.found(&self.tree)? {
            Found::NoFile | Found::Nothing => None,
            Found::Value(value) => Some(value),
            Found::Other => {
                let file = self.tree.name(&file);
                let mistake = format!(
                    "{}: a value of another kind than “{opt_out}”",
                    file.display()
                );
                return Err(Failure::Broken(mistake));
            }
        };
        let mut made = Vec::new();
        for path in file.ancestors() {
            if self.kind(path)?.is_some() || path == Path::new("/") {
                break;
            }
            made.push(path.to_owned());
        }
        made.reverse();
        Ok(Before {
            opt_out: opt_out.clone(),
            was,
            made,
        })
    }

    /// Makes sure that nothing stands there that is not to be replaced.
    fn check_in_the_way(&self, opt_out: &OptOut) -> Result<(), Failure> {
        let file = opt_out.file();
        match (opt_out, self.kind(&file)?) {
            (_, None) | (OptOut::Value { .. }, Some(Kind::File(_))) => Ok(()),
            _ => Err(Failure::InTheWay(self.tree.name(&file))),
        }
    }

    /// What the steps would change.
    pub(crate) fn preview(&self, steps: &Steps) -> Result<Preview, Failure> {
        let mut preview = Preview::default();
        let mut texts: Vec<(PathBuf, Option<String>, Option<String>)> = Vec::new();
        let mut edit = |file: &PathBuf, change: &dyn Fn(Option<&str>) -> Result<_, Failure>| {
            let known = texts.iter().position(|(path, ..)| path == file);
            let at = known.unwrap_or(texts.len());
            if known.is_none() {
                let text = document::read(&self.tree, file)?;
                texts.push((file.clone(), text.clone(), text));
            }
            texts[at].2 = change(texts[at].2.as_deref())?;
            Ok::<_, Failure>(())
        };
        for before in &steps.undo {
            match &before.opt_out {
                OptOut::Value { file, .. } => edit(file, &|text| self.undone(before, text))?,
                OptOut::Masked { unit } if before.opt_out.is_so(&self.tree)? => {
                    preview.unmasked.push(unit.clone());
                }
                OptOut::Masked { .. } => {}
            }
        }
        for opt_out in &steps.set {
            match opt_out {
                OptOut::Value { file, key, value } => edit(file, &|text| {
                    let name = self.tree.name(file);
                    let text = text.unwrap_or_default();
                    Ok(Some(document::edited(&name, text, key, Some(value))?))
                })?,
                OptOut::Masked { unit } => preview.masked.push(unit.clone()),
            }
        }
        let changes = texts.into_iter().map(|(file, before, after)| FileChange {
            file: self.tree.name(&file),
            before: before.map(String::into_bytes),
            after: after.map(String::into_bytes),
        });
        preview.files = changes.filter(FileChange::is_change).collect();
        Ok(preview)
    }

    /// A file's text without what an application put there; none where the file goes. What
    /// somebody else changed since stays.
    fn undone(&self, before: &Before, text: Option<&str>) -> Result<Option<String>, Failure> {
        let (OptOut::Value { file, key, value }, Some(text)) = (&before.opt_out, text) else {
            return Ok(text.map(str::to_owned));
        };
        let name = self.tree.name(file);
        if !document::find(&name, text, key)?.is(value) {
            return Ok(Some(text.to_owned()));
        }
        let undone = document::edited(&name, text, key, before.was.as_ref())?;
        let goes = before.made_file() && undone.trim().is_empty();
        Ok((!goes).then_some(undone))
    }

    /// Turns off what is to be.
    pub(crate) fn set_opt_outs(&self, opt_outs: &[OptOut]) -> Result<(), Failure> {
        for opt_out in opt_outs {
            let file = opt_out.file();
            match opt_out {
                OptOut::Value { key, value, .. } => {
                    let before = document::read(&self.tree, &file)?;
                    let text = before.as_deref().unwrap_or_default();
                    let text = document::edited(&self.tree.name(&file), text, key, Some(value))?;
                    self.replace(&file, before.as_deref(), Some(&text))?;
                }
                OptOut::Masked { .. } => self.mask(&file)?,
            }
        }
        Ok(())
    }

    /// Takes back what applications turned off, where it is as they left it.
    pub(crate) fn undo_opt_outs(&self, undo: &[Before]) -> Result<(), Failure> {
        for before in undo {
            let file = before.opt_out.file();
            if let OptOut::Value { .. } = &before.opt_out {
                let text = document::read(&self.tree, &file)?;
                let undone = self.undone(before, text.as_deref())?;
                if undone != text {
                    self.replace(&file, text.as_deref(), undone.as_deref())?;
                }
            } else if before.opt_out.is_so(&self.tree)? {
                self.replace(&file, None, None)?;
            }
            let made = before.made.as_slice();
            self.take_out_empty(made.strip_suffix(slice::from_ref(&file)).unwrap_or(made))?;
        }
        Ok(())
    }

    /// Tells systemd, where it runs, which units may be started and which not.
    pub(crate) fn tell_systemd(&self, steps: &Steps) -> Option<String> {
        let unit = |opt_out: &OptOut| match opt_out {
            OptOut::Masked { unit } => Some(unit.clone()),
            OptOut::Value { .. } => None,
        };
        let masked: Vec<_> = steps.set.iter().filter_map(unit).collect();
        let unmasked = steps.undo.iter().any(|undo| unit(&undo.opt_out).is_some());
        if self.tree.is_image() || (masked.is_empty() && !unmasked) {
            return None;
        }
        systemd::reload(&masked)
    }

    /// Puts a file of another program's in the place of the old one, with its rights; or takes it
    /// out.
    fn replace(
        &self,
        file: &Path,
        before: Option<&str>,
        text: Option<&str>,
    ) -> Result<(), Failure> {
        let rights = match self.kind(file)? {
            Some(Kind::File(rights)) => rights,
            _ => Rights::PUBLIC,
        };
        self.in_its_folder(file, |folder, name| match text {
            Some(text) => {
                let before = before.map(str::as_bytes);
                let bytes = text.as_bytes();
                tree::prepare_replacement(folder, name, before, bytes, rights)
                    .and_then(|prepared| Ok(prepared.put_in_place()?))
            }
            // What one that was cut off left behind goes with it.
            None => tree::remove(folder, UNDER_WAY).and_then(|()| tree::remove(folder, name)),
        })
    }

    fn mask(&self, file: &Path) -> Result<(), Failure> {
        self.in_its_folder(file, |folder, name| {
            folder.symlink_contents("/dev/null", name)?;
            tree::flush(folder)
        })
    }

    /// Does something in the folder that a file is in, which is made where it is missing.
    fn in_its_folder(
        &self,
        file: &Path,
        step: impl FnOnce(&Dir, &OsStr) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
            return Ok(());
        };
        let folder = self.tree.make_folder(folder, &mut Vec::new());
        folder
            .and_then(|folder| step(&folder, name))
            .map_err(self.system(file))
    }

    /// What is so of what is wanted.
    pub(crate) fn opt_out_report(&self, opt_out: &OptOut) -> KeyReport {
        let (wanted, found) = match opt_out {
            OptOut::Value { value: wanted, .. } => {
                let found = match opt_out.found(&self.tree) {
                    Ok(Found::Value(found)) => Ok(Some(found.to_string())),
                    Ok(_) => Ok(None),
                    Err(problem) => Err(problem.to_string()),
                };
                (wanted.to_string(), found)
            }
            OptOut::Masked { .. } => {
                let masked = "masked".to_owned();
                let found = opt_out.is_so(&self.tree);
                let found = found.map(|so| so.then(|| masked.clone()));
                (masked, found.map_err(|problem| problem.to_string()))
            }
        };
        let is_so = found
            .as_ref()
            .is_ok_and(|found| found.as_ref() == Some(&wanted));
        KeyReport {
            key: name(opt_out),
            wanted: Answer {
                value: Some(wanted),
                locked: true,
                problem: None,
            },
            found: Answer {
                problem: found.as_ref().err().cloned(),
                value: found.ok().flatten(),
                locked: is_so,
            },
        }
    }
}
