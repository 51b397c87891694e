// SPDX-License-Identifier: GPL-3.0-or-later

//! The one way to start a child process.
//!
//! privacyctl mostly starts children as root, while it holds the lock of a policy. So a child
//! inherits nothing: it has its own session without a controlling terminal, only its three standard
//! streams, an environment built from scratch, and `/` as its folder. A child can't delay its
//! caller either: its output, memory and time are limited. A child that exceeds a limit is killed
//! but not waited for: a traced child, or one that waits for a file system, would not end. A child
//! doesn't outlive the thread that started it, since that thread's lock protects its work.
//!
//! GLib starts the process because it closes all descriptors in the child. [`std::process`] can't
//! do that without unsafe code. Between fork and exec there are only system calls.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::fs::{Access, OFlags};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Resource, Rlimit, Signal, WaitOptions};

use crate::system::i18n::system_error;

/// This program, even while the package manager replaces it.
const OWN_PROGRAM: &str = "/proc/self/exe";

/// The search path without `PATH`, as in the C library.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// How much of a child's standard error is kept, in bytes.
const LARGEST_COMPLAINT: usize = 64 * 1024;

/// How long a killed child has to end.
const LAST_PATIENCE: Duration = Duration::from_millis(200);

/// How often a child is polled if the kernel has no pidfd.
const EVERY: Duration = Duration::from_millis(10);

/// How often it is checked whether the work was cancelled.
const CANCELLED_EVERY: Duration = Duration::from_millis(100);

/// The limits of a child.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The time from [`Child::finish`] to the child's end.
    pub(crate) time: Duration,
    /// The size of its standard output, in bytes.
    pub(crate) output: usize,
    /// The memory for its data, in bytes. `None`: no limit.
    pub(crate) memory: Option<u64>,
}

/// The program to start.
#[derive(Debug)]
pub(crate) struct Program<'a> {
    /// The name of a program in `PATH`, or its file. `None`: this program.
    pub(crate) name: Option<&'a OsStr>,
    /// The arguments after the name.
    pub(crate) arguments: &'a [&'a OsStr],
    /// The whole environment.
    pub(crate) environment: Vec<(&'static str, OsString)>,
}

/// A running child.
#[derive(Debug)]
pub(crate) struct Child {
    process: Pid,
    /// How it ended. [`None`] while it runs.
    status: Option<ExitStatus>,
    input: Option<OwnedFd>,
    output: OwnedFd,
    complaints: OwnedFd,
    limits: Limits,
}

/// The output of a child that ended by itself.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    /// Cut to the beginning if it is long.
    pub(crate) stderr: Vec<u8>,
}

/// Why a child didn't run to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// There is no such program.
    #[error("{}", system_error(&Errno::NOENT.into()))]
    NotInstalled,
    /// It took too long and was killed.
    #[error("{}", system_error(&Errno::TIME.into()))]
    TooSlow,
    /// It printed too much and was killed.
    #[error("{}", system_error(&Errno::FBIG.into()))]
    TooMuch,
    /// It couldn't be started, or its streams failed.
    #[error("{}", system_error(.0))]
    System(#[from] io::Error),
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotInstalled => Errno::NOENT.into(),
            Failure::TooSlow => Errno::TIME.into(),
            Failure::TooMuch => Errno::FBIG.into(),
            Failure::System(error) => error,
        }
    }
}

impl From<Errno> for Failure {
    fn from(error: Errno) -> Self {
        Self::System(error.into())
    }
}

