# SPDX-License-Identifier: GPL-3.0-or-later
"""privacyctl policy on a private computer: what it prints, writes, reads back and removes."""

import json
import subprocess

import pytest
from support.computer import (
    BACKUPS,
    DATABASE,
    DATABASES,
    NAME,
    OUR_LINE,
    POLICIES,
    POLICY,
    PROFILE,
    READERS,
    SOURCES,
    Computer,
    contents,
)
from support.harness import INSTALLED, SOURCE, list_reader
from support.names import BAD, DONE, NO, NOT_SAVED, PANEL_SCHEMA

OFF_LOCKED = (POLICIES / "off-locked.toml").read_text()
ON_LOCKED = (POLICIES / "on-locked.toml").read_text()
BOTH = (POLICIES / "both-choices.toml").read_text()
OFF_PRESET = (POLICIES / "off-preset.toml").read_text()
ON_PRESET = (POLICIES / "on-preset.toml").read_text()
MINIMAL = (POLICIES / "minimal.toml").read_text()
FULL = (POLICIES / "full.toml").read_text()

ONLINE = [
    "app.drey.Dialect.desktop",
    "com.github.hugolabe.Wike.desktop",
    "org.gnome.Epiphany.desktop",
    "org.gnome.Software.desktop",
]


def reached(done):
    """The lines of a command, without the programs of this computer that a policy does not reach."""
    return [line for line in done.stdout.splitlines() if "not reached by a policy" not in line]


def refused(done, status):
    """The error message of a command, which must end with this status and print nothing else."""
    assert (done.returncode, done.stdout) == (status, ""), done
    return said(done)


def said(done):
    """A command's standard error: sentences, without a programmer's terms."""
    for word in ("panicked", "backtrace", "RUST_", "src/", "Error {", "Some(", "CRITICAL"):
        assert word not in done.stderr
    lines = done.stderr.splitlines()
    assert lines and lines[0].startswith("privacyctl: "), done
    return [line.removeprefix("privacyctl: ") for line in lines]


def read_by_programs(computer, key):
    """The value and the lock of a key in a newly started program."""
    schema, _, name = key.rpartition(" ")
    session = computer.session
    return session.get(schema, name), session.ask("gsettings", "writable", schema, name) == "true"


LENSES = "com.canonical.Unity.Lenses remote-content-search"
LENSES_PATH = "/com/canonical/unity/lenses/remote-content-search"
OWN_SEARCH = "net.launchpad.PrivacyPanel online-search"
OWN_REPORTS = "net.launchpad.PrivacyPanel error-reports"
DISABLED = "org.gnome.desktop.search-providers disabled"
DISABLED_PATH = "/org/gnome/desktop/search-providers/disabled"


def sources(folder):
    """All files except compiled databases and backups. `dconf update` compiles other databases, too,
    and to different bytes each time. Backups may be private, so a dry run does not print them."""
    return {
        name: text
        for name, text in contents(folder).items()
        if text is None or not (text.startswith(b"GVariant") or name.endswith(BACKUPS.name))
    }


# check


EXPECTED_CONTACT = (
    "expected the URI of a web page or a mail address, such as "
    "“https://it.example.edu/privacy” or “mailto:it@example.edu”"
)
EXPECTED_NAME = "expected a name on one line of 1000 bytes at most, without control characters"


