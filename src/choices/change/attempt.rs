// SPDX-License-Identifier: GPL-3.0-or-later

//! A request in the thread that carries it out: orders its writes, decides whether to refuse it,
//! and tries failed writes again. The tests use stores in memory, and need no bus.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::choices::change::failure::Failure;
use crate::choices::choice::Choice;
use crate::choices::everyone;
use crate::choices::everyone::client::Problem;
use crate::choices::reader::{Reader, Request};
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::choices::status::{ChoiceStatus, ReaderStatus};
use crate::system::limits;
use crate::system::log;
use crate::system::owner::Owner;
use crate::system::settings::fault;
use crate::system::settings::fault::StorageFault;
use crate::system::transaction::Why;

/// Changes root's files, and returns the IDs of the readers that can't change, and why.
pub(crate) type ForEveryone = fn(everyone::Wanted<'_>) -> Result<Vec<(String, Why)>, Problem>;

/// A request, in the thread that carries it out.
pub(crate) struct Attempt<'a> {
    pub(crate) choice: &'static Choice,
    pub(crate) readers: Vec<&'a Reader>,
    pub(crate) request: Request,
    /// Changes root's files.
    pub(crate) for_everyone: ForEveryone,
    /// The ID of the only reader to change. `None`: all.
    pub(crate) reader: Option<&'a str>,
    /// Finds out whether settings can be saved.
    pub(crate) storage: &'a dyn Fn() -> Result<(), StorageFault>,
    /// The user who owns the settings, if the caller is root in another user's home.
    pub(crate) foreign: Option<Owner>,
    /// How long the bus has to notice that the settings service ended.
    pub(crate) pause: Duration,
    pub(crate) given_up: &'a AtomicBool,
    /// Called before a service is called, which may ask the user for permission. The argument says
    /// whether its setting applies to all users.
    pub(crate) asking: &'a dyn Fn(bool),
}

