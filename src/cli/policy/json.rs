// SPDX-License-Identifier: GPL-3.0-or-later

//! JSON about a policy. Fields may be added, and are never renamed.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use serde::Serialize;

use privacy_panel::policy::{LeftOut, Policy, ReaderReport, Report, Uncovered, Why};

use crate::choices::json::OrganisationJson;
use crate::output::json;

#[derive(Serialize)]
struct PolicyJson<'a> {
    /// `None`: there is no policy.
    policy: Option<Cow<'a, str>>,
    organisation: Option<OrganisationJson<'a>>,
    in_force: bool,
    /// Whether the system's dconf profile has the policy's database.
    in_profile: bool,
    choices: Vec<DecisionJson<'a>>,
    /// Files that users other than root can change.
    exposed: Vec<Cow<'a, str>>,
    /// Files that users can't read.
    hidden: Vec<Cow<'a, str>>,
    /// The dconf profiles that leave the policy out.
    left_out: Vec<LeftOutJson<'a>>,
}

#[derive(Serialize)]
struct LeftOutJson<'a> {
    profile: Cow<'a, str>,
    /// The files that name it for logins.
    named_in: Vec<Cow<'a, str>>,
    why: &'static str,
}

#[derive(Serialize)]
struct DecisionJson<'a> {
    id: &'a str,
    state: &'static str,
    locked: bool,
    readers: Vec<ReaderReportJson<'a>>,
    /// The programs that are there and that the policy does not reach.
    beyond: Vec<UncoveredJson<'a>>,
}

#[derive(Serialize)]
struct UncoveredJson<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct ReaderReportJson<'a> {
    id: &'a str,
    name: &'a str,
    in_force: bool,
    keys: Vec<KeyJson<'a>>,
    /// Why the program can't use the value.
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
    /// The other database that decides instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<Cow<'a, str>>,
}

/// `policy status --json` where there is no policy
pub(crate) fn no_policy() -> String {
    json(&PolicyJson {
        policy: None,
        organisation: None,
        in_force: false,
        in_profile: false,
        choices: Vec::new(),
        exposed: Vec::new(),
        hidden: Vec::new(),
        left_out: Vec::new(),
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
    uncovered: &[Uncovered<'_>],
) -> String {
    json(&PolicyJson {
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
                beyond: uncovered
                    .iter()
                    .filter(|uncovered| uncovered.decision == decision)
                    .map(|uncovered| UncoveredJson {
                        id: &uncovered.reader.id,
                        name: &uncovered.reader.name,
                    })
                    .collect(),
            })
            .collect(),
        exposed: names(&report.exposed),
        hidden: names(&report.hidden),
        left_out: report.left_out.iter().map(LeftOutJson::from).collect(),
    })
}

impl<'a> From<&'a LeftOut> for LeftOutJson<'a> {
    fn from(profile: &'a LeftOut) -> Self {
        Self {
            profile: profile.profile.to_string_lossy(),
            named_in: names(&profile.named_in),
            why: match profile.why {
                Why::NoLine | Why::NotOurs | Why::OfPackage => "no-line",
                Why::Missing => "missing",
                Why::Unreadable(_) => "unreadable",
                Why::Variable => "variable",
            },
        }
    }
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
                    decided_by: (key.decided_by.as_ref())
                        .map(|decided| decided.database.to_string_lossy()),
                })
                .collect(),
            problem: reader.problem(),
        }
    }
}
