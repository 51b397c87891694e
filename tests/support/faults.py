# SPDX-License-Identifier: GPL-3.0-or-later
"""A computer or an image whose policies meet faults, and the values that programs read there."""

import collections
import contextlib
import json
import os
import re
import statistics
import subprocess
import time
from pathlib import Path

import pytest
from support.computer import OUR_LINE, PROFILE
from support.harness import INSTALLED
from support.names import NOT_SAVED


PRIVACYCTL = INSTALLED / "bin" / "privacyctl"
OTHER_USER = 12345

# The names of new files before they are complete, in src/system/tree.rs.
UNDER_WAY = ".privacy-panel.new"
FOLDER_UNDER_WAY = ".privacy-panel.d.new"

# Two policies that differ in every common key, and in their locks.
POLICIES = {
    "A": """
[choices.online-search]
state = "off"
locked = true
""",
    "B": """
[organisation]
name = "B University"

[choices.online-search]
state = "on"

[choices.error-reports]
state = "off"
locked = true
""",
}


# Values that newly started programs read


# Prints the values and locks of all keys. Each time a new process: dconf reads the profile once.
READER = """
import ctypes, json, os, sys
dconf = ctypes.CDLL("libdconf.so.1")
glib = ctypes.CDLL("libglib-2.0.so.0")
text, number = ctypes.c_char_p, ctypes.POINTER(ctypes.c_int)
for name, result, arguments in (
    ("dconf_client_new", ctypes.c_void_p, []),
    ("dconf_client_list", ctypes.POINTER(text), [ctypes.c_void_p, text, number]),
    ("dconf_client_list_locks", ctypes.POINTER(text), [ctypes.c_void_p, text, number]),
    ("dconf_client_read_full", ctypes.c_void_p,
     [ctypes.c_void_p, text, ctypes.c_int, ctypes.c_void_p]),
):
    getattr(dconf, name).restype, getattr(dconf, name).argtypes = result, arguments
glib.g_variant_print.restype = text
glib.g_variant_print.argtypes = [ctypes.c_void_p, ctypes.c_int]

def names(function, folder):
    count = ctypes.c_int()
    found = function(client, folder, ctypes.byref(count))
    return [found[i] for i in range(count.value)]

def read(folder):
    for name in names(dconf.dconf_client_list, folder):
        path = folder + name
        if name.endswith(b"/"):
            read(path)
        else:
            value = dconf.dconf_client_read_full(client, path, 1, None)
            values[path.decode()] = value and glib.g_variant_print(value, 1).decode()

print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        client = dconf.dconf_client_new()
        values = {}
        read(b"/")
        locks = names(dconf.dconf_client_list_locks, b"/")
        print(json.dumps([values, sorted(lock.decode() for lock in locks)]), flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print("the reader crashed", flush=True)
"""


