// SPDX-License-Identifier: GPL-3.0-or-later

//! Zeitgeist, the service that programs tell of what a person does.
//!
//! Source: zeitgeist 1.0.4, libzeitgeist/remote.vala and src/zeitgeist-daemon.vala.
//!
//! It has one thread, and takes longer for each event that it removes the more events it has: about
//! 50 ms at 20,000 events, because its database looks at all others each time (the triggers
//! `fkdc_event_*` of libzeitgeist/sql-schema.vala). So events are removed in batches that it has
//! done in a moment, between which others are served, progress is told, and somebody may stop it.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use gio::Cancellable;
use gio::prelude::*;
use glib::{Variant, VariantTy};

use super::{Found, Outcome, Place, Problem, Progress, Span};
use crate::system::bus::{Bus, Message, can_start, has_owner};
use crate::system::{limits, service};

pub(super) const NAME: &str = "org.gnome.zeitgeist.Engine";
const LOG_PATH: &str = "/org/gnome/zeitgeist/log/activity";
const LOG: &str = "org.gnome.zeitgeist.Log";

/// “Any”, among Zeitgeist's words for whether an event's file is at hand.
const ANY_STORAGE: u32 = 2;

/// The most recent events first: what is stopped has removed those.
const MOST_RECENT: u32 = 0;

/// An event, or a template of events: its facts, those of its subjects, and whatever else there is.
pub(super) type Event = (Vec<String>, Vec<Vec<String>>, Vec<u8>);

/// The session's bus; none where there is none.
pub(super) fn bus() -> Option<gio::DBusConnection> {
    let bus = Bus::Session.connect(limits::BUS_PATIENCE).ok()??;
    // A session that ends is no reason to end in the middle of something.
    bus.set_exit_on_close(false);
    Some(bus)
}

/// Whether a program has that name on the session's bus.
pub(super) fn is_running(name: &str) -> bool {
    bus().is_some_and(|bus| has_owner(&bus, name))
}

/// Whether Zeitgeist runs, or would be started by whoever asks it something.
pub(super) fn is_here() -> bool {
    bus().is_some_and(|bus| has_owner(&bus, NAME) || can_start(&bus, NAME))
}

/// Whether there may be something to ask for: a Zeitgeist that never ran has recorded nothing, and
/// a question is no reason to start it.
pub(super) fn is_worth_asking(bus: &gio::DBusConnection) -> bool {
    has_owner(bus, NAME)
        || glib::user_data_dir()
            .join("zeitgeist/activity.sqlite")
            .exists()
}

pub(super) fn look(span: Span, cancellable: &Cancellable) -> Option<Found> {
    let log = Log::open(cancellable)?;
    let count = if is_worth_asking(&log.bus) {
        log.find(span).and_then(|found| {
            if found.more {
                let most = limits::ZEITGEIST_EVENTS;
                Err(Problem::Refused(format!("it has more than {most} entries")))
            } else {
                Ok(found.events.len())
            }
        })
    } else {
        Ok(0)
    };
    Some(Found::new(Place::Zeitgeist, count))
}

pub(super) fn clear(
    span: Span,
    cancellable: &Cancellable,
    progress: &mut dyn FnMut(Progress),
) -> Option<Outcome> {
    let log = Log::open(cancellable)?;
    if !is_worth_asking(&log.bus) {
        return Some(Outcome::new(Place::Zeitgeist, Ok(0)));
    }
    let Events { events, more } = match log.find(span) {
        Ok(found) => found,
        Err(problem) => return Some(Outcome::new(Place::Zeitgeist, Err(problem))),
    };
    let mut removed = 0;
    let done = log.delete(&events, |now| {
        removed = now;
        progress(Progress {
            place: Place::Zeitgeist,
            removed,
            of: events.len(),
        });
    });
    // Stopped is the waiting; the batch that was under way is removed all the same.
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
        // Whoever does not answer is not asked again.
        Err(problem @ Problem::NoAnswer) => Some(problem),
        done => match log.find(span) {
            Ok(left) => {
                let left: HashSet<_> = left.events.into_iter().collect();
                let kept = events.iter().filter(|event| left.contains(event)).count();
                removed = events.len() - kept;
                match done {
                    Err(problem) if kept > 0 => Some(problem),
                    // Of more than it was asked for at once, the older ones are left.
                    _ => (kept > 0 || more).then_some(Problem::StillThere),
                }
            }
            Err(problem) => done.err().or(Some(problem)),
        },
    };
    Some(Outcome {
        place: Place::Zeitgeist,
        removed,
        problem,
    })
}

