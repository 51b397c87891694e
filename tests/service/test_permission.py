# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may change settings that apply to all users: a real polkitd decides."""

import time

import pytest

from support.everyone import (
    CHOICE,
    ERROR,
    LVFS,
    NETDATA,
    NEWS,
    OFF,
    ON,
    OTHER,
    POPCON,
    Everyone,
)
from support.harness import wait_for


def is_off(computer):
    return (
        "no" in (computer.read(POPCON) or "")
        and 'ENABLED="0"' in computer.read(NEWS)
        and computer.read(LVFS).count("=false") == 2
        and computer.read(NETDATA) == ""
    )



def test_a_user_whom_a_rule_allows_it_turns_all_programs_off_and_not_on(may_turn_off):
    token, left = may_turn_off.set("off")["reply"]
    assert left == [] and len(token) == 64
    assert is_off(may_turn_off)
    # Everything else in other programs’ files is as it was.
    assert may_turn_off.read(NEWS).startswith("# Enable/disable the dynamic MOTD news service\n")
    assert may_turn_off.read(NEWS).endswith("\nWAIT=5\n")
    assert "# stable\nEnabled=true\n" in may_turn_off.read(LVFS)
    before = may_turn_off.files()
    assert may_turn_off.set("on")["error"] == f"{ERROR}NoAgent"
    assert may_turn_off.files() == before


def test_a_user_whom_no_rule_allows_it_changes_nothing(may_turn_off):
    before = may_turn_off.files()
    assert may_turn_off.set("off", uid=OTHER)["error"] == f"{ERROR}NoAgent"
    assert may_turn_off.files() == before


def test_a_no_of_polkit_is_final_and_is_logged():
    with Everyone({OFF: "NO", ON: "NO"}) as computer:
        before = computer.files()
        for state in ("off",):
            assert computer.set(state, agent="answer")["error"] == f"{ERROR}NotAllowed"
        assert computer.files() == before
        entry = computer.log[-1]
        assert entry["PRIVACY_PANEL_POLKIT"] == "no"
        assert entry["PRIVACY_PANEL_USER"] == "4242"
        assert entry["PRIVACY_PANEL_RESULT"].startswith("NotAllowed")


def test_without_an_agent_the_service_says_so():
    with Everyone() as computer:
        before = computer.files()
        assert computer.set("off", agent="missing")["error"] == f"{ERROR}NoAgent"
        assert computer.files() == before


def test_an_agent_that_answers_late_lets_the_change_happen_once_it_has_answered():
    with Everyone() as computer:
        before = computer.files()
        token = computer.plan("off")
        with computer.caller("Set", CHOICE, "off", "", token, agent="answer") as caller:
            event = caller.next()
            assert event["asked"] == OFF
            assert "for everyone on this computer" in event["message"]
            # Meanwhile nothing happens, and other callers get answers.
            assert computer.files() == before
            assert computer.plan("off", uid=OTHER)
            computer.permit(event)
            caller.go_on()
            assert caller.end()["reply"][1] == []
        assert is_off(computer)


@pytest.mark.parametrize("state, asked", [("off", 1), ("on", 2)])
def test_an_administrators_yes_holds_for_a_moment_for_turning_off_and_never_for_turning_on(state, asked):
    """As when the panel turns everything off: one program of the user changes two choices."""
    with Everyone() as computer:
        if state == "on":
            for choice in (CHOICE, "error-reports"):
                computer.set("off", choice=choice, uid=0)
        calls = [("Set", choice, state, "", computer.plan(state, choice)) for choice in (CHOICE, "error-reports")]
        with computer.caller(*calls[0], None, *calls[1], agent="answer") as caller:
            events = []
            while sum("reply" in event or "error" in event for event in events) < 2:
                events.append(caller.next())
                if "asked" in events[-1]:
                    computer.permit(events[-1])
                    caller.go_on()
        assert all(event["reply"][1] == [] for event in events if "asked" not in event), events
        assert sum("asked" in event for event in events) == asked
        # Another program of the user is asked.
        again = "off" if state == "on" else "on"
        assert computer.set(again, agent="missing")["error"] == f"{ERROR}NoAgent"
        if state == "off":
            computer.set("on", uid=0)
            assert computer.set("off", agent="missing")["error"] == f"{ERROR}NoAgent"


def test_a_user_who_cancels_changes_nothing():
    with Everyone() as computer:
        before = computer.files()
        assert computer.set("off", agent="refuse")["error"] == f"{ERROR}NotAllowed"
        assert computer.files() == before


def test_a_caller_that_leaves_while_polkit_asks_changes_nothing_and_takes_up_no_place():
    with Everyone() as computer:
        before = computer.files()
        token = computer.plan("off")
        for _ in range(5):
            with computer.caller("Set", CHOICE, "off", "", token, agent="vanish") as caller:
                assert caller.next()["asked"] == OFF
                caller.process.wait()
        with computer.caller("Set", CHOICE, "off", "", token, agent="answer") as caller:
            event = caller.next()
            computer.permit(event)
            assert computer.files() == before
            caller.go_on()
            assert caller.end()["reply"][1] == []


