// SPDX-License-Identifier: GPL-3.0-or-later

//! `privacyctl reports`: show and delete the error reports on this computer.

mod json;
mod text;

use std::collections::HashSet;
use std::io::{self, IsTerminal as _, Write as _};

use privacy_panel::reports::{
    self, Content, Depth, NotDeleted, Place, Reading, Report, Unlisted, Unreadable, Written, words,
};
use privacy_panel::system::i18n::{gettext, gettext_f, ngettext_f};
use privacy_panel::system::limits;
use privacy_panel::system::text::one_line;

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

/// All reports, the newest first, and the folders that can't be read.
fn all(places: &[Place]) -> (Vec<Report>, Vec<Unlisted>) {
    let (mut found, mut unlisted) = (Vec::new(), Vec::new());
    for report in reports::list(places, Depth::Programs) {
        match report {
            Ok(report) => found.push(report),
            Err(error) => unlisted.push(error),
        }
    }
    reports::hold(&mut found);
    found.sort_by(|a, b| (b.time, &a.id).cmp(&(a.time, &b.id)));
    (found, unlisted)
}

fn list(places: &[Place], format: Format) -> io::Result<Exit> {
    let (found, unlisted) = all(places);
    for problem in &unlisted {
        output::complain(&words::unlisted(problem));
    }
    if format.json {
        output::line(&json::list(places, &found, &unlisted))?;
    } else if places.is_empty() {
        output::line(&words::no_places())?;
    } else if found.is_empty() {
        if unlisted.is_empty() {
            output::line(&words::none())?;
        }
    } else {
        output::line(&text::list(&found))?;
    }
    Ok(if unlisted.is_empty() {
        Exit::Done
    } else {
        Exit::No
    })
}

/// The report with an identifier. Prints an error if there is none.
fn find(places: &[Place], id: &str) -> Option<Report> {
    match Report::find(places, id) {
        Ok(Some(mut report)) => {
            reports::hold([&mut report]);
            return Some(report);
        }
        Ok(None) => output::complain(&gettext_f(
            "There is no report “{report}”. “privacyctl reports” lists those that there are.",
            &[("report", id)],
        )),
        Err(error) => output::complain(&one_line(&format!("{id}: {error}"))),
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
        output::line(&text::summary(&report))
    };
    let read = report.read(&mut |field| {
        if format.json {
            fields.push(field);
        } else {
            printed = output::line(&text::paragraph(&field));
        }
        if printed.is_err() {
            Reading::Stop
        } else {
            Reading::GoOn
        }
    });
    printed?;
    if format.json {
        output::line(&json::show(&report, &fields))?;
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

fn show_field(places: &[Place], id: &str, name: &str) -> io::Result<Exit> {
    let Some(report) = find(places, id) else {
        return Ok(Exit::No);
    };
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        return show_field_to_person(&report, name);
    }
    let mut failure = None;
    let mut pipe = output::Pipe {
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
        None => (text::no_field(&report, name), Exit::No),
    };
    output::complain(&sentence);
    Ok(exit)
}

/// Only prints text to a terminal, whatever the field holds.
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
            output::complain(&text::no_field(report, name));
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
        if !output::confirm(&text::question(&found))? {
            return Ok(Exit::No);
        }
    }
    let mut deleted = 0;
    for report in &found {
        match report.delete() {
            Ok(()) => deleted += 1,
            Err(why) => {
                output::complain(&words::not_deleted(report, &why));
                // The content is gone, and Apport removes the rest.
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
