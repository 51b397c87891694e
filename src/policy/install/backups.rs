// SPDX-License-Identifier: GPL-3.0-or-later

//! Backups of what a policy changes outside its own folder, so that a removal can restore it.
//!
//! The file of backups is in the folder of the database's sources. Its name is hidden, so that
//! dconf doesn't compile it; only root can read it, since a backed-up file may be private. Each
//! line has three fields, separated by a space:
//!
//! ```text
//! absent          sha256:HASH   PATH    the policy created the file
//! base64:BYTES    sha256:HASH   PATH    the policy changed the file
//! absent          mask          PATH    the policy masked the unit
//! absent          folder        PATH    the policy created the folder
//! ```
//!
//! The hash is that of the bytes that the policy wrote. While an application runs, a line may have
//! several hashes, separated by commas. If one is the hash of the current bytes, the removal
//! restores the bytes from before. `debian/privacyctl.postrm` does the same, and reads no other
//! format.

use std::path::{Path, PathBuf};

use glib::{Checksum, ChecksumType};

use crate::system::tree::Rights;

/// The name of the file, in the folder of the sources.
pub(crate) const FILE: &str = ".backups";

/// The rights of the file.
pub(crate) const RIGHTS: Rights = Rights {
    mode: 0o600,
    owner: None,
};

const ABSENT: &str = "absent";
const BYTES: &str = "base64:";
const HASH: &str = "sha256:";
const MASK: &str = "mask";
const FOLDER: &str = "folder";

/// A file or folder that a policy changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Backup {
    path: PathBuf,
    /// The bytes before; `None` if there was nothing.
    before: Option<Vec<u8>>,
    after: After,
}

/// What the policy put there.
#[derive(Clone, Debug, PartialEq, Eq)]
enum After {
    /// A file with one of these hashes.
    File(Vec<String>),
    Mask,
    Folder,
}

impl Backup {
    /// The backup of a file that the policy writes. `None` if it writes nothing.
    pub(crate) fn file<'a>(
        path: &Path,
        before: Option<Vec<u8>>,
        written: impl IntoIterator<Item = &'a [u8]>,
    ) -> Option<Self> {
        let mut hashes: Vec<_> = written.into_iter().map(sha256).collect();
        hashes.sort();
        hashes.dedup();
        (!hashes.is_empty()).then(|| Self {
            path: path.to_owned(),
            before,
            after: After::File(hashes),
        })
    }

    pub(crate) fn mask(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            before: None,
            after: After::Mask,
        }
    }

    pub(crate) fn folder(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            before: None,
            after: After::Folder,
        }
    }

    /// The bytes before; `None` if there was no file.
    pub(crate) fn before(&self) -> Option<&[u8]> {
        self.before.as_deref()
    }

    /// Whether the policy wrote these bytes.
    pub(crate) fn is_as_left(&self, bytes: &[u8]) -> bool {
        matches!(&self.after, After::File(hashes) if hashes.contains(&sha256(bytes)))
    }

    /// Whether a file is as before the policy, or as the policy left it.
    pub(crate) fn fits(&self, bytes: Option<&[u8]>) -> bool {
        self.before() == bytes || bytes.is_some_and(|bytes| self.is_as_left(bytes))
    }

    fn line(&self) -> String {
        let before = match &self.before {
            None => ABSENT.to_owned(),
            Some(bytes) => format!("{BYTES}{}", glib::base64_encode(bytes)),
        };
        let after = match &self.after {
            After::File(hashes) => format!("{HASH}{}", hashes.join(",")),
            After::Mask => MASK.to_owned(),
            After::Folder => FOLDER.to_owned(),
        };
        format!("{before} {after} {}\n", self.path.display())
    }

    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.splitn(3, ' ');
        let before = match fields.next()? {
            ABSENT => None,
            bytes => Some(glib::base64_decode(bytes.strip_prefix(BYTES)?)),
        };
        let after = match fields.next()? {
            MASK => After::Mask,
            FOLDER => After::Folder,
            hashes => {
                let hashes = hashes.strip_prefix(HASH)?.split(',');
                After::File(hashes.map(str::to_owned).collect())
            }
        };
        let path = fields.next()?.into();
        Some(Self {
            path,
            before,
            after,
        })
    }
}

/// The backup of a file, if there is one.
pub(crate) fn of<'a>(backups: &'a [Backup], path: &Path) -> Option<&'a Backup> {
    backups.iter().find(|backup| backup.path == path)
}

/// Whether a file in a folder has a backup, other than one.
pub(crate) fn any_in(backups: &[Backup], folder: &Path, but: &str) -> bool {
    let mut paths = backups.iter().map(|backup| backup.path.as_path());
    paths.any(|path| path.parent() == Some(folder) && path != Path::new(but))
}

/// The text of the file of backups.
pub(crate) fn text(backups: &[Backup]) -> String {
    backups.iter().map(Backup::line).collect()
}

/// The backups in a file's text. Lines that [`text`] doesn't write are skipped.
pub(crate) fn parse(text: &[u8]) -> Vec<Backup> {
    let text = String::from_utf8_lossy(text);
    text.lines().filter_map(Backup::parse).collect()
}

fn sha256(bytes: &[u8]) -> String {
    let hash = Checksum::new(ChecksumType::Sha256).and_then(|mut checksum| {
        checksum.update(bytes);
        checksum.string()
    });
    hash.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, before: Option<&[u8]>, written: &[&[u8]]) -> Backup {
        let before = before.map(<[u8]>::to_vec);
        Backup::file(Path::new(path), before, written.iter().copied()).unwrap()
    }

    #[test]
    fn backups_are_read_as_they_were_written() {
        let backups = [
            file("/etc/a b", Some(b"\0x\n\xff"), &[b"y"]),
            file("/etc/empty", Some(b""), &[b"y", b"x", b"y"]),
            file("/etc/new", None, &[b"y"]),
            Backup::mask(Path::new("/etc/systemd/system/a.service")),
            Backup::folder(Path::new("/etc/folder")),
        ];
        assert_eq!(parse(text(&backups).as_bytes()), backups);
        assert!(backups[0].is_as_left(b"y") && !backups[0].is_as_left(b"z"));
        assert!(backups[1].is_as_left(b"y") && backups[1].is_as_left(b"x"));
        assert!(!backups[3].is_as_left(b""));
    }

    #[test]
    fn a_hash_is_the_one_that_sha256sum_prints() {
        let line = text(&[file("/etc/a", Some(b"abc"), &[b"abc"])]);
        assert_eq!(
            line,
            "base64:YWJj \
             sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad /etc/a\n"
        );
    }

    #[test]
    fn lines_of_another_kind_are_skipped() {
        let odd = b"\n# x\nabsent\nabsent mask\nx mask /etc/a\nabsent x /etc/a\n\xff\n";
        assert_eq!(parse(odd), []);
    }
}
