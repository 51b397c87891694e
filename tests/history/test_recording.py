# SPDX-License-Identifier: GPL-3.0-or-later
"""The real Zeitgeist obeys “Record files and applications used”, with its real clients."""

import json
import os
import signal
import time

import pytest
from support.computer import POLICY
from support.harness import Session, Watch, wait_for
from support.names import ACTIVITY, NOT_SAVED, PRIVACY_SCHEMA, SEARCH
from support.screen import Panel, open_page, says
from support.zeitgeist import NAME, PATH, RULES, Log, StandIn

CHOICE = "activity-history"
READER = "zeitgeist"
ENTRY = "block-all"

# As activity-log-manager makes it with libzeitgeist, and as older versions did: without an origin.
EVERYTHING = "(['', '', '', '', '', ''], @aas [], @ay [])"
OF_OLD = "(['', '', '', '', ''], @aas [], @ay [])"


def reader(session):
    return session.reader(CHOICE, READER)


def switch_of_others(session, on, value=EVERYTHING):
    """Does what the switches of activity-log-manager and elementary do."""
    call = ("gdbus", "call", "--session", "--dest", NAME, "--object-path", PATH, "--method")
    if on:
        session.ask(*call, f"{RULES}.RemoveTemplate", ENTRY)
    else:
        session.ask(*call, f"{RULES}.AddTemplate", ENTRY, value)


@pytest.mark.proof("zeitgeist", "program")
def test_an_event_is_recorded_while_the_choice_is_on_dropped_while_off_and_recorded_again(
    session, log
):
    log.add_template("third-party")
    theirs = log.templates()
    assert session.ctl("set", CHOICE, "on").returncode == 0
    assert reader(session)["state"] == "on"
    assert log.records(1)
    done = session.ctl("set", CHOICE, "off")
    assert done.returncode == 0
    assert "Activities (Zeitgeist)" in done.stdout
    assert (reader(session)["state"], reader(session)["origin"]) == ("off", "you")
    for kind in ("DOCUMENT", "IMAGE", "WEBSITE", "SOFTWARE"):
        assert not log.records(2, kind=kind)
    assert not log.records(3, actor="org.gnome.gedit.desktop")
    assert session.ask("privacyctl", "get", CHOICE) == "off"
    assert session.ctl("is-on", CHOICE).returncode == 1

    # Zeitgeist keeps it, not this program.
    log.kill()
    wait_for("it has come up", lambda: reader(session)["state"] == "off")
    assert not log.records(4)
    assert sorted(log.templates()) == [ENTRY, "third-party"]

    assert session.ctl("set", CHOICE, "on").returncode == 0
    assert log.records(5)
    assert log.templates() == theirs, "what others made is as it was"


def test_a_zeitgeist_that_never_ran_is_not_started_to_be_asked_and_would_record(session, log):
    found = reader(session)
    assert (found["installed"], found["state"], found["origin"]) == (True, "on", "default")
    session.ask("privacyctl", "status")
    session.ask("privacyctl", "readers")
    assert session.ctl("set", CHOICE, "on").returncode == 0
    assert not log.has_run()
    # Only Zeitgeist stores the off.
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert log.has_run() and reader(session)["state"] == "off"
    assert not log.records(1)


def test_without_zeitgeist_it_is_not_installed():
    service = f"/usr/share/dbus-1/services/{NAME}.service"
    with Session(binds=[("/dev/null", service)]) as session:
        assert reader(session)["installed"] is False
        assert session.ctl("set", CHOICE, "off").returncode == 0
        assert session.ask("privacyctl", "get", CHOICE) == "off"
    with Session(bus=False) as session:
        assert reader(session)["installed"] is False


@pytest.mark.parametrize("value", [EVERYTHING, OF_OLD])
def test_the_switch_of_activity_log_manager_and_this_one_are_one(session, log, value):
    assert session.ctl("set", CHOICE, "on").returncode == 0
    switch_of_others(session, False, value)
    assert not log.records(1)
    assert reader(session)["state"] == "off"
    switch_of_others(session, True)
    assert reader(session)["state"] == "on"
    assert log.records(1)
    # And the reverse: the panel's entry is exactly the same as theirs.
    switch_of_others(session, False)
    theirs = log.templates()[ENTRY]
    switch_of_others(session, True)
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert without_time(log.templates()[ENTRY]) == without_time(theirs)
    switch_of_others(session, True)
    assert reader(session)["state"] == "on"


