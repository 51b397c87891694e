// SPDX-License-Identifier: GPL-3.0-or-later

//! The index of a layer: its reader files, checked and packed, in one file that is read without a
//! parser.
//!
//! It is beside the layer's folder, as `gschemas.compiled` is beside schemas; `privacyctl readers
//! --write-index` writes it. It also says which choice each file is about and which files show that
//! its program is installed, so that a command that reads one choice unpacks only the readers that
//! matter, and looks up each other program at most once.
//!
//! The index never changes the result. It counts only if no other user could have written it. A
//! packed file counts only while the file has the size and the modification time in the index.
//! Programs read all other files directly, as without an index. They also do so if another version
//! wrote the index, or if it is damaged.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use cap_std::fs::Dir;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};
use tempfile::NamedTempFile;

use crate::choices::catalogue::{Entry, file, reader_files};
use crate::choices::choice::Choice;
use crate::choices::condition::FilePattern;
use crate::formats::packed;
use crate::system::limits;
use crate::system::open;
use crate::system::tree::Tree;
use crate::system::trusted;

/// The name of the file of an index.
const FILE: &str = "readers.index";

/// The form of the index, in the byte order of this computer. A program ignores an index of another
/// form.
const FORM: u64 = 0x7061_6e03;

/// A file that changed this recently may change again without a new modification time.
const SETTLED: Duration = Duration::from_secs(2);

/// Stands for the number of a choice if the file isn't packed.
const NOT_PACKED: u8 = 255;
const MASKS: u8 = 254;
const MOST_CHOICES: usize = 250;

/// Whether the file's `programs` alone show that the program is installed.
const PROGRAMS_DECIDE: u8 = 1;

/// The bytes of a stamp: the seconds and nanoseconds of a file's modification time, and its size.
const STAMP: usize = 24;

/// The stamp of a folder that may change without a new modification time.
const NO_STAMP: [u8; STAMP] = [0xff; STAMP];

/// The bytes of a number.
const WORD: usize = 8;

/// The content of an index. The file begins with the form, and a sum of the fields except the
/// packed files. Then come the fields, each after its length.
#[derive(Clone, Copy, Debug, Default)]
struct Layout<T> {
    /// The choices, each with a NUL after it.
    choices: T,
    /// The names of the files, each with a NUL after it.
    names: T,
    /// The stamps of the folder and of each file.
    stamps: T,
    /// Two bytes for each file: its choice, and whether its programs decide.
    kinds: T,
    /// Two numbers for each file: the end of the packed file in [`Self::packed`], and its sum.
    ends: T,
    /// The packed files.
    packed: T,
}

/// The readers that matter.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Only {
    /// All.
    All,
    /// Those of a choice.
    Choice(&'static Choice),
    /// Those of a choice whose programs may be installed: its state depends on them.
    Installed(&'static Choice),
}

/// What is known of a file without reading it.
pub(crate) enum Known<'a> {
    /// Its reader doesn't matter.
    Irrelevant,
    /// It masks files of its name.
    Masks,
    /// Its content.
    Packed(packed::Table<'a>),
    /// It has to be read.
    Nothing {
        /// Whether it is known to be a regular file.
        is_regular: bool,
    },
}

/// The file of an index, and the folder of its layer.
pub(crate) struct IndexFile<'a> {
    layer: BorrowedFd<'a>,
    bytes: Vec<u8>,
}

/// An index.
pub(crate) struct Index<'a> {
    layer: BorrowedFd<'a>,
    choices: Vec<&'a [u8]>,
    has_all_names: bool,
    names: Vec<&'a [u8]>,
    layout: Layout<&'a [u8]>,
}

impl<T: AsRef<[u8]>> Layout<T> {
    /// The fields in their order. All but the last one are in the sum.
    fn fields(&self) -> [&[u8]; 6] {
        [
            self.choices.as_ref(),
            self.names.as_ref(),
            self.stamps.as_ref(),
            self.kinds.as_ref(),
            self.ends.as_ref(),
            self.packed.as_ref(),
        ]
    }

