# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies among faults: killed programs, full disks, hostile images, wrong rights, two at once.

Each test checks what newly started programs read through all users' profile: one complete policy
with its values and locks, or another, or none. Random moments come from a seed, which a failure
shows; PRIVACY_PANEL_SEED=… repeats them.

The tests mount file systems and give files to other users, so they need root.
"""

import collections
import concurrent.futures
import contextlib
import ctypes
import fcntl
import json
import os
import random
import re
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import time
from pathlib import Path

import pytest
from support.computer import BACKUPS, DATABASE, NOBODY, OUR_LINE, PROFILE, SOURCES, Computer
from support.harness import INSTALLED, wait_for
from support.names import BAD, NOT_SAVED

PRIVACYCTL = INSTALLED / "bin" / "privacyctl"
KILLS = 150
SOMEBODY = 12345

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
SITE = "user-db:user # people first\n\n# The site's\nsystem-db:site\n"
SITE_DEFAULTS = (
    "[org/gnome/desktop/search-providers]\ndisabled=['org.example.Site.desktop']\n"
    "[org/example]\nsite='there'\n"
)


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


# The computer


@pytest.fixture(scope="module")
def machine():
    assert os.geteuid() == 0, "run these tests as root, such as with sudo"
    with Computer(bus=False) as machine:
        # dconf signals logged-in users over it; here there are none.
        machine.session.env["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nonexistent"
        # Enters the namespace without bwrap, which would receive signals instead of the program.
        command = ["sh", "-c", "echo $$; exec sleep infinity"]
        holder = machine.session.spawn(command, stdout=subprocess.PIPE, text=True)
        machine.way_in = ["nsenter", "-m", "-t", holder.stdout.readline().strip(), "--"]
        yield machine


@pytest.fixture
def computer(machine):
    """A computer with two policy files, and without dconf's files and masked units."""
    wrap, env = list(machine.session.wrap), dict(machine.session.env)
    for name in ("dconf", "privacy-panel", "systemd"):
        shutil.rmtree(machine.root / "etc" / name, ignore_errors=True)
    for path in (machine.root / "run").iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, text in POLICIES.items():
        machine.write(f"/etc/privacy-panel/{name}.toml", text)
    yield machine
    machine.session.wrap, machine.session.env = wrap, env


@pytest.fixture
def image(computer, tmp_path):
    """An image with only an /etc."""
    folder = tmp_path / "image"
    (folder / "etc").mkdir(parents=True)
    return folder


@pytest.fixture
def place(request, computer):
    """A computer with a site's database, a new one, or an image without dconf's files."""
    if request.param == "an image":
        place = Place(computer, request.getfixturevalue("image"))
    elif request.param == "a new computer":
        place = Place(computer)
    else:
        computer.write(PROFILE, SITE).chmod(0o604)
        computer.database("site", SITE_DEFAULTS, ["/org/example/site"])
        computer.session.ask("dconf", "update")
        place = Place(computer)
    yield place
    place.close()


BOTH = pytest.mark.parametrize("place", ["this computer", "an image"], indirect=True)
ALL = pytest.mark.parametrize(
    "place", ["this computer", "a new computer", "an image"], indirect=True
)
HERE = pytest.mark.parametrize("place", ["this computer"], indirect=True)


@pytest.fixture
def moments():
    seed = int(os.environ.get("PRIVACY_PANEL_SEED", time.time_ns() % 1_000_000_007))
    print(f"PRIVACY_PANEL_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def orphans():
    """Makes this process the parent of killed processes' children, so that it can wait for them."""
    subreaper = 36  # PR_SET_CHILD_SUBREAPER
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    assert prctl(subreaper, 1, 0, 0, 0) == 0
    yield
    prctl(subreaper, 0, 0, 0, 0)


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


# Killed


@BOTH
def test_killed_at_any_moment_it_leaves_the_old_policy_in_force_or_the_new_one(
    place, moments, orphans
):
    place.learn(again=True)
    lasts = dict(place.lasts)
    counts = collections.Counter()
    before = "none"
    for turn in range(KILLS):
        target = moments.choice([step for step in place.states if step != before])
        child = place.start(target)
        # Another program, such as the package manager, at the same time.
        other = None
        if not place.options and moments.random() < 0.2:
            time.sleep(moments.uniform(0, 0.3 * lasts[target]))
            other = place.computer.session.spawn(["dconf", "update"])
            place.computer.session.children.remove(other)
            time.sleep(moments.uniform(0, 0.5 * lasts[target]))
        else:
            time.sleep(moments.uniform(0, lasts[target]))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        gone(child, other)
        if other:
            assert other.wait(30) in (0, 1), "it may find a folder gone"
        after = place.now()
        assert place.profile() in place.profiles
        hit = child.returncode == -signal.SIGKILL
        counts["hit" if hit else "missed"] += 1
        # Its duration depends on the load of the computer.
        lasts[target] *= 1.03 if hit else 0.8
        if not other:
            assert after in (before, target), f"{turn}: {before} to {target}: {after}"
            if hit and before != target:
                counts["old" if after == before else "new"] += 1
        before = after
        if turn % 15 == 14 or turn == KILLS - 1:
            before = moments.choice(["A", "B"])
            place.mended(before)
        if turn % 30 == 29 or turn == KILLS - 1:
            before = "none"
            place.mended(before)
            place.untouched()
    print("image" if place.options else "computer", dict(counts), lasts)
    assert counts["hit"] > 0.6 * KILLS
    assert min(counts["old"], counts["new"]) > 0.05 * KILLS


@HERE
def test_told_to_end_it_leaves_the_old_policy_in_force_or_the_new_one(place, moments, orphans):
    place.learn()
    before = "none"
    for _ in range(20):
        target = moments.choice([step for step in place.states if step != before])
        child = place.start(target)
        time.sleep(moments.uniform(0, place.lasts[target]))
        # Only privacyctl gets the signal. The kernel then kills its dconf.
        os.kill(child.pid, moments.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP]))
        gone(child)
        after = place.now()
        assert after in (before, target)
        before = after
    place.mended("A")
    place.mended("none")
    place.untouched()


@HERE
def test_dconf_killed_in_the_middle_leaves_the_old_policy_and_no_file(place):
    place.learn()
    place.mended("A")
    session = place.computer.session
    words = [
        "strace",
        "-f",
        "-o",
        "/dev/null",
        "-e",
        "trace=rename",
        "-e",
        "inject=rename:signal=KILL",
    ]
    done = session.run(*words, PRIVACYCTL, *place.words("B"))
    one_sentence(done)
    assert place.now() == "A"
    place.mended("B")
    place.mended("none")
    place.untouched()


