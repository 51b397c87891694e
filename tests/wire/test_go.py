# SPDX-License-Identifier: GPL-3.0-or-later
"""Go's command in a closed network: it sends what it counted only while the choice is on."""

import json
import re
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from support.debian_13 import Debian13, install, turn
from support.harness import wait_for
from support.wire import ClosedNetwork

CHOICE = "usage-statistics"
READER = "go-telemetry"
REQUEST = "^POST telemetry.go.dev /upload/"
COUNTER = "go/invocations"
# The module with what the server wants to know, which Go downloads before it sends anything.
MODULE = "golang.org/x/telemetry/config"


class Go:
    """The real program. It counts while it runs, and then sees to what it counted in earlier weeks."""

    def __init__(self, session, network):
        self.session, self.network = session, network
        self.programs = Debian13()
        program = next(Path(self.programs.root).glob("usr/lib/go-1.*"))
        self.folder = session.config / "go" / "telemetry"
        # If this folder exists, Go logs there what it does with its counts.
        self.log = self.folder / "debug" / "sidecar.log"
        self.log.parent.mkdir(parents=True)
        modules = session.root / "modules"
        self._publish(modules, (program / "VERSION").read_text().split()[0])
        self.env = {
            "PATH": f"/usr/lib/{program.name}/bin:/usr/bin:/bin",
            "GOPROXY": f"file://{modules}",
            "GOSUMDB": "off",
            "GOFLAGS": "-modcacherw",
        }

    @staticmethod
    def _publish(modules, version):
        folder = modules / MODULE / "@v"
        folder.mkdir(parents=True)
        head = f"module {MODULE}\n"
        counters = [{"Name": COUNTER, "Rate": 1}]
        wanted = {
            "GOOS": ["linux"],
            "GOARCH": ["amd64", "arm64"],
            "GoVersion": [version],
            "SampleRate": 1,
            "Programs": [{"Name": "cmd/go", "Versions": [version], "Counters": counters}],
        }
        (folder / "list").write_text("v0.1.0\n")
        (folder / "v0.1.0.info").write_text('{"Version": "v0.1.0", "Time": "2026-01-01T00:00:00Z"}')
        (folder / "v0.1.0.mod").write_text(head)
        with zipfile.ZipFile(folder / "v0.1.0.zip", "w") as module:
            module.writestr(f"{MODULE}@v0.1.0/go.mod", head)
            module.writestr(f"{MODULE}@v0.1.0/config.json", json.dumps(wanted))

    def run(self):
        """Runs a command. Go's second process outlives it, unless Go's counting is off."""
        number = self.programs.start(self.session, self.network, "go", "version", **self.env)
        assert self.network.wait(number) == 0

    def run_to_the_end(self):
        done = self.ends()
        self.run()
        wait_for("what it does with its counts", lambda: self.ends() > done)

    def ends(self):
        """How often it saw to its counts: it logs how many reports it sends, or that it sent one."""
        text = self.log.read_text() if self.log.exists() else ""
        return text.count("Uploading 0 reports") + text.count("Uploaded ")

    def counts(self):
        return sorted((self.folder / "local").glob("*.count"))

    def wait_days(self, days):
        """Lets the time pass: what Go counted is older than before. The user had decided earlier, since
        Go sends nothing from before a decision."""
        for file in self.counts():
            text = file.read_bytes()
            times = rb"(Time(?:Begin|End): )([0-9-]{10})"
            text = re.sub(times, lambda found: found[1] + earlier(found[2], days), text)
            file.write_bytes(text)
        mode = self.folder / "mode"
        if mode.exists():
            word, when = mode.read_bytes().split()
            mode.write_bytes(word + b" " + earlier(when, 20))
        # It looks once a day.
        (self.folder / "local" / "upload.token").unlink(missing_ok=True)


def earlier(when, days):
    return str(date.fromisoformat(when.decode()) - timedelta(days=days)).encode()


@Debian13.GROUP
@pytest.mark.proof("go-telemetry", "traffic")
def test_go_sends_what_it_counted_only_while_the_choice_is_on(session):
    install(session, READER)
    network = ClosedNetwork(session)
    go = Go(session, network)
    assert session.reader(CHOICE, READER)["state"] == "off", "by default"
    # It counts nevertheless, and makes a report for the user.
    go.run_to_the_end()
    go.wait_days(14)
    go.run_to_the_end()
    assert list((go.folder / "local").glob("local.*.json")) and not network.seen()
    go.run()
    turn(session, CHOICE, READER, True)
    go.wait_days(13)
    go.run_to_the_end()
    network.wait_for(REQUEST)
    assert COUNTER in network.bodies(REQUEST)[0]
    go.run()
    go.wait_days(12)
    turn(session, CHOICE, READER, False)
    before = [(file, file.read_bytes()) for file in go.counts()]
    network.forget()
    go.run()
    assert before and [(file, file.read_bytes()) for file in go.counts()] == before, "it counts nothing"
    # Had it sent that just now, it would not send it again.
    turn(session, CHOICE, READER, True)
    go.wait_days(0)
    go.run_to_the_end()
    assert len(network.seen(REQUEST)) == 1
