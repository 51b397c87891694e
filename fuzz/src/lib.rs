// SPDX-License-Identifier: GPL-3.0-or-later

//! Properties that hold for every policy, reader file and error report, whatever its content.
//!
//! The fuzz targets call these checks. The tests of the main crate include this file and call them
//! with generated files and with the corpus. The checks compare with what GLib's and TOML's own
//! parsers read and with the readers' shapes, not with the compiler's intent. A violation panics.

#![allow(clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use glib::{KeyFile, KeyFileFlags, Variant};
use privacy_panel::choices::catalogue;
use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::choice;
use privacy_panel::choices::reader::{
    EntryShape, ListShape, PropertyShape, Reader, Shape, ValueShape,
};
use privacy_panel::choices::search;
use privacy_panel::choices::state::State;
use privacy_panel::formats::mistake::Mistake;
use privacy_panel::formats::toml::Scalar;
use privacy_panel::history;
use privacy_panel::policy::compile::{Conflict, compile};
use privacy_panel::policy::{self, Compiled, Decision, Lists, Organisation, Policy};
use privacy_panel::reports::keepers::apport;
use privacy_panel::reports::{Content, Reading};
use privacy_panel::system::limits;
use privacy_panel::system::service::{Bus, Service};
use privacy_panel::system::text::is_unprintable;

/// The key for the name of a policy's organisation.
pub const ORGANISATION: &str = "/net/launchpad/PrivacyPanel/policy/organisation-name";

/// The key for that organisation's contact.
pub const CONTACT: &str = "/net/launchpad/PrivacyPanel/policy/organisation-contact";

/// A list as another system database may hold it: its names would break the syntax if they were
/// written unescaped.
const HOSTILE_LIST: &[&str] = &[
    "other.desktop",
    "org.gnome.Software.desktop",
    "']\n[evil]\nkey='value'\n/evil/lock\r\n#\u{2028}\u{202e}\"\\",
    "",
];

/// The readers that come with the panel.
static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| {
    // GLib's warnings count as mistakes here.
    glib::log_set_always_fatal(glib::LogLevels::LEVEL_CRITICAL | glib::LogLevels::LEVEL_WARNING);
    Catalogue::of(catalogue::SHIPPED.iter().map(|(id, text)| {
        let reader = catalogue::parse(Path::new(id), text.as_bytes());
        let reader = reader.unwrap_or_else(|mistake| panic!("{mistake}"));
        reader.unwrap_or_else(|| panic!("{id} is empty"))
    }))
});

/// Any bytes as a policy file: they parse as a policy, or give mistakes that users can find. The
/// policy says what the file says, and compiles to that and nothing more.
pub fn policy(bytes: &[u8]) {
    let shipped = &*SHIPPED;
    match policy::parse(Path::new("policy.toml"), bytes) {
        Ok(policy) => {
            let text = std::str::from_utf8(bytes).expect("a policy is UTF-8");
            assert_eq!(policy.text, text);
            says_what_the_document_says(&policy, text);
            // The shipped readers do not contradict each other.
            let compiled = compiled(&policy, shipped, &[]).unwrap_or_else(|c| panic!("{c}"));
            let with_names = self::compiled(&policy, shipped, HOSTILE_LIST);
            let with_names = with_names.unwrap_or_else(|conflict| panic!("{conflict}"));
            assert!(compiled.values.keys().eq(with_names.values.keys()));
            assert_eq!(compiled.locks, with_names.locks);
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "refused without a mistake");
            let lines = lines(bytes);
            for mistake in &mistakes {
                // TOML's parser gives no position when it exceeds its recursion limit.
                assert!(mistake.at.is_some() || mistake.message == "recursion limit");
                can_be_found(mistake, &lines);
                assert!(!mistake.message.contains(is_unprintable), "{mistake:?}");
            }
            let places: Vec<_> = mistakes.iter().map(|mistake| mistake.at).collect();
            assert!(places.is_sorted(), "not in the order of the file");
        }
    }
}

