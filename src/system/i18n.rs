// SPDX-License-Identifier: GPL-3.0-or-later

//! Translation with the C library's gettext.
//!
//! Placeholders in sentences are `{names}` rather than positions, so that translators can move
//! them.

pub(crate) mod locale;

use std::ffi::{CStr, c_ulong};
use std::path::PathBuf;
use std::sync::Once;

use crate::app::{APP_ID, PACKAGE};
use crate::system::{folders, text};

/// The domain of the messages: [`PACKAGE`], for C.
const DOMAIN: &CStr = c"privacy-panel";

/// The folder of the translations, from `meson.build`.
const LOCALE_FOLDER: Option<&str> = option_env!("PRIVACY_PANEL_LOCALEDIR");

/// Sets the user's language.
///
/// Call it before starting a second thread: the locale belongs to the whole process, and C has no
/// lock for it. Later it does nothing and messages stay in English, as they do if the computer
/// lacks the locale. The first translation calls it if the program didn't.
pub fn init() {
    static DONE: Once = Once::new();
    DONE.call_once(|| locale::set(DOMAIN, locale_folder()));
}

/// The translations next to the program's schema, if that was found through `XDG_DATA_DIRS`, so that
/// an installed tree works from any folder. Other folders may have reader files only.
fn locale_folder() -> PathBuf {
    let schema = format!("glib-2.0/schemas/{APP_ID}.gschema.xml");
    folders::data()
        .into_iter()
        .find(|folder| folder.join(&schema).is_file())
        .map(|folder| folder.join("locale"))
        .or_else(|| LOCALE_FOLDER.map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("/usr/share/locale"))
}

/// Translates a text.
pub fn gettext(text: &str) -> String {
    init();
    // C would look up only the part before the NUL.
    if text.contains('\0') {
        return text.to_owned();
    }
    glib::dgettext(Some(PACKAGE), text).into()
}

