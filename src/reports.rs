// SPDX-License-Identifier: GPL-3.0-or-later

//! Reports of errors that are kept on this computer: what waits, what was sent, what is only kept.
//!
//! A **place** is a folder in which a reporter keeps its reports, and a **report** is all of the
//! files there that belong together: Apport's `.crash` with the marks that say what becomes of it,
//! or one core dump. Nothing but these files is asked, and nothing about them is remembered.
//!
//! Other people can write in `/var/crash`. So a folder is a handle, names are looked up below it, no
//! link in it is followed, and only regular files are opened. What a file says of itself is neither
//! trusted nor read beyond a bound.

mod content;
mod delete;
mod folder;
pub mod keepers;
pub mod program;
mod unpack;
pub mod words;

use crate::reports::keepers::apport;
use crate::reports::keepers::coredump;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

pub use content::{Content, Field, Reading, Unreadable, Written};
pub use delete::NotDeleted;
use folder::{Folder, Status};

use crate::system::home;
use crate::system::limits;
use crate::system::owner::Owner;
use crate::system::text;

/// Where a reporter keeps its reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Who keeps them there, and so what the files mean.
    pub keeper: Keeper,
    /// The folder.
    pub folder: PathBuf,
}

/// Who keeps reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Keeper {
    /// Apport, whose reports whoopsie sends.
    Apport,
    /// Apport, for people who want core files of their programs.
    ApportCores,
    /// systemd-coredump.
    Systemd,
}

impl Keeper {
    /// Every one, in the order in which places are looked through.
    pub const ALL: [Self; 3] = [Self::Apport, Self::ApportCores, Self::Systemd];

    /// What begins the name of a report.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Apport => "apport",
            Self::ApportCores => "apport-core",
            Self::Systemd => "systemd",
        }
    }

    /// The folder: `report_dir` and `core_dir` of Apport (apport/fileutils.py), and what systemd has
    /// built in (`make_filename` in src/coredump/coredump.c). Apport's tests move theirs by
    /// variables of the environment; what root runs does not follow these.
    const fn folder(self) -> &'static str {
        match self {
            Self::Apport => "/var/crash",
            Self::ApportCores => "/var/lib/apport/coredump",
            Self::Systemd => "/var/lib/systemd/coredump",
        }
    }
}

impl Place {
    /// The places that there are on this computer.
    pub fn all() -> Vec<Self> {
        let places = Keeper::ALL.into_iter().map(|keeper| Self {
            keeper,
            folder: keeper.folder().into(),
        });
        // A folder that may not be looked into is there all the same.
        places.filter(|place| place.folder.is_dir()).collect()
    }
}

/// What becomes of a report, as far as its files say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Nobody has said that it is to be sent.
    Waiting,
    /// It is sent when that is possible.
    Marked,
    /// The sender is done with it.
    Sent,
    /// Nobody sends it.
    Kept,
    /// A mark alone, whose report is gone: there is nothing to send.
    Mark,
}

impl State {
    /// The name in files and output for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Marked => "marked",
            Self::Sent => "sent",
            Self::Kept => "kept",
            Self::Mark => "mark",
        }
    }
}

/// A report, without what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Its name here: one word of plain letters, however odd the file is called.
    pub id: String,
    /// The program that failed: the path of its file where that is known, or what the file's name
    /// says. One line that says nothing to a terminal.
    pub program: String,
    /// When it was written, in seconds since 1970.
    pub time: i64,
    /// How much room all of its files take, in bytes.
    pub size: u64,
    /// What becomes of it.
    pub state: State,
    /// Where it is.
    pub place: Place,
    /// All of its files, that with the content first.
    pub files: Vec<OsString>,
    /// Whether there is a file with content, rather than marks alone.
    pub has_content: bool,
    /// Whether whoever asks may see what it holds.
    pub readable: bool,
    /// Whether whoever asks may delete it.
    pub deletable: bool,
    /// What the file with the content was when this was read.
    seen: Option<Status>,
}

impl Report {
    /// The report of that name, or none: where there is none any more, or never was.
    pub fn find(places: &[Place], id: &str) -> io::Result<Option<Self>> {
        let Some((keeper, name)) = id.split_once(':') else {
            return Ok(None);
        };
        let Some(place) = places.iter().find(|place| place.keeper.id() == keeper) else {
            return Ok(None);
        };
        let name = unescaped(name);
        // The name of a file in that folder and of nothing else.
        if name.is_empty() || name.as_bytes().contains(&b'/') || name.as_bytes().contains(&0) {
            return Ok(None);
        }
        let folder = Folder::open(place)?;
        Ok(match place.keeper {
            Keeper::Apport => apport::report(&folder, &name, true),
            Keeper::ApportCores | Keeper::Systemd => coredump::report(&folder, &name),
        })
    }

    /// The last part of the program's path.
    pub fn program_name(&self) -> &str {
        let name = self.program.rsplit('/').next().unwrap_or_default();
        if name.is_empty() { &self.program } else { name }
    }

