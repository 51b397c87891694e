// SPDX-License-Identifier: GPL-3.0-or-later

//! Text about a policy, for people.

use std::path::Path;

use privacy_panel::choices::catalogue::Catalogue;
use privacy_panel::choices::measure::Measure;
use privacy_panel::choices::reader::Reader;
use privacy_panel::choices::state::State;
use privacy_panel::choices::store::PolicyValue;
use privacy_panel::choices::words;
use privacy_panel::policy::install::read_back;
use privacy_panel::policy::{Alternative, Decision, Lists, Policy, Uncovered};
use privacy_panel::policy::{Failure, KeyReport, LeftOut, ReaderReport, Report, Why};
use privacy_panel::system::i18n::{Part, gettext, gettext_f, gettext_parts, ngettext_parts, noop};
use privacy_panel::system::text;

use crate::output;

/// `Include online search results: Off, locked`
pub(crate) fn decided(decision: &Decision) -> String {
    let sentence = if decision.locked {
        // Translators: a choice and its state, which people cannot change
        noop("{choice}: {state}, locked")
    } else {
        // Translators: a choice and its state, from which people may turn away
        noop("{choice}: {state}, until people decide otherwise")
    };
    gettext_f(
        sentence,
        &[
            ("choice", &decision.choice.title()),
            ("state", &words::state(decision.state)),
        ],
    )
}

pub(crate) fn in_force(decision: &Decision, report: &Report) -> String {
    let count = report.readers_of(decision.choice).count();
    ngettext_parts(
        // Translators: what was decided, and for how many programs it was read back
        "{decided} (in force for {count} program)",
        "{decided} (in force for {count} programs)",
        count,
        &[
            ("decided", Part::Own(&decided(decision))),
            ("count", Part::Own(&count.to_string())),
        ],
    )
}

/// The limits of a policy, for administrators.
pub(crate) fn notes(policy: &Policy, catalogue: &Catalogue) -> Vec<String> {
    let mut notes = Vec::new();
    for decision in &policy.decisions {
        for reader in catalogue.readers_of(decision.choice) {
            if sets_lists(decision, reader, Lists::Locked) {
                let can_disable_all = !sets_lists(decision, reader, Lists::AllOff);
                notes.extend(note(decision, reader, can_disable_all));
            }
        }
        for reader in catalogue.readers_of(decision.choice) {
            let measures = reader.measures(decision);
            notes.extend(measures.iter().map(|measure| set_by(reader, &**measure)));
        }
    }
    notes
}

/// Whether the policy's keys of a reader include a list, if lists are treated that way.
fn sets_lists(decision: &Decision, reader: &Reader, lists: Lists) -> bool {
    let keys = reader.store.policy_keys(&Decision { lists, ..*decision });
    keys.iter()
        .any(|key| matches!(key.value, PolicyValue::Names { .. }))
}

/// What a policy puts in place for a program outside dconf.
fn set_by(reader: &Reader, measure: &dyn Measure) -> String {
    let program = gettext(reader.name.as_str());
    // Translators: a note for administrators about a program; {value} is a line of a file
    let off = noop("{program}: turned off for everybody by “{value}” in “{file}”.");
    // Translators: a note for administrators about a program; {value} is a line of a file
    let on = noop("{program}: turned on for everybody by “{value}” in “{file}”.");
    // Translators: a note for administrators about a program; {value} is a line of a file that is
    // a default, which people can change
    let preset = noop("{program}: preset by “{value}” in “{file}”. People can change it.");
    // Translators: a note for administrators about a program; {value} is a line of a file
    let off_there =
        noop("{program}: turned off for everybody by “{value}” in “{file}”, if the file exists.");
    // Translators: a note for administrators about a program; {value} is a line of a file
    let on_there =
        noop("{program}: turned on for everybody by “{value}” in “{file}”, if the file exists.");
    // Translators: a note for administrators about a program, which sends nothing while the file exists
    let mark = noop("{program}: turned off for everybody by the file “{file}”.");
    match measure.unit() {
        None => gettext_f(
            match (measure.locks(), measure.turns_on(), measure.needs_file()) {
                (false, ..) => preset,
                (true, false, _) if measure.shown().is_empty() => mark,
                (true, false, false) => off,
                (true, true, false) => on,
                (true, false, true) => off_there,
                (true, true, true) => on_there,
            },
            &[
                ("program", &program),
                ("value", &measure.shown()),
                ("file", &measure.file().display().to_string()),
            ],
        ),
        Some(unit) => gettext_f(
            // Translators: a note for administrators about a program; a unit is a service of
            // systemd’s; masked, nothing can start it
            "{program}: turned off for everybody by masking the unit “{unit}”.",
            &[("program", &program), ("unit", unit.name)],
        ),
    }
}

