// SPDX-License-Identifier: GPL-3.0-or-later

//! The catalogue of readers: files in three layers, like systemd's drop-ins.
//!
//! A file in a later layer replaces a file of the same name in an earlier layer. An empty file, or
//! a link to `/dev/null`, masks it. A broken file is reported and skipped, and the file that it
//! would have replaced stays: a mistake must not hide a program.
//!
//! If a layer or a file can't be read, the programs that it describes are unknown.
//! [`Catalogue::lost`] lists these failures, and callers that depend on the catalogue report that
//! they are incomplete.

pub(crate) mod file;
pub mod index;
pub mod names;
mod shipped;
pub mod values;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use cap_std::fs::Dir;

use crate::choices::catalogue::index::{Index, IndexFile, Known, Only};
use crate::choices::choice;
use crate::choices::choice::Choice;
use crate::choices::reader::Reader;
use crate::formats::mistake::Mistake;
use crate::formats::packed;
use crate::system::folders;
use crate::system::i18n::system_error;
use crate::system::limits;
use crate::system::service;
use crate::system::tree;
use crate::system::tree::Tree;
use crate::system::trusted;

pub use shipped::SHIPPED;

/// The number of files from which a second thread saves time.
const MANY: usize = 128;

/// More threads don't help: the work is mostly memory and short files.
const MOST_THREADS: usize = 4;

/// Every known reader, installed or not.
#[derive(Debug, Default)]
pub struct Catalogue {
    readers: Vec<Reader>,
    mistakes: Vec<Mistake>,
    lost: Vec<Mistake>,
}

/// Parses a reader file. `None`: it masks files of its name.
///
/// # Errors
///
/// The first mistake in the file.
pub fn parse(file: &Path, bytes: &[u8]) -> Result<Option<Reader>, Mistake> {
    file::parse(file, file, bytes).map(|entry| match entry {
        Entry::Gives(reader) => Some(*reader),
        Entry::Masks => None,
    })
}

/// What a file in a layer does.
pub(crate) enum Entry {
    Masks,
    Gives(Box<Reader>),
}

/// Why a file has no effect.
enum Left {
    /// It is broken.
    Out(Mistake),
    /// The system failed to read it.
    Lost(Mistake),
}

impl Catalogue {
    /// Reads the layers that apply to the current user.
    pub fn load() -> Self {
        Self::load_indexed(&folders::readers(), Only::All).with_folders()
    }

    /// Reads the layers that apply to the current user, for reading the state of one choice. Skips
    /// readers of other choices, and readers whose programs aren't installed, as far as an [index]
    /// names them.
    pub fn load_for(choice: &'static Choice) -> Self {
        Self::load_indexed(&folders::readers(), Only::Installed(choice)).with_folders()
    }

    /// Reads the layers that apply to the current user, for changing one choice: without readers of other
    /// choices.
    pub fn load_of(choice: &'static Choice) -> Self {
        Self::load_indexed(&folders::readers(), Only::Choice(choice)).with_folders()
    }

    /// Reports more folders than the limit.
    fn with_folders(mut self) -> Self {
        if folders::are_too_many() {
            let most = limits::DATA_FOLDERS;
            let message = format!("more than {most} folders; those after them are left out");
            let variable = Path::new("XDG_DATA_DIRS");
            self.mistakes.insert(0, Mistake::whole(variable, &message));
        }
        self
    }

