// SPDX-License-Identifier: GPL-3.0-or-later

//! The system's files that set `DCONF_PROFILE` for the programs of users who log in.
//!
//! The files have different formats: assignments (`environment(5)`, `environment.d(5)`), scripts of
//! shells, `pam_env.conf(5)`, and systemd's settings for users (`systemd-system.conf(5)`). This
//! module looks for one variable only, so one parser of words and quotes serves all formats.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::system::tree::Tree;

const VARIABLE: &str = "DCONF_PROFILE";

/// Single files.
const FILES: [&str; 4] = [
    "/etc/environment",
    "/etc/profile",
    "/etc/security/pam_env.conf",
    "/etc/systemd/user.conf",
];

/// Folders of `environment.d(5)`, the most important first: a file hides files of the same name in
/// the folders after it.
const ENVIRONMENT_D: [&str; 4] = [
    "/etc/environment.d",
    "/run/environment.d",
    "/usr/local/lib/environment.d",
    "/usr/lib/environment.d",
];

/// Folders of additions to systemd's settings for users.
const SYSTEMD: [&str; 2] = [
    "/etc/systemd/user.conf.d",
    "/etc/systemd/system/user@.service.d",
];

/// Folders of shell scripts.
const SCRIPTS: [&str; 2] = ["/etc/profile.d", "/etc/X11/Xsession.d"];

/// The maximum size of a file, in bytes. Larger files are ignored.
const LARGEST: u64 = 1024 * 1024;

/// Stands for a part of a name that is known at login only, such as `$USER`.
pub(crate) const ANY: char = '\0';

/// The profiles that the system's files name, each with the file.
pub(crate) fn named_profiles(tree: &Tree) -> Vec<(PathBuf, String)> {
    let mut named = Vec::new();
    let mut seen = Vec::new();
    for file in files(tree) {
        let Ok(Some(bytes)) = tree.read(&file, LARGEST) else {
            continue;
        };
        // systemd's 99-environment.conf is a link to /etc/environment.
        if seen.contains(&bytes) {
            continue;
        }
        let is_script = SCRIPTS.iter().any(|folder| file.starts_with(folder));
        let is_script = is_script || file == Path::new("/etc/profile");
        for name in names(&String::from_utf8_lossy(&bytes), is_script) {
            named.push((file.clone(), name));
        }
        seen.push(bytes);
    }
    named
}

fn files(tree: &Tree) -> Vec<PathBuf> {
    let names_in = |folder: &str| {
        let entries = tree.entries(Path::new(folder)).unwrap_or_default();
        let mut names: Vec<_> = entries.into_iter().map(|(name, _)| name).collect();
        names.sort();
        names
    };
    let mut files: Vec<PathBuf> = FILES.iter().map(PathBuf::from).collect();
    let mut found: BTreeMap<OsString, PathBuf> = BTreeMap::new();
    for folder in ENVIRONMENT_D {
        for name in names_in(folder) {
            if Path::new(&name)
                .extension()
                .is_some_and(|end| end == "conf")
            {
                let path = Path::new(folder).join(&name);
                found.entry(name).or_insert(path);
            }
        }
    }
    files.extend(found.into_values());
    for folder in SYSTEMD.iter().chain(&SCRIPTS) {
        files.extend(
            names_in(folder)
                .iter()
                .map(|name| Path::new(folder).join(name)),
        );
    }
    files
}

/// The values that a text gives the variable, without duplicates. [`ANY`] stands for what only the
/// login knows. `is_script`: a value may count for one command only.
fn names(text: &str, is_script: bool) -> Vec<String> {
    let mut names = Vec::new();
    for line in text.lines() {
        let code = without_comment(line);
        for (at, _) in code.match_indices(VARIABLE) {
            let (before, after) = (&code[..at], &code[at + VARIABLE.len()..]);
            if before.ends_with(|c: char| c.is_alphanumeric() || "_${!".contains(c)) {
                continue;
            }
            for value in values(before, after, is_script) {
                if !value.is_empty() && !names.contains(&value) {
                    names.push(value);
                }
            }
        }
    }
    names
}

/// The values in a line, by what precedes and follows the variable's name.
fn values(before: &str, after: &str, is_script: bool) -> Vec<String> {
    if let Some(value) = after.strip_prefix('=') {
        // A quote may begin before the name, as in "NAME=VALUE".
        let quote = before.chars().next_back().filter(|c| "\"'".contains(*c));
        let parts = quote.and_then(|quote| value.split_once(quote));
        let (value, rest) = match parts {
            Some((value, rest)) => (word(value).0, rest),
            None => word(value),
        };
        let exported = ["export", "declare", "typeset"]
            .iter()
            .any(|word| before.split_whitespace().any(|other| other == *word));
        let rest = rest.trim_start();
        let is_for_one_command = is_script && !exported && !rest.is_empty();
        if is_for_one_command && !rest.starts_with([';', '&', '|', ')']) {
            return Vec::new();
        }
        return vec![value];
    }
    if !after.starts_with([' ', '\t']) {
        return Vec::new();
    }
    // setenv NAME VALUE; csh(1)
    if before.split_whitespace().next_back() == Some("setenv") {
        return vec![word(after.trim_start()).0];
    }
    // NAME DEFAULT=VALUE OVERRIDE=VALUE; pam_env.conf(5)
    if before.trim().is_empty() {
        let fields = ["DEFAULT=", "OVERRIDE="].iter();
        let values = fields.filter_map(|field| Some(word(after.split_once(field)?.1).0));
        return values.collect();
    }
    Vec::new()
}

