// SPDX-License-Identifier: GPL-3.0-or-later

//! Keys that hold a set of names, like GNOME Shell's for search providers.
//!
//! The shell's rules (GNOME/gnome-shell, `js/ui/remoteSearch.js`, `loadRemoteSearchProviders`):
//! while `disable-external` is true, the shell queries no provider; it queries a provider unless
//! `disabled` has its desktop file; it queries a provider with `DefaultDisabled=true` only if
//! `enabled` has its desktop file. Names that the reader file doesn't list are never touched.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use gio::prelude::*;
use gio::{DesktopAppInfo, SettingsSchema};
use glib::{KeyFile, KeyFileFlags, VariantTy};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::choices::catalogue::names::{
    DataFolder, KeyName, List, ListName, NonEmpty, SchemaId, StoragePath, wrong,
};
use crate::choices::condition::OnlyIf;
use crate::choices::decision::{Decision, Lists};
use crate::choices::rule::{Change, Members, Names};
use crate::choices::snapshot::Snapshot;
use crate::choices::state::State;
use crate::choices::store::{
    Answer, Obeyed, Part, PolicyKey, PolicyValue, Problem, Request, SettingKey, Store, Watched,
    Write,
};
use crate::choices::stores::gsettings::SettingWrite;
use crate::formats::mistake::{At, quote};
use crate::system::folders;
use crate::system::limits;
use crate::system::settings::{KeyProblem, Origin, Reading};
use crate::system::tree;
use crate::system::tree::Tree;

/// The group in a search provider's file.
const PROVIDER_GROUP: &str = "Shell Search Provider";

/// The desktop whose rules apply to search providers' files.
const PROVIDER_DESKTOP: &str = "GNOME";

/// `[gsettings-list]` in a reader file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct GsettingsList {
    schema: SchemaId,
    path: StoragePath,
    /// The key (`as`) whose members are off.
    disabled: Spanned<KeyName>,
    /// The key (`as`) whose members are on although they are off by default.
    enabled: Option<Spanned<KeyName>>,
    /// The key (`b`) that turns all off, whether listed or not.
    disable_all: Option<Spanned<KeyName>>,
    /// The folder below each system data folder with the files of installed search providers.
    /// `None`: every name counts as installed.
    providers: Option<DataFolder>,
    /// The names that send something.
    names: NonEmpty<ListName>,
    /// The conditions, all of which must hold for a name to send something.
    #[serde(default)]
    only_if: List<OnlyIf>,
}

/// An installed name.
struct Member {
    id: String,
    name: String,
    off_by_default: bool,
}

/// The values of all keys.
struct Readings {
    disabled: Reading,
    enabled: Option<Reading>,
    disable_all: Option<Reading>,
}

impl GsettingsList {
    fn setting(&self, key: &Spanned<KeyName>) -> SettingKey {
        SettingKey {
            schema: self.schema.to_string(),
            path: self.path.to_string(),
            key: key.get_ref().to_string(),
        }
    }

    /// The keys that the table names.
    fn own_keys(&self) -> impl Iterator<Item = &Spanned<KeyName>> {
        let keys = [
            Some(&self.disabled),
            self.enabled.as_ref(),
            self.disable_all.as_ref(),
        ];
        keys.into_iter().flatten()
    }

    /// Whether a name sends something while it is on.
    fn sends(&self, name: &str, now: &Snapshot) -> bool {
        self.only_if
            .iter()
            .filter(|only_if| &**only_if.name.get_ref() == name)
            .all(|only_if| only_if.holds(now))
    }

    fn readings(&self, now: &Snapshot, schema: &SettingsSchema) -> Result<Readings, KeyProblem> {
        let settings = now.settings();
        let read = |key: &Spanned<KeyName>, expected| {
            settings.read(schema, &self.path, key.get_ref(), expected)
        };
        Ok(Readings {
            disabled: read(&self.disabled, VariantTy::STRING_ARRAY)?,
            enabled: (self.enabled.as_ref())
                .map(|key| read(key, VariantTy::STRING_ARRAY))
                .transpose()?,
            disable_all: (self.disable_all.as_ref())
                .map(|key| read(key, VariantTy::BOOLEAN))
                .transpose()?,
        })
    }

