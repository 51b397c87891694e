// SPDX-License-Identifier: GPL-3.0-or-later

//! A file in the user's home that several programs read and replace.
//!
//! These programs share no lock. So the panel replaces a file as they do, with a rename, and only
//! if it is still the file that was read.
//!
//! Users disable such a file by putting a folder or a link to `/dev/null` in its place. Then
//! programs keep nothing there, and nothing has to be cleared.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use gio::Cancellable;
use gio::prelude::*;
use rustix::io::Errno;

use crate::formats::bytes;
use crate::formats::xml;
use crate::formats::xml::{Entry, Format};
use crate::history::source::{Found, Outcome, Removed, Source};
use crate::history::{Problem, Span};
use crate::system::home::Way;
use crate::system::limits;
use crate::system::replace::{NotReplaced, Original};

struct Content {
    bytes: Vec<u8>,
    /// The target of any symbolic links. The links themselves stay.
    way: Way,
    original: Original,
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Only entries. It is rewritten whatever its mode, as its programs do, such as GTK with
    /// `g_file_set_contents`.
    List,
    /// Settings, too. A read-only file stays unchanged: KDE's programs obey the mode.
    Settings,
}

/// How a file changes.
pub(crate) enum Change {
    /// Replace its content.
    Content(Vec<u8>),
    /// Remove it.
    Removal,
}

/// How many entries of a file belong to a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Those that do.
    pub(crate) entries: usize,
    /// Those that stay because they have no date.
    pub(crate) undated: usize,
}

/// Applies `question` to a file's text. `None`: there is no file.
pub(crate) fn examine<T>(
    path: &Path,
    question: impl Fn(&str) -> Result<T, Problem>,
) -> Option<Result<T, Problem>> {
    match read(path) {
        Ok(None) => None,
        Ok(Some(content)) => Some(question(&bytes::readable(&content.bytes))),
        Err(problem) => Some(Err(problem)),
    }
}

