# SPDX-License-Identifier: GPL-3.0-or-later
"""`policy apply`: what it prints and writes; `--again` and `--dry-run`; and after a run that was
cut off."""

import json
import subprocess

import pytest
from support.computer import (
    BACKUPS,
    DATABASE,
    NAME,
    POLICY,
    PROFILE,
    READERS,
    SOURCES,
    Computer,
    contents,
)
from support.harness import INSTALLED
from support.names import BAD, DONE, PANEL_SCHEMA
from support.policy import (
    BOTH,
    CRASHES,
    FULL,
    LENSES,
    MINIMAL,
    OFF_LOCKED,
    ON_LOCKED,
    OWN_REPORTS,
    OWN_SEARCH,
    REPORTS_LOCKED,
    reached,
    read_by_programs,
    reader_file,
    sources,
)


def test_apply_writes_once_and_a_second_time_nothing_at_all(computer):
    assert computer.apply(FULL)[-1] == "changed"
    assert read_by_programs(computer, LENSES) == ("'none'", False)
    before = computer.stamps()
    done = computer.policy("apply")
    assert (done.returncode, done.stderr) == (DONE, "")
    assert reached(done) == [
        "Include online search results: Off, locked (in force for 4 programs)",
        "Send error reports: On, locked (in force for 5 programs)",
        "unchanged",
    ]
    assert computer.stamps() == before


def test_apply_says_nothing_but_what_it_did(computer):
    computer.write(POLICY, OFF_LOCKED)
    done = computer.policy("apply")
    assert (done.returncode, done.stderr) == (DONE, "")
    assert done.stdout.splitlines() == [
        "Include online search results: Off, locked (in force for 4 programs)",
        "For people who are logged in it comes into force when they log in again.",
        "changed",
    ]


def test_a_policy_from_another_file_is_the_one_in_force(computer):
    computer.write("/etc/site.toml", OFF_LOCKED)
    assert computer.apply(None, "/etc/site.toml")[-1] == "changed"
    computer.file("/etc/site.toml").unlink()
    status = json.loads(computer.session.ask("privacyctl", "policy", "status", "--json"))
    assert status["in_force"] and status["policy"] == str(SOURCES / "policy")
    assert read_by_programs(computer, LENSES) == ("'none'", False)


def test_apply_again_takes_the_policy_that_was_applied_and_no_edit_since(computer):
    for text in (OFF_LOCKED, OFF_LOCKED.rstrip("\n"), OFF_LOCKED + "\n\n"):
        computer.write("/etc/site.toml", text)
        computer.apply(None, "/etc/site.toml")
        computer.file("/etc/site.toml").unlink()
        computer.write(POLICY, ON_LOCKED)
        before = computer.files()
        assert computer.apply(None, "--again")[-1] == "unchanged"
        assert computer.files() == before, "to the byte, however often"
    # The case for triggers of packages.
    computer.write(READERS / "late.toml", reader_file().replace("error-reports", "online-search"))
    assert computer.apply(None, "--again")[-1] == "changed"
    assert "[org/example/Absent]\nsend=false\n" in computer.read(SOURCES / "policy")
    assert read_by_programs(computer, LENSES) == ("'none'", False)


def test_apply_again_does_nothing_where_no_policy_was_applied(computer):
    computer.write(POLICY, OFF_LOCKED)
    done = computer.policy("apply", "--again")
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "unchanged\n", "")
    assert not computer.file("/etc/dconf").exists()
    done = computer.policy("apply", "--again", POLICY)
    assert done.returncode == BAD and "cannot be used with" in done.stderr


def test_a_policy_is_applied_while_the_panels_own_schema_waits_to_be_compiled(tmp_path):
    # As in a run of dpkg that unpacks the schema first, and compiles all schemas last.
    schemas = INSTALLED / "share" / "glib-2.0" / "schemas"
    xml = f"{PANEL_SCHEMA}.gschema.xml"
    (tmp_path / xml).write_text((schemas / xml).read_text())
    with Computer(binds=[(tmp_path, schemas)]) as computer:
        assert computer.apply(OFF_LOCKED)[-1] == "changed"
        assert computer.policy("status").returncode == DONE
        computer.session.ask("glib-compile-schemas", schemas)
        assert read_by_programs(computer, OWN_SEARCH) == ("false", False)
        assert computer.policy("status").returncode == DONE


