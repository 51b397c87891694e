// SPDX-License-Identifier: GPL-3.0-or-later

//! Changing several of root's files together: all of them, or none.
//!
//! A record of the files' contents is flushed to the disk before the first file changes. If the
//! process is killed before the last one has changed, `recover` restores them. Afterwards the record
//! stays for `undo`.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use glib::ChecksumType;
use rustix::fs::{AtFlags, Mode};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::system::limits;
use crate::system::replace::{self, Before, NewRights, NotReplaced, Original, Prepared};
use crate::system::text;
use crate::system::tree::unless_missing;
use crate::system::trusted;

/// The record of a transaction that isn't complete.
const UNDER_WAY: &str = "under-way.json";

/// The rights of a new file.
const RIGHTS: NewRights = NewRights {
    mode: 0o644,
    owner: None,
};

/// Why a file can't change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// There is no such file or folder.
    #[error("it is missing")]
    Missing,
    /// It, or a folder on the way, belongs to another user, or others can write there, or a link
    /// leads there.
    #[error("another user could change it")]
    Untrusted,
    /// It isn't a regular file.
    #[error("it is not a regular file")]
    NotRegular,
    /// It has another hard link.
    #[error("it has another hard link")]
    OtherLink,
    /// It is larger than [`limits::SYSTEM_FILE`].
    #[error("it is too large")]
    TooLarge,
    /// It isn't of its format, or its value is not certain.
    #[error("it cannot be understood")]
    NotUnderstood,
    /// Its file system is read-only.
    #[error("its file system is read-only")]
    ReadOnly,
    /// The disk is full.
    #[error("the disk is full")]
    NoSpace,
    /// Another program changed it meanwhile.
    #[error("another program changed it")]
    Changed,
    /// It was written, but the program reads another value.
    #[error("another file decides")]
    Overruled,
    /// A file of the administrator holds the program in another state.
    #[error("locked by the administrator")]
    Locked,
    /// Another file can't change, so nothing was turned on.
    #[error("not tried, since another program stays off")]
    NotTried,
    /// The system failed.
    #[error("system error")]
    System,
}

/// All reasons with their names on the bus.
const NAMES: [(Why, &str); 13] = [
    (Why::Missing, "missing"),
    (Why::Untrusted, "untrusted"),
    (Why::NotRegular, "not-regular"),
    (Why::OtherLink, "other-link"),
    (Why::TooLarge, "too-large"),
    (Why::NotUnderstood, "not-understood"),
    (Why::ReadOnly, "read-only"),
    (Why::NoSpace, "no-space"),
    (Why::Changed, "changed"),
    (Why::Overruled, "overruled"),
    (Why::Locked, "locked"),
    (Why::NotTried, "not-tried"),
    (Why::System, "system"),
];

impl Why {
    /// The name on the bus. Never translated.
    pub fn as_str(self) -> &'static str {
        let mut names = NAMES.iter();
        let found = names.find(|(why, _)| *why == self);
        found.map_or("system", |(_, name)| name)
    }

    /// The reason of a name; [`Self::System`] if it is unknown.
    pub fn find(name: &str) -> Self {
        let mut names = NAMES.iter();
        let found = names.find(|(_, other)| *other == name);
        found.map_or(Self::System, |(why, _)| *why)
    }

    fn of(error: Errno) -> Self {
        match error {
            Errno::NOENT => Self::Missing,
            Errno::PERM | Errno::ACCESS | Errno::LOOP | Errno::NOTDIR => Self::Untrusted,
            Errno::ROFS => Self::ReadOnly,
            Errno::NOSPC | Errno::DQUOT | Errno::FBIG => Self::NoSpace,
            _ => Self::System,
        }
    }
}

impl From<io::Error> for Why {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidInput if error.raw_os_error().is_none() => Self::NotRegular,
            io::ErrorKind::FileTooLarge => Self::TooLarge,
            _ => Errno::from_io_error(&error).map_or(Self::System, Self::of),
        }
    }
}

impl From<Errno> for Why {
    fn from(error: Errno) -> Self {
        Self::of(error)
    }
}

impl From<NotReplaced> for Why {
    fn from(problem: NotReplaced) -> Self {
        match problem {
            NotReplaced::ReadOnly => Self::ReadOnly,
            NotReplaced::OtherLink => Self::OtherLink,
            NotReplaced::Changing => Self::Changed,
            NotReplaced::System(error) => Self::of(error),
            _ => Self::System,
        }
    }
}

