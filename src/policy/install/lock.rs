// SPDX-License-Identifier: GPL-3.0-or-later

//! A lock, so that two processes that work on one computer or image wait for each other.
//!
//! Any user who can open a file can lock it. So only the caller can open the lock's file: root's is in
//! `/run`, another user's in the runtime folder of that user. An image's own folder is not locked,
//! since other users can open it; the lock is named after the folder's device and inode. Root and an
//! image's owner do not wait for each other.
//!
//! The file also records the folders that an application creates, until the sources of the database
//! do, so that a removal knows them even if the application was killed.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::app::PACKAGE;
use crate::policy::failure::{Failure, system};
use crate::policy::install::keyfiles;
use crate::system::flock;
use crate::system::limits;
use crate::system::scratch;
use crate::system::scratch::RUN;
use crate::system::tree::{Tree, unless_missing};

/// How long to wait for another process.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much of the file is read, in bytes. It holds a few names.
const LARGEST: u64 = 4096;

/// The place of a lock.
#[derive(Debug)]
struct Spot {
    folder: Dir,
    path: PathBuf,
    name: String,
}

/// A held lock. Dropping it releases it.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    spot: Spot,
    /// Whether to remove the file with the lock, since there may be many images.
    goes: bool,
}

impl Lock {
    /// Waits until no other privacyctl works here. Calls `waiting` if one does.
    pub(crate) fn acquire(tree: &Tree, waiting: impl FnOnce()) -> Result<Self, Failure> {
        let spot = Spot::of(tree)?;
        let mut waiting = Some(waiting);
        let began = Instant::now();
        loop {
            if let Some(file) = spot.try_lock().map_err(spot.failed())? {
                return Ok(Self {
                    file,
                    spot,
                    goes: tree.is_image(),
                });
            }
            if let Some(waiting) = waiting.take() {
                waiting();
            }
            if began.elapsed() >= PATIENCE {
                return Err(Failure::Busy);
            }
            std::thread::sleep(limits::FLOCK_PAUSE);
        }
    }

    /// The folders that interrupted applications created.
    pub(crate) fn made(&self) -> Vec<PathBuf> {
        read(&self.file).unwrap_or_default()
    }

    /// Records the folders that are about to be created.
    pub(crate) fn note(&self, made: &[PathBuf]) -> Result<(), Failure> {
        let mut text = String::new();
        for path in made {
            text.push_str(&path.to_string_lossy());
            text.push('\n');
        }
        let write = || -> io::Result<()> {
            let mut file = &self.file;
            // Doesn't truncate the file first, so that an interruption loses no names. Surplus
            // names do no harm.
            file.rewind()?;
            file.write_all(text.as_bytes())?;
            file.set_len(text.len() as u64)
        };
        write().map_err(self.spot.failed())
    }
}

/// The folders that an interrupted application created, read without the lock.
pub(crate) fn made(tree: &Tree) -> Vec<PathBuf> {
    let Ok(spot) = Spot::of(tree) else {
        return Vec::new();
    };
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = rustix::fs::openat(&spot.folder, &spot.name, flags, Mode::empty());
    let file = file.map(File::from).ok();
    file.filter(|file| is_own(file).unwrap_or_default())
        .and_then(|file| read(&file).ok())
        .unwrap_or_default()
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A process that waits for this file notices that it is gone, and creates another.
        if self.goes && self.made().is_empty() && self.spot.names(&self.file).unwrap_or_default() {
            let _ = self.spot.folder.remove_file(&self.spot.name);
        }
    }
}

impl Spot {
    fn of(tree: &Tree) -> Result<Self, Failure> {
        let name = match tree.folder(Path::new("/")) {
            Ok(Some(root)) if tree.is_image() => {
                let found = rustix::fs::fstat(&root);
                let found =
                    found.map_err(|error| system(tree.name(Path::new("/")))(error.into()))?;
                format!("{PACKAGE}.{:x}-{:x}.lock", found.st_dev, found.st_ino)
            }
            _ => format!("{PACKAGE}.lock"),
        };
        let path = if geteuid().is_root() || !tree.is_image() {
            RUN.into()
        } else {
            own_folder()?
        };
        let folder = scratch::open_trusted(&path).map_err(system(path.clone()))?;
        let path = path.join(&name);
        Ok(Self { folder, path, name })
    }

    fn failed(&self) -> impl FnOnce(io::Error) -> Failure + use<> {
        system(self.path.clone())
    }