@pytest.mark.parametrize("call", [f"openat -P {SOURCES / 'locks'}", "rename"])
@pytest.mark.parametrize("target", ["B", "none"])
def test_what_a_slow_update_by_somebody_else_does_is_noticed_and_mended(
    computer, tmp_path, call, target
):
    computer.write(PROFILE, "user-db:user\n")
    computer.file(DATABASE.parent).mkdir()
    place = Place(computer)
    place.kind = "no databases"
    place.learn()
    place.mended("A")
    log = tmp_path / "log"
    name, *path = call.split()
    # It has read the keys; it reads the locks, or replaces the database, after our apply.
    other = place.computer.session.spawn(
        ["strace", "-f", "-o", str(log), "-e", f"trace={name}", *path]
        + ["-e", f"inject={name}:delay_enter=1s", "dconf", "update"]
    )
    wait_for("somebody else", lambda: log.exists() and f"{name}(" in log.read_text(), every=0.01)
    done = place.go(target)
    assert done.returncode == 0
    assert "DELAYED" not in log.read_text(), "it is still there"
    assert other.wait(30) in (0, 1), "it may find a folder gone"
    # It had read old files, and cannot be kept from writing the result.
    status = place.run("policy", "status").returncode
    if target == "B":
        try:
            found = place.now()
        except AssertionError:
            found = "a mixture"
        assert status == (0 if found == "B" else 1)
    place.mended(target)
    place.close()


# No place to write


@contextlib.contextmanager
def mounted(computer, *commands):
    """A mount namespace in which those commands have run: the command prefix that enters it, and
    the folder of its files as seen from outside."""
    script = " && ".join([*commands, "echo ready", "exec sleep 1000"])
    holder = subprocess.Popen(
        ["unshare", "-m", "--propagation", "private", "sh", "-c", script],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout.readline() == "ready\n", commands
        yield ["nsenter", "-m", "-t", str(holder.pid), "--"], f"/proc/{holder.pid}/root"
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


@contextlib.contextmanager
def on_an_overlay(computer):
    """Puts dconf's files into the lower layer of an overlay, as on live and embedded systems. Yields
    the small disk of the upper layer, the words that enter, and where the test sees it."""
    dconf = computer.file("/etc/dconf")
    lower, upper = computer.root / "lower", computer.root / "upper"
    if dconf.exists() and any(dconf.iterdir()):
        shutil.rmtree(lower, ignore_errors=True)
        shutil.move(dconf, lower)
        dconf.mkdir()
    upper.mkdir(exist_ok=True)
    with mounted(
        computer,
        f"mount -t tmpfs -o size=200k none {upper}",
        f"mkdir {upper}/files {upper}/work",
        f"mount -t overlay -o lowerdir={lower},upperdir={upper}/files,workdir={upper}/work"
        f" none {dconf}",
    ) as (into, seen_at):
        yield Path(f"{seen_at}{upper}"), into, seen_at


def fill(disk, blocks=None, files=None):
    """Leaves that number of free blocks, or of new files, on a disk."""
    free(disk)
    status = os.statvfs(disk)
    if blocks is not None:
        (disk / "filler").write_bytes(b"x" * max(0, status.f_bavail - blocks) * status.f_bsize)
    else:
        (disk / "filler").mkdir()
        for number in range(status.f_favail - 1 - files):
            (disk / "filler" / str(number)).touch()


def free(disk):
    filler = disk / "filler"
    if filler.is_dir():
        shutil.rmtree(filler)
    else:
        filler.unlink(missing_ok=True)


@pytest.mark.parametrize("where", ["this computer", "an image"])
@pytest.mark.parametrize("scarce", ["blocks", "files"])
def test_on_a_full_disk_the_old_policy_stays_in_force(computer, image, where, scarce):
    here = where == "this computer"
    disk = computer.file("/etc/dconf") if here else image
    disk.mkdir(exist_ok=True)
    mount = f"mount -t tmpfs -o size=400k,nr_inodes=60,mode=755 none {disk}"
    with mounted(computer, mount, f"mkdir -p {image}/etc") as (into, seen_at):
        place = Place(computer, None if here else image, into, seen_at)
        place.kind = f"a small disk for {where}"
        disk = Path(f"{seen_at}{disk}")
        place.learn()
        # Without a policy, and with another policy in force.
        for before in ("none", "A"):
            said = set()
            for left in range(40):
                place.mended(before)
                fill(disk, **{scarce: left})
                done = place.go("B")
                if done.returncode == 0:
                    break
                said.add(one_sentence(done))
                assert place.now() == before, left
                done = place.go("none")
                if done.returncode:
                    one_sentence(done)
                assert place.now() == (before if done.returncode else "none"), left
                free(disk)
                place.mended("B")
            free(disk)
            assert done.returncode == 0 and left >= 2, said
            assert place.now() == "B"
            place.mended("none")
            place.untouched()
        place.close()


@pytest.mark.parametrize("fault", ["a full disk", "kills"])
def test_where_folders_cannot_be_exchanged_it_is_the_same(computer, fault, moments, orphans):
    """On an overlay with the sources in a lower layer, as on live and embedded systems."""
    computer.write(PROFILE, "user-db:user\n")
    place = Place(computer)
    place.kind = "no site"
    place.learn()
    place.mended("A")
    turns = range(24) if fault == "a full disk" else range(12)
    for turn in turns:
        with on_an_overlay(computer) as (upper, into, seen_at):
            over = Place(computer, None, into, seen_at)
            over.states, over.names = place.states, place.names
            assert over.now() == "A"
            if fault == "a full disk":
                fill(upper, blocks=turn)
                done = over.go("B")
                if done.returncode:
                    one_sentence(done)
                    assert over.now() == "A", turn
                free(upper)
            else:
                child = over.start("B")
                time.sleep(moments.uniform(0, place.lasts["B"]))
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                gone(child)
                assert over.now() in ("A", "B")
            over.mended("B")
            over.mended("A")
            over.close()
            if fault == "a full disk" and done.returncode == 0:
                break
    place.close()
    assert fault == "kills" or (done.returncode == 0 and turn > 2)


def test_a_failed_application_leaves_the_administrators_own_mask_to_the_next_ones(computer):
    """Where folders cannot be exchanged, a full disk may keep the backups, but not the record."""
    computer.write(PROFILE, "user-db:user\n")
    place = Place(computer)
    mask = computer.file("/etc/systemd/system/whoopsie.service")
    mask.parent.mkdir(parents=True)
    mask.symlink_to("/dev/null")
    assert place.go("A").returncode == 0
    for turn in range(24):
        with on_an_overlay(computer) as (upper, into, seen_at):
            over = Place(computer, None, into, seen_at)
            fill(upper, blocks=turn)
            failed = over.go("B").returncode
            free(upper)
            for step in ("B", "A", "B", "none"):
                done = over.go(step)
                assert done.returncode == 0, (turn, done)
                assert os.readlink(mask) == "/dev/null", (turn, step)
            over.close()
        if not failed:
            break
    place.close()
    assert not failed and turn > 2


@BOTH
def test_where_nothing_can_be_written_one_sentence_says_so(place):
    place.learn()
    place.mended("A")
    wrap = list(place.computer.session.wrap)
    root = place.etc.parent
    read_only = ["--ro-bind", root, root] if place.options else ["--remount-ro", "/etc"]
    place.computer.session.wrap = wrap + [str(word) for word in read_only]
    before = snapshot(place.etc / "dconf", ids=True)
    for step in ("B", "none", "A"):
        assert "Read-only file system" in one_sentence(place.go(step))
    for words in (["status", *place.options], [*place.words("B")[1:], "--dry-run"]):
        assert calm(place.run("policy", *words)).returncode in (0, 1)
    assert snapshot(place.etc / "dconf", ids=True) == before
    place.computer.session.wrap = wrap
    assert place.now() == "A"


RUN = {
    "read-only": "ro",
    "another user's": f"uid={SOMEBODY},mode=755",
    "writable for all": "mode=777",
    **{f"full at {files}": f"size=4k,nr_inodes={files}" for files in range(1, 7)},
}


@ALL
@pytest.mark.parametrize("options", RUN.values(), ids=RUN)
def test_without_a_folder_for_temporary_files_nothing_is_half_done(place, options):
    place.learn()
    place.mended("A")
    folder = place.computer.root / "run"
    with mounted(place.computer, f"mount -t tmpfs -o {options} none {folder}") as (into, _):
        place.before = into
        before = snapshot(place.etc / "dconf")
        done = place.go("B")
        if done.returncode == 0:
            assert place.now() == "B"
            return
        said = one_sentence(done)
        assert place.now() == "A"
        assert snapshot(place.etc / "dconf") == before
        assert "“/run" in said, "it names the folder that is to blame"


@BOTH
def test_without_dconf_one_sentence_says_so_and_nothing_changes(place):
    place.learn()
    place.mended("A")
    before = snapshot(place.etc / "dconf")
    done = place.computer.session.run("env", "PATH=/nonexistent", PRIVACYCTL, *place.words("B"))
    assert "dconf-cli" in one_sentence(done)
    assert snapshot(place.etc / "dconf") == before
    assert place.now() == "A"


@BOTH
@pytest.mark.parametrize("script", ["exit 3", "echo nonsense >&2; exit 1", "kill -9 $$", "exit 0"])
def test_a_dconf_that_fails_leaves_the_old_policy_in_force(place, script):
    place.learn()
    place.mended("A")
    folder = place.computer.root / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "dconf").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "dconf").chmod(0o755)
    before = snapshot(place.etc / "dconf")
    done = place.computer.session.run("env", f"PATH={folder}:/bin", PRIVACYCTL, *place.words("B"))
    calm(done)
    assert done.returncode == NOT_SAVED and done.stderr
    assert not re.search(r":\s*$", done.stderr, re.MULTILINE), "a sentence without its end"
    assert place.now() == "A"
    if script != "exit 0":
        assert snapshot(place.etc / "dconf") == before
    place.mended("B")


