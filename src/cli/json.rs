// SPDX-License-Identifier: GPL-3.0-or-later

//! Output for programs. Fields are added over time, and never renamed.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::reader::{ModeState, Reader};
use privacy_panel::choices::status::{ChoiceStatus, ReaderStatus};
use privacy_panel::history::never_record::Rule;
use privacy_panel::history::{Found, Outcome, Span};
use privacy_panel::policy::{Organisation, Policy, ReaderReport, Report, Uncovered};
use privacy_panel::system::settings::Storage;
use privacy_panel::system::text;

#[derive(Serialize)]
struct StatusJson<'a> {
    choices: Vec<ChoiceJson<'a>>,
}

#[derive(Serialize)]
struct ChoiceJson<'a> {
    id: &'a str,
    state: &'static str,
    origin: &'static str,
    locked: bool,
    /// Whose policy decided or locked it; none where nobody's did, or where it does not say.
    organisation: Option<OrganisationJson<'a>>,
    /// Whether programs that were started before the policy may not know of it yet.
    pending: bool,
    /// How programs send what they may send; none where no program knows of several ways.
    mode: Option<&'static str>,
    readers: Vec<ReaderJson<'a>>,
}

#[derive(Serialize)]
struct OrganisationJson<'a> {
    name: &'a str,
    contact: Option<&'a str>,
}

#[derive(Serialize)]
// Each is a question of its own about the reader; none depends on another.
#[allow(clippy::struct_excessive_bools)]
struct ReaderJson<'a> {
    id: &'a str,
    name: &'a str,
    installed: bool,
    /// None for a program that is not installed or could not be read.
    state: Option<&'static str>,
    /// None where nobody can tell, too.
    origin: Option<&'static str>,
    locked: bool,
    /// Whether it is set for everybody who uses the computer.
    everybody: bool,
    /// How it sends; none where the program knows of no ways.
    mode: Option<&'static str>,
    /// Whether a program that reads the setting was found, besides the setting itself.
    program: bool,
    /// Why it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Serialize)]
struct IdentifiersJson<'a> {
    identifiers: Vec<IdentifierJson<'a>>,
}

#[derive(Serialize)]
struct IdentifierJson<'a> {
    /// The reader that has it.
    id: &'a str,
    name: &'a str,
    identifier: &'a str,
}

#[derive(Serialize)]
struct ReadersJson<'a> {
    readers: Vec<CatalogueJson<'a>>,
    mistakes: Vec<MistakeJson<'a>>,
}

#[derive(Serialize)]
struct CatalogueJson<'a> {
    id: &'a str,
    name: &'a str,
    choice: &'a str,
    /// None for the panel's own keys.
    file: Option<Cow<'a, str>>,
    installed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Serialize)]
struct MistakeJson<'a> {
    file: Cow<'a, str>,
    line: Option<usize>,
    column: Option<usize>,
    message: &'a str,
}

/// `status --json`
pub(crate) fn status(choices: &[ChoiceStatus]) -> String {
    print(&StatusJson {
        choices: choices.iter().map(ChoiceJson::from).collect(),
    })
}

/// A line of `watch --json`
pub(crate) fn choice(status: &ChoiceStatus) -> String {
    print(&ChoiceJson::from(status))
}

/// `identifier --json`
pub(crate) fn identifiers(found: &[(&Reader, String)]) -> String {
    print(&IdentifiersJson {
        identifiers: found
            .iter()
            .map(|(reader, identifier): &(&Reader, String)| IdentifierJson {
                id: &reader.id,
                name: &reader.name,
                identifier,
            })
            .collect(),
    })
}

/// `readers --json`
pub(crate) fn readers(catalogue: &Catalogue, storage: &Storage) -> String {
    print(&ReadersJson {
        readers: catalogue
            .readers()
            .iter()
            .map(|reader| {
                let status = ReaderStatus::of(reader, storage);
                CatalogueJson {
                    id: &reader.id,
                    name: &reader.name,
                    choice: reader.choice.id,
                    file: reader.file.as_deref().map(Path::to_string_lossy),
                    installed: status.installed(),
                    problem: problem(&status),
                }
            })
            .collect(),
        mistakes: catalogue
            .mistakes()
            .iter()
            .chain(catalogue.lost())
            .map(|mistake| MistakeJson {
                file: mistake.file.to_string_lossy(),
                line: mistake.at.map(|(line, _)| line),
                column: mistake.at.map(|(_, column)| column),
                message: &mistake.message,
            })
            .collect(),
    })
}