/// Any bytes as a reader file: they are a reader, a mask or a mistake that users can find. The
/// reader is as the file says, and every policy compiles only the reader's own keys.
pub fn reader_file(bytes: &[u8]) {
    LazyLock::force(&SHIPPED);
    match catalogue::parse(Path::new("reader.toml"), bytes) {
        Ok(Some(reader)) => {
            let text = std::str::from_utf8(bytes).expect("a reader file is UTF-8");
            reader_says_what_the_document_says(&reader, text);
            names_are_plain(&reader);
            let choice = reader.choice;
            let catalogue = Catalogue::of([reader]);
            for decision in decisions(choice) {
                let mut policy = Policy {
                    decisions: vec![decision],
                    ..Policy::default()
                };
                for below in [&[], HOSTILE_LIST] {
                    // A file may contradict itself, or the panel's own keys.
                    let _ = compiled(&policy, &catalogue, below);
                }
                policy.organisation = Some(Organisation {
                    name: "Example".to_owned(),
                    contact: Some("https://it.example.edu".to_owned()),
                });
                let _ = compiled(&policy, &catalogue, &[]);
            }
        }
        Ok(None) => assert!(bytes.iter().all(|byte| !byte.is_ascii_graphic())),
        Err(mistake) => can_be_found(&mistake, &lines(bytes)),
    }
}

/// All decisions that a policy can make about one choice.
pub fn decisions(choice: &'static choice::Choice) -> impl Iterator<Item = Decision> {
    [State::On, State::Off].into_iter().flat_map(move |state| {
        [false, true].into_iter().flat_map(move |locked| {
            // A policy sets `lists` only with a lock, and “all-off” only if the choice is off.
            let lists = Lists::ALL.into_iter().map(|(_, lists)| lists);
            lists
                .filter(move |lists| {
                    *lists == Lists::default()
                        || locked && (*lists != Lists::AllOff || state == State::Off)
                })
                .map(move |lists| Decision {
                    choice,
                    state,
                    locked,
                    lists,
                })
        })
    })
}

/// Compiles a policy and checks the result: GLib reads it back exactly, every key and lock belongs
/// to a reader of a decided choice, and every reader has the decided state.
pub fn compiled(
    policy: &Policy,
    catalogue: &Catalogue,
    below: &[&str],
) -> Result<Compiled, Conflict> {
    let kept: Vec<_> = below.iter().map(|&name| name.to_owned()).collect();
    let compiled = match compile(policy, catalogue, &|_| kept.clone()) {
        Ok(compiled) => compiled,
        Err(conflict) => {
            let readers = decided(policy, catalogue);
            let named = readers.filter(|(_, reader)| named(reader).contains(&conflict.key));
            let ids: BTreeSet<_> = named.map(|(_, reader)| reader.id.clone()).collect();
            assert!(ids.contains(&conflict.one) && ids.contains(&conflict.other));
            return Err(conflict);
        }
    };

    assert_eq!(read_back(&compiled.key_file()), compiled.values);
    let locks_file = compiled.locks_file();
    assert!(locks_file.is_empty() || locks_file.ends_with('\n'));
    let locks: Vec<_> = locks_file.lines().map(str::to_owned).collect();
    assert!(locks.iter().eq(&compiled.locks));

    let mut keys: BTreeSet<String> = BTreeSet::new();
    let mut lockable: BTreeSet<String> = BTreeSet::new();
    for (decision, reader) in decided(policy, catalogue) {
        keys.extend(named(reader));
        if decision.locked {
            lockable.extend(named(reader));
        }
    }
    if let Some(organisation) = &policy.organisation {
        let name = compiled.values[ORGANISATION].str();
        assert_eq!(name, Some(organisation.name.as_str()));
        keys.insert(ORGANISATION.to_owned());
        if let Some(contact) = &organisation.contact {
            assert_eq!(compiled.values[CONTACT].str(), Some(contact.as_str()));
            keys.insert(CONTACT.to_owned());
        }
    }
    for key in compiled.values.keys() {
        assert!(keys.contains(key), "no reader names {key}");
    }
    for key in &compiled.locks {
        assert!(lockable.contains(key), "no decision locks {key}");
        assert!(
            compiled.values.contains_key(key),
            "{key} is locked to nothing"
        );
    }
    let names_of_all = decided(policy, catalogue).flat_map(|(_, reader)| match &reader.shape {
        Shape::List(shape) => shape.names.as_slice(),
        Shape::Value(_) | Shape::Property(_) | Shape::Entry(_) | Shape::Document(_) => &[],
    });
    let names_of_all: BTreeSet<&str> = names_of_all.map(String::as_str).collect();
    for (decision, reader) in decided(policy, catalogue) {
        match &reader.shape {
            Shape::Value(shape) => {
                let key = format!("{}{}", shape.path, shape.key);
                let off = decision.state == State::Off;
                // The policy's own keys come last, and override a reader's value for them.
                let own = policy.organisation.is_some() && [ORGANISATION, CONTACT].contains(&&*key);
                if !own {
                    let wished = if off { &shape.off } else { &shape.on };
                    assert_eq!(&compiled.values[&key], wished);
                }
                assert!(!decision.locked || compiled.locks.contains(&key));
            }
            // Settings in services and files are in no dconf database.
            Shape::Property(_) | Shape::Entry(_) | Shape::Document(_) => {}
            Shape::List(_) if named(reader).iter().any(|key| is_of_the_policy(key)) => {}
            Shape::List(shape) => {
                list_is_as_decided(&compiled, decision, shape, &names_of_all, below);
            }
        }
    }
    Ok(compiled)
}

