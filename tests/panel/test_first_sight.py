# SPDX-License-Identifier: GPL-3.0-or-later
"""What a closed row says, and what a screen reader hears."""

import os
import signal

import pytest
from support.computer import Computer
from support.harness import Session, make_locale
from support.names import (
    ACTIVITY,
    PANEL_SCHEMA,
    REPORTS,
    SCREEN,
    SEARCH,
    STATISTICS,
    UNITY_KEY,
    UNITY_SCHEMA,
)
from support.screen import Panel
from support.whoopsie import Whoopsie

WHOOPSIE = "Ubuntu Error Reports (Whoopsie)"


def another_dash(name):
    """A reader file for another program that reads Unity's key."""
    return (
        f'name = "{name}"\nchoice = "online-search"\n[gsettings]\nschema = "{UNITY_SCHEMA}"\n'
        f'path = "/com/canonical/unity/lenses/"\nkey = "{UNITY_KEY}"\non = "\'all\'"\n'
        "off = \"'none'\"\n"
    )


@pytest.fixture
def session():
    with Session(screen=SCREEN, system_bus=True) as session:
        yield session


def heard(panel, title):
    """What a screen reader says of a choice: of its row, and of its switch. The switch comes when the
    choice has been read, which a service may delay."""
    panel.wait(f"“{title}” is read", lambda: panel.find(role="check box", name=title))
    nodes = [*panel.find(role="list item", name=title), panel.switch(title)]
    return {node["description"] for node in nodes}


def focused(panel):
    return [node for node in panel.tree() if "focused" in node["states"]]


def wait_for_header(panel, title, words):
    """Waits until the row of a choice has the focus, and says these words."""

    def there():
        nodes = [node for node in focused(panel) if node["name"] == title]
        return any(words in node["description"] for node in nodes)

    panel.wait(f"“{title}” has the focus and says “{words}”", there)


def go_to_button(panel, name, rows):
    """Moves the keyboard focus from the row of a choice to a button, that many rows below the
    explanation."""
    panel.key("Tab", "Tab", *["Down"] * rows, "Tab")
    assert name in [node["name"] for node in focused(panel)]


@pytest.mark.parametrize("desktop", ["ubuntu:GNOME", "XFCE", "MATE", "KDE"])
def test_on_a_new_home_no_row_warns(desktop):
    env = {"XDG_CURRENT_DESKTOP": desktop}
    with Session(screen=SCREEN, env=env) as session, Panel(session) as panel:
        panel.wait("all rows", lambda: len(panel.find(role="check box")) == 4)
        for title in (SEARCH, REPORTS, STATISTICS, ACTIVITY):
            for words in heard(panel, title):
                assert words and not words.startswith(("On:", "Off:", "Partly")), words
                assert "Programs that follow this panel" not in words and "ABRT" not in words
        assert not panel.says("Programs Differ")


def test_an_off_switch_stands_beside_a_sentence_that_nothing_is_sent(session):
    with Panel(session, "--choice=online-search") as panel:
        assert heard(panel, SEARCH) == {"Nothing is sent by Unity Dash."}
        # The explanation is in the opened row, and says when it is true.
        assert panel.says("While it is on: What you type into the search")
        panel.toggle(SEARCH)
        panel.wait_on(SEARCH)
        panel.wait("it", lambda: heard(panel, SEARCH) == {"Sent by Unity Dash."})
        panel.wait("it", lambda: not panel.says("While it is on: What you type"))
        panel.toggle(SEARCH)
        panel.wait("it", lambda: heard(panel, SEARCH) == {"Nothing is sent by Unity Dash."})


def test_a_choice_that_no_app_follows_says_so_in_its_closed_row(session):
    with Panel(session) as panel:
        said = {"No error reporter on this computer follows this choice yet."}
        panel.wait("it", lambda: heard(panel, REPORTS) == said)
        panel.toggle(REPORTS)
        panel.wait_on(REPORTS)
        assert heard(panel, REPORTS) == said


def test_the_closed_row_names_three_apps_and_counts_the_others(session):
    for name in ("Zebra", "apple", "Éclair", "Banana"):
        session.add_reader(name, another_dash(name))
    sentence = "Nothing is sent by {}, {}, {} and 2 others."
    # As each language sorts them.
    plain = sentence.format("Banana", "Unity Dash", "Zebra")
    assert plain in session.ask("privacyctl", "status")
    german = session.ask("privacyctl", "status", env=make_locale("de_DE"))
    assert "apple, Banana, Éclair" in german
    with Panel(session) as panel:
        panel.wait("it", lambda: heard(panel, SEARCH) == {plain})


