// SPDX-License-Identifier: GPL-3.0-or-later

//! Applies a policy to a computer or an image, and removes it.
//!
//! Programs read the compiled database, which holds values and locks, if the profile names it.
//! `apply` takes these steps. Each is atomic:
//!
//! 1. It writes the key file, the locks and the backups into a new folder, and exchanges that
//!    folder with the old one.
//! 2. It takes the measures outside dconf that turn programs off.
//! 3. `dconf update` compiles the database and replaces the old one.
//! 4. It takes the other measures, and takes back those that the policy no longer requires.
//! 5. The new profile, which was written before step 1, replaces the old one.
//!
//! After a crash between two steps, the old policy or the new one is in force, possibly with more
//! programs turned off than it requires. The next `apply` removes what the crash left behind.
//!
//! ```text
//! install        apply, dry_run, status, remove
//! ├── target     the computer or the image
//! ├── plan       what to change
//! ├── write      the steps, each undone if it fails
//! ├── measures   the changes outside dconf, made and reverted
//! ├── backups    the bytes that a removal restores
//! ├── keyfiles   the sources of the database
//! ├── others     the site's other databases
//! ├── profiles   the profiles other than `user`
//! ├── environment  the files that name profiles for logins
//! ├── inspect    the current state, and who could undo the policy
//! ├── read_back  a process that reads what is in force
//! └── lock       one application at a time
//! ```

pub(crate) mod backups;
pub(crate) mod environment;
pub(crate) mod inspect;
pub(crate) mod keyfiles;
pub(crate) mod lock;
pub(crate) mod measures;
pub(crate) mod original;
pub(crate) mod others;
pub(crate) mod plan;
pub mod profiles;
pub mod read_back;
pub mod target;
pub(crate) mod write;

use std::path::{Path, PathBuf};
use std::thread;

use inspect::leftovers;
use others::Others;

use crate::app::{DATABASE, DATABASE_NAME};
use crate::choices::catalogue::Catalogue;
use crate::formats::mistake::Mistake;
use crate::policy::compile;
use crate::policy::diff::FileChange;
use crate::policy::failure::{Failure, Unreadable};
use crate::policy::install::lock::Lock;
use crate::policy::report::Report;
use crate::policy::{FILE, LARGEST_FILE, Policy, parse};
use crate::system::dconf::DATABASES;
use crate::system::dconf::profile;
use crate::system::i18n::system_error;
use crate::system::tree;
use crate::system::tree::{Kind, Tree};

pub use measures::{Preview, wanted as wanted_measures};
pub use target::Target;

/// The folders that every application writes to.
const FOLDERS: [&str; 2] = [DATABASES, profile::FOLDER];

/// How often an application starts again because other databases changed meanwhile.
const ROUNDS: usize = 3;

/// The result of an application.
#[derive(Debug)]
pub struct Applied {
    /// Whether anything was written.
    pub changed: bool,
    /// Whether a profile was written. Running sessions keep using the old one.
    pub profile_changed: bool,
    /// What is in force, read back.
    pub report: Report,
    /// The messages of dconf and systemd.
    pub said: Option<String>,
}

/// The changes that an application would make.
#[derive(Debug)]
pub struct Changes {
    /// Files of the database and the profile.
    pub files: Vec<FileChange>,
    /// The databases that would be compiled: the policy's, and the site's other ones.
    pub compile: Vec<PathBuf>,
    /// dconf's messages about databases that it can't compile.
    pub said: Option<String>,
    /// The changes outside dconf.
    pub measures: Preview,
}

impl Changes {
    /// Whether anything would change.
    pub fn is_change(&self) -> bool {
        !self.compile.is_empty() || !self.files.is_empty() || self.measures.is_change()
    }
}

impl Target {
    /// Reads the target's policy, and returns the path it was read from: the policy file or, if there
    /// is none, the copy of a policy that was applied from another file.
    pub fn policy(&self) -> Result<(PathBuf, Policy), Unreadable> {
        let file = self.name(FILE);
        match read_policy(&self.tree, Path::new(FILE)) {
            Err(Unreadable::Missing(_)) => match self.applied() {
                Err(Unreadable::Missing(_)) => Err(Unreadable::Missing(file)),
                found => found,
            },
            found => found.map(|policy| (file, policy)),
        }
    }