    /// Reads the layers that apply to the whole computer: those of packages and of the
    /// administrator, and no user's.
    ///
    /// An image without the panel gets the shipped readers.
    pub fn load_system(tree: &Tree) -> Self {
        let layers = folders::system_readers(tree);
        let mut readers = BTreeMap::new();
        let vendors = layers.first().map(|vendor| tree.entries(vendor));
        let is_shipped = |name: &OsString| {
            let number =
                SHIPPED.binary_search_by_key(&name.as_os_str(), |(name, _)| OsStr::new(name));
            number.is_ok()
        };
        let has_none =
            |files: Vec<(OsString, bool)>| !files.iter().any(|(name, _)| is_shipped(name));
        if tree.is_image() && vendors.is_none_or(|files| files.is_ok_and(has_none)) {
            for (name, text) in SHIPPED {
                let path = Path::new(name);
                if let Ok(Entry::Gives(reader)) = file::parse(path, path, text.as_bytes()) {
                    readers.insert(path.file_stem().unwrap_or_default().to_owned(), *reader);
                }
            }
        }
        Self::add_layers(readers, tree, &layers, Sources::Index(Only::All))
    }

    /// Reads the layers in which only root can write: those of packages and of the administrator.
    ///
    /// A layer that another user could change is not read, and counts as lost.
    pub fn load_trusted() -> Self {
        let layers = folders::trusted_readers();
        let untrusted = layers.iter().filter_map(|layer| {
            let error = trusted::check_files(layer, ".toml").err()?;
            Some(Mistake::whole(layer, &system_error(&error)))
        });
        let untrusted: Vec<_> = untrusted.collect();
        if untrusted.is_empty() {
            return Self::load_layers(&layers);
        }
        Self {
            lost: untrusted,
            ..Self::default()
        }
    }

    /// Reads the given folders, the least important first.
    pub fn load_layers(layers: &[PathBuf]) -> Self {
        let tree = Tree::computer();
        Self::add_layers(BTreeMap::new(), &tree, layers, Sources::Files)
    }

    /// Reads the relevant readers of the given folders and their indexes.
    fn load_indexed(layers: &[PathBuf], only: Only) -> Self {
        let tree = Tree::computer();
        Self::add_layers(BTreeMap::new(), &tree, layers, Sources::Index(only))
    }

    fn add_layers(
        readers: BTreeMap<OsString, Reader>,
        tree: &Tree,
        layers: &[PathBuf],
        sources: Sources,
    ) -> Self {
        let mut loading = Loading {
            readers,
            ..Loading::default()
        };
        for layer in layers {
            if let Err(error) = loading.add(tree, layer, sources) {
                let lost = Mistake::whole(&tree.name(layer), &system_error(&error));
                loading.lost.push(lost);
            }
        }
        Self {
            mistakes: loading.mistakes,
            lost: loading.lost,
            ..Self::of(loading.readers.into_values())
        }
    }

    /// A catalogue of the given readers and the panel's own keys.
    pub fn of(readers: impl IntoIterator<Item = Reader>) -> Self {
        Self {
            readers: readers
                .into_iter()
                .chain(choice::ALL.iter().map(Reader::own))
                .collect(),
            mistakes: Vec::new(),
            lost: Vec::new(),
        }
    }

    /// All readers, by their file names. The panel's own keys come last.
    pub fn readers(&self) -> &[Reader] {
        &self.readers
    }

    /// The readers of one choice.
    pub fn readers_of(&self, choice: &'static Choice) -> impl Iterator<Item = &Reader> {
        self.readers
            .iter()
            .filter(move |reader| reader.choice == choice)
    }

    /// Whether a reader of the choice is a D-Bus service, which may be slow.
    pub fn asks_services(&self, choice: &'static Choice) -> bool {
        self.readers_of(choice)
            .any(|reader| reader.store.service().is_some())
    }

    /// Lets services of the choice that did not answer be asked again at once.
    pub fn forget_silence(&self, choice: &'static Choice) {
        for service in self
            .readers_of(choice)
            .filter_map(|reader| reader.store.service())
        {
            service::answered(service.bus, &service.name);
        }
    }

    /// The skipped files, and why.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// The folders and files that the system failed to read. The programs that they describe are
    /// unknown.
    pub fn lost(&self) -> &[Mistake] {
        &self.lost
    }
}

