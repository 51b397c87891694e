// SPDX-License-Identifier: GPL-3.0-or-later

//! Services on the session's and the system's bus that keep a choice themselves.
//!
//! A service may be missing, slow, or never answer, and none of that may stop whoever asks: every
//! question here has an end, and a service that did not answer is left alone for a while, so that
//! not each look at it takes as long as the first. Everything here waits, if not for long; a window
//! calls it from another thread.
//!
//! A service that is neither running nor can be started by its bus is not installed, and neither
//! is one whose bus is not there. That is found out with the question itself, so that a computer
//! without the service pays for one short message.
//!
//! A service keeps a choice as a property, or as an entry that it has by its name. Either way it
//! tells values by their names, and is asked once for all of them.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use gio::{DBusCallFlags, DBusError};
use glib::prelude::*;
use glib::{Variant, VariantTy};

use crate::system::bus;
use crate::system::bus::{Bus, DAEMON, DAEMON_PATH, Message, lock};
use crate::system::limits;

/// What is said of an answer beyond the limits.
pub(crate) const TOO_LARGE: &str = "its answer is too large";

/// The interface by which every service tells its properties.
pub const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// Where a service is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    /// Its bus.
    pub bus: Bus,
    /// Its name on the bus, such as `com.ubuntu.WhoopsiePreferences`.
    pub name: String,
    /// The object.
    pub path: String,
    /// The interface of the object that has the properties.
    pub interface: String,
}

/// A method of a service's object, and what it is called with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The interface that has the method.
    pub interface: String,
    /// The method.
    pub method: String,
    /// A tuple of its arguments.
    pub arguments: Variant,
}

/// A signal on a bus.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signal {
    /// Whose it is.
    pub sender: String,
    /// The object that emits it.
    pub path: String,
    /// The interface that has it.
    pub interface: String,
    /// Its name.
    pub name: String,
    /// Its first argument, where only those with that one matter.
    pub about: Option<String>,
}

/// Values by their names, as a service tells them.
pub type Values = HashMap<String, Variant>;

/// Why a service that is on this computer could not be asked or told something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceProblem {
    /// It was asked, and nothing came back in time.
    #[error("the service “{0}” did not answer")]
    NoAnswer(String),
    /// It, or its bus, or whom it asked for permission, said no.
    #[error("the service “{service}” refused: {message}")]
    Refused {
        /// Its name on the bus.
        service: String,
        /// In its own words.
        message: String,
    },
    /// It ended meanwhile, could not be started, or does not know what it was asked.
    #[error("the service “{service}” failed: {message}")]
    Failed {
        /// Its name on the bus.
        service: String,
        /// In its own words, or the bus's.
        message: String,
    },
    /// It has no such property: another version of it.
    #[error("the service “{service}” has no property “{property}”")]
    NoProperty {
        /// Its name on the bus.
        service: String,
        /// The property that was looked for.
        property: String,
    },
    /// The property exists, with values of another type.
    #[error(
        "the property “{property}” of “{service}” has the type “{found}”; “{expected}” was expected"
    )]
    WrongType {
        /// Its name on the bus.
        service: String,
        /// The property's name.
        property: String,
        /// The GVariant type that it has.
        found: String,
        /// The GVariant type that the reader file's values have.
        expected: String,
    },
    /// It has no such method: another version of it.
    #[error("the service “{service}” has no method “{method}”")]
    NoMethod {
        /// Its name on the bus.
        service: String,
        /// The method that was called.
        method: String,
    },
    /// The method exists, and answers with another type.
    #[error(
        "the method “{method}” of “{service}” answers with the type “{found}”; “{expected}” was expected"
    )]
    WrongAnswer {
        /// Its name on the bus.
        service: String,
        /// The method's name.
        method: String,
        /// The GVariant type of the answer.
        found: String,
        /// The GVariant type that the reader file's value makes it.
        expected: String,
    },
}

/// What a service can be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Question {
    /// The properties of its interface.
    Properties,
    /// What a method of its interface lists.
    Entries(String),
}

/// What services answered, each question asked once.
#[derive(Debug, Default)]
pub struct Answers(RefCell<HashMap<(Service, Question), Answered>>);

/// What a method returned. `None`: the service is not installed, or was not to be started.
type Answered = Result<Option<Variant>, ServiceProblem>;

/// Since when a service or a bus has not answered. None as a name stands for the bus itself.
static SILENT: Mutex<Vec<(Bus, Option<String>, Instant)>> = Mutex::new(Vec::new());

