// SPDX-License-Identifier: GPL-3.0-or-later

//! What holds for every policy and every reader file, whatever their content.
//!
//! The fuzz targets call these checks. So do the tests of the main crate, which include this file,
//! with generated files and with the corpus. The checks compare with what GLib and the TOML parser
//! read and with what the readers' stores ask for, not with what the compiler intends. They panic
//! on a difference.

#![allow(clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};
use std::sync::LazyLock;

use glib::{KeyFile, KeyFileFlags, Variant};
use privacy_panel::choices::catalogue;
use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::choice;
use privacy_panel::choices::everyone;
use privacy_panel::choices::everyone::call::Call;
use privacy_panel::choices::places::system_file::SystemFile;
use privacy_panel::choices::reader::Reader;
use privacy_panel::choices::search;
use privacy_panel::choices::state::State;
use privacy_panel::choices::store::{PolicyKey, PolicyValue, SettingKey, SystemEdit};
use privacy_panel::choices::stores::STORES;
use privacy_panel::formats::FORMATS;
use privacy_panel::formats::format::{Format, Found, Scalar};
use privacy_panel::formats::mistake::Mistake;
use privacy_panel::history;
use privacy_panel::policy::compile::{Conflict, compile, list_keys};
use privacy_panel::policy::{self, Compiled, Decision, Lists, Organisation, Policy};
use privacy_panel::reports::keepers::apport;
use privacy_panel::reports::{Content, Reading};
use privacy_panel::system::limits;
use privacy_panel::system::text::is_unprintable;

/// The key that names a policy's organisation.
pub const ORGANISATION: &str = "/net/launchpad/PrivacyPanel/policy/organisation-name";

/// The key with the organisation's contact.
pub const CONTACT: &str = "/net/launchpad/PrivacyPanel/policy/organisation-contact";

/// Names that other system databases may have in a list. Unescaped, they would be more than names.
const HOSTILE_LIST: &[&str] = &[
    "other.desktop",
    "org.gnome.Software.desktop",
    "']\n[evil]\nkey='value'\n/evil/lock\r\n#\u{2028}\u{202e}\"\\",
    "",
];

/// The shipped readers.
static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| {
    // GLib's warnings are errors here, too.
    glib::log_set_always_fatal(glib::LogLevels::LEVEL_CRITICAL | glib::LogLevels::LEVEL_WARNING);
    Catalogue::of(catalogue::SHIPPED.iter().map(|(id, text)| {
        let reader = catalogue::parse(Path::new(id), text.as_bytes());
        let reader = reader.unwrap_or_else(|mistake| panic!("{mistake}"));
        reader.unwrap_or_else(|| panic!("{id} is empty"))
    }))
});

/// Any bytes as a call of the system service, and as a reader file and a file that it changes: only
/// IDs get through, and only values that the program allows are written.
pub fn service(bytes: &[u8]) {
    let (text, file) = bytes.split_at(bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len()));
    let words = String::from_utf8_lossy(text);
    let mut words = words.splitn(5, ' ');
    let method = words.next().unwrap_or_default();
    let arguments: Vec<_> = words.map(Variant::from).collect();
    let arguments = Variant::tuple_from_iter(arguments);
    if let Ok(call) = Call::parse(method, &arguments) {
        assert_eq!(call.name(), method);
        assert!(arguments.child_value(0).str() == Some(call.choice().id));
        if let Call::Set { token, .. } | Call::Undo { token, .. } = &call {
            assert!(token.len() <= limits::SYSTEM_ARGUMENT);
            assert!(token.bytes().all(|b| b.is_ascii_hexdigit()));
        }
    }
    // The rest is what a file of the computer has.
    for reader in SHIPPED.readers() {
        for on in [true, false] {
            for edit in reader.store.system_edits(on) {
                changes_only_its_value(&edit, file.get(1..).unwrap_or_default());
            }
        }
    }
    if let Ok(Some(reader)) = catalogue::parse(Path::new("a.toml"), bytes) {
        for edit in [true, false]
            .map(|on| reader.store.system_edits(on))
            .concat()
        {
            let place = SystemFile::find(edit.file).expect("a file of the list");
            let value = edit.value.as_ref();
            let fits = |value| place.is_mark() || place.allows(&edit.key, value);
            assert!(value.is_none_or(fits), "{value:?}");
        }
    }
}

