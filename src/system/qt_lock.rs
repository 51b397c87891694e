// SPDX-License-Identifier: GPL-3.0-or-later

//! The lock files of Qt's programs. KDE's `KConfig` and Qt's `QSettings` have one beside each file
//! that they write: `kdeglobals.lock` for `kdeglobals`.
//!
//! Source: qt/qtbase, src/corelib/io/qlockfile.cpp, `tryLock()`, `isApparentlyStale()` and
//! `lockFileContents()`; `qlockfile_unix.cpp`, `tryLock_sys()` and `removeStaleLock()`. The file is
//! created exclusively, and its owner also has a lock of flock(2) on it. KDE/kconfig,
//! src/core/kconfigini.cpp, `lock()`.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Write as _;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::system::limits;
use crate::system::open;
use crate::system::replace::NotReplaced;

/// The ending of the file's name, and that of the lock with which a stale one is removed.
const ENDING: &str = ".lock";
const REMOVAL: &str = ".rmlock";

/// The mode of a new lock file. Qt's own depends on the umask alone.
const MODE: Mode = Mode::from_raw_mode(0o644);

/// A lock that is held. Dropping it releases it.
#[derive(Debug)]
pub(crate) struct QtLock {
    folder: OwnedFd,
    name: OsString,
    /// Kept open for its flock(2), which keeps others from removing the file.
    _file: File,
}

impl QtLock {
    /// Takes the lock of a file in a folder. Waits while another program has it, but not long:
    /// Qt's programs have it only while they write.
    pub(crate) fn of(folder: impl AsFd, file: &OsStr) -> Result<Self, NotReplaced> {
        let folder = folder.as_fd();
        let name = with_ending(file, ENDING);
        let end = Instant::now() + limits::QT_LOCK_PATIENCE;
        loop {
            match Self::create(folder, &name) {
                Err(Errno::EXIST) => {}
                created => return Ok(created?),
            }
            if is_stale(folder, &name) {
                let removal = with_ending(&name, REMOVAL);
                if Self::create(folder, &removal).is_ok_and(|_held| remove_stale(folder, &name)) {
                    continue;
                }
            }
            if Instant::now() >= end {
                return Err(NotReplaced::InUse);
            }
            thread::sleep(limits::QT_LOCK_PAUSE);
        }
    }

    fn create(folder: BorrowedFd<'_>, name: &OsStr) -> Result<Self, Errno> {
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut file = File::from(rustix::fs::openat(folder, name, flags, MODE)?);
        // A file system may have no such locks. The file alone is a lock then.
        let _ = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive);
        let lock = Self {
            folder: rustix::io::fcntl_dupfd_cloexec(folder, 0)?,
            name: name.to_owned(),
            _file: file.try_clone().map_err(|_| Errno::IO)?,
        };
        let written = file.write_all(&Owner::this_process().line());
        written.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
        Ok(lock)
    }
}

impl Drop for QtLock {
    fn drop(&mut self) {
        // If this fails, the file is stale once this process has ended.
        let _ = rustix::fs::unlinkat(&self.folder, &self.name, AtFlags::empty());
    }
}

fn with_ending(name: &OsStr, ending: &str) -> OsString {
    let mut bytes = name.as_bytes().to_vec();
    bytes.extend_from_slice(ending.as_bytes());
    OsString::from_vec(bytes)
}

/// What a lock file says about the process that created it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Owner {
    process: i32,
    /// The file name of its program, without the folder.
    program: String,
    host: String,
    /// machine-id(5). Empty: unknown.
    machine: String,
    /// The ID of the last boot; random(4). Empty: unknown.
    boot: String,
}

impl Owner {
    fn this_process() -> Self {
        Self {
            process: rustix::process::getpid().as_raw_nonzero().get(),
            program: program(Path::new("/proc/self/exe")).unwrap_or_default(),
            host: glib::host_name().into(),
            machine: machine(),
            boot: boot(),
        }
    }

    fn line(&self) -> Vec<u8> {
        let Self {
            process,
            program,
            host,
            machine,
            boot,
        } = self;
        format!("{process}\n{program}\n{host}\n{machine}\n{boot}\n").into_bytes()
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(text);
        let mut lines = text.lines();
        let process = lines.next()?.parse().ok().filter(|number| *number > 0)?;
        let mut next = || lines.next().unwrap_or_default().to_owned();
        Some(Self {
            process,
            program: next(),
            host: next(),
            machine: next(),
            boot: next(),
        })
    }

    /// Whether the process has surely ended.
    fn is_gone(&self) -> bool {
        let (machine, boot) = (machine(), boot());
        let is_here = if self.machine.is_empty() || machine.is_empty() {
            self.host.is_empty() || self.host == glib::host_name().as_str()
        } else {
            self.machine == machine
        };
        if !is_here {
            return false;
        }
        if !self.boot.is_empty() && self.boot != boot {
            return true;
        }
        let Some(process) = Pid::from_raw(self.process) else {
            return true;
        };
        if test_kill_process(process) == Err(Errno::SRCH) {
            return true;
        }
        // Another program has the process ID now.
        let link = PathBuf::from(format!("/proc/{}/exe", self.process));
        program(&link).is_some_and(|program| program != self.program)
    }
}

