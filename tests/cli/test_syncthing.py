# SPDX-License-Identifier: GPL-3.0-or-later
"""Syncthing sends what the choices say, as a server on this computer sees it."""

import json
import re
import socket
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from support.harness import wait_for
from support.names import NOT_SAVED

CHOICE = "usage-statistics"
READER = "syncthing-usage"

PANIC = """[start] 12:00:00 INFO: syncthing v1.19.2
Panic at 2026-01-01T12:00:00Z
panic: a test

goroutine 1 [running]:
main.main()
"""


class Collector(ThreadingHTTPServer):
    """Notes the path of each request."""

    def __init__(self):
        self.seen = []
        self.bodies = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.server.seen.append(self.path)
                self.server.bodies.append(body.decode())
                self.send_response(200)
                self.end_headers()

            # Crash reports.
            do_PUT = do_POST

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture
def collector():
    with Collector() as collector:
        yield collector
        collector.shutdown()


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Syncthing:
    """The real program, which reaches nothing but the collector."""

    def __init__(self, session, collector):
        self.session = session
        self.folder = session.config / "syncthing"
        self.config = self.folder / "config.xml"
        self.port = free_port()
        session.ask("syncthing", "generate", f"--home={self.folder}")
        text = self.config.read_text()
        for name, value in {
            "urURL": f"http://127.0.0.1:{collector.server_port}/newdata",
            "urInitialDelayS": "1",
            "listenAddress": f"tcp://127.0.0.1:{free_port()}",
            "globalAnnounceEnabled": "false",
            "localAnnounceEnabled": "false",
            "relaysEnabled": "false",
            "natEnabled": "false",
            "startBrowser": "false",
            "crashReportingURL": f"http://127.0.0.1:{collector.server_port}/newcrash",
        }.items():
            text, count = re.subn(f"<{name}>.*?</{name}>", f"<{name}>{value}</{name}>", text)
            assert count, name
        address = f"<address>127.0.0.1:{self.port}</address>\n        <apikey>"
        text = re.sub(r"<address>[^<]*</address>\s*<apikey>", address, text)
        self.config.write_text(text)
        self.key = re.search("<apikey>(.*?)</apikey>", text)[1]

    def start(self):
        self.child = self.session.spawn(["syncthing", "serve", "--no-browser", "--no-upgrade"])

    def crashed(self):
        """What a crash leaves behind, and Syncthing reports at its next start."""
        for log in self.folder.glob("panic-*"):
            log.unlink()
        (self.folder / "panic-20260101-120000.log").write_text(PANIC)

    def uptime(self):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/rest/system/status", headers={"X-API-Key": self.key}
        )
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return json.load(answer)["uptime"]
        except OSError:
            return 0

    def stop(self):
        self.child.terminate()
        self.child.wait(timeout=30)


@pytest.mark.proof("syncthing-usage", "traffic")
def test_syncthing_sends_a_report_while_the_choice_is_on_and_none_while_off(session, collector):
    def state():
        return session.reader(CHOICE, READER)["state"]

    syncthing = Syncthing(session, collector)
    assert state() == "off"
    assert session.ctl("set", CHOICE, "on").returncode == 0
    assert state() == "on"
    syncthing.start()
    wait_for("a report", lambda: "/newdata" in collector.seen, seconds=60)
    # The running program would overwrite the file.
    done = session.ctl("set", CHOICE, "off")
    assert done.returncode == NOT_SAVED and state() == "on"
    syncthing.stop()

    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert state() == "off"
    collector.seen.clear()
    syncthing.start()
    # The first report would be due after a second.
    wait_for("an uptime of five seconds", lambda: syncthing.uptime() >= 5, seconds=60)
    syncthing.stop()
    assert collector.seen == []


@pytest.mark.proof("syncthing-crashes", "traffic")
def test_syncthing_sends_the_report_of_a_crash_only_while_the_choice_is_on(session, collector):
    syncthing = Syncthing(session, collector)
    assert session.reader("error-reports", "syncthing-crashes")["state"] == "on", "by default"
    for on in (True, False, True):
        assert session.ctl("set", "error-reports", "on" if on else "off").returncode == 0
        collector.seen.clear()
        collector.bodies.clear()
        syncthing.crashed()
        syncthing.start()
        # It reports before it starts its other half.
        wait_for("its start", lambda: syncthing.uptime() > 0, seconds=60)
        syncthing.stop()
        assert [path.split("/")[1] for path in collector.seen] == (["newcrash"] if on else [])
        assert ("panic: a test" in "".join(collector.bodies)) == on


def test_a_program_that_was_never_started_has_no_file_and_does_not_count(session):
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert session.ctl("set", "error-reports", "off").returncode == 0
    assert not (session.config / "syncthing").exists()
    for choice, name in ((CHOICE, READER), ("error-reports", "syncthing-crashes")):
        found = session.reader(choice, name)
        assert (found["installed"], found.get("obeyed")) == (True, False)


def test_syncthings_copy_of_an_older_configuration_does_not_count_and_stays(session):
    folder = session.config / "syncthing"
    folder.mkdir()
    text = "<configuration version=\"{}\"><options><urAccepted>{}</urAccepted></options></configuration>\n"
    (folder / "config.xml").write_text(text.format(37, -1))
    copy = folder / "config.xml.v0"
    copy.write_text(text.format(0, 3))
    assert session.reader(CHOICE, READER)["state"] == "off"
    assert session.ctl("set", CHOICE, "on").returncode == 0
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert copy.read_text() == text.format(0, 3)


def test_a_reset_gives_syncthing_the_file_that_it_wrote_itself(session):
    home = session.config / "syncthing"
    session.ask("syncthing", "generate", f"--home={home}")
    before = (home / "config.xml").read_bytes()
    for choice, reader in ((CHOICE, READER), ("error-reports", "syncthing-crashes")):
        assert session.reader(choice, reader)["origin"] == "default", "Syncthing's own default"
        for state in ("on", "off"):
            assert session.ctl("set", choice, state).returncode == 0
        changed = session.reader(choice, reader)
        assert (changed["state"], changed["origin"]) == ("off", "you")
        assert (home / "config.xml").read_bytes() != before
        assert session.ctl("reset", choice).returncode == 0
        assert session.reader(choice, reader)["origin"] == "default"
        assert (home / "config.xml").read_bytes() == before
