// SPDX-License-Identifier: GPL-3.0-or-later

//! Keys that hold a set of names, as GNOME Shell's for search providers.
//!
//! The shell's rules (GNOME/gnome-shell, `js/ui/remoteSearch.js`, `loadRemoteSearchProviders`):
//! nobody is asked while `disable-external` is true; a provider is asked unless its desktop file
//! is named in `disabled`; one that says `DefaultDisabled=true` of itself is asked only if it is
//! named in `enabled`. Names that the reader file does not list are never touched.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use gio::prelude::*;
use gio::{DesktopAppInfo, SettingsSchema};
use glib::{KeyFile, KeyFileFlags, Variant, VariantTy};

use crate::choices::reader::{Answer, Condition, Request, SettingWrite};
use crate::choices::state::State;
use crate::system::folders;
use crate::system::limits;
use crate::system::settings::{KeyProblem, Origin, Reading, Storage};
use crate::system::tree;
use crate::system::tree::Tree;

/// The group of a search provider's file.
const PROVIDER_GROUP: &str = "Shell Search Provider";

/// The desktop whose rules the files of search providers follow.
const PROVIDER_DESKTOP: &str = "GNOME";

/// `[gsettings-list]` in a reader file.
#[derive(Clone, Debug, PartialEq)]
pub struct ListShape {
    /// The schema's name.
    pub schema: String,
    /// Where the schema's keys are in the storage.
    pub path: String,
    /// The key (`as`) whose members are off.
    pub disabled: String,
    /// The key (`as`) whose members are on although they are off by default.
    pub enabled: Option<String>,
    /// The key (`b`) that turns all off, whether listed or not.
    pub disable_all: Option<String>,
    /// The folder below each of the system's data folders that holds the files of installed
    /// search providers. None: every name counts as installed.
    pub providers: Option<String>,
    /// The names that send something.
    pub names: Vec<String>,
    /// What must be so, all of it, for the name before it to send something.
    pub only_if: Vec<(String, Condition)>,
}

/// One listed name that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The name in the list, such as `org.example.Weather.desktop`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Whether it may send something.
    pub on: bool,
}

/// A listed name that is installed, and which of the keys speaks about it.
struct Member {
    id: String,
    name: String,
    off_by_default: bool,
}

/// All of the shape's keys, read.
struct Readings {
    disabled: Reading,
    enabled: Option<Reading>,
    disable_all: Option<Reading>,
}

impl ListShape {
    /// The keys that the state depends on, each with its schema and the schema's path.
    pub(crate) fn keys(&self) -> Vec<(&str, &str, &str)> {
        let own = [
            Some(&self.disabled),
            self.enabled.as_ref(),
            self.disable_all.as_ref(),
        ];
        let conditions = self.only_if.iter().filter_map(|(_, condition)| {
            if let Condition::Setting {
                schema, path, key, ..
            } = condition
            {
                Some((schema.as_str(), path.as_str(), key.as_str()))
            } else {
                None
            }
        });
        own.into_iter()
            .flatten()
            .map(|key| (self.schema.as_str(), self.path.as_str(), key.as_str()))
            .chain(conditions)
            .collect()
    }

    /// Whether a name sends something when it is on.
    fn sends(&self, name: &str, storage: &Storage) -> bool {
        self.only_if
            .iter()
            .filter(|(of, _)| of == name)
            .all(|(_, condition)| condition.holds(storage))
    }

    pub(crate) fn ask(&self, storage: &Storage) -> Result<Option<Answer>, KeyProblem> {
        let Some(schema) = storage.schema(&self.schema, &self.path)? else {
            return Ok(None);
        };
        let members = self.members(storage);
        if members.is_empty() {
            return Ok(None);
        }
        let readings = self.read(storage, &schema)?;
        Ok(Some(readings.answer(&members)))
    }