# Hostile images

SECRET = "OUTSIDE-7f3a"


class Image:
    """An image, and files beside it that no command may touch."""

    def __init__(self, folder):
        self.root = folder / "image"
        self.outside = folder / "outside"
        for top in (self.root, self.outside):
            for name in (
                "dconf/db/privacy_panel.d/locks",
                "dconf/profile",
                "privacy-panel/readers.d",
            ):
                (top / "etc" / name).mkdir(parents=True)
        outside = self.outside / "etc"
        policy = f'[organisation]\nname = "{SECRET}"\n[choices.online-search]\nstate = "on"\n'
        reader = (
            f'name = "{SECRET}"\nchoice = "online-search"\n[gsettings]\nschema = "org.example"\n'
            f'path = "/org/example/"\nkey = "{SECRET.lower()}"\non = "\'a\'"\noff = "\'b\'"\n'
        )
        for name, text in {
            "dconf/db/privacy_panel": SECRET,
            "dconf/db/privacy_panel.d/policy": f"# {SECRET}\n#| {policy}",
            "dconf/db/privacy_panel.d/locks/policy": f"/{SECRET}\n",
            "dconf/profile/user": f"user-db:user\nsystem-db:{SECRET}\n",
            "privacy-panel/policy.toml": policy,
            "privacy-panel/readers.d/a.toml": reader,
            "shadow": f"root:{SECRET}:19000:0:99999:7:::\n",
        }.items():
            (outside / name).write_text(text)
        (outside / "shadow").chmod(0o600)
        (self.root / "etc/dconf/profile/user").write_text("user-db:user\nsystem-db:site\n")
        (self.root / "etc/privacy-panel/policy.toml").write_text(POLICIES["A"])

    def put(self, name, make):
        """Replaces a file or folder of the image."""
        place = self.root / name
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        make(place)

    def link(self, name, target):
        self.put(name, lambda place: place.symlink_to(target))


def a_socket(place):
    here = os.open(place.parent, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as made:
        # The path of a socket must be short.
        made.bind(f"/proc/self/fd/{here}/{place.name}")
    os.close(here)


def a_link_in_circles(place):
    place.symlink_to(f"{place.name}.b")
    place.with_name(f"{place.name}.b").symlink_to(place.name)


def full_of_links(place):
    place.mkdir()
    for name in ("policy", "locks", "x"):
        (place / name).symlink_to("/etc")


STRANGE = {
    "a dangling link": lambda place: place.symlink_to("nothing-there"),
    "a link in circles": a_link_in_circles,
    "a link to itself": lambda place: place.symlink_to(place.name),
    "a pipe": os.mkfifo,
    "a socket": a_socket,
    "a device": lambda place: os.mknod(place, 0o20666, os.makedev(1, 5)),
    "a folder": lambda place: place.mkdir(),
    "a folder of links": full_of_links,
    "a large file": lambda place: os.truncate(os.open(place, os.O_CREAT | os.O_WRONLY), 2**40),
}

DB, PROFILES = "etc/dconf/db", "etc/dconf/profile"
OURS = (
    f"{DB}/privacy_panel",
    f"{DB}/privacy_panel.d",
    f"{DB}/privacy_panel.d/policy",
    f"{DB}/privacy_panel.d/locks",
    f"{DB}/privacy_panel.d/locks/policy",
    f"{DB}/{UNDER_WAY}",
    f"{DB}/{FOLDER_UNDER_WAY}",
    f"{PROFILES}/user",
    f"{PROFILES}/{UNDER_WAY}",
    "etc/privacy-panel/policy.toml",
)
FOLDERS = ("etc", "etc/dconf", DB, PROFILES, "etc/privacy-panel", "etc/privacy-panel/readers.d")


def same_place_outside(image, name):
    counterpart = image.outside / name
    return counterpart if counterpart.exists() else image.outside / "etc" / "shadow"


def relative(image, name):
    return os.path.relpath(same_place_outside(image, name), (image.root / name).parent)


def by_another_link(image, name):
    image.link("way", f"../{image.outside.name}")
    way = os.path.relpath(image.root / "way", (image.root / name).parent)
    image.link(name, f"{way}/{same_place_outside(image, name).relative_to(image.outside)}")


# A link to the same file outside.
LINKS = {
    "absolute": lambda image, name: image.link(name, same_place_outside(image, name)),
    "with dots": lambda image, name: image.link(name, relative(image, name)),
    "with too many dots": lambda image, name: image.link(
        name, "/".join([".."] * 40) + str(same_place_outside(image, name))
    ),
    "by another link": by_another_link,
}


def commands(image, computer):
    """Runs all commands on an image, in order."""
    policy = ["/etc/privacy-panel/A.toml"] if not (image.root / "own").exists() else []
    root = ["--root", image.root]
    for words in (["apply", *policy, "--dry-run"], ["status"], ["apply", *policy], ["remove"]):
        yield words, calm(computer.policy(*words, *root, timeout=20))


def check_image(image, computer):
    before = snapshot(image.outside, ids=True)
    for words, done in commands(image, computer):
        allowed = {0, 1, BAD, NOT_SAVED} if words == ["status"] else {0, BAD, NOT_SAVED}
        assert done.returncode in allowed, done
        assert done.returncode in (0, 1) or done.stderr, done
        assert SECRET.lower() not in (done.stdout + done.stderr).lower()
        assert snapshot(image.outside, ids=True) == before, words
        for path in image.root.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.stat().st_size < 2**20:
                assert SECRET.encode().lower() not in path.read_bytes().lower(), (words, path)


def check_images(folder, computer, plants):
    """Checks each in a separate image, several at a time."""

    def check(number):
        name, what, plant = plants[number]
        (folder / str(number)).mkdir()
        image = Image(folder / str(number))
        if name in ("etc", "etc/privacy-panel", "etc/privacy-panel/policy.toml"):
            # The image’s own policy counts.
            (image.root / "own").touch()
        plant(image)
        try:
            check_image(image, computer)
        except Exception as error:
            raise AssertionError(f"{name}: {what}") from error

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(check, range(len(plants))))


