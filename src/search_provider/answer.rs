// SPDX-License-Identifier: GPL-3.0-or-later

//! `org.gnome.Shell.SearchProvider2`: results are the names of choices.
//!
//! The state of a choice is read for each call, and never cached.

use std::collections::HashMap;
use std::rc::Rc;

use gio::prelude::*;
use glib::Variant;

use privacy_panel::app::{APP_ID, PACKAGE};
use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::choice;
use privacy_panel::choices::choice::Choice;
use privacy_panel::choices::snapshot::Snapshot;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::{overview, search, words};
use privacy_panel::system::life;
use privacy_panel::system::life::Life;
use privacy_panel::system::limits;

use crate::OBJECT_PATH;

/// The object path of the panel, which follows from its application ID.
const PANEL_PATH: &str = "/net/launchpad/PrivacyPanel";

const INTERFACE: &str = "org.gnome.Shell.SearchProvider2";

/// As `data/org.gnome.ShellSearchProvider2.xml` of GNOME Shell has it.
const DESCRIPTION: &str = r#"
<node>
  <interface name="org.gnome.Shell.SearchProvider2">
    <method name="GetInitialResultSet">
      <arg type="as" name="terms" direction="in"/>
      <arg type="as" name="results" direction="out"/>
    </method>
    <method name="GetSubsearchResultSet">
      <arg type="as" name="previous_results" direction="in"/>
      <arg type="as" name="terms" direction="in"/>
      <arg type="as" name="results" direction="out"/>
    </method>
    <method name="GetResultMetas">
      <arg type="as" name="identifiers" direction="in"/>
      <arg type="aa{sv}" name="metas" direction="out"/>
    </method>
    <method name="ActivateResult">
      <arg type="s" name="identifier" direction="in"/>
      <arg type="as" name="terms" direction="in"/>
      <arg type="u" name="timestamp" direction="in"/>
    </method>
    <method name="LaunchSearch">
      <arg type="as" name="terms" direction="in"/>
      <arg type="u" name="timestamp" direction="in"/>
    </method>
  </interface>
</node>
"#;

/// An array of strings from the caller, which may be of any length. Only the first are read.
struct Strings(Variant);

impl Strings {
    fn first(&self, most: usize) -> impl Iterator<Item = &str> {
        self.0.array_iter_str().into_iter().flatten().take(most)
    }
}

/// The shell's method calls.
enum Call {
    /// Find choices by terms.
    Search { terms: Strings },
    /// Find choices by more terms, among previous results.
    Narrow { previous: Strings, terms: Strings },
    /// Describe choices.
    Describe { ids: Strings },
    /// Activate a result, or open the panel. The time is that of the user's action.
    Open { id: Option<String>, time: u32 },
}

impl DBusMethodCall for Call {
    fn parse_call(
        _: &str,
        _: Option<&str>,
        method: &str,
        arguments: Variant,
    ) -> Result<Self, glib::Error> {
        // GDBus has already checked the types.
        let argument = |at: usize| arguments.try_child_value(at);
        let strings = |at: usize| argument(at).map(Strings);
        let time = |at: usize| argument(at)?.get::<u32>();
        let call = || {
            Some(match method {
                "GetInitialResultSet" => Self::Search { terms: strings(0)? },
                "GetSubsearchResultSet" => Self::Narrow {
                    previous: strings(0)?,
                    terms: strings(1)?,
                },
                "GetResultMetas" => Self::Describe { ids: strings(0)? },
                "ActivateResult" => Self::Open {
                    id: Some(argument(0)?.get()?),
                    time: time(2)?,
                },
                "LaunchSearch" => Self::Open {
                    id: None,
                    time: time(1)?,
                },
                _ => return None,
            })
        };
        call().ok_or_else(|| glib::Error::new(gio::DBusError::InvalidArgs, method))
    }
}

pub(crate) fn register(
    bus: &gio::DBusConnection,
    life: &Rc<Life>,
) -> Result<gio::RegistrationId, glib::Error> {
    let interface = life::interface(DESCRIPTION, INTERFACE)?;
    let life = Rc::clone(life);
    bus.register_object(OBJECT_PATH, &interface)
        .typed_method_call()
        .invoke_and_return_future_local(move |bus, _, call| {
            let question = life.question();
            async move {
                let answer = answer(&bus, call).await;
                drop(question);
                answer
            }
        })
        .build()
}

async fn answer(bus: &gio::DBusConnection, call: Call) -> Result<Option<Variant>, glib::Error> {
    match call {
        Call::Search { terms } => Ok(Some((found(&terms, |_| true),).to_variant())),
        Call::Narrow { previous, terms } => {
            let among = |id: &str| {
                previous
                    .first(limits::SEARCH_RESULTS)
                    .any(|other| other == id)
            };
            Ok(Some((found(&terms, among),).to_variant()))
        }
        Call::Describe { ids } => Ok(Some((describe(&ids),).to_variant())),
        Call::Open { id, time } => {
            let action = id.map(|id| known(&id)).transpose()?;
            open(bus, action, time).await.map(|()| None)
        }
    }
}

fn found(terms: &Strings, wanted: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let everything = search::finds_everything_off(terms.first(limits::SEARCH_TERMS));
    let terms = terms.first(limits::SEARCH_TERMS);
    let found = search::find(terms).into_iter().map(|choice| choice.id);
    let everything = everything.then_some(search::TURN_EVERYTHING_OFF);
    found.chain(everything).filter(|id| wanted(id)).collect()
}

/// The panel's action of a result.
fn known(id: &str) -> Result<&'static str, glib::Error> {
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

/// The current state of each result for the shell. Duplicates are dropped: a long list of one name
/// must not read the settings each time.
fn describe(ids: &Strings) -> Vec<HashMap<&'static str, Variant>> {
    let mut wanted: Vec<&Choice> = Vec::new();
    let mut everything = false;
    for id in ids.first(limits::SEARCH_RESULTS) {
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
        .map(|choice| meta(&read(choice)))
        .collect();
    if everything {
        let statuses: Vec<_> = choice::ALL.iter().map(read).collect();
        found.push(result(
            search::TURN_EVERYTHING_OFF,
            &search::everything_off(),
            &overview::headline(&statuses.iter().collect::<Vec<_>>()),
        ));
    }
    found
}

fn meta(status: &ChoiceStatus) -> HashMap<&'static str, Variant> {
    result(
        status.choice.id,
        &words::choice_state(status),
        &words::summary(status),
    )
}

fn result(id: &str, name: &str, description: &str) -> HashMap<&'static str, Variant> {
    let mut meta = HashMap::from([
        ("id", id.to_variant()),
        ("name", name.to_variant()),
        ("description", description.to_variant()),
    ]);
    meta.extend(
        gio::ThemedIcon::new(APP_ID)
            .serialize()
            .map(|icon| ("icon", icon)),
    );
    meta
}

/// Opens the panel. D-Bus starts it if necessary.
async fn open(
    bus: &gio::DBusConnection,
    action: Option<&str>,
    time: u32,
) -> Result<(), glib::Error> {
    let context = glib::VariantDict::new(None);
    // The shell has no activation token from a display, so the time goes into a startup ID. Without
    // it, the window might not get the focus.
    context.insert("desktop-startup-id", format!("{PACKAGE}_TIME{time}"));
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
