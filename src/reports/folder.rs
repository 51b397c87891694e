// SPDX-License-Identifier: GPL-3.0-or-later

//! An open folder of reports, and the regular files in it. Symbolic links and devices don't count.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::fs::{Access, AtFlags, Dir, FileType, Mode, OFlags, Stat};
use rustix::process::geteuid;

use crate::system::open;

/// The mode bit with which only a file's owner may delete it in a folder.
const STICKY: u32 = 0o1000;

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    handle: OwnedFd,
}

/// The state of a regular file when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    inode: u64,
    /// In bytes.
    pub(crate) size: u64,
    /// When it was modified, in seconds since 1970 and nanoseconds.
    pub(crate) written: (i64, u32),
    pub(crate) owner: u32,
    pub(crate) links: u64,
}

impl Status {
    fn new(stat: &Stat) -> Option<Self> {
        // These types differ between architectures.
        #[allow(clippy::useless_conversion, clippy::unnecessary_cast)]
        (FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile).then(|| Self {
            inode: stat.st_ino,
            size: u64::try_from(stat.st_size).unwrap_or_default(),
            written: (
                stat.st_mtime as i64,
                u32::try_from(stat.st_mtime_nsec).unwrap_or_default(),
            ),
            owner: stat.st_uid,
            links: u64::from(stat.st_nlink),
        })
    }
}

impl Folder {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        // The folder itself may be a symbolic link: only root can write to its parents.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = rustix::fs::open(path, flags, Mode::empty())?;
        Ok(Self { handle })
    }

    /// A folder in this one. Not a symbolic link: other users may replace it.
    pub(crate) fn below(&self, name: &OsStr) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let handle = rustix::fs::openat(&self.handle, name, flags, Mode::empty())?;
        Ok(Self { handle })
    }

    /// The names of everything in the folder, read lazily.
    pub(crate) fn names(&self) -> io::Result<impl Iterator<Item = io::Result<OsString>> + use<>> {
        let entries = Dir::read_from(&self.handle)?;
        Ok(entries.map(|entry| {
            let entry = entry?;
            Ok(OsStr::from_bytes(entry.file_name().to_bytes()).to_owned())
        }))
    }

    /// The regular file with this name.
    pub(crate) fn status(&self, name: &OsStr) -> Option<Status> {
        let stat = rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Status::new(&stat)
    }

    /// Opens a regular file for reading without changing its access time.
    ///
    /// Apport asks about a report until its access time is later than its modification time
    /// (`seen_report` in apport/fileutils.py). Showing a list must not change that.
    pub(crate) fn open_unseen(&self, name: &OsStr) -> io::Result<File> {
        self.open_with(name, OFlags::RDONLY | OFlags::NOATIME)
    }

    /// Opens a regular file for reading, without changing its access time if possible: only the
    /// owner may do that.
    pub(crate) fn open_file(&self, name: &OsStr) -> io::Result<File> {
        match self.open_unseen(name) {
            Err(error) if is(&error, rustix::io::Errno::PERM) => {
                self.open_with(name, OFlags::RDONLY)
            }
            opened => opened,
        }
    }

    pub(crate) fn open_to_empty(&self, name: &OsStr) -> io::Result<File> {
        self.open_with(name, OFlags::WRONLY)
    }

    fn open_with(&self, name: &OsStr, access: OFlags) -> io::Result<File> {
        open::regular(&self.handle, name, access)
    }

    /// Whether the caller may read a file. Doesn't open it.
    pub(crate) fn may_read(&self, name: &OsStr) -> bool {
        self.may(name, Access::READ_OK)
    }

    /// Whether the caller may delete all of these files.
    pub(crate) fn may_delete(&self, files: &[Status]) -> bool {
        self.may_delete_of(files.iter().map(|file| file.owner))
    }

    fn may_delete_of(&self, mut owners: impl Iterator<Item = u32>) -> bool {
        if !self.may(OsStr::new("."), Access::WRITE_OK | Access::EXEC_OK) {
            return false;
        }
        let me = geteuid();
        let Ok(folder) = rustix::fs::fstat(&self.handle) else {
            return false;
        };
        me.is_root()
            || folder.st_mode & STICKY == 0
            || folder.st_uid == me.as_raw()
            || owners.all(|owner| owner == me.as_raw())
    }

    /// Whether the caller may delete a folder in this one, if it is empty.
    pub(crate) fn may_delete_folder(&self, name: &OsStr) -> bool {
        let stat = rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW);
        stat.is_ok_and(|stat| self.may_delete_of([stat.st_uid].into_iter()))
    }

    fn may(&self, name: &OsStr, access: Access) -> bool {
        rustix::fs::accessat(&self.handle, name, access, AtFlags::empty()).is_ok()
    }

    pub(crate) fn delete(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.handle, name, AtFlags::empty())?)
    }

    pub(crate) fn delete_folder(&self, name: &OsStr) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(
            &self.handle,
            name,
            AtFlags::REMOVEDIR,
        )?)
    }
}

/// Whether an error has this number.
pub(crate) fn is(error: &io::Error, errno: rustix::io::Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}

/// Whether an error means that permission was denied.
pub(crate) fn is_refusal(error: &io::Error) -> bool {
    is(error, rustix::io::Errno::PERM)
        || is(error, rustix::io::Errno::ACCESS)
        || is(error, rustix::io::Errno::ROFS)
}
