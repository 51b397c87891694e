// SPDX-License-Identifier: GPL-3.0-or-later

//! Why a policy could not be read, or is not in force.

use std::io;
use std::path::PathBuf;

use super::compile::Conflict;
use super::report::Report;
use crate::formats::mistake::Mistake;
use crate::formats::toml::DocumentProblem;
use crate::system::dconf::command;
use crate::system::i18n::system_error;
use crate::system::scratch;
use crate::system::text;

/// Why a policy could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// There is none.
    #[error("there is no policy")]
    Missing(PathBuf),
    /// What is wrong in it.
    #[error("{} mistakes", .0.len())]
    Mistakes(Vec<Mistake>),
}

/// Why nothing was changed, or what was changed is not in force.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The system said no.
    #[error("{}: {reason}", text::path(.file))]
    System {
        /// The file or folder.
        file: PathBuf,
        /// What the system says, in its language.
        reason: String,
    },
    /// This person may not.
    #[error("{} cannot be written: {reason}", text::path(.folder))]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// What the system says, in its language.
        reason: String,
        /// Whether another person may.
        denied: bool,
    },
    /// Something else stands where a file or folder of ours would be.
    #[error("{} is in the way", text::path(.0))]
    InTheWay(PathBuf),
    /// Somebody put a file into our folder.
    #[error("{} is somebody else's", text::path(.0))]
    Foreign(PathBuf),
    /// The profile is a link: it belongs to something that manages it.
    #[error("{} is a link", text::path(.0))]
    ProfileIsLink(PathBuf),
    /// Our line is in a profile that is a link, and cannot be taken out of it.
    #[error("{} is a link", text::path(.0))]
    LineInLink(PathBuf),
    /// The profile has no place for our line.
    #[error("{} names no database of the person's own", text::path(.0))]
    NoUserDatabase(PathBuf),
    /// A file of another program's that is to be changed has a mistake in it.
    #[error("{0}")]
    Broken(String),
    /// Two readers want different things.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// The program `dconf` is not installed, or GSettings has no module for dconf.
    #[error("dconf is not installed")]
    NoDconf,
    /// The database could not be compiled.
    #[error("the database could not be compiled: {0}")]
    NotCompiled(String),
    /// Another one is at work, and does not come to an end.
    #[error("another one is at work")]
    Busy,
    /// All was written, and is not what a program that starts now reads.
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

/// What the system said about a file or folder.
pub(crate) fn system(file: PathBuf) -> impl FnOnce(io::Error) -> Failure {
    move |error| Failure::System {
        file,
        reason: system_error(&error),
    }
}

/// What is made for a moment cannot be.
pub(crate) fn no_scratch() -> impl FnOnce(io::Error) -> Failure {
    system(scratch::base())
}
