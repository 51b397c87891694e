// SPDX-License-Identifier: GPL-3.0-or-later

//! Environment variables in a file of environment.d(5).
//!
//! Source: systemd, src/basic/env-file.c, `parse_env_file_internal()`: the last assignment counts,
//! quotes and backslashes may continue a value on the next line, and a backslash at the end of a
//! comment continues the comment. `merge_env_file_push()` then expands `$`. So a file with the
//! variable's name must consist of plain lines.

use std::ops::Range;

use crate::formats::bytes::utf8;
use crate::formats::format::{Format, Found, Look, Scalar};
use crate::formats::ini;
use crate::formats::mistake::At;

/// A file of environment.d.
#[derive(Debug)]
pub(crate) struct Environment;

impl Format for Environment {
    fn check(&self, key: &[String]) -> Result<(), &'static str> {
        let is_letter = |c: char| c.is_ascii_uppercase() || c == '_';
        match key {
            [name]
                if name.starts_with(is_letter)
                    && name.chars().all(|c| is_letter(c) || c.is_ascii_digit()) =>
            {
                Ok(())
            }
            _ => Err("the name of a variable, in capital letters"),
        }
    }

    fn look(&self, text: &[u8], key: &[String], _: &Scalar) -> Result<Look, At> {
        let text = utf8(text)?;
        let found = assignments(text, &key[0])?.pop();
        let found = found.map_or(Found::Nothing, |found| {
            Found::Value(Scalar::Text(unquoted(&text[found.value]).to_owned()))
        });
        Ok(found.into())
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        let text = utf8(text)?;
        let name = &key[0];
        let mut found = assignments(text, name)?;
        let Some(value) = value else {
            let mut new = text.to_owned();
            for assignment in found.iter().rev() {
                new.replace_range(assignment.line.clone(), "");
            }
            return Ok(new.into_bytes());
        };
        let Scalar::Text(value) = value else {
            return Err(At(None, "no text; expected one".to_owned()));
        };
        if !is_plain(value) {
            let message = "a value with blanks or quotes; expected a word";
            return Err(At(None, message.to_owned()));
        }
        let mut new = text.to_owned();
        if let Some(last) = found.pop() {
            new.replace_range(last.value, value);
        } else {
            let line_end = if text.is_empty() || text.ends_with('\n') {
                ""
            } else {
                "\n"
            };
            new = format!("{text}{line_end}{name}={value}\n");
        }
        // A file with the variable's name must consist of plain lines.
        assignments(&new, name)?;
        Ok(new.into_bytes())
    }
}

/// An assignment to the variable.
struct Assignment {
    /// With its line end.
    line: Range<usize>,
    /// With its quotes.
    value: Range<usize>,
}

/// The assignments to a variable, in order.
fn assignments(text: &str, name: &str) -> Result<Vec<Assignment>, At> {
    let mut found = Vec::new();
    if !text.contains(name) {
        return Ok(found);
    }
    for line in ini::lines(text.as_bytes()) {
        let content = &text[line.content()];
        let start = line.place.start;
        let wrong = |expected: &str| Err(At(Some(start), format!("expected {expected}")));
        if content.contains(['\r', '\0']) {
            return wrong("lines that end with a line feed");
        }
        let trimmed = content.trim_matches(is_blank);
        if trimmed.starts_with(['#', ';']) {
            if trimmed.contains('\\') {
                return wrong("a comment without a backslash");
            }
            continue;
        }
        // systemd skips a line without an equals sign.
        let Some((key, value)) = content.split_once('=') else {
            continue;
        };
        let value = value.trim_matches(is_blank);
        if !is_plain(unquoted(value)) && !is_text(unquoted(value)) {
            return wrong("a value without backslashes, dollar signs and quotes inside");
        }
        if key.trim_matches(is_blank) == name {
            let equals = start + key.len() + 1;
            let blanks = text[equals..].len() - text[equals..].trim_start_matches(is_blank).len();
            let begin = (equals + blanks).min(line.end);
            found.push(Assignment {
                line: line.place.clone(),
                value: begin..begin + value.len(),
            });
        }
    }
    Ok(found)
}

const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

fn is_plain(value: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "_-+./:,@%".contains(c);
    value.chars().all(is_word)
}

/// Whether systemd reads the text unchanged.
fn is_text(value: &str) -> bool {
    !value.contains(['\\', '$', '\'', '"'])
}

