// SPDX-License-Identifier: GPL-3.0-or-later

//! Which of the person's programs run, and would write again what they remember.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::system::limits;

/// What the system keeps of a program's name, in bytes; see `proc_pid_comm(5)`.
const LONGEST_NAME: usize = 15;

/// A folder of a person's, by the XDG Base Directory Specification.
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

    /// The variable that names it, and where it is below the home without.
    const fn names(self) -> (&'static [u8], &'static str) {
        match self {
            Self::Cache => (b"XDG_CACHE_HOME=", ".cache"),
            Self::Config => (b"XDG_CONFIG_HOME=", ".config"),
            Self::Data => (b"XDG_DATA_HOME=", ".local/share"),
            Self::State => (b"XDG_STATE_HOME=", ".local/state"),
        }
    }
}

/// Whether the person runs a program that keeps its things in the same folder: in this session, or
/// in another one on another bus, when one of them came over the network. Where the system fails to
/// say so, it may run.
pub(crate) fn is_running(program: &str, folder: Folder) -> bool {
    let name = &program.as_bytes()[..program.len().min(LONGEST_NAME)];
    match fs::read_dir("/proc") {
        Ok(mut processes) => processes
            .any(|process| process.map_or(true, |process| runs(&process.path(), name, folder))),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// Whether a process is the person's, has that name, and keeps its things in the same folder.
fn runs(process: &Path, name: &[u8], folder: Folder) -> bool {
    let person = rustix::process::geteuid().as_raw();
    process
        .metadata()
        .is_ok_and(|process| process.is_dir() && process.uid() == person)
        && match fs::read(process.join("comm")) {
            Ok(comm) => comm.strip_suffix(b"\n") == Some(name) && uses_same(process, folder),
            Err(error) => !has_ended(&error),
        }
}

/// Whether a process is gone, or is none: there are other folders beside theirs.
fn has_ended(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::NOENT | Errno::SRCH)
    )
}

/// Whether a process has the same folder, as far as can be told; the system shows the environment
/// of a program with rights of its own to nobody.
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