/// Marks a text for translation where it is defined. [`gettext`] translates it where it is shown.
pub const fn noop(text: &'static str) -> &'static str {
    text
}

/// How much of a foreign text a sentence shows, in characters: more than any path (`PATH_MAX`),
/// less than a service's longest answer.
const LONGEST_PART: usize = 4096;

/// A value for a placeholder.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// Foreign text, such as a name, a path or an answer. It is shown on one line with escapes for
    /// unprintable characters ([`text::one_line`]).
    Foreign(&'a str),
    /// A sentence that was composed here and is already safe.
    Own(&'a str),
}

/// Translates a sentence and replaces its `{names}` with [`Part::Foreign`] text.
pub fn gettext_f(sentence: &str, names: &[(&str, &str)]) -> String {
    fill_in(&gettext(sentence), &foreign(names))
}

/// [`gettext_f`] for a sentence that depends on a number.
pub fn ngettext_f(one: &str, many: &str, count: usize, names: &[(&str, &str)]) -> String {
    fill_in(&numbered(one, many, count), &foreign(names))
}

/// [`gettext_f`] for a sentence that contains other sentences of ours.
pub fn gettext_parts(sentence: &str, parts: &[(&str, Part)]) -> String {
    fill_in(&gettext(sentence), parts)
}

/// [`gettext_parts`] for a sentence that depends on a number.
pub fn ngettext_parts(one: &str, many: &str, count: usize, parts: &[(&str, Part)]) -> String {
    fill_in(&numbered(one, many, count), parts)
}

fn foreign<'a>(names: &[(&'a str, &'a str)]) -> Vec<(&'a str, Part<'a>)> {
    let parts = names
        .iter()
        .map(|(name, text)| (*name, Part::Foreign(text)));
    parts.collect()
}

fn numbered(one: &str, many: &str, count: usize) -> String {
    init();
    // A larger number takes the plural form as well.
    let number = c_ulong::try_from(count).unwrap_or(c_ulong::MAX);
    glib::dngettext(Some(PACKAGE), one, many, number).into()
}

/// The system's error message, translated, without Rust's “(os error 30)”.
pub fn system_error(error: &std::io::Error) -> String {
    let words = error.to_string();
    match words.find(" (os error") {
        Some(at) => words[..at].to_owned(),
        None => words,
    }
}

/// Replaces every `{name}` in one pass, so that braces in values have no effect. Values in the
/// other writing direction are isolated, so that they don't reorder the sentence.
fn fill_in(sentence: &str, names: &[(&str, Part)]) -> String {
    let parts = names.iter().map(|(_, part)| match part {
        Part::Foreign(part) | Part::Own(part) => *part,
    });
    // A sentence without words takes the direction of its values if they agree.
    let in_order = !letters(sentence).any(char::is_alphabetic)
        && parts
            .filter(|part| part.contains(char::is_alphabetic))
            .all(text::is_right_to_left_only);
    let isolated = |part: &str| {
        if in_order {
            part.to_owned()
        } else {
            text::isolated(part, sentence).into_owned()
        }
    };
    let mut out = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let filled = rest.find('}').and_then(|close| {
            let (_, part) = names.iter().find(|(name, _)| *name == &rest[1..close])?;
            Some((part, close))
        });
        if let Some((part, close)) = filled {
            match part {
                Part::Foreign(part) => {
                    let part = text::one_line(&text::shortened(part, LONGEST_PART));
                    out.push_str(&isolated(&part));
                }
                Part::Own(part) => out.push_str(&isolated(part)),
            }
            rest = &rest[close + 1..];
        } else {
            out.push('{');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

/// The characters of a sentence outside `{names}`.
fn letters(sentence: &str) -> impl Iterator<Item = char> {
    let mut inside = false;
    sentence.chars().filter(move |c| {
        inside = (inside || *c == '{') && *c != '}';
        !inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_without_words_of_its_own_goes_as_its_parts_go() {
        let names = foreign(&[("choice", "שם"), ("state", "כבוי")]);
        assert_eq!(fill_in("{choice}: {state}.", &names), "שם: כבוי.");
        let names = foreign(&[("choice", "שם"), ("state", "Off")]);
        assert_eq!(
            fill_in("{choice}: {state}.", &names),
            "\u{2068}שם\u{2069}: Off."
        );
    }

    #[test]
    fn a_number_of_the_system_is_left_out_of_a_sentence() {
        let error = std::io::Error::from_raw_os_error(30);
        assert_eq!(system_error(&error), "Read-only file system");
    }

    #[test]
    fn the_domain_of_the_messages_has_the_packages_name() {
        assert_eq!(DOMAIN.to_str(), Ok(PACKAGE));
    }

    #[test]
    fn a_text_that_c_would_cut_is_left_as_it_is() {
        assert_eq!(gettext("one\0two"), "one\0two");
    }

    #[test]
    fn names_are_filled_in_once_and_unknown_braces_stay() {
        let names = foreign(&[("a", "{b}"), ("b", "two")]);
        assert_eq!(
            fill_in("{a} and {b}, {c} { }", &names),
            "{b} and two, {c} { }"
        );
        assert_eq!(fill_in("{", &names), "{");
        assert_eq!(fill_in("", &names), "");
    }

    #[test]
    fn foreign_text_in_a_sentence_neither_speaks_to_a_terminal_nor_turns_it_around() {
        let names = foreign(&[("a", "x\u{1b}[2J\n\u{202e}\u{2068}"), ("b", "שלום")]);
        assert_eq!(
            fill_in("“{a}”", &names),
            "“x\\u{1b}[2J\\n\\u{202e}\\u{2068}”"
        );
        let inner = fill_in("{b}: {a}", &names);
        assert_eq!(
            inner,
            "\u{2068}שלום\u{2069}: x\\u{1b}[2J\\n\\u{202e}\\u{2068}"
        );
        let outer = fill_in("({inner})", &[("inner", Part::Own(&inner))]);
        assert_eq!(outer, format!("(\u{2068}{inner}\u{2069})"));
    }
}