@pytest.mark.parametrize("kind", LINKS)
def test_no_link_leads_out_of_an_image(computer, tmp_path, kind):
    plants = [
        (name, kind, lambda image, name=name: LINKS[kind](image, name))
        for name in [*FOLDERS, *OURS]
    ]
    check_images(tmp_path, computer, plants)


def test_the_etc_of_this_computer_is_not_an_images(computer, tmp_path):
    image = Image(tmp_path)
    image.link("etc", "/etc")
    computer.write("/etc/privacy-panel/policy.toml", f'[organisation]\nname = "{SECRET}"\n')
    computer.write(PROFILE, "user-db:user\n")
    before = snapshot(computer.file("/etc"), ids=True)
    check_image(image, computer)
    (image.root / "own").touch()
    check_image(image, computer)
    assert snapshot(computer.file("/etc"), ids=True) == before


@pytest.mark.parametrize("kind", STRANGE)
def test_strange_files_in_an_image_stop_nothing(computer, tmp_path, kind):
    """They cause no endless wait, no crash, and no endless read."""
    plants = [
        (name, kind, lambda image, name=name: image.put(name, STRANGE[kind])) for name in OURS
    ]
    check_images(tmp_path, computer, plants)


def test_reader_files_of_an_image_that_lead_out_are_left_out(computer, tmp_path):
    image = Image(tmp_path)
    readers = image.root / "etc/privacy-panel/readers.d"
    outside = image.outside / "etc/privacy-panel/readers.d/a.toml"
    (readers / "absolute.toml").symlink_to(outside)
    (readers / "relative.toml").symlink_to(os.path.relpath(outside, readers))
    (readers / "masked.toml").symlink_to("/dev/null")
    (readers / "circle.toml").symlink_to("circle.toml")
    os.mkfifo(readers / "pipe.toml")
    a_socket(readers / "socket.toml")
    (readers / "folder.toml").mkdir()
    check_image(image, computer)
    done = computer.policy("apply", "/etc/privacy-panel/A.toml", "--root", image.root)
    assert done.returncode == 0
    for name in ("absolute", "relative", "circle", "pipe", "socket", "folder"):
        assert f"/{name}.toml" in done.stderr, name
    assert "masked" not in done.stderr


def test_links_within_an_image_and_to_it_are_followed_or_refused(computer, tmp_path):
    image = Image(tmp_path)
    (image.root / "usr").mkdir()
    (image.root / "etc/dconf").rename(image.root / "usr/dconf")
    image.link("etc/dconf", "../usr/dconf")
    check_image(image, computer)
    image = Image(tmp_path / "other")
    link = tmp_path / "link"
    link.symlink_to(image.root)
    done = computer.policy("apply", "/etc/privacy-panel/A.toml", "--root", link)
    assert done.returncode == 0, done
    assert (image.root / f"{DB}/privacy_panel").is_file() and link.is_symlink()


# A filter that answers openat2 with ENOSYS, as kernels before Linux 5.6 do; seccomp(2).
OPENAT2, ENOSYS = 437, 38
NO_OPENAT2 = b"".join(
    struct.pack("HBBI", *instruction)
    for instruction in (
        (0x20, 0, 0, 0),  # load the number of the system call
        (0x15, 0, 1, OPENAT2),
        (0x06, 0, 0, 0x00050000 | ENOSYS),
        (0x06, 0, 0, 0x7FFF0000),
    )
)


def test_without_openat2_relative_links_of_an_image_are_followed_and_absolute_ones_refused(
    computer, tmp_path
):
    (tmp_path / "filter").write_bytes(NO_OPENAT2)

    def apply(image):
        words = ["privacyctl", "policy", "apply", "/etc/privacy-panel/A.toml", "--root", image.root]
        script = 'file=$1; shift; exec bwrap --dev-bind / / --seccomp 9 "$@" 9<"$file"'
        return computer.session.run("sh", "-c", script, "sh", tmp_path / "filter", *words)

    image = Image(tmp_path / "relative")
    (image.root / "usr").mkdir()
    (image.root / "etc/dconf").rename(image.root / "usr/dconf")
    image.link("etc/dconf", "../usr/dconf")
    assert apply(image).returncode == 0
    assert (image.root / f"{DB}/privacy_panel").is_file()
    for name, target in (("absolute", "/usr/dconf"), ("outside", "../../outside/etc/dconf")):
        image = Image(tmp_path / name)
        (image.root / "usr").mkdir()
        (image.root / "etc/dconf").rename(image.root / "usr/dconf")
        image.link("etc/dconf", target)
        before = snapshot(tmp_path / name)
        done = apply(image)
        assert done.returncode == NOT_SAVED, done
        assert "without openat2 (Linux 5.6) only relative links" in one_sentence(done)
        assert snapshot(tmp_path / name) == before


def test_the_policy_of_an_image_cannot_name_databases_outside(computer, tmp_path):
    image = Image(tmp_path)
    database = image.outside / "etc/dconf/db/site"
    keys = image.outside / "site.d"
    keys.mkdir()
    path = "org/gnome/desktop/search-providers"
    (keys / "site").write_text(f"[{path}]\ndisabled=['{SECRET}']\n")
    subprocess.run(["dconf", "compile", database, keys], check=True)
    for entry in (
        f"file-db:{database}",
        f"file-db:/../../../../../../../../../{database}",
        f"system-db:../../../../..{database}",
        f"system-db:/{database}",
        "file-db:relative",
        "service-db:x",
        "user-db:../../x",
    ):
        (image.root / PROFILES / "user").write_text(f"user-db:user\n{entry}\n")
        check_image(image, computer)
    image.link(f"{DB}/site", database)
    (image.root / PROFILES / "user").write_text("user-db:user\nsystem-db:site\n")
    check_image(image, computer)


