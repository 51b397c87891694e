// SPDX-License-Identifier: GPL-3.0-or-later

//! The methods. Arguments are IDs; anything else is refused before polkit is asked.
//!
//! Calls that need permission wait in a queue, since a dialog may stay open for long. Each caller has
//! one call in it. A call ends when its caller leaves the bus.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Instant;

use gio::prelude::*;
use glib::Variant;

use privacy_panel::choices::everyone;
use privacy_panel::choices::everyone::call::{Call, Wrong};
use privacy_panel::choices::everyone::client::{INTERFACE, OBJECT_PATH, Problem};
use privacy_panel::choices::everyone::{Done, Plan};
use privacy_panel::system::life;
use privacy_panel::system::life::{Life, Question};
use privacy_panel::system::limits;
use privacy_panel::system::transaction::Why;

use crate::counting::Counting;
use crate::journal::Entry;
use crate::permission::{Action, Asked};

const DESCRIPTION: &str = r#"
<node>
  <interface name="net.launchpad.PrivacyPanel.System">
    <method name="Plan">
      <arg type="s" name="choice" direction="in"/>
      <arg type="s" name="state" direction="in"/>
      <arg type="s" name="reader" direction="in"/>
      <arg type="s" name="token" direction="out"/>
      <arg type="as" name="readers" direction="out"/>
      <arg type="as" name="files" direction="out"/>
      <arg type="a(ss)" name="left" direction="out"/>
    </method>
    <method name="Set">
      <arg type="s" name="choice" direction="in"/>
      <arg type="s" name="state" direction="in"/>
      <arg type="s" name="reader" direction="in"/>
      <arg type="s" name="token" direction="in"/>
      <arg type="s" name="undo_token" direction="out"/>
      <arg type="a(ss)" name="left" direction="out"/>
    </method>
    <method name="Undo">
      <arg type="s" name="choice" direction="in"/>
      <arg type="s" name="token" direction="in"/>
    </method>
  </interface>
</node>
"#;

const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";

/// A call as `GDBus` delivers it.
struct Received(Call);

impl DBusMethodCall for Received {
    fn parse_call(
        _: &str,
        _: Option<&str>,
        method: &str,
        arguments: Variant,
    ) -> Result<Self, glib::Error> {
        Call::parse(method, &arguments).map(Self).map_err(|wrong| {
            let kind = match wrong {
                Wrong::TooLong => gio::DBusError::LimitsExceeded,
                Wrong::Method => gio::DBusError::UnknownMethod,
                Wrong::Choice | Wrong::State | Wrong::Reader | Wrong::Token => {
                    gio::DBusError::InvalidArgs
                }
            };
            glib::Error::new(kind, &wrong.to_string())
        })
    }
}

/// A call that was received.
struct Job {
    call: Call,
    sender: String,
    invocation: gio::DBusMethodInvocation,
    /// Keeps the process running.
    _question: Question,
}

/// All calls that are being answered.
struct Server {
    bus: gio::DBusConnection,
    /// The calls that only plan a change.
    plans: RefCell<Counting>,
    /// The calls that make a change.
    changes: RefCell<Counting>,
    /// The senders of the calls for which polkit is asked.
    asking: RefCell<Vec<String>>,
    waiting: RefCell<VecDeque<Job>>,
    /// How many calls are planned at the moment.
    planning: Cell<usize>,
    number: Cell<u64>,
}

pub(crate) fn register(
    bus: &gio::DBusConnection,
    life: &Rc<Life>,
) -> Result<gio::RegistrationId, glib::Error> {
    let interface = life::interface(DESCRIPTION, INTERFACE)?;
    let server = Rc::new(Server {
        bus: bus.clone(),
        plans: RefCell::default(),
        changes: RefCell::default(),
        asking: RefCell::default(),
        waiting: RefCell::default(),
        planning: Cell::new(0),
        number: Cell::new(0),
    });
    let life = Rc::clone(life);
    bus.register_object(OBJECT_PATH, &interface)
        .typed_method_call()
        .invoke(move |_, sender, Received(call), invocation| {
            server.receive(Job {
                call,
                sender: sender.unwrap_or_default().to_owned(),
                invocation,
                _question: life.question(),
            });
        })
        .build()
}

