// SPDX-License-Identifier: GPL-3.0-or-later

//! The user's running programs, which would write their records again.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Flock, FlockType};

use crate::system::limits;

/// The length to which the kernel cuts a program's name, in bytes; `proc_pid_comm(5)`.
const LONGEST_NAME: usize = 15;

/// A user's folder by the XDG Base Directory Specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Folder {
    Cache,
    Config,
    Data,
    State,
}

impl Folder {
    pub(crate) fn path(self) -> PathBuf {
        match self {
            Self::Cache => glib::user_cache_dir(),
            Self::Config => glib::user_config_dir(),
            Self::Data => glib::user_data_dir(),
            Self::State => glib::user_state_dir(),
        }
    }

    /// The environment variable, and the default below the home.
    const fn names(self) -> (&'static [u8], &'static str) {
        match self {
            Self::Cache => (b"XDG_CACHE_HOME=", ".cache"),
            Self::Config => (b"XDG_CONFIG_HOME=", ".config"),
            Self::Data => (b"XDG_DATA_HOME=", ".local/share"),
            Self::State => (b"XDG_STATE_HOME=", ".local/state"),
        }
    }
}

/// Whether the user runs a program that uses the same folder, in this session or in another one on
/// another bus, such as a remote one. True if the system fails to tell.
pub(crate) fn is_running(program: &str, folder: Folder) -> bool {
    let name = &program.as_bytes()[..program.len().min(LONGEST_NAME)];
    match fs::read_dir("/proc") {
        Ok(mut processes) => processes
            .any(|process| process.map_or(true, |process| runs(&process.path(), name, folder))),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Whether a process belongs to the user, has that name and uses the same folder.
fn runs(process: &Path, name: &[u8], folder: Folder) -> bool {
    let person = rustix::process::geteuid().as_raw();
    process
        .metadata()
        .is_ok_and(|process| process.is_dir() && process.uid() == person)
        && !is_dead(process)
        && match fs::read(process.join("comm")) {
            Ok(comm) => comm.strip_suffix(b"\n") == Some(name) && uses_same(process, folder),
            Err(error) => !has_ended(&error),
        }
}

/// The earliest start of a program that the user runs in a session with the same folder. `None`: the
/// user runs none.
pub(crate) fn started(program: &str, folder: Folder) -> Option<SystemTime> {
    let name = &program.as_bytes()[..program.len().min(LONGEST_NAME)];
    let processes = fs::read_dir("/proc").ok()?;
    let processes = processes.filter_map(|process| Some(process.ok()?.path()));
    let own = processes.filter(|process| runs(process, name, folder));
    own.map(|process| start(&process).unwrap_or(SystemTime::UNIX_EPOCH))
        .min()
}

/// When a program took a lock that it still has. `None`: it doesn't have it.
///
/// A lock is a link that ends with the number of a process, such as `127.0.1.1:+1234` of Mozilla's
/// programs (mozilla-central, `toolkit/profile/nsProfileLock.cpp`) or `host-1234` of Chromium
/// (`chrome/browser/process_singleton_posix.cc`), or a file that the program locks with fcntl(2). A
/// process in a sandbox may have another number there, so Mozilla's second lock counts as well.
pub(crate) fn locked_since(lock: &Path) -> Option<SystemTime> {
    let since = lock.symlink_metadata().ok()?;
    let time = since.modified().ok()?;
    let is_held = if since.is_symlink() {
        holds(&fs::read_link(lock).ok()?, time)
    } else {
        since.is_file() && is_locked(lock)
    };
    is_held.then_some(time)
}

/// Whether the process that a link names is the user's, and is older than the link.
fn holds(link: &Path, made: SystemTime) -> bool {
    let text = link.as_os_str().as_bytes();
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let number = &text[text.len() - digits.count()..];
    let Some(number) = std::str::from_utf8(number)
        .ok()
        .filter(|number| !number.is_empty())
    else {
        return false;
    };
    let process = Path::new("/proc").join(number);
    let person = rustix::process::geteuid().as_raw();
    process
        .metadata()
        .is_ok_and(|process| process.uid() == person)
        && !is_dead(&process)
        // The kernel counts the start in hundredths of a second.
        && start(&process).is_none_or(|start| start <= made + Duration::from_secs(1))
}

/// Whether another process has a lock of fcntl(2) on a file.
fn is_locked(file: &Path) -> bool {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(file) = rustix::fs::open(file, flags, Mode::empty()) else {
        return false;
    };
    let wanted = Flock::from(FlockType::ReadLock);
    rustix::process::fcntl_getlk(&file, &wanted).is_ok_and(|held| held.is_some())
}

/// When a process started; `proc_pid_stat(5)`, `proc_stat(5)`.
fn start(process: &Path) -> Option<SystemTime> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let ticks: u64 = after_name.split_whitespace().nth(19)?.parse().ok()?;
    let kernel = fs::read_to_string("/proc/stat").ok()?;
    let boot = kernel
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?;
    let boot = Duration::from_secs(boot.trim().parse().ok()?);
    let since =
        Duration::from_millis(ticks.checked_mul(1000)? / rustix::param::clock_ticks_per_second());
    SystemTime::UNIX_EPOCH.checked_add(boot + since)
}

/// Whether a process ended and only waits for its parent to notice; `proc_pid_stat(5)`. It has no
/// environment any more.
fn is_dead(process: &Path) -> bool {
    let stat = fs::read(process.join("stat")).unwrap_or_default();
    let after_name = stat.iter().rposition(|byte| *byte == b')');
    let state = after_name.and_then(|end| stat.get(end + 2));
    matches!(state, Some(b'Z' | b'X'))
}

/// Whether a process is gone, or isn't one: `/proc` has other folders as well.
fn has_ended(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::NOENT | Errno::SRCH)
    )
}

/// Whether a process uses the same folder. True if unknown: the system hides the environment of
/// privileged programs.
fn uses_same(process: &Path, folder: Folder) -> bool {
    let mut environment = Vec::new();
    let read = File::open(process.join("environ")).and_then(|file| {
        let mut file = file.take(limits::ENVIRONMENT + 1);
        file.read_to_end(&mut environment)
    });
    if !read.is_ok_and(|length| length as u64 <= limits::ENVIRONMENT) {
        return true;
    }
    let value = |name: &[u8]| {
        environment
            .split(|byte| *byte == 0)
            .find_map(|entry| entry.strip_prefix(name))
            .filter(|value| !value.is_empty())
            .map(|value| Path::new(OsStr::from_bytes(value)))
    };
    let (variable, below) = folder.names();
    let theirs = match (value(variable), value(b"HOME=")) {
        (Some(theirs), _) => theirs.to_owned(),
        (None, Some(home)) => home.join(below),
        (None, None) => return true,
    };
    theirs == folder.path()
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_process_that_has_ended_does_not_run() {
        // Without an environment, it counts as one that uses the same folder.
        let mut child = Command::new("sleep").arg("60").env_clear().spawn().unwrap();
        let process = PathBuf::from(format!("/proc/{}", child.id()));
        let end = Instant::now() + Duration::from_secs(10);
        while !runs(&process, b"sleep", Folder::Data) && Instant::now() < end {
            thread::yield_now();
        }
        assert!(runs(&process, b"sleep", Folder::Data));
        child.kill().unwrap();
        while !is_dead(&process) && Instant::now() < end {
            thread::yield_now();
        }
        assert!(!runs(&process, b"sleep", Folder::Data));
        child.wait().unwrap();
    }
}
