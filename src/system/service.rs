// SPDX-License-Identifier: GPL-3.0-or-later

//! D-Bus services that keep a choice themselves.
//!
//! Services may be missing, slow or hung. Every call has a timeout, and a service that timed out
//! isn't asked again for a while. Calls block: don't make them on the UI thread.
//!
//! A service that neither runs nor can be started by its bus isn't installed. The same holds if
//! there is no bus. The call itself tells us, so a missing service costs one round trip.
//!
//! A service keeps a choice as a property or as a named entry. It is queried once for all its
//! properties or entries.

use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use gio::{DBusCallFlags, DBusError};
use glib::prelude::*;
use glib::{Variant, VariantTy};

use crate::system::bus;
use crate::system::bus::{Bus, DAEMON, DAEMON_PATH, Message, lock};
use crate::system::limits;

/// The error message for an answer beyond the limits.
pub(crate) const TOO_LARGE: &str = "its answer is too large";

/// The interface for reading and setting properties.
pub const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// The address of a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Service {
    /// Its bus.
    pub bus: Bus,
    /// Its bus name, such as `com.ubuntu.WhoopsiePreferences`.
    pub name: String,
    /// The path of its object.
    pub path: String,
    /// The interface of the object.
    pub interface: String,
}

/// A call of a method of a service's object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The interface that has the method.
    pub interface: String,
    /// The method.
    pub method: String,
    /// The arguments as a tuple.
    pub arguments: Variant,
}

/// A signal on a bus.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signal {
    /// The bus name of the sender.
    pub sender: String,
    /// The object that emits it.
    pub path: String,
    /// The interface that has it.
    pub interface: String,
    /// Its name.
    pub name: String,
    /// The first argument, if only signals with that argument matter.
    pub about: Option<String>,
}

/// A service's values by name.
pub type Values = HashMap<String, Variant>;

/// Why an installed service can't be queried or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceProblem {
    /// It timed out.
    #[error("the service “{0}” did not answer")]
    NoAnswer(String),
    /// The service, its bus, or an authorization service denied permission.
    #[error("the service “{service}” refused: {message}")]
    Refused {
        /// The bus name.
        service: String,
        /// The service's error message.
        message: String,
    },
    /// It ended meanwhile, couldn't be started, or doesn't know the request.
    #[error("the service “{service}” failed: {message}")]
    Failed {
        /// The bus name.
        service: String,
        /// The error message of the service or of the bus.
        message: String,
    },
    /// This version of the service has no such property.
    #[error("the service “{service}” has no property “{property}”")]
    NoProperty {
        /// The bus name.
        service: String,
        /// The missing property.
        property: String,
    },
    /// The property has another type.
    #[error(
        "the property “{property}” of “{service}” has the type “{found}”; “{expected}” was expected"
    )]
    WrongType {
        /// The bus name.
        service: String,
        /// The property's name.
        property: String,
        /// The actual GVariant type.
        found: String,
        /// The GVariant type of the reader file's values.
        expected: String,
    },
    /// This version of the service has no such method.
    #[error("the service “{service}” has no method “{method}”")]
    NoMethod {
        /// The bus name.
        service: String,
        /// The method that was called.
        method: String,
    },
    /// The method's answer has another type.
    #[error(
        "the method “{method}” of “{service}” answers with the type “{found}”; “{expected}” was expected"
    )]
    WrongAnswer {
        /// The bus name.
        service: String,
        /// The method's name.
        method: String,
        /// The actual GVariant type.
        found: String,
        /// The GVariant type of the answer according to the reader file.
        expected: String,
    },
}

/// A query to a service.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Question {
    /// The properties of its interface.
    Properties,
    /// The entries that a method of its interface lists.
    Entries(String),
}

/// The names that programs own on the session bus. `None`: unknown.
type Owned = Option<HashSet<String>>;

/// The answers of services, each queried once.
#[derive(Debug, Default)]
pub struct Answers {
    asked: RefCell<HashMap<(Service, Question), Answered>>,
    owned: OnceCell<Owned>,
}

/// The reply of a method. `None`: the service isn't installed, or doesn't run and must not be
/// started.
type Answered = Result<Option<Variant>, ServiceProblem>;

/// When a service or a bus timed out. A bus itself has no name.
static SILENT: Mutex<Vec<(Bus, Option<String>, Instant)>> = Mutex::new(Vec::new());

impl Service {
    /// Whether a change applies to all users.
    pub fn is_for_every_user(&self) -> bool {
        self.bus == Bus::System
    }

    /// Whether its bus can start it.
    pub(crate) fn can_be_started(&self) -> bool {
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

    /// A call that sets a property: with the given method of the service's own interface, or else
    /// with the standard one.
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

    /// The signal for changes of its properties.
    pub fn properties_changed(&self) -> Signal {
        Signal {
            interface: PROPERTIES.to_owned(),
            about: Some(self.interface.clone()),
            ..self.signal("PropertiesChanged")
        }
    }
}

impl Signal {
    /// The signal for the start and the end of a service.
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
    /// Reads a property. `None`: the service isn't installed.
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
        // Copies only this property.
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

