// SPDX-License-Identifier: GPL-3.0-or-later

//! The catalogue of readers: files in three layers, as systemd's drop-ins are.
//!
//! A file in a later layer replaces one of the same name in an earlier layer; an empty one, or
//! a link to `/dev/null`, masks it. A broken file is reported and left out, and what it would
//! have replaced stays: a mistake must not make a program vanish from sight.

mod file;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use crate::choice::{self, Choice};
use crate::folders;
use crate::i18n::system_error;
use crate::reader::Reader;

/// How large a reader file may be, in bytes. The largest of ours has 3 KiB.
const LARGEST_FILE: u64 = 256 * 1024;

/// Every reader that the computer knows of, installed or not.
#[derive(Debug, Default)]
pub struct Catalogue {
    readers: Vec<Reader>,
    mistakes: Vec<Mistake>,
}

/// What is wrong with a reader file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {message}", .file.display(), position(*.at))]
pub struct Mistake {
    /// The file.
    pub file: PathBuf,
    /// The line and the column, in characters, both counted from 1; none where the file as
    /// a whole is meant.
    pub at: Option<(usize, usize)>,
    /// What was found and what was expected, in English, as parsers say it.
    pub message: String,
}

fn position(at: Option<(usize, usize)>) -> String {
    at.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"))
}

/// What a file in a layer does.
enum Entry {
    Masks,
    Gives(Box<Reader>),
}

impl Catalogue {
    /// Reads the layers that concern the person who runs the program.
    pub fn load() -> Self {
        Self::load_layers(&folders::readers())
    }

    /// Reads the given folders, the least important first.
    pub fn load_layers(layers: &[PathBuf]) -> Self {
        let mut readers = BTreeMap::new();
        let mut mistakes = Vec::new();
        for layer in layers {
            let files = match reader_files(layer) {
                Ok(files) => files,
                Err(error) => {
                    mistakes.push(Mistake::whole(layer, &system_error(&error)));
                    continue;
                }
            };
            for (path, plain) in files {
                let id = path.file_stem().unwrap_or_default();
                match load_file(&path, plain) {
                    Ok(Entry::Gives(reader)) => {
                        readers.insert(id.to_owned(), *reader);
                    }
                    Ok(Entry::Masks) => {
                        readers.remove(id);
                    }
                    Err(mistake) => mistakes.push(mistake),
                }
            }
        }
        Self {
            readers: readers
                .into_values()
                .chain(choice::ALL.iter().map(Reader::own))
                .collect(),
            mistakes,
        }
    }

    /// All readers, by their files' names; the panel's own keys come last.
    pub fn readers(&self) -> &[Reader] {
        &self.readers
    }

    /// The readers of one choice.
    pub fn readers_of(&self, choice: &'static Choice) -> impl Iterator<Item = &Reader> {
        self.readers
            .iter()
            .filter(move |reader| reader.choice == choice)
    }

    /// The files that were left out, and why.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl Mistake {
    fn whole(file: &Path, message: &str) -> Self {
        Self {
            file: file.to_owned(),
            at: None,
            message: message.to_owned(),
        }
    }
}

/// The `*.toml` in a folder, by name, and whether each is known to be a regular file; none where
/// there is no folder.
fn reader_files(folder: &Path) -> io::Result<Vec<(PathBuf, bool)>> {
    let entries = match folder.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden
            && path
                .extension()
                .is_some_and(|extension| extension == "toml")
        {
            files.push((path, entry.file_type().is_ok_and(|kind| kind.is_file())));
        }
    }
    files.sort_unstable();
    Ok(files)
}

