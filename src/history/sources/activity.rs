// SPDX-License-Identifier: GPL-3.0-or-later

//! The log of Zeitgeist, the service to which programs report the user's activities.
//!
//! Source: zeitgeist 1.0.4, libzeitgeist/remote.vala and src/zeitgeist-daemon.vala.
//!
//! Zeitgeist has one thread. The more events it has, the longer it needs to remove one, about 50 ms
//! at 20,000 events, because its database counts others each time (the triggers `fkdc_event_*` of
//! libzeitgeist/sql-schema.vala). So it removes only a few events itself. For more, and for
//! everything, the panel stops Zeitgeist for a moment and clears its database directly.
//!
//! If that isn't possible, Zeitgeist removes all of them in short batches. Between batches, it
//! serves other programs, and the user sees the progress and can stop.
//!
//! A Zeitgeist that doesn't run isn't started, neither to count nor to clear.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use gio::Cancellable;
use gio::prelude::*;
use glib::Variant;

use crate::history::Span;
use crate::history::source::{Found, Outcome, Problem, Progress, Source};
use crate::history::zeitgeist::{self, Database, Event, Failure, LOG, LOG_PATH, Standstill};
use crate::system::bus::has_owner;
use crate::system::i18n::gettext;
use crate::system::{limits, service};

/// Zeitgeist's `StorageState.ANY`: whether or not the event's file is available.
const ANY_STORAGE: u32 = 2;

/// Most recent events first, so that stopping early has removed those.
const MOST_RECENT: u32 = 0;

#[derive(Debug)]
pub(crate) struct Activity;

impl Source for Activity {
    fn id(&self) -> &'static str {
        "zeitgeist"
    }

    fn title(&self) -> String {
        // Translators: what the service Zeitgeist has recorded; Zeitgeist is a name
        gettext("Activities (Zeitgeist)")
    }

    fn program(&self) -> String {
        zeitgeist::PROGRAM.to_owned()
    }

    fn is_here(&self) -> bool {
        zeitgeist::is_here()
    }

    fn look(&'static self, span: Span, cancellable: &Cancellable) -> Option<Found> {
        let log = Log::open(cancellable)?;
        let count = if has_owner(&log.bus, zeitgeist::NAME) {
            log.find(span).and_then(|found| {
                if found.more {
                    let most = limits::ZEITGEIST_EVENTS;
                    Err(Problem::Refused(format!("it has more than {most} entries")))
                } else {
                    Ok(found.events.len())
                }
            })
        } else {
            Database::usual().map_or(Ok(0), |database| database.count(span))
        };
        Some(Found::new(self, count))
    }

    fn clear(
        &'static self,
        span: Span,
        cancellable: &Cancellable,
        progress: &mut dyn FnMut(Progress),
    ) -> Option<Outcome> {
        let log = Log::open(cancellable)?;
        let is_running = has_owner(&log.bus, zeitgeist::NAME);
        if !is_running && Database::usual().is_none() {
            return Some(Outcome::new(self, Ok(0)));
        }
        let few = match is_running.then(|| log.find_most(span, limits::ZEITGEIST_FEW)) {
            None => Events::default(),
            Some(Ok(few)) if few.events.is_empty() => return Some(Outcome::new(self, Ok(0))),
            Some(Ok(few)) => few,
            Some(Err(problem)) => return Some(Outcome::new(self, Err(problem))),
        };
        if !is_running || span.is_everything() || few.more {
            match log.clear_database(span) {
                Ok((removed, problem)) => {
                    progress(Progress {
                        source: self,
                        removed,
                        of: removed,
                    });
                    return Some(Outcome {
                        removed,
                        problem,
                        ..Outcome::new(self, Ok(0))
                    });
                }
                Err(Failure::Problem(problem)) => {
                    return Some(Outcome::new(self, Err(problem)));
                }
                Err(Failure::NotPossible) if !is_running => {
                    return Some(Outcome::new(self, Err(Problem::StillThere)));
                }
                // Zeitgeist can still do it itself.
                Err(Failure::NotPossible) => {}
            }
        }
        let found = if few.more { log.find(span) } else { Ok(few) };
        let Events { events, more } = match found {
            Ok(found) => found,
            Err(problem) => return Some(Outcome::new(self, Err(problem))),
        };
        // The database, for when Zeitgeist ends and can't be started again.
        let database =
            zeitgeist::process_of(&log.bus, zeitgeist::NAME).and_then(Database::of_process);
        let mut removed = 0;
        let done = log.delete(&events, |now| {
            removed = now;
            progress(Progress {
                source: self,
                removed,
                of: events.len(),
            });
        });
        // Stopping only ends the waiting: Zeitgeist still removes the current batch.
        let unstoppable = Cancellable::new();
        let stopped = matches!(done, Err(Problem::Cancelled));
        let log = Log {
            cancellable: if stopped { &unstoppable } else { cancellable },
            patience: if stopped {
                limits::LAST_ZEITGEIST_PATIENCE
            } else {
                limits::ZEITGEIST_PATIENCE
            },
            ..log
        };
        let problem = match done {
            // Don't call a service again that doesn't answer.
            Err(problem @ Problem::NoAnswer) => Some(problem),
            done => match log.find_again(span) {
                Ok(left) => {
                    let left: HashSet<_> = left.events.into_iter().collect();
                    let kept = events.iter().filter(|event| left.contains(event)).count();
                    removed = events.len() - kept;
                    match done {
                        Err(problem) if kept > 0 => Some(with_left(problem, kept)),
                        // There were more events than are removed at once. The older ones remain.
                        _ => (kept > 0 || more).then_some(Problem::StillThere),
                    }
                }
                Err(problem) => {
                    let kept = database.and_then(|database| database.count_of(&events).ok());
                    removed = kept.map_or(removed, |kept| events.len() - kept);
                    done.err().or(Some(problem))
                }
            },
        };
        Some(Outcome {
            removed,
            problem,
            ..Outcome::new(self, Ok(0))
        })
    }
}

