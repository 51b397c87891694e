# SPDX-License-Identifier: GPL-3.0-or-later
"""Reader files under a policy: of absent programs, masked, broken, and in contradiction."""

import pytest
from support.computer import POLICY, READERS, SOURCES
from support.names import BAD, DONE, NO
from support.policy import OWN_REPORTS, REPORTS_LOCKED, read_by_programs, reader_file, refused, said


def test_a_program_that_is_not_installed_yet_is_decided_for_as_well(computer):
    computer.write(READERS / "site.toml", reader_file())
    lines = computer.apply(REPORTS_LOCKED)
    assert lines[0] == "Send error reports: Off, locked (in force for 7 programs)"
    assert "[org/example/Absent]\nsend=false\n" in computer.read(SOURCES / "policy")
    assert "/org/example/Absent/send" in computer.read(SOURCES / "locks" / "policy").split()
    write = computer.session.run("dconf", "write", "/org/example/Absent/send", "true")
    assert write.returncode != 0
    assert computer.session.ask("dconf", "read", "/org/example/Absent/send") == "false"


@pytest.mark.parametrize("mask", ["an empty file", "a link"])
def test_a_shipped_reader_that_is_masked_is_left_out(computer, mask):
    masking = computer.write(READERS / "abrt.toml", "")
    if mask == "a link":
        masking.unlink()
        masking.symlink_to("/dev/null")
    computer.apply(REPORTS_LOCKED)
    locks = computer.read(SOURCES / "locks" / "policy").split()
    assert locks == ["/net/launchpad/PrivacyPanel/error-reports"]
    assert "org/gnome/desktop/privacy" not in computer.read(SOURCES / "policy")
    masking.unlink()
    assert computer.policy("status").returncode == NO
    assert computer.apply()[-1] == "changed"


def test_a_reader_file_that_is_broken_is_named_and_the_others_count(computer):
    file = READERS / "site.toml"
    computer.write(file, reader_file().replace("choice", "chioce"))
    computer.write(POLICY, REPORTS_LOCKED)
    for command in (["check"], ["apply", "--dry-run"], ["apply"], ["status"]):
        done = computer.policy(*command)
        assert done.returncode == DONE
        assert said(done)[0].startswith(f"{file}:2:1: unknown field `chioce`")
    assert read_by_programs(computer, OWN_REPORTS) == ("false", False)


def test_two_readers_that_contradict_each_other_are_both_named(computer):
    computer.write(READERS / "one.toml", reader_file("One", on="'a'", off="'b'"))
    computer.write(READERS / "two.toml", reader_file("Two", on="'b'", off="'c'"))
    computer.write(POLICY, REPORTS_LOCKED)
    before = computer.stamps()
    for command in (["check"], ["apply"], ["apply", "--dry-run"], ["status"]):
        assert refused(computer.policy(*command), BAD) == [
            "The readers “one” and “two” need different values of /org/example/Absent/send. Mend "
            f"one of them, or mask it with an empty file of its name in {READERS}."
        ]
    assert computer.stamps() == before
    computer.write(READERS / "two.toml", "")
    assert computer.apply()[-1] == "changed"