impl Attempt<'_> {
    /// Carries out the request as far as possible. Returns the failures by reader ID.
    pub(crate) fn carry_out(&self) -> Vec<(String, Failure)> {
        let now = Snapshot::fresh();
        let statuses = self.readers.iter();
        let statuses = statuses
            .map(|reader| ReaderStatus::of(reader, &now))
            .collect();
        let before = ChoiceStatus::from_readers(self.choice, statuses);
        let readers: Vec<&Reader> = self
            .readers
            .iter()
            .zip(&before.readers)
            .filter(|(_, status)| status.installed())
            .map(|(reader, _)| *reader)
            .collect();
        let is_wanted = |id: &str| self.reader.is_none_or(|only| only == id);
        if let Some(owner) = &self.foreign {
            let foreign = |reader: &&Reader| (reader.id.clone(), Failure::Foreign(owner.clone()));
            let wanted = readers.iter().filter(|reader| is_wanted(&reader.id));
            return wanted.map(foreign).collect();
        }
        if let Some(mut refused) = self.refuse(&before, &readers, &now) {
            refused.retain(|(id, _)| is_wanted(id));
            return refused;
        }
        let (everyone, readers): (Vec<_>, Vec<_>) = readers
            .into_iter()
            .filter(|reader| is_wanted(&reader.id))
            .partition(|reader| reader.is_in_system_files());
        let mut failures = self.write_and_call(&before, readers, &now);
        failures.retain(|failure| matters(&before, failure));
        // Last, since most users can't: their own programs follow anyway.
        if self.request == Request::On && !failures.is_empty() {
            failures = self.left_alone(&everyone, failures);
        } else {
            failures.extend(self.change_for_everyone(&everyone));
        }
        failures.retain(|failure| matters(&before, failure));
        failures
    }

    /// Changes root's files with one call, and reads them back.
    fn change_for_everyone(&self, readers: &[&Reader]) -> Vec<(String, Failure)> {
        let on = match self.request {
            Request::On => true,
            Request::Off => false,
            // Users have no values of their own in root's files, and these have no modes.
            Request::Reset | Request::Mode(_) => return Vec::new(),
        };
        let undone = || {
            let now = Snapshot::fresh();
            let statuses = readers.iter().map(|reader| ReaderStatus::of(reader, &now));
            let undone = statuses.filter(|status| status.has_program && !self.is_done(status));
            undone.collect::<Vec<_>>()
        };
        let to_do = undone();
        // The call leaves out locked readers.
        let is_locked = |status: &ReaderStatus| status.reading().is_some_and(|read| read.locked);
        if to_do.iter().all(is_locked) {
            let ids = to_do.into_iter().map(|status| status.id);
            return ids.map(|id| (id, Failure::Locked)).collect();
        }
        let answer = if self.is_given_up() {
            Err(Problem::Silent)
        } else {
            (self.asking)(true);
            (self.for_everyone)(everyone::Wanted {
                choice: self.choice,
                on,
                reader: self.reader,
            })
        };
        let undone = undone().into_iter();
        let not_changed = |problem: Problem| Failure::Everyone {
            choice: self.choice.id,
            state: State::from(on),
            problem,
        };
        let failure = |status: ReaderStatus| {
            let failure = match (&answer, status.answer) {
                (_, Ok(Some(read))) if read.locked => Failure::Locked,
                (Err(Problem::Locked(_)), _) => Failure::Locked,
                (Err(problem), _) => not_changed(problem.clone()),
                (Ok(_), Err(problem)) => problem.into(),
                (Ok(left), Ok(_)) => {
                    let left = left.iter().find(|(id, _)| *id == status.id);
                    let why = left.map(|(_, why)| not_changed(Problem::File(*why)));
                    why.unwrap_or(Failure::NotSaved(None))
                }
            };
            (status.id, failure)
        };
        undone.map(failure).collect()
    }

    /// Changes the readers in an order in which no program sends more than the user wants.
    fn write_and_call(
        &self,
        before: &ChoiceStatus,
        readers: Vec<&Reader>,
        now: &Snapshot,
    ) -> Vec<(String, Failure)> {
        let (services, others): (Vec<_>, Vec<_>) = readers
            .into_iter()
            .partition(|reader| reader.store.service().is_some());
        if let Some(fault) = self.fault(&others, now) {
            return self.without_storage(&fault, &services, &others);
        }
        match self.request {
            _ if self.is_given_up() => Vec::new(),
            Request::Mode(_) => self.call_services(&services),
            Request::On => {
                let mut failures = self.call_services(&services);
                failures.retain(|failure| matters(before, failure));
                if failures.is_empty() {
                    self.write(&others)
                } else {
                    self.left_alone(&others, failures)
                }
            }
            Request::Off | Request::Reset => {
                let mut failures = self.write(&others);
                if !self.is_given_up() {
                    failures.extend(self.call_services(&services));
                }
                failures
            }
        }
    }

    fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Why settings can't be saved, if something has to be saved there.
    fn fault(&self, readers: &[&Reader], now: &Snapshot) -> Option<StorageFault> {
        let mut readers = readers.iter();
        if readers.any(|reader| self.needs_storage(reader, now)) {
            (self.storage)().err()
        } else {
            None
        }
    }

    /// Whether the request changes a reader's value in the settings storage.
    fn needs_storage(&self, reader: &Reader, now: &Snapshot) -> bool {
        reader.is_in_settings()
            && reader
                .plan(now, self.request)
                .is_ok_and(|left| left.iter().any(|write| write.is_allowed(now)))
    }

    /// Turns off the readers that need no settings storage. Turns nothing on.
    fn without_storage(
        &self,
        fault: &StorageFault,
        services: &[&Reader],
        others: &[&Reader],
    ) -> Vec<(String, Failure)> {
        let now = Snapshot::fresh();
        let is_off = self.request == Request::Off;
        let left = |reader: &Reader| {
            self.needs_storage(reader, &now)
                || (!is_off && !self.is_done(&ReaderStatus::of(reader, &now)))
        };
        let (left, others): (Vec<_>, Vec<_>) = others.iter().partition(|reader| left(reader));
        let mut failures = Vec::new();
        if is_off && !self.is_given_up() {
            failures = self.write(&others);
            failures.extend(self.call_services(services));
        }
        let left = left.iter();
        failures.extend(left.map(|reader| (reader.id.clone(), fault.clone().into())));
        failures
    }

    /// Calls each service once, and reads it back.
    fn call_services(&self, readers: &[&Reader]) -> Vec<(String, Failure)> {
        let mut refusals: HashMap<&str, Failure> = HashMap::new();
        let now = Snapshot::fresh();
        for reader in readers {
            for write in reader.plan(&now, self.request).into_iter().flatten() {
                let told = if !write.is_allowed(&now) {
                    Err(Failure::Locked)
                } else if self.is_given_up() {
                    Err(Failure::Silent)
                } else {
                    (self.asking)(reader.store.is_for_every_user());
                    write.apply().map_err(Failure::from)
                };
                if let Err(failure) = told {
                    refusals.insert(&reader.id, failure);
                    break;
                }
                write.wait();
            }
        }
        // Whatever the service replied, its state now counts.
        let now = Snapshot::fresh();
        readers
            .iter()
            .filter_map(|reader| {
                let refusal = refusals.remove(reader.id.as_str());
                let status = ReaderStatus::of(reader, &now);
                let failure = match &status.answer {
                    Ok(_) if self.is_done(&status) => return None,
                    // The program was removed meanwhile, so it sends nothing.
                    Ok(None) => refusal?,
                    Ok(Some(_)) => refusal.unwrap_or(Failure::NotSaved(None)),
                    Err(problem) => refusal.unwrap_or_else(|| problem.clone().into()),
                };
                Some((reader.id.clone(), failure))
            })
            .collect()
    }

    /// Adds a failure for each reader that was skipped because of the others.
    fn left_alone(
        &self,
        readers: &[&Reader],
        mut failures: Vec<(String, Failure)>,
    ) -> Vec<(String, Failure)> {
        let now = Snapshot::fresh();
        let others = readers
            .iter()
            .filter(|reader| !self.is_done(&ReaderStatus::of(reader, &now)))
            .map(|reader| (reader.id.clone(), Failure::NotTriedAfter));
        failures.extend(others);
        failures
    }

    /// Writes what the readers need, and retries while that may help.
    fn write(&self, readers: &[&Reader]) -> Vec<(String, Failure)> {
        let mut failures = Vec::new();
        for retry in 0..=limits::SETTINGS_RETRIES {
            if retry > 0 {
                thread::sleep(self.pause);
            }
            if self.is_given_up() {
                break;
            }
            log::forget_failure();
            let mut refusals = self.write_all(readers);
            failures = self.verify(readers);
            for (id, failure) in &mut failures {
                if let Some(refusal) = refusals.remove(id.as_str()) {
                    *failure = refusal;
                }
            }
            let unexplained = |(_, failure): &(_, Failure)| matches!(failure, Failure::NotSaved(_));
            if !failures.iter().any(unexplained) {
                break;
            }
        }
        failures
    }

    /// Makes the allowed writes and waits for them. Returns the errors by reader ID.
    fn write_all<'a>(&self, readers: &[&'a Reader]) -> HashMap<&'a str, Failure> {
        let now = Snapshot::fresh();
        let mut refusals = HashMap::new();
        let mut under_way = Vec::new();
        for reader in readers {
            for write in reader.plan(&now, self.request).unwrap_or_default() {
                if self.is_given_up() || !write.is_allowed(&now) {
                    continue;
                }
                match write.apply() {
                    Ok(()) => under_way.push(write),
                    Err(problem) => drop(refusals.insert(reader.id.as_str(), problem.into())),
                }
            }
        }
        for write in under_way {
            write.wait();
        }
        refusals
    }

    /// Reads every reader back.
    fn verify(&self, readers: &[&Reader]) -> Vec<(String, Failure)> {
        let now = Snapshot::fresh();
        let mut unexplained: Option<Failure> = None;
        readers
            .iter()
            .filter_map(|reader| {
                let status = ReaderStatus::of(reader, &now);
                let failure = match reader.plan(&now, self.request) {
                    Err(problem) => Failure::Problem(problem),
                    Ok(left) => {
                        // A decision that equals the default must still be written.
                        let kept = left.iter().all(|write| !write.is_allowed(&now));
                        match (self.is_done(&status), kept) {
                            (true, true) => return None,
                            (false, true) if left.is_empty() => Failure::Overruled,
                            (false, true) => Failure::Locked,
                            (_, false) if reader.is_in_settings() => {
                                unexplained.get_or_insert_with(explain).clone()
                            }
                            (_, false) => Failure::NotSaved(None),
                        }
                    }
                };
                Some((reader.id.clone(), failure))
            })
            .collect()
    }

    /// The failures if the request is refused, since programs would obey a policy only in part: a
    /// program that is locked off prevents turning on all others, and a locked choice isn't reset.
    fn refuse(
        &self,
        before: &ChoiceStatus,
        readers: &[&Reader],
        now: &Snapshot,
    ) -> Option<Vec<(String, Failure)>> {
        // A setting that no program obeys doesn't refuse the request, and needs no failure.
        let undone = || {
            let installed = before.installed();
            installed.filter(|reader| {
                reader.has_program && reader.may_be_obeyed() && !self.is_done(reader)
            })
        };
        let locked: Vec<&str> = match self.request {
            Request::On => readers
                .iter()
                .filter(|reader| {
                    let left = reader.plan(now, self.request);
                    left.is_ok_and(|left| left.iter().any(|write| !write.is_allowed(now)))
                })
                .map(|reader| reader.id.as_str())
                .collect(),
            Request::Reset if before.locked => undone().map(|reader| reader.id.as_str()).collect(),
            Request::Off | Request::Reset | Request::Mode(_) => return None,
        };
        let in_the_way = |reader: &ReaderStatus| locked.contains(&reader.id.as_str());
        if !undone().any(in_the_way) {
            return None;
        }
        let failures = undone().map(|reader| {
            let failure = if in_the_way(reader) {
                Failure::Locked
            } else {
                Failure::NotTried
            };
            (reader.id.clone(), failure)
        });
        Some(failures.collect())
    }

    fn is_done(&self, reader: &ReaderStatus) -> bool {
        is_done(reader, self.request)
    }
}

