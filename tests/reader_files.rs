// SPDX-License-Identifier: GPL-3.0-or-later

//! Properties of reader files: any content is a reader, a mask or a mistake.

#![allow(clippy::unwrap_used)]

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, dead_code)]
mod checks;

use std::fs;
use std::path::{Component, Path};

use privacy_panel::choices::catalogue;
use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::decision::{Decision, Lists};
use privacy_panel::choices::reader::Reader;
use privacy_panel::choices::state::State;
use privacy_panel::choices::stores::STORES;
use privacy_panel::system::limits;
use proptest::prelude::*;
use proptest::sample::select;

/// A table of each store with all its fields.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "gsettings",
        "schema = \"org.example\"\npath = \"/org/example/\"\nkey = \"search\"\n\
         on = \"uint32 1\"\noff = \"uint32 0\"\n",
    ),
    (
        "gsettings-list",
        "schema = \"org.example\"\npath = \"/org/example/\"\ndisabled = \"disabled\"\n\
         enabled = \"enabled\"\ndisable-all = \"all-off\"\nproviders = \"shell/providers\"\n\
         names = [\"a.desktop\", \"b.desktop\"]\n\
         [[gsettings-list.only-if]]\nname = \"a.desktop\"\nfiles = [\"/usr/lib/*/a.so\"]\n\
         [[gsettings-list.only-if]]\nname = \"b.desktop\"\n\
         setting = { schema = \"org.b\", path = \"/b/\", key = \"online\", value = \"true\" }\n",
    ),
    (
        "dbus",
        "bus = \"system\"\nname = \"org.example.Reports\"\npath = \"/org/example/Reports\"\n\
         interface = \"org.example.Reports\"\nproperty = \"Send\"\nsetter = \"SetSend\"\n\
         on = \"true\"\noff = \"false\"\nidentifier = \"GetIdentifier\"\n\
         disable-all = { masked-units = [\"a.service\", \"a.path\"] }\n\
         [dbus.mode]\nproperty = \"Ask\"\nsetter = \"SetAsk\"\nask = \"1\"\nautomatic = \"0\"\n",
    ),
    (
        "dbus-entry",
        "bus = \"session\"\nname = \"org.example.Journal\"\npath = \"/\"\n\
         interface = \"org.example.Journal\"\nlist = \"List\"\nadd = \"Add\"\n\
         remove = \"Remove\"\nentry = \"nothing\"\nvalue = \"('*', '', true)\"\n\
         filled-in = [[1]]\npresent = \"off\"\nsignals = [\"Added\", \"Removed\"]\n\
         data = \"journal/journal.db\"\n",
    ),
    (
        "dbus-call",
        "bus = \"session\"\nname = \"org.example.Values\"\npath = \"/\"\n\
         interface = \"org.example.Values\"\nget = \"Get\"\nset = \"Set\"\nreset = \"Reset\"\n\
         reset-with = \"false\"\nis-locked = \"IsLocked\"\narguments = [\"a\", \"/b\"]\n\
         no-value = \"org.example.Error.NoValue\"\nmissing = \"elsewhere\"\non = \"true\"\n\
         off = \"false\"\nsignals = [\"Changed\"]\n",
    ),
    (
        "file",
        "format = \"kconfig\"\nbase = \"data\"\nlayers = [\"config-dirs\", \"/etc\", \"/etc/a/*.js\"]\n\
         profiles = [\".example\"]\nflatpak = \"org.example.App\"\nsnap = \"example\"\ncopy = \"c.js\"\n\
         running = { locks = [\"lock\", \"../lock\"], processes = [\"a\"], overwrites = true }\n\
         files = [\"example/consentrc\", \"example/*-consentrc\"]\nkey = [\"Consent.a\", \"given\"]\n\
         on = true\noff = false\nalso-off = [\"no\"]\nother = \"on\"\nmissing = \"off\"\n\
         decided-by = [{ format = \"json\", files = [\"/etc/a/b.json\"], key = [\"c.d\"], value = true, state = \"off\" }]\n\
         also = [{ files = [\"b\"], key = \"c.d\", on = 16, off = 0, other = \"on\", missing = \"on\" }]\n\
         disable-all = { file = \"/etc/example.toml\", key = \"off\", value = \"yes\" }\n",
    ),
    (
        "environment",
        "variable = \"EXAMPLE_TELEMETRY\"\non = \"\"\noff = \"1\"\nother = \"off\"\nmissing = \"on\"\n",
    ),
    (
        "system-file",
        "file = \"/etc/fwupd/remotes.d/lvfs.conf\"\n\
         key = [\"fwupd Remote\", \"AutomaticReports\"]\n\
         also = [[\"fwupd Remote\", \"AutomaticSecurityReports\"]]\n\
         on = true\noff = false\nother = \"on\"\nmissing = \"off\"\n",
    ),
];

