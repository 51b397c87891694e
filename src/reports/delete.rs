// SPDX-License-Identifier: GPL-3.0-or-later

//! Deletes a report with all of its files.

use std::ffi::OsString;
use std::io;

use rustix::process::geteuid;

use super::folder::{Folder, is, is_refusal};
use crate::reports::report::Report;
use crate::system::owner::Owner;

/// Why a report, or a part of it, is still there.
#[derive(Debug, thiserror::Error)]
pub enum NotDeleted {
    /// Its content is not what it was when it was listed.
    #[error("changed")]
    Changed,
    /// Whoever asked may not delete it.
    #[error("not permitted")]
    NotPermitted,
    /// It is another user's, and the caller is root in that or another user's home.
    #[error("belongs to {0}")]
    Foreign(Owner),
    /// The content is gone, and the name of an empty file is left.
    #[error("emptied")]
    Emptied,
    /// The content is gone, and marks are left that belong to somebody else.
    #[error("marks left")]
    MarksLeft(Vec<OsString>),
    /// The system says why.
    #[error("{}: {error}", .file.to_string_lossy())]
    System {
        /// The file that is left.
        file: OsString,
        /// Why.
        #[source]
        error: io::Error,
    },
}

impl Report {
    /// Deletes all of its files. There is no way back.
    ///
    /// A report whose content is not what it was when this was read stays: another failure of the
    /// same program has taken its name.
    pub fn delete(&self) -> Result<(), NotDeleted> {
        let folder = match Folder::open(&self.place.folder) {
            Ok(folder) => folder,
            // With its folder it is gone.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                let file = self.place.folder.clone().into();
                return Err(failure(file, error));
            }
        };
        if let Some(owner) = self.foreign() {
            return Err(NotDeleted::Foreign(owner));
        }
        let (content, marks) = self.place.keeper.files_to_delete(self);
        // Of a report that was a mark alone, a new one with content may have come since.
        let now = content.as_ref().and_then(|file| folder.status(file));
        if now.is_some_and(|now| now.size > 0) && now != self.seen {
            return Err(NotDeleted::Changed);
        }

        // The mark by which it is sent comes first, so that nobody begins to send what is about to go.
        let mut left = Vec::new();
        for mark in marks {
            match folder.delete(&mark) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => left.push((mark, error)),
                _ => {}
            }
        }
        if let Some(content) = content.filter(|_| now.is_some()) {
            delete_content(&folder, &content, self)?;
        }
        if self.has_content && !left.is_empty() && left.iter().all(|(_, error)| is_refusal(error)) {
            return Err(NotDeleted::MarksLeft(
                left.into_iter().map(|(mark, _)| mark).collect(),
            ));
        }
        match left.into_iter().next() {
            None => Ok(()),
            Some((mark, error)) => Err(failure(mark, error)),
        }
    }
}

fn delete_content(folder: &Folder, name: &OsString, report: &Report) -> Result<(), NotDeleted> {
    match folder.delete(name) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if is_refusal(&error) => {
            // Apport does the same where the folder lets nobody delete (`delete_report`). It is one's
            // own file and has no other name, or else somebody's other file would be emptied.
            let mine = report
                .seen
                .is_some_and(|seen| seen.owner == geteuid().as_raw() && seen.links == 1);
            let emptied = mine
                && folder.open_to_empty(name).is_ok_and(|file| {
                    let same = file.metadata().is_ok_and(|now| {
                        use std::os::unix::fs::MetadataExt as _;
                        now.nlink() == 1 && now.uid() == geteuid().as_raw()
                    });
                    same && file.set_len(0).is_ok()
                });
            Err(if emptied {
                NotDeleted::Emptied
            } else {
                failure(name.clone(), error)
            })
        }
        Err(error) => Err(failure(name.clone(), error)),
    }
}

fn failure(file: OsString, error: io::Error) -> NotDeleted {
    if is_refusal(&error) && !is(&error, rustix::io::Errno::ROFS) {
        NotDeleted::NotPermitted
    } else {
        NotDeleted::System { file, error }
    }
}
