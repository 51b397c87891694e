// SPDX-License-Identifier: GPL-3.0-or-later

//! The index of a layer: which choice each reader file is about, and which files show that its
//! program is installed.
//!
//! A command that reads one choice parses only the reader files of that choice whose programs are
//! installed. It looks the others up here. The index is beside the layer's folder, as
//! `gschemas.compiled` is beside schemas; `privacyctl readers --write-index` writes it.
//!
//! An entry counts only while its file has the size and the time of its last change that the index
//! names. All other files are read themselves, as without an index.

use std::collections::HashMap;
use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::choices::catalogue::names::List;
use crate::choices::catalogue::{Entry, file, reader_files};
use crate::choices::choice::Choice;
use crate::choices::reader::FilePattern;
use crate::system::limits;
use crate::system::tree::Tree;

/// The form of the index. A program ignores an index of another form.
const FORM: u32 = 1;

/// A file that was changed this recently may change again without another time of its last change.
const SETTLED: Duration = Duration::from_secs(2);

/// What the index of a layer says.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Index {
    form: u32,
    files: HashMap<String, Known>,
}

/// A reader file.
#[derive(Debug, Serialize, Deserialize)]
struct Known {
    changed: (i64, i64),
    size: u64,
    /// The ID of the choice. `None`: the file masks files of its name.
    choice: Option<String>,
    programs: Option<Vec<String>>,
}

impl Index {
    /// Reads the index of a layer. Without one, or with a broken one, nothing is known.
    pub(crate) fn of(layer: &Path) -> Self {
        let read = || {
            let bytes = Tree::computer().read(&path(layer)?, limits::INDEX).ok()??;
            let index: Self = serde_json::from_slice(&bytes).ok()?;
            (index.form == FORM).then_some(index)
        };
        read().unwrap_or_default()
    }

    /// Whether a file of the layer says nothing about the state of a choice: it is about another
    /// choice, or its program isn't installed.
    pub(crate) fn is_irrelevant(&self, path: &Path, choice: &Choice) -> bool {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(known) = name.and_then(|name| self.files.get(name)) else {
            return false;
        };
        let is_installed = || match &known.programs {
            None => true,
            Some(programs) => (programs.iter())
                .any(|program| FilePattern::new(program).is_none_or(|program| program.exists())),
        };
        stamp(path).is_ok_and(|stamp| stamp == (known.changed, known.size))
            && (known.choice.as_deref() != Some(choice.id) || !is_installed())
    }

    /// Indexes the files of a layer. Broken files and those that were just changed are left out.
    fn new(layer: &Path, now: SystemTime) -> io::Result<Self> {
        let mut files = HashMap::new();
        for (path, is_regular) in reader_files(&Tree::computer(), layer)? {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            let (changed, size) = stamp(&path)?;
            let is_settled = fs::symlink_metadata(&path)?
                .modified()
                .is_ok_and(|time| time + SETTLED < now);
            if !is_regular || !is_settled || size > limits::READER_FILE {
                continue;
            }
            let (choice, programs) = match file::parse(&path, &path, &fs::read(&path)?) {
                Err(_) => continue,
                Ok(Entry::Masks) => (None, None),
                Ok(Entry::Gives(reader)) => {
                    let names = |patterns: List<FilePattern>| {
                        let names = patterns.iter().map(|pattern| pattern.as_str().to_owned());
                        names.collect()
                    };
                    let programs = reader.programs.map(names);
                    // The index knows nothing of sandboxes.
                    let programs = programs.filter(|_| !reader.store.may_be_in_sandbox());
                    (Some(reader.choice.id), programs)
                }
            };
            files.insert(
                name.to_owned(),
                Known {
                    changed,
                    size,
                    choice: choice.map(str::to_owned),
                    programs,
                },
            );
        }
        Ok(Self { form: FORM, files })
    }
}

/// Writes the index of a layer, and returns its name.
///
/// # Errors
///
/// The layer can't be read, or the folder that it is in can't be written.
pub fn write(layer: &Path) -> io::Result<PathBuf> {
    let path = path(layer).ok_or(io::ErrorKind::InvalidInput)?;
    let index = Index::new(layer, SystemTime::now())?;
    let mut file = NamedTempFile::new_in(path.parent().unwrap_or(Path::new("/")))?;
    file.write_all(&serde_json::to_vec(&index)?)?;
    file.as_file()
        .set_permissions(Permissions::from_mode(0o644))?;
    file.persist(&path)?;
    Ok(path)
}

fn path(layer: &Path) -> Option<PathBuf> {
    Some(layer.parent()?.join("readers.index"))
}

