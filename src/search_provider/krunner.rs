// SPDX-License-Identifier: GPL-3.0-or-later

//! `org.kde.krunner1`: what `KRunner` and Plasma's application launcher ask.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use gio::prelude::*;
use glib::Variant;

use privacy_panel::app::APP_ID;
use privacy_panel::system::life;
use privacy_panel::system::life::Life;
use privacy_panel::system::limits;

use crate::results;
use crate::results::Described;

/// The object path, as in `data/krunner/net.launchpad.PrivacyPanel.desktop.in`.
const OBJECT_PATH: &str = "/net/launchpad/PrivacyPanel/Runner";

const INTERFACE: &str = "org.kde.krunner1";

/// As `src/data/org.kde.krunner1.xml` of `KRunner` has it. `SetActivationToken` is Plasma 6's.
const DESCRIPTION: &str = r#"
<node>
  <interface name="org.kde.krunner1">
    <method name="Match">
      <arg type="s" name="query" direction="in"/>
      <arg type="a(sssida{sv})" name="matches" direction="out"/>
    </method>
    <method name="Actions">
      <arg type="a(sss)" name="matches" direction="out"/>
    </method>
    <method name="Run">
      <arg type="s" name="matchId" direction="in"/>
      <arg type="s" name="actionId" direction="in"/>
    </method>
    <method name="SetActivationToken">
      <arg type="s" name="token" direction="in"/>
    </method>
    <method name="Config">
      <arg type="a{sv}" name="config" direction="out"/>
    </method>
    <method name="Teardown"/>
  </interface>
</node>
"#;

/// `Plasma::QueryMatch::PossibleMatch`: apps and files of that name come first.
const TYPE: i32 = 30;

/// The relevance of the best match. Each further one has a little less.
const RELEVANCE: f64 = 0.7;
const STEP: f64 = 0.01;

/// A match: ID, text, icon, type, relevance and further properties.
type Match = (
    &'static str,
    String,
    &'static str,
    i32,
    f64,
    HashMap<&'static str, Variant>,
);

/// `KRunner`'s method calls.
enum Call {
    Match(Variant),
    Actions,
    Run(Variant),
    SetActivationToken(Option<String>),
    Config,
    Teardown,
}

impl DBusMethodCall for Call {
    fn parse_call(
        _: &str,
        _: Option<&str>,
        method: &str,
        arguments: Variant,
    ) -> Result<Self, glib::Error> {
        // GDBus has already checked the types.
        let first = arguments.try_child_value(0);
        match (method, first) {
            ("Match", Some(query)) => Ok(Self::Match(query)),
            ("Run", Some(id)) => Ok(Self::Run(id)),
            ("SetActivationToken", Some(token)) => Ok(Self::SetActivationToken(token.get())),
            ("Actions", _) => Ok(Self::Actions),
            ("Config", _) => Ok(Self::Config),
            ("Teardown", _) => Ok(Self::Teardown),
            _ => Err(glib::Error::new(gio::DBusError::InvalidArgs, method)),
        }
    }
}

pub(crate) fn register(
    bus: &gio::DBusConnection,
    life: &Rc<Life>,
) -> Result<gio::RegistrationId, glib::Error> {
    let interface = life::interface(DESCRIPTION, INTERFACE)?;
    let life = Rc::clone(life);
    let token = Rc::<RefCell<Option<String>>>::default();
    bus.register_object(OBJECT_PATH, &interface)
        .typed_method_call()
        .invoke_and_return_future_local(move |bus, _, call| {
            let (question, token) = (life.question(), Rc::clone(&token));
            async move {
                let answer = answer(&bus, call, &token).await;
                drop(question);
                answer
            }
        })
        .build()
}

async fn answer(
    bus: &gio::DBusConnection,
    call: Call,
    token: &RefCell<Option<String>>,
) -> Result<Option<Variant>, glib::Error> {
    match call {
        Call::Match(query) => {
            let found = find(query.str().unwrap_or_default());
            Ok(Some((found,).to_variant()))
        }
        // A match has no other action than to be opened.
        Call::Actions => Ok(Some((Vec::<(String, String, String)>::new(),).to_variant())),
        Call::Config => Ok(Some((HashMap::<String, Variant>::new(),).to_variant())),
        Call::Teardown => Ok(None),
        Call::SetActivationToken(new) => {
            token.replace(new.filter(|new| new.len() <= limits::SEARCH_TERM));
            Ok(None)
        }
        Call::Run(id) => {
            let action = results::action(id.str().unwrap_or_default())?;
            let context = glib::VariantDict::new(None);
            if let Some(token) = token.take() {
                // Wayland's name for it, and X11's.
                context.insert("activation-token", &token);
                context.insert("desktop-startup-id", &token);
            }
            results::open(bus, Some(action), &context)
                .await
                .map(|()| None)
        }
    }
}

fn find(query: &str) -> Vec<Match> {
    let ids = results::find(query.split_whitespace());
    let found = results::describe(ids.into_iter()).into_iter();
    found
        .scan(RELEVANCE, |relevance, result| {
            *relevance -= STEP;
            Some(one(result, *relevance))
        })
        .collect()
}

fn one(result: Described, relevance: f64) -> Match {
    let properties = HashMap::from([
        ("subtext", result.description.to_variant()),
        // Otherwise all actions are shown.
        ("actions", Vec::<String>::new().to_variant()),
    ]);
    (result.id, result.name, APP_ID, TYPE, relevance, properties)
}
