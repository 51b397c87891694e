# SPDX-License-Identifier: GPL-3.0-or-later
"""privacyctl's questions: preseeded, asked, answered again, and never against the edited file."""

import re

from rooms import SOURCE, Room, root
from test_sources import choices

POLICY = "/etc/privacy-panel/policy.toml"
SOURCES = "/etc/dconf/db/privacy_panel.d/policy"
# A frontend that asks on a terminal without cursor keys.
TERMINAL = {"DEBIAN_FRONTEND": "teletype", "TERM": "dumb"}
EDITED = '# Mine.\n[choices.online-search]\nstate = "on"\n'


def decisions(room):
    """The decisions in the policy file: the state and the lock of each choice."""
    text = room.read(POLICY)
    if text is None:
        return None
    found = re.findall(r'\[choices\.(\S+)\]\nstate = "(\w+)"\n(locked = true\n)?', text)
    return {choice: (state, bool(lock)) for choice, state, lock in found}


def test_answers_given_beforehand_become_a_policy_that_is_in_force(room, packages):
    room.answer(
        online_search="off-locked",
        error_reports="on",
        usage_statistics="leave-alone",
        activity_history="off",
    )
    room.install(packages.ctl)
    assert decisions(room) == {
        "online-search": ("off", True),
        "error-reports": ("on", False),
        "activity-history": ("off", False),
    }
    assert room.in_force()
    room.run("privacyctl", "policy", "check")
    assert room.run("stat", "-c", "%a %U", POLICY) == "644 root\n"
    locks = room.read("/etc/dconf/db/privacy_panel.d/locks/policy")
    assert "/net/launchpad/PrivacyPanel/online-search" in locks
    assert "error-reports" not in locks


def test_every_answer_does_what_it_says(room, packages):
    room.install(packages.ctl)
    expected = {
        "on": ("on", False),
        "off": ("off", False),
        "on-locked": ("on", True),
        "off-locked": ("off", True),
    }
    for answer, decision in expected.items():
        room.answer(activity_history=answer)
        room.reconfigure()
        assert decisions(room) == {"activity-history": decision}
        assert room.in_force()
    # Back at the start: the package decides nothing, and no policy is in force.
    room.answer(activity_history="leave-alone")
    room.reconfigure()
    assert decisions(room) is None
    assert not room.exists(SOURCES) and not room.exists("/etc/dconf/profile/user")


def test_a_wrong_answer_is_said_and_decides_nothing(room, packages):
    room.answer(online_search="of", error_reports="off")
    said = room.install(packages.ctl)
    assert "of is no answer to privacyctl/online-search" in said
    assert decisions(room) == {"error-reports": ("off", False)}


def test_an_installation_asks_no_question(room, packages):
    room.share(packages.ctl)
    said = room.converse([], "dpkg", "--install", f"/shared/{packages.ctl.name}", env=TERMINAL)
    assert "Setting up privacyctl" in said and "online search" not in said
    assert decisions(room) is None


def test_a_reconfiguration_asks_in_the_users_language(packages, tmp_path):
    room = Room(root("desktop"), tmp_path / "room")
    room.install(packages.ctl)
    ask = ["dpkg-reconfigure", "-plow", "privacyctl"]
    # The fifth answer to the first question, and the first answer to all others.
    said = room.converse("51111", *ask, env=TERMINAL)
    assert "Include online search results: 5" in said
    assert said.count("5. Off for everybody") == len(choices())
    assert decisions(room) == {"online-search": ("off", True)}
    assert room.in_force()
    # The answers stay if debconf asks nothing.
    room.converse([], "dpkg-reconfigure", "-phigh", "privacyctl", env=TERMINAL)
    assert decisions(room) == {"online-search": ("off", True)}

    room.run("localedef", "-i", "de_DE", "-f", "UTF-8", "de_DE.UTF-8")
    said = room.converse("11311", *ask, env=TERMINAL | {"LC_ALL": "de_DE.UTF-8"})
    assert "Suchergebnisse aus dem Internet einbeziehen: 1" in said and "3. Als Vorgabe aus" in said
    assert decisions(room) == {"error-reports": ("off", False)}
    assert room.in_force()


def test_a_file_that_was_edited_is_never_written_again(room, older, packages):
    room.answer(online_search="off-locked")
    room.install(older.ctl)
    room.write(POLICY, EDITED)
    room.run("privacyctl", "policy", "apply")
    # Neither an upgrade, nor other answers, nor a reconfiguration changes it.
    room.install(packages.ctl)
    assert room.read(POLICY) == EDITED and room.in_force()
    room.answer(online_search="off-locked", error_reports="on")
    room.reconfigure()
    assert room.read(POLICY) == EDITED and room.in_force()
    # debconf asks nothing, since no answer would count.
    said = room.converse([], "dpkg-reconfigure", "-plow", "privacyctl", env=TERMINAL)
    assert "online search" not in said
    # A purge deletes it, like a configuration file.
    room.purge("privacyctl")
    assert room.state() == {}


