# SPDX-License-Identifier: GPL-3.0-or-later
"""What a new home says, and what counts in the state of a choice."""

import json

import pytest
from support.harness import Session, profile, wait_for
from support.names import (
    CHOICES,
    DONE,
    LOCKED,
    NO,
    PANEL_SCHEMA,
    PRIVACY_SCHEMA,
    REPORTS_KEY,
    UNITY_KEY,
    UNITY_SCHEMA,
)

# As each desktop's session sets it.
DESKTOPS = ["ubuntu:GNOME", "GNOME", "XFCE", "MATE", "KDE", "X-Cinnamon", ""]

# A setting without its program: no such applet is here.
UNUSED = (PRIVACY_SCHEMA, REPORTS_KEY)
UNUSED_PATH = "org/gnome/desktop/privacy"


@pytest.fixture
def session():
    with Session() as session:
        yield session


@pytest.mark.parametrize("desktop", DESKTOPS)
def test_on_a_new_home_nothing_is_mixed_and_nothing_differs(desktop):
    with Session(env={"XDG_CURRENT_DESKTOP": desktop}) as session:
        told = json.loads(session.ask("privacyctl", "status", "--json"))["choices"]
        assert [choice["id"] for choice in told] == list(CHOICES)
        for choice in told:
            assert choice["state"] in ("on", "off"), choice
            assert (choice["origin"], choice["locked"]) == ("default", False)
            counted = [reader for reader in choice["readers"] if reader["counts"]]
            assert all(reader["program"] for reader in counted)
            assert "privacy-panel" not in [reader["id"] for reader in counted]
            assert {reader["state"] for reader in counted} <= {choice["state"]}
            assert session.ask("privacyctl", "get", choice["id"]) == choice["state"]
            assert session.ctl("is-on", choice["id"]).returncode == (
                DONE if choice["state"] == "on" else NO
            )
        words = session.ask("privacyctl", "status")
        for warning in ("Mixed", "On:", "Off:", "Not known", "Programs that follow this panel", "ABRT"):
            assert warning not in words, words


def test_a_setting_without_its_program_is_written_and_counts_for_nothing(session):
    session.set(*UNUSED, "true")
    status = session.status("error-reports")
    assert (status["state"], status["origin"]) == ("off", "default")
    assert session.ctl("is-on", "error-reports").returncode == NO
    assert "ABRT" not in session.ask("privacyctl", "status")
    done = session.ctl("set", "error-reports", "off")
    assert done.returncode == DONE and "ABRT" not in done.stdout
    assert session.get(*UNUSED) == "false"
    assert session.ctl("reset", "error-reports").returncode == DONE
    assert session.ask("dconf", "dump", "/") == ""


@pytest.mark.parametrize("value", ["true", "false"])
def test_a_lock_on_a_setting_without_its_program_stops_nothing(session, value):
    lock = f"/{UNUSED_PATH}/{REPORTS_KEY}\n"
    profile(session, f"[{UNUSED_PATH}]\n{REPORTS_KEY}={value}\n", lock)
    status = session.status("error-reports")
    assert (status["state"], status["origin"], status["locked"]) == ("off", "default", False)
    for state in ("on", "off"):
        done = session.ctl("set", "error-reports", state)
        assert (done.returncode, done.stderr) == (DONE, "")
        assert session.ask("privacyctl", "get", "error-reports") == state
    assert session.get(*UNUSED) == value


def test_the_panels_own_key_counts_once_it_was_decided(session):
    session.set(UNITY_SCHEMA, UNITY_KEY, "all")
    assert session.ask("privacyctl", "get", "online-search") == "on"
    # Now a program that follows this panel is told something else.
    session.set(PANEL_SCHEMA, "online-search", "false")
    assert session.ask("privacyctl", "get", "online-search") == "mixed"
    assert "Programs that follow this panel" in session.ask("privacyctl", "status")
    session.set(PANEL_SCHEMA, "online-search", "true")
    assert session.ask("privacyctl", "get", "online-search") == "on"


def test_an_own_key_that_is_locked_refuses_on(session):
    profile(session, locks="/net/launchpad/PrivacyPanel/online-search\n")
    status = session.status("online-search")
    assert (status["state"], status["locked"]) == ("off", True)
    assert session.ctl("set", "online-search", "on").returncode == LOCKED
    assert session.libunity() == "none"


def test_where_no_app_follows_the_state_is_that_of_the_panels_own_key(session):
    assert session.ctl("set", "usage-statistics", "on").returncode == DONE
    assert session.ask("privacyctl", "get", "usage-statistics") == "on"
    words = session.ask("privacyctl", "status")
    assert "No program on this computer that sends such facts follows this choice yet." in words
    session.set(PANEL_SCHEMA, "usage-statistics", "false")
    wait_for("off", lambda: session.ask("privacyctl", "get", "usage-statistics") == "off")
