// SPDX-License-Identifier: GPL-3.0-or-later

//! The user's running programs, which would write their records again.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{Flock, FlockType};

use crate::system::limits;

/// The length to which the kernel cuts a program's name, in bytes; `proc_pid_comm(5)`.
const LONGEST_NAME: usize = 15;

/// How long to wait for a starting program until the kernel shows its environment. On a busy computer,
/// each of the hundreds of programs that a test starts may take longer than most do.
const LONGEST_START: Duration = Duration::from_millis(if cfg!(test) { 10_000 } else { 100 });

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
    is_running_or_in(program, folder, &[])
}

/// The same, or whether the user runs the program in one of these folders of sandboxes.
pub(crate) fn is_running_or_in(program: &str, folder: Folder, sandboxes: &[PathBuf]) -> bool {
    let name = name_in_kernel(program);
    let is_used = |theirs: &Path| {
        theirs == folder.path() || sandboxes.iter().any(|sandbox| theirs.starts_with(sandbox))
    };
    match fs::read_dir("/proc") {
        Ok(mut processes) => processes.any(|process| {
            process.map_or(true, |process| {
                runs(&process.path(), name, folder, &is_used)
            })
        }),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

fn name_in_kernel(program: &str) -> &[u8] {
    &program.as_bytes()[..program.len().min(LONGEST_NAME)]
}

/// Whether a process belongs to the user, has that name and uses such a folder.
fn runs(process: &Path, name: &[u8], folder: Folder, is_used: &dyn Fn(&Path) -> bool) -> bool {
    let person = rustix::process::geteuid().as_raw();
    process
        .metadata()
        .is_ok_and(|process| process.is_dir() && process.uid() == person)
        && !is_dead(process)
        && match fs::read(process.join("comm")) {
            Ok(comm) => comm.strip_suffix(b"\n") == Some(name) && uses(process, folder, is_used),
            Err(error) => !has_ended(&error),
        }
}

/// The earliest start of a program that the user runs in a session with the same folder, or in this
/// folder of a sandbox. `None`: the user runs none.
pub(crate) fn started(program: &str, folder: Folder, sandbox: Option<&Path>) -> Option<SystemTime> {
    let own = own(program, folder, sandbox).into_iter();
    own.filter_map(|process| match start(&process) {
        // It may have ended since.
        None => process.exists().then_some(SystemTime::UNIX_EPOCH),
        start => start,
    })
    .min()
}

/// The numbers of the processes that [`started`] means.
pub(crate) fn numbers(program: &str, folder: Folder, sandbox: Option<&Path>) -> Vec<i32> {
    let own = own(program, folder, sandbox).into_iter();
    own.filter_map(|process| process.file_name()?.to_str()?.parse().ok())
        .collect()
}

/// The folders in `/proc` of the processes that [`started`] means.
fn own(program: &str, folder: Folder, sandbox: Option<&Path>) -> Vec<PathBuf> {
    let name = name_in_kernel(program);
    let is_used = |theirs: &Path| match sandbox {
        Some(sandbox) => theirs.starts_with(sandbox),
        None => theirs == folder.path(),
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let paths = processes.map(|process| process.path());
    paths
        .filter(|process| runs(process, name, folder, &is_used))
        .collect()
}

/// The number of the process that has a lock, if the lock says it; [`locked_since`].
pub(crate) fn locked_by(lock: &Path) -> Option<i32> {
    locked_since(lock)?;
    number(&fs::read_link(lock).ok()?)?.parse().ok()
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
    let Some(number) = number(link) else {
        return false;
    };
    let process = Path::new("/proc").join(number);
    let person = rustix::process::geteuid().as_raw();
    // The kernel counts the start in hundredths of a second.
    start(&process).is_none_or(|start| start <= made + Duration::from_secs(1))
        && !is_dead(&process)
        // Last, since the process may end meanwhile.
        && process
            .metadata()
            .is_ok_and(|process| process.uid() == person)
}

/// The digits at the end of a link.
fn number(link: &Path) -> Option<&str> {
    let text = link.as_os_str().as_bytes();
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit());
    let number = &text[text.len() - digits.count()..];
    let number = std::str::from_utf8(number).ok();
    number.filter(|number| !number.is_empty())
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

/// When a process started, in ticks of the clock since the computer did; `proc_pid_stat(5)`.
pub(crate) fn ticks(process: &Path) -> Option<u64> {
    let stat = fs::read(process.join("stat")).ok()?;
    let ticks = std::str::from_utf8(fields(&stat).nth(19)?).ok()?;
    ticks.parse().ok()
}

/// When a process started; `proc_pid_stat(5)`, `proc_stat(5)`.
fn start(process: &Path) -> Option<SystemTime> {
    let ticks = ticks(process)?;
    let kernel = fs::read_to_string("/proc/stat").ok()?;
    let boot = kernel
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?;
    let boot = Duration::from_secs(boot.trim().parse().ok()?);
    let since =
        Duration::from_millis(ticks.checked_mul(1000)? / rustix::param::clock_ticks_per_second());
    SystemTime::UNIX_EPOCH.checked_add(boot + since)
}

/// Whether a process is a zombie, which has no environment any more; `proc_pid_stat(5)`.
fn is_dead(process: &Path) -> bool {
    let stat = fs::read(process.join("stat")).unwrap_or_default();
    matches!(fields(&stat).next(), Some(b"Z" | b"X"))
}

/// The fields of `proc_pid_stat(5)` from the third one on, which comes after the name.
fn fields(stat: &[u8]) -> impl Iterator<Item = &[u8]> {
    let end = stat.iter().rposition(|byte| *byte == b')');
    let after_name = end.map_or(&[][..], |end| &stat[end + 1..]);
    after_name
        .split(u8::is_ascii_whitespace)
        .filter(|field| !field.is_empty())
}

/// Why a process shows an empty environment.
#[derive(Debug, PartialEq, Eq)]
enum NoEnvironment {
    /// It gave back its memory, because it is ending.
    Ending,
    /// It is starting a program, and the kernel hasn't set the new environment yet.
    Starting,
    /// It has none, or the system doesn't tell.
    Empty,
}

fn why_empty(process: &Path) -> NoEnvironment {
    let Ok(stat) = fs::read(process.join("stat")) else {
        return NoEnvironment::Ending;
    };
    // "vsize" and "env_end" are the fields 23 and 51.
    let field = |number: usize| fields(&stat).nth(number - 3);
    if field(23) == Some(b"0") {
        NoEnvironment::Ending
    } else if field(51) == Some(b"0") {
        NoEnvironment::Starting
    } else {
        NoEnvironment::Empty
    }
}

/// Whether a process is gone, or isn't one: `/proc` has other folders as well.
fn has_ended(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::NOENT | Errno::SRCH)
    )
}

/// A process's environment, or its beginning if it is longer than the limit.
fn environment(process: &Path) -> io::Result<Vec<u8>> {
    let mut environment = Vec::new();
    File::open(process.join("environ"))?
        .take(limits::ENVIRONMENT + 1)
        .read_to_end(&mut environment)?;
    Ok(environment)
}

/// Whether a process uses such a folder. True if unknown: the system hides the environment of
/// privileged programs.
fn uses(process: &Path, folder: Folder, is_used: &dyn Fn(&Path) -> bool) -> bool {
    let end = Instant::now() + LONGEST_START;
    let mut was_empty = false;
    let environment = loop {
        match environment(process) {
            Ok(environment) if environment.len() as u64 > limits::ENVIRONMENT => return true,
            Ok(environment) if !environment.is_empty() => break environment,
            Ok(_) => match why_empty(process) {
                NoEnvironment::Ending => return false,
                NoEnvironment::Starting if Instant::now() < end => thread::yield_now(),
                // The kernel may have given it its environment since it was read.
                NoEnvironment::Empty if !was_empty => was_empty = true,
                NoEnvironment::Starting | NoEnvironment::Empty => return true,
            },
            Err(error) => return !has_ended(&error),
        }
    };
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
    is_used(&theirs)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_process_that_has_ended_does_not_run() {
        // Without an environment, it counts as one that uses the same folder.
        let mut child = Command::new("sleep").arg("60").env_clear().spawn().unwrap();
        let process = PathBuf::from(format!("/proc/{}", child.id()));
        let runs = |process: &Path, name: &[u8], folder| runs(process, name, folder, &|_| false);
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

    #[test]
    fn programs_with_another_folder_do_not_run_while_they_start_and_end() {
        let children: Vec<_> = (0..2)
            .map(|_| {
                thread::spawn(|| {
                    for _ in 0..300 {
                        let mut child = Command::new("true");
                        child.env_clear().env("XDG_DATA_HOME", "/elsewhere");
                        assert!(child.status().unwrap().success());
                    }
                })
            })
            .collect();
        let mut seen = 0;
        while children.iter().any(|child| !child.is_finished()) {
            seen += usize::from(is_running("true", Folder::Data));
        }
        for child in children {
            child.join().unwrap();
        }
        assert_eq!(seen, 0);
    }
}
