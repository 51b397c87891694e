// SPDX-License-Identifier: GPL-3.0-or-later

//! The files of this computer, or of an image in a folder.
//!
//! Files and links in an image must not lead out of it, since everything outside belongs to this
//! computer. So an image is a handle to its folder, and all paths are looked up below that handle.
//!
//! ```text
//! tree           reading and writing both
//! ├── image      looking up paths in an image
//! └── removal    removing folders
//! ```

pub(crate) mod image;
pub(crate) mod removal;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt as _, Metadata, MetadataExt as _};
use rustix::fs::{Mode, OFlags, RenameFlags};

use crate::system::open;
use crate::system::replace;
use crate::system::replace::{Before, NewRights, NotReplaced, Original, Prepared};

use image::Image;

/// The temporary name of a file or folder before it takes its place. It is hidden, so that neither
/// dconf nor other programs use it.
pub(crate) const UNDER_WAY: &str = ".privacy-panel.new";

/// The temporary name of a folder that is made at the same time as a file next to it.
pub(crate) const FOLDER_UNDER_WAY: &str = ".privacy-panel.d.new";

pub(crate) use crate::system::limits::FOREIGN_FILE as LARGEST_FOREIGN_FILE;

/// A computer's files.
#[derive(Debug)]
pub struct Tree {
    /// `None` for this computer.
    image: Option<Image>,
}

/// The access rights of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) mode: u32,
    pub(crate) owner: Option<(u32, u32)>,
}

impl Rights {
    /// All users may read it. The caller owns it.
    pub(crate) const PUBLIC: Self = Self {
        mode: 0o644,
        owner: None,
    };
}

impl From<Rights> for NewRights {
    fn from(rights: Rights) -> Self {
        Self {
            mode: rights.mode,
            owner: rights.owner,
        }
    }
}

/// The kind of file at a path. Links are not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File(Rights),
    Folder(Rights),
    Link,
    Other,
}

impl Kind {
    fn of(found: &Metadata) -> Self {
        let rights = Rights {
            mode: found.mode() & 0o7777,
            owner: Some((found.uid(), found.gid())),
        };
        if found.is_file() {
            Self::File(rights)
        } else if found.is_dir() {
            Self::Folder(rights)
        } else if found.is_symlink() {
            Self::Link
        } else {
            Self::Other
        }
    }
}

impl Tree {
    /// The files of this computer.
    pub const fn computer() -> Self {
        Self { image: None }
    }

    /// The files of an image. For the root folder, those of this computer.
    pub fn image(folder: &Path) -> io::Result<Self> {
        let root = Dir::open_ambient_dir(folder, ambient_authority())?;
        if Image::is_root(&root)? {
            return Ok(Self::computer());
        }
        Ok(Self {
            image: Some(Image::new(root, folder)?),
        })
    }

    /// Whether these are the files of an image rather than of this computer.
    pub const fn is_image(&self) -> bool {
        self.image.is_some()
    }

    /// The display name of a file: its path from outside the image.
    pub fn name(&self, path: &Path) -> PathBuf {
        match &self.image {
            Some(image) => image.name(path),
            None => path.to_owned(),
        }
    }

    /// Opens a folder. `None` if there is nothing of that name.
    pub(crate) fn folder(&self, path: &Path) -> io::Result<Option<Dir>> {
        let opened = match &self.image {
            Some(image) => image.folder(path),
            None => Dir::open_ambient_dir(path, ambient_authority()),
        };
        unless_missing(opened)
    }

