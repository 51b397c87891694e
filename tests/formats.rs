// SPDX-License-Identifier: GPL-3.0-or-later

//! Properties of all formats: any content is read or refused, and one value changes alone.

#![allow(clippy::unwrap_used)]

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, dead_code)]
mod checks;

use privacy_panel::formats::FORMATS;
use privacy_panel::formats::document;
use privacy_panel::formats::format::{Format, Found, Look, Scalar};
use proptest::prelude::*;
use proptest::sample::select;

/// Lines that formats give a meaning, and others.
const LINES: &[&str] = &[
    "[Group]",
    "[Group] ",
    " [Group]",
    "[group]",
    "[Other]",
    "[Settings]",
    "[A][B]",
    "[A][B][$i]",
    "[Group][$i]",
    "[$i]",
    "[A",
    "[]",
    "key=true",
    "key = false",
    " key=1 ",
    "key=0\t",
    "key=yes",
    "key=FALSE",
    "key=\"false\"",
    "Key=false",
    "KEY = true",
    "key[$i]=false",
    "key[$e]=$HOME",
    "key[$d]",
    "key[de]=false",
    "key2=x",
    "key=",
    "key=\\stext\\\\",
    "gtk-recent-files-enabled=false",
    "gtk_recent_files_enabled=true",
    "other = [1, 2] # two",
    "other = \"text\"",
    "# comment",
    "; comment",
    "",
    "  ",
    "\u{feff}",
    "text",
    "=",
    "ä=ö",
    "Encoding=latin1",
    "key=@ByteArray(\\x1)",
    "%6Bey=a, b",
    "Group\\key=1",
    "key=\"a\\\"",
];

/// Statements of preferences.
const PREFERENCES: &[&str] = &[
    "user_pref(\"key\", true);",
    "user_pref('key', -64); // comment",
    "pref(\"key\", \"text\", locked);",
    "  user_pref ( \"key2\" , \"a\\\"b\\x41\\u00e4\" ) ;  ",
    "# user_pref(\"key\", false);",
    "/* user_pref(\"key\", false); */ user_pref(\"other\", 1);",
    "user_pref(\"key\", 2); user_pref(\"key2\", 3);",
    "// comment",
    "",
    "user_pref(\"key\", tru);",
    "/*",
];

/// Assignments.
const ASSIGNMENTS: &[&str] = &[
    "key=\"no\"",
    "key='no'",
    "key=no  # comment",
    "key2=1",
    "  export key=\"1\"",
    "# key=\"no\"",
    "other=",
    "",
    "key=\"$HOME\"",
    "if true; then key=1; fi",
];

/// Lines of VLC's file.
const PLAYER: &[&str] = &[
    "[core] # core program",
    "# Key (boolean)",
    "#key=1",
    "key=0",
    "key=1",
    "key=00",
    "key=off",
    " key=1",
    "key2=x",
    "key",
    "",
];

/// Lines of libreport's files.
const REPORTING: &[&str] = &[
    "key = yes",
    "key=no",
    " \tkey  =  1 \t",
    "key =",
    "# key = yes",
    "#",
    "",
    "other = a = b # c",
    "key_two = \"x\"",
    "key two = 1",
];

/// Documents, and the beginnings of some.
const DOCUMENTS: &[&str] = &[
    "{}",
    "{\"key\": true}",
    "{\"key\":1,\"key2\":\"x\"}",
    "{\n  \"Group\": {\n    \"key\": false, // comment\n    \"key2\": 2\n  }\n}\n",
    "{\n\t\"other\": [1, 2],\n\t/* comment */\n\t\"key2\": {},\n}",
    "{\"key\": 1, \"key\": 2}",
    "{\"Group\": {}, \"A\": {\"B\": {\"key\": \"\\u00e4\\n\"}}}",
    "{\"Settings\": 3}",
    "\u{feff}{\r\n\"Settings\": {\r\n}\r\n}\r\n",
    " // nothing\n",
    "[]",
    "{\"key\": tru",
];

