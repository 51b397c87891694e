// SPDX-License-Identifier: GPL-3.0-or-later

//! Deletes a report with all of its files, or only the mark to send it.

use std::ffi::OsString;
use std::io;

use rustix::process::geteuid;

use super::folder::{Folder, is, is_refusal};
use crate::reports::report::Report;
use crate::system::owner::Owner;

/// Why a report, or a part of it, remains.
#[derive(Debug, thiserror::Error)]
pub enum NotDeleted {
    /// Its content changed after it was listed.
    #[error("changed")]
    Changed,
    /// The caller may not delete it.
    #[error("not permitted")]
    NotPermitted,
    /// It belongs to another user, and the caller is root in a user's home.
    #[error("belongs to {0}")]
    Foreign(Owner),
    /// The content is gone, but an empty file remains.
    #[error("emptied")]
    Emptied,
    /// The content is gone, but marks of other users remain.
    #[error("marks left")]
    MarksLeft(Vec<OsString>),
    /// The system's error.
    #[error("{}: {error}", .file.to_string_lossy())]
    System {
        /// The file that remains.
        file: OsString,
        /// Why.
        #[source]
        error: io::Error,
    },
}

impl Report {
    /// Deletes all files of the report. This can't be undone.
    ///
    /// A report whose content changed after it was listed isn't deleted: another failure of the
    /// same program has taken its name.
    pub fn delete(&self) -> Result<(), NotDeleted> {
        let folder = match self.open_folder() {
            Ok(folder) => folder,
            // Without the folder there is no report.
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
        // A mark without a report may have got a new report since.
        let now = content.as_ref().and_then(|file| folder.status(file));
        if now.is_some_and(|now| now.size > 0) && now != self.seen {
            return Err(NotDeleted::Changed);
        }

        // The mark to send goes first, so that whoopsie doesn't start sending a report that is
        // being deleted.
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
        let only_marks = self.has_content && !self.has_own_folder;
        if only_marks && !left.is_empty() && left.iter().all(|(_, error)| is_refusal(error)) {
            return Err(NotDeleted::MarksLeft(
                left.into_iter().map(|(mark, _)| mark).collect(),
            ));
        }
        match left.into_iter().next() {
            None if self.has_own_folder => self.delete_own_folder(),
            None => Ok(()),
            Some((mark, error)) => Err(failure(mark, error)),
        }
    }

    /// Whether the report is marked to be sent, and whether the caller may take the mark away.
    /// `None`: it isn't marked.
    pub fn may_keep(&self) -> Option<bool> {
        let mark = self.place.keeper.send_mark(self)?;
        let folder = self.open_folder().ok()?;
        let status = folder.status(&mark)?;
        Some(folder.may_delete(&[status]) && self.foreign().is_none())
    }

    /// Removes the mark for sending. The report stays.
    pub fn keep(&self) -> Result<(), NotDeleted> {
        let Some(mark) = self.place.keeper.send_mark(self) else {
            return Ok(());
        };
        if let Some(owner) = self.foreign() {
            return Err(NotDeleted::Foreign(owner));
        }
        let deleted = self.open_folder().and_then(|folder| folder.delete(&mark));
        match deleted {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failure(mark, error)),
            // Without the mark, or the folder, nothing is sent.
            _ => Ok(()),
        }
    }

    fn delete_own_folder(&self) -> Result<(), NotDeleted> {
        let failed = |error| failure(self.place.folder.clone().into(), error);
        let (above, name) = self.above().map_err(failed)?;
        match above.delete_folder(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        }
    }
}

fn delete_content(folder: &Folder, name: &OsString, report: &Report) -> Result<(), NotDeleted> {
    match folder.delete(name) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if is_refusal(&error) => {
            // Apport does the same if the folder's permissions prevent deleting (`delete_report`).
            // The file must be the caller's and have no other name. Otherwise another file would be
            // emptied.
            let mine = !report.has_own_folder
                && report
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
