# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers that are D-Bus services: whoopsie's, on the session's own system bus."""

import fcntl
import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest
from support.harness import Session, Watch, wait_for
from support.names import (
    NOT_SAVED,
    PANEL_SCHEMA,
    PRIVACY_SCHEMA,
    REPORTS,
    REPORTS_KEY,
    SEARCH,
    STATISTICS,
    UNITY_KEY,
    UNITY_SCHEMA,
)
from support.screen import Panel, go_to
from support.whoopsie import IDENTIFIER, NAME, PATH, Whoopsie

READER = "whoopsie-error-reports"

pytestmark = pytest.mark.session(system_bus=True)


def seconds(function):
    began = time.monotonic()
    function()
    return time.monotonic() - began


def test_a_service_is_switched_with_the_others_and_read_back(session):
    whoopsie = Whoopsie(session)
    assert session.ctl("set", "error-reports", "on").returncode == 0
    assert whoopsie.get("ReportCrashes") and not whoopsie.get("ReportMetrics")
    reader = session.reader("error-reports", READER)
    assert (reader["installed"], reader["state"]) == (True, "on")
    assert (reader["for_everybody"], reader["origin"], reader["locked"]) == (True, None, False)
    assert session.ctl("set", "usage-statistics", "on").returncode == 0
    assert whoopsie.get("ReportMetrics")
    assert session.ask("privacyctl", "get", "error-reports") == "on"
    assert session.ctl("set", "error-reports", "off").returncode == 0
    assert not whoopsie.get("ReportCrashes") and whoopsie.get("ReportMetrics")
    words = session.ask("privacyctl", "status")
    assert "Ubuntu Error Reports (Whoopsie)" in words
    assert "Set for everybody who uses this computer" in words


def test_what_a_service_has_counts_for_the_state_and_a_reset_leaves_it(session):
    whoopsie = Whoopsie(session, ReportCrashes=True)
    assert session.ask("privacyctl", "get", "error-reports") == "on"
    assert session.ctl("set", "error-reports", "on").returncode == 0
    assert session.ctl("reset", "error-reports").returncode == 0
    assert session.status("error-reports")["origin"] == "default"
    assert session.ask("privacyctl", "get", "error-reports") == "on"
    assert whoopsie.get("ReportCrashes")


