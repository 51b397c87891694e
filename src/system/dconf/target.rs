// SPDX-License-Identifier: GPL-3.0-or-later

//! The database in which dconf saves the settings of this process, by the process's profile.
//!
//! dconf reports nothing about a profile that it can't use: all keys have their defaults, and none
//! is writable, as if an administrator had locked them. So this module opens the profile as dconf
//! does (GNOME/dconf, `engine/dconf-engine-profile.c`).

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::system::dconf::profile;
use crate::system::i18n::system_error;
use crate::system::text;

/// The folder of the profiles that decide for one user, whatever the environment says.
const MANDATORY: &str = "/run/dconf/user";

/// How much of a profile is read, in bytes. Its first database is in one of the first lines.
const LARGEST_PROFILE: u64 = 1024 * 1024;

/// Where dconf saves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// In a user's database: the name after `user-db:`.
    User(String),
    /// Where the service keeps it: the kind and the name after `service-db:`, such as
    /// `keyfile/user`.
    Service(String),
    /// Nowhere: the first database is not the user's, so the administrator decides everything.
    Nowhere,
}

/// Why dconf can neither read nor save anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileProblem {
    /// The environment names a profile that does not exist.
    #[error("the dconf profile {} does not exist", text::path(.0))]
    Missing(PathBuf),
    /// The profile can't be read.
    #[error("the dconf profile {} cannot be read: {reason}", text::path(.file))]
    Unreadable {
        /// The profile.
        file: PathBuf,
        /// The system's error message, translated.
        reason: String,
    },
    /// The profile names no database.
    #[error("the dconf profile {} names no database", text::path(.0))]
    Empty(PathBuf),
}

/// Where dconf saves now.
pub(crate) fn target() -> Result<Target, ProfileProblem> {
    let Some((file, mut opened)) = open()? else {
        return Ok(Target::User("user".to_owned()));
    };
    let mut bytes = Vec::new();
    // dconf uses the part that it could read. A folder counts as empty.
    let _ = (&mut opened).take(LARGEST_PROFILE).read_to_end(&mut bytes);
    profile::entries(&bytes)
        .find_map(database)
        .ok_or(ProfileProblem::Empty(file))
}

/// The database of a line, unless dconf ignores the line.
fn database(line: &[u8]) -> Option<Target> {
    let (kind, name) = std::str::from_utf8(line).ok()?.split_once(':')?;
    if name.is_empty() {
        return None;
    }
    match kind {
        "user-db" => Some(Target::User(name.to_owned())),
        "service-db" => Some(Target::Service(name.to_owned())),
        "system-db" | "file-db" => Some(Target::Nowhere),
        _ => None,
    }
}

/// The profile. `None`: there is none, so dconf's default applies.
fn open() -> Result<Option<(PathBuf, File)>, ProfileProblem> {
    let user = rustix::process::getuid().as_raw().to_string();
    let open = |file: PathBuf| File::open(&file).ok().map(|opened| (file, opened));
    if let Some(opened) = open(Path::new(MANDATORY).join(user)) {
        return Ok(Some(opened));
    }
    if let Some(name) = std::env::var_os("DCONF_PROFILE") {
        let name = PathBuf::from(name);
        return if name.is_absolute() {
            match File::open(&name) {
                Ok(opened) => Ok(Some((name, opened))),
                Err(error) => Err(problem(name, &error)),
            }
        } else {
            named(&name)?.ok_or(ProfileProblem::Missing(name)).map(Some)
        };
    }
    if let Some(opened) = open(glib::user_runtime_dir().join("dconf/profile")) {
        return Ok(Some(opened));
    }
    // If it can't be read, dconf's default applies as well.
    Ok(named(Path::new(profile::NAME)).unwrap_or_default())
}

/// The profile of that name in the system's folders. dconf looks no further after an error.
fn named(name: &Path) -> Result<Option<(PathBuf, File)>, ProfileProblem> {
    let system = Path::new(profile::FOLDER).join(name);
    let data = glib::system_data_dirs().into_iter();
    let data = data.map(|folder| folder.join("dconf/profile").join(name));
    for file in std::iter::once(system).chain(data) {
        match File::open(&file) {
            Ok(opened) => return Ok(Some((file, opened))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(problem(file, &error)),
        }
    }
    Ok(None)
}

fn problem(file: PathBuf, error: &io::Error) -> ProfileProblem {
    if error.kind() == io::ErrorKind::NotFound {
        ProfileProblem::Missing(file)
    } else {
        ProfileProblem::Unreadable {
            file,
            reason: system_error(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_names_a_database_decides_where_dconf_saves() {
        let first = |profile: &str| profile::entries(profile.as_bytes()).find_map(database);
        let user = |name: &str| Some(Target::User(name.to_owned()));
        assert_eq!(
            first("# mine\n\n user-db:me # x\nsystem-db:site\n"),
            user("me")
        );
        assert_eq!(first("user\nuser-db:\nother-db:x\nuser-db:me"), user("me"));
        assert_eq!(first("system-db:site\nuser-db:me\n"), Some(Target::Nowhere));
        assert_eq!(first("file-db:/x\n"), Some(Target::Nowhere));
        let keyfile = Some(Target::Service("keyfile/user".to_owned()));
        assert_eq!(first("service-db:keyfile/user\n"), keyfile);
        for nothing in ["", "# user-db:user\n", "user-db\n"] {
            assert_eq!(first(nothing), None, "{nothing:?}");
        }
    }
}
