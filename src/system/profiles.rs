// SPDX-License-Identifier: GPL-3.0-or-later

//! The profiles of Mozilla's programs in the user's home.
//!
//! `profiles.ini` lists them. Since Firefox 138 a profile can have further profiles beside it that are
//! not in this list (`browser/components/profiles/SelectableProfileService.sys.mjs`, mozilla-central),
//! so each folder with preferences counts as well.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use crate::system::limits;
use crate::system::tree::{Tree, unless_missing};

/// The file with the list of profiles.
pub(crate) const LIST: &str = "profiles.ini";

/// The file that shows that a folder is a profile.
const PREFERENCES: &str = "prefs.js";

/// A profile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Profile {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Whether the list names a folder outside of the home. It isn't written.
    pub(crate) is_outside: bool,
}

/// The profiles below a folder with a list of profiles, in order. Empty if there is no such folder.
///
/// # Errors
///
/// The file or folder that can't be read, and why.
pub(crate) fn below(folder: &Path) -> Result<BTreeSet<Profile>, (PathBuf, io::Error)> {
    let list = folder.join(LIST);
    let text = Tree::computer()
        .read(&list, limits::PROFILES)
        .map_err(|error| (list, error))?;
    let mut profiles: BTreeSet<_> = listed(&text.unwrap_or_default())
        .into_iter()
        .map(|(path, is_relative)| profile(folder, &path, is_relative))
        .collect();
    for name in others(folder).map_err(|error| (folder.to_owned(), error))? {
        profiles.insert(Profile {
            folder: name,
            is_outside: false,
        });
    }
    if profiles.len() > limits::CONFIGURATION_FILES {
        return Err((folder.to_owned(), io::Error::other("too many profiles")));
    }
    Ok(profiles)
}

/// The folders with preferences.
fn others(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let Some(entries) = unless_missing(folder.read_dir())? else {
        return Ok(found);
    };
    for (number, entry) in entries.enumerate() {
        if number > limits::PATTERN_ENTRIES {
            return Err(io::Error::other("too many files"));
        }
        let profile = entry?.path();
        if profile.join(PREFERENCES).is_file() {
            found.push(profile);
        }
    }
    Ok(found)
}

fn profile(folder: &Path, path: &Path, is_relative: bool) -> Profile {
    let climbs = path.components().any(|part| part == Component::ParentDir);
    let full = if is_relative {
        folder.join(path)
    } else {
        path.to_owned()
    };
    let is_outside = climbs || !full.starts_with(glib::home_dir()) && !full.starts_with(folder);
    Profile {
        folder: full,
        is_outside,
    }
}

/// The paths in a list of profiles, and whether each is relative.
///
/// The rules of mozilla-central, `xpcom/ds/nsINIParser.cpp`: white space before a name doesn't count,
/// lines with `#` or `;` are comments, a value ends with its line, and the last value of a name counts.
/// `toolkit/profile/nsToolkitProfileService.cpp`: the groups `Profile0`, `Profile1` and so on, of which
/// each needs both values.
fn listed(text: &[u8]) -> Vec<(PathBuf, bool)> {
    let mut found: Vec<(PathBuf, bool)> = Vec::new();
    let mut group = Group::default();
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    for line in text.split(|byte| matches!(byte, b'\n' | b'\r')) {
        let line = line.trim_ascii_start();
        if let Some(name) = line.strip_prefix(b"[") {
            found.extend(std::mem::take(&mut group).profile());
            group.is_profile = name.starts_with(b"Profile");
        } else if let Some(at) = line.iter().position(|byte| *byte == b'=') {
            let value = &line[at + 1..];
            match &line[..at] {
                b"Path" => group.path = Some(value.to_owned()),
                b"IsRelative" => group.is_relative = Some(value == b"1"),
                _ => {}
            }
        }
    }
    found.extend(group.profile());
    found
}

#[derive(Default)]
struct Group {
    is_profile: bool,
    path: Option<Vec<u8>>,
    is_relative: Option<bool>,
}

impl Group {
    fn profile(self) -> Option<(PathBuf, bool)> {
        let path = self
            .path
            .filter(|path| self.is_profile && !path.is_empty())?;
        let path = PathBuf::from(OsStr::from_bytes(&path));
        Some((path, self.is_relative?))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn paths(text: &str) -> Vec<(String, bool)> {
        let listed = listed(text.as_bytes()).into_iter();
        listed
            .map(|(path, is_relative)| (path.display().to_string(), is_relative))
            .collect()
    }

    #[test]
    fn a_list_names_the_profiles_and_nothing_else() {
        let text = "[Install1234]\nDefault=a.default\nLocked=1\n\n[Profile1]\r\nName=x y\r\n\
                    IsRelative=1\r\n  Path=b c.default\r\n[Profile0]\nPath=/home/a/p\nIsRelative=0\n\
                    ;Path=/no\n#Path=/no\n[General]\nPath=/no\nIsRelative=0\n[Profile2]\nPath=no\n";
        let expected = [
            ("b c.default".to_owned(), true),
            ("/home/a/p".to_owned(), false),
        ];
        assert_eq!(paths(text), expected);
        assert_eq!(paths(""), []);
        let twice = "\u{feff}[Profile0]\nIsRelative=1\nPath=a\nPath=b";
        assert_eq!(paths(twice), [("b".to_owned(), true)]);
    }

    #[test]
    fn a_profile_that_leads_out_of_the_home_is_known_to() {
        let folder = glib::home_dir().join(".mozilla/firefox");
        for (path, is_relative, is_outside) in [
            ("a.default", true, false),
            ("../../../etc", true, true),
            ("/etc", true, true),
            ("/etc", false, true),
            ("a/../../../../etc", true, true),
        ] {
            let profile = profile(&folder, Path::new(path), is_relative);
            assert_eq!(profile.is_outside, is_outside, "{path}");
        }
        let elsewhere = glib::home_dir().join("elsewhere");
        assert!(!profile(&folder, &elsewhere, false).is_outside);
    }

    #[test]
    fn folders_with_preferences_are_profiles_that_need_not_be_listed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        assert!(below(&path.join("missing")).unwrap().is_empty());
        fs::create_dir_all(path.join("other")).unwrap();
        fs::write(path.join("other/prefs.js"), "").unwrap();
        fs::create_dir_all(path.join("Crash Reports")).unwrap();
        fs::write(path.join(LIST), "[Profile0]\nIsRelative=1\nPath=new\n").unwrap();
        let found = below(path).unwrap();
        let found: Vec<_> = found.iter().map(|profile| &profile.folder).collect();
        assert_eq!(found, [&path.join("new"), &path.join("other")]);
    }
}