    fn sum(&self) -> u64 {
        let fields = self.fields().into_iter().take(5);
        fields.fold(FORM, sum)
    }
}

impl<'a> Layout<&'a [u8]> {
    /// Reads what [`Layout::bytes`] wrote.
    fn read(mut bytes: &'a [u8]) -> Option<Self> {
        let (form, known) = (word(&mut bytes)?, word(&mut bytes)?);
        let mut field = || {
            let length = usize::try_from(word(&mut bytes)?).ok()?;
            let (field, rest) = bytes.split_at_checked(length)?;
            bytes = rest;
            Some(field)
        };
        let layout = Self {
            choices: field()?,
            names: field()?,
            stamps: field()?,
            kinds: field()?,
            ends: field()?,
            packed: field()?,
        };
        let is_whole = form == FORM && bytes.is_empty() && layout.sum() == known;
        is_whole.then_some(layout)
    }
}

impl Layout<Vec<u8>> {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = [FORM, self.sum()].map(u64::to_ne_bytes).concat();
        for field in self.fields() {
            bytes.extend((field.len() as u64).to_ne_bytes());
            bytes.extend(field);
        }
        bytes
    }
}

/// Takes a number from the front.
fn word(bytes: &mut &[u8]) -> Option<u64> {
    let (word, rest) = bytes.split_first_chunk::<WORD>()?;
    *bytes = rest;
    Some(u64::from_ne_bytes(*word))
}

impl<'a> IndexFile<'a> {
    /// Reads the index of a layer, whose folder is open. `None` if there is none that counts.
    pub(crate) fn of(tree: &Tree, layer: &Path, folder: &'a Dir) -> Option<Self> {
        let above = tree.folder(layer.parent()?).ok()??;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | open::FLAGS;
        let file = rustix::fs::openat(&above, FILE, flags, Mode::empty()).ok()?;
        let stat = rustix::fs::fstat(&file).ok()?;
        let is_regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        if !is_regular || !trusted::is_only_roots(&stat) {
            return None;
        }
        Some(Self {
            bytes: open::read(&File::from(file), limits::INDEX).ok()?,
            layer: folder.as_fd(),
        })
    }

    /// The index, if it isn't damaged.
    pub(crate) fn index(&self) -> Option<Index<'_>> {
        let layout = Layout::read(&self.bytes)?;
        let folder = rustix::fs::fstat(self.layer).ok()?;
        let (own, stamps) = layout.stamps.split_at_checked(STAMP)?;
        let index = Index {
            layer: self.layer,
            choices: layout.choices.split(|byte| *byte == 0).collect(),
            has_all_names: stamp(&folder) == own,
            names: layout.names.split_inclusive(|byte| *byte == 0).collect(),
            layout: Layout { stamps, ..layout },
        };
        let count = index.names.len();
        let fits = stamps.len() == count * STAMP
            && layout.kinds.len() == count * 2
            && layout.ends.len() == count * 2 * WORD;
        fits.then_some(index)
    }
}

impl<'a> Index<'a> {
    /// Whether the layer has the files that the index names, and no others.
    pub(crate) const fn has_all_names(&self) -> bool {
        self.has_all_names
    }

