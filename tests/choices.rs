// SPDX-License-Identifier: GPL-3.0-or-later

//! A choice is an entry in `src/choices/choice.rs`. What other files say of it is generated: the
//! schema, the desktop file, the completions, the manual pages, and the questions of Debian's
//! installer, and tables in `docs`. Only its page of the help is written by hand.
//!
//! The test fails if a file differs from what is generated. With `PRIVACY_PANEL_UPDATE` set, it writes
//! the files.

#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use privacy_panel::choices::choice::{ALL, Act, Choice};

/// Lines of a file that follow from the choices.
struct Generated {
    file: &'static str,
    place: Place,
    lines: fn(&[&Choice]) -> String,
}

/// Where the lines are.
enum Place {
    /// The one line that has this text.
    Line(&'static str),
    /// The lines between the first one that has this text and the next that begins with the other,
    /// or the end of the file.
    Between(&'static str, Option<&'static str>),
}

use Place::{Between, Line};

const GENERATED: &[Generated] = &[
    Generated {
        file: "data/net.launchpad.PrivacyPanel.gschema.xml",
        place: Between(
            "<schema id=\"net.launchpad.PrivacyPanel\" ",
            Some("  </schema>"),
        ),
        lines: schema_keys,
    },
    Generated {
        file: "data/net.launchpad.PrivacyPanel.desktop.in",
        place: Line("Actions="),
        lines: |choices| format!("Actions=turn-everything-off;{};\n", ids(choices, ";")),
    },
    Generated {
        file: "data/net.launchpad.PrivacyPanel.desktop.in",
        place: Between("Exec=privacy-panel --turn-everything-off", None),
        lines: desktop_actions,
    },
    Generated {
        file: "data/completions/privacy-panel.bash",
        place: Line("local choices="),
        lines: |choices| format!("    local choices='{}'\n", ids(choices, " ")),
    },
    Generated {
        file: "data/completions/privacy-panel.fish",
        place: Line("-l choice"),
        lines: |choices| {
            format!(
                "complete -c privacy-panel -s c -l choice -x -a '{}' -d 'Show this choice'\n",
                ids(choices, " ")
            )
        },
    },
    Generated {
        file: "data/completions/_privacy-panel",
        place: Line("--choice="),
        lines: |choices| {
            format!(
                "    '(-c --choice)'{{-c+,--choice=}}'[show this choice]:choice:({})' \\\n",
                ids(choices, " ")
            )
        },
    },
    Generated {
        file: "man/privacyctl.1",
        place: Between(".Bl -tag -width activity-history", Some(".El")),
        lines: |choices| {
            each(choices, |choice| {
                format!(".It Cm {}\n{}\n", roff(choice.id), choice.decides)
            })
        },
    },
    Generated {
        file: "man/privacy-panel.1",
        place: Between("is one of", Some(".It")),
        lines: |choices| in_a_row(choices, |id| format!(".Cm {id}")),
    },
    Generated {
        file: "man/privacy-panel-policy.5",
        place: Between("is one of", Some("The policy")),
        lines: |choices| in_a_row(choices, |id| format!(".Cm {id}")),
    },
    Generated {
        file: "man/privacy-panel-readers.5",
        place: Between("program obeys, one of", Some("A program")),
        lines: |choices| in_a_row(choices, |id| format!(".Ql \\&\"{id}\\&\"")),
    },
    Generated {
        file: "docs/administrators.md",
        place: Line("| `choices.ID.state` |"),
        lines: |choices| {
            format!(
                "| `choices.ID.state` | `\"on\"` or `\"off\"`. The IDs are {}. The policy does not \
                 decide a choice that is not in the file. |\n",
                quoted(choices, "", "and")
            )
        },
    },
    Generated {
        file: "docs/administrators.md",
        place: Line("unknown choice “error-report”"),
        lines: |choices| {
            format!(
                "privacyctl: policy.toml:1:10: unknown choice “error-report”; expected one of: {}. \
                 Did you mean “error-reports”?\n",
                ids(choices, ", ")
            )
        },
    },
    Generated {
        file: "docs/readers.md",
        place: Line("| `choice` | The choice that"),
        lines: |choices| {
            format!(
                "| `choice` | The choice that the program obeys: {}. A program that obeys two \
                 choices has two files. |\n",
                quoted(choices, "\"", "or")
            )
        },
    },
    Generated {
        file: "docs/following-a-choice.md",
        place: Between("| --- |", Some("\n")),
        lines: |choices| {
            each(choices, |choice| {
                format!("| `{}` | {} |\n", choice.id, choice.decides)
            })
        },
    },
    Generated {
        file: "debian/privacyctl.templates",
        place: Between("# The questions", None),
        lines: questions,
    },
];

fn ids(choices: &[&Choice], between: &str) -> String {
    let ids: Vec<_> = choices.iter().map(|choice| choice.id).collect();
    ids.join(between)
}

fn each(choices: &[&Choice], lines: impl Fn(&Choice) -> String) -> String {
    choices.iter().map(|choice| lines(choice)).collect()
}

/// The IDs in a sentence of Markdown, with quotation marks around each.
fn quoted(choices: &[&Choice], mark: &str, word: &str) -> String {
    let ids: Vec<_> = choices
        .iter()
        .map(|choice| format!("`{mark}{}{mark}`", choice.id))
        .collect();
    let (last, others) = ids.split_last().unwrap();
    format!("{} {word} {last}", others.join(", "))
}

/// A name in a manual page: roff prints a bare hyphen as another character.
fn roff(name: &str) -> String {
    name.replace('-', "\\-")
}

/// A sentence of a manual page that ends with the IDs, one on a line, each in the macro for it.
fn in_a_row(choices: &[&Choice], marked: impl Fn(&str) -> String) -> String {
    let last = choices.len() - 1;
    let ends = (0..choices.len()).map(|number| if number == last { "." } else { "," });
    let lines = choices.iter().zip(ends);
    lines.fold(String::new(), |mut text, (choice, end)| {
        let _ = writeln!(text, "{} {end}", marked(&roff(choice.id)));
        text
    })
}

fn schema_keys(choices: &[&Choice]) -> String {
    each(choices, |choice| {
        let does = match choice.act {
            Act::Send => "sends",
            Act::Record => "records",
        };
        format!(
            "    <key name=\"{}\" type=\"b\">\n      <default>false</default>\n      \
             <summary>{}</summary>\n      <description>{} A program that has no setting of its own \
             for this reads this key, and {does} nothing while it is false.</description>\n    \
             </key>\n",
            choice.id,
            choice.english_title(),
            choice.decides,
        )
    })
}

fn desktop_actions(choices: &[&Choice]) -> String {
    each(choices, |choice| {
        format!(
            "\n[Desktop Action {id}]\n# Translators: in the menu of the panel's icon: opens the \
             panel at this choice\nName={title}\nExec=privacy-panel --choice={id}\n",
            id = choice.id,
            title = choice.english_title(),
        )
    })
}

fn questions(choices: &[&Choice]) -> String {
    each(choices, |choice| {
        format!(
            "\nTemplate: privacyctl/{}\nType: select\n\
             Choices-C: leave-alone, on, off, on-locked, off-locked\n\
             __Choices: Left to people, On until people decide otherwise, Off until people decide \
             otherwise, On for everybody, Off for everybody\nDefault: leave-alone\n\
             _Description: {}:\n While this is on:\n .\n{} .\n{}",
            choice.id,
            choice.english_title(),
            paragraph(choice.english_description()),
            paragraph(
                "People cannot change what is decided for everybody. The answers become the policy \
                 /etc/privacy-panel/policy.toml, unless there is one already that somebody else \
                 wrote or edited."
            ),
        )
    })
}

/// A paragraph of a debconf template: lines of at most 75 characters, each after a space. po-debconf
/// takes English texts in ASCII only.
fn paragraph(text: &str) -> String {
    let text = text.replace('’', "'");
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().unwrap();
        if line.chars().count() + word.chars().count() > 74 {
            lines.push(String::new());
        }
        let line = lines.last_mut().unwrap();
        line.push(' ');
        line.push_str(word);
    }
    lines.join("\n") + "\n"
}

