// SPDX-License-Identifier: GPL-3.0-or-later

//! Sentences about history, in the user's language, for the panel and the command line.

use std::path::Path;

use super::never_record::{Rule, RuleError};
use super::retention::{Keep, List, NotKept};
use super::zeitgeist;
use super::{Found, Outcome, Problem};
use crate::choices::choice::ACTIVITY_HISTORY;
use crate::choices::words;
use crate::system::i18n::{
    Part, gettext, gettext_f, gettext_parts, ngettext_f, noop, system_error,
};
use crate::system::text;

/// Such as “5 entries”.
pub fn entries(count: usize) -> String {
    ngettext_f(
        "{count} entry",
        "{count} entries",
        count,
        &[("count", &count.to_string())],
    )
}

/// What a source holds of a span, and why that can't be cleared.
pub fn found(found: &Found) -> String {
    match (&found.count, &found.obstacle) {
        (Err(problem), _) => self::problem(problem, &found.source.program()),
        (Ok(count), None) => match &found.note {
            None => entries(*count),
            Some(note @ Problem::NothingKept) => problem(note, &found.source.program()),
            Some(note) => and_then(&entries(*count), &problem(note, &found.source.program())),
        },
        (Ok(_), Some(obstacle @ Problem::Undated)) => problem(obstacle, &found.source.program()),
        (Ok(count), Some(obstacle)) => and_then(
            &entries(*count),
            &problem(obstacle, &found.source.program()),
        ),
    }
}

/// The result of clearing a source.
pub fn outcome(outcome: &Outcome) -> String {
    let removed = match outcome.removed {
        // Translators: how many entries were removed from a place
        0 => gettext("Nothing removed"),
        removed => ngettext_f(
            "{count} entry removed",
            "{count} entries removed",
            removed,
            &[("count", &removed.to_string())],
        ),
    };
    match &outcome.problem {
        None => removed,
        Some(problem @ Problem::NothingKept) => self::problem(problem, &outcome.source.program()),
        Some(problem) => and_then(&removed, &self::problem(problem, &outcome.source.program())),
    }
}

fn and_then(first: &str, then: &str) -> String {
    gettext_parts(
        // Translators: how many entries there are or were removed, or how long they are kept, and a
        // sentence about them
        "{entries}. {sentence}",
        &[("entries", Part::Own(first)), ("sentence", Part::Own(then))],
    )
}

/// Why a source wasn't read or cleared, and what the user can do.
fn problem(problem: &Problem, service: &str) -> String {
    let of_file =
        |sentence: &str, file: &Path| gettext_f(sentence, &[("file", &file.display().to_string())]);
    let with_reason = |sentence: &str, file: &Path, reason: &std::io::Error| {
        let (file, reason) = (file.display().to_string(), system_error(reason));
        gettext_f(sentence, &[("file", &file), ("reason", &reason)])
    };
    let service = [("service", service)];
    let of_program = |sentence: &str, program: &str| gettext_f(sentence, &[("program", program)]);
    match problem {
        Problem::Broken(file, _) => of_file(
            noop(
                "“{file}” cannot be understood, so it was left as it is. Remove the file to forget what is in it.",
            ),
            file,
        ),
        Problem::Unreadable(file, reason) => {
            with_reason(noop("“{file}” could not be read: {reason}."), file, reason)
        }
        Problem::NotReplaced(file, why) => words::not_replaced(file, why),
        Problem::Foreign(owner) => words::foreign(owner),
        Problem::DesktopRunning(program) => of_program(
            // Translators: the program is a part of the desktop, such as “GNOME Shell”
            noop(
                "{program} keeps these in memory and would write them again while you are logged in.",
            ),
            program,
        ),
        Problem::ProgramRunning(program) => of_program(
            noop("{program} is open and would write these again. Close it and try again."),
            program,
        ),
        Problem::Undated => gettext("These have no dates. They go when you clear everything."),
        Problem::SomeUndated(count) => ngettext_f(
            // Translators: after how many entries of a time there are or were removed
            "{count} more has no date. It goes when you clear everything.",
            "{count} more have no date. They go when you clear everything.",
            *count,
            &[("count", &count.to_string())],
        ),
        // Translators: instead of a number of entries: the user has stopped a list
        Problem::NothingKept => gettext("Nothing is kept here."),
        Problem::Locked => gettext("Your administrator does not let these be cleared."),
        Problem::SettingNotSaved => {
            gettext("The setting could not be saved. Try again after logging in anew.")
        }
        Problem::NoAnswer => gettext_f(
            // Translators: the service is Zeitgeist
            "{service} did not answer in time. Try again later.",
            &service,
        ),
        Problem::Ended => gettext_f(
            // Translators: the service is Zeitgeist
            "{service} ended in the middle of it. Try again.",
            &service,
        ),
        Problem::Refused(reason) => gettext_f(
            // Translators: the reason is what another program said, usually in English
            "It could not be done: {reason}",
            &[("reason", reason)],
        ),
        Problem::StillThere => gettext_f(
            // Translators: the service is Zeitgeist, or a program’s name
            "{service} still has others of this time. Try again.",
            &service,
        ),
        Problem::Cancelled => gettext("You stopped it."),
        Problem::Stopped(left) => ngettext_f(
            // Translators: after how many entries were removed
            "You stopped it. {count} entry is left.",
            "You stopped it. {count} entries are left.",
            *left,
            &[("count", &left.to_string())],
        ),
    }
}