/// How a layer is read.
#[derive(Clone, Copy)]
enum Sources {
    /// Its files.
    Files,
    /// The relevant entries of its index, and the files that the index doesn't know.
    Index(Only),
}

/// What was found in the layers so far.
#[derive(Default)]
struct Loading {
    readers: BTreeMap<OsString, Reader>,
    mistakes: Vec<Mistake>,
    lost: Vec<Mistake>,
}

impl Loading {
    /// Adds the readers of a layer that matter.
    fn add(&mut self, tree: &Tree, layer: &Path, sources: Sources) -> io::Result<()> {
        let Some(folder) = tree.expected_folder(layer)? else {
            return Ok(());
        };
        let (index, only) = match sources {
            Sources::Files => (None, Only::All),
            Sources::Index(only) => (IndexFile::of(tree, layer, &folder), only),
        };
        let index = index.as_ref().and_then(IndexFile::index);
        let mut files = Vec::new();
        if let Some(index) = index.as_ref().filter(|index| index.has_all_names()) {
            for at in 0..index.len() {
                files.extend(self.consider(layer, index, at, only));
            }
        } else {
            let mut names = reader_files(&folder)?;
            let more = names.len().saturating_sub(limits::READER_FILES);
            if more > 0 {
                names.truncate(limits::READER_FILES);
                let most = limits::READER_FILES;
                let message = format!("more than {most} reader files; {more} are left out");
                self.mistakes
                    .push(Mistake::whole(&tree.name(layer), &message));
            }
            for (name, is_regular) in names {
                let known = (index.as_ref()).and_then(|index| Some((index, index.find(&name)?)));
                match known {
                    Some((index, at)) => files.extend(self.consider(layer, index, at, only)),
                    None => files.push(LayerFile {
                        path: layer.join(name),
                        is_regular,
                        packed: None,
                    }),
                }
            }
        }
        for (path, loaded) in load_files(tree, &files) {
            match loaded {
                Ok(entry) => self.put(path.file_stem().unwrap_or_default(), entry),
                Err(Left::Out(mistake)) => self.mistakes.push(mistake),
                Err(Left::Lost(mistake)) => self.lost.push(mistake),
            }
        }
        Ok(())
    }

    /// Considers a file that the index names. Returns it if it has to be loaded.
    fn consider<'a>(
        &mut self,
        layer: &Path,
        index: &Index<'a>,
        at: usize,
        only: Only,
    ) -> Option<LayerFile<'a>> {
        let name = Path::new(index.name(at));
        let (is_regular, packed) = match index.known(at, only) {
            Known::Irrelevant | Known::Masks => {
                // Most layers have none of the same name.
                if !self.readers.is_empty() {
                    self.put(name.file_stem().unwrap_or_default(), Entry::Masks);
                }
                return None;
            }
            Known::Packed(packed) => (true, Some(packed)),
            Known::Nothing { is_regular } => (is_regular, None),
        };
        Some(LayerFile {
            path: layer.join(name),
            is_regular,
            packed,
        })
    }

    /// Puts the reader of a file in the place of the one before.
    fn put(&mut self, id: &OsStr, entry: Entry) {
        match entry {
            Entry::Gives(reader) => drop(self.readers.insert(id.to_owned(), *reader)),
            Entry::Masks => drop(self.readers.remove(id)),
        }
    }
}

/// A file of a layer that has to be loaded.
struct LayerFile<'a> {
    path: PathBuf,
    /// Whether it is known to be a regular file.
    is_regular: bool,
    /// Its content in the index.
    packed: Option<packed::Table<'a>>,
}

/// The names of the `*.toml` files of a folder in order, and whether each is known to be a regular
/// file.
fn reader_files(folder: &Dir) -> io::Result<Vec<(OsString, bool)>> {
    let mut files = tree::names(folder)?;
    files.retain(|(name, _)| {
        let hidden = name.as_encoded_bytes().starts_with(b".");
        !hidden && Path::new(name).extension() == Some("toml".as_ref())
    });
    files.sort_unstable();
    Ok(files)
}

