// SPDX-License-Identifier: GPL-3.0-or-later

//! A value of a D-Bus service that has a method to get it and one to set it, with one value for on
//! and one for off.
//!
//! The service keeps values under names, which are the methods' first arguments. It may have none
//! under a name. Then a default applies, or the program asks elsewhere, and other readers count.

use glib::Variant;
use glib::prelude::*;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::choices::catalogue::names::{
    Argument, BusName, ErrorName, InterfaceName, List, Member, Missing, NonEmpty, ObjectPath,
};
use crate::choices::catalogue::values::{VariantText, two_values};
use crate::choices::rule;
use crate::choices::rule::{Place, TwoValues};
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::choices::store::{Answer, Obeyed, Problem, Request, Store, Stored, Watched, Write};
use crate::choices::stores::dbus::{ServiceWrite, to_change};
use crate::formats::mistake::At;
use crate::system::bus::Bus;
use crate::system::service::{Service, ServiceProblem};
use crate::system::settings::Origin;

/// `[dbus-call]` in a reader file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DbusCall {
    bus: Bus,
    name: BusName,
    path: ObjectPath,
    interface: InterfaceName,
    /// The method that returns the value. It takes `arguments`.
    get: Member,
    /// The method that sets the value. It takes `arguments`, then the value as a variant.
    set: Member,
    /// The method that removes the value. It takes `arguments`, then `reset-with`.
    reset: Member,
    /// The last argument of `reset`.
    reset_with: Option<VariantText>,
    /// The method that returns whether the administrator locked the value. It takes `arguments`.
    is_locked: Option<Member>,
    /// The name of the value.
    arguments: NonEmpty<Argument>,
    /// The error of `get` if there is no value.
    no_value: ErrorName,
    /// The state without a value.
    missing: Missing,
    /// The value with which the program may send something.
    on: Spanned<VariantText>,
    /// The value with which it sends nothing, of the same type.
    off: Spanned<VariantText>,
    /// The signals of the same interface that report changes.
    #[serde(default, skip_serializing_if = "is_empty")]
    signals: List<Member>,
}

fn is_empty<T>(list: &List<T>) -> bool {
    list.is_empty()
}

impl DbusCall {
    fn rule(&self) -> TwoValues {
        TwoValues {
            on: self.on.get_ref().value().clone(),
            off: self.off.get_ref().value().clone(),
            missing: match self.missing {
                Missing::Off => State::Off,
                Missing::On | Missing::Elsewhere => State::On,
            },
        }
    }

    fn address(&self) -> Service {
        Service {
            bus: self.bus,
            name: self.name.to_string(),
            path: self.path.to_string(),
            interface: self.interface.to_string(),
        }
    }

    /// The arguments of a call.
    fn arguments(&self, last: Option<Variant>) -> Variant {
        let names = self.arguments.iter().map(|name| name.to_variant());
        Variant::tuple_from_iter(names.chain(last))
    }

    /// The value as it is now. `None`: the service isn't installed.
    fn place<'a>(
        &self,
        rule: &'a TwoValues,
        now: &Snapshot,
    ) -> Result<Option<Place<'a>>, ServiceProblem> {
        let service = self.address();
        let call = service.method_call(&self.get, self.arguments(None));
        let found = now.services().value(&service, &call, &self.no_value)?;
        let is_own = !service.is_for_every_user();
        let locked = self.is_locked.as_ref().is_some_and(|method| {
            let call = service.method_call(method, self.arguments(None));
            let locked = now.services().value(&service, &call, &self.no_value);
            locked
                .ok()
                .flatten()
                .flatten()
                .and_then(|locked| locked.get())
                == Some(true)
        });
        Ok(found.map(|value| Place {
            locked,
            // Who set it is unknown: it may come from a file of the system.
            origin: is_own.then_some(match value {
                Some(_) => Origin::You,
                None => Origin::Default,
            }),
            own: is_own && value.is_some(),
            value,
            settled: true,
            ..self.unknown(rule)
        }))
    }

    /// The value of a service that doesn't report it.
    fn unknown<'a>(&self, rule: &'a TwoValues) -> Place<'a> {
        Place {
            rule,
            name: self
                .arguments
                .last()
                .map_or_else(String::new, ToString::to_string),
            value: None,
            origin: None,
            locked: false,
            own: !self.is_for_every_user(),
            settled: false,
        }
    }
}

impl Store for DbusCall {
    fn check(&self) -> Result<(), At> {
        two_values(("on", &self.on), &self.off)
    }

    fn at_rest(&self, now: &Snapshot) -> Option<Answer> {
        let service = self.address();
        let idle = self.bus == Bus::Session
            && now.services().is_owned(&service.name) == Some(false)
            && service.can_be_started();
        let rule = self.rule();
        idle.then(|| {
            let place = Place {
                own: false,
                ..self.unknown(&rule)
            };
            rule::answer(&[place], false)
        })
    }

    fn read(&self, now: &Snapshot) -> Result<Option<Answer>, Problem> {
        let rule = self.rule();
        let place = self.place(&rule, now)?;
        Ok(place.map(|place| {
            let asks_elsewhere = place.value.is_none() && self.missing == Missing::Elsewhere;
            Answer {
                for_every_user: self.is_for_every_user(),
                obeyed: if asks_elsewhere {
                    Obeyed::No
                } else {
                    Obeyed::Yes
                },
                ..rule::answer(&[place], false)
            }
        }))
    }

    fn stored(&self, now: &Snapshot) -> Result<Vec<Stored>, Problem> {
        let rule = self.rule();
        let found = self.place(&rule, now)?;
        Ok(found.map(Stored::from).into_iter().collect())
    }

    fn plan(&self, now: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem> {
        let rule = self.rule();
        let found = self.place(&rule, now);
        let Some(place) = to_change(found, || self.unknown(&rule))? else {
            return Ok(Vec::new());
        };
        let service = self.address();
        let locked = place.locked;
        let changes = rule::changes(&[place], request, false).into_iter();
        let writes = changes.map(|(_, value)| {
            let call = if let Some(value) = value {
                let value = Variant::from_variant(&value);
                service.method_call(&self.set, self.arguments(Some(value)))
            } else {
                let last = self.reset_with.as_ref().map(|last| last.value().clone());
                service.method_call(&self.reset, self.arguments(last))
            };
            let write: Box<dyn Write> = Box::new(ServiceWrite {
                service: service.clone(),
                call,
                locked,
            });
            write
        });
        Ok(writes.collect())
    }

    fn watched(&self) -> Watched {
        Watched::signals(&self.address(), self.signals.iter().map(|name| &**name))
    }

    fn service(&self) -> Option<Service> {
        Some(self.address())
    }
}
