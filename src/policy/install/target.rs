// SPDX-License-Identifier: GPL-3.0-or-later

//! The computer or image that a policy is put into.

use std::io;
use std::path::{Path, PathBuf};

use cap_std::fs::Dir;

use crate::policy::failure::{Failure, no_scratch, system};
use crate::policy::install::backups;
use crate::policy::install::backups::Backup;
use crate::policy::install::keyfiles;
use crate::policy::install::read_back::Process;
use crate::system::tree::{Kind, LARGEST_FOREIGN_FILE, Tree};

/// A computer or an image that a policy is put into.
#[derive(Debug)]
pub struct Target {
    pub(crate) tree: Tree,
}

impl Target {
    /// A computer, or an image of one.
    pub const fn new(tree: Tree) -> Self {
        Self { tree }
    }

    /// The files.
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The name of a file of the place for people.
    pub(crate) fn name(&self, path: &str) -> PathBuf {
        self.tree.name(Path::new(path))
    }

    /// What the system said about a file or folder of the place.
    pub(crate) fn system(&self, path: &Path) -> impl FnOnce(io::Error) -> Failure + use<> {
        system(self.tree.name(path))
    }

    /// Opens a folder of the place; none where there is nothing of that name.
    pub(crate) fn folder(&self, path: &str) -> Result<Option<Dir>, Failure> {
        let path = Path::new(path);
        self.tree.folder(path).map_err(self.system(path))
    }

    /// What stands at a path of the place; none where there is nothing of that name.
    pub(crate) fn kind(&self, path: &Path) -> Result<Option<Kind>, Failure> {
        self.tree.kind(path).map_err(self.system(path))
    }

    /// What a file of the place holds; none where there is nothing of that name.
    pub(crate) fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, Failure> {
        let found = self.tree.read(path, LARGEST_FOREIGN_FILE);
        found.map_err(self.system(path))
    }

    /// What a file of our sources holds.
    pub(crate) fn source(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.read(&keyfiles::path(name))
    }

    /// What the last application backed up.
    pub(crate) fn backups(&self) -> Result<Vec<Backup>, Failure> {
        let text = self.source(backups::FILE)?;
        Ok(backups::parse(&text.unwrap_or_default()))
    }

    /// A process that reads back what is in force here.
    pub(crate) fn read_back_process(&self) -> Result<Process, Failure> {
        Process::start(self.tree.is_image()).map_err(no_scratch())
    }
}
