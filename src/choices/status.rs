// SPDX-License-Identifier: GPL-3.0-or-later

//! The status of a choice, read back from its readers.

use std::collections::HashSet;

use crate::choices::catalogue::Catalogue;
use crate::choices::choice::Choice;
use crate::choices::organisation;
use crate::choices::organisation::Organisation;
use crate::choices::reader::{Answer, Effect, ModeState, Obeyed, Problem, Reader};
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::formats::mistake::Mistake;
use crate::system::i18n::{gettext, noop};
use crate::system::quit::Process;
use crate::system::service::ServiceProblem;
use crate::system::settings::Origin;
use crate::system::text;

/// The status of a choice, from the readers that [count](ReaderStatus::counts).
///
/// If none counts, no app here follows the choice. Then the status is that of the panel's own key.
#[derive(Clone, Debug, PartialEq)]
// Independent facts about the choice.
#[allow(clippy::struct_excessive_bools)]
pub struct ChoiceStatus {
    /// The choice.
    pub choice: &'static Choice,
    /// The combined state of the readers. [`State::Mixed`] also if one can't be read: a choice is
    /// off only if all readers are known to be off.
    pub state: State,
    /// Who decided: `Administrator` if the choice is locked; else `You` or `Administrator` if any
    /// reader's value is theirs, in that order; else `Default`.
    pub origin: Origin,
    /// Whether the user can't change the choice: every reader is locked, or all are off and turning
    /// on is refused because one of them is locked.
    pub locked: bool,
    /// Whether turning on is refused because a program is locked off.
    pub refuses_on: bool,
    /// Whether the user has a decision to reset.
    pub resettable: bool,
    /// Whether the administrator set a default, even if the user overrode it.
    pub preset: bool,
    /// The organisation whose policy set or locked it. `None` without a policy, or if the policy
    /// doesn't name one.
    pub organisation: Option<Organisation>,
    /// Whether programs that started before the policy may not know of it yet.
    pub pending: bool,
    /// Every reader of the catalogue, installed or not, and one for each unreadable folder or file
    /// of the catalogue.
    pub readers: Vec<ReaderStatus>,
}

/// A reader and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ReaderStatus {
    /// The reader's ID in files and commands.
    pub id: String,
    /// The program's name from the reader file.
    pub name: String,
    /// The program's own name, if `name` says more than that.
    pub program: Option<String>,
    /// Whether this is the panel's own key.
    pub own: bool,
    /// Whether a program of the reader is known to be installed, not only its settings.
    pub has_program: bool,
    /// Whether the program may have an identifier for the computer.
    pub has_identifier: bool,
    /// When a running program obeys a change.
    pub effect: Effect,
    /// The IDs of the readers that come before it; [`Reader::after`].
    pub after: Vec<String>,
    /// The processes that run with an older value, of those that can be asked to quit.
    pub processes: Vec<Process>,
    /// What it reads. `None`: it isn't installed.
    pub answer: Result<Option<Answer>, Problem>,
}

impl ReaderStatus {
    /// Reads one reader.
    pub fn of(reader: &Reader, now: &Snapshot) -> Self {
        let answer = reader.read(now);
        let is_pending = matches!(&answer, Ok(Some(answer)) if answer.pending);
        Self {
            id: reader.id.clone(),
            name: reader.name.clone(),
            program: reader.program.clone(),
            processes: if is_pending {
                reader.processes(now)
            } else {
                Vec::new()
            },
            own: reader.is_own(),
            has_program: answer != Ok(None) && reader.has_program(),
            has_identifier: reader.store.has_identifier(),
            effect: reader.effect,
            after: reader.after.iter().map(ToString::to_string).collect(),
            answer,
        }
    }

    /// Stands for the unknown programs that an unreadable folder or file describes.
    fn lost(lost: &Mistake) -> Self {
        Self {
            id: lost.file.display().to_string(),
            // Translators: programs that are not known by name
            name: noop("Unknown apps").to_owned(),
            program: None,
            processes: Vec::new(),
            own: false,
            has_program: true,
            has_identifier: false,
            effect: Effect::Now,
            after: Vec::new(),
            answer: Err(Problem::Lost(lost.clone())),
        }
    }

    /// The program's display name. Names of shipped readers are translated; others are shown as in
    /// their file.
    pub fn display_name(&self) -> String {
        text::one_line(&gettext(self.name.as_str()))
    }