/// The line up to a comment.
fn without_comment(line: &str) -> &str {
    let line = line.trim_start_matches('\u{feff}').trim();
    let mut quote = None;
    let mut previous = ' ';
    for (at, c) in line.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '#' && previous.is_whitespace() => return &line[..at],
            None if c == '"' || c == '\'' => quote = Some(c),
            _ => {}
        }
        previous = c;
    }
    line
}

/// The first word without its quotes, and what follows it.
fn word(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut quote = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, c) if c.is_whitespace() || ";&|)".contains(c) => return (value, &text[at..]),
            (None | Some('"'), '\\') => value.extend(chars.next().map(|(_, c)| c)),
            (None | Some('"'), '$' | '@' | '`') => {
                let next = chars.peek().map(|(_, c)| *c);
                let end = match (c, next) {
                    ('`', _) => Some('`'),
                    (_, Some('{')) => Some('}'),
                    ('$', Some('(')) => Some(')'),
                    ('$', Some(c)) if c.is_alphanumeric() || c == '_' => None,
                    // An address, such as alice@example.com.
                    _ => {
                        value.push(c);
                        continue;
                    }
                };
                value.push(ANY);
                match end {
                    Some(end) => while chars.next().is_some_and(|(_, c)| c != end) {},
                    None => {
                        while chars
                            .next_if(|(_, c)| c.is_alphanumeric() || *c == '_')
                            .is_some()
                        {}
                    }
                }
            }
            (_, c) => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_a_profile_for_a_login_is_found() {
        for (line, script, expected) in [
            (
                "DCONF_PROFILE=alice@example.com",
                false,
                "alice@example.com",
            ),
            ("DCONF_PROFILE=\"kiosk\"", false, "kiosk"),
            ("  DCONF_PROFILE='a b'  ", false, "a b"),
            ("export DCONF_PROFILE=kiosk", false, "kiosk"),
            ("\u{feff}DCONF_PROFILE=kiosk\r", false, "kiosk"),
            (
                "DCONF_PROFILE=/srv/dconf/kiosk # ours",
                false,
                "/srv/dconf/kiosk",
            ),
            ("DCONF_PROFILE DEFAULT=kiosk", false, "kiosk"),
            ("DCONF_PROFILE\tOVERRIDE=\"@{PAM_USER}\"", false, "\0"),
            ("DCONF_PROFILE=kiosk; export DCONF_PROFILE", true, "kiosk"),
            ("[ -z \"$X\" ] && export DCONF_PROFILE=kiosk", true, "kiosk"),
            ("export A=b DCONF_PROFILE=\"/srv/$USER\"", true, "/srv/\0"),
            ("export DCONF_PROFILE=`id -un`.x", true, "\0.x"),
            ("export DCONF_PROFILE=$(id -un)", true, "\0"),
            ("export DCONF_PROFILE=${USER}_x", true, "\0_x"),
            ("setenv DCONF_PROFILE kiosk", true, "kiosk"),
            (
                "DefaultEnvironment=A=b \"DCONF_PROFILE=kiosk\" C=d",
                false,
                "kiosk",
            ),
            ("Environment=DCONF_PROFILE=kiosk", false, "kiosk"),
            ("export DCONF_PROFILE=a\\ b", true, "a b"),
        ] {
            assert_eq!(names(line, script), [expected], "{line}");
        }
    }

    #[test]
    fn a_line_that_names_no_profile_for_a_login_is_passed_over() {
        for (line, script) in [
            ("# DCONF_PROFILE=kiosk", false),
            ("A=b # DCONF_PROFILE=kiosk", false),
            ("DCONF_PROFILE=", false),
            ("MY_DCONF_PROFILE=kiosk", false),
            ("DCONF_PROFILES=kiosk", false),
            ("unset DCONF_PROFILE", true),
            ("echo $DCONF_PROFILE=x ${DCONF_PROFILE:-x}", true),
            ("DCONF_PROFILE=gdm dconf update", true),
            ("export DCONF_PROFILE", true),
        ] {
            assert_eq!(names(line, script), [""; 0], "{line}");
        }
    }
}
