// SPDX-License-Identifier: GPL-3.0-or-later

//! The types of the fields in a reader file. Each is checked during parsing, so that a value of
//! such a type is always valid, and every mistake has a place in the file.
//!
//! A name from a reader file becomes a schema, a path, a file or a bus name. GLib aborts on some
//! invalid names, and a stray character could add a line to a policy.
//!
//! The checks are serde visitors, not `#[serde(try_from = "String")]`: the TOML parser adds the
//! place to an error from a visitor, also inside an array.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use glib::Variant;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use toml::Spanned;

use crate::choices::organisation;
use crate::choices::state::State;
use crate::formats::FORMATS;
use crate::formats::bytes;
use crate::formats::format::Format;
use crate::formats::mistake;
use crate::formats::mistake::{At, quote};
use crate::system::bus::Bus;
use crate::system::limits;
use crate::system::text::is_unprintable;

/// Reads a string and converts it. An error says what was found and what was expected.
pub(crate) fn read_text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    make: impl FnOnce(&str) -> Result<T, String>,
) -> Result<T, D::Error> {
    struct Text<F, T>(F, PhantomData<T>);
    impl<F: FnOnce(&str) -> Result<T, String>, T> Visitor<'_> for Text<F, T> {
        type Value = T;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("a string")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
            shown(text).and_then(self.0).map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Text(make, PhantomData))
}

/// Refuses a string with an unprintable character: it hides what the file says, and GLib ends
/// strings at a NUL.
pub(crate) fn shown(text: &str) -> Result<&str, String> {
    match text.chars().find(|c| is_unprintable(*c)) {
        None => Ok(text),
        Some(hidden) => Err(format!(
            "{} has the character U+{:04X}, which is not shown; expected none of those",
            quote(text),
            u32::from(hidden)
        )),
    }
}

/// The text if it fits, otherwise what was expected.
fn checked(text: &str, fits: impl Fn(&str) -> bool, expected: &str) -> Result<String, String> {
    if fits(text) {
        Ok(text.to_owned())
    } else {
        Err(format!("{}; expected {expected}", quote(text)))
    }
}

/// A mistake at the place of a field.
pub(crate) fn wrong<T>(at: &Spanned<T>, message: impl Into<String>) -> At {
    At(Some(at.span().start), message.into())
}

