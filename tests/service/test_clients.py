# SPDX-License-Identifier: GPL-3.0-or-later
"""privacyctl as a user and as root, and what programs do afterwards."""

import http.server
import json
import os
import pty
import select
import subprocess
import threading
import xml.etree.ElementTree as ElementTree
import zlib

import pytest
from support.everyone import (
    CHOICE,
    LVFS,
    NETDATA,
    NEWS,
    OFF,
    ON,
    PERSON,
    POPCON,
    READERS,
    STATE,
    Everyone,
    become,
)
from support.harness import CONSENT_READER, INSTALLED


def own_value(computer):
    file = computer.root / f"home-{PERSON}" / ".config/program/consent.toml"
    return file.read_text().strip() if file.exists() else None


@pytest.fixture
def computer(may_turn_off):
    may_turn_off.write(READERS / "own.toml", CONSENT_READER)
    return may_turn_off


def test_set_changes_the_users_programs_and_those_of_everyone_and_says_which_are_which(computer):
    answer = computer.ctl("set", CHOICE, "off", uid=PERSON)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert own_value(computer) == "consent = false"
    assert computer.read(LVFS).count("=false") == 2 and computer.read(NETDATA) == ""
    status = json.loads(computer.ctl("status", "--json", uid=PERSON).stdout)
    (choice,) = (choice for choice in status["choices"] if choice["id"] == CHOICE)
    readers = {reader["id"]: reader for reader in choice["readers"]}
    assert choice["state"] == "off"
    assert readers["fwupd"]["for_everybody"] is True
    assert readers["own"]["for_everybody"] is False


def test_only_me_leaves_what_is_set_for_everyone_alone(computer):
    before = computer.files()
    answer = computer.ctl("set", CHOICE, "off", "--only-me", uid=PERSON)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert own_value(computer) == "consent = false"
    assert computer.files() == before
    assert not computer.log


def test_what_a_user_may_not_change_is_said_with_the_command_for_root_and_the_rest_is_done(computer):
    computer.ctl("set", CHOICE, "off", uid=PERSON)
    before = computer.files()
    answer = computer.ctl("set", CHOICE, "on", uid=PERSON)
    assert answer.returncode == 4
    assert f"sudo privacyctl set {CHOICE} on --for-everyone" in answer.stderr
    assert own_value(computer) == "consent = true"
    assert computer.files() == before
    # The command that the message names does the rest, even without the service.
    computer.daemon.kill()
    computer.daemon.wait()
    answer = computer.ctl("set", CHOICE, "on", "--for-everyone")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert 'ENABLED="1"' in computer.read(NEWS) and computer.read(NETDATA) is None
    assert own_value(computer) == "consent = true"


def test_without_the_service_a_user_is_told_the_command_for_root():
    with Everyone({OFF: "YES"}) as computer:
        before = computer.files()
        computer.daemon.kill()
        computer.daemon.wait()
        answer = computer.ctl("set", CHOICE, "off", uid=PERSON)
        assert answer.returncode == 4
        assert f"sudo privacyctl set {CHOICE} off --for-everyone" in answer.stderr
        assert computer.files() == before


def test_no_password_is_asked_if_nothing_is_to_be_changed(computer):
    computer.ctl("set", CHOICE, "off", uid=PERSON)
    logged = len(computer.log)
    answer = computer.ctl("set", CHOICE, "off", uid=PERSON)
    assert answer.returncode == 0
    assert len(computer.log) == logged


def test_a_file_that_decides_later_is_said_to_decide_and_the_other_programs_are_off(computer):
    computer.write("/etc/popularity-contest.d/zzz-site.conf", "PARTICIPATE=yes\n")
    answer = computer.ctl("set", CHOICE, "off", uid=PERSON)
    assert answer.returncode == 4
    assert "Package Popularity Contest" in answer.stderr
    assert computer.read(POPCON) is None
    assert computer.read(LVFS).count("=false") == 2


def test_a_file_that_cannot_be_understood_stays_as_it_is_and_does_not_keep_the_others_on(computer):
    script = "if [ -e /etc/x ]; then ENABLED=1; fi\n"
    computer.write(NEWS, script)
    answer = computer.ctl("set", CHOICE, "off", uid=PERSON)
    assert answer.returncode == 4
    assert computer.read(NEWS) == script
    assert computer.read(LVFS).count("=false") == 2


