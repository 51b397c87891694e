# SPDX-License-Identifier: GPL-3.0-or-later
"""What a screen reader speaks of its own accord: each result and each failure, once."""

import pytest
from support.crashes import Crashes
from support.harness import Session
from support.names import CHOICES, REPORTS, SCREEN, SEARCH
from support.screen import Panel, go_to
from support.whoopsie import Whoopsie

REFUSED = "Ubuntu Error Reports (Whoopsie) was not changed: permission was not given."


def collect(panel, words, seconds=30):
    """All that is spoken until these words are, and in the moment after them."""
    texts = []

    def come():
        texts.extend(text for _, text in panel.heard())
        return any(words in text for text in texts)

    panel.wait(f"“{words}” is spoken", come, seconds)
    # It handles all that it does of its own accord before it answers.
    panel.key("shift")
    panel.tree()
    texts.extend(text for _, text in panel.heard())
    return texts


def once(panel, words):
    texts = collect(panel, words)
    assert sum(words in text for text in texts) == 1, texts


def test_a_switch_that_has_the_focus_speaks_its_result_once():
    with Session(screen=SCREEN) as session, Panel(session) as panel:
        go_to(panel, SEARCH, ("Tab",))
        panel.key("Tab")
        panel.heard()
        panel.key("space")
        once(panel, "On in Unity Dash")
        panel.key("space")
        once(panel, "Off in Unity Dash")


@pytest.mark.parametrize("place", ["the switch", "elsewhere"])
def test_a_refusal_is_spoken_once_wherever_the_focus_is_and_each_time(place):
    with Session(screen=SCREEN, system_bus=True) as session:
        Whoopsie(session, "dismiss")
        with Panel(session, "--choice=error-reports") as panel:
            panel.wait("it is read", lambda: panel.find(role="check box", name=REPORTS))
            if place == "the switch":
                go_to(panel, REPORTS, ("Tab",))
                while not any(
                    "focused" in node["states"] for node in panel.find(role="check box")
                ):
                    panel.key("Tab")
            else:
                go_to(panel, "Back", ("Tab",))
            for _ in range(2):
                panel.heard()
                if place == "the switch":
                    panel.key("space")
                else:
                    panel.press("check box", REPORTS)
                once(panel, REFUSED)
                panel.wait("it is over", lambda: not panel.is_on(REPORTS))


def test_turning_everything_off_is_spoken_once():
    with Session(screen=SCREEN) as session:
        for choice in CHOICES:
            assert session.ctl("set", choice, "on").returncode == 0
        with Panel(session) as panel:
            go_to(panel, "Turn Everything Off", ("Tab",))
            panel.heard()
            panel.key("space")
            once(panel, "Everything is off.")
            # A description of its own again, once the focus has moved on.
            panel.key("Tab")
            assert not panel.find(role="list item", text="Everything is off.")


def test_help_that_does_not_open_is_spoken_once():
    with Session(screen=SCREEN) as session, Panel(session) as panel:
        panel.heard()
        panel.key("F1")
        once(panel, "The help could not be opened.")
