# SPDX-License-Identifier: GPL-3.0-or-later
"""KRunner of Plasma 5 remembers searches while the choice is on, and none while it is off."""

import pytest
from support.harness import wait_for

CHOICE = "activity-history"
READER = "kde-krunner-history-5"


class KRunner:
    def __init__(self, session):
        self.session = session
        self.history = session.root / "data" / "krunnerstaterc"

    def runs(self):
        """Asks the bus, which would start KRunner if it were called itself."""
        bus = ("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus", "--object-path", "/")
        ask = (*bus, "--method", "org.freedesktop.DBus.NameHasOwner", "org.kde.krunner")
        return "true" in self.session.ask(*ask)

    def search(self, words, attempts=None):
        """The user searches, and runs the first result, until KRunner remembers it or for a number of
        attempts. Returns their number: the window may not have the keyboard at first, or no result yet."""
        child = self.session.spawn(["krunner"])
        wait_for("KRunner", self.runs, seconds=120)
        call = ("gdbus", "call", "--session", "--dest", "org.kde.krunner", "--object-path", "/App")
        display = (*call, "--method", "org.kde.krunner.App.display")
        done = 0

        def search_once():
            nonlocal done
            done += 1
            self.session.ask(*display)
            self.session.wait_for_window("krunner")
            for keys in (("key", "ctrl+a"), ("type", words), ("sleep", "1"), ("key", "Return")):
                self.session.run("xdotool", *keys)
            return self.remembers(words) if attempts is None else done == attempts

        wait_for("the end of the search", search_once, seconds=60, every=1)
        child.terminate()
        child.wait(60)
        wait_for("the end of KRunner", lambda: not self.runs())
        return done

    def remembers(self, words):
        text = self.history.read_text() if self.history.exists() else ""
        _, _, history = text.partition("[PlasmaRunnerManager][History]\n")
        return words in history.partition("\n[")[0]


@pytest.mark.session(system_bus=True)
@pytest.mark.proof("kde-krunner-history-5", "program")
def test_krunner_remembers_a_search_only_while_the_choice_is_on(screen):
    screen.unmask(READER)
    krunner = KRunner(screen)
    assert screen.reader(CHOICE, READER)["state"] == "on", "by default"
    attempts = 0
    for words, on in (("=1+1", True), ("=2+2", False), ("=3+3", True)):
        done = screen.ctl("set", CHOICE, "on" if on else "off", "--only-me")
        assert done.returncode == 0, done.stderr
        attempts = krunner.search(words, None if on else attempts + 1)
        assert krunner.remembers(words) == on
    assert not krunner.remembers("=2+2")