def test_what_a_policy_no_longer_names_is_free_again(computer):
    computer.apply(BOTH)
    assert read_by_programs(computer, LENSES) == ("'none'", False)
    assert read_by_programs(computer, OWN_REPORTS) == ("true", True)
    assert computer.apply(MINIMAL)[-1] == "changed"
    assert read_by_programs(computer, LENSES) == ("'none'", True)
    assert read_by_programs(computer, OWN_REPORTS) == ("false", True)
    assert computer.apply("")[-1] == "changed", "a policy that decides nothing"
    assert computer.policy("status").returncode == DONE


@pytest.mark.parametrize(
    "profile", [None, "user-db:user\nsystem-db:site\n", "# ours\nuser-db:user # x\nsystem-db:site"]
)
def test_a_dry_run_writes_nothing_and_patch_makes_of_its_difference_what_apply_makes(
    computer, tmp_path, profile
):
    if profile is not None:
        computer.write(PROFILE, profile)
        computer.database("site")
        computer.session.ask("dconf", "update")
    # From no policy, and from another policy.
    for number, policy in enumerate((OFF_LOCKED, FULL, ON_LOCKED)):
        computer.write(POLICY, policy)
        before = computer.stamps(), contents(computer.file("/run"))
        done = computer.policy("apply", "--dry-run")
        assert (done.returncode, done.stderr) == (DONE, "")
        assert (computer.stamps(), contents(computer.file("/run"))) == before
        assert done.stdout.splitlines()[-2:] == [
            f"The database “{DATABASE}” would be compiled anew.",
            "changed",
        ]
        copy = tmp_path / str(number)
        copy.mkdir()
        subprocess.run(["cp", "-a", computer.file("/etc"), copy], check=True)
        # The names begin with a slash, which -p1 removes.
        patched = subprocess.run(
            ["patch", "-p1", "-d", copy], input=done.stdout, capture_output=True, text=True
        )
        assert patched.returncode == 0, patched
        assert computer.apply()[-1] == "changed"
        assert sources(copy / "etc/dconf") == sources(computer.file("/etc/dconf"))
    done = computer.policy("apply", "--dry-run")
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "unchanged\n", "")


def test_a_dry_run_prints_differences_and_no_empty_lines(computer):
    # Without locks, the file of locks is created empty.
    computer.write(POLICY, MINIMAL)
    assert "" not in computer.policy("apply", "--dry-run").stdout.splitlines()


def test_a_dry_run_tells_of_a_database_that_is_not_what_it_should_be(computer):
    computer.apply(OFF_LOCKED)
    computer.file(DATABASE).unlink()
    told = f"The database “{DATABASE}” would be compiled anew.\nchanged\n"
    assert computer.policy("apply", "--dry-run").stdout == told
    assert computer.apply()[-1] == "changed"
    assert read_by_programs(computer, LENSES) == ("'none'", False)


def test_a_database_that_is_gone_is_made_again_whatever_the_policy_says(computer):
    computer.apply("")
    computer.file(DATABASE).unlink()
    assert computer.apply()[-1] == "changed"
    assert computer.file(DATABASE).exists(), "programs would complain that they cannot open it"


def test_nothing_is_left_over_beside_what_is_needed(computer):
    for policy in (OFF_LOCKED, BOTH):
        computer.apply(policy)
        assert sorted(contents(computer.file("/etc/dconf"))) == [
            "db",
            f"db/{NAME}",
            f"db/{NAME}.d",
            f"db/{NAME}.d/.backups",
            f"db/{NAME}.d/locks",
            f"db/{NAME}.d/locks/policy",
            f"db/{NAME}.d/policy",
            "profile",
            "profile/user",
        ]


@pytest.mark.parametrize("moment", CRASHES)
@pytest.mark.parametrize("first", [False, True])
def test_an_application_that_is_cut_off_is_completed_by_the_next(computer, moment, first):
    if not first:
        computer.apply(OFF_LOCKED + REPORTS_LOCKED)
        assert read_by_programs(computer, OWN_REPORTS) == ("false", False)
    # The new policy no longer names a locked choice.
    computer.write(POLICY, OFF_LOCKED)
    cut_off = computer.with_dconf(CRASHES[moment], "privacyctl", "policy", "apply")
    assert cut_off.returncode != DONE
    if not first:
        assert read_by_programs(computer, LENSES) == ("'none'", False), "the old one or the new one"

    assert computer.policy("apply").returncode == DONE
    assert read_by_programs(computer, LENSES) == ("'none'", False)
    assert read_by_programs(computer, OWN_REPORTS) == ("false", True)
    assert computer.policy("status").returncode == DONE
    hidden = [name for name in computer.files()[0] if "/." in name]
    assert hidden == [str(BACKUPS.relative_to("/etc/dconf"))]
    assert computer.apply()[-1] == "unchanged"