    /// Reads the copy of the policy that was applied last, and returns its path.
    pub fn applied(&self) -> Result<(PathBuf, Policy), Unreadable> {
        let file = self.tree.name(&keyfiles::path(keyfiles::KEY_FILE));
        let key_file = self.source(keyfiles::KEY_FILE).ok().flatten();
        match key_file.and_then(|bytes| keyfiles::embedded(&bytes)) {
            None => Err(Unreadable::Missing(file)),
            Some(text) => match parse(&file, text.as_bytes()) {
                Ok(policy) => Ok((file, policy)),
                Err(mistakes) => Err(Unreadable::Mistakes(mistakes)),
            },
        }
    }

    /// Reads a policy from a file of this computer.
    pub fn policy_from(file: &Path) -> Result<Policy, Unreadable> {
        read_policy(&Tree::computer(), file)
    }

    /// Applies a policy. Calls `waiting` if another process holds the lock.
    pub fn apply(
        &self,
        policy: &Policy,
        catalogue: &Catalogue,
        waiting: impl FnOnce(),
    ) -> Result<Applied, Failure> {
        // Before the lock, so that a caller without rights always gets this error.
        self.check_rights(FOLDERS.map(PathBuf::from))?;
        // Started first: if the result could not be read back, nothing is changed. The process
        // reads no settings until it gets its questions.
        let mut process = Some(self.read_back_process()?);
        let lock = Lock::acquire(&self.tree, waiting)?;
        self.check_ours()?;
        let known = self.backups()?;
        let plan = self.plan(policy, catalogue, &lock.made(), Some(known))?;
        self.check_rights(plan.measures.folders())?;
        if !plan.is_change() {
            let report = self.inspect(policy, catalogue, &plan.compiled, process.take())?;
            if report.in_force_in_profile() {
                return Ok(Applied {
                    changed: false,
                    profile_changed: false,
                    report,
                    said: plan.others.said(),
                });
            }
        }
        let process = match process {
            Some(process) => process,
            None => self.read_back_process()?,
        };
        let profile_changed = plan.profiles_change();
        let mut done = self.carry_out(&plan, &lock)?;
        let mut said = vec![done.said.take()];
        let (mut lists, mut compiled) = (plan.lists, plan.compiled);
        for _ in 0..ROUNDS {
            // Another process may have compiled or edited the site's other databases meanwhile.
            let profile = plan.profile.after.as_deref().unwrap_or_default();
            if self.lists(policy, catalogue, profile, &Others::default())? == lists {
                break;
            }
            let known = Some(self.backups()?);
            let again = self.plan(policy, catalogue, &lock.made(), known)?;
            done = self.carry_out(&again, &lock)?;
            said.push(done.said.take());
            (lists, compiled) = (again.lists, again.compiled);
        }
        let report = thread::scope(|scope| {
            // This runs while the other process reads the settings, since a file system may take as
            // long.
            let _ = thread::Builder::new().spawn_scoped(scope, move || drop(done));
            // dconf has just compiled the database, so it is current.
            self.read_back(policy, catalogue, &compiled, true, Some(process))
        });
        // Other processes need not wait for systemd.
        drop(lock);
        said.push(self.tell_systemd(&plan.measures));
        let said: Vec<_> = said.into_iter().flatten().collect();
        let said = (!said.is_empty()).then(|| said.join("\n"));
        let report = report?;
        if !report.in_force_in_profile() {
            return Err(Failure::NotInForce(Box::new(report)));
        }
        Ok(Applied {
            changed: true,
            profile_changed,
            report,
            said,
        })
    }

    /// The changes that an application would make.
    pub fn dry_run(&self, policy: &Policy, catalogue: &Catalogue) -> Result<Changes, Failure> {
        let known = self.backups().ok();
        let plan = self.plan(policy, catalogue, &lock::made(&self.tree), known)?;
        let is_compiled = !plan.sources_change()
            && (self.inspect(policy, catalogue, &plan.compiled, None)?).in_force_in_profile();
        let ours = (!is_compiled).then(|| self.name(DATABASE));
        let others = plan.others.stale.keys();
        let compile = ours
            .into_iter()
            .chain(others.map(|path| self.tree.name(path)));
        let edits = plan.profile_edits.into_iter().map(|edit| edit.change);
        let files = [plan.keys, plan.locks, plan.profile];
        Ok(Changes {
            files: files
                .into_iter()
                .chain(edits)
                .filter(FileChange::is_change)
                .collect(),
            compile: compile.collect(),
            said: plan.others.said(),
            measures: plan.measures.preview(self),
        })
    }

