// SPDX-License-Identifier: GPL-3.0-or-later

//! Asks a running program of the user to quit, as the session does when the user logs out.
//!
//! A process is recognized by its file, its user, its display and its start, and is held by a
//! descriptor while it is asked: no other process ever gets the signal. None is killed.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::Timespec;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::system::processes;

/// The variables with the display that a process uses.
const DISPLAYS: [&str; 2] = ["WAYLAND_DISPLAY", "DISPLAY"];

/// What `/proc` appends to the name of a file that was replaced since the process started;
/// `proc_pid_exe(5)`.
const REPLACED: &[u8] = b" (deleted)";

/// A running program of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    number: i32,
    /// When it started, in ticks since the computer did. Tells it from a later process of that
    /// number.
    start: u64,
}

impl Process {
    /// The process of that number, if it runs one of these files as the user, on this display.
    pub(crate) fn of(number: i32, files: &[PathBuf]) -> Option<Self> {
        let process = Self {
            number,
            start: processes::ticks(&folder(number))?,
        };
        let folder = folder(number);
        let is_ours = folder.metadata().ok()?.uid() == rustix::process::geteuid().as_raw();
        let runs = program(&folder).is_some_and(|program| files.contains(&program));
        // The start again: all of this may have been of two processes.
        (is_ours && runs && is_on_this_display(&folder) && process.is_same()).then_some(process)
    }

    fn is_same(&self) -> bool {
        processes::ticks(&folder(self.number)) == Some(self.start)
    }

    /// Asks it to quit, and waits until it has ended. False if it is still running after that time.
    ///
    /// # Errors
    ///
    /// The system refuses.
    pub fn quit(&self, patience: Duration) -> io::Result<bool> {
        let Some(number) = Pid::from_raw(self.number) else {
            return Ok(true);
        };
        let process = match pidfd_open(number, PidfdFlags::empty()) {
            Err(Errno::SRCH) => return Ok(true),
            process => process?,
        };
        if !self.is_same() {
            return Ok(true);
        }
        match pidfd_send_signal(&process, Signal::TERM) {
            Err(Errno::SRCH) => return Ok(true),
            sent => sent?,
        }
        let end = Instant::now() + patience;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            // Readable once the process has ended; `pidfd_open(2)`.
            let mut wanted = [PollFd::new(&process, PollFlags::IN)];
            match poll(&mut wanted, Timespec::try_from(left).ok().as_ref()) {
                Err(Errno::INTR) => {}
                ended => return Ok(ended? > 0),
            }
        }
    }
}

fn folder(number: i32) -> PathBuf {
    Path::new("/proc").join(number.to_string())
}

/// The file that a process runs.
fn program(process: &Path) -> Option<PathBuf> {
    let mut file = fs::read_link(process.join("exe"))
        .ok()?
        .into_os_string()
        .into_vec();
    if file.ends_with(REPLACED) {
        file.truncate(file.len() - REPLACED.len());
    }
    Some(OsString::from_vec(file).into())
}

/// Whether a process shows its windows where this one does: only there can it be opened again.
fn is_on_this_display(process: &Path) -> bool {
    let Ok(environment) = fs::read(process.join("environ")) else {
        return false;
    };
    // A process that has just begun to run the file doesn't show it yet.
    if environment.is_empty() {
        return false;
    }
    let theirs = |name: &str| {
        let mut variables = environment.split(|byte| *byte == 0);
        variables
            .find_map(|variable| variable.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
            .map(<[u8]>::to_vec)
    };
    let ours = |name: &str| std::env::var_os(name).map(OsString::into_vec);
    DISPLAYS.iter().all(|name| theirs(name) == ours(name))
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    fn sleeping(command: &mut Command) -> (Child, Vec<PathBuf>) {
        let child = command.spawn().unwrap();
        let files = vec![fs::canonicalize("/bin/sh").unwrap()];
        let end = Instant::now() + Duration::from_secs(10);
        while find(&child, &files).is_none() && Instant::now() < end {
            std::thread::yield_now();
        }
        (child, files)
    }

    fn find(child: &Child, files: &[PathBuf]) -> Option<Process> {
        Process::of(i32::try_from(child.id()).unwrap(), files)
    }

    fn shell(script: &str) -> Command {
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script]);
        shell
    }

    #[test]
    fn a_program_quits_when_it_is_asked_and_is_no_longer_found() {
        let (mut child, files) = sleeping(&mut shell("while :; do sleep 0.1; done"));
        let process = find(&child, &files).unwrap();
        assert_eq!(find(&child, &[PathBuf::from("/bin/other")]), None);
        assert!(process.quit(Duration::from_secs(20)).unwrap());
        child.wait().unwrap();
        assert_eq!(find(&child, &files), None);
        assert!(process.quit(Duration::ZERO).unwrap());
    }

    #[test]
    fn a_program_that_goes_on_is_left_alone() {
        let script = "trap '' TERM; echo; while :; do sleep 0.1; done";
        let mut command = shell(script);
        let (mut child, files) = sleeping(command.stdout(std::process::Stdio::piped()));
        // It ignores the signal now.
        let mut line = [0];
        io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut line).unwrap();
        let process = find(&child, &files).unwrap();
        assert!(!process.quit(Duration::from_millis(300)).unwrap());
        assert_eq!(find(&child, &files), Some(process));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_later_process_of_the_same_number_gets_no_signal() {
        let (mut child, files) = sleeping(&mut shell("while :; do sleep 0.1; done"));
        let process = find(&child, &files).unwrap();
        let earlier = Process {
            start: process.start - 1,
            ..process
        };
        assert!(earlier.quit(Duration::from_secs(1)).unwrap());
        assert_eq!(child.try_wait().unwrap(), None);
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn a_program_on_another_display_is_not_found() {
        let mut command = shell("sleep 60");
        let mut child = command.env("DISPLAY", "elsewhere:7").spawn().unwrap();
        let files = vec![fs::canonicalize("/bin/sh").unwrap()];
        let end = Instant::now() + Duration::from_secs(10);
        let folder = folder(i32::try_from(child.id()).unwrap());
        while program(&folder) != Some(files[0].clone()) && Instant::now() < end {
            std::thread::yield_now();
        }
        assert_eq!(find(&child, &files), None);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
