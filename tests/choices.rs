// SPDX-License-Identifier: GPL-3.0-or-later

//! A choice is an entry in `src/choices/choice.rs` and a line in each of the files below. If one is
//! missing, the test names the file, the line number, and the line to add.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use privacy_panel::choices::choice;

/// A file that names every choice.
struct Mention {
    file: &'static str,
    /// What the file must have for a choice.
    wanted: fn(&str) -> Wanted,
}

enum Wanted {
    /// This line, without its indentation.
    Line(String),
    /// This word, in a line with this beginning.
    Word(&'static str, String),
}

use Wanted::{Line, Word};

const MENTIONS: &[Mention] = &[
    Mention {
        file: "data/net.launchpad.PrivacyPanel.gschema.xml",
        wanted: |id| Line(format!("<key name=\"{id}\" type=\"b\">")),
    },
    Mention {
        file: "data/net.launchpad.PrivacyPanel.desktop.in",
        wanted: |id| Word("Actions=", id.to_owned()),
    },
    Mention {
        file: "data/net.launchpad.PrivacyPanel.desktop.in",
        wanted: |id| Line(format!("[Desktop Action {id}]")),
    },
    Mention {
        file: "data/net.launchpad.PrivacyPanel.desktop.in",
        wanted: |id| Line(format!("Exec=privacy-panel --choice={id}")),
    },
    Mention {
        file: "data/completions/privacy-panel.bash",
        wanted: |id| Word("local choices=", id.to_owned()),
    },
    Mention {
        file: "data/completions/privacy-panel.fish",
        wanted: |id| Word("complete -c privacy-panel -s c -l choice", id.to_owned()),
    },
    Mention {
        file: "data/completions/_privacy-panel",
        wanted: |id| Word("'(-c --choice)'", id.to_owned()),
    },
    Mention {
        file: "man/privacyctl.1",
        wanted: |id| Line(format!(".It Cm {}", id.replace('-', "\\-"))),
    },
    Mention {
        file: "man/privacy-panel.1",
        wanted: |id| Word(".Cm ", id.replace('-', "\\-")),
    },
    Mention {
        file: "debian/privacyctl.templates",
        wanted: |id| Line(format!("Template: privacyctl/{id}")),
    },
];

/// The files of this tree. A release has no `debian` folder: the packaging is Debian's.
fn mentions(source: &Path) -> impl Iterator<Item = &'static Mention> {
    let is_packaged = source.join("debian").is_dir();
    let in_tree = move |mention: &&Mention| is_packaged || !mention.file.starts_with("debian/");
    MENTIONS.iter().filter(in_tree)
}

/// Every line that is missing for a choice, with the file where it belongs.
fn missing(source: &Path, id: &str) -> Vec<String> {
    let mut missing = Vec::new();
    for mention in mentions(source) {
        let text = fs::read_to_string(source.join(mention.file)).unwrap();
        let lines = || text.lines().map(str::trim).enumerate();
        match (mention.wanted)(id) {
            Line(line) if lines().any(|(_, other)| other == line) => {}
            Line(line) => {
                let is_of_another = |other: &str| {
                    choice::ALL.iter().any(
                        |choice| matches!((mention.wanted)(choice.id), Line(line) if line == other),
                    )
                };
                let last = lines().filter(|(_, other)| is_of_another(other)).last();
                let number = last.map_or(1, |(number, _)| number + 1);
                missing.push(format!(
                    "{}:{number}: add, like this line, “{line}”",
                    mention.file
                ));
            }
            Word(start, word) => {
                let has_word = |line: &str| {
                    let in_word = |c: char| c.is_alphanumeric() || c == '-' || c == '\\';
                    line.split(|c| !in_word(c)).any(|other| other == word)
                };
                let named: Vec<_> = lines()
                    .filter(|(_, line)| line.starts_with(start))
                    .collect();
                if !named.iter().any(|(_, line)| has_word(line)) {
                    let number = named.last().map_or(1, |(number, _)| number + 1);
                    missing.push(format!(
                        "{}:{number}: add “{word}” to “{start}…”",
                        mention.file
                    ));
                }
            }
        }
    }
    let page = format!("help/C/{id}.page");
    let start =
        format!("<page xmlns=\"http://projectmallard.org/1.0/\" type=\"topic\" id=\"{id}\">");
    if !fs::read_to_string(source.join(&page)).is_ok_and(|text| text.contains(&start)) {
        missing.push(format!("{page}: add the page, with the line “{start}”"));
    }
    missing
}

#[test]
fn every_file_that_names_the_choices_names_each() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let missing: Vec<_> = choice::ALL
        .iter()
        .flat_map(|choice| missing(source, choice.id))
        .collect();
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn a_choice_that_no_file_names_is_missing_in_each_by_file_and_line() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    // A part of an existing name, which doesn't count.
    let missing = missing(source, "search");
    assert_eq!(
        missing.len(),
        mentions(source).count() + 1,
        "\n{}",
        missing.join("\n")
    );
    let last_line = |file: &str, start: &str, end: &str| {
        let text = fs::read_to_string(source.join(file)).unwrap();
        let lines: Vec<_> = text.lines().map(str::trim).collect();
        let last = lines
            .iter()
            .rposition(|line| line.starts_with(start) && line.ends_with(end));
        last.unwrap() + 1
    };
    let (schema, desktop) = (MENTIONS[0].file, MENTIONS[1].file);
    let key = last_line(schema, "<key name=", "type=\"b\">");
    let actions = last_line(desktop, "Actions=", ";");
    assert_eq!(
        missing[..2],
        [
            format!("{schema}:{key}: add, like this line, “<key name=\"search\" type=\"b\">”"),
            format!("{desktop}:{actions}: add “search” to “Actions=…”"),
        ]
    );
}
