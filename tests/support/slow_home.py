# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder in which each file takes a while to be opened, as on a network's disk.

    slow_home.py FOLDER MOUNT_POINT MILLISECONDS STUCK GATE

If STUCK is not empty, files whose names begin with it are opened when the file GATE exists.
"""

import os
import sys
import time

from fusepy import FUSE, FuseOSError, Operations


class Slow(Operations):
    """Passes everything on. Files and lists of folders are late."""

    def __init__(self, folder, seconds, stuck, gate):
        self.folder = folder
        self.seconds = seconds
        self.stuck = stuck
        self.gate = gate

    def _real(self, path):
        return self.folder + path

    def _late(self):
        time.sleep(self.seconds)

    def __call__(self, operation, path, *arguments):
        try:
            return super().__call__(operation, self._real(path), *arguments)
        except OSError as error:
            raise FuseOSError(error.errno) from error

    def getattr(self, path, fh=None):
        found = os.lstat(path)
        names = ("atime", "ctime", "gid", "mode", "mtime", "nlink", "size", "uid")
        return {f"st_{name}": getattr(found, f"st_{name}") for name in names}

    def readdir(self, path, fh):
        self._late()
        return [".", "..", *os.listdir(path)]

    def readlink(self, path):
        return os.readlink(path)

    def open(self, path, flags):
        while self.stuck and os.path.basename(path).startswith(self.stuck):
            if os.path.exists(self.gate):
                break
            time.sleep(0.05)
        self._late()
        return os.open(path, flags)

    def create(self, path, mode, fi=None):
        return os.open(path, os.O_WRONLY | os.O_CREAT, mode)

    def read(self, path, length, offset, fh):
        return os.pread(fh, length, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(path, length)

    def fsync(self, path, datasync, fh):
        os.fsync(fh)

    def release(self, path, fh):
        os.close(fh)

    def mkdir(self, path, mode):
        os.mkdir(path, mode)

    def rmdir(self, path):
        os.rmdir(path)

    def unlink(self, path):
        os.unlink(path)

    def rename(self, old, new):
        os.rename(old, self._real(new))

    def chmod(self, path, mode):
        os.chmod(path, mode)

    def chown(self, path, uid, gid):
        os.chown(path, uid, gid)

    def utimens(self, path, times=None):
        os.utime(path, times)

    def access(self, path, mode):
        if not os.access(path, mode):
            raise FuseOSError(13)


if __name__ == "__main__":
    folder, place, milliseconds, stuck, gate = sys.argv[1:]
    slow = Slow(folder, int(milliseconds) / 1000, stuck, gate)
    FUSE(slow, place, foreground=True, nothreads=False)