    /// The number of files.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The name of a file.
    pub(crate) fn name(&self, at: usize) -> &'a OsStr {
        let name = self.names[at];
        OsStr::from_bytes(name.strip_suffix(b"\0").unwrap_or(name))
    }

    /// The number of a file.
    pub(crate) fn find(&self, name: &OsStr) -> Option<usize> {
        let name = name.as_bytes();
        let compare = |known: &&[u8]| known.strip_suffix(b"\0").unwrap_or(known).cmp(name);
        self.names.binary_search_by(compare).ok()
    }

    /// What the index knows of a file.
    pub(crate) fn known(&self, at: usize, only: Only) -> Known<'a> {
        let found = rustix::fs::statat(self.layer, self.name(at), AtFlags::SYMLINK_NOFOLLOW);
        let is_regular = found
            .as_ref()
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile);
        let known = self.layout.stamps.get(at * STAMP..(at + 1) * STAMP);
        let is_same = found.is_ok_and(|stat| known == Some(&stamp(&stat)));
        let known = (is_regular && is_same).then(|| self.unchanged(at, only));
        known.flatten().unwrap_or(Known::Nothing { is_regular })
    }

    /// What the index says of a file that didn't change.
    fn unchanged(&self, at: usize, only: Only) -> Option<Known<'a>> {
        let (kind, decides) = (
            *self.layout.kinds.get(at * 2)?,
            *self.layout.kinds.get(at * 2 + 1)?,
        );
        if kind == MASKS {
            return Some(Known::Masks);
        }
        let about = self.choices.get(usize::from(kind))?;
        let matters = match only {
            Only::All => true,
            Only::Choice(choice) | Only::Installed(choice) => choice.id.as_bytes() == *about,
        };
        if !matters {
            return Some(Known::Irrelevant);
        }
        let (end, known) = self.end(at)?;
        let start = at
            .checked_sub(1)
            .map_or(Some(0), |before| Some(self.end(before)?.0))?;
        let packed = self.layout.packed.get(start..end)?;
        if sum(FORM, packed) != known {
            return None;
        }
        let packed = packed::Table::new(packed);
        let needs_program = matches!(only, Only::Installed(_)) && decides == PROGRAMS_DECIDE;
        if needs_program && !is_installed(packed.clone()) {
            return Some(Known::Irrelevant);
        }
        Some(Known::Packed(packed))
    }

    /// Where a packed file ends, and its sum.
    fn end(&self, at: usize) -> Option<(usize, u64)> {
        let mut numbers = self.layout.ends.get(at * 2 * WORD..)?;
        Some((
            usize::try_from(word(&mut numbers)?).ok()?,
            word(&mut numbers)?,
        ))
    }
}

/// Whether one of the programs of a packed file is installed. True if that is unknown.
fn is_installed(mut packed: packed::Table<'_>) -> bool {
    let programs = packed.find_map(|entry| match entry {
        Ok(("programs", packed::Value::Array(programs))) => Some(programs),
        _ => None,
    });
    programs.is_none_or(|mut programs| {
        programs.any(|program| match program {
            Ok(packed::Value::Text(name)) => {
                FilePattern::new(name).is_none_or(|program| program.exists())
            }
            _ => true,
        })
    })
}

/// The paths of a layer's files.
fn files_of(layer: &Path) -> io::Result<Vec<PathBuf>> {
    let folder = Tree::computer().expected_folder(layer)?;
    let names = folder.map_or(Ok(Vec::new()), |folder| reader_files(&folder))?;
    Ok(names
        .into_iter()
        .map(|(name, _)| layer.join(name))
        .collect())
}

