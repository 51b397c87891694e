// SPDX-License-Identifier: GPL-3.0-or-later

//! Conditions under which a listed name sends anything, and under which a program obeys a setting.
//!
//! A search provider may look online only with a plugin, or only if the user allowed it in the
//! program. Otherwise, turning it off would remove local results, and reporting it as on would be a
//! false alarm.
//!
//! Some settings reach programs in some sessions only: a settings daemon passes them on, or the
//! display system decides where programs look. If a fact about the session is unknown, the setting
//! counts.

use std::env;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};
use toml::Spanned;

use crate::choices::catalogue::names::{
    BusName, DesktopName, Display, KeyName, ListName, Listed, NonEmpty, ProcessName, SchemaId,
    StoragePath, read_text, wrong,
};
use crate::choices::catalogue::values::VariantText;
use crate::choices::snapshot::Snapshot;
use crate::formats::mistake::{At, quote};
use crate::system::limits;
use crate::system::processes::{Folder, is_running};
use crate::system::text::is_unprintable;

/// `[[…only-if]]` in a reader file: a name, and either files or a setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct OnlyIf {
    /// The name that sends something only under the condition.
    pub(crate) name: Spanned<ListName>,
    /// One of these files must exist.
    pub(crate) files: Option<NonEmpty<FilePattern>>,
    /// The program's own setting must have the value.
    pub(crate) setting: Option<Setting>,
}

/// A key, and the value with which the program sends something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Setting {
    /// The schema's name.
    pub(crate) schema: SchemaId,
    /// Where the schema's keys are in the storage.
    pub(crate) path: StoragePath,
    /// The key.
    pub(crate) key: KeyName,
    /// The value with which the program sends.
    pub(crate) value: VariantText,
}

/// A file name in which `*`, `?` and `[…]` match parts of one name, as in a shell. It is absolute or
/// begins with `~/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FilePattern(String);

/// The beginning of a file name below the user's home.
const HOME: &str = "~/";

impl FilePattern {
    /// Takes a name that `glob` understands, with at most [`limits::WILDCARDS`] wildcards
    /// in [`limits::WILDCARD_PARTS`] parts. Refuses `**`, which could search a whole disk.
    pub fn new(pattern: &str) -> Option<Self> {
        let fits = (pattern.starts_with('/') || pattern.starts_with(HOME))
            && pattern.len() <= limits::FILE_NAME
            && !pattern.contains(is_unprintable)
            && (!is_wild(pattern) || are_searchable(pattern));
        fits.then(|| Self(pattern.to_owned()))
    }

    /// The pattern.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether such a file exists. True if that is unknown: if the lookup fails, or if there are
    /// too many names to compare.
    pub fn exists(&self) -> bool {
        let (top, name) = match self.0.strip_prefix(HOME) {
            Some(name) => (glib::home_dir(), name),
            None => (PathBuf::from("/"), &self.0[1..]),
        };
        if !is_wild(name) {
            return is_there(&top.join(name)).unwrap_or(true);
        }
        let parts: Vec<_> = name.split('/').filter(|part| !part.is_empty()).collect();
        let mut left = limits::PATTERN_ENTRIES;
        exists_below(top, &parts, &mut left).unwrap_or(true)
    }
}

/// Whether a pattern, or a part of it, has wildcards.
fn is_wild(part: &str) -> bool {
    part.contains(['*', '?', '['])
}

/// Whether the wildcards of a pattern are valid, and few enough.
fn are_searchable(pattern: &str) -> bool {
    let wild: Vec<_> = pattern.split('/').filter(|part| is_wild(part)).collect();
    !pattern.contains("**")
        && wild.len() <= limits::WILDCARD_PARTS
        && pattern.matches('*').count() <= limits::WILDCARDS
        && wild.iter().all(|part| glob::Pattern::new(part).is_ok())
}

/// Whether a file exists. `None`: unknown.
fn is_there(file: &Path) -> Option<bool> {
    match file.try_exists() {
        // A path below something that isn't a folder doesn't exist.
        Err(error) if error.kind() == ErrorKind::NotADirectory => Some(false),
        found => found.ok(),
    }
}

