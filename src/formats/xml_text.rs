// SPDX-License-Identifier: GPL-3.0-or-later

//! A value as the text of an XML element, such as Syncthing's `config.xml`.
//!
//! The key is the names of the elements, from the outermost one. Document types, entities other
//! than XML's own five, and other encodings than UTF-8 are refused: with them, another parser may
//! read another text. A missing value is added to a file that has the outermost element; a missing
//! file is never created: without their other elements, programs would take it for the file of an
//! old version.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::escape::{escape, unescape};
use quick_xml::events::{BytesStart, Event};

use crate::formats::bytes::utf8;
use crate::formats::format::{Format, Found, Look, Scalar};
use crate::formats::mistake::{At, quote};
use crate::system::limits;

/// The text of an element.
#[derive(Debug)]
pub(super) struct XmlText;

impl Format for XmlText {
    fn check(&self, key: &[String]) -> Result<(), &'static str> {
        let is_name = |name: &String| {
            let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
            name.starts_with(is_first)
                && name
                    .chars()
                    .all(|c| is_first(c) || c.is_ascii_digit() || matches!(c, '-' | '.'))
        };
        if (2..=limits::KEY_DEPTH).contains(&key.len()) && key.iter().all(is_name) {
            Ok(())
        } else {
            Err("the names of 2 to 16 elements, the outermost first")
        }
    }

    fn most(&self) -> u64 {
        limits::XML
    }

    fn look(&self, text: &[u8], key: &[String], like: &Scalar) -> Result<Look, At> {
        let text = utf8(text)?;
        let way = Way::to(text, key)?;
        let found = match way.elements.get(key.len() - 1) {
            None => Found::Nothing,
            Some(element) if !element.is_plain => Found::Other,
            Some(element) => {
                value(&text[element.content.clone()], like).map_or(Found::Other, Found::Value)
            }
        };
        Ok(found.into())
    }

    fn edit(&self, text: &[u8], key: &[String], value: Option<&Scalar>) -> Result<Vec<u8>, At> {
        let text = utf8(text)?;
        let way = Way::to(text, key)?;
        let element = way.elements.get(key.len() - 1);
        let new = match (element, value) {
            (None, None) => text.to_owned(),
            (Some(element), None) => without(text, element),
            (Some(element), Some(value)) if element.is_plain => {
                let value = written(value);
                if element.is_empty {
                    let tag = &text[element.place.start..element.place.end - "/>".len()];
                    let tag = format!("{tag}>{value}</{}>", key[key.len() - 1]);
                    replaced(text, element.place.clone(), &tag)
                } else {
                    replaced(text, element.content.clone(), &value)
                }
            }
            (Some(element), Some(_)) => {
                let message = "an element with elements; expected a single text";
                return Err(At(Some(element.place.start), message.to_owned()));
            }
            (None, Some(value)) => {
                let Some(parent) = way.elements.last() else {
                    let message = format!(
                        "no element {}; expected a file that the program wrote, so start it once",
                        quote(&key[0])
                    );
                    return Err(At(None, message));
                };
                added(text, parent, &key[way.elements.len()..], value)
            }
        };
        // Checks that the value was changed, and that everything else is as before.
        let changed = Way::to(&new, key)?;
        if way.others == changed.others {
            Ok(new.into_bytes())
        } else {
            let message = "the value cannot be changed alone";
            Err(At(None, message.to_owned()))
        }
    }
}

/// An element on the path to a value.
#[derive(Debug)]
struct Element {
    /// With its tags.
    place: Range<usize>,
    content: Range<usize>,
    /// Whether it is one tag, `<a/>`.
    is_empty: bool,
    /// Whether it has text only.
    is_plain: bool,
    /// Where its last element or comment ends.
    end: usize,
    /// How many levels it is in.
    depth: usize,
}

/// The existing elements on the path to a value.
#[derive(Debug)]
struct Way {
    elements: Vec<Element>,
    /// What isn't on the path: tags, texts that aren't blank, comments.
    others: Vec<String>,
}

