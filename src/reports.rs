// SPDX-License-Identifier: GPL-3.0-or-later

//! Reports of errors that are kept on this computer: what waits, what was sent, what is only kept.
//!
//! A **place** is a folder in which a reporter keeps its reports, and a **report** is all of the
//! files there that belong together: Apport's `.crash` with the marks that say what becomes of it,
//! or one core dump. Nothing but these files is asked, and nothing about them is remembered.
//!
//! Other people can write in `/var/crash`. So a folder is a handle, names are looked up below it, no
//! link in it is followed, and only regular files are opened. What a file says of itself is neither
//! trusted nor read beyond a bound.

mod content;
mod delete;
mod folder;
pub mod keepers;
pub mod program;
mod report;
mod unpack;
pub mod words;

use std::ffi::OsStr;
use std::io;

pub use content::{Content, Field, Reading, Unreadable, Written};
pub use delete::NotDeleted;
use folder::Folder;
use keepers::KEEPERS;
pub use report::{Depth, Keeper, Place, Report, State, Unlisted};

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

/// All reports of some places, one after the other, in no particular order. It keeps one report at
/// a time, however many there are; whoever has seen enough lets go of it.
pub fn list(places: &[Place], depth: Depth) -> impl Iterator<Item = Result<Report, Unlisted>> {
    places.iter().flat_map(move |place| {
        let unlisted = move |error: io::Error| Unlisted {
            folder: place.folder.clone(),
            error,
        };
        let (reports, failure) = match in_place(place, depth) {
            Ok(reports) => (Some(reports), None),
            Err(error) => (None, Some(Err(error))),
        };
        let all = reports.into_iter().flatten().chain(failure);
        all.map(move |report| report.map_err(unlisted))
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
        // The last of them stands for all that are not looked at.
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

/// How many reports there are, as far as folders can be looked through.
pub fn count(places: &[Place]) -> usize {
    list(places, Depth::Names).flatten().count()
}

/// The path of a file of a report, for people.
pub fn path(place: &Place, file: &OsStr) -> String {
    text::path(&place.folder.join(file))
}

#[cfg(test)]
mod tests;
