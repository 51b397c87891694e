// SPDX-License-Identifier: GPL-3.0-or-later

//! Finds, changes, adds and removes lines, for all formats with `[groups]` and `key=value` lines.
//!
//! Each format parses its lines by its own rules. No library fits: those that keep the layout
//! (`ini-roundtrip`, `ini-doc`) accept only UTF-8, lose line ends, and know neither the rules of
//! `GKeyFile` nor those of `KConfig`.

use std::ops::Range;

use crate::formats::bytes;
use crate::formats::format::{Found, Scalar};

/// A line without its line end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The bytes of the line with its line end.
    pub(crate) place: Range<usize>,
    /// Where the line end begins.
    pub(crate) end: usize,
}

impl Line {
    /// The content.
    pub(crate) fn content(&self) -> Range<usize> {
        self.place.start..self.end
    }
}

/// A group with its name in parts. The first group of a text has no name, and no header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) names: Vec<Vec<u8>>,
    /// Whether more important files, and later lines, can't change it.
    pub(crate) locked: bool,
    /// The line of the header.
    header: Range<usize>,
    /// The end of its last line that isn't blank.
    end: usize,
    /// Whether it has no lines.
    is_empty: bool,
}

/// A line with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
// Independent options of the line.
#[allow(clippy::struct_excessive_bools)]
pub(crate) struct Entry {
    pub(crate) line: Line,
    /// The bytes of the value, with blanks at its end.
    pub(crate) value: Range<usize>,
    /// The index of its group.
    pub(crate) group: usize,
    pub(crate) key: Vec<u8>,
    /// The language in brackets behind the key.
    pub(crate) language: bool,
    /// Whether more important files, and later lines, can't change it.
    pub(crate) locked: bool,
    /// Whether its program expands variables in the value.
    pub(crate) expanded: bool,
    /// Whether it hides the values of less important files.
    pub(crate) deleted: bool,
}

impl Entry {
    /// An entry of the first group, without a key and a value yet.
    pub(crate) fn of(line: Line) -> Self {
        Self {
            value: line.end..line.end,
            line,
            group: 0,
            key: Vec::new(),
            language: false,
            locked: false,
            expanded: false,
            deleted: false,
        }
    }
}

/// A parsed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parsed {
    pub(crate) groups: Vec<Group>,
    pub(crate) entries: Vec<Entry>,
    /// Whether more important files can't change anything.
    pub(crate) locked: bool,
}

impl Parsed {
    pub(crate) fn new() -> Self {
        Self {
            groups: vec![Group {
                names: Vec::new(),
                locked: false,
                header: 0..0,
                end: 0,
                is_empty: true,
            }],
            entries: Vec::new(),
            locked: false,
        }
    }

    pub(crate) fn add_group(&mut self, names: Vec<Vec<u8>>, locked: bool, line: &Line) {
        self.groups.push(Group {
            names,
            locked,
            header: line.place.clone(),
            end: line.place.end,
            is_empty: true,
        });
    }

    /// The group to which the next line belongs.
    pub(crate) fn group(&self) -> usize {
        self.groups.len() - 1
    }

    /// Extends the last group by a line that isn't blank.
    pub(crate) fn extend(&mut self, line: &Line) {
        if let Some(group) = self.groups.last_mut() {
            group.end = line.place.end;
            group.is_empty = false;
        }
    }

    /// What a program finds if it uses the last entry of a key. `value` parses the bytes of a value
    /// as the program does.
    pub(crate) fn last(
        &self,
        text: &[u8],
        names: &[String],
        key: &str,
        value: impl FnOnce(&[u8]) -> Option<Scalar>,
    ) -> Found {
        let last = self.of(names, key).next_back();
        last.map_or(Found::Nothing, |entry| {
            value(&text[entry.value.clone()]).map_or(Found::Other, Found::Value)
        })
    }

    /// The entries of a key, in order, including those for languages.
    pub(crate) fn of<'a>(
        &'a self,
        names: &'a [String],
        key: &'a str,
    ) -> impl DoubleEndedIterator<Item = &'a Entry> {
        self.entries.iter().filter(move |entry| {
            entry.key == key.as_bytes() && is_named(&self.groups[entry.group], names)
        })
    }

    /// The groups of a name, in order.
    pub(crate) fn named<'a>(
        &'a self,
        names: &'a [String],
    ) -> impl DoubleEndedIterator<Item = &'a Group> {
        self.groups.iter().filter(move |g| is_named(g, names))
    }
}

