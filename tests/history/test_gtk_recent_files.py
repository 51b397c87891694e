# SPDX-License-Identifier: GPL-3.0-or-later
"""GTK's recently used files, with GTK programs under the settings daemons of each desktop.

What the panel calls off is not recorded, whatever hands the setting to GTK.
"""

import json
import re
import shutil
from datetime import datetime, timedelta, timezone

import pytest
from support.harness import Session, wait_for
from Xlib.display import Display

CHOICE = "activity-history"

GNOME = "gtk-recent-files"
CINNAMON = "gtk-recent-files-cinnamon"
XFCE = "gtk-recent-files-xfce"
FILE = "gtk-recent-files-settings"

# As any program: it adds a file to the list, and ends.
PROGRAM = """
import sys
import gi
gi.require_version("Gtk", sys.argv[1])
from gi.repository import GLib, Gtk
GLib.set_prgname("demo")
Gtk.init([]) if sys.argv[1] == "3.0" else Gtk.init()
manager = Gtk.RecentManager.get_default()
loop = GLib.MainLoop()
data = Gtk.RecentData()
data.mime_type, data.app_name, data.app_exec = "text/plain", "demo", "demo %u"
assert manager.add_full(sys.argv[2], data)
# GTK writes the list a quarter of a second later, and then says so. If it records nothing, it says nothing.
manager.connect("changed", lambda _: loop.quit())
GLib.timeout_add(1500, loop.quit)
loop.run()
"""

FILES = {"3.0": "file:///etc/hostname", "4.0": "file:///etc/hosts"}

# The desktop, the settings daemon, the name by which the bus shows it, and the readers that GTK obeys.
SESSIONS = {
    "no daemon": ("LXQt", None, None, {FILE}),
    "xfsettingsd": ("XFCE", "xfsettingsd", "org.xfce.SettingsDaemon", {XFCE}),
    "mate": ("MATE", "mate-settings-daemon", "org.mate.SettingsDaemon", {FILE}),
    "gsd": ("Budgie", "/usr/libexec/gsd-xsettings", "org.gnome.SettingsDaemon.XSettings", {GNOME}),
    "csd": ("X-Cinnamon", "csd-xsettings", None, {CINNAMON}),
    "csd elsewhere": ("XFCE", "csd-xsettings", None, {CINNAMON}),
    "wayland": ("sway", "weston", None, {GNOME}),
}


@pytest.fixture(params=SESSIONS, scope="module")
def place(request):
    desktop, daemon, name, obeyed = SESSIONS[request.param]
    zeitgeist = "/usr/share/dbus-1/services/org.gnome.zeitgeist.Engine.service"
    wayland = daemon == "weston"
    backend = "wayland" if wayland else "x11"
    env = {"XDG_CURRENT_DESKTOP": desktop, "GDK_BACKEND": backend, "NO_AT_BRIDGE": "1"}
    screen = None if wayland else "640x480x24"
    with Session(screen=screen, env=env, binds=[("/dev/null", zeitgeist)]) as session:
        if wayland:
            session.spawn(
                ["weston", "--backend=headless-backend.so", "--socket=test", "--idle-time=0"],
                stderr=(session.root / "weston.errors").open("w"),
            )
            wait_for("weston", lambda: (session.root / "run/test").exists())
            session.env["WAYLAND_DISPLAY"] = "test"
        elif daemon:
            assert shutil.which(daemon), daemon
            session.spawn([daemon], stderr=(session.root / "daemon.errors").open("w"))
            wait_for("the settings daemon", lambda: runs(session, name))
        yield session, obeyed


def runs(session, name):
    if name:
        return "true" in session.ask(
            *("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus"),
            *("--object-path", "/org/freedesktop/DBus"),
            *("--method", "org.freedesktop.DBus.NameHasOwner", name),
        )
    display = Display(session.env["DISPLAY"])
    try:
        return bool(display.get_selection_owner(display.intern_atom("_XSETTINGS_S0")))
    finally:
        display.close()


def recorded(session):
    """The versions of GTK whose programs are recorded."""
    recent = session.root / "data" / "recently-used.xbel"
    recent.unlink(missing_ok=True)
    for version, file in FILES.items():
        done = session.run("/usr/bin/python3", "-c", PROGRAM, version, file)
        assert done.returncode == 0, done.stderr
    text = recent.read_text() if recent.exists() else ""
    return {version for version, file in FILES.items() if file in text}


def readers(session):
    found = session.status(CHOICE)["readers"]
    return {reader["id"]: reader for reader in found if reader["id"].startswith(GNOME)}


def obeyed(session):
    found = readers(session).values()
    return {reader["id"] for reader in found if reader["installed"] and reader["obeyed"]}


