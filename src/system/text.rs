// SPDX-License-Identifier: GPL-3.0-or-later

//! Foreign text, such as names, paths and answers, made safe to show.
//!
//! A file name can hold escape sequences that a terminal executes, and characters that reorder the
//! rest of a sentence. All foreign text passes this module before the user sees it:
//! [`crate::system::i18n::gettext_f`] applies it to values, the command line to every line, and the
//! panel to every title.
//!
//! Unprintable characters are shown as `\u{202e}`, in Rust's notation, so that the user sees them.
//! A literal `\u{202e}` in a name looks the same; JSON output distinguishes them.

use std::borrow::Cow;
use std::path::Path;

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// Starts a part whose direction follows from its first letter and doesn't affect the surrounding
/// text (Unicode Standard Annex 9).
const FIRST_STRONG_ISOLATE: char = '\u{2068}';

/// Ends such a part.
const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';

/// Whether a character is never shown: a control or format character, a line or paragraph
/// separator, or a character that fonts leave out.
///
/// Excludes joiners and variation selectors, which some scripts and emoji need. [`one_line`] keeps
/// them only there.
pub fn is_unprintable(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    if is_joiner(c) || is_selector(c) {
        return false;
    }
    matches!(
        c.general_category(),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    ) || is_left_out(c)
}

/// Whether a character is shown in every position: neither [`is_unprintable`], nor a joiner or
/// selector, which depend on their position.
pub fn is_printable_anywhere(c: char) -> bool {
    matches!(c, ' '..='~') || !is_joiner(c) && !is_selector(c) && !is_unprintable(c)
}

/// Invisible characters of other categories: `Default_Ignorable_Code_Point` in Unicode's
/// `DerivedCoreProperties.txt`.
const fn is_left_out(c: char) -> bool {
    matches!(
        c,
        '\u{34f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{2065}'
            | '\u{3164}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fff8}'
            | '\u{e0000}'..='\u{e00ff}'
            | '\u{e01f0}'..='\u{e0fff}'
    )
}

/// Whether a character starts an isolate.
const fn is_isolate(c: char) -> bool {
    matches!(c, '\u{2066}'..='\u{2068}')
}

/// `LEFT-TO-RIGHT MARK`, `RIGHT-TO-LEFT MARK`, `ARABIC LETTER MARK`, which are invisible.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}')
}

/// `ZERO WIDTH NON-JOINER` and `ZERO WIDTH JOINER`.
const fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether a character selects a form of the preceding one.
const fn is_selector(c: char) -> bool {
    matches!(
        c,
        '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}'
    )
}

/// Whether a joiner between two characters has a visible effect: within a word of a joining script,
/// or in an emoji.
fn joins(before: Option<char>, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return false;
    };
    let letter = |c: char| {
        is_of_joining_script(c)
            && matches!(
                c.general_category_group(),
                GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark
            )
    };
    let picture = |c: char| c.general_category() == GeneralCategory::OtherSymbol;
    // Emoji presentation and skin tones.
    let of_picture = |c: char| matches!(c, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}');
    letter(before) && letter(after) || (picture(before) || of_picture(before)) && picture(after)
}

/// The blocks of Middle Eastern, Indian and Southeast Asian scripts, and of Mongolian.
const fn is_of_joining_script(c: char) -> bool {
    matches!(
        c,
        '\u{600}'..='\u{109f}'
            | '\u{1700}'..='\u{18af}'
            | '\u{1900}'..='\u{1cff}'
            | '\u{a800}'..='\u{abff}'
            | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefc}'
            | '\u{10a00}'..='\u{11fff}'
            | '\u{1e900}'..='\u{1e95f}'
    )
}

/// Foreign text on one line. A line end is shown as ` `.
pub fn one_line(text: &str) -> String {
    escaped(text, false, false)
}

/// Foreign text that may have several lines, such as a field of an error report. Accepts the line
/// ends of other systems.
pub fn lines(text: &str) -> String {
    if text.contains('\r') {
        escaped(&text.replace("\r\n", "\n"), true, false)
    } else {
        escaped(text, true, false)
    }
}

/// A path for display. Bytes that aren't UTF-8 are shown as `�`.
pub fn path(path: &Path) -> String {
    one_line(&path.display().to_string())
}

/// Our own sentences with foreign text in them, immediately before they are shown. Keeps closed
/// isolates and the marks of translators into right-to-left languages. Escapes other unprintable
/// characters, which were missed earlier.
pub fn composed(text: &str) -> String {
    escaped(text, true, true)
}

/// [`composed`] on one line.
pub fn composed_line(text: &str) -> String {
    escaped(text, false, true)
}

/// The first `longest` characters of a text, with an ellipsis if there are more.
pub fn shortened(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// Whether a part of the text is written from right to left.
pub fn has_right_to_left(text: &str) -> bool {
    text.chars().any(is_right_to_left)
}

/// A part of a sentence, isolated so that neither reorders the other.
///
/// If both are written from left to right, it is returned unchanged: terminals and scripts get no
/// needless characters.
pub fn isolated<'a>(part: &'a str, sentence: &str) -> Cow<'a, str> {
    let needed = if has_right_to_left(sentence) {
        !part.bytes().all(|byte| byte.is_ascii_digit()) && !is_right_to_left_only(part)
    } else {
        has_right_to_left(part)
    };
    if needed {
        Cow::Owned(set_apart(part))
    } else {
        Cow::Borrowed(part)
    }
}

