# SPDX-License-Identifier: GPL-3.0-or-later
"""The search provider on a private bus, called as GNOME Shell calls it."""

import ast
import json
import os
import time
from pathlib import Path

import pytest
from support.harness import SUPPORT, Session, make_locale, stat, wait_for
from support.names import CHOICES, PANEL_SCHEMA, PRIVACY_SCHEMA, REPORTS_KEY, UNITY_KEY, UNITY_SCHEMA

NAME = "net.launchpad.PrivacyPanel.SearchProvider"
CLIENT = SUPPORT / "search_client.py"
SEARCH, REPORTS = "online-search", "error-reports"
STATISTICS, HISTORY = "usage-statistics", "activity-history"
ALL = list(CHOICES)


class Provider:
    """The provider in a session, started by the bus."""

    def __init__(self, session):
        self.session = session
        # The longest time from one answer to the next, in seconds, and the time of the last.
        self.pause, self.last = 0, None

    def ask(self, method, signature, *arguments):
        """Its answer; an error fails the test."""
        answer = self.answer(method, signature, *arguments)
        assert "error" not in answer, answer
        return answer["reply"]

    def answer(self, method, signature, *arguments):
        question = json.dumps([NAME, method, signature, arguments])
        # Not as an argument: some calls are longer than the limit of a command line.
        file = self.session.root / "question.json"
        file.write_text(question)
        answer = json.loads(self.session.ask("/usr/bin/python3", CLIENT, file))
        now = time.monotonic()
        self.pause = max(self.pause, now - (self.last or now))
        self.last = now
        return answer

    def stayed(self, process):
        """Whether that process has given all answers. If this test paused too long between two questions,
        the process may have ended, as it should."""
        return self.owner() == process or self.pause > 9

    def search(self, *terms):
        return self.ask("GetInitialResultSet", "(as)", terms)[0]

    def metas(self, *ids):
        return self.ask("GetResultMetas", "(as)", ids)[0]

    def name(self, choice):
        return self.metas(choice)[0]["name"]

    def owner(self):
        """The process that owns the name, or None. Does not start it."""
        done = self.session.run(
            *("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus"),
            *("--object-path", "/org/freedesktop/DBus"),
            *("--method", "org.freedesktop.DBus.GetConnectionUnixProcessID", NAME),
        )
        if done.returncode:
            return None
        return int(ast.literal_eval(done.stdout.replace("uint32 ", ""))[0])


@pytest.fixture(scope="module")
def session():
    with Session() as session:
        yield session


@pytest.fixture
def provider(session):
    session.ask("dconf", "reset", "-f", "/")
    return Provider(session)


@pytest.fixture(scope="module")
def german():
    return make_locale("de_DE")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("privacy", ALL),
        ("online search", [SEARCH]),
        ("RESULTS inclu", [SEARCH]),
        ("error report", [REPORTS]),
        ("telemetry", [REPORTS, STATISTICS]),
        ("system information", [STATISTICS]),
        ("recent files", [HISTORY]),
        ("amazon", [SEARCH]),
        ("Ámazön", [SEARCH]),
        ("online report", []),
        ("umbrella", []),
    ],
)
def test_what_a_person_types_finds_the_choice(provider, typed, found):
    assert provider.search(*typed.split()) == found


def test_a_longer_search_narrows_what_was_found(provider):
    both = [SEARCH, REPORTS]
    assert provider.ask("GetSubsearchResultSet", "(asas)", both, ["send"])[0] == [REPORTS]
    assert provider.ask("GetSubsearchResultSet", "(asas)", [SEARCH], ["send"])[0] == []
    assert provider.ask("GetSubsearchResultSet", "(asas)", ["rm -rf"], ["send"])[0] == []


def test_a_result_says_the_state_as_it_is_now(provider):
    session = provider.session
    off = provider.metas(SEARCH)[0]
    assert off["name"] == "Include online search results: Off"
    assert off["description"] == "Nothing is sent by Unity Dash."
    first = provider.owner()
    session.set(PANEL_SCHEMA, SEARCH, "false")
    session.set(UNITY_SCHEMA, UNITY_KEY, "all")
    meta = provider.metas(SEARCH)[0]
    assert meta["name"] == "Include online search results: Mixed"
    assert "On: Unity Dash." in meta["description"]
    assert session.ctl("set", SEARCH, "on").returncode == 0
    meta = provider.metas(SEARCH)[0]
    assert meta["name"] == "Include online search results: On"
    assert meta["description"] == "Sent by Unity Dash."
    reports = provider.metas(REPORTS)[0]["description"]
    assert reports == "No error reporter on this computer follows this choice yet."
    told = session.ask("privacyctl", "status")
    assert f"    {meta['description']}\n" in told and f"    {reports}\n" in told
    assert meta["id"] == SEARCH
    assert meta["icon"] == ["themed", ["net.launchpad.PrivacyPanel", "net.launchpad.PrivacyPanel-symbolic"]]
    assert provider.name(REPORTS) == "Send error reports: Off"
    session.set(PRIVACY_SCHEMA, REPORTS_KEY, "true")
    assert session.ctl("set", REPORTS, "on").returncode == 0
    assert provider.name(REPORTS) == "Send error reports: On"
    assert provider.stayed(first)