def test_check_finds_every_mistake_at_once(computer):
    file = computer.write(
        POLICY,
        """[organization]
name = "X"

[organisation]
nmae = "Exämple"
contact = "ftp://example.edu"

[choices.online-serach]
state = "off"

[choices.online-search]
# ä
  lokced = true
  locked = true

[choices.error-reports]
state = "of"
locked = "yes"
""",
    )
    before = computer.stamps()
    for arguments in ([], [POLICY], ["--", POLICY]):
        assert refused(computer.policy("check", *arguments), BAD) == [
            f"{POLICY}:{mistake}"
            for mistake in (
                "1:2: unknown field “organization”; expected one of: organisation, choices, profiles. "
                "Did you mean “organisation”?",
                "4:1: no name; expected name = \"…\", by which people know who set their choices",
                "5:1: unknown field “nmae”; expected one of: name, contact. Did you mean “name”?",
                f"6:11: “ftp://example.edu”; {EXPECTED_CONTACT}",
                "8:10: unknown choice “online-serach”; expected one of: online-search, "
                "search-suggestions, error-reports, usage-statistics, activity-history. Did you mean “online-search”?",
                "13:3: unknown field “lokced”; expected one of: state, locked, lists. "
                "Did you mean “locked”?",
                "14:3: “locked” without “state”; expected state = \"on\" or state = \"off\" "
                "beside it",
                "17:9: “of” for “state”; expected “on” or “off”. Did you mean “off”?",
                "18:10: “yes” for “locked”; expected true or false, without quotes",
            )
        ]
    for command in (["apply"], ["apply", "--dry-run"], ["status"]):
        assert len(refused(computer.policy(*command), BAD)) == 9
    assert computer.stamps() == before
    assert file.exists() and not computer.file("/etc/dconf").exists()


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        # The structure of a policy
        ("x = 1\n", ["1:1: unknown field “x”; expected one of: organisation, choices, profiles"]),
        ("choices = 3\n", ["1:11: the number “3” for “choices”; expected a table"]),
        ('choices.error-reports = "off"\n', ["1:25: “off” for “error-reports”; expected a table"]),
        ("[[organisation]]\n", ["1:1: a list for “organisation”; expected a table"]),
        (
            "[choices.weather]\n",
            [
                "1:10: unknown choice “weather”; expected one of: online-search, "
                "search-suggestions, error-reports, usage-statistics, activity-history"
            ],
        ),
        # A state and a lock
        (
            "[choices.online-search]\n",
            ['1:10: no state; expected state = "on" or state = "off"'],
        ),
        (
            "choices.online-search = { state = true, locked = 1, lists = [] }\n",
            [
                "1:35: “true” for “state”; expected “on” or “off”, in quotes",
                "1:50: the number “1” for “locked”; expected true or false, without quotes",
                "1:61: a list for “lists”; expected “locked” or “all-off” or “preset”, in quotes",
            ],
        ),
        (
            '[choices.online-search]\nstate = "mixed"\n',
            ["2:9: “mixed” for “state”; expected “on” or “off”"],
        ),
        (
            '[choices.online-search]\nstate = "off"\nlists = "preset"\n',
            ["3:1: “lists” without a lock; expected locked = true beside it, or no “lists”"],
        ),
        (
            '[choices.online-search]\nstate = "on"\nlocked = true\nlists = "all-off"\n',
            ["4:1: “all-off” for a choice that is on; expected “locked” or “preset”"],
        ),
        # An organisation
        (
            '[organisation]\nname = " "\ncontact = 5\n',
            [
                f"2:8: “ ”; {EXPECTED_NAME}",
                "3:11: the number “5” for “contact”; expected text in quotes",
            ],
        ),
        ('[organisation]\nname = "a\\u0007b"\n', [f"2:8: “a\\u{{7}}b”; {EXPECTED_NAME}"]),
        ('[organisation]\nname = """a\nb"""\n', [f"2:8: “a\\nb”; {EXPECTED_NAME}"]),
        # Characters that change the writing direction would make one name look like another.
        ('[organisation]\nname = "\u202eABC"\n', [f"2:8: “\\u{{202e}}ABC”; {EXPECTED_NAME}"]),
        (
            f'[organisation]\nname = "{"ä" * 501}"\n',
            [f"2:8: “{'ä' * 80}…”; {EXPECTED_NAME}"],
        ),
        *(
            (
                f'[organisation]\nname = "X"\ncontact = "{contact}"\n',
                [f"3:11: “{contact}”; {EXPECTED_CONTACT}"],
            )
            for contact in (
                "javascript:alert(1)",
                "file:///etc/passwd",
                "it.example.edu/privacy",
                "it@example.edu",
                "https:it.example.edu",
                "https://",
                "https://it.example.edu/our privacy",
                "mailto:",
                "mailto:example.edu",
                "mailto:it@",
                " https://it.example.edu",
            )
        ),
        # Lines that are not TOML: other mistakes are reported, too.
        (
            '[choices.online-search]\nstate = "off\nlocked = true\n[choices.weather]\n',
            [
                "2:13: invalid basic string, expected `\"`",
                "4:10: unknown choice “weather”; expected one of: online-search, "
                "search-suggestions, error-reports, usage-statistics, activity-history",
            ],
        ),
        ('[organisation]\nname = "X"\nname = "Y"\n', ["3:1: duplicate key"]),
        (b"# \xc3\xa4\n# \xc3\xa4\xff\n", ["2:4: not UTF-8; expected TOML 1.0"]),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_was_expected(computer, text, mistakes):
    computer.write("/etc/site.toml", text)
    told = refused(computer.policy("check", "/etc/site.toml"), BAD)
    assert told == [f"/etc/site.toml:{mistake}" for mistake in mistakes]