class Programs:
    """Programs of users without decisions of their own, on a computer with that folder as /etc."""

    def __init__(self, etc, home, before=()):
        home.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [*before, "bwrap", "--dev-bind", "/", "/", "--die-with-parent", "--bind", etc, "/etc"]
            + ["/usr/bin/python3", "-c", READER],
            env={
                "HOME": str(home),
                "XDG_RUNTIME_DIR": str(home),
                "PATH": os.environ["PATH"],
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == "ready\n"

    def read(self):
        """Every value, and every lock."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)


# Files


def snapshot(folder, ids=False):
    """Everything below a folder: content, modes and owners, and on request inode numbers and times
    of change."""
    found = {}
    for path in [folder, *folder.rglob("*")]:
        status = path.lstat()
        found[str(path.relative_to(folder))] = (
            oct(status.st_mode),
            status.st_uid,
            status.st_gid,
            (status.st_ino, status.st_mtime_ns, status.st_ctime_ns) if ids else None,
            os.readlink(path) if path.is_symlink() else None,
            path.read_bytes() if path.is_file() and not path.is_symlink() else None,
        )
    return found


def names(folder):
    return (
        {str(path.relative_to(folder)) for path in folder.rglob("*")} if folder.exists() else set()
    )


def calm(done):
    """Checks that the output shows no crash, even after a failure."""
    said = done.stdout + done.stderr
    assert done.returncode >= 0, done
    assert not re.search(r"panicked|backtrace|RUST_|thread '", said), said
    return done


def one_sentence(done):
    """Checks that the command failed, and that one sentence says why."""
    calm(done)
    assert (done.returncode, done.stdout) == (NOT_SAVED, ""), done
    assert re.fullmatch(r"privacyctl: [^\n]+\n", done.stderr), done.stderr
    return done.stderr


def start(computer, words, before=()):
    """Starts privacyctl in a new process group. The dconf that it runs has another one."""
    session = computer.session
    siblings = children()
    child = subprocess.Popen(
        [*(before or computer.way_in), *(session.wrap if before else []), PRIVACYCTL, *words],
        env=session.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    child.siblings = siblings
    return child


LEARNT = {}


class Place:
    """A computer or an image for policies, and the values that programs read there."""

    def __init__(self, computer, image=None, before=(), seen_at=""):
        self.computer = computer
        # The files before any policy.
        self.kind = (
            "an image" if image else "a site" if computer.file(PROFILE).exists() else "nothing"
        )
        self.before = list(before)
        self.options = ["--root", str(image)] if image else []
        self.etc = (image or computer.root) / "etc"
        # Where the test sees it.
        self.seen = Path(f"{seen_at}{self.etc}")
        self.programs = Programs(self.etc, computer.root / "home", before)

    def close(self):
        self.programs.close()

    def words(self, step):
        """The arguments that put a policy in force, or remove it."""
        if step == "none":
            return ["policy", "remove", *self.options]
        return ["policy", "apply", f"/etc/privacy-panel/{step}.toml", *self.options]

    def run(self, *words):
        session = self.computer.session
        return subprocess.run(
            [*self.before, *session.wrap, PRIVACYCTL, *words],
            env=session.env,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )

    def go(self, step):
        return calm(self.run(*self.words(step)))

    def start(self, step):
        return start(self.computer, self.words(step), self.before)

    def learn(self, again=False):
        """Records each policy's values and locks without faults, once for each kind of place."""
        self.original = self.files()
        if again or self.kind not in LEARNT:
            LEARNT[self.kind] = self._learn()
        self.states, self.names, self.profiles, self.lasts = LEARNT[self.kind]

    def _learn(self):
        states = {"none": self.programs.read()}
        profiles = {self.profile()}
        found = {"none": names(self.seen / "dconf")}
        times = collections.defaultdict(list)
        for step in ["A", "B", "none", "B", "A", "none"] * 2:
            began = time.monotonic()
            child = self.start(step)
            child.communicate()
            times[step].append(time.monotonic() - began)
            assert child.returncode == 0, step
            states[step] = self.programs.read()
            found[step] = names(self.seen / "dconf")
            profiles.add(self.profile())
        self.untouched()
        (none, none_locks), (a, a_locks), (b, b_locks) = (
            states[step] for step in ("none", "A", "B")
        )
        a_locks, b_locks = set(a_locks) - set(none_locks), set(b_locks) - set(none_locks)
        assert len(a_locks) == 5 and len(b_locks) == 2 and not a_locks & b_locks
        assert all(a[key] != b[key] for key in a.keys() & b.keys() - {"/org/example/site"})
        assert none.keys() <= a.keys() & b.keys()
        assert len(profiles) == 2 and any(OUR_LINE in str(profile) for profile in profiles)
        return (
            states,
            found,
            profiles,
            {step: statistics.median(all) for step, all in times.items()},
        )

    def files(self):
        return snapshot(self.seen / "dconf") if (self.seen / "dconf").exists() else {}

    def profile(self):
        file = Path(f"{self.seen}/dconf/profile/user")
        return file.read_bytes() if file.exists() else None

    def now(self):
        """The policy in force: exactly one of them, complete."""
        found = self.programs.read()
        for step, state in self.states.items():
            if state == found:
                return step
        raise AssertionError(f"a mixture: {found}")

    def untouched(self):
        """Checks that the files are as if there had never been a policy."""
        assert without_sites(self.files()) == without_sites(self.original)

    def mended(self, step):
        """Checks that the next undisturbed command repairs everything."""
        done = self.go(step)
        assert done.returncode == 0, done
        assert self.now() == step
        assert without_sites(names(self.seen / "dconf")) == without_sites(self.names[step])


def without_sites(found):
    """The files without the temporary files that a killed dconf left for a site's database."""
    kept = [name for name in found if not re.fullmatch(r"db/site(\.[0-9A-Z]{6})?", name)]
    return {name: found[name] for name in kept} if isinstance(found, dict) else set(kept)


def children():
    """The numbers of this process's children."""
    files = Path("/proc/self/task").glob("*/children")
    return {int(number) for file in files for number in file.read_text().split()}


def gone(child, other=None):
    """Waits for a process and for those it left behind, which get killed with it: until they have
    ended, their last step may still take effect."""
    child.communicate()
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-child.pid, 0)
    for orphan in children() - child.siblings - {other and other.pid}:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(orphan, 0)


BOTH = pytest.mark.parametrize("place", ["this computer", "an image"], indirect=True)
ALL = pytest.mark.parametrize(
    "place", ["this computer", "a new computer", "an image"], indirect=True
)
HERE = pytest.mark.parametrize("place", ["this computer"], indirect=True)
