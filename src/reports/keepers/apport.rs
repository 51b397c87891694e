// SPDX-License-Identifier: GPL-3.0-or-later

//! Apport's reports, and the marks that Apport and whoopsie use to track them.
//!
//! `NAME.crash` is a report. Apport creates `NAME.upload` to have it sent (`mark_report_upload` in
//! apport/fileutils.py). Whoopsie creates `NAME.uploaded` when it has sent it or won't try again
//! (`mark_handled` in src/utils.c of whoopsie). The newest of the three counts, since the next
//! failure of the same program takes the same name.
//!
//! A report consists of fields, see `fields.rs`. Binary data is compressed with gzip and encoded as
//! base64 (`problem_report.py`).

mod fields;

use std::ffi::{OsStr, OsString};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::ffi::OsStrExt as _;

use crate::reports::content::{
    self, Content, Field, Reading, Unreadable, Written, copy, is_text, one_line,
};
use crate::reports::folder::{Folder, Status};
use crate::reports::report::{Depth, Keeper, Place, Report, State, escaped};
use crate::reports::unpack::{Base64, Packing, unpack};
use crate::system::limits;
use fields::Fields;

/// The suffix of the file with the content.
const CRASH: &str = ".crash";
const UPLOAD: &str = ".upload";
const UPLOADED: &str = ".uploaded";

/// Apport, whose reports whoopsie sends.
#[derive(Debug)]
pub struct Apport;

impl Keeper for Apport {
    fn id(&self) -> &'static str {
        "apport"
    }

    fn title(&self) -> String {
        "Apport".to_owned()
    }

    /// `report_dir` in apport/fileutils.py.
    fn folder(&self) -> &'static str {
        "/var/crash"
    }

    fn listed(&self, place: &Place, folder: &Folder, file: &OsStr, depth: Depth) -> Option<Report> {
        let (name, end) = [UPLOADED, UPLOAD, CRASH].into_iter().find_map(|end| {
            let name = file.as_bytes().strip_suffix(end.as_bytes())?;
            (!name.is_empty()).then_some((OsStr::from_bytes(name), end))
        })?;
        let files = Files::of(folder, name);
        let first = match (files.content(), files.upload) {
            (Some(_), _) => CRASH,
            (None, Some(_)) => UPLOAD,
            (None, None) => UPLOADED,
        };
        (end == first).then(|| of(place, folder, name, &files, depth == Depth::Programs))?
    }

    fn find(&self, place: &Place, folder: &Folder, name: &OsStr) -> Option<Report> {
        of(place, folder, name, &Files::of(folder, name), true)
    }

    fn read(
        &self,
        report: &Report,
        each: &mut dyn FnMut(Field) -> Reading,
    ) -> Result<(), Unreadable> {
        read_from(report.open()?, each).map_err(Unreadable::from)
    }

    fn write_field(
        &self,
        report: &Report,
        name: &str,
        largest: u64,
        out: &mut dyn Write,
    ) -> Result<Option<Written>, Unreadable> {
        let mut fields = Fields::new(BufReader::with_capacity(64 * 1024, report.open()?));
        while let Some(head) = fields.next_field()? {
            if head.name.as_deref() != Some(name) {
                continue;
            }
            if !head.encoded {
                let cut = copy(&mut fields.value(), largest, out)?;
                return Ok(Some(if cut { Written::Cut } else { Written::Whole }));
            }
            let Ok((packing, mut value)) = unpack(Base64::new(fields.value())) else {
                return Ok(Some(Written::Broken));
            };
            return Ok(Some(match copy(&mut value, largest, out) {
                Err(error) if is_broken(&error) => Written::Broken,
                Err(error) => return Err(error.into()),
                Ok(true) => Written::Cut,
                Ok(false) if packing == Packing::Other => Written::Packed,
                Ok(false) => Written::Whole,
            }));
        }
        Ok(None)
    }

    /// Whoopsie sends only reports with this mark (`parse_and_upload_report` and
    /// `process_existing_files` in src/whoopsie.c).
    fn send_mark(&self, report: &Report) -> Option<OsString> {
        let is_marked = matches!(report.state, State::Marked | State::Held);
        is_marked.then(|| Some(with(name(report)?, UPLOAD)))?
    }

    fn files_to_delete(&self, report: &Report) -> (Option<OsString>, Vec<OsString>) {
        name(report).map_or_else(Default::default, |name| {
            (
                Some(with(name, CRASH)),
                vec![with(name, UPLOAD), with(name, UPLOADED)],
            )
        })
    }
}

