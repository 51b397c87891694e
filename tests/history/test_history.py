# SPDX-License-Identifier: GPL-3.0-or-later
"""Real programs obey “Record files and applications used”: GTK programs and GNOME Shell."""

import pytest
from support.harness import Session
from support.names import PRIVACY_SCHEMA
from support.shell import DISPLAY, Shell

# These tests share fixtures that take long to create.
pytestmark = pytest.mark.xdist_group("history")

# Adds a file to the list of recent files, and waits until the list is written:
# that takes a quarter of a second, and the list is empty if nothing may be recorded.
PROGRAM = """
import sys, gi
version, file = sys.argv[1:]
gi.require_version("Gtk", version)
from gi.repository import Gio, GLib, Gtk
GLib.set_application_name("Editor")
Gtk.init() if version == "4.0" else Gtk.init([])
print(Gtk.Settings.get_default().get_property("gtk-recent-files-enabled"))
assert Gtk.RecentManager.get_default().add_item(f"file://{file}")
loop = GLib.MainLoop()
path = GLib.get_user_data_dir() + "/recently-used.xbel"
written = Gio.File.new_for_path(path).monitor_file(Gio.FileMonitorFlags.WATCH_MOVES, None)
written.connect("changed", lambda *_: loop.quit())
GLib.timeout_add_seconds(30, sys.exit, "the list is not written")
loop.run()
"""


@pytest.fixture(scope="module")
def session():
    with Session(system_bus=True) as session:
        Shell(session)
        yield session


def opened(session, version, name):
    """Opens a file in a program, and returns whether the program recorded it."""
    file = session.root / name
    file.write_text("text")
    env = {"GDK_BACKEND": "wayland", "WAYLAND_DISPLAY": DISPLAY}
    asked = session.ask("/usr/bin/python3", "-c", PROGRAM, version, file, env=env)
    recorded = (session.root / "data" / "recently-used.xbel").read_text()
    assert (asked == "True") == (file.name in recorded)
    return asked == "True"


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_a_gtk_program_records_a_file_while_the_choice_is_on_and_no_longer(session, version):
    assert session.ctl("set", "activity-history", "on").returncode == 0
    assert opened(session, version, f"first-{version}.txt")
    assert session.ctl("set", "activity-history", "off").returncode == 0
    assert not opened(session, version, f"second-{version}.txt")
    # As the help says: that empties the list.
    assert "first" not in (session.root / "data" / "recently-used.xbel").read_text()
    assert session.ctl("set", "activity-history", "on").returncode == 0
    assert opened(session, version, f"third-{version}.txt")


def test_until_a_person_decides_the_choice_is_what_the_desktop_does(session):
    assert session.ctl("reset", "activity-history").returncode == 0
    status = session.status("activity-history")
    assert (status["state"], status["origin"]) == ("on", "default")
    # Other settings daemons hand other settings on, in other sessions.
    programs = [reader for reader in status["readers"] if reader["program"]]
    obeyed = [reader for reader in programs if reader["obeyed"]]
    states = {reader["id"]: reader["state"] for reader in obeyed}
    assert states == {
        "gtk-recent-files": "on",
        "privacy-panel": "off",
        "zeitgeist": "on",
    }
    assert opened(session, "4.0", "default.txt")
    session.set(PRIVACY_SCHEMA, "remember-recent-files", "false")
    assert session.reader("activity-history", "gtk-recent-files")["origin"] == "you"
    assert not opened(session, "4.0", "other.txt")


def test_a_setting_of_which_no_program_is_known_is_kept_in_step_and_no_program_follows(session):
    assert session.ctl("set", "usage-statistics", "on").returncode == 0
    assert session.get(PRIVACY_SCHEMA, "send-software-usage-stats") == "true"
    reader = session.reader("usage-statistics", "gnome-software-statistics")
    assert (reader["installed"], reader["program"]) == (True, False)
    words = session.ask("privacyctl", "status")
    assert "No program on this computer that sends such facts follows this choice yet." in words
    assert session.ctl("set", "usage-statistics", "off").returncode == 0
    assert session.get(PRIVACY_SCHEMA, "send-software-usage-stats") == "false"