/// Pieces of documents.
const PIECES: &[&str] = &[
    "{",
    "}",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    " ",
    "\n",
    "\n  ",
    "\t",
    "\"key\"",
    "\"key2\"",
    "\"key\": ",
    "\"Group\": {",
    "\"A\": {",
    "\"B\": {",
    "true",
    "false",
    "null",
    "1",
    "\"off\"",
    "\"a\"",
    "\"b\": 2",
    "// x\n",
    "// x, \"key\": 1\r\n",
    "/* , */",
    "//",
    "/*",
    "\\",
    "\"",
];

/// Pieces of XML documents.
const ELEMENTS: &[&str] = &[
    "<A>",
    "</A>",
    "<B>",
    "</B>",
    "<B/>",
    "<A><B>",
    "</B></A>",
    "<key>",
    "</key>",
    "<key/>",
    "<key2>1</key2>",
    "<Group>",
    "</Group>",
    "<Group a='1'>\n  ",
    "\n</Group>\n",
    "true",
    "0",
    "off",
    " ",
    "\n",
    "\r\n  ",
    "<!-- <key>1</key> -->",
    "<![CDATA[true]]>",
    "<?pi key?>",
    "<x:key/>",
    "&amp;",
    "&#65;",
    "&e;",
    "<",
    "a",
];

/// Pieces of `LibreOffice`'s settings.
const ITEMS: &[&str] = &[
    "<item oor:path=\"/Group\">",
    "<item oor:path=\"/A/B\">",
    "<item oor:path=\"/A\">",
    "<item oor:path=\"/Other['a']\"><node oor:name=\"key\" oor:op=\"replace\"/>",
    "</item>\n",
    "</item>",
    "</item>\r\n",
    "<node oor:name=\"B\">",
    "</node>",
    "<prop oor:name=\"key\" oor:op=\"fuse\">",
    "<prop oor:name=\"key\"><value>true</value></prop>",
    "<prop oor:name=\"key2\"><value>1</value></prop>",
    "<prop oor:name=\"key\" oor:op=\"remove\"/>",
    "</prop>",
    "<value>",
    "<value/>",
    "<value xsi:nil=\"true\"/>",
    "</value>",
    "-64",
    "&amp;",
    "<!-- <item/> -->",
    "\n",
    " ",
];

/// Whole small files.
const SMALL: &[&str] = &[
    "off 2024-08-13",
    "on",
    " local 2024-08-13 \n",
    "off\t2024",
    "key:1.1:0:1574939222872",
    "key2:1.0:1:5;key:1.1:1:2;",
    ";;key:1.1:0:1;key:1.1:1:2\n",
    "key::1.1:0:1; key:1.1:1:2",
];

const LINE_ENDS: &[&[u8]] = &[b"\n", b"\n", b"\n", b"\r\n", b"\r", b""];

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => text_of(LINES),
        2 => text_of(PREFERENCES),
        2 => text_of(ASSIGNMENTS),
        1 => text_of(SMALL),
        1 => text_of(PLAYER),
        2 => text_of(REPORTING),
        1 => select(DOCUMENTS).prop_map(|document| document.as_bytes().to_vec()),
        4 => pieces(),
        3 => elements(),
        3 => items(),
    ]
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::collection::vec(select(PIECES), 0..12);
    let open = select(&["", "{", "{\n  ", "{\"A\": {\"B\": {"][..]);
    let close = select(&["", "}", ",}", "\n}\n", "}}}"][..]);
    (open, pieces, close)
        .prop_map(|(open, pieces, close)| [open, &pieces.concat(), close].concat().into_bytes())
}

fn items() -> impl Strategy<Value = Vec<u8>> {
    let root =
        "<?xml version=\"1.0\"?>\n<oor:items xmlns:oor=\"http://openoffice.org/2001/registry\">";
    let whole = select(
        &[
            "",
            "\n",
            "<item oor:path=\"/Group\"><prop oor:name=\"key\"><value>1</value></prop></item>\n",
            "<item oor:path=\"/A\"><node oor:name=\"B\"><prop oor:name=\"key\"><value> off</value></prop></node></item>",
            "<item oor:path=\"/A/B\"><prop oor:name=\"key2\"><value>1</value></prop><prop oor:name=\"key\"/></item>\r\n",
        ][..],
    );
    let some = prop::collection::vec(select(ITEMS), 0..6).prop_map(|pieces| pieces.concat());
    let part = prop_oneof![3 => whole.prop_map(str::to_owned), 1 => some];
    prop::collection::vec(part, 0..4).prop_map(move |parts| {
        [root, &parts.concat(), "</oor:items>\n"]
            .concat()
            .into_bytes()
    })
}