    /// Compares what is in force with what a policy says.
    pub fn status(&self, policy: &Policy, catalogue: &Catalogue) -> Result<Report, Failure> {
        let profile = match self.profile()?.1 {
            Some(profile) => profile,
            None => self.new_profile()?,
        };
        let lists = self.lists(policy, catalogue, &profile, &Others::default())?;
        let compiled = compile::compile(policy, catalogue, &lists)?;
        self.inspect(policy, catalogue, &compiled, None)
    }

    /// Removes everything that applications wrote. Returns whether there was anything.
    pub fn remove(&self, waiting: impl FnOnce()) -> Result<bool, Failure> {
        if !self.is_there()? {
            return Ok(false);
        }
        self.check_rights(FOLDERS.map(PathBuf::from))?;
        let lock = Lock::acquire(&self.tree, waiting)?;
        let (kind, profile) = self.profile()?;
        if kind == Some(Kind::Link) && profile.as_deref().is_some_and(profile::has_ours) {
            return Err(Failure::LineInLink(self.name(profile::FILE)));
        }
        self.check_ours()?;
        let databases = self.folder(DATABASES)?;
        let key_file = self.source(keyfiles::KEY_FILE)?.unwrap_or_default();
        let mut created = [keyfiles::created(&key_file), lock.made()].concat();
        created.sort();
        created.dedup();
        let backups = self.backups()?;
        // Fails on a broken file before anything is removed.
        let measures = self.steps(Vec::new(), &keyfiles::originals(&key_file), &backups)?;
        // The sources, which record these folders, are removed before them.
        lock.note(&created)?;
        if let Some(databases) = &databases {
            self.release_locks(databases, &created, &measures.undo, &backups)?;
        }
        self.prepare_measures(&measures)?;
        self.finish_measures(&measures)?;
        if let Some(profiles) = self.folder(profile::FOLDER)? {
            self.take_out_of_profile(&profiles, kind, profile.as_deref(), &created)?;
        }
        self.edit_profiles(&self.profile_removals()?)?;
        if let Some(databases) = &databases {
            let ours = [DATABASE_NAME, keyfiles::FOLDER].map(PathBuf::from);
            for name in leftovers(databases).into_iter().chain(ours) {
                let failed = self.system(&Path::new(DATABASES).join(&name));
                tree::remove(databases, name).map_err(failed)?;
            }
        }
        self.take_out_empty(&created)?;
        lock.note(&[])?;
        drop(lock);
        self.tell_systemd(&measures);
        Ok(true)
    }

    /// Whether a removal would remove anything.
    fn is_there(&self) -> Result<bool, Failure> {
        if self.profile()?.1.as_deref().is_some_and(profile::has_ours) {
            return Ok(true);
        }
        if self.has_profile_under_way()? {
            return Ok(true);
        }
        if !self.profile_removals()?.is_empty() {
            return Ok(true);
        }
        let sources = Path::new(DATABASES).join(keyfiles::FOLDER);
        if self.kind(Path::new(DATABASE))?.is_some() || self.kind(&sources)?.is_some() {
            return Ok(true);
        }
        let databases = self.folder(DATABASES)?;
        if databases.is_some_and(|databases| !leftovers(&databases).is_empty()) {
            return Ok(true);
        }
        for folder in lock::made(&self.tree) {
            if self.kind(&folder)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn read_policy(tree: &Tree, path: &Path) -> Result<Policy, Unreadable> {
    let file = tree.name(path);
    let mistake = |error| Unreadable::Mistakes(vec![Mistake::whole(&file, &system_error(&error))]);
    match tree.read(path, LARGEST_FILE).map_err(mistake)? {
        None => Err(Unreadable::Missing(file)),
        Some(bytes) => parse(&file, &bytes).map_err(Unreadable::Mistakes),
    }
}
