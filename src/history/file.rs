// SPDX-License-Identifier: GPL-3.0-or-later

//! A file of a person's that several programs read and replace.
//!
//! There is no lock that they agree on. So a file is replaced as they do it, by a rename, and only
//! when it is still the one that was read.

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::xml::{self, Entry, Format};
use super::{Problem, Span};
use crate::limits;

/// Anybody's right to write, among the bits of a mode.
const WRITABLE: u32 = 0o222;

/// A file as it was read.
struct Content {
    text: String,
    /// Where it really is: links are followed, and stay.
    target: PathBuf,
    metadata: Metadata,
}

/// What becomes of a file's text.
pub(super) enum Change {
    /// This text takes its place.
    Text(String),
    /// The file goes.
    Removal,
}

/// What its text comes to, such as how many entries it has; none where there is no file.
pub(super) fn examine<T>(
    path: &Path,
    question: impl Fn(&str) -> Result<T, Problem>,
) -> Option<Result<T, Problem>> {
    match read(path) {
        Ok(None) => None,
        Ok(Some(content)) => Some(question(&content.text)),
        Err(problem) => Some(Err(problem)),
    }
}

/// Changes a file as `change` says, which also says how many entries go by that, and says how many
/// went; none where there is no file.
pub(super) fn rewrite(
    path: &Path,
    change: impl Fn(&str) -> Result<(usize, Change), Problem>,
) -> Option<Result<usize, Problem>> {
    for _ in 0..limits::HISTORY_TRIES {
        let content = match read(path) {
            Ok(None) => return None,
            Ok(Some(content)) => content,
            Err(problem) => return Some(Err(problem)),
        };
        let (removed, change) = match change(&content.text) {
            Ok((0, _)) => return Some(Ok(0)),
            Ok(change) => change,
            Err(problem) => return Some(Err(problem)),
        };
        match replace(path, &content, &change) {
            Ok(true) => return Some(Ok(removed)),
            Ok(false) => {}
            Err(problem) => return Some(Err(problem)),
        }
    }
    Some(Err(Problem::Changing(path.to_owned())))
}

/// How many entries of a span an XML file has; none where there is no file.
pub(super) fn count(path: &Path, format: &Format, span: Span) -> Option<Result<usize, Problem>> {
    examine(path, |text| {
        find(path, text, format).map(|entries| chosen(&entries, span).count())
    })
}

/// Removes the entries of a span from an XML file, and says how many; none where there is no file.
pub(super) fn clear(path: &Path, format: &Format, span: Span) -> Option<Result<usize, Problem>> {
    rewrite(path, |text| {
        let entries = find(path, text, format)?;
        let removed = chosen(&entries, span).count();
        let kept = xml::without(text, chosen(&entries, span));
        // Whatever is written, its programs can read.
        if find(path, &kept, format)?.len() != entries.len() - removed {
            return Err(broken(path, "its entries are not told apart"));
        }
        Ok((removed, Change::Text(kept)))
    })
}

fn find(path: &Path, text: &str, format: &Format) -> Result<Vec<Entry>, Problem> {
    // Programs make an empty file when they have nothing to say.
    if text.is_empty() {
        return Ok(Vec::new());
    }
    xml::entries(text, format).map_err(|error| broken(path, &error))
}

fn chosen(entries: &[Entry], span: Span) -> impl Iterator<Item = &Entry> {
    entries.iter().filter(move |entry| span.takes(&entry.dates))
}

pub(super) fn broken(path: &Path, what: &str) -> Problem {
    Problem::Broken(path.to_owned(), what.to_owned())
}

fn read(path: &Path) -> Result<Option<Content>, Problem> {
    let unreadable = |error| Problem::Unreadable(path.to_owned(), error);
    let target = match path.canonicalize() {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    // What has become a pipe would be waited for.
    let file = fs::OpenOptions::new()
        .read(true)
        .custom_flags(i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default())
        .open(&target)
        .map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(broken(path, "it is not a file"));
    }
    if metadata.len() > limits::HISTORY_FILE {
        return Err(broken(path, "it is too large"));
    }
    let mut bytes = Vec::new();
    file.take(limits::HISTORY_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| broken(path, "it is not in UTF-8"))?;
    Ok(Some(Content {
        text,
        target,
        metadata,
    }))
}

