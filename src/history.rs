// SPDX-License-Identifier: GPL-3.0-or-later

//! What is remembered on this computer of what a person did: where it is, how much it is, and
//! forgetting it.
//!
//! A **place** is where programs keep such entries: a file that they share, a service, a setting.
//! Each one stands for itself: what cannot be read or cleared there is said, and the others are
//! cleared all the same. Nothing is written into a place that cannot be read as a whole.
//!
//! Everything here may wait for other programs, for a bounded time, and belongs into a thread of its
//! own. A [`gio::Cancellable`] ends the waiting; what was removed until then stays removed.

pub(crate) mod dated_file;
pub mod never_record;
mod sources;
mod span;
pub mod words;
mod zeitgeist;

use crate::history::sources::app_usage;
use crate::history::sources::recent;
use crate::history::sources::typed;
use std::io;
use std::path::PathBuf;

use gio::Cancellable;

pub use crate::history::sources::typed::Typed;
use crate::system::home;
use crate::system::i18n::gettext;
use crate::system::owner::Owner;
use crate::system::replace::NotReplaced;
use crate::system::text;
pub use span::{Past, Span, When, WhenError};

/// Where programs remember what a person did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The list of recently used files that the programs of most desktops share.
    RecentFiles,
    /// Zeitgeist, which programs tell of what a person does.
    Zeitgeist,
    /// How often and how recently each application was used, as GNOME Shell counts it.
    AppUsage,
    /// What was typed into a program to be run or looked for.
    Typed(&'static Typed),
}

impl Place {
    /// Every place, in the order in which they are shown.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::RecentFiles, Self::Zeitgeist, Self::AppUsage]
            .into_iter()
            .chain(typed::ALL.iter().map(Self::Typed))
    }

    /// The word in JSON; it is never translated.
    pub const fn id(self) -> &'static str {
        match self {
            Self::RecentFiles => "recent-files",
            Self::Zeitgeist => "zeitgeist",
            Self::AppUsage => "app-usage",
            Self::Typed(typed) => typed.id,
        }
    }

    /// What it is called, in the person's language.
    pub fn title(self) -> String {
        match self {
            // Translators: a list that programs share
            Self::RecentFiles => gettext("Recently used files"),
            // Translators: what the service Zeitgeist has recorded; Zeitgeist is a name
            Self::Zeitgeist => gettext("Activities (Zeitgeist)"),
            // Translators: how often each application was used, as GNOME Shell counts it
            Self::AppUsage => gettext("Application usage (GNOME Shell)"),
            Self::Typed(typed) => typed.title(),
        }
    }
}

/// Why a place could not be read, or not be cleared.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The file is not what its programs would read.
    #[error("{} cannot be understood: {}", text::path(.0), .1)]
    Broken(PathBuf, String),
    /// The system does not let the file be read.
    #[error("{} cannot be read: {}", text::path(.0), .1)]
    Unreadable(PathBuf, io::Error),
    /// The file was left as it is.
    #[error("{} was left as it is: {}", text::path(.0), .1)]
    NotReplaced(PathBuf, NotReplaced),
    /// The history is another user's, and the caller is root.
    #[error("it belongs to {0}")]
    Foreign(Owner),
    /// The program that keeps it is running, and would write it again. It is a part of the desktop,
    /// and runs as long as somebody is logged in.
    #[error("{0} is running and would write it again")]
    DesktopRunning(&'static str),
    /// The program that keeps it is running, and would write it again. It can be closed.
    #[error("{0} is running and would write it again; close it")]
    ProgramRunning(&'static str),
    /// What is kept there has no dates.
    #[error("the entries have no dates")]
    Undated,
    /// The administrator has locked it.
    #[error("locked by the administrator")]
    Locked,
    /// The setting did not take the value.
    #[error("the setting was not saved")]
    SettingNotSaved,
    /// The service did not answer in time.
    #[error("no answer in time")]
    NoAnswer,
    /// The service ended before it had answered.
    #[error("the service ended")]
    Ended,
    /// The service answered that it could not; in its words.
    #[error("{0}")]
    Refused(String),
    /// What was removed is there again, or still.
    #[error("it is still there")]
    StillThere,
    /// The person stopped it.
    #[error("stopped")]
    Cancelled,
}

/// What a place holds of a span of time.
#[derive(Debug)]
pub struct Found {
    /// The place.
    pub place: Place,
    /// How many entries of the span it holds.
    pub count: Result<usize, Problem>,
    /// What keeps them from being cleared now.
    pub obstacle: Option<Problem>,
}

/// What became of clearing a place.
#[derive(Debug)]
pub struct Outcome {
    /// The place.
    pub place: Place,
    /// How many entries are gone.
    pub removed: usize,
    /// Why others of the span are not.
    pub problem: Option<Problem>,
}

/// How far clearing has come in a place that takes long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The place.
    pub place: Place,
    /// How many entries are gone.
    pub removed: usize,
    /// How many there were.
    pub of: usize,
}

/// What is recorded of a span of time, in every place that is on this computer. Changes nothing.
pub fn look(span: Span, cancellable: &Cancellable) -> Vec<Found> {
    Place::all()
        .filter_map(|place| match place {
            Place::RecentFiles => recent::look(span),
            Place::Zeitgeist => zeitgeist::look(span, cancellable),
            Place::AppUsage => app_usage::look(span),
            Place::Typed(typed) => typed.look(span),
        })
        .collect()
}

/// Whether anything on this computer remembers what a person does. Starts no other program.
pub fn is_anything_here() -> bool {
    recent::is_here() || app_usage::is_here() || typed::is_here() || zeitgeist::is_here()
}

/// Removes what is recorded of a span of time, everywhere, and reads back that it is gone.
pub fn clear(
    span: Span,
    cancellable: &Cancellable,
    mut progress: impl FnMut(Progress),
) -> Vec<Outcome> {
    if let Some(owner) = home::of_another() {
        let foreign = |place| Outcome::new(place, Err(Problem::Foreign(owner.clone())));
        return look(span, cancellable)
            .into_iter()
            .map(|found| foreign(found.place))
            .collect();
    }
    Place::all()
        .filter_map(|place| match place {
            Place::RecentFiles => recent::clear(span),
            Place::Zeitgeist => zeitgeist::clear(span, cancellable, &mut progress),
            Place::AppUsage => app_usage::clear(span),
            Place::Typed(typed) => typed.clear(span),
        })
        .collect()
}

/// What each format of files makes of a text: how many entries it has, and the text without them; or
/// why it cannot be understood. Nothing is read or written.
pub fn without_entries(text: &str) -> [Result<(usize, String), String>; 3] {
    [
        recent::without(text),
        app_usage::without(text),
        typed::without_searches(text),
    ]
}

impl Problem {
    /// Whether it is a failure: entries of the span that should have gone are still there.
    pub const fn is_failure(&self) -> bool {
        !matches!(self, Self::Undated)
    }
}

impl Found {
    fn new(place: Place, count: Result<usize, Problem>) -> Self {
        Self {
            place,
            count,
            obstacle: None,
        }
    }
}

impl Outcome {
    fn new(place: Place, removed: Result<usize, Problem>) -> Self {
        match removed {
            Ok(removed) => Self {
                place,
                removed,
                problem: None,
            },
            Err(problem) => Self {
                place,
                removed: 0,
                problem: Some(problem),
            },
        }
    }
}
