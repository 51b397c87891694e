// SPDX-License-Identifier: GPL-3.0-or-later

//! JSON about history. Fields may be added, and are never renamed.

use serde::Serialize;

use privacy_panel::history::never_record::Rule;
use privacy_panel::history::retention::Retention;
use privacy_panel::history::{Found, Outcome, Span};

use crate::history::rule_words;
use crate::output::json;

#[derive(Serialize)]
struct HistoryJson<'a> {
    /// In ISO 8601. `None`: the span has no beginning.
    since: Option<String>,
    /// The first moment after the span. `None`: the span has no end.
    until: Option<String>,
    places: Vec<PlaceJson<'a>>,
}

#[derive(Serialize)]
struct PlaceJson<'a> {
    id: &'a str,
    name: String,
    /// How many entries of the span there are. `None`: they can't be counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
    /// How many entries were removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<usize>,
    /// Why entries can't be counted or cleared, or remain.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

#[derive(Serialize)]
struct RetentionJson {
    /// `None`: for ever.
    days: Option<i32>,
    origin: &'static str,
    locked: bool,
    lists: Vec<ListJson>,
}

#[derive(Serialize)]
struct ListJson {
    id: &'static str,
    /// `None`: for ever.
    days: Option<i32>,
    /// If the list's setting is in months.
    #[serde(skip_serializing_if = "Option::is_none")]
    months: Option<i32>,
    origin: &'static str,
    locked: bool,
}

/// `history keep --json`: the longest one, and each.
pub(crate) fn retention(longest: &Retention, lists: &[Retention]) -> String {
    json(&RetentionJson {
        days: longest.keep.days(),
        origin: longest.origin.as_str(),
        locked: longest.locked,
        lists: lists
            .iter()
            .map(|list| ListJson {
                id: list.list.id(),
                days: list.keep.days(),
                months: list.keep.months(),
                origin: list.origin.as_str(),
                locked: list.locked,
            })
            .collect(),
    })
}

/// `history --json`, `history clear --dry-run --json`
pub(crate) fn history(span: Span, found: &[Found]) -> String {
    json(&HistoryJson {
        since: span.since(),
        until: span.until(),
        places: found
            .iter()
            .map(|found| PlaceJson {
                id: found.source.id(),
                name: found.source.title(),
                count: found.count.as_ref().ok().copied(),
                removed: None,
                problem: found
                    .count
                    .as_ref()
                    .err()
                    .or(found.obstacle.as_ref())
                    .or(found.note.as_ref())
                    .map(ToString::to_string),
            })
            .collect(),
    })
}

/// `history clear --json`
pub(crate) fn cleared(span: Span, outcomes: &[Outcome]) -> String {
    json(&HistoryJson {
        since: span.since(),
        until: span.until(),
        places: outcomes
            .iter()
            .map(|outcome| PlaceJson {
                id: outcome.source.id(),
                name: outcome.source.title(),
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
    json(&RulesJson {
        never_record: rules
            .iter()
            .map(|rule| {
                let (kind, value) = rule_words(rule);
                RuleJson { kind, value }
            })
            .collect(),
    })
}
