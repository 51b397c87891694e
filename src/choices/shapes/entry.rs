// SPDX-License-Identifier: GPL-3.0-or-later

//! An entry that a service keeps by its name, in a set with methods that list, add and remove.
//!
//! That it is there means on or off, and that it is not, the other. What others have in the set is
//! never touched. An entry of that name with another value was made for something else, so that
//! nobody can tell what it does: it is mixed.
//!
//! On a session's bus, an entry is there because the person, or a program of theirs, put it there;
//! without it the service does as it does by default. On the system's bus nobody can tell who did.

use glib::Variant;
use glib::prelude::*;

use crate::choices::reader::{Answer, Request, ServiceWrite, Write};
use crate::choices::state::State;
use crate::system::service::{Service, ServiceProblem, Signal, Values};
use crate::system::settings::{Origin, Storage};

/// `[dbus-entry]` in a reader file.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryShape {
    /// Where the entries are.
    pub service: Service,
    /// The method that takes nothing and returns a dictionary of all entries by their names.
    pub list: String,
    /// The method that takes a name and a value, and replaces an entry of that name.
    pub add: String,
    /// The method that takes a name.
    pub remove: String,
    /// The name of the entry.
    pub entry: String,
    /// Its value.
    pub value: Variant,
    /// The parts of the value that the service fills in itself, each by its place: the number of a
    /// part, of a part of that, and so on.
    pub filled_in: Vec<Vec<usize>>,
    /// What it means that the entry is there: [`State::On`] or [`State::Off`].
    pub present: State,
    /// The signals by which the service tells that an entry was added or removed.
    pub signals: Vec<String>,
    /// A file below the person's data folder in which the service keeps the entries. As long as it
    /// is not there, there are none, and a service is not started to say so.
    pub data: Option<String>,
}

impl EntryShape {
    pub(crate) fn ask(&self, storage: &Storage) -> Result<Option<Answer>, ServiceProblem> {
        let Some(entries) = self.look(storage)? else {
            return Ok(None);
        };
        let found = entries.get(&self.entry);
        let state = match found {
            None => self.absent(),
            Some(found) if self.is_ours(found) => self.present,
            Some(_) => State::Mixed,
        };
        let answer = Answer::of_service(&self.service, state);
        Ok(Some(match found {
            _ if answer.for_everybody => answer,
            Some(_) => Answer {
                origin: Some(Origin::You),
                resettable: true,
                ..answer
            },
            None => Answer {
                origin: Some(Origin::Default),
                ..answer
            },
        }))
    }

    pub(crate) fn plan(
        &self,
        storage: &Storage,
        request: Request,
    ) -> Result<Vec<Write>, ServiceProblem> {
        let wanted = match request {
            Request::On => self.present == State::On,
            Request::Off => self.present == State::Off,
            Request::Reset if self.service.is_for_everybody() => return Ok(Vec::new()),
            Request::Reset => false,
            Request::Mode(_) => return Ok(Vec::new()),
        };
        let is_done = match self.look(storage) {
            Ok(None) => return Ok(Vec::new()),
            Ok(Some(entries)) => match entries.get(&self.entry) {
                None => !wanted,
                Some(found) => wanted && self.is_ours(found),
            },
            // It may hear of a change all the same.
            Err(ServiceProblem::NoAnswer(_)) => false,
            Err(problem) => return Err(problem),
        };
        if is_done {
            return Ok(Vec::new());
        }
        let name = self.entry.to_variant();
        let call = if wanted {
            let entry = Variant::tuple_from_iter([&name, &self.value]);
            self.service.call(&self.add, entry)
        } else {
            let entry = Variant::tuple_from_iter([&name]);
            self.service.call(&self.remove, entry)
        };
        Ok(vec![Write::Service(ServiceWrite {
            service: self.service.clone(),
            call,
            locked: false,
        })])
    }

    /// The signals that are a reason to look.
    pub(crate) fn signals(&self) -> Vec<Signal> {
        let names = self.signals.iter();
        names.map(|name| self.service.signal(name)).collect()
    }

    fn look(&self, storage: &Storage) -> Result<Option<Values>, ServiceProblem> {
        let there = |file| glib::user_data_dir().join(file).exists();
        let start = self.data.as_ref().is_none_or(there);
        let answers = storage.services();
        answers.entries(&self.service, &self.list, self.value.type_(), start)
    }

    /// What it means that the entry is not there.
    const fn absent(&self) -> State {
        match self.present {
            State::Off => State::On,
            State::On | State::Mixed => State::Off,
        }
    }

    fn is_ours(&self, found: &Variant) -> bool {
        let filled_in: Vec<_> = self.filled_in.iter().map(Vec::as_slice).collect();
        is_same(found, &self.value, &filled_in)
    }
}

/// Whether two values are the same, but for the parts at some places.
fn is_same(found: &Variant, wanted: &Variant, but: &[&[usize]]) -> bool {
    if but.is_empty() {
        return found == wanted;
    }
    if but.iter().any(|place| place.is_empty()) {
        return true;
    }
    // The type may be another inside a variant.
    found.type_() == wanted.type_()
        && found.n_children() == wanted.n_children()
        && (0..wanted.n_children()).all(|part| {
            let below = but.iter().filter_map(|place| place.strip_prefix(&[part]));
            is_same(
                &found.child_value(part),
                &wanted.child_value(part),
                &below.collect::<Vec<_>>(),
            )
        })
}

/// Whether there is a part at a place of a value.
pub(crate) fn has_part(value: &Variant, place: &[usize]) -> bool {
    match place {
        [] => true,
        [part, rest @ ..] => {
            value.is_container()
                && *part < value.n_children()
                && has_part(&value.child_value(*part), rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Variant {
        Variant::parse(None, text).unwrap()
    }

    #[test]
    fn what_a_service_fills_in_does_not_count_and_everything_else_does() {
        let ours = value("(['', '', 'x'], @aas [])");
        let same = |other: &str, but: &[&[usize]]| is_same(&value(other), &ours, but);
        assert!(same("(['', '', 'x'], @aas [])", &[]));
        assert!(!same("(['', '1', 'x'], @aas [])", &[]));
        assert!(same("(['', '1', 'x'], @aas [])", &[&[0, 1]]));
        assert!(same("(['7', '1', 'x'], @aas [])", &[&[0, 0], &[0, 1]]));
        assert!(!same("(['7', '1', 'y'], @aas [])", &[&[0, 0], &[0, 1]]));
        assert!(!same("(['', '1', 'x'], [['']])", &[&[0, 1]]));
        assert!(!same("(['', '1'], @aas [])", &[&[0, 1]]));
        assert!(same("(['', '1', 'x'], [['']])", &[&[0, 1], &[1]]));
    }

    #[test]
    fn a_variant_that_holds_something_else_is_something_else() {
        let ours = value("<('a', 1)>");
        assert!(is_same(&value("<('a', 2)>"), &ours, &[&[0, 1]]));
        for other in ["<'a'>", "<('a', 'b')>", "<@a{sv} {}>"] {
            assert!(!is_same(&value(other), &ours, &[&[0, 1]]), "{other}");
        }
    }

    #[test]
    fn a_place_leads_to_a_part_or_nowhere() {
        let value = value("(['', 'b'], <1>)");
        for place in [&[][..], &[0], &[0, 1], &[1], &[1, 0]] {
            assert!(has_part(&value, place), "{place:?}");
        }
        for place in [&[2][..], &[0, 2], &[0, 1, 0], &[1, 1]] {
            assert!(!has_part(&value, place), "{place:?}");
        }
    }
}