/// What a list has, and how long its entries are kept: the title of the row.
pub fn duration(list: List) -> String {
    match list {
        // Translators: a list of times, such as “7 days” and “Forever”
        List::RecentFiles => gettext("File History Duration"),
        // Translators: a list of times, such as “4 months” and “Forever”. The activities are those of
        // the desktop KDE Plasma
        List::KdeActivities => gettext("Activity History Duration"),
    }
}

/// Where entries are kept.
pub fn place(list: List) -> String {
    match list {
        List::RecentFiles => gettext("In the list of recently used files"),
        // Translators: the desktop remembers which files and apps were used
        List::KdeActivities => gettext("Files and apps that KDE Plasma remembers"),
    }
}

/// How long the entries of a list are kept.
pub fn keep(keep: Keep) -> String {
    match keep {
        // Translators: how long recently used files are listed: not at all
        Keep::Days(0) => gettext("Not at all"),
        Keep::Days(days) => {
            let count = usize::try_from(days).unwrap_or_default();
            // Translators: how long recently used files are listed
            ngettext_f(
                "{count} day",
                "{count} days",
                count,
                &[("count", &count.to_string())],
            )
        }
        Keep::Months(months) => {
            let count = usize::try_from(months).unwrap_or_default();
            // Translators: how long files and apps that were used are remembered
            ngettext_f(
                "{count} month",
                "{count} months",
                count,
                &[("count", &count.to_string())],
            )
        }
        // Translators: how long recently used files are listed
        Keep::Forever => gettext("Forever"),
    }
}

/// The same with a sentence, for screen readers.
pub fn keep_and_why(keep: Keep, why: &str) -> String {
    and_then(&self::keep(keep), why)
}

/// Why it isn't kept that long.
pub fn not_kept(why: NotKept) -> String {
    match why {
        NotKept::NotHere => gettext(
            "No app of this session lets you choose how long recently used files are listed.",
        ),
        NotKept::Locked => gettext("Only your administrator can change this."),
        NotKept::NotSaved => problem(&Problem::SettingNotSaved, ""),
    }
}

/// Why a rule wasn't added or removed.
pub fn rule_problem(problem: &Problem) -> String {
    self::problem(problem, zeitgeist::PROGRAM)
}

/// Why a value can't become a rule.
pub fn rule_error(error: RuleError) -> String {
    match error {
        RuleError::NoSuchKind => gettext("There is no such kind."),
        RuleError::NotAbsolute => gettext("Write the whole path of the folder, from “/”."),
        RuleError::NotUnicode => {
            gettext("Zeitgeist cannot be told of this folder: its name is not Unicode.")
        }
        RuleError::NotADesktopFile => gettext(
            "Write the name of the application’s desktop file, such as “org.gnome.gedit.desktop”.",
        ),
    }
}

/// A rule, on one line.
pub fn rule(rule: &Rule) -> String {
    match rule {
        Rule::Everything => gettext_f(
            // Translators: what is never recorded, while a choice is off
            "Everything, since “{choice}” is off for Zeitgeist",
            &[("choice", &recording())],
        ),
        Rule::Kind(kind) => kind.title(),
        Rule::Folder(path) => text::path(path),
        Rule::Application(id) | Rule::Other(id) => text::one_line(id),
    }
}

/// A note for while Zeitgeist records nothing, whatever the rules are.
pub fn nothing_is_recorded() -> String {
    gettext_f(
        // Translators: the choice is “Record files and applications used”
        "Zeitgeist records nothing at all now, since “{choice}” is off for it. What you choose here counts when it is on again.",
        &[("choice", &recording())],
    )
}

fn recording() -> String {
    ACTIVITY_HISTORY.title()
}

/// A note about the programs whose history isn't cleared.
pub fn out_of_reach() -> String {
    gettext(
        "Web browsers and other programs that keep a history of their own are not reached. Clear it there.",
    )
}
