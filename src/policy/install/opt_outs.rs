// SPDX-License-Identifier: GPL-3.0-or-later

//! System-wide opt-outs for programs outside dconf. A policy that locks a choice off sets them;
//! removing the policy restores what was there.
//!
//! The original value is recorded in the sources of the database before anything is changed. The
//! files belong to other programs: the rest of a file is kept, and so is an opt-out that was edited
//! since.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;

use crate::choices::catalogue::Catalogue;
use crate::choices::opt_out;
use crate::choices::opt_out::OptOut;
use crate::choices::reader::Reader;
use crate::formats::format::Found;
use crate::formats::toml as document;
use crate::policy::compile::Conflict;
use crate::policy::diff::FileChange;
use crate::policy::failure::Failure;
use crate::policy::install::backups;
use crate::policy::install::backups::Backup;
use crate::policy::install::original::Original;
use crate::policy::install::read_back::Answer;
use crate::policy::install::target::Target;
use crate::policy::report::KeyReport;
use crate::policy::{Decision, Policy};
use crate::system::systemd;
use crate::system::tree;
use crate::system::tree::{Kind, Rights, UNDER_WAY};

/// The changes to the opt-outs of a target.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    /// The opt-outs to set.
    pub(crate) set: Vec<OptOut>,
    /// The opt-outs to take back, since the policy no longer wants them.
    pub(crate) undo: Vec<Original>,
    /// The opt-outs that the policy wants, for a later removal.
    pub(crate) kept: Vec<Original>,
}

impl Steps {
    /// The steps that take back the opt-outs that these set.
    pub(crate) fn reversed(&self) -> Self {
        let set = |original: &&Original| self.set.contains(&original.opt_out);
        Self {
            undo: self.kept.iter().filter(set).cloned().collect(),
            ..Self::default()
        }
    }
}

/// The changes to opt-outs that an application would make.
#[derive(Debug, Default)]
pub struct Preview {
    /// The changed files of other programs.
    pub files: Vec<FileChange>,
    /// The units that would be masked.
    pub masked: Vec<String>,
    /// The units that would be unmasked.
    pub unmasked: Vec<String>,
}

impl Preview {
    /// Whether anything would change.
    pub fn is_change(&self) -> bool {
        !(self.files.is_empty() && self.masked.is_empty() && self.unmasked.is_empty())
    }
}

/// The opt-outs of a reader that a decision requires. Empty unless the decision locks the choice off.
pub fn wanted_for<'a>(decision: &Decision, reader: &'a Reader) -> &'a [OptOut] {
    if decision.locked && !decision.state.may_send() {
        opt_out::of_administrator(reader.store.opt_outs())
    } else {
        &[]
    }
}

