// SPDX-License-Identifier: GPL-3.0-or-later

//! A group in a KDE configuration file, with keys that hold lists of strings.
//!
//! Source: KDE/kconfig, src/core/kconfiggroup.cpp for lists. [`kconfig`] parses the file.

use std::ops::Range;
use std::path::PathBuf;

use crate::formats::bytes;
use crate::formats::ini::Entry;
use crate::formats::kconfig;
use crate::formats::mistake::At;
use crate::history::Problem;
use crate::history::dated_file;
use crate::history::dated_file::{Change, Purpose};
use crate::system::processes::Folder;

/// A group in a file, and which of its keys hold lists.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Group {
    folder: Folder,
    file: &'static str,
    /// The name of the group, after the names of its parents.
    names: &'static [&'static str],
    /// `None`: all keys.
    keys: Option<&'static [&'static str]>,
}

/// A line that holds a list.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    /// The bytes of the line, with its line end.
    place: Range<usize>,
    /// How many strings the list has.
    texts: usize,
    /// Whether an administrator made it immutable.
    locked: bool,
}

impl Group {
    pub(crate) const fn all(
        folder: Folder,
        file: &'static str,
        names: &'static [&'static str],
    ) -> Self {
        Self {
            folder,
            file,
            names,
            keys: None,
        }
    }

    pub(crate) const fn keys(
        folder: Folder,
        file: &'static str,
        names: &'static [&'static str],
        keys: &'static [&'static str],
    ) -> Self {
        Self {
            folder,
            file,
            names,
            keys: Some(keys),
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(self.file)
    }

    pub(crate) fn count(&self) -> Option<Result<usize, Problem>> {
        self.lines()
            .map(|lines| lines.map(|lines| texts_in(&lines)))
    }

    pub(crate) fn is_locked(&self) -> bool {
        matches!(self.lines(), Some(Ok(lines)) if lines.iter().any(|line| line.locked))
    }

    fn lines(&self) -> Option<Result<Vec<Line>, Problem>> {
        let path = self.path();
        dated_file::examine(&path, |text| {
            self.find(text.as_bytes())
                .map_err(|mistake| dated_file::broken(&path, &mistake.1))
        })
    }

    /// Removes the keys, and keeps every other byte of the file.
    pub(crate) fn clear(&self) -> Option<Result<usize, Problem>> {
        let path = self.path();
        dated_file::rewrite(&path, Purpose::Settings, |text| {
            let (texts, kept) = self
                .without(text)
                .map_err(|mistake| dated_file::broken(&path, &mistake.1))?;
            Ok((texts, Change::Content(kept)))
        })
    }

    /// How many strings the group has, and the file without its keys.
    pub(crate) fn without(&self, bytes: &[u8]) -> Result<(usize, Vec<u8>), At> {
        let lines = self.find(bytes)?;
        let places = lines.iter().map(|line| line.place.clone());
        Ok((texts_in(&lines), bytes::without(bytes, places)))
    }

    /// The lines of the group's keys.
    fn find(&self, bytes: &[u8]) -> Result<Vec<Line>, At> {
        let parsed = kconfig::parse(bytes)?;
        let is_here = |entry: &&Entry| {
            let names = parsed.groups[entry.group].names.iter();
            let wanted = |key: &str| entry.key == key.as_bytes();
            names
                .map(Vec::as_slice)
                .eq(self.names.iter().map(|name| name.as_bytes()))
                && self
                    .keys
                    .is_none_or(|keys| keys.iter().any(|key| wanted(key)))
        };
        let entries = parsed.entries.iter().filter(is_here);
        let line = |entry: &Entry| Line {
            place: entry.line.place.clone(),
            texts: elements(&String::from_utf8_lossy(&bytes[entry.value.clone()])),
            locked: entry.locked,
        };
        Ok(entries.map(line).collect())
    }
}

fn texts_in(lines: &[Line]) -> usize {
    lines.iter().map(|line| line.texts).sum()
}

/// How many strings an escaped list has: its commas are `\\,`, its backslashes `\\\\`.
fn elements(value: &str) -> usize {
    // A list with one empty string isn't empty in the file.
    if value.is_empty() {
        return 0;
    }
    let list = printable(value);
    let (mut count, mut quoted) = (1, false);
    for character in list.chars() {
        match character {
            _ if quoted => quoted = false,
            '\\' => quoted = true,
            ',' => count += 1,
            _ => {}
        }
    }
    count
}

/// Undoes the escapes of a value in a file.
fn printable(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters.next() {
            Some('\\') | None => text.push('\\'),
            // The list's own escape, which stays.
            Some(other @ (',' | ';')) => text.extend(['\\', other]),
            Some('x') => {
                let digits: String = characters.by_ref().take(2).collect();
                let code = u8::from_str_radix(&digits, 16);
                text.push(code.map_or(' ', char::from));
            }
            // Any other escape is one character, and no separator.
            Some(_) => text.push(' '),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: Group = Group::keys(Folder::Config, "file", &["A", "History"], &["Texts"]);

    #[test]
    fn lists_are_counted_as_kde_reads_them() {
        for (value, count) in [
            ("", 0),
            ("a", 1),
            (r"\\0", 1),
            ("a,b", 2),
            (r"a\\,b", 1),
            (r"a\\\\,b", 2),
            (r"a\,b", 1),
            (r"\sa\x2cb\t", 2),
            ("a,", 2),
            (r"a\", 1),
        ] {
            assert_eq!(elements(value), count, "{value}");
        }
    }

    #[test]
    fn the_keys_of_one_group_are_found_wherever_it_is() {
        let text = "Texts=a\n[A]\nTexts=a\n[A][History]\n# Texts=a\nTexts[$e]=a,b\nOther=a\n\
                    [History]\nTexts=a\n[A][History]\n Texts = c \nTexts[$d]\n";
        let lines = GROUP.find(text.as_bytes()).unwrap();
        let found: Vec<_> = lines.iter().map(|line| &text[line.place.clone()]).collect();
        assert_eq!(found, ["Texts[$e]=a,b\n", " Texts = c \n", "Texts[$d]\n"]);
        assert_eq!(texts_in(&lines), 3);
    }

    #[test]
    fn what_is_immutable_is_locked_in_a_file_a_group_or_a_key() {
        for text in [
            "[$i]\n[A][History]\nTexts=a\n",
            "[A][History][$i]\nTexts=a\n",
            "[A][History]\nTexts[$ei]=a\n",
        ] {
            let lines = GROUP.find(text.as_bytes()).unwrap();
            assert!(lines.len() == 1 && lines[0].locked, "{text}");
        }
        let text = "[A][Other][$i]\nTexts=a\n[A][History]\nTexts=a\n";
        assert!(!GROUP.find(text.as_bytes()).unwrap()[0].locked);
    }
}