def test_a_file_that_is_none_or_too_large_is_never_waited_for(computer):
    too_large = computer.write("/etc/site.toml", "#" * (256 * 1024 + 1))
    size = "/etc/site.toml: larger than 256 KiB, the most that it may have"
    assert refused(computer.policy("check", "/etc/site.toml"), BAD) == [size]
    too_large.write_text("#" * 256 * 1024)
    assert computer.policy("check", "/etc/site.toml").returncode == DONE
    assert refused(computer.policy("check", "/etc"), BAD) == ["/etc: not a regular file"]
    assert refused(computer.policy("check", "/dev/zero"), BAD) == ["/dev/zero: not a regular file"]
    computer.session.ask("mkfifo", "/run/pipe")
    assert refused(computer.policy("check", "/run/pipe"), BAD) == ["/run/pipe: not a regular file"]


def test_a_policy_that_is_missing_is_named_with_what_to_do(computer):
    for command in (["check"], ["apply"], ["apply", "--dry-run"]):
        for file in (POLICY, "/etc/nowhere.toml"):
            told = refused(computer.policy(*command, *([file] if file != POLICY else [])), BAD)
            assert told == [f"There is no policy “{file}”. Write one, or name the file."]


def test_check_says_what_was_decided_and_what_an_administrator_may_not_expect(computer):
    before = contents(computer.file("/etc"))
    done = computer.policy("check", POLICIES / "both-choices.toml")
    assert (done.returncode, done.stderr) == (DONE, "")
    first, *decided = done.stdout.splitlines()
    assert first == f"{POLICIES}/both-choices.toml: no mistakes."
    assert decided[:2] == [
        "Include online search results: Off, locked",
        "Send error reports: On, until people decide otherwise",
    ]
    # More programs come with each version.
    assert {line.partition(":")[0] for line in decided[2:]} >= {
        "GNOME Shell Search",
        "Snap Store Search",
        "DrKonqi (KDE)",
        "Ubuntu Error Reports (Whoopsie)",
    }
    assert contents(computer.file("/etc")) == before


STATISTICS_ON = "[choices.usage-statistics]\nstate = \"on\"\nlocked = true\n"
INSIGHTS = "Ubuntu Insights: not reached by a policy, neither preset nor locked. People decide."
WHOOPSIE = (
    "Ubuntu System Figures (Whoopsie): not reached by a policy, neither preset nor locked. "
    "“privacyctl set usage-statistics on” sets it for everybody on a computer."
)


def test_check_names_all_programs_that_a_policy_does_not_reach(computer):
    # No opt-out turns Insights on for all users.
    computer.write(POLICY, STATISTICS_ON)
    lines = computer.policy("check").stdout.splitlines()[2:]
    # More programs come with each version.
    assert {INSIGHTS, WHOOPSIE} <= set(lines)


def test_apply_and_status_name_those_that_are_here(computer):
    computer.write(POLICY, STATISTICS_ON)
    assert not {INSIGHTS, WHOOPSIE} & set(computer.policy("apply").stdout.splitlines())
    reader = (SOURCE / "data" / "readers.d" / "ubuntu-insights.toml").read_text()
    here = reader.replace("/usr/local/bin/ubuntu-insights", "/bin/sh")
    computer.write("/etc/privacy-panel/readers.d/ubuntu-insights.toml", here)
    assert INSIGHTS in computer.policy("apply").stdout.splitlines()
    done = computer.policy("status")
    assert done.returncode == DONE, "what is not reached is no fault of the policy"
    assert INSIGHTS in done.stdout.splitlines() and WHOOPSIE not in done.stdout
    found = json.loads(computer.policy("status", "--json").stdout)
    beyond = [{"id": "ubuntu-insights", "name": "Ubuntu Insights"}]
    assert [entry for entry in found["choices"][0]["beyond"] if "ubuntu" in entry["id"]] == beyond
    assert "ubuntu-insights" not in [r["id"] for r in found["choices"][0]["readers"]]


