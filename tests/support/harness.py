# SPDX-License-Identifier: GPL-3.0-or-later
"""A private desktop session: its own home, bus, settings storage and screen.

It neither reads nor writes files of the user who runs it. The tests, scripts/demo and
scripts/screenshots use it, always with Debian's /usr/bin/python3, which has the bindings.
"""

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from support.names import CHOICES, PROVIDERS_SCHEMA

SOURCE = Path(__file__).resolve().parents[2]
# The programs beside this file that sessions run.
SUPPORT = Path(__file__).resolve().parent
# A folder on a disk, also where temporary files are in memory. There a program waits for each flush, as
# on most computers, so that a test hits it in the middle of its work.
DISK = Path("/var/tmp")
INSTALLED = Path(os.environ.get("PRIVACY_PANEL_TREE", SOURCE / "_build" / "installed"))


def list_reader(name, members, more=""):
    """A reader file with names for the list of search providers that GNOME Shell does not ask."""
    return f"""
name = "{name}"
choice = "online-search"

[gsettings-list]
schema = "{PROVIDERS_SCHEMA}"
path = "/org/gnome/desktop/search-providers/"
disabled = "disabled"
names = {json.dumps(list(members))}
{more}"""


# A reader file with a value in a file of the user.
CONSENT_READER = """
name = "Program"
choice = "usage-statistics"
programs = ["/bin/sh"]
[file]
format = "toml"
files = ["program/consent.toml"]
key = "consent"
on = true
off = false
missing = "on"
"""


def make_locale(locale):
    """Creates a locale, since a minimal system has only English, and returns its variables. That
    takes long, so the locale is kept in _build."""
    folder = SOURCE / "_build" / "locales"
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"{locale}.UTF-8"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            # If it is killed, no incomplete locale has that name.
            new = folder / f"{locale}.new"
            shutil.rmtree(new, ignore_errors=True)
            subprocess.run(["localedef", "-i", locale, "-f", "UTF-8", new], check=True)
            new.rename(made)
    return {"LC_ALL": made.name, "LOCPATH": str(folder)}


def wait_for(what, question, seconds=120.0, every=0.05):
    """Calls until the answer is true, and returns it. The time limit only ends a failing test."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"{what}: still not so after {seconds} s")
        time.sleep(every)


def away_from_midnight():
    """The local time, when no new day begins in the next minutes and none has just begun."""
    while True:
        now = time.localtime()
        second = (now.tm_hour * 60 + now.tm_min) * 60 + now.tm_sec
        if 10 < second < 24 * 60 * 60 - 240:
            return now
        time.sleep(1)


def stat(process):
    """The fields of /proc/PID/stat after the program's name, from the state on; proc(5)."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def programs_at(root):
    """The programs that run with mounts of folders below this one: pairs of the entry in /proc and the
    program's file."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # Names a folder by its path below the root of its own file system.
            if f"/{root.name}/" in (process / "mountinfo").read_text():
                yield process, os.readlink(process / "exe")


def profile(session, defaults="", locks="", name="site"):
    """A system database with these defaults and locks, below the user's own."""
    folder = session.root / f"{name}.d"
    (folder / "locks").mkdir(parents=True, exist_ok=True)
    (folder / "defaults").write_text(defaults)
    (folder / "locks" / "locks").write_text(locks)
    session.ask("dconf", "compile", session.root / name, folder)
    (session.root / "profile").write_text(f"user-db:user\nfile-db:{session.root / name}\n")
    session.env["DCONF_PROFILE"] = str(session.root / "profile")


class Watch:
    """`privacyctl watch --json` in a session. It notices every change from now on: the constructor
    waits for its first lines."""

    def __init__(self, session):
        self.process = session.spawn(
            ["privacyctl", "watch", "--json"], stdout=subprocess.PIPE, bufsize=0
        )
        self.left = b""
        # The last line about each choice.
        self.now = {}
        first = [self.next()["id"] for _ in CHOICES]
        assert first == list(CHOICES)

    def next(self, seconds=120):
        """The next line."""
        end = time.monotonic() + seconds
        pipe = self.process.stdout
        while b"\n" not in self.left:
            readable, _, _ = select.select([pipe], [], [], max(0, end - time.monotonic()))
            assert readable, f"nothing was printed for {seconds} s, after {self.now}"
            more = pipe.read(65536)
            assert more, f"the watch ended: {self.process.wait(10)}"
            self.left += more
        line, _, self.left = self.left.partition(b"\n")
        choice = json.loads(line)
        self.now[choice["id"]] = choice
        return choice

    def reader(self, choice, reader):
        """The last output about a reader."""
        return next(entry for entry in self.now[choice]["readers"] if entry["id"] == reader)

    def wait_for(self, what, question, seconds=120):
        """Reads lines until the answer is true."""
        end = time.monotonic() + seconds
        while not question():
            left = end - time.monotonic()
            assert left > 0, f"{what}: still not so after {seconds} s"
            self.next(left)


