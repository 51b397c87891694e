// SPDX-License-Identifier: GPL-3.0-or-later

//! What the panel shows of the choices at a glance: a sentence about all of them, a short line about
//! each, and the apps of one choice in sections.

use crate::choices::choice::Act;
use crate::choices::organisation::Organisation;
use crate::choices::reader::{Answer, Effect, Obeyed};
use crate::choices::state::State;
use crate::choices::status::{ChoiceStatus, ReaderStatus};
use crate::choices::words;
use crate::system::i18n::{Part, gettext, gettext_f, gettext_parts, ngettext_f, noop};
use crate::system::settings::Origin;

/// How many apps a line names. More are counted.
const MOST_NAMES: usize = 2;

/// Whether a choice counts as on in [`headline`]: an app that follows it may send or record
/// something.
pub fn may_send(status: &ChoiceStatus) -> bool {
    status.state.may_send() && !status.has_no_reader()
}

/// What may still be sent or recorded, in a sentence about all choices.
pub fn headline(statuses: &[&ChoiceStatus]) -> String {
    let on = |act| {
        let mut statuses = statuses.iter();
        statuses.any(|status| status.choice.act == act && may_send(status))
    };
    let mut followed = statuses.iter().filter(|status| !status.has_no_reader());
    match (on(Act::Send), on(Act::Record)) {
        (true, true) => {
            // Translators: about all choices: some of each kind are on
            gettext("Apps here may send and record things about you")
        }
        // Translators: about all choices: only some of those are on that send something
        (true, false) => gettext("Apps here may send things about you"),
        // Translators: about all choices: only those are on that record something
        (false, true) => gettext("Apps here may record what you do"),
        (false, false) if statuses.iter().any(|status| status.pending) => {
            // Translators: about all choices, while a new policy is known to no app that is open
            gettext("From your next login on, the apps here send and record nothing")
        }
        (false, false) if statuses.iter().any(|status| is_finishing(status)) => {
            // Translators: about all choices: they are off, but apps that are open don't know it yet
            gettext("Apps that are open may still send or record things about you")
        }
        (false, false) if followed.next().is_none() => {
            // Translators: about all choices
            gettext("No app here follows this panel")
        }
        // Translators: about all choices: all are off
        (false, false) => gettext("The apps here send and record nothing"),
    }
}

/// The names of the choices that are on, or that an app doesn't obey yet, in one line.
pub fn still_on(statuses: &[&ChoiceStatus]) -> String {
    let on = statuses.iter();
    let on = on.filter(|status| may_send(status) || is_finishing(status));
    let titles: Vec<_> = on.map(|status| status.choice.title()).collect();
    // Translators: between short sentences on one line
    titles.join(&gettext(" · "))
}

/// Whether an app is running that still has an older value.
pub fn is_finishing(status: &ChoiceStatus) -> bool {
    status.followers().any(is_pending)
}

fn is_pending(reader: &ReaderStatus) -> bool {
    reader.reading().is_some_and(|answer| answer.pending)
}

/// What finishes a change that running apps don't know yet.
fn finish(status: &ChoiceStatus) -> Option<String> {
    let (at_login, at_start): (Vec<_>, Vec<_>) = status
        .followers()
        .filter(|reader| is_pending(reader))
        .partition(|reader| reader.effect == Effect::Login);
    let restart = || {
        gettext_parts(
            // Translators: {programs} are apps that are open with an older setting, such as “Firefox”
            "Restart {programs} to finish",
            &[("programs", Part::Own(&words::program_names(&at_start)))],
        )
    };
    // Translators: an app obeys a change from the next login on
    let login = (!at_login.is_empty()).then(|| gettext("Log in again to finish"));
    login.or_else(|| (!at_start.is_empty()).then(restart))
}