def test_links_that_come_and_go_meanwhile_lead_out_of_no_image(computer, tmp_path):
    image = Image(tmp_path)
    pairs = []
    for name in (DB, PROFILES, "etc/privacy-panel", f"{DB}/privacy_panel.d", f"{DB}/privacy_panel"):
        pairs += [str(image.root / name), str(image.root / f"{name}.other")]
        image.link(f"{name}.other", image.outside / name)
    before = snapshot(image.outside, ids=True)
    swapper = subprocess.Popen(["/usr/bin/python3", "-c", SWAPPER, *pairs])
    try:
        results = collections.Counter()
        for turn in range(24):
            words = (
                ["remove"]
                if turn % 4 == 3
                else ["apply", f"/etc/privacy-panel/{'AB'[turn % 2]}.toml"]
            )
            done = calm(computer.policy(*words, "--root", image.root, timeout=20))
            results[done.returncode] += 1
            assert done.returncode in (0, BAD, NOT_SAVED), done
            assert SECRET not in done.stdout + done.stderr
        assert swapper.poll() is None
    finally:
        swapper.kill()
        swapper.wait()
    print(results)
    assert len(results) > 1, "it was in time, and it was not"
    assert snapshot(image.outside, ids=True) == before


# Exchanges the names of each pair, all the time: renameat2() with RENAME_EXCHANGE.
SWAPPER = """
import ctypes, os, random, sys, time
names = [os.fsencode(name) for name in sys.argv[1:]]
libc = ctypes.CDLL(None)
while True:
    pair = 2 * random.randrange(len(names) // 2)
    libc.renameat2(-100, names[pair], -100, names[pair + 1], 2)
    # Mostly links for a moment only.
    time.sleep(random.uniform(0, 0.001))
    libc.renameat2(-100, names[pair], -100, names[pair + 1], 2)
    time.sleep(random.uniform(0, 0.02))
"""

WRITING = re.compile(
    r"\b(open|openat|openat2|creat)\(.*(O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND)"
    r"|\b(mkdir|rename|unlink|rmdir|link|symlink|mknod|chmod|fchmod|chown|fchown|lchown|truncate"
    r"|ftruncate|utime|utimes|setxattr|fsetxattr|lsetxattr|removexattr|mount|utimens|futimes)[a-z0-9]*\("
)


def test_an_image_is_all_that_is_opened_of_computers(computer, tmp_path):
    image = Image(tmp_path)
    log = tmp_path / "log"
    computer.write("/etc/privacy-panel/policy.toml", SECRET)
    computer.write("/etc/privacy-panel/readers.d/x.toml", SECRET)
    computer.write(PROFILE, f"user-db:user\nsystem-db:{SECRET}\n")
    for words in (["apply"], ["apply", "--dry-run"], ["status"], ["remove"]):
        done = computer.session.run(
            *["strace", "-f", "-y", "-s", "4096", "-o", log, "-e", "trace=%file,%desc"],
            *[PRIVACYCTL, "policy", *words, "--root", image.root],
        )
        assert done.returncode in (0, 1), done
        calls = [line for line in log.read_text().splitlines() if " = -1 ENOENT" not in line]
        assert len(calls) > 100
        writes = [call for call in calls if WRITING.search(call) and str(image.root) in call]
        assert bool(writes) == (words in (["apply"], ["remove"]))
        temporary = "/run/privacy-panel."
        for call in calls:
            touched = re.findall(
                r'(?<![^<"])(/(?:etc/dconf|etc/privacy-panel|usr/share/privacy-panel)\b[^">]*)',
                call,
            )
            # The kernel looks such a name up below the image's folder.
            below = f"<{image.root}>" in call and "RESOLVE_IN_ROOT" in call
            assert not touched or below, call
            if not WRITING.search(call):
                continue
            # Its own folder, or another folder on its path.
            call = re.sub(r"AT_FDCWD<[^>]*>", "", call).replace('</run>, "', "</run/")
            places = re.findall(r'(?<=[<"])/[^">]*', call)
            assert places, call
            inside = (str(image.root), temporary, "/dev/null", "/proc/")
            assert all(place.startswith(inside) for place in places), call
        assert not list((computer.root / "run").iterdir()), "what was made there is taken out"


def test_a_device_in_an_image_is_not_even_opened(computer, tmp_path):
    """Opening a watchdog starts it, and opening a tape rewinds it."""
    for name in (*OURS[2:3], *OURS[4:5], OURS[7], OURS[9], "etc/privacy-panel/readers.d/x.toml"):
        folder = tmp_path / name.replace("/", "-")
        folder.mkdir()
        image = Image(folder)
        image.put(name, STRANGE["a device"])
        log = folder / "log"
        policy = [] if name == OURS[9] else ["/etc/privacy-panel/A.toml"]
        computer.session.run(
            # A log for each process, so that no line is cut in two by another's.
            *["strace", "-ff", "-y", "-o", log, "-e", "trace=open,openat,openat2"],
            *[PRIVACYCTL, "policy", "apply", *policy, "--root", image.root],
        )
        lines = [line for file in folder.glob("log.*") for line in file.read_text().splitlines()]
        assert lines
        opened = [line for line in lines if f"{image.root / name}>" in line]
        assert not [line for line in opened if "O_PATH" not in line], name


# Wrong owners and rights


OUR_FILES = (BACKUPS, SOURCES / "policy", SOURCES / "locks" / "policy", DATABASE)
OUR_FOLDERS = (SOURCES, SOURCES / "locks")


@pytest.mark.parametrize("damage", ["hidden", "exposed", "given away"])
@pytest.mark.parametrize("path", OUR_FILES + OUR_FOLDERS, ids=str)
def test_our_own_files_get_back_their_owner_and_rights(computer, path, damage):
    computer.write(PROFILE, "user-db:user\n")
    assert computer.policy("apply", "/etc/privacy-panel/A.toml").returncode == 0
    before = snapshot(computer.file("/etc/dconf"))
    if damage == "given away":
        os.chown(computer.file(path), SOMEBODY, SOMEBODY)
    elif damage == "hidden":
        computer.file(path).chmod(0o000)
    else:
        computer.file(path).chmod(0o666 if path in OUR_FILES else 0o777)
    done = calm(computer.policy("apply", "/etc/privacy-panel/A.toml"))
    assert done.returncode == 0
    assert snapshot(computer.file("/etc/dconf")) == before
    assert done.stdout.splitlines()[-1] == "changed"


@pytest.mark.parametrize("path", [PROFILE, PROFILE.parent, DATABASE.parent, Path("/etc/dconf")])
def test_what_is_not_ours_keeps_its_owner_and_mode_and_is_warned_of(computer, path):
    computer.write(PROFILE, "user-db:user\n")
    computer.file(DATABASE.parent).mkdir()
    file = computer.file(path)
    usual = file.stat().st_mode & 0o7777
    for mode, owner in ((usual | 0o002, 0), (usual, SOMEBODY), (usual | 0o020, SOMEBODY)):
        file.chmod(mode)
        os.chown(file, owner, owner)
        for step in ("A", "A"):
            done = calm(computer.policy("apply", f"/etc/privacy-panel/{step}.toml"))
            assert done.returncode == 0
            assert f"“{path}”" in done.stderr, (oct(mode), owner, done)
            status = file.stat()
            assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (mode, owner, owner)
        done = computer.policy("remove")
        status = file.stat()
        assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (mode, owner, owner)


