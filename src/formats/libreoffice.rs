// SPDX-License-Identifier: GPL-3.0-or-later

//! `LibreOffice`'s settings of a user, `registrymodifications.xcu`.
//!
//! Source: LibreOffice/core 030b72df, configmgr/source/xcuparser.cxx and valueparser.cxx: items
//! with the path of a group, in it groups and properties, each with a value; the last one counts. A
//! property isn't certain if it has an operation that doesn't set a value, or more than a text.
//! configmgr/source/writemodfile.cxx: the program writes one item a line, and the whole file when a
//! setting changes.
//!
//! The key is the name of the component, of its groups, and of the property.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::escape::{escape, unescape};
use quick_xml::events::{BytesStart, Event};

use crate::formats::bytes::{check_nul, is_word, utf8, without};
use crate::formats::format::{Format, Found, Look, Scalar};
use crate::formats::mistake::At;
use crate::system::limits;

/// The outermost element.
const ROOT: &str = "oor:items";

/// The namespace of [`ROOT`]'s prefix.
const NAMESPACE: &str = "http://openoffice.org/2001/registry";

/// A file before its items, as the program writes it.
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <oor:items xmlns:oor=\"http://openoffice.org/2001/registry\" \
    xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\n";

/// A file after its items.
const TAIL: &str = "</oor:items>";

/// The settings of an office program.
#[derive(Debug)]
pub(super) struct LibreOffice;

impl Format for LibreOffice {
    fn check(&self, key: &[String]) -> Result<(), &'static str> {
        if (2..=limits::KEY_DEPTH).contains(&key.len()) && key.iter().all(|name| is_word(name)) {
            Ok(())
        } else {
            Err("the names of a component, of its groups and of a property")
        }
    }

    fn most(&self) -> u64 {
        limits::OFFICE
    }

    fn look(&self, text: &[u8], key: &[String], like: &Scalar) -> Result<Look, At> {
        let text = utf8(text)?;
        let parsed = Parsed::of(text, key)?;
        let found = match parsed.properties.last() {
            None => Found::Nothing,
            Some(property) => property
                .content
                .as_ref()
                .and_then(|content| value(&text[content.place.clone()], like))
                .map_or(Found::Other, Found::Value),
        };
        Ok(found.into())
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        let text = utf8(text)?;
        let parsed = Parsed::of(text, key)?;
        let Some(value) = value else {
            let gone = parsed.properties.iter().map(|found| found.gone(text));
            return Ok(without(text.as_bytes(), gone));
        };
        let value = written(value)?;
        let new = match (parsed.properties.last(), parsed.end) {
            (Some(Property { content: None, .. }), _) => {
                let at = parsed.properties.last().map(|found| found.place.start);
                let message = "a property without a plain value; expected a single text";
                return Err(At(at, message.to_owned()));
            }
            (
                Some(Property {
                    content: Some(content),
                    ..
                }),
                _,
            ) => {
                let value = if content.is_empty {
                    format!("<value>{value}</value>")
                } else {
                    value
                };
                replaced(text, content.place.clone(), &value)
            }
            (None, Some(end)) => {
                let before = &text[..end];
                let line_end = match before {
                    before if before.ends_with("\r\n") => "\r\n",
                    before if before.ends_with('\n') => "\n",
                    _ => "",
                };
                replaced(text, end..end, &format!("{}{line_end}", item(key, &value)))
            }
            (None, None) => format!("{HEAD}{}\n{TAIL}", item(key, &value)),
        };
        Ok(new.into_bytes())
    }

    fn is_blank(&self, text: &[u8]) -> bool {
        text.is_empty() || text == format!("{HEAD}{TAIL}").as_bytes()
    }
}

/// An item that sets one property.
fn item(key: &[String], value: &str) -> String {
    let (name, groups) = match key.split_last() {
        Some((name, groups)) => (name.as_str(), groups.join("/")),
        None => ("", String::new()),
    };
    format!(
        "<item oor:path=\"/{groups}\"><prop oor:name=\"{name}\" oor:op=\"fuse\"><value>{value}</value></prop></item>"
    )
}

/// A property of the key.
#[derive(Debug)]
struct Property {
    place: Range<usize>,
    /// Its item.
    item: Range<usize>,
    /// Whether its item has nothing else.
    is_alone: bool,
    /// Its value. `None`: it isn't a plain text.
    content: Option<Content>,
}

