# SPDX-License-Identifier: GPL-3.0-or-later
"""The system service in its unit's sandbox, started by systemd; and the effect of masked units on the
system's systemd and on a user's."""

import pytest
from support.booted import UNIT, Booted
from support.everyone import (
    ALLOWED,
    CHOICE,
    LVFS,
    NETDATA,
    NEWS,
    PERSON,
    POPCON,
    READERS,
    STATE,
)
from support.harness import wait_for


@pytest.fixture
def booted():
    with Booted(ALLOWED) as computer:
        yield computer


def in_sandbox(computer, *command):
    """Runs a program where the service sees files."""
    pid = computer.shown("MainPID")["MainPID"]
    return computer.run("nsenter", "--target", pid, "--mount", "--", *command)


def test_systemd_starts_the_service_in_its_sandbox_where_it_can_do_all_that_it_has_to(booted):
    assert booted.shown("ActiveState", "MainPID") == {"ActiveState": "inactive", "MainPID": "0"}
    before = booted.files()
    assert booted.ctl("set", CHOICE, "off", uid=PERSON).returncode == 0
    assert booted.read(LVFS).count("=false") == 2 and 'ENABLED="0"' in booted.read(NEWS)
    assert booted.read(NETDATA) == "" and 'PARTICIPATE="no"' in booted.read(POPCON)
    assert booted.file(STATE).stat().st_mode & 0o777 == 0o700
    assert any(entry.get("SYSLOG_IDENTIFIER") == "privacy-panel-system" for entry in booted.log)
    shown = booted.shown("ActiveState", "SubState", "MainPID")
    assert (shown["ActiveState"], shown["SubState"]) == ("active", "running")
    status = booted.run("cat", f"/proc/{shown['MainPID']}/status").stdout.split("\n")
    status = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    for folder in ("/usr", "/var", "/home", "/etc/polkit-1", "/etc/systemd", "/run/systemd"):
        assert in_sandbox(booted, "test", "-w", folder).returncode == 1, folder
    for folder in ("/etc", "/run", STATE):
        assert in_sandbox(booted, "test", "-w", folder).returncode == 0, folder
    assert in_sandbox(booted, "cat", "/etc/shadow").stdout == ""
    # On needs the administrator's records, which the sandbox keeps.
    assert booted.ctl("set", CHOICE, "on", uid=PERSON).returncode == 0
    changed = {name for name, was in booted.files().items() if before.get(name) != was}
    assert changed <= {"etc/popularity-contest.d", str(POPCON)[1:], str(NEWS)[1:]}
    booted.systemctl("stop", UNIT)
    assert booted.shown("ActiveState", "Result") == {"ActiveState": "inactive", "Result": "success"}
    # The bus starts it again.
    assert booted.plan("off")


def test_systemd_starts_the_service_again_after_it_was_killed_in_the_middle(booted):
    token = booted.plan("off")
    killed = booted.pid()
    with booted.caller("Set", CHOICE, "off", "", token) as caller:
        booted.systemctl("kill", "--signal=KILL", UNIT)
        caller.end()
    # The bus gives calls to the killed process until it sees that its connection is closed.
    wait_for("the service’s end", lambda: booted.pid() != killed)
    assert booted.plan("off")
    done = [booted.read(file) for file in (LVFS, NEWS)]
    assert all(("=false" in text or '"0"' in text) for text in done) or not any(
        ("=false" in text or '"0"' in text) for text in done
    )


SENDER = """
name = "Example sender"
choice = "error-reports"
programs = ["/bin/sh"]

[file]
format = "toml"
files = ["example/sender.toml"]
key = "send"
on = true
off = false
missing = "on"
disable-all = { masked-units = ["example-system.service"], masked-user-units = ["example.service"] }
"""
OFF = '[choices.error-reports]\nstate = "off"\nlocked = true\n'
SLEEP = "[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=test.target\n"


def test_systemd_and_the_systemd_of_a_user_start_no_unit_that_a_policy_masks(booted):
    booted.write(READERS / "sender.toml", SENDER)
    booted.write("/run/policy.toml", OFF)
    booted.write("/run/units/example-system.service", SLEEP)
    of_user = booted.log_in(PERSON, {"example.service": SLEEP})
    booted.systemctl("start", "example-system.service")
    assert of_user("start", "example.service").returncode == 0
    done = booted.ctl("policy", "apply", "/run/policy.toml")
    assert (done.returncode, done.stderr) == (0, "")
    # The system's systemd stops the unit. A user's one belongs to the user, and is not called.
    for systemctl, unit in (
        (lambda *words: booted.run("systemctl", *words), "example-system.service"),
        (of_user, "example.service"),
    ):
        if systemctl is of_user:
            assert systemctl("is-active", unit).stdout == "active\n"
            # As at the next login.
            systemctl("stop", unit)
            systemctl("daemon-reload")
        # A stop is not waited for.
        wait_for("its end", lambda: systemctl("is-active", unit).stdout == "inactive\n")
        assert systemctl("is-enabled", unit).stdout == "masked\n"
        assert systemctl("start", unit).returncode != 0
        assert systemctl("enable", unit).returncode != 0
    assert booted.ctl("policy", "remove").returncode == 0
    of_user("daemon-reload")
    assert of_user("start", "example.service").returncode == 0
