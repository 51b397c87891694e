// SPDX-License-Identifier: GPL-3.0-or-later

//! Text about choices and readers, for people.

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::change::{Failure, Report};
use privacy_panel::choices::reader::Request;
use privacy_panel::choices::snapshot::Snapshot;
use privacy_panel::choices::state::State;
use privacy_panel::choices::status::{ChoiceStatus, ReaderStatus};
use privacy_panel::choices::words;
use privacy_panel::system::i18n::{Part, gettext, gettext_f, gettext_parts};
use privacy_panel::system::text;

use crate::output;

/// `status`: a paragraph for each choice.
pub(crate) fn status(choices: &[ChoiceStatus]) -> String {
    let paragraphs: Vec<_> = choices.iter().map(paragraph).collect();
    paragraphs.join("\n\n")
}

fn paragraph(status: &ChoiceStatus) -> String {
    let mut lines = vec![
        gettext_parts(
            // Translators: a choice, its state, and who decided, such as
            // “Send error reports: Off. Set by you.”
            "{choice}: {state}. {who}.",
            &[
                ("choice", Part::Own(&status.choice.title())),
                ("state", Part::Own(&words::choice_word(status))),
                // It has the organisation's name in it, which is clean by now.
                ("who", Part::Own(&words::who(status))),
            ],
        ),
        format!("  {}", status.choice.id),
        format!("    {}", words::summary(status)),
    ];
    let rows: Vec<_> = status
        .followers()
        .map(|reader| {
            [
                format!("    {}", reader.display_name()),
                words::reader_state(reader),
                words::reader(reader, status, false),
            ]
        })
        .collect();
    lines.extend(output::columns(&rows));
    if let Some(mode) = status.mode().filter(|_| status.state.may_send()) {
        lines.push(format!("    {}", words::mode(mode)));
    }
    if status.pending {
        lines.push(format!("    {}", words::pending()));
    }
    if let Some(organisation) = status.organisation.as_ref().filter(|_| status.preset) {
        lines.push(format!("    {}", words::organisation(organisation)));
    }
    lines.join("\n")
}

/// A line of `watch`.
pub(crate) fn change(status: &ChoiceStatus) -> String {
    let mut remarks = vec![words::who(status)];
    if status.state == State::Mixed {
        remarks.push(words::summary(status));
    }
    if let Some(mode) = status.mode().filter(|_| status.state.may_send()) {
        remarks.push(words::mode(mode));
    }
    format!(
        "{} {} ({})",
        status.choice.id,
        status.state.as_str(),
        remarks.join(". ")
    )
}

/// What `set` and `reset` read back from each installed program.
pub(crate) fn report(report: &Report) -> String {
    if let (Request::Mode(_), Some(mode)) = (report.request, report.status.mode()) {
        return words::mode(mode);
    }
    let rows: Vec<_> = report
        .status
        .followers()
        .map(|reader| [reader.display_name(), words::reader_state(reader)])
        .collect();
    if rows.is_empty() {
        return report.status.choice.empty_hint();
    }
    output::columns(&rows).join("\n")
}

/// Why programs didn't follow, without duplicates.
pub(crate) fn failures(report: &Report) -> Vec<String> {
    let mut sentences = Vec::new();
    for (name, failure) in report.named_failures() {
        let mut sentence = words::failure(&name, failure);
        if let Failure::NotSaved(Some(details)) | Failure::Refused(details) = failure {
            sentence.push(' ');
            sentence.push_str(&gettext_f(
                // Translators: what another program said, for experts, usually in English
                "(It said: {details})",
                &[("details", details)],
            ));
        }
        if let Failure::Problem(problem) = failure {
            sentence = format!("{sentence} ({})", text::one_line(&problem.to_string()));
        }
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}

/// `readers`: a row a reader.
pub(crate) fn readers(catalogue: &Catalogue, now: &Snapshot) -> String {
    let header = [
        // Translators: heading of a column
        gettext("READER"),
        // Translators: heading of a column
        gettext("CHOICE"),
        // Translators: heading of a column: whether a program is on this computer
        gettext("INSTALLED"),
        // Translators: heading of a column: how it is known that the program obeys its setting
        gettext("PROOF"),
        // Translators: heading of a column
        gettext("PROGRAM"),
        // Translators: heading of a column
        gettext("FILE"),
    ];
    let rows = catalogue.readers().iter().map(|reader| {
        let status = ReaderStatus::of(reader, now);
        [
            reader.id.clone(),
            reader.choice.id.to_owned(),
            match (&status.answer, status.installed()) {
                (Err(problem), _) => text::one_line(&problem.to_string()),
                (_, true) => gettext("yes"),
                (_, false) => gettext("no"),
            },
            reader.proof.as_str().to_owned(),
            status.display_name(),
            reader.file.as_ref().map_or_else(
                // Translators: instead of a file’s name
                || gettext("built in"),
                |file| text::path(file),
            ),
        ]
    });
    output::columns(&std::iter::once(header).chain(rows).collect::<Vec<_>>()).join("\n")
}
