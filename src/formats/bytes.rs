// SPDX-License-Identifier: GPL-3.0-or-later

//! The bytes of files, which may not be UTF-8.

use std::ops::Range;

use crate::formats::mistake::At;

/// A file's text, or the place where it isn't UTF-8.
pub(crate) fn utf8(text: &[u8]) -> Result<&str, At> {
    std::str::from_utf8(text).map_err(|error| {
        let at = error.valid_up_to();
        At(Some(at), "not UTF-8".to_owned())
    })
}

/// Fails at the first NUL, where C programs would end the text.
pub(crate) fn check_nul(text: &[u8]) -> Result<(), At> {
    match text.iter().position(|byte| *byte == 0) {
        None => Ok(()),
        Some(at) => Err(At(Some(at), "a NUL; expected a text".to_owned())),
    }
}

/// Whether a text isn't empty and has only ASCII letters, digits, `-`, `.` and `_`.
pub(crate) fn is_word(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !text.is_empty() && text.chars().all(fits)
}

/// A file's bytes as text. Each byte that isn't UTF-8, and each byte of a byte order mark, becomes
/// one ASCII character, so that a range of the text is the same range of the bytes.
pub(crate) fn readable(bytes: &[u8]) -> String {
    let (mark, rest) = match bytes.strip_prefix("\u{feff}".as_bytes()) {
        Some(rest) => ("   ", rest),
        None => ("", bytes),
    };
    let mut text = String::with_capacity(bytes.len());
    text.push_str(mark);
    for chunk in rest.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}

/// The bytes without the given ranges, which are sorted.
pub(crate) fn without(bytes: &[u8], gone: impl Iterator<Item = Range<usize>>) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for place in gone {
        kept.extend_from_slice(&bytes[from..place.start]);
        from = place.end;
    }
    kept.extend_from_slice(&bytes[from..]);
    kept
}