impl Service {
    /// Whether what is set here is set for everybody who uses the computer.
    pub fn is_for_everybody(&self) -> bool {
        self.bus == Bus::System
    }

    /// Whether its bus can start it.
    fn can_be_started(&self) -> bool {
        let connection = self.bus.connect(limits::SERVICE_PATIENCE);
        let connection = connection.ok().flatten();
        connection.is_some_and(|connection| bus::can_start(&connection, &self.name))
    }

    /// A call of a method of the service's own interface.
    pub fn method_call(&self, method: &str, arguments: Variant) -> Call {
        Call {
            interface: self.interface.clone(),
            method: method.to_owned(),
            arguments,
        }
    }

    /// A call that sets a property: of a method of the service's own interface that takes the
    /// value, or else of the one that all services have.
    pub fn set(&self, property: &str, setter: Option<&str>, value: &Variant) -> Call {
        match setter {
            Some(setter) => self.method_call(setter, Variant::tuple_from_iter([value])),
            None => Call {
                interface: PROPERTIES.to_owned(),
                method: "Set".to_owned(),
                arguments: (self.interface.as_str(), property, value).to_variant(),
            },
        }
    }

    /// A signal of the service's own interface.
    pub fn signal(&self, name: &str) -> Signal {
        Signal {
            sender: self.name.clone(),
            path: self.path.clone(),
            interface: self.interface.clone(),
            name: name.to_owned(),
            about: None,
        }
    }

    /// The signal by which it tells that its properties change.
    pub fn properties_changed(&self) -> Signal {
        Signal {
            interface: PROPERTIES.to_owned(),
            about: Some(self.interface.clone()),
            ..self.signal("PropertiesChanged")
        }
    }
}

impl Signal {
    /// A service of that name comes or goes.
    pub fn owner(name: &str) -> Self {
        Self {
            sender: DAEMON.to_owned(),
            path: DAEMON_PATH.to_owned(),
            interface: DAEMON.to_owned(),
            name: "NameOwnerChanged".to_owned(),
            about: Some(name.to_owned()),
        }
    }
}

impl Answers {
    /// Looks at a property. `None`: the service is not installed.
    pub fn property(
        &self,
        service: &Service,
        property: &str,
        expected: &VariantTy,
    ) -> Result<Option<Variant>, ServiceProblem> {
        let Some(reply) = self.query(service, &Question::Properties, true)? else {
            return Ok(None);
        };
        if reply.type_().as_str() != "(a{sv})" {
            return Err(failed(service, "its answer is no list of properties"));
        }
        let name = || service.name.clone();
        // Nothing but the one property is copied.
        let found = reply.child_value(0).iter().find_map(|entry| {
            let is_it = entry.child_value(0).str() == Some(property);
            is_it.then(|| entry.child_value(1).as_variant())?
        });
        let found = found.ok_or_else(|| ServiceProblem::NoProperty {
            service: name(),
            property: property.to_owned(),
        })?;
        if found.type_() == expected {
            Ok(Some(found))
        } else {
            Err(ServiceProblem::WrongType {
                service: name(),
                property: property.to_owned(),
                found: limits::cut(found.type_().as_str(), limits::QUOTE),
                expected: expected.as_str().to_owned(),
            })
        }
    }

    /// Looks at the entries that a method lists, whose values are to be of the expected type.
    /// `None`: the service is not installed. One that does not run and is not to be started has
    /// none.
    pub fn entries(
        &self,
        service: &Service,
        list: &str,
        expected: &VariantTy,
        start: bool,
    ) -> Result<Option<Values>, ServiceProblem> {
        let question = Question::Entries(list.to_owned());
        let Some(reply) = self.query(service, &question, start)? else {
            let idle = !start && service.can_be_started();
            return Ok(idle.then(Values::new));
        };
        let expected = format!("(a{{s{expected}}})");
        if reply.type_().as_str() != expected {
            return Err(ServiceProblem::WrongAnswer {
                service: service.name.clone(),
                method: list.to_owned(),
                found: limits::cut(reply.type_().as_str(), limits::QUOTE),
                expected,
            });
        }
        let entries = reply.child_value(0);
        let entries = entries.iter();
        Ok(Some(
            entries
                .filter_map(|entry| Some((entry.child_value(0).get()?, entry.child_value(1))))
                .collect(),
        ))
    }

    fn query(&self, service: &Service, question: &Question, start: bool) -> Answered {
        let mut answers = self.0.borrow_mut();
        answers
            .entry((service.clone(), question.clone()))
            .or_insert_with(|| query(service, question, start))
            .clone()
    }
}