    pub(crate) fn plan(
        &self,
        storage: &Storage,
        request: Request,
    ) -> Result<Vec<SettingWrite>, KeyProblem> {
        let Some(schema) = storage.schema(&self.schema, &self.path)? else {
            return Ok(Vec::new());
        };
        let readings = self.read(storage, &schema)?;
        let off_by_default: HashSet<_> = self
            .members(storage)
            .into_iter()
            .filter(|member| member.off_by_default)
            .map(|member| member.id)
            .collect();

        // All that send, installed or not, so that one that is installed later stays off. One
        // that does not send now may be in the list for reasons of the person's own.
        let sending: Vec<_> = (self.names.iter().map(String::as_str))
            .filter(|name| self.sends(name, storage))
            .collect();
        let mut writes = vec![(
            &self.disabled,
            list_change(&readings.disabled, request, &sending, |_| {
                request == Request::Off
            }),
        )];
        if let (Some(key), Some(reading)) = (&self.enabled, &readings.enabled) {
            writes.push((
                key,
                list_change(reading, request, &sending, |name| {
                    request == Request::On && off_by_default.contains(name)
                }),
            ));
        }
        Ok(writes
            .into_iter()
            .filter_map(|(key, change)| {
                Some(SettingWrite {
                    schema: schema.clone(),
                    path: self.path.clone(),
                    key: key.clone(),
                    value: match change {
                        Change::Keep => return None,
                        Change::Drop => None,
                        Change::Write(value) => Some(value),
                    },
                })
            })
            .collect())
    }

    fn read(&self, storage: &Storage, schema: &SettingsSchema) -> Result<Readings, KeyProblem> {
        let read = |key: &String, expected| storage.read(schema, &self.path, key, expected);
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

    /// The listed names that are installed. All of them where that is not known: what is not known
    /// to be off is not called off.
    fn members(&self, storage: &Storage) -> Vec<Member> {
        let installed = (self.providers.as_deref()).and_then(|folder| self.installed(folder).ok());
        let all = || {
            let unknown = |name: &String| Member {
                id: name.clone(),
                name: name.clone(),
                off_by_default: false,
            };
            self.names.iter().map(unknown).collect()
        };
        let mut members = installed.unwrap_or_else(all);
        members.retain(|member| self.sends(&member.id, storage));
        members
    }

    /// The listed names that have a provider's file in a folder of that name.
    fn installed(&self, folder: &str) -> io::Result<Vec<Member>> {
        let mut seen = HashSet::new();
        let names: HashSet<_> = self.names.iter().map(String::as_str).collect();
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
                // A file in a more important folder hides those of the same name further down.
                if seen.insert(file.file_name()) {
                    members.extend(member(&file.path(), &names)?);
                }
            }
        }
        Ok(members)
    }
}

/// A provider's file, as the shell reads it, when the provider is among those names.
fn member(path: &Path, names: &HashSet<&str>) -> io::Result<Option<Member>> {
    // Not by GLib, which would wait for a pipe, and read a file of any size.
    match Tree::computer().read(path, limits::PROVIDER_FILE) {
        Ok(bytes) => Ok(bytes.and_then(|bytes| provider(bytes, names))),
        Err(error) if tree::is_of_system(&error) => Err(error),
        // The shell does not read it either.
        Err(_) => Ok(None),
    }
}

fn provider(bytes: Vec<u8>, names: &HashSet<&str>) -> Option<Member> {
    let text = String::from_utf8(bytes).ok()?;
    // GLib's strings end there.
    if text.contains('\0') {
        return None;
    }
    let file = KeyFile::new();
    file.load_from_data(&text, KeyFileFlags::NONE).ok()?;
    let id = file.string(PROVIDER_GROUP, "DesktopId").ok()?;
    if !names.contains(id.as_str()) {
        return None;
    }
    file.string(PROVIDER_GROUP, "BusName").ok()?;
    file.string(PROVIDER_GROUP, "ObjectPath").ok()?;
    // The shell leaves out what it would not show among the programs.
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

/// Whether a folder is not there for the shell either, which the same person runs.
fn is_hidden(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied
    )
}

