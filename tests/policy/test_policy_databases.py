# SPDX-License-Identifier: GPL-3.0-or-later
"""Other databases of dconf beside the policy's: their lists, their locks, and their mistakes."""

import json

import pytest
from support.computer import DATABASES, OUR_LINE, POLICY, PROFILE, SOURCES
from support.names import DONE, NO, NOT_SAVED
from support.policy import (
    DISABLED,
    FULL,
    LENSES,
    LENSES_PATH,
    OFF_LOCKED,
    OFF_PRESET,
    ONLINE,
    ON_LOCKED,
    ON_PRESET,
    read_by_programs,
    refused,
    said,
)


def test_the_names_in_a_list_of_another_database_are_kept(computer):
    computer.write(PROFILE, "user-db:user\nsystem-db:site\n")
    kept = "org.example.Kept.desktop"
    group = "[org/gnome/desktop/search-providers]\n"
    computer.database("site", f"{group}disabled=['{kept}', '{ONLINE[3]}']\n")
    computer.session.ask("dconf", "update")

    computer.apply(OFF_LOCKED)
    value, writable = read_by_programs(computer, DISABLED)
    assert sorted(json.loads(value.replace("'", '"'))) == sorted([kept, *ONLINE])
    assert not writable
    computer.apply(ON_LOCKED)
    assert read_by_programs(computer, DISABLED) == (f"['{kept}']", False)

    # A change in the other database is noticed and applied.
    computer.database("site", f"{group}disabled=['org.example.Late.desktop']\n")
    computer.session.ask("dconf", "update")
    assert computer.policy("status").returncode == NO
    assert computer.policy("apply", "--dry-run").stdout.splitlines()[-1] == "changed"
    assert computer.apply()[-1] == "changed"
    assert read_by_programs(computer, DISABLED) == ("['org.example.Late.desktop']", False)
    assert computer.policy("status").returncode == DONE


@pytest.mark.parametrize(
    ("profile", "policy", "locks", "words"),
    [
        # Another program moved our line.
        (
            f"user-db:user\nsystem-db:other\n{OUR_LINE}\n",
            OFF_PRESET,
            [],
            f"{LENSES_PATH} is 'all' from the database “other”, which comes first, "
            "and should be 'none'",
        ),
        # Of two locks, the later database’s decides.
        (
            "user-db:user\nsystem-db:other\n",
            OFF_LOCKED,
            [LENSES_PATH],
            f"{LENSES_PATH} is 'all', locked by the database “other”, and should be 'none'",
        ),
        # Users cannot change a key that another database locks.
        (
            "user-db:user\nsystem-db:other\n",
            ON_PRESET,
            [LENSES_PATH],
            f"{LENSES_PATH} is locked by the database “other”, and shouldn’t be",
        ),
    ],
)
def test_another_database_that_has_the_last_word_is_noticed(
    computer, profile, policy, locks, words
):
    computer.write(PROFILE, profile)
    computer.database("other")
    computer.session.ask("dconf", "update")
    computer.apply(policy)
    assert computer.policy("status").returncode == DONE
    lenses = "[com/canonical/unity/lenses]\nremote-content-search='all'\n"
    computer.database("other", lenses, locks)
    computer.session.ask("dconf", "update")
    assert read_by_programs(computer, LENSES) == ("'all'", not locks)

    status = computer.policy("status")
    assert status.returncode == NO
    assert words in status.stdout
    assert status.stdout.splitlines()[-1].startswith("What is in force is not what the policy says")
    found = json.loads(computer.policy("status", "--json").stdout)
    assert not found["in_force"] and found["in_profile"]
    (choice,) = found["choices"]
    differing = [reader["id"] for reader in choice["readers"] if not reader["in_force"]]
    assert differing == ["unity-dash"]
    keys = [key for reader in choice["readers"] for key in reader["keys"]]
    decided = {key["key"]: key["decided_by"] for key in keys if "decided_by" in key}
    assert decided == {LENSES_PATH: f"{DATABASES}/other"}

    sentence, reader = refused(computer.policy("apply"), NOT_SAVED)
    assert sentence.startswith("The policy was written, but is not what programs read now.")
    assert words in reader


def test_another_programs_file_among_ours_is_named_and_left_alone(computer):
    computer.apply(OFF_LOCKED)
    computer.write(POLICY, FULL)
    for path in (SOURCES / "00-site", SOURCES / "locks" / "site"):
        file = computer.write(path, "[org/example]\nkey=1\n")
        before = computer.stamps()
        for command in (["apply"], ["apply", "--dry-run"], ["remove"]):
            (sentence,) = refused(computer.policy(*command), NOT_SAVED)
            assert sentence == (
                f"“{path}” was not put there by privacyctl. Move it to a database of its own, "
                "such as /etc/dconf/db/local.d, and try again."
            )
        assert computer.stamps() == before
        file.unlink()
    assert computer.apply()[-1] == "changed"


def test_a_database_of_others_that_is_broken_does_not_stop_ours_and_dconf_is_heard(computer):
    computer.write(PROFILE, "user-db:user\nsystem-db:site\n")
    computer.database("site", "[broken\nnonsense\n")
    # Names that sort before and after ours.
    computer.database("zzz", "[broken\nnonsense\n")
    computer.write(POLICY, OFF_LOCKED)
    done = computer.policy("apply")
    assert done.returncode == DONE
    assert done.stdout.splitlines()[-1] == "changed"
    assert "/etc/dconf/db/site.d" in "\n".join(said(done)), "dconf says which"
    assert read_by_programs(computer, LENSES) == ("'none'", False)
    assert computer.policy("apply").stdout.splitlines()[-1] == "unchanged"
