// SPDX-License-Identifier: GPL-3.0-or-later

//! The locks of this computer, for all its users.
//!
//! They are read from the files that dconf reads for a user without a profile of their own. No
//! variable counts, and no settings are opened: root's own would come first, and opening them writes
//! in root's home.

use std::io;
use std::path::Path;

use glib::Variant;

use crate::system::dconf::profile;
use crate::system::gvdb::Table;
use crate::system::limits;
use crate::system::tree::Tree;

/// The folders of a distribution's profiles, without what the environment adds; dconf(7).
const VENDORS: [&str; 2] = ["/usr/local/share", "/usr/share"];

/// The table of locks in a database; GNOME/dconf, `engine/dconf-engine-source.c`.
const LOCKS: &str = ".locks";

/// The databases of the system, the most important first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Databases(Vec<Vec<u8>>);

impl Databases {
    /// Reads them. A database that doesn't exist locks nothing.
    ///
    /// # Errors
    ///
    /// A file can't be read, so that its locks are unknown.
    pub(crate) fn read() -> io::Result<Self> {
        let tree = Tree::computer();
        let vendors = VENDORS.iter();
        let vendors = vendors.map(|folder| Path::new(folder).join(profile::VENDOR_FILE));
        let mut profiles = std::iter::once(profile::FILE.into()).chain(vendors);
        let found = profiles.find_map(|file| tree.read(&file, limits::DOCUMENT).transpose());
        let Some(profile) = found.transpose()? else {
            return Ok(Self::default());
        };
        let files = profile::databases(&profile);
        let databases = files.filter_map(|file| {
            let database = tree.read(&file, limits::DATABASE);
            database.transpose()
        });
        databases.collect::<io::Result<_>>().map(Self)
    }

    /// The value that a lock imposes on a boolean key: the least important database with the lock
    /// decides, as in GNOME/dconf, `engine/dconf-engine.c`, `dconf_engine_is_writable_internal()` and
    /// `dconf_engine_read()`. `default`: the value of the key's schema. `None`: there is no lock.
    pub(crate) fn locked(&self, key: &str, default: bool) -> Option<bool> {
        let tables: Vec<_> = self.0.iter().map(|file| Table::root(file)).collect();
        let is_locked = |table: &Option<Table<'_>>| {
            let locks = table.as_ref().and_then(|table| table.table(LOCKS));
            locks.is_some_and(|locks| locks.value(key).is_some())
        };
        let at = tables.iter().rposition(is_locked)?;
        let mut deciding = tables[at..].iter().flatten();
        let value = deciding.find_map(|table| table.variant(key));
        Some(value.and_then(|value| value.get()).unwrap_or(default))
    }

    /// The value of a key for a user without one.
    pub(crate) fn value(&self, key: &str) -> Option<Variant> {
        let mut files = self.0.iter();
        files.find_map(|file| Table::root(file)?.variant(key))
    }
}
