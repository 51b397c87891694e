// SPDX-License-Identifier: GPL-3.0-or-later

//! Hash tables in files: compiled schemas, and dconf's databases.
//!
//! Source: GNOME/gvdb, `gvdb-format.h` and `gvdb-reader.c`. Only files of this computer's own byte
//! order are read.

use glib::{Bytes, Variant, VariantTy};

/// A header: two words of a signature, then the place of the outermost table.
const SIGNATURE: &[u8] = b"GVariant";

/// The size of an item: `struct gvdb_hash_item`.
const ITEM: usize = 24;

/// The parent of an item without one.
const NO_PARENT: u32 = u32::MAX;

/// A table of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a> {
    file: &'a [u8],
    /// The number of each bucket's first item, a word each.
    buckets: &'a [u8],
    /// All items, each with [`ITEM`] bytes. Those of a bucket follow each other.
    items: &'a [u8],
}

/// An entry of a table.
#[derive(Clone, Copy)]
struct Item<'a>(&'a [u8]);

impl<'a> Table<'a> {
    /// The outermost table. `None` if the file has another byte order or is no such file.
    pub(crate) fn root(file: &'a [u8]) -> Option<Self> {
        if file.starts_with(SIGNATURE) {
            Self::at(file, (word(file, 16)?, word(file, 20)?))
        } else {
            None
        }
    }

    fn at(file: &'a [u8], (start, end): (u32, u32)) -> Option<Self> {
        let table = part(file, start, end)?;
        // The number of words shares its word with a shift.
        let words = usize::try_from(word(table, 0)? & 0x07ff_ffff).ok()?;
        let buckets = usize::try_from(word(table, 4)?).ok()?;
        let start = 8_usize.checked_add(words.checked_mul(4)?)?;
        let end = start.checked_add(buckets.checked_mul(4)?)?;
        Some(Self {
            file,
            buckets: table.get(start..end)?,
            items: table.get(end..)?,
        })
    }

    /// The table in an entry.
    pub(crate) fn table(&self, name: &str) -> Option<Self> {
        Self::at(self.file, self.item(name, b'H')?.span()?)
    }

    /// The bytes of the value in an entry, which is a variant.
    pub(crate) fn value(&self, name: &str) -> Option<&'a [u8]> {
        let (start, end) = self.item(name, b'v')?.span()?;
        part(self.file, start, end)
    }

    /// The value in an entry.
    pub(crate) fn variant(&self, name: &str) -> Option<Variant> {
        let bytes = Bytes::from(self.value(name)?);
        Variant::from_bytes_with_type(&bytes, VariantTy::VARIANT).as_variant()
    }

    fn item(&self, name: &str, kind: u8) -> Option<Item<'a>> {
        let hash = hash(name);
        let bucket = usize::try_from(hash)
            .ok()?
            .checked_rem(self.buckets.len() / 4)?;
        let first =
            |bucket: usize| usize::try_from(word(self.buckets, bucket.checked_mul(4)?)?).ok();
        let start = first(bucket)?;
        // The last bucket ends with the items.
        let end = first(bucket + 1).unwrap_or(usize::MAX);
        let items = self.items.chunks_exact(ITEM).map(Item);
        let mut items = items.skip(start).take(end.saturating_sub(start));
        items.find(|item| {
            item.kind() == kind
                && item.hash() == Some(hash)
                && self.is_named(*item, name.as_bytes())
        })
    }

    /// Whether the names of an item and of its parents, one after the other, are this name.
    fn is_named(&self, mut item: Item<'a>, name: &[u8]) -> bool {
        let mut left = name;
        // A parent with an empty name would make no progress.
        for _ in 0..=name.len() {
            let Some(before) = item.name(self.file).and_then(|own| left.strip_suffix(own)) else {
                return false;
            };
            left = before;
            let Some(parent) = item.parent().filter(|parent| *parent != NO_PARENT) else {
                return left.is_empty();
            };
            let at = usize::try_from(parent)
                .ok()
                .and_then(|parent| parent.checked_mul(ITEM));
            let found = at.and_then(|at| self.items.get(at..)?.get(..ITEM));
            let Some(found) = found else {
                return false;
            };
            item = Item(found);
        }
        false
    }
}

impl Item<'_> {
    fn hash(self) -> Option<u32> {
        word(self.0, 0)
    }

    fn parent(self) -> Option<u32> {
        word(self.0, 4)
    }

    /// Its own part of its name.
    fn name(self, file: &[u8]) -> Option<&[u8]> {
        let start = word(self.0, 8)?;
        let size = u16::from_ne_bytes([self.0[12], self.0[13]]);
        part(file, start, start.checked_add(u32::from(size))?)
    }

    fn kind(self) -> u8 {
        self.0[14]
    }

    fn span(self) -> Option<(u32, u32)> {
        Some((word(self.0, 16)?, word(self.0, 20)?))
    }
}

/// The hash of a name, whose characters are signed: `djb_hash()`.
fn hash(name: &str) -> u32 {
    name.bytes().fold(5381_u32, |hash, byte| {
        let character = i32::from(i8::from_ne_bytes([byte]));
        hash.wrapping_mul(33).wrapping_add_signed(character)
    })
}

fn part(file: &[u8], start: u32, end: u32) -> Option<&[u8]> {
    file.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}
