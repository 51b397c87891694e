// SPDX-License-Identifier: GPL-3.0-or-later

//! Finding a choice by search terms.
//!
//! Every term must be the beginning of a word in the choice's name, keywords or description,
//! translated or in English. Case and accents are ignored.

use crate::choices::choice;
use crate::choices::choice::Choice;
use crate::choices::words;
use crate::system::i18n::{gettext, noop};
use crate::system::limits;

/// The minimum length of a word in a description, in characters: “what”, “when” and “this” would
/// match nearly every search.
const MIN_WORD_LENGTH: usize = 5;

/// The ID of the action that turns all choices off, beside the choices themselves.
pub const TURN_EVERYTHING_OFF: &str = "turn-everything-off";

// Translators: turns all choices off
const EVERYTHING_OFF: &str = noop("Turn Everything Off");

// Translators: words by which people may search for “Turn Everything Off”; as many as you like, with a
// semicolon after each
const EVERYTHING_OFF_WORDS: &str = noop("all;disable;nothing;stop;");

/// The name of [`TURN_EVERYTHING_OFF`].
pub fn everything_off() -> String {
    gettext(EVERYTHING_OFF)
}

/// Whether the terms match [`TURN_EVERYTHING_OFF`].
pub fn finds_everything_off<T: AsRef<str>>(terms: impl IntoIterator<Item = T>) -> bool {
    let terms = these(terms);
    let words = both(&[EVERYTHING_OFF, EVERYTHING_OFF_WORDS]);
    !terms.is_empty() && terms.iter().all(|term| begins(&words, term))
}

/// The words of the terms.
fn these<T: AsRef<str>>(terms: impl IntoIterator<Item = T>) -> Vec<String> {
    let terms = terms.into_iter().take(limits::SEARCH_TERMS);
    terms
        .flat_map(|term| words(beginning(term.as_ref())))
        .collect()
}

/// The words of the texts, in English and translated.
fn both(texts: &[&'static str]) -> Vec<String> {
    let texts = texts.iter();
    texts
        .flat_map(|text| [words(text), words(&gettext(text))])
        .flatten()
        .collect()
}

fn begins(words: &[String], term: &str) -> bool {
    words.iter().any(|word| word.starts_with(term))
}

/// The choices that match the terms. Matches in names and keywords come first.
///
/// Terms without letters or numbers find nothing. Only the first [`limits::SEARCH_TERMS`] terms
/// count, and only the beginning of each.
pub fn find<T: AsRef<str>>(terms: impl IntoIterator<Item = T>) -> Vec<&'static Choice> {
    let terms = these(terms);
    if terms.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<_> = choice::ALL
        .iter()
        .filter_map(|choice| Some((rank(choice, &terms)?, choice)))
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().map(|(_, choice)| choice).collect()
}

/// The number of terms found only in the description. `None` if a term isn't found.
fn rank(choice: &Choice, terms: &[String]) -> Option<usize> {
    let [title, keywords, description] = choice.texts();
    // The panel's own name finds every choice.
    let names = both(&[title, keywords, words::NAME]);
    let description: Vec<_> = both(&[description])
        .into_iter()
        .filter(|word| word.chars().count() >= MIN_WORD_LENGTH)
        .collect();
    terms.iter().try_fold(0, |rank, term| {
        if begins(&names, term) {
            Some(rank)
        } else {
            begins(&description, term).then_some(rank + 1)
        }
    })
}

/// The first [`limits::SEARCH_TERM`] characters of a text.
///
/// The rest is cut off before any other work: Unicode normalization sorts the marks on a letter,
/// and GLib's takes time quadratic in their number.
pub fn beginning(text: &str) -> &str {
    let end = text.char_indices().nth(limits::SEARCH_TERM);
    end.map_or(text, |(end, _)| &text[..end])
}