/// The time of a file's last change, in seconds and nanoseconds, and its size.
fn stamp(path: &Path) -> io::Result<((i64, i64), u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok(((found.mtime(), found.mtime_nsec()), found.size()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::choices::catalogue::Catalogue;
    use crate::choices::choice::{ACTIVITY_HISTORY, ERROR_REPORTS};

    /// A reader of a choice, with these lines before its table.
    fn reader(name: &str, choice: &Choice, more: &str) -> String {
        format!(
            "name = \"{name}\"\nchoice = \"{}\"\n{more}\n[gsettings]\nschema = \"org.example\"\n\
             path = \"/org/example/\"\nkey = \"{name}\"\non = \"true\"\noff = \"false\"\n",
            choice.id
        )
    }

    /// Two layers below folders of their own, with files that changed long ago.
    fn layers(files: &[(&str, &str)]) -> (tempfile::TempDir, [PathBuf; 2]) {
        let root = tempfile::tempdir().unwrap();
        let layers = ["vendor", "admin"].map(|name| root.path().join(name).join("readers.d"));
        for layer in &layers {
            fs::create_dir_all(layer).unwrap();
        }
        for (name, text) in files {
            put(&root.path().join(name), text);
        }
        (root, layers)
    }

    /// Writes a file and says that it changed long ago.
    fn put(path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        let file = fs::File::open(path).unwrap();
        let then = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + text.len() as u64);
        file.set_modified(then).unwrap();
    }

    fn names(layers: &[PathBuf], choice: &'static Choice) -> Vec<String> {
        let catalogue = Catalogue::load_layers_for(layers, choice);
        assert_eq!(catalogue.mistakes(), []);
        let found = catalogue
            .readers_of(choice)
            .filter(|reader| !reader.is_own());
        found.map(|reader| reader.name.clone()).collect()
    }

    #[test]
    fn readers_of_other_choices_and_of_missing_programs_are_not_read() {
        let (root, layers) = layers(&[
            ("vendor/readers.d/a.toml", &reader("a", ERROR_REPORTS, "")),
            (
                "vendor/readers.d/b.toml",
                &reader("b", ACTIVITY_HISTORY, ""),
            ),
            (
                "vendor/readers.d/c.toml",
                &reader("c", ERROR_REPORTS, "programs = [\"/usr/bin/no such\"]"),
            ),
            (
                "vendor/readers.d/d.toml",
                &reader("d", ERROR_REPORTS, "programs = [\"/proc/self/ex*\"]"),
            ),
        ]);
        let index = write(&layers[0]).unwrap();
        assert_eq!(index, root.path().join("vendor/readers.index"));
        assert_eq!(names(&layers, ERROR_REPORTS), ["a", "d"]);
        assert_eq!(names(&layers, ACTIVITY_HISTORY), ["b"]);
        let index = Index::of(&layers[0]);
        let irrelevant = |name: &str| index.is_irrelevant(&layers[0].join(name), ERROR_REPORTS);
        let found = ["a.toml", "b.toml", "c.toml", "d.toml", "e.toml"].map(irrelevant);
        assert_eq!(found, [false, true, true, false, false]);
    }

    #[test]
    fn without_an_index_or_with_a_broken_or_an_outdated_one_files_are_read() {
        let path = "vendor/readers.d/a.toml";
        let (root, layers) = layers(&[(path, &reader("a", ERROR_REPORTS, ""))]);
        assert_eq!(names(&layers, ERROR_REPORTS), ["a"]);
        let index = write(&layers[0]).unwrap();
        // The file changes, and a file comes, after the index was written.
        put(&root.path().join(path), &reader("a", ACTIVITY_HISTORY, ""));
        put(
            &layers[0].join("new.toml"),
            &reader("new", ERROR_REPORTS, ""),
        );
        assert_eq!(names(&layers, ERROR_REPORTS), ["new"]);
        assert_eq!(names(&layers, ACTIVITY_HISTORY), ["a"]);
        for broken in ["", "{", "[]", "{\"form\":9,\"files\":{}}", "null"] {
            fs::write(&index, broken).unwrap();
            assert_eq!(names(&layers, ACTIVITY_HISTORY), ["a"], "{broken}");
        }
        fs::remove_file(&index).unwrap();
        symlink("/dev/zero", &index).unwrap();
        assert_eq!(names(&layers, ACTIVITY_HISTORY), ["a"]);
    }

    #[test]
    fn a_file_that_was_just_written_is_not_indexed() {
        let (_root, layers) = layers(&[]);
        let file = layers[0].join("a.toml");
        fs::write(&file, reader("a", ACTIVITY_HISTORY, "")).unwrap();
        write(&layers[0]).unwrap();
        assert!(!Index::of(&layers[0]).is_irrelevant(&file, ERROR_REPORTS));
    }

    #[test]
    fn a_file_of_another_choice_still_replaces_the_one_of_its_name_in_an_earlier_layer() {
        let (_root, layers) = layers(&[
            ("vendor/readers.d/a.toml", &reader("a", ERROR_REPORTS, "")),
            ("vendor/readers.d/b.toml", &reader("b", ERROR_REPORTS, "")),
            (
                "admin/readers.d/a.toml",
                &reader("other", ACTIVITY_HISTORY, ""),
            ),
            ("admin/readers.d/b.toml", ""),
        ]);
        for layer in &layers {
            write(layer).unwrap();
        }
        assert_eq!(names(&layers, ERROR_REPORTS), Vec::<String>::new());
        assert_eq!(names(&layers, ACTIVITY_HISTORY), ["other"]);
    }

    #[test]
    fn a_broken_file_is_reported_with_an_index_too() {
        let (_root, layers) = layers(&[("vendor/readers.d/a.toml", "name = 1\n")]);
        write(&layers[0]).unwrap();
        let catalogue = Catalogue::load_layers_for(&layers, ERROR_REPORTS);
        assert_eq!(catalogue.mistakes().len(), 1);
    }
}
