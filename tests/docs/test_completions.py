# SPDX-License-Identifier: GPL-3.0-or-later
"""Tab completes command lines in bash, fish and zsh."""

import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest
from support.harness import INSTALLED, Session

# These tests share fixtures that take long to create.
pytestmark = pytest.mark.xdist_group("completions")

SHARE = INSTALLED / "share"
# The command that starts each shell without a user's settings, and the setup in it.
SHELLS = {
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        f"for file in {SHARE}/bash-completion/completions/*; do . $file; done",
    ),
    "fish": (["fish", "--private"], ""),
    "zsh": (
        ["zsh", "-f", "-i"],
        f"fpath=({SHARE}/zsh/site-functions $fpath); autoload -Uz compinit; compinit -u -D",
    ),
}
PROGRAMS = ("privacy-panel", "privacyctl")


class Shell:
    """A shell on a terminal, where the programs only print their arguments."""

    def __init__(self, name, folder):
        command, setup = SHELLS[name]
        stand_in = folder / "bin"
        stand_in.mkdir()
        for program in PROGRAMS:
            (stand_in / program).write_text('#!/bin/sh\nprintf "ran<%s>\\n" "$*"\n')
            (stand_in / program).chmod(0o755)
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            env = {
                "PATH": f"{stand_in}:/usr/bin:/bin",
                "HOME": str(folder),
                "XDG_DATA_DIRS": f"{SHARE}:/usr/share",
                "TERM": "vt100",
                "LC_ALL": "C.UTF-8",
            }
            os.execvpe(command[0], command, env)
        self.said = ""
        if setup:
            self.type(f"{setup}\n")
        self.type("echo re''ady\n")
        self.wait_for("ready")

    def type(self, keys):
        os.write(self.terminal, keys.encode())

    def wait_for(self, pattern, seconds=20):
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.said)):
            readable, _, _ = select.select([self.terminal], [], [], max(0, end - time.monotonic()))
            assert readable, f"no “{pattern}” in {self.said!r}"
            self.said += os.read(self.terminal, 4096).decode(errors="replace")
        return found

    def completed(self, typed):
        """The arguments of the program after Tab is pressed at the end of that line."""
        self.said = ""
        self.type(f"{typed}\t\n")
        return self.wait_for("ran<(.*?)>")[1].strip()

    def close(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.terminal)


@pytest.fixture(scope="module", params=SHELLS)
def shell(request, tmp_path_factory):
    shell = Shell(request.param, tmp_path_factory.mktemp(request.param))
    yield shell
    shell.close()


def options_of_the_panel():
    told = subprocess.run(
        [INSTALLED / "bin" / "privacy-panel", "--help"], capture_output=True, text=True, check=True
    ).stdout
    # Users do not type GLib's options for the bus.
    options = [name for name in re.findall(r" (--[\w-]+)", told) if "gapplication" not in name]
    assert {"--choice", "--help", "--version"} <= set(options)
    return options


def choices():
    with Session(bus=False) as session:
        said = session.ctl("get", "nonsense").stderr
    return re.search(r"possible values: (.*)\]", said)[1].split(", ")


def test_every_option_of_the_panel_is_completed(shell):
    for option in options_of_the_panel():
        # The shortest prefix that no other option has.
        typed = {"--help": "--help", "--help-all": "--help-"}.get(option, option[:-2])
        done = shell.completed(f"privacy-panel {typed}").rstrip("=")
        assert done == option


def test_every_choice_is_completed_for_the_panel_and_for_privacyctl(shell):
    for choice in choices():
        for before in ("privacy-panel --choice=", "privacy-panel --choice ", "privacy-panel -c "):
            arguments = before.removeprefix("privacy-panel ")
            assert shell.completed(f"{before}{choice[:3]}") == f"{arguments}{choice}"
        assert shell.completed(f"privacyctl get {choice[:3]}") == f"get {choice}"


def test_privacyctls_commands_and_options_are_completed(shell):
    assert shell.completed("privacyctl policy app") == "policy apply"
    assert shell.completed("privacyctl policy apply --dry") == "policy apply --dry-run"
    assert shell.completed("privacyctl set online-search of") == "set online-search off"
    assert shell.completed("privacyctl policy apply --ag") == "policy apply --again"
    # Options that only programs use are not offered.
    assert shell.completed("privacyctl policy annou") == "policy annou"
