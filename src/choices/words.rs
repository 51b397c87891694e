// SPDX-License-Identifier: GPL-3.0-or-later

//! The sentences that the panel and the command line share, translated.
//!
//! They say what happens and what to do next. They never name keys.

mod failures;

use std::collections::BTreeSet;

use crate::choices::choice::{Act, Choice};
use crate::choices::organisation::Organisation;
use crate::choices::reader::{Answer, ModeState, Problem};
use crate::choices::state::State;
use crate::choices::status::{ChoiceStatus, ReaderStatus};
use crate::system::i18n::{
    Part, gettext, gettext_f, gettext_parts, ngettext_f, ngettext_parts, noop,
};
use crate::system::settings::Origin;
use crate::system::text;

pub use failures::{complaint, failure, foreign, not_replaced, problem, report, storage};

/// The panel's name. [`gettext`] translates it.
// Translators: the name of the panel among other programs
pub(crate) const NAME: &str = noop("Privacy");

/// A state in one word.
pub fn state(state: State) -> String {
    match state {
        // Translators: the state of a choice, or of a program: something may be sent, or recorded
        State::On => gettext("On"),
        // Translators: the state of a choice, or of a program: nothing may be sent or recorded
        State::Off => gettext("Off"),
        // Translators: the state of a choice that some programs follow as on and others as off
        State::Mixed => gettext("Mixed"),
    }
}

/// How programs send what they may send.
pub fn mode(mode: ModeState) -> String {
    match mode {
        // Translators: how programs send reports: people are asked before each
        ModeState::Ask => gettext("Ask each time"),
        // Translators: how programs send reports: nobody is asked
        ModeState::Automatic => gettext("Send automatically"),
        // Translators: how programs send reports
        ModeState::Mixed => gettext("Some programs ask each time"),
    }
}

/// The state of a choice in one word, or that it isn't known.
pub fn choice_word(status: &ChoiceStatus) -> String {
    if status.is_unknown() {
        return not_known();
    }
    state(status.state)
}

/// A choice and its state: `Include online search results: Off`.
pub fn choice_state(status: &ChoiceStatus) -> String {
    gettext_f(
        // Translators: the name of a choice and its state, such as “Send error reports: Off”
        "{choice}: {state}",
        &[
            ("choice", &status.choice.title()),
            ("state", &choice_word(status)),
        ],
    )
}

/// What is true of a choice now, in a sentence or two: the apps that follow it and what they do, or
/// that no app does. The closed row, `privacyctl status` and the desktop's search say it.
pub fn summary(status: &ChoiceStatus) -> String {
    let mut sentences = unknown(status);
    let known = status.followers().filter(|reader| reader.answer.is_ok());
    let apps: Vec<_> = known.filter(|reader| !reader.own).collect();
    if !apps.is_empty() {
        sentences.push(match status.known() {
            Some(State::Mixed) | None => differing(status),
            Some(state) => followed(status, state, &names(&apps)),
        });
    } else if status.has_no_reader() {
        sentences.push(status.choice.empty_hint());
    }
    sentences.join(" ")
}

/// What the apps do that follow a choice as on, or as off.
fn followed(status: &ChoiceStatus, state: State, programs: &str) -> String {
    let parts = [("programs", Part::Own(programs))];
    match (status.choice.act, state.may_send()) {
        // Translators: {programs} are the apps that send what the choice is about, such as
        // “Unity Dash and GNOME Shell Search”
        (Act::Send, true) => gettext_parts("Sent by {programs}.", &parts),
        // Translators: {programs} are the apps that record what people do
        (Act::Record, true) => gettext_parts("Recorded in {programs}.", &parts),
        (Act::Send, false) if status.pending => gettext_parts(
            // Translators: while a new policy is known to no app that is open
            "From your next login on, nothing is sent by {programs}.",
            &parts,
        ),
        (Act::Record, false) if status.pending => gettext_parts(
            // Translators: while a new policy is known to no app that is open
            "From your next login on, nothing is recorded in {programs}.",
            &parts,
        ),
        // Translators: {programs} are the apps that follow the choice, which is off
        (Act::Send, false) => gettext_parts("Nothing is sent by {programs}.", &parts),
        // Translators: {programs} are the apps that follow the choice, which is off
        (Act::Record, false) => gettext_parts("Nothing is recorded in {programs}.", &parts),
    }
}

