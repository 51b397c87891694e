# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that KDE's programs write, too: their lock file, and the signal about a change."""

import re
import subprocess
from pathlib import Path

import pytest
from support.harness import INSTALLED, wait_for
from support.names import NOT_SAVED

CHOICE = "activity-history"
READER = "kde-recent-documents"
GROUP = "RecentDocuments"
KEY = "UseRecent"

# Qt's own lock, as a program of KDE's has it while it writes. It ends without releasing it.
HOLD = """
import sys
from PyQt5.QtCore import QLockFile
lock = QLockFile(sys.argv[1])
assert lock.tryLock(0)
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def kde(session):
    # Its program, KIO of Frameworks 6, is not on every computer that runs the tests.
    shipped = (INSTALLED / "share" / "privacy-panel" / "readers.d" / f"{READER}.toml").read_text()
    here = re.sub(r"^programs = \[.*?^\]", 'programs = ["/bin/sh"]', shipped, flags=re.M | re.S)
    session.add_reader(READER, here, session.share)
    return session


def state(session):
    return session.reader(CHOICE, READER)["state"]


def in_kde(session):
    """What KDE's programs read."""
    return session.ask(
        *("kreadconfig5", "--file", "kdeglobals", "--group", GROUP, "--key", KEY, "--default", "true")
    )


@pytest.fixture(scope="module")
def watcher(tmp_path_factory):
    """The program that watches a file as KDE's programs do."""
    program = tmp_path_factory.mktemp("watcher") / "watcher"
    source = Path(__file__).parents[1] / "support" / "kconfig_watcher.cpp"
    flags = subprocess.check_output(["pkg-config", "--cflags", "--libs", "Qt5Core"], text=True).split()
    includes = ["-I/usr/include/KF5/KConfigCore", "-I/usr/include/KF5/KConfig"]
    command = ["g++", "-fPIC", "-o", program, source, *includes, "-lKF5ConfigCore", *flags]
    subprocess.run(command, check=True)
    return program


def test_a_running_program_of_kdes_learns_of_a_change(kde, watcher):
    heard = kde.root / "heard"

    def wait_for_lines(*expected):
        wait_for(f"{expected}", lambda: heard.read_text().splitlines() == ["watching", *expected])

    with heard.open("w") as output:
        kde.spawn([str(watcher), "kdeglobals"], stdout=output)
    wait_for_lines()
    assert kde.ctl("set", CHOICE, "off").returncode == 0
    off = f"{GROUP}/{KEY}: false"
    wait_for_lines(off)
    # A value that is already right is not written, and no signal is sent.
    assert kde.ctl("set", CHOICE, "off").returncode == 0
    assert kde.ctl("set", CHOICE, "on").returncode == 0
    on = f"{GROUP}/{KEY}: true"
    wait_for_lines(off, on)
    assert kde.ctl("reset", CHOICE).returncode == 0
    wait_for_lines(off, on, f"{GROUP}/{KEY}: nothing")


def test_without_a_session_bus_the_file_is_written_all_the_same(kde):
    lonely = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
    kde.ctl("set", CHOICE, "off", env=lonely)
    assert in_kde(kde) == "false"


def test_a_file_that_a_program_of_kdes_is_writing_is_left_alone(kde):
    lock = kde.config / "kdeglobals.lock"
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(["/usr/bin/python3", "-c", HOLD, lock], **options) as holder:
        assert holder.stdout.readline() == "locked\n"
        done = kde.ctl("set", CHOICE, "off")
        assert done.returncode == NOT_SAVED
        assert "kdeglobals”. Close the app and try again" in done.stderr
        assert state(kde) == "on" and lock.exists()
        holder.kill()
    # Its program has ended without removing it.
    assert lock.exists()
    assert kde.ctl("set", CHOICE, "off").returncode == 0
    assert in_kde(kde) == "false"
    assert not lock.exists()


def test_no_change_is_lost_when_a_program_of_kdes_writes_at_the_same_time(kde):
    count = 40
    write = f"""for number in $(seq {count}); do
        kwriteconfig5 --file kdeglobals --group Other --key key$number $number || exit 1
    done"""
    writer = kde.spawn(["sh", "-c", write])
    wait_for("the first value", (kde.config / "kdeglobals").exists)
    state = "on"
    while writer.poll() is None:
        state = "off" if state == "on" else "on"
        assert kde.ctl("set", CHOICE, state).returncode == 0
        assert in_kde(kde) == ("false" if state == "off" else "true")
    assert writer.returncode == 0
    text = (kde.config / "kdeglobals").read_text()
    assert [number for number in range(1, count + 1) if f"key{number}={number}\n" not in text] == []
    assert not list(kde.config.glob("kdeglobals.*"))
