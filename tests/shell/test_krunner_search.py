# SPDX-License-Identifier: GPL-3.0-or-later
"""The choices in the search of KDE Plasma: asked as KRunner asks, and by KRunner itself."""

import ast
import configparser

import pytest
from support.harness import INSTALLED, Session, make_locale, wait_for
from support.names import CHOICES, SCREEN, STATISTICS
from support.screen import ScreenReader

NAME = "net.launchpad.PrivacyPanel.SearchProvider"
FILE = INSTALLED / "share" / "krunner" / "dbusplugins" / "net.launchpad.PrivacyPanel.desktop"


def plugin():
    file = configparser.ConfigParser(interpolation=None, strict=False)
    file.optionxform = str
    file.read(FILE)
    return file["Desktop Entry"]


class Runner:
    """The object that the file for KRunner names."""

    def __init__(self, session):
        self.session = session
        self.call = (
            *("gdbus", "call", "--session", "--dest", plugin()["X-Plasma-DBusRunner-Service"]),
            *("--object-path", plugin()["X-Plasma-DBusRunner-Path"], "--method"),
        )

    def ask(self, method, *arguments):
        return self.session.ask(*self.call, f"org.kde.krunner1.{method}", *arguments)

    def match(self, query):
        said = self.ask("Match", query)
        for word in ("@a(sssida{sv}) ", "@as ", "<", ">"):
            said = said.replace(word, "")
        return ast.literal_eval(said)[0]

    def finds(self, query):
        return [match[0] for match in self.match(query)]


@pytest.fixture
def session():
    with Session(screen=SCREEN, animations=False) as session:
        yield session


def test_a_match_has_the_state_of_its_choice_and_no_action(session):
    runner = Runner(session)
    assert runner.finds("privacy") == list(CHOICES)
    assert runner.finds("Online  sea") == ["online-search"]
    assert runner.finds("umbrella") == runner.finds(" ") == []
    assert runner.finds("turn everything off") == ["turn-everything-off"]
    (match,) = runner.match("amazon")
    identifier, text, icon, _, relevance, properties = match
    assert (identifier, icon) == ("online-search", "net.launchpad.PrivacyPanel")
    assert text == "Include online search results: Off"
    assert properties == {"subtext": "Nothing is sent by Unity Dash.", "actions": []}
    assert 0 < relevance < 1
    assert session.ctl("set", "online-search", "on").returncode == 0
    assert runner.match("amazon")[0][1] == "Include online search results: On"
    best = [match[4] for match in runner.match("privacy")]
    assert best == sorted(best, reverse=True)
    assert runner.ask("Actions") == "(@a(sss) [],)"
    assert runner.ask("Config") == "(@a{sv} {},)"
    assert runner.ask("Teardown") == "()"


def test_it_understands_the_users_language():
    with Session(env=make_locale("de_DE")) as session:
        assert Runner(session).match("Fehlerbericht")[0][1] == "Fehlerberichte senden: Aus"


def test_a_match_opens_the_page_of_its_choice_and_no_other_thing(session):
    runner = Runner(session)
    for unknown in ("nobody", "quit", ""):
        done = session.run(*runner.call, "org.kde.krunner1.Run", unknown, "")
        assert done.returncode and "InvalidArgs" in done.stderr, done
    runner.ask("SetActivationToken", "a token")
    runner.ask("Run", "usage-statistics", "")
    panel = ScreenReader(session)
    wait_for("its page", lambda: panel.find(role="frame", name=STATISTICS))


def test_krunner_itself_lists_a_choice_and_opens_its_page():
    env = {"XDG_CURRENT_DESKTOP": "KDE", "QT_QUICK_BACKEND": "software"}
    with Session(screen=SCREEN, env=env, animations=False) as session:
        session.spawn(["krunner"])
        bus = ("gdbus", "call", "--session", "--dest")
        query = ("org.kde.krunner", "--object-path", "/App", "--method", "org.kde.krunner.App.querySingleRunner")
        wait_for("it runs", lambda: session.run(*bus, *query, "net.launchpad.PrivacyPanel", "").returncode == 0, 60)
        session.ask(*bus, *query, "net.launchpad.PrivacyPanel", "system information")
        session.wait_for_window("krunner")
        panel = ScreenReader(session)

        def opens():
            # Its matches come a moment after what was typed.
            session.ask("xdotool", "key", "Return")
            return panel.find(role="frame", name=STATISTICS)

        wait_for("its page", opens, 60, every=1)
