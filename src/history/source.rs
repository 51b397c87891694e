// SPDX-License-Identifier: GPL-3.0-or-later

//! What a history source does, and what it reports.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

use gio::Cancellable;

use crate::formats::xml::Format;
use crate::history::Span;
use crate::system::owner::Owner;
use crate::system::replace::NotReplaced;
use crate::system::text;

/// A place where programs record what the user did: a shared file, a service or a setting.
///
/// Every method may wait for other programs, for a bounded time.
pub trait Source: fmt::Debug + Send + Sync {
    /// The identifier in JSON; it is never translated.
    fn id(&self) -> &'static str;

    /// The name, in the user's language.
    fn title(&self) -> String;

    /// The name, in sentences, of the program that keeps the entries.
    fn program(&self) -> String {
        self.title()
    }

    /// Whether this computer has the source. Starts no other program.
    fn is_here(&self) -> bool;

    /// Counts the entries of a span. `None`: this computer doesn't have the source. Changes nothing.
    fn look(&'static self, span: Span, cancellable: &Cancellable) -> Option<Found>;

    /// Removes the entries of a span, and checks that they are gone. `None`: this computer doesn't
    /// have the source.
    fn clear(
        &'static self,
        span: Span,
        cancellable: &Cancellable,
        progress: &mut dyn FnMut(Progress),
    ) -> Option<Outcome>;
}

/// Why a source can't be read or cleared.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file is malformed.
    #[error("{} cannot be understood: {}", text::path(.0), .1)]
    Broken(PathBuf, String),
    /// The file can't be read.
    #[error("{} cannot be read: {}", text::path(.0), .1)]
    Unreadable(PathBuf, io::Error),
    /// The file couldn't be replaced, and is unchanged.
    #[error("{} was left as it is: {}", text::path(.0), .1)]
    NotReplaced(PathBuf, NotReplaced),
    /// The history is another user's, and the caller is root.
    #[error("it belongs to {0}")]
    Foreign(Owner),
    /// The program that keeps the entries is running, and would write them again. It is part of the
    /// desktop, and runs as long as the user is logged in.
    #[error("{0} is running and would write it again")]
    DesktopRunning(&'static str),
    /// The program that keeps the entries is running, and would write them again. The user can
    /// close it.
    #[error("{0} is running and would write it again; close it")]
    ProgramRunning(&'static str),
    /// The entries have no dates.
    #[error("the entries have no dates")]
    Undated,
    /// So many entries stay because they have no date, and not everything is cleared.
    #[error("{0} more entries have no date")]
    SomeUndated(usize),
    /// The user put something else in the file's place, so programs keep nothing.
    #[error("nothing is kept there")]
    NothingKept,
    /// The administrator has locked the entries.
    #[error("locked by the administrator")]
    Locked,
    /// The setting didn't keep the value.
    #[error("the setting was not saved")]
    SettingNotSaved,
    /// The service didn't answer in time.
    #[error("no answer in time")]
    NoAnswer,
    /// The service exited before it answered.
    #[error("the service ended")]
    Ended,
    /// The service refused, with its own message.
    #[error("{0}")]
    Refused(String),
    /// Entries remain after they were removed.
    #[error("it is still there")]
    StillThere,
    /// The user stopped it.
    #[error("stopped")]
    Cancelled,
    /// The user stopped it, and so many entries are left.
    #[error("stopped; {0} entries are left")]
    Stopped(usize),
}

/// The entries of a span in one source.
#[derive(Debug)]
pub struct Found {
    /// Which source.
    pub source: &'static dyn Source,
    /// How many entries of the span it holds.
    pub count: Result<usize, Problem>,
    /// Why they can't be cleared now.
    pub obstacle: Option<Problem>,
    /// Why other entries aren't counted, and stay.
    pub note: Option<Problem>,
}

/// The result of clearing one source.
#[derive(Debug)]
pub struct Outcome {
    /// Which source.
    pub source: &'static dyn Source,
    /// How many entries are gone.
    pub removed: usize,
    /// Why other entries of the span remain.
    pub problem: Option<Problem>,
    /// The entries that running programs may still write back.
    pub(crate) may_return: Vec<Removed>,
}

/// The progress of clearing a slow source.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Which source.
    pub source: &'static dyn Source,
    /// How many entries are gone.
    pub removed: usize,
    /// How many there were.
    pub of: usize,
}

impl Problem {
    /// Whether it is a failure: entries of the span that should have gone are still there.
    pub const fn is_failure(&self) -> bool {
        !matches!(
            self,
            Self::Undated | Self::SomeUndated(_) | Self::NothingKept
        )
    }
}

impl Found {
    pub(crate) const fn new(source: &'static dyn Source, count: Result<usize, Problem>) -> Self {
        Self {
            source,
            count,
            obstacle: None,
            note: None,
        }
    }
}

impl Outcome {
    pub(crate) fn new(source: &'static dyn Source, removed: Result<usize, Problem>) -> Self {
        let (removed, problem) = match removed {
            Ok(removed) => (removed, None),
            Err(problem) => (0, Some(problem)),
        };
        Self {
            source,
            removed,
            problem,
            may_return: Vec::new(),
        }
    }

    /// Waits until running programs no longer write removed entries back, and removes them again.
    pub(crate) fn settle(&mut self, cancellable: &Cancellable) {
        for removed in std::mem::take(&mut self.may_return) {
            if let Err(problem) = removed.settle(cancellable) {
                self.problem = Some(problem);
            }
        }
    }
}

/// The entries that were removed from a file, and when.
#[derive(Debug)]
pub(crate) struct Removed {
    /// The file.
    pub(crate) path: PathBuf,
    /// Its format.
    pub(crate) format: &'static Format,
    /// The dates of each entry, by its subject.
    pub(crate) gone: HashMap<String, Vec<i64>>,
    /// The moment.
    pub(crate) at: Instant,
}