/// Adds how many events are left, if the user stopped it.
fn with_left(problem: Problem, left: usize) -> Problem {
    match problem {
        Problem::Cancelled if left > 0 => Problem::Stopped(left),
        problem => problem,
    }
}

/// Events, by their numbers.
#[derive(Default)]
struct Events {
    events: Vec<u32>,
    /// Whether there are more than were asked for. These are the most recent ones.
    more: bool,
}

struct Log<'a> {
    bus: gio::DBusConnection,
    cancellable: &'a Cancellable,
    patience: Duration,
}

impl<'a> Log<'a> {
    /// `None`: this computer has no Zeitgeist.
    fn open(cancellable: &'a Cancellable) -> Option<Self> {
        let bus = zeitgeist::bus()?;
        zeitgeist::is_on(&bus).then_some(Self {
            bus,
            cancellable,
            patience: limits::ZEITGEIST_PATIENCE,
        })
    }

    /// The events of a span, the most recent first.
    fn find(&self, span: Span) -> Result<Events, Problem> {
        self.find_most(span, limits::ZEITGEIST_EVENTS)
    }

    /// Like [`Self::find`], if Zeitgeist may have just ended. Until its process is gone, a new
    /// Zeitgeist can't open the database, and ends.
    fn find_again(&self, span: Span) -> Result<Events, Problem> {
        for _ in 0..limits::ZEITGEIST_RETRIES {
            match self.find(span) {
                Err(Problem::Ended | Problem::Refused(_)) => thread::sleep(limits::SETTINGS_PAUSE),
                answer => return answer,
            }
        }
        self.find(span)
    }

    /// Like [`Self::find`], with a limit on the number of events.
    fn find_most(&self, span: Span, most: usize) -> Result<Events, Problem> {
        let any_event: Vec<Event> = Vec::new();
        // One more than the limit, to notice that there are more.
        let asked = u32::try_from(most + 1).unwrap_or(u32::MAX);
        let question = (span.bounds(), any_event, ANY_STORAGE, asked, MOST_RECENT);
        let reply = self.ask("FindEventIds", &question.to_variant(), "(au)")?;
        events_of(&reply.child_value(0), most)
    }

    /// Clears the database while Zeitgeist stands still. Returns how many events were removed, and
    /// what failed after that.
    fn clear_database(&self, span: Span) -> Result<(usize, Option<Problem>), Failure> {
        let standstill = Standstill::begin(&self.bus, self.cancellable)?;
        let database = standstill.database();
        let cleared = database
            .clear(span, self.cancellable)
            .map_err(|problem| with_left(problem, database.count(span).unwrap_or(0)));
        let ended = standstill.end();
        let (removed, problem) = cleared?;
        Ok((removed, problem.or(ended.err())))
    }

    fn delete(&self, events: &[u32], mut removed: impl FnMut(usize)) -> Result<(), Problem> {
        let mut done = 0;
        let mut batch = 1;
        while done < events.len() {
            let some = &events[done..events.len().min(done + batch)];
            let began = Instant::now();
            // The reply is the time span of the removed events.
            self.ask("DeleteEvents", &(some,).to_variant(), "((xx))")?;
            let took = began.elapsed();
            done += some.len();
            removed(done);
            if took * 2 < limits::ZEITGEIST_PACE {
                batch = (batch * 2).min(limits::ZEITGEIST_BATCH);
            } else if took > limits::ZEITGEIST_PACE * 2 {
                batch = (batch / 2).max(1);
            }
        }
        Ok(())
    }

    fn ask(&self, method: &str, question: &Variant, answer: &str) -> Result<Variant, Problem> {
        zeitgeist::ask(
            &self.bus,
            (LOG_PATH, LOG),
            method,
            Some(question),
            answer,
            (self.cancellable, self.patience),
        )
    }
}

/// The events of a reply, which may have at most one more than was asked for.
fn events_of(answer: &Variant, most: usize) -> Result<Events, Problem> {
    let found = answer.fixed_array::<u32>().unwrap_or_default();
    if found.len() > most + 1 {
        return Err(Problem::Refused(service::TOO_LARGE.to_owned()));
    }
    let most = found.len().min(most);
    Ok(Events {
        events: found[..most].to_vec(),
        more: found.len() > most,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_taken_up_to_the_limit_and_more_than_were_asked_for_are_refused() {
        let most = 10;
        let found =
            |count: usize| events_of(&Variant::array_from_fixed_array(&vec![7_u32; count]), most);
        for (count, taken, more) in [(0, 0, false), (most, most, false), (most + 1, most, true)] {
            let found = found(count).unwrap();
            assert_eq!((found.events.len(), found.more), (taken, more));
        }
        assert!(matches!(found(most + 2), Err(Problem::Refused(_))));
    }
}