/// Isolates the names in a list if they are written in both directions.
pub fn isolated_names(names: &mut [String]) {
    let (right, left): (Vec<&String>, Vec<&String>) =
        names.iter().partition(|name| has_right_to_left(name));
    if right.is_empty() || left.is_empty() {
        return;
    }
    for name in names {
        *name = set_apart(name);
    }
}

/// Isolates a text. An isolate ends with its line.
pub fn set_apart(text: &str) -> String {
    let lines: Vec<_> = text
        .split('\n')
        .map(|line| format!("{FIRST_STRONG_ISOLATE}{line}{POP_DIRECTIONAL_ISOLATE}"))
        .collect();
    lines.join("\n")
}

/// The blocks for right-to-left scripts (`DerivedBidiClass.txt`).
const fn is_right_to_left(c: char) -> bool {
    !is_mark(c)
        && matches!(
            c,
            '\u{590}'..='\u{8ff}'
                | '\u{fb1d}'..='\u{fdff}'
                | '\u{fe70}'..='\u{fefe}'
                | '\u{10800}'..='\u{10fff}'
                | '\u{1e800}'..='\u{1efff}'
        )
}

/// Whether all letters outside isolates are written from right to left, and there are any.
pub(crate) fn is_right_to_left_only(text: &str) -> bool {
    let (mut right, mut depth) = (false, 0_usize);
    for c in text.chars() {
        match c {
            c if is_isolate(c) => depth += 1,
            POP_DIRECTIONAL_ISOLATE => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            c if is_right_to_left(c) => right = true,
            c if c.is_alphabetic() => return false,
            _ => {}
        }
    }
    right
}

/// Escapes unprintable characters. Keeps line ends and tabs with `layout`, and direction characters
/// with `own`.
fn escaped(text: &str, layout: bool, own: bool) -> String {
    let plain = |byte: u8| matches!(byte, b' '..=b'~') || layout && matches!(byte, b'\n' | b'\t');
    if text.bytes().all(plain) {
        return text.to_owned();
    }
    let isolates = if own {
        closed_isolates(text)
    } else {
        Vec::new()
    };
    let mut isolates = isolates.into_iter().peekable();
    let marks = own && has_right_to_left(text);
    let mut out = String::with_capacity(text.len());
    // The last character, if it was kept.
    let mut before = None;
    let mut rest = text.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let kept = match c {
            '\n' | '\t' if layout => true,
            c if is_isolate(c) || c == POP_DIRECTIONAL_ISOLATE => {
                isolates.next_if_eq(&at).is_some()
            }
            c if is_mark(c) => marks,
            c if is_joiner(c) => joins(before, rest.peek().map(|(_, next)| *next)),
            c if is_selector(c) => before.is_some_and(|before: char| {
                !before.is_whitespace() && !is_joiner(before) && !is_selector(before)
            }),
            c => !is_unprintable(c),
        };
        if kept {
            out.push(c);
            before = Some(c);
        } else {
            out.extend(c.escape_default());
            before = None;
        }
    }
    out
}

