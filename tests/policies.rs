// SPDX-License-Identifier: GPL-3.0-or-later

//! Properties of policies: for any policy and any reader files, only keys that they name are set
//! and locked, and every mistake is found.

#![allow(clippy::unwrap_used)]

#[path = "../fuzz/src/lib.rs"]
#[allow(unreachable_pub, dead_code)]
mod checks;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use checks::{CONTACT, ORGANISATION};
use glib::prelude::*;
use privacy_panel::choices::catalogue;
use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::choice;
use privacy_panel::choices::reader::Reader;
use privacy_panel::choices::state::State;
use privacy_panel::policy::{self, Compiled, Decision, Lists, Organisation, Policy};
use privacy_panel::system::text::is_unprintable;
use proptest::prelude::*;
use proptest::sample::{Index, select};

static SHIPPED: LazyLock<Catalogue> = LazyLock::new(|| {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/readers.d");
    Catalogue::load_layers(&[folder])
});

/// Texts with another meaning if they were written unescaped.
const HOSTILE: &[&str] = &[
    "\n",
    "\r",
    "\r\n",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\0",
    "\t",
    "\u{1b}[31m",
    "\u{7f}",
    "[",
    "]",
    "[evil]",
    "\n[evil]\nkey='value'\n",
    "\n/evil/lock\n",
    "/",
    "=",
    "#",
    ";",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "\\",
    "\\n",
    "\\u000a",
    "\\\n",
    "\u{202e}",
    "\u{2066}",
    "\u{200f}",
    "\u{feff}",
    "\u{301}",
    "\u{10ffff}",
    "ü",
    "<",
    ">",
    "@as []",
    "true",
    "{",
    "}",
    ",",
    " ",
    "\n[choices.error-reports]\nstate = \"off\"\nlocked = true\n",
    "%s%n",
    "$(id)",
    "`id`",
];

fn hostile() -> impl Strategy<Value = String> + Clone {
    let piece = prop_oneof![
        6 => select(HOSTILE).prop_map(str::to_owned),
        2 => any::<String>(),
        1 => "[a-z]{1,8}",
    ];
    let pieces = prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat());
    prop_oneof![
        20 => pieces.clone(),
        1 => (pieces, 1..2_000_usize).prop_map(|(text, times)| text.repeat(times)),
    ]
}

/// A hostile text that is a valid name on one line.
fn line() -> impl Strategy<Value = String> {
    hostile().prop_map(|text| {
        let text = text.chars().filter(|c| !is_unprintable(*c));
        format!("N{}", text.take(40).collect::<String>())
    })
}

fn decision(choice: &'static choice::Choice) -> impl Strategy<Value = Decision> {
    select(checks::decisions(choice).collect::<Vec<_>>())
}

fn decisions() -> impl Strategy<Value = Vec<Decision>> {
    let each: Vec<_> = choice::ALL
        .iter()
        .map(|choice| prop::option::of(decision(choice)))
        .collect();
    each.prop_map(|decisions| decisions.into_iter().flatten().collect())
}

fn organisation() -> impl Strategy<Value = Organisation> {
    let contact = select(&[
        "https://it.example.edu/%27%0A#[x]=",
        "mailto:it@example.edu?x='",
    ]);
    (line(), prop::option::of(contact)).prop_map(|(name, contact)| Organisation {
        name,
        contact: contact.map(str::to_owned),
    })
}

/// Any text as a TOML string.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => write!(out, "\\u{:04x}", u32::from(c)).unwrap(),
            c => out.push(c),
        }
    }
    out + "\""
}

/// The ways to write tables in TOML.
#[derive(Clone, Copy, Debug)]
enum Style {
    Headers,
    Dotted,
    Inline,
    Parent,
}