/// The name that all files of a report begin with.
fn name(report: &Report) -> Option<&OsStr> {
    let file = report.files.first()?.as_bytes();
    let mut ends = [UPLOADED, UPLOAD, CRASH].into_iter();
    let name = ends.find_map(|end| file.strip_suffix(end.as_bytes()))?;
    Some(OsStr::from_bytes(name))
}

/// The files of a report that exist.
struct Files {
    crash: Option<Status>,
    upload: Option<Status>,
    uploaded: Option<Status>,
}

impl Files {
    fn of(folder: &Folder, name: &OsStr) -> Self {
        let status = |end: &str| folder.status(&with(name, end));
        Self {
            crash: status(CRASH),
            upload: status(UPLOAD),
            uploaded: status(UPLOADED),
        }
    }

    /// The report itself. Apport empties a file that it can't delete (`delete_report`), and skips
    /// empty files (`get_all_reports`).
    fn content(&self) -> Option<&Status> {
        self.crash.as_ref().filter(|crash| crash.size > 0)
    }

    fn present(&self, name: &OsStr) -> impl Iterator<Item = (OsString, Status)> {
        [
            (CRASH, self.crash),
            (UPLOAD, self.upload),
            (UPLOADED, self.uploaded),
        ]
        .map(|(end, status)| Some((with(name, end), status?)))
        .into_iter()
        .flatten()
    }

    fn state(&self) -> State {
        let written = |status: &Status| status.written;
        let sent = self.uploaded.as_ref().map(written);
        let marked = self.upload.as_ref().map(written);
        match self.content().map(written) {
            // Whoopsie also marks a report as done that disappears before it is sent (`create_file`
            // in src/monitor.c). The two cases look the same.
            None if sent.is_some() => State::Sent,
            None => State::Mark,
            // `already_handled_report` in src/utils.c compares these two. If both are of the same
            // second, whoopsie would send again, and then creates a new mark.
            Some(crash) if sent.is_some() && sent >= marked => {
                // `process_report` in data/whoopsie-upload-all removes both marks of an older
                // report before it checks a newer one.
                if sent >= Some(crash) {
                    State::Sent
                } else {
                    State::Waiting
                }
            }
            Some(_) if marked.is_some() => State::Marked,
            Some(_) => State::Waiting,
        }
    }
}

fn with(name: &OsStr, end: &str) -> OsString {
    let mut file = name.to_owned();
    file.push(end);
    file
}

fn of(
    place: &Place,
    folder: &Folder,
    name: &OsStr,
    files: &Files,
    program: bool,
) -> Option<Report> {
    let present: Vec<_> = files.present(name).collect();
    let content = files.content();
    // An empty report without a mark was deleted as far as Apport could.
    let newest = content
        .or(files.uploaded.as_ref())
        .or(files.upload.as_ref())?;
    let statuses: Vec<_> = present.iter().map(|(_, status)| *status).collect();
    let mut readable = content.is_some();
    let mut said = None;
    if content.is_some() {
        let crash = with(name, CRASH);
        match program.then(|| folder.open_unseen(&crash)) {
            Some(Ok(file)) => said = said_program(file),
            _ => readable = folder.may_read(&crash),
        }
    }
    Some(Report {
        id: format!("{}:{}", place.keeper.id(), escaped(name)),
        program: said.unwrap_or_else(|| named_program(name)),
        time: newest.written.0,
        size: statuses.iter().map(|status| status.size).sum(),
        state: files.state(),
        place: place.clone(),
        has_own_folder: false,
        files: present.into_iter().map(|(name, _)| name).collect(),
        has_content: content.is_some(),
        readable,
        deletable: folder.may_delete(&statuses),
        seen: content.copied(),
    })
}