def test_of_an_image_all_programs_are_named(computer, tmp_path):
    computer.write(POLICY, STATISTICS_ON)
    said = computer.policy("apply", POLICY, "--root", tmp_path).stdout.splitlines()
    assert INSIGHTS in said and WHOOPSIE in said


# apply


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


# Users and places that run it


def test_a_persons_own_files_and_variables_have_no_influence(computer, tmp_path):
    session = computer.session
    computer.apply(BOTH)
    clean = computer.files()
    computer.policy("remove")
    bad = 'name = "Mine"\nchioce = "online-search"\n'
    # A valid reader file, a mask, and a broken one.
    session.add_reader("broken", bad)
    session.add_reader("unity-dash", "")
    session.add_reader("mine", reader_file())
    data = tmp_path / "privacy-panel" / "readers.d"
    data.mkdir(parents=True)
    (data / "broken.toml").write_text(bad)
    (data / "unity-dash.toml").write_text("")
    (tmp_path / "dconf" / "profile").mkdir(parents=True)
    (tmp_path / "dconf" / "profile" / "user").write_text("user-db:x\nsystem-db:elsewhere\n")
    odd = {
        "XDG_DATA_DIRS": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "XDG_CONFIG_DIRS": str(tmp_path),
        "DCONF_PROFILE": str(tmp_path / "no-profile"),
        "GSETTINGS_BACKEND": "memory",
        "GSETTINGS_SCHEMA_DIR": str(tmp_path),
        "G_MESSAGES_DEBUG": "all",
        "HOME": "/nonexistent",
        "LC_ALL": "de_DE.UTF-8",
    }
    for command in (["check"], ["apply", "--dry-run"], ["apply"], ["status"]):
        done = computer.policy(*command, env=odd)
        assert done.returncode == DONE, done
        assert "broken.toml" not in done.stderr
    assert computer.files() == clean
    status = computer.policy("status", "--json", env=odd).stdout
    assert json.loads(status)["in_force"]


def test_a_user_without_rights_reads_one_sentence_and_nothing_is_changed(computer):
    computer.apply(OFF_LOCKED)
    computer.write(POLICY, FULL)
    before = computer.stamps()
    sentence = (
        f"Nothing can be written in “{DATABASES}”: Permission denied. "
        "The administrator can run this, such as with sudo."
    )
    for command in ("apply", "remove"):
        done = computer.as_nobody("privacyctl", "policy", command)
        assert refused(done, NOT_SAVED) == [sentence]
    assert computer.stamps() == before
    # Reading is allowed.
    assert computer.as_nobody("privacyctl", "policy", "check").returncode == DONE
    looked = computer.as_nobody("privacyctl", "policy", "apply", "--dry-run")
    assert looked.stdout.splitlines()[-1] == "changed"
    assert computer.as_nobody("privacyctl", "policy", "status").returncode == NO
    assert computer.stamps() == before


def test_where_nothing_can_be_written_it_says_so_and_leaves_all_as_it_is(computer):
    computer.write(PROFILE, "user-db:user\n")
    computer.write(POLICY, OFF_LOCKED)
    before = computer.stamps()
    read_only = ("bwrap", "--dev-bind", "/", "/", "--ro-bind", "/etc", "/etc")
    done = computer.session.run(*read_only, "privacyctl", "policy", "apply")
    (sentence,) = refused(done, NOT_SAVED)
    assert sentence.startswith("Nothing can be written in “/etc/dconf”: Read-only file system.")
    assert computer.stamps() == before


