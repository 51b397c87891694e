// SPDX-License-Identifier: GPL-3.0-or-later

//! What is in force, reader by reader and key by key, beside what a policy says.

use std::path::PathBuf;

use crate::choices::choice::Choice;
use crate::policy::install::read_back::Answer;

/// What is in force, reader by reader.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Whether everybody's profile names our database.
    pub in_profile: bool,
    /// Whether the database is the policy's, and says nothing more.
    pub is_current: bool,
    /// Every reader of a choice that the policy decides.
    pub readers: Vec<ReaderReport>,
    /// The keys that say whose policy it is, and which.
    pub policy: Vec<KeyReport>,
    /// Files and folders that others than root may change, and so undo the policy.
    pub exposed: Vec<PathBuf>,
    /// Files and folders that people cannot read, and so do not obey.
    pub hidden: Vec<PathBuf>,
}

/// What is in force for one reader.
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

/// What is in force for one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyReport {
    /// The key by its whole path.
    pub key: String,
    /// What the policy says.
    pub wanted: Answer,
    /// What was found.
    pub found: Answer,
}

impl Report {
    /// Whether what is in force is what the policy says.
    pub fn in_force(&self) -> bool {
        self.in_profile
            && self.is_current
            && self.hidden.is_empty()
            && self.readers.iter().all(ReaderReport::in_force)
            && self.policy.iter().all(KeyReport::in_force)
    }

    /// The readers of one choice.
    pub fn readers_of(&self, choice: &'static Choice) -> impl Iterator<Item = &ReaderReport> {
        (self.readers.iter()).filter(move |reader| reader.choice == choice)
    }
}

impl ReaderReport {
    /// Whether what is in force is what the policy says.
    pub fn in_force(&self) -> bool {
        self.keys.iter().all(KeyReport::in_force)
    }

    /// Why the program does not take a value, where that is so.
    pub fn problem(&self) -> Option<&str> {
        self.keys
            .iter()
            .find_map(|key| key.found.problem.as_deref())
    }
}

impl KeyReport {
    /// Whether what was found is what the policy says.
    pub fn in_force(&self) -> bool {
        self.wanted == self.found
    }
}
