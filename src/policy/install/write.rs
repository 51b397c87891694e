// SPDX-License-Identifier: GPL-3.0-or-later

//! The steps of an application and of a removal; `install` describes their order.

use std::io;
use std::path::{Path, PathBuf};

use cap_std::fs::{Dir, MetadataExt as _};
use rustix::fs::Mode;

use crate::app::{DATABASE, DATABASE_NAME};
use crate::policy::failure::Failure;
use crate::policy::install::backups;
use crate::policy::install::backups::Backup;
use crate::policy::install::inspect::leftovers;
use crate::policy::install::keyfiles;
use crate::policy::install::keyfiles::{KEY_FILE, LOCKS, LOCKS_FILE};
use crate::policy::install::lock::Lock;
use crate::policy::install::original::Original;
use crate::policy::install::others::Others;
use crate::policy::install::plan::Plan;
use crate::policy::install::target::Target;
use crate::system::dconf::DATABASES;
use crate::system::dconf::{command as dconf, profile};
use crate::system::tree;
use crate::system::tree::{FOLDER_UNDER_WAY, Kind, Rights, UNDER_WAY};

/// A plan that was carried out. The old sources are still there, under another name, until this is
/// dropped.
pub(crate) struct Done {
    /// dconf's messages.
    pub(crate) said: Option<String>,
    databases: Dir,
    profiles: Dir,
}

impl Drop for Done {
    fn drop(&mut self) {
        Target::clear_up(&self.databases, &self.profiles);
    }
}

