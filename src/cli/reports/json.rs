// SPDX-License-Identifier: GPL-3.0-or-later

//! JSON about error reports. Fields may be added, and are never renamed.

use std::borrow::Cow;

use serde::Serialize;

use privacy_panel::reports::{Content, Field, Place, Report, Unlisted};

use crate::output::json;

#[derive(Serialize)]
struct ListJson<'a> {
    reports: Vec<ReportJson<'a>>,
    places: Vec<PlaceJson<'a>>,
}

#[derive(Serialize)]
struct PlaceJson<'a> {
    keeper: &'static str,
    folder: Cow<'a, str>,
    /// Why some of its reports aren't listed.
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
    /// Whether the content still exists.
    content: bool,
    /// Whether the caller may read the content, and may delete the report.
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
    /// `None`: the content isn't text.
    text: Option<&'a str>,
    /// Whether the text is only the beginning.
    cut: bool,
    /// For content that isn't text: the size in the report and uncompressed, in bytes.
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

/// `reports list --json`
pub(crate) fn list(places: &[Place], found: &[Report], unlisted: &[Unlisted]) -> String {
    let mut unlisted: Vec<_> = unlisted.iter().collect();
    let places = places.iter().map(|place| PlaceJson {
        keeper: place.keeper.id(),
        folder: place.folder.to_string_lossy(),
        // Two keepers may share a folder.
        problem: unlisted
            .iter()
            .position(|unlisted| unlisted.folder == place.folder)
            .map(|number| unlisted.swap_remove(number).to_string()),
    });
    json(&ListJson {
        reports: found.iter().map(ReportJson::from).collect(),
        places: places.collect(),
    })
}

/// `reports show --json`
pub(crate) fn show(report: &Report, fields: &[Field]) -> String {
    json(&serde_json::json!({
        "report": ReportJson::from(report),
        "fields": fields.iter().map(FieldJson::from).collect::<Vec<_>>(),
    }))
}
