# SPDX-License-Identifier: GPL-3.0-or-later
"""KDE's activity manager records what is used while the choice is on, and nothing while it is off."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from support.harness import wait_for

CHOICE = "activity-history"
READER = "kde-activities"
NAME = "org.kde.ActivityManager"


class Manager:
    """The real service, started as at a login."""

    def __init__(self, session):
        self.session = session
        (program,) = Path("/usr/lib").glob("*/libexec/kactivitymanagerd")
        self.child = session.spawn([str(program)], env={"QT_QPA_PLATFORM": "offscreen"})
        wait_for("the activity manager", self.is_ready)

    @property
    def data(self):
        return self.session.root / "data" / "kactivitymanagerd" / "resources" / "database"

    def is_ready(self):
        done = self.call("ActivityManager/Activities", "Activities.CurrentActivity")
        return done.returncode == 0 and "''" not in done.stdout and self.data.exists()

    def call(self, path, method, *arguments):
        call = ("gdbus", "call", "--session", "--dest", NAME, "--object-path", f"/{path}")
        return self.session.run(*call, "--method", f"{NAME}.{method}", *arguments)

    def use(self, file):
        """An app tells the service that it uses a file."""
        event = ("org.example.App", "0", f"file://{file}", "0")
        done = self.call("ActivityManager/Resources", "Resources.RegisterResourceEvent", *event)
        assert done.returncode == 0, done.stderr

    def recorded(self):
        with closing(sqlite3.connect(f"file:{self.data}?mode=ro", uri=True)) as database:
            found = database.execute("select targettedResource from ResourceEvent").fetchall()
        return {file for (file,) in found}

    def stop(self):
        self.child.terminate()
        self.child.wait(timeout=20)


def seconds_until_recorded(manager, file):
    begin = time.monotonic()
    manager.use(file)
    wait_for(f"a record of {file}", lambda: file in manager.recorded())
    return time.monotonic() - begin


@pytest.mark.proof("kde-activities", "program")
def test_the_activity_manager_records_files_while_the_choice_is_on_and_none_while_off(session):
    def state():
        found = session.reader(CHOICE, READER)
        return found["installed"], found["state"]

    session.unmask(READER)
    assert state() == (True, "on")
    manager = Manager(session)
    took = seconds_until_recorded(manager, "/etc/hostname")
    manager.stop()

    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert state() == (True, "off")
    manager = Manager(session)
    manager.use("/etc/hosts")
    # Long enough for a record, however busy the computer is.
    time.sleep(2 + 3 * took)
    assert manager.recorded() == {"/etc/hostname"}
    manager.stop()

    assert session.ctl("set", CHOICE, "on").returncode == 0
    manager = Manager(session)
    seconds_until_recorded(manager, "/etc/fstab")
    assert "/etc/hosts" not in manager.recorded()
