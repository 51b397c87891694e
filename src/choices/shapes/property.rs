// SPDX-License-Identifier: GPL-3.0-or-later

//! A property of a service on a bus, with one value for on and one for off.
//!
//! Such a property has no layers: nobody can tell who set it, and there is no default to go back
//! to. What is set on the system's bus is set for everybody who uses the computer.
//!
//! A service may have two ways to send while it is on, with a property of their own: it asks the
//! person each time, or it does not. And it may have an identifier for the computer, which goes
//! with what it sends.

use std::path::PathBuf;

use glib::Variant;

use crate::choices::opt_out;
use crate::choices::opt_out::OptOut;
use crate::choices::reader::{Answer, Mode, ModeState, Problem, Request, ServiceWrite, Write};
use crate::choices::shapes::document::everybodys;
use crate::choices::state::State;
use crate::formats::mistake;
use crate::system::limits;
use crate::system::service;
use crate::system::service::{Service, ServiceProblem};
use crate::system::settings::{Origin, Storage};
use crate::system::tree::Tree;

/// `[dbus]` in a reader file.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyShape {
    /// Where the property is.
    pub service: Service,
    /// The property that decides.
    pub property: Property,
    /// The value with which the program may send something.
    pub on: Variant,
    /// The value with which it sends nothing, of the same type.
    pub off: Variant,
    /// Where it is decided whether the person is asked each time.
    pub mode: Option<ModeShape>,
    /// The method of the same interface that returns the computer's identifier.
    pub identifier: Option<String>,
    /// What turns it off for everybody, whatever the property says.
    pub disable_all: Vec<OptOut>,
}

/// `[dbus.mode]` in a reader file.
#[derive(Clone, Debug, PartialEq)]
pub struct ModeShape {
    /// The property that decides.
    pub property: Property,
    /// The value with which the person is asked each time.
    pub ask: Variant,
    /// The value with which nobody is, of the same type.
    pub automatic: Variant,
}

/// A property, and how it is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its name.
    pub name: String,
    /// The method of the same interface that takes its new value. None: it is set as properties
    /// are.
    pub setter: Option<String>,
}

impl PropertyShape {
    /// The folders in which something about the state may change.
    pub fn folders(&self) -> Vec<PathBuf> {
        everybodys(&self.disable_all).collect()
    }

    pub(crate) fn ask(&self, storage: &Storage) -> Result<Option<Answer>, Problem> {
        let all_off = self.is_all_off()?;
        let value = match self.look(storage) {
            // What it would say has no part in it.
            Err(_) if all_off => Some(self.off.clone()),
            found => found?,
        };
        let Some(value) = value else {
            return Ok(None);
        };
        let state = if all_off || value == self.off {
            State::Off
        } else if value == self.on {
            State::On
        } else {
            State::Mixed
        };
        Ok(Some(Answer {
            origin: all_off.then_some(Origin::Administrator),
            locked: all_off,
            mode: self.mode(storage).filter(|_| !all_off),
            ..Answer::of_service(&self.service, state)
        }))
    }

    pub(crate) fn plan(&self, storage: &Storage, request: Request) -> Result<Vec<Write>, Problem> {
        let locked = self.is_all_off()?;
        let found = match self.look(storage) {
            // It may hear of a change all the same.
            Err(ServiceProblem::NoAnswer(_)) => None,
            Ok(None) => return Ok(Vec::new()),
            found => found?,
        };
        let value = match request {
            Request::On => &self.on,
            // Off for everybody, it is off already.
            Request::Off if locked => return Ok(Vec::new()),
            Request::Off => &self.off,
            Request::Reset => return Ok(Vec::new()),
            Request::Mode(mode) => return Ok(self.plan_mode(storage, mode)),
        };
        // Under a lock, no value turns it on.
        if found.as_ref() == Some(value) && !locked {
            return Ok(Vec::new());
        }
        Ok(vec![self.write(&self.property, value, locked)])
    }

    /// How the service sends; none where this version of it knows of no modes.
    fn mode(&self, storage: &Storage) -> Option<ModeState> {
        let shape = self.mode.as_ref()?;
        let answers = storage.services();
        let found = answers.property(&self.service, &shape.property.name, shape.ask.type_());
        let found = found.ok().flatten()?;
        Some(if found == shape.ask {
            ModeState::Ask
        } else if found == shape.automatic {
            ModeState::Automatic
        } else {
            ModeState::Mixed
        })
    }

    fn plan_mode(&self, storage: &Storage, mode: Mode) -> Vec<Write> {
        let (Some(shape), Some(found)) = (&self.mode, self.mode(storage)) else {
            return Vec::new();
        };
        let value = match mode {
            Mode::Ask => &shape.ask,
            Mode::Automatic => &shape.automatic,
        };
        if found == mode.into() {
            Vec::new()
        } else {
            vec![self.write(&shape.property, value, false)]
        }
    }

    /// Asks for the computer's identifier. `None`: the service is not installed, or has none.
    pub(crate) fn identify(&self) -> Result<Option<String>, ServiceProblem> {
        let Some(method) = &self.identifier else {
            return Ok(None);
        };
        let Some(text) = service::text(&self.service, method)?.filter(|text| !text.is_empty())
        else {
            return Ok(None);
        };
        // What comes from elsewhere is shown to people.
        if mistake::is_line(&text, limits::IDENTIFIER) {
            Ok(Some(text))
        } else {
            Err(ServiceProblem::Failed {
                service: self.service.name.clone(),
                message: format!(
                    "its identifier is not one line of {} bytes at most",
                    limits::IDENTIFIER
                ),
            })
        }
    }

    fn look(&self, storage: &Storage) -> Result<Option<Variant>, ServiceProblem> {
        let answers = storage.services();
        answers.property(&self.service, &self.property.name, self.off.type_())
    }

    fn is_all_off(&self) -> Result<bool, Problem> {
        Ok(opt_out::is_off(&self.disable_all, &Tree::computer())?)
    }

    fn write(&self, property: &Property, value: &Variant, locked: bool) -> Write {
        let setter = property.setter.as_deref();
        Write::Service(ServiceWrite {
            service: self.service.clone(),
            call: self.service.set(&property.name, setter, value),
            locked,
        })
    }
}
