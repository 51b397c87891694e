# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of `policy check` about each program that comes with the panel, and the table in
docs/administrators.md with the same content."""

import os
import re
import tomllib

import pytest
from support.computer import Computer
from support.harness import SOURCE
from support.names import DONE

PAGE = SOURCE / "docs" / "administrators.md"
READERS = {
    file.stem: tomllib.loads(file.read_text())
    for file in sorted((SOURCE / "data" / "readers.d").glob("*.toml"))
}
# The rows of the places in docs/readers.md: their names, and whether they preset and lock.
ROWS = re.findall(
    r"^\| ((?:`\"[^`]+\"`(?:, )?)+) \|.*\| (yes|no) \| (yes|no) \|$",
    (SOURCE / "docs" / "readers.md").read_text(),
    re.MULTILINE,
)
PLACES = {
    name: {"presets": presets == "yes", "locks": locks == "yes"}
    for names, presets, locks in ROWS
    for name in re.findall(r'"([^"]+)"', names)
}
CHOICES = {reader["choice"] for reader in READERS.values()}
HEAD = "| program | choice | locked off | preset off | locked on |\n| --- | --- | --- | --- | --- |\n"


def store(reader):
    """The kind of the store, and its table. Stores that are places of a policy, too, come last."""
    for kind in ("gsettings", "gsettings-list", "dbus", "dbus-call", "dbus-entry", "file"):
        if kind in reader:
            return kind, reader[kind]
    return ("system-file", reader["system-file"]) if "system-file" in reader else ("environment", {})


def by_its_file(reader, state, locked):
    """What its file lets a policy do: lock, preset, or nothing."""
    kind, table = store(reader)
    if kind in ("gsettings", "gsettings-list"):
        return "locked" if locked else "preset"
    places = [PLACES[entry["place"]] for entry in reader.get("policy", []) if state in entry]
    if locked and (
        any(place["locks"] for place in places) or (state == "off" and "disable-all" in table)
    ):
        return "locked"
    return "preset" if any(place["presets"] for place in places) else "neither"


def by_check(lines):
    """What the lines about a program say of a policy: that it locks, that it presets, or neither."""
    if any("not reached by a policy" in line for line in lines):
        return "neither"
    is_preset = any("preset, not locked, since the program knows no lock" in line for line in lines)
    return "preset" if is_preset else None


@pytest.fixture(scope="module")
def said():
    """The lines of `policy check` by reader, by a policy's state and lock."""
    found = {(state, locked): {} for state in ("off", "on") for locked in (True, False)}
    with Computer() as computer:
        for choice in sorted(CHOICES):
            # A program may have a reader for each of several choices.
            readers = {id: reader for id, reader in READERS.items() if reader["choice"] == choice}
            assert len({reader["name"] for reader in readers.values()}) == len(readers)
            for (state, locked), lines in found.items():
                lock = str(locked).lower()
                text = f'[choices.{choice}]\nstate = "{state}"\nlocked = {lock}\n'
                computer.write("/run/policy.toml", text)
                done = computer.policy("check", "/run/policy.toml")
                assert (done.returncode, done.stderr) == (DONE, "")
                for id, reader in readers.items():
                    beginning = f"{reader['name']}: "
                    said = done.stdout.splitlines()
                    lines[id] = [line for line in said if line.startswith(beginning)]
    return found


@pytest.mark.parametrize("locked", [True, False], ids=["locked", "preset"])
@pytest.mark.parametrize("state", ["off", "on"])
def test_check_names_every_program_that_a_policy_does_not_lock_or_not_even_preset(
    said, state, locked
):
    differ = {}
    for id, reader in READERS.items():
        expected = by_its_file(reader, state, locked)
        # `policy check` has no line about a program that the policy controls completely.
        if expected == ("locked" if locked else "preset"):
            expected = None
        if (found := by_check(said[state, locked][id])) != expected:
            differ[id] = expected, found, said[state, locked][id]
    assert not differ


def row(id, said):
    reader = READERS[id]
    cells = []
    for state, locked in (("off", True), ("off", False), ("on", True)):
        by = by_check(said[state, locked][id]) or ("locked" if locked else "preset")
        cells.append({"neither": "–", "locked": "yes"}.get(by, "preset" if locked else "yes"))
    return f"| {reader['name']} | `{reader['choice']}` | {' | '.join(cells)} |\n"


def test_the_page_says_of_every_program_what_a_policy_does(said):
    order = sorted(READERS, key=lambda id: (READERS[id]["choice"], READERS[id]["name"]))
    table = HEAD + "".join(row(id, said) for id in order)
    page = PAGE.read_text()
    begin = page.find(HEAD)
    assert begin >= 0
    end = page.index("\n\n", begin) + 1
    if os.environ.get("PRIVACY_PANEL_UPDATE"):
        PAGE.write_text(page[:begin] + table + page[end:])
    else:
        assert page[begin:end] == table