fn elements() -> impl Strategy<Value = Vec<u8>> {
    let pieces = || prop::collection::vec(select(ELEMENTS), 0..5);
    let ends = select(
        &[
            ("", ""),
            ("<Group>", "</Group>"),
            ("<A><B>\n ", "\n</B></A>"),
            ("<A>\n  <B>", "</B>\n</A>\n"),
        ][..],
    );
    (
        ends,
        pieces(),
        select(&["", "<key>true</key>", "<key a='b'/>"][..]),
        pieces(),
    )
        .prop_map(|((open, close), before, value, after)| {
            [open, &before.concat(), value, &after.concat(), close]
                .concat()
                .into_bytes()
        })
}

fn text_of(lines: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        8 => select(lines).prop_map(|line| line.as_bytes().to_vec()),
        1 => any::<String>().prop_map(String::into_bytes),
        1 => Just(b"bytes=\xff\xfe".to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..8),
    ];
    let end = select(LINE_ENDS);
    let same = (prop::collection::vec(line, 0..10), end, any::<bool>());
    same.prop_map(|(lines, end, ends)| {
        let mut text = lines.join(end);
        if ends {
            text.extend_from_slice(end);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        checks::format(&bytes);
    }

    #[test]
    fn one_value_changes_and_every_other_byte_stays(text in text()) {
        checks::format(&text);
    }
}

fn format(name: &str) -> &'static dyn Format {
    FORMATS.iter().find(|(found, _)| *found == name).unwrap().1
}

fn key(key: &[&str]) -> Vec<String> {
    key.iter().map(ToString::to_string).collect()
}

/// What a program reads that expects a boolean. `None`: unknown.
fn boolean(name: &str, text: &str, names: &[&str]) -> Option<bool> {
    let like = Scalar::Boolean(false);
    match format(name).look(text.as_bytes(), &key(names), &like) {
        Ok(Look {
            found: Found::Value(Scalar::Boolean(on)),
            ..
        }) => Some(on),
        _ => None,
    }
}

fn set(name: &str, text: &[u8], names: &[&str], on: bool) -> Vec<u8> {
    let value = Scalar::Boolean(on);
    let new = format(name).edit(text, &key(names), Some(&value));
    new.unwrap_or_else(|at| panic!("{}", at.1))
}

#[test]
fn every_format_reads_booleans_by_its_own_rule() {
    let cases: &[(&str, &str, Option<bool>)] = &[
        ("gkeyfile", "true", Some(true)),
        ("gkeyfile", "1  ", Some(true)),
        ("gkeyfile", "false", Some(false)),
        ("gkeyfile", "0", Some(false)),
        ("gkeyfile", "False", None),
        ("gkeyfile", "no", None),
        ("gkeyfile", "off", None),
        ("gkeyfile", "\"false\"", None),
        ("kconfig", "true", Some(true)),
        ("kconfig", "Yes", Some(true)),
        ("kconfig", "ON", Some(true)),
        ("kconfig", "1", Some(true)),
        ("kconfig", "False", Some(false)),
        ("kconfig", "no", Some(false)),
        ("kconfig", "Off", Some(false)),
        ("kconfig", "0", Some(false)),
        ("kconfig", "\"false\"", None),
        ("kconfig", "2", None),
        ("libreport", "yes", Some(true)),
        ("libreport", " no  ", Some(false)),
        ("libreport", "Yes", None),
        ("libreport", "1", None),
        ("toml", "true", Some(true)),
        ("toml", "false", Some(false)),
        ("toml", "\"false\"", None),
        ("toml", "0", None),
    ];
    for (name, value) in [("json", "true"), ("jsonc", "true // x\n")] {
        for (text, expected) in [
            (value.to_owned(), Some(true)),
            (format!("\"{value}\""), None),
        ] {
            let text = format!("{{\"Group\": {{\"key\": {text}}}}}");
            assert_eq!(boolean(name, &text, &["Group", "key"]), expected, "{text}");
        }
    }
    for (name, value, expected) in cases {
        let (text, names) = if *name == "libreport" {
            (format!("key={value}\n"), &["key"][..])
        } else {
            (format!("[Group]\nkey={value}\n"), &["Group", "key"][..])
        };
        let found = boolean(name, &text, names);
        assert_eq!(found, *expected, "{name} {value}");
    }
}

