// SPDX-License-Identifier: GPL-3.0-or-later

//! JSON about choices and readers. Fields may be added, and are never renamed.

use std::borrow::Cow;
use std::path::Path;

use serde::Serialize;

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::desktop::Desktops;
use privacy_panel::choices::organisation::Organisation;
use privacy_panel::choices::reader::{Effect, ModeState, Reader};
use privacy_panel::choices::snapshot::Snapshot;
use privacy_panel::choices::status::{ChoiceStatus, ReaderStatus};

use crate::output::json;

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
    /// The organisation whose policy decided or locked it. `None`: no policy did, or the policy
    /// names none.
    organisation: Option<OrganisationJson<'a>>,
    /// Whether programs that started before the policy may not know it yet.
    pending: bool,
    /// How programs send. `None`: no program supports several ways.
    mode: Option<&'static str>,
    readers: Vec<ReaderJson<'a>>,
    /// The desktops whose apps may follow another default. Left out if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_desktops: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct OrganisationJson<'a> {
    name: &'a str,
    contact: Option<&'a str>,
}

#[derive(Serialize)]
// These are independent facts about a reader.
#[allow(clippy::struct_excessive_bools)]
struct ReaderJson<'a> {
    id: &'a str,
    name: &'a str,
    installed: bool,
    /// `None`: the program isn't installed, or can't be read.
    state: Option<&'static str>,
    /// `None` also if it is unknown.
    origin: Option<&'static str>,
    locked: bool,
    /// Whether the setting applies to all users.
    for_everybody: bool,
    /// How it sends. `None`: the program doesn't support several ways.
    mode: Option<&'static str>,
    /// Whether the program itself was found, not only its setting.
    program: bool,
    /// Whether it counts in the state of the choice.
    counts: bool,
    /// Whether the program may obey the setting in this session. Otherwise it doesn't count.
    obeyed: bool,
    /// When a running program obeys a change, unless at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<&'static str>,
    /// Whether the program is running and still has an older value.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pending: bool,
    /// Why it can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Serialize)]
struct IdentifiersJson<'a> {
    identifiers: Vec<IdentifierJson<'a>>,
}

#[derive(Serialize)]
struct IdentifierJson<'a> {
    /// The reader's identifier.
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
    /// `None`: one of the panel's own keys.
    file: Option<Cow<'a, str>>,
    installed: bool,
    /// How it is known that the program obeys the setting.
    proof: &'static str,
    /// When a running program obeys a change, unless at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    effect: Option<&'static str>,
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
pub(crate) fn status(choices: &[ChoiceStatus], desktops: Option<&Desktops>) -> String {
    json(&StatusJson {
        choices: choices
            .iter()
            .map(|status| ChoiceJson::of(status, desktops))
            .collect(),
    })
}

/// A line of `watch --json`
pub(crate) fn choice(status: &ChoiceStatus, desktops: Option<&Desktops>) -> String {
    json(&ChoiceJson::of(status, desktops))
}

/// `identifier --json`
pub(crate) fn identifiers(found: &[(&Reader, String)]) -> String {
    json(&IdentifiersJson {
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
pub(crate) fn readers(catalogue: &Catalogue, now: &Snapshot) -> String {
    json(&ReadersJson {
        readers: catalogue
            .readers()
            .iter()
            .map(|reader| {
                let status = ReaderStatus::of(reader, now);
                CatalogueJson {
                    id: &reader.id,
                    name: &reader.name,
                    choice: reader.choice.id,
                    file: reader.file.as_deref().map(Path::to_string_lossy),
                    installed: status.installed(),
                    proof: reader.proof.as_str(),
                    effect: effect(status.effect),
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

impl<'a> ChoiceJson<'a> {
    fn of(status: &'a ChoiceStatus, desktops: Option<&Desktops>) -> Self {
        Self {
            id: status.choice.id,
            state: status.state.as_str(),
            origin: status.origin.as_str(),
            locked: status.locked,
            organisation: status.organisation.as_ref().map(OrganisationJson::from),
            pending: status.pending,
            mode: status.mode().map(ModeState::as_str),
            readers: status.readers.iter().map(ReaderJson::from).collect(),
            other_desktops: desktops.map_or_else(Vec::new, |desktops| {
                desktops.others(status.choice, &Snapshot::fresh())
            }),
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
            for_everybody: answer.is_some_and(|answer| answer.for_every_user),
            mode: answer.and_then(|answer| Some(answer.mode?.as_str())),
            program: reader.has_program,
            counts: reader.counts(),
            obeyed: reader.may_be_obeyed(),
            effect: effect(reader.effect),
            pending: answer.is_some_and(|answer| answer.pending),
            problem: problem(reader),
        }
    }
}

fn effect(effect: Effect) -> Option<&'static str> {
    (effect != Effect::Now).then(|| effect.as_str())
}

fn problem(reader: &ReaderStatus) -> Option<String> {
    reader.answer.as_ref().err().map(ToString::to_string)
}

impl<'a> From<&'a Organisation> for OrganisationJson<'a> {
    fn from(organisation: &'a Organisation) -> Self {
        Self {
            name: &organisation.name,
            contact: organisation.contact.as_deref(),
        }
    }
}
