# SPDX-License-Identifier: GPL-3.0-or-later
"""KRunner remembers searches while the choice is on, and none while it is off."""

import pytest
from support.debian_13 import Debian13, install
from support.harness import wait_for

CHOICE = "activity-history"


class KRunner:
    def __init__(self, session, start):
        self.session = session
        self.start = start
        self.history = session.root / "data" / "krunnerstaterc"

    def runs(self):
        """Asks the bus, which would start KRunner if it were called itself."""
        bus = ("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus", "--object-path", "/")
        ask = (*bus, "--method", "org.freedesktop.DBus.NameHasOwner", "org.kde.krunner")
        return "true" in self.session.ask(*ask)

    def search(self, words, attempts=None):
        """The user searches, and runs the first result, until KRunner remembers it or for a number of
        attempts. Returns their number: the window may not have the keyboard at first, or no result yet."""
        child = self.start()
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

        wait_for("the end of the search", search_once, seconds=180, every=1)
        child.terminate()
        child.wait(60)
        wait_for("the end of KRunner", lambda: not self.runs())
        return done

    def remembers(self, words):
        text = self.history.read_text() if self.history.exists() else ""
        _, _, history = text.partition("[PlasmaRunnerManager][History]\n")
        return words in history.partition("\n[")[0]


def check(session, krunner, reader, searches):
    assert session.reader(CHOICE, reader)["state"] == "on", "by default"
    attempts = 0
    for words, on in zip(searches, (True, False, True)):
        done = session.ctl("set", CHOICE, "on" if on else "off", "--only-me")
        assert done.returncode == 0, done.stderr
        attempts = krunner.search(words, None if on else attempts + 1)
        assert krunner.remembers(words) == on
    assert not krunner.remembers(searches[1])


@pytest.mark.session(system_bus=True)
@pytest.mark.proof("kde-krunner-history-5", "program")
def test_krunner_of_plasma_5_remembers_a_search_only_while_the_choice_is_on(screen):
    screen.unmask("kde-krunner-history-5")
    krunner = KRunner(screen, lambda: screen.spawn(["krunner"]))
    check(screen, krunner, "kde-krunner-history-5", ("=1+1", "=2+2", "=3+3"))


@Debian13.GROUP
@pytest.mark.session(system_bus=True)
@pytest.mark.proof("kde-krunner-history", "program")
def test_krunner_of_plasma_6_remembers_a_command_only_while_the_choice_is_on(screen):
    install(screen, "kde-krunner-history")
    programs = Debian13()
    krunner = KRunner(screen, lambda: programs.spawn(screen, "krunner"))
    check(screen, krunner, "kde-krunner-history", ("true 1", "true 2", "true 3"))