/// The value without surrounding quotes.
fn unquoted(value: &str) -> &str {
    let inner = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "EXAMPLE_TELEMETRY";

    fn key() -> Vec<String> {
        vec![NAME.to_owned()]
    }

    fn found(text: &str) -> Result<Found, String> {
        let look = Environment.look(text.as_bytes(), &key(), &Scalar::Boolean(true));
        look.map(|look| look.found).map_err(|at| at.1)
    }

    fn set(text: &str, value: Option<&str>) -> Result<String, String> {
        let value = value.map(|value| Scalar::Text(value.to_owned()));
        let new = Environment.edit(text.as_bytes(), &key(), value.as_ref());
        new.map(|new| String::from_utf8(new).unwrap())
            .map_err(|at| at.1)
    }

    #[test]
    fn the_last_assignment_counts_as_systemd_reads_it() {
        for (text, value) in [
            ("EXAMPLE_TELEMETRY=1", "1"),
            (" EXAMPLE_TELEMETRY = 1 \n", "1"),
            ("EXAMPLE_TELEMETRY=0\nEXAMPLE_TELEMETRY='1'\r\n", "1"),
            ("EXAMPLE_TELEMETRY=\"no way\"\n", "no way"),
            ("EXAMPLE_TELEMETRY=no # way\n", "no # way"),
            ("EXAMPLE_TELEMETRY=\n# EXAMPLE_TELEMETRY=1\n", ""),
        ] {
            let expected = Found::Value(Scalar::Text(value.to_owned()));
            assert_eq!(found(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "#EXAMPLE_TELEMETRY=1\n",
            "; EXAMPLE_TELEMETRY=1\n",
            "export EXAMPLE_TELEMETRY=1\n",
            "EXAMPLE_TELEMETRY2=1\nNO_EXAMPLE_TELEMETRY=1\n",
            "EXAMPLE_TELEMETRY\n",
            "OTHER='\n\\$",
        ] {
            assert_eq!(found(text), Ok(Found::Nothing), "{text}");
        }
    }

    #[test]
    fn a_file_in_which_another_line_may_take_the_variable_in_is_not_understood() {
        for text in [
            "A='\nEXAMPLE_TELEMETRY=1\n'\n",
            "A=1\\\nEXAMPLE_TELEMETRY=1\n",
            "# a \\\nEXAMPLE_TELEMETRY=1\n",
            "EXAMPLE_TELEMETRY=$A\n",
            "EXAMPLE_TELEMETRY='a'b\n",
            "EXAMPLE_TELEMETRY=\"1\n",
            "A=1\rEXAMPLE_TELEMETRY=1\n",
        ] {
            assert!(found(text).is_err(), "{text}");
            assert!(set(text, Some("1")).is_err(), "{text}");
        }
    }

    #[test]
    fn one_line_changes_and_goes_again() {
        for text in ["", "# mine\nOTHER=\"a b\"\n", "OTHER=1\r\n"] {
            let new = set(text, Some("1")).unwrap();
            assert_eq!(new, format!("{text}EXAMPLE_TELEMETRY=1\n"));
            let changed = set(&new, Some("")).unwrap();
            assert_eq!(changed, format!("{text}EXAMPLE_TELEMETRY=\n"));
            assert_eq!(set(&changed, Some("1")).unwrap(), new);
            assert_eq!(set(&new, None).unwrap(), text);
        }
        assert_eq!(
            set("EXAMPLE_TELEMETRY='0' \nA=1", Some("1")).unwrap(),
            "EXAMPLE_TELEMETRY=1 \nA=1"
        );
        assert!(set("", Some("a b")).is_err());
        assert!(set("A=\n", None).is_ok() && set("A='", Some("1")).is_err());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            failure_persistence: None,
            ..Default::default()
        })]

        #[test]
        fn what_is_written_is_read(text in "(A|EXAMPLE_TELEMETRY|=|1|'|\"|\\\\|#| |\n|\r\n|\\$|é){0,12}") {
            if let Ok(new) = set(&text, Some("off")) {
                let expected = Found::Value(Scalar::Text("off".to_owned()));
                proptest::prop_assert_eq!(found(&new), Ok(expected));
                let removed = set(&new, None).unwrap();
                proptest::prop_assert_eq!(found(&removed), Ok(Found::Nothing));
            }
        }
    }
}
