// SPDX-License-Identifier: GPL-3.0-or-later

//! Takes the measures for programs outside dconf, and takes back those that the policy no longer
//! requires.
//!
//! The files belong to other programs. The rest of a file stays, and so do later edits. A file is
//! planned as a whole, from its current content: first the content while the database is compiled,
//! when more is turned off, then the final content, when less is. The content from before the
//! policy is backed up before anything changes.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;

use crate::choices::catalogue::Catalogue;
use crate::choices::measure::{Entry, Measure, Shared};
use crate::choices::reader::Reader;
use crate::policy::Policy;
use crate::policy::compile::Conflict;
use crate::policy::diff::FileChange;
use crate::policy::failure::Failure;
use crate::policy::install::backups;
use crate::policy::install::backups::Backup;
use crate::policy::install::original::Original;
use crate::policy::install::read_back::Answer;
use crate::policy::install::target::Target;
use crate::policy::report::KeyReport;
use crate::system::systemd;
use crate::system::tree;
use crate::system::tree::{Kind, Rights, UNDER_WAY};

/// The changes to the files of other programs.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    files: Vec<FileSteps>,
    /// The measures that the policy wants, for a later removal.
    pub(crate) kept: Vec<Original>,
    /// The measures to take back, since the policy no longer wants them.
    pub(crate) undo: Vec<Original>,
    /// What a killed application left in the folders of the files.
    leftovers: Vec<PathBuf>,
}

/// The changes to one file.
#[derive(Debug)]
struct FileSteps {
    file: PathBuf,
    now: Entry,
    /// The content while the database is compiled. It turns off everything that the old policy or
    /// the new one turns off.
    interim: Entry,
    /// The content at the end.
    after: Entry,
    /// The content before the policy.
    before: Option<Vec<u8>>,
    /// Whether the policy wants a measure in it that the administrator has not taken by hand.
    is_kept: bool,
    /// Whether the policy takes a measure in it back.
    is_undone: bool,
    /// Whether the file is a unit's mask, which has no bytes.
    is_unit: bool,
}

impl Steps {
    /// Whether anything changes, if only meanwhile.
    pub(crate) fn is_change(&self) -> bool {
        let mut files = self.files.iter();
        files.any(|file| file.now != file.interim || file.now != file.after)
    }

    /// Whether a killed application left files in other programs' folders. Some programs read every file
    /// in their folder.
    pub(crate) fn has_leftovers(&self) -> bool {
        !self.leftovers.is_empty()
    }

    /// The folders of the files that are written.
    pub(crate) fn folders(&self) -> impl Iterator<Item = PathBuf> {
        let written = self.files.iter().filter(|file| file.now != file.after);
        written.filter_map(|file| file.file.parent().map(PathBuf::from))
    }

    /// The changes for a dry run.
    pub(crate) fn preview(&self, target: &Target) -> Preview {
        let files = self.files.iter().filter(|file| !file.is_unit);
        let change = |file: &FileSteps| FileChange {
            file: target.tree.name(&file.file),
            before: file.now.bytes().map(<[u8]>::to_vec),
            after: file.after.bytes().map(<[u8]>::to_vec),
        };
        Preview {
            files: files.map(change).filter(FileChange::is_change).collect(),
            masked: self.units(|file| file.after == Entry::Null, |_| true),
            unmasked: self.units(|file| file.now == Entry::Null, |_| true),
        }
    }

    /// The units whose masks change, and for which `includes` holds.
    fn units(
        &self,
        includes: impl Fn(&FileSteps) -> bool,
        counts: impl Fn(&dyn Measure) -> bool,
    ) -> Vec<String> {
        let changed = |file: &Path| {
            let mut files = self.files.iter();
            files.any(|steps| steps.file == file && steps.now != steps.after && includes(steps))
        };
        let measures = self.kept.iter().chain(&self.undo);
        let measures = measures.map(|original| &*original.measure);
        let measures = measures.filter(|measure| changed(&measure.file()) && counts(*measure));
        let units = measures.filter_map(Measure::unit);
        units.map(|unit| unit.name.to_owned()).collect()
    }
}