/// Rewrites a file with `change`, which gets its bytes and also counts the removed entries. Returns
/// that count. `None`: there is no file.
pub(crate) fn rewrite(
    path: &Path,
    purpose: Purpose,
    mut change: impl FnMut(&[u8]) -> Result<(usize, Change), Problem>,
) -> Option<Result<usize, Problem>> {
    for _ in 0..limits::REPLACE_TRIES {
        let content = match read(path) {
            Ok(None) => return None,
            Ok(Some(content)) => content,
            Err(problem) => return Some(Err(problem)),
        };
        let (removed, change) = match change(&content.bytes) {
            Ok((0, _)) => return Some(Ok(0)),
            Ok(change) => change,
            Err(problem) => return Some(Err(problem)),
        };
        match replace(content, purpose, &change) {
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

/// Counts the entries of a span in a source with XML files. `None`: there is no file.
pub(crate) fn look(
    source: &'static dyn Source,
    files: Vec<Result<PathBuf, Problem>>,
    format: &Format,
    span: Span,
) -> Option<Found> {
    let counts = files.into_iter().filter_map(|file| match file {
        Ok(path) => count(&path, format, span),
        Err(problem) => Some(Err(problem)),
    });
    let (tally, problem) = sum(counts)?;
    Some(match problem {
        Some(problem) if tally.entries == 0 && problem.is_failure() => {
            Found::new(source, Err(problem))
        }
        note => Found {
            note,
            ..Found::new(source, Ok(tally.entries))
        },
    })
}

/// Clears a span from the XML files of a source. `None`: there is no file.
pub(crate) fn clear_all(
    source: &'static dyn Source,
    files: Vec<Result<PathBuf, Problem>>,
    format: &'static Format,
    span: Span,
) -> Option<Outcome> {
    let mut all = Vec::new();
    let counts = files.into_iter().filter_map(|file| {
        let (tally, removed) = match file.map(|path| clear(&path, format, span)) {
            Ok(None) => return None,
            Ok(Some(Ok(done))) => done,
            Ok(Some(Err(problem))) | Err(problem) => return Some(Err(problem)),
        };
        all.extend(removed);
        Some(Ok(tally))
    });
    let (tally, problem) = sum(counts)?;
    Some(Outcome {
        removed: tally.entries,
        problem,
        may_return: all,
        ..Outcome::new(source, Ok(0))
    })
}

/// The sum of the counts, and why entries stay, if they do: a failure comes before missing dates.
/// `None`: there are no counts.
fn sum(counts: impl Iterator<Item = Result<Tally, Problem>>) -> Option<(Tally, Option<Problem>)> {
    let mut all: Option<Tally> = None;
    let (mut failure, mut stopped) = (None, None);
    for count in counts {
        let tally = all.get_or_insert_default();
        match count {
            Ok(count) => {
                tally.entries += count.entries;
                tally.undated += count.undated;
            }
            Err(problem) if problem.is_failure() => failure = failure.or(Some(problem)),
            Err(problem) => stopped = stopped.or(Some(problem)),
        }
    }
    let tally = all?;
    let undated = (tally.undated > 0).then_some(Problem::SomeUndated(tally.undated));
    let stopped = stopped.filter(|_| tally.entries == 0);
    Some((tally, failure.or(undated).or(stopped)))
}

/// Counts the entries of a span in an XML file. `None`: there is no file.
pub(crate) fn count(path: &Path, format: &Format, span: Span) -> Option<Result<Tally, Problem>> {
    examine(path, |text| {
        let entries = xml::entries_or_none(text, format);
        let entries = entries.map_err(|error| broken(path, &error))?;
        Ok(Tally {
            entries: chosen(&entries, span).count(),
            undated: undated(&entries, span),
        })
    })
}

/// Removes the entries of a span from an XML file. `None`: there is no file.
fn clear(
    path: &Path,
    format: &'static Format,
    span: Span,
) -> Option<Result<(Tally, Option<Removed>), Problem>> {
    let (mut gone, mut stay) = (HashMap::new(), 0);
    let removed = remove(path, format, |entries| {
        (gone, stay) = (subjects(chosen(entries, span)), undated(entries, span));
        entries
            .iter()
            .map(|entry| span.takes(&entry.dates))
            .collect()
    })?;
    Some(removed.map(|entries| {
        let tally = Tally {
            entries,
            undated: stay,
        };
        let removed = (entries > 0).then(|| Removed {
            path: path.to_owned(),
            format,
            gone,
            at: Instant::now(),
        });
        (tally, removed)
    }))
}

/// Removes the entries for which `choose` returns true.
fn remove(
    path: &Path,
    format: &Format,
    mut choose: impl FnMut(&[Entry]) -> Vec<bool>,
) -> Option<Result<usize, Problem>> {
    rewrite(path, Purpose::List, |bytes| {
        let without = xml::without(bytes, format, &mut choose);
        let (removed, kept) = without.map_err(|error| broken(path, &error))?;
        Ok((removed, Change::Content(kept)))
    })
}

impl Removed {
    /// Waits until running programs have written the entries that they held in memory when the file
    /// was cleared, and removes these entries again.
    ///
    /// GTK's programs read the file again when it changes. But a program that has just added an
    /// entry writes its whole list a moment later, including the removed entries;
    /// `gtk_recent_manager_changed` in gtk/gtkrecentmanager.c.
    pub(crate) fn settle(&self, cancellable: &Cancellable) -> Result<(), Problem> {
        let end = self.at + limits::LATE_WRITES;
        let mut before = None;
        let mut done = Ok(());
        loop {
            let now = std::fs::metadata(&self.path).ok().map(|file| {
                use std::os::unix::fs::MetadataExt as _;
                (file.ino(), file.mtime(), file.mtime_nsec(), file.size())
            });
            if now != before {
                before = now;
                let again = remove(&self.path, self.format, |entries| {
                    entries.iter().map(|entry| self.is_back(entry)).collect()
                });
                done = match again {
                    None | Some(Ok(0)) => Ok(()),
                    Some(Ok(_)) => {
                        // The file has changed.
                        before = None;
                        Ok(())
                    }
                    Some(Err(problem)) => {
                        // Programs may still be writing it.
                        before = None;
                        Err(problem)
                    }
                };
            }
            if Instant::now() >= end || cancellable.is_cancelled() {
                return done;
            }
            thread::sleep(limits::LATE_WRITES_PAUSE);
        }
    }

    /// Whether an entry was removed and has come back. An entry with a new date is a new entry.
    fn is_back(&self, entry: &Entry) -> bool {
        self.gone
            .get(&entry.subject)
            .is_some_and(|dates| entry.dates.iter().all(|date| dates.contains(date)))
    }
}

fn subjects<'a>(entries: impl Iterator<Item = &'a Entry>) -> HashMap<String, Vec<i64>> {
    let mut subjects: HashMap<String, Vec<i64>> = HashMap::new();
    for entry in entries {
        let dates = subjects.entry(entry.subject.clone()).or_default();
        dates.extend(&entry.dates);
    }
    subjects
}

fn chosen(entries: &[Entry], span: Span) -> impl Iterator<Item = &Entry> {
    entries.iter().filter(move |entry| span.takes(&entry.dates))
}

/// How many entries stay only because they have no date.
fn undated(entries: &[Entry], span: Span) -> usize {
    let undated = entries.iter().filter(|entry| entry.dates.is_empty());
    if span.is_everything() {
        0
    } else {
        undated.count()
    }
}

pub(crate) fn broken(path: &Path, what: &str) -> Problem {
    Problem::Broken(path.to_owned(), what.to_owned())
}

fn read(path: &Path) -> Result<Option<Content>, Problem> {
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::IsADirectory | io::ErrorKind::InvalidInput => Problem::NothingKept,
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
    Ok(Some(Content {
        bytes,
        way,
        original,
    }))
}

fn replace(before: Content, purpose: Purpose, change: &Change) -> Result<(), NotReplaced> {
    let way = match purpose {
        Purpose::List => before.way.regardless_of_mode(),
        Purpose::Settings => before.way,
    };
    match change {
        Change::Content(bytes) => way.replace(Some(before.original), bytes),
        Change::Removal => way.remove(&before.original),
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
        subject: b"of",
        date: |_, attribute, value| (attribute == b"at").then(|| value.parse().ok())?,
    };
    const TEXT: &str = "<list>\n  <item at='1'/>\n  <item at='2'/>\n</list>\n";

    /// How many entries were removed.
    fn clear(path: &Path, format: &'static Format, span: Span) -> Option<Result<usize, Problem>> {
        Some(super::clear(path, format, span)?.map(|(tally, _)| tally.entries))
    }

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
    fn a_list_without_the_right_to_write_is_cleared_and_keeps_its_mode() {
        let (_folder, path) = folder();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert_eq!(clear(&path, &FORMAT, Span::EVERYTHING).unwrap().unwrap(), 2);
        assert_eq!(fs::read_to_string(&path).unwrap(), "<list>\n</list>\n");
        assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o400);
    }

    #[test]
    fn settings_without_the_right_to_write_and_all_in_a_read_only_folder_stay() {
        let is_read_only = |outcome: &Option<Result<usize, Problem>>| {
            matches!(
                outcome,
                Some(Err(Problem::NotReplaced(_, NotReplaced::ReadOnly)))
            )
        };
        let (folder, path) = folder();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        let outcome = rewrite(&path, Purpose::Settings, |_| {
            Ok((1, Change::Content(Vec::new())))
        });
        assert!(is_read_only(&outcome), "{outcome:?}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
        let outcome = clear(&path, &FORMAT, Span::EVERYTHING);
        assert!(is_read_only(&outcome), "{outcome:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), TEXT);
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    }

    #[test]
    fn a_broken_file_is_left_alone() {
        let (_folder, path) = folder();
        for text in ["<list>".as_bytes(), b"<list>\xff</lis", b"\0\0\0"] {
            fs::write(&path, text).unwrap();
            let outcome = clear(&path, &FORMAT, Span::EVERYTHING).unwrap();
            assert!(matches!(outcome, Err(Problem::Broken(..))), "{outcome:?}");
            assert_eq!(fs::read(&path).unwrap(), text);
        }
    }

    #[test]
    fn one_byte_that_is_no_text_keeps_no_entry() {
        let (_folder, path) = folder();
        fs::write(
            &path,
            b"<list><item of='caf\xe9' at='1'/><item at='2'/></list>",
        )
        .unwrap();
        let one = Span::between(None, Some("1970-01-01T00:00:00.001Z".parse().unwrap()));
        assert_eq!(clear(&path, &FORMAT, one.unwrap()).unwrap().unwrap(), 2);
        fs::write(&path, b"<list>\xff<item at='1'/>\xfe</list>").unwrap();
        assert_eq!(clear(&path, &FORMAT, Span::EVERYTHING).unwrap().unwrap(), 1);
        assert_eq!(fs::read(&path).unwrap(), b"<list>\xff\xfe</list>");
    }

    #[test]
    fn entries_without_a_date_stay_and_are_counted_unless_everything_goes() {
        let (_folder, path) = folder();
        let text = "<list><item/><item at='never'/><item at='7200000'/></list>";
        fs::write(&path, text).unwrap();
        let day = Span::between(None, Some("1970-01-02".parse().unwrap())).unwrap();
        let (tally, removed) = super::clear(&path, &FORMAT, day).unwrap().unwrap();
        assert_eq!((tally.entries, tally.undated), (1, 2));
        assert!(removed.is_some());
        let tally = count(&path, &FORMAT, Span::EVERYTHING).unwrap().unwrap();
        assert_eq!((tally.entries, tally.undated), (2, 0));
    }

    #[test]
    fn what_a_program_writes_back_goes_again_and_what_it_adds_stays() {
        let (_folder, path) = folder();
        let entry = |of: &str, at: i64| format!("<item of='{of}' at='{at}'/>");
        let (old, other) = (entry("a", 1), entry("b", 2));
        fs::write(&path, format!("<list>{old}{other}</list>")).unwrap();
        let (_, removed) = super::clear(&path, &FORMAT, Span::EVERYTHING)
            .unwrap()
            .unwrap();
        let (new, again) = (entry("c", 3), entry("b", 4));
        fs::write(&path, format!("<list>{old}{new}{again}</list>")).unwrap();
        removed.unwrap().settle(&Cancellable::new()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, format!("<list>{new}{again}</list>"));
    }

    #[test]
    fn nothing_is_kept_in_a_folder_a_pipe_or_a_device_and_they_are_not_waited_for() {
        let (folder, path) = folder();
        let is_nothing = |path: &Path| {
            let count = count(path, &FORMAT, Span::EVERYTHING);
            let clear = clear(path, &FORMAT, Span::EVERYTHING);
            matches!(count, Some(Err(Problem::NothingKept)))
                && matches!(clear, Some(Err(Problem::NothingKept)))
        };
        assert!(is_nothing(folder.path()));
        let null = folder.path().join("null");
        symlink("/dev/null", &null).unwrap();
        assert!(is_nothing(&null));
        fs::remove_file(&path).unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        assert!(is_nothing(&pipe));
    }

    #[test]
    fn nothing_and_an_empty_file_are_no_mistakes() {
        let (folder, path) = folder();
        assert!(count(&folder.path().join("none"), &FORMAT, Span::EVERYTHING).is_none());
        fs::write(&path, "").unwrap();
        assert_eq!(clear(&path, &FORMAT, Span::EVERYTHING).unwrap().unwrap(), 0);
    }

    #[test]
    fn a_file_that_another_program_replaced_meanwhile_is_not_replaced() {
        let (folder, path) = folder();
        for change in [Change::Content(b"<list/>".to_vec()), Change::Removal] {
            let content = read(&path).unwrap().unwrap();
            fs::write(folder.path().join("new"), "<list><item at='3'/></list>").unwrap();
            fs::rename(folder.path().join("new"), &path).unwrap();
            let replaced = replace(content, Purpose::List, &change);
            assert_eq!(replaced, Err(NotReplaced::Changing));
            assert!(fs::read_to_string(&path).unwrap().contains("at='3'"));
        }
    }
}
