# SPDX-License-Identifier: GPL-3.0-or-later
"""System-wide opt-outs of programs without a dconf key, which a policy sets: the value in Ubuntu
Insights' configuration, and masked units for Whoopsie."""

import json
import os
import subprocess

import pytest
from support.computer import (
    BACKUPS,
    DATABASE,
    OUR_LINE,
    POLICY,
    PROFILE,
    READERS,
    SOURCES,
    Computer,
    contents,
)
from support.harness import SOURCE, wait_for
from support.names import DONE, LOCKED, NO, NOT_SAVED
from support.whoopsie import Whoopsie

CONFIG = "/etc/ubuntu-insights/system-config.toml"
UNITS = ("whoopsie.path", "whoopsie.service")

STATISTICS_OFF = "[choices.usage-statistics]\nstate = \"off\"\nlocked = true\n"
REPORTS_OFF = "[choices.error-reports]\nstate = \"off\"\nlocked = true\n"
BOTH_OFF = STATISTICS_OFF + REPORTS_OFF
NEITHER = "[choices.online-search]\nstate = \"off\"\n"


@pytest.fixture
def computer(computer):
    yield computer
    subprocess.run(["rm", "-rf", computer.file("/etc/ubuntu-insights")], check=True)
    for unit in UNITS:
        link(computer, unit).unlink(missing_ok=True)


def link(computer, unit):
    return computer.file(f"/etc/systemd/system/{unit}")


def masked(computer):
    return {unit for unit in UNITS if os.path.lexists(link(computer, unit))}


def whole_etc(computer):
    """Every file of the computer, except those that a user’s session writes."""
    return contents(computer.file("/etc"))


def test_a_policy_that_locks_off_turns_programs_off_and_removal_takes_it_back(computer):
    before = whole_etc(computer)
    lines = computer.apply(BOTH_OFF)
    assert lines[-1] == "changed"
    # More programs come with each version.
    assert [line.partition(" (in force for ")[0] for line in lines[:2]] == [
        "Send error reports: Off, locked",
        "Send occasional system information: Off, locked",
    ]
    assert computer.read(CONFIG) == "system_opt_out = true\n"
    assert computer.file(CONFIG).stat().st_mode & 0o777 == 0o644
    assert masked(computer) == set(UNITS)
    assert [os.readlink(link(computer, unit)) for unit in UNITS] == ["/dev/null"] * 2
    assert computer.apply()[-1] == "unchanged"
    assert computer.policy("status").returncode == DONE
    assert computer.policy("remove").stdout == "changed\n"
    computer.file(POLICY).unlink()
    computer.file(POLICY).parent.rmdir()
    assert whole_etc(computer) == before


def test_systemd_itself_says_that_nothing_can_enable_the_units(computer):
    units = computer.file("/usr/lib/systemd/system")
    units.mkdir(parents=True, exist_ok=True)
    path = "[Path]\nPathChanged=/var/crash\n[Install]\nWantedBy=paths.target\n"
    service = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
    (units / "whoopsie.path").write_text(path)
    (units / "whoopsie.service").write_text(service)

    def systemctl(*words):
        command = ["systemctl", f"--root={computer.root}", *words]
        return subprocess.run(command, text=True, capture_output=True)

    for unit in UNITS:
        assert systemctl("enable", unit).returncode == 0
        assert systemctl("is-enabled", unit).stdout == "enabled\n"
    computer.apply(REPORTS_OFF)
    for unit in UNITS:
        # Apport’s check, in apport.fileutils.allowed_to_report().
        asked = systemctl("is-enabled", unit)
        assert (asked.returncode, asked.stdout) == (1, "masked\n")
        # As whoopsie-preferences would do for a user with permission.
        assert systemctl("enable", unit).returncode != 0
    computer.policy("remove")
    for unit in UNITS:
        assert systemctl("is-enabled", unit).stdout == "enabled\n"
        assert systemctl("disable", unit).returncode == 0
    subprocess.run(["rm", "-rf", computer.root / "usr"], check=True)


