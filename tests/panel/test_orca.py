# SPDX-License-Identifier: GPL-3.0-or-later
"""The most frequent tasks, with the eyes closed: what the screen reader Orca speaks."""

import pytest
from support.harness import Session
from support.history import Recent, ago
from support.names import CHOICES, SCREEN, SEARCH
from support.orca import Orca
from support.screen import Panel, answer, go_to, open_page

# Orca speaks seconds late where other tests run beside it.
pytestmark = pytest.mark.clock


@pytest.fixture
def session():
    with Session(screen=SCREEN, animations=False) as session:
        for choice in CHOICES:
            assert session.ctl("set", choice, "on").returncode == 0
        yield session


def test_orca_says_what_is_sent_and_that_one_choice_was_turned_off(session):
    with Panel(session) as panel:
        go_to(panel, "Main Menu", ("Tab",))
        orca = Orca(session, panel)
        orca.wait_for("Privacy frame")
        said = orca.press("Tab", "Apps here may send and record things about you")
        assert f"{SEARCH}, " in said[-1], "and which choices are on"
        orca.press("Tab", "Turn Everything Off push button")
        orca.press("Tab", "On in Unity Dash")
        orca.press("Tab", f"{SEARCH} check box checked")
        said = orca.press("space", "Off in Unity Dash")
        assert any("not checked" in line for line in said)
        assert session.libunity() == "none"


def test_orca_says_that_everything_was_turned_off(session):
    with Panel(session) as panel:
        go_to(panel, "Turn Everything Off", ("Tab",))
        orca = Orca(session, panel)
        orca.press("space", "Everything is off.")


def test_orca_says_of_each_time_whether_it_is_chosen(session):
    with Panel(session) as panel:
        open_page(panel, "Clear History")
        orca = Orca(session, panel)
        said = orca.press("Down", "The Past Day")
        assert any("not selected radio button" in line for line in said), said
        orca.press("space", "selected")
        said = orca.press("Up", "The Past Hour")
        assert any("not selected" in line for line in said), said
        said = orca.press("Down", "The Past Day")
        assert any("selected" in line and "not selected" not in line for line in said), said


def test_orca_says_which_page_was_opened_and_what_was_cleared(session):
    Recent(session).write(letter=ago(minutes=5), picture=ago(minutes=20))
    with Panel(session) as panel:
        go_to(panel, "Clear History", ("Tab",))
        orca = Orca(session, panel)
        orca.press("Return", "Clear History")
        panel.wait("it is counted", lambda: panel.find(role="push button", name="Clear History…"))
        go_to(panel, "Clear History…", ("Tab",))
        orca.press("space", "Cancel push button")
        answer(panel, "Clear")
        # A window manager gives the focus back when a dialog closes; this screen has none.
        panel.look_away()
        orca.wait_for("removed")