/// The text with the generated lines in their place.
fn generate(text: &str, part: &Generated, choices: &[&Choice]) -> String {
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let at = |mark: &str| {
        let found = lines.iter().position(|line| line.contains(mark));
        found.unwrap_or_else(|| panic!("{} has no line with “{mark}”", part.file))
    };
    let (start, end) = match part.place {
        Line(mark) => (at(mark), at(mark) + 1),
        Between(mark, end) => {
            let start = at(mark) + 1;
            let rest = &lines[start..];
            let length = end.map_or(rest.len(), |end| {
                rest.iter().position(|line| line.starts_with(end)).unwrap()
            });
            (start, start + length)
        }
    };
    lines[..start].concat() + &(part.lines)(choices) + &lines[end..].concat()
}

/// A release has no `debian` folder: the packaging is Debian's.
fn is_here(source: &Path, part: &Generated) -> bool {
    !part.file.starts_with("debian/") || source.join("debian").is_dir()
}

/// The files that differ from what is generated. `write`: they are written.
fn outdated(source: &Path, choices: &[&Choice], write: bool) -> Vec<&'static str> {
    let mut files = Vec::new();
    for part in GENERATED.iter().filter(|part| is_here(source, part)) {
        let file = source.join(part.file);
        let text = fs::read_to_string(&file).unwrap();
        let new = generate(&text, part, choices);
        if new != text {
            files.push(part.file);
            if write {
                fs::write(&file, new).unwrap();
            }
        }
    }
    files
}

#[test]
fn what_files_say_of_the_choices_is_what_the_choices_say() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let choices: Vec<_> = ALL.iter().collect();
    let update = std::env::var_os("PRIVACY_PANEL_UPDATE").is_some();
    let files = outdated(source, &choices, update);
    assert!(
        update || files.is_empty(),
        "{files:?} differ from src/choices/choice.rs; run \
         PRIVACY_PANEL_UPDATE=1 cargo test --no-default-features --test choices"
    );
}

#[test]
fn a_file_that_lacks_a_choice_is_outdated() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let choices: Vec<_> = ALL.iter().collect();
    let all: Vec<_> = GENERATED
        .iter()
        .filter(|part| is_here(source, part))
        .map(|part| part.file)
        .collect();
    assert_eq!(outdated(source, &choices[1..], false), all);
}

#[test]
fn each_choice_has_a_page_in_the_help() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    for choice in ALL {
        let page = format!("help/C/{}.page", choice.id);
        let start = format!(
            "<page xmlns=\"http://projectmallard.org/1.0/\" type=\"topic\" id=\"{}\">",
            choice.id
        );
        let text = fs::read_to_string(source.join(&page)).unwrap_or_default();
        assert!(text.contains(&start), "{page} lacks “{start}”");
    }
}