def test_a_running_systemd_is_told_what_to_stop(computer):
    computer.file("/run/systemd/system").mkdir(parents=True)
    folder = computer.root / "bin"
    folder.mkdir(exist_ok=True)
    told = computer.root / "told"
    told.unlink(missing_ok=True)
    # No systemd runs here: this script logs its arguments to a file of the test.
    script = "#!/bin/sh\necho \"$*\" >>/run/told\n"
    (folder / "systemctl").write_text(script)
    (folder / "systemctl").chmod(0o755)
    path = f"PATH={folder}:{computer.session.env['PATH']}"

    def policy(*words):
        computer.session.ask("env", path, "privacyctl", "policy", *words)
        log = computer.file("/run/told")
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines

    computer.write(POLICY, REPORTS_OFF)
    stop = "stop --no-block -- whoopsie.path whoopsie.service"
    assert policy("apply") == ["daemon-reload", stop]
    assert policy("apply") == []
    assert policy("remove") == ["daemon-reload"]
    computer.write(POLICY, STATISTICS_OFF)
    assert policy("apply") == []
    (folder / "systemctl").write_text("#!/bin/sh\necho 'Failed to connect to bus' >&2\nexit 1\n")
    computer.write(POLICY, REPORTS_OFF)
    done = computer.session.run("env", path, "privacyctl", "policy", "apply")
    assert done.returncode == DONE and masked(computer) == set(UNITS)
    assert "privacyctl: Failed to connect to bus" in done.stderr
    computer.file("/run/systemd/system").rmdir()


def test_systemd_that_does_not_answer_holds_no_policy_up(computer):
    computer.file("/run/systemd/system").mkdir(parents=True)
    folder = computer.root / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "systemctl").write_text(
        "#!/bin/sh\n[ $1 != daemon-reload ] || { echo >/run/asked; exec sleep 1000; }\n"
    )
    (folder / "systemctl").chmod(0o755)
    path = f"PATH={folder}:{computer.session.env['PATH']}"
    computer.write(POLICY, REPORTS_OFF)
    child = computer.session.spawn(["env", path, "privacyctl", "policy", "apply"])
    wait_for("systemd is asked", lambda: computer.file("/run/asked").exists())
    assert OUR_LINE in computer.read(PROFILE), "the policy is in force by then"
    lock = ["flock", "--nonblock", "/run/privacy-panel.lock", "true"]
    assert computer.session.run(*lock).returncode == 0, "and no process waits"
    # privacyctl gives up.
    assert child.wait(60) == DONE
    computer.file("/run/systemd/system").rmdir()
    computer.policy("remove")


def test_all_else_in_a_file_stays_and_comes_back_as_it_was(computer):
    text = "# site's own\n[network]\nproxy = 'x'   # keep\n"
    first = "# head\nsystem_opt_out=false # for now\n" + text
    computer.write(CONFIG, first).chmod(0o444)
    computer.apply(STATISTICS_OFF)
    assert computer.read(CONFIG) == first.replace("=false", "=true")
    assert computer.file(CONFIG).stat().st_mode & 0o777 == 0o444
    computer.policy("remove")
    assert computer.read(CONFIG) == first
    for text in (text, ""):
        computer.write(CONFIG, text)
        computer.apply(STATISTICS_OFF)
        assert "system_opt_out = true\n" in computer.read(CONFIG)
        computer.policy("remove")
        assert computer.read(CONFIG) == text


def test_a_file_that_people_cannot_read_is_said_to_reach_no_user(computer):
    computer.write(CONFIG, "system_opt_out = false\n").chmod(0o600)
    computer.write(POLICY, STATISTICS_OFF)
    done = computer.policy("apply")
    assert done.returncode == NOT_SAVED
    assert f"People cannot read “{CONFIG}”, so their programs do not obey." in done.stderr
    found = json.loads(computer.policy("status", "--json").stdout)
    assert (found["in_force"], found["hidden"]) == (False, [CONFIG])


def test_what_the_administrator_had_turned_off_before_stays_off(computer):
    computer.write(CONFIG, "system_opt_out = true\n")
    for unit in UNITS:
        link(computer, unit).symlink_to("/dev/null")
    computer.apply(BOTH_OFF)
    computer.policy("remove")
    assert computer.read(CONFIG) == "system_opt_out = true\n"
    assert masked(computer) == set(UNITS)


