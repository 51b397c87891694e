// SPDX-License-Identifier: GPL-3.0-or-later

//! A property of a service on a bus, with one value for on and one for off.
//!
//! Such a property has no layers: nobody can tell who set it, and there is no default to go back
//! to. What is set on the system's bus is set for everybody who uses the computer.

use glib::Variant;

use super::{Answer, PropertyWrite, Request, Write};
use crate::services::{Bus, Service, ServiceProblem};
use crate::state::State;
use crate::storage::Storage;

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
    /// Whether what is set here is set for everybody who uses the computer.
    pub fn is_for_everybody(&self) -> bool {
        self.service.bus == Bus::System
    }

    pub(super) fn ask(&self, storage: &Storage) -> Result<Option<Answer>, ServiceProblem> {
        let Some(value) = self.look(storage)? else {
            return Ok(None);
        };
        let state = if value == self.off {
            State::Off
        } else if value == self.on {
            State::On
        } else {
            State::Mixed
        };
        Ok(Some(Answer {
            state,
            origin: None,
            locked: false,
            resettable: false,
            overruled: false,
            for_everybody: self.is_for_everybody(),
            parts: Vec::new(),
        }))
    }

    pub(super) fn plan(
        &self,
        storage: &Storage,
        request: Request,
    ) -> Result<Vec<Write>, ServiceProblem> {
        let found = match self.look(storage) {
            // It may hear of a change all the same.
            Err(ServiceProblem::NoAnswer(_)) => None,
            Ok(None) => return Ok(Vec::new()),
            found => found?,
        };
        let value = match request {
            Request::On => &self.on,
            Request::Off => &self.off,
            Request::Reset => return Ok(Vec::new()),
        };
        if found.as_ref() == Some(value) {
            return Ok(Vec::new());
        }
        Ok(vec![self.write(&self.property, value)])
    }

    fn look(&self, storage: &Storage) -> Result<Option<Variant>, ServiceProblem> {
        let answers = storage.services();
        answers.property(&self.service, &self.property.name, self.off.type_())
    }

    fn write(&self, property: &Property, value: &Variant) -> Write {
        Write::Property(PropertyWrite {
            service: self.service.clone(),
            property: property.clone(),
            value: value.clone(),
        })
    }
}
