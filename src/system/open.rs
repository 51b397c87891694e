// SPDX-License-Identifier: GPL-3.0-or-later

//! Opening and reading files that another user may control.
//!
//! Opening a pipe blocks, opening a device may have effects, and a file may grow while it is read.
//! So only regular files are opened, without blocking, and reads are limited.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

/// The flags for opening a file that may not be a regular one.
pub(crate) const FLAGS: OFlags = OFlags::NONBLOCK
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// How many more bytes of a file are read at once that has grown, or whose size is unknown.
const GROWTH: usize = 4096;

/// Opens a regular file in a folder. Doesn't follow a link, which isn't a regular file.
pub(crate) fn regular(
    folder: impl AsFd,
    name: impl AsRef<Path>,
    access: OFlags,
) -> io::Result<File> {
    let (folder, name) = (folder.as_fd(), name.as_ref());
    // A device isn't opened at all.
    let found = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        return Err(not_regular());
    }
    let flags = access | FLAGS | OFlags::NOFOLLOW;
    checked(rustix::fs::openat(folder, name, flags, Mode::empty())?.into())
}

/// A file that was opened with [`FLAGS`], if it is a regular one.
pub(crate) fn checked(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(not_regular())
    }
}

/// Reads a file to its end. More than `most` bytes are an error.
pub(crate) fn read(file: &File, most: u64) -> io::Result<Vec<u8>> {
    // With room for one more byte, the first read gets all and the second finds the end.
    let room = file.metadata()?.len().min(most).saturating_add(1);
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or_default());
    while bytes.len() as u64 <= most {
        if bytes.len() == bytes.capacity() {
            bytes.reserve(GROWTH);
        }
        // The standard library would begin with a short read.
        match rustix::io::read(file, rustix::buffer::spare_capacity(&mut bytes)) {
            Ok(0) => return Ok(bytes),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let words = format!("larger than {} KiB, the most that it may have", most / 1024);
    Err(io::Error::new(io::ErrorKind::FileTooLarge, words))
}

/// The error for a file that isn't a regular one.
pub(crate) fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_regular_files_are_opened_and_read_up_to_a_limit() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = File::open(temporary.path()).unwrap();
        std::fs::write(temporary.path().join("file"), "12345").unwrap();
        symlink("file", temporary.path().join("link")).unwrap();
        let access = Mode::RUSR | Mode::WUSR;
        rustix::fs::mknodat(&folder, "pipe", FileType::Fifo, access, 0).unwrap();
        for name in ["link", "pipe", "."] {
            let error = regular(&folder, name, OFlags::RDONLY).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{name}");
        }
        let missing = regular(&folder, "missing", OFlags::RDONLY).unwrap_err();
        assert_eq!(missing.kind(), io::ErrorKind::NotFound);
        let file = || regular(&folder, "file", OFlags::RDONLY).unwrap();
        assert_eq!(read(&file(), 5).unwrap(), b"12345");
        let error = read(&file(), 4).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
    }
}
