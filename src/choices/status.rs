// SPDX-License-Identifier: GPL-3.0-or-later

//! What a choice amounts to, read back from its readers.

use crate::choices::catalogue::Catalogue;
use crate::choices::choice::Choice;
use crate::choices::organisation;
use crate::choices::organisation::Organisation;
use crate::choices::reader::{Answer, ModeState, Problem, Reader};
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::formats::mistake::Mistake;
use crate::system::i18n::{gettext, noop};
use crate::system::settings::Origin;
use crate::system::text;

/// A choice as its installed readers have it.
#[derive(Clone, Debug, PartialEq)]
// Each is a question of its own about the choice; none depends on another.
#[allow(clippy::struct_excessive_bools)]
pub struct ChoiceStatus {
    /// The choice.
    pub choice: &'static Choice,
    /// What the installed readers amount to together. [`State::Mixed`] also where one of them
    /// could not be read: what is not known to be off is not called off.
    pub state: State,
    /// Who decided: you, if you decided for any installed reader; otherwise your administrator,
    /// likewise; otherwise the default. Your administrator, where the choice is locked.
    pub origin: Origin,
    /// Whether the person cannot change the choice: every installed reader is locked, or all are
    /// off and turning on is refused since one of them is locked.
    pub locked: bool,
    /// Whether turning on is refused, since a program is locked off.
    pub refuses_on: bool,
    /// Whether the person decided something that can be reset.
    pub resettable: bool,
    /// Whether an administrator set a default, whatever the person made of it.
    pub preset: bool,
    /// Whose policy set or locked it; none where there is no policy, or where it does not say.
    pub organisation: Option<Organisation>,
    /// Whether programs that were started before the policy may not know of it yet.
    pub pending: bool,
    /// Every reader of the catalogue, installed or not, and one for each folder or file of it that
    /// could not be read.
    pub readers: Vec<ReaderStatus>,
}

/// A reader and what it reads.
#[derive(Clone, Debug, PartialEq)]
pub struct ReaderStatus {
    /// The reader's name in files and commands.
    pub id: String,
    /// The program's name, as its file gives it.
    pub name: String,
    /// Whether this is the panel's own key.
    pub own: bool,
    /// Whether a program of it is known to be on the computer, besides its installed settings.
    pub has_program: bool,
    /// Whether the program may have an identifier for the computer.
    pub has_identifier: bool,
    /// What it reads; `None`: it is not installed.
    pub answer: Result<Option<Answer>, Problem>,
}

impl ReaderStatus {
    /// Asks one reader.
    pub fn of(reader: &Reader, now: &Snapshot) -> Self {
        let answer = reader.read(now);
        Self {
            id: reader.id.clone(),
            name: reader.name.clone(),
            own: reader.is_own(),
            has_program: answer != Ok(None) && reader.has_program(),
            has_identifier: reader.store.has_identifier(),
            answer,
        }
    }

    /// Stands for the programs of which nothing is known, since a folder or file that describes
    /// them cannot be read.
    fn lost(lost: &Mistake) -> Self {
        Self {
            id: lost.file.display().to_string(),
            // Translators: programs that are not known by name
            name: noop("Unknown apps").to_owned(),
            own: false,
            has_program: true,
            has_identifier: false,
            answer: Err(Problem::Lost(lost.clone())),
        }
    }

    /// The program's name for people. The names of readers that come with the panel are
    /// translated; others are shown as their file has them.
    pub fn display_name(&self) -> String {
        text::one_line(&gettext(self.name.as_str()))
    }

    /// Whether the program is on this computer. One whose settings cannot be read is.
    pub const fn installed(&self) -> bool {
        !matches!(self.answer, Ok(None))
    }

    /// What an installed program that could be read answered.
    pub fn reading(&self) -> Option<&Answer> {
        self.answer.as_ref().ok()?.as_ref()
    }

    /// The state, when the program is installed; unreadable counts as not known to be off.
    fn state(&self) -> Option<State> {
        match &self.answer {
            Ok(answer) => answer.as_ref().map(|answer| answer.state),
            Err(_) => Some(State::Mixed),
        }
    }
}

impl ChoiceStatus {
    /// Asks all readers of a choice.
    pub fn of(catalogue: &Catalogue, choice: &'static Choice, now: &Snapshot) -> Self {
        let readers: Vec<_> = catalogue
            .readers_of(choice)
            .map(|reader| ReaderStatus::of(reader, now))
            .chain(catalogue.lost().iter().map(ReaderStatus::lost))
            .collect();
        let status = Self::from_readers(choice, readers);
        // A policy sets the panel's own key, too; other ways to set other keys name nobody.
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

    /// Asks all readers of all choices. Where a service is among them, it may take a moment.
    pub fn all(catalogue: &Catalogue) -> Vec<Self> {
        let now = Snapshot::fresh();
        crate::choices::choice::ALL
            .iter()
            .map(|choice| Self::of(catalogue, choice, &now))
            .collect()
    }

    /// What readers that were asked amount to. It says nothing of a policy.
    pub(crate) fn from_readers(choice: &'static Choice, readers: Vec<ReaderStatus>) -> Self {
        // The panel's own key is a reader, so there is always one.
        let state =
            State::combine(readers.iter().filter_map(ReaderStatus::state)).unwrap_or(State::Mixed);
        let answers = || readers.iter().filter_map(ReaderStatus::reading);
        let all_locked = answers().next().is_some() && answers().all(|answer| answer.locked);
        let refused = answers().any(|answer| answer.locked && answer.state != State::On);
        let locked = all_locked || (refused && state == State::Off);
        let origin = answers()
            .filter_map(|answer| answer.origin)
            .max()
            .unwrap_or(Origin::Default);
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
            resettable: !locked && answers().any(|answer| answer.resettable && !answer.locked),
            readers,
        }
    }

    /// How programs send what they may send; none where no program on this computer knows of
    /// several ways.
    pub fn mode(&self) -> Option<ModeState> {
        let answers = self.readers.iter().filter_map(ReaderStatus::reading);
        answers
            .filter_map(|answer| answer.mode)
            .reduce(|a, b| if a == b { a } else { ModeState::Mixed })
    }

    /// The readers whose programs are on this computer.
    pub fn installed(&self) -> impl Iterator<Item = &ReaderStatus> {
        self.readers.iter().filter(|reader| reader.installed())
    }

    /// What stands for the programs of which nothing is known, and why.
    pub(crate) fn lost(&self) -> impl Iterator<Item = (&ReaderStatus, &Problem)> {
        self.readers.iter().filter_map(|reader| {
            let problem = reader.answer.as_ref().err()?;
            matches!(problem, Problem::Lost(_)).then_some((reader, problem))
        })
    }

    /// Whether no program but those that follow the panel's own key is known to obey here.
    pub fn has_no_reader(&self) -> bool {
        self.installed()
            .all(|reader| reader.own || !reader.has_program)
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
            own: false,
            has_program: true,
            has_identifier: false,
            answer: Ok(Some(Answer {
                state,
                origin: Some(origin),
                locked,
                resettable: origin == Origin::You,
                overruled: false,
                for_everybody: false,
                mode: None,
                parts: Vec::new(),
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
    fn whoever_decided_for_any_reader_decided_and_you_come_first() {
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
