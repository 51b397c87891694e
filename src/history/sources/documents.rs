// SPDX-License-Identifier: GPL-3.0-or-later

//! The recent documents of KDE's programs: a link in a desktop file for each, in `RecentDocuments`.
//!
//! Source: KDE/kio, src/core/krecentdocument.cpp. KDE rewrites a file when its document is used, so
//! the file's age is that of the last use. Programs read the folder each time.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use gio::Cancellable;

use crate::history::source::{Found, Outcome, Problem, Progress, Source};
use crate::history::{Span, sandbox};
use crate::system::home::Way;
use crate::system::i18n::gettext;
use crate::system::limits;
use crate::system::replace::NotReplaced;

const FOLDER: &str = "RecentDocuments";

#[derive(Debug)]
pub(crate) struct RecentDocuments;

impl Source for RecentDocuments {
    fn id(&self) -> &'static str {
        "recent-documents"
    }

    fn title(&self) -> String {
        // Translators: documents that were opened; KDE is a name
        gettext("Recent documents (KDE)")
    }

    fn is_here(&self) -> bool {
        folders().iter().any(Result::is_ok)
    }

    fn look(&'static self, span: Span, _: &Cancellable) -> Option<Found> {
        let mut problem = None;
        let links = links(span, &mut problem)?;
        Some(match problem {
            Some(problem) if links.is_empty() && problem.is_failure() => {
                Found::new(self, Err(problem))
            }
            note => Found {
                note,
                ..Found::new(self, Ok(links.len()))
            },
        })
    }

    fn clear(
        &'static self,
        span: Span,
        _: &Cancellable,
        _: &mut dyn FnMut(Progress),
    ) -> Option<Outcome> {
        let mut problem = None;
        let mut removed = 0;
        for link in links(span, &mut problem)? {
            match remove(&link) {
                Ok(()) => removed += 1,
                Err(why) => problem = problem.or(Some(Problem::NotReplaced(link, why))),
            }
        }
        Some(Outcome {
            removed,
            problem,
            ..Outcome::new(self, Ok(0))
        })
    }
}

/// The user's own folder and those of sandboxed apps.
fn folders() -> Vec<Result<PathBuf, Problem>> {
    let own = glib::user_data_dir().join(FOLDER);
    let mut folders = sandbox::folders(FOLDER, &own);
    if own.symlink_metadata().is_ok() {
        folders.insert(0, Ok(own));
    }
    folders
}

/// The desktop files of a span. `None`: there is no folder. `problem`: why other files can't be
/// listed.
fn links(span: Span, problem: &mut Option<Problem>) -> Option<Vec<PathBuf>> {
    let folders = folders();
    if folders.is_empty() {
        return None;
    }
    let mut links = Vec::new();
    for folder in folders {
        let found = folder.and_then(|folder| in_folder(&folder, span, &mut links));
        if let (Err(why), None) = (found, &problem) {
            *problem = Some(why);
        }
    }
    Some(links)
}

fn in_folder(folder: &Path, span: Span, links: &mut Vec<PathBuf>) -> Result<(), Problem> {
    let unreadable = |error: io::Error| match error.kind() {
        // A file or a device is in its place.
        io::ErrorKind::NotADirectory => Problem::NothingKept,
        _ => Problem::Unreadable(folder.to_owned(), error),
    };
    for (number, entry) in fs::read_dir(folder).map_err(unreadable)?.enumerate() {
        let path = entry.map_err(unreadable)?.path();
        if number == limits::HISTORY_ENTRIES {
            return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
        }
        let Ok(file) = path.symlink_metadata() else {
            continue;
        };
        if !file.is_file() || path.extension().is_none_or(|end| end != "desktop") {
            continue;
        }
        let used = file.modified().ok().and_then(|time| {
            let since = time.duration_since(UNIX_EPOCH).ok()?;
            i64::try_from(since.as_millis()).ok()
        });
        if span.takes(used.as_slice()) {
            links.push(path);
        }
    }
    Ok(())
}

fn remove(link: &Path) -> Result<(), NotReplaced> {
    let way = Way::to(link)?.regardless_of_mode();
    match way.open()? {
        Some(file) => way.remove(&file),
        None => Ok(()),
    }
}
