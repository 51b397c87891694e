// SPDX-License-Identifier: GPL-3.0-or-later

//! The folders of sandboxed apps, which have the same files as the user's own.
//!
//! Source: flatpak, common/flatpak-run.c (`~/.var/app/ID/data` and `config`); snapd, snap/info.go
//! (`~/snap/NAME/REVISION` and `common`, or below `~/.snap/data`), snap/snapenv/snapenv.go (`HOME` is
//! the folder of the revision), and the launchers of snapcraft-desktop-helpers, which set
//! `XDG_DATA_HOME` to `.local/share` there.
//!
//! An app can write to its folders. So a symbolic link that leads out of the home isn't followed.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::history::Problem;
use crate::system::limits;
use crate::system::replace::NotReplaced;

/// The files of this name in the data folders of Flatpak apps, except one that is the user's own
/// file by a link.
pub(crate) fn flatpak(name: &str, own: &Path) -> Vec<Result<PathBuf, Problem>> {
    let mut found = Search::new(own);
    found.flatpak(name);
    found.files
}

/// The same for snaps.
pub(crate) fn snap(name: &str, own: &Path) -> Vec<Result<PathBuf, Problem>> {
    let mut found = Search::new(own);
    found.snap(name);
    found.files
}

/// The folders of this name in the data folders of all sandboxed apps.
pub(crate) fn folders(name: &str, own: &Path) -> Vec<Result<PathBuf, Problem>> {
    let mut found = Search {
        kind: fs::Metadata::is_dir,
        ..Search::new(own)
    };
    found.flatpak(name);
    found.snap(name);
    found.files
}

/// A program that may also be installed in a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct App {
    /// Its ID in Flatpak.
    pub(crate) flatpak: &'static str,
    /// Its name as a snap.
    pub(crate) snap: &'static str,
}

impl App {
    /// The folders of its sandboxes, whether they exist or not.
    pub(crate) fn folders(self) -> [PathBuf; 3] {
        let home = glib::home_dir();
        [
            home.join(".var/app").join(self.flatpak),
            home.join("snap").join(self.snap),
            home.join(".snap/data").join(self.snap),
        ]
    }

    /// The user's own file of this name in the configuration folder, and those in the sandboxes.
    pub(crate) fn files(self, name: &str) -> Vec<Result<PathBuf, Problem>> {
        let own = glib::user_config_dir().join(name);
        let mut found = Search::new(&own);
        let [flatpak, snaps @ ..] = self.folders();
        found.see(&flatpak.join("config").join(name));
        for snap in snaps {
            // A snap keeps the folders of earlier versions.
            for revision in found.folders(&snap) {
                found.see(&revision.join(".config").join(name));
            }
        }
        found.files.insert(0, Ok(own));
        found.files
    }
}

struct Search {
    /// Whether a file is of the wanted kind.
    kind: fn(&fs::Metadata) -> bool,
    home: PathBuf,
    /// The same without links.
    real_home: PathBuf,
    /// The files that were found, without links: a snap's folder `current` is a link.
    seen: BTreeSet<PathBuf>,
    files: Vec<Result<PathBuf, Problem>>,
}

impl Search {
    fn new(own: &Path) -> Self {
        let home = glib::home_dir();
        Self {
            kind: fs::Metadata::is_file,
            real_home: home.canonicalize().unwrap_or_else(|_| home.clone()),
            home,
            seen: own.canonicalize().into_iter().collect(),
            files: Vec::new(),
        }
    }

    fn flatpak(&mut self, name: &str) {
        for app in self.folders(&self.home.join(".var/app")) {
            self.see(&app.join("data").join(name));
        }
    }

    fn snap(&mut self, name: &str) {
        for all in ["snap", ".snap/data"] {
            for snap in self.folders(&self.home.join(all)) {
                for revision in self.folders(&snap) {
                    self.see(&revision.join(".local/share").join(name));
                }
            }
        }
    }

    /// Everything in a folder.
    fn folders(&mut self, folder: &Path) -> Vec<PathBuf> {
        let failed = |error| Err(Problem::Unreadable(folder.to_owned(), error));
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if is_absence(&error) => return Vec::new(),
            Err(error) => {
                self.files.push(failed(error));
                return Vec::new();
            }
        };
        let mut paths: Vec<_> = entries
            .take(limits::SANDBOXES + 1)
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        if paths.len() > limits::SANDBOXES {
            self.files.push(failed(io::ErrorKind::FileTooLarge.into()));
            paths.truncate(limits::SANDBOXES);
        }
        paths.sort();
        paths
    }

    fn see(&mut self, path: &Path) {
        let file = match path.metadata() {
            Ok(file) if (self.kind)(&file) => path.canonicalize(),
            // Programs keep nothing there.
            Ok(_) => return,
            Err(error) if is_absence(&error) => return,
            Err(error) => Err(error),
        };
        let file = match file {
            Ok(real) if self.seen.contains(&real) => return,
            Ok(real) if !real.starts_with(&self.real_home) => {
                let why = NotReplaced::Elsewhere(real);
                Err(Problem::NotReplaced(path.to_owned(), why))
            }
            Ok(real) => {
                self.seen.insert(real.clone());
                Ok(real)
            }
            Err(error) => Err(Problem::Unreadable(path.to_owned(), error)),
        };
        self.files.push(file);
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
