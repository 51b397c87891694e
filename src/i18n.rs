// SPDX-License-Identifier: GPL-3.0-or-later

//! Translation, by the C library's gettext.
//!
//! Sentences with something filled in carry `{names}` rather than positions, so that a translator
//! can move them.

mod locale;

use std::ffi::{CStr, c_ulong};
use std::path::PathBuf;
use std::sync::Once;

use crate::{PACKAGE, folders};

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

/// Translates a sentence and fills in its `{names}`.
pub fn gettext_f(sentence: &str, names: &[(&str, &str)]) -> String {
    fill_in(&gettext(sentence), names)
}

/// [`gettext_f`] for a sentence that depends on a number.
pub fn ngettext_f(one: &str, many: &str, count: usize, names: &[(&str, &str)]) -> String {
    init();
    // Where C has no larger numbers, any form for many will do.
    let number = c_ulong::try_from(count).unwrap_or(c_ulong::MAX);
    fill_in(&glib::dngettext(Some(PACKAGE), one, many, number), names)
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

/// Replaces every `{name}` in one pass, so that braces in what is filled in mean nothing.
fn fill_in(sentence: &str, names: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let filled = rest.find('}').and_then(|close| {
            let (_, text) = names.iter().find(|(name, _)| *name == &rest[1..close])?;
            Some((text, close))
        });
        if let Some((text, close)) = filled {
            out.push_str(text);
            rest = &rest[close + 1..];
        } else {
            out.push('{');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let names = [("a", "{b}"), ("b", "two")];
        assert_eq!(
            fill_in("{a} and {b}, {c} { }", &names),
            "{b} and two, {c} { }"
        );
        assert_eq!(fill_in("{", &names), "{");
        assert_eq!(fill_in("", &names), "");
    }
}
