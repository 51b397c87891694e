// SPDX-License-Identifier: GPL-3.0-or-later

//! A GSettings key with one value for on and one for off.

use gio::SettingsSchema;
use gio::prelude::*;
use glib::Variant;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::app::{APP_ID, SCHEMA_PATH};
use crate::choices::catalogue::names::{KeyName, SchemaId, StoragePath};
use crate::choices::catalogue::values::{VariantText, two_values};
use crate::choices::choice::Choice;
use crate::choices::decision::Decision;
use crate::choices::rule;
use crate::choices::rule::{Place, Rule, TwoValues};
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::choices::store::{
    Answer, PolicyKey, PolicyValue, Problem, Request, SettingKey, Store, Stored, Watched, Write,
};
use crate::formats::mistake::At;
use crate::system::settings::KeyProblem;

/// `[gsettings]` in a reader file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Gsettings {
    schema: SchemaId,
    path: StoragePath,
    key: KeyName,
    /// The value with which the program may send something.
    on: Spanned<VariantText>,
    /// The value with which it sends nothing, of the same type.
    off: Spanned<VariantText>,
}

impl Gsettings {
    /// The panel's own key for a choice.
    pub(crate) fn own(choice: &'static Choice) -> Self {
        let value = |on: bool| Spanned::new(0..0, VariantText::from(on.to_variant()));
        Self {
            schema: SchemaId::own(APP_ID),
            path: StoragePath::own(SCHEMA_PATH),
            key: KeyName::own(choice.id),
            on: value(true),
            off: value(false),
        }
    }

    fn rule(&self) -> TwoValues {
        TwoValues {
            on: self.on.get_ref().value().clone(),
            off: self.off.get_ref().value().clone(),
            // A key always has a value.
            missing: State::Mixed,
        }
    }

    /// The key, and the state that applies without the user's own value.
    fn place<'a>(
        &self,
        rule: &'a TwoValues,
        now: &Snapshot,
    ) -> Result<Option<(SettingsSchema, Place<'a>, State)>, KeyProblem> {
        let settings = now.settings();
        let Some(schema) = settings.schema(&self.schema, &self.path)? else {
            return Ok(None);
        };
        let reading = settings.read(&schema, &self.path, &self.key, rule.off.type_())?;
        let place = Place {
            rule,
            name: self.key.to_string(),
            value: Some(reading.value),
            origin: Some(reading.origin),
            locked: reading.locked,
            own: reading.user_value,
            // The user's decision is written even if it equals the default, so that it stays when
            // the default changes.
            settled: reading.user_value,
        };
        Ok(Some((schema, place, rule.state(Some(&reading.below)))))
    }

    fn check_range(
        &self,
        now: &Snapshot,
        schema: &SettingsSchema,
        value: &Variant,
    ) -> Result<(), KeyProblem> {
        let key = now.settings().key(schema, &self.key, value.type_())?;
        if key.range_check(value) {
            Ok(())
        } else {
            Err(KeyProblem::OutOfRange {
                schema: self.schema.to_string(),
                key: self.key.to_string(),
                value: value.print(false).into(),
            })
        }
    }

    fn setting(&self) -> SettingKey {
        SettingKey {
            schema: self.schema.to_string(),
            path: self.path.to_string(),
            key: self.key.to_string(),
        }
    }
}

impl Store for Gsettings {
    fn check(&self) -> Result<(), At> {
        two_values(("on", &self.on), &self.off)
    }

    fn read(&self, now: &Snapshot) -> Result<Option<Answer>, Problem> {
        let rule = self.rule();
        let found = self.place(&rule, now)?;
        Ok(found.map(|(_, place, below)| Answer {
            on_reset: Some(below),
            ..rule::answer(&[place], false)
        }))
    }

    fn stored(&self, now: &Snapshot) -> Result<Vec<Stored>, Problem> {
        let rule = self.rule();
        let found = self.place(&rule, now)?;
        Ok(found
            .into_iter()
            .map(|(_, place, _)| place.into())
            .collect())
    }

    fn plan(&self, now: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem> {
        let rule = self.rule();
        let Some((schema, place, _)) = self.place(&rule, now)? else {
            return Ok(Vec::new());
        };
        let mut writes: Vec<Box<dyn Write>> = Vec::new();
        for (_, value) in rule::changes(&[place], request, false) {
            if let Some(value) = &value {
                self.check_range(now, &schema, value)?;
            }
            writes.push(Box::new(SettingWrite {
                schema: schema.clone(),
                key: self.setting(),
                value,
            }));
        }
        Ok(writes)
    }

    fn watched(&self) -> Watched {
        Watched {
            keys: vec![self.setting()],
            ..Watched::default()
        }
    }

    fn policy_keys(&self, decision: &Decision) -> Vec<PolicyKey> {
        let value = if decision.state == State::Off {
            &self.off
        } else {
            &self.on
        };
        vec![PolicyKey {
            key: format!("{}{}", self.path, self.key),
            schema: Some(self.schema.to_string()),
            value: PolicyValue::Set(value.get_ref().value().clone()),
            locked: decision.locked,
        }]
    }
}

/// A change of one key. `None` drops the user's own value.
#[derive(Clone, Debug)]
pub(super) struct SettingWrite {
    /// The installed schema.
    pub(super) schema: SettingsSchema,
    /// The key.
    pub(super) key: SettingKey,
    /// The value. It has the key's type, and the schema allows it.
    pub(super) value: Option<Variant>,
}

impl Write for SettingWrite {
    fn is_allowed(&self, now: &Snapshot) -> bool {
        !now.settings().is_locked(&self.key.full_name())
    }

    fn apply(&self) -> Result<(), Problem> {
        let path = Some(self.key.path.as_str());
        let settings = gio::Settings::new_full(&self.schema, None::<&gio::SettingsBackend>, path);
        match &self.value {
            // Reading back detects a write that is refused here.
            Some(value) => drop(settings.set_value(&self.key.key, value)),
            None => settings.reset(&self.key.key),
        }
        Ok(())
    }

    fn wait(&self) {
        // This waits for all pending writes, so only the first of several calls takes time.
        gio::Settings::sync();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::choice;

    #[test]
    fn the_panels_own_keys_have_names_that_a_reader_file_may_have() {
        for choice in choice::ALL {
            let own = Gsettings::own(choice);
            assert_eq!(SchemaId::try_from(&*own.schema), Ok(own.schema.clone()));
            assert_eq!(StoragePath::try_from(&*own.path), Ok(own.path.clone()));
            assert_eq!(KeyName::try_from(&*own.key), Ok(own.key.clone()));
            own.check().unwrap();
        }
    }

    #[test]
    fn a_policy_sets_the_value_and_locks_it_only_where_it_says_so() {
        let own = Gsettings::own(&choice::ALL[0]);
        for (state, value) in [(State::On, true), (State::Off, false)] {
            for locked in [false, true] {
                let decision = Decision {
                    choice: &choice::ALL[0],
                    state,
                    locked,
                    lists: crate::choices::decision::Lists::Locked,
                };
                let expected = PolicyKey {
                    key: format!("{SCHEMA_PATH}{}", choice::ALL[0].id),
                    schema: Some(APP_ID.to_owned()),
                    value: PolicyValue::Set(value.to_variant()),
                    locked,
                };
                assert_eq!(own.policy_keys(&decision), [expected]);
            }
        }
    }
}
