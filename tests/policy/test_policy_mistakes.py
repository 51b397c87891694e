# SPDX-License-Identifier: GPL-3.0-or-later
"""The mistakes that `policy check` finds in a policy file, and files that are no policy."""

import pytest
from support.computer import POLICY
from support.names import BAD, DONE
from support.policy import refused

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
