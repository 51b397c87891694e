// SPDX-License-Identifier: GPL-3.0-or-later

//! A named entry in a D-Bus service, in a set with methods that list, add and remove entries.
//!
//! The presence of the entry means on or off, and its absence means the opposite. Other entries in
//! the set are never touched.
//!
//! On the session bus, the user or one of their programs added the entry; without it, the service's
//! default applies. On the system bus, who added it is unknown.

use glib::Variant;
use glib::prelude::*;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::choices::catalogue::names::{
    BusName, DataFile, EntryName, InterfaceName, List, Meaning, Member, ObjectPath, wrong,
};
use crate::choices::catalogue::values::VariantText;
use crate::choices::rule;
use crate::choices::rule::{Place, Presence, Rule};
use crate::choices::snapshot::Snapshot;
use crate::choices::store::{Answer, Problem, Request, Store, Watched, Write};
use crate::choices::stores::dbus::{ServiceWrite, to_change};
use crate::formats::mistake::At;
use crate::system::bus::Bus;
use crate::system::service::{Service, ServiceProblem};
use crate::system::settings::Origin;

/// `[dbus-entry]` in a reader file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct DbusEntry {
    bus: Bus,
    name: BusName,
    path: ObjectPath,
    interface: InterfaceName,
    /// The method without arguments that returns a dictionary of all entries by name.
    list: Member,
    /// The method that takes a name and a value, and replaces the entry of that name.
    add: Member,
    /// The method that takes a name.
    remove: Member,
    /// The name of the entry.
    entry: EntryName,
    /// Its value.
    value: Spanned<VariantText>,
    /// The parts of the value that the service fills in itself. Each path has the index of a part,
    /// then of a part of that, and so on.
    #[serde(default)]
    filled_in: List<Spanned<Vec<usize>>>,
    /// What the presence of the entry means.
    present: Meaning,
    /// The signals for added and removed entries.
    #[serde(default)]
    signals: List<Member>,
    /// The file below the user's data folder in which the service keeps the entries. Without the
    /// file there are no entries, and the service isn't started for the query.
    data: Option<DataFile>,
}

impl DbusEntry {
    fn rule(&self) -> Presence {
        Presence {
            value: self.value.get_ref().value().clone(),
            filled_in: self
                .filled_in
                .iter()
                .map(|place| place.get_ref().clone())
                .collect(),
            present: self.present.0,
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

    /// The entry with its current value. `None`: the service isn't installed.
    fn place<'a>(
        &self,
        rule: &'a Presence,
        now: &Snapshot,
    ) -> Result<Option<Place<'a>>, ServiceProblem> {
        let start = self
            .data
            .as_ref()
            .is_none_or(|file| glib::user_data_dir().join(&**file).exists());
        let service = self.address();
        let answers = now.services();
        let entries = answers.entries(&service, &self.list, rule.value.type_(), start)?;
        Ok(entries.map(|mut entries| {
            let found = entries.remove(&*self.entry);
            let is_own = !service.is_for_every_user();
            let origin = if found.is_some() {
                Origin::You
            } else {
                Origin::Default
            };
            Place {
                origin: is_own.then_some(origin),
                own: is_own && found.is_some(),
                value: found,
                settled: true,
                ..self.unknown(rule)
            }
        }))
    }

    /// The entry of a service that doesn't report whether it has it.
    fn unknown<'a>(&self, rule: &'a Presence) -> Place<'a> {
        Place {
            own: !self.is_for_every_user(),
            ..Place::unknown(rule, self.entry.to_string())
        }
    }
}

impl Store for DbusEntry {
    fn check(&self) -> Result<(), At> {
        let value = self.value.get_ref().value();
        if !Variant::is_signature(value.type_().as_str()) {
            return Err(wrong(
                &self.value,
                format!(
                    "of the type “{}”, which no bus has; expected a value without “just” and “nothing”",
                    value.type_()
                ),
            ));
        }
        let is_place = |place: &[usize]| !place.is_empty() && rule::has_part(value, place);
        let filled_in = self.filled_in.iter();
        match filled_in
            .into_iter()
            .find(|place| !is_place(place.get_ref()))
        {
            None => Ok(()),
            Some(place) => Err(wrong(
                place,
                "not the place of a part of “value”; expected numbers that count from 0, such as [0, 1] for the second part of the first",
            )),
        }
    }

    fn read(&self, now: &Snapshot) -> Result<Option<Answer>, Problem> {
        let rule = self.rule();
        let place = self.place(&rule, now)?;
        Ok(place.map(|place| Answer {
            for_every_user: self.is_for_every_user(),
            on_reset: (!self.is_for_every_user()).then(|| rule.state(None)),
            ..rule::answer(&[place], false)
        }))
    }

    fn plan(&self, now: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem> {
        let rule = self.rule();
        let found = self.place(&rule, now);
        let Some(place) = to_change(found, || self.unknown(&rule))? else {
            return Ok(Vec::new());
        };
        let service = self.address();
        let name = self.entry.to_variant();
        let changes = rule::changes(&[place], request, false).into_iter();
        let writes = changes.map(|(_, value)| {
            let call = match value {
                Some(value) => {
                    service.method_call(&self.add, Variant::tuple_from_iter([&name, &value]))
                }
                None => service.method_call(&self.remove, Variant::tuple_from_iter([&name])),
            };
            let write: Box<dyn Write> = Box::new(ServiceWrite {
                service: service.clone(),
                call,
                locked: false,
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