/// The changes to the files of other programs that an application would make.
#[derive(Debug, Default)]
pub struct Preview {
    /// The changed files.
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

/// Every measure that a policy requires.
///
/// # Errors
///
/// [`Conflict`] if two readers need different values of one key.
pub fn wanted(policy: &Policy, catalogue: &Catalogue) -> Result<Vec<Shared>, Conflict> {
    let mut wanted: Vec<(Shared, &Reader)> = Vec::new();
    for decision in &policy.decisions {
        for reader in catalogue.readers_of(decision.choice) {
            for measure in reader.measures(decision) {
                let name = measure.name();
                match wanted.iter().find(|(other, _)| other.name() == name) {
                    None => wanted.push((measure, reader)),
                    Some((other, _)) if **other == *measure => {}
                    Some((_, other)) => {
                        return Err(Conflict {
                            key: name,
                            one: other.id.clone(),
                            other: reader.id.clone(),
                        });
                    }
                }
            }
        }
    }
    Ok(wanted.into_iter().map(|(measure, _)| measure).collect())
}

impl Target {
    /// The steps from the current state to the wanted measures. `recorded`: the measures that
    /// applications took. `known`: the backups of the last application.
    pub(crate) fn steps(
        &self,
        mut wanted: Vec<Shared>,
        recorded: &[Original],
        known: &[Backup],
    ) -> Result<Steps, Failure> {
        let mut steps = Steps::default();
        self.keep_those_of_programs(&mut wanted)?;
        let of_wanted = wanted.iter().map(|measure| measure.file());
        let of_recorded = recorded.iter().map(|original| original.measure.file());
        let mut files: Vec<_> = of_wanted.chain(of_recorded).collect();
        let mut seen = HashSet::new();
        files.retain(|file| seen.insert(file.clone()));
        let folders: HashSet<_> = files.iter().filter_map(|file| file.parent()).collect();
        let leftovers = folders.into_iter().map(|folder| folder.join(UNDER_WAY));
        let is_there = |path: &PathBuf| matches!(self.tree.kind(path), Ok(Some(_)));
        steps.leftovers = leftovers.filter(is_there).collect();
        for file in files {
            let is_wanted = |measure: &&Shared| measure.file() == file;
            let wanted: Vec<_> = wanted.iter().filter(is_wanted).collect();
            let recorded: Vec<_> = recorded.iter().filter(|other| other.is_in(&file)).collect();
            self.add_steps(&mut steps, file, &wanted, &recorded, known)?;
        }
        // A folder that was created for one file is kept for another.
        let all = recorded.iter().chain(&steps.kept);
        let created: Vec<_> = all.flat_map(Original::created_folders).cloned().collect();
        for original in &mut steps.kept {
            let file = original.measure.file();
            let own = original.created_file().then(|| file.clone());
            let mut folders: Vec<_> = file.ancestors().skip(1).map(PathBuf::from).collect();
            folders.retain(|folder| created.contains(folder));
            folders.reverse();
            original.created = folders.into_iter().chain(own).collect();
        }
        Ok(steps)
    }

    /// Leaves out the measures in files that come with a program that isn't installed.
    pub(crate) fn keep_those_of_programs(&self, measures: &mut Vec<Shared>) -> Result<(), Failure> {
        let mut kept = Vec::with_capacity(measures.len());
        for measure in measures.drain(..) {
            if !measure.needs_file() || self.kind(&measure.file())?.is_some() {
                kept.push(measure);
            }
        }
        *measures = kept;
        Ok(())
    }

