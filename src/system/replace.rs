// SPDX-License-Identifier: GPL-3.0-or-later

//! Replacing a file atomically while keeping its access rights.
//!
//! The new file is written next to the old one, under a hidden name that no program loads. Only its
//! owner can read it until it has the old file's owner, mode, access control list, security label
//! and user attributes. No user may gain access: if one of these can't be kept, the old file stays.
//! The new file takes the old one's name only if that name still belongs to the file that was read.
//!
//! `st_mode` alone isn't enough: in a file with an access control list, its group bits are the
//! list's mask and not the group's permissions; `acl(5)`.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::buffer::spare_capacity;
use rustix::fs::{AtFlags, FlockOperation, Gid, Mode, OFlags, RenameFlags, Stat, Uid, XattrFlags};
use rustix::io::Errno;

use crate::system::limits;
use crate::system::open;
use crate::system::owner::Owner;

/// The prefix of a new file's temporary name. 16 hexadecimal digits follow.
const HIDDEN: &str = ".privacy-panel-new.";

/// The attribute with a file's access control list; `acl(5)`.
const ACCESS_LIST: &str = "system.posix_acl_access";

/// The access control lists of network file systems; `nfs4_acl(5)`.
const OTHER_LISTS: [&str; 2] = ["system.nfs4_acl", "system.richacl"];

/// The labels of security modules, and the folder that shows that the module is active.
const LABELS: [(&str, &str); 2] = [
    ("security.selinux", "/sys/fs/selinux"),
    ("security.SMACK64", "/sys/fs/smackfs"),
];

/// The bits of a mode that are kept. Setuid, setgid and sticky are not.
const KEPT: u32 = 0o777;

/// Why a file was not replaced or removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReplaced {
    /// The owner of the file, or of its folder, made it read-only.
    #[error("it is read-only")]
    ReadOnly,
    /// It has another hard link, which would keep the old content.
    #[error("it has another hard link")]
    OtherLink,
    /// A link leads out of the user's home, or belongs to another user.
    #[error("it is kept elsewhere, in {}", .0.display())]
    Elsewhere(PathBuf),
    /// It is in another user's home, and the caller is root.
    #[error("it belongs to {0}")]
    Foreign(Owner),
    /// Its owner, access control list, label or attributes cannot be kept.
    #[error("its access rights cannot be kept: {0}")]
    Rights(Errno),
    /// It is no longer the file that was read.
    #[error("other programs kept changing it")]
    Changing,
    /// Its program is running, and would overwrite it.
    #[error("its program is running and would overwrite it")]
    InUse,
    /// The system does not allow it.
    #[error("{0}")]
    System(Errno),
}

impl From<Errno> for NotReplaced {
    fn from(error: Errno) -> Self {
        Self::System(error)
    }
}

impl From<io::Error> for NotReplaced {
    fn from(error: io::Error) -> Self {
        Self::System(Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }
}

impl From<NotReplaced> for io::Error {
    fn from(problem: NotReplaced) -> Self {
        match problem {
            NotReplaced::System(error) => error.into(),
            other => Self::other(other),
        }
    }
}

/// A file as it was when it was opened.
#[derive(Debug)]
pub(crate) struct Original {
    file: File,
    stat: Stat,
}

impl Original {
    /// Opens a regular file in a folder. Follows no link.
    pub(crate) fn open(folder: impl AsFd, name: impl AsRef<Path>) -> io::Result<Self> {
        let file = open::regular(folder, name, OFlags::RDONLY)?;
        let stat = rustix::fs::fstat(&file)?;
        Ok(Self { file, stat })
    }

    /// Reads the file to its end. More than `most` bytes are an error.
    pub(crate) fn read(&self, most: u64) -> io::Result<Vec<u8>> {
        open::read(&self.file, most)
    }

    pub(crate) fn stat(&self) -> &Stat {
        &self.stat
    }

    /// Whether the name still belongs to this file, and its content and access rights are
    /// unchanged.
    fn is_still(&self, folder: BorrowedFd<'_>, name: &OsStr) -> bool {
        rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|now| is_same(&now, &self.stat))
    }
}

