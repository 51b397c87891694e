// SPDX-License-Identifier: GPL-3.0-or-later

//! Defaults that a vendor set for one desktop only: `[schema:GNOME]` in a `.gschema.override` file.
//!
//! GSettings takes those of the desktops in this process's `XDG_CURRENT_DESKTOP` and has no function
//! that lists the others. So they are read from the compiled schemas: a hash table of hash tables,
//! whose values are made by GNOME/glib, `gio/glib-compile-schemas.c`.

use std::env;
use std::path::PathBuf;

use glib::{Bytes, Variant, VariantTy};

use crate::system::gvdb::Table;
use crate::system::settings::backend;

/// The defaults of a key that has one for single desktops.
#[derive(Clone, Debug, PartialEq)]
pub struct Defaults {
    general: Variant,
    /// The desktops as in `XDG_CURRENT_DESKTOP`, and their values.
    desktops: Vec<(String, Variant)>,
}

impl Defaults {
    /// The default that a program takes in these desktops.
    pub fn of(&self, desktops: &[String]) -> &Variant {
        let named = desktops.iter().find_map(|desktop| {
            let mut values = self.desktops.iter();
            values.find(|(name, _)| name == desktop)
        });
        named.map_or(&self.general, |(_, value)| value)
    }

    /// The desktops with another default than the general one.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        let others = self.desktops.iter();
        others.filter_map(|(name, value)| (*value != self.general).then_some(name.as_str()))
    }
}

/// The compiled schemas of this computer, the most important first.
#[derive(Debug, Default)]
pub struct Compiled(Vec<Bytes>);

impl Compiled {
    /// Reads them. What can't be read is left out, as GLib leaves it out.
    pub fn read() -> Self {
        let own = env::var_os("GSETTINGS_SCHEMA_DIR");
        let own = own.iter().flat_map(env::split_paths);
        let data = std::iter::once(glib::user_data_dir()).chain(glib::system_data_dirs());
        let data = data.map(|folder| folder.join("glib-2.0/schemas"));
        let files = own.chain(data).filter_map(|folder: PathBuf| {
            let file = folder.join("gschemas.compiled");
            file.is_file().then(|| backend::mapped(&file))?
        });
        Self(files.collect())
    }

    /// The defaults of a key. `None` if it has the same one on every desktop.
    pub fn defaults(&self, schema: &str, key: &str) -> Option<Defaults> {
        // The first file that has the schema counts.
        let mut files = self.0.iter();
        let schema = files.find_map(|file| Table::root(file)?.table(schema))?;
        defaults(schema.value(key)?)
    }
}

/// The desktops in a value of `XDG_CURRENT_DESKTOP`.
pub fn desktops(variable: &str) -> Vec<String> {
    let names = variable.split(':').filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

/// The type of the option `d`. A value with options has their types at its end.
const OPTION: &str = "(ya{sv})";

/// The general default, and those in the option `d` after it.
fn defaults(value: &[u8]) -> Option<Defaults> {
    // Unpacking a value takes much longer, and most have no such option.
    if !(value.windows(OPTION.len())).any(|part| part == OPTION.as_bytes()) {
        return None;
    }
    let value = Variant::from_bytes_with_type(&Bytes::from(value), VariantTy::VARIANT);
    let value = value.as_variant().filter(Variant::is_container)?;
    let mut options = value.iter();
    let general = options.next()?;
    let desktops: Vec<_> = options
        .filter(|option| {
            option.type_().as_str() == OPTION && option.child_value(0).get() == Some(b'd')
        })
        .flat_map(|option| option.child_value(1).iter().collect::<Vec<_>>())
        .filter_map(|entry| {
            let name = entry.child_value(0).get()?;
            Some((name, entry.child_value(1).as_variant()?))
        })
        .collect();
    (!desktops.is_empty()).then_some(Defaults { general, desktops })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn compiled() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let key =
            |name: &str| format!("<key name='{name}' type='b'><default>false</default></key>");
        write(
            "a.gschema.xml",
            &format!(
                "<schemalist><schema id='org.example.A' path='/a/'>{}{}</schema></schemalist>",
                key("one"),
                key("two")
            ),
        );
        write(
            "10.gschema.override",
            "[org.example.A:GNOME]\none=true\n[org.example.A:KDE]\none=false\n",
        );
        let mut compiler = Command::new("glib-compile-schemas");
        assert!(compiler.arg(folder.path()).status().unwrap().success());
        std::fs::read(folder.path().join("gschemas.compiled")).unwrap()
    }

    #[test]
    fn the_defaults_for_each_desktop_are_those_that_the_vendor_wrote() {
        let compiled = Compiled(vec![
            Bytes::from_static(b"no schemas"),
            Bytes::from_owned(compiled()),
        ]);
        let found = compiled.defaults("org.example.A", "one").unwrap();
        let of = |variable: &str| found.of(&desktops(variable)).get::<bool>().unwrap();
        assert!(of("GNOME") && of("ubuntu:GNOME:KDE"));
        assert!(!of("KDE:GNOME") && !of("XFCE") && !of(""));
        assert_eq!(found.others().collect::<Vec<_>>(), ["GNOME"]);
        assert_eq!(compiled.defaults("org.example.A", "two"), None);
        assert_eq!(compiled.defaults("org.example.B", "one"), None);
    }

    proptest::proptest! {
        #[test]
        fn damaged_schemas_have_no_defaults_and_do_no_harm(
            changes in proptest::collection::vec((0_usize..600, 0_u8..), 1..9),
        ) {
            static WHOLE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
            let mut file = WHOLE.get_or_init(compiled).clone();
            for (at, byte) in changes {
                if let Some(place) = file.get_mut(at) {
                    *place = byte;
                }
            }
            Compiled(vec![Bytes::from_owned(file)]).defaults("org.example.A", "one");
        }
    }
}
