// SPDX-License-Identifier: GPL-3.0-or-later

//! Zeitgeist's database, read and cleared while Zeitgeist doesn't run.
//!
//! A separate program, [`answer`], reads a question and prints the answer.

mod events;

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use gio::Cancellable;
use gio::prelude::*;
use rustix::event::{PollFd, PollFlags, Timespec};
use serde::{Deserialize, Serialize};

use self::events::Events;
use crate::history::Span;
use crate::history::source::Problem;
use crate::system::child;
use crate::system::child::{Child, Limits, Program};
use crate::system::folders;
use crate::system::limits;

/// The name of the database in Zeitgeist's folder.
const FILE: &str = "activity.sqlite";

/// The program that opens the database.
const PROGRAM: &str = "privacy-panel-zeitgeist";

/// The limits of that program. A database of years takes minutes on a slow disk.
const LIMITS: Limits = Limits {
    time: limits::DATABASE_PATIENCE,
    output: 64 * 1024,
    memory: None,
};

/// The database of Zeitgeist.
#[derive(Debug)]
pub(crate) struct Database {
    file: PathBuf,
}

/// A question to the program, as a line of JSON.
#[derive(Debug, Serialize, Deserialize)]
enum Question {
    Count(Span),
    CountOf(Vec<u32>),
    /// The program clears nothing if its input ends before it is done.
    Clear(Span),
}

/// What the program prints, in JSON.
#[derive(Debug, Serialize, Deserialize)]
enum Reply {
    Count(usize),
    Cleared(usize, Option<Fault>),
    Fault(Fault),
}

/// A [`Problem`] of the database.
#[derive(Debug, Serialize, Deserialize)]
enum Fault {
    Broken(String),
    Unreadable(PathBuf, i32),
    StillThere,
    Cancelled,
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Unreadable(path, error) => {
                Self::Unreadable(path, error.raw_os_error().unwrap_or_default())
            }
            Problem::StillThere => Self::StillThere,
            Problem::Cancelled => Self::Cancelled,
            Problem::Broken(_, reason) => Self::Broken(reason),
            other => Self::Broken(other.to_string()),
        }
    }
}

impl Database {
    /// The file where Zeitgeist keeps it by default. `None`: it isn't there.
    pub(crate) fn usual() -> Option<Self> {
        let file = glib::user_data_dir().join("zeitgeist").join(FILE);
        file.exists().then_some(Self { file })
    }

    /// The file that a running Zeitgeist has open. `None`: the file is unknown, or isn't the
    /// user's.
    pub(crate) fn of_process(process: u32) -> Option<Self> {
        let files = fs::read_dir(format!("/proc/{process}/fd")).ok()?;
        let mut files = files.filter_map(|file| fs::read_link(file.ok()?.path()).ok());
        let file = files.find(|file| file.file_name().is_some_and(|name| name == FILE))?;
        let is_own = file.symlink_metadata().is_ok_and(|found| {
            found.is_file() && found.uid() == rustix::process::geteuid().as_raw()
        });
        is_own.then_some(Self { file })
    }

    /// Whether a process has it open.
    pub(crate) fn is_open_in(&self, process: u32) -> bool {
        Self::of_process(process).is_some_and(|other| other.file == self.file)
    }

    /// How many events of a span there are. Changes nothing.
    pub(crate) fn count(&self, span: Span) -> Result<usize, Problem> {
        self.counted(&Question::Count(span))
    }

    /// How many of some events there are. Changes nothing.
    pub(crate) fn count_of(&self, events: &[u32]) -> Result<usize, Problem> {
        self.counted(&Question::CountOf(events.to_vec()))
    }

    /// Removes the events of a span, and erases their bytes from the files. Returns how many there
    /// were, and why bytes are left in a file. On an error, nothing was removed.
    pub(crate) fn clear(
        &self,
        span: Span,
        cancellable: &Cancellable,
    ) -> Result<(usize, Option<Problem>), Problem> {
        match self.ask(&Question::Clear(span), &|| cancellable.is_cancelled())? {
            Reply::Cleared(removed, fault) => Ok((removed, fault.map(|fault| self.problem(fault)))),
            Reply::Fault(fault) => Err(self.problem(fault)),
            Reply::Count(_) => Err(failed(io::ErrorKind::InvalidData.into())),
        }
    }

    fn counted(&self, question: &Question) -> Result<usize, Problem> {
        match self.ask(question, &|| false)? {
            Reply::Count(count) => Ok(count),
            Reply::Fault(fault) => Err(self.problem(fault)),
            Reply::Cleared(..) => Err(failed(io::ErrorKind::InvalidData.into())),
        }
    }

    fn ask(&self, question: &Question, is_cancelled: &dyn Fn() -> bool) -> Result<Reply, Problem> {
        let mut asked = serde_json::to_vec(question).map_err(|error| failed(error.into()))?;
        asked.push(b'\n');
        let program = folders::own_programs().join(PROGRAM);
        let program = Program {
            name: Some(program.as_os_str()),
            arguments: &[self.file.as_os_str()],
            environment: vec![("PATH", child::path())],
        };
        let started = Child::start(&program, LIMITS);
        let output = started.and_then(|child| child.finish_unless(&asked, is_cancelled));
        let output = output.map_err(|failure| failed(failure.into()))?;
        serde_json::from_slice(&output.stdout).map_err(|_| {
            let said = String::from_utf8_lossy(&output.stderr);
            let reason = match said.trim() {
                "" => output.status.to_string(),
                said => said.to_owned(),
            };
            Problem::Broken(self.file.clone(), reason)
        })
    }

    fn problem(&self, fault: Fault) -> Problem {
        match fault {
            Fault::Broken(reason) => Problem::Broken(self.file.clone(), reason),
            Fault::Unreadable(path, code) => {
                Problem::Unreadable(path, io::Error::from_raw_os_error(code))
            }
            Fault::StillThere => Problem::StillThere,
            Fault::Cancelled => Problem::Cancelled,
        }
    }
}

/// The program couldn't be run.
fn failed(error: io::Error) -> Problem {
    Problem::Unreadable(folders::own_programs().join(PROGRAM), error)
}

/// Runs in the program: answers the question on standard input about the database in a file.
pub fn answer(file: &OsStr) -> io::Result<()> {
    let mut question = String::new();
    io::stdin().read_line(&mut question)?;
    let events = Events { file: file.into() };
    let counted = |count: Result<usize, Problem>| {
        count.map_or_else(|problem| Reply::Fault(problem.into()), Reply::Count)
    };
    let reply = match serde_json::from_str(&question)? {
        Question::Count(span) => counted(events.count(span)),
        Question::CountOf(some) => counted(events.count_of(&some)),
        Question::Clear(span) => match events.clear(span, has_input_ended) {
            Ok((removed, problem)) => Reply::Cleared(removed, problem.map(Fault::from)),
            Err(problem) => Reply::Fault(problem.into()),
        },
    };
    io::stdout().write_all(&serde_json::to_vec(&reply)?)
}

/// Whether the caller closed the standard input, to cancel.
fn has_input_ended() -> bool {
    let input = io::stdin();
    let mut events = [PollFd::new(&input, PollFlags::IN)];
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // The caller sends nothing after the question.
    rustix::event::poll(&mut events, Some(&now)).is_ok_and(|ready| ready > 0)
}