/// The words of a text, without case, accents and other marks.
fn words(text: &str) -> Vec<String> {
    // GLib ends strings at a NUL.
    let text = &*text.replace('\0', " ");
    let plain: String = glib::normalize(glib::casefold(text), glib::NormalizeMode::All)
        .chars()
        .filter(|letter| !is_mark(*letter))
        .collect();
    plain
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether a character is a combining mark, as in decomposed text: those of Latin, Greek and
/// Cyrillic, and the points of Hebrew and Arabic.
const fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5bd}' | '\u{5bf}'..='\u{5c7}'
        | '\u{64b}'..='\u{65f}' | '\u{670}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(search: &str) -> Vec<&'static str> {
        let terms: Vec<_> = search.split(' ').collect();
        find(terms).into_iter().map(|choice| choice.id).collect()
    }

    #[test]
    fn every_term_is_the_beginning_of_a_word() {
        assert_eq!(ids("online search"), ["online-search"]);
        assert_eq!(ids("sea onl"), ["online-search"]);
        assert_eq!(ids("error report"), ["error-reports"]);
        assert_eq!(ids("amazon"), ["online-search"]);
        assert_eq!(ids("telemetry"), ["error-reports", "usage-statistics"]);
        assert_eq!(ids("recent documents"), ["activity-history"]);
        let all: Vec<_> = choice::ALL.iter().map(|choice| choice.id).collect();
        assert_eq!(ids("privacy"), all);
        assert_eq!(ids("online umbrella"), [""; 0]);
        assert_eq!(ids("nline"), [""; 0]);
    }

    #[test]
    fn a_description_finds_by_its_telling_words_and_comes_last() {
        assert_eq!(ids("companies"), ["online-search"]);
        assert_eq!(ids("identifier"), ["error-reports"]);
        assert_eq!(ids("what"), [""; 0]);
        // The name of one choice and the description of the other match.
        assert_eq!(ids("repor"), ["error-reports"]);
        assert_eq!(ids("search").first(), Some(&"online-search"));
    }

    #[test]
    fn turning_everything_off_is_found_by_its_name() {
        let found = |search: &str| finds_everything_off(search.split(' '));
        assert!(found("turn everything off") && found("off") && found("stop all"));
        assert!(
            !found("privacy") && !found("online search") && !found("off umbrella") && !found("")
        );
    }

    #[test]
    fn neither_case_nor_accents_nor_hyphens_count() {
        assert_eq!(ids("ÖNLÍNE-Séarch"), ["online-search"]);
        assert_eq!(words("Größe, Übermäßig!"), ["grosse", "ubermassig"]);
        assert_eq!(words("פְּרָטִיּוּת"), ["פרטיות"]);
    }

    #[test]
    fn nothing_finds_nothing() {
        assert_eq!(ids(""), [""; 0]);
        assert_eq!(ids("- … \u{301}"), [""; 0]);
        assert!(find::<&str>([]).is_empty());
        assert_eq!(ids("\0"), [""; 0]);
        assert_eq!(ids("online\0search"), ["online-search"]);
    }

    #[test]
    fn so_many_terms_count_and_so_many_characters_of_each() {
        let found = |terms: Vec<&str>| find(terms).len();
        let padded = |count: usize| [vec!["amazon"; count - 1], vec!["umbrella"]].concat();
        assert_eq!(found(padded(limits::SEARCH_TERMS)), 0);
        assert_eq!(found(padded(limits::SEARCH_TERMS + 1)), 1);
        let term = |length: usize| format!("amazon{}x", " ".repeat(length - "amazonx".len()));
        assert_eq!(found(vec![&term(limits::SEARCH_TERM)]), 0);
        assert_eq!(found(vec![&term(limits::SEARCH_TERM + 1)]), 1);
        assert_eq!(beginning("äö"), "äö");
    }

    #[test]
    fn a_search_of_any_length_takes_little_time() {
        let began = std::time::Instant::now();
        let marks = format!("a{}", "\u{300}\u{316}".repeat(500_000));
        for term in [&marks, &"\u{fdfa}".repeat(500_000), &"p ".repeat(5_000_000)] {
            find([term.as_str(); 100]);
        }
        find(vec!["privacy"; 1_000_000]);
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    }

    proptest::proptest! {
        #[test]
        fn any_text_finds_choices_each_once(terms in proptest::collection::vec(".{0,300}", 0..40)) {
            let found = find(&terms);
            for (at, choice) in found.iter().enumerate() {
                proptest::prop_assert!(!found[..at].contains(choice));
            }
        }
    }
}
