// SPDX-License-Identifier: GPL-3.0-or-later

//! `org.gnome.Shell.SearchProvider2`: what GNOME Shell asks.

use std::collections::HashMap;
use std::rc::Rc;

use gio::prelude::*;
use glib::Variant;

use privacy_panel::app::{APP_ID, PACKAGE};
use privacy_panel::system::life;
use privacy_panel::system::life::Life;
use privacy_panel::system::limits;

use crate::results;
use crate::results::Described;

/// The object path, as in `data/net.launchpad.PrivacyPanel.search-provider.ini`.
const OBJECT_PATH: &str = "/net/launchpad/PrivacyPanel/SearchProvider";

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
        Call::Describe { ids } => {
            let found = results::describe(ids.first(limits::SEARCH_RESULTS));
            let metas: Vec<_> = found.iter().map(meta).collect();
            Ok(Some((metas,).to_variant()))
        }
        Call::Open { id, time } => {
            let action = id.map(|id| results::action(&id)).transpose()?;
            let context = glib::VariantDict::new(None);
            // The shell has no activation token from a display, so the time goes into a startup ID.
            // Without it, the window might not get the focus.
            context.insert("desktop-startup-id", format!("{PACKAGE}_TIME{time}"));
            results::open(bus, action, &context).await.map(|()| None)
        }
    }
}

fn found(terms: &Strings, wanted: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let found = results::find(terms.first(limits::SEARCH_TERMS)).into_iter();
    found.filter(|id| wanted(id)).collect()
}

fn meta(result: &Described) -> HashMap<&'static str, Variant> {
    let mut meta = HashMap::from([
        ("id", result.id.to_variant()),
        ("name", result.name.to_variant()),
        ("description", result.description.to_variant()),
    ]);
    meta.extend(
        gio::ThemedIcon::new(APP_ID)
            .serialize()
            .map(|icon| ("icon", icon)),
    );
    meta
}
