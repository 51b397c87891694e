// SPDX-License-Identifier: GPL-3.0-or-later

//! One value in another program's TOML file, in the user's configuration or a system folder.
//!
//! The rest of the file stays unchanged, including comments and layout. A file that isn't TOML is
//! never written: its content may matter to the user. The file is replaced atomically and keeps its
//! access rights. If its name is a link, the link stays and its target is replaced.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use glib::Variant;
use glib::prelude::*;
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use toml_edit::{DocumentMut, Item, TableLike, Value};

use crate::formats::mistake;
use crate::formats::mistake::At;
use crate::system::home::Way;
use crate::system::i18n::system_error;
use crate::system::limits;
use crate::system::replace::NotReplaced;
use crate::system::text;
use crate::system::tree::Tree;

/// A value with a meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Scalar {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
}

/// Why a file can't be read, or its value can't be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentProblem {
    /// It isn't TOML, or the key leads to something else.
    #[error("{0}")]
    Broken(String),
    /// It can't be read.
    #[error("{}: {reason}", text::path(.file))]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's error message, translated.
        reason: String,
    },
    /// It can't be written.
    #[error("{} cannot be written: {reason}", text::path(.folder))]
    NotWritable {
        /// Its folder.
        folder: PathBuf,
        /// The system's error message, translated.
        reason: String,
    },
    /// It was not changed, since replacing it would change more than the value.
    #[error("{} was left as it is: {why}", .file.display())]
    NotReplaced {
        /// The file.
        file: PathBuf,
        /// Why.
        why: NotReplaced,
    },
}

/// What a file has at the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is no such file.
    NoFile,
    /// The file has no such value.
    Nothing,
    /// A value that could decide something.
    Value(Scalar),
    /// A value of another type, such as a date.
    Other,
}

impl Found {
    /// Whether it is this value.
    pub fn is(&self, value: &Scalar) -> bool {
        matches!(self, Self::Value(found) if found == value)
    }

    /// Whether there is any value.
    pub const fn is_set(&self) -> bool {
        matches!(self, Self::Value(_) | Self::Other)
    }
}

impl From<&Scalar> for Value {
    fn from(value: &Scalar) -> Self {
        match value {
            Scalar::Boolean(on) => (*on).into(),
            Scalar::Integer(number) => (*number).into(),
            Scalar::Text(text) => text.as_str().into(),
        }
    }
}

impl Scalar {
    /// The value as GVariant, of the type `b`, `x` or `s`.
    pub fn to_variant(&self) -> Variant {
        match self {
            Self::Boolean(on) => on.to_variant(),
            Self::Integer(number) => number.to_variant(),
            Self::Text(text) => text.to_variant(),
        }
    }

    /// The inverse of [`Scalar::to_variant`]. `None` for other types.
    pub fn from_variant(value: &Variant) -> Option<Self> {
        let boolean = value.get().map(Self::Boolean);
        let integer = || value.get().map(Self::Integer);
        boolean
            .or_else(integer)
            .or_else(|| value.get().map(Self::Text))
    }
}

/// In TOML syntax.
impl fmt::Display for Scalar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Value::from(self).fmt(out)
    }
}

/// Looks up a value. `key`: the names of the nested tables, and of the value.
pub fn look(tree: &Tree, file: &Path, key: &[String]) -> Result<Found, DocumentProblem> {
    let Some(text) = read(tree, file)? else {
        return Ok(Found::NoFile);
    };
    find(&tree.name(file), &text, key)
}

/// Looks up a value in a file's text. `file` is the file name in messages.
pub(crate) fn find(file: &Path, text: &str, key: &[String]) -> Result<Found, DocumentProblem> {
    let document = parse(file, text)?;
    let mut item = document.as_item();
    for (place, name) in key.iter().enumerate() {
        let table = item
            .as_table_like()
            .ok_or_else(|| no_table(file, &key[..place]))?;
        match table.get(name) {
            None => return Ok(Found::Nothing),
            Some(found) => item = found,
        }
    }
    Ok(match item {
        Item::Value(Value::Boolean(on)) => Found::Value(Scalar::Boolean(*on.value())),
        Item::Value(Value::Integer(number)) => Found::Value(Scalar::Integer(*number.value())),
        Item::Value(Value::String(text)) => Found::Value(Scalar::Text(text.value().clone())),
        Item::None => Found::Nothing,
        _ => Found::Other,
    })
}

/// Sets a value, or removes it. Removes the file if nothing else is in it.
pub fn write(file: &Path, key: &[String], value: Option<&Scalar>) -> Result<(), DocumentProblem> {
    for _ in 1..limits::REPLACE_TRIES {
        match try_to_write(file, key, value) {
            // The file is read again.
            Err(DocumentProblem::NotReplaced {
                why: NotReplaced::Changing,
                ..
            }) => {}
            done => return done,
        }
    }
    try_to_write(file, key, value)
}