impl Property {
    /// The range to remove with it: its line, if nothing else is on it.
    fn gone(&self, text: &str) -> Range<usize> {
        if !self.is_alone {
            return self.place.clone();
        }
        let Range { start, end } = self.item;
        let rest = &text[end..];
        let line_end = match rest {
            rest if rest.starts_with("\r\n") => 2,
            rest if rest.starts_with('\n') => 1,
            _ => 0,
        };
        if text[..start].ends_with('\n') {
            start..end + line_end
        } else {
            start..end
        }
    }
}

#[derive(Debug)]
struct Content {
    /// The text, or the tag if `is_empty`.
    place: Range<usize>,
    /// Whether it is one tag, `<value/>`.
    is_empty: bool,
}

/// What a text says about a key.
#[derive(Debug, Default)]
struct Parsed {
    /// In order.
    properties: Vec<Property>,
    /// Where the end tag of the outermost element begins. `None` if the text is empty.
    end: Option<usize>,
}

/// What an open element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Root,
    /// An item or a group on the path to the key, with the number of names that match so far.
    Way(usize),
    /// The property.
    Property,
    /// The value of the property.
    Value,
    /// Anything else.
    Other,
}

/// The element being read, and what is known of it.
#[derive(Debug, Default)]
struct State {
    open: Vec<Open>,
    /// Where the current item begins.
    item: usize,
    /// How many elements the current item has, except those on the path.
    others: usize,
    /// The first property of the current item.
    first: usize,
    /// Whether the current property has one plain value so far.
    is_plain: bool,
    /// Where the current value's text begins.
    value: usize,
}

impl Parsed {
    fn of(text: &str, key: &[String]) -> Result<Self, At> {
        let mut parsed = Self::default();
        if text.is_empty() {
            return Ok(parsed);
        }
        // The parser would skip it without counting it.
        if text.starts_with('\u{feff}') {
            return Err(At(Some(0), "a byte order mark; expected none".to_owned()));
        }
        check_nul(text.as_bytes())?;
        let mut reader = Reader::from_str(text);
        let mut state = State::default();
        loop {
            let start = position(&reader);
            let event = reader
                .read_event()
                .map_err(|error| At::of(Some(start..start), &error.to_string()))?;
            let place = start..position(&reader);
            let wrong = |message: &str| Err(At(Some(start), message.to_owned()));
            match &event {
                Event::Start(tag) => parsed.begin(&mut state, tag, key, &place, false)?,
                Event::Empty(tag) => {
                    if state.open.is_empty() {
                        return wrong("no items; expected a file that the program wrote");
                    }
                    parsed.begin(&mut state, tag, key, &place, true)?;
                    parsed.finish(&mut state, &place, true);
                }
                Event::End(_) => parsed.finish(&mut state, &place, false),
                Event::Text(_) => {
                    let is_outside = state.open.is_empty();
                    if is_outside && !text[place.clone()].trim().is_empty() {
                        return wrong("a text; expected none outside of the items");
                    }
                }
                Event::GeneralRef(name) => {
                    let reference = format!("&{};", String::from_utf8_lossy(name));
                    if unescape(&reference).is_err() {
                        return wrong("an entity; expected XML’s own only");
                    }
                }
                Event::CData(_) | Event::Comment(_) | Event::PI(_) => {
                    if matches!(state.open.last(), Some(Open::Property | Open::Value)) {
                        state.is_plain = false;
                    } else if matches!(state.open.last(), Some(Open::Way(_))) {
                        state.others += 1;
                    }
                }
                Event::Decl(declaration) => {
                    let encoding = declaration.encoding().transpose().ok().flatten();
                    if encoding.is_some_and(|name| !name.eq_ignore_ascii_case(b"utf-8")) {
                        return wrong("another encoding; expected UTF-8");
                    }
                }
                Event::DocType(_) => return wrong("a document type; expected none"),
                Event::Eof => break,
            }
        }
        if !state.open.is_empty() || parsed.end.is_none() {
            let message = "an incomplete document; expected one element";
            return Err(At(None, message.to_owned()));
        }
        Ok(parsed)
    }