    /// The kind of file at a path, without following a last link. `None` if there is nothing.
    pub(crate) fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(None);
        };
        if !self.is_image() {
            let found = unless_missing(path.symlink_metadata())?;
            return Ok(found.map(|found| Kind::of(&Metadata::from_just_metadata(found))));
        }
        match self.folder(above)? {
            Some(above) => kind(&above, name),
            None => Ok(None),
        }
    }

    /// Opens a folder, and creates it and its parents if they are missing. Adds the created ones to
    /// `made`.
    pub(crate) fn make_folder(&self, path: &Path, made: &mut Vec<PathBuf>) -> io::Result<Dir> {
        if let Some(dir) = self.folder(path)? {
            return Ok(dir);
        }
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let parent = self.make_folder(above, made)?;
        make_folder(&parent, name)?;
        made.push(path.to_owned());
        // Opens the new folder itself, even if something replaced it.
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = rustix::fs::openat(&parent, name, flags, Mode::empty())?;
        Ok(Dir::from_std_file(File::from(folder)))
    }

    /// Reads a file to its end. `None` if there is nothing of that name. A file that isn't regular
    /// or has more than `most` bytes is an error.
    pub(crate) fn read(&self, path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
        // Checked before opening: opening a device may have effects.
        let is_file = match &self.image {
            Some(image) => image.is_file(path),
            None => path.metadata().map(|found| found.is_file()),
        };
        match unless_missing(is_file)? {
            None => Ok(None),
            Some(true) => self.read_regular(path, most),
            Some(false) => Err(open::not_regular()),
        }
    }

    /// Like [`Self::read`], for a file that was just seen to be regular.
    pub(crate) fn read_regular(&self, path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
        let opened = if let Some(image) = &self.image {
            image.open_file(path, open::FLAGS)
        } else {
            rustix::fs::open(path, open::FLAGS, Mode::empty())
                .map(File::from)
                .map_err(io::Error::from)
        };
        unless_missing(opened)?
            .map(|file| open::read(&open::checked(file)?, most))
            .transpose()
    }

    /// Whether it is a link to `/dev/null`, with which the administrator masks a file.
    pub(crate) fn is_null(&self, path: &Path) -> bool {
        let target = match &self.image {
            Some(_) => self.link(path),
            None => std::fs::canonicalize(path),
        };
        target.is_ok_and(|target| target == Path::new("/dev/null"))
    }

    /// The target of a link, unresolved.
    fn link(&self, path: &Path) -> io::Result<PathBuf> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let above = self.folder(above)?;
        above
            .ok_or(io::ErrorKind::NotFound)?
            .read_link_contents(name)
    }

    /// Opens a folder. `None` if there is nothing of that name. A dangling link is an error: the
    /// folder should exist.
    pub(crate) fn expected_folder(&self, path: &Path) -> io::Result<Option<Dir>> {
        let folder = self.folder(path)?;
        let dangling = match folder {
            Some(_) => None,
            None => self.dangling(path)?,
        };
        match dangling {
            None => Ok(folder),
            Some(link) => Err(io::Error::other(format!(
                "the link “{}” leads nowhere",
                self.name(link).display()
            ))),
        }
    }

    /// The names in a folder, and whether each is known to be a regular file. Empty if there is no
    /// folder. A dangling link is an error.
    pub(crate) fn entries(&self, path: &Path) -> io::Result<Vec<(OsString, bool)>> {
        let folder = self.expected_folder(path)?;
        folder.map_or(Ok(Vec::new()), |folder| names(&folder))
    }

    /// The dangling link on the way to a missing folder, if any.
    fn dangling<'a>(&self, path: &'a Path) -> io::Result<Option<&'a Path>> {
        for path in path.ancestors() {
            match self.kind(path)? {
                None => {}
                Some(Kind::Link) if self.folder(path)?.is_none() => return Ok(Some(path)),
                Some(_) => break,
            }
        }
        Ok(None)
    }
}

/// Turns `NotFound` into `None`.
pub(crate) fn unless_missing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The names in a folder, and whether each is known to be a regular file.
pub(crate) fn names(folder: &Dir) -> io::Result<Vec<(OsString, bool)>> {
    let entries = folder.entries()?.map(|entry| {
        let entry = entry?;
        let is_regular = entry.file_type().is_ok_and(|kind| kind.is_file());
        Ok((entry.file_name(), is_regular))
    });
    entries.collect()
}

/// The kind of a file in the folder.
pub(crate) fn kind(dir: &Dir, name: impl AsRef<Path>) -> io::Result<Option<Kind>> {
    let found = unless_missing(dir.symlink_metadata(name))?;
    Ok(found.as_ref().map(Kind::of))
}

/// Creates a folder that all users may read.
pub(crate) fn make_folder(dir: &Dir, name: impl AsRef<Path>) -> io::Result<()> {
    dir.create_dir_with(name, DirBuilder::new().mode(0o755))?;
    flush(dir)
}