def test_a_file_that_another_program_changed_since_stays_as_it_is(computer):
    computer.apply(BOTH_OFF)
    computer.write(CONFIG, "system_opt_out = true\nmore = 1\n")
    unit = link(computer, UNITS[1])
    unit.unlink()
    unit.write_text("[Service]\nExecStart=/bin/true\n")
    computer.policy("remove")
    assert computer.read(CONFIG) == "more = 1\n"
    assert unit.read_text().startswith("[Service]") and masked(computer) == {UNITS[1]}
    computer.apply(STATISTICS_OFF)
    computer.write(CONFIG, "system_opt_out = false\n")
    done = computer.policy("status")
    assert done.returncode == NO
    assert f"{CONFIG}#system_opt_out" in done.stdout
    computer.policy("remove")
    assert computer.read(CONFIG) == "system_opt_out = false\n"


def test_the_next_application_mends_what_was_undone_by_hand(computer):
    computer.apply(BOTH_OFF)
    computer.write(CONFIG, "system_opt_out = false\n")
    link(computer, UNITS[0]).unlink()
    found = json.loads(computer.policy("status", "--json").stdout)
    keys = {
        key["key"]: (key["wanted"], key["found"], key["found_locked"])
        for choice in found["choices"]
        for reader in choice["readers"]
        for key in reader["keys"]
        if key["wanted"] != key["found"]
    }
    assert not found["in_force"]
    assert keys == {
        f"{CONFIG}#system_opt_out": ("true", "false", False),
        "/etc/systemd/system/whoopsie.path": ("masked", None, False),
    }
    assert computer.apply()[-1] == "changed"
    assert computer.policy("status").returncode == DONE
    assert computer.read(CONFIG) == "system_opt_out = true\n"
    # The value before the first policy is still recorded.
    computer.policy("remove")
    assert not computer.file(CONFIG).exists() and not masked(computer)


def test_another_policy_takes_back_what_it_does_not_want(computer):
    before = contents(computer.file("/etc/systemd"))
    computer.apply(BOTH_OFF)
    computer.apply(STATISTICS_OFF)
    assert not masked(computer) and computer.file(CONFIG).exists()
    assert "whoopsie" not in (computer.file(SOURCES) / "policy").read_text()
    computer.apply(NEITHER)
    assert not computer.file(CONFIG).parent.exists()
    assert contents(computer.file("/etc/systemd")) == before
    assert computer.apply()[-1] == "unchanged"
    # Neither a default nor a lock on sets an opt-out.
    for text in (BOTH_OFF.replace("off", "on"), BOTH_OFF.replace("true", "false")):
        computer.apply(text)
        assert not masked(computer) and not computer.file(CONFIG).exists()


# Each is something that taking values out one by one would not restore.
FILES = {
    "none": None,
    "an empty one": b"",
    "no line end": b"# ours",
    "another layout": b"\r\n  system_opt_out  =  false # for now\r\n[more]\r\nsystem_opt_out = true",
    "a number as a person wrote it": b"system_opt_out = 0x00\n\n\n[more]\n",
}
POSTRM = SOURCE / "debian" / "privacyctl.postrm"


@pytest.fixture
def purged(tmp_path):
    """A computer where the package’s script can run: it has a /var/lib of its own."""
    with Computer(binds=[(tmp_path, "/var/lib")]) as computer:
        yield computer


def purge(computer):
    done = computer.session.run("sh", POSTRM, "purge")
    assert done.returncode == DONE and done.stdout == "", done
    return done.stderr.splitlines()


def everything(computer):
    """What is in /etc: of each file its bytes, its mode and its owner."""
    found = {}
    for path in computer.file("/etc").rglob("*"):
        about = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.is_file() and path.read_bytes()
        found[path] = content, about.st_mode, about.st_uid, about.st_gid
    return found


@pytest.mark.parametrize("profile", [None, "user-db:user\nsystem-db:site", "user-db:user"])
@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
@pytest.mark.parametrize("how", ["remove", "purge"])
def test_removal_and_purge_restore_every_byte(purged, text, profile, how):
    if text is not None:
        purged.write(CONFIG, text).chmod(0o640)
        os.chown(purged.file(CONFIG), 0, 4)
    if profile is not None:
        purged.write(PROFILE, profile).chmod(0o644)
        purged.file(DATABASE.parent).mkdir()
    before = everything(purged)
    purged.write("/run/policy.toml", BOTH_OFF)
    purged.policy("apply", "/run/policy.toml")
    assert purged.file(CONFIG).read_bytes() != text and masked(purged) == set(UNITS)
    # Applying another policy in between doesn't change what is restored.
    purged.write("/run/policy.toml", STATISTICS_OFF)
    purged.policy("apply", "/run/policy.toml")
    if how == "remove":
        assert purged.policy("remove").returncode == DONE
    else:
        assert purge(purged) == []
        assert purge(purged) == [], "a purge that is repeated changes nothing"
    assert everything(purged) == before


