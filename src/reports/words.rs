// SPDX-License-Identifier: GPL-3.0-or-later

//! Sentences about reports, in the user's language, for the panel and the command line.

use super::{Content, Field, NotDeleted, Report, Section, State, Unlisted, Unreadable, path};
use crate::choices::words;
use crate::system::i18n::{gettext, gettext_f, ngettext_f, noop, system_error};
use crate::system::text;

/// A state, in a word or two.
pub fn state(state: State) -> String {
    gettext(match state {
        // Translators: about an error report that nobody has decided to send
        State::Waiting => noop("Not sent"),
        // Translators: about an error report that is sent when that is possible
        State::Marked => noop("Waiting to be sent"),
        // Translators: about an error report that was to be sent, while “Send error reports” is off
        State::Held => noop("Held back: sending is off"),
        // Translators: about an error report that a program took over to send it
        State::Sent => noop("Handed over"),
        // Translators: about an error report that is on this computer, and that nobody sends
        State::Kept => noop("Kept here"),
        // Translators: about an error report that is gone, while the mark to send it is still there
        State::Mark => noop("Nothing left to send"),
    })
}

/// The heading of a section.
pub fn section(section: Section) -> String {
    match section {
        // Translators: heading over error reports that were handed over to be sent
        Section::Sent => gettext("Sent"),
        Section::Waiting => state(State::Marked),
        Section::Held => state(State::Held),
        Section::Kept => state(State::Kept),
    }
}

/// What a report's state means, in sentences.
pub fn consequence(report: &Report) -> String {
    gettext(match (report.state, report.has_content) {
        (State::Waiting, _) => noop(
            "Nobody has said that this report is to be sent. Apport may ask you about it, or send it where reports are sent without asking.",
        ),
        (State::Marked, _) => noop("This report is sent when this computer is connected."),
        (State::Held, _) => noop(
            "This report was to be sent, and is held back while sending is off. Turn sending on to send it, or delete the report.",
        ),
        (State::Sent, true) => noop(
            "Whoopsie has handled this report: it was sent, or could not be and is not tried again. A copy of it is kept here.",
        ),
        (State::Sent, false) => noop(
            "Whoopsie has handled this report: it was sent, or was gone before that. All that is left of it is the mark that says so.",
        ),
        (State::Kept, _) if report.has_own_folder => noop(
            "This is the memory of the whole computer at the moment when its kernel failed. Whatever you were working with can be in it, such as passwords. It is kept here and is not sent by itself.",
        ),
        (State::Kept, _) => noop(
            "This is the memory of a program at the moment when it failed. Whatever the program was working with can be in it, such as passwords. It is kept here and is not sent by itself.",
        ),
        (State::Mark, _) => noop(
            "This report was to be sent, and is gone. All that is left of it is the mark that says so.",
        ),
    })
}

/// A time in seconds since 1970, in the user's format.
pub fn time(seconds: i64) -> String {
    glib::DateTime::from_unix_local(seconds)
        // Translators: a date and a time, as “date” and “strftime” take it. “%x %X” is what your
        // language and region have for both.
        .and_then(|time| time.format(&gettext("%x %X")))
        .map_or_else(|_| seconds.to_string(), Into::into)
}

/// How long ago a time in seconds since 1970 is, for a list: the day in words, and the hour if that is
/// of use.
pub fn when(seconds: i64) -> String {
    let now = glib::DateTime::now_local();
    now.ok()
        .and_then(|now| when_seen(seconds, &now))
        .unwrap_or_else(|| time(seconds))
}