/// The numbers of events.
struct Events {
    events: Vec<u32>,
    /// Whether there are more than [`limits::ZEITGEIST_EVENTS`], of which these are the most recent.
    more: bool,
}

struct Log<'a> {
    bus: gio::DBusConnection,
    cancellable: &'a Cancellable,
    patience: Duration,
}

impl<'a> Log<'a> {
    /// None where no Zeitgeist is on this computer.
    fn open(cancellable: &'a Cancellable) -> Option<Self> {
        let bus = bus()?;
        (has_owner(&bus, NAME) || can_start(&bus, NAME)).then_some(Self {
            bus,
            cancellable,
            patience: limits::ZEITGEIST_PATIENCE,
        })
    }

    /// The events of a span, the most recent first.
    fn find(&self, span: Span) -> Result<Events, Problem> {
        let any_event: Vec<Event> = Vec::new();
        // One more than are taken shows that there are more.
        let most = u32::try_from(limits::ZEITGEIST_EVENTS + 1).unwrap_or(u32::MAX);
        let question = (span.bounds(), any_event, ANY_STORAGE, most, MOST_RECENT);
        let reply = self.ask("FindEventIds", &question.to_variant(), "(au)")?;
        events_of(&reply.child_value(0))
    }

    fn delete(&self, events: &[u32], mut removed: impl FnMut(usize)) -> Result<(), Problem> {
        let mut done = 0;
        let mut batch = 1;
        while done < events.len() {
            let some = &events[done..events.len().min(done + batch)];
            let began = Instant::now();
            // What it answers is the span of time in which they were.
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
        ask(
            &self.bus,
            (LOG_PATH, LOG),
            method,
            Some(question),
            answer,
            (self.cancellable, self.patience),
        )
    }
}

/// The events of an answer, which has one more than are taken at most.
fn events_of(answer: &Variant) -> Result<Events, Problem> {
    let found = answer.fixed_array::<u32>().unwrap_or_default();
    if found.len() > limits::ZEITGEIST_EVENTS + 1 {
        return Err(Problem::Refused(service::TOO_LARGE.to_owned()));
    }
    let most = found.len().min(limits::ZEITGEIST_EVENTS);
    Ok(Events {
        events: found[..most].to_vec(),
        more: found.len() > most,
    })
}

/// Asks an object of Zeitgeist's, by its path and interface.
pub(super) fn ask(
    bus: &gio::DBusConnection,
    (path, interface): (&str, &str),
    method: &str,
    question: Option<&Variant>,
    answer: &str,
    (cancellable, patience): (&Cancellable, Duration),
) -> Result<Variant, Problem> {
    Message {
        name: NAME,
        path,
        interface,
        method,
        arguments: question,
        reply: VariantTy::new(answer).ok(),
        flags: gio::DBusCallFlags::NONE,
        timeout: Some(patience),
        cancellable: Some(cancellable),
    }
    .send(bus)
    .map_err(|error| problem(&error))
}

fn problem(error: &glib::Error) -> Problem {
    match error.kind::<gio::IOErrorEnum>() {
        Some(gio::IOErrorEnum::Cancelled) => return Problem::Cancelled,
        Some(gio::IOErrorEnum::TimedOut) => return Problem::NoAnswer,
        Some(gio::IOErrorEnum::Closed) => return Problem::Ended,
        _ => {}
    }
    match error.kind::<gio::DBusError>() {
        // The bus says so when a program ends that owes an answer.
        Some(gio::DBusError::NoReply | gio::DBusError::Disconnected) => Problem::Ended,
        Some(gio::DBusError::Timeout | gio::DBusError::TimedOut) => Problem::NoAnswer,
        _ => {
            let mut error = error.clone();
            gio::DBusError::strip_remote_error(&mut error);
            Problem::Refused(limits::cut(error.message(), limits::SERVICE_MESSAGE))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_taken_up_to_the_limit_and_more_than_were_asked_for_are_refused() {
        let found = |count: usize| events_of(&Variant::array_from_fixed_array(&vec![7_u32; count]));
        let most = limits::ZEITGEIST_EVENTS;
        for (count, taken, more) in [(0, 0, false), (most, most, false), (most + 1, most, true)] {
            let found = found(count).unwrap();
            assert_eq!((found.events.len(), found.more), (taken, more));
        }
        assert!(matches!(found(most + 2), Err(Problem::Refused(_))));
    }
}
