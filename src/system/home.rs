// SPDX-License-Identifier: GPL-3.0-or-later

//! The owner of the home, and the way to a file in it.
//!
//! Root may have another user's home in its environment, for example with `sudo -E` or `su` without
//! `-`. That user controls the home, including links that would lead root's writes elsewhere. So
//! root writes nothing there; the user can.
//!
//! Other users do follow links within their home, as configuration managers need it. But they follow
//! only their own links and root's, and only to their own files. No file outside of the home is
//! written: something else manages it, such as a configuration manager for several computers.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::system::owner::Owner;
use crate::system::qt_lock::QtLock;
use crate::system::replace;
use crate::system::replace::{Before, NewRights, NotReplaced, Original};

/// The maximum number of links to follow, as in the kernel; `path_resolution(7)`.
const MOST_LINKS: usize = 40;

/// The flags of a handle for looking up names.
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The owner's write permission in a mode.
const WRITABLE: u32 = 0o200;

/// The user who owns the home, session or runtime folder in root's environment. `None` if root owns
/// them all, or if the caller isn't root.
pub fn of_another() -> Option<Owner> {
    if !geteuid().is_root() {
        return None;
    }
    let folders = user_folders();
    // The file in which dconf keeps settings.
    let settings = glib::user_config_dir().join("dconf/user");
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let folders = folders.into_iter().chain([settings]).chain(runtime);
    let mut folders = folders.filter(|folder| folder.is_absolute());
    folders.find_map(|folder| foreign(&folder)).or_else(of_bus)
}

/// The home, and the user's other folders, which may be outside of it.
fn user_folders() -> [PathBuf; 5] {
    [
        glib::home_dir(),
        glib::user_config_dir(),
        glib::user_data_dir(),
        glib::user_cache_dir(),
        glib::user_state_dir(),
    ]
}

/// Whether links lead from a file in the user's folders to one that is in none of them. `real`: the
/// path without links.
fn leads_out(file: &Path, real: &Path) -> bool {
    let folders = user_folders();
    folders.iter().any(|folder| file.starts_with(folder))
        && !folders.iter().any(|folder| {
            let folder = folder.canonicalize();
            folder.is_ok_and(|folder| real.starts_with(folder))
        })
}

/// The other user who owns the socket of the session bus. A bus without a socket file refuses other
/// users itself, including root; `bus_policy_allow_unix_user` in bus/policy.c of D-Bus.
fn of_bus() -> Option<Owner> {
    let address = env::var("DBUS_SESSION_BUS_ADDRESS").ok()?;
    address.split(';').find_map(|address| {
        let mut keys = address.strip_prefix("unix:")?.split(',');
        let path = keys.find_map(|key| key.strip_prefix("path="))?;
        let path = glib::Uri::unescape_string(path, None)?;
        foreign(Path::new(path.as_str()))
    })
}

/// Whether the caller may trust a folder's content. For root: whether root owns it and everything
/// on the way to it.
pub(crate) fn is_trusted(folder: &Path) -> bool {
    !geteuid().is_root() || is_plainly_roots(folder) || foreign(folder).is_none()
}

/// Whether root owns a folder and everything on the way to it, and the way has no link. This needs
/// few system calls, and most folders are such.
fn is_plainly_roots(folder: &Path) -> bool {
    let mut way: Vec<_> = folder.ancestors().collect();
    way.reverse();
    for place in way {
        match rustix::fs::lstat(place) {
            Ok(stat) => {
                let is_link = FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
                if stat.st_uid != 0 || is_link {
                    return false;
                }
            }
            // A missing folder has no owner.
            Err(error) => return error == Errno::NOENT,
        }
    }
    true
}

/// The other user who owns a file, or a folder or link on the way to it, if the caller is root.
pub(crate) fn foreign(path: &Path) -> Option<Owner> {
    let mut walk = Walk::new().ok()?;
    // A missing file has no owner.
    let _ = walk.go(path);
    walk.foreign
}

/// The real location of a user's file.
#[derive(Debug)]
pub(crate) struct Way {
    folder: OwnedFd,
    /// The missing folders, the outermost first.
    missing: Vec<OsString>,
    name: OsString,
    /// The file's path without links.
    real: PathBuf,
    /// Whether a link leads to it, and whether the last name is a link.
    by_link: bool,
    is_link: bool,
    /// Why the file must not be written.
    obstacle: Option<NotReplaced>,
    /// Whether the file stays if its mode makes it read-only.
    obeys_mode: bool,
}

