// SPDX-License-Identifier: GPL-3.0-or-later

//! A property of a D-Bus service, with one value for on and one for off.
//!
//! A property has no layers: who set it is unknown, and there is no default to reset to. A property
//! on the system bus applies to all users.
//!
//! A service may have two modes for sending, in another property: asking the user each time, or
//! not. It may also send an identifier for the computer.

use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::choices::catalogue::names::{BusName, InterfaceName, Member, ObjectPath};
use crate::choices::catalogue::values::{VariantText, two_values};
use crate::choices::opt_out;
use crate::choices::opt_out::{OptOut, OptOuts};
use crate::choices::rule;
use crate::choices::rule::{Place, Rule as _, TwoValues};
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::choices::store::{Answer, Mode, ModeState, Problem, Request, Store, Watched, Write};
use crate::formats::mistake;
use crate::formats::mistake::At;
use crate::system::bus::Bus;
use crate::system::limits;
use crate::system::service;
use crate::system::service::{Call, Service, ServiceProblem};
use crate::system::tree::Tree;

/// `[dbus]` in a reader file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Dbus {
    bus: Bus,
    name: BusName,
    path: ObjectPath,
    interface: InterfaceName,
    /// The property with the setting.
    property: Member,
    /// The method of the same interface that sets the property. `None`: the standard one.
    setter: Option<Member>,
    /// The value with which the program may send something.
    on: Spanned<VariantText>,
    /// The value with which it sends nothing, of the same type.
    off: Spanned<VariantText>,
    /// The method of the same interface that returns the computer's identifier.
    identifier: Option<Member>,
    /// The property that decides whether the service asks the user each time.
    mode: Option<ModeTable>,
    /// What turns the service off for all users, whatever the property says.
    #[serde(default, skip_serializing_if = "OptOuts::is_none")]
    disable_all: OptOuts,
}

/// `[dbus.mode]` in a reader file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ModeTable {
    property: Member,
    setter: Option<Member>,
    /// The value with which the service asks the user each time.
    ask: Spanned<VariantText>,
    /// The value with which it doesn't ask, of the same type.
    automatic: Spanned<VariantText>,
}

impl ModeTable {
    /// Automatic is on, and asking is off.
    fn rule(&self) -> TwoValues {
        TwoValues {
            on: self.automatic.get_ref().value().clone(),
            off: self.ask.get_ref().value().clone(),
            missing: State::Mixed,
        }
    }
}

impl Dbus {
    fn rule(&self) -> TwoValues {
        TwoValues {
            on: self.on.get_ref().value().clone(),
            off: self.off.get_ref().value().clone(),
            // A property always has a value. An unknown one is neither on nor off.
            missing: State::Mixed,
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

    fn is_all_off(&self) -> Result<bool, Problem> {
        Ok(opt_out::is_off(&self.disable_all, &Tree::computer())?)
    }

    /// The property with its current value. `None`: the service isn't installed.
    fn place<'a>(
        &self,
        rule: &'a TwoValues,
        now: &Snapshot,
    ) -> Result<Option<Place<'a>>, ServiceProblem> {
        let service = self.address();
        let answers = now.services();
        let found = answers.property(&service, &self.property, rule.off.type_())?;
        Ok(found.map(|value| Place {
            value: Some(value),
            settled: true,
            ..self.unknown(rule)
        }))
    }

    /// The property of a service that doesn't report its value.
    fn unknown<'a>(&self, rule: &'a TwoValues) -> Place<'a> {
        Place::unknown(rule, self.property.to_string())
    }

    /// The current mode. `None` if this version of the service has no modes.
    fn mode(&self, now: &Snapshot) -> Option<ModeState> {
        let rule = self.mode.as_ref()?.rule();
        let property = &self.mode.as_ref()?.property;
        let found = now
            .services()
            .property(&self.address(), property, rule.off.type_());
        let found = found.ok().flatten()?;
        Some(match rule.state(Some(&found)) {
            State::On => ModeState::Automatic,
            State::Off => ModeState::Ask,
            State::Mixed => ModeState::Mixed,
        })
    }

    fn plan_mode(&self, now: &Snapshot, mode: Mode) -> Vec<Box<dyn Write>> {
        let (Some(table), Some(found)) = (&self.mode, self.mode(now)) else {
            return Vec::new();
        };
        let value = table.rule().value(mode == Mode::Automatic);
        let Some(value) = value.filter(|_| found != mode.into()) else {
            return Vec::new();
        };
        let service = self.address();
        let call = service.set(&table.property, table.setter.as_deref(), &value);
        vec![Box::new(ServiceWrite {
            service,
            call,
            locked: false,
        })]
    }
}

