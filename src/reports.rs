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

/// The reports of some places, in no particular order. Lazy: holds one report at a time.
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

/// The path of a report's file, safe to print.
pub fn path(place: &Place, file: &OsStr) -> String {
    text::path(&place.folder.join(file))
}

#[cfg(test)]
mod tests;
