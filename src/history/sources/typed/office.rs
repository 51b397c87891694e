// SPDX-License-Identifier: GPL-3.0-or-later

//! The documents that `LibreOffice` opened last, among its other settings.
//!
//! Source: LibreOffice/core 00c535c2, unotools/source/config/historyoptions.cxx: the list `PickList` has
//! an item for each document, and one for its place in the order. configmgr/source/writemodfile.cxx:
//! each of them is an item of the file. In Flatpak and as a snap, `XDG_CONFIG_HOME` or `HOME` decides;
//! bootstraprc, `UserInstallation`. flathub/org.libreoffice.LibreOffice: its ID.

use std::path::{Path, PathBuf};

use crate::formats::xml;
use crate::formats::xml::{Entry, Format};
use crate::history::Problem;
use crate::history::dated_file;
use crate::history::dated_file::{Change, Purpose};
use crate::history::sandbox::App;

const FILE: &str = "libreoffice/4/user/registrymodifications.xcu";

pub(crate) const APP: App = App {
    flatpak: "org.libreoffice.LibreOffice",
    snap: "libreoffice",
};

/// The list, as the beginning of its items' path.
const LIST: &str = "/org.openoffice.Office.Histories/Histories/\
    org.openoffice.Office.Histories:HistoryInfo['PickList']/";

/// The documents, and their order, below the list.
const PARTS: [&str; 2] = ["ItemList", "OrderList"];

const FORMAT: Format = Format {
    root: b"oor:items",
    entry: b"item",
    subject: b"oor:path",
    date: |_, _, _| None,
};

/// The user's own file, and those of the sandboxes.
pub(crate) fn files() -> Vec<Result<PathBuf, Problem>> {
    APP.files(FILE)
}

pub(crate) fn count(path: &Path) -> Option<Result<usize, Problem>> {
    dated_file::examine(path, |text| {
        let items = xml::entries_or_none(text, &FORMAT);
        let items = items.map_err(|why| dated_file::broken(path, &why))?;
        Ok(documents(&items))
    })
}

/// Removes the list, and keeps every other byte of the file.
pub(crate) fn clear(path: &Path) -> Option<Result<usize, Problem>> {
    dated_file::rewrite(path, Purpose::Settings, |text| {
        let (removed, kept) = without(text).map_err(|why| dated_file::broken(path, &why))?;
        Ok((removed, Change::Content(kept)))
    })
}

/// How many documents the list has, and the file without it.
fn without(text: &[u8]) -> Result<(usize, Vec<u8>), String> {
    let mut count = 0;
    let (_, kept) = xml::without(text, &FORMAT, |items| {
        count = documents(items);
        items.iter().map(is_listed).collect()
    })?;
    Ok((count, kept))
}

fn is_listed(item: &Entry) -> bool {
    item.subject.starts_with(LIST)
}

/// The program may change a document without its place in the order, or the place alone.
fn documents(items: &[Entry]) -> usize {
    let part = |part: &str| {
        let below = items
            .iter()
            .filter_map(|item| item.subject.strip_prefix(LIST));
        below.filter(|rest| rest.starts_with(part)).count()
    };
    PARTS.map(part).into_iter().max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <oor:items xmlns:oor=\"http://openoffice.org/2001/registry\">\n";

    fn item(path: &str) -> String {
        format!("<item oor:path=\"{path}\"><node oor:name=\"a\"><value>x</value></node></item>\n")
    }

    fn listed(part: &str) -> String {
        item(&format!("{LIST}{part}")).replace('\'', "&apos;")
    }

    #[test]
    fn the_list_goes_and_every_other_byte_stays() {
        let other = item("/org.openoffice.Office.Histories/Histories/other");
        let before = format!(
            "{HEAD}{}{other}{}{}{}<!-- a -->\n</oor:items>\r\n",
            listed("ItemList"),
            listed("ItemList"),
            listed("OrderList"),
            item(&format!("{LIST}OrderList")),
        );
        let (removed, kept) = without(before.as_bytes()).unwrap();
        assert_eq!(removed, 2);
        let after = format!("{HEAD}{other}<!-- a -->\n</oor:items>\r\n");
        assert_eq!(String::from_utf8(kept).unwrap(), after);
        assert_eq!(without(after.as_bytes()).unwrap(), (0, after.into_bytes()));
    }

    #[test]
    fn a_file_that_is_not_the_programs_is_refused() {
        for text in ["<items/>", &format!("{HEAD}{}", listed("ItemList"))] {
            assert!(without(text.as_bytes()).is_err(), "{text}");
        }
    }
}
