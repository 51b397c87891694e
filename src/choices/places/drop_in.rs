// SPDX-License-Identifier: GPL-3.0-or-later

//! A folder from which a program reads every file. The policy adds a file for each reader, so it
//! has nothing to merge. This module makes the file's content from names and plain values.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::choices::measure::Shared;
use crate::choices::measures::drop_in::{DropIn, FIRST, LAST};
use crate::choices::place::{Place, Setting, Wanted};
use crate::formats::bytes::is_word;
use crate::formats::format::Scalar;

/// Words of which one is in each name of a variable that turns something off.
const VARIABLES: [&str; 8] = [
    "ANALYTICS",
    "CHECKPOINT",
    "COLLECT",
    "CRASHREPORT",
    "OPTOUT",
    "OPT_OUT",
    "TELEMETRY",
    "TRACK",
];

/// The folders of a program.
#[derive(Debug)]
pub(crate) struct Folders {
    preset: Option<&'static str>,
    lock: Option<&'static str>,
    content: Content,
}

/// What a file contains, and which settings may be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Preferences of Mozilla's programs.
    Preferences,
    /// Policies of Chromium-based browsers, in JSON.
    Policies,
    /// Whether to take part in the popularity contest: a shell script, so nothing else is possible.
    Participation,
    /// Whether DNF counts the computer: an INI file for all repositories.
    Repositories,
    /// Variables of environment.d(5).
    Environment,
}

impl Folders {
    /// A folder whose files preset and lock.
    pub(crate) const fn both(folder: &'static str, content: Content) -> Self {
        Self {
            preset: Some(folder),
            lock: Some(folder),
            content,
        }
    }

    /// The folders of a Chromium-based browser.
    pub(crate) const fn policies(managed: &'static str, recommended: &'static str) -> Self {
        Self {
            preset: Some(recommended),
            lock: Some(managed),
            content: Content::Policies,
        }
    }

    /// A folder whose files no user can override.
    pub(crate) const fn lock(folder: &'static str, content: Content) -> Self {
        Self {
            preset: None,
            lock: Some(folder),
            content,
        }
    }

    /// A folder whose files users can override.
    pub(crate) const fn preset(folder: &'static str, content: Content) -> Self {
        Self {
            preset: Some(folder),
            lock: None,
            content,
        }
    }
}

impl Content {
    const fn ending(self) -> &'static str {
        match self {
            Self::Preferences => ".js",
            Self::Policies => ".json",
            Self::Participation | Self::Environment => ".conf",
            Self::Repositories => ".repo",
        }
    }

    /// What a file's name begins with, so that the file counts before all others, if it locks, and
    /// otherwise before those of distributions.
    const fn prefix(self, locked: bool) -> &'static str {
        match (self, locked) {
            // mozilla/gecko-dev, modules/libpref/Preferences.cpp: pref_LoadPrefsInDir() takes the
            // names in reverse order. SetDefaultValue(): the last value counts, or the first lock.
            (Self::Preferences, false) | (Self::Environment, _) => FIRST,
            _ => LAST,
        }
    }

    /// Checks a setting. An error says what is expected.
    fn check(self, key: &[String], value: &Scalar) -> Result<(), &'static str> {
        let is_plain = |value: &Scalar| match value {
            Scalar::Text(text) => is_word(text),
            _ => true,
        };
        let is_variable = |name: &str| {
            let fits = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            name.chars().all(fits) && VARIABLES.iter().any(|word| name.contains(word))
        };
        let (fits, expected) = match (self, key) {
            (Self::Preferences | Self::Policies, [name]) => (
                is_word(name) && is_plain(value),
                "the name of a preference or policy, and true, false, a number or a word",
            ),
            // Their places allow few values.
            (Self::Participation, [_]) | (Self::Repositories, [_, _]) => (true, ""),
            (Self::Environment, [name]) => (
                is_variable(name) && is_plain(value),
                "a variable that turns something off, such as EXAMPLE_TELEMETRY_OPTOUT, and a word",
            ),
            _ => (false, "a key with as many names as its place has"),
        };
        if fits { Ok(()) } else { Err(expected) }
    }

    fn text(self, settings: &[Setting<'_>], locked: bool) -> String {
        let mut text = String::new();
        let mut entries = Vec::new();
        for Setting { key, value, .. } in settings {
            let name = key.last().map_or("", String::as_str);
            // Writing into a string cannot fail.
            let _ = match self {
                Self::Preferences => {
                    let lock = if locked { ", locked" } else { "" };
                    writeln!(text, "pref(\"{name}\", {value}{lock});")
                }
                Self::Policies => {
                    entries.push(format!("  \"{name}\": {value}"));
                    Ok(())
                }
                Self::Participation => writeln!(text, "{name}={value}"),
                Self::Repositories => writeln!(text, "[*]\n{name}={value}"),
                Self::Environment => match value {
                    Scalar::Text(word) => writeln!(text, "{name}={word}"),
                    value => writeln!(text, "{name}={value}"),
                },
            };
        }
        if self == Self::Policies {
            let _ = writeln!(text, "{{\n{}\n}}", entries.join(",\n"));
        }
        text
    }
}

impl Place for Folders {
    fn check(&self, setting: &Setting<'_>) -> Result<(), String> {
        let check = self.content.check(setting.key, setting.value);
        check.map_err(|expected| format!("another setting; expected {expected}"))
    }

    fn presets(&self) -> bool {
        self.preset.is_some()
    }

    fn locks(&self) -> bool {
        self.lock.is_some()
    }

    fn is_alone(&self) -> bool {
        self.content == Content::Policies
    }

    fn measures(&self, settings: &[Setting<'_>], wanted: Wanted<'_>) -> Vec<Shared> {
        let folder = if wanted.locked {
            self.lock
        } else {
            self.preset
        };
        let (Some(folder), false) = (folder, settings.is_empty()) else {
            return Vec::new();
        };
        let prefix = self.content.prefix(wanted.locked);
        let ending = self.content.ending();
        let file = format!("{folder}/{prefix}{}{ending}", wanted.reader);
        let content = self.content.text(settings, wanted.locked);
        let measure = DropIn::new(&file, content, wanted.locked, wanted.on);
        measure
            .map(|measure| Arc::new(measure) as Shared)
            .into_iter()
            .collect()
    }
}
