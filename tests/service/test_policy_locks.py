# SPDX-License-Identifier: GPL-3.0-or-later
"""What a policy locks, the system service changes for no caller, whatever polkit says."""

import json

from support.everyone import (
    ABRT,
    CHOICE,
    ERROR,
    LVFS,
    NETDATA,
    NEWS,
    OFF,
    OTHER,
    PERSON,
    POPCON,
    READERS,
    Everyone,
)
from support.harness import INSTALLED

ORGANISATION = "Example: University"
FOR_ALL = {"fwupd", "netdata", "popularity-contest", "ubuntu-motd-news"}


def apply(computer, state, organisation=ORGANISATION, locked=True, choice=CHOICE):
    text = f'[organisation]\nname = "{organisation}"\n' if organisation else ""
    text += f'[choices.{choice}]\nstate = "{state}"\nlocked = {str(locked).lower()}\n'
    computer.write("/etc/privacy-panel/policy.toml", text)
    done = computer.ctl("policy", "apply")
    assert done.returncode == 0, done


def programs(computer, wanted=CHOICE):
    """What privacyctl shows of the programs that the computer sets for all users."""
    status = json.loads(computer.ctl("status", "--json", uid=PERSON).stdout)
    (choice,) = (choice for choice in status["choices"] if choice["id"] == wanted)
    return {reader["id"]: reader for reader in choice["readers"] if reader["for_everybody"]}



def test_a_choice_that_a_policy_locks_off_is_not_turned_on_and_the_organisation_is_named(allowed):
    assert allowed.set("off")["reply"][1] == []
    token = allowed.plan("on")
    apply(allowed, "off")
    before = allowed.files()
    logged = len(allowed.log)
    for call in (
        ("Plan", CHOICE, "on", ""),
        ("Plan", CHOICE, "on", "fwupd"),
        ("Set", CHOICE, "on", "", token),
        ("Set", CHOICE, "on", "netdata", token),
    ):
        refused = allowed.ask(*call, agent="answer")
        assert refused["error"] == f"{ERROR}Locked", call
        assert refused["message"].endswith(f"{ORGANISATION} has locked this choice"), refused
    # Nothing is turned on, and the user is not asked for a password.
    assert len(allowed.log) == logged
    assert allowed.files() == before
    assert {id for id, shown in programs(allowed).items() if shown["locked"]} == FOR_ALL
    answer = allowed.ctl("set", CHOICE, "on", uid=PERSON)
    assert answer.returncode == 3 and "administrator" in answer.stderr
    # Root can remove the policy, and not turn the choice on despite it.
    assert allowed.ctl("set", CHOICE, "on", "--for-everyone").returncode == 3
    assert allowed.files() == before


def test_a_choice_that_a_policy_locks_on_is_not_turned_off(allowed):
    apply(allowed, "on", organisation=None)
    before = allowed.files()
    refused = allowed.ask("Plan", CHOICE, "off", "")
    assert refused["error"] == f"{ERROR}Locked"
    assert refused["message"].endswith("the administrator has locked this choice")
    assert allowed.ask("Set", CHOICE, "off", "", "0" * 64)["error"] == f"{ERROR}Locked"
    assert allowed.ctl("set", CHOICE, "off", uid=PERSON).returncode == 3
    assert allowed.files() == before
    assert all(shown["locked"] and shown["state"] == "on" for shown in programs(allowed).values())


def test_a_change_from_before_the_policy_is_not_undone_under_it(allowed):
    token, _ = allowed.set("off")["reply"]
    apply(allowed, "off")
    before = allowed.files()
    refused = allowed.ask("Undo", CHOICE, token, agent="answer")
    assert refused["error"] == f"{ERROR}Locked" and ORGANISATION in refused["message"]
    assert allowed.files() == before
    # Without the policy it is.
    assert allowed.ctl("policy", "remove").returncode == 0
    assert "reply" in allowed.ask("Undo", CHOICE, token)
    assert allowed.read(LVFS).count("=true") == 3 and allowed.read(NETDATA) is None


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


def test_what_a_policy_locks_off_and_cannot_reach_is_turned_off_and_then_stays_off(allowed):
    for id in ("fwupd", "netdata"):
        reader = allowed.file(READERS / f"{id}.toml")
        reader.write_text(reader.read_text().partition("[[policy]]")[0])
    shipped = INSTALLED / "share/privacy-panel/readers.d/ubuntu-motd-news.toml"
    allowed.write(READERS / shipped.name, shipped.read_text().partition("[[policy]]")[0])
    apply(allowed, "off")
    # The policy has a place for one of these programs only.
    shown = programs(allowed)
    assert {id for id, one in shown.items() if one["locked"]} == {"popularity-contest"}
    assert {id for id, one in shown.items() if one["state"] == "off"} == {"popularity-contest"}
    answer = allowed.ctl("set", CHOICE, "off", uid=PERSON)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert allowed.read(LVFS).count("=false") == 2 and 'ENABLED="0"' in allowed.read(NEWS)
    assert allowed.read(POPCON) is None
    assert all(one["locked"] and one["state"] == "off" for one in programs(allowed).values())