impl Way {
    fn to(text: &str, key: &[String]) -> Result<Self, At> {
        // The parser would skip the mark without counting it.
        if text.starts_with('\u{feff}') || text.contains('\0') {
            let message = "a byte order mark or a NUL; expected neither";
            return Err(At(None, message.to_owned()));
        }
        let mut reader = Reader::from_str(text);
        let mut way = Self {
            elements: Vec::new(),
            others: Vec::new(),
        };
        // The number of open elements, and how many of them are on the path.
        let mut depth = 0;
        let mut open = 0;
        let mut roots = 0;
        loop {
            let start = position(&reader);
            let event = reader.read_event().map_err(|error| {
                let message = error.to_string();
                At::of(Some(start..start), &message)
            })?;
            let place = start..position(&reader);
            let wrong = |message: &str| Err(At(Some(start), message.to_owned()));
            match &event {
                Event::Start(tag) | Event::Empty(tag) => {
                    let is_empty = matches!(event, Event::Empty(_));
                    check_attributes(tag, start)?;
                    roots += usize::from(depth == 0);
                    way.is_no_text(depth, open);
                    let is_next = depth == open && key.get(open).is_some_and(|name| is(tag, name));
                    if is_next {
                        way.open(tag, key, &place, depth, is_empty)?;
                    } else {
                        way.others.push(text[place.clone()].to_owned());
                        way.passed(depth, open, place.end);
                    }
                    if !is_empty {
                        depth += 1;
                        open += usize::from(is_next);
                    } else if is_next {
                        way.passed(depth, open, place.end);
                    }
                    if depth > limits::XML_DEPTH {
                        return wrong("more than 64 levels; expected fewer");
                    }
                }
                Event::End(_) => {
                    depth = depth.checked_sub(1).ok_or_else(|| {
                        At(Some(start), "an end too much; expected none".to_owned())
                    })?;
                    if depth < open {
                        open = depth;
                        if let Some(element) = way.elements.get_mut(depth) {
                            element.content.end = place.start;
                            element.place.end = place.end;
                        }
                    } else {
                        way.others.push(text[place.clone()].to_owned());
                    }
                    way.passed(depth, open, place.end);
                }
                Event::Text(_) => {
                    let is_value = open == key.len() && depth == open;
                    if !is_value && !text[place.clone()].trim().is_empty() {
                        way.others.push(text[place].trim().to_owned());
                    }
                }
                Event::GeneralRef(name) => {
                    let reference = format!("&{};", String::from_utf8_lossy(name));
                    if unescape(&reference).is_err() {
                        return wrong("an entity; expected XML’s own only");
                    }
                    if open != key.len() || depth != open {
                        way.others.push(reference);
                    }
                }
                Event::CData(_) | Event::Comment(_) | Event::PI(_) => {
                    way.is_no_text(depth, open);
                    way.others.push(text[place.clone()].to_owned());
                    way.passed(depth, open, place.end);
                }
                Event::Decl(declaration) => {
                    let encoding = declaration.encoding().transpose().ok().flatten();
                    if encoding.is_some_and(|name| !name.eq_ignore_ascii_case(b"utf-8")) {
                        return wrong("another encoding; expected UTF-8");
                    }
                    way.others.push(text[place].to_owned());
                }
                Event::DocType(_) => return wrong("a document type; expected none"),
                Event::Eof => break,
            }
        }
        if depth > 0 || roots > 1 {
            let message = "an incomplete document; expected one element";
            return Err(At(None, message.to_owned()));
        }
        Ok(way)
    }

    /// Records an element on the path. It must be the only one of its name.
    fn open(
        &mut self,
        tag: &BytesStart<'_>,
        key: &[String],
        place: &Range<usize>,
        depth: usize,
        is_empty: bool,
    ) -> Result<(), At> {
        let name = &key[depth];
        let wrong = |message: String| Err(At(Some(place.start), message));
        if self.elements.len() > depth {
            let message = format!("{} for the second time; expected it once", quote(name));
            return wrong(message);
        }
        if tag.name().as_ref() != name.as_bytes() {
            let message = format!("{} with a prefix; expected none", quote(name));
            return wrong(message);
        }
        self.elements.push(Element {
            place: place.clone(),
            content: place.end..place.end,
            is_empty,
            is_plain: true,
            end: place.end,
            depth,
        });
        Ok(())
    }

    /// Records that the innermost open element has more than a text.
    fn is_no_text(&mut self, depth: usize, open: usize) {
        if depth >= open && open > 0 {
            if let Some(element) = self.elements.get_mut(open - 1) {
                element.is_plain = false;
            }
        }
    }

    /// Records where a child of the innermost open element ends.
    fn passed(&mut self, depth: usize, open: usize, end: usize) {
        if depth == open && open > 0 {
            if let Some(element) = self.elements.get_mut(open - 1) {
                element.end = end;
            }
        }
    }
}

/// Whether a tag has this name, whatever its prefix: some parsers ignore prefixes.
fn is(tag: &BytesStart<'_>, name: &str) -> bool {
    tag.local_name().as_ref() == name.as_bytes()
}

