// SPDX-License-Identifier: GPL-3.0-or-later

//! The files of a computer: of this one, or of one that is prepared as an image in a folder.
//!
//! In an image nothing that any file or link in it says may lead out: what stands outside is this
//! computer's. So an image is a handle to its folder, and everything is looked up below that
//! handle, by cap-std; a link that leads out is an error.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{
    Dir, DirBuilder, DirBuilderExt as _, MetadataExt as _, OpenOptions, OpenOptionsExt as _,
};
use rustix::fs::{Gid, Mode, OFlags, RenameFlags, Uid};

/// The name under which a file or folder is made before it takes its place. Hidden, so that
/// neither dconf nor anybody else takes it for the real one.
pub(crate) const UNDER_WAY: &str = ".privacy-panel.new";

/// The same, for a folder beside a file that is made at the same time.
pub(crate) const FOLDER_UNDER_WAY: &str = ".privacy-panel.d.new";

pub(crate) use crate::limits::FOREIGN_FILE as LARGEST_FOREIGN_FILE;

/// A computer's files.
#[derive(Debug)]
pub struct Tree {
    /// The handle and the name of an image; none for this computer.
    image: Option<(Dir, PathBuf)>,
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
        let dir = Dir::open_ambient_dir(folder, ambient_authority())?;
        let root = Dir::open_ambient_dir("/", ambient_authority())?;
        let (here, there) = (dir.dir_metadata()?, root.dir_metadata()?);
        if (here.dev(), here.ino()) == (there.dev(), there.ino()) {
            return Ok(Self::computer());
        }
        Ok(Self {
            image: Some((dir, folder.to_owned())),
        })
    }

    /// Whether these are the files of an image rather than of this computer.
    pub const fn is_image(&self) -> bool {
        self.image.is_some()
    }

    /// The name of a file for people: where it is as seen from here.
    pub fn name(&self, path: &Path) -> PathBuf {
        match &self.image {
            Some((_, root)) => root.join(below_root(path)),
            None => path.to_owned(),
        }
    }

    /// Opens a folder; none where there is nothing of that name.
    pub(crate) fn folder(&self, path: &Path) -> io::Result<Option<Dir>> {
        let opened = match &self.image {
            Some((root, _)) if below_root(path).as_os_str().is_empty() => root.try_clone(),
            Some((root, _)) => root.open_dir(below_root(path)),
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
        self.folder(path)?
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Reads a file to its end; none where there is nothing of that name, an error where it is
    /// not a regular file or has more than `most` bytes.
    pub(crate) fn read(&self, path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
        // Looked at before it is opened: a device may do something when it is.
        let is_file = match &self.image {
            Some((root, _)) => root.metadata(below_root(path)).map(|found| found.is_file()),
            None => path.metadata().map(|found| found.is_file()),
        };
        match unless_missing(is_file)? {
            None => Ok(None),
            Some(true) => self.read_regular(path, most),
            Some(false) => Err(not_a_file()),
        }
    }

    /// The same, of what was seen to be a regular file a moment ago.
    pub(crate) fn read_regular(&self, path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
        // What has become a pipe since would be waited for.
        let flags = OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = if let Some((root, _)) = &self.image {
            let flags = i32::try_from(flags.bits()).unwrap_or_default();
            root.open_with(
                below_root(path),
                OpenOptions::new().read(true).custom_flags(flags),
            )
            .map(cap_std::fs::File::into_std)
        } else {
            rustix::fs::open(path, flags, Mode::empty())
                .map(File::from)
                .map_err(io::Error::from)
        };
        unless_missing(opened)?
            .map(|file| read_to_end(&file, most))
            .transpose()
    }

    /// Whether it is a link to `/dev/null`, with which an administrator masks a file.
    pub(crate) fn is_null(&self, path: &Path) -> bool {
        let target = match &self.image {
            Some((root, _)) => root.read_link_contents(below_root(path)),
            None => std::fs::canonicalize(path),
        };
        target.is_ok_and(|target| target == Path::new("/dev/null"))
    }

    /// The names in a folder, and whether each is known to be a regular file; none where there
    /// is no folder.
    pub(crate) fn entries(&self, path: &Path) -> io::Result<Vec<(std::ffi::OsString, bool)>> {
        let Some(folder) = self.folder(path)? else {
            return Ok(Vec::new());
        };
        let entries = folder.entries()?.map(|entry| {
            let entry = entry?;
            let plain = entry.file_type().is_ok_and(|kind| kind.is_file());
            Ok((entry.file_name(), plain))
        });
        entries.collect()
    }
}

/// The path as seen from the root folder.
fn below_root(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

/// Makes an error of nothing there a missing value.
pub(crate) fn unless_missing<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn not_a_file() -> io::Error {
    io::Error::other("not a regular file")
}

fn read_to_end(file: &File, most: u64) -> io::Result<Vec<u8>> {
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(not_a_file());
    }
    // With room for the end, it is read in one go.
    let room = found.len().min(most).saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(io::Error::other(format!(
            "larger than {} KiB, the most that it may have",
            most / 1024
        )));
    }
    Ok(bytes)
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
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = dir.open_with(name, &options)?.into_std();
    file.write_all(bytes)?;
    if let Some((user, group)) = rights.owner {
        let owner = (Uid::from_raw(user), Gid::from_raw(group));
        rustix::fs::fchown(&file, Some(owner.0), Some(owner.1))?;
    }
    rustix::fs::fchmod(&file, Mode::from_raw_mode(rights.mode))?;
    file.sync_all()
}

/// Writes a file under another name, for [`put_in_place`].
pub(crate) fn prepare(dir: &Dir, bytes: &[u8], rights: Rights) -> io::Result<()> {
    remove(dir, UNDER_WAY)?;
    write_new(dir, UNDER_WAY, bytes, rights).inspect_err(|_| {
        // What could not be written helps nobody.
        let _ = remove(dir, UNDER_WAY);
    })
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
        Some(Kind::Folder(_)) => dir.remove_dir_all(name),
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
    match rustix::fs::fsync(handle(dir)?) {
        // A file system that keeps nothing has nothing to wait for.
        Ok(()) | Err(rustix::io::Errno::INVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A handle of a folder that can be flushed and locked; cap-std's are mere places.
pub(crate) fn handle(dir: &Dir) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(dir, ".", flags, Mode::empty())?)
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