impl Store for Dbus {
    fn check(&self) -> Result<(), At> {
        two_values(("on", &self.on), &self.off)?;
        self.mode.as_ref().map_or(Ok(()), |mode| {
            two_values(("ask", &mode.ask), &mode.automatic)
        })
    }

    fn read(&self, now: &Snapshot) -> Result<Option<Answer>, Problem> {
        let all_off = self.is_all_off()?;
        let rule = self.rule();
        let place = match self.place(&rule, now) {
            // The service is off for all users, whatever its property says.
            Err(_) if all_off => Some(self.unknown(&rule)),
            found => found?,
        };
        Ok(place.map(|place| Answer {
            mode: self.mode(now).filter(|_| !all_off),
            for_every_user: self.is_for_every_user(),
            ..rule::answer(&[place], all_off)
        }))
    }

    fn plan(&self, now: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem> {
        let all_off = self.is_all_off()?;
        let rule = self.rule();
        let found = self.place(&rule, now);
        let Some(place) = to_change(found, || self.unknown(&rule))? else {
            return Ok(Vec::new());
        };
        if let Request::Mode(mode) = request {
            return Ok(self.plan_mode(now, mode));
        }
        let service = self.address();
        let changes = rule::changes(&[place], request, all_off).into_iter();
        let writes = changes.filter_map(|(_, value)| {
            let call = service.set(&self.property, self.setter.as_deref(), &value?);
            let write: Box<dyn Write> = Box::new(ServiceWrite {
                service: service.clone(),
                call,
                locked: all_off,
            });
            Some(write)
        });
        Ok(writes.collect())
    }

    fn watched(&self) -> Watched {
        Watched {
            signals: vec![self.address().properties_changed()],
            folders: opt_out::folders(&self.disable_all).collect(),
            ..Watched::default()
        }
    }

    fn opt_outs(&self) -> &[OptOut] {
        &self.disable_all
    }

    fn service(&self) -> Option<Service> {
        Some(self.address())
    }

    fn has_identifier(&self) -> bool {
        self.identifier.is_some()
    }

    fn identifier(&self) -> Result<Option<String>, Problem> {
        let Some(method) = &self.identifier else {
            return Ok(None);
        };
        let service = self.address();
        let text = service::text(&service, method)?;
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        // The text comes from another program and is shown to the user.
        if mistake::is_line(&text, limits::IDENTIFIER) {
            Ok(Some(text))
        } else {
            let most = limits::IDENTIFIER;
            Err(ServiceProblem::Failed {
                service: service.name,
                message: format!("its identifier is not one line of {most} bytes at most"),
            }
            .into())
        }
    }
}

/// The place to change, if there is one. `unknown`: the place of a service that doesn't answer. The
/// call that changes it may succeed nevertheless.
pub(super) fn to_change<'a>(
    found: Result<Option<Place<'a>>, ServiceProblem>,
    unknown: impl FnOnce() -> Place<'a>,
) -> Result<Option<Place<'a>>, ServiceProblem> {
    match found {
        Err(ServiceProblem::NoAnswer(_)) => Ok(Some(unknown())),
        found => found,
    }
}

/// A call that changes a service.
#[derive(Clone, Debug)]
pub(super) struct ServiceWrite {
    /// The service.
    pub(super) service: Service,
    /// The call.
    pub(super) call: Call,
    /// Whether the administrator already decided, so that the call would have no effect.
    pub(super) locked: bool,
}

impl Write for ServiceWrite {
    fn is_allowed(&self, _: &Snapshot) -> bool {
        !self.locked
    }

    fn apply(&self) -> Result<(), Problem> {
        Ok(service::call(&self.service, &self.call)?)
    }
}