fn is_named(group: &Group, names: &[String]) -> bool {
    group.names.len() == names.len()
        && (group.names.iter().zip(names)).all(|(one, other)| one == other.as_bytes())
}

/// The lines of a text.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = Line> {
    let mut start = 0;
    text.split_inclusive(|byte| *byte == b'\n')
        .map(move |line| {
            let place = start..start + line.len();
            start = place.end;
            let length = match line {
                [content @ .., b'\r', b'\n'] | [content @ .., b'\n'] | content => content.len(),
            };
            Line {
                end: place.start + length,
                place,
            }
        })
}

/// A range without the blanks at its start and its end.
pub(crate) fn trimmed(text: &[u8], range: Range<usize>, blank: fn(u8) -> bool) -> Range<usize> {
    let bytes = &text[range.clone()];
    let start = bytes.iter().take_while(|byte| blank(**byte)).count();
    let end = bytes[start..].iter().rev();
    let end = end.take_while(|byte| blank(**byte)).count();
    range.start + start..range.end - end
}

/// The text with one range replaced.
pub(crate) fn replaced(text: &[u8], range: Range<usize>, new: &[u8]) -> Vec<u8> {
    [&text[..range.start], new, &text[range.end..]].concat()
}

/// The text with a new line at the end of the last group of that name. If there is no such group, a
/// new one is added at the end, with the line `header`.
pub(crate) fn added(
    text: &[u8],
    parsed: &Parsed,
    names: &[String],
    header: &[u8],
    entry: &[u8],
) -> Vec<u8> {
    let Some(group) = parsed.named(names).next_back() else {
        return inserted(text, text.len(), &[header, entry]);
    };
    // The blank line tells `without_one` that the group was there before.
    let is_last = group.is_empty && !names.is_empty() && group.end == text.len();
    if is_last {
        inserted(text, group.end, &[b"", entry])
    } else {
        inserted(text, group.end, &[entry])
    }
}

/// The text with lines inserted at an offset.
pub(crate) fn inserted(text: &[u8], at: usize, lines: &[&[u8]]) -> Vec<u8> {
    let (before, after) = text.split_at(at);
    let first = lines_end(text);
    let end: &[u8] = if first || before.ends_with(b"\r") {
        b"\r\n"
    } else {
        b"\n"
    };
    let mut new = before.to_vec();
    let is_inside = before.is_empty() || before.ends_with(b"\n");
    for line in lines {
        if is_inside {
            new.extend_from_slice(line);
            new.extend_from_slice(end);
        } else {
            // The last line stays without a line end.
            new.extend_from_slice(end);
            new.extend_from_slice(line);
        }
    }
    new.extend_from_slice(after);
    new
}

/// Whether the first line ends with CR LF.
fn lines_end(text: &[u8]) -> bool {
    let first = text.iter().position(|byte| *byte == b'\n');
    first.is_some_and(|first| text[..first].ends_with(b"\r"))
}

/// A text on one line, with the escapes that key files and KDE's files have in common.
pub(crate) fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    text.replace('\t', "\\t").replace('\r', "\\r")
}

/// The text without the entries of a key.
pub(crate) fn without(text: &[u8], parsed: &Parsed, names: &[String], key: &str) -> Vec<u8> {
    let entries: Vec<_> = parsed.of(names, key).collect();
    if let [entry] = &entries[..] {
        return without_one(text, parsed, entry);
    }
    let places = entries.iter().map(|entry| entry.line.place.clone());
    bytes::without(text, places)
}

/// The text without an entry. Its group goes with it if [`added`] would have made the group.
fn without_one(text: &[u8], parsed: &Parsed, entry: &Entry) -> Vec<u8> {
    let Range { mut start, end } = entry.line.place.clone();
    let group = &parsed.groups[entry.group];
    let is_only = end == text.len() && group.end == end && !group.names.is_empty();
    let between = text.get(group.header.end..start).unwrap_or_default();
    if is_only && between.is_empty() {
        start = group.header.start;
    } else if is_only && (between == b"\n" || between == b"\r\n") {
        start = group.header.end;
    }
    if end == text.len() && !text.ends_with(b"\n") {
        let before = &text[..start];
        let kept = before.strip_suffix(b"\n").unwrap_or(before);
        start = kept.strip_suffix(b"\r").unwrap_or(kept).len();
    }
    [&text[..start], &text[end..]].concat()
}
