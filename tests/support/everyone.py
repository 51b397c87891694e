# SPDX-License-Identifier: GPL-3.0-or-later
"""A computer with the system service: its own /etc, /run and /var, a system bus, and a real polkitd.

The bus starts the service, as on a computer without systemd. polkit's rules and agents decide. The
real computer stays unchanged.
"""

import contextlib
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

from gi.repository import Gio, GLib

from support.harness import INSTALLED, SUPPORT, Session, programs_at, wait_for

NAME = "net.launchpad.PrivacyPanel.System"
OFF = "net.launchpad.PrivacyPanel.turn-off-for-everybody"
ON = "net.launchpad.PrivacyPanel.turn-on-for-everybody"
ERROR = f"{NAME}.Error."
CHOICE = "usage-statistics"
# The answers of polkit's rule to the user PERSON in most tests.
ALLOWED = {OFF: "YES", ON: "YES"}

# Users of the computer, with the same IDs as groups.
PERSON, OTHER = 4242, 4243

POPCON = Path("/etc/popularity-contest.d/zz-privacy-panel.conf")
NEWS = Path("/etc/default/motd-news")
LVFS = Path("/etc/fwupd/remotes.d/lvfs.conf")
NETDATA = Path("/etc/netdata/.opt-out-from-anonymous-statistics")
ABRT = Path("/etc/abrt/abrt.conf")
STATE = Path("/var/lib/privacy-panel-system")
READERS = Path("/etc/privacy-panel/readers.d")

# The files that packages ship, with everything on.
FILES = {
    "/etc/popularity-contest.conf": 'MY_HOSTID="0123456789abcdef0123456789abcdef"\nPARTICIPATE="yes"\nUSEHTTP="yes"\n',
    NEWS: "# Enable/disable the dynamic MOTD news service\nENABLED=1\n\nWAIT=5\n",
    LVFS: "[fwupd Remote]\n\n# stable\nEnabled=true\nAutomaticReports=true\nAutomaticSecurityReports=true\n",
    "/etc/netdata/netdata.conf": "",
    ABRT: "# Configuration for the ABRT daemon\n#\n\nAutoreportingEnabled =   yes\nDumpLocation = /var/spool/abrt\n",
}
# These programs are not installed here, so their readers look for another file instead.
ABSENT = ("abrt-auto-reporting", "fwupd", "netdata", "popularity-contest")


def fields(message):
    """The fields of a journal message, whose values have their length before them:
    https://systemd.io/JOURNAL_NATIVE_PROTOCOL/."""
    found = {}
    while message:
        name, _, rest = message.partition(b"\n")
        length = int.from_bytes(rest[:8], "little")
        found[name.decode()] = rest[8 : 8 + length].decode()
        message = rest[9 + length :]
    return found


def become(uid, env=None):
    """A command prefix with which a program runs as a user, with a clean environment."""
    clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]
    clean.append("DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket")
    clean += [f"{name}={value}" for name, value in (env or {}).items()]
    user = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
    return [*clean, *user]