fn is_same(one: &Stat, other: &Stat) -> bool {
    (one.st_dev, one.st_ino, one.st_size) == (other.st_dev, other.st_ino, other.st_size)
        && (one.st_mtime, one.st_mtime_nsec) == (other.st_mtime, other.st_mtime_nsec)
        && (one.st_ctime, one.st_ctime_nsec) == (other.st_ctime, other.st_ctime_nsec)
}

/// What a new file replaces.
#[derive(Debug)]
pub(crate) enum Before {
    /// A file that was read.
    File(Original),
    /// Nothing. A file that appears meanwhile stays.
    Nothing,
    /// Anything of that name, such as a link that the caller has checked.
    Anything,
}

/// The access rights of a file that replaces no other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewRights {
    pub(crate) mode: u32,
    /// The user and the group. `None`: the caller's.
    pub(crate) owner: Option<(u32, u32)>,
}

impl NewRights {
    /// Only the caller has access.
    pub(crate) const PRIVATE: Self = Self {
        mode: 0o600,
        owner: None,
    };
}

/// A new file before it takes its place. Dropping it removes it.
#[derive(Debug)]
pub(crate) struct Prepared {
    folder: OwnedFd,
    name: OsString,
    hidden: OsString,
    before: Before,
    /// Kept open, since its lock shows other processes that it is in use.
    file: File,
    placed: bool,
}

/// Writes and flushes a new file next to the one that it will replace. Removes leftovers of earlier
/// runs from the folder.
pub(crate) fn prepare(
    folder: impl AsFd,
    name: impl AsRef<OsStr>,
    bytes: &[u8],
    before: Before,
    new: NewRights,
) -> Result<Prepared, NotReplaced> {
    let folder = folder.as_fd();
    sweep(folder);
    let (hidden, file) = create_hidden(folder)?;
    fill(folder, name.as_ref(), (hidden, file), bytes, before, new)
}

/// Like [`prepare`], under a hidden name that the caller manages.
pub(crate) fn prepare_as(
    folder: impl AsFd,
    hidden: &str,
    name: impl AsRef<OsStr>,
    bytes: &[u8],
    before: Before,
    new: NewRights,
) -> Result<Prepared, NotReplaced> {
    let folder = folder.as_fd();
    let file = create(folder, hidden)?;
    fill(
        folder,
        name.as_ref(),
        (hidden.into(), file),
        bytes,
        before,
        new,
    )
}

fn fill(
    folder: BorrowedFd<'_>,
    name: &OsStr,
    (hidden, file): (OsString, File),
    bytes: &[u8],
    before: Before,
    new: NewRights,
) -> Result<Prepared, NotReplaced> {
    let mut prepared = Prepared {
        folder: rustix::io::fcntl_dupfd_cloexec(folder, 0)?,
        name: name.to_owned(),
        hidden,
        before,
        file,
        placed: false,
    };
    prepared.file.write_all(bytes)?;
    match &prepared.before {
        Before::File(original) => keep_rights(original, &prepared.file)?,
        Before::Nothing | Before::Anything => set_rights(&prepared.file, new)?,
    }
    rustix::fs::fsync(&prepared.file)?;
    Ok(prepared)
}

/// Writes and flushes a new file under its own name.
pub(crate) fn write_new(
    folder: impl AsFd,
    name: impl AsRef<Path>,
    bytes: &[u8],
    new: NewRights,
) -> Result<(), NotReplaced> {
    let mut file = create(folder.as_fd(), name.as_ref())?;
    file.write_all(bytes)?;
    set_rights(&file, new)?;
    Ok(rustix::fs::fsync(&file)?)
}

impl Prepared {
    /// Renames the file to its final name, unless that name no longer belongs to the file that was
    /// read, and flushes the folder.
    pub(crate) fn put_in_place(mut self) -> Result<(), NotReplaced> {
        let (folder, hidden, name) = (self.folder.as_fd(), &self.hidden, &self.name);
        match &self.before {
            Before::File(original) if !original.is_still(folder, name) => {
                return Err(NotReplaced::Changing);
            }
            Before::Nothing => rename_new(folder, hidden, name)?,
            Before::File(_) | Before::Anything => {
                rustix::fs::renameat(folder, hidden, folder, name)?;
            }
        }
        self.placed = true;
        flush(self.folder.as_fd())
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        if !self.placed {
            // The next run removes what can't be removed now.
            let _ = rustix::fs::unlinkat(&self.folder, &self.hidden, AtFlags::empty());
        }
    }
}

