# SPDX-License-Identifier: GPL-3.0-or-later
"""What the row of a choice says, and what a screen reader hears."""

import os
import signal

import pytest
from support.computer import Computer
from support.harness import Session, make_locale
from support.names import (
    ACTIVITY,
    CHOICES,
    PANEL_SCHEMA,
    REPORTS,
    SCREEN,
    SEARCH,
    STATISTICS,
    UNITY_KEY,
    UNITY_SCHEMA,
)
from support.screen import Panel, enlarge_text, go_to, open_page
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
    """What a screen reader says of a choice: of its rows, and of its switches. The switch comes when
    the choice has been read, which a service may delay."""
    panel.wait(f"“{title}” is read", lambda: panel.find(role="check box", name=title))
    nodes = [node for node in panel.find(name=title) if node["role"] in ("list item", "check box")]
    return {node["description"] for node in nodes}


def focused(panel):
    return [node for node in panel.tree() if "focused" in node["states"]]


def wait_for_focus(panel, title, words):
    """Waits until the row or the switch of a choice has the focus, and says these words."""

    def there():
        nodes = [node for node in focused(panel) if node["name"] == title]
        return any(words in node["description"] for node in nodes)

    panel.wait(f"“{title}” has the focus and says “{words}”", there)


@pytest.mark.parametrize("desktop", ["ubuntu:GNOME", "XFCE", "MATE", "KDE"])
def test_on_a_new_home_no_row_warns(desktop):
    env = {"XDG_CURRENT_DESKTOP": desktop}
    with Session(screen=SCREEN, env=env) as session, Panel(session) as panel:
        panel.wait("all rows", lambda: len(panel.find(role="check box")) == len(CHOICES))
        for title in (SEARCH, REPORTS, STATISTICS, ACTIVITY):
            for words in heard(panel, title):
                assert words.startswith(("On in ", "Off in ", "No app here")), words
                assert " of " not in words, "no app differs"
        for words in ("Programs that follow this panel", "ABRT", "Needs Attention"):
            assert not panel.says(words), words


def test_a_switch_stands_beside_a_line_that_says_the_same(session):
    with Panel(session, "--choice=online-search") as panel:
        assert heard(panel, SEARCH) == {"Off in Unity Dash"}
        # The explanation is on the page, and says when it is true.
        assert panel.says("While it is on: What you type into the search")
        panel.toggle(SEARCH)
        panel.wait_on(SEARCH)
        panel.wait("it", lambda: heard(panel, SEARCH) == {"On in Unity Dash"})
        panel.wait("it", lambda: not panel.says("While it is on: What you type"))
        assert panel.says("While it is off: Searches still find what is on this computer")
        panel.toggle(SEARCH)
        panel.wait("it", lambda: heard(panel, SEARCH) == {"Off in Unity Dash"})


def test_a_choice_that_no_app_follows_says_so_in_its_row(session):
    with Panel(session) as panel:
        said = {"No app here sends this"}
        panel.wait("it", lambda: heard(panel, REPORTS) == said)
        panel.toggle(REPORTS)
        panel.wait_on(REPORTS)
        assert heard(panel, REPORTS) == said


def test_status_names_three_apps_and_the_row_counts_them(session):
    for name in ("Zebra", "apple", "Éclair", "Banana"):
        session.add_reader(name, another_dash(name))
    sentence = "Nothing is sent by {}, {}, {} and 2 others."
    # As each language sorts them.
    plain = sentence.format("Banana", "Unity Dash", "Zebra")
    assert plain in session.ask("privacyctl", "status")
    german = session.ask("privacyctl", "status", env=make_locale("de_DE"))
    assert "apple, Banana, Éclair" in german
    with Panel(session) as panel:
        panel.wait("it", lambda: heard(panel, SEARCH) == {"Off in all 5 apps"})


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
            panel.wait("it", lambda: heard(panel, SEARCH) == {"Locked off by your administrator"})
            panel.wait("the lock's name", lambda: panel.find(name="Locked by your administrator"))


def test_a_service_that_hangs_is_said_to_have_not_answered_and_is_asked_again(session):
    whoopsie = Whoopsie(session)
    os.kill(whoopsie.process.pid, signal.SIGSTOP)
    with Panel(session, "--choice=error-reports") as panel:
        silent = f"{WHOOPSIE} did not answer, so something may be sent."
        panel.wait("it", lambda: heard(panel, REPORTS) == {silent})
        assert panel.is_on(REPORTS), "what is not known to be off is not called off"
        panel.wait("it needs attention", lambda: panel.find(role="list item", name=WHOOPSIE))
        assert not panel.find(name="ABRT")
        assert silent in session.ask("privacyctl", "status")
        assert f"{REPORTS}: Not known." in session.ask("privacyctl", "status")
        assert session.ask("privacyctl", "get", "error-reports") == "mixed"
        # Its answer brings no signal, so the user asks.
        os.kill(whoopsie.process.pid, signal.SIGCONT)
        go_to(panel, "Try Again")
        panel.key("space")
        panel.wait_on(REPORTS, False)
        off = f"Off in {WHOOPSIE}"
        said = {off, f"{off}. Asks for an administrator’s password"}
        panel.wait("it", lambda: heard(panel, REPORTS) == said)
        assert not panel.find(role="push button", name="Try Again")


