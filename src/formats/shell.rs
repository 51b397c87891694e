// SPDX-License-Identifier: GPL-3.0-or-later

//! Shell variables in a file that a script reads with the `.` command, such as
//! `/etc/popularity-contest.conf`. The last assignment decides.
//!
//! A shell executes such a file, so any command in it may change a variable. Only a file of plain
//! assignments can be understood. The variables of any other file are unknown, and it is never
//! written.

use std::ops::Range;

use crate::formats::bytes::utf8;
use crate::formats::format::{Format, Found, Look, Scalar};
use crate::formats::mistake::At;

/// Shell variables.
#[derive(Debug)]
pub(super) struct Shell;

impl Format for Shell {
    fn check(&self, key: &[String]) -> Result<(), &'static str> {
        match key {
            [name] if is_name(name) => Ok(()),
            _ => Err("the name of a variable, as one text"),
        }
    }

    fn look(&self, text: &[u8], key: &[String], like: &Scalar) -> Result<Look, At> {
        let mut own = assignments(utf8(text)?)?.into_iter();
        let last = own.rfind(|other| other.name == key[0]);
        let found = last.map_or(Found::Nothing, |last| {
            // Scripts compare strings, such as “1” or “no”.
            let value = match like {
                Scalar::Text(_) => Some(Scalar::Text(last.value)),
                Scalar::Integer(_) => last.value.parse().ok().map(Scalar::Integer),
                Scalar::Boolean(_) => last.value.parse().ok().map(Scalar::Boolean),
            };
            value.map_or(Found::Other, Found::Value)
        });
        Ok(found.into())
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        edited(utf8(text)?, &key[0], value).map(String::into_bytes)
    }
}

/// An assignment of a fixed string to a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Assignment {
    name: String,
    value: String,
    /// The value's place in the text, with its quotes, in bytes.
    value_at: Range<usize>,
    /// The place of the line, with its end.
    line: Range<usize>,
}

/// Whether a character has no special meaning for a shell in a word without quotes. POSIX, Shell
/// Command Language, 2.2, lists those that have one.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "_-+./:,@%=^".contains(c)
}

fn is_name(name: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    name.starts_with(is_letter) && name.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

/// All assignments in order.
fn assignments(text: &str) -> Result<Vec<Assignment>, At> {
    let mut assignments = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let begin = start + (line.len() - line.trim_start_matches([' ', '\t']).len());
        let end = start + line.len();
        let content = text[begin..end].trim_end_matches('\n');
        if !content.is_empty() && !content.starts_with('#') {
            let (name, value, value_at) = assignment(content, begin)?;
            assignments.push(Assignment {
                name,
                value,
                value_at,
                line: start..end,
            });
        }
        start = end;
    }
    Ok(assignments)
}

/// Reads `NAME=value`, with an optional comment after it.
fn assignment(line: &str, offset: usize) -> Result<(String, String, Range<usize>), At> {
    let wrong = |at: usize| {
        let expected = "expected an assignment of a fixed text, such as NAME=\"text\"";
        At(Some(offset + at), expected.to_owned())
    };
    let (name, rest) = line.split_once('=').ok_or_else(|| wrong(0))?;
    // An exported variable is the same for the script.
    let bare = name.strip_prefix("export ").map_or(name, str::trim_start);
    if !is_name(bare) {
        return Err(wrong(0));
    }
    let at = name.len() + 1;
    let (value, length) = if let Some(quote @ ('"' | '\'')) = rest.chars().next() {
        let end = rest[1..].find(quote).ok_or_else(|| wrong(at))? + 1;
        let value = &rest[1..end];
        if quote == '"' && value.contains(['$', '`', '\\']) {
            return Err(wrong(at));
        }
        (value, end + 1)
    } else {
        let length = rest.find(|c| !is_plain(c)).unwrap_or(rest.len());
        (&rest[..length], length)
    };
    let after = &rest[length..];
    let blank = after.trim_start_matches([' ', '\t']);
    if !blank.is_empty() && (blank.len() == after.len() || !blank.starts_with('#')) {
        return Err(wrong(at + length));
    }
    let value_at = offset + at..offset + at + length;
    Ok((bare.to_owned(), value.to_owned(), value_at))
}

/// The text with the variable set, or with all its assignments removed. Every other byte stays.
fn edited(text: &str, name: &str, value: Option<&Scalar>) -> Result<String, At> {
    let own = assignments(text)?.into_iter();
    let own: Vec<_> = own.filter(|other| other.name == name).collect();
    let mut new = text.to_owned();
    match (value, own.last()) {
        (Some(value), Some(last)) => {
            new.replace_range(last.value_at.clone(), &quoted(&words(value))?);
        }
        (Some(value), None) => {
            let assignment = format!("{name}={}", quoted(&words(value))?);
            if text.is_empty() || text.ends_with('\n') {
                new.push_str(&assignment);
                new.push('\n');
            } else {
                new.push('\n');
                new.push_str(&assignment);
            }
        }
        (None, _) => {
            for assignment in own.iter().rev() {
                new.replace_range(assignment.line.clone(), "");
                if !text[assignment.line.clone()].ends_with('\n') && new.ends_with('\n') {
                    // The last line had no end, so the line before it gets none.
                    new.pop();
                }
            }
        }
    }
    Ok(new)
}

fn words(value: &Scalar) -> String {
    match value {
        Scalar::Text(text) => text.clone(),
        Scalar::Boolean(on) => on.to_string(),
        Scalar::Integer(number) => number.to_string(),
    }
}

/// The value for a shell, between quotes.
fn quoted(value: &str) -> Result<String, At> {
    if !value.contains(['"', '$', '`', '\\', '\n']) {
        Ok(format!("\"{value}\""))
    } else if !value.contains(['\'', '\n']) {
        Ok(format!("'{value}'"))
    } else {
        Err(At(
            None,
            "a shell can't have this value between quotes on one line".to_owned(),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<Found, At> {
        let like = Scalar::Text(String::new());
        let look = Shell.look(text.as_bytes(), &["A".to_owned()], &like);
        look.map(|look| look.found)
    }

    #[test]
    fn the_last_assignment_decides_whatever_its_quotes() {
        let text = |value: &str| Found::Value(Scalar::Text(value.to_owned()));
        for (file, found) in [
            ("A=no\nA=\"yes\" # comment\n", text("yes")),
            ("A='no'", text("no")),
            ("  export A=1\n# A=2\n", text("1")),
            ("A=\n", text("")),
            ("B=1\n", Found::Nothing),
        ] {
            assert_eq!(value(file).unwrap(), found, "{file}");
        }
    }

    #[test]
    fn a_file_with_a_command_has_no_known_meaning_and_is_not_written() {
        for file in [
            "A=\"$HOME\"\n",
            "A=`id`\n",
            "A=1; A=2\n",
            "A=1 B=2\n",
            "A=a\\\nb\n",
            "if true; then A=1; fi\n",
            ". /etc/other\n",
            "A=1#2 3\n",
            "A=\"no\n",
        ] {
            assert!(value(file).is_err(), "{file}");
            let new = Shell.edit(file.as_bytes(), &["A".to_owned()], None);
            assert!(new.is_err(), "{file}");
        }
    }

    #[test]
    fn one_assignment_changes_and_all_else_stays() {
        let new = edited(
            "# popcon\nA=\"no\"   # once\nB='x'\n",
            "A",
            Some(&Scalar::Text("yes".into())),
        );
        assert_eq!(new.unwrap(), "# popcon\nA=\"yes\"   # once\nB='x'\n");
    }
}