    /// The program's own name, for sentences about the program as a whole: one program may follow a
    /// choice with several settings, and several choices.
    pub fn program_name(&self) -> String {
        let name = self.program.as_deref().map(text::one_line);
        name.unwrap_or_else(|| self.display_name())
    }

    /// Whether the program is installed. True if its settings can't be read.
    pub const fn installed(&self) -> bool {
        !matches!(self.answer, Ok(None))
    }

    /// Whether a program obeys this setting, so that it counts in the state of the choice and is
    /// shown among the apps that follow it.
    ///
    /// A setting without its program is only written, for a later installation. A setting that no
    /// program obeys in this session is only written, for another session. The panel's own key is
    /// no decision while it is at its default and free.
    pub fn counts(&self) -> bool {
        self.has_program
            && self.may_be_obeyed()
            && match &self.answer {
                Ok(None) => false,
                Ok(Some(answer)) => {
                    !self.own || answer.locked || answer.origin != Some(Origin::Default)
                }
                Err(_) => true,
            }
    }

    /// Whether the program may obey the setting in this session. True if it can't be read.
    pub fn may_be_obeyed(&self) -> bool {
        self.reading().is_none_or(Answer::may_be_obeyed)
    }

    /// The answer of an installed program that could be read.
    pub fn reading(&self) -> Option<&Answer> {
        self.answer.as_ref().ok()?.as_ref()
    }

    /// Whether the program's service did not answer in time. Asking it again may help.
    pub const fn is_silent(&self) -> bool {
        matches!(
            self.answer,
            Err(Problem::Service(ServiceProblem::NoAnswer(_)))
        )
    }

    /// The state of an installed program. `Mixed` if it can't be read: it isn't known to be off.
    fn state(&self) -> Option<State> {
        match &self.answer {
            Ok(answer) => answer.as_ref().map(|answer| answer.state),
            Err(_) => Some(State::Mixed),
        }
    }
}

impl ChoiceStatus {
    /// Reads all readers of a choice.
    pub fn of(catalogue: &Catalogue, choice: &'static Choice, now: &Snapshot) -> Self {
        let readers: Vec<_> = catalogue
            .readers_of(choice)
            .map(|reader| ReaderStatus::of(reader, now))
            .chain(catalogue.lost().iter().map(ReaderStatus::lost))
            .collect();
        let status = Self::from_readers(choice, readers);
        // A policy sets the panel's own key as well. Other ways to set keys name no organisation.
        let own = format!("{}{}", crate::app::SCHEMA_PATH, choice.id);
        let settings = now.settings();
        let preset = settings.administrators(&own).is_some() || settings.is_locked(&own);
        Self {
            organisation: preset
                .then(|| organisation::organisation(settings))
                .flatten(),
            pending: preset && status.origin == Origin::Administrator && organisation::is_pending(),
            preset,
            ..status
        }
    }

    /// Reads all readers of all choices. Services among them may be slow.
    pub fn all(catalogue: &Catalogue) -> Vec<Self> {
        let now = Snapshot::fresh();
        crate::choices::choice::ALL
            .iter()
            .map(|choice| Self::of(catalogue, choice, &now))
            .collect()
    }

    /// Combines readers that were read. Doesn't look up the policy.
    pub(crate) fn from_readers(choice: &'static Choice, mut readers: Vec<ReaderStatus>) -> Self {
        yield_to_earlier(&mut readers);
        let mut counting: Vec<_> = readers.iter().filter(|reader| reader.counts()).collect();
        if counting.is_empty() {
            counting.extend(readers.iter().filter(|reader| reader.own));
        }
        let states = counting.iter().filter_map(|reader| reader.state());
        let state = State::combine(states).unwrap_or(State::Mixed);
        let answers = || counting.iter().filter_map(|reader| reader.reading());
        let all_locked = answers().next().is_some() && answers().all(|answer| answer.locked);
        let refused = answers().any(|answer| answer.locked && answer.state != State::On);
        let locked = all_locked || (refused && state == State::Off);
        let origin = answers()
            .filter_map(|answer| answer.origin)
            .max()
            .unwrap_or(Origin::Default);
        let resettable = !locked && answers().any(|answer| answer.resettable && !answer.locked);
        Self {
            choice,
            state,
            origin: if locked {
                Origin::Administrator
            } else {
                origin
            },
            locked,
            refuses_on: refused,
            preset: false,
            organisation: None,
            pending: false,
            resettable,
            readers,
        }
    }