#[test]
fn a_name_that_a_lenient_program_may_take_for_the_key_is_a_mistake_with_its_place() {
    let cases = [
        (
            "toml",
            "consent_state = false\nConsent_State = true\n",
            &["consent_state"][..],
            22,
        ),
        ("toml", "CONSENT_STATE = false\n", &["consent_state"], 0),
        ("toml", "[Part]\nkey = false\n", &["part", "key"], 1),
        (
            "gkeyfile",
            "[Settings]\ngtk_recent=true\n",
            &["Settings", "gtk-recent"],
            11,
        ),
        (
            "gkeyfile",
            "[settings]\nkey=true\n",
            &["Settings", "key"],
            11,
        ),
    ];
    for (name, text, names, place) in cases {
        let like = Scalar::Boolean(false);
        let mistake = format(name)
            .look(text.as_bytes(), &key(names), &like)
            .unwrap_err();
        assert_eq!(mistake.0, Some(place), "{text}");
        assert!(mistake.1.contains("may read as"), "{}", mistake.1);
        let edited = format(name).edit(text.as_bytes(), &key(names), Some(&like));
        assert!(edited.is_err(), "{text}");
    }
    // KDE's keys have one spelling.
    let found = boolean(
        "kconfig",
        "[Group]\nKEY=false\nkey=true\n",
        &["Group", "key"],
    );
    assert_eq!(found, Some(true));
}

#[test]
fn the_last_of_several_lines_counts_and_is_changed() {
    let text = "[Group]\nkey=true\n[Other]\nkey=1\n[Group]\nkey=0 \n";
    for name in ["gkeyfile", "kconfig"] {
        assert_eq!(boolean(name, text, &["Group", "key"]), Some(false));
        let new = set(name, text.as_bytes(), &["Group", "key"], true);
        let new = String::from_utf8(new).unwrap();
        assert!(new.starts_with("[Group]\nkey=true\n[Other]\nkey=1\n[Group]\nkey=true"));
        let removed = format(name).edit(text.as_bytes(), &key(&["Group", "key"]), None);
        assert_eq!(removed.unwrap(), b"[Group]\n[Other]\nkey=1\n[Group]\n");
    }
}

#[test]
fn bytes_that_are_no_text_line_ends_and_a_missing_last_one_stay() {
    for name in ["gkeyfile", "kconfig"] {
        let set = |text: &[u8]| set(name, text, &["Group", "key"], false);
        assert_eq!(set(b""), b"[Group]\nkey=false\n");
        assert_eq!(
            set(b"[Group]\r\nx=\xff\r\n"),
            b"[Group]\r\nx=\xff\r\nkey=false\r\n"
        );
        assert_eq!(set(b"[Group]\nx=1"), b"[Group]\nx=1\nkey=false");
        assert_eq!(
            set(b"# mine\n[Other]\n\n"),
            b"# mine\n[Other]\n\n[Group]\nkey=false\n"
        );
        assert_eq!(
            set(b"[Group]\nx=1\n\n[B]\n"),
            b"[Group]\nx=1\nkey=false\n\n[B]\n"
        );
    }
}

