// SPDX-License-Identifier: GPL-3.0-or-later

//! Exit statuses, and all printing. A closed pipe is no error, and foreign text can't control the
//! terminal.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, Write};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::reader::Problem;
use privacy_panel::choices::words;
use privacy_panel::formats::mistake::Mistake;
use privacy_panel::system::i18n::{gettext, gettext_f};
use privacy_panel::system::text;
use serde::Serialize;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Exit statuses, which scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    No = 1,
    BadFile = 2,
    Locked = 3,
    NotSaved = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Prints one or more lines at once. JSON stays unchanged: it has no unprintable characters.
pub(crate) fn line(text: &str) -> io::Result<()> {
    exact(&text::composed(text))
}

/// A value as JSON on one line.
pub(crate) fn json(value: &impl Serialize) -> String {
    // Values of numbers and strings always convert to JSON.
    let json = serde_json::to_string(value)
        .unwrap_or_else(|error| serde_json::json!({ "error": error.to_string() }).to_string());
    escaped(&json)
}

/// Escapes characters that a terminal might obey, such as `\u202e`. They only occur in strings: the
/// rest of JSON is ASCII.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if text::is_printable_anywhere(c) {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string can't fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// Prints text unchanged, for another process of this program.
pub(crate) fn exact(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

/// A writer that keeps its error, to tell a failed write from a failed read.
pub(crate) struct Pipe<'a> {
    pub(crate) out: &'a mut dyn io::Write,
    pub(crate) failure: &'a mut Option<io::Error>,
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes).map_err(|error| {
            let kind = error.kind();
            *self.failure = Some(error);
            kind.into()
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The sentences on standard error.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Prints a sentence to standard error, once.
pub(crate) fn complain(sentence: &str) {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.iter().any(|before| before == sentence) {
        return;
    }
    said.push(sentence.to_owned());
    // If standard error is closed there is no way to report that.
    let _ = writeln!(io::stderr(), "privacyctl: {}", text::composed(sentence));
}

/// Overwrites the current line of the terminal. `end` moves to the next line.
pub(crate) fn write_over(text: &str, end: bool) {
    let end = if end { "\n" } else { "" };
    // If standard error is closed, the user doesn't need progress.
    let _ = write!(io::stderr(), "\r{}{end}", text::composed_line(text));
}

/// Asks on standard error, so that standard output stays for programs. Only a clear yes counts: the
/// end of input is a no, and so is a word that merely begins like yes.
pub(crate) fn confirm(question: &str) -> io::Result<bool> {
    // Translators: the letters that stand for yes and no, in this order; the second is meant by default
    let letters = gettext("y/N");
    let mut terminal = io::stderr().lock();
    write!(terminal, "{} [{letters}] ", text::composed(question))?;
    terminal.flush()?;
    let mut answer = Vec::new();
    io::stdin().lock().read_until(b'\n', &mut answer)?;
    Ok(is_yes(&String::from_utf8_lossy(&answer), &letters))
}

fn is_yes(answer: &str, letters: &str) -> bool {
    let letter = letters.split('/').next().unwrap_or_default().to_lowercase();
    // Translators: in a table, whether a program is on this computer; and the answer to a question
    // in a terminal
    let word = gettext("yes").to_lowercase();
    let answer = answer.trim().to_lowercase();
    !answer.is_empty() && [letter.as_str(), &word, "y", "yes"].contains(&answer.as_str())
}

/// The maximum width of a column. Longer cells push the next ones aside.
const WIDEST_COLUMN: usize = 60;

/// The maximum width of a cell, in columns of the terminal.
const LONGEST_CELL: usize = 1000;

/// Aligns the columns of rows, if the terminal agrees about the width of characters.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let rows: Vec<_> = rows.iter().map(shown).collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].width());
        widths.filter(|width| *width <= WIDEST_COLUMN).max()
    };
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or(0));
    rows.iter()
        .map(|row| {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(widths) {
                line.push_str(cell);
                let missing = width.saturating_sub(cell.width());
                line.extend(std::iter::repeat_n(' ', missing + 2));
            }
            line.trim_end().to_owned()
        })
        .collect()
}

/// The cells of a row, each on one line and of limited length. Cells in right-to-left scripts don't
/// reverse the row.
fn shown<const N: usize>(row: &[String; N]) -> [String; N] {
    let mut row = row.each_ref().map(|cell| cut(&text::composed_line(cell)));
    let (right, left): (Vec<&String>, Vec<&String>) = row
        .iter()
        .filter(|cell| cell.chars().any(char::is_alphanumeric))
        .partition(|cell| text::has_right_to_left(cell));
    if !right.is_empty() && !left.is_empty() {
        for cell in row.iter_mut().filter(|cell| text::has_right_to_left(cell)) {
            *cell = text::set_apart(cell);
        }
    }
    row
}

