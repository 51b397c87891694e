# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of Debian 13, which Debian 12 has only in older versions or not at all."""

import re
import subprocess

import pytest
from support.harness import SOURCE
from support.wire import TRUSTED


def install(session, reader):
    """Lets a reader count. Its program is in the other root, so another file is the sign that it is
    installed."""
    text = (SOURCE / "data" / "readers.d" / f"{reader}.toml").read_text()
    text = re.sub(r"programs = \[.*?\]\n", 'programs = ["/bin/sh"]\n', text, flags=re.DOTALL)
    session.add_reader(reader, text)


def turn(session, choice, reader, on):
    """Turns a choice on or off for the user, and sees that the reader has it."""
    state = "on" if on else "off"
    done = session.ctl("set", choice, state, "--only-me")
    assert done.returncode == 0, done.stderr
    assert session.reader(choice, reader)["state"] == state


class Debian13:
    """A root with the programs, as scripts/root makes it. They run in a session of the test, without
    a network or in a closed one, and see the folder of temporary files, in which the session is."""

    # The tests run one after the other, since the first one makes the root.
    GROUP = pytest.mark.xdist_group("debian_13")

    def __init__(self):
        command = [SOURCE / "scripts" / "root", "programs"]
        made = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        self.root = made.stdout.strip()

    def _sandbox(self, *options):
        sandbox = ["bwrap", "--ro-bind", self.root, "/", "--dev", "/dev", "--proc", "/proc"]
        return [*sandbox, "--bind", "/tmp", "/tmp", "--die-with-parent", *map(str, options)]

    @staticmethod
    def _env(session):
        """Uses the root's data and programs instead of this computer's, and the session's own data."""
        return {"PATH": "/usr/bin:/bin", "XDG_DATA_DIRS": f"{session.share}:/usr/share"}

    def run(self, session, *command, **env):
        """Runs a program to its end."""
        return session.ask(*self._sandbox("--unshare-net"), *command, env=self._env(session) | env)

    def spawn(self, session, *command, **env):
        """Starts a program that ends with the session."""
        return session.spawn([*self._sandbox("--unshare-net"), *command], env=self._env(session) | env)

    def start(self, session, network, *command, **env):
        """Starts a program in a closed network, whose authority it trusts, and returns its number."""
        resolver = session.root / "resolv.conf"
        sandbox = self._sandbox("--bind", network.trusted, TRUSTED, "--bind", resolver, "/etc/resolv.conf")
        return network.start(*sandbox, *command, **self._env(session) | env)