/// `None`: the time is later than today, such as after the clock was wrong.
fn when_seen(seconds: i64, now: &glib::DateTime) -> Option<String> {
    let then = glib::DateTime::from_unix_local(seconds).ok()?;
    let midnight =
        glib::DateTime::from_local(now.year(), now.month(), now.day_of_month(), 0, 0, 0.0).ok()?;
    // Days have 23 to 25 hours.
    let is_within = |days: i32| midnight.add_days(-days).is_ok_and(|start| then >= start);
    let half_day = is_half_day(&then);
    if !midnight.add_days(1).is_ok_and(|end| then < end) {
        return None;
    }
    let format = if is_within(0) {
        if half_day {
            // Translators: a time of today, as “date” and “strftime” take it, of 12 hours
            gettext("Today, %-I:%M %p")
        } else {
            // Translators: a time of today, as “date” and “strftime” take it, of 24 hours
            gettext("Today, %H:%M")
        }
    } else if is_within(1) {
        if half_day {
            // Translators: a time of yesterday, as “date” and “strftime” take it, of 12 hours
            gettext("Yesterday, %-I:%M %p")
        } else {
            // Translators: a time of yesterday, as “date” and “strftime” take it, of 24 hours
            gettext("Yesterday, %H:%M")
        }
    } else if let Some(days) = (2..DAYS_IN_WORDS).find(|days| is_within(*days)) {
        let count = usize::try_from(days).ok()?;
        return Some(ngettext_f(
            "{count} day ago",
            "{count} days ago",
            count,
            &[("count", &count.to_string())],
        ));
    } else {
        "%x".to_owned()
    };
    then.format(&format).ok().map(Into::into)
}

/// Whether the user's format of a time has 12 hours.
fn is_half_day(time: &glib::DateTime) -> bool {
    let (Ok(shown), Ok(half)) = (time.format("%X"), time.format("%p")) else {
        return false;
    };
    !half.is_empty() && shown.to_lowercase().contains(&half.to_lowercase())
}

/// From which day on a list shows the date.
const DAYS_IN_WORDS: i32 = 7;

/// A number of bytes, in the user's format.
pub fn size(bytes: u64) -> String {
    glib::format_size(bytes).into()
}

/// A number of reports.
pub fn count(count: usize) -> String {
    if count == 0 {
        return none();
    }
    ngettext_f(
        "{count} report",
        "{count} reports",
        count,
        &[("count", &count.to_string())],
    )
}

/// A sentence for an empty list.
pub fn none() -> String {
    gettext("No reports")
}

/// A sentence for a computer without a keeper of reports.
pub fn no_places() -> String {
    gettext("Nothing on this computer keeps error reports.")
}

/// A description of a field that isn't text.
pub fn binary(field: &Field) -> Option<String> {
    match field.content {
        Content::Text { .. } => None,
        Content::Binary {
            size,
            unpacked: None,
        } => Some(gettext_f(
            // Translators: instead of what is not text; such as “1.2 MB of binary data”
            "{size} of binary data",
            &[("size", &self::size(size))],
        )),
        Content::Binary {
            size,
            unpacked: Some(unpacked),
        } => Some(gettext_f(
            // Translators: instead of what is not text; “packed” is compressed
            "{unpacked} of binary data, {size} packed",
            &[
                ("unpacked", &self::size(unpacked)),
                ("size", &self::size(size)),
            ],
        )),
    }
}

/// The name of a field, or a stand-in for text outside any field.
pub fn field_name(field: &Field) -> String {
    field.name.as_deref().map_or_else(
        // Translators: instead of a name, over lines of a report that are broken
        || gettext("Without a name"),
        text::one_line,
    )
}

/// What a field is, or its name if that is not known.
pub fn field_title(field: &Field) -> String {
    field.meaning().unwrap_or_else(|| field_name(field))
}

/// What happens after the mark for sending was removed.
pub fn kept() -> String {
    gettext(
        "You have decided not to send this report. It stays here, and Apport may ask you about it again. Where reports are sent without asking, it may be marked to be sent again: to make sure that it is never sent, delete it.",
    )
}

/// Says that the caller can't remove the mark.
pub fn not_kept(report: &Report) -> String {
    gettext_f(
        // Translators: what to type in a terminal follows
        "Only the administrator can keep this report from being sent, by deleting it: {command}",
        &[(
            "command",
            &format!("sudo privacyctl reports delete {}", report.id),
        )],
    )
}