def test_a_purge_names_a_file_that_was_edited_since_and_leaves_it(purged):
    purged.write(CONFIG, "system_opt_out = false\n")
    purged.apply(BOTH_OFF)
    edited = "system_opt_out = true\nmore = 1\n"
    purged.write(CONFIG, edited)
    unit = link(purged, UNITS[0])
    unit.unlink()
    unit.write_text("[Path]\n")
    purged.write(PROFILE, f"user-db:user\n{OUR_LINE}\nsystem-db:site\n")
    assert purge(purged) == [
        f"privacyctl: {CONFIG} was set by a policy and edited since; set it as you like"
    ]
    assert purged.read(CONFIG) == edited
    assert unit.read_text() == "[Path]\n" and masked(purged) == {UNITS[0]}
    assert purged.read(PROFILE) == "user-db:user\nsystem-db:site\n"
    assert not purged.file(DATABASE.parent).exists()


def test_what_an_administrator_added_before_the_next_application_survives_the_purge(purged):
    purged.apply(STATISTICS_OFF)
    purged.write(CONFIG, "system_opt_out = false\nmore = 1\n")
    assert purged.apply()[-1] == "changed"
    assert purged.read(CONFIG) == "system_opt_out = true\nmore = 1\n"
    assert purge(purged) == []
    assert purged.read(CONFIG) == "more = 1\n"


def test_only_root_can_read_the_backups(computer):
    """What is in them may come from a file that others cannot read. A dry run does without."""
    computer.apply(STATISTICS_OFF)
    assert computer.file(BACKUPS).stat().st_mode & 0o777 == 0o600
    assert computer.as_user("cat", BACKUPS).returncode != 0
    dry_run = ["privacyctl", "policy", "apply", "--dry-run"]
    as_root = computer.session.run(*dry_run)
    as_user = computer.as_user(*dry_run)
    assert as_root.returncode == as_user.returncode == DONE
    assert as_root.stdout == as_user.stdout == "unchanged\n"


def test_a_purge_after_a_killed_application_leaves_what_was_there(purged):
    before = everything(purged)
    purged.write("/run/policy.toml", BOTH_OFF)
    command = ["privacyctl", "policy", "apply", "/run/policy.toml"]
    done = purged.with_dconf("kill -9 $PPID", *command)
    assert done.returncode < 0 or done.returncode == 137
    assert masked(purged) == set(UNITS) and purged.file(CONFIG).exists()
    assert purge(purged) == []
    assert everything(purged) == before


def test_a_dry_run_shows_all_of_it_and_touches_nothing(computer):
    computer.write(CONFIG, "system_opt_out = false\n")
    computer.write(POLICY, BOTH_OFF)
    before = whole_etc(computer)
    lines = computer.policy("apply", "--dry-run").stdout.splitlines()
    at = lines.index(f"--- {CONFIG}")
    assert lines[at : at + 5] == [
        f"--- {CONFIG}",
        f"+++ {CONFIG}",
        "@@ -1 +1 @@",
        "-system_opt_out = false",
        "+system_opt_out = true",
    ]
    at = lines.index(f"The unit “{UNITS[0]}” would be masked.")
    assert lines[at + 1] == f"The unit “{UNITS[1]}” would be masked."
    assert whole_etc(computer) == before
    computer.apply()
    computer.write(POLICY, NEITHER)
    lines = computer.policy("apply", "--dry-run").stdout.splitlines()
    assert "+system_opt_out = false" in lines
    assert "The unit “whoopsie.path” would no longer be masked." in lines