/// Writes and flushes a new file.
pub(crate) fn write_new(
    dir: &Dir,
    name: impl AsRef<Path>,
    bytes: &[u8],
    rights: Rights,
) -> io::Result<()> {
    Ok(replace::write_new(dir, name, bytes, rights.into())?)
}

/// Writes one of the panel's own files under a temporary name, for [`put_in_place`].
pub(crate) fn prepare(dir: &Dir, bytes: &[u8], rights: Rights) -> io::Result<()> {
    remove(dir, UNDER_WAY)?;
    write_new(dir, UNDER_WAY, bytes, rights).inspect_err(|_| {
        // An incomplete file is of no use.
        let _ = remove(dir, UNDER_WAY);
    })
}

/// Prepares the replacement of another program's file with all its access rights, or a new file
/// with the given ones. `before` is the content that the caller read: other content is an error.
pub(crate) fn prepare_replacement(
    dir: &Dir,
    name: impl AsRef<OsStr>,
    before: Option<&[u8]>,
    bytes: &[u8],
    rights: Rights,
) -> io::Result<Prepared> {
    let name = name.as_ref();
    let before = match kind(dir, name)? {
        None if before.is_some() => return Err(NotReplaced::Changing.into()),
        None => Before::Nothing,
        Some(Kind::File(_)) => {
            let original = Original::open(dir, name)?;
            if before != Some(original.read(LARGEST_FOREIGN_FILE)?.as_slice()) {
                return Err(NotReplaced::Changing.into());
            }
            Before::File(original)
        }
        Some(_) => Before::Anything,
    };
    remove(dir, UNDER_WAY)?;
    let rights = rights.into();
    let prepared = replace::prepare_as(dir, UNDER_WAY, name, bytes, before, rights)?;
    Ok(prepared)
}

/// Renames a prepared file atomically to its final name, and flushes the folder.
pub(crate) fn put_in_place(dir: &Dir, name: impl AsRef<Path>) -> io::Result<()> {
    dir.rename(UNDER_WAY, dir, name)?;
    flush(dir)
}

/// Exchanges the names of the prepared folder and the current one. `None` if the file system can't
/// do that, as for a folder in a lower layer of an overlay.
pub(crate) fn exchange(dir: &Dir, name: &str) -> io::Result<Option<()>> {
    use rustix::io::Errno;
    match rustix::fs::renameat_with(dir, FOLDER_UNDER_WAY, dir, name, RenameFlags::EXCHANGE) {
        Ok(()) => flush(dir).map(Some),
        Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Removes a file, a link, or a folder with its content. Follows no link.
pub(crate) fn remove(dir: &Dir, name: impl AsRef<Path>) -> io::Result<()> {
    let name = name.as_ref();
    let removed = match kind(dir, name)? {
        None => return Ok(()),
        Some(Kind::Folder(_)) => removal::remove_folder(dir, name.as_os_str()),
        Some(_) => dir.remove_file(name),
    };
    unless_missing(removed)?;
    flush(dir)
}

/// Removes a folder if it is empty.
pub(crate) fn remove_empty(dir: &Dir, name: &OsStr) -> io::Result<()> {
    match dir.remove_dir(name) {
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty
            ) =>
        {
            Err(error)
        }
        _ => flush(dir),
    }
}

/// Flushes the names in a folder to the disk.
pub(crate) fn flush(dir: &Dir) -> io::Result<()> {
    Ok(replace::flush(dir.as_fd())?)
}

/// Whether files can be made in the folder.
pub(crate) fn check_writable(dir: &Dir) -> io::Result<()> {
    use rustix::fs::{Access, AtFlags};
    Ok(rustix::fs::accessat(
        dir,
        ".",
        Access::WRITE_OK | Access::EXEC_OK,
        AtFlags::EACCESS,
    )?)
}

/// Whether the system failed, such as for lack of handles or with a broken disk, rather than the
/// file being unreadable by its nature.
pub(crate) fn is_of_system(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let of_file = [
        Errno::ACCESS,
        Errno::ISDIR,
        Errno::LOOP,
        Errno::NOENT,
        Errno::NOTDIR,
        Errno::PERM,
    ];
    Errno::from_io_error(error).is_some_and(|error| !of_file.contains(&error))
}