/// Evaluates a list reader's values as GNOME Shell does.
fn list_is_as_decided(
    compiled: &Compiled,
    decision: &Decision,
    shape: &ListShape,
    names_of_all: &BTreeSet<&str>,
    below: &[&str],
) {
    let key = |name: &String| format!("{}{name}", shape.path);
    let locked = |name: &String| compiled.locks.contains(&key(name));
    let members = |name: &String| -> Option<Vec<&str>> {
        let list = compiled.values.get(&key(name))?;
        Some(list.array_iter_str().ok()?.collect())
    };
    let certain = decision.locked && decision.lists != Lists::Preset;
    let off = decision.state == State::Off;
    if let (true, Lists::AllOff, Some(all)) = (certain, decision.lists, &shape.disable_all) {
        assert_eq!(compiled.values[&key(all)].get(), Some(true));
        assert!(locked(all));
        return;
    }
    let disabled = members(&shape.disabled).expect("a list that says what is off");
    let enabled = shape.enabled.as_ref();
    let enabled_members = enabled.and_then(members);
    for name in shape.names.iter().map(String::as_str) {
        assert_eq!(disabled.contains(&name), off);
        if let (Some(key), false) = (enabled, off) {
            let members = members(key).expect("a list that says what is on");
            assert!(members.contains(&name));
        }
        let enabled = enabled_members.as_ref();
        // Without a lock, the policy leaves names alone that are off by default.
        let must_not = off && certain;
        assert!(!must_not || enabled.is_none_or(|members| !members.contains(&name)));
    }
    // Other names stay, and the policy adds no name that the reader does not list.
    for name in below {
        assert!(names_of_all.contains(name) || disabled.contains(name));
    }
    for name in &disabled {
        assert!(names_of_all.contains(name) || below.contains(name));
    }
    if certain {
        assert!(locked(&shape.disabled) && enabled.is_none_or(locked));
        assert!(enabled.is_none() || enabled_members.is_some());
    }
}