fn document(
    organisation: Option<&Organisation>,
    decisions: &[Decision],
    style: Style,
    comment: &str,
) -> String {
    let mut tables = Vec::new();
    if let Some(organisation) = organisation {
        let mut fields = vec![("name", quoted(&organisation.name))];
        let contact = organisation.contact.as_deref();
        fields.extend(contact.map(|contact| ("contact", quoted(contact))));
        tables.push(("organisation".to_owned(), fields));
    }
    for decision in decisions {
        let mut fields = vec![("state", quoted(decision.state.as_str()))];
        if decision.locked {
            let (word, _) = Lists::ALL[decision.lists as usize];
            fields.push(("locked", "true".to_owned()));
            fields.push(("lists", quoted(word)));
        }
        tables.push((format!("choices.{}", decision.choice.id), fields));
    }
    let comment: String = comment.chars().filter(|c| !c.is_control()).collect();
    let mut text = format!("# {comment}\n");
    for (table, fields) in tables {
        let equals = |separator: &str, prefix: &str| {
            let fields = fields.iter();
            let fields = fields.map(|(field, value)| format!("{prefix}{field} = {value}"));
            fields.collect::<Vec<_>>().join(separator)
        };
        let lines = match (style, table.strip_prefix("choices.")) {
            (Style::Inline, _) => format!("{table} = {{ {} }}", equals(", ", "")),
            (Style::Dotted, _) => equals("\n", &format!("{table}.")),
            (Style::Parent, Some(choice)) => {
                let header = if text.contains("[choices]\n") {
                    ""
                } else {
                    "[choices]\n"
                };
                format!("{header}{}", equals("\n", &format!("{choice}.")))
            }
            _ => format!("[{table}]\n{}", equals("\n", "")),
        };
        writeln!(text, "{lines} # {comment}").unwrap();
    }
    text
}

fn style() -> impl Strategy<Value = Style> {
    select(&[Style::Headers, Style::Dotted, Style::Inline, Style::Parent])
}

fn parsed(text: &str) -> Policy {
    policy::parse(Path::new("policy.toml"), text.as_bytes()).unwrap()
}

fn compiled(policy: &Policy) -> Compiled {
    checks::compiled(policy, &SHIPPED, &[]).unwrap()
}

/// The content of a reader file. It has few paths and keys, so that readers collide.
fn reader_text() -> impl Strategy<Value = String> {
    let folder = select(&[
        "/org/example/",
        "/org/example/deeper/",
        "/net/launchpad/PrivacyPanel/",
        "/a:b/c.d/e_f/",
    ]);
    let name = || prop_oneof![3 => select(&["a", "b-b", "online-search"]).prop_map(str::to_owned), 1 => "[a-zA-Z0-9_-]{1,30}"];
    let head = || {
        (
            line(),
            select(
                choice::ALL
                    .iter()
                    .map(|choice| choice.id)
                    .collect::<Vec<_>>(),
            ),
            folder.clone(),
        )
            .prop_map(|(name, choice, path)| {
                (
                    format!("name = {}\nchoice = {choice:?}\n", quoted(&name)),
                    format!("schema = \"org.example\"\npath = {path:?}\n"),
                )
            })
    };
    let text = || {
        hostile().prop_map(|text| {
            let text = text.chars().filter(|c| !is_unprintable(*c));
            let text: String = text.take(400).collect();
            text.to_variant().print(true).to_string()
        })
    };
    let values = prop_oneof![
        select(&[
            ("true", "false"),
            ("uint32 1", "uint32 0"),
            ("@as []", "['a\\\\n']"),
            ("1.5", "nan"),
            ("<'x'>", "<1>"),
            ("{'a': <@ms nothing>}", "@a{sv} {}"),
            ("b'a'", "b'\\001'"),
            ("objectpath '/'", "objectpath '/a'"),
            ("(1, 'a')", "(2, ']')"),
            ("byte 0x01", "byte 0xff"),
        ])
        .prop_map(|(on, off)| (on.to_owned(), off.to_owned())),
        (text(), text()).prop_filter("two values", |(on, off)| on != off),
    ];
    let value = (head(), name(), values).prop_map(|((head, place), key, (on, off))| {
        format!(
            "{head}[gsettings]\n{place}key = {key:?}\non = {}\noff = {}\n",
            quoted(&on),
            quoted(&off)
        )
    });
    let list = (
        head(),
        name(),
        prop::option::of(name()),
        prop::option::of(name()),
        prop::collection::vec(line(), 1..5),
    )
        .prop_filter("keys of their own", |(_, disabled, enabled, all, _)| {
            let keys = [Some(disabled), enabled.as_ref(), all.as_ref()];
            let named = keys.iter().flatten().count();
            keys.iter().flatten().collect::<BTreeSet<_>>().len() == named
        })
        .prop_map(|((head, place), disabled, enabled, all, names)| {
            let field = |name: &str, key: Option<String>| {
                key.map_or_else(String::new, |key| format!("{name} = {key:?}\n"))
            };
            let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
            format!(
                "{head}[gsettings-list]\n{place}disabled = {disabled:?}\n{}{}names = [{}]\n",
                field("enabled", enabled),
                field("disable-all", all),
                names.join(", "),
            )
        });
    prop_oneof![value, list]
}