fn changes_only_its_value(edit: &SystemEdit, old: &[u8]) {
    let Ok(Some(new)) = everyone::edited(edit, Some(old)) else {
        return;
    };
    let format = SystemFile::find(edit.file).and_then(SystemFile::format);
    let (Some(format), Some(value)) = (format, &edit.value) else {
        assert!(new.is_empty());
        return;
    };
    let found = format.look(&new, &edit.key, value).map(|look| look.found);
    assert!(found.is_ok_and(|found| found.is(value)));
    let again = everyone::edited(edit, Some(&new));
    assert_eq!(again.ok().flatten().as_ref(), Some(&new));
}

/// Any bytes as a policy file: the result is a policy, or mistakes with a place. The policy says
/// what the file says and compiles to nothing more.
pub fn policy(bytes: &[u8]) {
    let shipped = &*SHIPPED;
    match policy::parse(Path::new("policy.toml"), bytes) {
        Ok(policy) => {
            let text = std::str::from_utf8(bytes).expect("a policy is UTF-8");
            assert_eq!(policy.text, text);
            says_what_the_document_says(&policy, text);
            // The shipped readers don't contradict each other.
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
                // The TOML parser reports no place for its recursion limit.
                assert!(mistake.at.is_some() || mistake.message == "recursion limit");
                can_be_found(mistake, &lines);
                assert!(!mistake.message.contains(is_unprintable), "{mistake:?}");
            }
            let places: Vec<_> = mistakes.iter().map(|mistake| mistake.at).collect();
            assert!(places.is_sorted(), "not in the order of the file");
        }
    }
}

/// Any bytes as a reader file: the result is a reader, a mask, or a mistake with a place. The
/// reader says what the file says, and a policy sets no keys but its own.
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

/// Keys with which every format is asked, if it takes them.
const KEYS: &[&[&str]] = &[
    &["key"],
    &["Group", "key"],
    &["Settings", "gtk-recent-files-enabled"],
    &["A", "B", "key"],
    &["word"],
];

/// Values of each type, two each.
fn values() -> [[Scalar; 2]; 3] {
    [
        [Scalar::Boolean(true), Scalar::Boolean(false)],
        [Scalar::Integer(0), Scalar::Integer(-64)],
        [
            Scalar::Text("off".to_owned()),
            Scalar::Text(" a\\b;=[ä]\t ".to_owned()),
        ],
    ]
}

/// Any bytes as a file of each format: a value is found or not, or the file is refused. What is set
/// is found again, and nothing else changes.
pub fn format(bytes: &[u8]) {
    for (name, format) in FORMATS {
        for key in KEYS {
            let key: Vec<_> = key.iter().map(ToString::to_string).collect();
            if format.check(&key).is_err() {
                continue;
            }
            for [one, other] in values() {
                // A value of libreport's has no blanks at its ends.
                if *name == "libreport" && format.edit(b"", &key, Some(&other)).is_err() {
                    continue;
                }
                changes_one_value(name, *format, bytes, &key, &one, &other);
            }
        }
    }
    as_glib_reads_it(bytes);
}