/// The places of `[[policy]]`.
const PLACES: &[&str] = &[
    "dconf",
    "kconfig",
    "firefox-esr",
    "thunderbird",
    "firefox-policies",
    "thunderbird-policies",
    "chromium",
    "chrome",
    "brave",
    "edge",
    "vscode",
    "popularity-contest",
    "dnf",
    "environment",
    "gtk-3.0",
    "gtk-4.0",
    "abrt",
    "motd-news",
    "fwupd",
    "netdata",
];

/// A reader file with this table of a store.
fn file(name: &str, table: &str) -> String {
    format!(
        "name = \"Example Crashes\"\nprogram = \"Example\"\nchoice = \"online-search\"\nprograms = [\"/usr/bin/a\"]\n[{name}]\n{table}"
    )
}

/// A reader file with one of its strings replaced.
fn with_other_string(text: &str, number: usize, other: &str) -> String {
    let quotes: Vec<_> = text.match_indices('"').map(|(at, _)| at).collect();
    let string = number % (quotes.len() / 2) * 2;
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    let other: String = other.chars().map(escape).collect();
    let (before, after) = (&text[..=quotes[string]], &text[quotes[string + 1]..]);
    format!("{before}{other}{after}")
}

#[test]
fn every_store_has_an_example_that_is_read_as_it_is_written() {
    let stores: Vec<_> = STORES.iter().map(|(name, _)| *name).collect();
    let examples: Vec<_> = EXAMPLES.iter().map(|(name, _)| *name).collect();
    assert_eq!(stores, examples);
    for (name, table) in EXAMPLES {
        let text = file(name, table);
        let reader = catalogue::parse(Path::new("a.toml"), text.as_bytes());
        let reader = reader.unwrap_or_else(|mistake| panic!("{name}: {mistake}"));
        let table: toml::Table = toml::from_str(&text).unwrap();
        let reader = reader.unwrap();
        assert_eq!(reader.program.as_deref(), Some("Example"));
        let written = reader.store.table().map(toml::Value::Table);
        assert_eq!(written.as_ref(), table.get(*name));
        checks::reader_file(text.as_bytes());
    }
}

#[test]
fn two_stores_in_a_file_are_a_mistake_where_the_second_begins() {
    for (name, table) in EXAMPLES {
        for (other, more) in EXAMPLES.iter().filter(|(other, _)| other != name) {
            let text = format!("{}[{other}]\n{more}", file(name, table));
            let mistake = catalogue::parse(Path::new("a.toml"), text.as_bytes()).unwrap_err();
            let line = text.lines().position(|line| line == format!("[{other}]"));
            assert_eq!(mistake.at, Some((line.unwrap() + 1, 2)), "{mistake}");
            let message = format!("both [{name}] and [{other}]; expected one of them");
            assert_eq!(mistake.message, message);
        }
    }
}

fn load(content: &[u8]) -> Catalogue {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.toml"), content).unwrap();
    Catalogue::load_layers(&[folder.path().to_owned()])
}