def test_what_others_put_beside_our_files_stays(computer):
    """With any name: dconf's own temporary files have capitals and digits in their names."""
    computer.write(PROFILE, "user-db:user\n")
    assert computer.policy("apply", "/etc/privacy-panel/A.toml").returncode == 0
    beside = {}
    for name in ("privacy_panel.backup", "privacy_panel.2026bk", "privacy_panel.d.old/policy"):
        beside[name] = computer.write(DATABASE.parent / name, "somebody's own")
    beside["folder"] = computer.write(DATABASE.parent / "privacy_panel.FOLDER/file", "own")
    beside["link"] = computer.file(DATABASE.parent / "privacy_panel.LINKED")
    beside["link"].symlink_to("privacy_panel.backup")
    for words in (["apply", "/etc/privacy-panel/B.toml"], ["remove"]):
        assert calm(computer.policy(*words)).returncode == 0
        assert [name for name, file in beside.items() if not file.exists()] == []


@BOTH
@pytest.mark.parametrize("umask", ["077", "777", "000"])
def test_all_users_can_read_it_and_only_root_can_write_it_with_any_umask(place, umask):
    place.learn()
    place.computer.session.wrap += ["sh", "-c", f'umask {umask}; exec "$@"', "sh"]
    for step in ("A", "B"):
        place.mended(step)
        for path in (place.etc / "dconf").rglob("*"):
            if "site" not in str(path):
                if path.is_dir():
                    wanted = 0o755
                elif path.name == ".backups":
                    # What a file held before may be private.
                    wanted = 0o600
                elif path.name == "user" and not place.options:
                    wanted = 0o604
                else:
                    wanted = 0o644
                assert oct(path.stat().st_mode & 0o7777) == oct(wanted), path
    place.mended("none")
    place.untouched()


# Users' sessions


def test_a_policy_does_not_touch_the_bus_of_any_session(computer):
    computer.write(PROFILE, "user-db:user\n")
    folder = computer.file(f"/run/user/{SOMEBODY}")
    folder.mkdir(parents=True)
    os.chown(folder, SOMEBODY, SOMEBODY)
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(folder / "bus"))
        (folder / "bus").chmod(0o777)
        bus.listen()
        bus.settimeout(0)
        for words in (["apply", "/etc/privacy-panel/A.toml"], ["status"], ["remove"]):
            done = calm(computer.policy(*words))
            assert done.stderr == ""
            with pytest.raises(BlockingIOError):
                bus.accept()


# Two at once


@BOTH
def test_of_two_at_once_one_waits_for_the_other(place, moments):
    place.learn()
    ends = collections.Counter()
    for turn in range(20):
        steps = moments.sample(["A", "B"], 2) if turn % 4 else moments.sample(["A", "B", "none"], 2)
        pair = []
        for step in steps:
            pair.append(place.start(step))
            time.sleep(moments.uniform(0, 0.02))
        for step, child in zip(steps, pair):
            _, said = child.communicate(timeout=60)
            assert child.returncode == 0, (steps, said)
            assert said in (
                "",
                "privacyctl: Another privacyctl is at work on the policy. Waiting.\n",
            )
            ends["waited" if said else "at once"] += 1
        now = place.now()
        assert now in steps
        assert without_sites(names(place.seen / "dconf")) == without_sites(place.names[now])
    print(ends)
    assert ends["waited"] > 3
    place.mended("none")
    place.untouched()


def test_it_waits_for_the_lock_and_says_so(computer):
    computer.write(PROFILE, "user-db:user\n")
    assert computer.policy("apply", "/etc/privacy-panel/A.toml").returncode == 0
    with open(computer.file("/run/privacy-panel.lock")) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        child = start(computer, ["policy", "apply", "/etc/privacy-panel/B.toml"])
        assert "Waiting" in child.stderr.readline()
        # As long as commands that need not wait.
        for _ in range(3):
            assert computer.policy("status").returncode == 0
        assert child.poll() is None
        fcntl.flock(lock, fcntl.LOCK_UN)
        child.communicate(timeout=20)
        assert child.returncode == 0


def test_a_user_who_can_only_read_an_image_cannot_block_others(computer):
    """Every user who can open a file can lock it."""
    computer.root.chmod(0o755)
    image = computer.root / "image"
    (image / "etc").mkdir(parents=True, exist_ok=True)
    other = [*NOBODY, "flock", "--shared", str(image), "sleep", "1000"]
    holder = subprocess.Popen([*computer.way_in, *other], start_new_session=True)
    try:
        lock = ["flock", "--nonblock", image, "true"]
        wait_for("it is locked", lambda: computer.session.run(*lock).returncode == 1)
        done = calm(computer.policy("apply", "/etc/privacy-panel/A.toml", "--root", image))
        assert (done.returncode, done.stderr) == (0, "")
    finally:
        os.killpg(holder.pid, signal.SIGKILL)
        holder.wait()
    assert not list(computer.file("/run").iterdir()), "there may be many images"


def test_two_at_one_image_wait_for_each_other_by_a_file_that_root_alone_can_open(computer, image):
    status = image.stat()
    lock = computer.file(f"/run/privacy-panel.{status.st_dev:x}-{status.st_ino:x}.lock")
    lock.touch(0o600)
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        words = ["policy", "apply", "/etc/privacy-panel/A.toml", "--root", str(image)]
        child = start(computer, words)
        assert "Waiting" in child.stderr.readline()
        assert child.poll() is None and lock.stat().st_mode & 0o7777 == 0o600
        fcntl.flock(file, fcntl.LOCK_UN)
        child.communicate(timeout=20)
        assert child.returncode == 0
    assert not lock.exists()


# Folders for temporary files


def test_root_makes_temporary_files_in_run_and_nowhere_else(computer):
    """In another user's folder, that user could replace them."""
    theirs = computer.root / "theirs"
    theirs.mkdir()
    os.chown(theirs, SOMEBODY, SOMEBODY)
    names = ("TMPDIR", "TEMP", "TMP", "HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME")
    computer.session.env |= {name: str(theirs) for name in names}
    computer.write(PROFILE, "user-db:user\nsystem-db:site\n")
    before = theirs.stat().st_mtime_ns
    for words in (["apply", "/etc/privacy-panel/A.toml"], ["status"], ["remove"]):
        log = computer.root / "log"
        strace = ["strace", "-f", "-o", log, "-e", "trace=mkdir,mkdirat"]
        computer.session.run(*strace, PRIVACYCTL, "policy", *words)
        made = re.findall(r'mkdirat\(.*"(privacy-panel.scratch-[0-9a-f]{16})", 0700\) = 0', log.read_text())
        assert made or words == ["remove"]
        assert theirs.stat().st_mtime_ns == before and not list(theirs.iterdir())
        left = [path.name for path in computer.file("/run").iterdir()]
        assert left in ([], ["privacy-panel.lock"])


def test_a_run_removes_the_temporary_files_of_a_killed_run(computer):
    computer.write(PROFILE, "user-db:user\n")
    computer.with_dconf("kill -9 $PPID", PRIVACYCTL, "policy", "apply", "/etc/privacy-panel/A.toml")
    left = [path.name for path in computer.file("/run").iterdir()]
    assert any(name.startswith("privacy-panel.scratch-") for name in left)
    assert calm(computer.policy("status")).returncode in (0, 1)
    assert [path.name for path in computer.file("/run").iterdir()] == ["privacy-panel.lock"]


