// SPDX-License-Identifier: GPL-3.0-or-later

//! The entries of an XML file as ranges of its text. Everything else is kept byte for byte.
//!
//! The file's elements must be complete. Otherwise it is read leniently: a byte that isn't UTF-8, or
//! an attribute that a strict parser would refuse, doesn't hide the entries.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use crate::formats::bytes;
use crate::system::limits;

/// The names of a format's elements, and where an entry's dates are.
#[derive(Debug)]
pub(crate) struct Format {
    /// The outermost element.
    pub(crate) root: &'static [u8],
    /// The element that is an entry.
    pub(crate) entry: &'static [u8],
    /// The attribute of an entry that says what it is about, such as an address.
    pub(crate) subject: &'static [u8],
    /// The date in an attribute of the entry or of an element inside it, by the names of both.
    pub(crate) date: fn(element: &[u8], attribute: &[u8], value: &str) -> Option<i64>,
}

/// One entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its range in the text, with the preceding white space.
    pub(crate) place: Range<usize>,
    /// What it is about. Empty if the entry doesn't say.
    pub(crate) subject: String,
    /// In milliseconds since 1970.
    pub(crate) dates: Vec<i64>,
}

/// Like [`entries`], but a blank text has no entries: programs create such a file if they have none.
pub(crate) fn entries_or_none(text: &str, format: &Format) -> Result<Vec<Entry>, String> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    entries(text, format)
}

/// Removes the entries for which `choose` returns true, in their order. Returns their number, and all
/// other bytes of the file. An error describes what is wrong with the file, in English.
pub(crate) fn without(
    file: &[u8],
    format: &Format,
    choose: impl FnOnce(&[Entry]) -> Vec<bool>,
) -> Result<(usize, Vec<u8>), String> {
    let entries = entries_or_none(&bytes::readable(file), format)?;
    let chosen = choose(&entries);
    let gone = entries.iter().zip(&chosen).filter(|(_, gone)| **gone);
    let removed = gone.clone().count();
    let kept = bytes::without(file, gone.map(|(entry, _)| entry.place.clone()));
    // The file's programs must be able to read the rest.
    let rest = entries_or_none(&bytes::readable(&kept), format)?;
    if rest.len() == entries.len() - removed {
        Ok((removed, kept))
    } else {
        Err(String::from("its entries are not told apart"))
    }
}

/// Finds all entries. An error describes what is wrong with the file, in English.
pub(crate) fn entries(text: &str, format: &Format) -> Result<Vec<Entry>, String> {
    // The parser would skip it without counting it.
    if text.starts_with('\u{feff}') {
        return Err(String::from("it begins with a byte order mark"));
    }
    let mut reader = Reader::from_str(text);
    let mut entries: Vec<Entry> = Vec::new();
    let mut depth = 0_usize;
    let mut roots = 0;
    let mut end = 0;
    // The entry being read, and its depth.
    let mut open: Option<(Entry, usize)> = None;
    loop {
        let start = position(&reader)?;
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let after = position(&reader)?;
        match event {
            Event::Start(element) | Event::Empty(element)
                if depth == 0 && element.name().as_ref() != format.root =>
            {
                return Err(String::from("it holds something else"));
            }
            Event::Start(element) => {
                if depth == 0 {
                    roots += 1;
                }
                begin(&mut open, &element, format, text, end..start, depth)?;
                depth += 1;
                if depth > limits::XML_DEPTH {
                    return Err(String::from("it is nested too deeply"));
                }
            }
            Event::Empty(element) => {
                if depth == 0 {
                    roots += 1;
                }
                begin(&mut open, &element, format, text, end..start, depth)?;
                finish(&mut open, &mut entries, depth, after)?;
            }
            Event::End(_) => {
                depth = depth.checked_sub(1).ok_or("it has too many ends")?;
                finish(&mut open, &mut entries, depth, after)?;
            }
            Event::Eof => break,
            Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::DocType(_)
            | Event::GeneralRef(_) => {}
        }
        // White space before an entry belongs to it.
        if !text[start..after].trim().is_empty() {
            end = after;
        }
    }
    if depth > 0 || roots != 1 {
        return Err(String::from("it is not complete"));
    }
    Ok(entries)
}

