// SPDX-License-Identifier: GPL-3.0-or-later

//! A report, and the interface of programs that keep reports.

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Write as _};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use crate::reports::content::{Field, Reading, Unreadable, Written, unescaped};
use crate::reports::folder::{Folder, Status};
use crate::system::home;
use crate::system::owner::Owner;
use crate::system::text;

/// A program that keeps error reports in a folder, and knows what the files there mean.
pub trait Keeper: fmt::Debug + Send + Sync {
    /// The beginning of the identifiers of its reports; it is never translated.
    fn id(&self) -> &'static str;

    /// The name, in the user's language.
    fn title(&self) -> String;

    /// The folder. Environment variables don't change it, since root reads it.
    fn folder(&self) -> &'static str;

    /// The report that a file belongs to. `None` unless it is the report's first file: each report
    /// is listed once.
    fn listed(&self, place: &Place, folder: &Folder, file: &OsStr, depth: Depth) -> Option<Report>;

    /// The report of a name.
    fn find(&self, place: &Place, folder: &Folder, name: &OsStr) -> Option<Report>;

    /// See [`Report::read`].
    fn read(
        &self,
        report: &Report,
        each: &mut dyn FnMut(Field) -> Reading,
    ) -> Result<(), Unreadable>;

    /// See [`Report::write_field`].
    fn write_field(
        &self,
        report: &Report,
        name: &str,
        largest: u64,
        out: &mut dyn io::Write,
    ) -> Result<Option<Written>, Unreadable>;

    /// The file by which a report is marked to be sent, while there is something to send.
    fn send_mark(&self, _report: &Report) -> Option<OsString> {
        None
    }

    /// The file with the content, and the marks that may exist by now.
    fn files_to_delete(&self, report: &Report) -> (Option<OsString>, Vec<OsString>);
}

impl PartialEq for dyn Keeper {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for dyn Keeper {}

/// A folder of reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The program that keeps them there.
    pub keeper: &'static dyn Keeper,
    /// The folder.
    pub folder: PathBuf,
}

/// Whether a report is sent, by its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Not marked to be sent.
    Waiting,
    /// Marked: whoopsie sends it when it can.
    Marked,
    /// Marked, but sending is off.
    Held,
    /// Whoopsie has sent it, or won't try again.
    Sent,
    /// Nothing sends it.
    Kept,
    /// A mark whose report is gone: there is nothing to send.
    Mark,
}

impl State {
    /// The identifier in JSON; it is never translated.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Marked => "marked",
            Self::Held => "held",
            Self::Sent => "sent",
            Self::Kept => "kept",
            Self::Mark => "mark",
        }
    }
}

/// A report, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
// Independent facts about the report.
#[allow(clippy::struct_excessive_bools)]
pub struct Report {
    /// The identifier: one word of plain ASCII, whatever the file is called.
    pub id: String,
    /// The program that failed: the path of its executable if known, otherwise the name in the
    /// file's name. One line that is safe to print.
    pub program: String,
    /// When it was written, in seconds since 1970.
    pub time: i64,
    /// The size of all its files, in bytes.
    pub size: u64,
    /// Whether it is sent.
    pub state: State,
    /// Its location.
    pub place: Place,
    /// Whether all of the place's folder is this report.
    pub has_own_folder: bool,
    /// All its files. The file with the content comes first.
    pub files: Vec<OsString>,
    /// Whether the file with the content exists, rather than only marks.
    pub has_content: bool,
    /// Whether the caller may read its content.
    pub readable: bool,
    /// Whether the caller may delete it.
    pub deletable: bool,
    /// The state of the file with the content when it was listed.
    pub(super) seen: Option<Status>,
}

impl Report {
    /// The report with an identifier. `None`: there is no such report, or not any more.
    pub fn find(places: &[Place], id: &str) -> io::Result<Option<Self>> {
        let Some((keeper, name)) = id.split_once(':') else {
            return Ok(None);
        };
        let Some(place) = places.iter().find(|place| place.keeper.id() == keeper) else {
            return Ok(None);
        };
        let name = OsString::from_vec(unescaped(name, b"%"));
        // Only accept the name of a file in this folder.
        if name.is_empty() || name.as_bytes().contains(&b'/') || name.as_bytes().contains(&0) {
            return Ok(None);
        }
        let folder = Folder::open(&place.folder)?;
        Ok(place.keeper.find(place, &folder, &name))
    }

    /// The last part of the program's path.
    pub fn program_name(&self) -> &str {
        let name = self.program.rsplit('/').next().unwrap_or_default();
        if name.is_empty() { &self.program } else { name }
    }

    /// Passes each field to `each`, until it returns [`Reading::Stop`].
    pub fn read(&self, each: &mut dyn FnMut(Field) -> Reading) -> Result<(), Unreadable> {
        self.place.keeper.read(self, each)
    }

    /// Writes a field unchanged and decompressed, up to `largest` bytes.
    pub fn write_field(
        &self,
        name: &str,
        largest: u64,
        out: &mut dyn io::Write,
    ) -> Result<Option<Written>, Unreadable> {
        self.place.keeper.write_field(self, name, largest, out)
    }

    /// The user that the report belongs to, if the caller is root in that user's home or session
    /// and so must not touch it.
    pub fn foreign(&self) -> Option<Owner> {
        let owner = home::of_another()?;
        let folder = self.open_folder().ok()?;
        let mut files = self.files.iter().filter_map(|file| folder.status(file));
        files.any(|file| file.owner == owner.uid).then_some(owner)
    }

    pub(super) fn open(&self) -> Result<std::fs::File, Unreadable> {
        let name = match self.files.first() {
            Some(name) if self.has_content => name,
            _ => return Err(Unreadable::Gone),
        };
        let folder = self.open_folder().map_err(Unreadable::from)?;
        folder.open_file(name).map_err(Unreadable::from)
    }

    pub(super) fn open_folder(&self) -> io::Result<Folder> {
        if self.has_own_folder {
            let (above, name) = self.above()?;
            return above.below(name);
        }
        Folder::open(&self.place.folder)
    }

    /// The folder that has the report's own folder, and the name of that.
    pub(super) fn above(&self) -> io::Result<(Folder, &OsStr)> {
        let own = &self.place.folder;
        let (Some(above), Some(name)) = (own.parent(), own.file_name()) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        Ok((Folder::open(above)?, name))
    }
}

/// A folder that can't be read, or not to its end.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", text::path(.folder))]
pub struct Unlisted {
    /// The folder.
    pub folder: PathBuf,
    /// The system's error.
    #[source]
    pub error: io::Error,
}

/// How much to find out about each report of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What the names and states of its files say.
    Names,
    /// Also the program, which is in the report's content.
    Programs,
}

/// Escapes a file name to one word of plain ASCII.
pub(super) fn escaped(name: &OsStr) -> String {
    let mut out = String::with_capacity(name.len());
    for &byte in name.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.+,@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