fn reader(id: usize, text: &str) -> Reader {
    let name = format!("reader-{id}.toml");
    let reader = catalogue::parse(Path::new(&name), text.as_bytes());
    reader
        .unwrap_or_else(|mistake| panic!("{mistake} in\n{text}"))
        .unwrap()
}

/// Whether the TOML parser stops at a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Valid TOML, but not a policy.
    Word,
    /// Like [`Kind::Word`], but only reported if the whole file is TOML: a value may be missing or
    /// of another type only because its line is broken.
    Value,
    /// Invalid TOML.
    Broken,
}

use Kind::{Broken, Value, Word};

/// A policy line by line: what is right, and wrong alternatives. Each wrong line has at least one
/// mistake, which is found without the others.
const SPOTS: &[(&str, &[(Kind, &str)])] = &[
    (
        "",
        &[
            (Word, "version = 1 # wrong"),
            (Word, "Organisation = {} # wrong"),
            (Word, "\"\\u001b[31m\\n[evil]\" = 1 # wrong"),
            (Broken, "= 5 # wrong"),
            (Broken, "x = 1 2 # wrong"),
            (Broken, "# \u{1} # wrong"),
        ],
    ),
    (
        "[organisation]\nname = \"Example University\"",
        &[
            (Word, "[organisation]\nname = \" \" # wrong"),
            (Word, "[organisation]\nname = \"a\\nb\" # wrong"),
            (Word, "[organisation]\nname = \"a\u{202e}b\" # wrong"),
            (Value, "[organisation]\nname = 5 # wrong"),
            (Value, "[organisation] # wrong"),
            (Broken, "[organisation]\nname = Example # wrong"),
            (Broken, "[organisation]\nname = \"Example # wrong"),
            (Broken, "[organisation]\nname = \"a\\qb\" # wrong"),
            (Broken, "[organisation]\nname = \"a\"\nname = \"b\" # wrong"),
        ],
    ),
    (
        "contact = \"https://it.example.edu/privacy\"",
        &[
            (Word, "contact = \"ftp://it.example.edu\" # wrong"),
            (Word, "contact = \"it@example.edu\" # wrong"),
            (Value, "contact = [] # wrong"),
            (Broken, "contact = # wrong"),
            (Broken, "contact = \"https://a\" \"https://b\" # wrong"),
        ],
    ),
    (
        "",
        &[
            (Word, "phone = \"1\" # wrong"),
            (Word, "adress.city = 1 # wrong"),
            (Broken, "[organisation] # wrong"),
        ],
    ),
    (
        "[choices.online-search]\nstate = \"off\"",
        &[
            (Word, "[choices.online-search]\nstate = \"of\" # wrong"),
            (Word, "[choices.online-search]\nstate = \"mixed\" # wrong"),
            (Value, "[choices.online-search]\nstate = false # wrong"),
            (Value, "[choices.online-search]\nstate = 1979-05-27 # wrong"),
            (Broken, "[choices.online-search]\nstate = “off” # wrong"),
            (
                Broken,
                "[choices.online-search]\nstate = \"off\"\nstate = \"on\" # wrong",
            ),
        ],
    ),
    (
        "locked = true\nlists = \"locked\"",
        &[
            (Word, "locked = true\nlists = \"lokced\" # wrong"),
            (Word, "locked = false\nlists = \"preset\" # wrong"),
            (Word, "lists = \"preset\" # wrong"),
            (Value, "locked = \"yes\" # wrong"),
            (Value, "locked = {} # wrong"),
            (Broken, "locked = True # wrong"),
            (Broken, "locked = true,# wrong"),
        ],
    ),
    (
        "",
        &[(Word, "loked = true # wrong"), (Word, "\"\" = 1 # wrong")],
    ),
    (
        "[choices.error-reports]\nstate = \"on\"",
        &[
            (Word, "[choices.error-reports]\nstate = \"\" # wrong"),
            (Word, "[choices.error-reports]\nstate = \"on\\n\" # wrong"),
            (
                Word,
                "[choices.error-reports]\nstate = \"on\"\nlocked = true\nlists = \"all-off\" # wrong",
            ),
            (Value, "[choices.error-reports] # wrong"),
            (Value, "[choices.error-reports]\nlocked = true # wrong"),
        ],
    ),
    (
        "",
        &[
            (Word, "[choices.usage-statistic] # wrong\nstate = \"on\""),
            (Word, "[choices.online-serach] # wrong"),
            (Word, "[organization] # wrong\nname = \"Example\""),
            (Broken, "[choices.online-search] # wrong"),
            (Broken, "[[choices.online-search]] # wrong"),
        ],
    ),
];