/// Removes a file, unless it is no longer the one that was read.
pub(crate) fn remove(
    folder: impl AsFd,
    name: &OsStr,
    before: &Original,
) -> Result<(), NotReplaced> {
    let folder = folder.as_fd();
    if !before.is_still(folder, name) {
        return Err(NotReplaced::Changing);
    }
    rustix::fs::unlinkat(folder, name, AtFlags::empty())?;
    flush(folder)
}

fn rename_new(folder: BorrowedFd<'_>, hidden: &OsStr, name: &OsStr) -> Result<(), NotReplaced> {
    match rustix::fs::renameat_with(folder, hidden, folder, name, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        Err(Errno::EXIST) => Err(NotReplaced::Changing),
        // The file system doesn't support it.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
            match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => Ok(rustix::fs::renameat(folder, hidden, folder, name)?),
                Err(error) => Err(error.into()),
                Ok(_) => Err(NotReplaced::Changing),
            }
        }
        Err(error) => Err(error.into()),
    }
}

fn create(folder: BorrowedFd<'_>, name: impl AsRef<Path>) -> Result<File, Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    Ok(rustix::fs::openat(folder, name.as_ref(), flags, mode)?.into())
}

/// Creates a file with a hidden name and the lock that keeps [`sweep`] from removing it.
fn create_hidden(folder: BorrowedFd<'_>) -> Result<(OsString, File), NotReplaced> {
    for _ in 0..limits::REPLACE_TRIES {
        // The hasher's keys are random.
        let number = RandomState::new().build_hasher().finish();
        let hidden = OsString::from(format!("{HIDDEN}{number:016x}"));
        let file = match create(folder, &hidden) {
            Ok(file) => file,
            Err(Errno::EXIST) => continue,
            Err(error) => return Err(error.into()),
        };
        // On a file system without locks, no file counts as a leftover either.
        let locked = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive);
        if locked == Err(Errno::WOULDBLOCK) {
            // Another run is removing it as a leftover.
            continue;
        }
        if rustix::fs::fstat(&file)?.st_nlink > 0 {
            return Ok((hidden, file));
        }
    }
    Err(NotReplaced::System(Errno::AGAIN))
}

/// Removes leftovers of killed runs: the caller's files with such a name that no process has
/// locked.
pub(crate) fn sweep(folder: BorrowedFd<'_>) {
    let Ok(Some(handle)) = readable(folder) else {
        return;
    };
    let me = rustix::process::geteuid().as_raw();
    for entry in rustix::fs::Dir::new(handle).into_iter().flatten().flatten() {
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if !is_hidden_name(name) {
            continue;
        }
        let Ok(left) = open::regular(folder, name, OFlags::RDWR) else {
            continue;
        };
        let locked = rustix::fs::flock(&left, FlockOperation::NonBlockingLockExclusive);
        let Ok(stat) = rustix::fs::fstat(&left) else {
            continue;
        };
        let named = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
        if locked.is_ok()
            && (stat.st_uid, stat.st_nlink) == (me, 1)
            && named.is_ok_and(|named| is_same(&named, &stat))
        {
            let _ = rustix::fs::unlinkat(folder, name, AtFlags::empty());
        }
    }
}

fn is_hidden_name(name: &OsStr) -> bool {
    let digits = name.as_bytes().strip_prefix(HIDDEN.as_bytes());
    digits.is_some_and(|digits| digits.len() == 16 && digits.iter().all(u8::is_ascii_hexdigit))
}

fn set_rights(file: &File, new: NewRights) -> Result<(), NotReplaced> {
    if let Some((user, group)) = new.owner {
        let owner = (Uid::from_raw(user), Gid::from_raw(group));
        rustix::fs::fchown(file, Some(owner.0), Some(owner.1))?;
    }
    Ok(rustix::fs::fchmod(file, Mode::from_raw_mode(new.mode))?)
}