fn note(decision: &Decision, reader: &Reader, can_disable_all: bool) -> Option<String> {
    let sentence = match (decision.locked, decision.lists) {
        (false, _) if decision.state == State::Off => {
            // Translators: a note for administrators about a program that keeps a list
            noop(
                "{program}: people who have a list of their own keep it, whatever the policy presets.",
            )
        }
        (false, _) => return None,
        (true, Lists::Preset) => {
            // Translators: a note for administrators about a program that keeps a list; “locked”
            // and “all-off” are words of a file’s format
            noop(
                "{program}: its list is preset, not locked, so that it is not certain to be so for everybody. lists = \"locked\" would make it certain.",
            )
        }
        (true, Lists::AllOff) if can_disable_all => {
            // Translators: a note for administrators about a program that keeps a list
            noop("{program}: all that is in its list is off, online or not.")
        }
        (true, Lists::AllOff | Lists::Locked) => {
            // Translators: a note for administrators about a program that keeps a list; “preset”
            // is a word of a file’s format
            noop(
                "{program}: its list is locked as a whole, so that people cannot change what else is in it. lists = \"preset\" would leave it to them, without a guarantee.",
            )
        }
    };
    Some(gettext_f(
        sentence,
        &[("program", &gettext(reader.name.as_str()))],
    ))
}

pub(crate) fn not_reached(uncovered: &Uncovered<'_>) -> String {
    let program = gettext(uncovered.reader.name.as_str());
    let state = uncovered.decision.state.as_str();
    let by_none = || {
        gettext_f(
            // Translators: a note for administrators about a program; a sentence follows
            "{program}: not reached by a policy, neither preset nor locked.",
            &[("program", &program)],
        )
    };
    match uncovered.alternative {
        Alternative::Set => {
            let command = format!("privacyctl set {} {state}", uncovered.decision.choice.id);
            let instead = gettext_f(
                // Translators: what an administrator can do about a program
                "“{command}” sets it for everybody on a computer.",
                &[("command", &command)],
            );
            format!("{} {instead}", by_none())
        }
        Alternative::Preset => gettext_f(
            // Translators: a note for administrators about a program
            "{program}: preset, not locked, since the program knows no lock. People can change it.",
            &[("program", &program)],
        ),
        Alternative::Lock => gettext_f(
            // Translators: a note for administrators about a program; {value} is a line of a file
            "{program}: not reached by a policy that leaves the choice to people. “{value}” would turn it off for everybody.",
            &[("program", &program), ("value", "locked = true")],
        ),
        Alternative::Nothing => {
            // Translators: about a program that a policy does not reach
            format!("{} {}", by_none(), gettext("People decide."))
        }
    }
}

pub(crate) fn status_lines(file: &Path, policy: &Policy, report: &Report) -> Vec<String> {
    let mut lines = vec![gettext_f(
        // Translators: the file that an administrator’s policy is in
        "Policy: {file}",
        &[("file", &file.display().to_string())],
    )];
    if let Some(organisation) = &policy.organisation {
        lines.push(words::organisation(organisation));
    }
    for decision in &policy.decisions {
        lines.push(String::new());
        lines.push(decided(decision));
        let rows: Vec<_> = report
            .readers_of(decision.choice)
            .map(|reader| {
                let found = if reader.in_force() {
                    // Translators: about a program that finds what the policy says
                    gettext("in force")
                } else {
                    differences(reader).join("; ")
                };
                [format!("    {}", gettext(reader.name.as_str())), found]
            })
            .collect();
        lines.extend(output::columns(&rows));
    }
    lines.push(String::new());
    lines.extend(nothing_decided(policy));
    lines.push(if report.in_force() {
        gettext("What is in force is what the policy says.")
    } else if report.in_force_in_profile() {
        // Translators: the lines below name the profiles of dconf
        gettext("The policy is not in force for everybody: other dconf profiles leave it out.")
    } else if report.is_overruled() {
        // Translators: other databases of dconf, which the lines above name
        gettext(
            "What is in force is not what the policy says: other databases have the last word. Change them, and run “dconf update”.",
        )
    } else if !report.in_profile {
        gettext(
            "The policy is not in force: nobody’s programs read it. Run “privacyctl policy apply”.",
        )
    } else {
        gettext("What is in force is not what the policy says. Run “privacyctl policy apply”.")
    });
    lines
}

