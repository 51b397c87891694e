# SPDX-License-Identifier: GPL-3.0-or-later
"""A default that a vendor set for one desktop only: a command outside that desktop gives the answer of
the session's programs, or says for which desktop its answer is."""

import json
import shutil
from pathlib import Path

import pytest
from support.harness import INSTALLED, Session
from support.names import DONE, PANEL_SCHEMA, UNITY_KEY, UNITY_SCHEMA

SYSTEM_SCHEMAS = Path("/usr/share/glib-2.0/schemas")

MANAGER = """
import gi
from gi.repository import Gio, GLib

NODE = Gio.DBusNodeInfo.new_for_xml(
    '<node><interface name="org.freedesktop.systemd1.Manager">'
    '<property name="Environment" type="as" access="read"/></interface></node>'
)
bus = Gio.bus_get_sync(Gio.BusType.SESSION, None)
bus.register_object(
    "/org/freedesktop/systemd1",
    NODE.interfaces[0],
    None,
    lambda *_: GLib.Variant("as", ["LANG=C", "XDG_CURRENT_DESKTOP=ubuntu:GNOME"]),
    None,
)
Gio.bus_own_name_on_connection(bus, "org.freedesktop.systemd1", 0, lambda *_: print("ready", flush=True), None)
GLib.MainLoop().run()
"""


def vendor(session, overrides):
    """Compiles schemas with these overrides."""
    folder = session.root / "schemas"
    folder.mkdir()
    for source in (INSTALLED / "share" / "glib-2.0" / "schemas", SYSTEM_SCHEMAS):
        for schema in (PANEL_SCHEMA, UNITY_SCHEMA):
            for file in source.glob(f"{schema}.gschema.xml"):
                shutil.copy(file, folder)
    (folder / "10_vendor.gschema.override").write_text(overrides)
    session.ask("glib-compile-schemas", "--strict", folder)
    session.env["GSETTINGS_SCHEMA_DIR"] = str(folder)


def override(desktop, value):
    return f"[{UNITY_SCHEMA}:{desktop}]\n{UNITY_KEY}='{value}'\n"


@pytest.fixture
def desktop():
    return "ubuntu:GNOME"


@pytest.fixture
def session(desktop):
    with Session(env={"XDG_CURRENT_DESKTOP": desktop}) as session:
        vendor(session, override("GNOME", "all") + override("KDE", "none"))
        yield session


def unity(session):
    return session.reader("online-search", "unity-dash")["state"]


def without_desktop(session):
    del session.env["XDG_CURRENT_DESKTOP"]


def test_a_remote_login_gets_the_answer_of_the_sessions_programs(session):
    assert session.libunity() == "all"
    inside = [session.ctl(*command) for command in QUESTIONS]
    assert unity(session) == "on"
    without_desktop(session)
    assert session.libunity() == "none", "a program of no desktop has another default"
    for command, before in zip(QUESTIONS, inside):
        done = session.ctl(*command)
        assert (done.returncode, done.stdout, done.stderr) == (before.returncode, before.stdout, ""), command


QUESTIONS = (["get", "online-search"], ["is-on", "online-search"], ["status"], ["status", "--json"])


def test_mistakes_are_said_once_even_where_the_desktop_is_looked_up(session):
    session.add_reader("broken", "nonsense")
    without_desktop(session)
    assert len(session.ctl("get", "online-search").stderr.splitlines()) == 1


@pytest.mark.parametrize("desktop", [""])
def test_without_a_session_the_answer_says_that_it_depends_on_the_desktop(session):
    without_desktop(session)
    for command in QUESTIONS:
        done = session.ctl(*command)
        (line,) = done.stderr.splitlines()
        assert "“Include online search results” depends on the desktop" in line
        assert "It may be another one in: GNOME. " in line, "KDE’s is the general one"
    assert session.status("online-search")["other_desktops"] == ["GNOME"]
    assert "other_desktops" not in session.status("error-reports")
    # It asks for one.
    done = session.ctl("get", "online-search", env={"XDG_CURRENT_DESKTOP": "GNOME"})
    assert (done.returncode, done.stderr) == (DONE, "")
    # A decision holds on every desktop.
    session.set(UNITY_SCHEMA, UNITY_KEY, "none")
    assert session.ctl("get", "online-search").stderr == ""
    assert "other_desktops" not in session.status("online-search")


def test_another_desktop_than_the_sessions_is_named(session):
    session.env["XDG_CURRENT_DESKTOP"] = "KDE"
    for command in QUESTIONS:
        (line,) = session.ctl(*command).stderr.splitlines()
        assert "This answer is for KDE. It may be another one in: ubuntu:GNOME." in line
    assert session.status("online-search")["other_desktops"] == ["ubuntu:GNOME"]
    assert unity(session) == "off"
    # XFCE has the general default, like KDE, and differs from the session as well.
    session.env["XDG_CURRENT_DESKTOP"] = "XFCE"
    assert session.status("online-search")["other_desktops"] == ["ubuntu:GNOME"]


@pytest.mark.parametrize("desktop", [""])
def test_the_desktop_is_the_one_that_the_service_manager_knows(session):
    without_desktop(session)
    manager = session.spawn(["/usr/bin/python3", "-c", MANAGER], stdout=-1, text=True)
    assert manager.stdout.readline() == "ready\n"
    assert unity(session) == "on"
    assert session.ctl("status").stderr == ""


def test_watch_reads_as_the_session_does(session):
    without_desktop(session)
    watch = session.spawn(["privacyctl", "watch", "--json"], stdout=-1, text=True)
    first = json.loads(watch.stdout.readline())
    states = {reader["id"]: reader["state"] for reader in first["readers"]}
    assert (first["id"], states["unity-dash"]) == ("online-search", "on")
