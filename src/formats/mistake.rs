// SPDX-License-Identifier: GPL-3.0-or-later

//! Mistakes in hand-written files, with their places.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::system::limits;
use crate::system::text::{is_unprintable, one_line, path, shortened};

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {message}", path(.file), position(*.at))]
pub struct Mistake {
    /// The file.
    pub file: PathBuf,
    /// The line and the column, in characters, both counted from 1. `None`: the mistake has no
    /// place.
    pub at: Option<(usize, usize)>,
    /// What the parser found and what it expected, in English.
    pub message: String,
}

impl Mistake {
    /// A mistake without a place.
    pub fn whole(file: &Path, message: &str) -> Self {
        Self {
            file: file.to_owned(),
            at: None,
            message: message.to_owned(),
        }
    }
}

fn position(at: Option<(usize, usize)>) -> String {
    at.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"))
}

/// A mistake with its offset in the file, in bytes.
#[derive(Debug)]
pub struct At(pub Option<usize>, pub String);

impl At {
    /// A TOML parser's message on one line.
    pub(crate) fn parser(error: &toml::de::Error) -> Self {
        Self::of(error.span(), error.message())
    }

    /// A parser's message on one line.
    pub(crate) fn of(span: Option<Range<usize>>, message: &str) -> Self {
        let words: Vec<_> = message.split_whitespace().collect();
        // Backslashes in our own messages are already escapes.
        let message = one_line(&shortened(&words.join(" "), limits::PARSER_MESSAGE));
        Self(span.map(|span| span.start), message)
    }

    pub(crate) fn in_file(self, file: &Path, text: &str) -> Mistake {
        Place::default().of(self, file, text)
    }

    /// Like [`Self::in_file`], for a file that may not be UTF-8.
    pub(crate) fn in_bytes(self, file: &Path, bytes: &[u8]) -> Mistake {
        let before = self.0.map(|at| &bytes[..at.min(bytes.len())]);
        let text = String::from_utf8_lossy(before.unwrap_or_default());
        Self(self.0.map(|_| text.len()), self.1).in_file(file, &text)
    }

    /// All mistakes of a file in order. Scans the file once.
    pub(crate) fn all_in_file(mut mistakes: Vec<Self>, file: &Path, text: &str) -> Vec<Mistake> {
        mistakes.sort_by_key(|at| at.0);
        let mut place = Place::default();
        mistakes
            .into_iter()
            .map(|at| place.of(at, file, text))
            .collect()
    }
}

/// A position in a file that only moves forward.
#[derive(Default)]
struct Place {
    offset: usize,
    /// Both counted from 0. The column is in characters.
    line: usize,
    column: usize,
}

impl Place {
    fn of(&mut self, at: At, file: &Path, text: &str) -> Mistake {
        Mistake {
            file: file.to_owned(),
            at: at.0.map(|offset| self.move_on(text, offset)),
            message: at.1,
        }
    }

    /// The line and the column, both counted from 1.
    fn move_on(&mut self, text: &str, offset: usize) -> (usize, usize) {
        let passed = text.get(self.offset..offset);
        for c in passed.unwrap_or_default().chars() {
            if c == '\n' {
                self.line += 1;
                self.column = 0;
            } else {
                self.column += 1;
            }
        }
        self.offset = self.offset.max(offset);
        (self.line + 1, self.column + 1)
    }
}

/// A file's text, or the place where it isn't UTF-8.
pub(crate) fn text<'a>(file: &Path, bytes: &'a [u8]) -> Result<&'a str, Mistake> {
    std::str::from_utf8(bytes).map_err(|error| {
        let good = error.valid_up_to();
        // The bytes before that offset are valid UTF-8.
        let text = std::str::from_utf8(&bytes[..good]).unwrap_or_default();
        At(Some(good), "not UTF-8; expected TOML 1.0".to_owned()).in_file(file, text)
    })
}

/// The offending text in quotes, shortened, on one line.
pub(crate) fn quote(text: &str) -> String {
    // Backslashes in the file are escaped, too, so that escapes are unambiguous.
    let text = shortened(text, limits::QUOTE).replace('\\', "\\\\");
    format!("“{}”", one_line(&text))
}

/// Whether a text is a single line without unprintable characters.
pub(crate) fn is_line(text: &str, longest: usize) -> bool {
    !text.trim().is_empty() && text.len() <= longest && !text.contains(is_unprintable)
}