fn query(service: &Service, question: &Question, start: bool) -> Answered {
    if is_silent(service) {
        return Err(ServiceProblem::NoAnswer(service.name.clone()));
    }
    let question = match question {
        Question::Properties => Call {
            interface: PROPERTIES.to_owned(),
            method: "GetAll".to_owned(),
            arguments: (service.interface.as_str(),).to_variant(),
        },
        Question::Entries(list) => service.method_call(list, ().to_variant()),
    };
    let flags = if start {
        DBusCallFlags::NONE
    } else {
        DBusCallFlags::NO_AUTO_START
    };
    let reply = send(service, &question, flags, limits::SERVICE_PATIENCE)?;
    reply.map(|reply| bounded(service, reply)).transpose()
}

/// An answer, unless it is larger than any service's needs to be. What is too large is dropped here:
/// it is neither kept nor gone through.
fn bounded(service: &Service, reply: Variant) -> Result<Variant, ServiceProblem> {
    if is_too_large(&reply) {
        Err(failed(service, TOO_LARGE))
    } else {
        Ok(reply)
    }
}

/// Whether a reply has more entries or bytes than [`limits::SERVICE_ENTRIES`] and
/// [`limits::SERVICE_ANSWER`] say. Its parts may be lists, whose parts are not counted: their
/// bytes are.
pub(crate) fn is_too_large(reply: &Variant) -> bool {
    let lists = reply.iter().filter(Variant::is_container);
    let mut entries = lists.map(|list| list.n_children());
    entries.any(|entries| entries > limits::SERVICE_ENTRIES)
        || reply.size() > limits::SERVICE_ANSWER
}

/// Tells a service of a change. Whoever must allow it may ask the person.
pub fn call(service: &Service, change: &Call) -> Result<(), ServiceProblem> {
    let patience = if is_silent(service) {
        limits::LAST_CHANGE_PATIENCE
    } else {
        limits::CHANGE_PATIENCE
    };
    let flags = DBusCallFlags::ALLOW_INTERACTIVE_AUTHORIZATION;
    match send(service, change, flags, patience)? {
        Some(_) => Ok(()),
        None => Err(failed(service, "it is no longer there")),
    }
}

/// Calls a method that takes nothing and returns a text. `None`: the service is not installed.
pub fn text(service: &Service, method: &str) -> Result<Option<String>, ServiceProblem> {
    let question = service.method_call(method, ().to_variant());
    let Some(reply) = send(
        service,
        &question,
        DBusCallFlags::NONE,
        limits::SERVICE_PATIENCE,
    )?
    else {
        return Ok(None);
    };
    let reply = bounded(service, reply)?;
    let text = reply.get::<(String,)>();
    text.map(|(text,)| Some(text))
        .ok_or_else(|| failed(service, "its answer is no text"))
}

/// Calls a method. `None`: the service is not installed.
fn send(service: &Service, call: &Call, flags: DBusCallFlags, patience: Duration) -> Answered {
    let no_answer = || ServiceProblem::NoAnswer(service.name.clone());
    let Ok(connection) = service.bus.connect(limits::SERVICE_PATIENCE) else {
        remember_silence(service.bus, None);
        return Err(no_answer());
    };
    let Some(connection) = connection else {
        return Ok(None);
    };
    let reply = Message {
        name: &service.name,
        path: &service.path,
        interface: &call.interface,
        method: &call.method,
        arguments: Some(&call.arguments),
        reply: None,
        flags,
        timeout: Some(patience),
        cancellable: None,
    }
    .send(&connection);
    match reply {
        Ok(reply) => {
            answered(service.bus, &service.name);
            Ok(Some(reply))
        }
        Err(error) if error.matches(gio::IOErrorEnum::TimedOut) => {
            remember_silence(service.bus, Some(&service.name));
            Err(no_answer())
        }
        Err(error) => understand(service, &call.method, error),
    }
}

/// What an error says about a service.
fn understand(service: &Service, method: &str, mut error: glib::Error) -> Answered {
    let name = DBusError::remote_error(&error).unwrap_or_default();
    DBusError::strip_remote_error(&mut error);
    let message = limits::cut(error.message(), limits::SERVICE_MESSAGE);
    // The bus's own: it has no such program, or none that runs where none was to be started.
    if let "org.freedesktop.DBus.Error.ServiceUnknown"
    | "org.freedesktop.DBus.Error.NameHasNoOwner" = name.as_str()
    {
        Ok(None)
    } else if let "org.freedesktop.DBus.Error.UnknownInterface"
    | "org.freedesktop.DBus.Error.UnknownMethod"
    | "org.freedesktop.DBus.Error.UnknownObject" = name.as_str()
    {
        Err(ServiceProblem::NoMethod {
            service: service.name.clone(),
            method: method.to_owned(),
        })
    } else if is_refusal(&name) {
        Err(ServiceProblem::Refused {
            service: service.name.clone(),
            message,
        })
    } else {
        Err(failed(service, &message))
    }
}