impl Server {
    fn receive(self: &Rc<Self>, job: Job) {
        if matches!(job.call, Call::Plan { .. }) {
            if self.planning.get() >= limits::SYSTEM_QUEUE {
                return refuse(job.invocation, &Problem::Busy);
            }
            self.planning.set(self.planning.get() + 1);
            let server = Rc::clone(self);
            glib::spawn_future_local(async move {
                server.answer(job).await;
                server.planning.set(server.planning.get() - 1);
            });
            return;
        }
        let is_same = |sender: &String| *sender == job.sender;
        let has_one = self.asking.borrow().iter().any(is_same)
            || self
                .waiting
                .borrow()
                .iter()
                .any(|other| is_same(&other.sender));
        if has_one {
            refuse(job.invocation, &Problem::Busy);
        } else if self.asking.borrow().len() < limits::SYSTEM_DIALOGS {
            self.start(job);
        } else if self.waiting.borrow().len() < limits::SYSTEM_QUEUE {
            self.waiting.borrow_mut().push_back(job);
        } else {
            refuse(job.invocation, &Problem::Busy);
        }
    }

    fn start(self: &Rc<Self>, job: Job) {
        let sender = job.sender.clone();
        self.asking.borrow_mut().push(sender.clone());
        let server = Rc::clone(self);
        glib::spawn_future_local(async move {
            server.answer(job).await;
            server.asking.borrow_mut().retain(|other| *other != sender);
            let next = server.waiting.borrow_mut().pop_front();
            if let Some(next) = next {
                server.start(next);
            }
        });
    }

    async fn answer(&self, job: Job) {
        let flags = job.invocation.message().flags();
        let interactive = flags.contains(gio::DBusMessageFlags::ALLOW_INTERACTIVE_AUTHORIZATION);
        match self.reply(&job.call, &job.sender, interactive).await {
            Ok(reply) => job.invocation.return_value(Some(&reply)),
            Err(problem) => refuse(job.invocation, &problem),
        }
    }

    async fn reply(
        &self,
        call: &Call,
        sender: &str,
        interactive: bool,
    ) -> Result<Variant, Problem> {
        let gone = gio::Cancellable::new();
        // Watches before it looks up the user, so that it misses no departure.
        let _watch = self.watch(sender, &gone);
        let user = self.user(sender).await;
        let mut entry = Entry {
            user,
            sender: sender.to_owned(),
            method: call.name(),
            choice: call.choice().id,
            state: call.state(),
            ..Entry::default()
        };
        let user = user.ok_or_else(|| Problem::Other("Gone".to_owned()))?;
        if !self.may_call(call, user) {
            return Err(Problem::Busy);
        }
        let plan = match call.wanted() {
            Some(wanted) => Some(Plan::new(&everyone::catalogue()?, wanted)?),
            None => None,
        };
        let action = match (call, plan) {
            (Call::Plan { .. }, Some(plan)) => {
                let files: Vec<_> = plan.files().collect();
                let token = plan.token();
                return Ok((token, plan.readers(), files, named(plan.left())).to_variant());
            }
            (Call::Set { on, token, .. }, Some(plan)) => {
                if plan.token() != *token {
                    return Err(Problem::Stale);
                }
                if plan.is_empty() {
                    return Ok(("", named(plan.left())).to_variant());
                }
                if *on { Action::TurnOn } else { Action::TurnOff }
            }
            (Call::Undo { choice, token }, _) => {
                if everyone::undo_turns_on(choice, token)? {
                    Action::TurnOn
                } else {
                    Action::TurnOff
                }
            }
            _ => return Err(Problem::Stale),
        };
        let number = self.number.get() + 1;
        self.number.set(number);
        let asked = Asked {
            sender,
            action,
            choice: call.choice().id,
            interactive,
            number,
        };
        let result = match asked.check(&self.bus, &gone).await {
            Ok(()) => {
                entry.answer = "yes";
                carry_out(call, action, &entry)
            }
            Err(problem) => {
                entry.answer = "no";
                Err(problem)
            }
        };
        match &result {
            Ok(done) => {
                "done".clone_into(&mut entry.result);
                entry.files = listed(done);
            }
            Err(problem) => {
                let (name, message) = problem.on_bus();
                let name = name.rsplit('.').next().unwrap_or_default();
                entry.result = format!("{name}: {message}");
            }
        }
        entry.write();
        result.map(|done| match call {
            Call::Undo { .. } => ().to_variant(),
            _ => (done.token, named(&done.left)).to_variant(),
        })
    }

