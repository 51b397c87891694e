// SPDX-License-Identifier: GPL-3.0-or-later

//! Plans an application: compares the policy with the current state. Writes nothing.

use std::path::{Path, PathBuf};

use crate::choices::catalogue::Catalogue;
use crate::policy::compile::{self, Below, Compiled};
use crate::policy::diff::FileChange;
use crate::policy::failure::Failure;
use crate::policy::install::backups;
use crate::policy::install::backups::Backup;
use crate::policy::install::keyfiles;
use crate::policy::install::measures;
use crate::policy::install::measures::Steps;
use crate::policy::install::original::Original;
use crate::policy::install::others::Others;
use crate::policy::install::profiles::ProfileEdit;
use crate::policy::install::target::Target;
use crate::policy::{Policy, Profiles};
use crate::system::dconf::profile;
use crate::system::tree::{Kind, Rights};

/// What an application will change.
pub(crate) struct Plan {
    /// The names that the site's databases have in lists.
    pub(crate) lists: Below,
    pub(crate) compiled: Compiled,
    /// The site's databases that aren't compiled yet.
    pub(crate) others: Others,
    pub(crate) keys: FileChange,
    pub(crate) locks: FileChange,
    pub(crate) profile: FileChange,
    pub(crate) profile_rights: Rights,
    /// The changes to the other profiles.
    pub(crate) profile_edits: Vec<ProfileEdit>,
    pub(crate) measures: Steps,
    /// The key file to keep until the old measures are taken back; it still records them.
    pub(crate) keyfile_until_restored: Vec<u8>,
    /// The backups to keep until then, and from then on.
    pub(crate) backups_until_restored: Vec<Backup>,
    pub(crate) backups: Vec<Backup>,
    /// The backups of the last application; `None` if the caller may not read them.
    pub(crate) backups_before: Option<Vec<Backup>>,
    /// Whether an interrupted run left files behind, or the owner or mode of the policy's files
    /// changed. Then everything is rebuilt.
    pub(crate) damaged: bool,
}

impl Plan {
    pub(crate) fn sources_change(&self) -> bool {
        let backups = self.backups_before.as_ref();
        self.damaged
            || self.keys.is_change()
            || self.locks.is_change()
            || backups.is_some_and(|before| *before != self.backups)
    }

    /// Whether a profile will be written.
    pub(crate) fn profiles_change(&self) -> bool {
        let edits = &self.profile_edits;
        self.profile.is_change() || edits.iter().any(|edit| edit.change.is_change())
    }

    pub(crate) fn is_change(&self) -> bool {
        self.sources_change()
            || self.profiles_change()
            || self.measures.is_change()
            || !self.others.stale.is_empty()
    }
}