def test_a_dialog_is_closed_if_its_caller_leaves():
    with Everyone() as computer:
        token = computer.plan("off")
        with computer.caller("Set", CHOICE, "off", "", token, agent="silent") as caller:
            cookie = caller.next()["cookie"]
            # The caller’s connection ends with it; polkit forgets the cookie.
            caller.process.kill()
            caller.process.wait()
            event = {"cookie": cookie, "identities": [["unix-user", {"uid": 0}]]}
            before = computer.files()
            with pytest.raises(Exception, match="cookie"):
                wait_for("polkit’s refusal", lambda: computer.permit(event))
            assert computer.files() == before


def test_a_dialog_that_nobody_answers_is_closed_after_two_minutes():
    with Everyone() as computer:
        before = computer.files()
        call = ("Set", CHOICE, "off", "", computer.plan("off"))
        began = time.monotonic()
        # The second call opens another dialog.
        with computer.caller(*call, None, *call, agent="silent") as caller:
            cookie = caller.next()["cookie"]
            events = [caller.next() for _ in range(3)]
            assert time.monotonic() - began >= 120
        assert {"cancelled": cookie} in events
        assert [event["error"] for event in events if "error" in event] == [f"{ERROR}TimedOut"]
        assert [event["asked"] for event in events if "asked" in event] == [OFF]
        assert computer.files() == before


def test_turning_on_asks_for_the_other_action_and_undo_of_off_as_well():
    with Everyone({OFF: "YES"}) as computer:
        before = computer.files()
        undo_token, _ = computer.set("off")["reply"]
        token = computer.plan("on")
        for call in (("Set", CHOICE, "on", "", token), ("Undo", CHOICE, undo_token)):
            with computer.caller(*call, agent="answer") as caller:
                assert caller.next()["asked"] == ON
        with computer.caller("Undo", CHOICE, undo_token, agent="answer") as caller:
            computer.permit(caller.next())
            caller.go_on()
            assert caller.end()["reply"] == []
        assert computer.files() == before


def test_files_that_changed_while_polkit_asked_are_not_overwritten():
    with Everyone({OFF: "YES"}) as computer:
        token = computer.plan("off")
        computer.write(NEWS, "ENABLED=1\nWAIT=7\n")
        before = computer.files()
        assert computer.ask("Set", CHOICE, "off", "", token)["error"] == f"{ERROR}Stale"
        assert computer.files() == before
    with Everyone() as computer:
        token = computer.plan("off")
        with computer.caller("Set", CHOICE, "off", "", token, agent="answer") as caller:
            event = caller.next()
            computer.write(NEWS, "ENABLED=1\nWAIT=7\n")
            before = computer.files()
            computer.permit(event)
            caller.go_on()
            assert caller.end()["error"] == f"{ERROR}Stale"
        assert computer.files() == before


def test_an_undo_keeps_what_another_program_has_written_since():
    with Everyone({OFF: "YES", ON: "YES"}) as computer:
        token, _ = computer.set("off")["reply"]
        computer.write(NEWS, "ENABLED=0\n# mine\n")
        before = computer.files()
        answer = computer.ask("Undo", CHOICE, token)
        assert (answer["error"], answer["message"].rsplit(" ")[-1]) == (f"{ERROR}File", "changed")
        assert computer.files() == before
        assert computer.ask("Undo", CHOICE, "0" * 64)["error"] == f"{ERROR}Stale"


def test_nothing_is_turned_on_that_no_log_knows_of():
    with Everyone({OFF: "YES", ON: "YES"}) as computer:
        computer.set("off")
        begins, done = computer.log[-2:]
        assert begins["PRIVACY_PANEL_RESULT"] == "begins"
        assert done["PRIVACY_PANEL_RESULT"] == "done"
        assert str(NEWS) in done["PRIVACY_PANEL_FILES"]
        computer.file("/run/systemd/journal/socket").unlink()
        before = computer.files()
        assert computer.set("on")["error"] == f"{ERROR}NotLogged"
        assert computer.files() == before


def test_a_change_of_one_program_leaves_the_others_alone(may_turn_off):
    token = may_turn_off.ask("Plan", CHOICE, "off", "fwupd")["reply"][0]
    assert may_turn_off.ask("Set", CHOICE, "off", "fwupd", token)["reply"][1] == []
    assert may_turn_off.read(LVFS).count("=false") == 2
    assert may_turn_off.read(POPCON) is None and "ENABLED=1" in may_turn_off.read(NEWS)
    # The token is only valid for this change.
    token = may_turn_off.ask("Plan", CHOICE, "off", "netdata")["reply"][0]
    assert may_turn_off.ask("Set", CHOICE, "off", "", token)["error"] == f"{ERROR}Stale"
    assert may_turn_off.ask("Plan", CHOICE, "off", "gnome-shell")["error"] == f"{ERROR}NoReader"