    /// Handles the start of an element.
    fn begin(
        &mut self,
        state: &mut State,
        tag: &BytesStart<'_>,
        key: &[String],
        place: &Range<usize>,
        is_empty: bool,
    ) -> Result<(), At> {
        let wrong = |message: &str| Err(At(Some(place.start), message.to_owned()));
        let attributes = Attributes::of(tag, place.start, state.open.is_empty())?;
        let is = |name: &str| tag.name().as_ref() == name.as_bytes();
        let groups = key.len().saturating_sub(1);
        let opened = match state.open.last().copied() {
            None if self.end.is_some() => {
                return wrong("a second document; expected one element");
            }
            None if !is(ROOT) || !attributes.has_namespace => {
                return wrong("another document; expected LibreOffice’s items");
            }
            None => Open::Root,
            Some(Open::Root) if is("item") => {
                state.item = place.start;
                state.others = 0;
                state.first = self.properties.len();
                let Some(path) = attributes.path else {
                    return wrong("an item without a path; expected one");
                };
                match matched(&path, &key[..groups]) {
                    Some(names) => Open::Way(names),
                    None => Open::Other,
                }
            }
            Some(Open::Root) => return wrong("another element; expected items"),
            Some(Open::Way(names)) => {
                let name = attributes.name.as_deref();
                let is_next = name.is_some() && name == key.get(names).map(String::as_str);
                if is_next && names < groups && is("node") {
                    Open::Way(names + 1)
                } else if is_next && names == groups && is("prop") {
                    state.is_plain = attributes.sets;
                    self.properties.push(Property {
                        place: place.clone(),
                        item: 0..0,
                        is_alone: false,
                        content: None,
                    });
                    Open::Property
                } else {
                    state.others += 1;
                    Open::Other
                }
            }
            Some(Open::Property) => {
                let has_value = self.properties.last().is_some_and(|p| p.content.is_some());
                state.is_plain &= is("value") && attributes.count == 0 && !has_value;
                state.value = place.end;
                if let Some(property) = self.properties.last_mut() {
                    property.content = Some(Content {
                        place: place.clone(),
                        is_empty,
                    });
                }
                Open::Value
            }
            Some(Open::Value) => {
                state.is_plain = false;
                Open::Other
            }
            Some(Open::Other) => Open::Other,
        };
        state.open.push(opened);
        if state.open.len() > limits::XML_DEPTH {
            return wrong("more than 64 levels; expected fewer");
        }
        Ok(())
    }

    /// Handles the end of an element.
    fn finish(&mut self, state: &mut State, place: &Range<usize>, is_empty: bool) {
        let Some(open) = state.open.pop() else {
            return;
        };
        match open {
            Open::Root => self.end = Some(place.start),
            Open::Value => {
                let content = self.properties.last_mut().and_then(|p| p.content.as_mut());
                if let (Some(content), false) = (content, is_empty) {
                    content.place = state.value..place.start;
                }
            }
            Open::Property => {
                if let Some(property) = self.properties.last_mut() {
                    property.place.end = place.end;
                    property.content.take_if(|_| !state.is_plain);
                }
            }
            Open::Way(_) | Open::Other => {}
        }
        // The end of an item.
        if state.open == [Open::Root] {
            let is_alone = state.others == 0 && self.properties.len() == state.first + 1;
            for property in &mut self.properties[state.first..] {
                property.item = state.item..place.end;
                property.is_alone = is_alone;
            }
        }
    }
}

/// How many of the groups' names a path has. `None` if it leads elsewhere.
fn matched(path: &str, groups: &[String]) -> Option<usize> {
    let names: Vec<_> = path.strip_prefix('/')?.split('/').collect();
    let is_way = names.len() <= groups.len() && names.iter().zip(groups).all(|(a, b)| a == b);
    is_way.then_some(names.len())
}

/// The attributes of an element that have a meaning.
#[derive(Debug, Default)]
struct Attributes {
    path: Option<String>,
    name: Option<String>,
    /// Whether the element may set a value.
    sets: bool,
    has_namespace: bool,
    count: usize,
}

impl Attributes {
    fn of(tag: &BytesStart<'_>, start: usize, is_root: bool) -> Result<Self, At> {
        let wrong = |message: &str| Err(At(Some(start), message.to_owned()));
        let mut found = Self {
            sets: true,
            ..Self::default()
        };
        for attribute in tag.attributes() {
            if found.count == limits::XML_ATTRIBUTES {
                return wrong("more than 1000 attributes; expected fewer");
            }
            found.count += 1;
            let attribute =
                attribute.map_err(|error| At::of(Some(start..start), &error.to_string()))?;
            let value = std::str::from_utf8(&attribute.value).unwrap_or_default();
            let Ok(value) = unescape(value) else {
                return wrong("an entity; expected XML’s own only");
            };
            match attribute.key.as_ref() {
                b"oor:path" => found.path = Some(value.into_owned()),
                b"oor:name" => found.name = Some(value.into_owned()),
                b"oor:op" => found.sets &= matches!(&*value, "modify" | "replace" | "fuse"),
                b"oor:finalized" => {}
                b"xmlns:oor" if is_root => {
                    if value != NAMESPACE {
                        return wrong("another namespace; expected LibreOffice’s");
                    }
                    found.has_namespace = true;
                }
                // Another prefix could stand for LibreOffice's namespace.
                name if name == b"xmlns" || name.starts_with(b"xmlns:") => {
                    if !is_root || name == b"xmlns" || value == NAMESPACE {
                        return wrong("a namespace in an unusual place; expected none");
                    }
                }
                _ => found.sets = false,
            }
        }
        Ok(found)
    }
}