/// Lines of a reader file, valid or not, in any order and number.
fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("name = \"Dash\"".to_owned()),
        Just("choice = \"online-search\"".to_owned()),
        Just("[gsettings]".to_owned()),
        Just("schema = \"org.example\"".to_owned()),
        Just("path = \"/org/example/\"".to_owned()),
        Just("key = \"search\"".to_owned()),
        Just("on = \"true\"".to_owned()),
        Just("off = \"false\"".to_owned()),
        Just("[gsettings-list]".to_owned()),
        Just("disabled = \"disabled\"".to_owned()),
        Just("names = [\"a.desktop\"]".to_owned()),
        Just("[[gsettings-list.only-if]]".to_owned()),
        Just("programs = [\"/usr/bin/a\"]".to_owned()),
        Just("[file]".to_owned()),
        Just("format = \"toml\"".to_owned()),
        Just("effect = \"restart\"".to_owned()),
        Just("[[obeyed-if]]".to_owned()),
        Just("display = \"x11\"".to_owned()),
        Just("files = [\"a/b.toml\", \"a/*.toml\"]".to_owned()),
        Just("missing = \"off\"".to_owned()),
        Just("on = true".to_owned()),
        Just("off = false".to_owned()),
        Just("[dbus]".to_owned()),
        Just("bus = \"system\"".to_owned()),
        Just("name = \"org.example\"".to_owned()),
        Just("path = \"/org/example\"".to_owned()),
        Just("interface = \"org.example\"".to_owned()),
        Just("property = \"Search\"".to_owned()),
        Just("setter = \"SetSearch\"".to_owned()),
        ("[a-z-]{1,12}", any::<String>()).prop_map(|(key, text)| format!("{key} = {text:?}")),
        any::<String>(),
    ];
    prop::collection::vec(line, 0..14).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_bytes_are_a_mask_or_a_mistake_with_a_place_in_the_file(
        content in prop::collection::vec(any::<u8>(), 0..400)
    ) {
        let catalogue = load(&content);
        prop_assert!(catalogue.readers().iter().all(Reader::is_own));
        prop_assert!(catalogue.mistakes().len() <= 1);
    }

    #[test]
    fn a_mistake_names_a_line_that_is_there_and_nothing_half_read_gets_through(text in lines()) {
        let catalogue = load(text.as_bytes());
        let read: Vec<_> = catalogue.readers().iter().filter(|reader| !reader.is_own()).collect();
        prop_assert!(read.len() + catalogue.mistakes().len() <= 1);
        for mistake in catalogue.mistakes() {
            prop_assert!(!mistake.message.contains('\n'));
            if let Some((line, column)) = mistake.at {
                prop_assert!(line >= 1 && line <= text.matches('\n').count() + 1);
                prop_assert!(column >= 1);
            }
        }
        for reader in read {
            prop_assert!(!reader.name.contains(char::is_control));
        }
    }

    /// Fields become a path, a key and a value, and can't be anything else.
    #[test]
    fn a_file_that_is_accepted_names_a_plain_path_a_plain_key_and_two_values_of_one_type(
        path in "[/a-zA-Z.\n\\[\\]'\" -]{0,20}",
        key in "[a-zA-Z.\n\\[\\]/'\" -]{0,20}",
        on in "[a-z0-9'\"@\\[\\]() ,{}:]{0,12}",
        off in "[a-z0-9'\"@\\[\\]() ,{}:]{0,12}",
    ) {
        let text = format!(
            "name = \"Dash\"\nchoice = \"online-search\"\n[gsettings]\nschema = \"org.example\"\n\
             path = {path:?}\nkey = {key:?}\non = {on:?}\noff = {off:?}\n"
        );
        let catalogue = load(text.as_bytes());
        for reader in catalogue.readers().iter().filter(|reader| !reader.is_own()) {
            let table = reader.store.table().unwrap();
            let field = |name: &str| table[name].as_str().unwrap().to_owned();
            let (path, key) = (field("path"), field("key"));
            prop_assert!(path.starts_with('/') && path.ends_with('/'));
            prop_assert!(!path.contains("//"));
            prop_assert!(!path.contains(|c: char| c.is_whitespace() || "[]'\"".contains(c)));
            prop_assert!(!key.contains(|c: char| c.is_whitespace() || "/[]'\"".contains(c)));
            let value = |name: &str| glib::Variant::parse(None, &field(name)).unwrap();
            let (on, off) = (value("on"), value("off"));
            prop_assert_eq!(on.type_(), off.type_());
            prop_assert_ne!(on, off);
        }
    }

    /// GLib aborts, or warns, for invalid names.
    #[test]
    fn a_service_that_is_accepted_has_names_that_a_bus_takes(
        name in "[a-zA-Z0-9_:.\n\" -]{0,12}",
        path in "[/a-zA-Z0-9_.\n -]{0,12}",
        interface in "[a-zA-Z0-9_.\n -]{0,12}",
        property in "[a-zA-Z0-9_.\n -]{0,6}",
        setter in "[a-zA-Z0-9_.\n -]{0,6}",
    ) {
        let text = format!(
            "name = \"Reports\"\nchoice = \"error-reports\"\n[dbus]\nbus = \"system\"\n\
             name = {name:?}\npath = {path:?}\ninterface = {interface:?}\n\
             property = {property:?}\nsetter = {setter:?}\non = \"true\"\noff = \"false\"\n"
        );
        let catalogue = load(text.as_bytes());
        for reader in catalogue.readers().iter().filter(|reader| !reader.is_own()) {
            let service = reader.store.service().unwrap();
            let table = reader.store.table().unwrap();
            let member = |name: &str| table[name].as_str().is_some_and(gio::dbus_is_member_name);
            prop_assert!(gio::dbus_is_name(&service.name) && !service.name.starts_with(':'));
            prop_assert!(glib::Variant::is_object_path(&service.path));
            prop_assert!(gio::dbus_is_interface_name(&service.interface));
            prop_assert!(member("property") && member("setter"));
        }
    }

    /// A service's answer is compared part by part, at valid paths only.
    #[test]
    fn an_entry_that_is_accepted_has_a_value_for_a_bus_and_places_in_it(
        member in "(List|[a-zA-Z0-9_.\n -]{0,6})",
        entry in "(nothing|[a-z\n\u{202e} -]{0,6})",
        value in "(\\('', [0-9a-z'<>\\[\\] ]{1,8}\\)|[a-z0-9'\"@\\[\\]() ,{}:<>]{0,12})",
        places in "\\[(\\[[0-2](, [0-2])?\\])?\\]",
        data in "(a/b|[./*a-z\n ]{0,12})",
    ) {
        let text = format!(
            "name = \"Journal\"\nchoice = \"activity-history\"\n[dbus-entry]\nbus = \"session\"\n\
             name = \"org.example.Journal\"\npath = \"/\"\ninterface = \"org.example.Journal\"\n\
             list = {member:?}\nadd = \"Add\"\nremove = {member:?}\nsignals = [{member:?}]\n\
             entry = {entry:?}\nvalue = {value:?}\nfilled-in = {places}\npresent = \"off\"\n\
             data = {data:?}\n"
        );
        let catalogue = load(text.as_bytes());
        for reader in catalogue.readers().iter().filter(|reader| !reader.is_own()) {
            let table = reader.store.table().unwrap();
            for name in ["list", "remove"] {
                prop_assert!(table[name].as_str().is_some_and(gio::dbus_is_member_name));
            }
            let value = glib::Variant::parse(None, table["value"].as_str().unwrap()).unwrap();
            prop_assert!(glib::Variant::is_signature(value.type_().as_str()));
            for place in table["filled-in"].as_array().unwrap() {
                let mut part = value.clone();
                for at in place.as_array().unwrap() {
                    let at = usize::try_from(at.as_integer().unwrap()).unwrap();
                    prop_assert!(part.is_container() && at < part.n_children());
                    part = part.child_value(at);
                }
            }
            let data = Path::new(table["data"].as_str().unwrap());
            prop_assert!(data.components().all(|part| matches!(part, Component::Normal(_))));
        }
    }

    /// Files are read and written only below the user's configuration folder.
    #[test]
    fn a_file_that_is_accepted_is_below_the_configuration_folder(
        file in "[./*a-z\n\\\\ ~$-]{0,16}",
        all in "[./*a-z\n ]{0,16}",
        key in "[a-z._ \"\\[]{0,8}",
    ) {
        let text = format!(
            "name = \"Insights\"\nchoice = \"usage-statistics\"\nprograms = [\"/usr/bin/a\"]\n\
             [file]\nformat = \"toml\"\nfiles = [{file:?}]\nkey = {key:?}\non = true\noff = 0\nmissing = \"on\"\n\
             disable-all = {{ file = {all:?}, key = \"off\", value = \"yes\" }}\n"
        );
        let catalogue = load(text.as_bytes());
        for reader in catalogue.readers().iter().filter(|reader| !reader.is_own()) {
            let table = reader.store.table().unwrap();
            let file = table["files"][0].as_str().unwrap();
            let parts: Vec<_> = Path::new(file).components().collect();
            prop_assert!(!parts.is_empty());
            prop_assert!(parts.iter().all(|part| matches!(part, Component::Normal(_))));
            prop_assert!(!file.contains(char::is_whitespace));
            prop_assert!(table["key"].as_str().unwrap().split('.').all(|part| !part.is_empty()));
            let all = reader.store.opt_outs()[0].file();
            prop_assert!(all.is_absolute());
            prop_assert!(all.components().all(|part| part != Component::ParentDir));
        }
    }

    /// Root writes what a policy sets, and some of these files are commands.
    #[test]
    fn what_a_policy_sets_is_one_plain_value_in_a_known_place(
        place in select(PLACES),
        file in "(file = \"[a-z./*]{0,8}\"\n)?",
        key in "(\\[\"(policies|Settings|fwupd Remote|\\*)\", \"(countme|AutomaticReports|[a-zA-Z$`;\\[ ]{0,6})\"\\]\
                |\"(PARTICIPATE|ENABLED|AutoreportingEnabled|LD_PRELOAD|A_TELEMETRY|/org/a/b|[a-zA-Z./$`;\\[ ]{0,8})\")",
        value in "(true|0|\"(yes|no|0|1|int32 0|[a-z$`;(){}' /]{0,8})\")",
    ) {
        let (name, table) = EXAMPLES[5];
        let text = format!(
            "{}[[policy]]\nplace = {place:?}\n{file}key = {key}\noff = {value}\n",
            self::file(name, table)
        );
        let catalogue = load(text.as_bytes());
        for reader in catalogue.readers().iter().filter(|reader| !reader.is_own()) {
            for locked in [false, true] {
                let decision = Decision {
                    choice: reader.choice,
                    state: State::Off,
                    locked,
                    lists: Lists::Locked,
                };
                for measure in reader.measures(&decision) {
                    let file = measure.file();
                    prop_assert!(file.starts_with("/etc") && file.parent().is_some());
                    let mut parts = file.components().skip(1);
                    prop_assert!(parts.all(|part| matches!(part, Component::Normal(_))));
                    let own = !file.ends_with("example.toml");
                    let text = measure.shown();
                    prop_assert!(!own || !text.contains(['\n', '$', '`', ';']) || text.contains("[$i]")
                        || text.starts_with("pref("), "{text}");
                    if place == "popularity-contest" && own {
                        prop_assert!(["PARTICIPATE=\"no\"", "PARTICIPATE=\"yes\""].contains(&&*text));
                    }
                    if place == "abrt" && own {
                        let allowed = ["AutoreportingEnabled = no", "AutoreportingEnabled = yes"];
                        prop_assert!(allowed.contains(&&*text));
                    }
                    if place == "motd-news" && own {
                        prop_assert!(["ENABLED=\"0\"", "ENABLED=\"1\""].contains(&&*text));
                    }
                    if place == "fwupd" && own {
                        prop_assert!(text.starts_with("[fwupd Remote] Automatic"), "{text}");
                    }
                    if place == "environment" && own {
                        let (name, value) = text.split_once('=').unwrap();
                        prop_assert_eq!(name, "A_TELEMETRY");
                        prop_assert!(value.chars().all(|c| c.is_ascii_alphanumeric()));
                    }
                }
                for key in reader.policy_keys(&decision) {
                    prop_assert!(key.key.starts_with('/') && !key.key.contains("//"));
                    prop_assert!(!key.key.contains(|c: char| c.is_whitespace() || "[]=".contains(c)));
                }
            }
        }
    }

    #[test]
    fn whatever_a_string_of_an_example_is_the_file_is_a_reader_or_a_mistake(
        (name, table) in select(EXAMPLES),
        number in 0..40_usize,
        other in prop_oneof![
            any::<String>(),
            "[a-z/.*\\[\\]'\"(){}<>@0-9:_ \n-]{0,16}",
            select(&["on", "off", "session", "/", "..", "@as []", "true", "nan", "a.b", "\0"][..])
                .prop_map(str::to_owned),
        ],
    ) {
        checks::reader_file(with_other_string(&file(name, table), number, &other).as_bytes());
    }
}

