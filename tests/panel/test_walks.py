# SPDX-License-Identifier: GPL-3.0-or-later
"""What a screen reader hears when the user goes through each page with Tab, against the lists in walks.

With PRIVACY_PANEL_UPDATE set, the tests write the lists.
"""

import os
from pathlib import Path

import pytest
from support.harness import Session
from support.names import PANEL_SCHEMA, SCREEN
from support.screen import Panel, open_page
from support.whoopsie import Whoopsie

WALKS = Path(__file__).parent / "walks"
# What a screen reader says of an object besides its name and its description.
SAID = ("checked", "expanded")
MOST = 60


def focused(panel):
    return [node for node in panel.tree() if "focused" in node["states"]]


def line(node):
    states = [state for state in SAID if state in node["states"]]
    # A button of the window manager has a description of its own in some versions of GTK.
    description = node["description"] if node["description"] != node["name"] else ""
    parts = [node["role"], node["name"], description, " ".join(states)]
    return " | ".join(part.replace("\n", " ") for part in parts).rstrip(" |")


def walk(panel):
    """A line for each object that Tab reaches, from the one with the focus until that again."""
    found = []
    for _ in range(MOST):
        nodes = panel.wait("something has the focus", lambda: focused(panel))
        assert len(nodes) == 1, nodes
        now = line(nodes[0])
        if found and now == found[0]:
            return found
        found.append(now)
        panel.key("Tab")
    raise AssertionError(f"Tab does not come back: {found}")


def first(_session, panel):
    panel.wait("the count of reports", lambda: panel.says("No reports"))
    panel.wait("its last row", lambda: panel.find(role="list item", name="Clear History"))
    panel.key("Tab")


def search(session, panel):
    session.ask("privacy-panel", "--choice", "online-search")
    panel.wait("its apps", lambda: panel.find(role="list item", name="Unity Dash"))


def reports(session, panel):
    session.ask("privacy-panel", "--choice", "error-reports")
    app = "Ubuntu Error Reports (Whoopsie)"
    panel.wait("its apps", lambda: panel.find(role="list item", name=app))


def left(_session, panel):
    panel.press("push button", "Turn Everything Off")
    panel.wait("the page", lambda: panel.find(role="frame", name="Not Turned Off"))


def exceptions(_session, panel):
    open_page(panel, "Exceptions")


def clear(_session, panel):
    open_page(panel, "Clear History")
    panel.wait("it is counted", lambda: not panel.says("Counting"))


PAGES = {
    "first": first,
    "online-search": search,
    "error-reports": reports,
    "not-turned-off": left,
    "exceptions": exceptions,
    "clear-history": clear,
}


@pytest.mark.parametrize("page", PAGES)
def test_tab_goes_through_a_page_in_the_order_and_the_words_of_its_list(page):
    with Session(screen=SCREEN, system_bus=True, animations=False) as session:
        Whoopsie(session, "dismiss", ReportCrashes=True)
        session.ask("privacyctl", "set", "online-search", "on")
        session.set(PANEL_SCHEMA, "search-suggestions", "true")
        with Panel(session) as panel:
            # All services have answered.
            panel.wait("all switches", lambda: len(panel.find(role="check box")) == 5)
            PAGES[page](session, panel)
            found = "\n".join(walk(panel)) + "\n"
    golden = WALKS / f"{page}.txt"
    if os.environ.get("PRIVACY_PANEL_UPDATE"):
        golden.write_text(found)
    assert found.splitlines() == golden.read_text().splitlines()
