// SPDX-License-Identifier: GPL-3.0-or-later

//! Compiles a policy, for all readers of the catalogue, into values and locks of a dconf database.
//!
//! The format is that of dconf(7): key files, whose values are GVariant text, and a file of locks.
//! Paths and keys come from reader files, whose parser accepts only words. Strings are GVariant
//! text, which has no line ends.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use glib::Variant;
use glib::prelude::*;

use super::Policy;
use crate::choices::catalogue::Catalogue;
use crate::choices::organisation;
use crate::choices::reader::Reader;
use crate::choices::store::{PolicyKey, PolicyValue};

/// A compiled policy: every key with its value, and the locked keys.
///
/// A key is named by its whole path, such as `/net/launchpad/PrivacyPanel/online-search`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compiled {
    /// The value of each key, for users who haven't decided or can't.
    pub values: BTreeMap<String, Variant>,
    /// The keys that users can't change.
    pub locks: BTreeSet<String>,
}

/// Two readers need different values of one key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The readers “{one}” and “{other}” need different values of {key}")]
pub struct Conflict {
    /// The key, by its whole path.
    pub key: String,
    /// The name of a reader file.
    pub one: String,
    /// The name of the other.
    pub other: String,
}

/// The members of lists in other system databases, by the lists' keys.
pub type Below = BTreeMap<String, Vec<String>>;

/// What readers need of one key, while they are merged.
enum Requirement<'a> {
    Value(Variant),
    /// Whether each name must be a member, and the reader that needs it.
    List(BTreeMap<String, (bool, &'a str)>),
}

#[derive(Default)]
struct Requirements<'a> {
    keys: BTreeMap<String, (Requirement<'a>, &'a str)>,
    locks: BTreeSet<String>,
}

/// Compiles a policy for every reader of the catalogue. Lists keep the names that `below` has.
///
/// # Errors
///
/// Two readers need different values of one key.
pub fn compile(
    policy: &Policy,
    catalogue: &Catalogue,
    below: &Below,
) -> Result<Compiled, Conflict> {
    let mut requirements = Requirements::default();
    for decision in &policy.decisions {
        for reader in catalogue.readers_of(decision.choice) {
            for key in reader.policy_keys(decision) {
                requirements.add(key, reader)?;
            }
        }
    }
    let mut compiled = Compiled {
        locks: requirements.locks,
        ..Compiled::default()
    };
    for (key, (requirement, _)) in requirements.keys {
        let value = match requirement {
            Requirement::Value(value) => value,
            Requirement::List(names) => {
                let kept = below.get(&key).cloned().unwrap_or_default();
                merged(kept, &names).to_variant()
            }
        };
        compiled.values.insert(key, value);
    }
    compiled
        .values
        .extend(organisation::values(policy.organisation.as_ref()));
    Ok(compiled)
}

/// A list's new members: those of other databases that may stay, and those that the policy adds.
fn merged(kept: Vec<String>, names: &BTreeMap<String, (bool, &str)>) -> Vec<String> {
    let mut members = kept;
    members.retain(|name| names.get(name).is_none_or(|(member, _)| *member));
    for (name, (member, _)) in names {
        if *member && !members.contains(name) {
            members.push(name.clone());
        }
    }
    members
}

/// The keys of lists, whose values also depend on other system databases.
pub fn list_keys(policy: &Policy, catalogue: &Catalogue) -> Vec<String> {
    let mut keys = BTreeSet::new();
    for decision in &policy.decisions {
        for reader in catalogue.readers_of(decision.choice) {
            let required = reader.policy_keys(decision).into_iter();
            let lists = required.filter(|key| matches!(key.value, PolicyValue::Names { .. }));
            keys.extend(lists.map(|key| key.key));
        }
    }
    keys.into_iter().collect()
}

impl<'a> Requirements<'a> {
    fn add(&mut self, required: PolicyKey, reader: &'a Reader) -> Result<(), Conflict> {
        let PolicyKey {
            key, value, locked, ..
        } = required;
        match value {
            PolicyValue::Set(value) => self.value(&key, value, reader)?,
            PolicyValue::Names { with, without } => {
                let with = with.into_iter().map(|name| (name, true));
                let without = without.into_iter().map(|name| (name, false));
                self.names(&key, with.chain(without), reader)?;
            }
        }
        if locked {
            self.locks.insert(key);
        }
        Ok(())
    }

    fn value(&mut self, key: &str, value: Variant, reader: &'a Reader) -> Result<(), Conflict> {
        match self.keys.get(key) {
            None => {
                let requirement = Requirement::Value(value);
                self.keys.insert(key.to_owned(), (requirement, &reader.id));
                Ok(())
            }
            Some((Requirement::Value(found), _)) if *found == value => Ok(()),
            Some((_, other)) => Err(conflict(key, other, reader)),
        }
    }

    fn names(
        &mut self,
        key: &str,
        required: impl Iterator<Item = (String, bool)>,
        reader: &'a Reader,
    ) -> Result<(), Conflict> {
        let new = || (Requirement::List(BTreeMap::new()), reader.id.as_str());
        let (requirement, first) = self.keys.entry(key.to_owned()).or_insert_with(new);
        let Requirement::List(names) = requirement else {
            return Err(conflict(key, first, reader));
        };
        for (name, member) in required {
            let (found, other) = names.entry(name).or_insert((member, &reader.id));
            if *found != member {
                return Err(conflict(key, other, reader));
            }
        }
        Ok(())
    }
}

fn conflict(key: &str, one: &str, other: &Reader) -> Conflict {
    Conflict {
        key: key.to_owned(),
        one: one.to_owned(),
        other: other.id.clone(),
    }
}

impl Compiled {
    /// The key file, without the heading.
    pub fn key_file(&self) -> String {
        let mut text = String::new();
        let mut group = "";
        // A key is a path of words, with at least one folder.
        let split = |(key, value)| (str::rsplit_once(key, '/').unwrap_or_default(), value);
        let mut values: Vec<((&str, &str), &Variant)> = self
            .values
            .iter()
            .map(|(key, value)| split((key.as_str(), value)))
            .collect();
        // The keys of a folder are kept together, whatever is in the folders below it.
        values.sort_by_key(|(key, _)| *key);
        for ((path, name), value) in values {
            if path != group {
                group = path;
                // Writing into a string cannot fail. The same is true below.
                let _ = writeln!(text, "\n[{}]", path.trim_start_matches('/'));
            }
            let _ = writeln!(text, "{name}={}", value.print(true));
        }
        text
    }

    /// The file of locks.
    pub fn locks_file(&self) -> String {
        let mut text = String::new();
        for key in &self.locks {
            text.push_str(key);
            text.push('\n');
        }
        text
    }

    /// Parses files of that format. `None` if they aren't of it.
    pub(super) fn from_files(key_file: &str, locks: &str) -> Option<Self> {
        let keys = glib::KeyFile::new();
        if !key_file.trim().is_empty() {
            keys.load_from_data(key_file, glib::KeyFileFlags::NONE)
                .ok()?;
        }
        let mut values = BTreeMap::new();
        for group in &keys.groups() {
            let group = group.as_str();
            for key in &keys.keys(group).ok()? {
                let key = key.as_str();
                let value = Variant::parse(None, &keys.value(group, key).ok()?).ok()?;
                let path = if group == "/" { "" } else { group };
                values.insert(format!("/{path}/{key}"), value);
            }
        }
        let locks = locks.lines().filter(|line| !line.is_empty());
        Some(Self {
            values,
            locks: locks.map(str::to_owned).collect(),
        })
    }
}
