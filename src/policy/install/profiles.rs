// SPDX-License-Identifier: GPL-3.0-or-later

//! The profiles other than the system's own, `user`: which of them leave the policy out, and the
//! changes that add its line.
//!
//! dconf takes the first of these: `/run/dconf/user/UID`, the profile that `DCONF_PROFILE` names, one
//! in the user's own runtime folder, `user`. The source is in GNOME/dconf,
//! `engine/dconf-engine-profile.c`, `dconf_engine_profile_open()`.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use crate::policy::Profiles;
use crate::policy::diff::FileChange;
use crate::policy::failure::Failure;
use crate::policy::install::backups;
use crate::policy::install::backups::Backup;
use crate::policy::install::environment;
use crate::policy::install::environment::ANY;
use crate::policy::install::target::Target;
use crate::policy::report::{LeftOut, Why};
use crate::system::dconf::profile;
use crate::system::folders;
use crate::system::i18n::system_error;
use crate::system::limits::PROFILE;
use crate::system::tree;
use crate::system::tree::{Kind, Rights};

/// The folder of the profiles that each user's programs must use, named by the user's number.
const MANDATORY: &str = "/run/dconf/user";

/// Profiles of programs rather than of users: GDM's greeter, which is named after its user on
/// Debian, and `IBus`, which keeps its settings in a separate database. They count only where a
/// file names them for logins.
const OF_PROGRAMS: [&str; 3] = ["gdm", "Debian-gdm", "ibus"];

/// The suffixes that editors and package managers give to files that they replace.
const SET_ASIDE: [&str; 10] = [
    "~",
    ".bak",
    ".orig",
    ".dpkg-old",
    ".dpkg-new",
    ".dpkg-dist",
    ".dpkg-bak",
    ".rpmsave",
    ".rpmnew",
    ".rpmorig",
];

/// A change to a profile.
pub(crate) struct ProfileEdit {
    pub(crate) name: OsString,
    pub(crate) rights: Rights,
    pub(crate) change: FileChange,
}

impl ProfileEdit {
    /// The path in the target.
    pub(crate) fn path(&self) -> PathBuf {
        Path::new(profile::FOLDER).join(&self.name)
    }
}

impl Target {
    /// The profiles that leave the policy out. `planned`: the profiles to which an application will
    /// add its line, which don't count.
    pub fn left_out(&self, planned: Profiles) -> Vec<LeftOut> {
        let mut found: BTreeMap<PathBuf, LeftOut> = BTreeMap::new();
        let mut add = |path: &Path, named_in: Option<&PathBuf>, why: Why| {
            let name = self.tree.name(path);
            let entry = found.entry(name.clone()).or_insert(LeftOut {
                profile: name,
                named_in: Vec::new(),
                why,
            });
            if let Some(file) = named_in.map(|file| self.tree.name(file)) {
                if !entry.named_in.contains(&file) {
                    entry.named_in.push(file);
                }
            }
        };
        for (name, path) in self.all_profiles() {
            let is_programs = OF_PROGRAMS.iter().any(|program| name == *program);
            match self.judge(&path, planned, |profile| {
                !is_programs && profile::has_users(profile)
            }) {
                // The file was removed meanwhile, or is a dangling link.
                None | Some(Why::Missing) => {}
                Some(why) => add(&path, None, why),
            }
        }
        for (file, value) in environment::named_profiles(&self.tree) {
            for (path, why) in self.named(&value, planned) {
                add(&path, Some(&file), why);
            }
        }
        for (name, _) in self.entries_of(Path::new(MANDATORY)) {
            if name
                .to_str()
                .is_some_and(|name| name.parse::<u32>().is_ok())
            {
                let path = Path::new(MANDATORY).join(name);
                match self.judge(&path, planned, |_| true) {
                    None | Some(Why::Missing) => {}
                    Some(why) => add(&path, None, why),
                }
            }
        }
        found.into_values().collect()
    }