/// The readers of the choices that a policy decides.
fn decided<'a>(
    policy: &'a Policy,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = (&'a Decision, &'a Reader)> {
    policy.decisions.iter().flat_map(|decision| {
        let readers = catalogue.readers().iter();
        readers
            .filter(|reader| reader.choice == decision.choice)
            .map(move |reader| (decision, reader))
    })
}

/// Whether a key describes the policy itself.
fn is_of_the_policy(key: &str) -> bool {
    [ORGANISATION, CONTACT].contains(&key)
}

/// The keys that a reader names, as full paths.
pub fn named(reader: &Reader) -> Vec<String> {
    match &reader.shape {
        Shape::Value(shape) => vec![format!("{}{}", shape.path, shape.key)],
        Shape::List(shape) => [
            Some(&shape.disabled),
            shape.enabled.as_ref(),
            shape.disable_all.as_ref(),
        ]
        .into_iter()
        .flatten()
        .map(|key| format!("{}{key}", shape.path))
        .collect(),
        Shape::Property(_) | Shape::Entry(_) | Shape::Document(_) => Vec::new(),
    }
}

/// Reads a key file as dconf does: with GLib's parser, and each value with GVariant's.
pub fn read_back(key_file: &str) -> BTreeMap<String, Variant> {
    let parsed = KeyFile::new();
    parsed
        .load_from_data(key_file, KeyFileFlags::NONE)
        .unwrap_or_else(|error| panic!("{error} in {key_file:?}"));
    let mut values = BTreeMap::new();
    let mut groups = 0;
    for group in &parsed.groups() {
        groups += 1;
        assert!(!group.starts_with('/') && !group.ends_with('/'));
        for key in &parsed.keys(group).expect("the group is there") {
            let raw = parsed.value(group, key).expect("the key is there");
            let value = Variant::parse(None, &raw);
            let value = value.unwrap_or_else(|error| panic!("{error} in {raw:?}"));
            values.insert(format!("/{group}/{key}"), value);
        }
    }
    // GLib takes the last of two equal keys, and merges groups of the same name. So check here that
    // nothing occurs twice.
    let lines: Vec<_> = key_file
        .split('\n')
        .filter(|line| !line.is_empty())
        .collect();
    let headings = lines.iter().filter(|line| line.starts_with('[')).count();
    assert_eq!(headings, groups);
    assert_eq!(lines.len() - headings, values.len());
    values
}

/// A mistake is one line of text, with a position inside the file.
fn can_be_found(mistake: &Mistake, lines: &[usize]) {
    let message = &mistake.message;
    let ends = [
        '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
    ];
    assert!(
        !message.is_empty() && !message.contains(ends),
        "{message:?}"
    );
    if let Some((line, column)) = mistake.at {
        assert!(line >= 1 && line <= lines.len(), "{mistake}");
        assert!(column >= 1 && column <= lines[line - 1] + 1, "{mistake}");
    }
}

/// The number of characters in each line.
fn lines(bytes: &[u8]) -> Vec<usize> {
    let text = String::from_utf8_lossy(bytes);
    text.split('\n').map(|line| line.chars().count()).collect()
}

/// Treats each line of the bytes as a term of a search. The search finds each choice once, and finds
/// the same or fewer choices in another case or with more terms.
pub fn search(bytes: &[u8]) {
    LazyLock::force(&SHIPPED);
    let text = String::from_utf8_lossy(bytes);
    let terms: Vec<_> = text.split('\n').collect();
    let ids = |terms: &[&str]| -> Vec<_> {
        let found = search::find(terms).into_iter();
        found.map(|choice| choice.id).collect()
    };
    let found = ids(&terms);
    let different: BTreeSet<_> = found.iter().collect();
    assert_eq!(different.len(), found.len());
    // A first term without letters finds nothing, and does not restrict the search.
    let first = ids(&terms[..1]);
    assert!(first.is_empty() || found.iter().all(|id| first.contains(id)));
    let cut = search::beginning(terms[0]);
    assert!(terms[0].starts_with(cut) && cut.chars().count() <= limits::SEARCH_TERM);
    assert_eq!(ids(&[cut]), first);
}

