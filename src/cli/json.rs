// SPDX-License-Identifier: GPL-3.0-or-later

//! Output for programs. Fields are added over time, and never renamed.

use std::borrow::Cow;
use std::path::Path;

use serde::Serialize;

use privacy_panel::catalogue::Catalogue;
use privacy_panel::status::{ChoiceStatus, ReaderStatus};
use privacy_panel::storage::Storage;

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
    readers: Vec<ReaderJson<'a>>,
}

#[derive(Serialize)]
struct ReaderJson<'a> {
    id: &'a str,
    name: &'a str,
    installed: bool,
    /// None for a program that is not installed or could not be read.
    state: Option<&'static str>,
    origin: Option<&'static str>,
    locked: bool,
    /// Whether a program that reads the setting was found, besides the setting itself.
    program: bool,
    /// Why it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
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
            origin: answer.map(|answer| answer.origin.as_str()),
            locked: answer.is_some_and(|answer| answer.locked),
            program: reader.has_program,
            problem: problem(reader),
        }
    }
}

fn problem(reader: &ReaderStatus) -> Option<String> {
    reader.answer.as_ref().err().map(ToString::to_string)
}

fn print(value: &impl Serialize) -> String {
    // Numbers and strings alone can always be JSON.
    serde_json::to_string(value)
        .unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string())
}