    /// The installed names. All names if that is unknown: a name counts as off only if it is known
    /// to be off.
    fn members(&self, now: &Snapshot) -> Vec<Member> {
        let sends = |name: &str| self.sends(name, now);
        let installed =
            (self.providers.as_deref()).and_then(|folder| self.installed(folder, &sends).ok());
        let all = || {
            let unknown = |name: &ListName| Member {
                id: name.to_string(),
                name: name.to_string(),
                off_by_default: false,
            };
            let sending = self.names.iter().filter(|name| sends(name));
            sending.map(unknown).collect()
        };
        installed.unwrap_or_else(all)
    }

    /// The names that send something, with a provider's file in this folder below the data folders.
    fn installed(&self, folder: &str, sends: &dyn Fn(&str) -> bool) -> io::Result<Vec<Member>> {
        let mut seen = HashSet::new();
        let names: HashSet<_> = self.names.iter().map(|name| &**name).collect();
        // The app of another name isn't looked up: GIO then reads the files of all apps.
        let counts = |name: &str| names.contains(name) && sends(name);
        let mut members = Vec::new();
        let mut left = limits::PROVIDER_FILES;
        for data in folders::data() {
            let files = match data.join(folder).read_dir() {
                Err(error) if is_hidden(&error) => continue,
                files => files?,
            };
            for file in files {
                let file = file?;
                if left == 0 {
                    return Err(io::Error::other("too many files"));
                }
                left -= 1;
                // A file in a more important folder hides files of the same name in others.
                if seen.insert(file.file_name()) {
                    members.extend(member(&file.path(), &counts)?);
                }
            }
        }
        Ok(members)
    }
}

/// The provider of a file as the shell reads it, if its name counts.
fn member(path: &Path, counts: &dyn Fn(&str) -> bool) -> io::Result<Option<Member>> {
    // GLib would wait for a pipe, and would read a file of any size.
    match Tree::computer().read(path, limits::PROVIDER_FILE) {
        Ok(bytes) => Ok(bytes.and_then(|bytes| provider(bytes, counts))),
        Err(error) if tree::is_of_system(&error) => Err(error),
        // The shell can't read it either.
        Err(_) => Ok(None),
    }
}

fn provider(bytes: Vec<u8>, counts: &dyn Fn(&str) -> bool) -> Option<Member> {
    let text = String::from_utf8(bytes).ok()?;
    // GLib ends strings at a NUL.
    if text.contains('\0') {
        return None;
    }
    let file = KeyFile::new();
    file.load_from_data(&text, KeyFileFlags::NONE).ok()?;
    let id = file.string(PROVIDER_GROUP, "DesktopId").ok()?;
    file.string(PROVIDER_GROUP, "BusName").ok()?;
    file.string(PROVIDER_GROUP, "ObjectPath").ok()?;
    if !counts(&id) {
        return None;
    }
    // The shell skips apps that it doesn't show.
    let app = DesktopAppInfo::new(&id)?;
    if app.is_nodisplay() || !app.shows_in(Some(PROVIDER_DESKTOP)) {
        return None;
    }
    Some(Member {
        id: id.into(),
        name: limits::cut(&app.display_name(), limits::PROGRAM_NAME),
        off_by_default: file
            .boolean(PROVIDER_GROUP, "DefaultDisabled")
            .unwrap_or(false),
    })
}

/// Whether the folder is also missing for the shell, which runs as the same user.
fn is_hidden(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied
    )
}

impl Store for GsettingsList {
    fn check(&self) -> Result<(), At> {
        let mut seen = HashSet::new();
        for key in self.own_keys() {
            if !seen.insert(key.get_ref()) {
                let message = format!("{} twice; expected a key of its own", quote(key.get_ref()));
                return Err(wrong(key, message));
            }
        }
        let names: HashSet<_> = self.names.iter().collect();
        for only_if in self.only_if.iter() {
            if !names.contains(only_if.name.get_ref()) {
                let message = "not one of “names”; expected one of them";
                return Err(wrong(&only_if.name, message));
            }
            only_if.check()?;
        }
        Ok(())
    }

