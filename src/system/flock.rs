// SPDX-License-Identifier: GPL-3.0-or-later

//! Lock files, for changes that one process at a time may make.

use std::fs::File;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::system::limits;

/// Creates a file if needed, which only its owner can open, and locks it until the result is dropped.
/// Waits for another process for at most `patience`.
///
/// # Errors
///
/// [`Errno::WOULDBLOCK`] if the other process still has the lock, or the system's error.
pub(crate) fn acquire(folder: impl AsFd, name: &str, patience: Duration) -> Result<File, Errno> {
    let file = open(folder, name)?;
    let end = Instant::now() + patience;
    while !try_to_lock(&file)? {
        if Instant::now() >= end {
            return Err(Errno::WOULDBLOCK);
        }
        std::thread::sleep(limits::FLOCK_PAUSE);
    }
    Ok(file)
}

/// Creates a file if needed.
pub(crate) fn open(folder: impl AsFd, name: &str) -> Result<File, Errno> {
    let flags =
        OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    rustix::fs::openat(folder, name, flags, mode).map(File::from)
}

/// Locks a file until it is closed. False: another process has the lock.
pub(crate) fn try_to_lock(file: &File) -> Result<bool, Errno> {
    match rustix::fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Ok(false),
        done => done.map(|()| true),
    }
}