    /// Reads the entries that a method lists, with values of the expected type. `None`: the service
    /// isn't installed. Empty if it doesn't run and must not be started.
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

    /// Reads the value that a method returns, alone or in a variant. `None`: the service isn't
    /// installed. `Some(None)`: its error says that there is no value.
    pub fn value(
        &self,
        service: &Service,
        call: &Call,
        no_value: &str,
    ) -> Result<Option<Option<Variant>>, ServiceProblem> {
        if is_silent(service) {
            return Err(ServiceProblem::NoAnswer(service.name.clone()));
        }
        let flags = DBusCallFlags::NONE;
        let reply = match try_to_send(service, call, flags, limits::SERVICE_PATIENCE)? {
            None => return Ok(None),
            Some(Ok(reply)) => bounded(service, reply)?,
            Some(Err(error)) if DBusError::remote_error(&error).is_some_and(|e| e == no_value) => {
                return Ok(Some(None));
            }
            Some(Err(error)) => match understand(service, &call.method, error)? {
                None => return Ok(None),
                Some(reply) => reply,
            },
        };
        if reply.n_children() != 1 {
            return Err(failed(service, "its answer is not one value"));
        }
        let value = reply.child_value(0);
        // GLib prints an error if a variant of another type is asked for its inner value.
        let inner = value.is_type(VariantTy::VARIANT);
        let inner = inner.then(|| value.as_variant()).flatten();
        Ok(Some(Some(inner.unwrap_or(value))))
    }

    /// Whether a program owns a name on the session bus. `None`: unknown.
    pub fn is_owned(&self, name: &str) -> Option<bool> {
        let owned = self.owned.get_or_init(|| {
            let connection = Bus::Session
                .connect(limits::SERVICE_PATIENCE)
                .ok()
                .flatten()?;
            let timeout = Some(limits::SERVICE_PATIENCE);
            let reply = bus::query_daemon(&connection, "ListNames", &().to_variant(), timeout);
            let (names,) = reply.ok()?.get::<(Vec<String>,)>()?;
            Some(names.into_iter().collect())
        });
        owned.as_ref().map(|owned| owned.contains(name))
    }

    fn query(&self, service: &Service, question: &Question, start: bool) -> Answered {
        let mut answers = self.asked.borrow_mut();
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

/// The reply if it is within the limits. A larger one is dropped without being read.
fn bounded(service: &Service, reply: Variant) -> Result<Variant, ServiceProblem> {
    if is_too_large(&reply) {
        Err(failed(service, TOO_LARGE))
    } else {
        Ok(reply)
    }
}

/// Whether a reply exceeds [`limits::SERVICE_ENTRIES`] or [`limits::SERVICE_ANSWER`]. Counts the
/// entries of its lists but not of nested lists; all bytes count.
pub(crate) fn is_too_large(reply: &Variant) -> bool {
    let lists = reply.iter().filter(Variant::is_container);
    let mut entries = lists.map(|list| list.n_children());
    entries.any(|entries| entries > limits::SERVICE_ENTRIES)
        || reply.size() > limits::SERVICE_ANSWER
}

/// Calls a service to make a change. Polkit may ask the user for permission.
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

/// Calls a method without arguments that returns a string. `None`: the service isn't installed.
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

/// Calls a method. `None`: the service isn't installed.
fn send(service: &Service, call: &Call, flags: DBusCallFlags, patience: Duration) -> Answered {
    match try_to_send(service, call, flags, patience)? {
        None => Ok(None),
        Some(Ok(reply)) => Ok(Some(reply)),
        Some(Err(error)) => understand(service, &call.method, error),
    }
}

/// Calls a method. `None`: there is no bus.
fn try_to_send(
    service: &Service,
    call: &Call,
    flags: DBusCallFlags,
    patience: Duration,
) -> Result<Option<Result<Variant, glib::Error>>, ServiceProblem> {
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
            Ok(Some(Ok(reply)))
        }
        Err(error) if error.matches(gio::IOErrorEnum::TimedOut) => {
            remember_silence(service.bus, Some(&service.name));
            Err(no_answer())
        }
        Err(error) => Ok(Some(Err(error))),
    }
}

/// Interprets an error of a call.
fn understand(service: &Service, method: &str, mut error: glib::Error) -> Answered {
    let name = DBusError::remote_error(&error).unwrap_or_default();
    DBusError::strip_remote_error(&mut error);
    let message = limits::cut(error.message(), limits::SERVICE_MESSAGE);
    // D-Bus daemon errors: there is no such service, or it doesn't run and must not be started.
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

/// Whether an error's name means that permission was denied: the names of D-Bus and polkit, and
/// those that services define.
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

/// Whether the service or its bus timed out recently.
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

/// Forgets that a service timed out: it answered, or another process replaced it.
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
        // A string has one more byte at its end.
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