/// The current state of a choice, in one short line.
pub fn line(status: &ChoiceStatus) -> String {
    let unknown = words::unknown(status);
    let known = status.known().filter(|_| !status.has_no_reader());
    let is_lock_said = status.locked && unknown.is_empty() && !status.pending;
    let said = match known {
        Some(State::Off) if is_lock_said => Some(locked_off(status.organisation.as_ref())),
        Some(State::On) if is_lock_said => Some(locked_on(status.organisation.as_ref())),
        // What could not be read may be on.
        Some(State::Off) if !unknown.is_empty() => None,
        Some(known) => Some(followed(status, known)),
        None => unknown.is_empty().then(|| without_app(status)),
    };
    let unknown = (!unknown.is_empty()).then(|| unknown.join(" "));
    let is_lock_said = is_lock_said && matches!(known, Some(State::Off | State::On));
    let lock = (status.locked && !is_lock_said).then(|| words::who(status));
    let parts = [unknown, said, finish(status), lock];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    // Translators: between short sentences on one line
    parts.join(&gettext(" · "))
}

fn without_app(status: &ChoiceStatus) -> String {
    match status.choice.act {
        // Translators: about a choice that no app on this computer follows
        Act::Send => gettext("No app here sends this"),
        // Translators: about a choice that no app on this computer follows
        Act::Record => gettext("No app here records this"),
    }
}

/// What the apps do whose settings could be read.
fn followed(status: &ChoiceStatus, known: State) -> String {
    let apps = compared(status);
    let named = |sentence: &str| {
        let names = words::names(&apps);
        gettext_parts(sentence, &[("programs", Part::Own(&names))])
    };
    let count = ("count", &*apps.len().to_string());
    match known {
        State::Off if status.pending => {
            // Translators: about a choice, while a new policy is known to no app that is open
            gettext("Off from your next login on")
        }
        State::Off if is_finishing(status) => words::state(State::Off),
        // Translators: {programs} are one or two apps, such as “Unity Dash and GNOME Shell Search”
        State::Off if apps.len() <= MOST_NAMES => named(noop("Off in {programs}")),
        State::Off => ngettext_f(
            // Translators: there are always more than two apps
            "Off in {count} app",
            "Off in all {count} apps",
            apps.len(),
            &[count],
        ),
        // Translators: {programs} are one or two apps
        State::On if apps.len() <= MOST_NAMES => named(noop("On in {programs}")),
        State::On => ngettext_f(
            // Translators: there are always more than two apps
            "On in {count} app",
            "On in all {count} apps",
            apps.len(),
            &[count],
        ),
        State::Mixed => mixed(&apps),
    }
}

fn mixed(apps: &[&ReaderStatus]) -> String {
    let may_send = |reader: &&&ReaderStatus| {
        reader
            .reading()
            .is_some_and(|answer| answer.state.may_send())
    };
    let on = apps.iter().filter(may_send).count();
    if on == apps.len() {
        return gettext_parts(
            // Translators: {programs} are apps that send or record at least a part of what they can
            "Partly on in {programs}",
            &[("programs", Part::Own(&words::names(apps)))],
        );
    }
    ngettext_f(
        // Translators: {on} is how many of {count} apps send or record something
        "On in {on} of {count} app",
        "On in {on} of {count} apps",
        apps.len(),
        &[("on", &on.to_string()), ("count", &apps.len().to_string())],
    )
}

fn locked_off(organisation: Option<&Organisation>) -> String {
    match organisation {
        Some(organisation) => gettext_f(
            // Translators: about a choice that is off, and that people cannot change
            "Locked off by {organisation}",
            &[("organisation", &organisation.name)],
        ),
        // Translators: about a choice that is off, and that people cannot change
        None => gettext("Locked off by your administrator"),
    }
}

fn locked_on(organisation: Option<&Organisation>) -> String {
    match organisation {
        Some(organisation) => gettext_f(
            // Translators: about a choice that is on, and that people cannot change
            "Locked on by {organisation}",
            &[("organisation", &organisation.name)],
        ),
        // Translators: about a choice that is on, and that people cannot change
        None => gettext("Locked on by your administrator"),
    }
}

/// The apps that could be read. The panel's own key is one of them only where it differs: then it
/// is why the choice is mixed.
fn compared(status: &ChoiceStatus) -> Vec<&ReaderStatus> {
    let is_mixed = status.known() == Some(State::Mixed);
    let readable = status.followers().filter(|reader| reader.answer.is_ok());
    readable.filter(|reader| is_mixed || !reader.own).collect()
}

