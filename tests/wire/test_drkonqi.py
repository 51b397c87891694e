# SPDX-License-Identifier: GPL-3.0-or-later
"""KDE's crash handler in a closed network: it makes reports to send only while the choice is on."""

import time
from pathlib import Path

import pytest
from support.debian_13 import Debian13, install, turn
from support.harness import wait_for
from support.wire import ClosedNetwork

CHOICE = "error-reports"
READER = "drkonqi"
# What it asks about each program, whatever the choice.
QUESTION = "^GET bugs.kde.org /rest/product/kde$"
SERVER = "crash-reports.kde.org"


class DrKonqi:
    """The real program, which KDE's programs start when they crash."""

    def __init__(self, session, network):
        self.session, self.network = session, network
        self.programs = Debian13()
        root = Path(self.programs.root)
        self.program = Path("/") / next(root.glob("usr/lib/*/libexec/drkonqi")).relative_to(root)
        # Where another program finds the reports, and sends them.
        self.reports = session.root / "cache" / "drkonqi" / "sentry-envelopes"

    def start(self, *command):
        env = {"QT_QPA_PLATFORM": "offscreen"}
        return self.programs.start(self.session, self.network, *command, **env)

    def handle_crash(self, took=None):
        """Whether it makes a report of a crash, and how long that took. Without one, it has twice as
        long as it took before, from its first question on."""
        name = self.session.root / "pid"
        name.unlink(missing_ok=True)
        crashed = self.start("sh", "-c", f"echo $$ >{name}.new; mv {name}.new {name}; exec sleep 600")
        wait_for("a program", name.exists)
        about = ("--appname", "sleep", "--apppath", "/usr/bin", "--pid", name.read_text().strip())
        about += ("--signal", "11", "--appversion", "1", "--bugaddress", "submit@bugs.kde.org")
        # Without a question to the user in a window.
        handler = self.start(self.program, *about, "--restarted")
        self.network.wait_for(QUESTION)
        begin = time.monotonic()
        if took is None:
            wait_for("a report", lambda: list(self.reports.glob("*")), seconds=60)
        else:
            time.sleep(2 * took)
        took = time.monotonic() - begin
        for number in (handler, crashed):
            self.network.stop(number)
        return bool(list(self.reports.glob("*"))), took


@Debian13.GROUP
@pytest.mark.proof("drkonqi", "program")
def test_drkonqi_makes_a_report_of_a_crash_only_while_the_choice_is_on(session):
    install(session, READER)
    network = ClosedNetwork(session)
    handler = DrKonqi(session, network)
    assert session.reader(CHOICE, READER)["state"] == "off", "by default"
    took = None
    for on in (True, False):
        turn(session, CHOICE, READER, on)
        network.forget()
        reported, time_taken = handler.handle_crash(took)
        took = time_taken
        assert reported == on
        for report in handler.reports.glob("*"):
            report.unlink()
    assert not network.seen(SERVER)
