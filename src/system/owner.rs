// SPDX-License-Identifier: GPL-3.0-or-later

//! The owner of a file.

use std::fmt;
use std::path::Path;

use gio::prelude::*;

/// A user other than root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The user ID.
    pub uid: u32,
    /// The user name, if the system has one.
    name: Option<String>,
}

/// In the form that `sudo -u` takes.
impl fmt::Display for Owner {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => out.write_str(name),
            None => write!(out, "#{}", self.uid),
        }
    }
}

impl Owner {
    /// The user with the ID of a file's owner.
    pub(crate) fn of(path: &Path, uid: u32) -> Self {
        let attribute = gio::FILE_ATTRIBUTE_OWNER_USER;
        let flags = gio::FileQueryInfoFlags::NOFOLLOW_SYMLINKS;
        let info = gio::File::for_path(path).query_info(attribute, flags, gio::Cancellable::NONE);
        let name = info.ok().and_then(|info| info.attribute_string(attribute));
        // For a user without a name, GIO returns the ID.
        let name = name.filter(|name| *name != uid.to_string());
        Self {
            uid,
            name: name.map(Into::into),
        }
    }
}