/// Whether an error's name says that something is not allowed: those of the bus and of polkit, and
/// what services call it by themselves.
fn is_refusal(name: &str) -> bool {
    const WORDS: [&str; 6] = [
        "AccessDenied",
        "AuthFailed",
        "AuthorizationRequired",
        "NotAuthorized",
        "NotPrivileged",
        "PermissionDenied",
    ];
    let last = name.rsplit('.').next().unwrap_or_default();
    name.starts_with("org.freedesktop.PolicyKit1.Error.")
        || WORDS.iter().any(|word| last.contains(word))
}

fn failed(service: &Service, message: &str) -> ServiceProblem {
    ServiceProblem::Failed {
        service: service.name.clone(),
        message: message.to_owned(),
    }
}

/// Whether the service, or its bus, did not answer a short while ago.
fn is_silent(service: &Service) -> bool {
    let mut silent = lock(&SILENT);
    silent.retain(|(_, _, since)| since.elapsed() < limits::SERVICE_REST);
    silent.iter().any(|(bus, name, _)| {
        *bus == service.bus && name.as_ref().is_none_or(|name| *name == service.name)
    })
}

fn remember_silence(bus: Bus, name: Option<&str>) {
    let name = name.map(str::to_owned);
    lock(&SILENT).push((bus, name, Instant::now()));
}

/// Forgets that a service did not answer: it did, or another has taken its place.
pub fn answered(bus: Bus, name: &str) {
    lock(&SILENT).retain(|(of, silent, _)| *of != bus || silent.as_deref() != Some(name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_say_no_is_a_refusal_and_other_errors_are_none() {
        for name in [
            "org.freedesktop.DBus.Error.AccessDenied",
            "org.freedesktop.DBus.Error.AuthFailed",
            "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
            "org.freedesktop.PolicyKit1.Error.NotAuthorized",
            "org.freedesktop.PolicyKit1.Error.Cancelled",
            "com.example.Settings.PermissionDenied",
            "com.example.Settings.Error.NotAuthorizedError",
        ] {
            assert!(is_refusal(name), "{name}");
        }
        for name in [
            "",
            "org.freedesktop.DBus.Error.NoReply",
            "org.freedesktop.DBus.Error.ServiceUnknown",
            "com.example.NotAuthorized.Broken",
        ] {
            assert!(!is_refusal(name), "{name}");
        }
    }

    #[test]
    fn an_answer_is_refused_from_one_entry_or_byte_more_than_the_limit_on() {
        let entries = |count: usize| {
            let entries = (0..count).map(|at| (at.to_string(), true.to_variant()));
            (entries.collect::<Values>(),).to_variant()
        };
        assert!(!is_too_large(&entries(limits::SERVICE_ENTRIES)));
        assert!(is_too_large(&entries(limits::SERVICE_ENTRIES + 1)));
        // A string takes a byte for its end.
        let text = |length: usize| ("x".repeat(length - 1),).to_variant();
        assert!(!is_too_large(&text(limits::SERVICE_ANSWER)));
        assert!(is_too_large(&text(limits::SERVICE_ANSWER + 1)));
        assert!(!is_too_large(&().to_variant()) && !is_too_large(&(1, "a").to_variant()));
    }

    #[test]
    fn a_service_that_did_not_answer_is_left_alone_until_it_does() {
        let service = |name: &str| Service {
            bus: Bus::System,
            name: name.to_owned(),
            path: "/".to_owned(),
            interface: "org.example.Hung".to_owned(),
        };
        let (hung, other) = (service("org.example.Hung"), service("org.example.Other"));
        remember_silence(Bus::System, Some(&hung.name));
        assert!(is_silent(&hung) && !is_silent(&other));
        assert_eq!(
            Answers::default().property(&hung, "Anything", glib::VariantTy::BOOLEAN),
            Err(ServiceProblem::NoAnswer(hung.name.clone()))
        );
        answered(Bus::System, &hung.name);
        assert!(!is_silent(&hung));
    }
}
