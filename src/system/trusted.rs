// SPDX-License-Identifier: GPL-3.0-or-later

//! Folders and files that only root can change, for what root does on behalf of users.
//!
//! Each folder on the way belongs to root, no other user can write in it, and no link is followed.
//! Access control lists need no separate check: the group bits of the mode are their mask; `acl(5)`.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path};

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::process::geteuid;

/// The bits of a mode by which users other than the owner can write.
const OTHERS: u32 = 0o022;

/// In a folder with this bit, users can't rename the files of others; `inode(7)`.
const STICKY: u32 = 0o1000;

/// Opens a folder by its absolute path. The handle only refers to the folder.
///
/// # Errors
///
/// `NotFound` if it is missing; `EPERM` if another user could change it or exchange it; `ELOOP` or
/// `ENOTDIR` if the path has a link.
pub(crate) fn folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut parts = path.components();
    if parts.next() != Some(Component::RootDir) {
        return Err(Errno::INVAL.into());
    }
    let mut here = rustix::fs::open("/", flags, Mode::empty())?;
    check(&rustix::fs::fstat(&here)?, true)?;
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let Component::Normal(name) = part else {
            return Err(Errno::INVAL.into());
        };
        here = rustix::fs::openat(&here, name, flags, Mode::empty())?;
        check(&rustix::fs::fstat(&here)?, parts.peek().is_some())?;
    }
    Ok(here)
}

/// Whether only root can change what is in it. A folder on the way may be a sticky one.
fn check(stat: &Stat, on_the_way: bool) -> io::Result<()> {
    let shared = stat.st_mode & OTHERS != 0 && !(on_the_way && stat.st_mode & STICKY != 0);
    if is_roots(stat) && !shared {
        Ok(())
    } else {
        Err(Errno::PERM.into())
    }
}

/// Whether a file belongs to root. Without root's rights: to the caller.
pub(crate) fn is_roots(stat: &Stat) -> bool {
    stat.st_uid == 0 || stat.st_uid == geteuid().as_raw()
}

/// Whether only root can change a file. Without root's rights: root and the caller.
pub(crate) fn is_only_roots(stat: &Stat) -> bool {
    is_roots(stat) && stat.st_mode & OTHERS == 0
}

/// Checks every file in a folder that has an ending: only root can change it, and it is a regular
/// file or a link of root's. Nothing to check if there is no folder.
pub(crate) fn check_files(path: &Path, ending: &str) -> io::Result<()> {
    let opened = match folder(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    let listed = Dir::from_std_file(File::from(opened));
    for entry in listed.entries()? {
        let name = entry?.file_name();
        if !name.as_encoded_bytes().ends_with(ending.as_bytes()) {
            continue;
        }
        let stat = rustix::fs::statat(listed.as_fd(), &name, AtFlags::SYMLINK_NOFOLLOW)?;
        let kind = FileType::from_raw_mode(stat.st_mode);
        let is_link = kind == FileType::Symlink;
        // With a link, root masks a file. A link elsewhere isn't a file of this folder.
        let is_mask = || {
            let target = rustix::fs::readlinkat(listed.as_fd(), &name, Vec::new());
            target.is_ok_and(|target| target.as_bytes() == b"/dev/null")
        };
        if !is_roots(&stat) || (is_link && !is_mask()) {
            return Err(Errno::PERM.into());
        }
        if !is_link && (kind != FileType::RegularFile || stat.st_mode & OTHERS != 0) {
            return Err(Errno::PERM.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_folder_in_which_others_can_write_or_behind_a_link_is_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().canonicalize().unwrap();
        let inner = root.join("a/b");
        fs::create_dir_all(&inner).unwrap();
        assert!(folder(&inner).is_ok());
        for (shared, mode) in [("a", 0o777), ("a", 0o775), ("a/b", 0o775), ("a/b", 0o1777)] {
            set(&root.join(shared), mode);
            assert!(folder(&inner).is_err(), "{shared} {mode:o}");
            set(&root.join(shared), 0o755);
        }
        symlink("a", root.join("link")).unwrap();
        assert!(folder(&root.join("link/b")).is_err());
        assert!(folder(&root.join("a/../a/b")).is_err());
        assert!(folder(Path::new("a")).is_err());
        let missing = folder(&root.join("missing")).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn files_that_others_can_write_pipes_and_links_elsewhere_are_refused() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().canonicalize().unwrap();
        fs::write(root.join("a.toml"), "").unwrap();
        symlink("/dev/null", root.join("masked.toml")).unwrap();
        symlink("/etc/passwd", root.join("other")).unwrap();
        check_files(&root, ".toml").unwrap();
        check_files(&root.join("missing"), ".toml").unwrap();
        set(&root.join("a.toml"), 0o666);
        assert!(check_files(&root, ".toml").is_err());
        set(&root.join("a.toml"), 0o644);
        symlink("a.toml", root.join("link.toml")).unwrap();
        assert!(check_files(&root, ".toml").is_err());
        fs::remove_file(root.join("link.toml")).unwrap();
        fs::create_dir(root.join("folder.toml")).unwrap();
        assert!(check_files(&root, ".toml").is_err());
    }
}
