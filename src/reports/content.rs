// SPDX-License-Identifier: GPL-3.0-or-later

//! What a report holds, for people: text as text, and of everything else how much it is.

use std::io;

use crate::system::text;

/// A part of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What the reporter calls it; none for what stands in the file without a name.
    pub name: Option<String>,
    /// What it holds.
    pub content: Content,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text. What cannot be shown has been replaced.
    Text {
        /// It, or its beginning.
        text: String,
        /// Whether there is more of it.
        cut: bool,
    },
    /// Anything else.
    Binary {
        /// How much room it takes in the report, in bytes.
        size: u64,
        /// How large it says to be when it is unpacked, in bytes.
        unpacked: Option<u64>,
    },
}

/// Whether to go on reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// There may be more.
    GoOn,
    /// It is enough.
    Stop,
}

/// What was written of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// All of it.
    Whole,
    /// Its beginning, since it is larger than was asked for.
    Cut,
    /// Its beginning, since the rest is broken.
    Broken,
    /// As it is in the report, since it is packed in another way than gzip's.
    Packed,
}

/// Why it cannot be seen what a report holds.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is somebody else's.
    #[error("not permitted")]
    NotPermitted,
    /// It is not there any more.
    #[error("gone")]
    Gone,
    /// The system says why.
    #[error(transparent)]
    System(io::Error),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::NotPermitted,
            io::ErrorKind::NotFound => Self::Gone,
            _ => Self::System(error),
        }
    }
}

/// Bytes that are meant to be text. What is cut may end within a letter.
pub(super) fn text(bytes: &[u8], cut: bool) -> Content {
    Content::Text {
        text: text::lines(&String::from_utf8_lossy(whole_letters(bytes, cut))),
        cut,
    }
}

/// Whether bytes that could be anything are text, as Apport tells (`_try_unicode` and `is_binary`
/// in `problem_report.py`).
pub(super) fn is_text(bytes: &[u8], cut: bool) -> bool {
    let plain = |byte: &u8| *byte >= b' ' || matches!(byte, 9..=13);
    bytes.iter().all(plain) && std::str::from_utf8(whole_letters(bytes, cut)).is_ok()
}

/// Bytes without the part of a letter at their end, where they were cut.
fn whole_letters(bytes: &[u8], cut: bool) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if cut && error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    }
}

/// The same on one line.
pub(super) fn one_line(text: &str) -> String {
    text::one_line(&text.replace(['\n', '\t'], " "))
}
