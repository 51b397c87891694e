// SPDX-License-Identifier: GPL-3.0-or-later

//! The fields of an Apport report, read as a stream: a field may be larger than the memory.
//!
//! A field is `Name: value` on one line, or `Name:` and lines that begin with a space.

use std::io::{self, BufRead, Read};

use crate::system::limits;

/// How a field begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// `None`: the lines are outside any field.
    pub(super) name: Option<String>,
    /// Whether its value is base64.
    pub(super) encoded: bool,
}

/// Reads the fields of a report one by one, whatever their size.
pub(super) struct Fields<R> {
    pub(super) input: R,
    /// A line, or its beginning, that was read ahead.
    line: Option<Vec<u8>>,
    /// The piece of the current value that was read last, and how much of it the caller has taken.
    piece: Vec<u8>,
    at: usize,
    /// Whether the current line continues.
    within_line: bool,
    /// Whether the current value is in a field.
    named: bool,
    /// Whether the current value has any bytes yet. Apport writes no line end before its first
    /// line.
    begun: bool,
}

impl<R: BufRead> Fields<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            line: None,
            piece: Vec::new(),
            at: 0,
            within_line: false,
            named: false,
            begun: false,
        }
    }

    /// Skips the rest of the current field, and reads the next one.
    pub(super) fn next_field(&mut self) -> io::Result<Option<Head>> {
        loop {
            self.at = self.piece.len();
            if self.named || self.begun || self.within_line {
                while self.fill()? {}
            }
            let Some(line) = self.next_line()? else {
                return Ok(None);
            };
            (self.at, self.begun) = (0, false);
            self.piece.clear();
            self.named = false;
            let Some((name, value)) = head(&line) else {
                if line.is_empty() && !self.within_line {
                    continue;
                }
                self.piece = line;
                self.begun = true;
                return Ok(Some(Head {
                    name: None,
                    encoded: false,
                }));
            };
            self.named = true;
            let encoded = !self.within_line && value.trim_ascii() == b"base64";
            if !encoded {
                self.piece = value.trim_ascii_start().to_owned();
                self.begun = !self.piece.is_empty();
            }
            let name = Some(name.to_owned());
            return Ok(Some(Head { name, encoded }));
        }
    }

    /// The value of the current field.
    pub(super) fn value(&mut self) -> Value<'_, R> {
        Value(self)
    }

    /// A line without its end, or the first piece of a long line.
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some(line) = self.line.take() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        (&mut self.input)
            .take(limits::REPORT_LINE)
            .read_until(b'\n', &mut line)?;
        if line.is_empty() {
            self.within_line = false;
            return Ok(None);
        }
        self.within_line = line.last() != Some(&b'\n');
        if !self.within_line {
            line.pop();
        }
        Ok(Some(line))
    }

    /// Reads the next piece of the current value. Returns whether there was one.
    fn fill(&mut self) -> io::Result<bool> {
        self.piece.clear();
        self.at = 0;
        let within = self.within_line && self.line.is_none();
        let Some(line) = self.next_line()? else {
            return Ok(false);
        };
        if within {
            self.piece = line;
        } else {
            let rest = match line.strip_prefix(b" ") {
                Some(rest) if self.named => rest,
                None if !self.named && head(&line).is_none() => &line,
                Some(_) if !self.named => &line,
                _ => {
                    self.line = Some(line);
                    return Ok(false);
                }
            };
            if self.begun {
                self.piece.push(b'\n');
            }
            self.piece.extend_from_slice(rest);
        }
        self.begun |= !self.piece.is_empty();
        Ok(true)
    }
}

/// Splits a line into a field's name and the rest.
fn head(line: &[u8]) -> Option<(&str, &[u8])> {
    let end = line
        .iter()
        .take(limits::REPORT_FIELD_NAME + 1)
        .position(|&byte| byte == b':')?;
    let name = std::str::from_utf8(&line[..end]).ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (!name.is_empty() && name.bytes().all(plain)).then_some((name, &line[end + 1..]))
}

/// The rest of a field's value.
pub(super) struct Value<'a, R>(&'a mut Fields<R>);

impl<R: BufRead> Read for Value<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.0.at == self.0.piece.len() {
            if !self.0.fill()? {
                return Ok(0);
            }
        }
        let rest = &self.0.piece[self.0.at..];
        let length = out.len().min(rest.len());
        out[..length].copy_from_slice(&rest[..length]);
        self.0.at += length;
        Ok(length)
    }
}
