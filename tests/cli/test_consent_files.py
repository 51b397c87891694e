# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers with values in a user's configuration files: Ubuntu Insights' consent."""

import os
import stat
import tomllib
from pathlib import Path

import pytest
from support.harness import SOURCE, Session, Watch
from support.names import LOCKED, NOT_SAVED, PANEL_SCHEMA, STATISTICS
from support.screen import Panel

READER = "ubuntu-insights"
SHIPPED = (SOURCE / "data" / "readers.d" / "ubuntu-insights.toml").read_text()


def prepare(session):
    """Installs the shipped reader, with an installed program and a system-wide file of the test."""
    system_wide = session.root / "etc" / "ubuntu-insights" / "system-config.toml"
    system_wide.parent.mkdir(parents=True)
    text = SHIPPED.replace('"/usr/local/bin/ubuntu-insights"', '"/bin/sh"')
    text = text.replace("/etc/ubuntu-insights/system-config.toml", str(system_wide))
    session.add_reader(READER, text)
    session.system_wide = system_wide
    session.consents = session.config / "ubuntu-insights"
    session.consent = session.consents / "linux-consent.toml"
    return session


@pytest.fixture
def session(session):
    return prepare(session)


@pytest.fixture
def screen(screen):
    return prepare(screen)


def consent(session):
    """The value that Ubuntu Insights reads; None if it finds no file."""
    if not session.consent.exists():
        return None
    return tomllib.loads(session.consent.read_text()).get("consent_state", False)


def reader(session):
    return session.reader("usage-statistics", READER)


def test_without_the_program_nothing_is_read_or_made():
    with Session() as session:
        assert session.reader("usage-statistics", READER)["installed"] is False
        assert session.ctl("set", "usage-statistics", "on").returncode == 0
        assert not (session.config / "ubuntu-insights").exists()


def test_no_file_is_off_and_off_makes_none(session):
    found = reader(session)
    assert (found["installed"], found["state"], found["origin"]) == (True, "off", "default")
    assert session.ctl("set", "usage-statistics", "off").returncode == 0
    assert consent(session) is None and not session.consents.exists()


def test_on_and_off_are_what_the_program_reads_and_a_reset_leaves_nothing(session):
    assert session.ctl("set", "usage-statistics", "on").returncode == 0
    assert consent(session) is True
    assert (reader(session)["state"], reader(session)["origin"]) == ("on", "you")
    assert stat.S_IMODE(session.consent.stat().st_mode) == 0o600
    assert session.ctl("set", "usage-statistics", "off").returncode == 0
    assert consent(session) is False
    assert session.status("usage-statistics")["state"] == "off"
    assert session.ctl("reset", "usage-statistics").returncode == 0
    assert consent(session) is None
    assert list(session.consents.iterdir()) == []


def test_what_others_wrote_into_the_file_stays(session):
    session.consents.mkdir()
    text = "# by hand\n\n[other]\nconsent_state = 'no'  # not this one\n"
    session.consent.write_text(text)
    session.consent.chmod(0o640)
    assert session.ctl("set", "usage-statistics", "on").returncode == 0
    assert consent(session) is True
    found = session.consent.read_text()
    assert found.endswith("[other]\nconsent_state = 'no'  # not this one\n")
    assert "# by hand" in found
    assert stat.S_IMODE(session.consent.stat().st_mode) == 0o640
    assert session.ctl("reset", "usage-statistics").returncode == 0
    assert "consent_state = 'no'" in session.consent.read_text()


def test_each_file_of_the_program_counts(session):
    session.consents.mkdir()
    other = session.consents / "wsl_setup-consent.toml"
    other.write_text("consent_state = true\n")
    (session.consents / "notes.toml").write_text("consent_state = true\n")
    assert reader(session)["state"] == "mixed"
    words = session.ask("privacyctl", "status")
    assert "linux-consent.toml: Off, wsl_setup-consent.toml: On" in words
    assert session.ctl("set", "usage-statistics", "off").returncode == 0
    assert other.read_text() == "consent_state = false\n"
    assert (session.consents / "notes.toml").read_text() == "consent_state = true\n"
    assert consent(session) is None


def test_a_link_stays_a_link(session):
    real = session.root / "home" / "dotfiles" / "consent"
    real.parent.mkdir()
    real.write_text("")
    session.consents.mkdir()
    session.consent.symlink_to("../../home/dotfiles/consent")
    assert session.ctl("set", "usage-statistics", "on").returncode == 0
    assert session.consent.is_symlink() and real.read_text() == "consent_state = true\n"
    # A dangling link: no file is created at its target.
    real.unlink()
    done = session.ctl("set", "usage-statistics", "on")
    assert done.returncode == NOT_SAVED
    assert f"Nothing can be saved in “{session.consents}”" in done.stderr
    assert not real.exists() and session.consent.is_symlink()


@pytest.mark.parametrize(
    "broken",
    ["consent_state = yes\n", "[consent_state\n", "<<<<<<< HEAD\n", "\0", "consent_state\n= true"],
)
def test_a_broken_file_is_said_and_never_written(session, broken):
    session.consents.mkdir()
    session.consent.write_text(broken)
    found = reader(session)
    assert (found["installed"], found["state"]) == (True, None)
    assert found["problem"].startswith(f"{session.consent}:1:")
    assert session.ask("privacyctl", "get", "usage-statistics") == "mixed"
    assert "has a mistake in it" in session.ask("privacyctl", "status")
    for state in ("on", "off"):
        done = session.ctl("set", "usage-statistics", state)
        assert done.returncode == NOT_SAVED
        assert f"({session.consent}:1:" in done.stderr
    assert session.ctl("reset", "usage-statistics").returncode == NOT_SAVED
    assert session.consent.read_text() == broken
    assert [file.name for file in session.consents.iterdir()] == ["linux-consent.toml"]