    fn read(&self, now: &Snapshot) -> Result<Option<Answer>, Problem> {
        let Some(schema) = now.settings().schema(&self.schema, &self.path)? else {
            return Ok(None);
        };
        let members = self.members(now);
        if members.is_empty() {
            return Ok(None);
        }
        let readings = self.readings(now, &schema)?;
        Ok(Some(readings.answer(&members)))
    }

    fn plan(&self, now: &Snapshot, request: Request) -> Result<Vec<Box<dyn Write>>, Problem> {
        if let Request::Mode(_) = request {
            return Ok(Vec::new());
        }
        let Some(schema) = now.settings().schema(&self.schema, &self.path)? else {
            return Ok(Vec::new());
        };
        let readings = self.readings(now, &schema)?;
        let off_by_default: HashSet<_> = self
            .members(now)
            .into_iter()
            .filter(|member| member.off_by_default)
            .map(|member| member.id)
            .collect();

        // All names that send something, installed or not, so that a provider installed later stays
        // off. The user may have listed other names for other reasons.
        let names = self.names.iter().map(|name| &**name);
        let sending: Vec<_> = names.filter(|name| self.sends(name, now)).collect();
        let names = Names { ours: &sending };
        let off = |_: &str| request == Request::Off;
        let mut changes = vec![(
            &self.disabled,
            names.change(&readings.disabled, request, off),
        )];
        if let (Some(key), Some(reading)) = (&self.enabled, &readings.enabled) {
            let on = |name: &str| request == Request::On && off_by_default.contains(name);
            changes.push((key, names.change(reading, request, on)));
        }
        let writes = changes.into_iter().filter_map(|(key, change)| {
            let write: Box<dyn Write> = Box::new(SettingWrite {
                schema: schema.clone(),
                key: self.setting(key),
                value: match change {
                    Change::Keep => return None,
                    Change::Drop => None,
                    Change::Write(value) => Some(value),
                },
            });
            Some(write)
        });
        Ok(writes.collect())
    }

    fn watched(&self) -> Watched {
        let own = self.own_keys().map(|key| self.setting(key));
        let settings = self.only_if.iter().filter_map(|it| it.setting.as_ref());
        let conditions = settings.map(|setting| SettingKey {
            schema: setting.schema.to_string(),
            path: setting.path.to_string(),
            key: setting.key.to_string(),
        });
        Watched {
            keys: own.chain(conditions).collect(),
            ..Watched::default()
        }
    }

    fn policy_keys(&self, decision: &Decision) -> Vec<PolicyKey> {
        let off = decision.state == State::Off;
        let locked = decision.locked && decision.lists != Lists::Preset;
        let key = |key, value| PolicyKey {
            key: self.setting(key).full_name(),
            schema: Some(self.schema.to_string()),
            value,
            locked,
        };
        if let (true, Lists::AllOff, Some(all)) = (locked, decision.lists, &self.disable_all) {
            return vec![key(all, PolicyValue::Set(true.to_variant()))];
        }
        let names = |member: bool| {
            let names = self.names.iter().map(ToString::to_string).collect();
            let (with, without) = if member {
                (names, Vec::new())
            } else {
                (Vec::new(), names)
            };
            PolicyValue::Names { with, without }
        };
        let mut keys = vec![key(&self.disabled, names(off))];
        // A provider that is off by default is on only as a member of this list. The next version
        // of a provider may change its default, so a certain lock needs both lists.
        if let Some(enabled) = self.enabled.as_ref().filter(|_| locked || !off) {
            keys.push(key(enabled, names(!off)));
        }
        keys
    }
}