const VALUE: &str = "name = \"Dash\"\nchoice = \"online-search\"\nprograms = [\"/bin/a\"]\n[gsettings]\n\
    schema = \"org.example\"\npath = \"/org/example/\"\nkey = \"search\"\non = \"'on'\"\noff = \"'off'\"\n";

const LIST: &str = "name = \"Dash\"\nchoice = \"online-search\"\n[gsettings-list]\n\
    schema = \"org.example\"\npath = \"/org/example/\"\ndisabled = \"disabled\"\n\
    enabled = \"enabled\"\ndisable-all = \"all\"\nproviders = \"a/b\"\nnames = [\"a\"]\n\
    [[gsettings-list.only-if]]\nname = \"a\"\nfiles = [\"/c\"]\n";

const PROPERTY: &str = "name = \"Dash\"\nchoice = \"error-reports\"\n[dbus]\nbus = \"session\"\n\
    name = \"org.example.A\"\npath = \"/org/example\"\ninterface = \"org.example.A\"\n\
    property = \"Send\"\nsetter = \"SetSend\"\non = \"'on'\"\noff = \"'off'\"\nidentifier = \"GetId\"\n\
    [dbus.mode]\nproperty = \"Ask\"\nsetter = \"SetAsk\"\nask = \"'ask'\"\nautomatic = \"'no'\"\n\
    [dbus.disable-all]\nmasked-units = [\"a.service\"]\n";

