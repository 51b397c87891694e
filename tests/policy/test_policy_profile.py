# SPDX-License-Identifier: GPL-3.0-or-later
"""The dconf profile `user` with a policy's line and after its removal, profiles that have no place for
the line, and files in the way."""

import pytest
from support.computer import (
    DATABASE,
    DATABASES,
    NAME,
    OUR_LINE,
    POLICY,
    PROFILE,
    SOURCES,
    Computer,
    contents,
)
from support.names import DONE, NOT_SAVED
from support.policy import BOTH, DISABLED, LENSES, OFF_LOCKED, read_by_programs, refused, sources

PROFILES = [
    "user-db:user\n",
    "user-db:user",
    "# The site's databases\n\n  user-db:user # the person's\n\nsystem-db:site # ours\n# end\n",
    "user-db:user\r\nsystem-db:site\r\n",
    "service-db:keyfile/user\nuser-db:user\nsystem-db:site\nfile-db:/etc/dconf/db/site",
]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_keeps_every_byte_but_our_line_and_is_as_before_afterwards(computer, profile):
    file = computer.write(PROFILE, profile)
    file.chmod(0o664)
    computer.database("site")
    computer.session.ask("dconf", "update")
    before = sources(computer.file("/etc/dconf"))
    assert computer.apply(OFF_LOCKED)[-1] == "changed"
    lines = file.read_bytes().decode().split("\n")
    at = next(number for number, line in enumerate(lines) if "user-db:" in line)
    assert lines.pop(at + 1) == OUR_LINE
    assert "\n".join(lines) == profile
    assert file.stat().st_mode & 0o7777 == 0o664
    assert computer.policy("remove").stdout == "changed\n"
    assert sources(computer.file("/etc/dconf")) == before
    assert file.stat().st_mode & 0o7777 == 0o664


def test_a_profile_that_was_missing_is_gone_again_with_the_folders_that_were_made(computer):
    computer.apply(OFF_LOCKED)
    assert computer.read(PROFILE) == f"user-db:user\n{OUR_LINE}\n"
    computer.apply(BOTH)
    done = computer.policy("remove")
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "changed\n", "")
    assert not computer.file("/etc/dconf").exists()
    assert computer.policy("remove").stdout == "unchanged\n"
    assert computer.read(POLICY) == BOTH, "the policy itself is the administrator's"


def test_folders_that_others_use_by_now_stay(computer):
    computer.apply(OFF_LOCKED)
    computer.database("late", "[org/example]\nkey=true\n")
    computer.policy("remove")
    names = set(contents(computer.file("/etc/dconf")))
    assert {"db", "db/late.d", "db/late.d/defaults"} <= names
    assert not [name for name in names if NAME in name or "profile" in name]


def test_a_profile_that_was_edited_since_keeps_the_edit(computer):
    computer.apply(OFF_LOCKED)
    computer.write(PROFILE, computer.read(PROFILE) + "# Mine.\nsystem-db:late\n")
    done = computer.policy("remove")
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "changed\n", "")
    assert computer.read(PROFILE) == "user-db:user\n# Mine.\nsystem-db:late\n"
    assert not computer.file(DATABASES).exists()


def test_a_vendors_profile_is_copied_rather_than_hidden(tmp_path):
    vendor = "# The vendor's\nuser-db:user\nsystem-db:vendor\n"
    profiles = tmp_path / "dconf" / "profile"
    profiles.mkdir(parents=True)
    (profiles / "user").write_text(vendor)
    with Computer(binds=[(tmp_path, "/usr/local/share")]) as computer:
        kept = "[org/gnome/desktop/search-providers]\ndisabled=['org.example.Kept.desktop']\n"
        identity = "[org/gnome/desktop/privacy]\nhide-identity=true\n"
        computer.database("vendor", identity + kept)
        computer.session.ask("dconf", "update")
        identity = "org.gnome.desktop.privacy hide-identity"
        assert read_by_programs(computer, identity) == ("true", True)
        computer.apply(OFF_LOCKED)
        assert computer.read(PROFILE) == vendor.replace(":user\n", f":user\n{OUR_LINE}\n", 1)
        assert read_by_programs(computer, identity) == ("true", True), "as before"
        assert read_by_programs(computer, LENSES) == ("'none'", False)
        assert "'org.example.Kept.desktop'" in read_by_programs(computer, DISABLED)[0]
        assert computer.apply()[-1] == "unchanged"
        computer.policy("remove")
        assert not computer.file(PROFILE).exists()
        assert read_by_programs(computer, identity) == ("true", True)
        assert (profiles / "user").read_text() == vendor


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        ("system-db:site\n", "has no line that begins with “user-db:”"),
        ("", "has no line that begins with “user-db:”"),
        ("#user-db:user\n", "has no line that begins with “user-db:”"),
        (None, "is a link, so that something else takes care of it"),
    ],
)
def test_a_profile_with_no_place_for_a_policy_is_explained_and_left_alone(
    computer, profile, words
):
    computer.write(POLICY, OFF_LOCKED)
    file = computer.write(PROFILE, "user-db:user\n" if profile is None else profile)
    if profile is None:
        file.rename(file.with_name("managed"))
        file.symlink_to("managed")
    before = computer.stamps()
    for command in (["apply"], ["apply", "--dry-run"]):
        (sentence,) = refused(computer.policy(*command), NOT_SAVED)
        assert sentence.startswith(f"“{PROFILE}” {words}")
        assert sentence.endswith("and try again.")
    assert computer.stamps() == before


def test_the_advice_about_a_profile_that_is_a_link_works(computer):
    computer.write(f"{PROFILE}.managed", f"user-db:user\n{OUR_LINE}\n")
    file = computer.file(PROFILE)
    file.symlink_to("user.managed")
    assert computer.apply(OFF_LOCKED)[-1] == "changed"
    assert read_by_programs(computer, LENSES) == ("'none'", False)
    assert computer.policy("status").returncode == DONE
    assert file.is_symlink() and computer.apply()[-1] == "unchanged"


def test_what_stands_in_the_way_is_named_and_left_alone(computer):
    computer.write(POLICY, OFF_LOCKED)
    for path, folder in ((PROFILE, True), (DATABASE, True), (SOURCES, False)):
        file = computer.file(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.mkdir() if folder else file.write_text("mine")
        before = computer.stamps()
        for command in (["apply"], ["apply", "--dry-run"]):
            (sentence,) = refused(computer.policy(*command), NOT_SAVED)
            assert sentence.startswith(f"“{path}”"), sentence
        assert computer.stamps() == before
        file.rmdir() if folder else file.unlink()
