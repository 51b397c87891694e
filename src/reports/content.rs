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

/// The bytes of a text in which `prefix` and two hexadecimal digits stand for a byte. Anything else
/// stands for itself.
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