def test_an_edit_that_was_not_applied_yet_is_not_applied_by_an_upgrade(room, older, packages):
    room.answer(online_search="off-locked")
    room.install(older.ctl)
    room.write(POLICY, EDITED)
    room.install(packages.ctl)
    assert room.read(POLICY) == EDITED
    assert "online-search=false" in room.read(SOURCES)


def test_a_file_that_was_there_first_stays_and_is_not_applied_unasked(room, packages):
    room.write(POLICY, EDITED)
    room.answer(online_search="off-locked")
    room.install(packages.ctl)
    assert room.read(POLICY) == EDITED
    assert not room.exists(SOURCES)
    room.purge("privacyctl")
    assert room.read(POLICY) == EDITED


def test_a_file_that_was_deleted_stays_deleted_until_the_administrator_reconfigures(room, older, packages):
    room.answer(online_search="off-locked")
    room.install(older.ctl)
    room.run("rm", POLICY)
    room.install(packages.ctl)
    assert decisions(room) is None
    room.reconfigure()
    assert decisions(room) == {"online-search": ("off", True)}


def test_the_file_counts_where_debconf_has_forgotten(room, older, packages):
    room.answer(online_search="off-locked", error_reports="on")
    room.install(older.ctl)
    before = room.read(POLICY)
    # According to Debian's policy, debconf's database is a cache and may be lost.
    room.run("sh", "-c", "echo PURGE | debconf-communicate privacyctl")
    assert room.run("debconf-show", "privacyctl") == ""
    room.install(packages.ctl)
    assert room.read(POLICY) == before and room.in_force()
    assert "* privacyctl/online-search: off-locked" in room.run("debconf-show", "privacyctl").replace(
        "  privacyctl/online", "* privacyctl/online"
    )


def test_a_new_choice_can_be_answered_before_the_upgrade_that_brings_it(room, older, packages):
    room.answer(online_search="off")
    room.install(older.ctl)
    assert decisions(room) == {"online-search": ("off", False)}
    room.answer(activity_history="off-locked")
    room.install(packages.ctl)
    assert decisions(room) == {"online-search": ("off", False), "activity-history": ("off", True)}
    assert room.in_force()


def test_answers_that_cannot_be_put_in_force_fail_and_can_be_tried_again(room, packages):
    # A profile that another tool manages.
    room.write("/etc/site/profile", "user-db:user\n")
    room.run("mkdir", "-p", "/etc/dconf/profile")
    room.run("ln", "-s", "/etc/site/profile", "/etc/dconf/profile/user")
    room.answer(online_search="off-locked")
    room.share(packages.ctl)
    said = room.run("dpkg", "--install", f"/shared/{packages.ctl.name}", status=1)
    assert "is a link" in said and "could not be put in force" in said
    assert decisions(room) is None
    room.write("/etc/site/profile", "user-db:user\nsystem-db:privacy_panel\n")
    room.run("dpkg", "--configure", "privacyctl")
    assert decisions(room) == {"online-search": ("off", True)}
    assert room.in_force()


def test_another_policy_outlives_answers_that_are_taken_back(room, packages):
    room.answer(online_search="off")
    room.install(packages.ctl)
    room.write("/root/mine.toml", '[choices.error-reports]\nstate = "off"\n')
    room.run("privacyctl", "policy", "apply", "/root/mine.toml")
    room.answer(online_search="leave-alone")
    room.reconfigure()
    assert decisions(room) is None
    assert "error-reports=false" in room.read(SOURCES)
    assert room.in_force()


def test_the_lines_on_the_administrators_page_do_what_it_says(room, packages):
    page = (SOURCE / "docs" / "administrators.md").read_text()
    lines = re.search(r"^```text preseed\n(.*?)^```$", page, re.M | re.S)[1]
    assert re.findall(r"^privacyctl privacyctl/(\S+)", lines, re.M) == choices()
    room.run("debconf-set-selections", stdin=lines)
    room.install(packages.ctl)
    assert decisions(room) == {
        "online-search": ("off", True),
        "error-reports": ("on", False),
        "activity-history": ("off", False),
    }
    assert room.in_force()


def test_the_site_package_on_the_administrators_page_goes_with_the_real_one(room, packages):
    page = (SOURCE / "docs" / "administrators.md").read_text()
    recipe = re.search(r"^```sh package\n(.*?)^```$", page, re.M | re.S)[1]
    room.write("/root/site/policy.toml", EDITED)
    room.run("sh", "-c", "cd /root/site && sh", stdin=recipe)
    room.share(packages.ctl)
    room.run("sh", "-c", "cp /root/site/*.deb /shared && rm -r /root/site")
    site = "/shared/example-privacy-policy_1.0_all.deb"
    room.run("apt-get", "install", "-q", "-y", f"/shared/{packages.ctl.name}", site)
    assert room.read(POLICY) == EDITED and room.in_force()
    room.answer(online_search="off-locked")
    room.reconfigure()
    assert room.read(POLICY) == EDITED and room.in_force()
    room.purge("example-privacy-policy")
    assert not room.exists(SOURCES) and not room.exists(POLICY)
    room.purge("privacyctl")
    assert room.state() == {}
