// SPDX-License-Identifier: GPL-3.0-or-later

//! Mistakes in files that people write, and where they are.

use std::path::{Path, PathBuf};

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {message}", .file.display(), position(*.at))]
pub struct Mistake {
    /// The file.
    pub file: PathBuf,
    /// The line and the column, in characters, both counted from 1; none where the file as
    /// a whole is meant.
    pub at: Option<(usize, usize)>,
    /// What was found and what was expected, in English, as parsers say it.
    pub message: String,
}

impl Mistake {
    /// A mistake that no line of the file stands for.
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

/// A mistake by its offset in the file, in bytes.
#[derive(Debug)]
pub(crate) struct At(pub(crate) Option<usize>, pub(crate) String);

impl At {
    /// A parser's own words; they may have lines of their own, and here each mistake is one.
    pub(crate) fn parser(error: &toml::de::Error) -> Self {
        let words: Vec<_> = error.message().split_whitespace().collect();
        Self(error.span().map(|span| span.start), words.join(" "))
    }

    pub(crate) fn in_file(self, file: &Path, text: &str) -> Mistake {
        Mistake {
            file: file.to_owned(),
            at: self.0.map(|offset| line_and_column(text, offset)),
            message: self.1,
        }
    }
}

/// A file's text, or where it is none.
pub(crate) fn text<'a>(file: &Path, bytes: &'a [u8]) -> Result<&'a str, Mistake> {
    std::str::from_utf8(bytes).map_err(|error| {
        let good = error.valid_up_to();
        // Up to there it is UTF-8.
        let text = std::str::from_utf8(&bytes[..good]).unwrap_or_default();
        At(Some(good), "not UTF-8; expected TOML 1.0".to_owned()).in_file(file, text)
    })
}

/// The offending text between quotes, on one line, and no more of it than helps.
pub(crate) fn quote(text: &str) -> String {
    const LONGEST: usize = 80;
    let shown: String = text.chars().take(LONGEST).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("“{}{more}”", shown.escape_debug())
}

/// Both counted from 1; the column in characters.
fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (
        before.matches('\n').count() + 1,
        before[line_start..].chars().count() + 1,
    )
}