impl Way {
    /// The way to a file, which need not exist.
    pub(crate) fn to(file: &Path) -> io::Result<Self> {
        let mut walk = Walk::new()?;
        let mut missing = walk.go(file)?;
        missing.reverse();
        let name = match missing.pop() {
            Some(name) => name,
            None => walk.last.take().ok_or(Errno::ISDIR)?,
        };
        let real = walk.real.join(&name);
        let obstacle = match walk.foreign {
            Some(owner) => Some(NotReplaced::Foreign(owner)),
            None => (walk.others_link || walk.by_link && leads_out(file, &real))
                .then(|| NotReplaced::Elsewhere(real.clone())),
        };
        Ok(Self {
            folder: walk.folder,
            missing,
            name,
            real,
            by_link: walk.by_link,
            is_link: walk.is_link,
            obstacle,
            obeys_mode: true,
        })
    }

    /// For a list of history: its programs replace it whatever its mode, so its mode is no decision
    /// to keep the entries. The new file has the same mode.
    pub(crate) fn regardless_of_mode(self) -> Self {
        Self {
            obeys_mode: false,
            ..self
        }
    }

    /// Whether the last name is a link to the file.
    pub(crate) const fn is_link(&self) -> bool {
        self.is_link
    }

    /// Opens the file for reading. `None` if there is no such file.
    pub(crate) fn open(&self) -> io::Result<Option<Original>> {
        if !self.missing.is_empty() {
            return Ok(None);
        }
        match Original::open(&self.folder, &self.name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// Takes the lock that Qt's programs have while they write the file. `None`: its folder is
    /// missing, so no program writes there.
    pub(crate) fn qt_lock(&self, before: Option<&Original>) -> Result<Option<QtLock>, NotReplaced> {
        self.check(before)?;
        if self.missing.is_empty() {
            QtLock::of(&self.folder, &self.name).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Replaces the file that was read. A new file is readable by the user only, and its folders
    /// are created.
    pub(crate) fn replace(
        mut self,
        before: Option<Original>,
        bytes: &[u8],
    ) -> Result<(), NotReplaced> {
        self.check(before.as_ref())?;
        for name in self.missing.drain(..) {
            // The mode of a new configuration folder; XDG Base Directory Specification.
            match rustix::fs::mkdirat(&self.folder, &name, Mode::RWXU) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            self.folder = open_folder(&self.folder, &name)?;
        }
        let before = before.map_or(Before::Nothing, Before::File);
        replace::prepare(&self.folder, &self.name, bytes, before, NewRights::PRIVATE)?
            .put_in_place()
    }

    /// Removes the file that was read.
    pub(crate) fn remove(&self, before: &Original) -> Result<(), NotReplaced> {
        self.check(Some(before))?;
        replace::remove(&self.folder, &self.name, before)
    }

    /// Why the user, or another user, would not want the file replaced.
    fn check(&self, before: Option<&Original>) -> Result<(), NotReplaced> {
        if let Some(obstacle) = &self.obstacle {
            return Err(obstacle.clone());
        }
        let (me, owner) = (geteuid().as_raw(), before.map(|file| file.stat().st_uid));
        if let Some(owner) = owner.filter(|owner| *owner != me) {
            if me == 0 {
                return Err(NotReplaced::Foreign(Owner::of(&self.real, owner)));
            }
            if self.by_link {
                return Err(NotReplaced::Elsewhere(self.real.clone()));
            }
        }
        let folder = rustix::fs::fstat(&self.folder)?;
        let read_only = |stat: &Stat| stat.st_mode & WRITABLE == 0;
        // Replacing it is possible, but its owner made it read-only.
        let is_kept = self.obeys_mode && before.is_some_and(|file| read_only(file.stat()));
        if is_kept || read_only(&folder) {
            return Err(NotReplaced::ReadOnly);
        }
        if before.is_some_and(|file| file.stat().st_nlink > 1) {
            return Err(NotReplaced::OtherLink);
        }
        Ok(())
    }
}

fn open_folder(above: impl AsFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    rustix::fs::openat(above, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())
}

/// Looks up a path name by name and records the owners.
struct Walk {
    me: u32,
    /// Root's user ID, which differs in a user namespace without root.
    root: u32,
    folder: OwnedFd,
    /// The folder's path without links.
    real: PathBuf,
    /// The name of the file that was found.
    last: Option<OsString>,
    /// Whether a link was followed, and whether it was the last name.
    by_link: bool,
    is_link: bool,
    /// The first other owner, if the caller is root.
    foreign: Option<Owner>,
    /// Whether a link belongs to neither the caller nor root.
    others_link: bool,
}

impl Walk {
    fn new() -> io::Result<Self> {
        let folder = root_folder()?;
        Ok(Self {
            me: geteuid().as_raw(),
            root: rustix::fs::fstat(&folder)?.st_uid,
            folder,
            real: PathBuf::from("/"),
            last: None,
            by_link: false,
            is_link: false,
            foreign: None,
            others_link: false,
        })
    }

    /// Continues to the file, or until a name is missing. Returns the missing names. A dangling
    /// link is an error.
    fn go(&mut self, path: &Path) -> io::Result<Vec<OsString>> {
        if !path.is_absolute() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // The next name is at the end.
        let mut ahead = names(path);
        // The number of those names that come from links.
        let mut of_links = 0_usize;
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            let from_link = of_links > 0;
            of_links = of_links.saturating_sub(1);
            if name == ".." {
                self.folder = rustix::fs::openat(&self.folder, "..", FOLDER, Mode::empty())?;
                self.real.pop();
                continue;
            }
            let stat = match rustix::fs::statat(&self.folder, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(Errno::NOENT) if !from_link => {
                    ahead.push(name);
                    return Ok(ahead);
                }
                Err(error) => return Err(error.into()),
            };
            self.see(&stat, &name);
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::Symlink => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err(Errno::LOOP.into());
                    }
                    self.by_link = true;
                    self.is_link |= !from_link && ahead.is_empty();
                    let target = rustix::fs::readlinkat(&self.folder, &name, Vec::new())?;
                    let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
                    if target.is_absolute() {
                        self.folder = root_folder()?;
                        self.real = PathBuf::from("/");
                    }
                    let brought = names(&target);
                    of_links += brought.len();
                    ahead.extend(brought);
                }
                FileType::Directory => {
                    self.folder = open_folder(&self.folder, &name)?;
                    self.real.push(&name);
                    // The folder may have been replaced since.
                    let stat = rustix::fs::fstat(&self.folder)?;
                    self.see(&stat, OsStr::new(""));
                }
                _ if ahead.is_empty() => self.last = Some(name),
                _ => return Err(Errno::NOTDIR.into()),
            }
        }
        Ok(Vec::new())
    }

