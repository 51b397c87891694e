// SPDX-License-Identifier: GPL-3.0-or-later

//! Text about error reports, for people.

use privacy_panel::reports::{self, Content, Field, Report, words};
use privacy_panel::system::i18n::{gettext, gettext_f, ngettext_f};

use crate::output;

/// `reports list`: a row for each report.
pub(crate) fn list(found: &[Report]) -> String {
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
    output::columns(&rows).join("\n")
}

/// A report without its content.
pub(crate) fn summary(report: &Report) -> String {
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

/// A field, on one line or below its name.
pub(crate) fn paragraph(field: &Field) -> String {
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

pub(crate) fn no_field(report: &Report, name: &str) -> String {
    gettext_f(
        "There is no field “{field}” in this report. “privacyctl reports show {report}” prints all of them.",
        &[("field", name), ("report", &report.id)],
    )
}

pub(crate) fn question(found: &[Report]) -> String {
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
