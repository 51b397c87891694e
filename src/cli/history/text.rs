// SPDX-License-Identifier: GPL-3.0-or-later

//! Text about history, for people.

use privacy_panel::history::never_record::Rule;
use privacy_panel::history::{Found, Outcome, Progress, words};
use privacy_panel::system::i18n::{gettext, gettext_f};
use privacy_panel::system::text;

use crate::history::rule_words;
use crate::output;

/// A row for each source, with what it holds.
pub(crate) fn places(found: &[Found]) -> String {
    if found.is_empty() {
        return gettext("Nothing on this computer remembers what you do, as far as is known.");
    }
    let rows: Vec<_> = found
        .iter()
        .map(|found| [found.source.title(), words::found(found)])
        .collect();
    output::columns(&rows).join("\n")
}

/// How far clearing has come.
pub(crate) fn progress(progress: Progress) -> String {
    gettext_f(
        // Translators: how many entries of a place were removed so far
        "{place}: {removed} of {count} removed",
        &[
            ("place", &progress.source.title()),
            ("removed", &progress.removed.to_string()),
            ("count", &progress.of.to_string()),
        ],
    )
}

/// A row for each source, with the result of clearing it.
pub(crate) fn outcomes(outcomes: &[Outcome]) -> String {
    let rows: Vec<_> = outcomes
        .iter()
        .map(|outcome| [outcome.source.title(), words::outcome(outcome)])
        .collect();
    let mut lines = output::columns(&rows);
    lines.push(words::out_of_reach());
    lines.join("\n")
}

/// The arguments that add and remove a rule, and its name.
pub(crate) fn rule(rule: &Rule) -> [String; 3] {
    let (kind, value) = rule_words(rule);
    let name = match rule {
        Rule::Kind(kind) => kind.title(),
        Rule::Everything => words::rule(rule),
        // Translators: about a rule that another program made in its own way
        Rule::Other(_) => gettext("made by another program"),
        Rule::Folder(_) | Rule::Application(_) => String::new(),
    };
    [kind.to_owned(), text::one_line(&value), name]
}