impl Child {
    /// Starts a child. It may wait for its input until [`Child::finish`].
    pub(crate) fn start(program: &Program<'_>, limits: Limits) -> Result<Self, Failure> {
        let file = match program.name {
            Some(name) => find(name).ok_or(Failure::NotInstalled)?,
            None => PathBuf::from(OWN_PROGRAM),
        };
        let arguments = program.arguments.iter().map(|word| Path::new(*word));
        let words: Vec<&Path> = std::iter::once(file.as_path()).chain(arguments).collect();
        let variables: Vec<PathBuf> = program
            .environment
            .iter()
            .map(|(name, value)| {
                let mut variable = OsString::from(name);
                variable.push("=");
                variable.push(value);
                variable.into()
            })
            .collect();
        let variables: Vec<&Path> = variables.iter().map(PathBuf::as_path).collect();
        let memory = limits.memory;
        let parent = rustix::process::getpid();
        let set_up = move || {
            // These can't fail: the child doesn't lead a group yet, and lowering a limit is always
            // allowed.
            let _ = rustix::process::setsid();
            let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
            if rustix::process::getppid() != Some(parent) {
                // The parent died before prctl(2), so the kernel sends no signal.
                let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::KILL);
            }
            if memory.is_some() {
                let limit = Rlimit {
                    current: memory,
                    maximum: memory,
                };
                let _ = rustix::process::setrlimit(Resource::Data, limit);
            }
        };
        let (process, input, output, complaints) = glib::spawn_async_with_pipes(
            "/",
            &words,
            &variables,
            glib::SpawnFlags::DO_NOT_REAP_CHILD | glib::SpawnFlags::CLOEXEC_PIPES,
            Some(Box::new(set_up)),
        )
        .map_err(|error| io::Error::other(error.message().to_owned()))?;
        let process = Pid::from_raw(process.0).ok_or(Errno::SRCH)?;
        Ok(Self {
            process,
            status: None,
            input: Some(input),
            output,
            complaints,
            limits,
        })
    }

    /// Sends the input to the child and waits for its end.
    pub(crate) fn finish(self, input: &[u8]) -> Result<Output, Failure> {
        self.run(input, None)
    }

    /// Like [`Self::finish`], but closes the child's input only if the work is cancelled.
    pub(crate) fn finish_unless(
        self,
        input: &[u8],
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<Output, Failure> {
        self.run(input, Some(is_cancelled))
    }

    fn run(
        mut self,
        input: &[u8],
        is_cancelled: Option<&dyn Fn() -> bool>,
    ) -> Result<Output, Failure> {
        let end = Instant::now() + self.limits.time;
        let mut pending = input;
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let mut open = [true; 2];
        for stream in self.input.iter().chain([&self.output, &self.complaints]) {
            rustix::fs::fcntl_setfl(stream, OFlags::NONBLOCK)?;
        }
        let ended = rustix::process::pidfd_open(self.process, PidfdFlags::empty()).ok();
        loop {
            if let Some(stream) = self.input.as_ref().filter(|_| !pending.is_empty()) {
                match rustix::io::write(stream, pending) {
                    Ok(written) => pending = pending.get(written..).unwrap_or_default(),
                    Err(Errno::AGAIN | Errno::INTR) => {}
                    // The child closed its input. Its own messages say why.
                    Err(_) => pending = &[],
                }
            }
            if pending.is_empty() && is_cancelled.is_none_or(|is_cancelled| is_cancelled()) {
                // The input is complete. The child may wait for its end.
                self.input = None;
            }
            // Checked before the streams: after the child's end, they have all its output.
            let status = self.status()?;
            if open[0] {
                open[0] = read(&self.output, &mut stdout, self.limits.output)?;
                if stdout.len() > self.limits.output {
                    return Err(Failure::TooMuch);
                }
            }
            if open[1] {
                open[1] = read(&self.complaints, &mut stderr, 2 * LARGEST_COMPLAINT)?;
                stderr.truncate(LARGEST_COMPLAINT);
            }
            if let Some(status) = status {
                return Ok(Output {
                    status,
                    stdout,
                    stderr,
                });
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Failure::TooSlow);
            }
            let mut events = Vec::new();
            events.extend(
                ended
                    .as_ref()
                    .map(|ended| PollFd::new(ended, PollFlags::IN)),
            );
            if let Some(stream) = self.input.as_ref().filter(|_| !pending.is_empty()) {
                events.push(PollFd::new(stream, PollFlags::OUT));
            }
            for (stream, open) in [&self.output, &self.complaints].into_iter().zip(open) {
                if open {
                    events.push(PollFd::from_borrowed_fd(stream.as_fd(), PollFlags::IN));
                }
            }
            let turn = match (&ended, is_cancelled) {
                (None, _) => left.min(EVERY),
                (Some(_), Some(_)) => left.min(CANCELLED_EVERY),
                (Some(_), None) => left,
            };
            match rustix::event::poll(&mut events, Timespec::try_from(turn).ok().as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// How the child ended. `None` while it runs.
    fn status(&mut self) -> Result<Option<ExitStatus>, Failure> {
        if self.status.is_none() {
            let found = rustix::process::waitpid(Some(self.process), WaitOptions::NOHANG)?;
            self.status = found.map(|(_, status)| ExitStatus::from_raw(status.as_raw()));
        }
        Ok(self.status)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !matches!(self.status(), Ok(None)) {
            return;
        }
        // The child leads the process group of its session.
        let _ = rustix::process::kill_process_group(self.process, Signal::KILL);
        let end = Instant::now() + LAST_PATIENCE;
        while matches!(self.status(), Ok(None)) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Reads from a stream, until there are more than `most` bytes. Returns whether more may come.
fn read(stream: &OwnedFd, into: &mut Vec<u8>, most: usize) -> Result<bool, Failure> {
    let mut buffer = [0; 16 * 1024];
    while into.len() <= most {
        match rustix::io::read(stream, &mut buffer) {
            Ok(0) => return Ok(false),
            Ok(count) => into.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => break,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

/// The caller's `PATH`, for a child that starts programs itself.
pub(crate) fn path() -> OsString {
    std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into())
}

/// The file of a program. Relative folders in `PATH` are skipped: the child has another folder.
fn find(program: &OsStr) -> Option<PathBuf> {
    let path = path();
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    // A file's own name has no folder before it.
    let file = Path::new(program).is_absolute().then(PathBuf::new);
    folders
        .chain(file)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file() && rustix::fs::access(file, Access::EXEC_OK).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str, input: &[u8], limits: Limits) -> Result<Output, Failure> {
        let program = Program {
            name: Some("sh".as_ref()),
            arguments: &["-c".as_ref(), script.as_ref()],
            environment: vec![("PATH", path()), ("GIVEN", "this alone".into())],
        };
        Child::start(&program, limits)?.finish(input)
    }

    const LIMITS: Limits = Limits {
        time: Duration::from_secs(20),
        output: 1024 * 1024,
        memory: None,
    };

    fn printed(script: &str) -> String {
        let output = run(script, b"", LIMITS).unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn a_child_has_nothing_of_its_callers() {
        // A descriptor without the close-on-exec flag.
        let file = std::fs::File::open("/dev/null").unwrap();
        let leaky = rustix::io::fcntl_dupfd_cloexec(&file, 200).unwrap();
        rustix::io::fcntl_setfd(&leaky, rustix::io::FdFlags::empty()).unwrap();
        // Descriptor 3 is the shell's own, of the folder that it lists.
        let found = printed("for file in /proc/$$/fd/*; do echo ${file##*/}; done; pwd; cat");
        assert_eq!(found, "0\n1\n2\n3\n/\n");
        let variables = printed("env | grep -v '^\\(PWD\\|_\\|SHLVL\\|OLDPWD\\)=' | sort");
        assert!(variables.starts_with("GIVEN=this alone\nPATH="));
        assert_eq!(variables.lines().count(), 2, "{variables}");
        // proc(5), stat: the process group, the session and the terminal.
        let stat = printed("echo $$; cut -d ' ' -f 5-7 /proc/$$/stat");
        let process = stat.lines().next().unwrap();
        assert_eq!(stat, format!("{process}\n{process} {process} 0\n"));
        let terminal = run("exec </dev/tty", b"", LIMITS).unwrap();
        assert!(!terminal.status.success());
    }

    #[test]
    fn a_child_reads_all_of_its_input_while_it_prints() {
        let input = vec![b'x'; 700_000];
        let output = run("cat; echo complaint >&2; exit 3", &input, LIMITS).unwrap();
        assert!(output.stdout == input);
        assert_eq!(output.stderr, b"complaint\n");
        assert_eq!(output.status.code(), Some(3));
    }

    #[test]
    fn a_child_is_told_of_the_end_of_its_input() {
        let output = run("cat >/dev/null; echo read", b"all of it", LIMITS).unwrap();
        assert_eq!(output.stdout, b"read\n");
    }

    #[test]
    fn a_child_keeps_its_input_until_the_work_is_cancelled() {
        let program = Program {
            name: Some("/bin/sh".as_ref()),
            arguments: &[
                "-c".as_ref(),
                "read line; echo $line; cat; echo end".as_ref(),
            ],
            environment: vec![("PATH", path())],
        };
        let began = Instant::now();
        let child = Child::start(&program, LIMITS).unwrap();
        let waited = CANCELLED_EVERY * 3;
        let output = child.finish_unless(b"question\n", &|| began.elapsed() > waited);
        assert_eq!(output.unwrap().stdout, b"question\nend\n");
        assert!(began.elapsed() > waited);
    }

    #[test]
    fn a_child_that_does_not_end_is_killed_with_its_own_children() {
        let limits = Limits {
            time: Duration::from_secs(3),
            ..LIMITS
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("process");
        let script = format!("sleep 1000 & echo $! >{}; sleep 1000", file.display());
        let began = Instant::now();
        let done = run(&script, b"", limits);
        assert!(matches!(done, Err(Failure::TooSlow)), "{done:?}");
        assert!(began.elapsed() < Duration::from_secs(60));
        let sleeper = std::fs::read_to_string(file).unwrap();
        let gone = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", sleeper.trim()));
            stat.map_or(true, |stat| stat.contains(") Z ") || stat.contains(") X "))
        };
        while !gone() {
            assert!(began.elapsed() < Duration::from_secs(60), "it still runs");
            std::thread::sleep(EVERY);
        }
    }

    #[test]
    fn a_child_that_leaves_another_one_behind_is_not_waited_for_twice() {
        let began = Instant::now();
        let output = run("echo done; setsid sleep 60 &", b"", LIMITS).unwrap();
        assert_eq!(output.stdout, b"done\n");
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_child_that_prints_too_much_is_killed_and_its_complaints_are_cut() {
        let limits = Limits {
            output: 100_000,
            ..LIMITS
        };
        let done = run("yes", b"", limits);
        assert!(matches!(done, Err(Failure::TooMuch)), "{done:?}");
        let output = run("head -c 1000000 /dev/zero >&2", b"", LIMITS).unwrap();
        assert_eq!(output.stderr.len(), LARGEST_COMPLAINT);
    }

    #[test]
    fn a_child_gets_no_more_memory_than_its_limit() {
        let limits = Limits {
            memory: Some(64 * 1024 * 1024),
            ..LIMITS
        };
        let script = "x=$(head -c 200000000 /dev/zero | tr '\\0' x); echo ${#x}";
        assert_eq!(run("ulimit -d", b"", limits).unwrap().stdout, b"65536\n");
        assert!(!run(script, b"", limits).unwrap().status.success());
    }

    #[test]
    fn a_program_that_is_not_installed_is_told_from_one_that_fails() {
        let program = Program {
            name: Some("privacy-panel-no-such-program".as_ref()),
            arguments: &[],
            environment: Vec::new(),
        };
        let started = Child::start(&program, LIMITS);
        assert!(matches!(started, Err(Failure::NotInstalled)));
    }
}