class Calls:
    """All calls of a method on a session's bus from now on, by any program."""

    def __init__(self, session, method):
        self.method = f"member={method}"
        self.process = session.spawn(
            ["dbus-monitor", "--session", f"type='method_call',member='{method}'"],
            stdout=subprocess.PIPE,
            text=True,
        )
        # The bus's message that the monitor sees everything from then on.
        self._wait_for("member=NameLost")

    def _wait_for(self, text):
        while text not in (line := self.process.stdout.readline()):
            assert line, "the monitor of the bus ended"

    def wait_for_one(self):
        self._wait_for(self.method)


# Programs that this computer may have: other tests install some, and developers use others. A session
# masks their readers, so that each test finds the same programs, and none changes the computer's own
# files.
ON_THIS_COMPUTER = (
    "aws-sam",
    "azure-cli",
    "azure-functions",
    "chromium-suggestions",
    "dotnet",
    "epiphany-suggestions",
    "fwupd",
    "gnome-software-reviews",
    "hashicorp-checkpoint",
    "homebrew",
    "kde-activities",
    "kde-app-feedback",
    "kde-krunner-history-5",
    "kde-plasma-feedback",
    "kde-recent-documents",
    "libreoffice-recent-documents",
    "netdata",
    "popularity-contest",
    "powershell",
    "vlc-recent-media",
)