    /// Why a profile leaves the policy out, if it does. `counts`: whether a profile without the
    /// line counts.
    fn judge(
        &self,
        path: &Path,
        planned: Profiles,
        counts: impl FnOnce(&[u8]) -> bool,
    ) -> Option<Why> {
        if path == Path::new(profile::FILE) {
            return None;
        }
        match self.tree.read(path, PROFILE) {
            Ok(None) => Some(Why::Missing),
            Ok(Some(content)) if profile::has_ours(&content) || !counts(&content) => None,
            Ok(Some(content)) if self.is_editable(path) && profile::has_users(&content) => {
                (planned != Profiles::All).then_some(Why::NoLine)
            }
            Ok(Some(_)) if path.starts_with("/usr") => Some(Why::OfPackage),
            Ok(Some(_)) => Some(Why::NotOurs),
            // A folder or a device isn't a profile.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Some(Why::Missing),
            Err(error) => Some(Why::Unreadable(system_error(&error))),
        }
    }

    /// The profiles that a value of `DCONF_PROFILE` means, and why they leave the policy out.
    fn named(&self, value: &str, planned: Profiles) -> Vec<(PathBuf, Why)> {
        let path = PathBuf::from(value);
        if !value.contains(ANY) {
            let path = self.profile_called(&path);
            let why = self.judge(&path, planned, |_| true);
            return why.map(|why| (path, why)).into_iter().collect();
        }
        // Without a folder: each profile in dconf's folders counts anyway.
        let Some((folder, last)) = value.rsplit_once('/') else {
            return Vec::new();
        };
        if folder.contains(ANY) || folder.is_empty() {
            let shown = value.replace(ANY, "…");
            return vec![(PathBuf::from(shown), Why::Variable)];
        }
        let folder = Path::new(profile::FOLDER).join(folder);
        let (start, end) = last.split_once(ANY).unwrap_or((last, ""));
        let end = end.rsplit(ANY).next().unwrap_or_default();
        let names = self.entries_of(&folder).into_iter().map(|(name, _)| name);
        let paths = names.filter_map(|name| {
            let text = name.to_str()?;
            let fits = text.len() >= start.len() + end.len();
            (fits && text.starts_with(start) && text.ends_with(end) && !is_set_aside(&name))
                .then(|| folder.join(&name))
        });
        let judged = paths.filter_map(|path| {
            let why = self.judge(&path, planned, |_| true)?;
            (why != Why::Missing).then_some((path, why))
        });
        judged.collect()
    }

    /// The file of the profile with a name or path: dconf prefers the administrator's.
    fn profile_called(&self, name: &Path) -> PathBuf {
        let first = Path::new(profile::FOLDER).join(name);
        let exists = |path: &Path| !matches!(self.tree.read(path, PROFILE), Ok(None));
        if name.is_absolute() || exists(&first) {
            return first;
        }
        let vendors = self.vendor_folders();
        let found = vendors.into_iter().map(|folder| folder.join(name));
        found.into_iter().find(|path| exists(path)).unwrap_or(first)
    }

    fn vendor_folders(&self) -> Vec<PathBuf> {
        let data = folders::system_data(&self.tree).into_iter();
        data.map(|data| data.join(profile::VENDOR_FOLDER)).collect()
    }

    /// All profiles by their names, except `user`.
    fn all_profiles(&self) -> BTreeMap<OsString, PathBuf> {
        let mut found = BTreeMap::new();
        let own = PathBuf::from(profile::FOLDER);
        for folder in std::iter::once(own).chain(self.vendor_folders()) {
            for (name, _) in self.entries_of(&folder) {
                if name != profile::NAME && !is_set_aside(&name) {
                    let path = folder.join(&name);
                    found.entry(name).or_insert(path);
                }
            }
        }
        found
    }

    /// The names in a folder; empty if it can't be read, which an application reports.
    fn entries_of(&self, folder: &Path) -> Vec<(OsString, bool)> {
        self.tree.entries(folder).unwrap_or_default()
    }

