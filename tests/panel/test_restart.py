# SPDX-License-Identifier: GPL-3.0-or-later
"""An app that is open with an older setting is closed and opened again from its row."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from support.harness import Session, wait_for
from support.names import SCREEN, SUGGESTIONS
from support.screen import Panel, answer, go_to

# An app with the lock of Mozilla's programs. It notes each start, and quits or stays when it is asked.
APP = """
trap '{trap}' TERM
ln -s "127.0.1.1:+$$" "{profile}/lock"
echo $$ >> "{profile}/starts"
while :; do sleep 1 & wait $!; done
"""

READER = """
name = "{name}"
program = "Example"
choice = "search-suggestions"
effect = "restart"
programs = ["{program}"]

[file]
format = "prefs-js"
base = "home"
profiles = [".example"]
files = ["user.js"]
copy = "prefs.js"
running = {{ locks = ["lock"] }}
key = ["example.{key}"]
on = true
off = false
missing = "on"
"""

OPEN = "Close Example and open it again: it is open with the old setting"


class App:
    """A small app with a desktop entry, which follows the choice with two settings."""

    def __init__(self, session, stays=False):
        self.session = session
        self.profile = session.root / "home" / ".example" / "profile"
        self.profile.mkdir(parents=True)
        (self.profile.parent / "profiles.ini").write_text(
            "[Profile0]\nName=x\nIsRelative=1\nPath=profile\n"
        )
        # A program of its own: it is recognized by its file.
        program = session.root / "example-browser"
        shutil.copy("/bin/sh", program)
        script = session.root / "script"
        trap = "" if stays else f'rm "{self.profile}/lock"; exit 0'
        script.write_text(APP.format(trap=trap, profile=self.profile))
        for key in ("Suggestions", "History"):
            name = f"Example {key}"
            session.add_reader(key, READER.format(name=name, program=program, key=key))
        self.entries = session.share / "applications"
        self.entries.mkdir()
        (self.entries / "org.example.Browser.desktop").write_text(
            f"[Desktop Entry]\nType=Application\nName=Example\nIcon=example\nExec={program} {script}\n"
        )
        session.spawn([program, script])
        wait_for("it runs", lambda: len(self.starts()) == 1)
        # The file changes after the start, also by a clock that counts in hundredths of a second.
        time.sleep(0.02)
        done = session.ctl("set", "search-suggestions", "off")
        assert done.returncode == 0, done.stderr

    def starts(self):
        file = self.profile / "starts"
        return file.read_text().split() if file.exists() else []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for number in self.starts():
            if Path(f"/proc/{number}/exe").exists():
                os.kill(int(number), signal.SIGKILL)


@pytest.fixture
def session():
    with Session(screen=SCREEN, animations=False) as session:
        yield session


def buttons(panel):
    return panel.find(role="push button", name="Restart…")


def test_an_open_app_is_named_once_and_restarted_after_a_question(session):
    with App(session) as app, Panel(session, "--choice=search-suggestions") as panel:
        panel.wait("both", lambda: len(buttons(panel)) == 2)
        line = "Off · Restart Example to finish"
        rows = panel.find(role="check box", name=SUGGESTIONS)
        assert all(line.replace(" · ", ", ") in row["description"] for row in rows), rows
        assert panel.find(role="list item", name="Example Suggestions", text=OPEN)
        go_to(panel, "Restart…")
        panel.key("space")
        panel.wait("the question", lambda: panel.says("Restart Example?"))
        assert panel.says("Save your work there first.")
        answer(panel, "Cancel")
        panel.wait("it is gone", lambda: not panel.says("Restart Example?"))
        assert len(app.starts()) == 1, "nothing happens without a yes"
        panel.press("push button", "Restart…")
        panel.wait("the question", lambda: panel.says("Restart Example?"))
        answer(panel, "Restart")
        panel.wait("the result", lambda: panel.says("Example was restarted."))
        wait_for("it runs again", lambda: len(app.starts()) == 2)
        panel.wait("nothing is left to do", lambda: not buttons(panel) and not panel.says(line))
        assert not panel.says(OPEN)
        first, second = app.starts()
        assert not Path(f"/proc/{first}/exe").exists()
        assert Path(f"/proc/{second}/exe").exists()


def test_an_app_that_does_not_quit_stays_open_which_is_said(session):
    with App(session, stays=True) as app, Panel(session, "--choice=search-suggestions") as panel:
        panel.wait("both", lambda: len(buttons(panel)) == 2)
        panel.press("push button", "Restart…")
        panel.wait("the question", lambda: panel.says("Restart Example?"))
        panel.heard()
        answer(panel, "Restart")
        panel.wait("it waits", lambda: panel.says("Waiting for Example to close…"))
        said = "Example is still open. Close it and open it again."
        panel.wait("it is said", lambda: panel.find(role="list item", text=said), 40)
        assert len(app.starts()) == 1
        assert Path(f"/proc/{app.starts()[0]}/exe").exists(), "it was not killed"
        # The user closes it, and the panel says so no longer.
        os.kill(int(app.starts()[0]), signal.SIGKILL)
        (app.profile / "lock").unlink()
        panel.look_away()
        panel.wait("it is over", lambda: not panel.says(said) and not buttons(panel))


def test_without_a_desktop_entry_the_row_says_what_to_do(session):
    with App(session) as app:
        (app.entries / "org.example.Browser.desktop").unlink()
        with Panel(session, "--choice=search-suggestions") as panel:
            panel.wait("the row", lambda: panel.find(role="list item", text=OPEN))
            assert not buttons(panel)


def restarted(panel):
    """Whether Firefox was restarted. Asks for it again if Firefox took longer than the panel waits."""
    if panel.find(role="list item", text="is still open") and buttons(panel):
        panel.press("push button", "Restart…")
        panel.wait("the question", lambda: panel.says("Restart Firefox?"))
        answer(panel, "Restart")
    return panel.says("Firefox was restarted.")


def test_firefox_quits_and_is_opened_again(session):
    profile = session.root / "home" / ".mozilla" / "firefox" / "test.default"
    profile.mkdir(parents=True)
    (profile.parent / "profiles.ini").write_text(
        "[Profile0]\nName=test\nIsRelative=1\nPath=test.default\n"
    )
    # Firefox would make a profile of its own.
    command = ["/usr/lib/firefox-esr/firefox-esr", "--profile", str(profile)]
    entries = session.share / "applications"
    entries.mkdir()
    (entries / "firefox-esr.desktop").write_text(
        f"[Desktop Entry]\nType=Application\nName=Firefox\nIcon=firefox\nExec={' '.join(command)}\n"
    )

    def owner():
        lock = profile / "lock"
        return int(os.readlink(lock).rsplit("+", 1)[1]) if lock.is_symlink() else None

    session.spawn(command)
    first = wait_for("Firefox has its profile", owner, 120)
    session.wait_for_window("firefox")
    done = session.ctl("set", "search-suggestions", "off")
    assert done.returncode == 0, done.stderr
    try:
        with Panel(session, "--choice=search-suggestions") as panel:
            panel.wait("the line", lambda: panel.says("Off, Restart Firefox to finish"))
            panel.wait("the button", lambda: buttons(panel))
            panel.press("push button", "Restart…")
            panel.wait("the question", lambda: panel.says("Restart Firefox?"))
            answer(panel, "Restart")
            panel.wait("the result", lambda: restarted(panel))
            wait_for("it runs again", lambda: owner() not in (None, first), 120)
            panel.look_away()
            panel.wait("nothing is left to do", lambda: not panel.says("Restart Firefox"))
    finally:
        if (last := owner()) and Path(f"/proc/{last}/exe").exists():
            os.kill(last, signal.SIGTERM)
