// SPDX-License-Identifier: GPL-3.0-or-later

//! The desktop whose defaults an answer depends on.
//!
//! A vendor may set the default of a key for one desktop only, and GSettings uses it in processes
//! of that desktop. In a remote login or a timer, a process has no desktop, so it would read
//! another value than the apps of the session.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::choices::catalogue::Catalogue;
use crate::choices::choice::Choice;
use crate::choices::snapshot::Snapshot;
use crate::choices::store::SettingKey;
use crate::system::session;
use crate::system::settings::overrides;
use crate::system::settings::overrides::{Compiled, Defaults};

/// The variable with the desktops of a process, separated by colons.
pub const VARIABLE: &str = "XDG_CURRENT_DESKTOP";

/// The keys whose default depends on the desktop, and the desktops of this process and the session.
#[derive(Debug)]
pub struct Desktops {
    keys: Vec<(&'static Choice, SettingKey, Defaults)>,
    own: Vec<String>,
    /// `None` if there is no session, or if it doesn't say.
    session: Option<Vec<String>>,
    variable: Option<OsString>,
}

impl Desktops {
    /// Finds them. `None`, as on most computers: no key of the catalogue depends on the desktop.
    pub fn find(catalogue: &Catalogue) -> Option<Self> {
        let compiled = Compiled::read();
        let keys: Vec<_> = catalogue
            .readers()
            .iter()
            // The others keep nothing in settings, and each would look for its program.
            .filter(|reader| !reader.store.needs_programs())
            .flat_map(|reader| {
                let keys = reader.watched().keys.into_iter();
                keys.map(|key| (reader.choice, key))
            })
            .filter_map(|(choice, key)| {
                let defaults = compiled.defaults(&key.schema, &key.key)?;
                Some((choice, key, defaults))
            })
            .collect();
        if keys.is_empty() {
            return None;
        }
        let variable = session::environment().and_then(|mut variables| {
            let variable = variables.remove(OsStr::new(VARIABLE));
            variable.filter(|variable| !variable.is_empty())
        });
        let own = env::var_os(VARIABLE).unwrap_or_default();
        Some(Self {
            keys,
            own: overrides::desktops(&own.to_string_lossy()),
            session: variable
                .as_ref()
                .map(|variable| overrides::desktops(&variable.to_string_lossy())),
            variable,
        })
    }

    /// The value of [`VARIABLE`] with which this process would read what the apps of the session
    /// read. `None` if it does, if it has a desktop of its own, or if the session's is unknown.
    fn to_adopt(&self) -> Option<&OsStr> {
        let variable = self.variable.as_deref()?;
        let session = self.session.as_ref()?;
        let mut keys = self.keys.iter();
        let differs = keys.any(|(_, _, defaults)| defaults.of(session) != defaults.of(&self.own));
        (self.own.is_empty() && differs).then_some(variable)
    }

    /// Finds the desktops on which defaults depend. If the session's desktop is known and this
    /// process has none, restarts the program with the session's desktop: GSettings reads the
    /// variable once per process.
    pub fn adopt(catalogue: &Catalogue) -> Option<Self> {
        let desktops = Self::find(catalogue)?;
        let mut arguments = env::args_os();
        if let (Some(desktop), Some(name), Ok(program)) =
            (desktops.to_adopt(), arguments.next(), env::current_exe())
        {
            let mut again = Command::new(program);
            again.arg0(name).args(arguments).env(VARIABLE, desktop);
            // `exec` returns only if it fails. Then the answer is for no desktop, and says so.
            let _ = again.exec();
        }
        Some(desktops)
    }

    /// This process's desktops, for people. Empty if it has none.
    pub fn own(&self) -> String {
        self.own.join(":")
    }

    /// The desktops in which apps may follow another default of a choice than this process reads:
    /// the session's, or without a session and a desktop of its own, all that the vendor named.
    pub fn others(&self, choice: &Choice, now: &Snapshot) -> Vec<String> {
        let mut others = Vec::new();
        for (_, key, defaults) in self.keys.iter().filter(|(of, ..)| of.id == choice.id) {
            if !now.settings().is_unset(&key.full_name()) {
                continue;
            }
            match &self.session {
                Some(session) if defaults.of(session) != defaults.of(&self.own) => {
                    others.push(session.join(":"));
                }
                None if self.own.is_empty() => others.extend(defaults.others().map(str::to_owned)),
                _ => {}
            }
        }
        others.sort_unstable();
        others.dedup();
        others
    }
}