def test_it_speaks_and_understands_the_persons_language(german):
    with Session(env=german) as session:
        provider = Provider(session)
        assert provider.name(SEARCH) == "Suchergebnisse aus dem Internet einbeziehen: Aus"
        assert provider.name(REPORTS) == "Fehlerberichte senden: Aus"
        for typed, found in {
            "Datenschutz": ALL,
            "online suche": [SEARCH],
            "vorschläge": [SEARCH],
            "VORSCHLAGE": [SEARCH],
            "Fehlerbericht": [REPORTS],
            "Telemetrie": [REPORTS, STATISTICS],
            "Amazon": [SEARCH],
            # Also in English, or mixed.
            "privacy": ALL,
            "error report": [REPORTS],
            "telemetry senden": [REPORTS, STATISTICS],
            "Verlauf": [HISTORY],
        }.items():
            assert provider.search(*typed.split()) == found, typed


def test_hostile_questions_are_answered_and_do_no_harm(provider):
    assert provider.search() == []
    assert provider.search("") == []
    assert provider.search("", "amazon", " ") == [SEARCH]
    assert provider.search("%n%s\u202e", "\U0001f525") == []
    assert provider.search(*["amazon"] * 10_000) == [SEARCH]
    assert provider.search(*[f"a{n}" for n in range(10_000)]) == []
    assert provider.search("x" * 5_000_000) == []
    assert provider.metas() == []
    assert provider.metas("", "unknown", "../online-search") == []
    assert len(provider.metas(*[SEARCH] * 10_000, "unknown")) == 1
    pid = provider.owner()

    invalid = "org.freedesktop.DBus.Error.InvalidArgs"
    assert invalid in provider.answer("GetInitialResultSet", "(s)", "amazon")["error"]
    assert invalid in provider.answer("GetResultMetas", "(au)", [1])["error"]
    assert invalid in provider.answer("GetInitialResultSet", "()")["error"]
    assert invalid in provider.answer("ActivateResult", "(sass)", SEARCH, [], "now")["error"]
    assert invalid in provider.answer("ActivateResult", "(sasu)", "unknown", [], 1)["error"]
    assert "UnknownMethod" in provider.answer("Quit", "()")["error"]
    assert provider.search("amazon") == [SEARCH]
    assert provider.stayed(pid)


def cpu_time(process):
    """What a process has used, in seconds."""
    return sum(map(int, stat(process)[11:13])) / os.sysconf("SC_CLK_TCK")


def test_a_search_or_a_list_of_any_length_is_answered_at_once(provider):
    assert provider.search("amazon") == [SEARCH]
    process = provider.owner()
    before = cpu_time(process)
    # GLib normalizes marks on one letter in quadratic time.
    assert provider.search("a" + "\u0300\u0316" * 100_000) == provider.search("a")
    assert provider.search("\ufdfa" * 300_000) == []
    assert provider.search("p " * 1_000_000) == ALL
    # 256 characters of a term and 32 terms count.
    assert provider.search("amazon" + " " * 249 + "x") == []
    assert provider.search("amazon" + " " * 250 + "x") == [SEARCH]
    assert provider.search(*["amazon"] * 31, "umbrella") == []
    assert provider.search(*["amazon"] * 32, "umbrella") == [SEARCH]
    narrowed = provider.ask("GetSubsearchResultSet", "(asas)", [SEARCH] * 100_000, ["amazon"])
    assert narrowed[0] == [SEARCH]
    assert provider.ask("GetSubsearchResultSet", "(asas)", ["x"] * 256 + [SEARCH], ["amazon"])[0] == []
    assert len(provider.metas(*[SEARCH] * 100_000)) == 1
    assert provider.metas(*["x" * 1_000_000] * 3) == []
    error = provider.answer("ActivateResult", "(sasu)", "x" * 1_000_000, ["y"] * 100_000, 1)["error"]
    assert "InvalidArgs" in error and len(error) < 1000
    assert provider.stayed(process)
    assert provider.owner() != process or cpu_time(process) - before < 3


def test_it_has_nothing_of_gtk(provider):
    assert provider.search("privacy") and provider.metas(SEARCH, REPORTS)
    maps = Path(f"/proc/{provider.owner()}/maps").read_text()
    assert "libgio-2.0" in maps
    for library in ("libgtk", "libadwaita", "libgdk", "libpango", "libcairo", "libX11", "libwayland"):
        assert library not in maps


def test_it_comes_when_asked_stays_while_asked_and_goes(provider):
    assert provider.search("amazon") == [SEARCH]
    first = provider.owner()
    began = time.monotonic()
    while time.monotonic() - began < 12:
        assert provider.search("amazon") == [SEARCH]
        asked = time.monotonic()
        time.sleep(2)
    assert provider.stayed(first), "it stays while people type"
    first = provider.owner()
    wait_for("it is gone", lambda: provider.owner() is None)
    assert time.monotonic() - asked > 6
    wait_for("so is the process", lambda: not Path(f"/proc/{first}/maps").exists())
    assert provider.search("amazon") == [SEARCH]
    assert provider.owner() != first