/// What the program reads. `None` if that isn't certain.
fn value(text: &str, like: &Scalar) -> Option<Scalar> {
    let plain = unescape(text).ok()?;
    match like {
        // Blanks around numbers and booleans don't count.
        Scalar::Boolean(_) => match plain.trim_matches([' ', '\t', '\n']) {
            "true" | "1" => Some(Scalar::Boolean(true)),
            "false" | "0" => Some(Scalar::Boolean(false)),
            _ => None,
        },
        // The program also reads other notations as numbers, such as hexadecimal ones.
        Scalar::Integer(_) => {
            let plain = plain.trim_matches([' ', '\t', '\n']);
            let number: i32 = plain.parse().ok()?;
            (number.to_string() == plain).then(|| Scalar::Integer(number.into()))
        }
        Scalar::Text(_) => (!text.contains('\r')).then(|| Scalar::Text(plain.into_owned())),
    }
}

fn written(value: &Scalar) -> Result<String, At> {
    let cannot = |what: &str| Err(At(None, format!("{what}; expected another value")));
    match value {
        Scalar::Boolean(on) => Ok(on.to_string()),
        Scalar::Integer(number) if i32::try_from(*number).is_err() => {
            cannot("a number of more than 32 bits")
        }
        Scalar::Integer(number) => Ok(number.to_string()),
        Scalar::Text(text) => {
            let is_kept = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
            if !text.chars().all(is_kept) {
                return cannot("a control character");
            }
            Ok(escape(text.as_str()).replace('\r', "&#13;"))
        }
    }
}