/// A valid document with mistakes in some of its lines.
fn mistaken(kinds: &'static [Kind]) -> impl Strategy<Value = String> {
    let spots: Vec<_> = SPOTS
        .iter()
        .map(|(right, wrong)| {
            let wrong: Vec<_> = wrong
                .iter()
                .filter(|(kind, _)| kinds.contains(kind))
                .collect();
            (any::<bool>(), any::<Index>()).prop_map(move |(is_right, index)| {
                if is_right || wrong.is_empty() {
                    *right
                } else {
                    index.get(&wrong).1
                }
            })
        })
        .collect();
    (spots, select(&["\n", "\r\n"])).prop_map(|(lines, end)| lines.join("\n").replace('\n', end))
}

fn every_marked_line_is_named(text: &str) {
    checks::policy(text.as_bytes());
    let mistakes = policy::parse(Path::new("policy.toml"), text.as_bytes())
        .err()
        .unwrap_or_default();
    let named: BTreeSet<_> = mistakes
        .iter()
        .filter_map(|mistake| Some(mistake.at?.0))
        .collect();
    let marked = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| line.ends_with("# wrong"));
    let marked: BTreeSet<_> = marked.map(|(_, number)| number).collect();
    assert_eq!(named, marked, "{text}\n{mistakes:#?}");
    assert!(mistakes.len() >= marked.len());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_policy_compiles_for_the_shipped_readers_to_what_glib_reads_back(
        organisation in prop::option::of(organisation()),
        decisions in decisions(),
        style in style(),
        comment in hostile(),
    ) {
        let text = document(organisation.as_ref(), &decisions, style, &comment);
        checks::policy(text.as_bytes());
        let policy = parsed(&text);
        prop_assert_eq!(&policy.decisions, &decisions);
        prop_assert_eq!(&policy.organisation, &organisation);
        compiled(&policy);
    }

    #[test]
    fn every_policy_compiles_for_any_readers_to_their_keys_or_to_a_conflict_of_theirs(
        organisation in prop::option::of(organisation()),
        decisions in decisions(),
        readers in prop::collection::vec(reader_text(), 0..4),
        below in prop::collection::vec(hostile().prop_map(|text| text.replace('\0', "")), 0..4),
    ) {
        let policy = Policy { organisation, decisions, text: String::new(), ..Policy::default() };
        for text in &readers {
            checks::reader_file(text.as_bytes());
        }
        let readers = readers.iter().enumerate().map(|(id, text)| reader(id, text));
        let below: Vec<_> = below.iter().map(String::as_str).collect();
        let _ = checks::compiled(&policy, &Catalogue::of(readers), &below);
    }

    #[test]
    fn no_text_in_a_policy_adds_a_key_a_section_or_a_lock(
        text in hostile(),
        decisions in decisions(),
        style in style(),
    ) {
        let plain = Organisation { name: "N".to_owned(), contact: Some("https://a/".to_owned()) };
        let plain = compiled(&parsed(&document(Some(&plain), &decisions, style, "")));
        let contact = Some(format!("https://a/{text}"));
        for organisation in [
            Organisation { name: text.clone(), contact: Some("https://a/".to_owned()) },
            Organisation { name: "N".to_owned(), contact },
        ] {
            let text = document(Some(&organisation), &decisions, style, &text);
            checks::policy(text.as_bytes());
            if let Ok(policy) = policy::parse(Path::new("policy.toml"), text.as_bytes()) {
                let mut compiled = compiled(&policy);
                prop_assert_eq!(&compiled.locks, &plain.locks);
                for key in [ORGANISATION, CONTACT] {
                    compiled.values.insert(key.to_owned(), plain.values[key].clone());
                }
                prop_assert_eq!(&compiled.values, &plain.values);
            }
        }
    }

    #[test]
    fn no_text_in_a_reader_file_adds_a_key_a_section_or_a_lock(text in hostile(), spot in 0..10_usize) {
        let value = text.replace('\0', "").to_variant().print(true);
        // The first half are strings of a value reader, the second half of a list reader.
        let field = |own: usize, plain: &str| quoted(if own == spot { &text } else { plain });
        let content = if spot < 6 {
            format!(
                "name = {}\nchoice = \"online-search\"\n[gsettings]\nschema = {}\npath = {}\nkey = {}\n\
                 on = {}\noff = {}\n",
                field(0, "N"), field(1, "org.example"), field(2, "/a/b/"), field(3, "k"),
                if spot == 4 { quoted(&value) } else { field(5, "'on'") }, quoted("'off'"),
            )
        } else {
            format!(
                "name = \"N\"\nchoice = \"online-search\"\n[gsettings-list]\nschema = \"org.example\"\n\
                 path = \"/a/b/\"\ndisabled = {}\nenabled = {}\ndisable-all = {}\nnames = [{}, \"n\"]\n",
                field(6, "k"), field(7, "l"), field(8, "m"), field(9, "o"),
            )
        };
        checks::reader_file(content.as_bytes());
        if let Ok(Some(reader)) = catalogue::parse(Path::new("a.toml"), content.as_bytes()) {
            let plain = match spot {
                0 | 1 | 4 | 5 => vec!["/a/b/k"],
                9 => vec!["/a/b/k", "/a/b/l", "/a/b/m"],
                _ => return Ok(()),
            };
            prop_assert_eq!(checks::named(&reader), plain);
        }
    }

    #[test]
    fn any_bytes_are_a_policy_or_mistakes_with_places_in_the_file(
        content in prop::collection::vec(any::<u8>(), 0..400)
    ) {
        checks::policy(&content);
        checks::reader_file(&content);
    }

    #[test]
    fn anything_put_into_a_document_leaves_a_policy_or_mistakes_with_places_in_the_file(
        organisation in prop::option::of(organisation()),
        decisions in decisions(),
        style in style(),
        mess in prop_oneof![hostile().prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 1..4)],
        at in any::<Index>(),
        taken in 0..20_usize,
    ) {
        let text = document(organisation.as_ref(), &decisions, style, "");
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        let end = bytes.len().min(at + taken);
        bytes.splice(at..end, mess);
        checks::policy(&bytes);
    }

    #[test]
    fn all_mistakes_in_a_document_of_toml_are_found_at_once(text in mistaken(&[Word, Value])) {
        every_marked_line_is_named(&text);
    }

    #[test]
    fn mistakes_are_found_beside_what_is_no_toml(text in mistaken(&[Word, Broken])) {
        every_marked_line_is_named(&text);
    }
}