impl Readings {
    /// What the keys say of the installed members, of which there is at least one.
    fn answer(&self, members: &[Member]) -> Answer {
        let all_off = self
            .disable_all
            .as_ref()
            .filter(|reading| reading.value.get() == Some(true));
        let deciding = |member: &Member| match &self.enabled {
            Some(enabled) if member.off_by_default => (enabled, true),
            _ => (&self.disabled, false),
        };
        let disabled = Lists::of(&self.disabled);
        let enabled = self.enabled.as_ref().map(Lists::of);
        let lists = |member: &Member| match &enabled {
            Some(enabled) if member.off_by_default => enabled,
            _ => &disabled,
        };
        let parts: Vec<_> = members
            .iter()
            .map(|member| {
                let (_, on_if_listed) = deciding(member);
                let listed = lists(member).value.contains(member.id.as_str());
                Part {
                    id: member.id.clone(),
                    name: member.name.clone(),
                    on: all_off.is_none() && listed == on_if_listed,
                }
            })
            .collect();
        let state = State::together(parts.iter().map(|part| State::from(part.on)));

        let origins = members.iter().map(|member| {
            let (reading, _) = deciding(member);
            origin(reading, lists(member), &member.id)
        });
        let decided = origins.max().unwrap_or(Origin::Default);
        let locked = |reading: &Reading| reading.locked;
        let lists_locked = members.iter().all(|member| locked(deciding(member).0));

        Answer {
            state: state.unwrap_or(State::Mixed),
            origin: Some(all_off.map_or(decided, |reading| reading.origin)),
            locked: lists_locked || all_off.is_some_and(locked),
            // Only what the lists say can be reset: whoever turned all off meant more than this.
            resettable: decided == Origin::You,
            overruled: all_off.is_some(),
            for_everybody: false,
            mode: None,
            parts,
        }
    }
}

/// The members of a list, and of the list below it. A person's list may have any number.
struct Lists<'a> {
    value: HashSet<&'a str>,
    below: HashSet<&'a str>,
}

impl<'a> Lists<'a> {
    fn of(reading: &'a Reading) -> Self {
        Self {
            value: members_of(&reading.value).into_iter().collect(),
            below: members_of(&reading.below).into_iter().collect(),
        }
    }
}

/// Who decided whether the name is a member. A person's list that says the same of the name as
/// the list below it decided nothing about it: it was made for the sake of other names.
fn origin(reading: &Reading, lists: &Lists, name: &str) -> Origin {
    if reading.origin == Origin::You && lists.value.contains(name) == lists.below.contains(name) {
        reading.below_origin
    } else {
        reading.origin
    }
}

/// What is to become of a list.
#[derive(Debug, PartialEq, Eq)]
enum Change {
    /// It is right already.
    Keep,
    /// The person's own is dropped.
    Drop,
    /// The person's own is to be this.
    Write(Variant),
}

/// What a wish makes of a list.
fn list_change(
    reading: &Reading,
    request: Request,
    names: &[&str],
    member: impl Fn(&str) -> bool,
) -> Change {
    let below: HashSet<_> = members_of(&reading.below).into_iter().collect();
    let wanted = |name: &str| match request {
        Request::Reset => below.contains(name),
        _ => member(name),
    };
    let old = members_of(&reading.value);
    let ours: HashSet<_> = names.iter().copied().collect();
    let mut new: Vec<&str> = old
        .iter()
        .copied()
        .filter(|name| !ours.contains(name) || wanted(name))
        .collect();
    let mut there: HashSet<_> = new.iter().copied().collect();
    for name in names {
        if wanted(name) && there.insert(name) {
            new.push(name);
        }
    }
    let changed = new != old;

    if request == Request::Reset {
        return match (reading.user_value, new == members_of(&reading.below)) {
            (true, true) => Change::Drop,
            (true, false) if changed => Change::Write(new.to_variant()),
            _ => Change::Keep,
        };
    }
    // Off is written even where the default says so already, so that it stays when that changes.
    let pinned = reading.user_value || !names.iter().any(|name| wanted(name));
    if changed || !pinned {
        Change::Write(new.to_variant())
    } else {
        Change::Keep
    }
}

