// SPDX-License-Identifier: GPL-3.0-or-later

//! A group in a KDE configuration file, with keys that hold lists of strings.
//!
//! Source: KDE/kconfig, src/core/kconfigini.cpp for the file, src/core/kconfiggroup.cpp for lists.
//! KDE's programs save by replacing the file, as this does.

use std::ops::Range;
use std::path::PathBuf;

use crate::formats::xml;
use crate::history::Problem;
use crate::history::dated_file;
use crate::history::dated_file::Change;
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
            self.find(text)
                .map_err(|mistake| dated_file::broken(&path, mistake))
        })
    }

    /// Removes the keys, and keeps every other byte of the file.
    pub(crate) fn clear(&self) -> Option<Result<usize, Problem>> {
        let path = self.path();
        dated_file::rewrite(&path, |text| {
            let (texts, kept) = self
                .without(text)
                .map_err(|mistake| dated_file::broken(&path, mistake))?;
            Ok((texts, Change::Content(kept)))
        })
    }

    /// How many strings the group has, and the file without its keys.
    pub(crate) fn without(&self, bytes: &[u8]) -> Result<(usize, Vec<u8>), &'static str> {
        let lines = self.find(&xml::readable(bytes))?;
        let places = lines.iter().map(|line| line.place.clone());
        Ok((texts_in(&lines), xml::without(bytes, places)))
    }

    /// The lines of the group's keys. An error says what is wrong with the file, in English.
    fn find(&self, text: &str) -> Result<Vec<Line>, &'static str> {
        if text.contains('\0') {
            return Err("it is not a text");
        }
        let mut lines = Vec::new();
        let (mut is_here, mut file_locked, mut group_locked) = (false, false, false);
        let mut end = 0;
        for line in text.split_inclusive('\n') {
            let place = end..end + line.len();
            end = place.end;
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line.starts_with('[') {
                let mut names = group(line).ok_or("a group has no end")?;
                group_locked = names.last() == Some(&"$i") && names.pop().is_some();
                file_locked |= group_locked && names.is_empty();
                is_here = names == self.names;
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            let (name, options) = key.split_once('[').unwrap_or((key, ""));
            let is_option = |option| options.split(['[', ']']).any(|o| has_option(o, option));
            if key.len() == line.len() && !is_option('d') {
                return Err("a key has no value");
            }
            if is_here && self.keys.is_none_or(|keys| keys.contains(&name.trim())) {
                lines.push(Line {
                    place,
                    texts: elements(value.trim()),
                    locked: file_locked || group_locked || is_option('i'),
                });
            }
        }
        Ok(lines)
    }
}

fn texts_in(lines: &[Line]) -> usize {
    lines.iter().map(|line| line.texts).sum()
}

/// Parses `[A][B]`. `None`: a bracket isn't closed.
fn group(line: &str) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut rest = line;
    while let Some(name) = rest.strip_prefix('[') {
        let (name, after) = name.split_once(']')?;
        names.push(name);
        rest = after;
    }
    Some(names)
}

/// Whether a text in brackets after a key, such as `$ie`, holds an option.
fn has_option(text: &str, option: char) -> bool {
    text.strip_prefix('$')
        .is_some_and(|options| options.contains(option))
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
        let lines = GROUP.find(text).unwrap();
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
            let lines = GROUP.find(text).unwrap();
            assert!(lines.len() == 1 && lines[0].locked, "{text}");
        }
        let text = "[A][Other][$i]\nTexts=a\n[A][History]\nTexts=a\n";
        assert!(!GROUP.find(text).unwrap()[0].locked);
    }
}