impl<'a> From<&'a ChoiceStatus> for ChoiceJson<'a> {
    fn from(status: &'a ChoiceStatus) -> Self {
        Self {
            id: status.choice.id,
            state: status.state.as_str(),
            origin: status.origin.as_str(),
            locked: status.locked,
            organisation: status.organisation.as_ref().map(OrganisationJson::from),
            pending: status.pending,
            mode: status.mode().map(ModeState::as_str),
            readers: status.readers.iter().map(ReaderJson::from).collect(),
        }
    }
}

impl<'a> From<&'a ReaderStatus> for ReaderJson<'a> {
    fn from(reader: &'a ReaderStatus) -> Self {
        let answer = reader.reading();
        Self {
            id: &reader.id,
            name: &reader.name,
            installed: reader.installed(),
            state: answer.map(|answer| answer.state.as_str()),
            origin: answer.and_then(|answer| Some(answer.origin?.as_str())),
            locked: answer.is_some_and(|answer| answer.locked),
            everybody: answer.is_some_and(|answer| answer.for_everybody),
            mode: answer.and_then(|answer| Some(answer.mode?.as_str())),
            program: reader.has_program,
            problem: problem(reader),
        }
    }
}

fn problem(reader: &ReaderStatus) -> Option<String> {
    reader.answer.as_ref().err().map(ToString::to_string)
}

pub(crate) fn print(value: &impl Serialize) -> String {
    // Numbers and strings alone can always be JSON.
    let json = serde_json::to_string(value)
        .unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string());
    escaped(&json)
}

/// The same data, in which what a terminal might obey is written as `\u202e`. All of it stands in
/// strings: what is around them is ASCII.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if text::is_printable_anywhere(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // A text takes whatever is written to it.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

#[derive(Serialize)]
struct PolicyJson<'a> {
    /// The file; none where there is no policy.
    policy: Option<Cow<'a, str>>,
    organisation: Option<OrganisationJson<'a>>,
    in_force: bool,
    /// Whether everybody’s profile names the policy’s database.
    in_profile: bool,
    choices: Vec<DecisionJson<'a>>,
    /// Files that others than the administrator can change.
    exposed: Vec<Cow<'a, str>>,
    /// Files that people cannot read.
    hidden: Vec<Cow<'a, str>>,
}

#[derive(Serialize)]
struct DecisionJson<'a> {
    id: &'a str,
    state: &'static str,
    locked: bool,
    readers: Vec<ReaderReportJson<'a>>,
    /// The programs that are there and that the policy does not reach.
    beyond: Vec<BeyondJson<'a>>,
}

#[derive(Serialize)]
struct BeyondJson<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct ReaderReportJson<'a> {
    id: &'a str,
    name: &'a str,
    in_force: bool,
    keys: Vec<KeyJson<'a>>,
    /// Why the program does not take the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'a str>,
}

#[derive(Serialize)]
struct KeyJson<'a> {
    key: &'a str,
    /// GVariant text.
    wanted: Option<&'a str>,
    wanted_locked: bool,
    found: Option<&'a str>,
    found_locked: bool,
}

/// `policy status --json` where there is no policy
pub(crate) fn no_policy() -> String {
    print(&PolicyJson {
        policy: None,
        organisation: None,
        in_force: false,
        in_profile: false,
        choices: Vec::new(),
        exposed: Vec::new(),
        hidden: Vec::new(),
    })
}

fn names(files: &[PathBuf]) -> Vec<Cow<'_, str>> {
    files.iter().map(|file| file.to_string_lossy()).collect()
}

