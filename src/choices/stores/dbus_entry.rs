// SPDX-License-Identifier: GPL-3.0-or-later

//! An entry that a service keeps by its name, in a set with methods that list, add and remove.
//!
//! That it is there means on or off, and that it is not, the other. What others have in the set is
//! never touched.
//!
//! On a session's bus, an entry is there because the person, or a program of theirs, put it there;
//! without it the service does as it does by default. On the system's bus nobody can tell who did.

use glib::Variant;
use glib::prelude::*;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::choices::catalogue::names::{
    BusName, DataFile, EntryName, InterfaceName, List, Meaning, Member, ObjectPath, wrong,
};
use crate::choices::catalogue::values::VariantText;
use crate::choices::rule;
use crate::choices::rule::{Place, Presence};
use crate::choices::snapshot::Snapshot;
use crate::choices::store::{Answer, Problem, Request, Store, Watched, Write};
use crate::choices::stores::dbus::ServiceWrite;
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
    /// The method that takes nothing and returns a dictionary of all entries by their names.
    list: Member,
    /// The method that takes a name and a value, and replaces an entry of that name.
    add: Member,
    /// The method that takes a name.
    remove: Member,
    /// The name of the entry.
    entry: EntryName,
    /// Its value.
    value: Spanned<VariantText>,
    /// The parts of the value that the service fills in itself, each by its place: the number of a
    /// part, of a part of that, and so on.
    #[serde(default)]
    filled_in: List<Spanned<Vec<usize>>>,
    /// What it means that the entry is there.
    present: Meaning,
    /// The signals by which the service tells that an entry was added or removed.
    #[serde(default)]
    signals: List<Member>,
    /// A file below the person's data folder in which the service keeps the entries. As long as it
    /// is not there, there are none, and a service is not started to say so.
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

    /// The entry as it is. `None`: the service is not installed.
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
            let is_own = !service.is_for_everybody();
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

    /// The entry of a service that does not say whether it has it.
    fn unknown<'a>(&self, rule: &'a Presence) -> Place<'a> {
        Place {
            rule,
            name: self.entry.to_string(),
            value: None,
            origin: None,
            locked: false,
            own: !self.is_for_everybody(),
            settled: false,
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
            for_everybody: self.is_for_everybody(),
            ..rule::answer(&[place], false)
        }))
    }

    fn plan(&self, now: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem> {
        let rule = self.rule();
        let place = match self.place(&rule, now) {
            // It may hear of a change all the same.
            Err(ServiceProblem::NoAnswer(_)) => self.unknown(&rule),
            found => match found? {
                Some(place) => place,
                None => return Ok(Vec::new()),
            },
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
        let service = self.address();
        let signals = self.signals.iter();
        Watched {
            signals: signals.map(|name| service.signal(name)).collect(),
            ..Watched::default()
        }
    }

    fn service(&self) -> Option<Service> {
        Some(self.address())
    }
}
