// SPDX-License-Identifier: GPL-3.0-or-later

//! The interface of all places. A place is a file or folder of the administrator where a family of
//! programs looks for what decides for all users: a default, a lock, or the only setting there is.
//!
//! Reader files choose from the list of places, and can't add one: root writes there. A place knows
//! the names of its files and what may be in them. Only a place knows its own kind.

use std::any::Any;
use std::fmt;

use crate::choices::measure::Shared;
use crate::choices::store::PolicyKey;
use crate::formats::format::Scalar;

/// Where a policy decides for programs outside their own settings.
pub(crate) trait Place: fmt::Debug + Sync {
    /// Itself, if it is a file that the system service changes.
    fn system_file(&'static self) -> Option<&'static dyn Any> {
        None
    }

    /// Checks a setting of a reader file. An error says what is expected.
    fn check(&self, setting: &Setting<'_>) -> Result<(), String>;

    /// Whether users can change what it decides.
    fn presets(&self) -> bool;

    /// Whether it can decide so that no user can change it.
    fn locks(&self) -> bool;

    /// Whether the program obeys it whatever the reader's store says, so that the store need not
    /// know it.
    fn is_alone(&self) -> bool {
        false
    }

    /// What puts the settings of a reader in place. Empty for settings in dconf.
    fn measures(&self, settings: &[Setting<'_>], wanted: Wanted<'_>) -> Vec<Shared>;

    /// The dconf keys that the settings are.
    fn keys(&self, _: &[Setting<'_>], _: Wanted<'_>) -> Vec<PolicyKey> {
        Vec::new()
    }
}

/// A setting in a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    /// The file, for places where the reader file names it.
    pub(crate) file: Option<&'a str>,
    /// The names of the tables or groups, and of the value. Empty if the place is a file that decides
    /// by its existence.
    pub(crate) key: &'a [String],
    pub(crate) value: &'a Scalar,
}

/// What a policy wants.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// The reader's identifier, which is part of the names of files.
    pub(crate) reader: &'a str,
    /// Whether the program may send something.
    pub(crate) on: bool,
    /// Whether no user may change it.
    pub(crate) locked: bool,
}
