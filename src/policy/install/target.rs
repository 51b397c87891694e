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
    /// The computer or image with these files.
    pub const fn new(tree: Tree) -> Self {
        Self { tree }
    }

    /// The files.
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The name of a file of the target in messages.
    pub(crate) fn name(&self, path: &str) -> PathBuf {
        self.tree.name(Path::new(path))
    }

    /// Turns an error of a file of the target into a failure.
    pub(crate) fn system(&self, path: &Path) -> impl FnOnce(io::Error) -> Failure + use<> {
        system(self.tree.name(path))
    }

    /// Opens a folder of the target; `None` if it does not exist.
    pub(crate) fn folder(&self, path: &str) -> Result<Option<Dir>, Failure> {
        let path = Path::new(path);
        self.tree.folder(path).map_err(self.system(path))
    }

    /// The kind of file at a path of the target; `None` if there is none.
    pub(crate) fn kind(&self, path: &Path) -> Result<Option<Kind>, Failure> {
        self.tree.kind(path).map_err(self.system(path))
    }

    /// Reads a file of the target; `None` if it does not exist.
    pub(crate) fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, Failure> {
        let found = self.tree.read(path, LARGEST_FOREIGN_FILE);
        found.map_err(self.system(path))
    }

    /// Reads a file of the sources.
    pub(crate) fn source(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        self.read(&keyfiles::path(name))
    }

    /// The backups of the last application.
    pub(crate) fn backups(&self) -> Result<Vec<Backup>, Failure> {
        let text = self.source(backups::FILE)?;
        Ok(backups::parse(&text.unwrap_or_default()))
    }

    /// Starts a process that reads back what is in force.
    pub(crate) fn read_back_process(&self) -> Result<Process, Failure> {
        Process::start(self.tree.is_image()).map_err(no_scratch())
    }
}