def test_another_value_is_neither_and_is_set_right(session):
    session.consents.mkdir()
    session.consent.write_text("consent_state = 'perhaps'\n")
    assert reader(session)["state"] == "mixed"
    assert session.ctl("set", "usage-statistics", "off").returncode == 0
    assert consent(session) is False


def test_a_file_or_folder_that_takes_no_change_is_said(tmp_path):
    with Session(read_only=["config"]) as session:
        session.add_reader("x", "")  # Written from outside the session, where the file is writable.
        prepare(session)
        done = session.ctl("set", "usage-statistics", "on")
        assert done.returncode == NOT_SAVED
        assert "Nothing can be saved in" in done.stderr
        assert consent(session) is None
    with Session() as session:
        prepare(session)
        session.consents.mkdir()
        session.consent.write_text("consent_state = true\n")
        session.consent.chmod(0o444)
        done = session.ctl("set", "usage-statistics", "off")
        assert done.returncode == NOT_SAVED
        assert f"Nothing can be saved in “{session.consents}”: " in done.stderr
        assert consent(session) is True


def test_what_the_administrator_turned_off_for_every_user_is_locked(session):
    assert session.ctl("set", "usage-statistics", "on").returncode == 0
    session.system_wide.write_text("system_opt_out = true\n")
    found = reader(session)
    assert (found["state"], found["origin"], found["locked"]) == ("off", "administrator", True)
    assert session.ctl("set", "usage-statistics", "off").returncode == 0
    done = session.ctl("set", "usage-statistics", "on")
    assert done.returncode == LOCKED
    assert "Ubuntu Insights is locked by your administrator." in done.stderr
    assert session.get(PANEL_SCHEMA, "usage-statistics") == "false", "none was turned on"
    assert consent(session) is True, "what a person decided counts again when the lock is gone"
    session.system_wide.write_text("system_opt_out = false\n")
    assert reader(session)["state"] == "on"


def test_watch_tells_of_files_that_come_change_and_go(session):
    watch = Watch(session)

    def last():
        return watch.reader("usage-statistics", READER)["state"]

    # The folder does not exist yet.
    session.consents.mkdir()
    session.consent.write_text("consent_state = true\n")
    watch.wait_for("it tells of a new folder", lambda: last() == "on")
    session.consent.write_text("consent_state = false\n")
    watch.wait_for("it tells of a change", lambda: last() == "off")
    new = session.consents / "new"
    new.write_text("consent_state = true\n")
    os.replace(new, session.consent)
    watch.wait_for("it tells of a replacement", lambda: last() == "on")
    session.consent.unlink()
    session.consents.rmdir()
    watch.wait_for("it tells of the end", lambda: last() == "off")
    session.consents.mkdir()
    session.consent.write_text("consent_state = true\n")
    watch.wait_for("it tells of another", lambda: last() == "on")
    session.system_wide.write_text("system_opt_out = true\n")
    watch.wait_for("it tells of the administrator", lambda: last() == "off")


def heard(panel):
    """The text about the program on the page of its choice."""
    rows = panel.find(role="list item", name="Ubuntu Insights")
    return rows[0]["description"] if rows else ""


def test_the_panel_switches_a_file_and_follows_it(screen):
    with Panel(screen, "--choice=usage-statistics") as panel:
        panel.wait("the program", lambda: panel.says("Ubuntu Insights"))
        panel.toggle(STATISTICS)
        # Wait for the read-back, so that the change is complete.
        panel.wait("it is on", lambda: heard(panel).startswith("On"))
        assert consent(screen) is True
        screen.consent.write_text("consent_state = false\n")
        panel.wait("it differs", lambda: heard(panel).startswith("Off"))
        screen.consent.write_text("broken")
        panel.wait("it is said", lambda: panel.says("has a mistake in it"))
        panel.toggle(STATISTICS)
        panel.wait("it is said again", lambda: panel.says("Fix the file, or remove it."))
        assert screen.consent.read_text() == "broken"


def test_a_file_name_that_leads_out_of_the_folder_is_a_mistake(session):
    for bad in ("../x.toml", "/etc/x.toml", "a/../b.toml", "a//b.toml", "*/b.toml", ""):
        session.add_reader("bad", SHIPPED.replace("ubuntu-insights/linux-consent.toml", bad))
        done = session.ctl("readers")
        assert done.returncode == 2 and "expected a file below the configuration folder" in done.stderr
    session.add_reader("bad", "\n".join(
        line for line in SHIPPED.splitlines() if not line.startswith(("programs", "    ", "]"))
    ))
    assert "no “programs” before [file]" in session.ctl("readers").stderr


def test_the_file_is_looked_for_where_the_program_looks(session):
    """Go's os.UserConfigDir(): XDG_CONFIG_HOME, or .config in the home."""
    del session.env["XDG_CONFIG_HOME"]
    (Path(session.env["HOME"]) / ".config").symlink_to(session.config)
    assert session.ctl("set", "usage-statistics", "on").returncode == 0
    assert consent(session) is True
