// SPDX-License-Identifier: GPL-3.0-or-later

//! The results of a search: choices with their states, and the action that turns all of them off.
//!
//! The state of a choice is read for each call, and never cached.

use glib::Variant;
use glib::prelude::*;

use privacy_panel::app::APP_ID;
use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::choice;
use privacy_panel::choices::choice::Choice;
use privacy_panel::choices::snapshot::Snapshot;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::{overview, search, words};
use privacy_panel::system::limits;

/// The object path of the panel, which follows from its application ID.
const PANEL_PATH: &str = "/net/launchpad/PrivacyPanel";

/// A result as it is now.
pub(crate) struct Described {
    pub(crate) id: &'static str,
    /// Its name, with the state.
    pub(crate) name: String,
    /// What is true of it, in a sentence.
    pub(crate) description: String,
}

/// The IDs of what the terms find, the best first.
pub(crate) fn find<'a>(terms: impl Iterator<Item = &'a str>) -> Vec<&'static str> {
    let terms: Vec<_> = terms.take(limits::SEARCH_TERMS).collect();
    let everything = search::finds_everything_off(&terms);
    let found = search::find(terms).into_iter().map(|choice| choice.id);
    let everything = everything.then_some(search::TURN_EVERYTHING_OFF);
    found.chain(everything).collect()
}

/// The panel's action of a result.
///
/// # Errors
///
/// There is no such result.
pub(crate) fn action(id: &str) -> Result<&'static str, glib::Error> {
    if id == search::TURN_EVERYTHING_OFF {
        return Ok(search::TURN_EVERYTHING_OFF);
    }
    Choice::find(id).map(|choice| choice.id).ok_or_else(|| {
        glib::Error::new(
            gio::DBusError::InvalidArgs,
            &format!("there is no choice “{}”", limits::cut(id, limits::QUOTE)),
        )
    })
}

/// The current state of each result. Duplicates are dropped: a long list of one name must not read
/// the settings each time.
pub(crate) fn describe<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<Described> {
    let mut wanted: Vec<&Choice> = Vec::new();
    let mut everything = false;
    for id in ids.take(limits::SEARCH_RESULTS) {
        everything |= id == search::TURN_EVERYTHING_OFF;
        if let Some(choice) = Choice::find(id).filter(|choice| !wanted.contains(choice)) {
            wanted.push(choice);
        }
    }
    if wanted.is_empty() && !everything {
        return Vec::new();
    }
    let catalogue = Catalogue::load();
    let now = Snapshot::fresh();
    let read = |choice| ChoiceStatus::of(&catalogue, choice, &now);
    let mut found: Vec<_> = wanted
        .into_iter()
        .map(|choice| described(&read(choice)))
        .collect();
    if everything {
        let statuses: Vec<_> = choice::ALL.iter().map(read).collect();
        found.push(Described {
            id: search::TURN_EVERYTHING_OFF,
            name: search::everything_off(),
            description: overview::headline(&statuses.iter().collect::<Vec<_>>()),
        });
    }
    found
}

fn described(status: &ChoiceStatus) -> Described {
    Described {
        id: status.choice.id,
        name: words::choice_state(status),
        description: words::summary(status),
    }
}

/// Opens the panel, or activates one of its actions. D-Bus starts it if necessary. `context`: what
/// lets the window take the focus.
pub(crate) async fn open(
    bus: &gio::DBusConnection,
    action: Option<&str>,
    context: &glib::VariantDict,
) -> Result<(), glib::Error> {
    let context = context.end();
    let (method, arguments) = match action {
        Some(action) => (
            "ActivateAction",
            Variant::tuple_from_iter([
                action.to_variant(),
                Vec::<Variant>::new().to_variant(),
                context,
            ]),
        ),
        None => ("Activate", Variant::tuple_from_iter([context])),
    };
    bus.call_future(
        Some(APP_ID),
        PANEL_PATH,
        "org.freedesktop.Application",
        method,
        Some(&arguments),
        None,
        gio::DBusCallFlags::NONE,
        -1,
    )
    .await
    .map(drop)
}
