// SPDX-License-Identifier: GPL-3.0-or-later

//! The history: what this computer records about the user's activities. Counts it and clears it.
//!
//! A **source** is a place where programs keep such entries: a shared file, a service or a setting.
//! Sources are independent: if one can't be read or cleared, that is reported and the others are
//! still cleared. A source that can't be read completely is never written.
//!
//! Calls block, for a bounded time: don't make them on the UI thread. A [`gio::Cancellable`] ends a
//! call early; entries that are already removed stay removed.

pub(crate) mod dated_file;
pub mod never_record;
pub mod retention;
mod sandbox;
mod source;
mod sources;
mod span;
pub mod words;
mod zeitgeist;

use gio::Cancellable;

use crate::formats::bytes;
use crate::formats::xml;
use crate::history::sources::{app_usage, recent, typed};
use crate::system::home;
pub use source::{Found, Outcome, Problem, Progress, Source};
pub use span::{Past, Span, When, WhenError};
pub use zeitgeist::answer as answer_about_zeitgeist;

/// Counts the entries of a span in every source on this computer. Changes nothing.
pub fn look(span: Span, cancellable: &Cancellable) -> Vec<Found> {
    sources::all()
        .filter_map(|source| source.look(span, cancellable))
        .collect()
}

/// Whether this computer has any source. Starts no other program.
pub fn is_anything_here() -> bool {
    sources::all().any(Source::is_here)
}

/// Removes the entries of a span from every source, and checks that they are gone.
pub fn clear(
    span: Span,
    cancellable: &Cancellable,
    mut progress: impl FnMut(Progress),
) -> Vec<Outcome> {
    if let Some(owner) = home::of_another() {
        return look(span, cancellable)
            .into_iter()
            .map(|found| Outcome::new(found.source, Err(Problem::Foreign(owner.clone()))))
            .collect();
    }
    let mut outcomes: Vec<_> = sources::all()
        .filter_map(|source| source.clear(span, cancellable, &mut progress))
        .collect();
    for outcome in &mut outcomes {
        outcome.settle(cancellable);
    }
    outcomes
}

/// For each file format: the number of entries in a file and the file without them, or why the file
/// is malformed. Reads and writes no file.
pub fn without_entries(bytes: &[u8]) -> [Result<(usize, Vec<u8>), String>; 3] {
    let of_xml = |format| {
        let entries = xml::entries(&bytes::readable(bytes), format)?;
        let places = entries.iter().map(|entry| entry.place.clone());
        Ok((entries.len(), bytes::without(bytes, places)))
    };
    [
        of_xml(&recent::FORMAT),
        of_xml(&app_usage::FORMAT),
        typed::without_searches(bytes),
    ]
}