#[test]
fn kdes_files_lock_one_value_and_nothing_else() {
    let kconfig = format("kconfig");
    let key = ["G".to_owned(), "k".to_owned()];
    let lock = |text: &str, value: Option<&Scalar>, locks: bool| {
        let new = kconfig
            .edit_lock(text.as_bytes(), &key, value, locks)
            .unwrap();
        new.map(|new| String::from_utf8(new).unwrap())
    };
    let off = Some(&Scalar::Boolean(false));
    for (text, locked) in [
        ("", "[G]\nk[$i]=false\n"),
        ("[G]\nk=true\nx=1\n", "[G]\nk[$i]=false\nx=1\n"),
        (
            "# a\r\n[G]\r\n k = true \r\n",
            "# a\r\n[G]\r\nk[$i]=false\r\n",
        ),
        ("[G]\nk[$i]=true", "[G]\nk[$i]=false"),
        ("[G]\nk[$i]=1\nk=0\n", "[G]\nk[$i]=false\nk=0\n"),
    ] {
        assert_eq!(lock(text, off, true).unwrap(), locked);
        let read = kconfig
            .look(locked.as_bytes(), &key, &Scalar::Boolean(true))
            .unwrap();
        assert!(read.locked && read.found.is(&Scalar::Boolean(false)));
    }
    assert_eq!(
        lock("[G]\nk[$i]=0\n", off, false).unwrap(),
        "[G]\nk=false\n"
    );
    assert_eq!(
        lock("[G]\nx=1\nk[$i]=0\n", None, false).unwrap(),
        "[G]\nx=1\n"
    );
    for text in ["[$i]\n[G]\nk=1\n", "[G][$i]\nk=1\n", "[G]\nk[$e]=$x\n"] {
        assert!(lock(text, off, true).is_err(), "{text}");
    }
    let toml = format("toml").edit_lock(b"", &key, off, true);
    assert!(toml.is_none(), "TOML has no locks");
}

#[test]
fn kdes_signal_names_the_file_the_groups_and_the_key() {
    for (file, names, path, printed) in [
        (
            "kdeglobals",
            &["G", "k"][..],
            "/kdeglobals",
            "({'G': [b'k']},)",
        ),
        (
            "a-b.rc",
            &["A", "B", "k"],
            "/a_b_rc",
            "({'A\\u001dB': [b'k']},)",
        ),
        (
            "kde.org/app",
            &["k"],
            "/kde_org/app",
            "({'<default>': [b'k']},)",
        ),
    ] {
        let signal = format("kconfig").change_signal(file, &key(names)).unwrap();
        assert_eq!(signal.path, path);
        assert_eq!(signal.arguments.type_().as_str(), "(a{saay})");
        let bytes = signal.arguments.print(false).replace("[0x6b]", "b'k'");
        assert_eq!(bytes, printed);
    }
    let toml = format("toml").change_signal("file", &key(&["k"]));
    assert!(toml.is_none() && !format("toml").has_qt_lock());
}

#[test]
fn kde_locks_a_file_a_group_or_a_key_and_deletes_keys() {
    let key = key(&["A", "B", "key"]);
    let look = |text: &str| {
        let like = Scalar::Boolean(false);
        format("kconfig")
            .look(text.as_bytes(), &key, &like)
            .unwrap()
    };
    for text in [
        "[$i]\n[A][B]\nkey=false\n",
        "[A][B][$i]\nkey=false\n",
        "[A][B]\nkey[$i]=false\nkey=true\n",
    ] {
        assert!(
            look(text).locked && look(text).found.is(&Scalar::Boolean(false)),
            "{text}"
        );
        let edited = format("kconfig").edit(text.as_bytes(), &key, Some(&Scalar::Boolean(true)));
        assert!(edited.is_err(), "{text}");
    }
    assert!(look("[A][B][$i]\n").locked && !look("[A][$i]\n[A][B]\nkey=1\n").locked);
    let deleted = "[A][B]\nkey[$d]\n";
    assert!(look(deleted).hides && !look(deleted).found.is_set());
    let new = set("kconfig", deleted.as_bytes(), &["A", "B", "key"], true);
    assert_eq!(new, b"[A][B]\nkey=true\n");
    // Variables and languages: what KDE reads is not known here.
    for text in ["[A][B]\nkey[$e]=$X\n", "[A][B]\nkey[de]=false\nkey=false\n"] {
        assert_eq!(look(text).found, Found::Other, "{text}");
    }
}

#[test]
fn a_file_that_was_made_for_a_value_goes_with_it() {
    for (name, format) in FORMATS {
        let keys = [key(&["key"]), key(&["Group", "key"]), key(&["word"])];
        let on = match *name {
            "dated-word" => Scalar::Text("on".to_owned()),
            _ => Scalar::Boolean(true),
        };
        let key = keys.iter().find(|key| format.check(key).is_ok()).unwrap();
        if matches!(*name, "xml-text" | "consent-records") {
            // A file of these formats is never made.
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        document::write(*format, &file, key, Some(&on)).unwrap();
        assert!(file.exists(), "{name}");
        document::write(*format, &file, key, None).unwrap();
        assert!(!file.exists(), "{name}");
    }
}
