// SPDX-License-Identifier: GPL-3.0-or-later

//! An administrator's policy: defaults and locks of choices, for every person on a computer.
//!
//! A policy is a file ([`parse`]) that is compiled ([`Compiled`]) for every reader of the
//! catalogue, installed or not, into a dconf database of its own. [`install`] puts that database
//! into a computer or an image, and its line into the profile that everybody's programs read;
//! [`install::read_back`] lets a fresh process say what is in force then. What other programs have to turn
//! them off for everybody is seen to as well ([`crate::choices::opt_out`]); [`uncovered`] names those that have
//! nothing of the kind.

pub mod compile;
pub mod diff;
pub(crate) mod failure;
pub mod install;
pub mod parse;
pub(crate) mod report;
pub mod uncovered;

pub use crate::choices::decision::{Decision, Lists};
pub use crate::choices::organisation::Organisation;
pub use compile::Compiled;
pub use failure::{Failure, Unreadable};
pub use install::{Applied, Preview, Target, opt_outs_of, wanted_opt_outs};
pub use parse::parse;
pub use report::{KeyReport, ReaderReport, Report};
pub use uncovered::{Alternative, Uncovered, uncovered};

/// Where a policy is.
pub const FILE: &str = "/etc/privacy-panel/policy.toml";

/// How large a policy may be, in bytes.
pub const LARGEST_FILE: u64 = 256 * 1024;

/// What an administrator decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Who the administrator is.
    pub organisation: Option<Organisation>,
    /// The choices that it says something about, in the order of [`crate::choices::choice::ALL`].
    pub decisions: Vec<Decision>,
    /// The file's own text.
    pub text: String,
}