/// A note after the beginning of a long text.
pub fn cut() -> String {
    // Translators: after the beginning of a long text
    gettext("This is the beginning. The rest is too long to be shown here.")
}

/// Why a report's content can't be read, and what the user can do.
pub fn unreadable(report: &Report, why: &Unreadable) -> String {
    match why {
        Unreadable::NotPermitted => gettext_f(
            // Translators: what to type in a terminal follows
            "This report is not yours. The administrator can read it: {command}",
            &[(
                "command",
                &format!("sudo privacyctl reports show {}", report.id),
            )],
        ),
        Unreadable::Gone if !report.has_content => {
            gettext("What this report held is not kept here any more.")
        }
        Unreadable::Gone => gettext("This report is not there any more."),
        Unreadable::System(error) => gettext_f(
            // Translators: a file, and why it cannot be read
            "“{file}” cannot be read: {reason}.",
            &[("file", &file(report)), ("reason", &system_error(error))],
        ),
    }
}

fn file(report: &Report) -> String {
    report
        .files
        .first()
        .map(|file| path(&report.place, file))
        .unwrap_or_default()
}

/// Why a report or a part of it remains, and what the user can do.
pub fn not_deleted(report: &Report, why: &NotDeleted) -> String {
    let program = ("program", report.program_name());
    match why {
        NotDeleted::Changed => gettext_f(
            "The report about {program} has changed meanwhile. Look at it again before you delete it.",
            &[program],
        ),
        NotDeleted::NotPermitted => gettext_f(
            // Translators: what to type in a terminal follows
            "The report about {program} is not yours to delete. The administrator can: {command}",
            &[
                program,
                (
                    "command",
                    &format!("sudo privacyctl reports delete {}", report.id),
                ),
            ],
        ),
        NotDeleted::Foreign(owner) => words::foreign(owner),
        NotDeleted::Emptied => gettext_f(
            "What the report about {program} held is deleted. An empty file is left, which Apport removes within a day.",
            &[program],
        ),
        NotDeleted::MarksLeft(marks) => {
            let mark = marks.first().map(|mark| path(&report.place, mark));
            gettext_f(
                // Translators: a file that says what became of the report
                "The report about {program} is deleted. “{file}” is not yours to delete; Apport removes it after a week.",
                &[program, ("file", &mark.unwrap_or_default())],
            )
        }
        NotDeleted::System { file, error } => gettext_f(
            // Translators: a file, and why it cannot be deleted
            "“{file}” cannot be deleted: {reason}.",
            &[
                ("file", &path(&report.place, file)),
                ("reason", &system_error(error)),
            ],
        ),
    }
}

/// Why a folder can't be read.
pub fn unlisted(unlisted: &Unlisted) -> String {
    gettext_f(
        // Translators: a folder, and why it cannot be read
        "The reports in “{folder}” cannot be listed: {reason}.",
        &[
            ("folder", &unlisted.folder.display().to_string()),
            ("reason", &system_error(&unlisted.error)),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_named_by_the_calendar_and_a_time_to_come_is_shown_exactly() {
        let local = |day, hour, minute| {
            glib::DateTime::from_local(2026, 11, day, hour, minute, 0.0).unwrap()
        };
        let now = local(27, 0, 5);
        let said = |then: &glib::DateTime| when_seen(then.to_unix(), &now);
        assert_eq!(said(&local(27, 0, 1)).unwrap(), "Today, 00:01");
        assert_eq!(said(&local(27, 23, 59)).unwrap(), "Today, 23:59");
        assert_eq!(said(&local(26, 23, 59)).unwrap(), "Yesterday, 23:59");
        assert_eq!(said(&local(25, 23, 59)).unwrap(), "2 days ago");
        assert_eq!(said(&local(21, 0, 0)).unwrap(), "6 days ago");
        assert_eq!(said(&local(20, 23, 59)).unwrap(), "11/20/26");
        assert_eq!(said(&local(28, 0, 0)), None);
    }
}
