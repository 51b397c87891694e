// SPDX-License-Identifier: GPL-3.0-or-later

//! One value in another program's file, in the user's folders or a system folder.
//!
//! The rest of the file stays unchanged, including comments and layout. A file that isn't of its
//! format is never written: its content may matter to the user. The file is replaced atomically and
//! keeps its access rights. If its name is a link, the link stays and its target is replaced.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use crate::formats::format::{Format, Found, Look, Scalar};
use crate::formats::mistake::At;
use crate::system::home::Way;
use crate::system::i18n::system_error;
use crate::system::limits;
use crate::system::replace::NotReplaced;
use crate::system::text;
use crate::system::tree::Tree;

/// Why a file can't be read, or its value can't be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentProblem {
    /// The file isn't of its format, or programs may read a value other than the one found.
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
    /// The file is unchanged, since replacing it would change more than the value.
    #[error("{} was left as it is: {why}", text::path(.file))]
    NotReplaced {
        /// The file.
        file: PathBuf,
        /// Why.
        why: NotReplaced,
    },
}

/// Looks up a value. `key`: the names of the tables or groups, and of the value. `like`: a value of
/// the type that the program expects.
pub fn look(
    format: &dyn Format,
    tree: &Tree,
    file: &Path,
    key: &[String],
    like: &Scalar,
) -> Result<Look, DocumentProblem> {
    match read(format, tree, file)? {
        None => Ok(Found::NoFile.into()),
        Some(bytes) => find(format, &tree.name(file), &bytes, key, like),
    }
}

/// Looks up a value in a file's content. `file` is the file name in messages.
pub(crate) fn find(
    format: &dyn Format,
    file: &Path,
    bytes: &[u8],
    key: &[String],
    like: &Scalar,
) -> Result<Look, DocumentProblem> {
    let found = format.look(bytes, key, like);
    found.map_err(|at| broken(at, file, bytes))
}

fn broken(at: At, file: &Path, bytes: &[u8]) -> DocumentProblem {
    DocumentProblem::Broken(at.in_bytes(file, bytes).to_string())
}

/// Sets a value, or removes it. Removes the file if nothing else is in it. Returns whether the file
/// was changed.
pub fn write(
    format: &dyn Format,
    file: &Path,
    key: &[String],
    value: Option<&Scalar>,
) -> Result<bool, DocumentProblem> {
    for _ in 1..limits::REPLACE_TRIES {
        match try_to_write(format, file, key, value) {
            // The file is read again.
            Err(DocumentProblem::NotReplaced {
                why: NotReplaced::Changing,
                ..
            }) => {}
            done => return done,
        }
    }
    try_to_write(format, file, key, value)
}

fn try_to_write(
    format: &dyn Format,
    file: &Path,
    key: &[String],
    value: Option<&Scalar>,
) -> Result<bool, DocumentProblem> {
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
    let bytes = before.as_ref().map(|before| before.read(format.most()));
    let bytes = bytes.transpose().map_err(|error| unreadable(&error))?;
    let old = bytes.as_deref().unwrap_or_default();
    let new = edited(format, file, old, key, value)?;
    if bytes.as_deref() == Some(&new[..]) || (bytes.is_none() && value.is_none()) {
        return Ok(false);
    }
    let goes = value.is_none() && format.is_blank(&new) && !way.is_link();
    let change = || {
        // Another program may have written the file before this lock. The replacement notices that.
        let _lock = format
            .has_qt_lock()
            .then(|| way.qt_lock(before.as_ref()))
            .transpose()?;
        match &before {
            Some(before) if goes => way.remove(before),
            _ => way.replace(before, &new),
        }
    };
    change().map(|()| true).map_err(|why| match why {
        NotReplaced::ReadOnly => not_writable(&Errno::ACCESS.into()),
        NotReplaced::System(error) => not_writable(&error.into()),
        why => DocumentProblem::NotReplaced {
            file: file.to_owned(),
            why,
        },
    })
}

/// The content with the value set or removed. `file` is the file name in messages.
pub(crate) fn edited(
    format: &dyn Format,
    file: &Path,
    bytes: &[u8],
    key: &[String],
    value: Option<&Scalar>,
) -> Result<Vec<u8>, DocumentProblem> {
    let new = format.edit(bytes, key, value);
    let new = new.map_err(|at| broken(at, file, bytes))?;
    checked(format, file, bytes, new, key, value).map(|(new, _)| new)
}

/// Like [`edited`], and also sets or removes the value's lock. Fails if the format has no locks.
pub(crate) fn edited_lock(
    format: &dyn Format,
    file: &Path,
    bytes: &[u8],
    key: &[String],
    value: Option<&Scalar>,
    locks: bool,
) -> Result<Vec<u8>, DocumentProblem> {
    let cannot = || broken(cannot_be_set(), file, bytes);
    let new = format
        .edit_lock(bytes, key, value, locks)
        .ok_or_else(cannot)?;
    let new = new.map_err(|at| broken(at, file, bytes))?;
    match checked(format, file, bytes, new, key, value)? {
        (new, locked) if locked == locks || value.is_none() => Ok(new),
        _ => Err(cannot()),
    }
}

/// The new content, and whether the value is locked. Fails if programs wouldn't read the new value.
fn checked(
    format: &dyn Format,
    file: &Path,
    bytes: &[u8],
    new: Vec<u8>,
    key: &[String],
    value: Option<&Scalar>,
) -> Result<(Vec<u8>, bool), DocumentProblem> {
    let like = value.unwrap_or(&Scalar::Boolean(false));
    let look = find(format, file, &new, key, like)?;
    if value.map_or(!look.found.is_set(), |value| look.found.is(value)) {
        Ok((new, look.locked))
    } else {
        Err(broken(cannot_be_set(), file, bytes))
    }
}

fn cannot_be_set() -> At {
    At(None, "the value cannot be set in it".to_owned())
}

/// The content of a file. `None` if there is no such file.
pub(crate) fn read(
    format: &dyn Format,
    tree: &Tree,
    file: &Path,
) -> Result<Option<Vec<u8>>, DocumentProblem> {
    tree.read(file, format.most())
        .map_err(|error| DocumentProblem::Unreadable {
            file: tree.name(file),
            reason: system_error(&error),
        })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;
    use crate::formats::toml::Toml;

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
        write(&Toml, file, &key(name), value.into().as_ref()).map(drop)
    }

    fn look_up(file: &Path, name: &str) -> Result<Found, DocumentProblem> {
        let look = look(&Toml, &Tree::computer(), file, &key(name), &on());
        look.map(|look| look.found)
    }

    fn on() -> Scalar {
        Scalar::Boolean(true)
    }

    #[test]
    fn a_file_is_made_changed_and_taken_away_with_its_only_value() {
        let (_folder, file) = folder();
        assert_eq!(look_up(&file, KEY), Ok(Found::NoFile));
        write(&Toml, &file, &key(KEY), None).unwrap();
        assert!(!file.parent().unwrap().exists(), "nothing was to be done");
        set(&file, KEY, on()).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "consent_state = true\n");
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o600);
        let made = file.parent().unwrap().metadata().unwrap();
        assert_eq!(made.mode() & 0o777, 0o700);
        assert!(look_up(&file, KEY).unwrap().is(&on()));
        write(&Toml, &file, &key(KEY), None).unwrap();
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
        write(&Toml, &file, &key(KEY), None).unwrap();
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
