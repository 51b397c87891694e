// SPDX-License-Identifier: GPL-3.0-or-later

//! An administrator's policy: defaults and locks of choices, for every user of a computer.
//!
//! A policy is a file ([`parse()`]). It is compiled ([`Compiled`]) into a dconf database for every
//! reader of the catalogue, installed or not. [`install`] writes that database into a computer or
//! an image, and adds its line to the profile that all users' programs read. [`install::read_back`]
//! reads in a new process what is in force. Measures ([`crate::choices::measure`]) decide for
//! programs outside dconf; [`uncovered()`] lists the programs without one.

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
pub use install::{Applied, Preview, Target, wanted_measures};
pub use parse::parse;
pub use report::{DecidedBy, KeyReport, LeftOut, ReaderReport, Report, Why};
pub use uncovered::{Alternative, Uncovered, uncovered};

/// The path of the policy file.
pub const FILE: &str = "/etc/privacy-panel/policy.toml";

/// The maximum size of a policy file, in bytes.
pub const LARGEST_FILE: u64 = 256 * 1024;

/// The decisions of an administrator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Who manages the computer.
    pub organisation: Option<Organisation>,
    /// The decided choices, in the order of [`crate::choices::choice::ALL`].
    pub decisions: Vec<Decision>,
    /// The dconf profiles that get the policy's line.
    pub profiles: Profiles,
    /// The text of the file.
    pub text: String,
}

impl Policy {
    /// Whether it decides no choice.
    pub fn decides_nothing(&self) -> bool {
        self.decisions.is_empty()
    }
}

/// The dconf profiles that a policy is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profiles {
    /// `user`, which programs read by default.
    #[default]
    User,
    /// Every profile in `/etc/dconf/profile` that has a user's database.
    All,
}