def test_on_a_terminal_polkits_own_agent_asks_and_ends_with_the_command():
    with Everyone() as computer:
        # polkit uses a fallback agent in sessions of logind only, and here is no logind.
        wrapper = computer.root / "bin" / "pkttyagent"
        wrapper.parent.mkdir()
        agent = "import os, sys\narguments = [a for a in sys.argv if a != '--fallback']\n"
        agent += "assert arguments != sys.argv\nos.execv('/usr/bin/pkttyagent', arguments)\n"
        wrapper.write_text(f"#!/usr/bin/python3\n{agent}")
        wrapper.chmod(0o755)
        command = computer.ctl_command("set", CHOICE, "off", uid=PERSON)
        path = f"PATH={wrapper.parent}:/usr/bin:/bin"
        at = next(at for at, word in enumerate(command) if str(word).startswith("PATH="))
        command[at] = path
        ours, theirs = pty.openpty()
        # A new session, with this as its controlling terminal.
        computer.spawn("setsid", "--ctty", *command, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        said = b""
        try:
            # The terminal is closed when the command and the agent have ended.
            while select.select([ours], [], [], 60)[0]:
                said += os.read(ours, 4096)
        except OSError:
            pass
        os.close(ours)
        assert f"AUTHENTICATING FOR {OFF}".encode() in said
        assert b"Authentication is required to turn off sending data for everyone" in said


class Collector(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        # popcon-upload looks for this answer.
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"Thanks for your submission to Debian Popularity-Contest!\nDEBIAN POPCON HTTP-POST OK\n")

    def log_message(self, *_):
        pass


@pytest.mark.proof("popularity-contest", "traffic")
def test_popularity_contest_itself_sends_with_yes_and_nothing_with_no():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.received = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Everyone({OFF: "YES", ON: "YES"}) as computer:
        port = server.server_address[1]
        site = f'SUBMITURLS="http://127.0.0.1:{port}/"\nENCRYPT="no"\nMAILTO=""\n'
        computer.write("/etc/popularity-contest.d/10-site.conf", site)
        for folder in ("log", "lib/popularity-contest", "cache"):
            computer.file(f"/var/{folder}").mkdir(parents=True, exist_ok=True)

        def run():
            """Whether the weekly job sends something."""
            for old in computer.file("/var/log").glob("popularity-contest*"):
                old.unlink()
            before = len(server.received)
            done = computer.run(*become(0), "sh", "/etc/cron.daily/popularity-contest")
            assert done.returncode == 0, done
            return len(server.received) > before

        assert run()
        packed = server.received[-1].partition(b"\r\n\r\n")[2]
        assert zlib.decompressobj(31).decompress(packed).startswith(b"POPULARITY-CONTEST-0")
        assert computer.ctl("set", CHOICE, "off", uid=PERSON).returncode == 0
        assert not run()
        assert computer.ctl("set", CHOICE, "on", uid=PERSON).returncode == 0
        assert run()
    server.shutdown()


def test_the_unit_lets_the_service_do_little_else():
    unit = (INSTALLED / "lib/systemd/system/privacy-panel-system.service").read_text()
    assert f"ExecStart={INSTALLED}/libexec/privacy-panel-system\n" in unit
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=15"]
    unit_file = INSTALLED / "lib/systemd/system/privacy-panel-system.service"
    done = subprocess.run([*command, unit_file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_bus_and_polkit_have_the_service_and_its_actions():
    share = INSTALLED / "share"
    policy = ElementTree.parse(share / "polkit-1/actions/net.launchpad.PrivacyPanel.policy")
    actions = {action.get("id"): action for action in policy.iter("action")}
    assert set(actions) == {OFF, ON}
    for name, wanted in ((OFF, "auth_admin_keep"), (ON, "auth_admin")):
        defaults = {child.tag: child.text for child in actions[name].find("defaults")}
        assert defaults == dict.fromkeys(("allow_any", "allow_inactive", "allow_active"), wanted)
    service = (share / "dbus-1/system-services/net.launchpad.PrivacyPanel.System.service").read_text()
    assert "SystemdService=privacy-panel-system.service\n" in service and "User=root\n" in service


def test_the_record_of_what_was_there_is_for_root_alone(computer):
    computer.ctl("set", CHOICE, "off", uid=PERSON)
    state = computer.file(STATE)
    assert state.stat().st_mode & 0o777 == 0o700
    (record,) = state.iterdir()
    assert record.stat().st_mode & 0o777 == 0o600