impl Readings {
    /// The answer for the installed names, of which there is at least one.
    fn answer(&self, members: &[Member]) -> Answer {
        let all_off = self
            .disable_all
            .as_ref()
            .filter(|reading| reading.value.get() == Some(true));
        let disabled = Members::of(&self.disabled);
        let enabled = self.enabled.as_ref().map(Members::of);
        // The list that decides, and whether its members are on.
        let deciding = |member: &Member| match &enabled {
            Some(enabled) if member.off_by_default => (enabled, true),
            _ => (&disabled, false),
        };
        let parts: Vec<_> = members
            .iter()
            .map(|member| {
                let (list, on_if_listed) = deciding(member);
                Part {
                    id: member.id.clone(),
                    name: member.name.clone(),
                    on: all_off.is_none() && list.contains(&member.id) == on_if_listed,
                }
            })
            .collect();
        let state = State::combine(parts.iter().map(|part| State::from(part.on)));

        let origins = members
            .iter()
            .map(|member| deciding(member).0.origin(&member.id));
        let decided = origins.max().unwrap_or(Origin::Default);
        let locked = |reading: &Reading| reading.locked;
        let lists_locked = members
            .iter()
            .all(|member| locked(deciding(member).0.list()));

        Answer {
            state: state.unwrap_or(State::Mixed),
            origin: Some(all_off.map_or(decided, |reading| reading.origin)),
            locked: lists_locked || all_off.is_some_and(locked),
            // Only the lists can be reset: turning all providers off affects more than this choice.
            resettable: decided == Origin::You,
            on_reset: state.filter(|_| decided != Origin::You),
            pending: false,
            overruled: all_off.is_some(),
            for_every_user: false,
            mode: None,
            parts,
            obeyed: Obeyed::Yes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::choices::choice;

    fn list(fields: &str) -> GsettingsList {
        let text = format!(
            "schema = \"org.example\"\npath = \"/a/\"\nnames = [\"x\", \"y\"]\n\
             disabled = \"disabled\"\n{fields}"
        );
        toml::from_str(&text).unwrap()
    }

    /// What a policy does with each key: `+` adds names, `-` removes names, `!` locks.
    fn keys(list: &GsettingsList, state: State, locked: bool, lists: Lists) -> Vec<String> {
        let decision = Decision {
            choice: &choice::ALL[0],
            state,
            locked,
            lists,
        };
        let keys = list.policy_keys(&decision).into_iter();
        keys.map(|key| {
            let what = match &key.value {
                PolicyValue::Set(value) => format!("={value}"),
                PolicyValue::Names { with, without } if without.is_empty() => {
                    format!("+{}", with.join(""))
                }
                PolicyValue::Names { without, .. } => format!("-{}", without.join("")),
            };
            let lock = if key.locked { "!" } else { "" };
            format!("{}{lock} {what}", key.key)
        })
        .collect()
    }

    #[test]
    fn a_policy_puts_names_into_the_list_that_says_so_and_takes_them_out_of_the_other() {
        use Lists::{Locked, Preset};
        use State::{Off, On};
        let both = list("enabled = \"enabled\"");
        assert_eq!(keys(&both, Off, false, Locked), ["/a/disabled +xy"]);
        assert_eq!(
            keys(&both, On, false, Locked),
            ["/a/disabled -xy", "/a/enabled +xy"]
        );
        assert_eq!(
            keys(&both, Off, true, Locked),
            ["/a/disabled! +xy", "/a/enabled! -xy"]
        );
        assert_eq!(
            keys(&both, On, true, Locked),
            ["/a/disabled! -xy", "/a/enabled! +xy"]
        );
        assert_eq!(keys(&both, Off, true, Preset), ["/a/disabled +xy"]);
        assert_eq!(
            keys(&both, On, true, Preset),
            ["/a/disabled -xy", "/a/enabled +xy"]
        );
        assert_eq!(keys(&list(""), On, true, Locked), ["/a/disabled! -xy"]);
    }

    #[test]
    fn a_policy_that_turns_all_off_locks_the_key_that_does_where_there_is_one() {
        let all_off = |fields| keys(&list(fields), State::Off, true, Lists::AllOff);
        assert_eq!(all_off("disable-all = \"all\""), ["/a/all! =true"]);
        assert_eq!(all_off(""), ["/a/disabled! +xy"]);
    }

    #[test]
    fn a_providers_file_is_a_short_regular_file() {
        let folder = tempfile::tempdir().unwrap();
        let names = |name: &str| name == "ours.desktop";
        let pipe = folder.path().join("pipe.ini");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        // GLib would wait here for a writer.
        assert!(member(&pipe, &names).unwrap().is_none());
        let long = folder.path().join("long.ini");
        std::fs::write(&long, "#".repeat(70_000)).unwrap();
        assert!(member(&long, &names).unwrap().is_none());
    }
}