fn load_file(path: &Path, plain: bool) -> Result<Entry, Mistake> {
    let whole = |message: &str| Mistake::whole(path, message);
    let failed = |error: io::Error| whole(&system_error(&error));
    if !plain {
        // Looked at before it is opened: opening a pipe would wait for its other end.
        let kind = fs::metadata(path).map_err(failed)?;
        if kind.file_type().is_char_device()
            && fs::canonicalize(path).is_ok_and(|target| target == Path::new("/dev/null"))
        {
            return Ok(Entry::Masks);
        }
        if !kind.is_file() {
            return Err(whole("not a regular file"));
        }
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(whole(&format!(
            "larger than {} KiB, the most that a reader file may have",
            LARGEST_FILE / 1024
        )));
    }
    file::parse(path, &bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    const DASH: &str = "name = \"Dash\"\nchoice = \"online-search\"\n[gsettings]\n\
        schema = \"org.example\"\npath = \"/org/example/\"\nkey = \"search\"\n\
        on = \"true\"\noff = \"false\"\n";

    fn layers() -> (tempfile::TempDir, Vec<PathBuf>) {
        let root = tempfile::tempdir().unwrap();
        let layers = ["vendor", "admin", "person"].map(|name| root.path().join(name));
        for layer in &layers {
            fs::create_dir(layer).unwrap();
        }
        (root, layers.to_vec())
    }

    fn names(catalogue: &Catalogue) -> Vec<&str> {
        catalogue
            .readers()
            .iter()
            .filter(|reader| !reader.is_own())
            .map(|reader| reader.name.as_str())
            .collect()
    }

    #[test]
    fn a_later_layer_replaces_and_an_empty_file_or_a_link_to_null_masks() {
        let (_root, layers) = layers();
        fs::write(layers[0].join("a.toml"), DASH).unwrap();
        fs::write(layers[0].join("b.toml"), DASH).unwrap();
        fs::write(layers[0].join("c.toml"), DASH).unwrap();
        fs::write(layers[1].join("a.toml"), DASH.replace("Dash", "Mine")).unwrap();
        fs::write(layers[1].join("b.toml"), " \n").unwrap();
        symlink("/dev/null", layers[2].join("c.toml")).unwrap();
        let catalogue = Catalogue::load_layers(&layers);
        assert_eq!(names(&catalogue), ["Mine"]);
        assert_eq!(catalogue.mistakes(), []);
    }

    #[test]
    fn a_masked_reader_comes_back_with_a_file_in_a_later_layer() {
        let (_root, layers) = layers();
        fs::write(layers[0].join("a.toml"), DASH).unwrap();
        fs::write(layers[1].join("a.toml"), "").unwrap();
        fs::write(layers[2].join("a.toml"), DASH.replace("Dash", "Back")).unwrap();
        assert_eq!(names(&Catalogue::load_layers(&layers)), ["Back"]);
    }

    #[test]
    fn a_broken_file_is_left_out_and_what_it_would_replace_stays() {
        let (_root, layers) = layers();
        fs::write(layers[0].join("a.toml"), DASH).unwrap();
        fs::write(layers[1].join("a.toml"), DASH.replace("choice", "chioce")).unwrap();
        let catalogue = Catalogue::load_layers(&layers);
        assert_eq!(names(&catalogue), ["Dash"]);
        let [mistake] = catalogue.mistakes() else {
            panic!("one mistake expected: {:?}", catalogue.mistakes());
        };
        assert_eq!(mistake.file, layers[1].join("a.toml"));
        assert_eq!(mistake.at, Some((2, 1)));
        assert!(mistake.message.contains("`chioce`"), "{}", mistake.message);
        assert!(mistake.message.contains("`choice`"), "{}", mistake.message);
    }

    #[test]
    fn pipes_folders_dangling_links_and_giants_are_mistakes_and_never_waited_for() {
        let (_root, layers) = layers();
        let pipe = layers[0].join("pipe.toml");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        fs::create_dir(layers[0].join("folder.toml")).unwrap();
        symlink("nowhere", layers[0].join("dangling.toml")).unwrap();
        symlink("/dev/zero", layers[0].join("zero.toml")).unwrap();
        fs::write(layers[0].join("giant.toml"), vec![b'#'; 300 * 1024]).unwrap();
        fs::write(layers[0].join("fine.toml"), DASH).unwrap();
        let catalogue = Catalogue::load_layers(&layers);
        assert_eq!(names(&catalogue), ["Dash"]);
        assert_eq!(catalogue.mistakes().len(), 5);
    }

    #[test]
    fn the_panels_own_keys_are_always_there_and_other_files_are_passed_over() {
        let (_root, layers) = layers();
        fs::write(layers[0].join("privacy-panel.toml"), "").unwrap();
        fs::write(layers[1].join("privacy-panel.toml"), DASH).unwrap();
        fs::write(layers[0].join("notes.txt"), "not a reader").unwrap();
        fs::write(layers[0].join(".#a.toml"), "an editor's lock").unwrap();
        let catalogue = Catalogue::load_layers(&layers);
        let [mistake] = catalogue.mistakes() else {
            panic!("one mistake expected: {:?}", catalogue.mistakes());
        };
        assert_eq!(mistake.file, layers[1].join("privacy-panel.toml"));
        for choice in choice::ALL {
            let readers: Vec<_> = catalogue.readers_of(choice).collect();
            assert_eq!(readers, [&Reader::own(choice)]);
        }
    }
}