/// Defines string types, each with a rule and a description for error messages.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident: $fits:expr, $expected:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub struct $name(String);

        impl $name {
            /// One of the panel's own names, which is known to be valid.
            #[allow(dead_code)]
            pub(crate) fn own(name: &'static str) -> Self {
                Self(name.to_owned())
            }
        }

        impl Deref for $name {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = String;

            fn try_from(text: &str) -> Result<Self, String> {
                checked(text, $fits, $expected).map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                read_text(deserializer, |text| Self::try_from(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// A program's display name.
    ProgramName: is_name, "a program's name on one line";

    /// A member of a list.
    ListName: is_name, "a name on one line";

    /// The name of an entry in a service.
    EntryName: is_name, "an entry's name on one line";

    /// The name of a GSettings schema, as `glib-compile-schemas --allow-any-name` takes it,
    /// restricted to characters that people can type.
    SchemaId: |text| is_word(text) && text.starts_with(|first: char| first.is_ascii_alphabetic()),
        "a schema's name, such as org.example.Search";

    /// The path of a schema's keys in the settings storage: a dconf folder with only words between
    /// the slashes.
    StoragePath: is_storage_path,
        "a path that begins and ends with a slash, such as /org/example/search/, and is not the policy’s own";

    /// The path of a key in dconf.
    DconfKeyPath: |text| text.matches('/').count() > 2 && is_storage_path(&format!("{text}/")),
        "a key's path, such as /org/example/search/online";

    /// The name of a key in a schema.
    KeyName: |text| is_word(text) && !text.contains('.'), "a key's name, such as remote-search";

    /// The well-known name of a service.
    BusName: |text| gio::dbus_is_name(text) && !text.starts_with(':'),
        "a service's name, such as org.example.Reports";

    /// The path of an object on a bus.
    ObjectPath: |text| text.len() <= limits::READER_TEXT && Variant::is_object_path(text),
        "an object's path, such as /org/example/Reports";

    /// The name of an interface on a bus.
    InterfaceName: gio::dbus_is_interface_name, "an interface's name, such as org.example.Reports";

    /// The name of a property, a method or a signal on a bus.
    Member: |text| text.len() <= limits::BUS_NAME && gio::dbus_is_member_name(text),
        "the name of a property, method or signal, such as SendReports";

    /// The absolute name of a file.
    AbsoluteFile: |text| text.strip_prefix('/').is_some_and(is_relative_file),
        "an absolute file name, such as /etc/example/settings.toml";

    /// The absolute name of several files, with `*` in the last part.
    AbsoluteFiles: |text| text.contains('*') && text.strip_prefix('/').is_some_and(is_configuration),
        "absolute file names, such as /etc/example/*.js";

    /// A folder below the user's home, with profiles of a program.
    ProfilesFolder: is_relative_file, "a folder below the home, such as .example/profiles";

    /// The name of a file beside another, or in the folder above.
    LockName: |text| is_relative_file(text.strip_prefix("../").unwrap_or(text)),
        "a file beside the program's file, such as lock or ../lock";

    /// The name of a file without its folders.
    FileName: |text| is_relative_file(text) && !text.contains('/'), "a file's name, such as prefs.js";

    /// The ID of an app in Flatpak.
    FlatpakId: |text| is_relative_file(text) && !text.contains('/') && text.contains('.'),
        "an app's ID, such as org.example.App";

    /// The name of a snap.
    SnapName: is_snap, "a snap's name, such as example";

    /// A file below the user's data folder.
    DataFile: is_relative_file, "a file below the data folder, such as example/entries.sqlite";

    /// A folder below each data folder.
    DataFolder: |text| text.len() <= limits::READER_TEXT && text.split('/').all(|part| is_word(part) && part != ".."),
        "a folder below the data folders, such as gnome-shell/search-providers";

    /// A file below the user's configuration folder, or several, with `*` in the last part.
    ConfigurationFiles: is_configuration,
        "a file below the configuration folder, such as example/consent.toml, with * at most in its own name";

    /// The names of nested tables and of a value in the last one, separated by dots.
    DottedKey: is_dotted_key, "a key of 16 parts at most, such as consent or section.consent";

    /// A part of a key.
    KeyPart: is_name, "a name on one line";

    /// A desktop in `XDG_CURRENT_DESKTOP`.
    DesktopName: is_word, "a desktop's name, such as GNOME";

    /// A program's name in the list of processes.
    ProcessName: |text| is_word(text) && text.len() <= 15, "a program's name of 15 letters at most";

    /// A reader's identifier.
    ReaderId: is_word, "a reader's name, such as gtk-recent-files";

    /// An argument of a method.
    Argument: is_name, "a text on one line";

    /// The name of an error on a bus.
    ErrorName: gio::dbus_is_interface_name, "an error's name, such as org.example.Error.NoSuchProperty";

    /// An environment variable about what a program sends. Others may change what programs run.
    VariableName: is_variable, "an environment variable about telemetry or the like, such as EXAMPLE_TELEMETRY";

    /// The value of an environment variable.
    VariableValue: |text| text.is_empty() || is_word(text), "a word, or nothing";

    /// A systemd unit.
    UnitName: is_unit, "a unit, such as example.service";
}

/// The names of a value's tables or groups, and its own: parts separated by dots, or a list for
/// parts that have dots themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum KeyPath {
    /// `section.consent`.
    Dotted(DottedKey),
    /// `["Plugin-org.example", "consent"]`.
    Parts(NonEmpty<KeyPart>),
}

impl KeyPath {
    /// The parts, at least one.
    pub fn parts(&self) -> Vec<String> {
        match self {
            Self::Dotted(key) => key.parts(),
            Self::Parts(parts) => parts.iter().map(ToString::to_string).collect(),
        }
    }
}

impl<'de> Deserialize<'de> for KeyPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Path;
        impl<'de> Visitor<'de> for Path {
            type Value = KeyPath;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a string, or a list of strings")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<KeyPath, E> {
                let key = shown(text).and_then(DottedKey::try_from);
                key.map(KeyPath::Dotted).map_err(E::custom)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<KeyPath, A::Error> {
                let entries = Entries(PhantomData, Some(KeyPart::PLURAL)).visit_seq(list)?;
                Ok(KeyPath::Parts(NonEmpty(entries)))
            }
        }
        deserializer.deserialize_any(Path)
    }
}

