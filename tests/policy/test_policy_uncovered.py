# SPDX-License-Identifier: GPL-3.0-or-later
"""What `policy check` says of a policy without mistakes, and the programs that the policy does not
reach."""

import json

from support.computer import POLICIES, POLICY, contents
from support.harness import SOURCE
from support.names import DONE


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
