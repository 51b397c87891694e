// SPDX-License-Identifier: GPL-3.0-or-later

//! Makes programs that change a user's settings at the same time take turns. Otherwise a choice's first
//! readers could get the value of one program, and the others that of another.

use std::fs::File;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::app::PACKAGE;
use crate::system::flock;
use crate::system::limits;

/// A turn, which ends with this value.
#[derive(Debug)]
pub(crate) struct Turn {
    /// The locked file. `None`: the other program still waits, such as for a password, or there is
    /// no place for a lock.
    _file: Option<File>,
}

impl Turn {
    /// Waits for the program whose turn it is, for at most [`limits::TURN_PATIENCE`].
    pub(crate) fn wait() -> Self {
        let folder = dirs::runtime_dir();
        Self {
            _file: folder.and_then(|folder| lock(&folder).ok()),
        }
    }
}

fn lock(folder: &Path) -> Result<File, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = rustix::fs::open(folder, flags, Mode::empty())?;
    // Root leaves no file in another user's folder.
    if rustix::fs::fstat(&folder)?.st_uid != geteuid().as_raw() {
        return Err(Errno::PERM);
    }
    flock::acquire(
        &folder,
        &format!("{PACKAGE}-change.lock"),
        limits::TURN_PATIENCE,
    )
}