#[test]
fn the_document_of_the_mistakes_is_right_without_them() {
    let right: Vec<_> = SPOTS.iter().map(|(right, _)| *right).collect();
    let policy = parsed(&right.join("\n"));
    assert_eq!(policy.decisions.len(), 2);
    assert_eq!(policy.decisions[0].state, State::Off);
}

#[test]
fn depth_length_and_number_break_nothing() {
    let mut contents = Vec::new();
    for depth in [79, 80, 81, 10_000] {
        for (open, close) in [("[", "]"), ("{a = ", "}"), ("[{a = ", "}]")] {
            contents.push(format!("a = {}", open.repeat(depth)));
            contents.push(format!(
                "a = {}1{}",
                open.repeat(depth),
                close.repeat(depth)
            ));
        }
        contents.push("[".repeat(depth));
        contents.push("]".repeat(depth));
        contents.push(format!("{}a = 1", "a.".repeat(depth)));
        contents.push(format!("[{}a]", "a.".repeat(depth)));
        contents.push(format!("[[{}a]]", "a.".repeat(depth)));
    }
    for length in [1_000, 10_000_000] {
        let long = "x".repeat(length);
        contents.push(format!("[organisation]\nname = \"{long}\"\n"));
        contents.push(format!("# {long}\n"));
    }
    let long = "x".repeat(1_000_000);
    contents.extend([
        format!("[organisation]\nname = \"\"\"{long}"),
        format!("[choices.online-search]\nstate = \"{long}\"\n"),
        format!("{long} = 1\n"),
        format!("a = {}\n", "1".repeat(1_000_000)),
        format!("name = \"{long}\"\nchoice = \"online-search\"\n[gsettings]\n"),
    ]);
    for content in contents {
        checks::policy(content.as_bytes());
        checks::reader_file(content.as_bytes());
    }
}