/// A note if the policy has no choices.
pub(crate) fn nothing_decided(policy: &Policy) -> Option<String> {
    // Translators: about an administrator’s policy without choices
    let sentence = || gettext("The policy decides nothing: it has no choices.");
    policy.decides_nothing().then(sentence)
}

/// Where a profile that leaves the policy out comes from, and what the administrator can do.
pub(crate) fn left_out(profile: &LeftOut) -> String {
    let file = profile.profile.display().to_string();
    let by: Vec<_> = (profile.named_in.iter())
        .map(|file| format!("“{}”", file.display()))
        .collect();
    let by = by.join(", ");
    let reason = match &profile.why {
        Why::Unreadable(reason) => reason.as_str(),
        _ => "",
    };
    let (what, advice) = match &profile.why {
        Why::NoLine | Why::NotOurs | Why::OfPackage => {
            let what = if profile.named_in.is_empty() {
                // Translators: {file} is a profile of dconf: a list of databases
                noop("The dconf profile “{file}” leaves the policy out.")
            } else {
                // Translators: {by} are files that set the variable DCONF_PROFILE, in quotes
                noop("The dconf profile “{file}”, which {by} sets, leaves the policy out.")
            };
            let advice = match &profile.why {
                Why::NoLine => {
                    // Translators: a profile of dconf; {line} and {all} are lines of files
                    noop(
                        "Add the line “{line}” below its “user-db:” line, or “{all}” to the top of the policy, and apply it.",
                    )
                }
                Why::OfPackage => {
                    // Translators: a profile of dconf that came with a package
                    noop(
                        "Copy it to /etc/dconf/profile, and add the line “{line}” there, below its “user-db:” line.",
                    )
                }
                _ => {
                    // Translators: a profile of dconf
                    noop("Add the line “{line}” below its “user-db:” line.")
                }
            };
            (what, advice)
        }
        Why::Missing => (
            // Translators: {file} is a profile of dconf; {by} are files in quotes
            noop(
                "There is no dconf profile “{file}”, which {by} sets, so programs read no settings at all.",
            ),
            // Translators: a profile of dconf that a file names and that is missing
            noop("Create it, or take its name out."),
        ),
        Why::Unreadable(_) => (
            // Translators: a profile of dconf
            noop("The dconf profile “{file}” cannot be read: {reason}."),
            // Translators: about a file
            noop("Ask again as root."),
        ),
        Why::Variable => (
            // Translators: {file} is the path of a profile of dconf, with “…” for an unknown part;
            // {by} are files in quotes
            noop("The dconf profile “{file}”, which {by} sets, is known at login only."),
            // Translators: a file that sets a profile of dconf
            noop("Set one with a fixed path."),
        ),
    };
    let parts = [
        ("file", file.as_str()),
        ("by", &by),
        ("reason", reason),
        ("line", "system-db:privacy_panel"),
        ("all", "profiles = \"all\""),
    ];
    format!("{} {}", gettext_f(what, &parts), gettext_f(advice, &parts))
}

/// The keys of a reader that differ from the policy.
pub(crate) fn differences(reader: &ReaderReport) -> Vec<String> {
    if let Some(problem) = reader.problem() {
        return vec![text::one_line(problem)];
    }
    reader
        .keys
        .iter()
        .filter(|key| !key.in_force())
        .map(difference)
        .collect()
}

/// How a key differs from the policy, and which database decides it instead.
fn difference(key: &KeyReport) -> String {
    let shown = |answer: &read_back::Answer| match answer.value.as_deref() {
        Some(value) => value_text(value),
        // Translators: instead of a value that is not there
        None => gettext("nothing"),
    };
    let database = key.decided_by.as_ref().map(|decided| {
        let name = decided.database.file_name().unwrap_or_default();
        (name.to_string_lossy().into_owned(), decided.by_lock)
    });
    let (name, by_lock) = database
        .as_ref()
        .map_or(("", None), |(name, by_lock)| (name, Some(*by_lock)));
    let (wanted, found) = (&key.wanted, &key.found);
    let sentence = if wanted.value == found.value {
        match (found.locked, by_lock) {
            (true, Some(true)) => {
                // Translators: a setting, and a database of dconf
                noop("{key} is locked by the database “{database}”, and shouldn’t be")
            }
            // Translators: a setting
            (true, _) => noop("{key} is locked, and shouldn’t be"),
            // Translators: a setting
            (false, _) => noop("{key} isn’t locked, and should be"),
        }
    } else {
        match by_lock {
            Some(true) => {
                // Translators: a setting, its value, a database of dconf, and the right value
                noop(
                    "{key} is {found}, locked by the database “{database}”, and should be {wanted}",
                )
            }
            Some(false) => {
                // Translators: a setting, its value, a database of dconf, and the right value
                noop(
                    "{key} is {found} from the database “{database}”, which comes first, and should be {wanted}",
                )
            }
            None => match (wanted.locked, found.locked) {
                // Translators: a setting, what was found in it and what should be there
                (true, false) => noop("{key} is {found}, and should be {wanted}, locked"),
                // Translators: a setting, what was found in it and what should be there
                (false, true) => noop("{key} is {found}, locked, and should be {wanted}"),
                // Translators: a setting, what was found in it and what should be there
                _ => noop("{key} is {found}, and should be {wanted}"),
            },
        }
    };
    gettext_parts(
        sentence,
        &[
            ("key", Part::Foreign(&key.key)),
            ("database", Part::Foreign(name)),
            ("found", Part::Own(&shown(found))),
            ("wanted", Part::Own(&shown(wanted))),
        ],
    )
}

