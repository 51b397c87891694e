// SPDX-License-Identifier: GPL-3.0-or-later

//! Temporary folders.
//!
//! Root's are in `/run`, which belongs to root, and never in a folder from a variable such as
//! `TMPDIR`: the owner of such a folder could exchange its content. Other users' are in the
//! system's folder for temporary files. Only its user has access to a temporary folder, and
//! everything in it is created through a handle. The next run removes what a killed run left
//! behind.

use std::ffi::OsString;
use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::geteuid;

/// The folder of root's temporary folders and locks.
pub(crate) const RUN: &str = "/run";

/// The prefix of a temporary folder's name. 16 hexadecimal digits follow.
const PREFIX: &str = "privacy-panel.scratch-";

/// How many names are tried.
const TRIES: usize = 16;

/// A temporary folder. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Scratch {
    above: Dir,
    name: String,
    dir: Dir,
    path: PathBuf,
    /// Locked while the folder is in use, so that other runs don't remove it as a leftover.
    _in_use: OwnedFd,
}

/// The folder that has the temporary folders.
pub(crate) fn base() -> PathBuf {
    if geteuid().is_root() {
        RUN.into()
    } else {
        std::env::temp_dir()
    }
}

/// Opens a folder in which no other user can exchange the caller's files: it belongs to the caller
/// or root, and if others may write to it, it is sticky.
pub(crate) fn open_trusted(path: &Path) -> io::Result<Dir> {
    let mut flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    if geteuid().is_root() {
        flags |= OFlags::NOFOLLOW;
    }
    let folder = rustix::fs::open(path, flags, Mode::empty())?;
    let found = rustix::fs::fstat(&folder)?;
    let own = found.st_uid == geteuid().as_raw();
    // Users' groups often have no other members. Root's may have.
    let others = if own && found.st_uid != 0 {
        0o002
    } else {
        0o022
    };
    let shared = found.st_mode & others != 0 && found.st_mode & 0o1000 == 0;
    if !(own || found.st_uid == 0) || shared {
        return Err(Errno::PERM.into());
    }
    Ok(Dir::from_std_file(File::from(folder)))
}

impl Scratch {
    pub(crate) fn new() -> io::Result<Self> {
        Self::new_in(&base())
    }

    fn new_in(base: &Path) -> io::Result<Self> {
        let above = open_trusted(base)?;
        remove_leftovers(&above);
        for _ in 0..TRIES {
            let number = RandomState::new().build_hasher().finish();
            let name = format!("{PREFIX}{number:016x}");
            match make(&above, &name) {
                Ok(in_use) => {
                    let dir = Dir::from_std_file(File::from(in_use.try_clone()?));
                    let path = base.join(&name);
                    return Ok(Self {
                        above,
                        name,
                        dir,
                        path,
                        _in_use: in_use,
                    });
                }
                // Another run has that name, or took this folder for a leftover.
                Err(Errno::EXIST | Errno::NOENT | Errno::WOULDBLOCK) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Errno::EXIST.into())
    }

    /// The path, for a process that takes file names.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Creates a folder in it.
    pub(crate) fn make_folder(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::mkdirat(
            &self.dir,
            name,
            Mode::from_raw_mode(0o700),
        )?)
    }

    /// Writes a new file in it.
    pub(crate) fn write(&self, name: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        self.dir.open_with(name, &options)?.write_all(bytes)
    }

    /// Reads a file in it. More than `most` bytes are an error.
    pub(crate) fn read(&self, name: &str, most: u64) -> io::Result<Vec<u8>> {
        let file = self.dir.open(name)?;
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(Errno::FBIG.into());
        }
        Ok(bytes)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // The next run removes what can't be removed now.
        let _ = self.above.remove_dir_all(&self.name);
    }
}

/// Creates a folder and locks it.
fn make(above: &Dir, name: &str) -> Result<OwnedFd, Errno> {
    let habit = rustix::process::umask(Mode::from_raw_mode(0o077));
    let made = rustix::fs::mkdirat(above, name, Mode::from_raw_mode(0o700));
    rustix::process::umask(habit);
    made?;
    let folder = open_own(above, name)?;
    rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive)?;
    let (opened, named) = (
        rustix::fs::fstat(&folder)?,
        rustix::fs::statat(above, name, AtFlags::SYMLINK_NOFOLLOW)?,
    );
    if (opened.st_dev, opened.st_ino) != (named.st_dev, named.st_ino) {
        return Err(Errno::NOENT);
    }
    Ok(folder)
}

