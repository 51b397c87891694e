// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacyctl reports`: the error reports that are kept on this computer.

use std::collections::HashSet;
use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use privacy_panel::reports::{
    self, Content, Depth, Field, NotDeleted, Place, Reading, Report, Unreadable, Written, words,
};
use privacy_panel::system::i18n::{gettext, gettext_f, ngettext_f};
use privacy_panel::system::limits;
use privacy_panel::system::text;

use crate::args::{Format, ReportsCommand};
use crate::output::{self, Exit};

pub(crate) fn run(command: Option<ReportsCommand>, format: Format) -> io::Result<Exit> {
    let places = Place::all();
    match command.unwrap_or(ReportsCommand::List(format)) {
        ReportsCommand::List(format) => list(&places, format),
        ReportsCommand::Show {
            id,
            field: Some(field),
            ..
        } => show_field(&places, &id, &field),
        ReportsCommand::Show { id, format, .. } => show(&places, &id, format),
        ReportsCommand::Delete { ids, all, yes } => delete(&places, &ids, all, yes),
    }
}

#[derive(Serialize)]
struct ListJson<'a> {
    reports: Vec<ReportJson<'a>>,
    places: Vec<PlaceJson<'a>>,
}

#[derive(Serialize)]
struct PlaceJson<'a> {
    keeper: &'static str,
    folder: std::borrow::Cow<'a, str>,
    /// Why not all of its reports are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Serialize)]
struct ReportJson<'a> {
    id: &'a str,
    program: &'a str,
    /// In seconds since 1970.
    time: i64,
    /// In bytes.
    size: u64,
    state: &'static str,
    keeper: &'static str,
    files: Vec<String>,
    /// Whether what it holds is still there.
    content: bool,
    /// Whether whoever asks may see what it holds, and may delete it.
    readable: bool,
    deletable: bool,
}

impl<'a> From<&'a Report> for ReportJson<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            id: &report.id,
            program: &report.program,
            time: report.time,
            size: report.size,
            state: report.state.as_str(),
            keeper: report.place.keeper.id(),
            files: report
                .files
                .iter()
                .map(|file| {
                    report
                        .place
                        .folder
                        .join(file)
                        .to_string_lossy()
                        .into_owned()
                })
                .collect(),
            content: report.has_content,
            readable: report.readable,
            deletable: report.deletable,
        }
    }
}

#[derive(Serialize)]
struct FieldJson<'a> {
    name: Option<&'a str>,
    /// None for what is not text.
    text: Option<&'a str>,
    /// Whether there is more of the text.
    cut: bool,
    /// How much room it takes in the report, and unpacked, in bytes; for what is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unpacked: Option<u64>,
}

impl<'a> From<&'a Field> for FieldJson<'a> {
    fn from(field: &'a Field) -> Self {
        let name = field.name.as_deref();
        match &field.content {
            Content::Text { text, cut } => Self {
                name,
                text: Some(text),
                cut: *cut,
                size: None,
                unpacked: None,
            },
            Content::Binary { size, unpacked } => Self {
                name,
                text: None,
                cut: false,
                size: Some(*size),
                unpacked: *unpacked,
            },
        }
    }
}

/// All reports, the newest first, and a word about each folder that kept some back.
fn all(places: &[Place]) -> (Vec<Report>, Vec<reports::Unlisted>) {
    let (mut found, mut unlisted) = (Vec::new(), Vec::new());
    for report in reports::list(places, Depth::Programs) {
        match report {
            Ok(report) => found.push(report),
            Err(error) => unlisted.push(error),
        }
    }
    found.sort_by(|a, b| (b.time, &a.id).cmp(&(a.time, &b.id)));
    (found, unlisted)
}

