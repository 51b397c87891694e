// SPDX-License-Identifier: GPL-3.0-or-later

//! Every kind of measure.

pub(crate) mod drop_in;
pub(crate) mod mark;
pub(crate) mod masked;
pub(crate) mod value;

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::choices::measure::{Measure, Shared};

// To add a kind of measure, add a file to `measures/` with a struct that implements `Measure`, and a
// line here, with its `mod` above. Let a table of reader files make it: `disable-all` in
// `choices/opt_out.rs`, or a place in `choices/places/`. Document it in `docs/readers.md`.

/// The kinds. No record of one kind is a record of another.
const KINDS: &[Parse] = &[
    parse::<value::ValueOfSystem>,
    parse::<masked::Masked>,
    parse::<drop_in::DropIn>,
    parse::<mark::Mark>,
];

type Parse = fn(&Map<String, Value>) -> Option<Shared>;

fn parse<M: Measure + DeserializeOwned + 'static>(record: &Map<String, Value>) -> Option<Shared> {
    let measure = M::deserialize(Value::Object(record.clone())).ok()?;
    Some(Arc::new(measure))
}

/// The measure of a record. `None` if no application writes such a record: a measure is only in
/// the folders that a policy may write to, and its file's name leads to no other file.
pub(crate) fn recorded(record: &Map<String, Value>) -> Option<Shared> {
    let measure = KINDS.iter().find_map(|parse| parse(record));
    measure.filter(|measure| measure.is_administrators())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        for text in [
            r#"{"file":"/etc/a/b.toml","key":["a","b c"],"value":true}"#,
            r#"{"file":"/etc/a/b.toml","key":["a"],"value":3}"#,
            r#"{"file":"/etc/xdg/a","format":"kconfig","key":["a"],"value":"x"}"#,
            r#"{"file":"/etc/xdg/a","format":"kconfig","hold":"lock","key":["a"],"on":true,"value":0}"#,
            r#"{"content":"x\n","file":"/etc/a/zzz-privacy-panel-b.js","preset":true}"#,
            r#"{"file":"/etc/a","is-unset":true,"key":["a"],"needs-file":true,"value":false}"#,
            r#"{"mark":"/etc/a/.off"}"#,
            r#"{"unit":"a.service"}"#,
            r#"{"of-users":true,"unit":"a.service"}"#,
        ] {
            let measure = recorded(&record(text)).unwrap();
            let fields = Value::Object(measure.record().unwrap());
            assert_eq!(serde_json::to_string(&fields).unwrap(), text);
        }
    }

    #[test]
    fn a_record_that_leads_elsewhere_is_none() {
        for text in [
            r#"{"file":"/etc/a/../../b.toml","key":["a"],"value":true}"#,
            r#"{"file":"/home/a.toml","key":["a"],"value":true}"#,
            r#"{"file":"/etc/a.toml","format":"exe","key":["a"],"value":true}"#,
            r#"{"file":"/etc/a.toml","key":[],"value":true}"#,
            r#"{"content":"x\n","file":"/etc/cron.d/b"}"#,
            r#"{"content":"x\n","file":"/usr/zzz-privacy-panel-b.js"}"#,
            r#"{"mark":"/usr/a/.off"}"#,
            r#"{"mark":"/etc/a/.off","key":["a"]}"#,
            r#"{"unit":"../a.service"}"#,
            r#"{"unit":"a.mount"}"#,
            "{}",
        ] {
            assert!(recorded(&record(text)).is_none(), "{text}");
        }
    }
}
