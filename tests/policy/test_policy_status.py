# SPDX-License-Identifier: GPL-3.0-or-later
"""`policy status`: in words, in JSON, by its exit status, and the rights of files."""

import json

import pytest
from support.computer import DATABASE, DATABASES, POLICY, PROFILE, SOURCES
from support.names import DONE, NO, NOT_SAVED
from support.policy import (
    FULL,
    LENSES,
    LENSES_PATH,
    OFF_LOCKED,
    OFF_PRESET,
    ON_LOCKED,
    REPORTS_LOCKED,
    reached,
    said,
)


def test_status_answers_in_words_in_json_and_by_its_exit_status(computer):
    done = computer.policy("status")
    assert (done.returncode, done.stdout, done.stderr) == (NO, "There is no policy.\n", "")
    done = computer.policy("status", "--json")
    assert (done.returncode, json.loads(done.stdout)["policy"]) == (NO, None)

    computer.write(POLICY, FULL)
    done = computer.policy("status")
    assert done.returncode == NO
    assert "nobody’s programs read it. Run “privacyctl policy apply”." in done.stdout

    computer.apply()
    done = computer.policy("status")
    assert (done.returncode, done.stderr) == (DONE, "")
    lines = reached(done)
    assert lines[0] == f"Policy: {POLICY}"
    assert lines[1] == "Example University, https://it.example.edu/privacy"
    assert lines[-1] == "What is in force is what the policy says."
    assert sum(line.endswith("  in force") for line in lines) == 9

    found = json.loads(computer.session.ask("privacyctl", "policy", "status", "--json"))
    assert found["policy"] == str(POLICY)
    assert found["organisation"] == {
        "name": "Example University",
        "contact": "https://it.example.edu/privacy",
    }
    assert (found["in_force"], found["in_profile"]) == (True, True)
    assert (found["exposed"], found["hidden"]) == ([], [])
    choices = {choice["id"]: choice for choice in found["choices"]}
    assert list(choices) == ["online-search", "error-reports"]
    reports = choices["error-reports"]
    assert (reports["state"], reports["locked"]) == ("on", True)
    readers = [reader["id"] for reader in reports["readers"]]
    assert (readers[0], readers[-1]) == ("abrt", "privacy-panel")
    assert reports["readers"][0]["keys"] == [
        {
            "key": "/org/gnome/desktop/privacy/report-technical-problems",
            "wanted": "true",
            "wanted_locked": True,
            "found": "true",
            "found_locked": True,
        }
    ]


def test_status_tells_a_policy_that_was_edited_and_not_applied(computer):
    computer.apply(OFF_LOCKED)
    computer.write(POLICY, ON_LOCKED)
    done = computer.policy("status")
    assert done.returncode == NO
    assert f"{LENSES_PATH} is 'none', and should be 'all'" in done.stdout
    # A lock alone differs.
    computer.write(POLICY, OFF_PRESET)
    done = computer.policy("status")
    assert done.returncode == NO
    assert f"{LENSES_PATH} is locked, and shouldn’t be" in done.stdout
    computer.apply(OFF_PRESET)
    computer.write(POLICY, OFF_LOCKED)
    done = computer.policy("status")
    assert done.returncode == NO
    assert f"{LENSES_PATH} isn’t locked, and should be" in done.stdout
    computer.apply(OFF_LOCKED)
    # Any other difference, such as the organisation, or a lock that is gone.
    computer.write(POLICY, OFF_LOCKED + '[organisation]\nname = "X"\n')
    assert computer.policy("status").returncode == NO
    computer.apply(OFF_LOCKED + REPORTS_LOCKED)
    computer.write(POLICY, OFF_LOCKED)
    assert computer.policy("status").returncode == NO, "error reports still are locked"
    computer.file(POLICY).unlink()
    assert computer.policy("status").returncode == DONE, "what was applied is known"


@pytest.mark.parametrize("path", [PROFILE, PROFILE.parent, DATABASE, DATABASES])
def test_status_tells_what_people_cannot_read(computer, path):
    computer.apply(OFF_LOCKED)
    file = computer.file(path)
    file.chmod(file.stat().st_mode & 0o700)
    done = computer.policy("status")
    assert done.returncode == NO
    sentence = f"People cannot read “{path}”, so their programs do not obey."
    assert said(done)[0].startswith(sentence)
    found = json.loads(computer.policy("status", "--json").stdout)
    assert (found["in_force"], found["hidden"]) == (False, [str(path)])
    # This is true: another user's program runs as if there were no policy.
    writable = computer.as_user("gsettings", "writable", *LENSES.split())
    assert writable.stdout.strip() != "false"
    done = computer.policy("apply")
    if path == DATABASE:
        assert done.returncode == DONE, "it is compiled anew"
        assert computer.policy("status").returncode == DONE
    else:
        assert done.returncode == NOT_SAVED
        assert sentence in done.stderr


@pytest.mark.parametrize(
    "path", [PROFILE, PROFILE.parent, SOURCES, DATABASE, DATABASES, DATABASES.parent]
)
def test_status_tells_what_others_can_change(computer, path):
    computer.apply(OFF_LOCKED)
    file = computer.file(path)
    file.chmod(file.stat().st_mode | 0o002)
    # The next apply repairs our files; the administrator must repair the others.
    for command in ["status"] if path in (SOURCES, DATABASE) else ["status", "apply"]:
        done = computer.policy(command)
        assert done.returncode == DONE
        (sentence,) = said(done)
        assert sentence.startswith(f"Others than the administrator can change “{path}”")
    found = json.loads(computer.policy("status", "--json").stdout)
    assert (found["in_force"], found["exposed"]) == (True, [str(path)])
    file.chmod(file.stat().st_mode & ~0o002)
    computer.session.ask("chown", "65534", path)
    found = json.loads(computer.policy("status", "--json").stdout)
    assert found["exposed"] == [str(path)], "its owner can change it"


def test_status_tells_what_a_group_other_than_roots_can_change(computer):
    computer.apply(OFF_LOCKED)
    computer.file(PROFILE).chmod(0o664)
    assert json.loads(computer.policy("status", "--json").stdout)["exposed"] == []
    computer.session.ask("chgrp", "100", PROFILE)
    found = json.loads(computer.policy("status", "--json").stdout)
    assert found["exposed"] == [str(PROFILE)]