/// Treats the bytes as a file in which a program remembers what the user did. Clearing it leaves a file
/// of the same format without entries, with everything else as it was.
pub fn history(bytes: &[u8]) {
    LazyLock::force(&SHIPPED);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for (format, found) in history::without_entries(text).into_iter().enumerate() {
        let Ok((count, kept)) = found else {
            continue;
        };
        assert!(count == 0 || kept.len() < text.len());
        let mut letters = text.bytes();
        assert!(kept.bytes().all(|byte| letters.any(|other| other == byte)));
        let [.., again] = &history::without_entries(&kept)[..=format] else {
            unreachable!("there is at least one format");
        };
        assert_eq!(again.as_ref().ok(), Some(&(0, kept)));
    }
}

/// Compares a policy with what TOML's own parser reads.
fn says_what_the_document_says(policy: &Policy, text: &str) {
    let document: toml::Table = toml::from_str(text).expect("a policy is TOML");
    let table = |name: &str| {
        document
            .get(name)
            .map(|value| value.as_table().expect(name))
    };
    assert!(
        document
            .keys()
            .all(|name| ["organisation", "choices"].contains(&name.as_str()))
    );

    let organisation = table("organisation");
    assert_eq!(policy.organisation.is_some(), organisation.is_some());
    if let (Some(found), Some(written)) = (&policy.organisation, organisation) {
        assert_eq!(written["name"].as_str(), Some(found.name.as_str()));
        let contact = written.get("contact").map(|contact| contact.as_str());
        assert_eq!(contact, found.contact.as_deref().map(Some));
        assert_eq!(written.len(), 1 + usize::from(found.contact.is_some()));
        assert!(!found.name.contains(is_unprintable));
        assert!(
            found
                .contact
                .iter()
                .all(|contact| !contact.contains(char::is_whitespace))
        );
    }

    let empty = toml::Table::new();
    let choices = table("choices").unwrap_or(&empty);
    assert_eq!(policy.decisions.len(), choices.len());
    for decision in &policy.decisions {
        let written = choices[decision.choice.id].as_table().expect("a table");
        assert_eq!(written["state"].as_str(), Some(decision.state.as_str()));
        let locked = written.get("locked").map(toml::Value::as_bool);
        assert_eq!(locked.unwrap_or(Some(false)), Some(decision.locked));
        let lists = written.get("lists").map(|lists| lists.as_str());
        let word = Lists::ALL
            .iter()
            .find(|(_, meant)| *meant == decision.lists);
        assert!(lists.is_none_or(|lists| lists == word.map(|(word, _)| *word)));
        assert!(lists.is_some() || decision.lists == Lists::default());
        assert!(lists.is_none() || decision.locked);
        let known = |field: &String| ["state", "locked", "lists"].contains(&field.as_str());
        assert!(written.keys().all(known));
    }
}