fn cut(cell: &str) -> String {
    if cell.len() <= LONGEST_CELL || cell.width() <= LONGEST_CELL {
        return cell.to_owned();
    }
    let mut width = 0;
    let fits = |c: &char| {
        width += c.width().unwrap_or(0);
        width < LONGEST_CELL
    };
    let beginning: String = cell.chars().take_while(fits).collect();
    format!("{beginning}…")
}

/// Reports the parts of the catalogue that can't be read, and the consequences.
pub(crate) fn lost(catalogue: &Catalogue) {
    for mistake in catalogue.lost() {
        let problem = Problem::Lost(mistake.clone());
        complain(&format!("{} ({problem})", words::problem(&problem)));
    }
}

/// The exit status of an answer from this catalogue: a failure if a part can't be read.
pub(crate) fn by(catalogue: &Catalogue, answer: Exit) -> Exit {
    if catalogue.lost().is_empty() {
        answer
    } else {
        Exit::NotSaved
    }
}

/// Reports the reader files that were left out.
pub(crate) fn mistakes(mistakes: &[Mistake]) {
    for mistake in mistakes {
        complain(&gettext_f(
            // Translators: a mistake in a file or folder, with its name, the line and the column, and
            // what follows from it
            "{mistake}. It was left out.",
            &[("mistake", &mistake.to_string())],
        ));
    }
}

/// Handles a printing error. A closed pipe means that the reader has seen enough.
pub(crate) fn failed(error: &io::Error) -> Exit {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Exit::Done;
    }
    complain(&format!("{}: {error}", gettext("Cannot print")));
    Exit::NotSaved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clear_yes_is_one() {
        for answer in ["y\n", "Y", " yes \n", "YES"] {
            assert!(is_yes(answer, "y/N"), "{answer:?}");
        }
        for answer in ["", "\n", "n", "yikes", "ye", "yes no", "j", "/", "y/N"] {
            assert!(!is_yes(answer, "y/N"), "{answer:?}");
        }
        assert!(is_yes("j\n", "j/N"));
        assert!(is_yes("כ", "כ/L"));
        assert!(!is_yes("", ""));
    }

    fn row(cells: [&str; 3]) -> [String; 3] {
        cells.map(str::to_owned)
    }

    #[test]
    fn columns_begin_below_each_other_in_columns_of_the_terminal() {
        let rows = [
            row(["a", "bb", "c"]),
            row(["中文", "", "d"]),
            row(["e\u{301}", "b", ""]),
        ];
        assert_eq!(
            columns(&rows),
            ["a     bb  c", "中文      d", "e\u{301}     b"]
        );
    }

    #[test]
    fn a_cell_of_any_length_is_cut_and_does_not_push_other_rows_aside() {
        let long = "x".repeat(70_000);
        let rows = [row([&long, &long, &long]), row(["a", "b", "c"])];
        let lines = columns(&rows);
        let cell = format!("{}…", "x".repeat(LONGEST_CELL - 1));
        assert_eq!(lines[0], [cell.as_str(); 3].join("  "));
        assert_eq!(lines[1], "a  b  c");
        // Wide, and of no width at all.
        for c in ["中", "\u{301}"] {
            let lines = columns(&[row([&c.repeat(70_000), "b", "c"])]);
            assert!(lines[0].chars().count() < 70_100);
        }
    }

    #[test]
    fn a_cell_stays_on_its_line_and_in_its_direction() {
        let rows = [row(["a\nb\u{1b}[2J", "שלום", "5 entries"])];
        assert_eq!(
            columns(&rows),
            ["a\\nb\\u{1b}[2J  \u{2068}שלום\u{2069}  5 entries"]
        );
        assert_eq!(columns(&[row(["שלום", "כבוי", ""])]), ["שלום  כבוי"]);
    }

    #[test]
    fn what_a_terminal_might_obey_is_escaped_and_stays_the_same_data() {
        let hostile = "a\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{2068}\u{200d}\u{fe0f}\u{e0041}\n\"ä中😀";
        let json = json(&hostile);
        assert_eq!(json, text::composed_line(&json));
        assert!(
            json.contains("\\u202e") && json.contains("\\udb40\\udc41") && json.contains("ä中😀")
        );
        let read: String = serde_json::from_str(&json).unwrap();
        assert_eq!(read, hostile);
    }
}