/// The offsets of isolates' characters that are closed in their line, in order.
fn closed_isolates(text: &str) -> Vec<usize> {
    let (mut found, mut open) = (Vec::new(), Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '\n' => open.clear(),
            c if is_isolate(c) => open.push(at),
            POP_DIRECTIONAL_ISOLATE => {
                if let Some(begin) = open.pop() {
                    found.extend([begin, at]);
                }
            }
            _ => {}
        }
    }
    found.sort_unstable();
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any text, with dangerous characters more often than by chance.
    fn hostile() -> impl Strategy<Value = String> {
        let c = prop_oneof![
            any::<char>(),
            proptest::char::range('\0', '\u{a0}'),
            proptest::char::range('\u{2000}', '\u{206f}'),
            proptest::char::range('\u{fe00}', '\u{feff}'),
            proptest::char::range('\u{e0000}', '\u{e01ff}'),
            proptest::sample::select(vec![
                '\u{200c}', '\u{200d}', '\u{fe0f}', '❤', 'ن', 'क', '\u{94d}'
            ]),
        ];
        proptest::collection::vec(c, 0..40).prop_map(|cs| cs.into_iter().collect())
    }

    proptest! {
        #[test]
        fn nothing_unprintable_is_left_and_cleaning_again_changes_nothing(text in hostile()) {
            let line = one_line(&text);
            prop_assert!(!line.contains(is_unprintable), "{line:?}");
            prop_assert_eq!(&one_line(&line), &line);
            prop_assert_eq!(&composed_line(&line), &line);
            let several = lines(&text);
            prop_assert!(!several.replace(['\n', '\t'], "").contains(is_unprintable));
            prop_assert_eq!(&lines(&several), &several);
            prop_assert_eq!(&composed(&several), &several);
        }

        #[test]
        fn printable_text_stays_as_it_is(text in "[\\p{L}\\p{N}\\p{P}\\p{S} ]{0,40}") {
            prop_assume!(!text.contains(is_unprintable));
            prop_assert_eq!(one_line(&text), text);
        }

        #[test]
        fn what_is_composed_holds_closed_isolates_alone(text in hostile()) {
            let mut depth = 0_i32;
            let shown = composed(&text);
            for c in shown.chars() {
                match c {
                    c if is_isolate(c) => depth += 1,
                    c if is_mark(c) => prop_assert!(has_right_to_left(&shown)),
                    POP_DIRECTIONAL_ISOLATE => depth -= 1,
                    '\n' => prop_assert_eq!(depth, 0),
                    '\t' => {}
                    c => prop_assert!(!is_unprintable(c), "{c:?}"),
                }
                prop_assert!(depth >= 0);
            }
            prop_assert_eq!(depth, 0);
            prop_assert_eq!(composed(&shown), shown);
        }

        #[test]
        fn an_isolated_part_survives_composing(part in hostile()) {
            let part = one_line(&part);
            let sentence = format!("א {}", isolated(&part, "א {part}"));
            prop_assert_eq!(composed_line(&sentence), sentence);
        }
    }

    #[test]
    fn all_that_unicode_calls_control_or_format_is_unprintable() {
        for c in [
            '\0',
            '\u{7}',
            '\t',
            '\n',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{ad}',
            '\u{61c}',
            '\u{180e}',
            '\u{200b}',
            '\u{200e}',
            '\u{200f}',
            '\u{2028}',
            '\u{2029}',
            '\u{202a}',
            '\u{202e}',
            '\u{2060}',
            '\u{2065}',
            '\u{2066}',
            '\u{2069}',
            '\u{206f}',
            '\u{3164}',
            '\u{115f}',
            '\u{ffa0}',
            '\u{feff}',
            '\u{fff9}',
            '\u{fffb}',
            '\u{e0001}',
            '\u{e007f}',
            '\u{1d173}',
        ] {
            assert!(is_unprintable(c), "{c:?}");
            assert!(one_line(&format!("a{c}b")).is_ascii(), "{c:?}");
        }
        for c in [
            'a', ' ', '\\', 'ß', 'א', 'ن', '中', '😀', '\u{fffd}', '…', '\u{a0}',
        ] {
            assert!(!is_unprintable(c), "{c:?}");
        }
    }

    #[test]
    fn names_that_need_joiners_and_selectors_keep_them() {
        for name in [
            "می\u{200c}خواهم.txt",
            "क\u{94d}\u{200d}ष",
            "👩\u{200d}⚕\u{fe0f}",
            "👩🏽\u{200d}🔬",
            "❤\u{fe0f}\u{200d}🔥",
            "葛\u{e0100}城",
            "1\u{fe0f}\u{20e3}",
        ] {
            assert_eq!(one_line(name), name);
        }
        assert_eq!(one_line("pay\u{200d}pal"), "pay\\u{200d}pal");
        assert_eq!(one_line("a\u{fe01}\u{fe02}"), "a\u{fe01}\\u{fe02}");
        assert_eq!(one_line("\u{200c}"), "\\u{200c}");
    }

    #[test]
    fn what_speaks_to_a_terminal_is_shown() {
        assert_eq!(one_line("x\u{1b}[2J\u{202e}txt"), "x\\u{1b}[2J\\u{202e}txt");
        assert_eq!(one_line("a\nb\tc"), "a\\nb\\tc");
        assert_eq!(lines("a\r\nb\tc\rd"), "a\nb\tc\\rd");
        assert_eq!(path(Path::new("/a\u{202e}b")), "/a\\u{202e}b");
    }

    #[test]
    fn a_part_is_isolated_where_directions_meet() {
        assert_eq!(isolated("/tmp/a", "In “{file}”"), "/tmp/a");
        assert_eq!(isolated("/tmp/a", "ב “{file}”"), "\u{2068}/tmp/a\u{2069}");
        assert_eq!(isolated("שלום", "In “{file}”"), "\u{2068}שלום\u{2069}");
        assert_eq!(isolated("כבוי", "{choice}: {state} א"), "כבוי");
        assert_eq!(isolated("12", "א {count}"), "12");
        assert_eq!(composed("יש \u{200e}--yes"), "יש \u{200e}--yes");
        assert_eq!(composed("a\u{200e}b\u{61c}c"), "a\\u{200e}b\\u{61c}c");
        assert_eq!(one_line("א\u{200e}ב"), "א\\u{200e}ב");
        // Foreign text has no isolates: they were escaped before.
        assert_eq!(one_line("\u{2068}a\u{2069}"), "\\u{2068}a\\u{2069}");
        assert_eq!(
            composed("\u{2068}a\u{2069}\u{2069}"),
            "\u{2068}a\u{2069}\\u{2069}"
        );
        assert_eq!(composed("\u{2068}a\nb\u{2069}"), "\\u{2068}a\nb\\u{2069}");
    }
}
