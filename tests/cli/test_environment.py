# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers with a variable of the environment, as systemd's own generator reads it."""

import pytest
from support.environment import generated
from support.harness import Session
from support.names import NOT_SAVED

NAME = "EXAMPLE_TELEMETRY_OPTOUT"
READER = f"""
name = "Example Compiler"
choice = "usage-statistics"
programs = ["/bin/sh"]
effect = "login"

[environment]
variable = "{NAME}"
on = "0"
off = "1"
missing = "on"
"""


def prepare(session, *names):
    for name in names or ["compiler"]:
        variable = NAME if name == "compiler" else f"{name.upper()}_TELEMETRY"
        session.add_reader(name, READER.replace(NAME, variable))
    session.folder = session.config / "environment.d"
    session.own = session.folder / "99-privacy-panel.conf"
    return session


@pytest.fixture
def session(session):
    return prepare(session)


def reader(session, name="compiler"):
    return session.reader("usage-statistics", name)


def test_systemd_starts_programs_with_the_value_and_a_reset_leaves_nothing(session):
    assert (reader(session)["state"], reader(session)["origin"]) == ("on", "default")
    assert session.ctl("set", "usage-statistics", "off").returncode == 0
    assert generated(session)[NAME] == "1"
    assert (reader(session)["state"], reader(session)["origin"]) == ("off", "you")
    assert reader(session)["effect"] == "login"
    assert session.ctl("set", "usage-statistics", "on").returncode == 0
    assert generated(session)[NAME] == "0"
    assert session.ctl("reset", "usage-statistics").returncode == 0
    assert NAME not in generated(session)
    assert not session.own.exists()


def test_each_reader_has_its_own_line_of_the_file(session):
    prepare(session, "one", "two")
    assert session.ctl("set", "usage-statistics", "off").returncode == 0
    found = generated(session)
    assert (found[NAME], found["ONE_TELEMETRY"], found["TWO_TELEMETRY"]) == ("1", "1", "1")
    lines = session.own.read_text().splitlines()
    assert sorted(lines) == sorted([f"{NAME}=1", "ONE_TELEMETRY=1", "TWO_TELEMETRY=1"])


@pytest.mark.parametrize(
    "name, text, value",
    [
        ("10-a.conf", f"{NAME}=1\n", "1"),
        ("10-a.conf", f"  {NAME} = '1' \n{NAME}=0\n", "0"),
        ("10-a.conf", f"{NAME}=0\n# {NAME}=1\n; {NAME}=1\n", "0"),
        ("10-a.conf", f"export {NAME}=1\n", None),
        ("10-a.conf", f'{NAME}="1"\r\n', "1"),
        ("10-a.txt", f"{NAME}=1\n", None),
        (".10-a.conf", f"{NAME}=1\n", None),
    ],
)
def test_the_state_is_what_systemd_reads(session, name, text, value):
    session.folder.mkdir()
    (session.folder / name).write_text(text)
    assert generated(session).get(NAME) == value
    assert reader(session)["state"] == {"1": "off", "0": "on", None: "on"}[value]


@pytest.mark.parametrize(
    "text",
    [f"A='\n{NAME}=1\n'\n", f"A=1\\\n{NAME}=1\n", f"{NAME}=$PATH\n", f"{NAME}='1\n"],
)
def test_a_file_that_is_not_understood_is_never_off(session, text):
    session.folder.mkdir()
    file = session.folder / "10-a.conf"
    file.write_text(text)
    assert reader(session)["state"] is None
    assert session.status("usage-statistics")["state"] == "mixed"
    assert session.ctl("set", "usage-statistics", "off").returncode == NOT_SAVED
    assert file.read_text() == text


def test_a_later_file_of_the_user_wins_and_is_not_claimed_to_be_off(session):
    session.folder.mkdir()
    (session.folder / "zz.conf").write_text(f"{NAME}=0\n")
    assert session.ctl("set", "usage-statistics", "off").returncode == NOT_SAVED
    assert generated(session)[NAME] == "0"
    assert reader(session)["state"] == "on"


def test_the_administrators_file_is_a_default_or_a_lock_by_its_name(tmp_path):
    folder = tmp_path / "environment.d"
    folder.mkdir()
    with Session(binds=[(folder, "/etc/environment.d")]) as session:
        prepare(session)
        early, late = folder / "50-a.conf", folder / "zz.conf"
        early.write_text(f"{NAME}=1\n")
        found = reader(session)
        assert (found["state"], found["origin"], found["locked"]) == ("off", "administrator", False)
        assert session.ctl("set", "usage-statistics", "on").returncode == 0
        assert generated(session)[NAME] == "0"
        late.write_text(f"{NAME}=1\n")
        found = reader(session)
        assert (found["state"], found["origin"], found["locked"]) == ("off", "administrator", True)
        assert generated(session)[NAME] == "1"
        # A file of the same name in a more important folder masks it.
        (session.folder / "zz.conf").symlink_to("/dev/null")
        assert generated(session)[NAME] == "0"
        assert reader(session)["state"] == "on"


@pytest.mark.parametrize("name", ["LD_PRELOAD", "PATH", "BASH_ENV", "example_telemetry", "A B"])
def test_a_variable_that_may_run_programs_is_a_mistake(session, name):
    session.add_reader("bad", READER.replace(NAME, name))
    done = session.ctl("readers")
    assert done.returncode == 2 and "an environment variable about telemetry" in done.stderr
