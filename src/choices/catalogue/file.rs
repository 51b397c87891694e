// SPDX-License-Identifier: GPL-3.0-or-later

//! The format of a reader file; `docs/readers.md` is for those who write one.
//!
//! What a file says ends up as the name of a schema, a path and a value in the settings storage,
//! so all of it is checked here, once, and every mistake has a place in the file.

use std::collections::HashSet;
use std::path::Path;

use glib::Variant;
use serde::Deserialize;
use toml::Spanned;

use crate::choices::catalogue::Entry;
use crate::choices::choice::Choice;
use crate::choices::opt_out;
use crate::choices::opt_out::OptOut;
use crate::choices::organisation;
use crate::choices::reader::{
    Condition, DocumentShape, EntryShape, FilePattern, ListShape, ModeShape, Property,
    PropertyShape, Reader, Shape, ValueShape, has_part,
};
use crate::choices::state::State;
use crate::formats::mistake;
use crate::formats::mistake::{At, Mistake, quote};
use crate::formats::toml::Scalar;
use crate::system::limits;
use crate::system::service::{Bus, Service};
use crate::system::text::is_unprintable;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ReaderFile {
    name: Spanned<String>,
    choice: Spanned<String>,
    programs: Option<Spanned<Vec<Spanned<String>>>>,
    gsettings: Option<ValueTable>,
    gsettings_list: Option<ListTable>,
    dbus: Option<PropertyTable>,
    dbus_entry: Option<EntryTable>,
    toml: Option<DocumentTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ValueTable {
    schema: Spanned<String>,
    path: Spanned<String>,
    key: Spanned<String>,
    on: Spanned<String>,
    off: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ListTable {
    schema: Spanned<String>,
    path: Spanned<String>,
    disabled: Spanned<String>,
    enabled: Option<Spanned<String>>,
    disable_all: Option<Spanned<String>>,
    providers: Option<Spanned<String>>,
    names: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    only_if: Vec<OnlyIf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct PropertyTable {
    bus: Spanned<String>,
    name: Spanned<String>,
    path: Spanned<String>,
    interface: Spanned<String>,
    property: Spanned<String>,
    setter: Option<Spanned<String>>,
    on: Spanned<String>,
    off: Spanned<String>,
    identifier: Option<Spanned<String>>,
    mode: Option<ModeTable>,
    disable_all: Option<Spanned<DisableAllTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ModeTable {
    property: Spanned<String>,
    setter: Option<Spanned<String>>,
    ask: Spanned<String>,
    automatic: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct EntryTable {
    bus: Spanned<String>,
    name: Spanned<String>,
    path: Spanned<String>,
    interface: Spanned<String>,
    list: Spanned<String>,
    add: Spanned<String>,
    remove: Spanned<String>,
    entry: Spanned<String>,
    value: Spanned<String>,
    #[serde(default)]
    filled_in: Vec<Spanned<Vec<usize>>>,
    present: Spanned<String>,
    #[serde(default)]
    signals: Vec<Spanned<String>>,
    data: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DocumentTable {
    files: Spanned<Vec<Spanned<String>>>,
    key: Spanned<String>,
    on: Spanned<toml::Value>,
    off: Spanned<toml::Value>,
    missing: Spanned<String>,
    disable_all: Option<Spanned<DisableAllTable>>,
}

/// A value in a file, or units.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DisableAllTable {
    file: Option<Spanned<String>>,
    key: Option<Spanned<String>>,
    value: Option<Spanned<toml::Value>>,
    masked_units: Option<Spanned<Vec<Spanned<String>>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct OnlyIf {
    name: Spanned<String>,
    files: Option<Spanned<Vec<Spanned<String>>>>,
    setting: Option<Setting>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Setting {
    schema: Spanned<String>,
    path: Spanned<String>,
    key: Spanned<String>,
    value: Spanned<String>,
}

/// Reads a file's content. `name` is the file's name for people.
pub(crate) fn parse(path: &Path, name: &Path, bytes: &[u8]) -> Result<Entry, Mistake> {
    let text = mistake::text(name, bytes)?;
    understand(path, text).map_err(|at| at.in_file(name, text))
}

fn understand(path: &Path, text: &str) -> Result<Entry, At> {
    if text.trim().is_empty() {
        return Ok(Entry::Masks);
    }
    if path.file_stem().is_some_and(|id| id == crate::app::PACKAGE) {
        return Err(At(
            None,
            "this name is that of the panel's own keys; expected another".to_owned(),
        ));
    }
    let id = path.file_stem().unwrap_or_default().to_string_lossy();
    if id.contains(is_unprintable) {
        return Err(At(
            None,
            "the file's name has a character that is not shown; expected another name".to_owned(),
        ));
    }
    let file: ReaderFile = toml::from_str(text).map_err(|error| At::parser(&error))?;

    let choice = Choice::find(file.choice.get_ref()).ok_or_else(|| {
        wrong(
            &file.choice,
            format!(
                "unknown choice {}; expected one of: {}",
                quote(file.choice.get_ref()),
                Choice::ids()
            ),
        )
    })?;
    let has_programs = file
        .programs
        .as_ref()
        .is_some_and(|programs| !programs.get_ref().is_empty());
    if let Some(table) = file.toml.as_ref().filter(|_| !has_programs) {
        return Err(wrong(
            &table.files,
            "no “programs” before [toml]; expected file names that show that the program is there"
                .to_owned(),
        ));
    }
    let shape = shape(
        file.gsettings,
        file.gsettings_list,
        file.dbus,
        file.dbus_entry,
        file.toml,
    )?;
    Ok(Entry::Gives(Box::new(Reader {
        id: id.into_owned(),
        name: check(file.name, is_name, "a program's name on one line")?,
        choice,
        file: Some(path.to_owned()),
        programs: file.programs.map(files).transpose()?,
        shape,
    })))
}

/// The one place where the program looks.
fn shape(
    value: Option<ValueTable>,
    list: Option<ListTable>,
    property: Option<PropertyTable>,
    entry: Option<EntryTable>,
    document: Option<DocumentTable>,
) -> Result<Shape, At> {
    let start = |text: &Spanned<String>| text.span().start;
    let names = [
        value.as_ref().map(|it| (start(&it.schema), "[gsettings]")),
        list.as_ref()
            .map(|it| (start(&it.schema), "[gsettings-list]")),
        property.as_ref().map(|it| (start(&it.bus), "[dbus]")),
        entry.as_ref().map(|it| (start(&it.bus), "[dbus-entry]")),
        document.as_ref().map(|it| (start(&it.key), "[toml]")),
    ];
    let names: Vec<_> = names.into_iter().flatten().collect();
    if let [(_, first), (at, second), ..] = names[..] {
        return Err(At(
            Some(at),
            format!("both {first} and {second}; expected one of them"),
        ));
    }
    match (value, list, property, entry, document) {
        (Some(table), ..) => table.check().map(Shape::Value),
        (_, Some(table), ..) => table.check().map(Shape::List),
        (_, _, Some(table), ..) => table.check().map(Shape::Property),
        (.., Some(table), _) => table.check().map(Shape::Entry),
        (.., Some(table)) => table.check().map(Shape::Document),
        (None, None, None, None, None) => Err(At(
            None,
            "expected a table [gsettings], [gsettings-list], [dbus], [dbus-entry] or [toml]"
                .to_owned(),
        )),
    }
}

impl ValueTable {
    fn check(self) -> Result<ValueShape, At> {
        let (on, off) = two_values(("on", &self.on), &self.off)?;
        Ok(ValueShape {
            schema: schema(self.schema)?,
            path: storage_path(self.path)?,
            key: key(self.key)?,
            on,
            off,
        })
    }
}

impl PropertyTable {
    fn check(self) -> Result<PropertyShape, At> {
        let (on, off) = two_values(("on", &self.on), &self.off)?;
        Ok(PropertyShape {
            service: service(&self.bus, self.name, self.path, self.interface)?,
            property: property(self.property, self.setter)?,
            on,
            off,
            mode: self.mode.map(ModeTable::check).transpose()?,
            identifier: self.identifier.map(member).transpose()?,
            disable_all: disable_all(self.disable_all)?,
        })
    }
}

impl ModeTable {
    fn check(self) -> Result<ModeShape, At> {
        let (ask, automatic) = two_values(("ask", &self.ask), &self.automatic)?;
        Ok(ModeShape {
            property: property(self.property, self.setter)?,
            ask,
            automatic,
        })
    }
}

impl EntryTable {
    fn check(self) -> Result<EntryShape, At> {
        let value = variant(&self.value)?;
        if !Variant::is_signature(value.type_().as_str()) {
            return Err(wrong(
                &self.value,
                format!(
                    "of the type “{}”, which no bus has; expected a value without “just” and “nothing”",
                    value.type_()
                ),
            ));
        }
        if let Some(place) = self
            .filled_in
            .iter()
            .find(|place| place.get_ref().is_empty() || !has_part(&value, place.get_ref()))
        {
            return Err(wrong(
                place,
                "not the place of a part of “value”; expected numbers that count from 0, such as [0, 1] for the second part of the first"
                    .to_owned(),
            ));
        }
        bounded(&self.filled_in, |place| place)?;
        bounded(&self.signals, |signal| signal)?;
        let signals = self.signals.into_iter();
        Ok(EntryShape {
            service: service(&self.bus, self.name, self.path, self.interface)?,
            list: member(self.list)?,
            add: member(self.add)?,
            remove: member(self.remove)?,
            entry: check(self.entry, is_name, "an entry's name on one line")?,
            value,
            filled_in: self
                .filled_in
                .into_iter()
                .map(Spanned::into_inner)
                .collect(),
            present: on_or_off(&self.present)?,
            signals: signals.map(member).collect::<Result<_, _>>()?,
            data: self
                .data
                .map(|file| {
                    check(
                        file,
                        is_relative_file,
                        "a file below the data folder, such as example/entries.sqlite",
                    )
                })
                .transpose()?,
        })
    }
}

impl DocumentTable {
    fn check(self) -> Result<DocumentShape, At> {
        let (on, off) = (scalar(&self.on)?, scalar(&self.off)?);
        if on == off {
            return Err(wrong(
                &self.off,
                "the same value as “on”; expected another".to_owned(),
            ));
        }
        if self.files.get_ref().is_empty() {
            return Err(wrong(
                &self.files,
                "an empty list; expected file names".to_owned(),
            ));
        }
        Ok(DocumentShape {
            files: entries(self.files)?
                .into_iter()
                .map(|file| {
                    check(
                        file,
                        is_configuration,
                        "a file below the configuration folder, such as example/consent.toml, with * at most in its own name",
                    )
                })
                .collect::<Result<_, _>>()?,
            key: dotted(self.key)?,
            on,
            off,
            missing: on_or_off(&self.missing)?,
            disable_all: disable_all(self.disable_all)?,
        })
    }
}

/// What turns a program off for everybody.
fn disable_all(table: Option<Spanned<DisableAllTable>>) -> Result<Vec<OptOut>, At> {
    let Some(table) = table else {
        return Ok(Vec::new());
    };
    let start = table.span().start;
    match table.into_inner() {
        DisableAllTable {
            file: Some(file),
            key: Some(key),
            value: Some(value),
            masked_units: None,
        } => Ok(vec![OptOut::Value {
            file: check(
                file,
                is_absolute_file,
                "an absolute file name, such as /etc/example/settings.toml",
            )?
            .into(),
            key: dotted(key)?,
            value: scalar(&value)?,
        }]),
        DisableAllTable {
            file: None,
            key: None,
            value: None,
            masked_units: Some(units),
        } if !units.get_ref().is_empty() => entries(units)?
            .into_iter()
            .map(|unit| {
                let unit = check(unit, opt_out::is_unit, "a unit, such as example.service")?;
                Ok(OptOut::Masked { unit })
            })
            .collect(),
        _ => Err(At(
            Some(start),
            "expected “file”, “key” and “value”, or else “masked-units”".to_owned(),
        )),
    }
}

impl ListTable {
    fn check(self) -> Result<ListShape, At> {
        if self.names.get_ref().is_empty() {
            return Err(At(
                Some(self.names.span().start),
                "an empty list; expected the names that are to be off".to_owned(),
            ));
        }
        let keys = [
            Some(&self.disabled),
            self.enabled.as_ref(),
            self.disable_all.as_ref(),
        ];
        let mut seen = HashSet::new();
        for key in keys.into_iter().flatten() {
            if !seen.insert(key.get_ref().clone()) {
                return Err(wrong(
                    key,
                    format!("{} twice; expected a key of its own", quote(key.get_ref())),
                ));
            }
        }
        bounded(&self.only_if, |only_if| &only_if.name)?;
        let names = entries(self.names)?;
        names.iter().try_for_each(all_shown)?;
        let known: HashSet<_> = names.iter().map(|name| name.get_ref().as_str()).collect();
        let only_if = self
            .only_if
            .into_iter()
            .map(|only_if| only_if.check(&known))
            .collect::<Result<_, _>>()?;
        Ok(ListShape {
            only_if,
            schema: schema(self.schema)?,
            path: storage_path(self.path)?,
            disabled: key(self.disabled)?,
            enabled: self.enabled.map(key).transpose()?,
            disable_all: self.disable_all.map(key).transpose()?,
            providers: self
                .providers
                .map(|folder| {
                    check(
                        folder,
                        is_relative_folder,
                        "a folder below the data folders, such as gnome-shell/search-providers",
                    )
                })
                .transpose()?,
            names: names
                .into_iter()
                .map(|name| check(name, is_name, "a name on one line"))
                .collect::<Result<_, _>>()?,
        })
    }
}

impl OnlyIf {
    fn check(self, names: &HashSet<&str>) -> Result<(String, Condition), At> {
        if !names.contains(self.name.get_ref().as_str()) {
            return Err(wrong(
                &self.name,
                "not one of “names”; expected one of them".to_owned(),
            ));
        }
        let condition = match (self.files, self.setting) {
            (Some(patterns), None) if patterns.get_ref().is_empty() => {
                return Err(wrong(
                    &patterns,
                    "an empty list; expected file names".to_owned(),
                ));
            }
            (Some(patterns), None) => Condition::Files(files(patterns)?),
            (None, Some(setting)) => Condition::Setting {
                value: variant(&setting.value)?,
                schema: schema(setting.schema)?,
                path: storage_path(setting.path)?,
                key: key(setting.key)?,
            },
            _ => {
                return Err(wrong(
                    &self.name,
                    "expected “files” or “setting” beside the name, and not both".to_owned(),
                ));
            }
        };
        Ok((self.name.into_inner(), condition))
    }
}

fn files(patterns: Spanned<Vec<Spanned<String>>>) -> Result<Vec<FilePattern>, At> {
    entries(patterns)?
        .into_iter()
        .map(|pattern| {
            FilePattern::new(pattern.get_ref()).ok_or_else(|| {
                wrong(
                    &pattern,
                    format!(
                        "{}; expected an absolute file name, of {} bytes at most, which may have * in it, but ** nowhere, {} times at most, and in {} parts at most",
                        quote(pattern.get_ref()),
                        limits::FILE_NAME,
                        limits::WILDCARDS,
                        limits::WILDCARD_PARTS
                    ),
                )
            })
        })
        .collect()
}

/// Where a service is reached.
fn service(
    bus: &Spanned<String>,
    name: Spanned<String>,
    path: Spanned<String>,
    interface: Spanned<String>,
) -> Result<Service, At> {
    let bus = match bus.get_ref().as_str() {
        "session" => Bus::Session,
        "system" => Bus::System,
        other => {
            return Err(wrong(
                bus,
                format!("{}; expected “session” or “system”", quote(other)),
            ));
        }
    };
    Ok(Service {
        bus,
        name: bus_name(name)?,
        path: check(
            path,
            |path| path.len() <= limits::READER_TEXT && Variant::is_object_path(path),
            "an object's path, such as /org/example/Reports",
        )?,
        interface: check(
            interface,
            gio::dbus_is_interface_name,
            "an interface's name, such as org.example.Reports",
        )?,
    })
}

/// A state that something stands for.
fn on_or_off(text: &Spanned<String>) -> Result<State, At> {
    match text.get_ref().as_str() {
        "on" => Ok(State::On),
        "off" => Ok(State::Off),
        other => Err(wrong(
            text,
            format!("{}; expected “on” or “off”", quote(other)),
        )),
    }
}

/// Two values of one type that are not the same.
fn two_values(
    (first_name, first_text): (&str, &Spanned<String>),
    second_text: &Spanned<String>,
) -> Result<(Variant, Variant), At> {
    let first = variant(first_text)?;
    let second = variant(second_text)?;
    if first.type_() != second.type_() {
        return Err(wrong(
            second_text,
            format!(
                "of the type “{}”, but “{first_name}” is of the type “{}”; expected the same",
                second.type_(),
                first.type_()
            ),
        ));
    }
    if first == second {
        return Err(wrong(
            second_text,
            format!("the same value as “{first_name}”; expected another"),
        ));
    }
    Ok((first, second))
}

fn wrong<T>(at: &Spanned<T>, message: String) -> At {
    At(Some(at.span().start), message)
}

/// The entries of a list, unless there are too many.
fn entries<T>(list: Spanned<Vec<Spanned<T>>>) -> Result<Vec<Spanned<T>>, At> {
    bounded(list.get_ref(), |entry| entry)?;
    Ok(list.into_inner())
}

/// A mistake at the first entry of a list that is one too many. `place`: where an entry begins.
fn bounded<T, P>(list: &[T], place: impl Fn(&T) -> &Spanned<P>) -> Result<(), At> {
    list.get(limits::READER_LIST).map_or(Ok(()), |entry| {
        Err(wrong(
            place(entry),
            format!(
                "the entry {} of a list; expected {} at most",
                limits::READER_LIST + 1,
                limits::READER_LIST
            ),
        ))
    })
}

/// A mistake where a text has a character that is not shown: people could not tell what the file
/// says, and GLib takes a NUL for the text's end.
fn all_shown(text: &Spanned<String>) -> Result<(), At> {
    let hidden = text.get_ref().chars().find(|c| is_unprintable(*c));
    hidden.map_or(Ok(()), |hidden| {
        Err(wrong(
            text,
            format!(
                "{} has the character U+{:04X}, which is not shown; expected none of those",
                quote(text.get_ref()),
                u32::from(hidden)
            ),
        ))
    })
}

fn check(
    text: Spanned<String>,
    valid: impl Fn(&str) -> bool,
    expected: &str,
) -> Result<String, At> {
    all_shown(&text)?;
    if valid(text.get_ref()) {
        Ok(text.into_inner())
    } else {
        Err(wrong(
            &text,
            format!("{}; expected {expected}", quote(text.get_ref())),
        ))
    }
}

fn schema(text: Spanned<String>) -> Result<String, At> {
    check(
        text,
        is_schema,
        "a schema's name, such as org.example.Search",
    )
}

fn key(text: Spanned<String>) -> Result<String, At> {
    check(text, is_key, "a key's name, such as remote-search")
}

fn storage_path(text: Spanned<String>) -> Result<String, At> {
    check(
        text,
        is_path,
        "a path that begins and ends with a slash, such as /org/example/search/, and is not the policy’s own",
    )
}

/// A value that can decide something.
fn scalar(value: &Spanned<toml::Value>) -> Result<Scalar, At> {
    match value.get_ref() {
        toml::Value::Boolean(on) => Ok(Scalar::Boolean(*on)),
        toml::Value::Integer(number) => Ok(Scalar::Integer(*number)),
        toml::Value::String(text) => {
            let text = Spanned::new(value.span(), text.clone());
            let fits = |text: &str| text.len() <= limits::READER_TEXT;
            let expected = format!("a text of {} bytes at most", limits::READER_TEXT);
            check(text, fits, &expected).map(Scalar::Text)
        }
        other => Err(wrong(
            value,
            format!(
                "a value of the type “{}”; expected true, false, a whole number or a text",
                other.type_str()
            ),
        )),
    }
}

/// The names of tables and of a value in the last of them.
fn dotted(text: Spanned<String>) -> Result<Vec<String>, At> {
    let fits = |text: &str| {
        is_word(text)
            && text.split('.').all(|part| !part.is_empty())
            && text.split('.').count() <= limits::KEY_DEPTH
    };
    let expected = format!(
        "a key of {} parts at most, such as consent or section.consent",
        limits::KEY_DEPTH
    );
    let key = check(text, fits, &expected)?;
    Ok(key.split('.').map(str::to_owned).collect())
}

/// The name under which a service is found, as long as it runs or not.
fn bus_name(text: Spanned<String>) -> Result<String, At> {
    let fits = |text: &str| gio::dbus_is_name(text) && !text.starts_with(':');
    check(text, fits, "a service's name, such as org.example.Reports")
}

fn property(name: Spanned<String>, setter: Option<Spanned<String>>) -> Result<Property, At> {
    Ok(Property {
        name: member(name)?,
        setter: setter.map(member).transpose()?,
    })
}

fn member(text: Spanned<String>) -> Result<String, At> {
    check(
        text,
        |name| name.len() <= limits::BUS_NAME && gio::dbus_is_member_name(name),
        "the name of a property, method or signal, such as SendReports",
    )
}

fn variant(text: &Spanned<String>) -> Result<Variant, At> {
    all_shown(text)?;
    if text.get_ref().len() > limits::VALUE_TEXT {
        return Err(wrong(
            text,
            format!(
                "a value of {} bytes; expected {} at most",
                text.get_ref().len(),
                limits::VALUE_TEXT
            ),
        ));
    }
    let too_deep = || {
        let most = limits::VALUE_DEPTH;
        wrong(
            text,
            format!("a value of more than {most} levels; expected fewer"),
        )
    };
    // GLib's parser calls itself for each of these, and gives a number up that says nothing.
    if brackets(text.get_ref()) > limits::VALUE_DEPTH {
        return Err(too_deep());
    }
    let value = Variant::parse(None, text.get_ref()).map_err(|error| {
        if error.kind::<NotParsed>() == Some(NotParsed::TooDeep) {
            return too_deep();
        }
        let At(_, message) = At::of(None, error.message());
        wrong(
            text,
            format!("{message}; expected GVariant text, such as true or 'none'"),
        )
    })?;
    if type_depth(value.type_().as_str()) > limits::VALUE_DEPTH
        || is_deeper(&value, limits::VALUE_DEPTH)
    {
        return Err(too_deep());
    }
    if value.type_().as_str().len() > limits::BUS_NAME {
        let most = limits::BUS_NAME;
        let message = format!("a value whose type has more than {most} letters; expected fewer");
        return Err(wrong(text, message));
    }
    if let Some(hidden) = hidden(&value) {
        return Err(wrong(
            text,
            format!(
                "a value with the character U+{:04X}, which is not shown; expected none of those",
                u32::from(hidden)
            ),
        ));
    }
    Ok(value)
}

/// `G_VARIANT_PARSE_ERROR`, of which the bindings know nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NotParsed {
    TooDeep,
    Otherwise(i32),
}

impl glib::error::ErrorDomain for NotParsed {
    fn domain() -> glib::Quark {
        glib::Quark::from_str("g-variant-parse-error-quark")
    }

    fn code(self) -> i32 {
        match self {
            // G_VARIANT_PARSE_ERROR_RECURSION in gvariant.h.
            Self::TooDeep => 18,
            Self::Otherwise(code) => code,
        }
    }

    fn from(code: i32) -> Option<Self> {
        Some(match code {
            18 => Self::TooDeep,
            code => Self::Otherwise(code),
        })
    }
}

/// How many brackets of a GVariant text are open at once, outside of its strings.
fn brackets(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    let mut quote = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(_), '\\') => drop(letters.next()),
            (Some(begun), _) if begun == letter => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, '(' | '[' | '{' | '<') => {
                open += 1;
                most = most.max(open);
            }
            (None, ')' | ']' | '}' | '>') => open = open.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// How deeply a type is nested; `a` and `m` are before what they hold.
fn type_depth(kind: &str) -> usize {
    let (mut most, mut before) = (0, 0);
    let mut open = Vec::new();
    for letter in kind.chars() {
        match letter {
            'a' | 'm' => before += 1,
            '(' | '{' => {
                open.push(before + 1);
                before = 0;
            }
            ')' | '}' => drop(open.pop()),
            _ => before = 0,
        }
        most = most.max(open.iter().sum::<usize>() + before);
    }
    most
}

/// Whether there are more levels of a value than so many, with those in variants.
fn is_deeper(value: &Variant, levels: usize) -> bool {
    value.is_container() && (levels == 0 || value.iter().any(|part| is_deeper(&part, levels - 1)))
}

/// A character in a string of a value that is not shown; its text may have it as an escape. The
/// value is not deep.
fn hidden(value: &Variant) -> Option<char> {
    match value.str() {
        Some(text) => text.chars().find(|c| is_unprintable(*c)),
        None if value.is_container() => value.iter().find_map(|part| hidden(&part)),
        None => None,
    }
}

fn is_name(text: &str) -> bool {
    mistake::is_line(text, limits::READER_NAME)
}

/// What `glib-compile-schemas --allow-any-name` would take, less what cannot be typed.
fn is_schema(text: &str) -> bool {
    is_word(text) && text.starts_with(|first: char| first.is_ascii_alphabetic())
}

fn is_key(text: &str) -> bool {
    is_word(text) && !text.contains('.')
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= limits::READER_TEXT
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
}

/// dconf's rule for a folder, and words only between the slashes.
fn is_path(text: &str) -> bool {
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

/// A file below a folder that no part of its name leads out of.
fn is_configuration(text: &str) -> bool {
    let (folders, name) = text.rsplit_once('/').unwrap_or(("", text));
    let visible = |part: &str| part != "." && part != "..";
    let is_name = |part: &str| is_word(part) && visible(part);
    text.len() <= limits::READER_TEXT
        && text.matches('*').count() <= limits::WILDCARDS
        && (folders.is_empty() && text == name || folders.split('/').all(is_name))
        && is_word(&name.replace('*', "x"))
        && visible(name)
        && !name.contains("**")
}

fn is_relative_file(text: &str) -> bool {
    is_configuration(text) && !text.contains('*')
}

fn is_absolute_file(text: &str) -> bool {
    text.strip_prefix('/').is_some_and(is_relative_file)
}

fn is_relative_folder(text: &str) -> bool {
    text.len() <= limits::READER_TEXT && text.split('/').all(|part| is_word(part) && part != "..")
}