/// A file that can't change, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {why}", text::path(.file))]
pub struct Fault {
    /// The file.
    pub file: PathBuf,
    /// Why.
    pub why: Why,
}

impl Fault {
    fn of(file: &Path) -> impl Fn(Why) -> Self {
        move |why| Self {
            file: file.to_owned(),
            why,
        }
    }
}

/// A file of root's as it is now, or the place of one.
#[derive(Debug)]
pub(crate) struct Target {
    path: PathBuf,
    name: OsString,
    /// `None`: the folder is missing, and is created with the file.
    folder: Option<OwnedFd>,
    original: Option<Original>,
    bytes: Option<Vec<u8>>,
}

impl Target {
    /// Opens and reads a file. Refuses one that another user could change, or that has another name.
    pub(crate) fn open(path: &Path, makes_folder: bool) -> Result<Self, Fault> {
        let fault = Fault::of(path);
        Self::try_open(path, makes_folder).map_err(fault)
    }

    fn try_open(path: &Path, makes_folder: bool) -> Result<Self, Why> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(Why::Missing);
        };
        let folder = match unless_missing(trusted::folder(above))? {
            None if makes_folder => None,
            None => return Err(Why::Missing),
            folder => folder,
        };
        let original = match &folder {
            None => None,
            Some(folder) => unless_missing(Original::open(folder, name))?,
        };
        if let Some(original) = &original {
            let stat = original.stat();
            if !trusted::is_roots(stat) {
                return Err(Why::Untrusted);
            }
            if stat.st_nlink > 1 {
                return Err(Why::OtherLink);
            }
        }
        let bytes = original.as_ref().map(|file| file.read(limits::SYSTEM_FILE));
        Ok(Self {
            path: path.to_owned(),
            name: name.to_owned(),
            folder,
            bytes: bytes.transpose()?,
            original,
        })
    }

    /// The content. `None`: there is no such file.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.bytes.as_deref()
    }

    /// A string that identifies this state of the file, made from data that every user may know.
    pub(crate) fn identity(&self) -> String {
        self.original.as_ref().map_or_else(String::new, |file| {
            let stat = file.stat();
            let (dev, ino, size) = (stat.st_dev, stat.st_ino, stat.st_size);
            let changed = (stat.st_mtime, stat.st_mtime_nsec);
            let altered = (stat.st_ctime, stat.st_ctime_nsec);
            format!("{dev} {ino} {size} {changed:?} {altered:?}")
        })
    }

    fn hash(&self) -> Option<String> {
        self.bytes().map(hash)
    }
}

/// A hash in hexadecimal digits.
pub(crate) fn hash(bytes: &[u8]) -> String {
    let sum = glib::compute_checksum_for_data(ChecksumType::Sha256, bytes);
    sum.map(String::from).unwrap_or_default()
}

/// A file and its new content. `None` removes it.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) target: Target,
    pub(crate) new: Option<Vec<u8>>,
}

/// What a transaction changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// What the transaction was for. The name of its file.
    pub(crate) label: String,
    /// What it did.
    pub(crate) act: String,
    files: Vec<Saved>,
}

/// A file's content before a transaction, and the hash of its content after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    file: PathBuf,
    /// The content before, in base64. `None`: there was no file.
    before: Option<String>,
    /// The hash of the content after. `None`: there is no file.
    after: Option<String>,
    /// Whether the folder was created for it.
    made: bool,
}

impl Record {
    fn new(label: &str, act: &str, changes: &[Change]) -> Self {
        let saved = |change: &Change| Saved {
            file: change.target.path.clone(),
            before: change
                .target
                .bytes()
                .map(|bytes| glib::base64_encode(bytes).into()),
            after: change.new.as_deref().map(hash),
            made: change.target.folder.is_none(),
        };
        Self {
            label: label.to_owned(),
            act: act.to_owned(),
            files: changes.iter().map(saved).collect(),
        }
    }

    fn name(label: &str) -> String {
        format!("{label}.json")
    }

    /// The record of the last transaction with a label. `None`: there is none.
    pub(crate) fn load(state: &Path, label: &str) -> Result<Option<Self>, Fault> {
        Self::read(state, &Self::name(label))
    }

    fn read(state: &Path, name: &str) -> Result<Option<Self>, Fault> {
        let path = state.join(name);
        let fault = Fault::of(&path);
        let file = match Target::try_open(&path, true) {
            Err(Why::Missing) => return Ok(None),
            file => file.map_err(&fault)?,
        };
        let Some(bytes) = file.bytes() else {
            return Ok(None);
        };
        let read = serde_json::from_slice(bytes);
        read.map(Some).map_err(|_| fault(Why::NotUnderstood))
    }

