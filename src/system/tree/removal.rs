// SPDX-License-Identifier: GPL-3.0-or-later

//! Removing a folder with its content.
//!
//! It keeps two handles and the names on the way rather than a stack frame for each level: the
//! owner of an image decides how deep its folders are.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, fstat, openat, unlinkat};
use rustix::io::Errno;

/// The most levels of folders. In a bind mount the kernel checks all parents for each `..`, so the time
/// grows with the square of the depth. No path has more levels.
const DEEPEST: usize = 4096;

/// A folder on the way down.
struct Level {
    /// Its subfolders that remain to be removed.
    folders: Vec<CString>,
    /// Its device and inode numbers.
    id: (u64, u64),
}

/// Removes a folder with its content. Follows no link, and enters no other file system.
pub(crate) fn remove_folder(above: impl AsFd, name: &OsStr) -> io::Result<()> {
    let mut here = openat(&above, name, FLAGS, Mode::empty())?;
    let mut way = vec![empty(&here)?];
    while let Some(level) = way.last() {
        if let Some(below) = level.folders.last() {
            if way.len() == DEEPEST {
                return Err(io::Error::other("its folders are nested too deeply"));
            }
            here = openat(&here, below.as_c_str(), FLAGS, Mode::empty())?;
            let (device, _) = level.id;
            if id(&here)?.0 != device {
                return Err(Errno::XDEV.into());
            }
            way.push(empty(&here)?);
            continue;
        }
        way.pop();
        let Some(level) = way.last_mut() else {
            break;
        };
        here = openat(&here, "..", FLAGS, Mode::empty())?;
        if id(&here)? != level.id {
            return Err(io::Error::other("a folder in it was moved meanwhile"));
        }
        if let Some(done) = level.folders.pop() {
            unlinkat(&here, done.as_c_str(), AtFlags::REMOVEDIR)?;
        }
    }
    Ok(unlinkat(&above, name, AtFlags::REMOVEDIR)?)
}

const FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

fn id(folder: &OwnedFd) -> io::Result<(u64, u64)> {
    let found = fstat(folder)?;
    Ok((found.st_dev, found.st_ino))
}

/// Removes a folder's content except its subfolders.
fn empty(folder: &OwnedFd) -> io::Result<Level> {
    let mut folders = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        if entry.file_type() == FileType::Directory {
            folders.push(name.to_owned());
            continue;
        }
        match unlinkat(folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            // Not every file system reports the type of an entry.
            Err(Errno::ISDIR) => folders.push(name.to_owned()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Level {
        folders,
        id: id(folder)?,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// More levels than a process may have handles, and than a path may have names.
    const DEEP: usize = 2_000;

    #[test]
    fn a_folder_is_removed_that_is_deeper_than_a_process_may_have_handles() {
        let folder = tempfile::tempdir().unwrap();
        let top = fs::File::open(folder.path()).unwrap();
        rustix::fs::mkdirat(&top, "deep", Mode::RWXU).unwrap();
        let mut here = openat(&top, "deep", FLAGS, Mode::empty()).unwrap();
        for _ in 0..DEEP {
            rustix::fs::mkdirat(&here, "d", Mode::RWXU).unwrap();
            here = openat(&here, "d", FLAGS, Mode::empty()).unwrap();
        }
        remove_folder(&top, OsStr::new("deep")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_link_in_it_is_removed_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("old/a/b")).unwrap();
        fs::create_dir_all(at("old/c")).unwrap();
        fs::write(at("old/a/file"), "").unwrap();
        fs::create_dir(at("kept")).unwrap();
        fs::write(at("kept/file"), "").unwrap();
        symlink(at("kept"), at("old/a/link")).unwrap();
        let top = fs::File::open(folder.path()).unwrap();
        remove_folder(&top, OsStr::new("old")).unwrap();
        assert!(!at("old").exists());
        assert!(at("kept/file").exists());
    }
}
