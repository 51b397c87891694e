// SPDX-License-Identifier: GPL-3.0-or-later

//! The user whom a file belongs to.

use std::fmt;
use std::path::Path;

use gio::prelude::*;

/// A user other than root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The user's number.
    pub uid: u32,
    /// The user's name, if the system knows one.
    name: Option<String>,
}

/// As `sudo -u` takes it.
impl fmt::Display for Owner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => out.write_str(name),
            None => write!(out, "#{}", self.uid),
        }
    }
}

impl Owner {
    /// The owner of a file, known by the file's number of its owner.
    pub(crate) fn of(path: &Path, uid: u32) -> Self {
        let attribute = gio::FILE_ATTRIBUTE_OWNER_USER;
        let flags = gio::FileQueryInfoFlags::NOFOLLOW_SYMLINKS;
        let info = gio::File::for_path(path).query_info(attribute, flags, gio::Cancellable::NONE);
        let name = info.ok().and_then(|info| info.attribute_string(attribute));
        // For a user without a name, GIO gives the number.
        let name = name.filter(|name| *name != uid.to_string());
        Self {
            uid,
            name: name.map(Into::into),
        }
    }
}