/// Finds out why a value didn't reach the storage.
fn explain() -> Failure {
    match fault::before_writing() {
        Err(fault) => fault.into(),
        Ok(()) => Failure::NotSaved(log::failure()),
    }
}

/// Whether a reader has the requested state.
pub fn is_done(reader: &ReaderStatus, request: Request) -> bool {
    reader.reading().is_some_and(|answer| match request {
        Request::On => answer.state == State::On,
        Request::Off => answer.state == State::Off,
        Request::Reset => !answer.resettable,
        Request::Mode(mode) => answer.mode.is_none_or(|found| found == mode.into()),
    })
}

/// Whether a failure keeps a program from obeying in this session. A setting without its program,
/// and one that no program obeys in this session, is written as far as possible.
fn matters(before: &ChoiceStatus, (id, failure): &(String, Failure)) -> bool {
    let mut readers = before.readers.iter();
    readers.any(|reader| {
        reader.id == *id
            && reader.may_be_obeyed()
            && (reader.has_program || !failure.is_of_a_program())
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde::Serialize;

    use super::*;
    use crate::choices::catalogue::names::List;
    use crate::choices::choice;
    use crate::choices::store::{Answer, Problem, SettingKey, Store, Watched, Write};
    use crate::system::bus::Bus;
    use crate::system::service::{Service, ServiceProblem};

    /// The events of the stores in order.
    type Log = Arc<Mutex<Vec<String>>>;

    /// How a store behaves.
    #[derive(Clone, Copy, Debug)]
    // Independent options.
    #[allow(clippy::struct_excessive_bools)]
    struct Manner {
        is_service: bool,
        is_locked: bool,
        is_absent: bool,
        /// Whether the setting is here without its program.
        is_unused: bool,
        /// The number of writes that don't persist.
        forgets: usize,
        refuses: bool,
        /// Whether the caller gives up during the write.
        is_late: bool,
        /// Whether it needs the settings storage.
        is_in_settings: bool,
    }

    /// A store in memory.
    #[derive(Clone, Debug, Serialize)]
    struct Fake {
        #[serde(skip)]
        name: &'static str,
        #[serde(skip)]
        manner: Manner,
        #[serde(skip)]
        log: Log,
        #[serde(skip)]
        kept: Arc<Mutex<(State, usize)>>,
        #[serde(skip)]
        given_up: Arc<AtomicBool>,
    }

    #[derive(Debug)]
    struct FakeWrite(Fake, State);

    impl Store for Fake {
        fn read(&self, _: &Snapshot) -> Result<Option<Answer>, Problem> {
            Ok((!self.manner.is_absent).then(|| Answer {
                locked: self.manner.is_locked,
                ..Answer::of_user(self.kept.lock().unwrap().0)
            }))
        }

        fn plan(&self, _: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem> {
            let wanted = State::from(request == Request::On);
            if self.kept.lock().unwrap().0 == wanted {
                return Ok(Vec::new());
            }
            Ok(vec![Box::new(FakeWrite(self.clone(), wanted))])
        }

        fn watched(&self) -> Watched {
            let key = SettingKey {
                schema: String::new(),
                path: String::new(),
                key: String::new(),
            };
            Watched {
                keys: vec![key; usize::from(self.manner.is_in_settings)],
                ..Watched::default()
            }
        }

        fn service(&self) -> Option<Service> {
            self.manner.is_service.then(|| Service {
                bus: Bus::Session,
                name: "org.example.Fake".to_owned(),
                path: "/".to_owned(),
                interface: "org.example.Fake".to_owned(),
            })
        }
    }

    impl Write for FakeWrite {
        fn is_allowed(&self, _: &Snapshot) -> bool {
            !self.0.manner.is_locked
        }

        fn apply(&self) -> Result<(), Problem> {
            let Self(store, wanted) = self;
            store.log.lock().unwrap().push(store.name.to_owned());
            store
                .given_up
                .fetch_or(store.manner.is_late, Ordering::Relaxed);
            if store.manner.refuses {
                return Err(Problem::Service(ServiceProblem::Refused {
                    service: store.name.to_owned(),
                    message: "no".to_owned(),
                }));
            }
            let mut kept = store.kept.lock().unwrap();
            match kept.1.checked_sub(1) {
                Some(left) => kept.1 = left,
                None => kept.0 = *wanted,
            }
            Ok(())
        }

        fn wait(&self) {
            let mut log = self.0.log.lock().unwrap();
            if !self.0.manner.is_service {
                log.push(format!("{} waited", self.0.name));
            }
        }
    }

    const PLAIN: Manner = Manner {
        is_service: false,
        is_locked: false,
        is_absent: false,
        is_unused: false,
        forgets: 0,
        refuses: false,
        is_late: false,
        is_in_settings: false,
    };

    const SERVICE: Manner = Manner {
        is_service: true,
        ..PLAIN
    };

    const REFUSING: Manner = Manner {
        refuses: true,
        ..SERVICE
    };

    const LOCKED: Manner = Manner {
        is_locked: true,
        ..PLAIN
    };

    /// Carries out a request on stores in the opposite state. Returns the events in order, and the
    /// failures.
    fn attempt(
        request: Request,
        fault: Option<&StorageFault>,
        stores: &[(&'static str, Manner)],
    ) -> (Vec<String>, Vec<(String, Failure)>) {
        attempt_of(None, None, request, fault, stores)
    }

    /// Like [`attempt`]. `foreign`: the user who owns the settings, if the caller is root. `reader`: the
    /// only one to change.
    fn attempt_of(
        foreign: Option<Owner>,
        reader: Option<&str>,
        request: Request,
        fault: Option<&StorageFault>,
        stores: &[(&'static str, Manner)],
    ) -> (Vec<String>, Vec<(String, Failure)>) {
        let log = Log::default();
        let given_up = Arc::new(AtomicBool::new(false));
        let before = State::from(request != Request::On);
        let readers: Vec<_> = stores
            .iter()
            .map(|&(name, manner)| Reader {
                id: name.to_owned(),
                file: Some(name.into()),
                programs: manner.is_unused.then(List::default),
                store: Arc::new(Fake {
                    name,
                    manner,
                    log: Arc::clone(&log),
                    kept: Arc::new(Mutex::new((before, manner.forgets))),
                    given_up: Arc::clone(&given_up),
                }),
                ..Reader::own(&choice::ALL[0])
            })
            .collect();
        let asking = |_| log.lock().unwrap().push("asking".to_owned());
        let attempt = Attempt {
            choice: &choice::ALL[0],
            readers: readers.iter().collect(),
            for_everyone: |_| Ok(Vec::new()),
            request,
            reader,
            storage: &|| fault.cloned().map_or(Ok(()), Err),
            foreign,
            pause: Duration::ZERO,
            given_up: &given_up,
            asking: &asking,
        };
        let failures = attempt.carry_out();
        let log = log.lock().unwrap().clone();
        (log, failures)
    }

    fn failed(failures: &[(&str, Failure)]) -> Vec<(String, Failure)> {
        let failures = failures.iter();
        failures
            .map(|(id, failure)| ((*id).to_owned(), failure.clone()))
            .collect()
    }

    #[test]
    fn a_service_is_told_last_where_a_choice_is_turned_off_and_first_where_it_is_turned_on() {
        let stores = [("service", SERVICE), ("one", PLAIN), ("two", PLAIN)];
        let (log, failures) = attempt(Request::Off, None, &stores);
        let others = ["one", "two", "one waited", "two waited"];
        assert_eq!(log, [&others[..], &["asking", "service"]].concat());
        assert_eq!(failures, []);
        let (log, failures) = attempt(Request::On, None, &stores);
        assert_eq!(log, [&["asking", "service"], &others[..]].concat());
        assert_eq!(failures, []);
    }

    #[test]
    fn nothing_else_is_turned_on_where_a_service_refuses_and_off_goes_on() {
        let stores = [("service", REFUSING), ("one", PLAIN)];
        let refused = Failure::Refused("no".to_owned());
        let (log, failures) = attempt(Request::On, None, &stores);
        assert_eq!(log, ["asking", "service"]);
        let left = ("one", Failure::NotTriedAfter);
        assert_eq!(failures, failed(&[("service", refused.clone()), left]));
        let (log, failures) = attempt(Request::Off, None, &stores);
        assert_eq!(log, ["one", "one waited", "asking", "service"]);
        assert_eq!(failures, failed(&[("service", refused)]));
    }

    #[test]
    fn a_lock_refuses_on_for_all_and_off_goes_past_it() {
        let stores = [("one", PLAIN), ("locked", LOCKED), ("service", SERVICE)];
        let (log, failures) = attempt(Request::On, None, &stores);
        assert_eq!(log, Vec::<String>::new());
        let left = |id| (id, Failure::NotTried);
        let locked = ("locked", Failure::Locked);
        let expected = [left("one"), locked.clone(), left("service")];
        assert_eq!(failures, failed(&expected));
        let (log, failures) = attempt(Request::Off, None, &stores);
        assert_eq!(log, ["one", "one waited", "asking", "service"]);
        assert_eq!(failures, failed(&[locked]));
    }

    #[test]
    fn a_locked_service_is_not_asked() {
        let manner = Manner {
            is_locked: true,
            ..SERVICE
        };
        let (log, failures) = attempt(Request::Off, None, &[("service", manner)]);
        assert_eq!(log, Vec::<String>::new());
        assert_eq!(failures, failed(&[("service", Failure::Locked)]));
    }

    #[test]
    fn a_write_that_does_not_stick_is_tried_twice_more_and_then_said_not_to_be_saved() {
        let forgetful = |forgets| Manner { forgets, ..PLAIN };
        for (forgets, writes) in [(1, 2), (2, 3)] {
            let (log, failures) = attempt(Request::Off, None, &[("one", forgetful(forgets))]);
            assert_eq!(log.iter().filter(|entry| *entry == "one").count(), writes);
            assert_eq!(failures, []);
        }
        let (log, failures) = attempt(Request::Off, None, &[("one", forgetful(9))]);
        assert_eq!(log.iter().filter(|entry| *entry == "one").count(), 3);
        assert_eq!(failures, failed(&[("one", Failure::NotSaved(None))]));
    }

    #[test]
    fn a_service_that_forgets_is_told_once() {
        let manner = Manner {
            forgets: 9,
            ..SERVICE
        };
        let (log, failures) = attempt(Request::Off, None, &[("service", manner)]);
        assert_eq!(log, ["asking", "service"]);
        assert_eq!(failures, failed(&[("service", Failure::NotSaved(None))]));
    }

    #[test]
    fn a_program_that_is_not_installed_is_left_alone_and_locks_nothing() {
        let manner = Manner {
            is_absent: true,
            ..LOCKED
        };
        let (log, failures) = attempt(Request::On, None, &[("absent", manner), ("one", PLAIN)]);
        assert_eq!(log, ["one", "one waited"]);
        assert_eq!(failures, []);
    }

    #[test]
    fn a_setting_without_its_program_is_written_and_its_lock_stops_nothing() {
        let unused = |manner| Manner {
            is_unused: true,
            ..manner
        };
        for request in [Request::On, Request::Off] {
            let stores = [("unused", unused(PLAIN)), ("one", PLAIN)];
            let (log, failures) = attempt(request, None, &stores);
            assert_eq!(log, ["unused", "one", "unused waited", "one waited"]);
            assert_eq!(failures, []);
            let stores = [("unused", unused(LOCKED)), ("one", PLAIN)];
            let (log, failures) = attempt(request, None, &stores);
            assert_eq!(log, ["one", "one waited"]);
            assert_eq!(failures, []);
        }
        // A fault of the storage is reported for every setting.
        let fault = StorageFault::NoBus;
        let setting = Manner {
            is_in_settings: true,
            ..unused(PLAIN)
        };
        for request in [Request::On, Request::Off] {
            let (_, failures) = attempt(request, Some(&fault), &[("unused", setting)]);
            assert_eq!(
                failures,
                failed(&[("unused", Failure::Storage(fault.clone()))])
            );
        }
    }

    #[test]
    fn without_a_storage_only_what_needs_none_is_turned_off_and_nothing_is_turned_on() {
        let setting = Manner {
            is_in_settings: true,
            ..PLAIN
        };
        let stores = [("setting", setting), ("one", PLAIN), ("service", SERVICE)];
        let fault = Some(&StorageFault::NoBus);
        let (log, failures) = attempt(Request::Off, fault, &stores);
        assert_eq!(log, ["one", "one waited", "asking", "service"]);
        let failure = |id| (id, Failure::Storage(StorageFault::NoBus));
        assert_eq!(failures, failed(&[failure("setting")]));
        for request in [Request::On, Request::Reset] {
            let (log, failures) = attempt(request, fault, &stores);
            assert_eq!(log, Vec::<String>::new());
            assert_eq!(failures, failed(&[failure("setting"), failure("one")]));
        }
        // Nothing has to be saved in settings.
        let (log, failures) = attempt(Request::On, fault, &stores[1..]);
        assert_eq!(log, ["asking", "service", "one", "one waited"]);
        assert_eq!(failures, []);
    }

    #[test]
    fn nothing_more_is_written_for_an_attempt_that_was_given_up() {
        let late = |manner| Manner {
            is_late: true,
            ..manner
        };
        let stores = [("one", late(PLAIN)), ("two", PLAIN), ("service", SERVICE)];
        let (log, failures) = attempt(Request::Off, None, &stores);
        assert_eq!(log, ["one", "one waited"]);
        assert_eq!(failures, failed(&[("two", Failure::NotSaved(None))]));
        let stores = [("first", late(SERVICE)), ("next", SERVICE), ("one", PLAIN)];
        let (log, failures) = attempt(Request::On, None, &stores);
        assert_eq!(log, ["asking", "first"]);
        let left = [("next", Failure::Silent), ("one", Failure::NotTriedAfter)];
        assert_eq!(failures, failed(&left));
    }

    #[test]
    fn one_reader_is_changed_and_the_others_are_left_alone() {
        let stores = [("one", PLAIN), ("two", PLAIN), ("service", SERVICE)];
        for request in [Request::On, Request::Off] {
            let (log, failures) = attempt_of(None, Some("two"), request, None, &stores);
            assert_eq!(log, ["two", "two waited"]);
            assert_eq!(failures, []);
            let (log, failures) = attempt_of(None, Some("service"), request, None, &stores);
            assert_eq!(log, ["asking", "service"]);
            assert_eq!(failures, []);
        }
    }

    #[test]
    fn one_reader_is_turned_on_only_if_no_other_is_locked_off_and_always_turned_off() {
        let stores = [("locked", LOCKED), ("one", PLAIN)];
        let (log, failures) = attempt_of(None, Some("one"), Request::On, None, &stores);
        assert_eq!(log, Vec::<String>::new());
        assert_eq!(failures, failed(&[("one", Failure::NotTried)]));
        let (log, failures) = attempt_of(None, Some("one"), Request::Off, None, &stores);
        assert_eq!(log, ["one", "one waited"]);
        assert_eq!(failures, []);
    }

    #[test]
    fn root_changes_nothing_in_another_users_home() {
        let owner = Owner::of("/".as_ref(), 1000);
        let stores = [("one", PLAIN), ("service", SERVICE)];
        for (request, fault) in [
            (Request::On, None),
            (Request::Off, Some(&StorageFault::MemoryOnly)),
        ] {
            let (log, failures) = attempt_of(Some(owner.clone()), None, request, fault, &stores);
            assert_eq!(log, Vec::<String>::new());
            let foreign = |id| (id, Failure::Foreign(owner.clone()));
            assert_eq!(failures, failed(&[foreign("one"), foreign("service")]));
        }
    }
}