fn replaced(text: &str, range: Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..range.start], &text[range.end..])
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ITEM: &str = "<item oor:path=\"/org.example.Common/History\"><prop oor:name=\"Size\" oor:op=\"fuse\"><value>0</value></prop></item>\n";
    const OTHERS: &str = "<item oor:path=\"/org.example.Common/Misc\"><prop oor:name=\"Size\" oor:op=\"fuse\"><value>7</value></prop></item>\n\
        <item oor:path=\"/org.example.H/H/org.example.H:Info['Pick &amp; &apos;List&apos;']/Items\"><node oor:name=\"file:///a/b.odt\" oor:op=\"replace\"><prop oor:name=\"Title\" oor:op=\"fuse\"><value>b</value></prop></node></item>\n\
        <item oor:path=\"/org.example.Common/History\"><prop oor:name=\"Other\" oor:op=\"fuse\"><value>1</value></prop></item>\n";

    fn key() -> Vec<String> {
        ["org.example.Common", "History", "Size"]
            .map(str::to_owned)
            .into()
    }

    fn file(items: &str) -> String {
        format!("{HEAD}{items}{TAIL}\n")
    }

    fn edit(text: &str, value: Option<i64>) -> Result<String, String> {
        let value = value.map(Scalar::Integer);
        let new = LibreOffice.edit(text.as_bytes(), &key(), value.as_ref());
        new.map(|new| String::from_utf8(new).unwrap())
            .map_err(|at| at.1)
    }

    fn found(text: &str) -> Result<Found, String> {
        let look = LibreOffice.look(text.as_bytes(), &key(), &Scalar::Integer(1));
        look.map(|look| look.found).map_err(|at| at.1)
    }

    const fn number(number: i64) -> Found {
        Found::Value(Scalar::Integer(number))
    }

    #[test]
    fn an_item_is_added_changed_and_taken_out_and_every_other_byte_stays() {
        let before = file(OTHERS);
        assert_eq!(found(&before), Ok(Found::Nothing));
        let new = edit(&before, Some(0)).unwrap();
        assert_eq!(new, file(&format!("{OTHERS}{ITEM}")));
        assert_eq!(found(&new), Ok(number(0)));
        let changed = edit(&new, Some(25)).unwrap();
        assert_eq!(
            changed,
            new.replace("<value>0</value>", "<value>25</value>")
        );
        assert_eq!(edit(&changed, None).unwrap(), before);
        let first = file(&format!("{ITEM}{OTHERS}"));
        assert_eq!(edit(&first, None).unwrap(), before);
    }

    #[test]
    fn a_file_is_made_and_is_blank_without_its_item() {
        let made = edit("", Some(0)).unwrap();
        assert_eq!(made, format!("{HEAD}{ITEM}{TAIL}"));
        let empty = edit(&made, None).unwrap();
        assert!(LibreOffice.is_blank(empty.as_bytes()) && !LibreOffice.is_blank(made.as_bytes()));
    }

    #[test]
    fn the_last_of_several_properties_counts_in_any_item_on_the_way() {
        let nested = "<item oor:path=\"/org.example.Common\"><node oor:name=\"History\"><prop oor:name=\"Size\"><value> 3\n</value></prop></node></item>";
        assert_eq!(found(&file(nested)), Ok(number(3)));
        let both = file(&format!("{ITEM}{nested}"));
        assert_eq!(found(&both), Ok(number(3)));
        assert_eq!(
            edit(&both, Some(9)).unwrap(),
            both.replace(" 3\n", "9"),
            "what counts is changed"
        );
        assert_eq!(found(&edit(&both, None).unwrap()), Ok(Found::Nothing));
        let two = ITEM.replace(
            "<prop",
            "<prop oor:name=\"Other\"><value>1</value></prop><prop",
        );
        let removed = edit(&file(&two), None).unwrap();
        assert!(removed.contains("<prop oor:name=\"Other\"><value>1</value></prop></item>\n"));
        for path in [
            "/org.example.Common/History/Size",
            "org.example.Common/History",
            "/org.example.Common/History/",
            "/org.example.Common/History['a']",
            "/org.example.Common/Histories",
        ] {
            let text = file(&ITEM.replace("/org.example.Common/History", path));
            assert_eq!(found(&text), Ok(Found::Nothing), "{path}");
        }
    }

    #[test]
    fn a_value_that_the_program_may_read_in_another_way_is_neither_on_nor_off() {
        for value in [
            "<value></value>",
            "<value/>",
            "<value>0x0</value>",
            "<value>none</value>",
            "<value>+0</value>",
            "<value>4294967296</value>",
            "<value><it>0</it></value>",
            "<value><![CDATA[0]]></value>",
            "<value>0<!-- --></value>",
            "<value xsi:nil=\"true\">0</value>",
            "<value oor:external=\"a\">0</value>",
            "<value>1</value><value>0</value>",
            "",
        ] {
            let text = file(&ITEM.replace("<value>0</value>", value));
            assert_eq!(found(&text), Ok(Found::Other), "{value}");
        }
        let removed = file(&ITEM.replace("\"fuse\"", "\"remove\""));
        assert_eq!(found(&removed), Ok(Found::Other));
        assert!(edit(&removed, Some(1)).is_err());
        assert_eq!(edit(&removed, None).unwrap(), file(""));
        let empty = file(&ITEM.replace("<value>0</value>", "<value/>"));
        assert_eq!(edit(&empty, Some(0)).unwrap(), file(ITEM));
    }

    #[test]
    fn a_document_that_is_not_the_programs_is_refused() {
        let good = file(ITEM);
        for text in [
            " ".to_owned(),
            good.replace("oor:items", "items"),
            good.replace(NAMESPACE, "http://example.org/registry"),
            good.replace("xmlns:oor", "xmlns:x"),
            good.replace(
                "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"",
                &format!("xmlns:x=\"{NAMESPACE}\""),
            ),
            good.replace("<item", "<item xmlns:x=\"y\""),
            good.replace("oor:path", "path"),
            good.replace(ITEM, "<other/>"),
            good.replace("UTF-8", "latin1"),
            good.replace(TAIL, ""),
            good.replace("?>\n", "?>\n<!DOCTYPE oor:items [<!ENTITY e '0'>]>\n"),
            good.replace("<value>0", "<value>&e;"),
            format!("\u{feff}{good}"),
            format!("{good}{good}"),
            format!("{good}text"),
            good.replace("<value>0", "<value>\0"),
            format!("{}/>", HEAD.trim_end().trim_end_matches('>')),
        ] {
            assert!(found(&text).is_err(), "{text}");
            assert!(edit(&text, Some(1)).is_err(), "{text}");
        }
    }

    #[test]
    fn texts_are_escaped_and_what_the_file_cannot_hold_is_refused() {
        let text = Scalar::Text(" a<b>&\"\r\n".to_owned());
        let new = LibreOffice.edit(file("").as_bytes(), &key(), Some(&text));
        let look = LibreOffice.look(&new.unwrap(), &key(), &text).unwrap();
        assert!(look.found.is(&text));
        for value in [
            Scalar::Text("\u{1}".to_owned()),
            Scalar::Integer(i64::from(i32::MAX) + 1),
        ] {
            let edited = LibreOffice.edit(file("").as_bytes(), &key(), Some(&value));
            assert!(edited.is_err());
        }
    }
}