/// Sentences about the apps whose settings could not be read.
pub(crate) fn unknown(status: &ChoiceStatus) -> Vec<String> {
    let (mut sentences, mut silent, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    for (reader, why) in status.unread() {
        match why {
            _ if reader.is_silent() => silent.push(reader),
            Problem::Lost(_) => sentences.push(problem(why)),
            _ if reader.own => sentences.push(problem(why)),
            _ => unread.push(reader),
        }
    }
    sentences.dedup();
    for (readers, sentence) in [
        (silent, silence as fn(Act, usize, &str) -> String),
        (unread, unreadable),
    ] {
        if !readers.is_empty() {
            sentences.push(sentence(status.choice.act, readers.len(), &names(&readers)));
        }
    }
    sentences
}

fn silence(act: Act, count: usize, programs: &str) -> String {
    let parts = [("programs", Part::Own(programs))];
    match act {
        Act::Send => ngettext_parts(
            // Translators: {programs} is an app whose service is too slow, or hangs
            "{programs} did not answer, so something may be sent.",
            "{programs} did not answer, so something may be sent.",
            count,
            &parts,
        ),
        Act::Record => ngettext_parts(
            // Translators: {programs} is an app whose service is too slow, or hangs
            "{programs} did not answer, so something may be recorded.",
            "{programs} did not answer, so something may be recorded.",
            count,
            &parts,
        ),
    }
}

fn unreadable(act: Act, count: usize, programs: &str) -> String {
    let parts = [("programs", Part::Own(programs))];
    match act {
        Act::Send => ngettext_parts(
            // Translators: {programs} is an app whose setting could not be read
            "{programs} could not be read, so something may be sent.",
            "{programs} could not be read, so something may be sent.",
            count,
            &parts,
        ),
        Act::Record => ngettext_parts(
            // Translators: {programs} is an app whose setting could not be read
            "{programs} could not be read, so something may be recorded.",
            "{programs} could not be read, so something may be recorded.",
            count,
            &parts,
        ),
    }
}

/// What a choice is about: what happens, or would happen, while it is on.
pub fn explanation(status: &ChoiceStatus) -> String {
    let description = status.choice.description();
    if status.state == State::On && !status.has_no_reader() {
        return description;
    }
    gettext_parts(
        // Translators: what would happen if a choice were on; it is off
        "While it is on: {description}",
        &[("description", Part::Own(&description))],
    )
}

/// What people lose while a choice is off.
pub fn loss(choice: &Choice) -> String {
    gettext_parts(
        // Translators: what people lose while a choice is off
        "While it is off: {loss}",
        &[("loss", Part::Own(&choice.loss()))],
    )
}

fn not_known() -> String {
    // Translators: the state of a program whose setting could not be read
    gettext("Not known")
}

/// The state of one reader in one word, or that it can't be read.
pub fn reader_state(reader: &ReaderStatus) -> String {
    reader
        .reading()
        .map_or_else(not_known, |answer| state(answer.state))
}

/// Who decided, as a short sentence. `organisation`: the organisation of the administrator.
pub fn origin(origin: Origin, locked: bool, organisation: Option<&Organisation>) -> String {
    let named = |sentence: &str, name: &str| gettext_f(sentence, &[("organisation", name)]);
    match (origin, organisation) {
        (_, Some(Organisation { name, .. })) if locked => {
            // Translators: who decided whether something is on or off; people cannot change it
            named("Locked by {organisation}", name)
        }
        _ if locked => gettext("Locked by your administrator"),
        // Translators: who decided whether something is on or off
        (Origin::Default, _) => gettext("Set by default"),
        (Origin::Administrator, Some(Organisation { name, .. })) => {
            // Translators: who decided whether something is on or off
            named("Set by {organisation}", name)
        }
        // Translators: who decided whether something is on or off
        (Origin::Administrator, None) => gettext("Set by your administrator"),
        // Translators: who decided whether something is on or off
        (Origin::You, _) => gettext("Set by you"),
    }
}

/// Who decided about a choice, as a short sentence.
pub fn who(status: &ChoiceStatus) -> String {
    origin(status.origin, status.locked, status.organisation.as_ref())
}

/// The organisation and its contact: `Example University, https://it.example.edu/privacy`.
pub fn organisation(organisation: &Organisation) -> String {
    match &organisation.contact {
        None => text::one_line(&organisation.name),
        Some(contact) => gettext_f(
            // Translators: an organisation and its web or mail address
            "{organisation}, {contact}",
            &[
                ("organisation", &organisation.name),
                ("contact", contact_address(contact)),
            ],
        ),
    }
}

/// A contact as people write it: a mail address without its scheme.
pub fn contact_address(contact: &str) -> &str {
    contact.strip_prefix("mailto:").unwrap_or(contact)
}

/// The sentence for running programs that may not know of a policy yet.
pub fn pending() -> String {
    gettext("Open apps change the next time you log in.")
}

/// Details of one reader beside its state. Leaves out who decided if that is the same for the whole
/// choice.
pub fn reader(reader: &ReaderStatus, choice: &ChoiceStatus, said: bool) -> String {
    let answer = match &reader.answer {
        // Translators: about a program that is not on this computer
        Ok(None) => return gettext("Not installed"),
        Err(reason) => return problem(reason),
        Ok(Some(answer)) => answer,
    };
    let mut sentences = Vec::new();
    if answer.overruled {
        sentences.push(gettext(
            "Search results from all apps are turned off in the desktop’s settings",
        ));
    } else {
        sentences.extend(parts(answer));
    }
    if answer.pending {
        sentences.push(gettext_f(
            // Translators: {program} is an app that has to be started again to follow a change
            "Close {program} and open it again: it is open with the old setting",
            &[("program", &reader.program_name())],
        ));
    }
    if answer.for_every_user {
        // Translators: about a program whose setting is not one person's alone
        sentences.push(gettext("Set for everybody who uses this computer"));
    }
    if let Some(found) = answer.origin {
        let decided = origin(found, answer.locked, choice.organisation.as_ref());
        if !said || who(choice) != decided {
            sentences.push(decided);
        }
    }
    // Translators: between short sentences on one line
    sentences.join(&gettext(" · "))
}

/// The members of a list with their states, `Weather: On, Software: Off`.
fn parts(answer: &Answer) -> Option<String> {
    let parts: Vec<_> = answer
        .parts
        .iter()
        .map(|part| {
            gettext_f(
                // Translators: a program and its state, such as “Weather: On”
                "{program}: {state}",
                &[("program", &part.name), ("state", &state(part.on.into()))],
            )
        })
        .collect();
    (!parts.is_empty()).then(|| list(parts))
}

/// The programs by state, for a choice that is mixed: `On: Unity Dash. Off: GNOME Shell Search.`
fn differing(status: &ChoiceStatus) -> String {
    let sentence = |sentence: &str, wanted: State| {
        let readers: Vec<_> = status
            .followers()
            .filter(|reader| reader.reading().map(|answer| answer.state) == Some(wanted))
            .collect();
        (!readers.is_empty())
            .then(|| gettext_parts(sentence, &[("programs", Part::Own(&names(&readers)))]))
    };
    [
        // Translators: the programs in which a choice is on
        sentence(noop("On: {programs}."), State::On),
        // Translators: the programs in which a choice is on for a part of what they do
        sentence(noop("Partly on: {programs}."), State::Mixed),
        // Translators: the programs in which a choice is off
        sentence(noop("Off: {programs}."), State::Off),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(" ")
}

/// How many programs a sentence names.
const MOST_NAMES: usize = 3;

/// The names of programs within a sentence, as the user's language sorts them: a few, then a
/// number. `Unity Dash and Zeitgeist`
pub(crate) fn names(readers: &[&ReaderStatus]) -> String {
    these(readers.iter().map(|reader| reader.display_name()).collect())
}

/// The same for the names of the programs themselves, each once.
pub(crate) fn program_names(readers: &[&ReaderStatus]) -> String {
    let names = readers.iter().map(|reader| reader.program_name());
    let once: BTreeSet<_> = names.collect();
    these(once.into_iter().collect())
}

fn these(mut names: Vec<String>) -> String {
    names.sort_by_cached_key(|name| glib::CollationKey::from(name));
    let others = names.len().saturating_sub(MOST_NAMES);
    names.truncate(MOST_NAMES);
    text::isolated_names(&mut names);
    let last = if others > 0 {
        ngettext_f(
            // Translators: the end of a list of apps within a sentence, as in “Unity Dash,
            // Zeitgeist, Whoopsie and 4 others”
            "{count} other",
            "{count} others",
            others,
            &[("count", &others.to_string())],
        )
    } else {
        names.pop().unwrap_or_default()
    };
    if names.is_empty() {
        return last;
    }
    // Translators: between the names in a list
    let names = names.join(&gettext(", "));
    gettext_parts(
        // Translators: the end of a list of apps within a sentence, as in “Unity Dash, Zeitgeist
        // and Whoopsie”; {names} are those before the last one
        "{names} and {last}",
        &[("names", Part::Own(&names)), ("last", Part::Own(&last))],
    )
}

/// How many names of a list are shown. A reader file can have thousands.
const LONGEST_LIST: usize = 24;

/// Names, or our sentences about names, in a row.
fn list(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(LONGEST_LIST);
    names.truncate(LONGEST_LIST);
    text::isolated_names(&mut names);
    if more > 0 {
        names.push(ngettext_f(
            // Translators: at the end of a list of names that is too long to be shown as a whole
            "and {count} more",
            "and {count} more",
            more,
            &[("count", &more.to_string())],
        ));
    }
    // Translators: between the names in a list
    names.join(&gettext(", "))
}

/// For which desktop an answer is true, if the apps of others may follow another default. `own`: the
/// desktop, or nothing.
pub fn other_desktops(choice: &Choice, own: &str, others: Vec<String>) -> String {
    let (title, others) = (choice.title(), list(others));
    let parts = [
        ("choice", Part::Own(&title)),
        ("others", Part::Own(&others)),
        ("desktop", Part::Foreign(own)),
    ];
    if own.is_empty() {
        gettext_parts(
            // Translators: {others} are names of desktops, such as “GNOME, KDE”; do not translate
            // XDG_CURRENT_DESKTOP, the name of a variable
            "The default of “{choice}” depends on the desktop, and no desktop session was found. It may be another one in: {others}. Set XDG_CURRENT_DESKTOP to ask for one of them.",
            &parts[..2],
        )
    } else {
        gettext_parts(
            // Translators: {desktop} and {others} are names of desktops, such as “GNOME”
            "The default of “{choice}” depends on the desktop. This answer is for {desktop}. It may be another one in: {others}.",
            &parts,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::choice;
    use crate::choices::reader::Effect;
    use crate::system::service::ServiceProblem;

    fn reader(name: &str, answer: Result<State, Problem>) -> ReaderStatus {
        ReaderStatus {
            id: name.to_owned(),
            name: name.to_owned(),
            program: None,
            processes: Vec::new(),
            own: false,
            has_program: true,
            has_identifier: false,
            effect: Effect::Now,
            after: Vec::new(),
            answer: answer.map(|state| Some(Answer::of_user(state))),
        }
    }

    fn own(state: State) -> ReaderStatus {
        ReaderStatus {
            own: true,
            ..reader("Own", Ok(state))
        }
    }

    fn status(readers: Vec<ReaderStatus>) -> ChoiceStatus {
        ChoiceStatus::from_readers(&choice::ALL[0], readers)
    }

    fn silent() -> Problem {
        ServiceProblem::NoAnswer("org.example".to_owned()).into()
    }

    fn unreadable() -> Problem {
        ServiceProblem::NoProperty {
            service: "org.example".to_owned(),
            property: "x".to_owned(),
        }
        .into()
    }

    #[test]
    fn three_apps_are_named_and_the_others_counted() {
        let said = |names: &[&str]| {
            let readers = names.iter().map(|name| reader(name, Ok(State::Off)));
            summary(&status(readers.collect()))
        };
        assert_eq!(said(&["A"]), "Nothing is sent by A.");
        assert_eq!(said(&["B", "A"]), "Nothing is sent by A and B.");
        assert_eq!(said(&["C", "B", "A"]), "Nothing is sent by A, B and C.");
        let four = said(&["D", "C", "B", "A"]);
        assert_eq!(four, "Nothing is sent by A, B, C and 1 other.");
        let seven = said(&["G", "F", "E", "D", "C", "B", "A"]);
        assert_eq!(seven, "Nothing is sent by A, B, C and 4 others.");
    }

    #[test]
    fn the_panels_own_key_is_named_only_where_it_differs() {
        let said = |state| summary(&status(vec![reader("A", Ok(State::On)), own(state)]));
        assert_eq!(said(State::On), "Sent by A.");
        assert_eq!(said(State::Off), "On: A. Off: Own.");
        let unfollowed = status(vec![own(State::On)]);
        assert_eq!(summary(&unfollowed), unfollowed.choice.empty_hint());
    }

    #[test]
    fn what_is_not_known_is_said_first_and_differs_from_nothing() {
        let found = status(vec![
            reader("A", Err(silent())),
            reader("B", Ok(State::Off)),
        ]);
        assert_eq!(choice_word(&found), "Not known");
        assert_eq!(
            summary(&found),
            "A did not answer, so something may be sent. Nothing is sent by B."
        );
        let found = status(vec![
            reader("A", Err(unreadable())),
            reader("B", Ok(State::On)),
        ]);
        assert_eq!(choice_word(&found), "Mixed");
        assert_eq!(
            summary(&found),
            "A could not be read, so something may be sent. Sent by B."
        );
    }

    #[test]
    fn before_the_next_login_nothing_is_called_off_already() {
        let found = ChoiceStatus {
            pending: true,
            ..status(vec![reader("A", Ok(State::Off))])
        };
        assert_eq!(
            summary(&found),
            "From your next login on, nothing is sent by A."
        );
    }

    #[test]
    fn the_explanation_claims_that_something_is_sent_only_where_it_is() {
        let on = status(vec![reader("A", Ok(State::On))]);
        assert_eq!(explanation(&on), on.choice.description());
        for readers in [
            vec![reader("A", Ok(State::Off))],
            vec![reader("A", Err(silent()))],
            vec![own(State::On)],
        ] {
            assert!(explanation(&status(readers)).starts_with("While it is on: "));
        }
    }
}