fn check_attributes(tag: &BytesStart<'_>, start: usize) -> Result<(), At> {
    let wrong = |message: String| Err(At(Some(start), message));
    for (number, attribute) in tag.attributes().enumerate() {
        if number == limits::XML_ATTRIBUTES {
            return wrong("more than 1000 attributes; expected fewer".to_owned());
        }
        let attribute =
            attribute.map_err(|error| At::of(Some(start..start), &error.to_string()))?;
        let value = std::str::from_utf8(&attribute.value).unwrap_or_default();
        if unescape(value).is_err() {
            return wrong("an entity; expected XML’s own only".to_owned());
        }
    }
    Ok(())
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

fn value(text: &str, like: &Scalar) -> Option<Scalar> {
    let text = unescape(text).ok()?;
    match like {
        // XML Schema, boolean. Programs trim blanks around numbers and booleans.
        Scalar::Boolean(_) => match text.trim() {
            "true" | "1" => Some(Scalar::Boolean(true)),
            "false" | "0" => Some(Scalar::Boolean(false)),
            _ => None,
        },
        Scalar::Integer(_) => text.trim().parse().ok().map(Scalar::Integer),
        Scalar::Text(_) => Some(Scalar::Text(text.into_owned())),
    }
}

fn written(value: &Scalar) -> String {
    match value {
        Scalar::Boolean(on) => on.to_string(),
        Scalar::Integer(number) => number.to_string(),
        Scalar::Text(text) => escape(text.as_str()).replace('\r', "&#13;"),
    }
}

fn replaced(text: &str, range: Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..range.start], &text[range.end..])
}

/// The text with new elements at the end of an element.
fn added(text: &str, parent: &Element, names: &[String], value: &Scalar) -> String {
    let mut new = written(value);
    for name in names.iter().rev() {
        new = format!("<{name}>{new}</{name}>");
    }
    if parent.is_empty {
        let tag = &text[parent.place.start + 1..parent.place.end - "/>".len()];
        let name = tag.split_ascii_whitespace().next().unwrap_or_default();
        return replaced(
            text,
            parent.place.clone(),
            &format!("<{tag}>{new}</{name}>"),
        );
    }
    let before = &text[..parent.content.start];
    // A new line is indented as the parent, and one step more.
    let indent = if text[parent.end..parent.content.end].contains('\n') {
        let own = indent(&text[..parent.place.start]);
        let unit = match own.len().checked_div(parent.depth) {
            Some(unit) => &own[..unit],
            None => first_indent(&text[before.len()..]),
        };
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        format!("{end}{own}{unit}")
    } else {
        String::new()
    };
    replaced(text, parent.end..parent.end, &format!("{indent}{new}"))
}

/// The blanks before the end of a text, in its last line.
fn indent(text: &str) -> &str {
    let line = text.rfind('\n').map_or(0, |end| end + 1);
    let line = &text[line..];
    if line.trim_matches([' ', '\t']).is_empty() {
        line
    } else {
        ""
    }
}

/// The blanks of the first line that isn't blank.
fn first_indent(text: &str) -> &str {
    let rest = text.trim_start_matches(['\r', '\n']);
    &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()]
}