    /// A hash of the record.
    pub(crate) fn token(&self) -> String {
        hash(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// The files that it names, with the hashes before and after.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&Path, Option<String>, Option<&str>)> {
        self.files.iter().map(|saved| {
            let before = saved.content().map(|bytes| hash(&bytes));
            (saved.file.as_path(), before, saved.after.as_deref())
        })
    }

    /// The changes that restore the files. An error if one has changed since.
    fn reversed(&self) -> Result<Vec<Change>, Fault> {
        let reverse = |saved: &Saved| {
            let target = Target::open(&saved.file, saved.made)?;
            if target.hash() != saved.after {
                return Err(Fault::of(&saved.file)(Why::Changed));
            }
            let new = saved.content();
            Ok(Change { target, new })
        };
        self.files.iter().map(reverse).collect()
    }

    /// Removes the folders that were created for the files and are empty again.
    fn remove_folders(&self) {
        for saved in self.files.iter().filter(|saved| saved.made) {
            let Some(folder) = saved.file.parent() else {
                continue;
            };
            if let (Some(above), Some(name)) = (folder.parent(), folder.file_name()) {
                if let Ok(above) = trusted::folder(above) {
                    // Fails if another file is in it.
                    let _ = rustix::fs::unlinkat(&above, name, AtFlags::REMOVEDIR);
                }
            }
        }
    }
}

impl Saved {
    fn content(&self) -> Option<Vec<u8>> {
        self.before.as_deref().map(glib::base64_decode)
    }
}

/// Opens the folder of the records, and creates it if necessary.
fn open_state(state: &Path) -> Result<OwnedFd, Fault> {
    let fault = Fault::of(state);
    let opened =
        match unless_missing(trusted::folder(state)).map_err(|error| fault(error.into()))? {
            Some(folder) => return Ok(folder),
            None => make_folder(state, 0o700),
        };
    opened.map_err(fault)
}

/// Creates a folder in a trusted one, and flushes its name.
fn make_folder(path: &Path, mode: u32) -> Result<OwnedFd, Why> {
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Why::Missing);
    };
    let above = trusted::folder(above)?;
    match rustix::fs::mkdirat(&above, name, Mode::from_raw_mode(mode)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    replace::flush(std::os::fd::AsFd::as_fd(&above))?;
    Ok(trusted::folder(path)?)
}

/// Changes all files, or none. `label` and `act` name the record; `is_done` reads the files back.
///
/// # Errors
///
/// The file that can't change. All others have their old content again, unless this fails as well;
/// then [`recover`] tries again.
pub(crate) fn replace_all(
    state: &Path,
    (label, act): (&str, &str),
    changes: Vec<Change>,
    is_done: impl FnOnce() -> Result<(), Fault>,
) -> Result<Record, Fault> {
    let folder = open_state(state)?;
    let record = Record::new(label, act, &changes);
    let path = state.join(UNDER_WAY);
    write_record(&folder, &record).map_err(Fault::of(&path))?;
    let done = change_all(changes).and_then(|()| is_done());
    if let Err(fault) = done {
        roll_back(&folder, &record)?;
        return Err(fault);
    }
    let name = Record::name(label);
    rustix::fs::renameat(&folder, UNDER_WAY, &folder, &name)
        .map_err(|error| Fault::of(&path)(error.into()))?;
    replace::flush(std::os::fd::AsFd::as_fd(&folder))
        .map_err(|why| Fault::of(&path)(why.into()))?;
    Ok(record)
}

/// Restores the files as they were before the last transaction with a label, if they still have what
/// it wrote.
pub(crate) fn undo(
    state: &Path,
    record: &Record,
    is_done: impl FnOnce() -> Result<(), Fault>,
) -> Result<(), Fault> {
    let changes = record.reversed()?;
    replace_all(state, (&record.label, "undo"), changes, is_done)?;
    record.remove_folders();
    // Nothing is left to undo.
    let folder = open_state(state)?;
    remove_record(&folder, &Record::name(&record.label)).map_err(Fault::of(state))
}

/// Restores the files of a transaction whose process was killed before it had changed all of them.
pub(crate) fn recover(state: &Path) -> Result<(), Fault> {
    let record = match Record::read(state, UNDER_WAY) {
        Ok(None) => return Ok(()),
        // Records are renamed into place as a whole. Only root can have edited this one.
        record => record?,
    };
    match record {
        None => Ok(()),
        Some(record) => roll_back(&open_state(state)?, &record),
    }
}