    /// The state after a reset. `None`: that isn't known, or programs would differ.
    pub fn on_reset(&self) -> Option<State> {
        let counting = self.readers.iter().filter(|reader| reader.counts());
        let answers: Option<Vec<_>> = counting
            // The panel's own key doesn't count once it is reset.
            .filter(|reader| !reader.own || self.has_no_reader())
            .map(|reader| {
                let answer = reader.reading()?;
                if answer.resettable && !answer.locked {
                    answer.on_reset
                } else {
                    Some(answer.state)
                }
            })
            .collect();
        State::combine(answers?).filter(|state| *state != State::Mixed)
    }

    /// How programs send. `None` if no installed program has several modes.
    pub fn mode(&self) -> Option<ModeState> {
        let answers = self.followers().filter_map(ReaderStatus::reading);
        answers
            .filter_map(|answer| answer.mode)
            .reduce(|a, b| if a == b { a } else { ModeState::Mixed })
    }

    /// The readers whose settings are on this computer. They are written and read back.
    pub fn installed(&self) -> impl Iterator<Item = &ReaderStatus> {
        self.readers.iter().filter(|reader| reader.installed())
    }

    /// The readers that count: the apps that follow the choice, and the panel's own key if it was
    /// decided.
    pub fn followers(&self) -> impl Iterator<Item = &ReaderStatus> {
        self.readers.iter().filter(|reader| reader.counts())
    }

    /// The combined state of the readers that count and could be read. `None`: there are none.
    pub fn known(&self) -> Option<State> {
        let answers = self.followers().filter_map(ReaderStatus::reading);
        State::combine(answers.map(|answer| answer.state))
    }

    /// The readers that count and could not be read, and why.
    pub fn unread(&self) -> impl Iterator<Item = (&ReaderStatus, &Problem)> {
        self.followers()
            .filter_map(|reader| Some((reader, reader.answer.as_ref().err()?)))
    }

    /// Whether nothing is known to be sent, but a reader could not be read.
    pub fn is_unknown(&self) -> bool {
        self.unread().next().is_some() && self.known().is_none_or(|known| !known.may_send())
    }

    /// The readers that stand for unknown programs, and why.
    pub(crate) fn lost(&self) -> impl Iterator<Item = (&ReaderStatus, &Problem)> {
        self.unread()
            .filter(|(_, problem)| matches!(problem, Problem::Lost(_)))
    }

    /// Whether no program is known to follow the choice, apart from those that read the panel's own
    /// key.
    pub fn has_no_reader(&self) -> bool {
        self.followers().all(|reader| reader.own)
    }
}