/// Copies the owner, access control list, label, attributes and mode of the old file to the new
/// one.
fn keep_rights(before: &Original, new: &File) -> Result<(), NotReplaced> {
    let list = attribute(&before.file, ACCESS_LIST)?;
    keep_owner(&before.stat, list.is_some(), new)?;
    match list {
        Some(list) => keep(new, ACCESS_LIST, &list)?,
        // The folder's default list isn't the old file's.
        None => match rustix::fs::fremovexattr(new, ACCESS_LIST) {
            Ok(()) | Err(Errno::NODATA | Errno::NOTSUP) => {}
            Err(error) => return Err(NotReplaced::Rights(error)),
        },
    }
    for name in names(&before.file)? {
        if let Some(value) = attribute(&before.file, &name)? {
            keep(new, &name, &value)?;
        }
    }
    // Set last: with a list, these group bits are its mask.
    let mode = Mode::from_raw_mode(before.stat.st_mode & KEPT);
    rustix::fs::fchmod(new, mode).map_err(NotReplaced::Rights)
}

fn keep_owner(before: &Stat, has_list: bool, new: &File) -> Result<(), NotReplaced> {
    let own = rustix::fs::fstat(new)?;
    if (own.st_uid, own.st_gid) == (before.st_uid, before.st_gid) {
        return Ok(());
    }
    let user = (own.st_uid != before.st_uid).then(|| Uid::from_raw(before.st_uid));
    let kept = rustix::fs::fchown(new, user, Some(Gid::from_raw(before.st_gid)));
    // A user can give a file only to their own groups. If a group has the same permissions as other
    // users, it doesn't matter which group it is.
    let (group, others) = (before.st_mode >> 3 & 0o7, before.st_mode & 0o7);
    match kept {
        Err(_) if user.is_none() && !has_list && group == others => Ok(()),
        kept => kept.map_err(NotReplaced::Rights),
    }
}

/// Sets an attribute on a new file, unless it has the value already.
fn keep(new: &File, name: &str, value: &[u8]) -> Result<(), NotReplaced> {
    if attribute(new, name)?.as_deref() == Some(value) {
        return Ok(());
    }
    let decides_nothing = |name: &str| {
        let module = LABELS.iter().find(|(label, _)| *label == name);
        module.is_some_and(|(_, folder)| !Path::new(folder).is_dir())
    };
    match rustix::fs::fsetxattr(new, name, value, XattrFlags::empty()) {
        Ok(()) => Ok(()),
        Err(error @ (Errno::NOSPC | Errno::DQUOT)) => Err(error.into()),
        Err(_) if decides_nothing(name) => Ok(()),
        Err(error) => Err(NotReplaced::Rights(error)),
    }
}

/// The value of an attribute. `None` if the file has no such attribute.
fn attribute(file: &File, name: &str) -> Result<Option<Vec<u8>>, NotReplaced> {
    loop {
        let size = match rustix::fs::fgetxattr_query(file, name) {
            Ok(size) => size,
            Err(Errno::NODATA | Errno::NOTSUP) => return Ok(None),
            Err(error) => return Err(NotReplaced::Rights(error)),
        };
        // One byte more, since the buffer must not be empty.
        let mut value = Vec::with_capacity(size + 1);
        match rustix::fs::fgetxattr(file, name, spare_capacity(&mut value)) {
            Ok(_) => return Ok(Some(value)),
            // The value has grown meanwhile.
            Err(Errno::RANGE) => {}
            Err(Errno::NODATA) => return Ok(None),
            Err(error) => return Err(NotReplaced::Rights(error)),
        }
    }
}