/// Compares a reader with what TOML's own parser reads.
fn reader_says_what_the_document_says(reader: &Reader, text: &str) {
    let document: toml::Table = toml::from_str(text).expect("a reader file is TOML");
    assert_eq!(document["name"].as_str(), Some(reader.name.as_str()));
    assert_eq!(document["choice"].as_str(), Some(reader.choice.id));
    let same = |table: &toml::Table, field: &str, found: Option<&String>| {
        let written = table.get(field).map(|value| value.as_str());
        assert_eq!(written, found.map(|found| Some(found.as_str())), "{field}");
    };
    let same_service = |table: &toml::Table, service: &Service| {
        let bus = match service.bus {
            Bus::Session => "session",
            Bus::System => "system",
        };
        assert_eq!(table["bus"].as_str(), Some(bus));
        same(table, "name", Some(&service.name));
        same(table, "path", Some(&service.path));
        same(table, "interface", Some(&service.interface));
    };
    match &reader.shape {
        Shape::Value(shape) => {
            let table = document["gsettings"].as_table().expect("a table");
            same(table, "schema", Some(&shape.schema));
            same(table, "path", Some(&shape.path));
            same(table, "key", Some(&shape.key));
            for (field, value) in [("on", &shape.on), ("off", &shape.off)] {
                let text = table[field].as_str().expect(field);
                assert_eq!(Variant::parse(None, text).as_ref().ok(), Some(value));
            }
        }
        Shape::List(shape) => {
            let table = document["gsettings-list"].as_table().expect("a table");
            same(table, "schema", Some(&shape.schema));
            same(table, "path", Some(&shape.path));
            same(table, "disabled", Some(&shape.disabled));
            same(table, "enabled", shape.enabled.as_ref());
            same(table, "disable-all", shape.disable_all.as_ref());
            let names = table["names"].as_array().expect("a list");
            let names: Vec<_> = names.iter().filter_map(toml::Value::as_str).collect();
            assert_eq!(names, shape.names);
        }
        Shape::Document(shape) => {
            let table = document["toml"].as_table().expect("a table");
            assert_eq!(table["key"].as_str(), Some(shape.key.join(".").as_str()));
            assert_eq!(table["missing"].as_str(), Some(shape.missing.as_str()));
            let files = table["files"].as_array().expect("a list");
            let files: Vec<_> = files.iter().filter_map(toml::Value::as_str).collect();
            assert_eq!(files, shape.files);
            for (field, value) in [("on", &shape.on), ("off", &shape.off)] {
                let written = match value {
                    Scalar::Boolean(on) => toml::Value::Boolean(*on),
                    Scalar::Integer(number) => toml::Value::Integer(*number),
                    Scalar::Text(text) => toml::Value::String(text.clone()),
                };
                assert_eq!(table[field], written);
            }
        }
        Shape::Property(shape) => {
            let table = document["dbus"].as_table().expect("a table");
            same_service(table, &shape.service);
            same(table, "property", Some(&shape.property.name));
            same(table, "setter", shape.property.setter.as_ref());
            same(table, "identifier", shape.identifier.as_ref());
            let mode = table.get("mode").and_then(toml::Value::as_table);
            assert_eq!(mode.is_some(), shape.mode.is_some());
            if let (Some(table), Some(mode)) = (mode, &shape.mode) {
                same(table, "property", Some(&mode.property.name));
                same(table, "setter", mode.property.setter.as_ref());
                assert_eq!(mode.ask.type_(), mode.automatic.type_());
                assert_ne!(mode.ask, mode.automatic);
            }
            for (field, value) in [("on", &shape.on), ("off", &shape.off)] {
                let text = table[field].as_str().expect(field);
                assert_eq!(Variant::parse(None, text).as_ref().ok(), Some(value));
            }
        }
        Shape::Entry(shape) => {
            let table = document["dbus-entry"].as_table().expect("a table");
            same_service(table, &shape.service);
            same(table, "list", Some(&shape.list));
            same(table, "add", Some(&shape.add));
            same(table, "remove", Some(&shape.remove));
            same(table, "entry", Some(&shape.entry));
            same(table, "data", shape.data.as_ref());
            assert_eq!(table["present"].as_str(), Some(shape.present.as_str()));
            let value = table["value"].as_str().expect("a text");
            assert_eq!(
                Variant::parse(None, value).as_ref().ok(),
                Some(&shape.value)
            );
            let array = |field: &str| table.get(field).map(|value| value.as_array().expect(field));
            let signals = array("signals").into_iter().flatten();
            let signals: Vec<_> = signals.filter_map(toml::Value::as_str).collect();
            assert_eq!(signals, shape.signals);
            let places = array("filled-in").map_or(0, Vec::len);
            assert_eq!(places, shape.filled_in.len());
        }
    }
}