fn begin(
    open: &mut Option<(Entry, usize)>,
    element: &BytesStart,
    format: &Format,
    text: &str,
    space: Range<usize>,
    depth: usize,
) -> Result<(), String> {
    let name = element.name();
    if open.is_none() && name.as_ref() == format.entry {
        let blank = text[space.clone()].trim().is_empty();
        let begins = if blank { space.start } else { space.end };
        let entry = Entry {
            place: begins..begins,
            subject: String::new(),
            dates: Vec::new(),
        };
        *open = Some((entry, depth));
    }
    for (number, attribute) in element.attributes().enumerate() {
        if number == limits::XML_ATTRIBUTES {
            return Err(String::from("an element has too many attributes"));
        }
        // The entry remains an entry without this attribute.
        let Ok(attribute) = attribute else {
            continue;
        };
        let Some((entry, begun)) = open.as_mut() else {
            continue;
        };
        let value = std::str::from_utf8(&attribute.value).unwrap_or_default();
        if *begun == depth && attribute.key.as_ref() == format.subject {
            entry.subject = unescape(value).map_or_else(|_| value.to_owned(), Into::into);
            continue;
        }
        // GLib ends strings at a NUL, and would scan a long text to its end.
        if value.len() > limits::DATE || value.contains('\0') {
            continue;
        }
        entry.dates.extend((format.date)(
            name.as_ref(),
            attribute.key.as_ref(),
            value.trim(),
        ));
    }
    Ok(())
}

fn finish(
    open: &mut Option<(Entry, usize)>,
    entries: &mut Vec<Entry>,
    depth: usize,
    after: usize,
) -> Result<(), &'static str> {
    if let Some((mut entry, _)) = open.take_if(|(_, begun)| *begun == depth) {
        entry.place.end = after;
        entries.push(entry);
    }
    if entries.len() > limits::HISTORY_ENTRIES {
        return Err("it has too many entries");
    }
    Ok(())
}