class Session:
    """A session with a bus, and a screen on request."""

    def __init__(
        self,
        screen=None,
        env=None,
        bus=True,
        system_bus=False,
        text_scale=1,
        animations=True,
        binds=(),
        read_only=(),
        wrap=None,
    ):
        """`binds` are pairs of a file of the test and the path at which the session sees it;
        `read_only` are folders below the session's own, such as "config", without write access;
        `wrap` returns the beginning of every command, when the session's folder exists."""
        self.wrap = []
        self.root = Path(tempfile.mkdtemp(prefix="privacy-panel-session."))
        self.children = []
        for name in ("home", "config", "data", "cache", "run", "share"):
            (self.root / name).mkdir(mode=0o700)
        self.config = self.root / "config"
        self.share = self.root / "share"
        if binds or read_only:
            self.wrap = ["bwrap", "--dev-bind", "/", "/", "--die-with-parent"]
            for source, place in binds:
                self.wrap += ["--bind", str(source), str(place)]
            for name in read_only:
                self.wrap += ["--ro-bind", str(self.root / name), str(self.root / name)]
        passed_on = ("PATH", "LANG", "TERM", "TMPDIR", "LOCPATH")
        self.env = {name: os.environ[name] for name in passed_on if name in os.environ}
        self.env |= {
            "HOME": str(self.root / "home"),
            "XDG_CONFIG_HOME": str(self.config),
            "XDG_DATA_HOME": str(self.root / "data"),
            "XDG_CACHE_HOME": str(self.root / "cache"),
            "XDG_RUNTIME_DIR": str(self.root / "run"),
            # The session's own data comes first, so that a test can add to it.
            "XDG_DATA_DIRS": f"{self.share}:{INSTALLED / 'share'}:/usr/local/share:/usr/share",
            "GSETTINGS_SCHEMA_DIR": str(INSTALLED / "share" / "glib-2.0" / "schemas"),
            "PATH": f"{INSTALLED / 'bin'}:{os.environ['PATH']}",
            "XDG_CURRENT_DESKTOP": "GNOME",
            "NO_AT_BRIDGE": "0",
            "GTK_A11Y": "atspi",
            # Without a GPU; the same renderer gives the same screenshots everywhere.
            "GSK_RENDERER": "cairo",
            "GDK_BACKEND": "x11",
            "LC_ALL": "C.UTF-8",
        }
        self.env |= env or {}
        # GNOME's font, which a bare screen does not set.
        settings = self.config / "gtk-4.0" / "settings.ini"
        settings.parent.mkdir()
        settings.write_text(
            f"[Settings]\ngtk-font-name=Cantarell {11 * text_scale}\n"
            f"gtk-enable-animations={int(animations)}\n"
        )
        for reader in ON_THIS_COMPUTER:
            self.add_reader(reader, "", self.share)
        if wrap:
            self.wrap = wrap(self.root)
        if screen:
            self._start_screen(screen)
        if system_bus:
            self.env["DBUS_SYSTEM_BUS_ADDRESS"] = self._start_bus()
        if bus:
            self.env["DBUS_SESSION_BUS_ADDRESS"] = self._start_bus()
        else:
            self.env["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _start_screen(self, screen):
        read, write = os.pipe()
        self.spawn(
            # The server must not reset when its first client ends, such as one that asks its size.
            ["Xvfb", "-displayfd", str(write), "-screen", "0", screen, "-nolisten", "tcp", "-noreset"],
            pass_fds=(write,),
        )
        os.close(write)
        with os.fdopen(read) as pipe:
            self.env["DISPLAY"] = ":" + pipe.readline().strip()

    def _start_bus(self):
        read, write = os.pipe()
        self.spawn(
            ["dbus-daemon", "--session", "--nofork", f"--print-address={write}"],
            pass_fds=(write,),
        )
        os.close(write)
        with os.fdopen(read) as pipe:
            return pipe.readline().strip()

    def spawn(self, command, env=None, **options):
        """Starts a child that ends with the session."""
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | options
        child = subprocess.Popen(
            self.wrap + command,
            env=self.env | (env or {}),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            **options,
        )
        self.children.append(child)
        return child

    def run(self, *command, env=None, timeout=300, **options):
        """Runs a command to its end."""
        return subprocess.run(
            self.wrap + [str(word) for word in command],
            env=self.env | (env or {}),
            capture_output=True,
            text=True,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
            **options,
        )

    def ask(self, *command, **options):
        """The output of a command, which must succeed."""
        done = self.run(*command, **options)
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    # The settings as other programs see them: each call is a separate process.

    def get(self, schema, key):
        return self.ask("gsettings", "get", schema, key)

    def set(self, schema, key, value):
        self.ask("gsettings", "set", schema, key, value)

    def reset(self, schema, key):
        self.ask("gsettings", "reset", schema, key)

    def ctl(self, *arguments, **options):
        return self.run("privacyctl", *arguments, **options)

    def status(self, choice, **options):
        """The choice in `privacyctl status --json`."""
        choices = json.loads(self.ask("privacyctl", "status", "--json", **options))["choices"]
        return next(entry for entry in choices if entry["id"] == choice)

    def reader(self, choice, reader, **options):
        readers = self.status(choice, **options)["readers"]
        return next(entry for entry in readers if entry["id"] == reader)

    def wait_for_window(self, pattern):
        """Waits for a window of a class on the screen. A window that is closed meanwhile makes xdotool
        fail, which isn't an answer."""
        search = ("xdotool", "search", "--onlyvisible", "--class", pattern)
        wait_for(f"a window of {pattern}", lambda: self.run(*search).stdout, 180, every=0.2)

    def calls(self, method):
        """Calls of a method on the session's bus."""
        return Calls(self, method)

    def libunity(self):
        """The setting that libunity gives to the lenses, in another process."""
        return self.ask("/usr/bin/python3", "-c", LIBUNITY)

    def add_reader(self, name, text, layer=None):
        folder = (layer or self.config) / "privacy-panel" / "readers.d"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.toml").write_text(text)

    def unmask(self, reader):
        """Lets a program of this computer count, which the session masks."""
        (self.share / "privacy-panel" / "readers.d" / f"{reader}.toml").unlink()

    def add_service(self, name, command):
        """Lets the session's bus start a service by a command."""
        folder = self.share / "dbus-1" / "services"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.service").write_text(f"[D-BUS Service]\nName={name}\nExec={command}\n")
        self.ask(
            *("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus"),
            *("--object-path", "/org/freedesktop/DBus"),
            *("--method", "org.freedesktop.DBus.ReloadConfig"),
        )

    def forget_own_schema(self):
        """Makes an incomplete installation: all of the panel's data except its schema."""
        data = self.share / "privacy-panel"
        shutil.rmtree(data)
        data.symlink_to(INSTALLED / "share" / "privacy-panel")
        del self.env["GSETTINGS_SCHEMA_DIR"]
        self.env["XDG_DATA_DIRS"] = f"{self.share}:/usr/local/share:/usr/share"

    def dconf_services(self):
        """The processes of this session's dconf service."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                name = (process / "comm").read_text().strip()
                environment = (process / "environ").read_bytes()
            except OSError:
                continue
            if name == "dconf-service" and str(self.root).encode() in environment:
                found.append(int(process.name))
        return found

    def close(self):
        for child in reversed(self.children):
            # The number of one that was waited for may be another process's by now.
            if child.returncode is not None:
                continue
            try:
                os.killpg(child.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        for child in self.children:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        # Processes that the buses started have the session's folder in their environment.
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.root).encode() in (process / "environ").read_bytes():
                    os.kill(int(process.name), signal.SIGKILL)
            except (OSError, ProcessLookupError):
                continue
        shutil.rmtree(self.root, ignore_errors=True)


LIBUNITY = """
import gi
gi.require_version("Unity", "7.0")
from gi.repository import Unity
value = Unity.PreferencesManager.get_default().props.remote_content_search
print(value.value_nick)
"""
