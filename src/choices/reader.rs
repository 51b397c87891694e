// SPDX-License-Identifier: GPL-3.0-or-later

//! A reader: a program that follows a choice, and where it keeps the setting.
//!
//! A reader is data. Its [`Store`] knows where the setting is and what its values mean.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

pub use crate::choices::catalogue::names::{Effect, Proof};
pub use crate::choices::condition::FilePattern;
pub use crate::choices::store::{Answer, Mode, ModeState, Obeyed, Part, Problem, Request};

use crate::choices::catalogue::names::{List, ReaderId};
use crate::choices::choice::Choice;
use crate::choices::condition;
use crate::choices::condition::ObeyedIf;
use crate::choices::decision::Decision;
use crate::choices::lock;
use crate::choices::measure;
use crate::choices::measure::Shared;
use crate::choices::opt_out;
use crate::choices::place::{Place, Wanted};
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::choices::store::{PolicyKey, Store, Watched, Write};
use crate::choices::stores::gsettings::Gsettings;
use crate::choices::system_setting;
use crate::choices::system_setting::SystemSetting;
use crate::system::quit::Process;
use crate::system::settings::Origin;
use crate::system::tree::Tree;

/// A program, or a family of programs, that follows a choice.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The file name without `.toml`, such as `unity-dash`.
    pub id: String,
    /// What the user knows it by, from the file.
    pub name: String,
    /// The program's own name, if `name` says more than that.
    pub program: Option<String>,
    /// The choice that the program follows.
    pub choice: &'static Choice,
    /// The reader file. `None` for the panel's own keys.
    pub file: Option<PathBuf>,
    /// Files, any of which shows that a program of this reader is installed. `None`: its settings
    /// show it. Some settings come with every desktop, whether or not a program reads them. An
    /// empty list means that no such program is known.
    pub programs: Option<List<FilePattern>>,
    /// How it is known that the program obeys the setting.
    pub proof: Proof,
    /// When a running program obeys a change.
    pub effect: Effect,
    /// The sessions in which the program obeys the setting. Empty: all.
    pub obeyed_if: List<ObeyedIf>,
    /// The readers that come before this one: while the program obeys one of them, it doesn't obey
    /// this setting.
    pub after: List<ReaderId>,
    /// What a policy sets for all users, beside the store.
    pub policy: List<SystemSetting>,
    /// Where the program keeps the setting.
    pub store: Arc<dyn Store>,
}

impl Reader {
    /// The panel's own key for a choice. This reader is always present, for programs that follow
    /// the panel directly.
    pub fn own(choice: &'static Choice) -> Self {
        Self {
            id: crate::app::PACKAGE.to_owned(),
            name: OWN_NAME.to_owned(),
            program: None,
            choice,
            file: None,
            programs: None,
            proof: Proof::Program,
            effect: Effect::Now,
            obeyed_if: List::default(),
            after: List::default(),
            policy: List::default(),
            store: Arc::new(Gsettings::own(choice)),
        }
    }

    /// Whether this is the panel's own key.
    pub const fn is_own(&self) -> bool {
        self.file.is_none()
    }

    /// Whether a program of this reader is known to be installed. Otherwise its settings are still
    /// read and written, for a later installation.
    pub fn has_program(&self) -> bool {
        let programs = self.programs.as_ref();
        programs.is_none_or(|programs| programs.iter().any(FilePattern::exists))
            || self.store.is_in_sandbox()
    }

    /// Whether nothing shows that the program is installed, although its store needs that.
    fn is_absent(&self) -> bool {
        self.store.needs_programs() && !self.has_program()
    }

    /// Reads what the program reads. `None`: the program isn't installed.
    ///
    /// # Errors
    ///
    /// The program is installed, but its state is unknown.
    pub fn read(&self, now: &Snapshot) -> Result<Option<Answer>, Problem> {
        if self.is_absent() {
            return Ok(None);
        }
        let obeyed = || match self.is_obeyed(now) {
            Some(true) => Obeyed::Yes,
            Some(false) => Obeyed::No,
            None => Obeyed::Unknown,
        };
        // Reading starts no service whose value doesn't matter in this session: it would create files.
        if !self.obeyed_if.is_empty() && obeyed() == Obeyed::No {
            if let Some(answer) = self.store.at_rest(now) {
                return Ok(Some(Answer {
                    obeyed: Obeyed::No,
                    ..answer
                }));
            }
        }
        match self.store.read(now) {
            Ok(Some(answer)) if answer.may_be_obeyed() => {
                let held = self.held();
                let state = held.unwrap_or(answer.state);
                let locked = held.is_some() || self.kept() == Some(state);
                Ok(Some(Answer {
                    obeyed: obeyed(),
                    state,
                    origin: if locked {
                        Some(Origin::Administrator)
                    } else {
                        answer.origin
                    },
                    locked: locked || answer.locked,
                    ..answer
                }))
            }
            // It doesn't matter in this session.
            Err(_) if obeyed() == Obeyed::No => Ok(None),
            answer => answer,
        }
    }

    /// Whether the program obeys the setting in this session, as far as the session decides it.
    /// `None`: unknown.
    pub fn is_obeyed(&self, now: &Snapshot) -> Option<bool> {
        let conditions = self.obeyed_if.iter();
        if self.obeyed_if.is_empty() {
            Some(true)
        } else {
            condition::any(conditions.map(|condition| condition.holds(now)))
        }
    }

