// SPDX-License-Identifier: GPL-3.0-or-later

//! A choice is an entry in `src/choices/choice.rs` and a line in each of the files below. These tests
//! name the file and the line to add.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use privacy_panel::choices::choice;

/// A file that names every choice.
struct Mention {
    file: &'static str,
    /// What has to be there for a choice.
    wanted: fn(&str) -> Wanted,
}

enum Wanted {
    /// This line.
    Line(String),
    /// This word in a line that begins like this, but for spaces.
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

/// Every line that is missing for a choice, with the file where it belongs.
fn missing(source: &Path, id: &str) -> Vec<String> {
    let mut missing = Vec::new();
    for mention in MENTIONS {
        let text = fs::read_to_string(source.join(mention.file)).unwrap();
        let lines = || text.lines().map(str::trim).enumerate();
        match (mention.wanted)(id) {
            Line(line) if lines().any(|(_, other)| other == line) => {}
            Line(line) => missing.push(format!("{}: add the line “{line}”", mention.file)),
            Word(start, word) => {
                let has_word = |line: &str| {
                    let in_word = |c: char| c.is_alphanumeric() || c == '-' || c == '\\';
                    line.split(|c| !in_word(c)).any(|other| other == word)
                };
                let named: Vec<_> = lines()
                    .filter(|(_, line)| line.starts_with(start))
                    .collect();
                if !named.iter().any(|(_, line)| has_word(line)) {
                    // The place of the last that there is.
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
    // Part of a name that is there, to be told from it.
    let missing = missing(source, "search");
    assert_eq!(
        missing.len(),
        MENTIONS.len() + 1,
        "\n{}",
        missing.join("\n")
    );
    assert_eq!(
        missing[0],
        "data/net.launchpad.PrivacyPanel.gschema.xml: add the line “<key name=\"search\" type=\"b\">”"
    );
    let desktop = fs::read_to_string(source.join(MENTIONS[1].file)).unwrap();
    let at = desktop
        .lines()
        .position(|line| line.starts_with("Actions="));
    let line = at.unwrap() + 1;
    assert_eq!(
        missing[1],
        format!("{}:{line}: add “search” to “Actions=…”", MENTIONS[1].file)
    );
}