def without_time(template):
    """A template without its creation time."""
    return "".join(c for c in template if not c.isdigit())


def test_a_rule_of_that_name_that_lets_something_through_is_never_called_off(session, log):
    assert session.ctl("set", CHOICE, "off").returncode == 0
    log.add_template(ENTRY, actor="application://other")
    assert log.records(1), "it does not drop everything"
    assert reader(session)["state"] == "mixed"
    assert session.ask("privacyctl", "get", CHOICE) == "mixed"
    assert session.ctl("is-on", CHOICE).returncode == 0
    listed = session.ask("privacyctl", "history", "never-record", "list", "--json")
    assert json.loads(listed)["never_record"] == [{"kind": "other", "value": ENTRY}]
    # One step corrects it.
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert reader(session)["state"] == "off"
    assert not log.records(1)


def test_a_reset_takes_the_decision_back_and_leaves_the_rules_of_others(session, log):
    log.add_template("third-party")
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert session.ctl("reset", CHOICE).returncode == 0
    assert list(log.templates()) == ["third-party"]
    assert (reader(session)["state"], reader(session)["origin"]) == ("on", "default")
    assert session.status(CHOICE)["origin"] == "default"
    assert log.records(1)


def test_watch_tells_of_the_changes_of_others(session, log):
    assert session.ctl("set", CHOICE, "on").returncode == 0
    log.record([1])
    watch = Watch(session)

    def told(state):
        entry = watch.next()
        return entry["id"] == CHOICE and watch.reader(CHOICE, READER)["state"] == state

    switch_of_others(session, False)
    assert told("off")
    switch_of_others(session, True)
    assert told("on")
    # An unrelated rule causes no output: the next line is about the related one.
    log.add_template("third-party")
    switch_of_others(session, False)
    assert told("off")


@pytest.mark.clock
def test_a_service_that_hangs_delays_no_caller_for_long_and_is_never_called_off(session, log):
    assert session.ctl("set", CHOICE, "off").returncode == 0
    os.kill(log.process(), signal.SIGSTOP)
    began = time.monotonic()
    assert session.ask("privacyctl", "get", CHOICE) == "mixed"
    assert 1 < time.monotonic() - began < 3
    found = reader(session)
    assert (found["installed"], found["state"]) == (True, None)
    assert found["problem"] == f"the service “{NAME}” did not answer"
    began = time.monotonic()
    done = session.ctl("set", CHOICE, "on")
    assert time.monotonic() - began < 15
    assert done.returncode == NOT_SAVED
    assert "its service did not answer in time" in done.stderr
    assert session.get(PRIVACY_SCHEMA, "remember-app-usage") == "false", "none was turned on"
    os.kill(log.process(), signal.SIGCONT)


def test_one_that_is_killed_while_it_is_told_is_said_not_to_have_kept_it(session, log):
    assert session.ctl("set", CHOICE, "on").returncode == 0
    log.record([1])
    os.kill(log.process(), signal.SIGSTOP)
    output = session.root / "said"
    telling = session.calls("AddTemplate")
    with output.open("w") as out:
        change = session.spawn(["privacyctl", "set", CHOICE, "off"], stderr=out)
        telling.wait_for_one()
        log.kill()
        assert change.wait(30) == NOT_SAVED
    assert "Activities (Zeitgeist) did not keep the change." in output.read_text()
    # All other readers are turned off, and the report about Zeitgeist is true.
    assert session.get(PRIVACY_SCHEMA, "remember-app-usage") == "false"
    wait_for("it has come up", lambda: reader(session)["state"] == "on")
    assert log.records(1)


