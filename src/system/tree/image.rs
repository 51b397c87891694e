// SPDX-License-Identifier: GPL-3.0-or-later

//! The folder of an image, and looking up paths as the image itself would.
//!
//! Images usually have links, including absolute ones, which lead to the image's own files. The
//! kernel resolves them with openat2(2) and `RESOLVE_IN_ROOT`, even during renames. If that system
//! call is missing (before Linux 5.6, or in a container that blocks it), cap-std resolves paths
//! instead. It refuses absolute links.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;

/// Links stay in the image, and magic links of `/proc` don't lead to open files of this computer.
const IN_IMAGE: ResolveFlags = ResolveFlags::IN_ROOT.union(ResolveFlags::NO_MAGICLINKS);

/// How often a path is looked up again after its folders were renamed meanwhile.
const ATTEMPTS: usize = 64;

/// An image.
#[derive(Debug)]
pub(crate) struct Image {
    root: Dir,
    name: PathBuf,
    /// Whether the kernel resolves links in the image.
    resolves: bool,
}

impl Image {
    pub(crate) fn new(root: Dir, name: &Path) -> io::Result<Self> {
        let resolves = match openat2(&root, ".", PLACE, Mode::empty(), IN_IMAGE) {
            Ok(_) => true,
            Err(Errno::NOSYS | Errno::PERM) => false,
            Err(error) => return Err(error.into()),
        };
        Ok(Self {
            root,
            name: name.to_owned(),
            resolves,
        })
    }

    /// The path of a file as seen from this computer.
    pub(crate) fn name(&self, path: &Path) -> PathBuf {
        self.name.join(below_root(path))
    }

    /// Opens a folder. Follows all links.
    pub(crate) fn folder(&self, path: &Path) -> io::Result<Dir> {
        if self.resolves {
            return Ok(Dir::from_std_file(File::from(self.open(path, PLACE)?)));
        }
        match below_root(path) {
            path if path.as_os_str().is_empty() => self.root.try_clone(),
            path => self.root.open_dir(path).map_err(refused),
        }
    }

    /// Whether there is a regular file. Follows all links and opens nothing.
    pub(crate) fn is_file(&self, path: &Path) -> io::Result<bool> {
        if self.resolves {
            let place = self.open(path, OFlags::PATH | OFlags::CLOEXEC)?;
            return Ok(File::from(place).metadata()?.is_file());
        }
        let found = self.root.metadata(below_root(path)).map_err(refused)?;
        Ok(found.is_file())
    }

    /// Opens a file for reading. Follows all links.
    pub(crate) fn open_file(&self, path: &Path, flags: OFlags) -> io::Result<File> {
        if self.resolves {
            return self.open(path, flags).map(File::from);
        }
        let flags = i32::try_from(flags.bits()).unwrap_or_default();
        let mut options = OpenOptions::new();
        let opened = self
            .root
            .open_with(below_root(path), options.read(true).custom_flags(flags));
        opened.map(cap_std::fs::File::into_std).map_err(refused)
    }

    fn open(&self, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
        // A relative path can't name a file of this computer.
        let path = match below_root(path) {
            path if path.as_os_str().is_empty() => Path::new("."),
            path => path,
        };
        let mut attempts = ATTEMPTS;
        loop {
            match openat2(&self.root, path, flags, Mode::empty(), IN_IMAGE) {
                // The kernel can't tell whether `..` led out.
                Err(Errno::AGAIN | Errno::INTR) if attempts > 0 => attempts -= 1,
                opened => return Ok(opened?),
            }
        }
    }

    /// Whether the image is this computer's root folder.
    pub(crate) fn is_root(root: &Dir) -> io::Result<bool> {
        let here = rustix::fs::fstat(root)?;
        let there = rustix::fs::stat("/")?;
        Ok((here.st_dev, here.st_ino) == (there.st_dev, there.st_ino))
    }
}

/// A handle that only refers to a folder.
const PLACE: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The path relative to the root folder.
fn below_root(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

/// Translates cap-std's refusal, which isn't a system error.
fn refused(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none() {
        return io::Error::other(
            "a link that is absolute or leads out of the image; without openat2 (Linux 5.6) only \
             relative links within the image are followed",
        );
    }
    error
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// An image with an absolute link, and a file of the link's name outside it.
    fn image(resolves: bool) -> (tempfile::TempDir, Image) {
        let outer = tempfile::tempdir().unwrap();
        let root = outer.path().join("image");
        fs::create_dir_all(root.join("opt/site")).unwrap();
        fs::write(root.join("opt/site/user"), "inside").unwrap();
        fs::write(outer.path().join("secret"), "outside").unwrap();
        symlink("/opt/site", root.join("absolute")).unwrap();
        symlink("opt/site", root.join("relative")).unwrap();
        symlink("../../secret", root.join("opt/up")).unwrap();
        symlink(outer.path().join("secret"), root.join("out")).unwrap();
        let dir = Dir::open_ambient_dir(&root, cap_std::ambient_authority()).unwrap();
        let image = Image {
            resolves,
            ..Image::new(dir, &root).unwrap()
        };
        (outer, image)
    }

    fn read(image: &Image, path: &str) -> io::Result<String> {
        let file = image.open_file(Path::new(path), OFlags::CLOEXEC)?;
        io::read_to_string(file)
    }

    #[test]
    fn an_absolute_link_leads_to_the_images_own_file() {
        let (_outer, image) = image(true);
        assert_eq!(read(&image, "/absolute/user").unwrap(), "inside");
        assert_eq!(read(&image, "/relative/user").unwrap(), "inside");
        assert!(image.is_file(Path::new("/absolute/user")).unwrap());
        assert!(image.folder(Path::new("/absolute")).unwrap().exists("user"));
        assert!(image.folder(Path::new("/")).unwrap().exists("opt"));
    }

    #[test]
    fn no_link_leads_out_of_an_image() {
        for resolves in [true, false] {
            let (_outer, image) = image(resolves);
            for path in ["/opt/up", "/out", "/../secret", "/opt/../../secret"] {
                assert!(read(&image, path).is_err(), "{path}");
            }
        }
    }

    #[test]
    fn without_the_system_call_an_absolute_link_is_refused_and_the_reason_said() {
        let (_outer, image) = image(false);
        assert_eq!(read(&image, "/relative/user").unwrap(), "inside");
        let error = read(&image, "/absolute/user").unwrap_err();
        assert!(error.to_string().contains("openat2"), "{error}");
    }
}