@pytest.mark.parametrize("bus", [True, False])
def test_a_service_that_is_not_there_is_not_installed(bus):
    with Session(system_bus=bus) as session:
        if not bus:
            session.env["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nonexistent"
        assert session.reader("error-reports", READER)["installed"] is False
        assert session.ask("privacyctl", "get", "error-reports") == "off"
        assert session.ctl("set", "error-reports", "on").returncode == 0
        assert "Whoopsie" not in session.ask("privacyctl", "status")


def test_a_service_that_the_bus_can_start_is_installed_and_started(session):
    program = session.share / "example-reporter"
    program.write_text(REPORTER)
    program.chmod(0o755)
    session.add_service("org.example.Reporter", program)
    session.add_reader("example", EXAMPLE)
    reader = session.reader("error-reports", "example")
    assert reader["installed"], "before it has answered"
    assert reader["for_everybody"] is False, "it is on the session's bus"
    # The service may start too slowly for the first query.
    wait_for("its answer", lambda: session.reader("error-reports", "example")["state"] == "off")
    # Without a setter method, through org.freedesktop.DBus.Properties.
    assert session.ctl("set", "error-reports", "on").returncode == 0
    assert session.reader("error-reports", "example")["state"] == "on"
    # An empty file masks it.
    session.add_reader("example", "")
    readers = session.status("error-reports")["readers"]
    assert "example" not in [reader["id"] for reader in readers]


@pytest.mark.parametrize("behaviour", ["refuse", "dismiss"])
def test_a_refusal_is_a_plain_sentence_and_nothing_is_on_that_a_person_did_not_permit(
    session, behaviour
):
    whoopsie = Whoopsie(session, behaviour)
    done = session.ctl("set", "error-reports", "on")
    assert done.returncode == NOT_SAVED
    assert (
        "Ubuntu Error Reports (Whoopsie) was not changed: permission was not given." in done.stderr
    )
    assert "Traceback" not in done.stderr and "org.freedesktop" not in done.stderr
    assert session.get(PANEL_SCHEMA, "error-reports") == "false"
    assert session.get(PRIVACY_SCHEMA, REPORTS_KEY) == "false"
    assert session.ask("privacyctl", "get", "error-reports") == "off"

    # Turning off differs: every reader that can be turned off is.
    session.set(PRIVACY_SCHEMA, REPORTS_KEY, "true")
    whoopsie.set("ReportCrashes", True)
    done = session.ctl("set", "error-reports", "off")
    assert done.returncode == NOT_SAVED and "permission was not given" in done.stderr
    assert session.get(PRIVACY_SCHEMA, REPORTS_KEY) == "false"
    assert session.ask("privacyctl", "get", "error-reports") == "mixed"


def test_a_service_that_ends_in_the_middle_of_a_change_was_not_changed(session):
    whoopsie = Whoopsie(session, "crash")
    done = session.ctl("set", "error-reports", "on")
    assert done.returncode == NOT_SAVED
    assert "Ubuntu Error Reports (Whoopsie) did not keep the change." in done.stderr
    assert session.reader("error-reports", READER)["installed"] is False, "read back"
    assert session.get(PANEL_SCHEMA, "error-reports") == "false", "none was turned on"
    whoopsie.stop()
    whoopsie = Whoopsie(session, "forget")
    done = session.ctl("set", "error-reports", "on")
    assert done.returncode == NOT_SAVED
    assert "Ubuntu Error Reports (Whoopsie) did not keep the change." in done.stderr
    whoopsie.stop()


def test_of_two_that_set_at_once_one_waits_and_the_programs_agree(session, tmp_path):
    whoopsie = Whoopsie(session)
    stopped = tmp_path / "process"
    whoopsie.stop_caller(stopped)
    # A request that turns on calls the service first; one that turns off calls it last.
    gate = f"echo $$ >{stopped}; exec privacyctl set error-reports on"
    first = session.spawn(["sh", "-c", gate])
    wait_for("the first is in the middle", lambda: whoopsie.get("ReportCrashes"))
    second = session.spawn(["privacyctl", "set", "error-reports", "off"])
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(0.3)
    first.send_signal(signal.SIGCONT)
    assert (first.wait(30), second.wait(30)) == (0, 0)
    readers = [reader for reader in session.status("error-reports")["readers"] if reader["counts"]]
    assert [reader["state"] for reader in readers] == ["off", "off"]


def test_a_change_that_waits_for_a_password_keeps_another_waiting_for_seconds_only(session):
    lock = Path(session.env["XDG_RUNTIME_DIR"]) / "privacy-panel-change.lock"
    assert session.ctl("set", "error-reports", "on").returncode == 0
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert session.ctl("set", "error-reports", "off").returncode == 0
    assert session.ask("privacyctl", "get", "error-reports") == "off"


@pytest.mark.clock
def test_a_service_that_hangs_delays_no_caller_for_long(session):
    whoopsie = Whoopsie(session, ReportCrashes=True)
    whoopsie.hang()
    assert 1 < seconds(lambda: session.ctl("get", "error-reports")) < 3
    assert session.ask("privacyctl", "get", "error-reports") == "mixed", "it may send something"
    # Two choices, with two readers of one service: privacyctl waits for it once.
    assert seconds(lambda: session.ctl("status")) < 3
    assert "did not answer" in session.ask("privacyctl", "status")
    reader = session.reader("error-reports", READER)
    assert (reader["installed"], reader["state"]) == (True, None)
    assert reader["problem"] == f"the service “{NAME}” did not answer"
    # A choice without a service does not wait.
    assert seconds(lambda: session.ctl("get", "online-search")) < 1

    def change():
        done = session.ctl("set", "error-reports", "off")
        assert done.returncode == NOT_SAVED
        assert "its service did not answer in time" in done.stderr

    session.set(PRIVACY_SCHEMA, REPORTS_KEY, "true")
    assert seconds(change) < 15
    assert session.get(PRIVACY_SCHEMA, REPORTS_KEY) == "false"


@pytest.mark.clock
def test_a_system_bus_that_says_nothing_delays_no_caller_for_long(session, tmp_path):
    path = tmp_path / "bus"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        session.env["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={path}"
        assert seconds(lambda: session.ctl("get", "error-reports")) < 4
        assert session.ask("privacyctl", "get", "online-search") == "off"
        assert seconds(lambda: session.ctl("set", "error-reports", "off")) < 15


def test_a_choice_without_services_does_not_touch_the_system_bus(session):
    files = ["strace", "-f", "-e", "trace=connect", "-o", session.root / "calls"]
    session.ask(*files, "privacyctl", "get", "online-search")
    address = session.env["DBUS_SYSTEM_BUS_ADDRESS"].split("=")[1].split(",")[0]
    assert address not in (session.root / "calls").read_text()
    session.ask(*files, "privacyctl", "get", "error-reports")
    assert address in (session.root / "calls").read_text()


def test_watch_tells_of_a_services_own_changes_and_of_its_coming_and_going(session):
    whoopsie = Whoopsie(session)
    watch = Watch(session)

    def state():
        return watch.reader("error-reports", READER)["state"]

    assert state() == "off"
    whoopsie.set("ReportCrashes", True)
    watch.wait_for("it tells of on", lambda: state() == "on")
    whoopsie.set("ReportCrashes", False)
    watch.wait_for("it tells of off", lambda: state() == "off")
    whoopsie.stop()
    watch.wait_for("it tells of the end", lambda: state() is None)
    Whoopsie(session).set("ReportCrashes", True)
    watch.wait_for("it tells of another", lambda: state() == "on")


def test_a_mode_is_told_and_set_without_turning_anything_on(session):
    whoopsie = Whoopsie(session)
    status = session.status("error-reports")
    assert (status["state"], status["mode"]) == ("off", "ask")
    modes = {reader["id"]: reader["mode"] for reader in status["readers"] if reader["mode"]}
    assert modes == {READER: "ask"}
    assert session.status("usage-statistics")["mode"] is None
    assert session.ask("privacyctl", "mode", "error-reports") == "ask"
    assert "Ask each time" not in session.ask("privacyctl", "status"), "nothing is sent at all"

    assert session.ask("privacyctl", "mode", "error-reports", "automatic") == "Send automatically"
    assert whoopsie.get("AutomaticallyReportCrashes") and not whoopsie.get("ReportCrashes")
    assert session.status("error-reports")["state"] == "off"
    assert session.ctl("set", "error-reports", "on").returncode == 0
    assert session.ask("privacyctl", "mode", "error-reports") == "automatic", "on leaves it"
    assert "Send automatically" in session.ask("privacyctl", "status")
    assert session.ctl("mode", "error-reports", "ask").returncode == 0
    assert not whoopsie.get("AutomaticallyReportCrashes") and whoopsie.get("ReportCrashes")

    whoopsie.behave("refuse")
    done = session.ctl("mode", "error-reports", "automatic")
    assert done.returncode == NOT_SAVED and "permission was not given" in done.stderr
    assert session.ask("privacyctl", "mode", "error-reports") == "ask"


def test_without_a_program_that_knows_modes_or_identifiers_the_answer_is_no(session):
    for command in (["mode", "error-reports"], ["mode", "error-reports", "ask"], ["identifier"]):
        done = session.ctl(*command)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("privacyctl: No program here")
    assert session.ctl("identifier", "--json").stdout.strip() == '{"identifiers":[]}'


def test_an_answer_that_is_too_large_is_refused_and_a_long_message_is_cut(session):
    whoopsie = Whoopsie(session)

    def identifier(code):
        whoopsie.identify(code)
        return session.ctl("identifier")

    assert identifier("ret = 'x' * 1024").stdout.strip() == "x" * 1024
    for code, words in {
        "ret = 'x' * 1025": "its identifier is not one line of 1024 bytes at most",
        "ret = 'x' * 5_000_000": "its answer is too large",
        "raise dbus.exceptions.DBusException('y' * 5_000_000, name='org.example.Error')": "y" * 400 + "…",
    }.items():

        def refused(code=code, words=words):
            done = identifier(code)
            return words in done.stderr and done

        # A large answer may arrive too late for one query.
        done = wait_for(words, refused)
        assert done.returncode and words in done.stderr and not done.stdout
        assert len(done.stderr) < 1000
    whoopsie.grow(9_990)
    wait_for("its state", lambda: session.reader("error-reports", READER)["state"] == "off")
    whoopsie.grow(10_001)
    wait_for("it is said", lambda: "service does not work" in session.ctl("status").stdout)


def test_the_identifier_is_printed(session):
    Whoopsie(session)
    assert session.ask("privacyctl", "identifier") == IDENTIFIER
    found = json.loads(session.ask("privacyctl", "identifier", "--json"))["identifiers"]
    name = "Ubuntu Error Reports (Whoopsie)"
    assert found == [{"id": READER, "name": name, "identifier": IDENTIFIER}]


def test_a_service_of_another_version_is_said_to_be_one(session):
    whoopsie = Whoopsie(session)
    session.add_reader("other", EXAMPLE_OF_WHOOPSIE.replace("Metrics", "Everything"))
    reader = session.reader("error-reports", "other")
    assert reader["problem"] == f"the service “{NAME}” has no property “ReportEverything”"
    session.add_reader("other", EXAMPLE_OF_WHOOPSIE.replace('"true"', "\"'all'\"").replace(
        '"false"', "\"'none'\""
    ))
    reader = session.reader("error-reports", "other")
    assert "has the type “b”; “s” was expected" in reader["problem"]
    assert session.ask("privacyctl", "get", "error-reports") == "mixed"
    assert whoopsie.process.poll() is None


# The panel


def test_the_panel_switches_a_service_and_follows_it(screen):
    whoopsie = Whoopsie(screen)
    with Panel(screen, "--choice=error-reports") as panel:
        panel.wait("the program", lambda: panel.says("Ubuntu Error Reports (Whoopsie)"))
        assert not panel.is_on(REPORTS)
        panel.toggle(REPORTS)
        panel.wait_on(REPORTS)
        wait_for("the service has it", lambda: whoopsie.get("ReportCrashes"))
        whoopsie.set("ReportMetrics", True)
        panel.wait_on(STATISTICS)
        whoopsie.set("ReportMetrics", False)
        panel.wait_on(STATISTICS, False)
        whoopsie.stop()
        panel.wait("it is gone", lambda: not panel.says("Whoopsie"))


def test_the_panel_shows_the_mode_as_one_choice_and_sets_it(screen):
    whoopsie = Whoopsie(screen, ReportCrashes=True)
    with Panel(screen, "--choice=error-reports") as panel:
        row = {"role": "combo box", "name": "How to Send"}
        panel.wait("the mode", lambda: panel.find(**row))
        assert panel.find(name="Ask each time")
        go_to(panel, "How to Send")
        panel.key("Return", "Down", "Return")
        wait_for("the service has it", lambda: whoopsie.get("AutomaticallyReportCrashes"))
        panel.wait("it is shown", lambda: panel.find(name="Send automatically"))
        whoopsie.set("AutomaticallyReportCrashes", False)
        panel.wait("it follows", lambda: panel.find(name="Ask each time"))
        whoopsie.behave("refuse")
        panel.key("Return", "Down", "Return")
        panel.wait("the sentence", lambda: panel.says("permission was not given."))
        panel.wait("it goes back", lambda: panel.find(name="Ask each time"))
        whoopsie.behave("obey")
        panel.toggle(REPORTS)
        panel.wait_on(REPORTS, False)
        panel.wait("off is in no way", lambda: "sensitive" not in panel.find(**row)[0]["states"])


def test_the_page_of_error_reports_shows_the_identifier_while_they_are_sent(screen):
    whoopsie = Whoopsie(screen, ReportCrashes=True)
    with Panel(screen, "--choice=error-reports") as panel:
        name = "Identifier of This Computer"
        panel.wait("the row", lambda: panel.find(role="list item", name=name))
        assert panel.says("Every error report carries it")
        assert panel.says("It cannot be changed here.")
        assert panel.says(f"{IDENTIFIER[:8]}…") and not panel.says(IDENTIFIER[:9])
        panel.press("push button", "Copy the identifier of Ubuntu Error Reports (Whoopsie)")
        panel.wait("the sentence", lambda: panel.says("The identifier was copied."))
        whoopsie.set("ReportCrashes", False)
        panel.wait("it is not sent", lambda: not panel.find(role="list item", name=name))
        whoopsie.set("ReportCrashes", True)
        panel.wait("it is sent", lambda: panel.find(role="list item", name=name))


def test_without_a_service_there_is_neither_a_mode_nor_an_identifier(screen):
    with Panel(screen, "--choice=error-reports") as panel:
        panel.wait("the row", lambda: panel.says("No app here sends this"))
        assert not panel.find(name="Identifier of This Computer")
        combo = panel.find(role="combo box", name="How to Send")
        assert all("showing" not in node["states"] for node in combo)


def test_a_refusal_moves_the_switch_back_and_is_said(screen):
    whoopsie = Whoopsie(screen, "refuse")
    with Panel(screen) as panel:
        panel.wait("the switch", lambda: panel.find(role="check box", name=REPORTS))
        panel.toggle(REPORTS)
        panel.wait("the sentence", lambda: panel.says("was not changed: permission was not given."))
        assert not panel.is_on(REPORTS)
        assert screen.get(PANEL_SCHEMA, "error-reports") == "false"
        assert not whoopsie.get("ReportCrashes")


def test_a_service_that_hangs_never_freezes_the_panel(screen):
    whoopsie = Whoopsie(screen)
    whoopsie.hang()
    with Panel(screen) as panel:
        # Everything that does not depend on it is shown at once.
        panel.toggle(SEARCH)
        panel.wait_on(SEARCH)
        panel.wait("it is said", lambda: panel.says("Ubuntu Error Reports (Whoopsie) did not answer"))
        panel.wait_on(REPORTS)
        # A change waits for it, but the panel does not: other changes are done in the meantime.
        began = time.monotonic()
        panel.toggle(REPORTS)
        panel.toggle(SEARCH)
        panel.wait_on(SEARCH, False)
        waited = panel.says("its service did not answer in time")
        # On a busy computer, the panel's patience may have ended by now.
        assert not waited or time.monotonic() - began > 4.5
        panel.wait("it is said", lambda: panel.says("its service did not answer in time"))


def test_while_a_service_asks_for_a_password_nothing_is_called_unknown(screen):
    whoopsie = Whoopsie(screen, "slow")
    with Panel(screen) as panel:
        panel.wait("the switch", lambda: panel.find(role="check box", name=REPORTS))
        panel.toggle(REPORTS)
        # Another program keeps changing another setting, and the panel re-reads everything.
        end = time.monotonic() + 30
        while not panel.is_on(REPORTS):
            for value, on in (("all", True), ("none", False)):
                screen.set(UNITY_SCHEMA, UNITY_KEY, value)
                panel.wait_on(SEARCH, on)
                assert not panel.says("did not answer")
            assert time.monotonic() < end, "the service has answered long ago"
        wait_for("the service has it", lambda: whoopsie.get("ReportCrashes"))


def test_a_service_that_crashes_during_a_change_leaves_the_panel_right(screen):
    Whoopsie(screen, "crash")
    with Panel(screen, "--choice=error-reports") as panel:
        panel.wait("the program", lambda: panel.says("Ubuntu Error Reports (Whoopsie)"))
        panel.toggle(REPORTS)
        panel.wait("it is gone", lambda: not panel.find(name="Ubuntu Error Reports (Whoopsie)"))
        assert panel.process.poll() is None
        assert panel.is_on(REPORTS) == (screen.ask("privacyctl", "get", "error-reports") != "off")


def test_the_end_of_the_system_bus_is_not_the_panels(screen):
    Whoopsie(screen)
    bus = screen.children[1]
    with Panel(screen) as panel:
        panel.wait("the program", lambda: panel.says("Ubuntu Error Reports (Whoopsie)"))
        bus.kill()
        bus.wait()
        # One thread of GLib reads all buses in turn: after two answers, it has read the end.
        assert panel.tree() and panel.tree()
        panel.toggle(SEARCH)
        panel.wait_on(SEARCH)


EXAMPLE = """
name = "Example Reporter"
choice = "error-reports"

[dbus]
bus = "session"
name = "org.example.Reporter"
path = "/org/example/Reporter"
interface = "org.example.Reporter"
property = "Level"
on = "uint32 1"
off = "uint32 0"
"""

EXAMPLE_OF_WHOOPSIE = f"""
name = "Other"
choice = "error-reports"

[dbus]
bus = "system"
name = "{NAME}"
path = "{PATH}"
interface = "{NAME}"
property = "ReportMetrics"
on = "true"
off = "false"
"""

REPORTER = """#!/usr/bin/gjs
const {Gio, GLib} = imports.gi;
const XML = `<node><interface name="org.example.Reporter">
<property name="Level" type="u" access="readwrite"/></interface></node>`;
const object = {Level: 0};
const exported = Gio.DBusExportedObject.wrapJSObject(XML, object);
exported.export(Gio.DBus.session, "/org/example/Reporter");
Gio.DBus.session.own_name("org.example.Reporter", 0, null, null);
new GLib.MainLoop(null, false).run();
"""
