// SPDX-License-Identifier: GPL-3.0-or-later

//! The content of a report, for users: text as text, and the size of everything else.

use std::io;

use crate::system::text;

/// A named part of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The keeper's name for it. `None`: text outside any field.
    pub name: Option<String>,
    /// Its content.
    pub content: Content,
}

/// The content of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text. Characters that can't be shown are replaced.
    Text {
        /// The text, or its beginning.
        text: String,
        /// Whether there is more text.
        cut: bool,
    },
    /// Any other data.
    Binary {
        /// The size in the report, in bytes.
        size: u64,
        /// The uncompressed size that the data claims, in bytes.
        unpacked: Option<u64>,
    },
}

/// Whether to continue reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Continue.
    GoOn,
    /// Stop.
    Stop,
}

/// How much of a field was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The whole field.
    Whole,
    /// The beginning, since the field exceeds the limit.
    Cut,
    /// The beginning, since the rest is damaged.
    Broken,
    /// The compressed data, since only gzip and zlib are decompressed.
    Packed,
}

/// Why a report's content can't be read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// The caller may not read the file.
    #[error("not permitted")]
    NotPermitted,
    /// The file is gone.
    #[error("gone")]
    Gone,
    /// The system's error.
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

/// Converts bytes to text. Cut bytes may end within a character.
pub(super) fn text(bytes: &[u8], cut: bool) -> Content {
    Content::Text {
        text: text::lines(&String::from_utf8_lossy(whole_letters(bytes, cut))),
        cut,
    }
}

/// Whether bytes are text, by Apport's rule (`_try_unicode` and `is_binary` in
/// `problem_report.py`).
pub(super) fn is_text(bytes: &[u8], cut: bool) -> bool {
    let plain = |byte: &u8| *byte >= b' ' || matches!(byte, 9..=13);
    bytes.iter().all(plain) && std::str::from_utf8(whole_letters(bytes, cut)).is_ok()
}

/// The bytes without an incomplete character at the end, if they were cut.
fn whole_letters(bytes: &[u8], cut: bool) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(error) if cut && error.error_len().is_none() => &bytes[..error.valid_up_to()],
        _ => bytes,
    }
}

/// The text on one line.
pub(super) fn one_line(text: &str) -> String {
    text::one_line(&text.replace(['\n', '\t'], " "))
}

/// Copies at most `largest` bytes. Returns whether there are more.
pub(super) fn copy(
    from: &mut dyn io::Read,
    largest: u64,
    out: &mut dyn io::Write,
) -> io::Result<bool> {
    let mut from = io::Read::take(from, largest.saturating_add(1));
    let mut left = largest;
    let mut piece = vec![0; 32 * 1024];
    loop {
        let length = io::Read::read(&mut from, &mut piece)?;
        if length == 0 {
            return Ok(false);
        }
        let wanted = length.min(usize::try_from(left).unwrap_or(usize::MAX));
        out.write_all(&piece[..wanted])?;
        left -= wanted as u64;
        if wanted < length {
            return Ok(true);
        }
    }
}

/// Replaces `prefix` and two hexadecimal digits with the byte they stand for.
pub(super) fn unescaped(text: &str, prefix: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        let hex = rest.strip_prefix(prefix).and_then(|hex| hex.get(..2));
        let byte = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = byte {
            out.push(byte);
            rest = &rest[prefix.len() + 2..];
        } else {
            out.push(*first);
            rest = more;
        }
    }
    out
}
