# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel in a home on a slow disk: its window doesn't wait for what is read there."""

from pathlib import Path

import pytest
from support.harness import Session
from support.names import CHOICES, SCREEN, STATISTICS
from support.screen import Panel
from support.slow_folders import slow_folders

pytestmark = pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="no FUSE here")

WAITING = "Waiting for an answer…"


def editor(number):
    """A reader file of an app that keeps its setting in a file in the configuration folder."""
    return (
        f'name = "Editor {number}"\nchoice = "usage-statistics"\nprograms = ["/bin/sh"]\n\n[file]\n'
        f'format = "json"\nfiles = ["editor-{number}.json"]\nkey = ["telemetry"]\n'
        'on = true\noff = false\nmissing = "on"\n'
    )


@pytest.fixture
def session():
    with Session(screen=SCREEN) as session:
        for number in range(3):
            session.add_reader(f"editor-{number}", editor(number), session.share)
            (session.config / f"editor-{number}.json").write_text('{"telemetry": true}')
        yield session


def test_the_window_is_there_before_files_in_a_slow_home_are_read(session):
    with slow_folders(session, "config", stuck="editor-") as let_go, Panel(session) as panel:
        # The rows are there, and nothing is claimed.
        panel.wait("the row", lambda: panel.says(WAITING))
        assert not panel.find(role="check box", name=STATISTICS)
        let_go()
        panel.wait("all of it", lambda: len(panel.find(role="check box")) == len(CHOICES))
        panel.wait("its apps", lambda: panel.says("On in all 3 apps"))
        assert not panel.says(WAITING)


def test_a_page_that_is_opened_before_the_apps_are_known_shows_them_later(session):
    with slow_folders(session, "config", stuck="editor-") as let_go:
        with Panel(session, "--choice=usage-statistics") as panel:
            panel.wait("the page", lambda: panel.says(WAITING))
            let_go()
            for number in range(3):
                panel.wait("the app", lambda: panel.find(role="list item", name=f"Editor {number}"))


def test_everything_is_turned_off_when_the_apps_are_known(session):
    with slow_folders(session, "config", milliseconds=100):
        with Panel(session, "--turn-everything-off") as panel:
            panel.wait("it is said", lambda: panel.says("Everything is off."), 60)
            panel.wait_on(STATISTICS, False)
    for number in range(3):
        assert "false" in (session.root / "config.real" / f"editor-{number}.json").read_text()