/// Opens a folder that only this user can access.
fn open_own(above: &Dir, name: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = rustix::fs::openat(above, name, flags, Mode::empty())?;
    let found = rustix::fs::fstat(&folder)?;
    if found.st_uid != geteuid().as_raw() || found.st_mode & 0o077 != 0 {
        return Err(Errno::PERM);
    }
    Ok(folder)
}

/// Removes the temporary folders of killed runs. Skips what can't be removed.
fn remove_leftovers(above: &Dir) {
    let entries = above.entries().into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name());
    for name in names.filter_map(|name: OsString| name.into_string().ok()) {
        let digits = name.strip_prefix(PREFIX).unwrap_or_default();
        if digits.len() != 16 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            continue;
        }
        let Ok(folder) = open_own(above, &name) else {
            continue;
        };
        // A folder in use is locked. This lock protects the folder until it is removed here.
        if rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = above.remove_dir_all(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_folder_is_its_users_alone_and_goes_with_all_that_is_in_it() {
        let base = tempfile::tempdir().unwrap();
        let scratch = Scratch::new_in(base.path()).unwrap();
        assert_eq!(scratch.path().metadata().unwrap().mode() & 0o7777, 0o700);
        scratch.make_folder("folder").unwrap();
        scratch.write("folder/file", b"text").unwrap();
        assert_eq!(scratch.read("folder/file", 4).unwrap(), b"text");
        let error = scratch.read("folder/file", 3).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        drop(scratch);
        assert!(names(base.path()).is_empty());
    }

    #[test]
    fn nothing_is_written_or_read_through_a_link() {
        let base = tempfile::tempdir().unwrap();
        let precious = base.path().join("precious");
        fs::write(&precious, "precious").unwrap();
        let scratch = Scratch::new_in(base.path()).unwrap();
        symlink(&precious, scratch.path().join("file")).unwrap();
        symlink(base.path(), scratch.path().join("folder")).unwrap();
        assert!(scratch.write("file", b"").is_err());
        assert!(scratch.write("folder/precious", b"").is_err());
        assert!(scratch.read("file", 100).is_err());
        drop(scratch);
        assert_eq!(fs::read(&precious).unwrap(), b"precious");
    }

    #[test]
    fn what_a_run_that_was_killed_left_goes_with_the_next_and_nothing_else_does() {
        let base = tempfile::tempdir().unwrap();
        let in_use = Scratch::new_in(base.path()).unwrap();
        let mut private = fs::DirBuilder::new();
        private.mode(0o700);
        let left = base.path().join(format!("{PREFIX}0123456789abcdef"));
        private.create(&left).unwrap();
        fs::write(left.join("file"), "").unwrap();
        let others = ["0123456789abcde", "0123456789abcdeg", "0123456789abcdef0"];
        let others = others.map(|end| base.path().join(format!("{PREFIX}{end}")));
        for other in &others {
            private.create(other).unwrap();
        }
        let link = base.path().join(format!("{PREFIX}1123456789abcdef"));
        symlink(&others[0], &link).unwrap();
        let readable = base.path().join(format!("{PREFIX}2123456789abcdef"));
        fs::create_dir(&readable).unwrap();
        fs::set_permissions(&readable, fs::Permissions::from_mode(0o755)).unwrap();
        drop(Scratch::new_in(base.path()).unwrap());
        assert!(!left.exists());
        assert!(in_use.path().is_dir() && link.is_symlink() && readable.is_dir());
        assert!(others.iter().all(|other| other.is_dir()));
    }

    #[test]
    fn a_folder_that_others_may_write_in_is_not_used() {
        let base = tempfile::tempdir().unwrap();
        for (mode, used) in [
            (0o777, false),
            (0o720, false),
            (0o1777, true),
            (0o755, true),
        ] {
            fs::set_permissions(base.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(Scratch::new_in(base.path()).is_ok(), used, "{mode:o}");
        }
    }
}
