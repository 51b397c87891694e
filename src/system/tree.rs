// SPDX-License-Identifier: GPL-3.0-or-later

//! The files of a computer: of this one, or of one that is prepared as an image in a folder.
//!
//! Nothing that a file or link in an image says may lead out: what stands outside is this
//! computer's. So an image is a handle to its folder, and everything is looked up below that
//! handle.
//!
//! ```text
//! tree           what is read and written, of either
//! ├── image      looking paths up in an image
//! └── removal    removing folders
//! ```

pub(crate) mod image;
pub(crate) mod removal;

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, DirBuilder, DirBuilderExt as _, MetadataExt as _};
use rustix::fs::{Mode, OFlags, RenameFlags};

use crate::system::open;
use crate::system::replace;
use crate::system::replace::{Before, NewRights, NotReplaced, Original, Prepared};

use image::Image;

/// The name under which a file or folder is made before it takes its place. Hidden, so that
/// neither dconf nor anybody else takes it for the real one.
pub(crate) const UNDER_WAY: &str = ".privacy-panel.new";

/// The same, for a folder beside a file that is made at the same time.
pub(crate) const FOLDER_UNDER_WAY: &str = ".privacy-panel.d.new";

pub(crate) use crate::system::limits::FOREIGN_FILE as LARGEST_FOREIGN_FILE;

/// A computer's files.
#[derive(Debug)]
pub struct Tree {
    /// None for this computer.
    image: Option<Image>,
}

/// Who may do what with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) mode: u32,
    pub(crate) owner: Option<(u32, u32)>,
}

impl Rights {
    /// Everybody may read it; whoever writes it owns it.
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

/// What stands at the end of a path, no link followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File(Rights),
    Folder(Rights),
    Link,
    Other,
}

impl Tree {
    /// The files of this computer.
    pub const fn computer() -> Self {
        Self { image: None }
    }

    /// The files of an image in a folder. The root folder is this computer's.
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

    /// The name of a file for people: where it is as seen from here.
    pub fn name(&self, path: &Path) -> PathBuf {
        match &self.image {
            Some(image) => image.name(path),
            None => path.to_owned(),
        }
    }

    /// Opens a folder; none where there is nothing of that name.
    pub(crate) fn folder(&self, path: &Path) -> io::Result<Option<Dir>> {
        let opened = match &self.image {
            Some(image) => image.folder(path),
            None => Dir::open_ambient_dir(path, ambient_authority()),
        };
        unless_missing(opened)
    }

    /// What stands at a path, the last link not followed; none where there is nothing.
    pub(crate) fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(None);
        };
        match self.folder(above)? {
            Some(above) => kind(&above, name),
            None => Ok(None),
        }
    }

    /// Opens a folder, and makes it and those above it where they are missing. Says which it made.
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
        // The new folder itself, whatever may have its place by now.
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = rustix::fs::openat(&parent, name, flags, Mode::empty())?;
        Ok(Dir::from_std_file(File::from(folder)))
    }

    /// Reads a file to its end; none where there is nothing of that name, an error where it is
    /// not a regular file or has more than `most` bytes.
    pub(crate) fn read(&self, path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
        // Looked at before it is opened: a device may do something when it is.
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

    /// The same, of what was seen to be a regular file a moment ago.
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

    /// Whether it is a link to `/dev/null`, with which an administrator masks a file.
    pub(crate) fn is_null(&self, path: &Path) -> bool {
        let target = match &self.image {
            Some(_) => self.link(path),
            None => std::fs::canonicalize(path),
        };
        target.is_ok_and(|target| target == Path::new("/dev/null"))
    }

    /// Where a link leads, as it says itself.
    fn link(&self, path: &Path) -> io::Result<PathBuf> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let above = self.folder(above)?;
        above
            .ok_or(io::ErrorKind::NotFound)?
            .read_link_contents(name)
    }

    /// The names in a folder, and whether each is known to be a regular file; none where there
    /// is no folder. A link that leads nowhere is an error: a folder was meant to be there.
    pub(crate) fn entries(&self, path: &Path) -> io::Result<Vec<(std::ffi::OsString, bool)>> {
        let Some(folder) = self.folder(path)? else {
            return match self.dangling(path)? {
                None => Ok(Vec::new()),
                Some(link) => Err(io::Error::other(format!(
                    "the link “{}” leads nowhere",
                    self.name(link).display()
                ))),
            };
        };
        let entries = folder.entries()?.map(|entry| {
            let entry = entry?;
            let plain = entry.file_type().is_ok_and(|kind| kind.is_file());
            Ok((entry.file_name(), plain))
        });
        entries.collect()
    }

    /// The link on the way to a missing folder that leads nowhere, if there is one.
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

/// Makes an error of nothing there a missing value.
pub(crate) fn unless_missing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What has that name in the folder.
pub(crate) fn kind(dir: &Dir, name: impl AsRef<Path>) -> io::Result<Option<Kind>> {
    let Some(found) = unless_missing(dir.symlink_metadata(name))? else {
        return Ok(None);
    };
    let rights = Rights {
        mode: found.mode() & 0o7777,
        owner: Some((found.uid(), found.gid())),
    };
    Ok(Some(if found.is_file() {
        Kind::File(rights)
    } else if found.is_dir() {
        Kind::Folder(rights)
    } else if found.is_symlink() {
        Kind::Link
    } else {
        Kind::Other
    }))
}

/// Makes a folder that everybody may look into.
pub(crate) fn make_folder(dir: &Dir, name: impl AsRef<Path>) -> io::Result<()> {
    dir.create_dir_with(name, DirBuilder::new().mode(0o755))?;
    flush(dir)
}

/// Writes a new file and has it on the disk.
pub(crate) fn write_new(
    dir: &Dir,
    name: impl AsRef<Path>,
    bytes: &[u8],
    rights: Rights,
) -> io::Result<()> {
    Ok(replace::write_new(dir, name, bytes, rights.into())?)
}

/// Writes a file of the panel's own under another name, for [`put_in_place`].
pub(crate) fn prepare(dir: &Dir, bytes: &[u8], rights: Rights) -> io::Result<()> {
    remove(dir, UNDER_WAY)?;
    write_new(dir, UNDER_WAY, bytes, rights).inspect_err(|_| {
        // What could not be written helps nobody.
        let _ = remove(dir, UNDER_WAY);
    })
}

/// Writes a file under another name that will replace one of another program's, with all the rights
/// of the old one; where there is none yet, with those given. `before` is what the caller has read:
/// an error where the file has other content by now.
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

/// Gives what was made under another name its own: from one moment to the next, and for good.
pub(crate) fn put_in_place(dir: &Dir, name: &str) -> io::Result<()> {
    dir.rename(UNDER_WAY, dir, name)?;
    flush(dir)
}

/// Lets the folder that was made under another name and the one that has the name now change their
/// names. `None` where the file system cannot do that: on an overlay a folder of a lower layer.
pub(crate) fn exchange(dir: &Dir, name: &str) -> io::Result<Option<()>> {
    use rustix::io::Errno;
    match rustix::fs::renameat_with(dir, FOLDER_UNDER_WAY, dir, name, RenameFlags::EXCHANGE) {
        Ok(()) => flush(dir).map(Some),
        Err(Errno::XDEV | Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Removes a file, a link or a folder with all that is in it. No link is followed.
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

/// Removes a folder when there is nothing in it.
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

/// Waits until the names in a folder are on the disk.
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

/// Whether the system failed, such as for want of handles or by a broken disk, rather than the
/// file being none that can be read.
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