/// Defines enums of words in reader files.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$line:meta])* $word:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$line])* $word,)*
        }

        impl $name {
            /// The word in reader files and in JSON.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)*
                }
            }

            /// Whether it is the word that need not be written.
            #[allow(dead_code)]
            pub(crate) fn is_default(&self) -> bool {
                *self == Self::default()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                read_text(deserializer, |text| match text {
                    $($text => Ok(Self::$word),)*
                    other => Err(format!(
                        "{}; expected one of: {}",
                        quote(other),
                        [$($text),*].join(", ")
                    )),
                })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )*};
}

words! {
    /// When a running program obeys a change.
    Effect {
        /// At once.
        #[default]
        Now = "now",
        /// When it is started again.
        Restart = "restart",
        /// At the next login.
        Login = "login",
    }

    /// How it is known that the program obeys the setting.
    Proof {
        /// Its source says so.
        #[default]
        Source = "source",
        /// The program itself did, or said, what the setting says, in a test.
        Program = "program",
        /// A test saw on the network what the program sends with each value.
        Traffic = "traffic",
    }

    /// The user's folder below which a file is.
    Base {
        /// `XDG_CONFIG_HOME`.
        #[default]
        Config = "config",
        /// `XDG_DATA_HOME`.
        Data = "data",
        /// `XDG_STATE_HOME`.
        State = "state",
        /// The home itself. `.config`, `.local/share` and `.local/state` in it are the folders above.
        Home = "home",
    }

    /// What a program does without a value.
    Missing {
        /// It may send something.
        #[default]
        On = "on",
        /// It sends nothing.
        Off = "off",
        /// It asks elsewhere.
        Elsewhere = "elsewhere",
    }

    /// The display system of a session.
    Display {
        /// Programs connect to an X server, and not to a Wayland compositor.
        #[default]
        X11 = "x11",
        /// Programs connect to a Wayland compositor.
        Wayland = "wayland",
    }
}

/// A folder with files that the user's own file of the same name overrides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Each folder in `XDG_CONFIG_DIRS`.
    ConfigDirs,
    /// A folder, such as `/etc`.
    Folder(AbsoluteFile),
    /// Files of any name, such as `/etc/example/*.js`, the first by name the most important.
    Files(AbsoluteFiles),
}

/// The name of [`Layer::ConfigDirs`] in reader files.
const CONFIG_DIRS: &str = "config-dirs";

impl<'de> Deserialize<'de> for Layer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, |text| {
            if text == CONFIG_DIRS {
                return Ok(Self::ConfigDirs);
            }
            let layer = if text.contains('*') {
                AbsoluteFiles::try_from(text).map(Self::Files)
            } else {
                AbsoluteFile::try_from(text).map(Self::Folder)
            };
            layer.map_err(|_| {
                format!(
                    "{}; expected “{CONFIG_DIRS}”, an absolute folder, or absolute files with *",
                    quote(text)
                )
            })
        })
    }
}

impl Serialize for Layer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::ConfigDirs => CONFIG_DIRS,
            Self::Folder(folder) => folder,
            Self::Files(files) => files,
        })
    }
}

/// A format of files.
#[derive(Clone, Copy, Debug)]
pub struct FormatName(&'static str, &'static dyn Format);

impl FormatName {
    /// The format.
    pub const fn format(self) -> &'static dyn Format {
        self.1
    }
}