/// Marks the readers that a program doesn't obey because it obeys one that comes before.
fn yield_to_earlier(readers: &mut [ReaderStatus]) {
    let is_obeyed = |reader: &&ReaderStatus| {
        let answer = reader.reading();
        answer.is_some_and(|answer| answer.obeyed == Obeyed::Yes)
    };
    let obeyed = readers.iter().filter(is_obeyed);
    let obeyed: HashSet<_> = obeyed.map(|reader| reader.id.clone()).collect();
    for reader in readers {
        let yields = reader.after.iter().any(|earlier| obeyed.contains(earlier));
        if let (true, Ok(Some(answer))) = (yields, &mut reader.answer) {
            answer.obeyed = Obeyed::No;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::choice;
    use crate::system::settings::KeyProblem;

    fn reader(state: State, origin: Origin, locked: bool) -> ReaderStatus {
        ReaderStatus {
            id: String::new(),
            name: String::new(),
            program: None,
            processes: Vec::new(),
            own: false,
            has_program: true,
            has_identifier: false,
            effect: Effect::Now,
            after: Vec::new(),
            answer: Ok(Some(Answer {
                origin: Some(origin),
                locked,
                resettable: origin == Origin::You,
                ..Answer::of_user(state)
            })),
        }
    }

    fn absent() -> ReaderStatus {
        ReaderStatus {
            answer: Ok(None),
            ..reader(State::On, Origin::You, false)
        }
    }

    fn unreadable() -> ReaderStatus {
        ReaderStatus {
            answer: Err(KeyProblem::OwnSchemaMissing("x").into()),
            ..reader(State::On, Origin::You, false)
        }
    }

    fn status(readers: Vec<ReaderStatus>) -> ChoiceStatus {
        ChoiceStatus::from_readers(&choice::ALL[0], readers)
    }

    #[test]
    fn readers_that_are_not_installed_do_not_count() {
        let off = || reader(State::Off, Origin::Default, false);
        let status = status(vec![off(), absent(), off()]);
        assert_eq!(status.state, State::Off);
        assert_eq!(status.origin, Origin::Default);
        assert!(!status.resettable);
    }

    fn own(state: State, origin: Origin, locked: bool) -> ReaderStatus {
        ReaderStatus {
            own: true,
            ..reader(state, origin, locked)
        }
    }

    /// A setting whose program isn't installed.
    fn without_program(state: State, origin: Origin, locked: bool) -> ReaderStatus {
        ReaderStatus {
            has_program: false,
            ..reader(state, origin, locked)
        }
    }

    #[test]
    fn the_panels_own_key_counts_once_it_was_decided() {
        use Origin::{Administrator, Default, You};
        let on = || reader(State::On, Default, false);
        let untouched = status(vec![on(), own(State::Off, Default, false)]);
        assert_eq!(untouched.state, State::On);
        assert_eq!(untouched.followers().count(), 1);
        assert!(!untouched.has_no_reader());
        for (origin, locked) in [(You, false), (Administrator, false), (Default, true)] {
            let decided = status(vec![on(), own(State::Off, origin, locked)]);
            assert_eq!(decided.state, State::Mixed, "{origin:?} {locked}");
            assert_eq!(decided.followers().count(), 2);
        }
    }

    #[test]
    fn an_own_key_that_is_locked_off_refuses_on_and_one_that_is_free_does_not() {
        let off = || reader(State::Off, Origin::Default, false);
        let locked = status(vec![off(), own(State::Off, Origin::Default, true)]);
        assert!(locked.locked && locked.refuses_on);
        let free = status(vec![off(), own(State::Off, Origin::Default, false)]);
        assert!(!free.locked && !free.refuses_on);
    }

    #[test]
    fn a_setting_without_its_program_neither_counts_nor_decides_nor_locks() {
        let settings = || without_program(State::On, Origin::You, true);
        let found = status(vec![reader(State::Off, Origin::Default, false), settings()]);
        assert_eq!((found.state, found.origin), (State::Off, Origin::Default));
        assert!(!found.locked && !found.refuses_on && !found.resettable);
        let broken = ReaderStatus {
            has_program: false,
            ..unreadable()
        };
        let found = status(vec![reader(State::Off, Origin::Default, false), broken]);
        assert_eq!(found.state, State::Off);
    }

    #[test]
    fn a_choice_that_no_app_follows_has_the_state_of_the_panels_own_key() {
        let settings = || without_program(State::On, Origin::You, false);
        for (state, origin) in [(State::Off, Origin::Default), (State::On, Origin::You)] {
            let found = status(vec![settings(), own(state, origin, false)]);
            assert_eq!((found.state, found.origin), (state, origin));
            assert!(found.has_no_reader());
            assert_eq!(found.resettable, origin == Origin::You);
        }
    }

    #[test]
    fn what_cannot_be_read_is_never_called_off() {
        let off = reader(State::Off, Origin::You, false);
        assert_eq!(status(vec![off, unreadable()]).state, State::Mixed);
        assert_eq!(status(vec![unreadable()]).state, State::Mixed);
    }

    #[test]
    fn a_choice_is_not_called_off_while_it_is_not_known_which_programs_there_are() {
        let lost = ReaderStatus::lost(&Mistake::whole("/readers.d".as_ref(), "unreadable"));
        let status = status(vec![reader(State::Off, Origin::You, false), lost]);
        assert_eq!(status.state, State::Mixed);
        assert_eq!(status.lost().count(), 1);
    }

    #[test]
    fn the_origin_is_you_then_the_administrator_then_the_default() {
        use Origin::{Administrator, Default, You};
        let with = |origins: &[Origin]| {
            let readers = origins.iter().map(|&o| reader(State::On, o, false));
            status(readers.collect()).origin
        };
        assert_eq!(with(&[Default, Default]), Default);
        assert_eq!(with(&[Default, Administrator]), Administrator);
        assert_eq!(with(&[You, Administrator]), You);
    }

    #[test]
    fn a_choice_is_locked_when_all_are_or_when_turning_on_would_be_refused() {
        let lock = |state, locked| reader(state, Origin::Administrator, locked);
        let (on, off) = (State::On, State::Off);
        assert!(status(vec![lock(on, true), lock(on, true)]).locked);
        assert!(status(vec![lock(off, true), lock(off, false)]).locked);
        assert!(!status(vec![lock(on, true), lock(on, false)]).locked);
        assert!(!status(vec![lock(off, true), lock(on, false)]).locked);
        assert!(!status(vec![unreadable()]).locked);
    }
}