/// Every opt-out that a policy requires.
///
/// # Errors
///
/// [`Conflict`] if two readers need different values of one key.
pub fn wanted(policy: &Policy, catalogue: &Catalogue) -> Result<Vec<OptOut>, Conflict> {
    let mut wanted: Vec<(&OptOut, &Reader)> = Vec::new();
    for decision in &policy.decisions {
        for reader in catalogue.readers_of(decision.choice) {
            for opt_out in wanted_for(decision, reader) {
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

/// The name in reports: the file, and the key in it.
fn name(opt_out: &OptOut) -> String {
    let file = opt_out.file();
    match opt_out {
        OptOut::Value { key, .. } => format!("{}#{}", file.display(), key.join(".")),
        OptOut::Masked { .. } => file.display().to_string(),
    }
}

impl Target {
    /// The steps from the current opt-outs to the wanted ones.
    pub(crate) fn opt_out_steps(
        &self,
        wanted: &[OptOut],
        originals: Vec<Original>,
    ) -> Result<Steps, Failure> {
        let (kept, undo): (Vec<_>, Vec<_>) = originals
            .into_iter()
            .partition(|original| wanted.contains(&original.opt_out));
        let mut steps = Steps {
            set: Vec::new(),
            undo,
            kept,
        };
        for opt_out in wanted {
            if opt_out.is_so(&self.tree)? {
                continue;
            }
            let known = |original: &Original| original.opt_out == *opt_out;
            if !steps.kept.iter().any(known) {
                steps.kept.push(self.original(opt_out)?);
            }
            self.check_in_the_way(opt_out)?;
            steps.set.push(opt_out.clone());
        }
        let order =
            |original: &Original| wanted.iter().position(|wanted| *wanted == original.opt_out);
        steps.kept.sort_by_key(order);
        Ok(steps)
    }

    /// The current state of an opt-out that is about to be set.
    fn original(&self, opt_out: &OptOut) -> Result<Original, Failure> {
        let file = opt_out.file();
        let value = match opt_out.found(&self.tree)? {
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
        let mut created = Vec::new();
        for path in file.ancestors() {
            if self.kind(path)?.is_some() || path == Path::new("/") {
                break;
            }
            created.push(path.to_owned());
        }
        created.reverse();
        Ok(Original {
            opt_out: opt_out.clone(),
            value,
            created,
        })
    }

    /// Fails if something else has the name of the file or unit.
    fn check_in_the_way(&self, opt_out: &OptOut) -> Result<(), Failure> {
        let file = opt_out.file();
        match (opt_out, self.kind(&file)?) {
            (_, None) | (OptOut::Value { .. }, Some(Kind::File(_))) => Ok(()),
            _ => Err(Failure::InTheWay(self.tree.name(&file))),
        }
    }

    /// The changes that the steps would make.
    pub(crate) fn preview(&self, steps: &Steps, backups: &[Backup]) -> Result<Preview, Failure> {
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
        for original in &steps.undo {
            match &original.opt_out {
                OptOut::Value { file, .. } => {
                    edit(file, &|text| self.undone(steps, backups, file, text))?;
                }
                OptOut::Masked { unit } if original.opt_out.is_so(&self.tree)? => {
                    preview.unmasked.push(unit.clone());
                }
                OptOut::Masked { .. } => {}
            }
        }
        for opt_out in &steps.set {
            match opt_out {
                OptOut::Value { file, .. } => edit(file, &|text| {
                    Ok(Some(self.with_set(opt_out, text.unwrap_or_default())?))
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

    /// A file's text with an opt-out set in it.
    fn with_set(&self, opt_out: &OptOut, text: &str) -> Result<String, Failure> {
        match opt_out {
            OptOut::Value { file, key, value } => {
                let name = self.tree.name(file);
                Ok(document::edited(&name, text, key, Some(value))?)
            }
            OptOut::Masked { .. } => Ok(text.to_owned()),
        }
    }

    /// A file's text after [`Steps::undo`]; `None` if the file is to be removed.
    /// A file that is as the policy left it becomes what it was before. From one that was edited
    /// since, the policy's values alone are taken out.
    fn undone(
        &self,
        steps: &Steps,
        backups: &[Backup],
        file: &Path,
        text: Option<&str>,
    ) -> Result<Option<String>, Failure> {
        let Some(now) = text else {
            return Ok(None);
        };
        let is_kept = steps.kept.iter().any(|original| original.is_in(file));
        let backup = backups::of(backups, file)
            .filter(|backup| !is_kept && backup.is_as_left(now.as_bytes()));
        if let Some(backup) = backup {
            let before = backup.before().map(|bytes| String::from_utf8(bytes.into()));
            if let Ok(before) = before.transpose() {
                return Ok(before);
            }
        }
        self.without(&steps.undo, file, now)
    }

    /// A file's text with the original values instead of the policy's; `None` if the file is to be
    /// removed.
    /// A value that isn't the policy's stays.
    fn without(
        &self,
        originals: &[Original],
        file: &Path,
        text: &str,
    ) -> Result<Option<String>, Failure> {
        let name = self.tree.name(file);
        let mut text = text.to_owned();
        for original in originals.iter().filter(|original| original.is_in(file)) {
            let OptOut::Value { key, value, .. } = &original.opt_out else {
                continue;
            };
            if !document::find(&name, &text, key)?.is(value) {
                continue;
            }
            text = document::edited(&name, &text, key, original.value.as_ref())?;
            if original.created_file() && text.trim().is_empty() {
                return Ok(None);
            }
        }
        Ok(Some(text))
    }

    /// The backups to keep until [`Steps::undo`] is done, and those to keep from then on. `known` and
    /// `recorded` are what the last application backed up and set.
    pub(crate) fn backups_for(
        &self,
        steps: &Steps,
        known: &[Backup],
        recorded: &[Original],
    ) -> Result<[Vec<Backup>; 2], Failure> {
        let all = [steps.kept.as_slice(), &steps.undo].concat();
        let mut backups = [Vec::new(), Vec::new()];
        for original in &all {
            let file = original.opt_out.file();
            let is_kept = steps.kept.iter().any(|kept| kept.opt_out.file() == file);
            if backups::of(&backups[0], &file).is_some() {
                continue;
            }
            let [until_restored, after] = match &original.opt_out {
                OptOut::Masked { .. } => [Some(Backup::mask(&file)), Some(Backup::mask(&file))],
                OptOut::Value { .. } => self.file_backups(steps, known, recorded, &file)?,
            };
            backups[0].extend(until_restored);
            backups[1].extend(after.filter(|_| is_kept));
        }
        for (backups, originals) in backups.iter_mut().zip([&all, &steps.kept]) {
            let folders = originals.iter().flat_map(Original::created_folders);
            let mut folders: Vec<_> = folders.collect();
            folders.sort();
            folders.dedup();
            // Inner folders first.
            backups.extend(folders.into_iter().rev().map(|path| Backup::folder(path)));
        }
        Ok(backups)
    }

    fn file_backups(
        &self,
        steps: &Steps,
        known: &[Backup],
        recorded: &[Original],
        file: &Path,
    ) -> Result<[Option<Backup>; 2], Failure> {
        let now = document::read(&self.tree, file)?;
        let bytes = now.as_ref().map(String::as_bytes);
        let known = backups::of(known, file).filter(|backup| {
            backup.before() == bytes || bytes.is_some_and(|bytes| backup.is_as_left(bytes))
        });
        let before = if let Some(backup) = known {
            backup.before().map(<[u8]>::to_vec)
        } else if !recorded.iter().any(|original| original.is_in(file)) {
            bytes.map(<[u8]>::to_vec)
        } else {
            self.before_policy(steps, file, now.as_deref())?
                .map(String::into_bytes)
        };
        let mut set = now;
        for opt_out in steps.set.iter().filter(|opt_out| opt_out.file() == file) {
            set = Some(self.with_set(opt_out, set.as_deref().unwrap_or_default())?);
        }
        let undone = match &set {
            Some(text) => self.without(&steps.undo, file, text)?,
            None => None,
        };
        let backup = |text: String| Backup::file(file, before.clone(), text.as_bytes());
        Ok([set.map(backup), undone.map(backup)])
    }

    /// What a file would be without the policy, if it was edited since the last application.
    fn before_policy(
        &self,
        steps: &Steps,
        file: &Path,
        now: Option<&str>,
    ) -> Result<Option<String>, Failure> {
        let Some(now) = now else {
            return Ok(None);
        };
        let Some(mut text) = self.without(&steps.undo, file, now)? else {
            return Ok(None);
        };
        // The policy sets these whatever they are now.
        for original in steps.kept.iter().filter(|original| original.is_in(file)) {
            if let OptOut::Value { key, .. } = &original.opt_out {
                let name = self.tree.name(file);
                text = document::edited(&name, &text, key, original.value.as_ref())?;
                if original.created_file() && text.trim().is_empty() {
                    return Ok(None);
                }
            }
        }
        Ok(Some(text))
    }

    /// Sets opt-outs.
    pub(crate) fn set_opt_outs(&self, opt_outs: &[OptOut]) -> Result<(), Failure> {
        for opt_out in opt_outs {
            let file = opt_out.file();
            match opt_out {
                OptOut::Value { .. } => {
                    let before = document::read(&self.tree, &file)?;
                    let text = self.with_set(opt_out, before.as_deref().unwrap_or_default())?;
                    self.replace(&file, before.as_deref(), Some(&text))?;
                }
                OptOut::Masked { .. } => self.mask(&file)?,
            }
        }
        Ok(())
    }

    /// Takes back the opt-outs of [`Steps::undo`].
    pub(crate) fn undo_opt_outs(&self, steps: &Steps, backups: &[Backup]) -> Result<(), Failure> {
        for original in &steps.undo {
            let file = original.opt_out.file();
            if let OptOut::Value { .. } = &original.opt_out {
                let text = document::read(&self.tree, &file)?;
                let undone = self.undone(steps, backups, &file, text.as_deref())?;
                if undone != text {
                    self.replace(&file, text.as_deref(), undone.as_deref())?;
                }
            } else if original.opt_out.is_so(&self.tree)? {
                self.replace(&file, None, None)?;
            }
            self.take_out_empty(original.created_folders())?;
        }
        Ok(())
    }

    /// Reloads systemd if it runs, and stops the masked units. Returns its messages.
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

    /// Replaces a file of another program, keeping its rights; or removes it.
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
            // An interrupted run may have left a file behind.
            None => tree::remove(folder, UNDER_WAY).and_then(|()| tree::remove(folder, name)),
        })
    }

    fn mask(&self, file: &Path) -> Result<(), Failure> {
        self.in_its_folder(file, |folder, name| {
            folder.symlink_contents("/dev/null", name)?;
            tree::flush(folder)
        })
    }

    /// Runs a step in the folder of a file. Creates the folder if it is missing.
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

    /// Compares an opt-out with what was found.
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
            decided_by: None,
        }
    }
}