fn members_of(list: &Variant) -> Vec<&str> {
    list.array_iter_str().into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(value: &[&str], below: &[&str], user_value: bool) -> Reading {
        Reading {
            value: value.to_variant(),
            origin: if user_value {
                Origin::You
            } else {
                Origin::Default
            },
            locked: false,
            user_value,
            below: below.to_variant(),
            below_origin: Origin::Default,
        }
    }

    fn change(reading: &Reading, request: Request) -> Change {
        let ours = ["ours.desktop", "too.desktop"];
        list_change(reading, request, &ours, |_| request == Request::Off)
    }

    fn write(names: &[&str]) -> Change {
        Change::Write(names.to_variant())
    }

    #[test]
    fn other_members_keep_their_place_and_ours_come_and_go() {
        let before = reading(&["a", "ours.desktop", "b"], &[], true);
        assert_eq!(
            change(&before, Request::Off),
            write(&["a", "ours.desktop", "b", "too.desktop"])
        );
        assert_eq!(change(&before, Request::On), write(&["a", "b"]));
    }

    #[test]
    fn a_list_that_is_right_already_is_not_written() {
        let off = reading(&["too.desktop", "ours.desktop"], &[], true);
        assert_eq!(change(&off, Request::Off), Change::Keep);
        assert_eq!(
            change(&reading(&["a"], &[], true), Request::On),
            Change::Keep
        );
        assert_eq!(
            change(&reading(&[], &[], false), Request::Reset),
            Change::Keep
        );
    }

    #[test]
    fn off_is_written_even_where_the_default_is_off() {
        let all = ["ours.desktop", "too.desktop"];
        assert_eq!(
            change(&reading(&all, &all, false), Request::Off),
            write(&all)
        );
    }

    #[test]
    fn a_reset_drops_the_persons_list_only_when_nothing_else_is_in_it() {
        let only_ours = reading(&["ours.desktop"], &[], true);
        assert_eq!(change(&only_ours, Request::Reset), Change::Drop);
        let others_too = reading(&["a", "ours.desktop"], &[], true);
        assert_eq!(change(&others_too, Request::Reset), write(&["a"]));
    }

    #[test]
    fn a_list_made_for_other_names_decides_nothing_about_ours() {
        let others = reading(&["a"], &[], true);
        let lists = Lists::of(&others);
        assert_eq!(origin(&others, &lists, "ours.desktop"), Origin::Default);
        assert_eq!(origin(&others, &lists, "a"), Origin::You);
    }

    #[test]
    fn a_providers_file_is_a_short_regular_file() {
        let folder = tempfile::tempdir().unwrap();
        let names = HashSet::from(["ours.desktop"]);
        let pipe = folder.path().join("pipe.ini");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &pipe,
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        // GLib would wait here for a program that writes into it.
        assert!(member(&pipe, &names).unwrap().is_none());
        let long = folder.path().join("long.ini");
        std::fs::write(&long, "#".repeat(70_000)).unwrap();
        assert!(member(&long, &names).unwrap().is_none());
    }

    #[test]
    fn long_lists_are_changed_in_little_time() {
        let many: Vec<_> = (0..200_000)
            .map(|number| format!("other-{number}"))
            .collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let ours: Vec<_> = (0..limits::READER_LIST)
            .map(|n| format!("ours-{n}"))
            .collect();
        let ours: Vec<_> = ours.iter().map(String::as_str).collect();
        let began = std::time::Instant::now();
        let reading = reading(&many, &many, true);
        let Change::Write(value) = list_change(&reading, Request::Off, &ours, |_| true) else {
            panic!("a write expected");
        };
        assert_eq!(value.n_children(), many.len() + ours.len());
        assert_eq!(
            list_change(&reading, Request::Reset, &ours, |_| true),
            Change::Drop
        );
        // Each name of one list compared with each of the other takes minutes.
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    }
}