def test_one_that_cannot_be_started_is_not_known(session, log):
    log.record([1])
    # SQLite would take its journal for newer pages of the database.
    for file in (session.root / "data" / "zeitgeist").glob("activity.sqlite*"):
        file.unlink()
    (session.root / "data" / "zeitgeist" / "activity.sqlite").write_bytes(b"no database" * 100)
    log.kill()
    found = reader(session)
    assert (found["installed"], found["state"]) == (True, None)
    # A query may time out before the service has ended.
    wait_for("its end", lambda: "exited with status" in reader(session)["problem"])
    said = "The program’s service does not work"
    wait_for("it is said", lambda: said in session.ask("privacyctl", "status"))
    assert session.ctl("set", CHOICE, "off").returncode == NOT_SAVED
    assert session.ask("privacyctl", "get", CHOICE) == "mixed"


@pytest.mark.parametrize(
    ("behaviour", "sentence"),
    [
        ("refuse", "Activities (Zeitgeist) was not changed: permission was not given."),
        ("forget", "Activities (Zeitgeist) did not keep the change."),
    ],
)
def test_one_that_refuses_or_forgets_is_said_in_words(session, behaviour, sentence):
    StandIn(session, behaviour)
    assert session.ctl("set", CHOICE, "on").returncode == 0, "there is nothing to be told"
    done = session.ctl("set", CHOICE, "off")
    assert done.returncode == NOT_SAVED and sentence in done.stderr
    assert reader(session)["state"] == "on"
    assert session.ask("privacyctl", "get", CHOICE) == "mixed"


def test_one_that_crashes_while_it_is_told_was_not_changed(session, log):
    StandIn(session, "crash")
    done = session.ctl("set", CHOICE, "off")
    assert done.returncode == NOT_SAVED
    assert "Activities (Zeitgeist) did not keep the change." in done.stderr
    # The bus could start the real one now; it never ran.
    assert (reader(session)["state"], log.has_run()) == ("on", False)


@pytest.mark.parametrize("answer", ["a{ss}", "a{sv}"])
def test_one_of_another_version_is_said_to_be_one(session, answer):
    StandIn(session, answer=answer)
    problem = reader(session)["problem"]
    assert f"answers with the type “({answer})”; “(a{{s(asaasay)}})” was expected" in problem
    assert session.ask("privacyctl", "get", CHOICE) == "mixed"
    words = session.ask("privacyctl", "status")
    assert "keeps the setting in another form" in words
    done = session.ctl("set", CHOICE, "off")
    assert done.returncode == NOT_SAVED and "in another form" in done.stderr


def test_one_without_such_rules_is_said_to_be_of_another_version(session):
    example = EXAMPLE.replace("error-reports", CHOICE).replace("GetTemplates", "GetBlacklist")
    session.add_reader(READER, example)
    StandIn(session)
    problem = reader(session)["problem"]
    assert problem == f"the service “{NAME}” has no method “GetBlacklist”"
    assert "does not have the setting" in session.ask("privacyctl", "status")


def test_an_entry_may_mean_on_and_have_no_part_that_is_filled_in(session, log):
    session.add_reader(
        "example",
        EXAMPLE.replace('present = "off"', 'present = "on"').replace(ENTRY, "example"),
    )
    StandIn(session)

    def state():
        return session.reader("error-reports", "example")["state"]

    assert state() == "off"
    assert session.ctl("set", "error-reports", "on").returncode == 0
    assert state() == "on"
    assert session.ctl("set", "error-reports", "off").returncode == 0
    assert state() == "off"
    # An empty file masks it.
    session.add_reader("example", "")
    readers = session.status("error-reports")["readers"]
    assert "example" not in [reader["id"] for reader in readers]


def test_while_nothing_is_recorded_the_rules_say_so_and_where_that_is_changed(session, log):
    def listed(*arguments):
        return session.ask("privacyctl", "history", "never-record", "list", *arguments)

    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert json.loads(listed("--json"))["never_record"] == [{"kind": "everything", "value": ""}]
    assert listed() == f"everything    Everything, since “{ACTIVITY}” is off for Zeitgeist"
    # Other rules can be added in the meantime, and stay afterwards.
    assert session.ctl("history", "never-record", "add", "kind", "image").returncode == 0
    assert session.ctl("set", CHOICE, "on").returncode == 0
    assert listed().startswith("kind  image")
    assert not log.records(1, kind="IMAGE") and log.records(1, kind="DOCUMENT")