impl FormatName {
    /// The format of that name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let found = FORMATS.iter().find(|(found, _)| *found == name);
        found.map(|(name, format)| Self(name, *format))
    }

    /// Whether it is the format that need not be written.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The format of the administrator's files.
impl Default for FormatName {
    fn default() -> Self {
        Self("toml", &crate::formats::toml::Toml)
    }
}

impl PartialEq for FormatName {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<'de> Deserialize<'de> for FormatName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, |text| {
            Self::find(text).ok_or_else(|| {
                let names: Vec<_> = FORMATS.iter().map(|(name, _)| *name).collect();
                format!(
                    "unknown format {}; expected one of: {}",
                    quote(text),
                    names.join(", ")
                )
            })
        })
    }
}

impl Serialize for FormatName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl DottedKey {
    /// The parts between the dots.
    pub fn parts(&self) -> Vec<String> {
        self.split('.').map(str::to_owned).collect()
    }
}

fn is_name(text: &str) -> bool {
    mistake::is_line(text, limits::READER_NAME)
}

fn is_word(text: &str) -> bool {
    text.len() <= limits::READER_TEXT && bytes::is_word(text)
}

fn is_variable(text: &str) -> bool {
    const WORDS: [&str; 9] = [
        "ANALYTICS",
        "CHECKPOINT",
        "CRASHREPORTER",
        "METRICS",
        "OPTOUT",
        "STATISTICS",
        "TELEMETRY",
        "TRACK",
        "TRACKING",
    ];
    text.len() <= limits::READER_TEXT
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && text.split('_').any(|word| WORDS.contains(&word))
}

fn is_dotted_key(text: &str) -> bool {
    is_word(text)
        && text.split('.').all(|part| !part.is_empty())
        && text.split('.').count() <= limits::KEY_DEPTH
}

fn is_storage_path(text: &str) -> bool {
    text.len() > 1
        && text.len() <= limits::READER_TEXT
        && text != organisation::PATH
        && text.starts_with('/')
        && text.ends_with('/')
        && text[1..text.len() - 1].split('/').all(|part| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':'))
        })
}

/// Whether it names a file below a folder. No part of the name leads out of it.
fn is_configuration(text: &str) -> bool {
    let (folders, name) = text.rsplit_once('/').unwrap_or(("", text));
    let visible = |part: &str| part != "." && part != "..";
    let is_name = |part: &str| is_word(part) && visible(part);
    text.len() <= limits::READER_TEXT
        && text.matches('*').count() <= limits::WILDCARDS
        && (folders.is_empty() && text == name
            || folders.split('/').filter(|part| *part != "*").all(is_name))
        && folders.split('/').filter(|part| *part == "*").count() <= 1
        && !text.starts_with('*')
        // Chromium has a file “Local State”.
        && is_word(&name.replace(['*', ' '], "x"))
        && name.trim() == name
        && visible(name)
        && !name.contains("**")
}

/// Whether it names a file, without folders.
pub(crate) fn is_file_name(text: &str) -> bool {
    !text.contains('/') && is_relative_file(text)
}

/// Whether it names a reader: a word, which may be in the names of other files.
pub(crate) fn is_reader_id(text: &str) -> bool {
    ReaderId::try_from(text).is_ok()
}

/// Whether it is a snap's name; the snapcraft documentation, “name”.
fn is_snap(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_relative_file(text: &str) -> bool {
    is_configuration(text) && !text.contains('*')
}

/// Whether it is a valid systemd unit name, restricted to usual characters; systemd.unit(5).
pub(crate) fn is_unit(name: &str) -> bool {
    const KINDS: [&str; 4] = ["path", "service", "socket", "timer"];
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '@');
    name.len() <= 255
        && name.chars().all(is_letter)
        && name
            .rsplit_once('.')
            .is_some_and(|(name, kind)| !name.is_empty() && KINDS.contains(&kind))
}

impl<'de> Deserialize<'de> for Bus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, |text| match text {
            "session" => Ok(Self::Session),
            "system" => Ok(Self::System),
            other => Err(format!("{}; expected “session” or “system”", quote(other))),
        })
    }
}

