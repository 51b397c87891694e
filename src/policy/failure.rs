// SPDX-License-Identifier: GPL-3.0-or-later

//! Why a policy can't be read, or isn't in force.

use std::io;
use std::path::PathBuf;

use super::compile::Conflict;
use super::report::Report;
use crate::formats::document::DocumentProblem;
use crate::formats::mistake::Mistake;
use crate::system::dconf::command;
use crate::system::i18n::system_error;
use crate::system::scratch;
use crate::system::text;

/// Why a policy could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// There is no policy.
    #[error("there is no policy")]
    Missing(PathBuf),
    /// The file has mistakes.
    #[error("{} mistakes", .0.len())]
    Mistakes(Vec<Mistake>),
}

/// Why nothing was changed, or why the policy is not in force.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A system call failed.
    #[error("{}: {reason}", text::path(.file))]
    System {
        /// The file or folder.
        file: PathBuf,
        /// The system's message, translated.
        reason: String,
    },
    /// The caller may not write to a folder.
    #[error("{} cannot be written: {reason}", text::path(.folder))]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// The system's message, translated.
        reason: String,
        /// Whether another user may write to it.
        denied: bool,
    },
    /// Another kind of file has the name of one of the policy's files or folders.
    #[error("{} is in the way", text::path(.0))]
    InTheWay(PathBuf),
    /// Another program put a file into the policy's folder.
    #[error("{} was not made by privacyctl", text::path(.0))]
    Foreign(PathBuf),
    /// The profile is a link, so another program manages it.
    #[error("{} is a link", text::path(.0))]
    ProfileIsLink(PathBuf),
    /// The policy's line is in a profile that is a link, so it cannot be removed.
    #[error("{} is a link", text::path(.0))]
    LineInLink(PathBuf),
    /// The profile names no user database. The policy's line must follow one.
    #[error("{} names no database of the person's own", text::path(.0))]
    NoUserDatabase(PathBuf),
    /// A file of another program cannot be parsed.
    #[error("{0}")]
    Broken(String),
    /// Two readers need different values.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The program `dconf` is not installed, or GSettings has no module for dconf.
    #[error("dconf is not installed")]
    NoDconf,
    /// The database could not be compiled.
    #[error("the database could not be compiled: {0}")]
    NotCompiled(String),
    /// Another process holds the lock.
    #[error("another one is at work")]
    Busy,
    /// Everything was written, but new programs read other values.
    #[error("not in force")]
    NotInForce(Box<Report>),
}

impl From<DocumentProblem> for Failure {
    fn from(problem: DocumentProblem) -> Self {
        match problem {
            DocumentProblem::Broken(mistake) => Self::Broken(mistake),
            DocumentProblem::Unreadable { file, reason }
            | DocumentProblem::NotWritable {
                folder: file,
                reason,
            } => Self::System { file, reason },
            DocumentProblem::NotReplaced { file, why } => Self::System {
                file,
                reason: why.to_string(),
            },
        }
    }
}

impl From<command::Failure> for Failure {
    fn from(failure: command::Failure) -> Self {
        match failure {
            command::Failure::NotInstalled => Self::NoDconf,
            command::Failure::Failed(reason) => Self::NotCompiled(reason),
            command::Failure::NoScratch(error) => no_scratch()(error),
        }
    }
}

/// Turns an error of a file into a failure.
pub(crate) fn system(file: PathBuf) -> impl FnOnce(io::Error) -> Failure {
    move |error| Failure::System {
        file,
        reason: system_error(&error),
    }
}

/// Turns an error of the temporary folder into a failure.
pub(crate) fn no_scratch() -> impl FnOnce(io::Error) -> Failure {
    system(scratch::base())
}