    /// Adds the steps of one file, with the measures in it.
    fn add_steps(
        &self,
        steps: &mut Steps,
        file: PathBuf,
        wanted: &[&Shared],
        recorded: &[&Original],
        known: &[Backup],
    ) -> Result<(), Failure> {
        let name = self.tree.name(&file);
        let now = Entry::at(&self.tree, &file);
        let is_unit = wanted.iter().any(|measure| measure.unit().is_some())
            || recorded.iter().any(|old| old.measure.unit().is_some());
        // No application puts a link there.
        let is_left = match &now {
            Entry::Nothing | Entry::File(_) => self.kind(&file)? == Some(Kind::Link),
            Entry::Null => !is_unit,
            Entry::Other(_) => true,
        };
        // An application that failed may have left a backup, but no record. Then the file is the
        // administrator's.
        let known = backups::of(known, &file).filter(|_| !recorded.is_empty());
        let known = known.filter(|known| !is_left && known.fits(now.bytes()));
        let mut kept: Vec<Original> = Vec::new();
        // The new measures, those that they replace, and whether they have to wait.
        let mut new: Vec<(&Shared, Option<&Original>, bool)> = Vec::new();
        for measure in wanted.iter().copied() {
            let mut olds = recorded.iter().copied();
            let old = olds.find(is_of(measure));
            let is_in_effect = measure.is_in_effect(&name, &now)?;
            kept.push(match old {
                // The administrator did it before the policy.
                None if is_in_effect => continue,
                None => self.original(measure, &name, &now)?,
                Some(old) => Original {
                    measure: measure.clone(),
                    ..old.clone()
                },
            });
            let old = old.filter(|old| *old.measure != **measure);
            let is_new = !is_in_effect || old.is_some();
            let loosens = old.is_some_and(|old| old.measure.locks() && !measure.locks());
            new.push((measure, old, is_new && (measure.turns_on() || loosens)));
        }
        let is_wanted = |old: &&Original| {
            let name = old.measure.name();
            wanted.iter().any(|measure| measure.name() == name)
        };
        let undo: Vec<_> = recorded
            .iter()
            .copied()
            .filter(|old| !is_wanted(old))
            .collect();
        let (interim, after, before);
        if let Some(known) = known {
            // The file is, or will be, as an application left it. So the content before the policy
            // is the base.
            let base = || Entry::from(known.before());
            let of_new = new.iter().filter_map(|(measure, old, waits)| {
                let old = old.map(|old| &old.measure);
                if *waits { old } else { Some(measure) }
            });
            let of_undo = undo.iter().map(|old| &old.measure);
            let of_undo = of_undo.filter(|measure| !measure.turns_on());
            interim = self.put(&name, base(), of_new.chain(of_undo))?;
            after = self.put(&name, base(), new.iter().map(|(measure, ..)| *measure))?;
            before = known.before().map(<[u8]>::to_vec);
        } else {
            let undone = |mut entry: Entry, on: bool| {
                for old in undo.iter().filter(|old| old.measure.turns_on() == on) {
                    if !is_left && old.measure.is_exactly_in_effect(&name, &entry)? {
                        entry = without(old, &name, &entry)?;
                    }
                }
                Ok::<_, Failure>(entry)
            };
            let renewed = |mut entry: Entry, late: bool| {
                for (measure, old, _) in new.iter().filter(|(.., waits)| *waits == late) {
                    if let Some(old) = old {
                        if old.measure.is_exactly_in_effect(&name, &entry)? {
                            entry = without(old, &name, &entry)?;
                        }
                    }
                    // A measure that replaces another's value stays, as in a file that is made from
                    // its backup.
                    let is_old = recorded.iter().any(is_of(measure));
                    let is_there = measure.is_in_effect(&name, &entry)?
                        && (!is_old || measure.is_written(&name, &entry)?);
                    if !is_there {
                        entry = self.put_one(measure, &name, &entry)?;
                    }
                }
                Ok::<_, Failure>(entry)
            };
            interim = renewed(undone(now.clone(), true)?, false)?;
            after = renewed(undone(interim.clone(), false)?, true)?;
            let mut entry = now.clone();
            for old in recorded {
                // What the administrator locked stays.
                entry = without(old, &name, &entry).unwrap_or(entry);
            }
            before = entry.bytes().map(<[u8]>::to_vec);
        }
        self.check_in_the_way(&file, &now, [&interim, &after])?;
        steps.files.push(FileSteps {
            is_kept: !kept.is_empty(),
            is_undone: !undo.is_empty(),
            is_unit,
            file,
            now,
            interim,
            after,
            before,
        });
        steps.kept.extend(kept);
        steps.undo.extend(undo.into_iter().cloned());
        Ok(())
    }

