# SPDX-License-Identifier: GPL-3.0-or-later
"""Installs, upgrades, removes and purges the packages in clean Debian systems."""

from pathlib import Path

import pytest
from conftest import OLDER, field, with_dependencies

SEARCH_OFF = '[choices.online-search]\nstate = "off"\nlocked = true\n'
PERSON = 1000


@pytest.fixture(scope="module", params=["trixie", "sid"])
def base(request, packages, trixie_base, tmp_path_factory):
    if request.param == "trixie":
        return trixie_base
    return with_dependencies("sid", packages, tmp_path_factory)


@pytest.fixture
def room(base, tmp_path):
    return base.over(tmp_path / "room")


def version(room, package):
    return room.run("dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Version}", package).strip()


def add_person(room):
    """Adds a user with a home. Writes the files itself, since not every Debian has adduser."""
    line = f"person:x:{PERSON}:{PERSON}::/home/person:/bin/sh"
    room.run("sh", "-c", f"echo {line} >>/etc/passwd")
    room.run("install", "-d", "-m", "700", "-o", str(PERSON), "/home/person", "/home/person/run")


def as_person(room, *command, **options):
    """Runs a command in a user's session. The user's settings stay for the next session."""
    session = ["dbus-run-session", "--"] if options.pop("bus", False) else []
    change = ["setpriv", f"--reuid={PERSON}", f"--regid={PERSON}", "--clear-groups"]
    home = {"HOME": "/home/person", "XDG_RUNTIME_DIR": "/home/person/run"}
    return room.run(*change, *session, *command, env=home, **options)


def test_they_come_and_go_and_leave_nothing(room, packages):
    assert room.state() == {}
    room.install(*packages.both)
    now = field(packages.ctl, "Version")
    assert version(room, "privacyctl") == version(room, "privacy-panel") == f"ii {now}"
    # debconf asked nothing, and the package decided nothing.
    assert not room.exists("/etc/privacy-panel/policy.toml")
    assert "There is no policy." in room.run("privacyctl", "policy", "status", status=1)
    # With another home: dconf creates a cache there.
    readers = room.run("privacyctl", "readers", env={"HOME": "/tmp"})
    assert "Unity Dash" in readers and "Programs that follow this panel" in readers
    assert room.run("dpkg", "--verify", "privacyctl", "privacy-panel") == ""
    room.remove("privacy-panel", "privacyctl")
    room.purge("privacy-panel", "privacyctl")
    assert room.state() == {}


def test_privacyctl_works_where_nothing_of_a_desktop_is(room, packages):
    room.install(packages.ctl)
    assert room.run("privacyctl", "--version") == f"privacyctl {field(packages.ctl, 'Version')[:-2]}\n"
    assert room.run("privacyctl", "get", "online-search") == "off\n"
    assert "libgtk" not in room.run("ldd", "/usr/bin/privacyctl")


def test_an_upgrade_keeps_what_a_person_chose_and_what_the_administrator_decided(
    room, older, packages
):
    add_person(room)
    room.answer(error_reports="off-locked")
    room.install(*older.both)
    assert version(room, "privacyctl") == f"ii {OLDER}"
    as_person(room, "privacyctl", "set", "online-search", "on", bus=True)
    chosen = room.run("sha256sum", "/home/person/.config/dconf/user")
    policy = room.read("/etc/privacy-panel/policy.toml")
    assert room.in_force()

    room.install(*packages.both)
    assert version(room, "privacyctl") == f"ii {field(packages.ctl, 'Version')}"
    assert as_person(room, "privacyctl", "get", "online-search") == "on\n"
    assert room.run("sha256sum", "/home/person/.config/dconf/user") == chosen
    assert room.read("/etc/privacy-panel/policy.toml") == policy
    assert room.in_force()
    assert "locked" in as_person(room, "privacyctl", "status", "--json")
    as_person(room, "privacyctl", "set", "error-reports", "on", bus=True, status=3)

    # A purge keeps users' own settings.
    room.purge("privacy-panel", "privacyctl")
    assert room.run("sha256sum", "/home/person/.config/dconf/user") == chosen
    left = {path for path in room.state() if not path.is_relative_to("/home")}
    assert left == {Path("/etc/passwd")}


def test_an_upgrade_keeps_a_policy_that_was_applied_from_elsewhere(room, older, packages):
    room.answer(error_reports="on")
    room.install(older.ctl)
    room.write("/root/mine.toml", SEARCH_OFF)
    room.run("privacyctl", "policy", "apply", "/root/mine.toml")
    before = room.read("/etc/dconf/db/privacy_panel.d/policy")
    assert "online-search=false" in before and "error-reports" not in before
    room.install(packages.ctl)
    kept = room.read("/etc/dconf/db/privacy_panel.d/policy")
    assert "online-search=false" in kept and "error-reports" not in kept