fn write_record(folder: &OwnedFd, record: &Record) -> Result<(), Why> {
    let bytes = serde_json::to_vec(record).map_err(|_| Why::System)?;
    let rights = NewRights::PRIVATE;
    let prepared = replace::prepare(folder, UNDER_WAY, &bytes, Before::Anything, rights)?;
    Ok(prepared.put_in_place()?)
}

fn remove_record(folder: &OwnedFd, name: &str) -> Result<(), Why> {
    match rustix::fs::unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    Ok(replace::flush(std::os::fd::AsFd::as_fd(folder))?)
}

/// A change that is ready to be made.
enum Ready {
    Replace(Prepared),
    Remove(OwnedFd, OsString, Original),
    Nothing,
}

/// Prepares all changes before it makes the first.
fn change_all(changes: Vec<Change>) -> Result<(), Fault> {
    let mut ready = Vec::with_capacity(changes.len());
    for change in changes {
        let path = change.target.path.clone();
        let prepared = prepare(change).map_err(Fault::of(&path))?;
        ready.push((path, prepared));
    }
    for (path, ready) in ready {
        let done = match ready {
            Ready::Replace(prepared) => prepared.put_in_place(),
            Ready::Remove(folder, name, original) => replace::remove(&folder, &name, &original),
            Ready::Nothing => Ok(()),
        };
        done.map_err(|why| Fault::of(&path)(why.into()))?;
    }
    Ok(())
}

fn prepare(change: Change) -> Result<Ready, Why> {
    let Target {
        path,
        name,
        folder,
        original,
        ..
    } = change.target;
    let folder = match folder {
        Some(folder) => folder,
        None if change.new.is_none() => return Ok(Ready::Nothing),
        None => make_folder(path.parent().unwrap_or(Path::new("/")), 0o755)?,
    };
    let Some(bytes) = change.new else {
        return Ok(match original {
            Some(original) => Ready::Remove(folder, name, original),
            None => Ready::Nothing,
        });
    };
    let before = original.map_or(Before::Nothing, Before::File);
    let prepared = replace::prepare(&folder, OsStr::new(&name), &bytes, before, RIGHTS)?;
    Ok(Ready::Replace(prepared))
}