impl Target {
    /// `unfinished`: the folders that an interrupted application created. `known`: the backups of the
    /// last application; `None` if the caller may not read them.
    pub(crate) fn plan(
        &self,
        policy: &Policy,
        catalogue: &Catalogue,
        unfinished: &[PathBuf],
        known: Option<Vec<Backup>>,
    ) -> Result<Plan, Failure> {
        self.check_ours()?;
        let profile_file = self.name(profile::FILE);
        let (kind, profile) = self.profile()?;
        let profile_rights = match kind {
            None => Rights::PUBLIC,
            Some(Kind::File(rights)) => rights,
            // The link's target has the policy's line already, so there is nothing to change.
            Some(Kind::Link) if profile.as_deref().is_some_and(profile::has_ours) => Rights::PUBLIC,
            Some(Kind::Link) => return Err(Failure::ProfileIsLink(profile_file)),
            Some(_) => return Err(Failure::InTheWay(profile_file)),
        };
        let new_profile = match &profile {
            None => self.new_profile()?,
            Some(profile) => profile::with_ours(profile)
                .map_err(|_| Failure::NoUserDatabase(profile_file.clone()))?,
        };
        let others = self.others(&new_profile)?;
        let lists = self.lists(policy, catalogue, &new_profile, &others)?;
        let compiled = compile::compile(policy, catalogue, &lists)?;
        let key_file = self.source(keyfiles::KEY_FILE)?;
        let mut created = keyfiles::created(key_file.as_deref().unwrap_or_default());
        created.extend_from_slice(unfinished);
        if profile.is_none() {
            created.push(profile::FILE.into());
        }
        for folder in keyfiles::folders() {
            if self.folder(folder)?.is_none() {
                created.push(folder.into());
            }
        }
        created.sort();
        created.dedup();
        let file = |name: &str, before, after: String| FileChange {
            file: self.tree.name(&keyfiles::path(name)),
            before,
            after: Some(after.into_bytes()),
        };
        let recorded = keyfiles::originals(key_file.as_deref().unwrap_or_default());
        let wanted = measures::wanted(policy, catalogue)?;
        let known_backups = known.as_deref().unwrap_or_default();
        // If a file can't be changed, this fails before anything is changed.
        let measures = self.steps(wanted, &recorded, known_backups)?;
        let [mut backups_until_restored, mut backups] = Self::backups_for(&measures);
        let profile = FileChange {
            file: profile_file,
            before: profile,
            after: Some(new_profile),
        };
        let of_profile = self.profile_backup(&profile, &created, known_backups);
        backups_until_restored.extend(of_profile.clone());
        backups.extend(of_profile);
        let profile_edits = self.profile_edits(policy.profiles, known_backups)?;
        let of_edits = edit_backups(&profile_edits, known_backups);
        backups_until_restored.extend(of_edits.clone());
        if policy.profiles == Profiles::All {
            backups.extend(of_edits);
        }
        let has_leftovers = measures.has_leftovers();
        let key_file_text = |originals: &[Original]| {
            keyfiles::key_file_text(policy, &compiled, &created, originals)
        };
        let text = key_file_text(&measures.kept);
        let keyfile_until_restored = if measures.undo.is_empty() {
            text.clone().into_bytes()
        } else {
            key_file_text(&[measures.kept.as_slice(), &measures.undo].concat()).into_bytes()
        };
        let locks = self.source(keyfiles::LOCKS_FILE)?;
        Ok(Plan {
            keys: file(keyfiles::KEY_FILE, key_file, text),
            locks: file(keyfiles::LOCKS_FILE, locks, compiled.locks_file()),
            profile,
            profile_rights,
            profile_edits,
            measures,
            keyfile_until_restored,
            backups_until_restored,
            backups,
            backups_before: known,
            lists,
            compiled,
            others,
            damaged: self.is_damaged()? || has_leftovers,
        })
    }

    /// The backup of the profile: that of the last application if the profile has the policy's line.
    fn profile_backup(
        &self,
        profile: &FileChange,
        created: &[PathBuf],
        known: &[Backup],
    ) -> Option<Backup> {
        let path = Path::new(profile::FILE);
        let (true, Some(after)) = (profile.is_change(), &profile.after) else {
            return backups::of(known, path).cloned();
        };
        // An application created the profile, and the policy's line was removed since.
        let is_ours = created.iter().any(|created| created == path)
            && self.new_profile().is_ok_and(|new| new == *after);
        let before = profile.before.clone().filter(|_| !is_ours);
        Backup::file(path, before, [after.as_slice()])
    }
}

/// The backups of the profiles other than `user` that have the policy's line, or will have it.
fn edit_backups(edits: &[ProfileEdit], known: &[Backup]) -> Vec<Backup> {
    let backup = |edit: &ProfileEdit| {
        let path = edit.path();
        match &edit.change.after {
            Some(after) if edit.change.is_change() && profile::has_ours(after) => {
                Backup::file(&path, edit.change.before.clone(), [after.as_slice()])
            }
            _ => backups::of(known, &path).cloned(),
        }
    };
    edits.iter().filter_map(backup).collect()
}