/// The text without an element, and without the blanks before it.
fn without(text: &str, element: &Element) -> String {
    let before = text[..element.place.start].trim_end_matches([' ', '\t', '\r', '\n']);
    replaced(text, before.len()..element.place.end, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- mine -->\n\
        <configuration version=\"37\">\n    <folder id='a'><on>true</on></folder>\n    <options>\n        \
        <on>true</on>\n        <empty/>\n        <level> 3 </level>\n    </options>\n</configuration>\n";

    fn key(name: &str) -> Vec<String> {
        name.split('/').map(str::to_owned).collect()
    }

    fn edit(text: &str, name: &str, value: Option<bool>) -> Result<String, String> {
        let value = value.map(Scalar::Boolean);
        let new = XmlText.edit(text.as_bytes(), &key(name), value.as_ref());
        new.map(|new| String::from_utf8(new).unwrap())
            .map_err(|at| at.1)
    }

    fn found(text: &str, name: &str, like: &Scalar) -> Result<Found, String> {
        let look = XmlText.look(text.as_bytes(), &key(name), like);
        look.map(|look| look.found).map_err(|at| at.1)
    }

    fn boolean(text: &str, name: &str) -> Result<Found, String> {
        found(text, name, &Scalar::Boolean(false))
    }

    #[test]
    fn the_text_of_one_element_changes_and_every_other_byte_stays() {
        let set = |name| edit(TEXT, name, Some(false)).unwrap();
        let on = "        <on>true</on>";
        assert_eq!(
            set("configuration/options/on"),
            TEXT.replace(on, "        <on>false</on>")
        );
        assert_eq!(
            set("configuration/options/empty"),
            TEXT.replace("<empty/>", "<empty>false</empty>")
        );
        let new = set("configuration/options/new");
        let last = "<level> 3 </level>";
        assert_eq!(
            new,
            TEXT.replace(last, &format!("{last}\n        <new>false</new>"))
        );
        assert_eq!(edit(&new, "configuration/options/new", None).unwrap(), TEXT);
        let nested = set("configuration/more/new");
        assert_eq!(
            nested,
            TEXT.replace(
                "</options>",
                "</options>\n    <more><new>false</new></more>"
            )
        );
        let removed = edit(TEXT, "configuration/options/on", None).unwrap();
        assert_eq!(removed, TEXT.replace(&format!("\n{on}"), ""));
    }

    #[test]
    fn values_are_trimmed_as_programs_do_and_other_texts_are_neither() {
        let level = |text: &str| found(text, "configuration/options/level", &Scalar::Integer(0));
        assert_eq!(level(TEXT), Ok(Found::Value(Scalar::Integer(3))));
        for (value, expected) in [
            ("true", Some(true)),
            (" 0\n", Some(false)),
            ("tru&#101;", Some(true)),
            ("True", None),
            ("", None),
            ("<a/>true", None),
            ("true<!-- a -->", None),
            ("<![CDATA[true]]>", None),
        ] {
            let text = format!("<a><b>{value}</b></a>");
            let expected = expected.map_or(Found::Other, |on| Found::Value(Scalar::Boolean(on)));
            assert_eq!(boolean(&text, "a/b"), Ok(expected), "{value}");
        }
        let text = Scalar::Text(" a<b>&\"\r\n".to_owned());
        let new = XmlText
            .edit(b"<a><b/></a>", &key("a/b"), Some(&text))
            .unwrap();
        let new = String::from_utf8(new).unwrap();
        assert_eq!(found(&new, "a/b", &text), Ok(Found::Value(text)));
    }

    #[test]
    fn what_another_parser_may_read_in_another_way_is_refused() {
        for text in [
            "<a><b>1</b><b>0</b></a>",
            "<a><b>1</b></a><a/>",
            "<a><x:b xmlns:x='y'>1</x:b></a>",
            "<!DOCTYPE a [<!ENTITY e '0'>]><a><b>&e;</b></a>",
            "<a c='&e;'><b>1</b></a>",
            "<a>&e;<b>1</b></a>",
            "<?xml version='1.0' encoding='latin1'?><a><b>1</b></a>",
            "<a><b>1</a>",
            "<a><b>1</b>",
            "<a><b>1</b></a></a>",
            "<a c='1' c='2'><b>1</b></a>",
            "<a><b c=1>1</b></a>",
            "\u{feff}<a><b>1</b></a>",
            "<a><b>1\0</b></a>",
        ] {
            assert!(boolean(text, "a/b").is_err(), "{text}");
            assert!(edit(text, "a/b", Some(false)).is_err(), "{text}");
        }
        assert!(edit("<a><b><c/></b></a>", "a/b", Some(false)).is_err());
    }

    #[test]
    fn a_file_that_its_program_did_not_write_is_not_made() {
        for text in ["", "\n", "<other/>", "<?xml version='1.0'?>"] {
            assert_eq!(boolean(text, "a/b"), Ok(Found::Nothing), "{text}");
            let mistake = edit(text, "a/b", Some(false)).unwrap_err();
            assert!(mistake.contains("start it once"), "{mistake}");
            assert_eq!(edit(text, "a/b", None).as_deref(), Ok(text));
        }
    }

    #[test]
    fn depth_and_attributes_end_at_their_limits() {
        let deep = |depth: usize| {
            let (begins, ends) = ("<a>".repeat(depth), "</a>".repeat(depth));
            boolean(&format!("{begins}{ends}"), "a/b")
        };
        assert!(deep(limits::XML_DEPTH).is_ok());
        assert!(deep(limits::XML_DEPTH + 1).is_err());
        let wide = |count: usize| {
            let attributes: Vec<_> = (0..count).map(|number| format!("a{number}=''")).collect();
            boolean(&format!("<a {}/>", attributes.join(" ")), "a/b")
        };
        assert!(wide(limits::XML_ATTRIBUTES).is_ok());
        assert!(wide(limits::XML_ATTRIBUTES + 1).is_err());
    }
}