@pytest.mark.parametrize(
    ("path", "put", "words"),
    [
        (CONFIG, lambda file: file.write_text("system_opt_out = = true\n"), ":1:18: "),
        (CONFIG, lambda file: file.write_text("system_opt_out = 1979-05-27\n"), "of another kind"),
        (CONFIG, lambda file: file.mkdir(), "not a regular file"),
        (CONFIG, lambda file: file.symlink_to("/etc/passwd"), ""),
        (CONFIG, lambda file: file.symlink_to("/nowhere"), "is in the way"),
        ("/etc/systemd/system/whoopsie.path", lambda file: file.mkdir(), "is in the way"),
        (
            "/etc/systemd/system/whoopsie.path",
            lambda file: file.write_text("[Path]\n"),
            "is in the way",
        ),
        (
            "/etc/systemd/system/whoopsie.service",
            lambda file: file.symlink_to("/usr/lib/systemd/system/other.service"),
            "is in the way",
        ),
    ],
)
def test_what_cannot_be_changed_is_said_before_anything_is(computer, path, put, words):
    file = computer.file(path)
    file.parent.mkdir(exist_ok=True, parents=True)
    put(file)
    computer.write(POLICY, BOTH_OFF)
    before = whole_etc(computer)
    done = computer.policy("apply")
    assert done.returncode == NOT_SAVED and done.stdout == ""
    assert path in done.stderr and words in done.stderr, done.stderr
    assert "panicked" not in done.stderr
    assert whole_etc(computer) == before
    subprocess.run(["rm", "-rf", file], check=True)


def test_where_dconf_fails_nothing_stays_turned_off(computer):
    computer.write(POLICY, BOTH_OFF)
    command = ["privacyctl", "policy", "apply"]
    done = computer.with_dconf("echo broken >&2; exit 1", *command)
    assert done.returncode == NOT_SAVED
    assert not computer.file(CONFIG).exists() and not masked(computer)
    assert not computer.file(DATABASE).exists()


@pytest.mark.parametrize("first", [NEITHER, BOTH_OFF])
def test_an_application_that_is_killed_never_leaves_less_off_than_a_policy_says(computer, first):
    """Kills apply where it would run dconf. All programs that the old policy locks off are still
    off, the next apply completes, and remove still knows the previous values."""
    second = BOTH_OFF if first == NEITHER else NEITHER
    before = contents(computer.file("/etc/systemd"))
    computer.apply(first)
    computer.write(POLICY, second)
    done = computer.with_dconf("kill -9 $PPID", "privacyctl", "policy", "apply")
    assert done.returncode < 0 or done.returncode == 137
    # Both policies require it, or did a moment ago.
    assert masked(computer) == set(UNITS)
    assert computer.read(CONFIG) == "system_opt_out = true\n"
    assert computer.policy("status").returncode == NO
    assert computer.apply()[-1] == "changed"
    assert computer.policy("status").returncode == DONE
    assert computer.file(CONFIG).exists() == (second == BOTH_OFF)
    computer.policy("remove")
    assert not computer.file(CONFIG).parent.exists()
    assert contents(computer.file("/etc/systemd")) == before


def test_an_image_is_seen_to_and_no_link_in_it_leads_out(computer, tmp_path):
    image = tmp_path / "image"
    image.mkdir()
    policy = computer.write("/etc/example.toml", BOTH_OFF)
    words = ["apply", policy, "--root", image]
    assert computer.policy(*words).stdout.splitlines()[-1] == "changed"
    assert (image / CONFIG[1:]).read_text() == "system_opt_out = true\n"
    for unit in UNITS:
        assert os.readlink(image / "etc/systemd/system" / unit) == "/dev/null"
    assert computer.policy("status", "--root", image).returncode == DONE
    assert computer.policy("remove", "--root", image).stdout == "changed\n"
    assert list(image.iterdir()) == []

    outside = tmp_path / "outside"
    outside.mkdir()
    (image / "etc").mkdir()
    for name in ("ubuntu-insights", "systemd"):
        (image / "etc" / name).symlink_to(outside)
        done = computer.policy(*words)
        assert done.returncode == NOT_SAVED, done
        assert list(outside.iterdir()) == []
        (image / "etc" / name).unlink()


