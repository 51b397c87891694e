// SPDX-License-Identifier: GPL-3.0-or-later

//! `org.gnome.Shell.SearchProvider2`: results are the names of choices.
//!
//! What is shown of one is read when the shell asks for it, never kept.

use std::collections::HashMap;
use std::rc::Rc;

use gio::prelude::*;
use glib::Variant;

use privacy_panel::app::{APP_ID, PACKAGE};
use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::choice::Choice;
use privacy_panel::choices::snapshot::Snapshot;
use privacy_panel::choices::status::ChoiceStatus;
use privacy_panel::choices::{search, words};
use privacy_panel::system::limits;

use crate::OBJECT_PATH;
use crate::life::Life;

/// The panel's own object, at the place that its name gives it.
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

/// An array of strings as it came, of which only so many are looked at: a caller may send any number.
struct Strings(Variant);

impl Strings {
    fn first(&self, most: usize) -> impl Iterator<Item = &str> {
        self.0.array_iter_str().into_iter().flatten().take(most)
    }
}

/// What the shell asks.
enum Call {
    /// Which choices do these terms find?
    Search { terms: Strings },
    /// Which of these do?
    Narrow { previous: Strings, terms: Strings },
    /// What is to be shown of these?
    Describe { ids: Strings },
    /// Open the panel, at a choice if one is named, for what a person did at that time.
    Open { id: Option<String>, time: u32 },
}

impl DBusMethodCall for Call {
    fn parse_call(
        _: &str,
        _: Option<&str>,
        method: &str,
        arguments: Variant,
    ) -> Result<Self, glib::Error> {
        // The types have been compared with the description by now.
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

/// Puts the object on the bus.
pub(crate) fn register(
    bus: &gio::DBusConnection,
    life: &Rc<Life>,
) -> Result<gio::RegistrationId, glib::Error> {
    let interface = gio::DBusNodeInfo::for_xml(DESCRIPTION)?
        .lookup_interface(INTERFACE)
        .ok_or_else(|| glib::Error::new(gio::DBusError::Failed, INTERFACE))?;
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
            let choice = id.map(|id| known(&id)).transpose()?;
            open(bus, choice, time).await.map(|()| None)
        }
    }
}

fn found(terms: &Strings, wanted: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let terms = terms.first(limits::SEARCH_TERMS);
    let found = search::find(terms).into_iter().map(|choice| choice.id);
    found.filter(|id| wanted(id)).collect()
}

fn known(id: &str) -> Result<&'static Choice, glib::Error> {
    Choice::find(id).ok_or_else(|| {
        glib::Error::new(
            gio::DBusError::InvalidArgs,
            &format!("there is no choice “{}”", limits::cut(id, limits::QUOTE)),
        )
    })
}

/// What the shell shows of choices, as they are now. Each once: a caller with a long list of the
/// same name is not to have the settings read that many times.
fn describe(ids: &Strings) -> Vec<HashMap<&'static str, Variant>> {
    let mut wanted: Vec<&Choice> = Vec::new();
    let ids = ids.first(limits::SEARCH_RESULTS);
    for choice in ids.filter_map(Choice::find) {
        if !wanted.contains(&choice) {
            wanted.push(choice);
        }
    }
    if wanted.is_empty() {
        return Vec::new();
    }
    let catalogue = Catalogue::load();
    let now = Snapshot::fresh();
    wanted
        .into_iter()
        .map(|choice| meta(&ChoiceStatus::of(&catalogue, choice, &now)))
        .collect()
}

fn meta(status: &ChoiceStatus) -> HashMap<&'static str, Variant> {
    let choice = status.choice;
    let mut meta = HashMap::from([
        ("id", choice.id.to_variant()),
        ("name", words::choice_state(status).to_variant()),
        ("description", words::consequence(status).to_variant()),
    ]);
    meta.extend(
        gio::ThemedIcon::new(APP_ID)
            .serialize()
            .map(|icon| ("icon", icon)),
    );
    meta
}

/// Has the bus start the panel where it is not running, and opens it.
async fn open(
    bus: &gio::DBusConnection,
    choice: Option<&Choice>,
    time: u32,
) -> Result<(), glib::Error> {
    let context = glib::VariantDict::new(None);
    // Startup notification's way to say when a person did something, for a program that could not
    // ask the display for a token: without it, the window might be held back.
    context.insert("desktop-startup-id", format!("{PACKAGE}_TIME{time}"));
    let context = context.end();
    let (method, arguments) = match choice {
        Some(choice) => (
            "ActivateAction",
            Variant::tuple_from_iter([
                choice.id.to_variant(),
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