    /// The writes that a request needs. Empty if the state is already as requested.
    ///
    /// # Errors
    ///
    /// The program is installed, but the necessary writes are unknown.
    pub fn plan(&self, now: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem> {
        if self.is_absent() {
            return Ok(Vec::new());
        }
        match (self.held().or_else(|| self.kept()), request) {
            (None, _) => self.store.plan(now, request),
            (Some(held), Request::On | Request::Off)
                if held != State::from(request == Request::On) =>
            {
                Ok(vec![Box::new(HeldWrite)])
            }
            (Some(_), _) => Ok(Vec::new()),
        }
    }

    /// The dconf keys that a policy sets and locks for a decision.
    pub fn policy_keys(&self, decision: &Decision) -> Vec<PolicyKey> {
        let mut keys = self.store.policy_keys(decision);
        let wanted = self.wanted(decision.state.may_send(), decision.locked);
        keys.extend(system_setting::settings(&self.policy, wanted, |_| true).keys);
        keys
    }

    /// What a policy puts in place outside dconf for a decision.
    pub fn measures(&self, decision: &Decision) -> Vec<Shared> {
        let mut measures = Vec::new();
        if decision.locked && !decision.state.may_send() {
            measures.extend_from_slice(opt_out::of_administrator(self.store.opt_outs()));
        }
        let wanted = self.wanted(decision.state.may_send(), decision.locked);
        measures.extend(system_setting::settings(&self.policy, wanted, |_| true).measures);
        measures
    }

    fn wanted(&self, on: bool, locked: bool) -> Wanted<'_> {
        Wanted {
            reader: self.id.as_str(),
            on,
            locked,
        }
    }

    /// Whether a setting of it is in root's files.
    pub fn is_in_system_files(&self) -> bool {
        !self.store.system_edits(false).is_empty()
    }

    /// The state in which a policy locks the choice, if the setting is in root's files. The file
    /// itself may have another state.
    fn kept(&self) -> Option<State> {
        if !self.is_in_system_files() {
            return None;
        }
        // Locks that can't be read don't count here: the service then refuses all changes.
        let lock = lock::of(self.choice).unwrap_or_default();
        lock.map(|lock| lock.state)
    }

    /// The state that the administrator holds the program in, whatever the store says.
    pub(crate) fn held(&self) -> Option<State> {
        let tree = Tree::computer();
        let is_held = |on: &bool| {
            let wanted = self.wanted(*on, true);
            let counts = |place: &dyn Place| place.is_alone() && place.locks();
            let settings = system_setting::settings(&self.policy, wanted, counts);
            measure::all_in_effect(&settings.measures, &tree) == Ok(true)
        };
        [false, true]
            .iter()
            .find(|on| is_held(on))
            .map(|on| State::from(*on))
    }

    /// Everything to watch for changes of the state.
    pub fn watched(&self) -> Watched {
        if self.is_absent() {
            return Watched::default();
        }
        let names = self.obeyed_if.iter().flat_map(ObeyedIf::bus_names);
        let mut watched = self.store.watched();
        for on in [false, true] {
            let wanted = self.wanted(on, true);
            let settings = system_setting::settings(&self.policy, wanted, |place| place.is_alone());
            watched.folders.extend(measure::folders(&settings.measures));
        }
        Watched {
            owners: names.map(ToString::to_string).collect(),
            ..watched
        }
    }

    /// The processes of the user that run the program with this setting, of those that can be
    /// recognized by the program's file.
    pub fn processes(&self, now: &Snapshot) -> Vec<Process> {
        let files = self.programs.iter().flat_map(|programs| programs.iter());
        let files: Vec<_> = files
            .filter_map(|file| fs::canonicalize(file.as_str()).ok())
            .collect();
        let found = self.store.processes(now).into_iter();
        found
            .filter_map(|number| Process::of(number, &files))
            .collect()
    }

    /// Whether the setting is in the settings storage.
    pub fn is_in_settings(&self) -> bool {
        !self.store.watched().keys.is_empty()
    }
}

/// A change of a setting that the administrator holds.
#[derive(Debug)]
struct HeldWrite;

impl Write for HeldWrite {
    fn is_allowed(&self, _: &Snapshot) -> bool {
        false
    }

    fn apply(&self) -> Result<(), Problem> {
        Ok(())
    }
}

/// The name of the panel's own readers.
// Translators: in the list of programs that follow a choice: those that were made to follow this
// panel, rather than a setting of their own
const OWN_NAME: &str = crate::system::i18n::noop("Programs that follow this panel");

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::choices::catalogue::{Catalogue, SHIPPED};

    #[test]
    fn every_shipped_reader_is_valid_has_a_translated_name_and_cites_its_source() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/readers.d");
        let catalogue = Catalogue::load_layers(&[folder]);
        assert_eq!(catalogue.mistakes(), []);
        let shipped: Vec<_> = catalogue.readers().iter().filter(|r| !r.is_own()).collect();
        assert_eq!(shipped.len(), SHIPPED.len());
        let template = include_str!("../../po/privacy-panel.pot");
        for reader in shipped {
            let file = reader.file.as_deref().unwrap();
            let text = std::fs::read_to_string(file).unwrap();
            let comment = text.lines().take_while(|line| line.starts_with('#'));
            let cited = comment.filter(|line| line.contains("Source") || line.contains("sources"));
            assert!(cited.count() > 0, "{} cites nothing", file.display());
            let message = format!("msgid \"{}\"\n", reader.name);
            assert!(
                template.contains(&message),
                "{} is not translated",
                reader.name
            );
        }
    }
}
