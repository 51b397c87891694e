// SPDX-License-Identifier: GPL-3.0-or-later

//! A file in the user's home that several programs read and replace.
//!
//! These programs share no lock. So a file is replaced as they replace it, with a rename, and only
//! if it is still the file that was read.

use std::io;
use std::path::Path;

use rustix::io::Errno;

use crate::formats::xml;
use crate::formats::xml::{Entry, Format};
use crate::history::{Problem, Span};
use crate::system::home::Way;
use crate::system::limits;
use crate::system::replace::{NotReplaced, Original};

struct Content {
    text: String,
    /// The target of any symbolic links. The links themselves stay.
    way: Way,
    original: Original,
}

/// How a file changes.
pub(crate) enum Change {
    /// Replace its text.
    Text(String),
    /// Remove it.
    Removal,
}

/// Applies `question` to a file's text. `None`: there is no file.
pub(crate) fn examine<T>(
    path: &Path,
    question: impl Fn(&str) -> Result<T, Problem>,
) -> Option<Result<T, Problem>> {
    match read(path) {
        Ok(None) => None,
        Ok(Some(content)) => Some(question(&content.text)),
        Err(problem) => Some(Err(problem)),
    }
}

/// Rewrites a file with `change`, which also counts the removed entries. Returns that count.
/// `None`: there is no file.
pub(crate) fn rewrite(
    path: &Path,
    change: impl Fn(&str) -> Result<(usize, Change), Problem>,
) -> Option<Result<usize, Problem>> {
    for _ in 0..limits::REPLACE_TRIES {
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
        match replace(content, &change) {
            Ok(()) => return Some(Ok(removed)),
            // Read it again.
            Err(NotReplaced::Changing) => {}
            Err(NotReplaced::System(Errno::ROFS)) => {
                let why = NotReplaced::ReadOnly;
                return Some(Err(Problem::NotReplaced(path.to_owned(), why)));
            }
            Err(why) => return Some(Err(Problem::NotReplaced(path.to_owned(), why))),
        }
    }
    let why = NotReplaced::Changing;
    Some(Err(Problem::NotReplaced(path.to_owned(), why)))
}

/// Counts the entries of a span in an XML file. `None`: there is no file.
pub(crate) fn count(path: &Path, format: &Format, span: Span) -> Option<Result<usize, Problem>> {
    examine(path, |text| {
        find(path, text, format).map(|entries| chosen(&entries, span).count())
    })
}

/// Removes the entries of a span from an XML file, and returns how many. `None`: there is no file.
pub(crate) fn clear(path: &Path, format: &Format, span: Span) -> Option<Result<usize, Problem>> {
    rewrite(path, |text| {
        let entries = find(path, text, format)?;
        let removed = chosen(&entries, span).count();
        let kept = xml::without(text, chosen(&entries, span));
        // Never write a text that the file's programs couldn't read.
        if find(path, &kept, format)?.len() != entries.len() - removed {
            return Err(broken(path, "its entries are not told apart"));
        }
        Ok((removed, Change::Text(kept)))
    })
}

fn find(path: &Path, text: &str, format: &Format) -> Result<Vec<Entry>, Problem> {
    // Programs create an empty file if they have no entries.
    if text.is_empty() {
        return Ok(Vec::new());
    }
    xml::entries(text, format).map_err(|error| broken(path, &error))
}

fn chosen(entries: &[Entry], span: Span) -> impl Iterator<Item = &Entry> {
    entries.iter().filter(move |entry| span.takes(&entry.dates))
}

pub(crate) fn broken(path: &Path, what: &str) -> Problem {
    Problem::Broken(path.to_owned(), what.to_owned())
}

fn read(path: &Path) -> Result<Option<Content>, Problem> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::IsADirectory | io::ErrorKind::InvalidInput => {
            broken(path, "it is not a file")
        }
        io::ErrorKind::FileTooLarge => broken(path, "it is too large"),
        _ => Problem::Unreadable(path.to_owned(), error),
    };
    let way = match Way::to(path) {
        Ok(way) => way,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let Some(original) = way.open().map_err(unreadable)? else {
        return Ok(None);
    };
    let bytes = original.read(limits::HISTORY_FILE).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| broken(path, "it is not in UTF-8"))?;
    Ok(Some(Content {
        text,
        way,
        original,
    }))
}

fn replace(before: Content, change: &Change) -> Result<(), NotReplaced> {
    match change {
        Change::Text(text) => before.way.replace(Some(before.original), text.as_bytes()),
        Change::Removal => before.way.remove(&before.original),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    use std::path::PathBuf;

    use super::*;

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
        let read_only = matches!(outcome, Err(Problem::NotReplaced(_, NotReplaced::ReadOnly)));
        assert!(read_only, "{outcome:?}");
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
        for change in [Change::Text(String::from("<list/>")), Change::Removal] {
            let content = read(&path).unwrap().unwrap();
            fs::write(folder.path().join("new"), "<list><item at='3'/></list>").unwrap();
            fs::rename(folder.path().join("new"), &path).unwrap();
            assert_eq!(replace(content, &change), Err(NotReplaced::Changing));
            assert!(fs::read_to_string(&path).unwrap().contains("at='3'"));
        }
    }
}
