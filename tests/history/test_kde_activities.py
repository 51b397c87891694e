# SPDX-License-Identifier: GPL-3.0-or-later
"""KDE's activity manager records what is used while the choice is on, and nothing while it is off."""

import json
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
            # A service that was just started may not have made its table yet.
            made = database.execute("select 1 from sqlite_master where name = 'ResourceEvent'").fetchall()
            if not made:
                return set()
            found = database.execute("select targettedResource from ResourceEvent").fetchall()
        return {file for (file,) in found}

    def age(self, file, days):
        """Makes a record that old. The service must not run."""
        when = time.time() - days * 24 * 3600
        with closing(sqlite3.connect(self.data)) as database, database:
            database.execute(
                "update ResourceEvent set start = ?, end = ? where targettedResource = ?",
                (when, when, file),
            )

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


def test_the_activity_manager_removes_what_is_older_than_the_user_wants(session):
    session.unmask(READER)
    manager = Manager(session)
    files = {"/etc/hostname": 20, "/etc/hosts": 40, "/etc/fstab": 100, "/etc/passwd": 150}
    for file in files:
        manager.use(file)
    wait_for("the records", lambda: manager.recorded() == set(files))
    # Up to Plasma 6.4, the default is to keep everything. A week is less than the month that the
    # service can count.
    for keep, months, youngest in (
        (None, None, None),
        ("120", 4, 150),
        ("forever", None, None),
        ("60", 2, 100),
        ("7", 1, 40),
    ):
        manager.stop()
        for file, days in files.items():
            manager.age(file, days)
        if keep:
            assert session.ctl("history", "keep", keep).returncode == 0
        found = json.loads(session.ask("privacyctl", "history", "keep", "--json"))["lists"]
        (listed,) = (each for each in found if each["id"] == "kde-activities")
        assert listed.get("months") == months
        manager = Manager(session)
        stay = {file for file, days in files.items() if not youngest or days < youngest}
        wait_for("the rest", lambda stay=stay: manager.recorded() & set(files) == stay)
        # For the next turn.
        for file in files.keys() - stay:
            manager.use(file)
        wait_for("the records", lambda: manager.recorded() >= set(files))
    manager.stop()