class Everyone:
    """A computer whose programs send statistics, for all users. `answers`: what polkit's rule
    answers to the user PERSON, by action. Its files are in a new folder in `folder`."""

    def __init__(self, answers=None, files=None, without=(), folder=None):
        self.root = Path(tempfile.mkdtemp(prefix="privacy-panel-everyone.", dir=folder))
        self.root.chmod(0o755)
        subprocess.run(["cp", "-a", "/etc", self.root / "etc"], check=True)
        for folder in ("run/dbus", "run/systemd/journal", "var/lib/polkit-1", "var/lib/dpkg", "var/tmp"):
            (self.root / folder).mkdir(parents=True)
        for folder in ("privacy-panel", "popularity-contest.d", "fwupd", "dnf", "netdata"):
            shutil.rmtree(self.root / "etc" / folder, ignore_errors=True)
        for path, text in {**FILES, **(files or {})}.items():
            self.write(path, text)
        for reader in ABSENT:
            if reader in without:
                self.write(READERS / f"{reader}.toml", "")
                continue
            shipped = (INSTALLED / f"share/privacy-panel/readers.d/{reader}.toml").read_text()
            here = re.sub(r"^programs = .*$", 'programs = ["/bin/sh"]', shipped, flags=re.M)
            self.write(READERS / f"{reader}.toml", here)
        for name, uid in (("person", PERSON), ("other", OTHER)):
            with self.file("/etc/passwd").open("a") as users:
                users.write(f"{name}:x:{uid}:{uid}::/nonexistent:/bin/sh\n")
            with self.file("/etc/group").open("a") as groups:
                groups.write(f"{name}:x:{uid}:\n")
        rules = self.file("/etc/polkit-1/rules.d")
        rules.mkdir(parents=True, exist_ok=True)
        rules.chmod(0o755)
        for action, answer in (answers or {}).items():
            self.write(
                rules.joinpath(f"10-{action}.rules").relative_to(self.root),
                "polkit.addRule(function(action, subject) {"
                f'if (action.id == "{action}" && subject.user == "person")'
                f"return polkit.Result.{answer}; }});",
            )
        self.address = f"unix:path={self.root}/run/dbus/system_bus_socket"
        self.messages = []
        self.taking = threading.Lock()
        self.left = threading.Event()
        self.processes = []
        self._listen()
        self._start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.bus.is_closed():
            self.bus.close_sync(None)
        self.left.set()
        self.receiver.join()
        self.journal.close()
        for process in reversed(self.processes):
            process.kill()
            process.wait()
        shutil.rmtree(self.root)

    # Files

    def file(self, path):
        """The path at which the test sees a file of the computer."""
        path = Path(path)
        return self.root / (path.relative_to("/") if path.is_absolute() else path)

    def write(self, path, text):
        file = self.file(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    def read(self, path):
        """The content, or None if there is no such file."""
        file = self.file(path)
        return file.read_text() if file.exists() else None

    def files(self):
        """Every file, link and folder below /etc, with its content."""
        found = {}
        for path in sorted(self.file("/etc").rglob("*")):
            name = str(path.relative_to(self.root))
            if path.is_symlink():
                found[name] = os.readlink(path)
            elif path.is_file():
                found[name] = path.read_bytes(), path.stat().st_mode
            else:
                found[name] = path.lstat().st_mode
        return found

    # Processes

    def bwrap(self, *more):
        """A command prefix with which a program runs on this computer."""
        binds = [
            part for name in ("etc", "run", "var") for part in ("--bind", self.root / name, f"/{name}")
        ]
        actions = INSTALLED / "share" / "polkit-1" / "actions"
        return [
            *("bwrap", "--dev-bind", "/", "/", *binds),
            *("--ro-bind", "/var/lib/dpkg", "/var/lib/dpkg"),
            *("--ro-bind", actions, "/usr/share/polkit-1/actions"),
            *("--die-with-parent", *more, "--"),
        ]

    def inside(self):
        """A command prefix with which a program is among the processes of this computer."""
        return []

    def spawn(self, *command, more=(), **options):
        process = subprocess.Popen([*self.bwrap(*more), *command], **options)
        self.processes.append(process)
        return process

    def run(self, *command, **options):
        """Runs a program on this computer."""
        options = {"capture_output": True, "text": True, "timeout": 200, **options}
        return subprocess.run([*self.bwrap(), *command], **options)

    def ctl_command(self, *arguments, uid=0):
        """The command that runs privacyctl with a home, and for a user in a session of its own."""
        home = self.root / f"home-{uid}"
        if not home.exists():
            home.mkdir(mode=0o700)
            os.chown(home, uid, uid)
        env = {
            "HOME": home,
            "XDG_RUNTIME_DIR": home,
            "XDG_DATA_DIRS": f"{INSTALLED}/share:/usr/share",
            "GSETTINGS_SCHEMA_DIR": INSTALLED / "share" / "glib-2.0" / "schemas",
        }
        session = ["dbus-run-session", "--"] if uid else []
        return [*become(uid, env), *session, INSTALLED / "bin" / "privacyctl", *arguments]

    def ctl(self, *arguments, uid=0, **options):
        """Runs privacyctl. The session's bus writes to standard error, too: only the program's own
        lines are returned."""
        done = self.run(*self.ctl_command(*arguments, uid=uid), **options)
        lines = done.stderr.splitlines()
        done.stderr = "\n".join(line for line in lines if line.startswith("privacyctl: "))
        return done

    def _start(self):
        text = Path("/usr/share/dbus-1/system.conf").read_text()
        for element in ("servicehelper", "user", "pidfile", "listen"):
            text = re.sub(rf"<{element}>.*?</{element}>", "", text, flags=re.S)
        text = re.sub(r"<(fork|syslog|keep_umask|standard_system_servicedirs)\s*/>", "", text)
        text = re.sub(r"<includedir>.*?</includedir>|<include .*?</include>", "", text, flags=re.S)
        ours = (
            "<listen>unix:path=/run/dbus/system_bus_socket</listen>"
            f"<servicedir>{INSTALLED}/share/dbus-1/system-services</servicedir>"
            "<includedir>/usr/share/dbus-1/system.d</includedir>"
            f"<includedir>{INSTALLED}/share/dbus-1/system.d</includedir>"
        )
        self.write("/run/bus.conf", text.replace("</busconfig>", f"{ours}</busconfig>"))
        self._start_services()
        flags = Gio.DBusConnectionFlags

        def connect():
            try:
                return Gio.DBusConnection.new_for_address_sync(
                    self.address,
                    flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION,
                    None,
                    None,
                )
            except GLib.Error:
                return None

        self.bus = wait_for("the bus", connect)
        wait_for("polkit", lambda: self.has_owner("org.freedesktop.PolicyKit1"))

    def _start_services(self):
        """Starts the bus and polkit."""
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        env["DBUS_SYSTEM_BUS_ADDRESS"] = self.address.replace(str(self.root), "")
        self.daemon = self.spawn("dbus-daemon", "--config-file=/run/bus.conf", "--nofork", env=env)
        wait_for("the bus", self.file("/run/dbus/system_bus_socket").exists)
        self.polkit = self.spawn("/usr/lib/polkit-1/polkitd", "--no-debug", env=env)

    def _listen(self):
        """Receives what the service writes to the journal."""
        self.journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = self.file("/run/systemd/journal/socket")
        self.journal.bind(str(path))

        self.journal.setblocking(False)

        def receive():
            # Meanwhile, so that the socket never fills up.
            while not self.left.is_set():
                if select.select([self.journal], [], [], 0.1)[0]:
                    self._take_messages()

        self.receiver = threading.Thread(target=receive, daemon=True)
        self.receiver.start()

    def _take_messages(self):
        with self.taking, contextlib.suppress(OSError):
            while True:
                self.messages.append(fields(self.journal.recv(65536)))

    @property
    def log(self):
        """What the service wrote so far: everything, once it has answered."""
        self._take_messages()
        return self.messages

    # The bus

    def call(self, name, path, interface, method, values):
        """Calls a method as root, and returns its answer."""
        return self.bus.call_sync(name, path, interface, method, values, None, 0, 60_000, None).unpack()

    def ask_bus(self, method, value):
        name = "org.freedesktop.DBus"
        return self.call(name, "/org/freedesktop/DBus", name, method, GLib.Variant("(s)", (value,)))[0]

    def has_owner(self, name):
        return self.ask_bus("NameHasOwner", name)

    def pid(self):
        """The service's process, or None."""
        try:
            return self.ask_bus("GetConnectionUnixProcessID", NAME) if self.has_owner(NAME) else None
        except GLib.Error as error:
            # It ended between the two questions.
            if "NameHasNoOwner" in error.message:
                return None
            raise

    def services(self):
        """The processes of the service on this computer, and those that it has started."""
        return [
            int(process.name)
            for process, program in programs_at(self.root)
            if program.startswith(f"{INSTALLED}/")
        ]

    def kill_service(self):
        pid = self.pid()
        if pid:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            wait_for("the service’s end", lambda: not self.has_owner(NAME))

    def caller(self, method, *arguments, uid=PERSON, agent="none", times=1, env=None):
        """Starts a caller of the service; see bus_caller.py."""
        return Caller(self, method, arguments, uid, agent, times, env)

    def agent(self, pid, uid=PERSON):
        """Starts an agent that asks for the password when another process of the user needs it."""
        return self.caller("", uid=uid, agent="answer", times=0, env={"AGENT_FOR": str(pid)})

    def session(self, uid=PERSON, **options):
        """A session of a user on this computer."""

        def wrap(root):
            for path in (root, *root.rglob("*")):
                os.chown(path, uid, uid)
            user = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
            return [str(word) for word in [*self.bwrap(), *user]]

        return Session(env={"DBUS_SYSTEM_BUS_ADDRESS": self.address}, wrap=wrap, **options)

    def ask(self, method, *arguments, **options):
        """Calls the service as a user, and returns the reply or the error."""
        with self.caller(method, *arguments, **options) as caller:
            return caller.end()

    def plan(self, state, choice=CHOICE, **options):
        """The plan's token."""
        return self.ask("Plan", choice, state, "", **options)["reply"][0]

    def set(self, state, token=None, choice=CHOICE, **options):
        """Plans and sets as a user."""
        token = self.plan(state, choice, uid=options.get("uid", PERSON)) if token is None else token
        return self.ask("Set", choice, state, "", token, **options)

    def permit(self, event):
        """Does what polkit's helper does after the right password."""
        identity = event["identities"][0]
        kinds = {"uid": "u", "gid": "u"}
        details = {key: GLib.Variant(kinds[key], value) for key, value in identity[1].items()}
        values = GLib.Variant("(us(sa{sv}))", (PERSON, event["cookie"], (identity[0], details)))
        path, interface = "/org/freedesktop/PolicyKit1/Authority", "org.freedesktop.PolicyKit1.Authority"
        self.call("org.freedesktop.PolicyKit1", path, interface, "AuthenticationAgentResponse2", values)


class Caller:
    """A process of a user that calls the service."""

    def __init__(self, computer, method, arguments, uid, agent, times, env):
        become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"] if uid else []
        arguments = [json.dumps(argument) for argument in arguments]
        # Files of the source may be unreadable for this user.
        program = computer.root / "bus_caller.py"
        if not program.exists():
            shutil.copy(SUPPORT / "bus_caller.py", program)
            program.chmod(0o755)
        command = ["/usr/bin/python3", program, computer.address, agent, str(times), method, *arguments]
        pipe = subprocess.PIPE
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **(env or {})}
        self.process = subprocess.Popen(
            [*computer.inside(), *become, *command], stdin=pipe, stdout=pipe, text=True, env=env, cwd="/"
        )
        self.name = self.next()["name"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def next(self):
        line = self.process.stdout.readline()
        assert line, f"the caller ended: {self.process.wait()}"
        return json.loads(line)

    def go_on(self):
        """Lets the agent answer."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self):
        """The reply or the error of the last call."""
        event = self.next()
        while "reply" not in event and "error" not in event:
            event = self.next()
        return event

    def all(self):
        """All events until the process ends."""
        events = []
        for line in self.process.stdout:
            events.append(json.loads(line))
        return events
