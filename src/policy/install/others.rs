// SPDX-License-Identifier: GPL-3.0-or-later

//! The site's other databases, and their sources. A policy keeps the names that other databases
//! have in a list, so the databases must match their sources before they are read.
//!
//! `dconf update` compiles all databases of a computer. This module compiles them in a temporary
//! folder instead, to see what `dconf update` would write: for a dry run, and for an image, in
//! which dconf does not run.

use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use crate::app::DATABASE;
use crate::policy::failure::Failure;
use crate::policy::install::keyfiles::LOCKS;
use crate::policy::install::read_back::Databases;
use crate::policy::install::target::Target;
use crate::system::dconf::command::{Failure as DconfFailure, Sources};
use crate::system::dconf::{DATABASES, command as dconf, profile};
use crate::system::tree::LARGEST_FOREIGN_FILE;

/// How much of dconf's listing of a database is compared, in bytes.
const LARGEST_LISTING: usize = 16 * 1024 * 1024;

/// How much of a database's sources is read, in bytes.
const LARGEST_SOURCES: u64 = LARGEST_FOREIGN_FILE;

/// The other databases of a profile that don't match their sources.
#[derive(Debug, Default)]
pub(crate) struct Others {
    /// What `dconf update` will write into each database whose sources say something else.
    pub(crate) stale: Databases,
    /// dconf's messages about sources that it can't compile. Their databases stay as they are.
    pub(crate) broken: Vec<String>,
}

impl Others {
    /// dconf's messages, one a line.
    pub(crate) fn said(&self) -> Option<String> {
        (!self.broken.is_empty()).then(|| self.broken.join("\n"))
    }
}

impl Target {
    /// Compares the other databases of a profile with their sources.
    pub(crate) fn others(&self, profile: &[u8]) -> Result<Others, Failure> {
        let mut others = Others::default();
        for database in profile::databases(profile) {
            // dconf compiles none whose name begins with a dot.
            let name = database.file_name().unwrap_or_default();
            let is_compiled_here = database.parent() == Some(Path::new(DATABASES))
                && !name.is_empty()
                && !name.as_bytes().starts_with(b".");
            if !is_compiled_here || database == Path::new(DATABASE) {
                continue;
            }
            let mut folder = database.clone().into_os_string();
            folder.push(".d");
            let folder = PathBuf::from(folder);
            // Sources that this user can't read, or that are too large, are left to dconf.
            let Ok(Some(sources)) = self.sources_in(&folder) else {
                continue;
            };
            let compiled = match dconf::compile(&sources) {
                Ok(compiled) => compiled,
                Err(DconfFailure::Failed(said)) => {
                    let said = said.strip_prefix("error: ").unwrap_or(&said);
                    let name = self.tree.name(&folder);
                    others.broken.push(format!("{}: {said}", name.display()));
                    continue;
                }
                Err(failure) => return Err(failure.into()),
            };
            let is_fresh = match self.read(&database)? {
                None => false,
                Some(found) => found == compiled || have_same_contents(&found, &compiled)?,
            };
            if !is_fresh {
                others.stale.insert(database, compiled);
            }
        }
        Ok(others)
    }

    /// Reads the sources of a database as dconf does: regular files whose names do not begin with a
    /// dot. `None` if there is no such folder.
    fn sources_in(&self, folder: &Path) -> io::Result<Option<Sources>> {
        if self.tree.folder(folder)?.is_none() {
            return Ok(None);
        }
        let mut room = LARGEST_SOURCES;
        let locks = folder.join(LOCKS);
        Ok(Some(Sources {
            keys: self.files_in(folder, &mut room)?,
            locks: match self.tree.folder(&locks) {
                Ok(Some(_)) => Some(self.files_in(&locks, &mut room)?),
                _ => None,
            },
        }))
    }

    fn files_in(&self, folder: &Path, room: &mut u64) -> io::Result<Vec<(OsString, Vec<u8>)>> {
        let mut files = Vec::new();
        for (name, _) in self.tree.entries(folder)? {
            if name.as_bytes().starts_with(b".") {
                continue;
            }
            match self.tree.read(&folder.join(&name), *room) {
                Ok(Some(bytes)) => {
                    *room -= bytes.len() as u64;
                    files.push((name, bytes));
                }
                Ok(None) => {}
                // A folder or a pipe.
                Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
                Err(error) => return Err(error),
            }
        }
        Ok(files)
    }
}

/// Whether dconf lists the same keys, values and locks. The bytes of two compilations differ.
fn have_same_contents(one: &[u8], other: &[u8]) -> Result<bool, Failure> {
    let wanted = dconf::contents(other, LARGEST_LISTING)?;
    // Too long to be compared.
    if wanted.is_none() {
        return Ok(true);
    }
    Ok(dconf::contents(one, LARGEST_LISTING)? == wanted)
}
