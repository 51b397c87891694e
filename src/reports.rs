// SPDX-License-Identifier: GPL-3.0-or-later

//! Error reports that are kept on this computer: waiting, sent, or only kept.
//!
//! A **keeper** is a program that keeps reports in a folder, its **place**. A **report** is all the
//! files there that belong together: Apport's `.crash` and its marks, or one core dump. Its files
//! are the only source of what is known about a report. Nothing is stored about it.
//!
//! Other users can write to `/var/crash`. So names are looked up below an open folder, symbolic
//! links aren't followed, and only regular files are opened. The content of a file isn't trusted,
//! and read only up to a limit.

mod content;
mod delete;
mod folder;
pub mod keepers;
mod meaning;
pub mod program;
mod report;
mod section;
mod unpack;
pub mod words;

use std::ffi::OsStr;
use std::io;

pub use content::{Content, Field, Reading, Unreadable, Written};
pub use delete::NotDeleted;
use folder::Folder;
use keepers::KEEPERS;
pub use meaning::Person;
pub use report::{Depth, Keeper, Place, Report, State, Unlisted};
pub use section::Section;

use crate::choices::catalogue::Catalogue;
use crate::choices::choice::ERROR_REPORTS;
use crate::choices::snapshot::Snapshot;
use crate::choices::state;
use crate::choices::status::ChoiceStatus;
use crate::system::limits;
use crate::system::text;

impl Place {
    /// The folders of reports on this computer, whether or not the caller may read them.
    pub fn all() -> Vec<Self> {
        let places = KEEPERS.iter().map(|&keeper| Self {
            keeper,
            folder: keeper.folder().into(),
        });
        places.filter(|place| place.folder.is_dir()).collect()
    }
}

/// The reports of some places, in no particular order. Lazy: holds one report at a time.
pub fn list(places: &[Place], depth: Depth) -> impl Iterator<Item = Result<Report, Unlisted>> {
    places.iter().enumerate().flat_map(move |(number, place)| {
        // Two keepers may share a folder, about which there is one thing to say.
        let is_first = places[..number]
            .iter()
            .all(|other| other.folder != place.folder);
        let unlisted = move |error: io::Error| Unlisted {
            folder: place.folder.clone(),
            error,
        };
        let (reports, failure) = match in_place(place, depth) {
            Ok(reports) => (Some(reports), None),
            Err(error) => (None, Some(Err(error))),
        };
        let all = reports.into_iter().flatten().chain(failure);
        all.filter(move |report| is_first || report.is_ok())
            .map(move |report| report.map_err(unlisted))
    })
}

fn in_place(
    place: &Place,
    depth: Depth,
) -> io::Result<impl Iterator<Item = io::Result<Report>> + use<>> {
    let folder = Folder::open(&place.folder)?;
    let (place, keeper) = (place.clone(), place.keeper);
    let mut left = limits::REPORT_NAMES;
    let names = folder.names()?.map_while(move |name| {
        let stop = left.checked_sub(1);
        left = stop?;
        // The last name stands for all names beyond the limit.
        Some(if left == 0 {
            Err(io::Error::other(format!(
                "more than {} files; those after them were not looked at",
                limits::REPORT_NAMES - 1
            )))
        } else {
            name
        })
    });
    Ok(names.filter_map(move |name| match name {
        Err(error) => Some(Err(error)),
        Ok(name) => keeper.listed(&place, &folder, &name, depth).map(Ok),
    }))
}

/// How many reports there are in the folders that can be read.
pub fn count(places: &[Place]) -> usize {
    list(places, Depth::Names).flatten().count()
}

/// Whether the choice to send error reports is off, so that reports that are marked to be sent are
/// held back. Asks services, and may be slow. `false` if a program doesn't say: then it may send.
pub fn is_sending_off() -> bool {
    let status = ChoiceStatus::of(&Catalogue::load(), ERROR_REPORTS, &Snapshot::fresh());
    status.state == state::State::Off
}

/// Gives reports that are marked to be sent the state [`State::Held`] while sending is off.
pub fn hold<'a>(reports: impl IntoIterator<Item = &'a mut Report>) {
    let mut is_off = None;
    for report in reports {
        let is_marked = report.state == State::Marked;
        if is_marked && *is_off.get_or_insert_with(is_sending_off) {
            report.state = State::Held;
        }
    }
}

/// The path of a report's file, safe to print.
pub fn path(place: &Place, file: &OsStr) -> String {
    text::path(&place.folder.join(file))
}

#[cfg(test)]
mod tests;