/// The file name of a running program.
fn program(link: &Path) -> Option<String> {
    let program = fs::read_link(link).ok()?;
    let name = program.file_name()?.to_string_lossy().into_owned();
    Some(name.strip_suffix(" (deleted)").unwrap_or(&name).to_owned())
}

/// The computer's ID; machine-id(5).
fn machine() -> String {
    let files = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
    let found = files.iter().find_map(|file| fs::read_to_string(file).ok());
    found.unwrap_or_default().trim().to_owned()
}

/// The ID of the computer's last boot; random(4).
fn boot() -> String {
    let number = fs::read_to_string("/proc/sys/kernel/random/boot_id");
    number.unwrap_or_default().trim().to_owned()
}

/// Whether a lock file's process has ended, or the file is too old to be in use.
fn is_stale(folder: BorrowedFd<'_>, name: &OsStr) -> bool {
    let Ok(file) = open::regular(folder, name, OFlags::RDONLY) else {
        return false;
    };
    let text = open::read(&file, limits::QT_LOCK).unwrap_or_default();
    if Owner::parse(&text).is_some_and(|owner| owner.is_gone()) {
        return true;
    }
    let made = file.metadata().and_then(|file| file.modified());
    let age = made.map(|made| match SystemTime::now().duration_since(made) {
        Ok(age) => age,
        // The clock was set back.
        Err(error) => error.duration(),
    });
    age.unwrap_or(Duration::ZERO) > limits::QT_LOCK_STALE
}

/// Removes a stale lock, unless a process has its flock(2). Returns whether it is gone.
fn remove_stale(folder: BorrowedFd<'_>, name: &OsStr) -> bool {
    let Ok(file) = open::regular(folder, name, OFlags::WRONLY) else {
        return false;
    };
    is_stale(folder, name)
        && rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
        && rustix::fs::unlinkat(folder, name, AtFlags::empty()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, File) {
        let folder = tempfile::tempdir().unwrap();
        let handle = File::open(folder.path()).unwrap();
        (folder, handle)
    }

    fn this() -> Owner {
        Owner::this_process()
    }

    #[test]
    fn a_lock_is_a_file_until_it_is_released() {
        let (folder, handle) = folder();
        let file = folder.path().join("kdeglobals.lock");
        let lock = QtLock::of(&handle, OsStr::new("kdeglobals")).unwrap();
        let text = fs::read(&file).unwrap();
        assert_eq!(Owner::parse(&text), Some(this()));
        let second = QtLock::of(&handle, OsStr::new("kdeglobals"));
        assert_eq!(second.unwrap_err(), NotReplaced::InUse);
        drop(lock);
        assert!(!file.exists());
        drop(QtLock::of(&handle, OsStr::new("kdeglobals")).unwrap());
    }

    #[test]
    fn a_lock_of_a_process_that_has_ended_does_not_count() {
        let ended = {
            let mut child = std::process::Command::new("true").spawn().unwrap();
            child.wait().unwrap();
            i32::try_from(child.id()).unwrap()
        };
        for (owner, is_gone) in [
            (this(), false),
            (
                Owner {
                    process: ended,
                    ..this()
                },
                true,
            ),
            (
                Owner {
                    boot: "another".to_owned(),
                    ..this()
                },
                true,
            ),
            (
                Owner {
                    program: "another".to_owned(),
                    ..this()
                },
                true,
            ),
            (
                Owner {
                    process: ended,
                    // A computer without an ID is identified by its name.
                    machine: "another".to_owned(),
                    host: "another".to_owned(),
                    ..this()
                },
                false,
            ),
        ] {
            let (folder, handle) = folder();
            let file = folder.path().join("rc.lock");
            fs::write(&file, owner.line()).unwrap();
            assert_eq!(is_stale(handle.as_fd(), OsStr::new("rc.lock")), is_gone);
            let lock = QtLock::of(&handle, OsStr::new("rc"));
            assert_eq!(lock.is_ok(), is_gone, "{owner:?}");
            drop(lock);
            assert_eq!(file.exists(), !is_gone);
        }
    }

    #[test]
    fn a_lock_that_says_nothing_counts_until_it_is_old() {
        let (folder, handle) = folder();
        let file = folder.path().join("rc.lock");
        fs::write(&file, "\n").unwrap();
        assert!(!is_stale(handle.as_fd(), OsStr::new("rc.lock")));
        let old = SystemTime::now() - limits::QT_LOCK_STALE - Duration::from_secs(1);
        File::options()
            .write(true)
            .open(&file)
            .unwrap()
            .set_modified(old)
            .unwrap();
        assert!(is_stale(handle.as_fd(), OsStr::new("rc.lock")));
        drop(QtLock::of(&handle, OsStr::new("rc")).unwrap());
        // A link is never followed, nor removed.
        std::os::unix::fs::symlink("/etc/passwd", &file).unwrap();
        assert!(QtLock::of(&handle, OsStr::new("rc")).is_err());
        assert!(file.is_symlink());
    }
}