fn try_to_write(
    file: &Path,
    key: &[String],
    value: Option<&Scalar>,
) -> Result<(), DocumentProblem> {
    let not_writable = |error: &io::Error| DocumentProblem::NotWritable {
        folder: file.parent().unwrap_or(Path::new("/")).to_owned(),
        reason: system_error(error),
    };
    let unreadable = |error: &io::Error| DocumentProblem::Unreadable {
        file: file.to_owned(),
        reason: system_error(error),
    };
    let way = Way::to(file).map_err(|error| not_writable(&error))?;
    let before = way.open().map_err(|error| unreadable(&error))?;
    let bytes = before.as_ref().map(|before| before.read(limits::DOCUMENT));
    let bytes = bytes.transpose().map_err(|error| unreadable(&error))?;
    let text = bytes.as_ref().map(|bytes| text(file, bytes)).transpose()?;
    let new = edited(file, text.unwrap_or_default(), key, value)?;
    if text.is_some_and(|text| text == new) || (text.is_none() && value.is_none()) {
        return Ok(());
    }
    let goes = value.is_none() && new.trim().is_empty() && !way.is_link();
    let done = match &before {
        Some(before) if goes => way.remove(before),
        _ => way.replace(before, new.as_bytes()),
    };
    done.map_err(|why| match why {
        NotReplaced::ReadOnly => not_writable(&Errno::ACCESS.into()),
        NotReplaced::System(error) => not_writable(&error.into()),
        why => DocumentProblem::NotReplaced {
            file: file.to_owned(),
            why,
        },
    })
}

/// The text with the value set or removed. `file` is the file name in messages.
pub(crate) fn edited(
    file: &Path,
    text: &str,
    key: &[String],
    value: Option<&Scalar>,
) -> Result<String, DocumentProblem> {
    let mut document = parse(file, text)?;
    edit(file, document.as_table_mut(), key, value)?;
    let new = document.to_string();
    Ok(
        if text.contains("\r\n") && !text.replace("\r\n", "").contains('\n') {
            // The parser keeps everything except line ends.
            new.replace('\n', "\r\n")
        } else {
            new
        },
    )
}

/// The text of a file. `None` if there is no such file.
pub(crate) fn read(tree: &Tree, file: &Path) -> Result<Option<String>, DocumentProblem> {
    let name = tree.name(file);
    let unreadable = |error: &io::Error| DocumentProblem::Unreadable {
        file: name.clone(),
        reason: system_error(error),
    };
    let bytes = tree
        .read(file, limits::DOCUMENT)
        .map_err(|error| unreadable(&error))?;
    let text = |bytes: &Vec<u8>| text(&name, bytes).map(str::to_owned);
    bytes.as_ref().map(text).transpose()
}

fn text<'a>(file: &Path, bytes: &'a [u8]) -> Result<&'a str, DocumentProblem> {
    mistake::text(file, bytes).map_err(|mistake| DocumentProblem::Broken(mistake.to_string()))
}

fn parse(file: &Path, text: &str) -> Result<DocumentMut, DocumentProblem> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        let at = At::of(error.span(), error.message());
        DocumentProblem::Broken(at.in_file(file, text).to_string())
    })
}

fn no_table(file: &Path, key: &[String]) -> DocumentProblem {
    let name = mistake::quote(&key.join("."));
    DocumentProblem::Broken(format!("{}: {name} is no table", text::path(file)))
}