    /// Counts a call of a user, unless it is one too many.
    fn may_call(&self, call: &Call, user: u32) -> bool {
        let (counting, most) = match call {
            Call::Plan { .. } => (&self.plans, limits::SYSTEM_PLANS),
            Call::Set { .. } | Call::Undo { .. } => (&self.changes, limits::SYSTEM_CHANGES),
        };
        counting.borrow_mut().may_call(user, most, Instant::now())
    }

    /// Cancels when the sender leaves the bus.
    fn watch(&self, sender: &str, gone: &gio::Cancellable) -> gio::SignalSubscription {
        let gone = gone.clone();
        self.bus.subscribe_to_signal(
            Some(BUS),
            Some(BUS),
            Some("NameOwnerChanged"),
            Some(BUS_PATH),
            Some(sender),
            gio::DBusSignalFlags::NONE,
            move |signal| {
                let owner = signal.parameters.try_child_value(2);
                if owner.is_some_and(|owner| owner.str() == Some("")) {
                    gone.cancel();
                }
            },
        )
    }

    /// The caller's user ID, for counting calls and for the log. polkit looks it up itself. `None`:
    /// the caller is gone.
    async fn user(&self, sender: &str) -> Option<u32> {
        let answer = self.bus.call_future(
            Some(BUS),
            BUS_PATH,
            BUS,
            "GetConnectionUnixUser",
            Some(&(sender,).to_variant()),
            None,
            gio::DBusCallFlags::NONE,
            i32::try_from(limits::BUS_PATIENCE.as_millis()).unwrap_or(-1),
        );
        answer.await.ok()?.try_child_value(0)?.get()
    }
}

/// Makes the change that polkit has allowed. Plans it again, since files may have changed.
fn carry_out(call: &Call, action: Action, entry: &Entry) -> Result<Done, Problem> {
    let entry = Entry {
        result: "begins".to_owned(),
        ..entry.clone()
    };
    // Never turns anything on without a line in a log.
    if !entry.write() && action == Action::TurnOn {
        return Err(Problem::Other("NotLogged".to_owned()));
    }
    match (call, call.wanted()) {
        (Call::Set { token, .. }, Some(wanted)) => {
            let catalogue = everyone::catalogue()?;
            Ok(everyone::set(&catalogue, wanted, Some(token))?)
        }
        (Call::Undo { choice, token }, _) => Ok(everyone::undo(choice, token)?),
        _ => Err(Problem::Stale),
    }
}

fn refuse(invocation: gio::DBusMethodInvocation, problem: &Problem) {
    let (name, message) = problem.on_bus();
    invocation.return_dbus_error(&name, &message);
}

fn named(left: &[(String, Why)]) -> Vec<(&str, &'static str)> {
    let names = left.iter().map(|(id, why)| (id.as_str(), why.as_str()));
    names.collect()
}

fn listed(done: &Done) -> String {
    let hash = |hash: &Option<String>| hash.clone().unwrap_or_else(|| "none".to_owned());
    let files = done.files.iter();
    let lines = files.map(|(file, before, after)| {
        format!("{} {} {}", file.display(), hash(before), hash(after))
    });
    lines.collect::<Vec<_>>().join("; ")
}