impl Serialize for Bus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Session => "session",
            Self::System => "system",
        })
    }
}

/// What the presence of something means: [`State::On`] or [`State::Off`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning(pub State);

impl<'de> Deserialize<'de> for Meaning {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_text(deserializer, |text| match text {
            "on" => Ok(Self(State::On)),
            "off" => Ok(Self(State::Off)),
            other => Err(format!("{}; expected “on” or “off”", quote(other))),
        })
    }
}

impl Serialize for Meaning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_str())
    }
}

/// A type of list entries with a plural for error messages.
pub trait Listed {
    /// For example “file names”.
    const PLURAL: &'static str;
}

impl Listed for ListName {
    const PLURAL: &'static str = "the names that are to be off";
}

impl<T: Listed> Listed for Spanned<T> {
    const PLURAL: &'static str = T::PLURAL;
}

impl Listed for ConfigurationFiles {
    const PLURAL: &'static str = "file names";
}

impl Listed for AbsoluteFile {
    const PLURAL: &'static str = "file names";
}

impl Listed for LockName {
    const PLURAL: &'static str = "file names";
}

impl Listed for KeyPath {
    const PLURAL: &'static str = "keys";
}

impl Listed for KeyPart {
    const PLURAL: &'static str = "the names of groups and of a key";
}

impl Listed for Argument {
    const PLURAL: &'static str = "texts";
}

impl Listed for DesktopName {
    const PLURAL: &'static str = "desktops";
}

impl Listed for ProcessName {
    const PLURAL: &'static str = "program names";
}

impl Listed for BusName {
    const PLURAL: &'static str = "bus names";
}

impl Listed for UnitName {
    const PLURAL: &'static str = "units";
}

/// A list of at most [`limits::READER_LIST`] entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct List<T>(Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = deserializer.deserialize_seq(Entries(PhantomData, None))?;
        Ok(Self(entries))
    }
}

/// A non-empty list of at most [`limits::READER_LIST`] entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NonEmpty<T>(Vec<T>);

impl<T> Deref for NonEmpty<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Listed> NonEmpty<T> {
    /// A list of names that are each checked.
    pub(crate) fn of(names: &[String]) -> Result<Self, String>
    where
        T: for<'a> TryFrom<&'a str, Error = String>,
    {
        let entries = names.iter().map(|name| T::try_from(name.as_str()));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        if entries.is_empty() {
            return Err(format!("an empty list; expected {}", T::PLURAL));
        }
        Ok(Self(entries))
    }
}

impl<'de, T: Deserialize<'de> + Listed> Deserialize<'de> for NonEmpty<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let entries = deserializer.deserialize_seq(Entries(PhantomData, Some(T::PLURAL)))?;
        Ok(Self(entries))
    }
}

/// The visitor for a list. The second field describes the entries if the list must not be empty.
struct Entries<T>(PhantomData<T>, Option<&'static str>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
    type Value = Vec<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element()? {
            entries.push(entry);
            if entries.len() == limits::READER_LIST {
                list.next_element::<TooMany>()?;
                break;
            }
        }
        match self.1 {
            Some(plural) if entries.is_empty() => Err(de::Error::custom(format!(
                "an empty list; expected {plural}"
            ))),
            _ => Ok(entries),
        }
    }
}

/// An entry beyond the limit, which is always a mistake.
struct TooMany;

impl<'de> Deserialize<'de> for TooMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The parser adds the place to an error from a visitor.
        deserializer.deserialize_any(Self)
    }
}

impl TooMany {
    fn complain<E: de::Error>() -> Result<Self, E> {
        Err(E::custom(format!(
            "the entry {} of a list; expected {} at most",
            limits::READER_LIST + 1,
            limits::READER_LIST
        )))
    }
}

impl<'de> Visitor<'de> for TooMany {
    type Value = Self;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the end of the list")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Self, E> {
        Self::complain()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self, A::Error> {
        Self::complain()
    }

    fn visit_map<A: de::MapAccess<'de>>(self, _: A) -> Result<Self, A::Error> {
        Self::complain()
    }
}