    /// Whether an application may change the profile: a regular file in dconf's folder, whose name the
    /// file of backups can hold.
    fn is_editable(&self, path: &Path) -> bool {
        let Some(name) = path.file_name().and_then(OsStr::to_str) else {
            return false;
        };
        path.parent() == Some(Path::new(profile::FOLDER))
            && !is_set_aside(OsStr::new(name))
            && name.trim() == name
            && !name.chars().any(char::is_control)
            && matches!(self.tree.kind(path), Ok(Some(Kind::File(_))))
    }

    /// The regular profiles in dconf's folder, except `user`, and their content.
    fn editable_profiles(&self) -> Result<Vec<(OsString, Rights, Vec<u8>)>, Failure> {
        let folder = Path::new(profile::FOLDER);
        let mut found = Vec::new();
        for (name, _) in self.tree.entries(folder).map_err(self.system(folder))? {
            let path = folder.join(&name);
            if name == profile::NAME || !self.is_editable(&path) {
                continue;
            }
            if let (Some(Kind::File(rights)), Ok(Some(content))) =
                (self.kind(&path)?, self.tree.read(&path, PROFILE))
            {
                found.push((name, rights, content));
            }
        }
        found.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(found)
    }

    /// The changes to the profiles other than `user`. `known`: the backups of the last application,
    /// which name the profiles that it added its line to.
    pub(crate) fn profile_edits(
        &self,
        wanted: Profiles,
        known: &[Backup],
    ) -> Result<Vec<ProfileEdit>, Failure> {
        let mut edits = Vec::new();
        // Without backups there is no line to remove.
        let folder = Path::new(profile::FOLDER);
        let is_ours = |path: &Path| backups::of(known, path).is_some();
        if wanted == Profiles::User && !backups::any_in(known, folder, profile::FILE) {
            return Ok(edits);
        }
        for (name, rights, before) in self.editable_profiles()? {
            let path = folder.join(&name);
            let after = match wanted {
                Profiles::All if profile::has_users(&before) => {
                    profile::with_ours(&before).unwrap_or_else(|_| before.clone())
                }
                Profiles::User if is_ours(&path) => profile::without_ours(&before),
                _ => continue,
            };
            edits.push(ProfileEdit {
                change: FileChange {
                    file: self.tree.name(&path),
                    before: Some(before),
                    after: Some(after),
                },
                name,
                rights,
            });
        }
        Ok(edits)
    }

    /// The edits that take the policy's line out of every profile other than `user`.
    pub(crate) fn profile_removals(&self) -> Result<Vec<ProfileEdit>, Failure> {
        let profiles = self.editable_profiles()?.into_iter();
        let ours = profiles.filter(|(_, _, content)| profile::has_ours(content));
        let edits = ours.map(|(name, rights, before)| ProfileEdit {
            change: FileChange {
                file: self.tree.name(&Path::new(profile::FOLDER).join(&name)),
                after: Some(profile::without_ours(&before)),
                before: Some(before),
            },
            name,
            rights,
        });
        Ok(edits.collect())
    }

    /// Carries out edits of profiles. Goes on past a profile that can't be changed, and returns the
    /// first failure at the end.
    pub(crate) fn edit_profiles<'a>(
        &self,
        edits: impl IntoIterator<Item = &'a ProfileEdit>,
    ) -> Result<(), Failure> {
        let mut result = Ok(());
        let mut folder = None;
        for edit in edits.into_iter().filter(|edit| edit.change.is_change()) {
            if folder.is_none() {
                folder = self.folder(profile::FOLDER)?;
            }
            let Some(folder) = &folder else { break };
            let (before, after) = (edit.change.before.as_deref(), edit.change.after.as_deref());
            let after = after.unwrap_or_default();
            let done = tree::prepare_replacement(folder, &edit.name, before, after, edit.rights)
                .and_then(|prepared| Ok(prepared.put_in_place()?))
                .map_err(self.system(&edit.path()));
            result = result.and(done);
        }
        result
    }
}

/// Whether a file isn't a profile in use: hidden, or a copy that an editor or a package manager made.
fn is_set_aside(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || SET_ASIDE.iter().any(|end| name.ends_with(end))
}
