# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that are a whole small file: Go's telemetry, and what users answered JetBrains' programs."""

import os
import re
from datetime import UTC, datetime

import pytest
from support.harness import SOURCE
from support.names import NOT_SAVED

CHOICE = "usage-statistics"
NAME = "rsch.send.usage.stat"


def install(session, reader):
    """Installs the shipped reader, with a program below the home."""
    text = (SOURCE / "data" / "readers.d" / f"{reader}.toml").read_text()
    text = re.sub(r"programs = \[.*?\n\]", 'programs = ["~/tools/*/run"]', text, flags=re.DOTALL)
    session.add_reader(reader, text)
    program = session.root / "home" / "tools" / "1" / "run"
    program.parent.mkdir(parents=True)
    program.touch()
    return program


def test_a_program_below_the_home_counts_while_it_is_there(session):
    program = install(session, "go-telemetry")
    assert session.reader(CHOICE, "go-telemetry")["installed"] is True
    program.unlink()
    assert session.reader(CHOICE, "go-telemetry")["installed"] is False


def test_gos_mode_gets_todays_date_and_is_off_unless_it_is_on(session):
    install(session, "go-telemetry")
    mode = session.config / "go" / "telemetry" / "mode"

    def state():
        return session.reader(CHOICE, "go-telemetry")["state"]

    assert state() == "off"
    # Off already: no file is made.
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert not mode.exists()
    before = datetime.now(UTC).date()
    assert session.ctl("set", CHOICE, "on").returncode == 0
    dates = {f"on {date}" for date in (before, datetime.now(UTC).date())}
    assert mode.read_text() in dates and state() == "on"
    for text, expected in (("local 2024-08-13", "off"), ("off 2024-08-13\n", "off"), ("on", "on")):
        mode.write_text(text)
        assert state() == expected, text
    mode.write_text("on 2024-08-13")
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert mode.read_text().startswith("off 20") and state() == "off"
    assert session.ctl("reset", CHOICE).returncode == 0
    assert not mode.exists()
    mode.write_text("never\tever")
    assert state() == "mixed"


def test_of_jetbrains_answers_one_digit_changes_and_none_is_made_up(session):
    install(session, "jetbrains")
    answers = session.root / "data" / "JetBrains" / "consentOptions" / "accepted"

    def state():
        return session.reader(CHOICE, "jetbrains")["state"]

    # The program was never started.
    assert session.ctl("set", CHOICE, "on").returncode == 0
    assert not answers.exists()
    answers.parent.mkdir(parents=True)
    text = f"eap:1.0:1:5;{NAME}:1.1:1:1574939222872;ai:1.0:1:7"
    answers.write_text(text)
    assert state() == "on"
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert answers.read_text() == text.replace("1.1:1:", "1.1:0:")
    assert state() == "off"
    answers.write_text("eap:1.0:1:5")
    assert state() == "off"
    done = session.ctl("set", CHOICE, "on")
    assert done.returncode == NOT_SAVED and "answer the program’s own question first" in done.stderr
    assert answers.read_text() == "eap:1.0:1:5"


def test_a_file_that_only_its_program_creates_counts_once_it_exists(session):
    session.add_reader(
        "example",
        f'name = "Example"\nchoice = "{CHOICE}"\nprograms = ["/bin/sh"]\n\n[file]\nformat = "json"\n'
        'files = ["example/settings.json"]\ncreate = false\nkey = "metrics"\non = true\noff = false\n'
        'missing = "on"\n',
    )
    settings = session.config / "example" / "settings.json"
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert not settings.parent.exists()
    # The program was never started, so there is nothing for the user to turn off.
    assert session.ctl("get", CHOICE).stdout == "off\n"
    settings.parent.mkdir()
    settings.write_text('{"version": 2}')
    assert session.reader(CHOICE, "example")["state"] == "on"
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert '"version": 2' in settings.read_text()
    assert session.reader(CHOICE, "example")["state"] == "off"


@pytest.mark.parametrize("off", ["p3a", "stats"])
def test_brave_is_off_only_with_both_values(session, off):
    text = (SOURCE / "data" / "readers.d" / "brave.toml").read_text()
    session.add_reader("brave", re.sub(r"programs = \[.*\]", 'programs = ["/bin/sh"]', text))
    state = session.config / "BraveSoftware" / "Brave-Browser" / "Local State"
    state.parent.mkdir(parents=True)
    text = '{"brave":{"p3a":{"enabled":true},"stats":{"reporting_enabled":true}},"other":[1, 2]}'
    one = {"p3a": '"enabled":true', "stats": '"reporting_enabled":true'}[off]
    state.write_text(text.replace(one, one.replace("true", "false")))
    assert session.reader(CHOICE, "brave")["state"] == "mixed"
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert state.read_text() == text.replace("true", "false")
    assert session.reader(CHOICE, "brave")["state"] == "off"


def test_chrome_counts_after_its_first_start_and_only_its_consent_changes(session):
    text = (SOURCE / "data" / "readers.d" / "chrome-usage.toml").read_text()
    session.add_reader("chrome-usage", re.sub(r"programs = \[.*\]", 'programs = ["/bin/sh"]', text))
    assert session.reader(CHOICE, "chrome-usage")["obeyed"] is False, "it was never started"
    states = []
    for name in ("google-chrome", "google-chrome-beta"):
        states.append(session.config / name / "Local State")
        states[-1].parent.mkdir()
    states[0].write_text('{"user_experience_metrics":{"reporting_enabled":true},"other":[1, 2]}')
    states[1].write_text('{"other":{}}')
    assert session.reader(CHOICE, "chrome-usage")["state"] == "mixed"
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert session.reader(CHOICE, "chrome-usage")["state"] == "off"
    assert states[0].read_text() == '{"user_experience_metrics":{"reporting_enabled":false},"other":[1, 2]}'
    (states[0].parent / "SingletonLock").symlink_to(f"host-{os.getpid()}")
    assert session.ctl("set", CHOICE, "on").returncode == NOT_SAVED, "it runs"