def test_policies_say_that_they_do_not_reach_it(computer):
    computer.write(POLICY, f'[choices.{CHOICE}]\nstate = "off"\nlocked = true\n')
    beyond = "Activities (Zeitgeist): not reached by a policy, neither preset nor locked. People decide."
    for command in ("check", "apply", "status"):
        done = computer.policy(command)
        assert done.returncode == 0
        assert beyond in done.stdout.splitlines()
    found = json.loads(computer.policy("status", "--json").stdout)["choices"][0]
    assert {"id": READER, "name": "Activities (Zeitgeist)"} in found["beyond"]
    assert READER not in [reader["id"] for reader in found["readers"]]


# The panel


def test_the_panel_switches_it_and_follows_the_switches_of_others(screen):
    log = Log(screen)
    log.record([1])
    assert screen.ctl("set", CHOICE, "on").returncode == 0
    with Panel(screen, f"--choice={CHOICE}") as panel:
        panel.wait("the program", lambda: panel.says("Activities (Zeitgeist)"))
        panel.wait_on(ACTIVITY)
        panel.toggle(ACTIVITY)
        panel.wait_on(ACTIVITY, False)
        wait_for("Zeitgeist has it", lambda: ENTRY in log.templates())
        assert not log.records(2)
        switch_of_others(screen, True)
        panel.wait_on(ACTIVITY)
        panel.wait("it is said", lambda: " of " in panel.switch(ACTIVITY)["description"])
        switch_of_others(screen, False)
        panel.wait_on(ACTIVITY, False)
        # The page about rules points to the switch, and follows it.
        panel.key("Escape")
        panel.wait("the first page", lambda: not panel.find(role="push button", name="Back"))
        open_page(panel, "Exceptions", ("Down", "Tab"))
        says(panel, f"Zeitgeist records nothing at all now, since “{ACTIVITY}” is off for it.")
        switch_of_others(screen, True)
        says(panel, "This is about Zeitgeist")


def test_the_panel_heals_when_one_that_starts_slowly_has_come_up(screen):
    log = Log(screen)
    slowly = screen.root / "slowly"
    daemon = f"while test -e {slowly}; do sleep 0.1; done; exec /usr/bin/zeitgeist-daemon"
    screen.add_service(NAME, f"/bin/sh -c '{daemon}'")
    assert screen.ctl("set", CHOICE, "off").returncode == 0
    slowly.touch()
    log.kill()
    with Panel(screen, f"--choice={CHOICE}") as panel:
        # A service that does not answer does not count as off.
        panel.wait("it is said", lambda: panel.says("did not answer, so"))
        assert panel.is_on(ACTIVITY)
        # It starts at last. Without any action in the panel, the panel shows the right state.
        slowly.unlink()
        panel.wait_on(ACTIVITY, False)
        assert not panel.says("did not answer")


@pytest.mark.clock
def test_one_that_hangs_never_freezes_the_panel(screen):
    log = Log(screen)
    log.record([1])
    os.kill(log.process(), signal.SIGSTOP)
    with Panel(screen) as panel:
        began = time.monotonic()
        panel.toggle(SEARCH)
        panel.wait_on(SEARCH)
        assert time.monotonic() - began < 3
        panel.wait("it is said", lambda: panel.says("did not answer, so"))
        os.kill(log.process(), signal.SIGKILL)
        panel.wait("it heals", lambda: not panel.says("did not answer"))


EXAMPLE = f"""
name = "Example"
choice = "error-reports"

[dbus-entry]
bus = "session"
name = "{NAME}"
path = "{PATH}"
interface = "{RULES}"
list = "GetTemplates"
add = "AddTemplate"
remove = "RemoveTemplate"
entry = "{ENTRY}"
value = "{EVERYTHING}"
present = "off"
"""
