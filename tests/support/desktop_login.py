# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's session on the computer that `desktop.py` runs on: a bus, a screen, and the programs in it."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import wire

UID = 1000
HOME = Path("/home/person")
RUN = Path("/run/user") / str(UID)


def wait_for(what, question, seconds=90):
    """Asks until the answer is true. The limit only ends a run that is stuck."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > end:
            raise RuntimeError(f"{what}: still not so after {seconds} s")
        time.sleep(0.1)
    return answer


class Programs(wire.Network):
    """Starts programs in the room, which has no network."""

    def __init__(self):
        self.children = []
        self.connections = []

    def connect(self, port, seconds=120):
        return super().connect(port, seconds)

    def wait(self, number, seconds=60):
        return super().wait(number, seconds)


class Login:
    """A session of the user: a bus, a screen, and programs in it."""

    def __init__(self, desktop):
        self.programs = Programs()
        self.env = {
            "HOME": str(HOME),
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "XDG_RUNTIME_DIR": str(RUN),
            "XDG_CURRENT_DESKTOP": {"gnome": "GNOME", "kde": "KDE"}[desktop],
            "LC_ALL": "C.UTF-8",
            "GDK_BACKEND": "x11",
            "QT_QPA_PLATFORM": "offscreen",
            "GSK_RENDERER": "cairo",
            # The menu of input methods and the accessibility bus would only write files.
            "NO_AT_BRIDGE": "1",
        }
        if desktop == "kde":
            self.env |= {"KDE_FULL_SESSION": "true", "KDE_SESSION_VERSION": "6"}
        self.children = []
        self.env["DBUS_SESSION_BUS_ADDRESS"] = self._line(
            "dbus-daemon", "--session", "--nofork", "--print-address={}"
        )
        screen = ("-screen", "0", "1280x900x24", "-nolisten", "tcp", "-noreset")
        self.env["DISPLAY"] = ":" + self._line("Xvfb", "-displayfd", "{}", *screen)
        if desktop == "gnome":
            self.start("/usr/libexec/gsd-xsettings")
            name = "org.gnome.SettingsDaemon.XSettings"
            wait_for(name, lambda: name in self.ask("busctl", "--user", "--acquired", "list"))

    def command(self, words):
        clean = [f"{name}={value}" for name, value in self.env.items()]
        user = ["setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"]
        return ["env", "-i", *clean, *user, *(str(word) for word in words)]

    def _line(self, *words):
        """Starts a daemon, and returns the line that it writes into the pipe of the number {}."""
        read, write = os.pipe()
        words = [word.replace("{}", str(write)) for word in words]
        self.start(*words, pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as pipe:
            return pipe.readline().strip()

    def start(self, *words, env=None, **options):
        silent = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.DEVNULL,
            "stderr": subprocess.DEVNULL,
        }
        more = [f"{name}={value}" for name, value in (env or {}).items()]
        child = subprocess.Popen(
            self.command(["env", *more, *words]), cwd=HOME, start_new_session=True, **(silent | options)
        )
        self.children.append(child)
        return child

    def run(self, *words):
        return subprocess.run(
            self.command(words), cwd=HOME, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )

    def ask(self, *words):
        done = self.run(*words)
        if done.returncode != 0:
            raise RuntimeError(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout.strip()

    def end(self):
        """Ends the session with all processes of the user."""
        for child in reversed(self.children):
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
                child.wait(30)
        for way in (signal.SIGTERM, signal.SIGKILL):
            for _ in range(100):
                left = False
                for process in Path("/proc").glob("[0-9]*"):
                    # It may end meanwhile.
                    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                        if process.stat().st_uid == UID:
                            left = True
                            os.kill(int(process.name), way)
                if not left:
                    return
                time.sleep(0.1)
