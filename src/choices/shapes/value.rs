// SPDX-License-Identifier: GPL-3.0-or-later

//! A key with one value for on and one for off.

use gio::SettingsSchema;
use glib::Variant;

use crate::choices::reader::{Answer, Request, SettingWrite};
use crate::choices::state::State;
use crate::system::settings::{KeyProblem, Storage};

/// `[gsettings]` in a reader file.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueShape {
    /// The schema's name.
    pub schema: String,
    /// Where the schema's keys are in the storage.
    pub path: String,
    /// The key.
    pub key: String,
    /// The value with which the program may send something.
    pub on: Variant,
    /// The value with which it sends nothing, of the same type.
    pub off: Variant,
}

impl ValueShape {
    pub(crate) fn ask(&self, storage: &Storage) -> Result<Option<Answer>, KeyProblem> {
        let Some(schema) = storage.schema(&self.schema, &self.path)? else {
            return Ok(None);
        };
        let reading = storage.read(&schema, &self.path, &self.key, self.off.type_())?;
        let state = if reading.value == self.off {
            State::Off
        } else if reading.value == self.on {
            State::On
        } else {
            State::Mixed
        };
        Ok(Some(Answer {
            state,
            origin: Some(reading.origin),
            locked: reading.locked,
            resettable: reading.user_value,
            overruled: false,
            for_everybody: false,
            mode: None,
            parts: Vec::new(),
        }))
    }

    pub(crate) fn plan(
        &self,
        storage: &Storage,
        request: Request,
    ) -> Result<Vec<SettingWrite>, KeyProblem> {
        let Some(schema) = storage.schema(&self.schema, &self.path)? else {
            return Ok(Vec::new());
        };
        let reading = storage.read(&schema, &self.path, &self.key, self.off.type_())?;
        let value = match request {
            Request::On => Some(&self.on),
            Request::Off => Some(&self.off),
            Request::Reset => None,
            Request::Mode(_) => return Ok(Vec::new()),
        };
        // A person's decision is written even where it equals the default, so that it stays when
        // the default changes.
        let done = value.map_or(!reading.user_value, |value| {
            reading.user_value && reading.value == *value
        });
        if done {
            return Ok(Vec::new());
        }
        if let Some(value) = value {
            self.check_range(storage, &schema, value)?;
        }
        Ok(vec![SettingWrite {
            schema,
            path: self.path.clone(),
            key: self.key.clone(),
            value: value.cloned(),
        }])
    }

    fn check_range(
        &self,
        storage: &Storage,
        schema: &SettingsSchema,
        value: &Variant,
    ) -> Result<(), KeyProblem> {
        let key = storage.key(schema, &self.key, value.type_())?;
        if key.range_check(value) {
            Ok(())
        } else {
            Err(KeyProblem::OutOfRange {
                schema: self.schema.clone(),
                key: self.key.clone(),
                value: value.print(false).into(),
            })
        }
    }
}