def test_reset_leaves_the_focus_on_the_switch_which_says_the_result(session):
    assert session.ctl("set", "online-search", "on").returncode == 0
    with Panel(session, "--choice=online-search") as panel:
        go_to(panel, "Reset to Default (Off)")
        panel.key("space")
        panel.wait_on(SEARCH, False)
        wait_for_focus(panel, SEARCH, "Off in Unity Dash")


def test_a_button_keeps_the_focus_while_other_rows_come_and_go(session):
    session.set(UNITY_SCHEMA, UNITY_KEY, "all")
    with Panel(session, "--choice=online-search") as panel:
        go_to(panel, "Reset to Default (Off)")
        session.set(PANEL_SCHEMA, "online-search", "false")
        panel.wait("its section", lambda: panel.says("On in 1 of 2 apps"))
        panel.wait("the focus", lambda: [node["name"] for node in focused(panel)] == ["Reset to Default (Off)"])


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
        enlarge_text(session, dpi)
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
            panel.wait("the end", lambda: ends()[1] and ends()[0] - max(ends()[1]) < 30)


def test_the_first_page_has_no_row_out_of_sight_at_its_usual_size(session):
    Whoopsie(session, ReportCrashes=True)
    with Panel(session) as panel:
        panel.wait("all of it", lambda: len(panel.find(role="check box")) == len(CHOICES))
        panel.wait("the last row", lambda: panel.find(role="list item", name="Clear History"))
        (frame,) = [bottom for role, bottom in panel.bottoms() if role == "frame"]

        def ends():
            boxes = panel.boxes("Clear History")
            return [y + height for _, _, _, _, _, y, _, height in boxes]

        panel.wait("its place", lambda: ends() and 0 < max(ends()) < frame)


def test_history_is_cleared_without_scrolling_at_the_usual_size(session):
    with Panel(session) as panel:
        open_page(panel, "Clear History")
        panel.wait("it is counted", lambda: panel.says("What Stays"))
        (frame,) = [bottom for role, bottom in panel.bottoms() if role == "frame"]

        def ends():
            return [
                y + height
                for role, name, _, _, _, y, _, height in panel.boxes("Clear History")
                if (role, name) == ("push button", "Clear History…")
            ]

        panel.wait("its place", lambda: ends() and max(ends()) <= frame)


def test_on_its_page_a_failure_is_beside_the_button_that_helps_and_not_at_the_switch_too(session):
    Whoopsie(session, "dismiss", ReportCrashes=True)
    failed = f"{WHOOPSIE} was not changed: permission was not given."
    with Panel(session, "--choice=error-reports") as panel:
        panel.wait_on(REPORTS)
        panel.toggle(REPORTS)
        panel.wait("it", lambda: panel.find(role="list item", name=failed))

        def shown():
            labels = [name for role, name, *_ in panel.boxes(REPORTS) if role == "label"]
            return [name for name in labels if failed in name]

        # The app has it in its own row, after its state.
        panel.wait("both", lambda: len(shown()) == 2)
        assert [name for name in shown() if name.startswith(failed)] == [failed]


def test_a_page_is_named_by_its_window_and_begins_at_its_first_control(session):
    with Panel(session) as panel:
        for name, first in [
            (REPORTS, REPORTS),
            ("Previous Reports", None),
            ("Clear History", None),
        ]:
            open_page(panel, name)
            panel.wait("the title", lambda: panel.find(role="frame", name=name))
            if first:
                panel.wait("the focus", lambda: [n["name"] for n in focused(panel)] == [first])
            panel.key("Escape")
            panel.wait("the title", lambda: panel.find(role="frame", name="Privacy"))
            panel.wait("the row", lambda: [n["name"] for n in focused(panel)] == [name])


def test_the_window_of_shortcuts_tells_every_key(session):
    with Panel(session) as panel:
        for _ in range(2):
            panel.key("ctrl+question")
            panel.wait("the window", lambda: panel.find(text="Close Window"))
            names = [node["name"] for node in panel.tree()]
            for action, key in [("Back", "Escape"), ("Help", "F1"), ("Quit", "Q"), ("Close Window", "W")]:
                assert action in names and key in names, names
            panel.key("Escape")
            panel.wait("it is closed", lambda: not panel.find(text="Close Window"))