fn list(places: &[Place], format: Format) -> io::Result<Exit> {
    let (found, unlisted) = all(places);
    for problem in &unlisted {
        output::complain(&words::unlisted(problem));
    }
    if format.json {
        let places = places.iter().map(|place| PlaceJson {
            keeper: place.keeper.id(),
            folder: place.folder.to_string_lossy(),
            problem: unlisted
                .iter()
                .find(|unlisted| unlisted.folder == place.folder)
                .map(ToString::to_string),
        });
        output::line(&crate::json::print(&ListJson {
            reports: found.iter().map(ReportJson::from).collect(),
            places: places.collect(),
        }))?;
    } else if places.is_empty() {
        output::line(&words::no_places())?;
    } else if found.is_empty() {
        if unlisted.is_empty() {
            output::line(&words::none())?;
        }
    } else {
        let header = [
            // Translators: heading of a column: when an error report was written
            gettext("DATE"),
            // Translators: heading of a column
            gettext("PROGRAM"),
            // Translators: heading of a column
            gettext("SIZE"),
            // Translators: heading of a column: whether an error report was sent
            gettext("STATE"),
            // Translators: heading of a column: the name of an error report, for commands
            gettext("REPORT"),
        ];
        let rows = found.iter().map(|report| {
            [
                words::time(report.time),
                report.program_name().to_owned(),
                words::size(report.size),
                words::state(report.state),
                report.id.clone(),
            ]
        });
        let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
        output::line(&output::columns(&rows).join("\n"))?;
    }
    Ok(if unlisted.is_empty() {
        Exit::Done
    } else {
        Exit::No
    })
}

/// The report of that name, or a sentence that there is none.
fn find(places: &[Place], id: &str) -> Option<Report> {
    match Report::find(places, id) {
        Ok(Some(report)) => return Some(report),
        Ok(None) => output::complain(&gettext_f(
            "There is no report “{report}”. “privacyctl reports” lists those that there are.",
            &[("report", id)],
        )),
        Err(error) => output::complain(&text::one_line(&format!("{id}: {error}"))),
    }
    None
}

fn show(places: &[Place], id: &str, format: Format) -> io::Result<Exit> {
    let Some(report) = find(places, id) else {
        return Ok(Exit::No);
    };
    let mut fields = Vec::new();
    let mut printed = if format.json {
        Ok(())
    } else {
        output::line(&summary(&report))
    };
    let read = report.read(&mut |field| {
        if format.json {
            fields.push(field);
        } else {
            printed = output::line(&paragraph(&field));
        }
        if printed.is_err() {
            Reading::Stop
        } else {
            Reading::GoOn
        }
    });
    printed?;
    if format.json {
        output::line(&crate::json::print(&serde_json::json!({
            "report": ReportJson::from(&report),
            "fields": fields.iter().map(FieldJson::from).collect::<Vec<_>>(),
        })))?;
    }
    Ok(complain_of(&report, read))
}

fn complain_of(report: &Report, read: Result<(), Unreadable>) -> Exit {
    match read {
        Ok(()) => Exit::Done,
        Err(why) => {
            output::complain(&words::unreadable(report, &why));
            Exit::No
        }
    }
}

/// What there is to know of a report without its content.
fn summary(report: &Report) -> String {
    let mut lines = vec![
        gettext_f(
            // Translators: a program, when it failed, and what becomes of the report about that
            "{program}, {time}: {state}",
            &[
                ("program", &report.program),
                ("time", &words::time(report.time)),
                ("state", &words::state(report.state)),
            ],
        ),
        words::consequence(report),
    ];
    let files = report.files.iter();
    lines.extend(files.map(|file| format!("  {}", reports::path(&report.place, file))));
    lines.push(String::new());
    lines.join("\n")
}

/// A field: on one line, or below its name.
fn paragraph(field: &Field) -> String {
    let name = words::field_name(field);
    match &field.content {
        Content::Binary { .. } => {
            format!("{name}: [{}]", words::binary(field).unwrap_or_default())
        }
        Content::Text { text, cut } => {
            let mut out = format!("{name}:");
            if text.contains('\n') || *cut {
                for line in text.split('\n') {
                    out.push_str("\n ");
                    out.push_str(line);
                }
            } else {
                out.push(' ');
                out.push_str(text);
            }
            if *cut {
                out.push_str("\n [");
                out.push_str(&words::cut());
                out.push(']');
            }
            out
        }
    }
}

fn show_field(places: &[Place], id: &str, name: &str) -> io::Result<Exit> {
    let Some(report) = find(places, id) else {
        return Ok(Exit::No);
    };
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        return show_field_to_person(&report, name);
    }
    let mut failure = None;
    let mut pipe = Pipe {
        out: &mut out,
        failure: &mut failure,
    };
    let written = report.write_field(name, limits::REPORT_FIELD, &mut pipe);
    if let Some(error) = failure {
        return Err(error);
    }
    out.flush()?;
    let written = match written {
        Ok(written) => written,
        Err(why) => return Ok(complain_of(&report, Err(why))),
    };
    let (sentence, exit) = match written {
        Some(Written::Whole) => return Ok(Exit::Done),
        Some(Written::Packed) => (
            gettext("The field was printed as it is packed in the report."),
            Exit::Done,
        ),
        Some(Written::Cut) => (
            gettext_f(
                "The first {size} were printed. Take the report apart with apport-unpack to see the rest.",
                &[("size", &words::size(limits::REPORT_FIELD))],
            ),
            Exit::No,
        ),
        Some(Written::Broken) => (
            gettext("The field is broken. It was printed as far as it could be read."),
            Exit::No,
        ),
        None => (no_field(&report, name), Exit::No),
    };
    output::complain(&sentence);
    Ok(exit)
}

