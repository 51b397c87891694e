// SPDX-License-Identifier: GPL-3.0-or-later

//! Files with which one process at a time makes a change.

use std::fs::File;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::system::limits;

/// Creates a file if needed, and locks it until the result is dropped. Waits for another process for
/// at most `patience`.
///
/// # Errors
///
/// [`Errno::WOULDBLOCK`] if the other process still has the lock, or the system's error.
pub(crate) fn acquire(folder: impl AsFd, name: &str, patience: Duration) -> Result<File, Errno> {
    let flags =
        OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::openat(
        folder,
        name,
        flags,
        Mode::RUSR | Mode::WUSR,
    )?);
    let end = Instant::now() + patience;
    loop {
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Err(Errno::WOULDBLOCK) if Instant::now() < end => {
                std::thread::sleep(limits::FLOCK_PAUSE);
            }
            done => return done.map(|()| file),
        }
    }
}
