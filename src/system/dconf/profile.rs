// SPDX-License-Identifier: GPL-3.0-or-later

//! The profile: the databases that all programs read, the most important first.
//!
//! The format is in dconf(7), "PROFILES": one database a line, and `#` starts a comment. The file
//! belongs to the administrator, so every byte stays except our own line.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::system::dconf::DATABASES;

/// The folder of profiles.
pub(crate) const FOLDER: &str = "/etc/dconf/profile";
pub(crate) const NAME: &str = "user";

/// The profile of all users.
pub(crate) const FILE: &str = "/etc/dconf/profile/user";

/// The folder of a distribution's profiles, below its data folders.
pub(crate) const VENDOR_FOLDER: &str = "dconf/profile";

/// The profile of a distribution, below its data folders. Our file would hide it.
pub(crate) const VENDOR_FILE: &str = "dconf/profile/user";

/// Our line.
const LINE: &[u8] = b"system-db:privacy_panel";

/// The beginnings of the lines of a user's own databases; a service keeps those of homes on NFS.
const USERS: &[&[u8]] = &[b"user-db:", b"service-db:"];

/// dconf's default on a computer without a profile.
const DEFAULT: &[u8] = b"user-db:user\n";

/// Why our line has no valid position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoUserDatabase;

/// The content of a line without white space and comments, as dconf reads it.
fn entry(line: &[u8]) -> &[u8] {
    let end = line.iter().position(|byte| *byte == b'#');
    line[..end.unwrap_or(line.len())].trim_ascii()
}

/// The lines with their line ends.
fn lines(profile: &[u8]) -> impl Iterator<Item = &[u8]> {
    profile.split_inclusive(|byte| *byte == b'\n')
}

/// The databases of a profile, in order.
pub(crate) fn entries(profile: &[u8]) -> impl Iterator<Item = &[u8]> {
    lines(profile).map(entry).filter(|entry| !entry.is_empty())
}

/// The files of the databases that it names, in order, except the user's own.
pub(crate) fn databases(profile: &[u8]) -> impl Iterator<Item = PathBuf> {
    entries(profile).filter_map(|entry| {
        if let Some(name) = entry.strip_prefix(b"system-db:") {
            Some(Path::new(DATABASES).join(OsStr::from_bytes(name)))
        } else {
            let file = entry.strip_prefix(b"file-db:")?;
            Some(PathBuf::from(OsStr::from_bytes(file)))
        }
    })
}

/// Whether our database is in it.
pub(crate) fn has_ours(profile: &[u8]) -> bool {
    entries(profile).any(|entry| entry == LINE)
}

/// Whether it names a database of the user's own, in a file or kept by a service.
pub(crate) fn has_users(profile: &[u8]) -> bool {
    entries(profile).any(|entry| USERS.iter().any(|kind| entry.starts_with(kind)))
}

/// Whether it names databases other than the user's own.
pub(crate) fn names_system_databases(profile: &[u8]) -> bool {
    entries(profile).any(|entry| entry.starts_with(b"system-db:") || entry.starts_with(b"file-db:"))
}

/// The profile with our line after the user's database and before all others, so that the user's
/// decisions come first, and no other default hides the policy. Without a `user-db:`, the user's
/// database is the first one that a service keeps.
pub(crate) fn with_ours(profile: &[u8]) -> Result<Vec<u8>, NoUserDatabase> {
    if has_ours(profile) {
        return Ok(profile.to_owned());
    }
    let kind = USERS
        .iter()
        .find(|kind| entries(profile).any(|entry| entry.starts_with(kind)))
        .ok_or(NoUserDatabase)?;
    let mut out = Vec::with_capacity(profile.len() + LINE.len() + 1);
    let mut done = false;
    for line in lines(profile) {
        out.extend_from_slice(line);
        if !done && entry(line).starts_with(kind) {
            done = true;
            if line.ends_with(b"\n") {
                out.extend_from_slice(LINE);
                out.push(b'\n');
            } else {
                // The last line had no line end, so the new last line has none either.
                out.push(b'\n');
                out.extend_from_slice(LINE);
            }
        }
    }
    Ok(out)
}

/// The profile without our line.
pub(crate) fn without_ours(profile: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(profile.len());
    for line in lines(profile) {
        if entry(line) != LINE {
            out.extend_from_slice(line);
        } else if !line.ends_with(b"\n") && out.ends_with(b"\n") {
            out.pop();
        }
    }
    out
}

/// The profile for a computer without one: the distribution's, or dconf's default.
pub(crate) fn new(vendor: Option<&[u8]>) -> Result<Vec<u8>, NoUserDatabase> {
    with_ours(vendor.unwrap_or(DEFAULT))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inserted(profile: &str) -> String {
        String::from_utf8(with_ours(profile.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn our_line_comes_after_the_persons_database_and_before_all_others() {
        assert_eq!(
            inserted("# site\nuser-db:user # mine\n\nsystem-db:site\nfile-db:/x"),
            "# site\nuser-db:user # mine\nsystem-db:privacy_panel\n\nsystem-db:site\nfile-db:/x"
        );
        assert_eq!(
            inserted("  user-db:user"),
            "  user-db:user\nsystem-db:privacy_panel"
        );
        assert_eq!(
            inserted("service-db:keyfile/user\nuser-db:user\nsystem-db:site\n"),
            "service-db:keyfile/user\nuser-db:user\nsystem-db:privacy_panel\nsystem-db:site\n"
        );
        assert_eq!(
            inserted("service-db:keyfile/user\nsystem-db:site\n"),
            "service-db:keyfile/user\nsystem-db:privacy_panel\nsystem-db:site\n"
        );
    }

    #[test]
    fn a_profile_without_the_persons_database_is_left_alone() {
        for profile in ["", "system-db:site\n", "#user-db:user\n"] {
            assert_eq!(with_ours(profile.as_bytes()), Err(NoUserDatabase));
        }
    }

    #[test]
    fn our_line_is_known_with_spaces_and_comments_and_is_not_added_twice() {
        let profile = "user-db:user\n\tsystem-db:privacy_panel # ours\nsystem-db:site\n";
        assert_eq!(inserted(profile), profile);
        assert_eq!(
            without_ours(profile.as_bytes()),
            b"user-db:user\nsystem-db:site\n"
        );
        assert!(!has_ours(b"user-db:user\n#system-db:privacy_panel\n"));
        assert!(!has_ours(b"user-db:user\nsystem-db:privacy_panel2\n"));
    }

    proptest::proptest! {
        #[test]
        fn putting_our_line_in_and_taking_it_out_leaves_every_byte(
            before in "(#[a-z ]*\n|system-db:[a-z]{1,3}\r?\n|\n){0,4}",
            user in "[ \t]{0,2}(user-db:user|service-db:keyfile/user)( #x)?",
            after in "(\r?\n)?|(\n(#[a-z ]*\n|system-db:[a-z]{1,3}\r?\n|\n){0,4}(system-db:z)?)",
        ) {
            let profile = format!("{before}{user}{after}").into_bytes();
            let with = with_ours(&profile).unwrap();
            proptest::prop_assert!(has_ours(&with));
            proptest::prop_assert_eq!(without_ours(&with), profile);
        }
    }
}