def test_records_that_lead_elsewhere_are_not_followed(computer):
    computer.apply(BOTH_OFF)
    keys = computer.file(SOURCES) / "policy"
    computer.write("/etc/victim.toml", "system_opt_out = true\n")
    text = keys.read_text()
    evil = (
        '# Before: {"file":"/etc/ubuntu-insights/../victim.toml","key":["system_opt_out"],'
        '"value":true}\n# Before: {"unit":"../../victim.toml"}\n# Before: {"unit":"x.mount"}\n'
        "# Before: no JSON\n"
    )
    keys.write_text(text.replace("# Before: ", evil + "# Before: ", 1))
    assert computer.policy("remove").stdout == "changed\n"
    assert computer.read("/etc/victim.toml") == "system_opt_out = true\n"
    assert not computer.file(CONFIG).exists() and not masked(computer)


def test_root_writes_nothing_for_a_reader_that_names_a_file_elsewhere(computer, tmp_path):
    shipped = (SOURCE / "data" / "readers.d" / "ubuntu-insights.toml").read_text()
    elsewhere = tmp_path / "system-config.toml"
    computer.write(READERS / "ubuntu-insights.toml", shipped.replace(CONFIG, str(elsewhere)))
    assert computer.apply(STATISTICS_OFF)[-1] == "changed"
    assert not elsewhere.exists()
    said = computer.policy("check").stdout
    assert "Ubuntu Insights: not reached by a policy, neither preset nor locked. People decide." in said


def test_a_person_sees_it_as_locked_and_cannot_turn_it_on(computer):
    session = computer.session
    whoopsie = Whoopsie(session, ReportCrashes=True)

    def reader():
        return session.reader("error-reports", "whoopsie-error-reports")

    try:
        assert (reader()["state"], reader()["locked"]) == ("on", False)
        computer.apply(REPORTS_OFF)
        found = reader()
        assert (found["state"], found["origin"], found["locked"]) == ("off", "administrator", True)
        assert found.get("mode") is None, "nothing is sent, in no way"
        assert session.ctl("is-on", "error-reports").returncode == NO
        done = session.ctl("set", "error-reports", "on")
        assert done.returncode == LOCKED
        assert "Ubuntu Error Reports (Whoopsie) is locked by your administrator." in done.stderr
        assert session.ctl("set", "error-reports", "off").returncode == DONE
        # Even a service that does not answer counts as off.
        whoopsie.hang()
        assert reader()["state"] == "off"
    finally:
        whoopsie.stop()


def test_check_says_what_becomes_of_each_program(computer):
    computer.write(POLICY, BOTH_OFF)
    lines = computer.policy("check").stdout.splitlines()
    # More programs come with each version.
    programs = ("Ubuntu Error", "Ubuntu Insights", "Ubuntu System", "DrKonqi ")
    assert [line for line in lines[3:] if line.startswith(programs)] == [
        "DrKonqi (KDE): turned off for everybody by “[DrKonqi] Sentry[$i]=false” in "
        "“/etc/xdg/drkonqirc”.",
        "Ubuntu Error Reports (Whoopsie): turned off for everybody by masking the unit "
        "“whoopsie.path”.",
        "Ubuntu Error Reports (Whoopsie): turned off for everybody by masking the unit "
        "“whoopsie.service”.",
        f"Ubuntu Insights: turned off for everybody by “system_opt_out = true” in “{CONFIG}”.",
        "Ubuntu System Figures (Whoopsie): not reached by a policy, neither preset nor locked. "
        "“privacyctl set usage-statistics off” sets it for everybody on a computer.",
    ]
    computer.write(POLICY, STATISTICS_OFF.replace("locked = true\n", ""))
    assert (
        "Ubuntu Insights: not reached by a policy that leaves the choice to people. "
        "“locked = true” would turn it off for everybody."
    ) in computer.policy("check").stdout.splitlines()


def test_two_readers_that_want_different_values_of_one_place_contradict_each_other(computer):
    shipped = (SOURCE / "data" / "readers.d" / "ubuntu-insights.toml").read_text()
    other = shipped.replace("value = true", "value = 1")
    computer.write("/etc/privacy-panel/readers.d/other.toml", other)
    computer.write(POLICY, STATISTICS_OFF)
    for command in ("check", "apply"):
        done = computer.policy(command)
        assert done.returncode == 2
        assert f"need different values of {CONFIG}#system_opt_out" in done.stderr
    assert not computer.file(CONFIG).exists()