/// Names that become a group, a key or a lock have only plain characters, so they cannot break the
/// syntax.
fn names_are_plain(reader: &Reader) {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._:/".contains(c);
    for name in named(reader) {
        assert!(name.starts_with('/') && !name.ends_with('/') && !name.contains("//"));
        assert!(name.chars().all(plain), "{name:?}");
    }
    assert!(!reader.name.trim().is_empty() && !reader.name.contains(is_unprintable));
    assert!(reader.name.len() <= limits::READER_NAME);
    if let Shape::Document(shape) = &reader.shape {
        // No file name leads out of the user's configuration folder.
        assert!(!shape.files.is_empty() && reader.programs.is_some());
        for file in &shape.files {
            assert!(!file.starts_with('/') && !file.contains('\0'), "{file:?}");
            let parts: Vec<_> = file.split('/').collect();
            assert!(
                parts.iter().all(|part| !["", ".", ".."].contains(part)),
                "{file:?}"
            );
            let star = file.find('*').unwrap_or(file.len());
            assert!(!file[star..].contains('/'), "{file:?}");
        }
        assert!(shape.key.iter().all(|part| !part.is_empty()));
        assert_ne!(shape.on, shape.off);
    }
    if let Shape::Property(PropertyShape { service, .. })
    | Shape::Entry(EntryShape { service, .. }) = &reader.shape
    {
        let Service {
            name,
            path,
            interface,
            ..
        } = service;
        let members = match &reader.shape {
            Shape::Property(shape) => vec![&shape.property.name],
            Shape::Entry(shape) => {
                let methods = [&shape.list, &shape.add, &shape.remove];
                methods.into_iter().chain(&shape.signals).collect()
            }
            _ => Vec::new(),
        };
        for text in [name, path, interface].into_iter().chain(members) {
            let word = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
            assert!(!text.is_empty() && text.chars().all(word), "{text:?}");
        }
        assert!(name.contains('.') && !name.starts_with('.'));
        assert!(interface.contains('.') && !interface.contains('-'));
        assert!(path.starts_with('/') && !path.contains("//"));
    }
    if let Shape::Entry(shape) = &reader.shape {
        assert!(shape.present != State::Mixed && !shape.entry.contains(is_unprintable));
        assert!(shape.signals.len() <= limits::READER_LIST);
        assert!(Variant::is_signature(shape.value.type_().as_str()));
        // Each place addresses an existing part of the value.
        for place in &shape.filled_in {
            assert!(!place.is_empty());
            let whole = shape.value.clone();
            let _ = place.iter().fold(whole, |part, &at| part.child_value(at));
        }
        let outside = |file: &String| file.starts_with('/') || file.split('/').any(|p| p == "..");
        assert!(!shape.data.as_ref().is_some_and(outside));
    }
    if let Shape::Value(ValueShape { on, off, .. })
    | Shape::Property(PropertyShape { on, off, .. }) = &reader.shape
    {
        assert_eq!(on.type_(), off.type_());
        assert_ne!(on, off);
    }
}

/// Any bytes as an Apport report: the output is bounded, and safe for a terminal.
pub fn report(bytes: &[u8]) {
    let mut shown = 0;
    let mut count = 0;
    let read = apport::read_from(bytes, &mut |field| {
        count += 1;
        if let Some(name) = &field.name {
            assert!(!name.is_empty() && name.len() <= 256 && !name.contains(is_unprintable));
        }
        if let Content::Text { text, .. } = &field.content {
            // A replacement character takes three bytes instead of one.
            assert!(text.len() <= 3 * limits::REPORT_TEXT);
            assert!(!text.contains(|c| is_unprintable(c) && c != '\n' && c != '\t'));
            shown += text.len();
        }
        Reading::GoOn
    });
    read.expect("bytes in memory can be read");
    assert!(count <= limits::REPORT_FIELDS && shown <= 20 * 1024 * 1024);
    // Only line ends are left out.
    assert!(count > 0 || bytes.iter().all(|&byte| byte == b'\n'));
}