    fn see(&mut self, stat: &Stat, name: &OsStr) {
        let is_link = FileType::from_raw_mode(stat.st_mode) == FileType::Symlink;
        if [0, self.root, self.me].contains(&stat.st_uid) {
            return;
        }
        if self.me != 0 {
            self.others_link |= is_link;
        } else if self.foreign.is_none() {
            self.foreign = Some(Owner::of(&self.real.join(name), stat.st_uid));
        }
    }
}

fn root_folder() -> Result<OwnedFd, Errno> {
    rustix::fs::open("/", FOLDER, Mode::empty())
}

/// The names of a path, the last one first.
fn names(path: &Path) -> Vec<OsString> {
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    let mut names: Vec<_> = names.collect();
    names.reverse();
    names
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use super::*;

    #[test]
    fn a_way_is_what_the_kernel_makes_of_it() {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "").unwrap();
        symlink("b/../b", root.join("a/relative")).unwrap();
        symlink(root.join("a"), root.join("absolute")).unwrap();
        symlink("absolute/relative/file", root.join("link")).unwrap();
        for path in [
            "a/b/file",
            "a/../a/relative/file",
            "absolute/b/file",
            "link",
        ] {
            let path = root.join(path);
            let way = Way::to(&path).unwrap();
            let found = way.open().unwrap().unwrap();
            assert_eq!(found.stat().st_ino, path.metadata().unwrap().ino());
            assert_eq!(way.is_link(), path.ends_with("link"), "{}", path.display());
        }
        symlink("nothing", root.join("dangling")).unwrap();
        symlink("circle", root.join("circle")).unwrap();
        for path in ["dangling", "dangling/file", "circle", "a/b/file/file", "a"] {
            assert!(Way::to(&root.join(path)).is_err(), "{path}");
        }
        for path in ["a/new", "absolute/new/newer/file"] {
            assert!(Way::to(&root.join(path)).unwrap().open().unwrap().is_none());
        }
    }
}