/// Packs the files of a layer. Broken files and those that were just changed are left out.
fn content(layer: &Path, now: SystemTime) -> io::Result<Layout<Vec<u8>>> {
    let is_settled = |found: &fs::Metadata| {
        let changed = found.modified();
        changed.is_ok_and(|changed| changed + SETTLED < now)
    };
    let folder = fs::metadata(layer)?;
    let mut files = files_of(layer)?;
    let is_whole = is_settled(&folder) && files.len() <= limits::READER_FILES;
    files.truncate(limits::READER_FILES);
    let mut choices: Vec<String> = Vec::new();
    let mut index = Layout::<Vec<u8>>::default();
    index.stamps.extend(if is_whole {
        of_metadata(&folder)
    } else {
        NO_STAMP
    });
    for path in files {
        let found = fs::symlink_metadata(&path)?;
        let may_count =
            found.is_file() && is_settled(&found) && found.size() <= limits::READER_FILE;
        let (kind, decides, bytes) = may_count
            .then(|| pack(&path, &mut choices))
            .flatten()
            .unwrap_or((NOT_PACKED, 0, Vec::new()));
        index
            .names
            .extend(path.file_name().unwrap_or_default().as_bytes());
        index.names.push(0);
        index.stamps.extend(of_metadata(&found));
        index.kinds.extend([kind, decides]);
        index.packed.extend(&bytes);
        let numbers = [index.packed.len() as u64, sum(FORM, &bytes)];
        index.ends.extend(numbers.map(u64::to_ne_bytes).concat());
    }
    for id in choices {
        index.choices.extend(id.as_bytes());
        index.choices.push(0);
    }
    Ok(index)
}

/// What a file is about, whether its programs decide, and its packed content. `None` if the file has to
/// be read itself.
fn pack(path: &Path, choices: &mut Vec<String>) -> Option<(u8, u8, Vec<u8>)> {
    let bytes = fs::read(path).ok()?;
    let reader = match file::parse(path, path, &bytes).ok()? {
        Entry::Masks => return Some((MASKS, 0, Vec::new())),
        Entry::Gives(reader) => reader,
    };
    let table: toml::Table = std::str::from_utf8(&bytes).ok()?.parse().ok()?;
    let packed = packed::pack(&table)?;
    file::unpack(path, packed::Table::new(&packed))?;
    let known = choices.iter().position(|id| id == reader.choice.id);
    let kind = known.unwrap_or_else(|| {
        choices.push(reader.choice.id.to_owned());
        choices.len() - 1
    });
    let kind = u8::try_from(kind).ok().filter(|_| kind < MOST_CHOICES)?;
    // The index knows nothing of sandboxes.
    let decides = reader.programs.is_some() && !reader.store.may_be_in_sandbox();
    Some((kind, if decides { PROGRAMS_DECIDE } else { 0 }, packed))
}

/// Writes the index of a layer, and returns its name. Waits up to two seconds if a file has just
/// changed.
///
/// # Errors
///
/// The layer can't be read, or the folder that it is in can't be written.
pub fn write(layer: &Path) -> io::Result<PathBuf> {
    let mut now = SystemTime::now();
    let files = files_of(layer)?;
    let files = files.iter().map(PathBuf::as_path);
    let changed = files.chain([layer]).filter_map(|file| {
        let changed = fs::symlink_metadata(file).and_then(|found| found.modified());
        changed.ok().filter(|changed| *changed <= now)
    });
    let ready = changed.max().map(|changed| changed + SETTLED);
    if let Some(wait) = ready.and_then(|ready| ready.duration_since(now).ok()) {
        thread::sleep(wait + Duration::from_millis(20));
        now = SystemTime::now();
    }
    write_at(layer, now)
}

fn write_at(layer: &Path, now: SystemTime) -> io::Result<PathBuf> {
    let path = path(layer).ok_or(io::ErrorKind::InvalidInput)?;
    let content = content(layer, now)?.bytes();
    let mut file = NamedTempFile::new_in(path.parent().unwrap_or(Path::new("/")))?;
    file.write_all(&content)?;
    file.as_file()
        .set_permissions(Permissions::from_mode(0o644))?;
    file.persist(&path)?;
    Ok(path)
}

fn path(layer: &Path) -> Option<PathBuf> {
    Some(layer.parent()?.join(FILE))
}

fn stamp(stat: &Stat) -> [u8; STAMP] {
    // The types differ between computers. Each value has one stamp, and no more is asked of it.
    #[allow(
        clippy::cast_sign_loss,
        clippy::unnecessary_cast,
        clippy::cast_lossless
    )]
    stamp_of([
        stat.st_mtime as u64,
        stat.st_mtime_nsec as u64,
        stat.st_size as u64,
    ])
}