def test_what_is_removed_keeps_its_configuration_and_what_comes_back_finds_it(room, packages):
    room.answer(online_search="off-locked")
    room.install(*packages.both)
    policy = room.read("/etc/privacy-panel/policy.toml")
    compiled = room.run("sha256sum", "/etc/dconf/db/privacy_panel")
    room.remove("privacy-panel", "privacyctl")
    # The decisions still hold for the remaining programs.
    assert room.read("/etc/privacy-panel/policy.toml") == policy
    assert room.run("sha256sum", "/etc/dconf/db/privacy_panel") == compiled
    assert "system-db:privacy_panel" in room.read("/etc/dconf/profile/user")
    room.install(*packages.both)
    assert room.read("/etc/privacy-panel/policy.toml") == policy
    assert room.in_force()


def test_a_purge_takes_the_policy_out_of_force_and_leaves_nothing(room, packages):
    room.answer(online_search="off-locked", error_reports="off-locked", usage_statistics="off-locked")
    room.install(*packages.both)
    assert room.in_force()
    # The opt-outs outside dconf, too.
    assert room.exists("/etc/ubuntu-insights/system-config.toml")
    assert room.try_("test", "-L", "/etc/systemd/system/whoopsie.path").returncode == 0
    # As after a power failure during another write.
    room.write("/etc/privacy-panel/policy.toml.dpkg-new", "[choices")
    room.purge("privacy-panel", "privacyctl")
    assert room.state() == {}


PROFILES = {
    "none": None,
    "dconf's default": "user-db:user\n",
    "an administrator's": "# ours\nuser-db:user # first\nsystem-db:site\n",
    "one that does not end": "user-db:user\nsystem-db:site",
    "one line that does not end": "user-db:user",
}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("when", ["at once", "after the removal"])
def test_a_purge_leaves_the_profile_as_policy_remove_does(trixie_base, packages, tmp_path, profile, when):
    room = trixie_base.over(tmp_path / "room")
    site = "[org/gnome/desktop/privacy]\nremember-recent-files=false\n"
    if profile is not None:
        room.write("/etc/dconf/profile/user", profile)
        room.write("/etc/dconf/db/site.d/site", site)
        room.run("sh", "-c", "apt-get -qq --version >/dev/null; dconf update")
    room.install(packages.ctl)
    before = etc_dconf(room)
    room.write("/etc/privacy-panel/policy.toml", SEARCH_OFF)
    room.run("privacyctl", "policy", "apply")
    assert etc_dconf(room) != before
    room.run("privacyctl", "policy", "remove")
    assert etc_dconf(room) == before
    room.run("privacyctl", "policy", "apply")
    if when == "after the removal":
        room.remove("privacyctl")
    room.purge("privacyctl")
    assert etc_dconf(room) == before
    # The administrator wrote the file, so it stays.
    assert room.read("/etc/privacy-panel/policy.toml") == SEARCH_OFF


INSIGHTS = "/etc/ubuntu-insights/system-config.toml"
CONFIGS = {
    "none": None,
    "an empty one": "",
    "one about something else": "# ours\n[network]\nproxy = 'x'\n",
    "one that opts in": "# ours\n  system_opt_out=false # for now\n[more]\nsystem_opt_out = true\n",
    "one that opts out": "system_opt_out = true\n",
    "a table first": "[more]\nsystem_opt_out = false\n",
}
STATISTICS_OFF = '[choices.usage-statistics]\nstate = "off"\nlocked = true\n'


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_a_purge_takes_back_what_turned_programs_off_as_policy_remove_does(room, packages, config):
    if config is not None:
        room.write(INSIGHTS, config)
    room.install(packages.ctl)
    room.write("/etc/privacy-panel/policy.toml", STATISTICS_OFF)
    room.run("privacyctl", "policy", "apply")
    assert "system_opt_out = true\n" in room.read(INSIGHTS).replace("out=", "out = ").replace(" # for now", "")
    room.run("privacyctl", "policy", "remove")
    assert room.read(INSIGHTS) == config
    room.run("privacyctl", "policy", "apply")
    room.purge("privacyctl")
    assert room.read(INSIGHTS) == config
    assert room.exists("/etc/ubuntu-insights") == (config is not None)


def etc_dconf(room):
    return room.run(
        "sh", "-c", "cd /etc && [ ! -e dconf ] || find dconf -printf '%p %M %U ' -type f -exec sha256sum {} +"
    )


def test_a_purge_leaves_what_the_administrator_added_to_a_profile_that_a_policy_made(room, packages):
    room.answer(online_search="off")
    room.install(packages.ctl)
    profile = room.read("/etc/dconf/profile/user")
    room.write("/etc/dconf/profile/user", f"{profile}system-db:site\n")
    room.purge("privacyctl")
    assert room.read("/etc/dconf/profile/user") == "user-db:user\nsystem-db:site\n"
    assert not room.exists("/etc/dconf/db/privacy_panel")


def test_a_purge_leaves_what_the_administrator_put_into_our_folders(room, packages):
    room.answer(online_search="off")
    room.install(packages.ctl)
    room.write("/etc/privacy-panel/readers.d/mine.toml", "")
    room.purge("privacyctl")
    assert list(map(str, room.state())) == [
        "/etc/privacy-panel",
        "/etc/privacy-panel/readers.d",
        "/etc/privacy-panel/readers.d/mine.toml",
    ]
