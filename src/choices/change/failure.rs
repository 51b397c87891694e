// SPDX-License-Identifier: GPL-3.0-or-later

//! Why a reader doesn't have the requested state.

use std::path::PathBuf;

use crate::choices::everyone::client;
use crate::choices::state::State;
use crate::choices::store::Problem;
use crate::formats::document::DocumentProblem;
use crate::system::owner::Owner;
use crate::system::replace::NotReplaced;
use crate::system::service::ServiceProblem;
use crate::system::settings::fault::StorageFault;
use crate::system::text;

/// Why one reader doesn't have the requested state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The administrator locked it.
    #[error("locked by the administrator")]
    Locked,
    /// Another reader is locked off, so none was turned on.
    #[error("not tried, since another program is locked by the administrator")]
    NotTried,
    /// Another reader could not be turned on, so this one was not tried.
    #[error("not tried, since another program could not be turned on")]
    NotTriedAfter,
    /// The user or the administrator's rules denied permission to call the reader's service.
    #[error("permission was not given: {0}")]
    Refused(String),
    /// The reader's service did not answer in time.
    #[error("its service did not answer")]
    Silent,
    /// Settings can't be saved.
    #[error(transparent)]
    Storage(#[from] StorageFault),
    /// A file was not changed.
    #[error("{} was left as it is: {why}", text::path(.file))]
    NotReplaced {
        /// The file.
        file: PathBuf,
        /// Why.
        why: NotReplaced,
    },
    /// The settings belong to another user, and the caller is root.
    #[error("the settings belong to {0}")]
    Foreign(Owner),
    /// The value was written, but a more general setting overrides it.
    #[error("overruled by another setting of the desktop")]
    Overruled,
    /// The reader can't be read.
    #[error(transparent)]
    Problem(Problem),
    /// The setting applies to all users, and was not changed.
    #[error("not changed for everyone: {problem}")]
    Everyone {
        /// The choice's ID.
        choice: &'static str,
        /// The wanted state.
        state: State,
        /// Why.
        problem: client::Problem,
    },
    /// The storage has another value, and no error was reported.
    #[error("it was not saved{}", .0.as_deref().map(|words| format!(": {words}")).unwrap_or_default())]
    NotSaved(Option<String>),
}

impl Failure {
    /// Whether the failure matters only to the reader's program. If the program isn't installed,
    /// nothing failed: the setting was written as far as possible.
    pub const fn is_of_a_program(&self) -> bool {
        matches!(
            self,
            Self::Locked
                | Self::Overruled
                | Self::Problem(_)
                | Self::NotTried
                | Self::NotTriedAfter
        )
    }

    /// Whether it follows from the failure of another reader.
    pub const fn is_consequence(&self) -> bool {
        matches!(self, Self::NotTried | Self::NotTriedAfter)
    }
}

/// Converts an error of reading or writing.
impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Service(ServiceProblem::NoAnswer(_)) => Self::Silent,
            Problem::Service(ServiceProblem::Refused { message, .. }) => Self::Refused(message),
            Problem::Service(ServiceProblem::Failed { message, .. }) => {
                Self::NotSaved(Some(message))
            }
            Problem::Document(DocumentProblem::NotWritable { folder, reason }) => {
                Self::Storage(StorageFault::NotWritable { folder, reason })
            }
            Problem::Document(DocumentProblem::NotReplaced { file, why }) => {
                Self::NotReplaced { file, why }
            }
            other => Self::Problem(other),
        }
    }
}
