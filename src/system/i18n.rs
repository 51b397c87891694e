// SPDX-License-Identifier: GPL-3.0-or-later

//! Translation, by the C library's gettext.
//!
//! Sentences with something filled in carry `{names}` rather than positions, so that a translator
//! can move them.

pub(crate) mod locale;

use std::ffi::{CStr, c_ulong};
use std::path::PathBuf;
use std::sync::Once;

use crate::app::PACKAGE;
use crate::system::{folders, text};

/// The domain of the messages: [`PACKAGE`], for C.
const DOMAIN: &CStr = c"privacy-panel";

/// Where the build put the translations; `meson.build` says so.
const LOCALE_FOLDER: Option<&str> = option_env!("PRIVACY_PANEL_LOCALEDIR");

/// Speaks the person's language from here on.
///
/// A program calls it before it has a second thread: a locale is set for all of them, and C has no
/// lock for it. Later it does nothing, and the program speaks English, as it does where the
/// computer does not have the locale. The first sentence calls it where the program did not.
pub fn init() {
    static DONE: Once = Once::new();
    DONE.call_once(|| locale::set(DOMAIN, locale_folder()));
}

/// The translations that belong to the data in use: those beside it, when it was found through
/// `XDG_DATA_DIRS`, so that an installed tree works from wherever it stands.
fn locale_folder() -> PathBuf {
    folders::data()
        .into_iter()
        .find(|folder| folder.join(PACKAGE).is_dir())
        .map(|folder| folder.join("locale"))
        .or_else(|| LOCALE_FOLDER.map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("/usr/share/locale"))
}

/// Translates a text.
pub fn gettext(text: &str) -> String {
    init();
    // C would take what comes before it for the whole text.
    if text.contains('\0') {
        return text.to_owned();
    }
    glib::dgettext(Some(PACKAGE), text).into()
}

/// Marks a text for translation where it is defined; [`gettext`] translates it where it is shown.
pub const fn noop(text: &'static str) -> &'static str {
    text
}

/// How much of a foreign text is shown in a sentence, in characters: more than a path can have
/// (`PATH_MAX`), less than a service can answer.
const LONGEST_PART: usize = 4096;

/// What is filled into a sentence.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// Text that may be anybody's, such as a name, a path or an answer. It is shown on one line,
    /// with what is unprintable made visible ([`text::one_line`]).
    Foreign(&'a str),
    /// A sentence that was put together here already, foreign text and all.
    Own(&'a str),
}

/// Translates a sentence and fills in its `{names}`, all of them with [`Part::Foreign`] text.
pub fn gettext_f(sentence: &str, names: &[(&str, &str)]) -> String {
    fill_in(&gettext(sentence), &foreign(names))
}

/// [`gettext_f`] for a sentence that depends on a number.
pub fn ngettext_f(one: &str, many: &str, count: usize, names: &[(&str, &str)]) -> String {
    fill_in(&numbered(one, many, count), &foreign(names))
}

/// [`gettext_f`] for a sentence that has other sentences of ours in it.
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
    // Where C has no larger numbers, any form for many will do.
    let number = c_ulong::try_from(count).unwrap_or(c_ulong::MAX);
    glib::dngettext(Some(PACKAGE), one, many, number).into()
}

/// What the system says of an error, in the person's language, without Rust's “(os error 30)”,
/// which helps nobody.
pub fn system_error(error: &std::io::Error) -> String {
    let words = error.to_string();
    match words.find(" (os error") {
        Some(at) => words[..at].to_owned(),
        None => words,
    }
}

/// Replaces every `{name}` in one pass, so that braces in what is filled in mean nothing. What is
/// written in the other direction is isolated, so that it does not turn the sentence around.
fn fill_in(sentence: &str, names: &[(&str, Part)]) -> String {
    let parts = names.iter().map(|(_, part)| match part {
        Part::Foreign(part) | Part::Own(part) => *part,
    });
    // Without words of its own, it goes in the direction of its parts, if they have the same.
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

/// The characters of a sentence outside of its `{names}`.
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