/// Restores each file that still has what the transaction wrote, then removes the record.
fn roll_back(folder: &OwnedFd, record: &Record) -> Result<(), Fault> {
    for saved in &record.files {
        let fault = Fault::of(&saved.file);
        let target = match Target::open(&saved.file, saved.made) {
            // Another program has changed it meanwhile.
            Err(Fault {
                why: Why::Untrusted | Why::NotRegular | Why::OtherLink | Why::Missing,
                ..
            }) => continue,
            target => target?,
        };
        if let Some(folder) = &target.folder {
            replace::sweep(std::os::fd::AsFd::as_fd(folder));
        }
        if target.hash() != saved.after || target.bytes() == saved.content().as_deref() {
            continue;
        }
        let new = saved.content();
        match change_all(vec![Change { target, new }]) {
            Ok(())
            | Err(Fault {
                why: Why::Changed, ..
            }) => {}
            Err(error) => return Err(fault(error.why)),
        }
    }
    record.remove_folders();
    remove_record(folder, UNDER_WAY).map_err(|why| Fault::of(Path::new(UNDER_WAY))(why))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    struct Here {
        _temporary: tempfile::TempDir,
        root: PathBuf,
    }

    impl Here {
        fn new() -> Self {
            let temporary = tempfile::tempdir().unwrap();
            let root = temporary.path().canonicalize().unwrap();
            fs::create_dir(root.join("etc")).unwrap();
            fs::write(root.join("etc/a"), "old").unwrap();
            fs::write(root.join("etc/c"), "gone").unwrap();
            Self {
                _temporary: temporary,
                root,
            }
        }

        fn change(&self, name: &str, new: Option<&str>) -> Change {
            let target = Target::open(&self.root.join("etc").join(name), true).unwrap();
            let new = new.map(|new| new.as_bytes().to_vec());
            Change { target, new }
        }

        /// Changes a file, creates one in a new folder, and removes one.
        fn changes(&self) -> Vec<Change> {
            vec![
                self.change("a", Some("new")),
                self.change("new.d/b", Some("made")),
                self.change("c", None),
            ]
        }

        fn state(&self) -> PathBuf {
            self.root.join("state")
        }

        fn files(&self) -> Vec<(String, String)> {
            let mut found = Vec::new();
            for name in ["a", "new.d", "new.d/b", "c"] {
                let path = self.root.join("etc").join(name);
                if path.is_dir() {
                    let names = fs::read_dir(&path).unwrap();
                    let names = names.map(|name| name.unwrap().file_name());
                    let names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
                    found.push((name.to_owned(), names.join(" ")));
                } else if let Ok(text) = fs::read_to_string(path) {
                    found.push((name.to_owned(), text));
                }
            }
            found
        }
    }

    #[test]
    fn all_files_change_and_an_undo_puts_all_of_them_back_with_their_folders() {
        let here = Here::new();
        let before = here.files();
        let record = replace_all(&here.state(), ("x", "off"), here.changes(), || Ok(())).unwrap();
        let expected = [("a", "new"), ("new.d", "b"), ("new.d/b", "made")];
        assert_eq!(
            here.files(),
            expected.map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
        let mode = here.root.join("etc/new.d/b").metadata().unwrap();
        assert_eq!(mode.permissions().mode() & 0o7777, 0o644);
        assert_eq!(
            Record::load(&here.state(), "x").unwrap().as_ref(),
            Some(&record)
        );
        let state = here.state().metadata().unwrap();
        assert_eq!(state.permissions().mode() & 0o7777, 0o700);
        undo(&here.state(), &record, || Ok(())).unwrap();
        assert_eq!(here.files(), before);
        assert_eq!(Record::load(&here.state(), "x").unwrap(), None);
    }

    #[test]
    fn if_one_file_fails_or_the_programs_read_something_else_none_changes() {
        let here = Here::new();
        let before = here.files();
        let overruled = Fault::of(Path::new("/x"))(Why::Overruled);
        let failed = replace_all(&here.state(), ("x", "off"), here.changes(), || {
            Err(overruled.clone())
        });
        assert_eq!(failed, Err(overruled));
        assert_eq!(here.files(), before);
        let changes = here.changes();
        fs::write(here.root.join("etc/c"), "other").unwrap();
        let failed = replace_all(&here.state(), ("x", "off"), changes, || Ok(()));
        assert_eq!(failed.unwrap_err().why, Why::Changed);
        assert_eq!(fs::read_to_string(here.root.join("etc/a")).unwrap(), "old");
        assert!(!here.root.join("etc/new.d").exists());
        assert!(!here.state().join(UNDER_WAY).exists());
    }

    #[test]
    fn a_transaction_that_was_killed_half_way_is_taken_back() {
        let here = Here::new();
        let before = here.files();
        let changes = here.changes();
        let state = open_state(&here.state()).unwrap();
        write_record(&state, &Record::new("x", "off", &changes)).unwrap();
        change_all(changes.into_iter().take(2).collect()).unwrap();
        assert_ne!(here.files(), before);
        recover(&here.state()).unwrap();
        assert_eq!(here.files(), before);
        recover(&here.state()).unwrap();
    }

    #[test]
    fn what_another_program_changed_since_is_not_undone() {
        let here = Here::new();
        let record = replace_all(&here.state(), ("x", "off"), here.changes(), || Ok(())).unwrap();
        fs::write(here.root.join("etc/a"), "theirs").unwrap();
        let after = here.files();
        let failed = undo(&here.state(), &record, || Ok(()));
        assert_eq!(failed.unwrap_err().why, Why::Changed);
        assert_eq!(here.files(), after);
    }

    #[test]
    fn links_pipes_large_files_and_files_with_two_names_are_refused() {
        let here = Here::new();
        let etc = here.root.join("etc");
        symlink("a", etc.join("link")).unwrap();
        fs::hard_link(etc.join("c"), etc.join("d")).unwrap();
        let large = usize::try_from(limits::SYSTEM_FILE).unwrap() + 1;
        fs::write(etc.join("large"), vec![b' '; large]).unwrap();
        let folder = trusted::folder(&etc).unwrap();
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(&folder, "pipe", fifo, Mode::RUSR, 0).unwrap();
        for (name, why) in [
            ("link", Why::NotRegular),
            ("pipe", Why::NotRegular),
            ("c", Why::OtherLink),
            ("large", Why::TooLarge),
            ("none/file", Why::Missing),
        ] {
            let refused = Target::open(&etc.join(name), false).unwrap_err();
            assert_eq!(refused.why, why, "{name}");
        }
    }

    #[test]
    fn every_reason_has_a_name() {
        for (why, name) in NAMES {
            assert_eq!((why.as_str(), Why::find(name)), (name, why));
        }
        assert_eq!(Why::find("?"), Why::System);
    }
}
