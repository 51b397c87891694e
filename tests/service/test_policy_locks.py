# SPDX-License-Identifier: GPL-3.0-or-later
"""What a policy locks, the system service changes for no caller, whatever polkit says."""

import json

import pytest
from support.everyone import CHOICE, ERROR, LVFS, NETDATA, NEWS, OFF, ON, OTHER, PERSON, POPCON, Everyone

ALLOWED = {OFF: "YES", ON: "YES"}
ORGANISATION = "Example: University"
FOR_ALL = {"fwupd", "netdata", "popularity-contest", "ubuntu-motd-news"}


def apply(computer, state, organisation=ORGANISATION, locked=True):
    text = f'[organisation]\nname = "{organisation}"\n' if organisation else ""
    text += f'[choices.{CHOICE}]\nstate = "{state}"\nlocked = {str(locked).lower()}\n'
    computer.write("/etc/privacy-panel/policy.toml", text)
    done = computer.ctl("policy", "apply")
    assert done.returncode == 0, done


def programs(computer):
    """What privacyctl shows of the programs that the computer sets for all users."""
    status = json.loads(computer.ctl("status", "--json", uid=PERSON).stdout)
    (choice,) = (choice for choice in status["choices"] if choice["id"] == CHOICE)
    return {reader["id"]: reader for reader in choice["readers"] if reader["for_everybody"]}


@pytest.fixture
def computer():
    with Everyone(ALLOWED) as computer:
        yield computer


def test_a_choice_that_a_policy_locks_off_is_not_turned_on_and_the_organisation_is_named(computer):
    assert computer.set("off")["reply"][1] == []
    token = computer.plan("on")
    apply(computer, "off")
    before = computer.files()
    logged = len(computer.log)
    for call in (
        ("Plan", CHOICE, "on", ""),
        ("Plan", CHOICE, "on", "fwupd"),
        ("Set", CHOICE, "on", "", token),
        ("Set", CHOICE, "on", "netdata", token),
    ):
        refused = computer.ask(*call, agent="answer")
        assert refused["error"] == f"{ERROR}Locked", call
        assert refused["message"].endswith(f"{ORGANISATION} has locked this choice"), refused
    # Nothing is turned on, and the user is not asked for a password.
    assert len(computer.log) == logged
    assert computer.files() == before
    assert {id for id, shown in programs(computer).items() if shown["locked"]} == FOR_ALL
    answer = computer.ctl("set", CHOICE, "on", uid=PERSON)
    assert answer.returncode == 3 and "administrator" in answer.stderr
    # Root can remove the policy, and not turn the choice on despite it.
    assert computer.ctl("set", CHOICE, "on", "--for-everyone").returncode == 3
    assert computer.files() == before


def test_a_choice_that_a_policy_locks_on_is_not_turned_off(computer):
    apply(computer, "on", organisation=None)
    before = computer.files()
    refused = computer.ask("Plan", CHOICE, "off", "")
    assert refused["error"] == f"{ERROR}Locked"
    assert refused["message"].endswith("the administrator has locked this choice")
    assert computer.ask("Set", CHOICE, "off", "", "0" * 64)["error"] == f"{ERROR}Locked"
    assert computer.ctl("set", CHOICE, "off", uid=PERSON).returncode == 3
    assert computer.files() == before
    assert all(shown["locked"] and shown["state"] == "on" for shown in programs(computer).values())


def test_a_change_from_before_the_policy_is_not_undone_under_it(computer):
    token, _ = computer.set("off")["reply"]
    apply(computer, "off")
    before = computer.files()
    refused = computer.ask("Undo", CHOICE, token, agent="answer")
    assert refused["error"] == f"{ERROR}Locked" and ORGANISATION in refused["message"]
    assert computer.files() == before
    # Without the policy it is.
    assert computer.ctl("policy", "remove").returncode == 0
    assert "reply" in computer.ask("Undo", CHOICE, token)
    assert computer.read(LVFS).count("=true") == 3 and computer.read(NETDATA) is None


def test_a_policy_that_comes_while_polkit_asks_counts():
    with Everyone({OFF: "YES"}) as computer:
        computer.set("off")
        token = computer.plan("on")
        with computer.caller("Set", CHOICE, "on", "", token, agent="answer") as caller:
            event = caller.next()
            apply(computer, "off")
            before = computer.files()
            computer.permit(event)
            caller.go_on()
            assert caller.end()["error"] == f"{ERROR}Locked"
        assert computer.files() == before


def test_what_a_policy_locks_off_and_cannot_reach_is_turned_off_and_then_stays_off(computer):
    apply(computer, "off")
    # The policy has a place for one of the programs only.
    shown = programs(computer)
    assert {id for id, one in shown.items() if one["locked"]} == {"popularity-contest"}
    assert {id for id, one in shown.items() if one["state"] == "off"} == {"popularity-contest"}
    answer = computer.ctl("set", CHOICE, "off", uid=PERSON)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert computer.read(LVFS).count("=false") == 2 and 'ENABLED="0"' in computer.read(NEWS)
    assert computer.read(POPCON) is None
    assert all(one["locked"] and one["state"] == "off" for one in programs(computer).values())


def test_a_policy_that_only_presets_and_a_lock_of_another_choice_refuse_nothing(computer):
    apply(computer, "off", locked=False)
    assert computer.set("off")["reply"][1] == []
    computer.write("/etc/privacy-panel/policy.toml", '[choices.online-search]\nstate = "off"\nlocked = true\n')
    assert computer.ctl("policy", "apply").returncode == 0
    assert computer.set("on")["reply"][1] == []
    assert computer.read(NETDATA) is None


def test_a_lock_in_another_database_of_the_administrator_counts(computer):
    computer.write("/etc/dconf/profile/user", "user-db:user\nsystem-db:site\n")
    key = f"/net/launchpad/PrivacyPanel/{CHOICE}"
    computer.write("/etc/dconf/db/site.d/00-site", f"[net/launchpad/PrivacyPanel]\n{CHOICE}=false\n")
    computer.write("/etc/dconf/db/site.d/locks/00-site", f"{key}\n")
    assert computer.run("dconf", "update").returncode == 0
    assert computer.ask("Plan", CHOICE, "on", "")["error"] == f"{ERROR}Locked"
    # A user's own profile changes nothing for the computer.
    assert computer.ask("Plan", CHOICE, "on", "", uid=OTHER)["error"] == f"{ERROR}Locked"
    assert "reply" in computer.ask("Plan", CHOICE, "off", "")
    # A database that is none locks nothing, as for dconf.
    computer.write("/etc/dconf/db/site", b"GVariant" + bytes(40))
    assert "reply" in computer.ask("Plan", CHOICE, "on", "")


def test_a_file_that_holds_one_program_off_leaves_no_program_turned_on(computer):
    computer.set("off")
    place = "/etc/popularity-contest.d/zzz-privacy-panel-popularity-contest.conf"
    computer.write(place, 'PARTICIPATE="no"\n')
    before = computer.files()
    _, readers, files, left = computer.ask("Plan", CHOICE, "on", "")["reply"]
    assert (readers, files) == ([], [])
    assert ["popularity-contest", "locked"] in left
    assert {why for _, why in left} == {"locked", "not-tried"}
    assert computer.files() == before