const ENTRY: &str = "name = \"Dash\"\nchoice = \"activity-history\"\n[dbus-entry]\nbus = \"session\"\n\
    name = \"org.example.A\"\npath = \"/org/example\"\ninterface = \"org.example.A\"\nlist = \"List\"\n\
    add = \"Add\"\nremove = \"Remove\"\nentry = \"all\"\nvalue = \"'value'\"\nfilled-in = []\n\
    present = \"off\"\nsignals = [\"Added\"]\ndata = \"a/b\"\n";

const DOCUMENT: &str = "name = \"Dash\"\nchoice = \"usage-statistics\"\nprograms = [\"/bin/a\"]\n[file]\nformat = \"toml\"\n\
    files = [\"a/b.toml\"]\nkey = \"a.b\"\non = \"yes\"\noff = \"no\"\nmissing = \"on\"\n\
    [file.disable-all]\nfile = \"/etc/a.toml\"\nkey = \"c\"\nvalue = \"never\"\n";

const SOUND: [&str; 5] = [VALUE, LIST, PROPERTY, ENTRY, DOCUMENT];

fn is_read(text: &str) -> bool {
    let catalogue = load(text.as_bytes());
    catalogue.mistakes().is_empty()
}

#[test]
fn a_character_that_is_not_shown_is_a_mistake_in_each_string_and_has_a_place() {
    for text in SOUND {
        assert!(is_read(text), "{:?}", load(text.as_bytes()).mistakes());
        for (number, line) in text.lines().enumerate() {
            let Some(begin) = line.find('"') else {
                continue;
            };
            // After the first character of the string, and of a string inside it.
            let at = begin + 1 + line[begin + 1..].chars().next().unwrap().len_utf8();
            for hidden in [
                '\0',
                '\u{1}',
                '\t',
                '\n',
                '\u{7f}',
                '\u{9b}',
                '\u{ad}',
                '\u{61c}',
                '\u{200b}',
                '\u{200e}',
                '\u{2028}',
                '\u{2029}',
                '\u{202e}',
                '\u{2066}',
                '\u{feff}',
                '\u{e0041}',
            ] {
                let escape = format!("\\U{:08x}", u32::from(hidden));
                let broken = format!("{}{escape}{}", &line[..at], &line[at..]);
                let content = text.replacen(line, &broken, 1);
                let catalogue = load(content.as_bytes());
                let [mistake] = catalogue.mistakes() else {
                    panic!("{content}");
                };
                assert!(mistake.at.is_some(), "{mistake}");
                assert_eq!(mistake.at.unwrap().0, number + 1, "{mistake} in {content}");
                assert!(!mistake.message.contains(hidden), "{mistake:?}");
            }
        }
    }
}