@pytest.mark.parametrize("where", ["this computer", "an image"])
def test_a_removal_takes_out_the_folders_of_a_first_application_that_was_killed(computer, image, where):
    etc = image / "etc" if where == "an image" else computer.file("/etc")
    options = ["--root", image] if where == "an image" else []
    # Only folders exist when the first source file is flushed.
    kill = ["strace", "-f", "-o", "/dev/null", "-e", "inject=fsync:signal=KILL:when=3"]
    words = ["apply", "/etc/privacy-panel/A.toml", *options]
    computer.session.run(*kill, PRIVACYCTL, "policy", *words)
    assert (etc / "dconf").is_dir() and not list((etc / "dconf").rglob("*.d/policy"))
    assert computer.policy("remove", *options).stdout == "changed\n"
    assert not (etc / "dconf").exists()
    assert computer.policy("remove", *options).stdout == "unchanged\n"


# Children that do not end, or print endlessly


def test_dconf_that_does_not_end_holds_nobody_up(computer):
    computer.write(PROFILE, "user-db:user\n")
    began = time.monotonic()
    words = ["policy", "apply", "/etc/privacy-panel/A.toml"]
    done = computer.with_dconf("trap '' TERM; exec sleep 1000", PRIVACYCTL, *words)
    assert time.monotonic() - began < 50
    assert "Timer expired" in one_sentence(done)
    assert calm(computer.policy(*words[1:])).returncode == 0


def test_a_database_of_an_image_that_lists_gigabytes_takes_neither_time_nor_memory(
    computer, image, tmp_path
):
    words = ["/etc/privacy-panel/A.toml", "--root", image]
    assert computer.policy("apply", *words).returncode == 0
    database = image / DATABASE.relative_to("/")
    database.write_bytes(deep_database(200, 60_000))
    for command, status in (["status"], 1), (["apply"], 0), (["status"], 0):
        peak = tmp_path / "peak"
        file = words if command == ["apply"] else words[1:]
        done = computer.session.run(
            *["/usr/bin/time", "--format=%M", f"--output={peak}"],
            *[PRIVACYCTL, "policy", *command, *file],
        )
        assert done.returncode == status, done
        assert int(peak.read_text().split()[-1]) < 300 * 1024


def deep_database(levels, letters):
    """A database of nested folders with one long name, which is stored once, and a key in each.

    The format is that of gvdb (https://gitlab.gnome.org/GNOME/gvdb, gvdb-format.h)."""
    name = b"a" * (letters - 1) + b"/"

    def hashed(text, value=5381):
        for letter in text:
            value = (value * 33 + letter) & 0xFFFFFFFF
        return value

    # The hash of a longer name: the hash of the shorter one times this, plus that of the addition.
    factor, added = pow(33, len(name), 1 << 32), hashed(name, 0)
    items = 1 + 2 * levels
    start = 24
    end = start + 8 + 4 + 24 * items
    base = (end + 7) & ~7
    data = bytearray()

    def put(content, alignment=1):
        data.extend(bytes(-(base + len(data)) % alignment))
        data.extend(content)
        return base + len(data) - len(content), base + len(data)

    root, long, short, value = put(b"/"), put(name), put(b"k"), put(b"\1\0b", 8)
    table = bytearray()

    def item(hash_value, parent, text, kind, content):
        size = text[1] - text[0]
        table.extend(
            struct.pack("<IIIHcBII", hash_value, parent, text[0], size, kind, 0, *content)
        )

    hash_value = last = hashed(b"/")
    parent = 0xFFFFFFFF
    for level in range(levels + 1):
        own = 2 * level - 1 if level else 0
        children = [own + 2, own + 3] if level else [1, 2]
        children = struct.pack("<II", *children) if level < levels else b""
        item(hash_value, parent, long if level else root, b"L", put(children, 4))
        if level:
            item((last * 33 + ord("k")) & 0xFFFFFFFF, parent, short, b"v", value)
        last, parent = hash_value, own
        hash_value = (hash_value * factor + added) & 0xFFFFFFFF
    header = struct.pack("<4I2I", 1918981703, 1953390953, 0, 0, start, end)
    head = header + struct.pack("<3I", 0, 1, 0) + table
    return head + bytes(base - len(head)) + data


# Unusual environments

SURROUNDINGS = {
    "no home": {"HOME": None},
    "no environment but a path": "clear",
    "a profile of its own": {"DCONF_PROFILE": "/nonexistent"},
    "hostile data folders": {"XDG_DATA_DIRS": "HOSTILE:::relative"},
    "hostile configuration": {"XDG_CONFIG_HOME": "HOSTILE", "XDG_CONFIG_DIRS": "HOSTILE"},
    "hostile schemas": {"GSETTINGS_SCHEMA_DIR": "HOSTILE"},
    "settings in memory": {"GSETTINGS_BACKEND": "memory"},
    "no folder for temporary files": {"TMPDIR": "/nonexistent"},
    "no runtime folder": {"XDG_RUNTIME_DIR": "/dev/null"},
    "an unknown language": {"LC_ALL": "xx_XX.nonsense", "LANGUAGE": "x" * 5000},
    "a language that is no text": {"LC_ALL": "\udcff\udcfe", "LANGUAGE": "../../../../etc"},
    "a system bus that is none": {"DBUS_SYSTEM_BUS_ADDRESS": "nonsense"},
    "no modules": {"GIO_MODULE_DIR": "/nonexistent", "GIO_EXTRA_MODULES": "/nonexistent"},
    "fatal warnings": {"G_DEBUG": "fatal-warnings", "G_MESSAGES_DEBUG": "all"},
}


@BOTH
@pytest.mark.parametrize("name", SURROUNDINGS)
def test_strange_surroundings_change_nothing(place, name):
    place.learn()
    session = place.computer.session
    hostile = place.computer.root / "hostile"
    for folder in (hostile / "dconf" / "profile", hostile / "privacy-panel" / "readers.d"):
        folder.mkdir(parents=True, exist_ok=True)
    (hostile / "dconf" / "profile" / "user").write_text("user-db:user\nsystem-db:evil\n")
    (hostile / "privacy-panel" / "readers.d" / "unity-dash.toml").write_text("")
    change = SURROUNDINGS[name]
    session.wrap[0] = shutil.which("bwrap")
    if change == "clear":
        session.env = {"PATH": "/usr/bin:/bin"}
    else:
        for key, value in change.items():
            session.env.pop(key, None)
            if value is not None:
                session.env[key] = value.replace("HOSTILE", str(hostile))
    for step in ("A", "B", "none"):
        place.mended(step)
    place.untouched()