/// Puts a text in the place of what was read; false where that is no longer there.
fn replace(path: &Path, before: &Content, change: &Change) -> Result<bool, Problem> {
    if before.metadata.mode() & WRITABLE == 0 {
        return Err(Problem::ReadOnly(path.to_owned()));
    }
    let not_saved = |error: io::Error| match error.kind() {
        io::ErrorKind::ReadOnlyFilesystem => Problem::ReadOnly(path.to_owned()),
        _ => Problem::NotSaved(path.to_owned(), error),
    };
    let is_as_it_was = || {
        let now = before.target.metadata();
        now.is_ok_and(|now| is_same(&now, &before.metadata))
    };
    let folder = before.target.parent().unwrap_or(Path::new("/"));
    let flush = || {
        // What was done is done; that its name is flushed as well can only be asked for.
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    };
    let text = match change {
        Change::Text(text) => text,
        Change::Removal => {
            if !is_as_it_was() {
                return Ok(false);
            }
            fs::remove_file(&before.target).map_err(not_saved)?;
            flush();
            return Ok(true);
        }
    };
    let mut new = tempfile::Builder::new()
        .prefix(".privacy-panel-")
        .tempfile_in(folder)
        .map_err(not_saved)?;
    let file = new.as_file_mut();
    file.write_all(text.as_bytes()).map_err(not_saved)?;
    let own = file.metadata().map_err(not_saved)?;
    let (owner, group) = (before.metadata.uid(), before.metadata.gid());
    if (own.uid(), own.gid()) != (owner, group) {
        fchown(&*file, Some(owner), Some(group)).map_err(not_saved)?;
    }
    file.set_permissions(fs::Permissions::from_mode(before.metadata.mode() & 0o7777))
        .map_err(not_saved)?;
    file.sync_all().map_err(not_saved)?;
    if !is_as_it_was() {
        return Ok(false);
    }
    new.persist(&before.target)
        .map_err(|error| not_saved(error.error))?;
    flush();
    Ok(true)
}

fn is_same(now: &Metadata, then: &Metadata) -> bool {
    let facts = |file: &Metadata| {
        (
            file.dev(),
            file.ino(),
            file.len(),
            file.mtime(),
            file.mtime_nsec(),
        )
    };
    facts(now) == facts(then)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    const FORMAT: Format = Format {
        root: b"list",
        entry: b"item",
        date: |_, attribute, value| (attribute == b"at").then(|| value.parse().ok())?,
    };
    const TEXT: &str = "<list>\n  <item at='1'/>\n  <item at='2'/>\n</list>\n";

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        fs::write(&path, TEXT).unwrap();
        (folder, path)
    }

    #[test]
    fn a_link_stays_and_the_mode_of_the_file_behind_it_too() {
        let (folder, path) = folder();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("link");
        symlink("list", &link).unwrap();
        assert_eq!(clear(&link, &FORMAT, Span::EVERYTHING).unwrap().unwrap(), 2);
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "<list>\n</list>\n");
        assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_file_without_the_right_to_write_is_left_alone() {
        let (_folder, path) = folder();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        let outcome = clear(&path, &FORMAT, Span::EVERYTHING).unwrap();
        assert!(matches!(outcome, Err(Problem::ReadOnly(_))), "{outcome:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), TEXT);
    }

    #[test]
    fn a_broken_file_is_left_alone() {
        let (_folder, path) = folder();
        for text in ["<list>".as_bytes(), b"<list>\xff</list>", b"\0\0\0"] {
            fs::write(&path, text).unwrap();
            let outcome = clear(&path, &FORMAT, Span::EVERYTHING).unwrap();
            assert!(matches!(outcome, Err(Problem::Broken(..))), "{outcome:?}");
            assert_eq!(fs::read(&path).unwrap(), text);
        }
    }

    #[test]
    fn a_folder_and_a_pipe_in_its_place_are_not_waited_for() {
        let (folder, _) = folder();
        let outcome = count(folder.path(), &FORMAT, Span::EVERYTHING).unwrap();
        assert!(outcome.is_err());
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        assert!(count(&pipe, &FORMAT, Span::EVERYTHING).unwrap().is_err());
    }

    #[test]
    fn nothing_and_an_empty_file_are_no_mistakes() {
        let (folder, path) = folder();
        assert!(count(&folder.path().join("none"), &FORMAT, Span::EVERYTHING).is_none());
        fs::write(&path, "").unwrap();
        assert_eq!(clear(&path, &FORMAT, Span::EVERYTHING).unwrap().unwrap(), 0);
    }

    #[test]
    fn what_somebody_else_replaced_meanwhile_is_not_replaced() {
        let (folder, path) = folder();
        let content = read(&path).unwrap().unwrap();
        fs::write(folder.path().join("new"), "<list><item at='3'/></list>").unwrap();
        fs::rename(folder.path().join("new"), &path).unwrap();
        for change in [Change::Text(String::from("<list/>")), Change::Removal] {
            assert!(!replace(&path, &content, &change).unwrap());
            assert!(fs::read_to_string(&path).unwrap().contains("at='3'"));
        }
    }
}