fn changes_one_value(
    name: &str,
    format: &dyn Format,
    bytes: &[u8],
    key: &[String],
    one: &Scalar,
    other: &Scalar,
) {
    let look = |bytes: &[u8]| format.look(bytes, key, one);
    let Ok(before) = look(bytes) else {
        assert!(
            format.edit(bytes, key, Some(one)).is_err(),
            "{name}: written though not read"
        );
        return;
    };
    let Ok(new) = format.edit(bytes, key, Some(one)) else {
        return;
    };
    let context = || format!("{name} {key:?} {one:?} {:?}", String::from_utf8_lossy(&new));
    let found = look(&new).unwrap_or_else(|at| panic!("{}: {}", context(), at.1));
    assert!(found.found.is(one), "{}: {found:?}", context());
    let again = format.edit(&new, key, Some(one));
    assert_eq!(again.ok().as_ref(), Some(&new), "{}", context());
    let Ok(changed) = format.edit(&new, key, Some(other)) else {
        // A format may take only some values of a type.
        assert!(
            matches!(name, "dated-word" | "consent-records" | "qsettings"),
            "{}",
            context()
        );
        return;
    };
    assert!(
        look(&changed).is_ok_and(|look| look.found.is(other)),
        "{}",
        context()
    );
    // A word gets the date of its change.
    if name != "dated-word" {
        let back = format.edit(&changed, key, Some(one));
        assert_eq!(back.ok().as_ref(), Some(&new), "{}", context());
    }
    // Other values are what they were.
    let mut neighbour = key.to_vec();
    neighbour.last_mut().expect("a key has parts").push('2');
    let of = |bytes: &[u8]| format.look(bytes, &neighbour, one).ok();
    if !before.hides {
        assert_eq!(of(bytes), of(&new), "{}", context());
    }
    if !before.found.is_set() && !before.hides {
        assert_eq!(without(bytes, &new), Some(()), "{}", context());
        let removed = format.edit(&new, key, None).expect("it was written before");
        let stays = match name {
            // A table or an element that has become empty stays.
            "toml" | "xml-text" => key.len() > 1,
            // So does the document around the first item.
            "libreoffice" => bytes.is_empty(),
            // So does the object of a document that had none.
            "json" | "jsonc" => removed.starts_with(bytes) && removed != bytes,
            _ => false,
        };
        if !stays {
            assert_eq!(removed, bytes, "{}", context());
        }
    }
}

/// Whether the second text is the first with something inserted at one place.
fn without(old: &[u8], new: &[u8]) -> Option<()> {
    let before = old
        .iter()
        .zip(new)
        .take_while(|(one, other)| one == other)
        .count();
    let rest = &old[before..];
    new[before..].ends_with(rest).then_some(())
}