    /// The content with all measures.
    fn put<'a>(
        &self,
        name: &Path,
        mut entry: Entry,
        measures: impl Iterator<Item = &'a Shared>,
    ) -> Result<Entry, Failure> {
        for measure in measures {
            if !measure.is_in_effect(name, &entry)? {
                entry = self.put_one(measure, name, &entry)?;
            }
        }
        Ok(entry)
    }

    /// The content with a measure. A new file begins as a copy of the file that it hides.
    fn put_one(&self, measure: &Shared, name: &Path, entry: &Entry) -> Result<Entry, Failure> {
        if *entry == Entry::Nothing {
            let hidden = measure.hides().iter();
            let hidden = hidden.map(|file| Entry::at(&self.tree, Path::new(file)));
            let mut hidden = hidden.filter(|hidden| matches!(hidden, Entry::File(_)));
            // A file that can't be parsed has no effect on the program either.
            if let Some(Ok(new)) = hidden.next().map(|hidden| measure.put(name, &hidden)) {
                return Ok(new);
            }
        }
        Ok(measure.put(name, entry)?)
    }

    /// The current state of what a measure is about to change.
    fn original(&self, measure: &Shared, name: &Path, now: &Entry) -> Result<Original, Failure> {
        let file = measure.file();
        let value = measure.original(name, now)?;
        let mut created = Vec::new();
        for path in file.ancestors() {
            if self.kind(path)?.is_some() || path == Path::new("/") {
                break;
            }
            created.push(path.to_owned());
        }
        created.reverse();
        Ok(Original {
            measure: measure.clone(),
            value,
            created,
        })
    }

    /// Fails if something that no application may replace has the file's name.
    fn check_in_the_way(
        &self,
        file: &Path,
        now: &Entry,
        wanted: [&Entry; 2],
    ) -> Result<(), Failure> {
        for wanted in wanted.into_iter().filter(|wanted| *wanted != now) {
            match (wanted, self.kind(file)?) {
                (_, None) | (Entry::File(_) | Entry::Nothing, Some(Kind::File(_))) => {}
                (Entry::Nothing, Some(Kind::Link)) if *now == Entry::Null => {}
                _ => return Err(Failure::InTheWay(self.tree.name(file))),
            }
        }
        Ok(())
    }

    /// Writes the contents that apply while the database is compiled.
    pub(crate) fn prepare_measures(&self, steps: &Steps) -> Result<(), Failure> {
        for leftover in &steps.leftovers {
            self.in_its_folder(leftover, |folder, name| tree::remove(folder, name))?;
        }
        for file in &steps.files {
            self.put_entry(&file.file, &file.now, &file.interim)?;
        }
        Ok(())
    }

    /// Undoes [`Self::prepare_measures`].
    pub(crate) fn revert_measures(&self, steps: &Steps) -> Result<(), Failure> {
        let mut done = Ok(());
        for file in &steps.files {
            if Entry::at(&self.tree, &file.file) == file.interim {
                let put = self.put_entry(&file.file, &file.interim, &file.now);
                done = done.and(put);
            }
        }
        for original in &steps.kept {
            done = done.and(self.take_out_empty(original.created_folders()));
        }
        done
    }

    /// Writes the final contents.
    pub(crate) fn finish_measures(&self, steps: &Steps) -> Result<(), Failure> {
        for file in &steps.files {
            self.put_entry(&file.file, &file.interim, &file.after)?;
        }
        for original in &steps.undo {
            self.take_out_empty(original.created_folders())?;
        }
        Ok(())
    }