def write_elsewhere(session, reader, key, type, value, in_file):
    """Sets a value as the user would without the panel. `key`: its names in GSettings, in Xfconf and in
    GTK's file."""
    in_gsettings, in_xfconf, name = key
    if reader in (GNOME, CINNAMON):
        desktop = "gnome" if reader == GNOME else "cinnamon"
        session.set(f"org.{desktop}.desktop.privacy", in_gsettings, value)
    elif reader == XFCE:
        session.ask(
            *("xfconf-query", "-c", "xsettings", "-p", in_xfconf), *("-n", "-t", type, "-s", value)
        )
    else:
        for version in ("gtk-3.0", "gtk-4.0"):
            file = session.config / version / "settings.ini"
            file.parent.mkdir(exist_ok=True)
            file.write_text(f"[Settings]\n{name} = {in_file}\n")


def decide_elsewhere(session, reader, on):
    key = ("remember-recent-files", "/Gtk/RecentFilesEnabled", "gtk-recent-files-enabled")
    write_elsewhere(session, reader, key, "bool", "true" if on else "false", int(on))


def keep_elsewhere(session, reader, days):
    key = ("recent-files-max-age", "/Gtk/RecentFilesMaxAge", "gtk-recent-files-max-age")
    write_elsewhere(session, reader, key, "int", str(days), days)


@pytest.mark.proof("gtk-recent-files", "program")
@pytest.mark.proof("gtk-recent-files-cinnamon", "program")
@pytest.mark.proof("gtk-recent-files-settings", "program")
@pytest.mark.proof("gtk-recent-files-xfce", "program")
def test_off_is_not_recorded_and_on_is_whatever_hands_the_setting_to_gtk(place):
    session, expected = place
    assert session.ctl("reset", CHOICE).returncode == 0
    # While Xfce's property isn't set, GTK reads its own file there.
    fresh = {FILE} if expected == {XFCE} else expected
    assert obeyed(session) == fresh
    assert {reader["state"] for reader in readers(session).values() if reader["obeyed"]} == {"on"}
    assert recorded(session) == {"3.0", "4.0"}

    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert session.ask("privacyctl", "get", CHOICE) == "off"
    assert obeyed(session) == expected
    states = {reader["state"] for reader in readers(session).values() if reader["installed"]}
    assert states == {"off"}, "the decision holds in every session"
    assert recorded(session) == set()

    assert session.ctl("set", CHOICE, "on").returncode == 0
    assert session.ask("privacyctl", "get", CHOICE) == "on"
    assert recorded(session) == {"3.0", "4.0"}


def test_what_the_session_does_not_obey_makes_nothing_mixed_and_what_it_obeys_does(place):
    session, expected = place
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert session.ask("privacyctl", "get", CHOICE) == "off"
    for reader in readers(session).keys() - expected:
        if reader != XFCE or readers(session)[XFCE]["installed"]:
            decide_elsewhere(session, reader, True)
    assert session.ask("privacyctl", "get", CHOICE) == "off", readers(session)
    assert recorded(session) == set()
    for reader in expected:
        decide_elsewhere(session, reader, True)
    assert session.ask("privacyctl", "get", CHOICE) == "mixed"
    assert session.ctl("is-on", CHOICE).returncode == 0
    assert recorded(session) == {"3.0", "4.0"}


def test_entries_older_than_the_user_wants_go_with_the_next_one_and_not_earlier(place):
    session, expected = place
    assert session.ctl("set", CHOICE, "on").returncode == 0
    recent = session.root / "data" / "recently-used.xbel"
    recent.unlink(missing_ok=True)
    old = "file:///etc/passwd"
    assert session.run("/usr/bin/python3", "-c", PROGRAM, "3.0", old).returncode == 0
    date = (datetime.now(timezone.utc) - timedelta(days=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ten_days_old = re.sub(r'="\d{4}-\d\d-\d\dT[^"]*"', f'="{date}"', recent.read_text())
    assert old in ten_days_old

    def goes(version, file):
        """Whether an entry that is ten days old goes."""
        recent.write_text(ten_days_old)
        assert session.run("/usr/bin/python3", "-c", PROGRAM, version, file).returncode == 0
        assert file in recent.read_text()
        return old not in recent.read_text()

    for version, file in FILES.items():
        for keep, gone in (("7", True), ("30", False), ("forever", False)):
            assert session.ctl("history", "keep", keep).returncode == 0
            assert session.ask("privacyctl", "history", "keep") == keep
            days = None if keep == "forever" else int(keep)
            found = json.loads(session.ask("privacyctl", "history", "keep", "--json"))
            (listed,) = found.pop("lists")
            assert found == {"days": days, "origin": "you", "locked": False}
            assert listed == {"id": "recent-files", **found}
            assert goes(version, file) == gone, (version, keep)
    # What other programs set is what counts, and what the panel says.
    for reader in expected:
        keep_elsewhere(session, reader, 3)
    assert session.ask("privacyctl", "history", "keep") == "3"
    assert [goes(version, file) for version, file in FILES.items()] == [True, True]


def test_a_setting_that_the_session_does_not_obey_is_not_said_to_count(place):
    session, expected = place
    assert session.ctl("history", "keep", "7").returncode == 0
    for reader in {GNOME, CINNAMON, FILE} - expected:
        keep_elsewhere(session, reader, 60)
    assert session.ask("privacyctl", "history", "keep") == "7"