/// GLib is asked what a program that uses it would read.
fn as_glib_reads_it(bytes: &[u8]) {
    let find =
        |(name, format): &(&str, &'static dyn Format)| (*name == "gkeyfile").then_some(*format);
    let format = FORMATS
        .iter()
        .find_map(find)
        .expect("a format for GLib's key files");
    let key = ["Group".to_owned(), "key".to_owned()];
    let Ok(look) = format.look(bytes, &key, &Scalar::Boolean(false)) else {
        return;
    };
    let file = KeyFile::new();
    let loaded = file.load_from_bytes(&glib::Bytes::from(bytes), KeyFileFlags::NONE);
    // GLib refuses a file without any group as empty.
    let read = loaded.and_then(|()| file.boolean("Group", "key")).ok();
    let found = match look.found {
        Found::Value(Scalar::Boolean(on)) => Some(on),
        _ => None,
    };
    assert_eq!(found, read, "{:?}", String::from_utf8_lossy(bytes));
}

/// Everything a policy can say about one choice.
pub fn decisions(choice: &'static choice::Choice) -> impl Iterator<Item = Decision> {
    [State::On, State::Off].into_iter().flat_map(move |state| {
        [false, true].into_iter().flat_map(move |locked| {
            // “lists” needs a lock, and “all-off” needs the state off.
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

/// Compiles a policy and checks the result: GLib reads back the same values, readers of the decided
/// choices name every key and lock, and every reader gets the decided state.
pub fn compiled(
    policy: &Policy,
    catalogue: &Catalogue,
    below: &[&str],
) -> Result<Compiled, Conflict> {
    let kept: Vec<_> = below.iter().map(|&name| name.to_owned()).collect();
    let lists = list_keys(policy, catalogue).into_iter();
    let lists = lists.map(|key| (key, kept.clone())).collect();
    let compiled = match compile(policy, catalogue, &lists) {
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
    for (decision, reader) in decided(policy, catalogue) {
        // The policy's own keys come last, whatever a reader asks for.
        let own = policy.organisation.is_some();
        let required = reader.policy_keys(decision).into_iter();
        for required in required.filter(|required| !own || !is_of_the_policy(&required.key)) {
            key_is_as_required(&compiled, &required, &listed(policy, catalogue), below);
        }
    }
    Ok(compiled)
}

/// The list members that readers of decided choices name.
fn listed(policy: &Policy, catalogue: &Catalogue) -> BTreeSet<String> {
    let required =
        decided(policy, catalogue).flat_map(|(decision, reader)| reader.policy_keys(decision));
    required
        .flat_map(|required| match required.value {
            PolicyValue::Set(_) => Vec::new(),
            PolicyValue::Names { with, without } => [with, without].concat(),
        })
        .collect()
}

/// Compares a key that a reader asks for with the compiled result.
fn key_is_as_required(
    compiled: &Compiled,
    required: &PolicyKey,
    listed: &BTreeSet<String>,
    below: &[&str],
) {
    let value = &compiled.values[&required.key];
    assert!(!required.locked || compiled.locks.contains(&required.key));
    match &required.value {
        PolicyValue::Set(required) => assert_eq!(value, required),
        PolicyValue::Names { with, without } => {
            let members: Vec<_> = value.array_iter_str().expect("a list").collect();
            assert!(with.iter().all(|name| members.contains(&name.as_str())));
            assert!(!without.iter().any(|name| members.contains(&name.as_str())));
            // Other programs' names stay, and no unnamed one comes in.
            for name in below {
                assert!(listed.contains(*name) || members.contains(name));
            }
            for name in &members {
                assert!(listed.contains(*name) || below.contains(name));
            }
        }
    }
}

/// The readers that a policy decides about.
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

/// The full paths of the keys that a reader names.
pub fn named(reader: &Reader) -> Vec<String> {
    let keys = reader.store.watched().keys;
    let policy = toml::Value::try_from(&reader.policy).expect("a list");
    let tables = policy.as_array().into_iter().flatten();
    let in_dconf = tables.filter(|table| table["place"].as_str() == Some("dconf"));
    let without_schema = in_dconf.filter_map(|table| table["key"][0].as_str());
    let without_schema = without_schema.map(ToString::to_string);
    let keys = keys.iter().map(SettingKey::full_name);
    keys.chain(without_schema).collect()
}

/// Reads a keyfile as dconf does: with GLib's parser, and each value with GVariant's.
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
    // GLib takes the last of two equal keys and joins groups of one name. Here none is repeated.
    let lines: Vec<_> = key_file
        .split('\n')
        .filter(|line| !line.is_empty())
        .collect();
    let headings = lines.iter().filter(|line| line.starts_with('[')).count();
    assert_eq!(headings, groups);
    assert_eq!(lines.len() - headings, values.len());
    values
}

/// A mistake is one line of text, and its place is inside the file.
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

/// Any bytes as a search: each line is a term. The search finds each choice once. Neither case nor
/// more terms find more choices.
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
    // A term that finds nothing by itself removes no results: it may have no letters.
    let first = ids(&terms[..1]);
    assert!(first.is_empty() || found.iter().all(|id| first.contains(id)));
    let cut = search::beginning(terms[0]);
    assert!(terms[0].starts_with(cut) && cut.chars().count() <= limits::SEARCH_TERM);
    assert_eq!(ids(&[cut]), first);
}

/// Any bytes as a file with recorded activity. Without its entries, it is a file of the same format
/// with no entries, and all other content is unchanged.
pub fn history(bytes: &[u8]) {
    LazyLock::force(&SHIPPED);
    for (format, found) in history::without_entries(bytes).into_iter().enumerate() {
        let Ok((count, kept)) = found else {
            continue;
        };
        assert!(count == 0 || kept.len() < bytes.len());
        let mut all = bytes.iter();
        assert!(kept.iter().all(|byte| all.any(|other| other == byte)));
        let [.., again] = &history::without_entries(&kept)[..=format] else {
            unreachable!("there is at least one format");
        };
        assert_eq!(again.as_ref().ok(), Some(&(0, kept)));
    }
}

/// Compares a policy with the parsed TOML document.
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

/// Compares a reader with the parsed TOML document: serialized again, it is the file's table.
fn reader_says_what_the_document_says(reader: &Reader, text: &str) {
    let mut document: toml::Table = toml::from_str(text).expect("a reader file is TOML");
    let mut take = |name: &str| document.remove(name);
    assert_eq!(take("name"), Some(reader.name.as_str().into()));
    let program = reader.program.as_deref().map(toml::Value::from);
    assert_eq!(take("program"), program);
    assert_eq!(take("choice"), Some(reader.choice.id.into()));
    let programs = reader.programs.as_ref();
    let programs = programs.map(|programs| toml::Value::try_from(programs).expect("a list"));
    assert_eq!(take("programs"), programs);
    let policy = toml::Value::try_from(&reader.policy).expect("a list");
    assert_eq!(
        take("policy").unwrap_or(toml::Value::Array(Vec::new())),
        policy
    );
    let tables = STORES.iter().filter_map(|(name, _)| take(name));
    let [toml::Value::Table(table)] = &tables.collect::<Vec<_>>()[..] else {
        panic!("not the table of one store");
    };
    // An optional list may be empty.
    let without_empty = |mut table: toml::Table| {
        table.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
        table
    };
    let written = reader.store.table().expect("a table");
    assert_eq!(without_empty(written), without_empty(table.clone()));
    assert!(document.is_empty(), "{document:?} was passed over");
}

/// Values that become a group, a key, a line of locks, a file or a bus name consist of words only.
fn names_are_plain(reader: &Reader) {
    let is_plain = |text: &str, others: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || others.contains(c);
        !text.is_empty() && text.chars().all(plain)
    };
    for name in named(reader) {
        assert!(name.starts_with('/') && !name.ends_with('/') && !name.contains("//"));
        assert!(is_plain(&name, "-._:/"), "{name:?}");
    }
    assert!(!reader.name.trim().is_empty() && !reader.name.contains(is_unprintable));
    assert!(reader.name.len() <= limits::READER_NAME);
    let store = &reader.store;
    let watched = store.watched();
    let mut written: Vec<_> = store
        .opt_outs()
        .iter()
        .map(|opt_out| opt_out.file())
        .collect();
    for (state, locked) in [(State::Off, true), (State::On, true), (State::Off, false)] {
        let decision = Decision {
            choice: reader.choice,
            state,
            locked,
            lists: Lists::Locked,
        };
        let measures = reader.measures(&decision).into_iter();
        let files: Vec<_> = measures.map(|measure| measure.file()).collect();
        assert!(
            files.iter().all(|file| file.starts_with("/etc")),
            "root writes there"
        );
        written.extend(files);
    }
    let files = watched.folders.into_iter().chain(watched.files);
    for path in files.chain(written) {
        let inside =
            |part: Component<'_>| matches!(part, Component::RootDir | Component::Normal(_));
        assert!(
            path.is_absolute() && path.components().all(inside),
            "{}",
            path.display()
        );
    }
    let service = store.service();
    assert!(service.is_some() || watched.signals.is_empty());
    if let Some(service) = service {
        for text in [&service.name, &service.path, &service.interface] {
            assert!(is_plain(text, "_-./"), "{text:?}");
        }
        assert!(service.name.contains('.') && !service.name.starts_with('.'));
        assert!(service.interface.contains('.') && !service.interface.contains('-'));
        assert!(Variant::is_object_path(&service.path));
    }
    for signal in watched.signals {
        for text in [signal.sender, signal.path, signal.interface, signal.name] {
            assert!(is_plain(&text, "_-./"), "{text:?}");
        }
    }
    assert!(!store.needs_programs() || reader.programs.is_some());
    // A policy sets and locks only the reader's keys, and on differs from off.
    let keys = |state| {
        let decision = Decision {
            choice: reader.choice,
            state,
            locked: true,
            lists: Lists::default(),
        };
        store.policy_keys(&decision)
    };
    let (on, off) = (keys(State::On), keys(State::Off));
    assert!(on.is_empty() == off.is_empty() && (on.is_empty() || on != off));
    let named = self::named(reader);
    assert!(on.iter().chain(&off).all(|key| named.contains(&key.key)));
}

/// Any bytes as an Apport report: the content is shown, within the limits and without control
/// characters.
pub fn report(bytes: &[u8]) {
    let mut shown = 0;
    let mut count = 0;
    let read = apport::read_from(bytes, &mut |field| {
        count += 1;
        if let Some(name) = &field.name {
            assert!(!name.is_empty() && name.len() <= 256 && !name.contains(is_unprintable));
        }
        if let Content::Text { text, .. } = &field.content {
            // A replacement character has three bytes for one.
            assert!(text.len() <= 3 * limits::REPORT_TEXT);
            assert!(!text.contains(|c| is_unprintable(c) && c != '\n' && c != '\t'));
            shown += text.len();
        }
        Reading::GoOn
    });
    read.expect("bytes in memory can be read");
    assert!(count <= limits::REPORT_FIELDS && shown <= 20 * 1024 * 1024);
    // Only line ends may be left out.
    assert!(count > 0 || bytes.iter().all(|&byte| byte == b'\n'));
}