/// Loads the files in order. Many files are loaded in parallel.
fn load_files<'a>(tree: &Tree, files: &'a [LayerFile<'a>]) -> Vec<(&'a Path, Result<Entry, Left>)> {
    let load = |file: &'a LayerFile<'a>| (file.path.as_path(), load_file(tree, file));
    if files.len() < MANY {
        return files.iter().map(load).collect();
    }
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let part = files.len().div_ceil(processors.min(MOST_THREADS));
    thread::scope(|scope| {
        let threads: Vec<_> = files
            .chunks(part)
            .map(|files| scope.spawn(move || files.iter().map(load).collect::<Vec<_>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| match thread.join() {
                Ok(loaded) => loaded,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    })
}

fn load_file(tree: &Tree, file: &LayerFile<'_>) -> Result<Entry, Left> {
    let path = file.path.as_path();
    let packed = file.packed.clone();
    if let Some(entry) = packed.and_then(|packed| file::unpack(path, packed)) {
        return Ok(entry);
    }
    if !file.is_regular && tree.is_null(path) {
        return Ok(Entry::Masks);
    }
    let failed = |error: io::Error| {
        let mistake = Mistake::whole(&tree.name(path), &system_error(&error));
        if tree::is_of_system(&error) {
            Left::Lost(mistake)
        } else {
            Left::Out(mistake)
        }
    };
    let read = if file.is_regular {
        tree.read_regular(path, limits::READER_FILE)
    } else {
        tree.read(path, limits::READER_FILE)
    };
    let bytes = read
        .and_then(|bytes| bytes.ok_or_else(|| io::ErrorKind::NotFound.into()))
        .map_err(failed)?;
    file::parse(path, &tree.name(path), &bytes).map_err(Left::Out)
}

#[cfg(test)]
mod tests {
    use std::fs;
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
    fn a_layer_that_cannot_be_read_is_lost_and_one_that_is_missing_is_none() {
        let (root, layers) = layers();
        fs::write(layers[0].join("a.toml"), DASH).unwrap();
        let link = root.path().join("link");
        symlink("nowhere", &link).unwrap();
        let file = root.path().join("file");
        fs::write(&file, "").unwrap();
        for lost in [link.clone(), link.join("readers.d"), file.join("readers.d")] {
            let catalogue = Catalogue::load_layers(&[layers[0].clone(), lost.clone()]);
            assert_eq!(names(&catalogue), ["Dash"]);
            assert_eq!(catalogue.mistakes(), []);
            assert_eq!(catalogue.lost().len(), 1, "{}", lost.display());
            assert_eq!(catalogue.lost()[0].file, lost);
        }
        let missing = root.path().join("missing/readers.d");
        assert_eq!(Catalogue::load_layers(&[missing]).lost(), []);
    }

    #[test]
    fn a_folder_with_too_many_files_is_a_mistake_and_the_first_ones_count() {
        let (_root, layers) = layers();
        for number in 0..limits::READER_FILES {
            fs::write(layers[0].join(format!("{number:06}.toml")), DASH).unwrap();
        }
        assert_eq!(Catalogue::load_layers(&layers).mistakes(), []);
        fs::write(layers[0].join("last.toml"), DASH.replace("Dash", "Last")).unwrap();
        let catalogue = Catalogue::load_layers(&layers);
        assert_eq!(names(&catalogue).len(), limits::READER_FILES);
        assert!(!names(&catalogue).contains(&"Last"));
        let [mistake] = catalogue.mistakes() else {
            panic!("one mistake expected");
        };
        assert_eq!(mistake.file, layers[0]);
        assert!(mistake.message.ends_with("; 1 are left out"), "{mistake}");
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
            let own: Vec<_> = catalogue.readers_of(choice).map(Reader::is_own).collect();
            assert_eq!(own, [true]);
        }
    }
}