impl Target {
    /// Tells running programs that nothing is locked any more. They keep using the old database until
    /// it is invalidated.
    pub(crate) fn release_locks(
        &self,
        databases: &Dir,
        created: &[PathBuf],
        originals: &[Original],
        backups: &[Backup],
    ) -> Result<(), Failure> {
        let sources = Path::new(DATABASES).join(keyfiles::FOLDER);
        if self.tree.is_image() || self.kind(&sources)?.is_none() {
            return Ok(());
        }
        let heading = format!("{}\n", keyfiles::heading(created, originals));
        self.make_sources(databases, heading.as_bytes(), b"", backups)?;
        // Without dconf, no program has the database open.
        match self.update(databases, &Others::default()) {
            Ok(_) | Err(Failure::NoDconf) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Takes the policy's line out of the profile, and removes one that a killed application did not
    /// put in place.
    pub(crate) fn take_out_of_profile(
        &self,
        profiles: &Dir,
        kind: Option<Kind>,
        profile: Option<&[u8]>,
        created: &[PathBuf],
    ) -> Result<(), Failure> {
        let failed = |error| self.system(Path::new(profile::FILE))(error);
        tree::remove(profiles, UNDER_WAY).map_err(failed)?;
        let Some(profile) = profile.filter(|profile| profile::has_ours(profile)) else {
            return Ok(());
        };
        let ours = created.iter().any(|path| path == Path::new(profile::FILE));
        if ours && self.new_profile().is_ok_and(|new| new == profile) {
            return tree::remove(profiles, profile::NAME).map_err(failed);
        }
        let rights = match kind {
            Some(Kind::File(rights)) => rights,
            _ => Rights::PUBLIC,
        };
        let without = profile::without_ours(profile);
        tree::prepare_replacement(profiles, profile::NAME, Some(profile), &without, rights)
            .and_then(|prepared| Ok(prepared.put_in_place()?))
            .map_err(failed)
    }

    /// Removes created folders that are empty; takes outer folders first.
    pub(crate) fn take_out_empty(&self, folders: &[PathBuf]) -> Result<(), Failure> {
        // The profile is a file, and already handled.
        let folders = folders
            .iter()
            .filter(|path| **path != Path::new(profile::FILE));
        for path in folders.rev() {
            if let (Some(above), Some(name)) = (path.parent(), path.file_name()) {
                if let Ok(Some(above)) = self.tree.folder(above) {
                    tree::remove_empty(&above, name).map_err(self.system(path))?;
                }
            }
        }
        Ok(())
    }

    /// Carries out a plan.
    pub(crate) fn carry_out(&self, plan: &Plan, lock: &Lock) -> Result<Done, Failure> {
        // Users must be able to read the files, whatever root's umask is.
        rustix::process::umask(Mode::from_raw_mode(0o022));
        let unfinished = lock.made();
        let mut to_be_made = unfinished.clone();
        for path in keyfiles::folders() {
            if self.folder(path)?.is_none() {
                to_be_made.push(path.into());
            }
        }
        if !to_be_made.is_empty() {
            // The sources will record them, but do not exist yet.
            lock.note(&to_be_made)?;
        }
        let mut made = Vec::new();
        let mut folder = |path: &str| {
            let path = Path::new(path);
            let opened = self.tree.make_folder(path, &mut made);
            opened.map_err(self.system(path))
        };
        let folders =
            folder(DATABASES).and_then(|databases| Ok((databases, folder(profile::FOLDER)?)));
        let done = folders.and_then(|(databases, profiles)| {
            Self::clear_up(&databases, &profiles);
            let mut done = Done {
                said: None,
                databases,
                profiles,
            };
            done.said = self.change(plan, &done.databases, &done.profiles)?;
            Ok(done)
        });
        if done.is_err() {
            // The failure to report is the first one.
            let _ = self.take_out_empty(&made);
        }
        if !to_be_made.is_empty() {
            let left = if done.is_err() {
                unfinished
            } else {
                Vec::new()
            };
            let noted = lock.note(&left);
            if done.is_ok() {
                noted?;
            }
        }
        done
    }

    /// Removes what interrupted applications left behind. Errors are ignored: these files have no
    /// effect, and the next application tries again.
    fn clear_up(databases: &Dir, profiles: &Dir) {
        for name in leftovers(databases) {
            let _ = tree::remove(databases, name);
        }
        let _ = tree::remove(profiles, UNDER_WAY);
    }

    fn change(
        &self,
        plan: &Plan,
        databases: &Dir,
        profiles: &Dir,
    ) -> Result<Option<String>, Failure> {
        let profile_failed = || self.system(Path::new(profile::FILE));
        let mut new_profile = None;
        if let (true, Some(profile)) = (plan.profile.is_change(), &plan.profile.after) {
            // Before anything is changed, so that a full disk is noticed in time.
            let (before, rights) = (plan.profile.before.as_deref(), plan.profile_rights);
            let prepared =
                tree::prepare_replacement(profiles, profile::NAME, before, profile, rights);
            new_profile = Some(prepared.map_err(profile_failed())?);
        }
        let swapped = plan.sources_change();
        let measures = &plan.measures;
        if swapped {
            let locks = plan.locks.after.as_deref().unwrap_or_default();
            self.make_sources(
                databases,
                &plan.keyfile_until_restored,
                locks,
                &plan.backups_until_restored,
            )?;
        }
        let said = self
            .prepare_measures(measures)
            .and_then(|()| self.update(databases, &plan.others))
            .inspect_err(|_| {
                // The old database is still in force, so its sources are restored.
                let _ = self.revert_measures(measures);
                if swapped {
                    let _ = self.undo_sources(plan, databases);
                }
            })?;
        self.finish_measures(measures)?;
        if let Some(prepared) = new_profile {
            let placed = prepared.put_in_place();
            placed.map_err(|error| profile_failed()(error.into()))?;
        }
        self.edit_profiles(&plan.profile_edits)?;
        if !measures.undo.is_empty() || plan.backups_until_restored != plan.backups {
            let forgotten = self.forget_undone(plan);
            // The policy is in force, and the record has more than it needs. The next application
            // tries again.
            if !measures.undo.is_empty() {
                forgotten?;
            }
        }
        Ok(said)
    }

    /// Replaces the key file by one without the measures that were taken back.
    fn forget_undone(&self, plan: &Plan) -> Result<(), Failure> {
        let folder = Path::new(DATABASES).join(keyfiles::FOLDER);
        let keys = plan.keys.after.as_deref().unwrap_or_default();
        let Some(sources) = self.tree.folder(&folder).map_err(self.system(&folder))? else {
            return Ok(());
        };
        replace_backups(&sources, &plan.backups)
            .and_then(|()| tree::prepare(&sources, keys, Rights::PUBLIC))
            .and_then(|()| tree::put_in_place(&sources, KEY_FILE))
            .map_err(self.system(&folder))
    }

    /// Writes the folder of sources, and exchanges it with the old one.
    fn make_sources(
        &self,
        databases: &Dir,
        keys: &[u8],
        locks: &[u8],
        backups: &[Backup],
    ) -> Result<(), Failure> {
        let make = || -> io::Result<()> {
            tree::remove(databases, FOLDER_UNDER_WAY)?;
            tree::make_folder(databases, FOLDER_UNDER_WAY)?;
            let folder = databases.open_dir(FOLDER_UNDER_WAY)?;
            tree::make_folder(&folder, LOCKS)?;
            tree::write_new(&folder, KEY_FILE, keys, Rights::PUBLIC)?;
            tree::write_new(&folder, LOCKS_FILE, locks, Rights::PUBLIC)?;
            replace_backups(&folder, backups)?;
            tree::flush(&folder.open_dir(LOCKS)?)?;
            tree::flush(&folder)?;
            if tree::kind(databases, keyfiles::FOLDER)?.is_none() {
                databases.rename(FOLDER_UNDER_WAY, databases, keyfiles::FOLDER)?;
                return tree::flush(databases);
            }
            if tree::exchange(databases, keyfiles::FOLDER)?.is_some() {
                return Ok(());
            }
            // This file system cannot exchange folders, so the files are replaced one by one. The
            // database is compiled later.
            let sources = databases.open_dir(keyfiles::FOLDER)?;
            replace_backups(&sources, backups)?;
            if tree::kind(&sources, LOCKS)?.is_none() {
                tree::make_folder(&sources, LOCKS)?;
            }
            let place = sources.open_dir(LOCKS)?;
            tree::prepare(&place, locks, Rights::PUBLIC)?;
            tree::prepare(&sources, keys, Rights::PUBLIC)?;
            tree::put_in_place(&place, KEY_FILE)?;
            tree::put_in_place(&sources, KEY_FILE)
        };
        make().map_err(|error| {
            let _ = tree::remove(databases, FOLDER_UNDER_WAY);
            self.system(&Path::new(DATABASES).join(keyfiles::FOLDER))(error)
        })
    }

    fn undo_sources(&self, plan: &Plan, databases: &Dir) -> Result<(), Failure> {
        let failed = || self.system(&Path::new(DATABASES).join(keyfiles::FOLDER));
        let [keys, locks] = [&plan.keys, &plan.locks].map(|file| file.before.as_deref());
        if keys.is_none() && locks.is_none() {
            return tree::remove(databases, keyfiles::FOLDER).map_err(failed());
        }
        let exchanged = tree::exchange(databases, keyfiles::FOLDER).map_err(failed())?;
        match exchanged {
            Some(()) => Ok(()),
            None => self.make_sources(
                databases,
                keys.unwrap_or_default(),
                locks.unwrap_or_default(),
                plan.backups_before.as_deref().unwrap_or_default(),
            ),
        }
    }

    /// Compiles the database and the site's other ones. Returns dconf's messages.
    fn update(&self, databases: &Dir, others: &Others) -> Result<Option<String>, Failure> {
        if self.tree.is_image() {
            self.compile_for_image(databases)?;
            for (database, bytes) in &others.stale {
                self.put_database(databases, database, bytes)?;
            }
            return Ok(others.said());
        }
        let number = || {
            let found = databases.symlink_metadata(DATABASE_NAME);
            found.ok().map(|found| found.ino())
        };
        let before = number();
        let (content, said) = dconf::update()?;
        let after = number();
        // dconf goes on past a database that it cannot compile, which may be another one.
        if !content && (after.is_none() || before == after) {
            return Err(Failure::NotCompiled(said));
        }
        tree::flush(databases).map_err(self.system(Path::new(DATABASE)))?;
        Ok((!said.is_empty()).then_some(said))
    }

    /// Compiles in a scratch folder, and writes only the result into the image.
    fn compile_for_image(&self, databases: &Dir) -> Result<(), Failure> {
        let keys = self.source(KEY_FILE)?.unwrap_or_default();
        let locks = self.source(LOCKS_FILE)?.unwrap_or_default();
        let bytes = dconf::compile(&dconf::Sources {
            keys: vec![(KEY_FILE.into(), keys)],
            locks: Some(vec![(KEY_FILE.into(), locks)]),
        })?;
        self.put_database(databases, Path::new(DATABASE), &bytes)
    }

    fn put_database(&self, databases: &Dir, database: &Path, bytes: &[u8]) -> Result<(), Failure> {
        let name = database.file_name().unwrap_or_default();
        tree::prepare(databases, bytes, Rights::PUBLIC)
            .and_then(|()| tree::put_in_place(databases, name))
            .map_err(self.system(database))
    }
}

fn replace_backups(sources: &Dir, backups: &[Backup]) -> io::Result<()> {
    if backups.is_empty() {
        return tree::remove(sources, backups::FILE);
    }
    tree::prepare(sources, backups::text(backups).as_bytes(), backups::RIGHTS)?;
    tree::put_in_place(sources, backups::FILE)
}
