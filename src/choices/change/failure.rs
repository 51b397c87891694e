// SPDX-License-Identifier: GPL-3.0-or-later

//! Why a reader was not changed as wished.

use std::path::PathBuf;

use crate::choices::store::Problem;
use crate::formats::toml::DocumentProblem;
use crate::system::owner::Owner;
use crate::system::replace::NotReplaced;
use crate::system::service::ServiceProblem;
use crate::system::text;

/// Why one reader was not changed as wished.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The administrator locked it.
    #[error("locked by the administrator")]
    Locked,
    /// Another reader is locked off, so that none was turned on.
    #[error("not tried, since another program is locked by the administrator")]
    NotTried,
    /// Another reader could not be turned on, so that none was.
    #[error("not tried, since another program could not be turned on")]
    NotTriedAfter,
    /// The reader's service was not permitted to, by the person or by the administrator's rules.
    #[error("permission was not given: {0}")]
    Refused(String),
    /// The reader's service was not done in time.
    #[error("its service did not answer")]
    Silent,
    /// GSettings has no storage on this computer.
    #[error("settings are kept in memory only")]
    MemoryOnly,
    /// The settings service was not done in time.
    #[error("the settings service did not answer")]
    NoAnswer,
    /// There is no bus to reach the settings service through.
    #[error("there is no session bus")]
    NoBus,
    /// The folder of the storage takes no files.
    #[error("{} cannot be written: {reason}", text::path(.folder))]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// What the system says, in its language.
        reason: String,
    },
    /// A file was left as it is.
    #[error("{} was left as it is: {why}", text::path(.file))]
    NotReplaced {
        /// The file.
        file: PathBuf,
        /// Why.
        why: NotReplaced,
    },
    /// The settings are another user's, and the caller is root.
    #[error("the settings belong to {0}")]
    Foreign(Owner),
    /// It was written, but a wider setting keeps the program from sending.
    #[error("overruled by another setting of the desktop")]
    Overruled,
    /// The reader cannot be read.
    #[error(transparent)]
    Problem(Problem),
    /// The storage holds something else, and nothing says why.
    #[error("it was not saved{}", .0.as_deref().map(|words| format!(": {words}")).unwrap_or_default())]
    NotSaved(Option<String>),
}

impl Failure {
    /// Whether it follows from what happened to another reader.
    pub const fn is_consequence(&self) -> bool {
        matches!(self, Self::NotTried | Self::NotTriedAfter)
    }
}

/// What stood in the way of reading or writing.
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Service(ServiceProblem::NoAnswer(_)) => Self::Silent,
            Problem::Service(ServiceProblem::Refused { message, .. }) => Self::Refused(message),
            Problem::Service(ServiceProblem::Failed { message, .. }) => {
                Self::NotSaved(Some(message))
            }
            Problem::Document(DocumentProblem::NotWritable { folder, reason }) => {
                Self::NotWritable { folder, reason }
            }
            Problem::Document(DocumentProblem::NotReplaced { file, why }) => {
                Self::NotReplaced { file, why }
            }
            other => Self::Problem(other),
        }
    }
}
