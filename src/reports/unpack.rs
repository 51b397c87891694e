// SPDX-License-Identifier: GPL-3.0-or-later

//! Decompresses the data in reports as a stream. A few bytes can expand to any size, so the caller
//! sets a limit.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::{GzDecoder, ZlibDecoder};

use crate::system::limits::UNPACKED_PIECE;

/// Decodes base64. Apport encodes each line separately, with padding at its end.
pub(super) struct Base64<R> {
    text: R,
    piece: Vec<u8>,
    bits: u32,
    letters: u8,
    decoded: Vec<u8>,
    at: usize,
    /// How many bytes have been decoded, including those that weren't read.
    total: u64,
    last: [u8; 4],
}

impl<R: Read> Base64<R> {
    pub(super) fn new(text: R) -> Self {
        Self {
            text,
            piece: vec![0; UNPACKED_PIECE],
            bits: 0,
            letters: 0,
            decoded: Vec::new(),
            at: 0,
            total: 0,
            last: [0; 4],
        }
    }

    /// Decodes to the end. Returns the number of bytes and the last four of them.
    pub(super) fn finish(mut self) -> io::Result<(u64, [u8; 4])> {
        while self.decode()? {}
        Ok((self.total, self.last))
    }

    /// Decodes the next piece. Returns whether there was one.
    fn decode(&mut self) -> io::Result<bool> {
        let length = self.text.read(&mut self.piece)?;
        self.decoded.clear();
        self.at = 0;
        for at in 0..length {
            let letter = self.piece[at];
            let value = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' => {
                    self.end_group();
                    continue;
                }
                _ if letter.is_ascii_whitespace() => continue,
                _ => return Err(io::ErrorKind::InvalidData.into()),
            };
            self.bits = self.bits << 6 | u32::from(value);
            self.letters += 1;
            if self.letters == 4 {
                self.decoded
                    .extend_from_slice(&self.bits.to_be_bytes()[1..]);
                (self.bits, self.letters) = (0, 0);
            }
        }
        if length == 0 {
            self.end_group();
        }
        self.total += self.decoded.len() as u64;
        for &byte in self.decoded.iter().rev().take(4).rev() {
            self.last.rotate_left(1);
            self.last[3] = byte;
        }
        Ok(length > 0 || !self.decoded.is_empty())
    }

    /// Decodes a group of fewer than four characters.
    fn end_group(&mut self) {
        match self.letters {
            2 => self.decoded.push((self.bits >> 4).to_be_bytes()[3]),
            3 => self
                .decoded
                .extend_from_slice(&(self.bits >> 2).to_be_bytes()[2..]),
            _ => {}
        }
        (self.bits, self.letters) = (0, 0);
    }
}

impl<R: Read> Read for Base64<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.decoded.len() {
            if !self.decode()? {
                return Ok(0);
            }
        }
        let length = out.len().min(self.decoded.len() - self.at);
        out[..length].copy_from_slice(&self.decoded[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

/// A compression format, which the first bytes show (`_decode_compressed_stream` in
/// `problem_report.py`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    /// Apport's format before gzip.
    Zlib,
    /// Zstandard, or any other format.
    Other,
}

/// Decompresses gzip and zlib. Passes other formats through unchanged.
pub(super) fn unpack<'a>(packed: impl Read + 'a) -> io::Result<(Packing, Box<dyn Read + 'a>)> {
    let mut packed = BufReader::with_capacity(UNPACKED_PIECE, packed);
    // No keeper writes a first line shorter than these two bytes.
    Ok(match packed.fill_buf()? {
        [0x1f, 0x8b, ..] => (Packing::Gzip, Box::new(GzDecoder::new(packed))),
        // Deflate with the default window size. The header's checksum covers both bytes.
        [0x78, check, ..] if (0x7800 + u32::from(*check)) % 31 == 0 => {
            (Packing::Zlib, Box::new(ZlibDecoder::new(packed)))
        }
        _ => (Packing::Other, Box::new(packed)),
    })
}