    /// The backups to keep until [`Self::finish_measures`] is done, and those to keep from then on.
    pub(crate) fn backups_for(steps: &Steps) -> [Vec<Backup>; 2] {
        let mut backups = [Vec::new(), Vec::new()];
        for steps in &steps.files {
            if steps.is_unit {
                let mask = || Backup::mask(&steps.file);
                backups[0].extend((steps.is_kept || steps.is_undone).then(mask));
                backups[1].extend(steps.is_kept.then(mask));
                continue;
            }
            let backup = |states: &[&Entry]| {
                let written = states.iter().filter_map(|state| state.bytes());
                Backup::file(&steps.file, steps.before.clone(), written)
            };
            // An interruption may leave any of these.
            backups[0].extend(backup(&[&steps.now, &steps.interim, &steps.after]));
            backups[1].extend(backup(&[&steps.after]).filter(|_| steps.is_kept));
        }
        let all = [steps.kept.as_slice(), &steps.undo].concat();
        for (backups, originals) in backups.iter_mut().zip([&all, &steps.kept]) {
            let folders = originals.iter().flat_map(Original::created_folders);
            let mut folders: Vec<_> = folders.collect();
            folders.sort();
            folders.dedup();
            // Inner folders first.
            backups.extend(folders.into_iter().rev().map(|path| Backup::folder(path)));
        }
        backups
    }

    /// Reloads systemd if it runs, and stops the masked units. Returns its messages.
    pub(crate) fn tell_systemd(&self, steps: &Steps) -> Option<String> {
        let is_of_system =
            |measure: &dyn Measure| measure.unit().is_some_and(|unit| unit.is_of_system);
        let masked = steps.units(|file| file.after == Entry::Null, is_of_system);
        let unmasked = steps.units(|file| file.now == Entry::Null, is_of_system);
        if self.tree.is_image() || (masked.is_empty() && unmasked.is_empty()) {
            return None;
        }
        systemd::reload(&masked)
    }

    /// Replaces a file of another program, keeping its rights; or creates it, or removes it.
    fn put_entry(&self, file: &Path, from: &Entry, to: &Entry) -> Result<(), Failure> {
        if from == to {
            return Ok(());
        }
        let rights = match self.kind(file)? {
            Some(Kind::File(rights)) => rights,
            _ => Rights::PUBLIC,
        };
        self.in_its_folder(file, |folder, name| match to {
            Entry::File(bytes) => {
                tree::prepare_replacement(folder, name, from.bytes(), bytes, rights)
                    .and_then(|prepared| Ok(prepared.put_in_place()?))
            }
            Entry::Null => {
                folder.symlink_contents("/dev/null", name)?;
                tree::flush(folder)
            }
            // An interrupted run may have left a file behind.
            Entry::Nothing => {
                tree::remove(folder, UNDER_WAY).and_then(|()| tree::remove(folder, name))
            }
            Entry::Other(_) => Ok(()),
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

    /// Compares a measure with what was found.
    pub(crate) fn measure_report(&self, measure: &Shared) -> KeyReport {
        let file = measure.file();
        let name = self.tree.name(&file);
        let entry = Entry::at(&self.tree, &file);
        let seen = measure.look(&name, &entry);
        let is_in_effect = measure.is_in_effect(&name, &entry).unwrap_or(false);
        let problem = seen.as_ref().err().map(ToString::to_string);
        let seen = seen.unwrap_or_default();
        KeyReport {
            key: measure.name(),
            wanted: Answer {
                value: Some(measure.wanted()),
                locked: measure.locks(),
                problem: None,
            },
            found: Answer {
                problem,
                value: seen.value,
                // A stricter lock does what the policy wants, too.
                locked: if is_in_effect {
                    measure.locks()
                } else {
                    seen.locked
                },
            },
            decided_by: None,
        }
    }
}

/// Whether an application took a measure, or another value of it.
fn is_of(measure: &Shared) -> impl Fn(&&Original) -> bool {
    let name = measure.name();
    move |old| old.measure.name() == name
}

/// The content without a measure. A file that was created for it is removed with its last content.
fn without(original: &Original, name: &Path, entry: &Entry) -> Result<Entry, Failure> {
    let left = original
        .measure
        .taken_out(name, entry, original.value.as_ref())?;
    let is_blank = left
        .bytes()
        .is_some_and(|bytes| original.measure.is_blank(bytes));
    if original.created_file() && is_blank {
        return Ok(Entry::Nothing);
    }
    Ok(left)
}