fn no_field(report: &Report, name: &str) -> String {
    gettext_f(
        "There is no field “{field}” in this report. “privacyctl reports show {report}” prints all of them.",
        &[("field", name), ("report", &report.id)],
    )
}

/// Whatever is in a field, a terminal is shown text.
fn show_field_to_person(report: &Report, name: &str) -> io::Result<Exit> {
    let mut found = None;
    let read = report.read(&mut |field| {
        if field.name.as_deref() != Some(name) {
            return Reading::GoOn;
        }
        found = Some(field);
        Reading::Stop
    });
    let Some(field) = found else {
        if read.is_ok() {
            output::complain(&no_field(report, name));
            return Ok(Exit::No);
        }
        return Ok(complain_of(report, read));
    };
    match &field.content {
        Content::Text { text, cut } => {
            output::line(text)?;
            if *cut {
                output::complain(&words::cut());
            }
        }
        Content::Binary { .. } => {
            output::complain(&gettext_f(
                // Translators: what a field of a report holds, and that it is no text
                "The field holds {content}. Send the output to a file to have it.",
                &[("content", &words::binary(&field).unwrap_or_default())],
            ));
            return Ok(Exit::No);
        }
    }
    Ok(Exit::Done)
}

/// Remembers why nobody takes what is written, to tell it from why nothing can be read.
struct Pipe<'a> {
    out: &'a mut dyn io::Write,
    failure: &'a mut Option<io::Error>,
}

impl io::Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(|error| {
            let kind = error.kind();
            *self.failure = Some(error);
            kind.into()
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn delete(places: &[Place], ids: &[String], every: bool, yes: bool) -> io::Result<Exit> {
    let mut exit = Exit::Done;
    let found = if every {
        let (found, unlisted) = all(places);
        for problem in &unlisted {
            output::complain(&words::unlisted(problem));
            exit = Exit::NotSaved;
        }
        found
    } else {
        let mut seen = HashSet::new();
        let ids = ids.iter().filter(|id| seen.insert(id.as_str()));
        let found: Vec<_> = ids.map(|id| find(places, id)).collect();
        if found.iter().any(Option::is_none) {
            exit = Exit::No;
        }
        found.into_iter().flatten().collect()
    };
    if found.is_empty() {
        if every && exit == Exit::Done {
            output::line(&words::none())?;
        }
        return Ok(exit);
    }
    if let Some(owner) = found.iter().find_map(Report::foreign) {
        output::complain(&privacy_panel::choices::words::foreign(&owner));
        return Ok(Exit::NotSaved);
    }
    if !yes {
        if !io::stdin().is_terminal() {
            output::complain(&gettext(
                "Nobody can be asked here. To delete without being asked, add --yes.",
            ));
            return Ok(Exit::BadFile);
        }
        if !output::confirm(&question(&found))? {
            return Ok(Exit::No);
        }
    }
    let mut deleted = 0;
    for report in &found {
        match report.delete() {
            Ok(()) => deleted += 1,
            Err(why) => {
                output::complain(&words::not_deleted(report, &why));
                // What it held is gone; what is left goes by itself.
                if matches!(why, NotDeleted::MarksLeft(_) | NotDeleted::Emptied) {
                    deleted += 1;
                }
                exit = Exit::NotSaved;
            }
        }
    }
    output::line(&ngettext_f(
        "{count} report deleted",
        "{count} reports deleted",
        deleted,
        &[("count", &deleted.to_string())],
    ))?;
    Ok(exit)
}

fn question(found: &[Report]) -> String {
    let size: u64 = found.iter().map(|report| report.size).sum();
    ngettext_f(
        "Delete {count} report, {size}? It cannot be brought back.",
        "Delete {count} reports, {size}? They cannot be brought back.",
        found.len(),
        &[
            ("count", &found.len().to_string()),
            ("size", &words::size(size)),
        ],
    )
}