/// The maximum length of a value, in characters: other databases can have lists of any length.
const LONGEST_VALUE: usize = 300;

fn value_text(value: &str) -> String {
    text::one_line(&text::shortened(value, LONGEST_VALUE))
}

/// Why nothing was done, and what the administrator can do.
pub(crate) fn sentence(failure: &Failure) -> String {
    let named =
        |sentence: &str, file: &Path| gettext_f(sentence, &[("file", &file.display().to_string())]);
    match failure {
        Failure::System { file, reason } => gettext_f(
            // Translators: a file, and why it cannot be read or written
            "“{file}”: {reason}.",
            &[("file", &file.display().to_string()), ("reason", reason)],
        ),
        Failure::NotWritable {
            folder,
            reason,
            denied,
        } => {
            let sentence = gettext_f(
                "Nothing can be written in “{folder}”: {reason}.",
                &[
                    ("folder", &folder.display().to_string()),
                    ("reason", reason),
                ],
            );
            if *denied {
                // Translators: the sentence before says why nothing can be written
                let advice = gettext("The administrator can run this, such as with sudo.");
                format!("{sentence} {advice}")
            } else {
                sentence
            }
        }
        Failure::InTheWay(file) => named(
            "“{file}” is in the way: it was not made by privacyctl. Move it away and try again.",
            file,
        ),
        Failure::Foreign(file) => named(
            "“{file}” was not put there by privacyctl. Move it to a database of its own, such as /etc/dconf/db/local.d, and try again.",
            file,
        ),
        Failure::ProfileIsLink(file) | Failure::LineInLink(file) => {
            let what = named(
                // Translators: what to do follows
                "“{file}” is a link, so that something else takes care of it.",
                file,
            );
            let advice = if matches!(failure, Failure::ProfileIsLink(_)) {
                gettext(
                    "Add the line “system-db:privacy_panel” after “user-db:user” there, or replace the link by a file, and try again.",
                )
            } else {
                gettext("Take the line “system-db:privacy_panel” out of it there, and try again.")
            };
            format!("{what} {advice}")
        }
        Failure::NoUserDatabase(file) => named(
            "“{file}” has no line that begins with “user-db:” or “service-db:”, so that it is not known where a policy belongs in it. Add the line “system-db:privacy_panel” below the line of the person’s own settings, and try again.",
            file,
        ),
        Failure::Broken(mistake) => gettext_f(
            // Translators: a file of another program, and what is wrong in it
            "{mistake}. Mend the file, or move it away, and try again.",
            &[("mistake", mistake)],
        ),
        Failure::Conflict(conflict) => gettext_f(
            // Translators: a contradiction between two files
            "{problem}. Mend one of them, or mask it with an empty file of its name in /etc/privacy-panel/readers.d.",
            &[("problem", &conflict.to_string())],
        ),
        Failure::NoDconf => gettext(
            "dconf is not installed here. Install the packages dconf-cli and dconf-gsettings-backend, and try again.",
        ),
        Failure::NotCompiled(said) => gettext_f(
            "The database could not be compiled, and the policy that was in force still is. dconf said: {said}",
            &[("said", &said.replace('\n', "; "))],
        ),
        Failure::Busy => gettext(
            "Another privacyctl is at work on the policy and does not come to an end. Look for it, and try again.",
        ),
        // The warnings that follow name the files.
        Failure::NotInForce(report) if !report.hidden.is_empty() => {
            gettext("The policy was written, but not everybody’s programs can read it.")
        }
        Failure::NotInForce(_) => gettext(
            "The policy was written, but is not what programs read now. Look in /etc/dconf/profile/user for another database that comes before it or has locks.",
        ),
    }
}