#[test]
fn an_escape_in_a_value_hides_no_character_either() {
    for (value, fine) in [
        ("'a\\\\\\\\u202e'", true),
        ("'a\\\\u202e'", false),
        ("<('a', ['\\\\n'])>", false),
        ("{'\\\\t': 1}", false),
        ("b'\\\\001'", true),
    ] {
        assert_eq!(
            is_read(
                &VALUE
                    .replace("'on'", value)
                    .replace("\"'off'\"", &format!("\"{}\"", off(value)))
            ),
            fine,
            "{value}"
        );
    }
}

/// Another value of the same type.
fn off(value: &str) -> &'static str {
    match value.as_bytes()[0] {
        b'<' => "<1>",
        b'{' => "{'b': 2}",
        b'b' => "b''",
        _ => "'off'",
    }
}

/// A valid file, a text in it, the limit of its replacement, and the replacement of a given size.
type Case<'a> = (&'a str, &'a str, usize, &'a dyn Fn(usize) -> String);

#[test]
fn lists_and_texts_end_at_their_limits_with_a_mistake() {
    let items = |count: usize, item: &dyn Fn(usize) -> String| {
        let items: Vec<_> = (0..count)
            .map(|number| format!("\"{}\"", item(number)))
            .collect();
        format!("[{}]", items.join(", "))
    };
    let most = limits::READER_LIST;
    let texts: [Case; 13] = [
        (VALUE, "[\"/bin/a\"]", most, &|n| {
            items(n, &|at| format!("/{at}"))
        }),
        (LIST, "[\"a\"]", most, &|n| {
            items(n, &|at| {
                if at == 0 {
                    "a".to_owned()
                } else {
                    format!("n{at}")
                }
            })
        }),
        (LIST, "[\"/c\"]", most, &|n| {
            items(n, &|at| format!("/{at}"))
        }),
        (ENTRY, "[\"Added\"]", most, &|n| {
            items(n, &|at| format!("S{at}"))
        }),
        (DOCUMENT, "[\"a/b.toml\"]", most, &|n| {
            items(n, &|at| format!("{at}.toml"))
        }),
        (PROPERTY, "[\"a.service\"]", most, &|n| {
            items(n, &|at| format!("{at}.service"))
        }),
        (VALUE, "Dash", limits::READER_NAME, &|n| "x".repeat(n)),
        (VALUE, "/org/example/", limits::READER_TEXT, &|n| {
            format!("/{}/", "x".repeat(n - 2))
        }),
        (VALUE, "/bin/a", limits::FILE_NAME, &|n| {
            format!("/{}", "x".repeat(n - 1))
        }),
        (PROPERTY, "SetSend", limits::BUS_NAME, &|n| "S".repeat(n)),
        (DOCUMENT, "yes", limits::READER_TEXT, &|n| "x".repeat(n)),
        (VALUE, "'on'", limits::VALUE_TEXT, &|n| {
            format!("'{}'", "x".repeat(n - 2))
        }),
        (DOCUMENT, "a.b", limits::KEY_DEPTH, &|n| {
            vec!["x"; n].join(".")
        }),
    ];
    for (text, from, most, to) in texts {
        let with = |number| text.replacen(from, &to(number), 1);
        assert!(
            is_read(&with(most)),
            "{from}: {:?}",
            load(with(most).as_bytes()).mistakes()
        );
        let more = load(with(most + 1).as_bytes());
        let [mistake] = more.mistakes() else {
            panic!("{from}");
        };
        assert!(
            mistake.at.is_some() && mistake.message.len() < 2000,
            "{mistake}"
        );
    }
}

