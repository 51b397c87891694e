// SPDX-License-Identifier: GPL-3.0-or-later

//! A text file with a line for each entry.

use std::path::PathBuf;

use crate::formats::bytes;
use crate::history::Problem;
use crate::history::dated_file;
use crate::history::dated_file::{Change, Purpose};
use crate::system::processes::Folder;

/// A base folder of the user, and a path below it.
type Place = (Folder, &'static str);

fn path((folder, file): &Place) -> PathBuf {
    folder.path().join(file)
}

fn entries(text: &str) -> usize {
    text.lines().filter(|line| !line.is_empty()).count()
}

pub(crate) fn count(place: &Place) -> Option<Result<usize, Problem>> {
    dated_file::examine(&path(place), |text| Ok(entries(text)))
}

/// Whether it is a symbolic link, so that its program wouldn't notice the target's removal.
pub(crate) fn is_link(place: &Place) -> bool {
    path(place).is_symlink()
}

/// Removes the file. If it is a symbolic link, empties its target instead.
pub(crate) fn clear(place: &Place) -> Option<Result<usize, Problem>> {
    let path = path(place);
    dated_file::rewrite(&path, Purpose::List, |bytes| {
        let change = if path.is_symlink() {
            Change::Content(Vec::new())
        } else {
            Change::Removal
        };
        Ok((entries(&bytes::readable(bytes)), change))
    })
}
