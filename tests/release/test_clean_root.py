# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy on a clean Debian 13: root applies it, and a new user's session obeys it.

mmdebstrap makes the root file system once and keeps it in _build/roots; the tests copy the built
programs into its /usr. That needs root, and a Debian mirror.
"""

import os
import shutil
import subprocess

import pytest
from support.harness import INSTALLED, SOURCE, Session, wait_for
from support.names import (
    PANEL_SCHEMA,
    PRIVACY_SCHEMA,
    REPORTS,
    REPORTS_KEY,
    SEARCH,
    UNITY_KEY,
    UNITY_SCHEMA,
)
from support.screen import Panel

# These tests share fixtures that take long to create.
pytestmark = pytest.mark.xdist_group("clean root")

SUITE = "trixie"
PACKAGES = """
    adwaita-icon-theme at-spi2-core dbus dconf-cli dconf-gsettings-backend gir1.2-unity-7.0
    gsettings-desktop-schemas libadwaita-1-0 libglib2.0-bin libgtk-4-1 gir1.2-atspi-2.0 python3-gi xvfb
"""
ROOT = SOURCE / "_build" / "roots" / SUITE
PERSON = 1000

POLICY = """
[organisation]
name = "Example University"
contact = "mailto:it@example.edu"

[choices.online-search]
state = "off"
locked = true

[choices.error-reports]
state = "on"
"""


def inside(*command, session=None):
    """A command prefix that enters the root file system, as its administrator, or as the user with
    that session’s folder."""
    wrap = ["bwrap", "--bind", ROOT, "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/run"]
    wrap += ["--die-with-parent", "--cap-add", "ALL"]
    if session is None:
        wrap += ["--tmpfs", "/tmp"]
    else:
        # One /tmp for the whole session: it contains the screen’s socket.
        wrap += ["--bind", session / "tmp", "/tmp", "--perms", "0755", "--dir", session.parent]
        wrap += ["--bind", session, session]
        wrap += ["setpriv", f"--reuid={PERSON}", f"--regid={PERSON}", "--clear-groups", "--"]
    return [str(word) for word in [*wrap, *command]]


def as_root(*command, status=0):
    """The output of a command that the administrator runs."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(inside(*command), env=environment, capture_output=True, text=True)
    assert done.returncode == status, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def root():
    assert os.geteuid() == 0, "a clean root is made and entered by root"
    if not ROOT.exists():
        new = ROOT.with_name(f"{SUITE}.new")
        shutil.rmtree(new, ignore_errors=True)
        ROOT.parent.mkdir(parents=True, exist_ok=True)
        packages = ",".join(PACKAGES.split())
        command = ["mmdebstrap", "--quiet", "--variant=apt", f"--include={packages}", SUITE]
        mirror = subprocess.run([SOURCE / "scripts" / "mirror"], check=True, capture_output=True, text=True)
        subprocess.run([*command, str(new), mirror.stdout.strip()], check=True)
        new.rename(ROOT)
        as_root("useradd", "--uid", str(PERSON), "person")
    for folder in ("bin", "share"):
        shutil.copytree(INSTALLED / folder, ROOT / "usr" / folder, dirs_exist_ok=True, symlinks=True)
    as_root("glib-compile-schemas", "/usr/share/glib-2.0/schemas")
    policy = ROOT / "etc" / "privacy-panel" / "policy.toml"
    policy.parent.mkdir(exist_ok=True)
    policy.write_text(POLICY)
    before = snapshot()
    assert as_root("privacyctl", "policy", "apply").endswith("changed\n")
    yield ROOT
    assert as_root("privacyctl", "policy", "remove").endswith("changed\n")
    assert snapshot() == before, "what apply put there is gone, and nothing else"


def snapshot():
    """Every file and folder of the root’s /etc/dconf."""
    folder = ROOT / "etc" / "dconf"
    return {
        path.relative_to(folder): (path.stat().st_mode, path.is_file() and path.read_bytes())
        for path in folder.rglob("*")
    }


