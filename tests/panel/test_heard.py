# SPDX-License-Identifier: GPL-3.0-or-later
"""What a screen reader speaks of its own accord: each result and each failure, once."""

from pathlib import Path

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


def test_what_was_not_turned_off_is_tried_again_from_its_page_and_the_result_is_spoken_once():
    with Session(screen=SCREEN, system_bus=True, animations=False) as session:
        service = Whoopsie(session, "dismiss", ReportCrashes=True)
        with Panel(session) as panel:
            panel.wait("it is read", lambda: len(panel.find(role="check box")) == len(CHOICES))
            panel.press("push button", "Turn Everything Off")
            panel.wait("the page", lambda: panel.find(role="frame", name="Not Turned Off"))
            service.behave("obey")
            panel.heard()
            panel.press("push button", "Try Again")
            once(panel, "Everything is off.")
            panel.wait("the first page", lambda: panel.find(role="frame", name="Privacy"))
            assert not panel.is_on(REPORTS)


def associate(session, group, name):
    """Says what opens web pages: “Default Applications”, or what doesn't: “Removed Associations”."""
    (session.config / "mimeapps.list").write_text(f"[{group}]\nx-scheme-handler/https={name};\n")


def test_help_that_does_not_open_is_spoken_once():
    with Session(screen=SCREEN) as session:
        # The web browsers of this computer.
        files = Path("/usr/share/applications").glob("*.desktop")
        browsers = [file.name for file in files if "x-scheme-handler/https" in file.read_text()]
        associate(session, "Removed Associations", ";".join(browsers))
        with Panel(session) as panel:
            panel.heard()
            panel.key("F1")
            once(panel, "The help could not be opened.")


def test_without_a_help_viewer_the_web_has_the_help():
    with Session(screen=SCREEN) as session:
        opened = session.root / "opened"
        apps = session.root / "data" / "applications"
        apps.mkdir(parents=True)
        browser = session.root / "browser"
        browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
        browser.chmod(0o755)
        (apps / "browser.desktop").write_text(
            "[Desktop Entry]\nType=Application\nName=Browser\nMimeType=x-scheme-handler/https;\n"
            f"Exec={browser} %u\n"
        )
        associate(session, "Default Applications", "browser.desktop")
        with Panel(session) as panel:
            panel.heard()
            panel.key("F1")
            panel.wait("the page", opened.exists)
            panel.wait("its address", lambda: "launchpad.net/privacy-panel" in opened.read_text())
            assert not any("could not be opened" in text for _, text in panel.heard())