/// Sets or removes a value in nested tables.
fn edit(
    file: &Path,
    root: &mut dyn TableLike,
    key: &[String],
    value: Option<&Scalar>,
) -> Result<(), DocumentProblem> {
    let Some((name, tables)) = key.split_last() else {
        return Ok(());
    };
    let mut table = root;
    for (place, name) in tables.iter().enumerate() {
        if value.is_none() && !table.contains_key(name) {
            return Ok(());
        }
        table = table
            .entry(name)
            .or_insert_with(toml_edit::table)
            .as_table_like_mut()
            .ok_or_else(|| no_table(file, &key[..=place]))?;
    }
    let Some(value) = value else {
        table.remove(name);
        return Ok(());
    };
    let mut new = Value::from(value);
    match table.get_mut(name) {
        Some(Item::Value(old)) => {
            // This keeps the surroundings, such as a comment at the end of the line.
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        Some(Item::None) | None => drop(table.insert(name, Item::Value(new))),
        Some(_) => {
            let name = mistake::quote(&key.join("."));
            let words = format!("{}: {name} is a table", text::path(file));
            return Err(DocumentProblem::Broken(words));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    const KEY: &str = "consent_state";

    fn key(name: &str) -> Vec<String> {
        name.split('.').map(str::to_owned).collect()
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("insights/linux-consent.toml");
        (folder, file)
    }

    fn set(
        file: &Path,
        name: &str,
        value: impl Into<Option<Scalar>>,
    ) -> Result<(), DocumentProblem> {
        write(file, &key(name), value.into().as_ref())
    }

    fn look_up(file: &Path, name: &str) -> Result<Found, DocumentProblem> {
        look(&Tree::computer(), file, &key(name))
    }

    fn on() -> Scalar {
        Scalar::Boolean(true)
    }

    #[test]
    fn a_file_is_made_changed_and_taken_away_with_its_only_value() {
        let (_folder, file) = folder();
        assert_eq!(look_up(&file, KEY), Ok(Found::NoFile));
        write(&file, &key(KEY), None).unwrap();
        assert!(!file.parent().unwrap().exists(), "nothing was to be done");
        set(&file, KEY, on()).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "consent_state = true\n");
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
        let made = file.parent().unwrap().metadata().unwrap();
        assert_eq!(made.mode() & 0o777, 0o700);
        assert!(look_up(&file, KEY).unwrap().is(&on()));
        write(&file, &key(KEY), None).unwrap();
        assert!(!file.exists());
    }

    #[test]
    fn all_else_in_a_file_stays_as_it_is() {
        let (_folder, file) = folder();
        fs::create_dir(file.parent().unwrap()).unwrap();
        let before = "# mine\n\n  other   = [1,\n 2] # two\nconsent_state=false   # no!\n\
                      [more]\n'x y' = 1979-05-27\n";
        for before in [&before.replace('\n', "\r\n"), before] {
            fs::write(&file, before).unwrap();
            set(&file, KEY, on()).unwrap();
            let after = before.replace("consent_state=false", "consent_state=true");
            assert_eq!(fs::read_to_string(&file).unwrap(), after);
        }
        write(&file, &key(KEY), None).unwrap();
        let after = fs::read_to_string(&file).unwrap();
        assert!(after.contains("other   = [1,\n 2] # two") && !after.contains(KEY));
        set(&file, "more.level", Scalar::Integer(3)).unwrap();
        set(&file, "new.part.name", Scalar::Text("a\"b".into())).unwrap();
        assert_eq!(
            look_up(&file, "more.level"),
            Ok(Found::Value(Scalar::Integer(3)))
        );
        assert!(look_up(&file, "new.part.name").unwrap().is_set());
        assert_eq!(look_up(&file, "more.x y"), Ok(Found::Other));
    }

    #[test]
    fn what_is_already_so_is_not_written() {
        let (_folder, file) = folder();
        set(&file, KEY, on()).unwrap();
        let before = file.metadata().unwrap().ino();
        set(&file, KEY, on()).unwrap();
        assert_eq!(file.metadata().unwrap().ino(), before);
    }

    #[test]
    fn what_is_no_toml_is_said_with_its_place_and_never_written() {
        let (_folder, file) = folder();
        fs::create_dir(file.parent().unwrap()).unwrap();
        for (text, name) in [
            (&b"consent_state = yes\n"[..], KEY),
            (b"consent_state = true\nconsent_state = true\n", KEY),
            (b"\xff", KEY),
            (b"consent_state = true\n", "consent_state.more"),
            (b"[consent_state]\n", KEY),
        ] {
            fs::write(&file, text).unwrap();
            let problem = set(&file, name, on()).unwrap_err();
            assert!(matches!(problem, DocumentProblem::Broken(_)), "{problem}");
            assert!(problem.to_string().starts_with(file.to_str().unwrap()));
            assert_eq!(fs::read(&file).unwrap(), text);
        }
        let problem = look_up(&file, "consent_state.more.deep").unwrap_or(Found::Nothing);
        assert_eq!(problem, Found::Nothing);
    }

    #[test]
    fn a_link_stays_one_and_what_it_leads_to_keeps_its_rights() {
        let (folder, file) = folder();
        fs::create_dir(file.parent().unwrap()).unwrap();
        let real = folder.path().join("dotfile");
        fs::write(&real, "# kept\n").unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
        symlink("../dotfile", &file).unwrap();
        set(&file, KEY, on()).unwrap();
        assert!(fs::symlink_metadata(&file).unwrap().is_symlink());
        assert_eq!(
            fs::read_to_string(&real).unwrap(),
            "consent_state = true\n# kept\n"
        );
        assert_eq!(real.metadata().unwrap().mode() & 0o777, 0o640);
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(names.len(), 2, "nothing was left behind");
    }

    #[test]
    fn links_to_nothing_or_in_a_circle_pipes_and_folders_are_not_written() {
        let (folder, file) = folder();
        fs::create_dir(file.parent().unwrap()).unwrap();
        symlink("../nowhere", &file).unwrap();
        let problem = set(&file, KEY, on()).unwrap_err();
        assert!(matches!(problem, DocumentProblem::NotWritable { .. }));
        assert!(!folder.path().join("nowhere").exists());
        fs::remove_file(&file).unwrap();
        symlink("linux-consent.toml", &file).unwrap();
        assert!(set(&file, KEY, on()).is_err());
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
        let problem = look_up(&file, KEY).unwrap_err();
        assert!(matches!(problem, DocumentProblem::Unreadable { .. }));
        assert!(set(&file, KEY, on()).is_err());
    }

    #[test]
    fn a_file_that_is_read_only_is_left_alone() {
        let (_folder, file) = folder();
        set(&file, KEY, on()).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o400)).unwrap();
        let problem = set(&file, KEY, Scalar::Boolean(false)).unwrap_err();
        assert!(matches!(problem, DocumentProblem::NotWritable { .. }));
        assert!(look_up(&file, KEY).unwrap().is(&on()));
    }
}