@pytest.fixture(scope="module")
def session(root):
    """The first session of a user without settings."""

    def wrap(folder):
        (folder / "tmp").mkdir()
        for path in (folder, *folder.rglob("*")):
            os.chown(path, PERSON, PERSON)
        return inside(session=folder)

    environment = {
        "PATH": "/usr/bin:/bin",
        "XDG_DATA_DIRS": "/usr/share",
        "GSETTINGS_SCHEMA_DIR": "/usr/share/glib-2.0/schemas",
    }
    with Session(screen="800x900x24", env=environment, wrap=wrap) as session:
        yield session


def test_the_policy_is_in_force(root):
    as_root("privacyctl", "policy", "status")
    assert as_root("privacyctl", "policy", "apply").endswith("\nunchanged\n")


def test_no_program_of_the_person_can_change_what_is_locked(session):
    assert session.run("id", "-u").stdout == f"{PERSON}\n"
    for schema, key in ((UNITY_SCHEMA, UNITY_KEY), (PANEL_SCHEMA, "online-search")):
        assert session.ask("gsettings", "writable", schema, key) == "false"
    refused = session.run("gsettings", "set", UNITY_SCHEMA, UNITY_KEY, "all")
    assert refused.returncode != 0 and "not writable" in refused.stderr
    path = "/com/canonical/unity/lenses/remote-content-search"
    refused = session.run("dconf", "write", path, "'all'")
    assert refused.returncode != 0 and "non-writable" in refused.stderr
    assert session.ctl("set", "online-search", "on").returncode == 3
    assert session.libunity() == "none"
    status = session.status("online-search")
    assert (status["state"], status["locked"]) == ("off", True)
    assert status["organisation"]["name"] == "Example University"


def test_what_is_preset_and_everything_else_is_still_the_persons(session):
    assert session.get(PRIVACY_SCHEMA, REPORTS_KEY) == "true"
    assert session.ctl("set", "error-reports", "off").returncode == 0
    assert session.get(PRIVACY_SCHEMA, REPORTS_KEY) == "false"
    assert session.ctl("reset", "error-reports").returncode == 0
    assert session.get(PRIVACY_SCHEMA, REPORTS_KEY) == "true"
    locked = session.ask("/usr/bin/python3", "-c", LOCKED).splitlines()
    locked = {tuple(line.split()) for line in locked}
    assert locked == {
        (PANEL_SCHEMA, "online-search"),
        (UNITY_SCHEMA, UNITY_KEY),
        ("org.gnome.desktop.search-providers", "disabled"),
        ("org.gnome.desktop.search-providers", "enabled"),
    }


# One process for each of hundreds of keys would take minutes.
LOCKED = """
from gi.repository import Gio
schemas = Gio.SettingsSchemaSource.get_default()
for name in schemas.list_schemas(True)[0]:
    settings = Gio.Settings.new(name)
    for key in settings.list_keys():
        if not settings.is_writable(key):
            print(name, key)
"""


def test_the_panel_shows_the_lock_and_who_set_it(session):
    with Panel(session, "--choice=online-search") as panel:
        panel.wait("the words", lambda: panel.says("Locked off by Example University"))
        assert not panel.is_sensitive(SEARCH)
        assert not panel.is_on(SEARCH)
        panel.wait("who", lambda: panel.find(role="list item", name="Locked by Example University"))
        panel.wait("whom to ask", lambda: panel.find(role="list item", name="Contact Example University"))
        panel.press("push button", "Back")
        panel.wait("the first page", lambda: not panel.find(role="push button", name="Back"))
        assert panel.is_sensitive(REPORTS)
        panel.toggle(REPORTS)
        panel.wait_on(REPORTS, False)
        wait_for("it is saved", lambda: session.get(PRIVACY_SCHEMA, REPORTS_KEY) == "false")