def test_a_policy_sets_each_file_of_the_computer_and_gives_every_byte_back(allowed):
    before = allowed.files()
    apply(allowed, "off")
    assert allowed.read(LVFS).count("=false") == 2 and 'ENABLED="0"' in allowed.read(NEWS)
    assert allowed.read(NETDATA) == "" and allowed.read(POPCON) is None
    shown = programs(allowed)
    assert {id for id, one in shown.items() if one["locked"] and one["state"] == "off"} == FOR_ALL
    # Nothing is left for the service, which turns none of them on.
    assert allowed.ask("Plan", CHOICE, "off", "")["reply"][1:] == [[], [], []]
    assert allowed.ask("Plan", CHOICE, "on", "")["error"] == f"{ERROR}Locked"
    assert allowed.ctl("policy", "remove").returncode == 0
    allowed.file("/etc/privacy-panel/policy.toml").unlink()
    assert allowed.files() == before


def test_a_policy_that_only_presets_and_a_lock_of_another_choice_refuse_nothing(allowed):
    apply(allowed, "off", locked=False)
    assert allowed.set("off")["reply"][1] == []
    allowed.write("/etc/privacy-panel/policy.toml", '[choices.online-search]\nstate = "off"\nlocked = true\n')
    assert allowed.ctl("policy", "apply").returncode == 0
    assert allowed.set("on")["reply"][1] == []
    assert allowed.read(NETDATA) is None


def test_a_lock_in_another_database_of_the_administrator_counts(allowed):
    allowed.write("/etc/dconf/profile/user", "user-db:user\nsystem-db:site\n")
    key = f"/net/launchpad/PrivacyPanel/{CHOICE}"
    allowed.write("/etc/dconf/db/site.d/00-site", f"[net/launchpad/PrivacyPanel]\n{CHOICE}=false\n")
    allowed.write("/etc/dconf/db/site.d/locks/00-site", f"{key}\n")
    assert allowed.run("dconf", "update").returncode == 0
    assert allowed.ask("Plan", CHOICE, "on", "")["error"] == f"{ERROR}Locked"
    # A user's own profile changes nothing for the computer.
    assert allowed.ask("Plan", CHOICE, "on", "", uid=OTHER)["error"] == f"{ERROR}Locked"
    assert "reply" in allowed.ask("Plan", CHOICE, "off", "")
    # An invalid database locks nothing, as in dconf.
    allowed.write("/etc/dconf/db/site", b"GVariant" + bytes(40))
    assert "reply" in allowed.ask("Plan", CHOICE, "on", "")


def test_a_file_that_holds_one_program_off_leaves_no_program_turned_on(allowed):
    allowed.set("off")
    place = "/etc/popularity-contest.d/zzz-privacy-panel-popularity-contest.conf"
    allowed.write(place, 'PARTICIPATE="no"\n')
    before = allowed.files()
    _, readers, files, left = allowed.ask("Plan", CHOICE, "on", "")["reply"]
    assert (readers, files) == ([], [])
    assert ["popularity-contest", "locked"] in left
    assert {why for _, why in left} == {"locked", "not-tried"}
    assert allowed.files() == before


def test_abrt_reports_for_all_users_or_not_and_a_policy_decides_in_its_own_file(allowed):
    before = allowed.read(ABRT)
    off = before.replace("  yes", "  no")
    reports = "error-reports"
    shown = programs(allowed, reports)["abrt-auto-reporting"]
    assert (shown["state"], shown["locked"]) == ("on", False)
    assert allowed.set("off", choice=reports)["reply"][1] == []
    assert allowed.read(ABRT) == off
    assert allowed.set("on", choice=reports)["reply"][1] == []
    assert allowed.read(ABRT) == before
    apply(allowed, "off", choice=reports)
    assert allowed.read(ABRT) == off
    shown = programs(allowed, reports)["abrt-auto-reporting"]
    assert (shown["state"], shown["locked"]) == ("off", True)
    assert allowed.ask("Plan", reports, "on", "")["error"] == f"{ERROR}Locked"
    assert allowed.read(ABRT) == off
    assert allowed.ctl("policy", "remove").returncode == 0
    assert allowed.read(ABRT) == before


def test_a_file_of_abrt_that_abrt_itself_cannot_read_is_left_alone(allowed):
    for text in ("[abrt]\nAutoreportingEnabled = yes\n", "AutoreportingEnabled = yes\r\n", "yes\n"):
        allowed.write(ABRT, text)
        _, readers, files, left = allowed.ask("Plan", "error-reports", "off", "")["reply"]
        assert (readers, files, left) == ([], [], [["abrt-auto-reporting", "not-understood"]])
        assert allowed.file(ABRT).read_bytes() == text.encode()