/// The apps of a choice, each section as the user's language sorts names.
#[derive(Debug, Default, PartialEq)]
pub struct Sections<'a> {
    /// Where the user should do something.
    pub attention: Vec<&'a ReaderStatus>,
    /// Apps that send or record.
    pub on: Vec<&'a ReaderStatus>,
    /// Apps that don't.
    pub off: Vec<&'a ReaderStatus>,
}

impl<'a> Sections<'a> {
    /// Sorts the apps of a choice. `has_failed`: whether the last change of a reader failed, by its
    /// ID.
    pub fn of(status: &'a ChoiceStatus, has_failed: impl Fn(&str) -> bool) -> Self {
        let mut sections = Self::default();
        let mixed = status.known() == Some(State::Mixed) || status.unread().next().is_some();
        for reader in status.followers() {
            let Some(answer) = reader.reading() else {
                sections.attention.push(reader);
                continue;
            };
            // While it agrees with the apps, the user has nothing to know about it.
            if reader.own && status.known() != Some(State::Mixed) && !status.has_no_reader() {
                continue;
            }
            let asks = mixed && answer.for_every_user && !answer.locked;
            let section = match answer.state {
                _ if has_failed(&reader.id) || answer.pending => &mut sections.attention,
                State::Off => &mut sections.off,
                State::On if !asks => &mut sections.on,
                State::On | State::Mixed => &mut sections.attention,
            };
            section.push(reader);
        }
        for section in [&mut sections.attention, &mut sections.on, &mut sections.off] {
            section.sort_by_cached_key(|reader| glib::CollationKey::from(reader.display_name()));
        }
        sections
    }

    /// How many apps there are.
    pub fn len(&self) -> usize {
        self.attention.len() + self.on.len() + self.off.len()
    }

