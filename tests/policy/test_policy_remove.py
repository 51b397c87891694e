# SPDX-License-Identifier: GPL-3.0-or-later
"""`policy remove`: what is left afterwards, without dconf, and after one that was cut off."""

import pytest
from support.computer import POLICY, PROFILE, contents
from support.harness import INSTALLED
from support.names import DONE
from support.policy import CRASHES, FULL, LENSES, OFF_LOCKED, OWN_REPORTS, read_by_programs


def test_remove_takes_out_all_and_what_programs_read_is_theirs_again(computer):
    computer.write(PROFILE, "user-db:user\nsystem-db:site\n")
    computer.database("site", "[org/gnome/desktop/privacy]\nhide-identity=true\n")
    computer.session.ask("dconf", "update")
    computer.apply(FULL)
    assert computer.session.get(*OWN_REPORTS.split()) == "true"
    done = computer.policy("remove")
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "changed\n", "")
    assert sorted(contents(computer.file("/etc/dconf"))) == [
        "db",
        "db/site",
        "db/site.d",
        "db/site.d/defaults",
        "db/site.d/locks",
        "db/site.d/locks/locks",
        "profile",
        "profile/user",
    ]
    assert read_by_programs(computer, OWN_REPORTS) == ("false", True)
    assert read_by_programs(computer, "org.gnome.desktop.privacy hide-identity") == ("true", True)
    done = computer.policy("remove")
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "unchanged\n", "")


def test_remove_works_without_dconf_and_after_an_edit_of_the_policy(computer):
    computer.apply(OFF_LOCKED)
    computer.write(POLICY, "broken [")
    done = computer.session.run("env", f"PATH={INSTALLED}/bin", "privacyctl", "policy", "remove")
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "changed\n", "")
    assert not computer.file("/etc/dconf").exists()


@pytest.mark.parametrize("moment", CRASHES)
def test_a_removal_that_is_cut_off_is_completed_by_the_next(computer, moment):
    computer.write(PROFILE, "# mine\nuser-db:user\n")
    computer.apply(FULL)
    computer.with_dconf(CRASHES[moment], "privacyctl", "policy", "remove")
    assert computer.policy("remove").stdout == "changed\n"
    assert contents(computer.file("/etc/dconf")) == {
        "db": None,
        "profile": None,
        "profile/user": b"# mine\nuser-db:user\n",
    } or set(contents(computer.file("/etc/dconf"))) == {"profile", "profile/user"}
    assert read_by_programs(computer, LENSES) == ("'none'", True)