@HERE
@pytest.mark.parametrize(
    "closed",
    [
        "<&-",
        ">&-",
        "2>&-",
        "<&- >&- 2>&-",
        ">/dev/full",
        ">/dev/full 2>&1",
        "| true",
        "2>&1 | true",
    ],
)
def test_a_policy_is_applied_even_if_nothing_can_be_printed(place, closed):
    place.learn()
    session = place.computer.session
    for step in ("A", "B", "none"):
        words = " ".join(str(word) for word in [PRIVACYCTL, *place.words(step)])
        done = calm(session.run("bash", "-c", f"{words} {closed}; exit ${{PIPESTATUS[0]}}"))
        assert done.returncode == 0, "the status says what was done, whether it was printed or not"
        if closed == ">/dev/full":
            assert "No space left on device" in done.stderr
        assert place.now() == step
    place.untouched()


# Unusual policies

ODD = {
    "brackets": "a = " + "[" * 200_000,
    "closed brackets": "a = " + "[" * 100_000 + "]" * 100_000,
    "tables in tables": "a = " + "{a = " * 40_000,
    "dots": "a" + ".a" * 100_000 + " = 1",
    "dots in a heading": "[a" + ".a" * 100_000 + "]",
    "a long number": "[choices.online-search]\nstate = " + "1" * 200_000,
    "nothing but zeros": "\0" * 1000,
    "many mistakes": "".join(f"k{number} = 1\n" for number in range(5_000)),
    "too large": "#" * 300_000,
    "no text": b"\xff\xfe\x00" * 100,
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_policy_is_a_bad_file_in_little_time(computer, tmp_path, name):
    file = tmp_path / "policy.toml"
    text = ODD[name]
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    for words in (["check", file], ["apply", file]):
        done = calm(computer.policy(*words, timeout=10))
        assert done.returncode == BAD and done.stderr and not done.stdout
        assert max(len(line) for line in done.stderr.splitlines()) < 1000
        assert "\0" not in done.stderr
    assert not computer.file("/etc/dconf").exists()


@pytest.mark.parametrize(
    "name",
    [
        "pipe",
        "/dev/zero",
        "/dev/stdin",
        "/dev/full",
        "/",
        "/proc/self/mem",
        "/proc/kmsg",
        "-",
        "\udcff",
    ],
)
def test_a_policy_that_is_no_file_is_a_bad_file(computer, tmp_path, name):
    if name == "pipe":
        name = tmp_path / name
        os.mkfifo(name)
    for words in (["check", name], ["apply", name], ["apply", name, "--dry-run"]):
        done = calm(computer.policy(*words, timeout=10))
        assert done.returncode == BAD and done.stderr.count("\n") == 1
    assert not computer.file("/etc/dconf").exists()


@pytest.mark.parametrize("root", ["/nonexistent", "/dev/null", "file", "/proc"])
def test_an_image_that_is_none_is_refused(computer, tmp_path, root):
    if root == "file":
        root = tmp_path / root
        root.touch()
    for words in (["apply", "/etc/privacy-panel/A.toml"], ["remove"], ["status"]):
        done = calm(computer.policy(*words, "--root", root))
        if root != "/proc":
            assert done.returncode == BAD and done.stderr.count("\n") == 1
        else:
            assert done.returncode in (0, 1, NOT_SAVED)


@HERE
def test_a_database_that_is_damaged_is_made_anew(place):
    place.learn()
    place.mended("A")
    database = place.computer.file(DATABASE)
    good = database.read_bytes()
    for bad in (b"", b"garbage", good[:100], good[: len(good) // 2], bytes(len(good))):
        database.write_bytes(bad)
        os.utime(database, (2**32, 2**32))
        place.mended("A")
        assert database.read_bytes() == good
    database.unlink()
    place.mended("A")


@HERE
def test_a_database_that_says_more_than_the_policy_is_made_anew(place, tmp_path):
    """Such as a database with this policy's values, and also with another policy's locks."""
    place.learn()
    place.mended("A")
    sources = tmp_path / "sources.d"
    shutil.copytree(place.computer.file(SOURCES), sources)
    with (sources / "locks" / "policy").open("a") as locks:
        locks.write("/org/gnome/desktop/privacy/report-technical-problems\n")
    with (sources / "policy").open("a") as keys:
        keys.write("\n[org/gnome/desktop/privacy]\nreport-technical-problems=true\n")
    subprocess.run(["dconf", "compile", place.computer.file(DATABASE), sources], check=True)
    assert place.run("policy", "status").returncode == 1
    place.mended("A")


@HERE
def test_somebody_elses_broken_database_stops_nothing(place):
    place.learn()
    place.computer.database("broken", "nonsense")
    for step in ("A", "B", "none"):
        done = place.go(step)
        assert done.returncode == 0, done
        assert place.now() == step


@HERE
def test_a_program_that_is_replaced_while_it_runs_does_not_go_wrong(place, moments):
    """As the package manager does during an upgrade."""
    place.learn()
    tree = place.computer.root / "installed"
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "bin").mkdir(parents=True)
    (tree / "share").symlink_to(INSTALLED / "share")
    session = place.computer.session
    for turn in range(12):
        step = "AB"[turn % 2]
        program = tree / "bin" / "privacyctl"
        shutil.copy(PRIVACYCTL, program)
        child = subprocess.Popen(
            [*place.computer.way_in, program, *place.words(step)],
            env=session.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running = f"/proc/{child.pid}/exe"
        wait_for("it", lambda: os.readlink(running) == str(program), every=0.0005)
        time.sleep(moments.uniform(0, 0.01))
        program.unlink()
        _, said = child.communicate(timeout=20)
        assert (child.returncode, place.now()) == (0, step), said


def test_an_image_cannot_fill_this_computers_disk(computer, tmp_path):
    image = Image(tmp_path)
    with open(image.root / DB / "site", "wb") as file:
        file.truncate(40 * 2**20)
    (image.root / PROFILES / "user").write_text("user-db:user\n" + "system-db:site\n" * 4)
    temporary = computer.root / "run"
    most = 0
    child = computer.session.spawn(
        ["privacyctl", "policy", "apply", "/etc/privacy-panel/A.toml", "--root", str(image.root)]
    )
    while child.poll() is None:
        found = 0
        # A file may have disappeared since, and its folder with it.
        with contextlib.suppress(FileNotFoundError):
            found += sum(path.stat().st_blocks * 512 for path in temporary.rglob("*"))
        most = max(most, found)
        time.sleep(0.005)
    assert child.returncode in (0, NOT_SAVED)
    assert most < 20 * 2**20, f"{most >> 20} MiB"


@pytest.mark.parametrize("layer", ["usr/share/privacy-panel/readers.d", "etc/privacy-panel/readers.d"])
def test_a_policy_is_not_applied_while_reader_files_of_an_image_are_lost(computer, tmp_path, layer):
    image = Image(tmp_path)
    image.link(layer, "/opt/readers.d")
    before = snapshot(image.root)
    for words in (["apply", "--dry-run"], ["apply"]):
        done = computer.policy(*words, "/etc/privacy-panel/A.toml", "--root", image.root)
        assert (done.returncode, done.stdout) == (NOT_SAVED, ""), words
        assert layer in done.stderr
    assert snapshot(image.root) == before
    # In the image, an absolute link leads to the image's own folder.
    (image.root / "opt/readers.d").mkdir(parents=True)
    done = computer.policy("apply", "/etc/privacy-panel/A.toml", "--root", image.root)
    assert (done.returncode, done.stderr) == (0, "")