    /// Creates the file if needed, and locks it; `None` while another process holds the lock.
    fn try_lock(&self) -> io::Result<Option<File>> {
        let file = flock::open(&self.folder, &self.name)?;
        if !is_own(&file)? {
            return Err(Errno::PERM.into());
        }
        // Sets the mode whatever the umask is, and even if the file existed.
        rustix::fs::fchmod(&file, Mode::RUSR | Mode::WUSR)?;
        // The previous holder may have removed the file.
        let is_held = flock::try_to_lock(&file)? && self.names(&file)?;
        Ok(is_held.then_some(file))
    }

    /// Whether the name is still that of this file.
    fn names(&self, file: &File) -> io::Result<bool> {
        let opened = rustix::fs::fstat(file)?;
        let named = rustix::fs::statat(&self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW);
        let named = unless_missing(named.map_err(io::Error::from))?;
        Ok(named
            .is_some_and(|named| (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino)))
    }
}

/// Whether it is a regular file of this user.
fn is_own(file: &File) -> io::Result<bool> {
    let found = rustix::fs::fstat(file)?;
    let regular = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile;
    Ok(regular && found.st_uid == geteuid().as_raw())
}

fn read(file: &File) -> io::Result<Vec<PathBuf>> {
    let mut text = String::new();
    let mut file = file;
    file.rewind()?;
    file.take(LARGEST).read_to_string(&mut text)?;
    Ok(text
        .lines()
        .filter(|name| keyfiles::folders().any(|folder| folder == *name))
        .map(PathBuf::from)
        .collect())
}

/// A folder for the locks of a user other than root: the runtime folder or, if there is none, one in
/// the folder for temporary files.
fn own_folder() -> Result<PathBuf, Failure> {
    let is_own = |folder: &Path| -> io::Result<bool> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let found = rustix::fs::fstat(rustix::fs::open(folder, flags, Mode::empty())?)?;
        let is_private = Mode::from_raw_mode(found.st_mode & 0o077).is_empty();
        Ok(found.st_uid == geteuid().as_raw() && is_private)
    };
    if let Some(folder) = dirs::runtime_dir().filter(|folder| is_own(folder).unwrap_or_default()) {
        return Ok(folder);
    }
    let folder = std::env::temp_dir().join(format!("{PACKAGE}-{}", geteuid().as_raw()));
    let make = || -> io::Result<()> {
        match rustix::fs::mkdir(&folder, Mode::from_raw_mode(0o700)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        if is_own(&folder)? {
            Ok(())
        } else {
            Err(Errno::PERM.into())
        }
    };
    make().map_err(system(folder.clone()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn spot(folder: &Path) -> Spot {
        Spot {
            folder: scratch::open_trusted(folder).unwrap(),
            path: folder.join("lock"),
            name: "lock".to_owned(),
        }
    }

    fn lock(folder: &Path) -> Option<Lock> {
        let spot = spot(folder);
        spot.try_lock().unwrap().map(|file| Lock {
            file,
            spot,
            goes: true,
        })
    }

    #[test]
    fn a_lock_is_held_by_one_alone_and_goes_with_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let held = lock(folder.path()).unwrap();
        let file = folder.path().join("lock");
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o7777,
            0o600
        );
        assert!(lock(folder.path()).is_none());
        drop(held);
        assert!(!file.exists());
        assert!(lock(folder.path()).is_some());
    }

    #[test]
    fn a_file_that_was_removed_is_not_locked() {
        let folder = tempfile::tempdir().unwrap();
        let held = lock(folder.path()).unwrap();
        fs::remove_file(folder.path().join("lock")).unwrap();
        let other = lock(folder.path()).unwrap();
        drop(held);
        drop(other);
    }

    #[test]
    fn a_link_is_no_lock_and_a_lock_can_be_opened_by_no_other_user() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lock");
        symlink("/etc/passwd", &file).unwrap();
        assert!(spot(folder.path()).try_lock().is_err());
        fs::remove_file(&file).unwrap();
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        let held = lock(folder.path());
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o7777,
            0o600
        );
        drop(held);
    }

    #[test]
    fn folders_that_were_made_are_known_until_they_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let held = lock(folder.path()).unwrap();
        let made = ["/etc/dconf", "/etc/dconf/db"].map(PathBuf::from);
        held.note(&["/home".into(), made[0].clone(), made[1].clone()])
            .unwrap();
        assert_eq!(held.made(), made, "those alone that an application makes");
        drop(held);
        let held = lock(folder.path()).unwrap();
        assert_eq!(held.made(), made, "it was killed");
        held.note(&[]).unwrap();
        assert_eq!(held.made(), Vec::<PathBuf>::new());
        drop(held);
        assert!(!folder.path().join("lock").exists());
    }
}