fn position(reader: &Reader<&[u8]>) -> Result<usize, String> {
    usize::try_from(reader.buffer_position()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::bytes::{readable, without};

    const FORMAT: Format = Format {
        root: b"list",
        entry: b"item",
        subject: b"of",
        date: |_, attribute, value| (attribute == b"at").then(|| value.parse().ok())?,
    };

    fn without_odd(text: &str) -> Result<String, String> {
        let entries = entries(text, &FORMAT)?;
        let odd = entries
            .iter()
            .filter(|entry| entry.dates.iter().any(|date| date % 2 == 1));
        let kept = without(text.as_bytes(), odd.map(|entry| entry.place.clone()));
        String::from_utf8(kept).map_err(|error| error.to_string())
    }

    #[test]
    fn what_stays_is_kept_to_the_letter() {
        let text = "<?xml version='1.0'?>\n<!-- <item at='1'/> -->\n<list xmlns:x='y'>\n  \
                    <item at=\"2\"><x:other k='&lt;'/><![CDATA[<item at='3'>]]></item>\n  \
                    <item\n at='1' > <inner at='2'/> </item>\n  <item at='4'/>\n\
                    <item at='5'/></list>\n";
        let expected = "<?xml version='1.0'?>\n<!-- <item at='1'/> -->\n<list xmlns:x='y'>\n  \
                        <item at=\"2\"><x:other k='&lt;'/><![CDATA[<item at='3'>]]></item>\n  \
                        <item at='4'/></list>\n";
        assert_eq!(without_odd(text).unwrap(), expected);
    }

    #[test]
    fn a_date_anywhere_in_an_entry_is_its_date() {
        let text = "<list><item at='2'><deep><er at='7'/></deep></item></list>";
        assert_eq!(entries(text, &FORMAT).unwrap()[0].dates, [2, 7]);
    }

    #[test]
    fn text_between_entries_is_no_blank_space() {
        let text = "<list>a <item at='1'/> b <item at='2'/></list>";
        assert_eq!(
            without_odd(text).unwrap(),
            "<list>a  b <item at='2'/></list>"
        );
    }

    #[test]
    fn depth_and_attributes_end_at_their_limits() {
        let deep = |depth: usize| {
            let (begins, ends) = ("<a>".repeat(depth - 1), "</a>".repeat(depth - 1));
            entries(&format!("<list>{begins}{ends}</list>"), &FORMAT)
        };
        assert!(deep(limits::XML_DEPTH).is_ok());
        assert!(deep(limits::XML_DEPTH + 1).is_err());
        let wide = |count: usize| {
            let attributes: Vec<_> = (0..count).map(|number| format!("a{number}=''")).collect();
            let attributes = attributes.join(" ");
            entries(&format!("<list><item {attributes}/></list>"), &FORMAT)
        };
        assert!(wide(limits::XML_ATTRIBUTES).is_ok());
        assert!(wide(limits::XML_ATTRIBUTES + 1).is_err());
        let dated = |length: usize| {
            let date = "1".to_owned() + &" ".repeat(length - 1);
            let format = Format {
                date: |_, _, value| value.trim().parse().ok(),
                ..FORMAT
            };
            let entries = entries(&format!("<list><item at='{date}'/></list>"), &format);
            entries.unwrap()[0].dates.len()
        };
        assert_eq!((dated(limits::DATE), dated(limits::DATE + 1)), (1, 0));
    }

    #[test]
    fn entries_end_at_their_limit() {
        let of = |count: usize| {
            entries(
                &format!("<list>{}</list>", "<item/>".repeat(count)),
                &FORMAT,
            )
        };
        assert_eq!(
            of(limits::HISTORY_ENTRIES).unwrap().len(),
            limits::HISTORY_ENTRIES
        );
        assert!(of(limits::HISTORY_ENTRIES + 1).is_err());
    }

    #[test]
    fn an_attribute_that_is_broken_hides_no_entry() {
        for (attributes, dates) in [
            ("at='1' at='2'", vec![1]),
            ("at=1", vec![]),
            ("at", vec![]),
            ("at=' 3 '", vec![3]),
            ("of='a&amp;b' at=\"4\"", vec![4]),
        ] {
            let text = format!("<list><item {attributes}/><item at='5'></item></list>");
            let entries = entries(&text, &FORMAT).unwrap();
            assert_eq!(entries.len(), 2, "{text}");
            assert_eq!(entries[0].dates, dates, "{text}");
            assert_eq!(entries[1].dates, [5], "{text}");
        }
    }

    #[test]
    fn the_subject_is_the_entrys_own_without_escapes() {
        let text = "<list><item of='a&amp;b&lt;'><x of='c'/></item><item of='&no;'/></list>";
        let entries = entries(text, &FORMAT).unwrap();
        assert_eq!(entries[0].subject, "a&b<");
        assert_eq!(entries[1].subject, "&no;");
    }

    #[test]
    fn bytes_that_are_no_text_keep_every_range() {
        let bytes = b"\xef\xbb\xbf<list><item of='caf\xe9\xff'/>\xc3<item at='1'/>\xa9</list>";
        let text = readable(bytes);
        assert_eq!(text.len(), bytes.len());
        let entries = entries(&text, &FORMAT).unwrap();
        assert_eq!(entries.len(), 2);
        let kept = without(bytes, entries.iter().map(|entry| entry.place.clone()));
        assert_eq!(kept, b"\xef\xbb\xbf<list>\xc3\xa9</list>");
    }

    #[test]
    fn a_broken_file_has_no_entries() {
        for text in [
            "",
            "nothing",
            "<list>",
            "<list><item at='1'></list>",
            "<list/><list/>",
            "<other/>",
            "<list></list></list>",
            "<list><item at='1'",
            "\u{feff}<list/>",
        ] {
            assert!(entries(text, &FORMAT).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_read_ends_the_process(text in ".{0,200}") {
            let _ = without_odd(&text);
            let _ = without_odd(&format!("<list>{text}</list>"));
        }
    }
}