fn of_metadata(found: &fs::Metadata) -> [u8; STAMP] {
    #[allow(clippy::cast_sign_loss)]
    stamp_of([
        found.mtime() as u64,
        found.mtime_nsec() as u64,
        found.size(),
    ])
}

fn stamp_of(numbers: [u64; STAMP / WORD]) -> [u8; STAMP] {
    let mut bytes = [0; STAMP];
    for (place, number) in bytes.chunks_exact_mut(WORD).zip(numbers) {
        place.copy_from_slice(&number.to_ne_bytes());
    }
    bytes
}

/// A sum that detects damage. It needn't detect intent: a user who can write the index can also
/// write the files.
fn sum(start: u64, bytes: &[u8]) -> u64 {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    bytes.chunks(8).fold(add(start, length), |so_far, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        add(so_far, u64::from_le_bytes(word))
    })
}

/// FNV-1a, with words in place of bytes.
const fn add(sum: u64, word: u64) -> u64 {
    (sum ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(29)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;

    use super::*;
    use crate::choices::catalogue::Catalogue;
    use crate::choices::choice::{ACTIVITY_HISTORY, ERROR_REPORTS};
    use crate::choices::reader::Reader;

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
        let catalogue = Catalogue::load_indexed(layers, Only::Installed(choice));
        assert_eq!(catalogue.mistakes(), []);
        let found = catalogue
            .readers_of(choice)
            .filter(|reader| !reader.is_own());
        found.map(|reader| reader.name.clone()).collect()
    }

    /// Writes the index of a layer as if nothing had changed for a while.
    fn indexed(layer: &Path) -> PathBuf {
        write_at(layer, SystemTime::now() + 2 * SETTLED).unwrap()
    }

    /// What the index knows of each file that it names.
    fn kinds(layer: &Path, only: Only) -> Vec<&'static str> {
        let tree = Tree::computer();
        let folder = tree.folder(layer).unwrap().unwrap();
        let file = IndexFile::of(&tree, layer, &folder).unwrap();
        let index = file.index().unwrap();
        let kind = |at| match index.known(at, only) {
            Known::Irrelevant => "irrelevant",
            Known::Masks => "masks",
            Known::Packed(_) => "packed",
            Known::Nothing { .. } => "unknown",
        };
        (0..index.len()).map(kind).collect()
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
        let index = indexed(&layers[0]);
        assert_eq!(index, root.path().join("vendor/readers.index"));
        assert_eq!(names(&layers, ERROR_REPORTS), ["a", "d"]);
        assert_eq!(names(&layers, ACTIVITY_HISTORY), ["b"]);
        let found = kinds(&layers[0], Only::Installed(ERROR_REPORTS));
        assert_eq!(found, ["packed", "irrelevant", "irrelevant", "packed"]);
        let found = kinds(&layers[0], Only::Choice(ERROR_REPORTS));
        assert_eq!(found, ["packed", "irrelevant", "packed", "packed"]);
        assert_eq!(kinds(&layers[0], Only::All), ["packed"; 4]);
    }

    #[test]
    fn without_an_index_or_with_a_broken_or_an_outdated_one_files_are_read() {
        let path = "vendor/readers.d/a.toml";
        let (root, layers) = layers(&[(path, &reader("a", ERROR_REPORTS, ""))]);
        assert_eq!(names(&layers, ERROR_REPORTS), ["a"]);
        let index = indexed(&layers[0]);
        // The file changes, and a file comes, after the index was written.
        put(&root.path().join(path), &reader("a", ACTIVITY_HISTORY, ""));
        put(
            &layers[0].join("new.toml"),
            &reader("new", ERROR_REPORTS, ""),
        );
        assert_eq!(names(&layers, ERROR_REPORTS), ["new"]);
        assert_eq!(names(&layers, ACTIVITY_HISTORY), ["a"]);
        for broken in ["", "{", &"\0".repeat(100), &"\u{7f}".repeat(1000)] {
            fs::write(&index, broken).unwrap();
            assert_eq!(names(&layers, ACTIVITY_HISTORY), ["a"], "{broken}");
        }
        fs::remove_file(&index).unwrap();
        symlink("/dev/zero", &index).unwrap();
        assert_eq!(names(&layers, ACTIVITY_HISTORY), ["a"]);
    }

    #[test]
    fn a_file_that_was_just_written_is_read_itself_and_the_command_waits_for_it() {
        let (_root, layers) = layers(&[]);
        let text = reader("a", ACTIVITY_HISTORY, "");
        fs::write(layers[0].join("a.toml"), text).unwrap();
        write_at(&layers[0], SystemTime::now()).unwrap();
        assert_eq!(kinds(&layers[0], Only::All), ["unknown"]);
        write(&layers[0]).unwrap();
        assert_eq!(kinds(&layers[0], Only::All), ["packed"]);
        assert_eq!(names(&layers, ACTIVITY_HISTORY), ["a"]);
    }

    #[test]
    fn the_index_has_the_same_readers_as_the_files() {
        let (_root, layers) = layers(&[]);
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/readers.d");
        for file in files_of(&shipped).unwrap() {
            let copy = layers[0].join(file.file_name().unwrap());
            put(&copy, &fs::read_to_string(&file).unwrap());
        }
        let files = Catalogue::load_layers(&layers);
        indexed(&layers[0]);
        let found = kinds(&layers[0], Only::All);
        assert_eq!(found, vec!["packed"; found.len()]);
        let packed = Catalogue::load_indexed(&layers, Only::All);
        assert_eq!(files.readers().len(), packed.readers().len());
        for (file, packed) in files.readers().iter().zip(packed.readers()) {
            assert_eq!(without_places(file), without_places(packed));
        }
    }

    /// The content of a reader, without the places of its fields in the file and in memory.
    fn without_places(reader: &Reader) -> String {
        let without = |text: String, field: &str| {
            let mut parts = text.split(field);
            let first = parts.next().unwrap_or_default().to_owned();
            parts.fold(first, |text, part| {
                text + part.split_once(',').map_or("", |(_, rest)| rest)
            })
        };
        without(without(format!("{reader:?}"), "span: "), "ptr: ")
    }

    /// A layer whose index says that a file has the name “old”, and the file itself “new”.
    fn lie() -> (tempfile::TempDir, [PathBuf; 2], PathBuf) {
        let (root, layers) =
            layers(&[("vendor/readers.d/a.toml", &reader("old", ERROR_REPORTS, ""))]);
        let index = indexed(&layers[0]);
        let file = layers[0].join("a.toml");
        put(&file, &reader("new", ERROR_REPORTS, ""));
        assert_eq!(names(&layers, ERROR_REPORTS), ["old"]);
        (root, layers, index)
    }

    #[test]
    fn an_index_that_others_could_have_written_or_behind_a_link_does_not_count() {
        let (root, layers, index) = lie();
        for mode in [0o666, 0o664, 0o646] {
            fs::set_permissions(&index, Permissions::from_mode(mode)).unwrap();
            assert_eq!(names(&layers, ERROR_REPORTS), ["new"], "{mode:o}");
        }
        fs::set_permissions(&index, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(names(&layers, ERROR_REPORTS), ["old"]);
        // Only root can give a file to another user.
        if std::os::unix::fs::chown(&index, Some(65534), None).is_ok() {
            assert_eq!(names(&layers, ERROR_REPORTS), ["new"]);
            std::os::unix::fs::chown(&index, Some(0), None).unwrap();
        }
        let real = root.path().join("real");
        fs::rename(&index, &real).unwrap();
        symlink(&real, &index).unwrap();
        assert_eq!(names(&layers, ERROR_REPORTS), ["new"]);
    }

    #[test]
    fn an_index_with_a_changed_byte_or_without_its_end_is_never_believed() {
        let (_root, layers, index) = lie();
        let bytes = fs::read(&index).unwrap();
        let believed = |changed: &[u8]| {
            fs::write(&index, changed).unwrap();
            names(&layers, ERROR_REPORTS) == ["old"]
        };
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0xff;
            assert!(!believed(&changed), "{at}");
        }
        for end in 0..bytes.len() {
            assert!(!believed(&bytes[..end]), "{end}");
        }
    }

    #[test]
    fn a_policy_for_an_image_reads_the_index_behind_the_images_links_only_if_it_counts() {
        let (root, layers, index) = lie();
        symlink("/vendor", root.path().join("privacy-panel")).unwrap();
        fs::create_dir_all(root.path().join("usr")).unwrap();
        symlink("/", root.path().join("usr/share")).unwrap();
        let image = Tree::image(root.path()).unwrap();
        let name = || {
            let catalogue = Catalogue::load_system(&image);
            assert_eq!((catalogue.mistakes(), catalogue.lost()), (&[][..], &[][..]));
            let found = catalogue.readers().iter().find(|reader| reader.id == "a");
            let found = found.unwrap();
            let file = Path::new("/usr/share/privacy-panel/readers.d/a.toml");
            assert_eq!(found.file.as_deref(), Some(file));
            found.name.clone()
        };
        assert_eq!(name(), "old");
        fs::set_permissions(&index, Permissions::from_mode(0o666)).unwrap();
        assert_eq!(name(), "new");
        fs::set_permissions(&index, Permissions::from_mode(0o644)).unwrap();
        put(
            &layers[0].join("a.toml"),
            &reader("newer", ERROR_REPORTS, ""),
        );
        assert_eq!(name(), "newer");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_bytes_are_no_index(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
            let (_root, layers, index) = lie();
            let form = FORM.to_ne_bytes();
            for bytes in [bytes.clone(), [&form[..], &bytes].concat()] {
                fs::write(&index, bytes).unwrap();
                prop_assert_eq!(names(&layers, ERROR_REPORTS), ["new"]);
            }
        }
    }

    #[test]
    fn a_file_that_came_or_went_after_the_index_is_seen() {
        let (_root, layers) = layers(&[
            ("vendor/readers.d/b.toml", &reader("b", ERROR_REPORTS, "")),
            ("vendor/readers.d/d.toml", &reader("d", ERROR_REPORTS, "")),
        ]);
        indexed(&layers[0]);
        fs::remove_file(layers[0].join("b.toml")).unwrap();
        for name in ["a", "c", "e"] {
            put(
                &layers[0].join(name).with_extension("toml"),
                &reader(name, ERROR_REPORTS, ""),
            );
        }
        assert_eq!(names(&layers, ERROR_REPORTS), ["a", "c", "d", "e"]);
        // Another folder has taken the place of the one that was indexed.
        let moved = layers[0].with_extension("moved");
        fs::rename(&layers[0], &moved).unwrap();
        fs::create_dir(&layers[0]).unwrap();
        assert_eq!(names(&layers, ERROR_REPORTS), Vec::<String>::new());
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
            indexed(layer);
        }
        assert_eq!(names(&layers, ERROR_REPORTS), Vec::<String>::new());
        assert_eq!(names(&layers, ACTIVITY_HISTORY), ["other"]);
    }

    #[test]
    fn a_broken_file_is_reported_with_an_index_too() {
        let (_root, layers) = layers(&[("vendor/readers.d/a.toml", "name = 1\n")]);
        indexed(&layers[0]);
        let catalogue = Catalogue::load_indexed(&layers, Only::Installed(ERROR_REPORTS));
        assert_eq!(catalogue.mistakes().len(), 1);
    }
}