/// The names of the other attributes to copy. Excludes `security.capability` and attributes
/// computed from the content.
fn names(file: &File) -> Result<Vec<String>, NotReplaced> {
    let listed = loop {
        let size = match rustix::fs::flistxattr_query(file) {
            Ok(size) => size,
            Err(Errno::NOTSUP) => return Ok(Vec::new()),
            Err(error) => return Err(NotReplaced::Rights(error)),
        };
        let mut listed: Vec<u8> = Vec::with_capacity(size + 1);
        match rustix::fs::flistxattr(file, spare_capacity(&mut listed)) {
            Ok(_) => break listed,
            Err(Errno::RANGE) => {}
            Err(error) => return Err(NotReplaced::Rights(error)),
        }
    };
    let kept = |name: &str| {
        name.starts_with("user.")
            || OTHER_LISTS.contains(&name)
            || LABELS.iter().any(|(label, _)| *label == name)
    };
    let names = listed
        .split(|byte| *byte == 0)
        .filter(|name| !name.is_empty());
    names
        .map(|name| match std::str::from_utf8(name) {
            Ok(name) => Ok(name.to_owned()),
            Err(_) if name.starts_with(b"user.") => Err(NotReplaced::Rights(Errno::ILSEQ)),
            // None that is kept.
            Err(_) => Ok(String::new()),
        })
        .filter(|name| name.as_deref().map_or(true, kept))
        .collect()
}

