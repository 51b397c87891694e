# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports as Apport and systemd store them, and a session of a user who sees their folders."""

import base64
import os
import subprocess
import time
import zlib

from support.harness import Session

# Another user as the owner of files: neither the session's user nor the administrator.
OTHER = 2001


def packed(name, data, level=6):
    """A binary field as Apport's problem_report.py writes it: gzip's header and trailer on separate
    lines."""
    engine = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    header = b"\x1f\x8b\x08\x08\0\0\0\0\x02\xff" + name.encode() + b"\0"
    middle = engine.compress(data)
    end = engine.flush()
    end += zlib.crc32(data).to_bytes(4, "little") + (len(data) % 2**32).to_bytes(4, "little")
    lines = [base64.b64encode(part).decode() for part in (header, middle, end) if part]
    return "\n ".join([f"{name}: base64", *lines]) + "\n"


def text(program, more=""):
    return (
        "ProblemType: Crash\n"
        "Architecture: amd64\n"
        "Date: Tue Nov 24 15:00:00 2026\n"
        f"ExecutablePath: {program}\n"
        "ProcCmdline: program /home/me/letter.txt\n"
        f"{more}"
    )


class Crashes:
    """The folders in /var of a computer with Apport and systemd, and no others."""

    def __init__(self, folder, places=True):
        self.var = folder / "var"
        self.crash = self.var / "crash"
        self.cores = self.var / "lib" / "systemd" / "coredump"
        (self.var / "cache").mkdir(parents=True)
        if places:
            self.crash.mkdir()
            # As on a real system: every user can add files, and delete their own.
            os.chmod(self.crash, 0o3777)
            os.chown(self.crash, OTHER, OTHER)
            self.cores.mkdir(parents=True)
            os.chown(self.cores, OTHER, OTHER)

    def add(self, program, content=None, age=0, uid=1000, marks=()):
        """Adds a report about a program, of an age in seconds, with its marks."""
        file = self.crash / f"{program.replace('/', '_')}.{uid}.crash"
        file.write_text(text(program) if content is None else content)
        os.chmod(file, 0o640)
        written = time.time() - age
        os.utime(file, (written, written))
        for mark in marks:
            # Each mark is newer than its report.
            written += 1
            file.with_suffix(f".{mark}").touch()
            os.utime(file.with_suffix(f".{mark}"), (written, written))
        return file

    def names(self):
        return sorted(file.name for file in self.crash.iterdir())

    def session(self, person=True, **options):
        """A session that sees these folders, of a user without rights over other users' files."""
        return Session(wrap=lambda _: self.wrap(person), **options)

    def wrap(self, person):
        wrap = ["bwrap", "--dev-bind", "/", "/", "--die-with-parent", "--bind", str(self.var), "/var"]
        # The computer's font cache, which takes long to build.
        wrap += ["--ro-bind", "/var/cache", "/var/cache"]
        if person:
            wrap += ["--unshare-user", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"]
        return wrap


def give_away(file, mode=0o640):
    """Gives a file to another user."""
    os.chown(file, OTHER, OTHER)
    os.chmod(file, mode)


# Calls the panel's main loop again and again. When the input ends, prints the longest time to an answer
# in ms: the time that the window was blocked, and the time of the call itself.
PROBE = """
import select, sys, time
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
name, path = "net.launchpad.PrivacyPanel", "/net/launchpad/PrivacyPanel"
def ask():
    bus.call_sync(name, path, "org.gtk.Actions", "List", None, None, 0, 60_000)
ask()
print("ready", flush=True)
longest = []
while not select.select([sys.stdin], [], [], 0.002)[0]:
    began = time.monotonic()
    ask()
    longest.append((time.monotonic() - began) * 1000)
print(max(longest), len(longest))
"""


class Latency:
    """The longest time that the panel's main loop left a call unanswered, from now until asked."""

    def __init__(self, session):
        self.process = subprocess.Popen(
            [*session.wrap, "/usr/bin/python3", "-c", PROBE],
            env=session.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        session.children.append(self.process)
        assert self.process.stdout.readline() == "ready\n"
        self.began = time.monotonic()

    def seconds(self):
        """Since it was first asked."""
        return time.monotonic() - self.began

    def longest(self):
        """In milliseconds."""
        said, _ = self.process.communicate("\n", timeout=60)
        longest, times = said.split()
        assert int(times) > 10
        return float(longest)
