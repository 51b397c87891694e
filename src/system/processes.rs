// SPDX-License-Identifier: GPL-3.0-or-later

//! The user's running programs, which would write their records again.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

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