/// The program in the file's name: its path with `_` for each `/`, or a package (`make_report_file`
/// in apport/fileutils.py), and the user's number.
fn named_program(name: &OsStr) -> String {
    let name = name.to_string_lossy();
    let program = match name.rsplit_once('.') {
        Some((program, uid)) if uid.bytes().all(|byte| byte.is_ascii_digit()) => program,
        _ => &name,
    };
    one_line(&if program.starts_with('_') {
        program.replace('_', "/")
    } else {
        program.to_owned()
    })
}

/// The program in the first fields of the report.
fn said_program(file: impl Read) -> Option<String> {
    let mut fields = Fields::new(BufReader::new(file.take(limits::REPORT_HEAD)));
    let mut package = None;
    while let Ok(Some(head)) = fields.next_field() {
        let (Some(name), false) = (head.name, head.encoded) else {
            continue;
        };
        if name == "ExecutablePath" || name == "Package" {
            let mut value = Vec::new();
            fields
                .value()
                .take(limits::REPORT_PROGRAM)
                .read_to_end(&mut value)
                .ok()?;
            let value = one_line(&String::from_utf8_lossy(&value));
            if name == "ExecutablePath" && !value.is_empty() {
                return Some(value);
            }
            // The version follows the package's name.
            package = value.split_whitespace().next().map(str::to_owned);
        }
    }
    package
}

/// Reads the fields of any file. Text outside any field is a field without a name.
pub fn read_from(input: impl Read, each: &mut dyn FnMut(Field) -> Reading) -> io::Result<()> {
    let input = input.take(limits::REPORT_FILE);
    let mut fields = Fields::new(BufReader::with_capacity(64 * 1024, input));
    let mut room = limits::REPORT_CONTENT;
    for number in 1..=limits::REPORT_FIELDS {
        let Some(head) = fields.next_field()? else {
            // At the limit, there may be more to read.
            if fields.input.get_ref().limit() == 0 {
                each(more());
            }
            return Ok(());
        };
        let largest = room.min(limits::REPORT_TEXT);
        let content = if head.encoded {
            unpacked(fields.value(), largest)?
        } else {
            let (bytes, cut) = beginning(&mut fields.value(), largest)?;
            content::text(&bytes, cut)
        };
        if let Content::Text { text, .. } = &content {
            room = room.saturating_sub(text.len());
        }
        let name = head.name;
        let is_last = number == limits::REPORT_FIELDS;
        let field = if is_last && fields.next_field()?.is_some() {
            more()
        } else {
            Field { name, content }
        };
        if each(field) == Reading::Stop {
            return Ok(());
        }
    }
    Ok(())
}

/// A field that says that the report continues.
fn more() -> Field {
    Field {
        name: None,
        content: content::text(b"", true),
    }
}

/// The first `largest` bytes of a value, and whether there are more.
fn beginning(value: &mut dyn Read, largest: usize) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    value.take(largest as u64 + 1).read_to_end(&mut bytes)?;
    let cut = bytes.len() > largest;
    bytes.truncate(largest);
    Ok((bytes, cut))
}

/// Decodes and decompresses a value: text if it is text, otherwise its size.
fn unpacked(value: impl Read, largest: usize) -> io::Result<Content> {
    let mut decoded = Base64::new(value);
    let mut bytes = Vec::new();
    let mut packing = Packing::Other;
    // If decompressing fails, the data before the failure may still be text.
    let mut broken = true;
    if let Ok((found, mut out)) = unpack(&mut decoded) {
        packing = found;
        broken = (&mut out)
            .take(largest as u64 + 1)
            .read_to_end(&mut bytes)
            .is_err();
    }
    let cut = bytes.len() > largest;
    bytes.truncate(largest);
    if is_text(&bytes, cut || broken) && !(bytes.is_empty() && broken) {
        return Ok(content::text(&bytes, cut || broken));
    }
    Ok(match decoded.finish() {
        Ok((size, last)) => Content::Binary {
            size,
            // The last four bytes of gzip are the uncompressed size. Ignore an impossible one.
            unpacked: (packing == Packing::Gzip)
                .then(|| u64::from(u32::from_le_bytes(last)))
                .filter(|unpacked| *unpacked <= size.saturating_mul(limits::PACKING_RATIO)),
        },
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Content::Binary {
            size: bytes.len() as u64,
            unpacked: None,
        },
        Err(error) => return Err(error),
    })
}

/// Whether the data is damaged, rather than reading or writing having failed.
fn is_broken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof
    )
}