    /// Whether there is no app.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Whether a change of a reader asks for an administrator's password.
pub fn asks_for_password(reader: &ReaderStatus) -> bool {
    reader.reading().is_some_and(|answer| answer.for_every_user)
}

/// Whether turning all apps off asks for an administrator's password.
pub fn off_asks_for_password(status: &ChoiceStatus) -> bool {
    status.followers().any(|reader| {
        let on = reader.reading().filter(|answer| answer.state.may_send());
        on.is_some_and(|answer| answer.for_every_user && !answer.locked)
    })
}

/// What to say about an app beside its state.
pub fn remarks(reader: &ReaderStatus, status: &ChoiceStatus) -> String {
    let mut remarks = Vec::new();
    let said = words::reader(reader, status, true);
    if !said.is_empty() {
        remarks.push(said);
    }
    let is_obeyed = |answer: &Answer| answer.obeyed != Obeyed::No && !answer.pending;
    if reader.reading().is_some_and(is_obeyed) {
        match reader.effect {
            Effect::Now => {}
            Effect::Restart => remarks.push(gettext_f(
                // Translators: {program} is an app
                "Changes apply when {program} is restarted",
                &[("program", &reader.program_name())],
            )),
            // Translators: about an app
            Effect::Login => remarks.push(gettext("Changes apply when you log in again")),
        }
    }
    // Translators: between short sentences on one line
    remarks.join(&gettext(" · "))
}

/// The organisation that decides some of these choices, and how many.
pub fn managed<'a>(statuses: &[&'a ChoiceStatus]) -> Option<(&'a Organisation, usize)> {
    let is_managed =
        |status: &&&ChoiceStatus| status.locked || status.origin == Origin::Administrator;
    let managed: Vec<_> = statuses
        .iter()
        .filter(is_managed)
        .filter_map(|status| status.organisation.as_ref())
        .collect();
    Some((*managed.first()?, managed.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::choice;
    use crate::choices::choice::Choice;
    use crate::choices::reader::Problem;
    use crate::system::service::ServiceProblem;

    fn reader(name: &str, state: State) -> ReaderStatus {
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
            answer: Ok(Some(Answer::of_user(state))),
        }
    }

    fn own(state: State) -> ReaderStatus {
        ReaderStatus {
            own: true,
            ..reader("Own", state)
        }
    }

    fn silent(name: &str) -> ReaderStatus {
        ReaderStatus {
            answer: Err(Problem::Service(ServiceProblem::NoAnswer(name.to_owned()))),
            ..reader(name, State::On)
        }
    }

    fn locked(name: &str, state: State) -> ReaderStatus {
        let mut reader = reader(name, state);
        if let Ok(Some(answer)) = &mut reader.answer {
            answer.locked = true;
        }
        reader
    }

    fn shared(name: &str, state: State) -> ReaderStatus {
        let mut reader = reader(name, state);
        if let Ok(Some(answer)) = &mut reader.answer {
            answer.for_every_user = true;
        }
        reader
    }

    fn of(choice: &'static Choice, readers: Vec<ReaderStatus>) -> ChoiceStatus {
        ChoiceStatus::from_readers(choice, readers)
    }

    fn status(readers: Vec<ReaderStatus>) -> ChoiceStatus {
        of(&choice::ALL[0], readers)
    }

    fn many(count: usize, state: State) -> Vec<ReaderStatus> {
        (0..count)
            .map(|at| reader(&at.to_string(), state))
            .collect()
    }

    #[test]
    fn a_line_names_two_apps_and_counts_more() {
        use State::{Off, On};
        let said = |readers| line(&status(readers));
        assert_eq!(said(vec![reader("A", Off)]), "Off in A");
        assert_eq!(
            said(vec![reader("B", On), reader("A", On)]),
            "On in A and B"
        );
        assert_eq!(said(many(3, Off)), "Off in all 3 apps");
        assert_eq!(said(many(31, On)), "On in all 31 apps");
        let mut some = many(29, Off);
        some.extend(many(2, On));
        assert_eq!(said(some), "On in 2 of 31 apps");
        assert_eq!(said(vec![reader("A", State::Mixed)]), "Partly on in A");
        assert_eq!(
            said(vec![reader("A", State::Mixed), reader("B", Off)]),
            "On in 1 of 2 apps"
        );
    }

    #[test]
    fn the_panels_own_key_is_counted_only_where_it_differs() {
        let said = |state| line(&status(vec![reader("A", State::On), own(state)]));
        assert_eq!(said(State::On), "On in A");
        assert_eq!(said(State::Off), "On in 1 of 2 apps");
        assert_eq!(
            line(&status(vec![own(State::On)])),
            "No app here sends this"
        );
    }

    #[test]
    fn what_did_not_answer_is_never_called_off() {
        let silence = "B did not answer, so something may be sent.";
        let said = |state| line(&status(vec![reader("A", state), silent("B")]));
        assert_eq!(said(State::Off), silence);
        assert_eq!(said(State::On), format!("{silence} · On in A"));
        assert_eq!(line(&status(vec![silent("B")])), silence);
    }

    #[test]
    fn a_lock_is_said_and_a_new_policy_is_not_called_obeyed_before_the_next_login() {
        let off = status(vec![locked("A", State::Off)]);
        assert_eq!(line(&off), "Locked off by your administrator");
        let named = ChoiceStatus {
            organisation: Some(Organisation {
                name: "X".to_owned(),
                contact: None,
            }),
            ..off.clone()
        };
        assert_eq!(line(&named), "Locked off by X");
        let on = status(vec![locked("A", State::On)]);
        assert_eq!(line(&on), "Locked on by your administrator");
        let mixed = status(vec![locked("A", State::On), locked("B", State::Off)]);
        assert_eq!(
            line(&mixed),
            "On in 1 of 2 apps · Locked by your administrator"
        );
        let pending = ChoiceStatus {
            pending: true,
            ..off
        };
        assert_eq!(
            line(&pending),
            "Off from your next login on · Locked by your administrator"
        );
        assert_eq!(
            headline(&[&pending]),
            "From your next login on, the apps here send and record nothing"
        );
    }

    #[test]
    fn what_is_off_but_still_open_with_the_old_value_is_said_and_needs_attention() {
        let mut open = reader("A", State::Off);
        if let Ok(Some(answer)) = &mut open.answer {
            answer.pending = true;
        }
        open.effect = Effect::Restart;
        let off = status(vec![open.clone(), reader("B", State::Off)]);
        assert_eq!(line(&off), "Off · Restart A to finish");
        assert_eq!(
            headline(&[&off]),
            "Apps that are open may still send or record things about you"
        );
        assert_eq!(still_on(&[&off]), off.choice.title());
        assert_eq!(Sections::of(&off, |_| false).attention.len(), 1);
        open.effect = Effect::Login;
        assert_eq!(line(&status(vec![open])), "Off · Log in again to finish");
    }

    #[test]
    fn a_program_that_has_to_be_restarted_is_named_by_its_own_name_and_once() {
        let open = |name: &str, program: Option<&str>| {
            let mut open = reader(name, State::Off);
            if let Ok(Some(answer)) = &mut open.answer {
                answer.pending = true;
            }
            open.effect = Effect::Restart;
            open.program = program.map(str::to_owned);
            open
        };
        let (crashes, usage) = (open("B Crashes", Some("B")), open("B Usage", Some("B")));
        let one = status(vec![crashes.clone()]);
        assert_eq!(line(&one), "Off · Restart B to finish");
        assert_eq!(
            remarks(&crashes, &one),
            "Close B and open it again: it is open with the old setting"
        );
        let all = status(vec![crashes, usage, open("A", None)]);
        assert_eq!(line(&all), "Off · Restart A and B to finish");
    }

    #[test]
    fn the_headline_says_nothing_only_if_nothing_may_be_sent_or_recorded() {
        let record = choice::ACTIVITY_HISTORY;
        let said = |sent: ReaderStatus, recorded: ReaderStatus| {
            let (sends, records) = (status(vec![sent]), of(record, vec![recorded]));
            (headline(&[&sends, &records]), still_on(&[&sends, &records]))
        };
        let (on, off) = (reader("A", State::On), reader("A", State::Off));
        let (sends, records) = (choice::ALL[0].title(), record.title());
        assert_eq!(
            said(on.clone(), on.clone()),
            (
                "Apps here may send and record things about you".to_owned(),
                format!("{sends} · {records}")
            )
        );
        assert_eq!(
            said(on.clone(), off.clone()),
            (
                "Apps here may send things about you".to_owned(),
                sends.clone()
            )
        );
        assert_eq!(
            said(off.clone(), on),
            ("Apps here may record what you do".to_owned(), records)
        );
        let nothing = "The apps here send and record nothing".to_owned();
        assert_eq!(said(off.clone(), off.clone()), (nothing, String::new()));
        assert_eq!(
            said(silent("A"), off),
            ("Apps here may send things about you".to_owned(), sends)
        );
        let unfollowed = status(vec![own(State::On)]);
        assert_eq!(headline(&[&unfollowed]), "No app here follows this panel");
    }

    #[test]
    fn each_app_is_in_one_section_and_sorted() {
        let names = |readers: &[&ReaderStatus]| -> String {
            readers.iter().map(|reader| reader.name.as_str()).collect()
        };
        let found = status(vec![
            reader("d", State::Off),
            reader("c", State::On),
            shared("e", State::On),
            silent("s"),
            reader("b", State::Off),
            reader("a", State::Off),
        ]);
        let sections = Sections::of(&found, |id| id == "a");
        assert_eq!(names(&sections.attention), "aes");
        assert_eq!(names(&sections.on), "c");
        assert_eq!(names(&sections.off), "bd");
        assert_eq!(sections.len(), 6);
        // A setting for all users needs no attention while it is as the user wants it.
        let on = status(vec![shared("e", State::On), own(State::On)]);
        let sections = Sections::of(&on, |_| false);
        assert_eq!(names(&sections.on), "e");
        assert_eq!(sections.len(), 1);
        let differs = status(vec![reader("A", State::On), own(State::Off)]);
        assert_eq!(names(&Sections::of(&differs, |_| false).off), "Own");
    }
}
