// SPDX-License-Identifier: GPL-3.0-or-later

//! A key of dconf without a schema, as office programs read them. It goes into the policy's database with
//! the keys of the stores.

use glib::Variant;

use crate::choices::catalogue::names::StoragePath;
use crate::choices::catalogue::values::VariantText;
use crate::choices::measure::Shared;
use crate::choices::place::{Place, Setting, Wanted};
use crate::choices::store::{PolicyKey, PolicyValue};
use crate::formats::format::Scalar;

/// dconf.
#[derive(Debug)]
pub(crate) struct DconfKey;

impl Place for DconfKey {
    fn check(&self, setting: &Setting<'_>) -> Result<(), String> {
        let [key] = setting.key else {
            return Err("another key; expected one path".to_owned());
        };
        // The same words as in the path of a schema.
        let words = StoragePath::try_from(format!("{key}/").as_str());
        if words.is_err() || key.matches('/').count() < 2 {
            return Err("another key; expected a path, such as /org/example/app/key".to_owned());
        }
        value(setting.value).map(|_| ())
    }

    fn presets(&self) -> bool {
        true
    }

    fn locks(&self) -> bool {
        true
    }

    fn measures(&self, _: &[Setting<'_>], _: Wanted<'_>) -> Vec<Shared> {
        Vec::new()
    }

    fn keys(&self, settings: &[Setting<'_>], wanted: Wanted<'_>) -> Vec<PolicyKey> {
        let key = |setting: &Setting<'_>| {
            Some(PolicyKey {
                key: setting.key.first()?.clone(),
                schema: None,
                value: PolicyValue::Set(value(setting.value).ok()?),
                locked: wanted.locked,
            })
        };
        settings.iter().filter_map(key).collect()
    }
}

fn value(value: &Scalar) -> Result<Variant, String> {
    match value {
        Scalar::Text(text) => VariantText::of(text).map(|text| text.value().clone()),
        _ => Err("another value; expected GVariant text in quotes, such as \"int32 0\"".to_owned()),
    }
}
