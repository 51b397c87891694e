// SPDX-License-Identifier: GPL-3.0-or-later

//! The settings in force compared with the policy, for each reader and each key.

use std::path::PathBuf;

use crate::choices::choice::Choice;
use crate::policy::install::read_back::Answer;

/// The settings in force, for each reader.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Whether the system's profile names the policy's database.
    pub in_profile: bool,
    /// Whether the database holds the policy, and nothing else.
    pub is_current: bool,
    /// Every reader of a choice that the policy decides.
    pub readers: Vec<ReaderReport>,
    /// The keys that name the organisation and the policy.
    pub policy: Vec<KeyReport>,
    /// Files and folders that users other than root may write to, which could undo the policy.
    pub exposed: Vec<PathBuf>,
    /// Files and folders that users cannot read, so that their programs ignore the policy.
    pub hidden: Vec<PathBuf>,
    /// The profiles that leave the policy out.
    pub left_out: Vec<LeftOut>,
}

/// The settings in force for one reader.
#[derive(Clone, Debug)]
pub struct ReaderReport {
    /// The choice that the reader follows.
    pub choice: &'static Choice,
    /// The name of its file.
    pub id: String,
    /// The program's name, as its file gives it.
    pub name: String,
    /// The keys that the policy decides about.
    pub keys: Vec<KeyReport>,
}

/// The value in force for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReport {
    /// The full path of the key.
    pub key: String,
    /// The policy's value.
    pub wanted: Answer,
    /// The value that was read back.
    pub found: Answer,
    /// The other database that decides instead of the policy's, if it is known.
    pub decided_by: Option<DecidedBy>,
}

/// A profile that leaves the policy out, or may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The profile's file, as seen from this computer.
    pub profile: PathBuf,
    /// The files that name it for programs of users who log in.
    pub named_in: Vec<PathBuf>,
    /// Why the policy may not reach the programs that use it.
    pub why: Why,
}

/// Why a policy does not reach the programs that use a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It does not name the policy's database. `apply` can add the line with `profiles = "all"`.
    NoLine,
    /// It does not name the policy's database, and `apply` may not change it.
    NotOurs,
    /// It does not name the policy's database, and a package manages it.
    OfPackage,
    /// It does not exist, so that programs read no settings.
    Missing,
    /// It cannot be read.
    Unreadable(String),
    /// Its name is only known at login.
    Variable,
}

/// Another database that decides a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedBy {
    /// Its file.
    pub database: PathBuf,
    /// Whether it decides by a lock, rather than by its place in the profile.
    pub by_lock: bool,
}

impl Report {
    /// Whether the policy is in force for all users.
    pub fn in_force(&self) -> bool {
        self.in_force_in_profile() && self.left_out.is_empty()
    }

    /// Whether the policy is in force for programs that read the profile `user`.
    pub fn in_force_in_profile(&self) -> bool {
        self.in_profile
            && self.is_current
            && self.hidden.is_empty()
            && self.readers.iter().all(ReaderReport::in_force)
            && self.policy.iter().all(KeyReport::in_force)
    }

    /// Whether another database decides a key. Then applying the policy again changes nothing.
    pub fn is_overruled(&self) -> bool {
        let keys = self.readers.iter().flat_map(|reader| &reader.keys);
        keys.chain(&self.policy).any(|key| key.decided_by.is_some())
    }

    /// The readers of one choice.
    pub fn readers_of(&self, choice: &'static Choice) -> impl Iterator<Item = &ReaderReport> {
        (self.readers.iter()).filter(move |reader| reader.choice == choice)
    }
}

impl ReaderReport {
    /// Whether the policy is in force for the reader.
    pub fn in_force(&self) -> bool {
        self.keys.iter().all(KeyReport::in_force)
    }

    /// Why the program rejects a value, if it does.
    pub fn problem(&self) -> Option<&str> {
        self.keys
            .iter()
            .find_map(|key| key.found.problem.as_deref())
    }
}

impl KeyReport {
    /// Whether the policy's value was found.
    pub fn in_force(&self) -> bool {
        self.wanted == self.found
    }
}
