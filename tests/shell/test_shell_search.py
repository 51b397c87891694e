# SPDX-License-Identifier: GPL-3.0-or-later
"""A real GNOME Shell: the results of a user's search, and what they open."""

import ast

import pytest
from support.harness import Session, make_locale, wait_for
from support.names import ACTIVITY, CHOICES, REPORTS, SEARCH, STATISTICS, SUGGESTIONS
from support.screen import ScreenReader
from support.shell import Shell

# These tests share fixtures that take long to create.
pytestmark = pytest.mark.xdist_group("shell search")

APP = "net.launchpad.PrivacyPanel.desktop"
APPLICATIONS = "applications"
WAYLAND = 0

ENGLISH = ["privacy", "online search", "error report", "telemetry", "amazon"]
GERMAN = ["Datenschutz", "Onlinesuche", "Fehlerbericht", "Telemetrie", "Amazon"]

PANEL = "net.launchpad.PrivacyPanel"
# A call of the bus itself.
BUS = ("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus", "--object-path", "/")


@pytest.fixture(scope="module")
def shell():
    with Session(system_bus=True) as session:
        yield Shell(session)


@pytest.fixture(scope="module")
def german_shell():
    with Session(system_bus=True, env=make_locale("de_DE")) as session:
        yield Shell(session)


@pytest.fixture
def panel(shell):
    """The panel as a screen reader sees it; closes it afterwards."""
    screen_reader = ScreenReader(shell.session)
    yield screen_reader
    shell.session.run(
        *("gdbus", "call", "--session", "--dest", PANEL, "--object-path"),
        *("/" + PANEL.replace(".", "/"), "--method", "org.freedesktop.Application.ActivateAction"),
        *("quit", "[]", "{}"),
    )
    wait_for("the panel is closed", lambda: shell.windows() == [])
    # The next action must start another process.
    owned = ("--method", "org.freedesktop.DBus.NameHasOwner", PANEL)
    wait_for("it has ended", lambda: "false" in shell.session.ask(*BUS, *owned))


def finds(shell, typed, is_right, provider=APP):
    """Types until a provider's displayed results are right, and returns them. GNOME Shell may end a
    search without results of providers that it reloads, as it does when settings or apps change. It
    also drops results that come late."""
    found = {}

    def look():
        try:
            shell.type(typed)
        except AssertionError:
            return False
        found.clear()
        found.update(shell.results(provider))
        return is_right(found)

    wait_for(f"the results of {typed}", look, 180)
    return found


TITLES = (SEARCH, SUGGESTIONS, REPORTS, STATISTICS, ACTIVITY)


def open_pages(panel):
    """The choice whose page the user sees."""
    if not panel.find(role="push button", name="Back"):
        return []
    # One switch is on the first page, and one on its own.
    names = [node["name"] for node in panel.find(role="check box")]
    return [title for title in TITLES if names.count(title) == 2]


def test_a_result_says_the_state_and_opens_the_panel_at_its_page(shell, panel):
    session = shell.session
    expected = {"online-search": "Include online search results: Off"}
    finds(shell, "online search", expected.__eq__)
    assert session.ctl("set", "online-search", "on").returncode == 0
    expected = {"online-search": "Include online search results: On"}
    finds(shell, "online", expected.__eq__)
    assert shell.windows() == []

    shell.activate(APP, "online-search")
    window = [["Include online search results", True, WAYLAND]]
    wait_for("the window has the focus", lambda: shell.windows() == window)
    wait_for("the page is open", lambda: open_pages(panel) == ["Include online search results"])
    assert shell.js("Main.overview.visible") == "false"

    # The same window, with another page.
    expected = {
        "error-reports": "Send error reports: Off",
        "usage-statistics": "Send occasional system information: Off",
    }
    finds(shell, "telemetry", expected.__eq__)
    shell.activate(APP, "error-reports")
    wait_for("the page is open", lambda: open_pages(panel) == ["Send error reports"])
    window = [["Send error reports", True, WAYLAND]]
    wait_for("it has the focus", lambda: shell.windows() == window)


@pytest.mark.parametrize("typed", ENGLISH)
def test_the_panel_is_found_by_the_words_that_people_use(shell, typed):
    finds(shell, typed, lambda names: names.get(APP) == "Privacy", APPLICATIONS)
    assert len(finds(shell, typed, bool)) <= len(CHOICES)


@pytest.mark.parametrize("typed", [*GERMAN, *ENGLISH])
def test_it_is_found_in_a_german_session_in_both_languages(german_shell, typed):
    finds(german_shell, typed, lambda names: names.get(APP) == "Datenschutz", APPLICATIONS)
    names = finds(german_shell, typed, bool)
    # Recording is on by default, whatever the panel's own key says.
    on = names.pop("activity-history", ": An")
    assert on.endswith(": An")
    assert names and all(name.endswith(": Aus") for name in names.values())


def test_the_icon_has_actions_that_open_each_page_or_turn_everything_off(shell, panel):
    app = f"imports.gi.Shell.AppSystem.get_default().lookup_app('{APP}').app_info"
    actions = ["turn-everything-off", *CHOICES]
    assert ast.literal_eval(shell.js(f"{app}.list_actions()")) == actions
    for action, title in {
        "activity-history": "Record files and applications used",
        "error-reports": "Send error reports",
        "online-search": "Include online search results",
    }.items():
        shell.js(f"{app}.launch_action('{action}', global.create_app_launch_context(0, -1))")
        wait_for(f"{title} is open", lambda title=title: open_pages(panel) == [title])
    assert [window[0] for window in shell.windows()] == ["Include online search results"]
    session = shell.session
    assert session.ctl("set", "online-search", "on").returncode == 0
    shell.js(f"{app}.launch_action('{actions[0]}', global.create_app_launch_context(0, -1))")
    wait_for("it is off", lambda: session.ask("privacyctl", "get", "online-search") == "off")


def test_everything_is_turned_off_by_a_result(shell, panel):
    session = shell.session
    assert session.ctl("set", "usage-statistics", "on").returncode == 0
    expected = {"turn-everything-off": "Turn Everything Off"}
    finds(shell, "everything off", expected.__eq__)
    shell.activate(APP, "turn-everything-off")
    wait_for("it is off", lambda: session.ask("privacyctl", "get", "usage-statistics") == "off")
    wait_for("it is complete", lambda: panel.find(role="check box", name="Send error reports"))


def test_the_panel_opens_by_its_name_through_the_bus(shell, panel):
    finds(shell, "privacy", lambda names: APP in names, APPLICATIONS)
    shell.activate(APPLICATIONS, APP)
    wait_for("the window has the focus", lambda: shell.windows() == [["Privacy", True, WAYLAND]])
    wait_for("it is complete", lambda: panel.find(role="check box", name="Send error reports"))
    assert open_pages(panel) == []


def test_the_name_beside_the_results_opens_the_panel_as_a_whole(shell, panel):
    finds(shell, "amazon", bool)
    shell.launch_search(APP)
    wait_for("the window has the focus", lambda: shell.windows() == [["Privacy", True, WAYLAND]])
    wait_for("it is complete", lambda: panel.find(role="check box", name="Send error reports"))
    assert open_pages(panel) == []