def test_names_in_both_directions_do_not_reorder_the_sentence(session):
    session.add_reader("he", another_dash("חיפוש"))
    (said,) = [line for line in session.ask("privacyctl", "status").splitlines() if "חיפוש" in line][:1]
    assert said.strip().startswith("Nothing is sent by \u2068\u2068Unity Dash\u2069 and \u2068")
    assert "\u2068חיפוש\u2069" in said and said.endswith("\u2069.")


def test_a_locked_choice_says_nothing_false_to_a_screen_reader():
    with Computer(screen=SCREEN) as computer:
        computer.administrator(
            locks=["/com/canonical/unity/lenses/remote-content-search"]
        )
        with Panel(computer.session) as panel:
            panel.wait("it is locked", lambda: not panel.is_sensitive(SEARCH))
            said = "Nothing is sent by Unity Dash. Your administrator has set this."
            assert heard(panel, SEARCH) == {said}


def test_a_service_that_hangs_is_said_to_have_not_answered_and_is_asked_again(session):
    whoopsie = Whoopsie(session)
    os.kill(whoopsie.process.pid, signal.SIGSTOP)
    with Panel(session, "--choice=error-reports") as panel:
        silent = f"{WHOOPSIE} did not answer, so something may be sent."
        panel.wait("it", lambda: heard(panel, REPORTS) == {silent})
        assert panel.is_on(REPORTS), "what is not known to be off is not called off"
        for words in ("Programs Differ", "Turn Off for All", "ABRT"):
            assert not panel.find(name=words), words
        assert silent in session.ask("privacyctl", "status")
        assert f"{REPORTS}: Not known." in session.ask("privacyctl", "status")
        assert session.ask("privacyctl", "get", "error-reports") == "mixed"
        # Its answer brings no signal, so the user asks.
        os.kill(whoopsie.process.pid, signal.SIGCONT)
        go_to_button(panel, "Try Again", 1)
        panel.key("space")
        panel.wait_on(REPORTS, False)
        wait_for_header(panel, REPORTS, f"Nothing is sent by {WHOOPSIE}.")
        assert not panel.find(name="Try Again")


def test_turn_off_for_all_leaves_the_focus_on_the_row_which_says_the_result(session):
    session.set(PANEL_SCHEMA, "online-search", "false")
    session.set(UNITY_SCHEMA, UNITY_KEY, "all")
    with Panel(session, "--choice=online-search") as panel:
        go_to_button(panel, "Turn Off for All", 1)
        panel.key("space")
        panel.wait_on(SEARCH, False)
        wait_for_header(panel, SEARCH, "Nothing is sent by Unity Dash.")


def test_reset_leaves_the_focus_on_the_row(session):
    assert session.ctl("set", "online-search", "on").returncode == 0
    with Panel(session, "--choice=online-search") as panel:
        go_to_button(panel, "Reset", 3)
        panel.key("space")
        panel.wait_on(SEARCH, False)
        wait_for_header(panel, SEARCH, "Nothing is sent by Unity Dash.")


def test_a_button_keeps_the_focus_while_other_rows_come_and_go(session):
    session.set(UNITY_SCHEMA, UNITY_KEY, "all")
    with Panel(session, "--choice=online-search") as panel:
        go_to_button(panel, "Reset", 2)
        session.set(PANEL_SCHEMA, "online-search", "false")
        panel.wait("its row", lambda: panel.find(name="Programs that follow this panel"))
        panel.wait("the focus", lambda: [node["name"] for node in focused(panel)] == ["Reset"])


# The size of the window, the dots per inch of the text, and the language.
SHAPES = [
    (360, 1000, 96, None),
    (480, 1080, 96, None),
    (640, 1800, 192, None),
    (640, 900, 96, "de_DE"),
]


@pytest.mark.parametrize(("width", "height", "dpi", "locale"), SHAPES)
def test_the_first_page_ends_where_the_window_does(width, height, dpi, locale):
    env = make_locale(locale) if locale else {}
    with Session(screen=f"{width}x{height}x24", env=env) as session:
        # As “Large Text” does.
        resources = ("-f", "RESOURCE_MANAGER", "8s", "-set", "RESOURCE_MANAGER", f"Xft.dpi: {dpi}")
        session.ask("xprop", "-root", *resources)
        with Panel(session, window="Datenschutz" if locale else "Privacy") as panel:
            window = panel.window()
            session.ask("xdotool", "windowmove", "--sync", window, "0", "0")
            session.ask("xdotool", "windowsize", "--sync", window, width, height)
            panel.wait("its size", lambda: panel.width() == width)

            def ends():
                bottoms = panel.bottoms()
                (frame,) = [bottom for role, bottom in bottoms if role == "frame"]
                return frame, [bottom for role, bottom in bottoms if role == "scroll pane"]

            # The shadow of the window is part of its frame.
            panel.wait("the end", lambda: ends()[1] and ends()[0] - max(ends()[1]) < 30, 10)