    /// Goes through what it holds, field by field, until `each` says that it is enough.
    pub fn read(&self, each: &mut dyn FnMut(Field) -> Reading) -> Result<(), Unreadable> {
        match self.place.keeper {
            Keeper::Apport => apport::read(self, each),
            Keeper::ApportCores | Keeper::Systemd => coredump::read(self, each),
        }
    }

    /// Writes a field as it is, unpacked, and `largest` bytes of it at most.
    pub fn write_field(
        &self,
        name: &str,
        largest: u64,
        out: &mut dyn io::Write,
    ) -> Result<Option<Written>, Unreadable> {
        match self.place.keeper {
            Keeper::Apport => apport::write_field(self, name, largest, out),
            Keeper::ApportCores | Keeper::Systemd => {
                coredump::write_field(self, name, largest, out)
            }
        }
    }

    /// The user whose report this is, if the caller is root in that user's home or session: then
    /// it is left to that user.
    pub fn foreign(&self) -> Option<Owner> {
        let owner = home::of_another()?;
        let folder = Folder::open(&self.place).ok()?;
        let mut files = self.files.iter().filter_map(|file| folder.status(file));
        files.any(|file| file.owner == owner.uid).then_some(owner)
    }

    /// Deletes all of its files. There is no way back.
    ///
    /// A report whose content is not what it was when this was read stays: another failure of the
    /// same program has taken its name.
    pub fn delete(&self) -> Result<(), NotDeleted> {
        delete::delete(self)
    }

    fn open(&self) -> Result<std::fs::File, Unreadable> {
        let name = match self.files.first() {
            Some(name) if self.has_content => name,
            _ => return Err(Unreadable::Gone),
        };
        let folder = Folder::open(&self.place).map_err(Unreadable::from)?;
        folder.open_file(name).map_err(Unreadable::from)
    }
}

/// A folder that could not be looked through, or not to its end.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", text::path(.folder))]
pub struct Unlisted {
    /// The folder.
    pub folder: PathBuf,
    /// Why.
    #[source]
    pub error: io::Error,
}

/// How much there is to know of each report of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What its files are called, and what they are.
    Names,
    /// The program, too, as the report itself says it.
    Programs,
}

/// All reports of some places, one after the other, in no particular order. It keeps one report at
/// a time, however many there are; whoever has seen enough lets go of it.
pub fn list(places: &[Place], depth: Depth) -> impl Iterator<Item = Result<Report, Unlisted>> {
    places.iter().flat_map(move |place| {
        let unlisted = move |error: io::Error| Unlisted {
            folder: place.folder.clone(),
            error,
        };
        let (reports, failure) = match in_place(place, depth) {
            Ok(reports) => (Some(reports), None),
            Err(error) => (None, Some(Err(error))),
        };
        let all = reports.into_iter().flatten().chain(failure);
        all.map(move |report| report.map_err(unlisted))
    })
}

fn in_place(
    place: &Place,
    depth: Depth,
) -> io::Result<impl Iterator<Item = io::Result<Report>> + use<>> {
    let folder = Folder::open(place)?;
    let mut left = limits::REPORT_NAMES;
    let names = folder.names()?.map_while(move |name| {
        let stop = left.checked_sub(1);
        left = stop?;
        // The last of them stands for all that are not looked at.
        Some(if left == 0 {
            Err(io::Error::other(format!(
                "more than {} files; those after them were not looked at",
                limits::REPORT_NAMES - 1
            )))
        } else {
            name
        })
    });
    Ok(names.filter_map(move |name| match name {
        Err(error) => Some(Err(error)),
        Ok(name) => match folder.place().keeper {
            Keeper::Apport => apport::listed(&folder, &name, depth),
            Keeper::ApportCores | Keeper::Systemd => coredump::report(&folder, &name),
        }
        .map(Ok),
    }))
}

/// How many reports there are, as far as folders can be looked through.
pub fn count(places: &[Place]) -> usize {
    list(places, Depth::Names).flatten().count()
}

/// A file's name as one word of plain letters.
fn escaped(name: &OsStr) -> String {
    let mut out = String::with_capacity(name.len());
    for &byte in name.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.+,@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // A text takes whatever is written to it.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The name that was [`escaped`]; what is not is taken as it is.
fn unescaped(word: &str) -> OsString {
    let mut out = Vec::with_capacity(word.len());
    let mut rest = word.as_bytes();
    while let [first, more @ ..] = rest {
        let hex = more.get(..2).filter(|_| *first == b'%');
        let byte = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(byte) = byte {
            out.push(byte);
            rest = &more[2..];
        } else {
            out.push(*first);
            rest = more;
        }
    }
    OsString::from_vec(out)
}

/// The path of a file of a report, for people.
pub fn path(place: &Place, file: &OsStr) -> String {
    text::path(&place.folder.join(file))
}

#[cfg(test)]
mod tests;