def test_an_image_is_prepared_and_nothing_outside_it_is_written(computer, tmp_path):
    (tmp_path / "policy.toml").write_text(OFF_LOCKED)
    image = tmp_path / "image"
    image.mkdir()
    outside = contents(computer.file("/etc")), contents(computer.file("/run"))
    sealed = ("bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")
    # The programs themselves may be below /tmp.
    sealed += ("--tmpfs", "/tmp", "--ro-bind", INSTALLED, INSTALLED, "--bind", tmp_path, "/mnt")
    # For temporary files and the lock file.
    sealed += ("--tmpfs", "/run")
    policy = ("privacyctl", "policy")
    for command, last in (
        (("apply", "/mnt/policy.toml", "--root", "/mnt/image"), "changed"),
        (("status", "--root", "/mnt/image"), "What is in force is what the policy says."),
        (("apply", "/mnt/policy.toml", "--root", "/mnt/image"), "unchanged"),
        (("remove", "--root", "/mnt/image"), "changed"),
        (("remove", "--root", "/mnt/image"), "unchanged"),
    ):
        done = computer.session.run(*sealed, *policy, *command)
        assert (done.returncode, done.stderr) == (DONE, ""), done
        assert done.stdout.splitlines()[-1] == last
    assert contents(image) in ({}, {"etc": None})
    assert (contents(computer.file("/etc")), contents(computer.file("/run"))) == outside
    nowhere = computer.policy("apply", tmp_path / "policy.toml", "--root", tmp_path / "none")
    assert refused(nowhere, BAD) == [f"{tmp_path}/none: No such file or directory"]


def test_an_image_has_its_own_readers_profile_and_databases(computer, tmp_path):
    site = "org/gnome/desktop/search-providers]\ndisabled=['org.example.Kept.desktop']\n"
    computer.write(PROFILE, "user-db:user\nsystem-db:site\n")
    computer.database("site", f"[{site.replace('Kept', 'Elsewhere')}")
    computer.session.ask("dconf", "update")
    computer.write(READERS / "elsewhere.toml", reader_file())

    files = {
        "usr/share/privacy-panel/readers.d/gnome-shell-search.toml": SHELL_READER,
        "etc/privacy-panel/readers.d/site.toml": reader_file(schema="org.example.Image"),
        "etc/privacy-panel/policy.toml": OFF_LOCKED + REPORTS_LOCKED,
        "usr/share/dconf/profile/user": "# vendor\nuser-db:user\nsystem-db:site\n",
        "etc/dconf/db/site.d/defaults": f"[{site}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    databases = tmp_path / "etc/dconf/db"
    computer.session.ask("dconf", "compile", databases / "site", databases / "site.d")
    lines = computer.apply(None, "--root", tmp_path)
    assert [line.rpartition("(")[2] for line in lines] == [
        "in force for 2 programs)",
        "in force for 2 programs)",
        "changed",
    ]
    keys = (databases / f"{NAME}.d" / "policy").read_text()
    assert keys.endswith(
        """
[net/launchpad/PrivacyPanel]
error-reports=false
online-search=false

[org/example/Image]
send=false

[org/gnome/desktop/search-providers]
disabled=['org.example.Kept.desktop', 'org.example.Online.desktop']
"""
    )
    assert computer.apply(None, "--root", tmp_path)[-1] == "unchanged"
    profile = tmp_path / "etc/dconf/profile/user"
    assert profile.read_text() == f"# vendor\nuser-db:user\n{OUR_LINE}\nsystem-db:site\n"
    assert computer.policy("remove", "--root", tmp_path).stdout == "changed\n"
    assert not profile.parent.exists()
    assert sorted(path.name for path in databases.iterdir()) == ["site", "site.d"]


# Profiles


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


# Other databases


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


def test_a_file_of_somebody_elses_among_ours_is_named_and_left_alone(computer):
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


# Reader files


def reader_file(name="Mine", schema="org.example.Absent", key="send", on="true", off="false"):
    return (
        f'name = "{name}"\nchoice = "error-reports"\n[gsettings]\nschema = "{schema}"\n'
        f'path = "/{schema.replace(".", "/")}/"\nkey = "{key}"\non = "{on}"\noff = "{off}"\n'
    )


SHELL_READER = list_reader("Shell", ["org.example.Online.desktop"])
REPORTS_LOCKED = '[choices.error-reports]\nstate = "off"\nlocked = true\n'


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


# Failures in the middle


CRASHES = {
    "before the database is compiled": "kill -9 $PPID; exit 1",
    "after the database is compiled": "/usr/bin/dconf update; kill -9 $PPID",
}


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


# status


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
    writable = computer.as_nobody("gsettings", "writable", *LENSES.split())
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


# remove


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