#[test]
fn what_is_not_utf_8_is_a_mistake_where_it_is() {
    for bytes in [
        &b"\xff"[..],
        b"\xc3\x28",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\xe2\x82",
    ] {
        let content = [b"[organisation]\nname = \"\xc3\xa4", bytes, b"\"\n"].concat();
        checks::policy(&content);
        let mistakes = policy::parse(Path::new("policy.toml"), &content).unwrap_err();
        assert_eq!(mistakes.len(), 1);
        assert_eq!(mistakes[0].at, Some((2, 10)));
    }
}

#[test]
fn tables_that_come_twice_are_mistakes_and_never_the_last_one_wins() {
    for content in [
        "[choices.online-search]\nstate = \"off\"\n[choices.online-search]\nstate = \"on\"\n",
        "choices.online-search.state = \"off\"\n[choices.online-search]\nstate = \"on\"\n",
        "choices = { online-search = { state = \"off\" } }\n[choices.online-search]\nstate = \"on\"\n",
        "choices = { online-search.state = \"off\", online-search.state = \"on\" }\n",
        "[[choices.online-search]]\nstate = \"off\"\n[[choices.online-search]]\nstate = \"on\"\n",
        "[[choices]]\nonline-search.state = \"off\"\n",
        "[organisation]\nname = \"a\"\n[organisation]\nname = \"b\"\n",
        "[organisation]\nname = \"a\"\n\"name\" = \"b\"\n",
    ] {
        checks::policy(content.as_bytes());
        assert!(
            policy::parse(Path::new("policy.toml"), content.as_bytes()).is_err(),
            "{content}"
        );
    }
}

// Single cases.

#[test]
fn a_line_that_is_only_a_word_hides_nothing_below_it() {
    every_marked_line_is_named(
        "version # wrong\n[choices.online-search]\nstate = \"of\" # wrong\nloked = true # wrong\n",
    );
}

#[test]
fn a_broken_line_hides_no_value_of_a_wrong_type_on_another() {
    every_marked_line_is_named(
        "[organisation]\nname = 5 # wrong\n[choices.online-search]\nstate = # wrong\nlocked = \"yes\" # wrong\n",
    );
}

#[test]
fn a_file_that_is_nothing_but_mistakes_is_refused_within_seconds() {
    let began = std::time::Instant::now();
    let content = "a\n".repeat(40_000);
    let mistakes = policy::parse(Path::new("policy.toml"), content.as_bytes()).unwrap_err();
    assert!(!mistakes.is_empty());
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}

#[test]
fn a_mistake_in_a_reader_file_says_nothing_to_a_terminal() {
    let content = "\"\\u001b[31m\\u202e\" = 1\n";
    let mistake = catalogue::parse(Path::new("a.toml"), content.as_bytes()).unwrap_err();
    assert!(!mistake.message.contains(is_unprintable), "{mistake:?}");
}

#[test]
fn a_readers_name_is_shown_in_the_order_in_which_it_is_written() {
    let content = include_str!("../data/readers.d/abrt.toml").replace("ABRT", "\u{202e}TRBA");
    assert!(catalogue::parse(Path::new("a.toml"), content.as_bytes()).is_err());
}

#[test]
fn a_reader_that_takes_the_organisations_key_is_refused_or_in_conflict() {
    let content = "name = \"N\"\nchoice = \"online-search\"\n[gsettings]\nschema = \"org.example\"\n\
        path = \"/net/launchpad/PrivacyPanel/policy/\"\nkey = \"organisation-name\"\n\
        on = \"''\"\noff = \"'Evil'\"\n";
    if let Ok(Some(reader)) = catalogue::parse(Path::new("a.toml"), content.as_bytes()) {
        let text = "organisation.name = \"N\"\nchoices.online-search.state = \"off\"\n";
        checks::compiled(&parsed(text), &Catalogue::of([reader]), &[]).unwrap_err();
    }
}

#[test]
fn a_reader_with_one_key_for_what_is_off_and_what_is_on_is_refused() {
    let content = "name = \"N\"\nchoice = \"online-search\"\n[gsettings-list]\nschema = \"a\"\n\
        path = \"/a/\"\ndisabled = \"k\"\nenabled = \"k\"\nnames = [\"n\"]\n";
    assert!(catalogue::parse(Path::new("a.toml"), content.as_bytes()).is_err());
}