/// Whether a folder has something that matches the parts. `None`: unknown, since a folder can't be
/// read or has more names than `left`.
fn exists_below(mut folder: PathBuf, parts: &[&str], left: &mut usize) -> Option<bool> {
    let wild = parts.iter().position(|part| is_wild(part));
    let Some(wild) = wild else {
        folder.extend(parts);
        return is_there(&folder);
    };
    folder.extend(&parts[..wild]);
    // The pattern was compiled before, so it can be compiled again.
    let Ok(pattern) = glob::Pattern::new(parts[wild]) else {
        return Some(false);
    };
    let entries = match folder.read_dir() {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Some(false);
        }
        entries => entries.ok()?,
    };
    let rest = &parts[wild + 1..];
    for entry in entries {
        let entry = entry.ok()?;
        *left = left.checked_sub(1)?;
        // Skips files, whose type is already known, without another system call.
        if !rest.is_empty() && !entry.file_type().is_ok_and(|found| !found.is_file()) {
            continue;
        }
        let name = entry.file_name();
        if !name.to_str().is_some_and(|name| pattern.matches(name)) {
            continue;
        }
        if rest.is_empty() || exists_below(entry.path(), rest, left)? {
            return Some(true);
        }
    }
    Some(false)
}

impl<'de> Deserialize<'de> for FilePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, |text| {
            Self::new(text).ok_or_else(|| {
                format!(
                    "{}; expected an absolute file name, or one below ~/, of {} bytes at most, which may have * in it, but ** nowhere, {} times at most, and in {} parts at most",
                    quote(text),
                    limits::FILE_NAME,
                    limits::WILDCARDS,
                    limits::WILDCARD_PARTS
                )
            })
        })
    }
}

impl Listed for FilePattern {
    const PLURAL: &'static str = "file names";
}

/// `[[obeyed-if]]` in a reader file: facts about the sessions in which the program obeys the
/// setting. Every field must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ObeyedIf {
    /// The session is that of one of these desktops.
    desktops: Option<NonEmpty<DesktopName>>,
    /// Programs use this display system.
    display: Option<Display>,
    /// A program owns one of these names on the session bus.
    bus_names: Option<NonEmpty<BusName>>,
    /// The user runs one of these programs.
    processes: Option<NonEmpty<ProcessName>>,
}

impl ObeyedIf {
    /// Whether it holds in this session. `None`: unknown.
    pub(crate) fn holds(&self, now: &Snapshot) -> Option<bool> {
        let desktops = self.desktops.as_ref().map(|names| {
            let current = variable("XDG_CURRENT_DESKTOP")?;
            Some(
                current
                    .split(':')
                    .any(|current| names.iter().any(|name| **name == *current)),
            )
        });
        let display = self.display.map(|wanted| Some(display()? == wanted));
        let owned = |name: &BusName| now.services().is_owned(name);
        let bus_names = self
            .bus_names
            .as_ref()
            .map(|names| any(names.iter().map(owned)));
        let runs = |name: &ProcessName| Some(is_running(name, Folder::Config));
        let parts = [desktops, display, bus_names];
        let known = all(parts.into_iter().flatten());
        // The list of processes is long.
        match (&self.processes, known) {
            (Some(names), known) if known != Some(false) => {
                all([known, any(names.iter().map(runs))].into_iter())
            }
            _ => known,
        }
    }

    /// The names on the session bus that matter.
    pub(crate) fn bus_names(&self) -> impl Iterator<Item = &BusName> {
        self.bus_names.iter().flat_map(|names| names.iter())
    }
}

/// Whether one of the facts holds. `None`: unknown.
pub(crate) fn any(facts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    all(facts.map(|fact| fact.map(|fact| !fact))).map(|none| !none)
}

