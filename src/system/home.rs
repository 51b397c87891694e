// SPDX-License-Identifier: GPL-3.0-or-later

//! Whose home this is, and the way to a file in it.
//!
//! Root may have the home of another user in its environment, as with `sudo -E` or with `su`
//! without `-`. That user decides what is in it, links included: root would write wherever they
//! lead. So root writes nothing there; the user can.
//!
//! Other users follow links in their homes, as the managers of their configuration need it, but
//! only those of their own and root's, and only to files of their own.

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
use crate::system::replace;
use crate::system::replace::{Before, NewRights, NotReplaced, Original};

/// How many links are followed at most; as the kernel has it; `path_resolution(7)`.
const MOST_LINKS: usize = 40;

/// The flags of a handle below which names are looked up.
const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The owner's right to write, among the bits of a mode.
const WRITABLE: u32 = 0o200;

/// The user whose home, session or runtime folder root has in its environment; none if all of
/// them are root's, or if the caller is not root.
pub fn of_another() -> Option<Owner> {
    if !geteuid().is_root() {
        return None;
    }
    let folders = [
        glib::home_dir(),
        // With the file in which dconf keeps settings.
        glib::user_config_dir().join("dconf/user"),
        glib::user_data_dir(),
        glib::user_cache_dir(),
        glib::user_state_dir(),
    ];
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let folders = folders.into_iter().chain(runtime);
    let mut folders = folders.filter(|folder| folder.is_absolute());
    folders.find_map(|folder| foreign(&folder)).or_else(of_bus)
}

/// The other user to whom the socket of the session's bus belongs. A bus that has no file refuses
/// other users itself, root included; `bus_policy_allow_unix_user` in bus/policy.c of D-Bus.
fn of_bus() -> Option<Owner> {
    let address = env::var("DBUS_SESSION_BUS_ADDRESS").ok()?;
    address.split(';').find_map(|address| {
        let mut keys = address.strip_prefix("unix:")?.split(',');
        let path = keys.find_map(|key| key.strip_prefix("path="))?;
        let path = glib::Uri::unescape_string(path, None)?;
        foreign(Path::new(path.as_str()))
    })
}

/// Whether the caller may rely on what is in a folder: as root only if it and all on the way to it
/// are root's.
pub(crate) fn is_trusted(folder: &Path) -> bool {
    !geteuid().is_root() || foreign(folder).is_none()
}

/// The other user to whom a file, or a folder or link on the way to it, belongs, if the caller is
/// root.
pub(crate) fn foreign(path: &Path) -> Option<Owner> {
    let mut walk = Walk::new().ok()?;
    // What is not there belongs to no user.
    let _ = walk.go(path);
    walk.foreign
}

/// Where a file of the user's really is.
#[derive(Debug)]
pub(crate) struct Way {
    folder: OwnedFd,
    /// The folders that are missing, the first one first.
    missing: Vec<OsString>,
    name: OsString,
    /// The file's path, without links.
    real: PathBuf,
    /// Whether a link leads to it, and whether the file's own name is one.
    by_link: bool,
    is_link: bool,
    /// Why nothing may be written there.
    obstacle: Option<NotReplaced>,
}

impl Way {
    /// The way to a file that need not exist.
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
            None => walk
                .others_link
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
        })
    }

    /// Whether the file's own name is a link, which leads to the file.
    pub(crate) const fn is_link(&self) -> bool {
        self.is_link
    }

    /// Opens the file to be read; none where there is no such file.
    pub(crate) fn open(&self) -> io::Result<Option<Original>> {
        if !self.missing.is_empty() {
            return Ok(None);
        }
        match Original::open(&self.folder, &self.name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// Puts a new file in the place of the one that was read. Where there was none, it is the
    /// user's alone, and its folders are made.
    pub(crate) fn replace(
        mut self,
        before: Option<Original>,
        bytes: &[u8],
    ) -> Result<(), NotReplaced> {
        self.check(before.as_ref())?;
        for name in self.missing.drain(..) {
            // As a configuration folder is to be made; XDG Base Directory Specification.
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

    /// Why the user would not want the file to be replaced, or another user would.
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
        // It could be replaced all the same; whoever made it read-only did not want that.
        if before.is_some_and(|file| read_only(file.stat())) || read_only(&folder) {
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

/// Looks a path up, one name after the other, and sees whose each of them is.
struct Walk {
    me: u32,
    /// Root's number, which is another one in a user namespace that does not have root.
    root: u32,
    folder: OwnedFd,
    /// The folder's path, without links.
    real: PathBuf,
    /// The name of the file that was found.
    last: Option<OsString>,
    /// Whether a link was followed, and whether it was the last name.
    by_link: bool,
    is_link: bool,
    /// The first other user of whom something is, if the caller is root.
    foreign: Option<Owner>,
    /// Whether a link is neither the caller's nor root's.
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

    /// Goes on until it has found the file, or until nothing has the next name. Returns the names
    /// that are missing. A link that leads to nothing is an error.
    fn go(&mut self, path: &Path) -> io::Result<Vec<OsString>> {
        if !path.is_absolute() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // The next one is at the end.
        let mut ahead = names(path);
        // How many of them a link has brought.
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
                    // What has taken its place since.
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