#[test]
fn a_value_is_nested_only_so_deeply_and_the_mistake_says_how_deeply() {
    let most = limits::VALUE_DEPTH;
    let nested = |open: &str, close: &str, depth: usize| {
        let value = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        let off = format!("{}2{}", open.repeat(depth), close.repeat(depth));
        VALUE.replace("'on'", &value).replace("'off'", &off)
    };
    for (open, close) in [("[", "]"), ("<", ">"), ("(", ",)"), ("just ", "")] {
        assert!(is_read(&nested(open, close, most)), "{open}");
        for depth in [most + 1, 63, 64, 65, 127, 128, 129, 500] {
            let catalogue = load(nested(open, close, depth).as_bytes());
            let [mistake] = catalogue.mistakes() else {
                panic!("{open} {depth}");
            };
            let expected = format!("a value of more than {most} levels; expected fewer");
            assert_eq!(mistake.message, expected, "{open} {depth}");
        }
    }
    let typed = |depth: usize| {
        let kind = format!("@{}i", "a".repeat(depth));
        VALUE.replace("'on'", &format!("{kind} []")).replace(
            "'off'",
            &format!("{}0{}", "[".repeat(depth), "]".repeat(depth)),
        )
    };
    assert!(is_read(&typed(most)));
    assert!(!is_read(&typed(most + 1)));
    // Brackets inside a string don't count.
    assert!(is_read(&VALUE.replace("'on'", "'[[[[[[[[[[[[[[[[[[[[[['")));
}