/// Whether all the facts hold. `None`: unknown.
fn all(facts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(true);
    for fact in facts {
        match fact {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = None,
        }
    }
    known
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// The display system that GTK and Qt choose in this session. `None`: there is no display, or it is
/// unknown.
fn display() -> Option<Display> {
    let session = match variable("XDG_SESSION_TYPE").as_deref() {
        Some("wayland") => Some(Display::Wayland),
        Some("x11") => Some(Display::X11),
        _ => None,
    };
    if variable("WAYLAND_DISPLAY").is_some() {
        return Some(Display::Wayland);
    }
    session.or_else(|| variable("DISPLAY").map(|_| Display::X11))
}

impl OnlyIf {
    /// Checks that the fields fit each other.
    pub(crate) fn check(&self) -> Result<(), At> {
        if self.files.is_some() == self.setting.is_some() {
            return Err(wrong(
                &self.name,
                "expected “files” or “setting” beside the name, and not both",
            ));
        }
        Ok(())
    }

    /// Whether the condition holds. True if that is unknown: a program counts as off only if it is
    /// known to be off. (A sandboxed program keeps its settings elsewhere.)
    pub(crate) fn holds(&self, now: &Snapshot) -> bool {
        let file = |files: &NonEmpty<FilePattern>| files.iter().any(FilePattern::exists);
        self.files.as_ref().is_none_or(file)
            && self
                .setting
                .as_ref()
                .is_none_or(|setting| setting.holds(now))
    }
}

impl Setting {
    fn holds(&self, now: &Snapshot) -> bool {
        let settings = now.settings();
        let value = self.value.value();
        let schema = settings.schema(&self.schema, &self.path).ok().flatten();
        schema
            .and_then(|schema| {
                let reading = settings.read(&schema, &self.path, &self.key, value.type_());
                reading.ok()
            })
            .is_none_or(|reading| reading.value == *value)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_unknown_is_neither_true_nor_false_unless_the_rest_decides() {
        let (yes, no, unknown) = (Some(true), Some(false), None);
        for (facts, is_any, is_all) in [
            (&[][..], no, yes),
            (&[yes, no, unknown], yes, no),
            (&[yes, unknown], yes, unknown),
            (&[no, unknown], unknown, no),
            (&[unknown], unknown, unknown),
        ] {
            assert_eq!(any(facts.iter().copied()), is_any, "{facts:?}");
            assert_eq!(all(facts.iter().copied()), is_all, "{facts:?}");
        }
    }

    fn exists(folder: &Path, pattern: &str) -> bool {
        let pattern = format!("{}/{pattern}", folder.display());
        FilePattern::new(&pattern).unwrap().exists()
    }

    #[test]
    fn a_wildcard_stands_for_a_part_of_one_name() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        fs::create_dir_all(folder.join("one/lib/x")).unwrap();
        fs::write(folder.join("one/lib/x/plugin.so.2"), "").unwrap();
        fs::write(folder.join("two"), "").unwrap();
        fs::write(folder.join(".hidden"), "").unwrap();
        symlink("two", folder.join("link")).unwrap();
        symlink("one", folder.join("folder")).unwrap();
        for pattern in [
            "folder/lib/*/plugin.so.2",
            "*",
            "t?o",
            "t[uw]o",
            "*/lib/*/plugin.so.*",
            "one/lib/x/p*",
            "*/lib",
            ".h*",
            "two",
            "[!a]ne",
        ] {
            assert!(exists(folder, pattern), "{pattern}");
        }
        for pattern in [
            "*/plugin.so.2",
            "two/*",
            "two/plugin.so.2",
            "link/plugin.so.2",
            "l*/plugin.so.2",
            "none/*",
            "?",
            "*/lib/*/plugin.so",
        ] {
            assert!(!exists(folder, pattern), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_has_only_so_many_wildcards() {
        for pattern in ["/*/*/*", "/a*b*c*d*e*f*g*h*", "/a/b", "/*/?/[a]/b"] {
            assert!(FilePattern::new(pattern).is_some(), "{pattern}");
        }
        for pattern in [
            "/*/*/*/*",
            "/a*b*c*d*e*f*g*h*i*",
            "/*/?/[a]/?",
            "a/b",
            "/**",
            "/[",
            "/a\0b",
            "/a\u{202e}",
        ] {
            assert!(FilePattern::new(pattern).is_none(), "{pattern}");
        }
        assert!(FilePattern::new(&format!("/{}", "a".repeat(limits::FILE_NAME - 1))).is_some());
        assert!(FilePattern::new(&format!("/{}", "a".repeat(limits::FILE_NAME))).is_none());
    }

    #[test]
    fn a_program_that_was_not_found_among_too_many_names_may_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let parts = ["*", "*", "nothing"];
        for outer in 0..5 {
            for inner in 0..4 {
                let path = folder.path().join(format!("{outer}/{inner}"));
                fs::create_dir_all(path).unwrap();
            }
        }
        let look = |mut left: usize| exists_below(folder.path().to_owned(), &parts, &mut left);
        assert_eq!(look(25), Some(false));
        assert_eq!(look(24), None);
    }
}
