// SPDX-License-Identifier: GPL-3.0-or-later

//! A policy and the catalogue of readers, made into values and locks of a dconf database.
//!
//! The format is that of dconf(7): key files, whose values are GVariant text, and a file of locks.
//! Names of paths and keys come from reader files, where only words are let through, and texts
//! come as GVariant text, in which nothing ends a line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use glib::Variant;
use glib::prelude::*;

use super::{Decision, Lists, Policy};
use crate::choices::catalogue::Catalogue;
use crate::choices::organisation;
use crate::choices::reader::{ListShape, Reader, Shape};
use crate::choices::state::State;

/// What a policy amounts to: every key with its value, and the keys that are locked.
///
/// A key is named by its whole path, such as `/net/launchpad/PrivacyPanel/online-search`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compiled {
    /// What each key holds for everybody who has not decided, or may not.
    pub values: BTreeMap<String, Variant>,
    /// The keys that nobody may change.
    pub locks: BTreeSet<String>,
}

/// Two readers want different things of one key.
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

/// What is known of a list before the policy: what other system databases say.
pub type Below<'a> = &'a dyn Fn(&str) -> Vec<String>;

/// What is wished of one key, before all readers have been heard.
enum Wish<'a> {
    Value(Variant),
    /// Names that are to be members, and names that are not, with the readers that say so.
    List(BTreeMap<&'a str, (bool, &'a str)>),
}

#[derive(Default)]
struct Wishes<'a> {
    keys: BTreeMap<String, (Wish<'a>, &'a str)>,
    locks: BTreeSet<String>,
}

/// Compiles a policy for every reader of the catalogue. Lists keep the names that `below` has.
///
/// # Errors
///
/// Where two readers cannot both be as the policy says.
pub fn compile(
    policy: &Policy,
    catalogue: &Catalogue,
    below: Below<'_>,
) -> Result<Compiled, Conflict> {
    let mut wishes = Wishes::default();
    for decision in &policy.decisions {
        for reader in catalogue.readers_of(decision.choice) {
            wishes.add(decision, reader)?;
        }
    }
    let mut compiled = Compiled {
        locks: wishes.locks,
        ..Compiled::default()
    };
    for (key, (wish, _)) in wishes.keys {
        let value = match wish {
            Wish::Value(value) => value,
            Wish::List(names) => {
                let kept = below(&key);
                let mut members: Vec<&str> = kept
                    .iter()
                    .map(String::as_str)
                    .filter(|name| names.get(name).is_none_or(|(member, _)| *member))
                    .collect();
                for (name, (member, _)) in names {
                    if member && !members.contains(&name) {
                        members.push(name);
                    }
                }
                members.to_variant()
            }
        };
        compiled.values.insert(key, value);
    }
    compiled
        .values
        .extend(organisation::values(policy.organisation.as_ref()));
    Ok(compiled)
}

/// The keys whose values other system databases have a say in.
pub fn list_keys(policy: &Policy, catalogue: &Catalogue) -> Vec<String> {
    let lists = |reader: &Reader| match &reader.shape {
        Shape::List(shape) => {
            let keys = std::iter::once(&shape.disabled).chain(&shape.enabled);
            keys.map(|key| format!("{}{key}", shape.path)).collect()
        }
        Shape::Value(_) | Shape::Property(_) | Shape::Entry(_) | Shape::Document(_) => Vec::new(),
    };
    let readers = policy
        .decisions
        .iter()
        .flat_map(|decision| catalogue.readers_of(decision.choice));
    let keys: BTreeSet<_> = readers.flat_map(lists).collect();
    keys.into_iter().collect()
}

/// The keys that a reader needs as the policy says, by their whole paths.
pub fn keys_of(decision: &Decision, reader: &Reader) -> Vec<String> {
    let mut wishes = Wishes::default();
    // One reader alone contradicts nobody but itself.
    let _ = wishes.add(decision, reader);
    wishes.keys.into_keys().collect()
}

impl<'a> Wishes<'a> {
    fn add(&mut self, decision: &Decision, reader: &'a Reader) -> Result<(), Conflict> {
        let off = decision.state == State::Off;
        match &reader.shape {
            Shape::Value(shape) => {
                let value = if off { &shape.off } else { &shape.on };
                let key = format!("{}{}", shape.path, shape.key);
                self.value(&key, value, reader)?;
                if decision.locked {
                    self.locks.insert(key);
                }
            }
            Shape::List(shape) => self.list(decision, off, shape, reader)?,
            // Kept elsewhere; no key of dconf says anything to those programs.
            Shape::Property(_) | Shape::Entry(_) | Shape::Document(_) => {}
        }
        Ok(())
    }

    fn list(
        &mut self,
        decision: &Decision,
        off: bool,
        shape: &'a ListShape,
        reader: &'a Reader,
    ) -> Result<(), Conflict> {
        let key = |name: &str| format!("{}{name}", shape.path);
        let locked = decision.locked && decision.lists != Lists::Preset;
        if let (true, Lists::AllOff, Some(all)) = (locked, decision.lists, &shape.disable_all) {
            self.value(&key(all), &true.to_variant(), reader)?;
            self.locks.insert(key(all));
            return Ok(());
        }
        self.names(&key(&shape.disabled), shape, off, reader)?;
        if locked {
            self.locks.insert(key(&shape.disabled));
        }
        // What says of itself that it is off by default is on only as a member of this one. Who
        // says so may change with the next version: a lock that is to hold takes both.
        if let Some(enabled) = shape.enabled.as_ref().filter(|_| locked || !off) {
            self.names(&key(enabled), shape, !off, reader)?;
            if locked {
                self.locks.insert(key(enabled));
            }
        }
        Ok(())
    }

    fn value(&mut self, key: &str, value: &Variant, reader: &'a Reader) -> Result<(), Conflict> {
        match self.keys.get(key) {
            None => {
                let wish = Wish::Value(value.clone());
                self.keys.insert(key.to_owned(), (wish, &reader.id));
                Ok(())
            }
            Some((Wish::Value(found), _)) if found == value => Ok(()),
            Some((_, other)) => Err(conflict(key, other, reader)),
        }
    }

    fn names(
        &mut self,
        key: &str,
        shape: &'a ListShape,
        member: bool,
        reader: &'a Reader,
    ) -> Result<(), Conflict> {
        let new = || (Wish::List(BTreeMap::new()), reader.id.as_str());
        let (wish, first) = self.keys.entry(key.to_owned()).or_insert_with(new);
        let Wish::List(names) = wish else {
            return Err(conflict(key, first, reader));
        };
        for name in &shape.names {
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
    /// The key file, without a heading of its own.
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
                // Writing into a string cannot fail; so below.
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

    /// Reads files of that format back; none where they are not of it.
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