/// Flushes the names in a folder to the disk.
pub(crate) fn flush(folder: BorrowedFd<'_>) -> Result<(), NotReplaced> {
    // A folder that the caller can't read has no handle for flushing.
    let Some(handle) = readable(folder)? else {
        return Ok(());
    };
    match rustix::fs::fsync(handle) {
        // A file system without storage has nothing to flush.
        Ok(()) | Err(Errno::INVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A handle for reading and flushing a folder. `None` if the caller may not read it.
fn readable(folder: BorrowedFd<'_>) -> Result<Option<OwnedFd>, NotReplaced> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match rustix::fs::openat(folder, ".", flags, Mode::empty()) {
        Ok(handle) => Ok(Some(handle)),
        Err(Errno::ACCESS) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    /// The mode of a file with an access control list, and the list as the kernel stores it: the
    /// owner may read and write, user 4321 may read, and the owning group may do nothing.
    const MODE: u32 = 0o640;

    fn list(named: u16) -> Vec<u8> {
        let entry = |tag: u16, rights: u16, id: u32| {
            let mut entry = Vec::new();
            entry.extend(tag.to_le_bytes());
            entry.extend(rights.to_le_bytes());
            entry.extend(id.to_le_bytes());
            entry
        };
        let none = u32::MAX;
        let mut list = 2_u32.to_le_bytes().to_vec();
        for (tag, rights, id) in [
            (0x01, 6, none),
            (0x02, named, 4321),
            (0x04, 0, none),
            (0x10, named, none),
            (0x20, 0, none),
        ] {
            list.extend(entry(tag, rights, id));
        }
        list
    }

    struct Place {
        root: tempfile::TempDir,
        folder: File,
    }

    impl Place {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let folder = File::open(root.path()).unwrap();
            fs::write(root.path().join("file"), "old").unwrap();
            Self { root, folder }
        }

        fn path(&self) -> PathBuf {
            self.root.path().join("file")
        }

        fn set(&self, name: &str, value: &[u8]) {
            rustix::fs::setxattr(self.path(), name, value, XattrFlags::empty()).unwrap();
        }

        fn get(&self, name: &str) -> Option<Vec<u8>> {
            attribute(&File::open(self.path()).unwrap(), name).unwrap()
        }

        fn mode(&self) -> u32 {
            self.path().metadata().unwrap().mode() & 0o7777
        }

        fn prepare(&self) -> Result<Prepared, NotReplaced> {
            let before = Before::File(Original::open(&self.folder, "file").unwrap());
            prepare(&self.folder, "file", b"new", before, NewRights::PRIVATE)
        }

        fn replace(&self) -> Result<(), NotReplaced> {
            self.prepare()?.put_in_place()
        }

        fn names(&self) -> Vec<OsString> {
            let entries = fs::read_dir(self.root.path()).unwrap();
            entries.map(|entry| entry.unwrap().file_name()).collect()
        }
    }

    #[test]
    fn a_list_and_attributes_stay_and_the_owning_group_gets_no_more() {
        let place = Place::new();
        place.set(ACCESS_LIST, &list(4));
        place.set("user.note", b"mine");
        place.set("user.empty", b"");
        assert_eq!(place.mode(), MODE);
        place.replace().unwrap();
        assert_eq!(fs::read(place.path()).unwrap(), b"new");
        assert_eq!(place.get(ACCESS_LIST), Some(list(4)));
        assert_eq!(place.get("user.note").as_deref(), Some(&b"mine"[..]));
        assert_eq!(place.get("user.empty").as_deref(), Some(&b""[..]));
        assert_eq!((place.mode(), place.names().len()), (MODE, 1));
    }

    #[test]
    fn a_folders_default_list_gives_no_user_more_rights_than_the_old_file_gave() {
        let place = Place::new();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o640)).unwrap();
        let default = "system.posix_acl_default";
        rustix::fs::fsetxattr(&place.folder, default, &list(6), XattrFlags::empty()).unwrap();
        place.replace().unwrap();
        assert_eq!(place.get(ACCESS_LIST), None);
        assert_eq!(place.mode(), 0o640);
    }

    #[test]
    fn setuid_setgid_and_sticky_bits_are_not_carried_over() {
        let place = Place::new();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o7755)).unwrap();
        place.replace().unwrap();
        assert_eq!(place.mode(), 0o755);
    }

    #[test]
    fn what_changed_since_it_was_read_stays_even_where_only_its_rights_did() {
        let changes: [fn(&Place); 4] = [
            |place| fs::write(place.path(), "OLD").unwrap(),
            |place| fs::remove_file(place.path()).unwrap(),
            |place| place.set("user.note", b"mine"),
            |place| {
                fs::write(place.root.path().join("other"), "old").unwrap();
                fs::rename(place.root.path().join("other"), place.path()).unwrap();
            },
        ];
        for change in changes {
            let place = Place::new();
            let prepared = place.prepare().unwrap();
            change(&place);
            let before = place.path().metadata().ok().map(|file| file.ino());
            assert_eq!(prepared.put_in_place(), Err(NotReplaced::Changing));
            assert_eq!(place.path().metadata().ok().map(|file| file.ino()), before);
            assert!(place.names().len() <= 1, "nothing is left behind");
        }
    }

    #[test]
    fn a_file_that_came_meanwhile_is_not_replaced_by_a_new_one() {
        let place = Place::new();
        let new = || {
            prepare(
                &place.folder,
                "x",
                b"new",
                Before::Nothing,
                NewRights::PRIVATE,
            )
        };
        let prepared = new().unwrap();
        symlink("file", place.root.path().join("x")).unwrap();
        assert_eq!(prepared.put_in_place(), Err(NotReplaced::Changing));
        fs::remove_file(place.root.path().join("x")).unwrap();
        new().unwrap().put_in_place().unwrap();
        let made = place.root.path().join("x").metadata().unwrap();
        assert_eq!(made.mode() & 0o7777, 0o600);
    }

    #[test]
    fn what_a_killed_run_left_behind_goes_and_what_one_at_work_has_does_not() {
        let place = Place::new();
        let left = format!("{HIDDEN}0123456789abcdef");
        let others = [
            format!("{HIDDEN}0123456789abcde"),
            format!("{HIDDEN}0123456789abcdeg"),
            format!("{HIDDEN}bbbbbbbbbbbbbbbb"),
            format!("{HIDDEN}cccccccccccccccc"),
        ];
        fs::write(place.root.path().join(&left), "").unwrap();
        fs::write(place.root.path().join(&others[0]), "").unwrap();
        fs::write(place.root.path().join(&others[1]), "").unwrap();
        symlink("file", place.root.path().join(&others[2])).unwrap();
        fs::hard_link(place.path(), place.root.path().join(&others[3])).unwrap();
        let at_work = place.prepare().unwrap();
        place.replace().unwrap();
        let names = place.names();
        assert!(!names.contains(&left.into()), "{names:?}");
        assert!(names.contains(&at_work.hidden), "{names:?}");
        assert!(
            others.iter().all(|name| names.contains(&name.into())),
            "{names:?}"
        );
    }
}