/// `policy status --json`
pub(crate) fn policy(
    file: &Path,
    policy: &Policy,
    report: &Report,
    beyond: &[Uncovered<'_>],
) -> String {
    print(&PolicyJson {
        policy: Some(file.to_string_lossy()),
        organisation: policy.organisation.as_ref().map(OrganisationJson::from),
        in_force: report.in_force(),
        in_profile: report.in_profile,
        choices: policy
            .decisions
            .iter()
            .map(|decision| DecisionJson {
                id: decision.choice.id,
                state: decision.state.as_str(),
                locked: decision.locked,
                readers: report
                    .readers_of(decision.choice)
                    .map(ReaderReportJson::from)
                    .collect(),
                beyond: beyond
                    .iter()
                    .filter(|beyond| beyond.decision == decision)
                    .map(|beyond| BeyondJson {
                        id: &beyond.reader.id,
                        name: &beyond.reader.name,
                    })
                    .collect(),
            })
            .collect(),
        exposed: names(&report.exposed),
        hidden: names(&report.hidden),
    })
}

impl<'a> From<&'a ReaderReport> for ReaderReportJson<'a> {
    fn from(reader: &'a ReaderReport) -> Self {
        Self {
            id: &reader.id,
            name: &reader.name,
            in_force: reader.in_force(),
            keys: reader
                .keys
                .iter()
                .map(|key| KeyJson {
                    key: &key.key,
                    wanted: key.wanted.value.as_deref(),
                    wanted_locked: key.wanted.locked,
                    found: key.found.value.as_deref(),
                    found_locked: key.found.locked,
                })
                .collect(),
            problem: reader.problem(),
        }
    }
}

impl<'a> From<&'a Organisation> for OrganisationJson<'a> {
    fn from(organisation: &'a Organisation) -> Self {
        Self {
            name: &organisation.name,
            contact: organisation.contact.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct HistoryJson<'a> {
    /// In ISO 8601; none where the span has no beginning.
    since: Option<String>,
    /// The first moment after the span; none where it has no end.
    until: Option<String>,
    places: Vec<PlaceJson<'a>>,
}

#[derive(Serialize)]
struct PlaceJson<'a> {
    id: &'a str,
    name: String,
    /// How many entries of the span there are; none where it could not be found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    /// How many entries were removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<usize>,
    /// Why entries could not be counted, or cannot be or were not removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// `history --json`, `history clear --dry-run --json`
pub(crate) fn history(span: Span, found: &[Found]) -> String {
    print(&HistoryJson {
        since: span.since(),
        until: span.until(),
        places: found
            .iter()
            .map(|found| PlaceJson {
                id: found.place.id(),
                name: found.place.title(),
                count: found.count.as_ref().ok().copied(),
                removed: None,
                problem: found
                    .count
                    .as_ref()
                    .err()
                    .or(found.obstacle.as_ref())
                    .map(ToString::to_string),
            })
            .collect(),
    })
}

/// `history clear --json`
pub(crate) fn cleared(span: Span, outcomes: &[Outcome]) -> String {
    print(&HistoryJson {
        since: span.since(),
        until: span.until(),
        places: outcomes
            .iter()
            .map(|outcome| PlaceJson {
                id: outcome.place.id(),
                name: outcome.place.title(),
                count: None,
                removed: Some(outcome.removed),
                problem: outcome.problem.as_ref().map(ToString::to_string),
            })
            .collect(),
    })
}

#[derive(Serialize)]
struct RulesJson {
    never_record: Vec<RuleJson>,
}

#[derive(Serialize)]
struct RuleJson {
    kind: &'static str,
    value: String,
}

/// `history never-record list --json`
pub(crate) fn rules(rules: &[Rule]) -> String {
    print(&RulesJson {
        never_record: rules
            .iter()
            .map(|rule| {
                let (kind, value) = rule_words(rule);
                RuleJson { kind, value }
            })
            .collect(),
    })
}

/// The words by which a rule is added and removed. “everything” and “other” were made elsewhere.
pub(crate) fn rule_words(rule: &Rule) -> (&'static str, String) {
    match rule {
        Rule::Everything => ("everything", String::new()),
        Rule::Kind(kind) => ("kind", kind.id.to_owned()),
        Rule::Folder(path) => ("folder", path.display().to_string()),
        Rule::Application(id) => ("application", id.clone()),
        Rule::Other(name) => ("other", name.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_might_obey_is_escaped_and_stays_the_same_data() {
        let hostile = "a\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{2068}\u{200d}\u{fe0f}\u{e0041}\n\"ä中😀";
        let json = print(&hostile);
        assert_eq!(json, text::composed_line(&json));
        assert!(
            json.contains("\\u202e") && json.contains("\\udb40\\udc41") && json.contains("ä中😀")
        );
        let read: String = serde_json::from_str(&json).unwrap();
        assert_eq!(read, hostile);
    }
}
