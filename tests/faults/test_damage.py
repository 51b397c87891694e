# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies with wrong owners and rights, damaged databases, unusual environments and odd policies.

The tests give files to other users, so they need root.
"""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from support.computer import BACKUPS, DATABASE, PROFILE, SOURCES
from support.faults import BOTH, HERE, PRIVACYCTL, OTHER_USER, calm, snapshot
from support.names import BAD


# Wrong owners and rights


OUR_FILES = (BACKUPS, SOURCES / "policy", SOURCES / "locks" / "policy", DATABASE)
OUR_FOLDERS = (SOURCES, SOURCES / "locks")


@pytest.mark.parametrize("damage", ["hidden", "exposed", "given away"])
@pytest.mark.parametrize("path", OUR_FILES + OUR_FOLDERS, ids=str)
def test_our_own_files_get_back_their_owner_and_rights(computer, path, damage):
    computer.write(PROFILE, "user-db:user\n")
    assert computer.policy("apply", "/etc/privacy-panel/A.toml").returncode == 0
    before = snapshot(computer.file("/etc/dconf"))
    if damage == "given away":
        os.chown(computer.file(path), OTHER_USER, OTHER_USER)
    elif damage == "hidden":
        computer.file(path).chmod(0o000)
    else:
        computer.file(path).chmod(0o666 if path in OUR_FILES else 0o777)
    done = calm(computer.policy("apply", "/etc/privacy-panel/A.toml"))
    assert done.returncode == 0
    assert snapshot(computer.file("/etc/dconf")) == before
    assert done.stdout.splitlines()[-1] == "changed"


@pytest.mark.parametrize("path", [PROFILE, PROFILE.parent, DATABASE.parent, Path("/etc/dconf")])
def test_what_is_not_ours_keeps_its_owner_and_mode_and_is_warned_of(computer, path):
    computer.write(PROFILE, "user-db:user\n")
    computer.file(DATABASE.parent).mkdir()
    file = computer.file(path)
    usual = file.stat().st_mode & 0o7777
    for mode, owner in ((usual | 0o002, 0), (usual, OTHER_USER), (usual | 0o020, OTHER_USER)):
        file.chmod(mode)
        os.chown(file, owner, owner)
        for step in ("A", "A"):
            done = calm(computer.policy("apply", f"/etc/privacy-panel/{step}.toml"))
            assert done.returncode == 0
            assert f"“{path}”" in done.stderr, (oct(mode), owner, done)
            status = file.stat()
            assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (mode, owner, owner)
        done = computer.policy("remove")
        status = file.stat()
        assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (mode, owner, owner)


def test_what_others_put_beside_our_files_stays(computer):
    """With any name: dconf's own temporary files have capitals and digits in their names."""
    computer.write(PROFILE, "user-db:user\n")
    assert computer.policy("apply", "/etc/privacy-panel/A.toml").returncode == 0
    beside = {}
    for name in ("privacy_panel.backup", "privacy_panel.2026bk", "privacy_panel.d.old/policy"):
        beside[name] = computer.write(DATABASE.parent / name, "another user's own")
    beside["folder"] = computer.write(DATABASE.parent / "privacy_panel.FOLDER/file", "own")
    beside["link"] = computer.file(DATABASE.parent / "privacy_panel.LINKED")
    beside["link"].symlink_to("privacy_panel.backup")
    for words in (["apply", "/etc/privacy-panel/B.toml"], ["remove"]):
        assert calm(computer.policy(*words)).returncode == 0
        assert [name for name, file in beside.items() if not file.exists()] == []


@BOTH
@pytest.mark.parametrize("umask", ["077", "777", "000"])
def test_all_users_can_read_it_and_only_root_can_write_it_with_any_umask(place, umask):
    place.learn()
    place.computer.session.wrap += ["sh", "-c", f'umask {umask}; exec "$@"', "sh"]
    for step in ("A", "B"):
        place.mended(step)
        for path in (place.etc / "dconf").rglob("*"):
            if "site" not in str(path):
                if path.is_dir():
                    wanted = 0o755
                elif path.name == ".backups":
                    # What a file held before may be private.
                    wanted = 0o600
                elif path.name == "user" and not place.options:
                    wanted = 0o604
                else:
                    wanted = 0o644
                assert oct(path.stat().st_mode & 0o7777) == oct(wanted), path
    place.mended("none")
    place.untouched()


@HERE
def test_another_programs_broken_database_stops_nothing(place):
    place.learn()
    place.computer.database("broken", "nonsense")
    for step in ("A", "B", "none"):
        done = place.go(step)
        assert done.returncode == 0, done
        assert place.now() == step


# Damaged databases


@HERE
def test_a_database_that_is_damaged_is_made_anew(place):
    place.learn()
    place.mended("A")
    database = place.computer.file(DATABASE)
    good = database.read_bytes()
    for bad in (b"", b"garbage", good[:100], good[: len(good) // 2], bytes(len(good))):
        database.write_bytes(bad)
        os.utime(database, (2**32, 2**32))
        place.mended("A")
        assert database.read_bytes() == good
    database.unlink()
    place.mended("A")


@HERE
def test_a_database_that_says_more_than_the_policy_is_made_anew(place, tmp_path):
    """Such as a database with this policy's values, and also with another policy's locks."""
    place.learn()
    place.mended("A")
    sources = tmp_path / "sources.d"
    shutil.copytree(place.computer.file(SOURCES), sources)
    with (sources / "locks" / "policy").open("a") as locks:
        locks.write("/org/gnome/desktop/privacy/report-technical-problems\n")
    with (sources / "policy").open("a") as keys:
        keys.write("\n[org/gnome/desktop/privacy]\nreport-technical-problems=true\n")
    subprocess.run(["dconf", "compile", place.computer.file(DATABASE), sources], check=True)
    assert place.run("policy", "status").returncode == 1
    place.mended("A")


# Unusual environments

SURROUNDINGS = {
    "no home": {"HOME": None},
    "no environment but a path": "clear",
    "a profile of its own": {"DCONF_PROFILE": "/nonexistent"},
    "hostile data folders": {"XDG_DATA_DIRS": "HOSTILE:::relative"},
    "hostile configuration": {"XDG_CONFIG_HOME": "HOSTILE", "XDG_CONFIG_DIRS": "HOSTILE"},
    "hostile schemas": {"GSETTINGS_SCHEMA_DIR": "HOSTILE"},
    "settings in memory": {"GSETTINGS_BACKEND": "memory"},
    "no folder for temporary files": {"TMPDIR": "/nonexistent"},
    "no runtime folder": {"XDG_RUNTIME_DIR": "/dev/null"},
    "an unknown language": {"LC_ALL": "xx_XX.nonsense", "LANGUAGE": "x" * 5000},
    "a language that is no text": {"LC_ALL": "\udcff\udcfe", "LANGUAGE": "../../../../etc"},
    "a system bus that is none": {"DBUS_SYSTEM_BUS_ADDRESS": "nonsense"},
    "no modules": {"GIO_MODULE_DIR": "/nonexistent", "GIO_EXTRA_MODULES": "/nonexistent"},
    "fatal warnings": {"G_DEBUG": "fatal-warnings", "G_MESSAGES_DEBUG": "all"},
}


@BOTH
@pytest.mark.parametrize("name", SURROUNDINGS)
def test_strange_surroundings_change_nothing(place, name):
    place.learn()
    session = place.computer.session
    hostile = place.computer.root / "hostile"
    for folder in (hostile / "dconf" / "profile", hostile / "privacy-panel" / "readers.d"):
        folder.mkdir(parents=True, exist_ok=True)
    (hostile / "dconf" / "profile" / "user").write_text("user-db:user\nsystem-db:evil\n")
    (hostile / "privacy-panel" / "readers.d" / "unity-dash.toml").write_text("")
    change = SURROUNDINGS[name]
    session.wrap[0] = shutil.which("bwrap")
    if change == "clear":
        session.env = {"PATH": "/usr/bin:/bin"}
    else:
        for key, value in change.items():
            session.env.pop(key, None)
            if value is not None:
                session.env[key] = value.replace("HOSTILE", str(hostile))
    for step in ("A", "B", "none"):
        place.mended(step)
    place.untouched()


@HERE
@pytest.mark.parametrize(
    "closed",
    [
        "<&-",
        ">&-",
        "2>&-",
        "<&- >&- 2>&-",
        ">/dev/full",
        ">/dev/full 2>&1",
        "| true",
        "2>&1 | true",
    ],
)
def test_a_policy_is_applied_even_if_nothing_can_be_printed(place, closed):
    place.learn()
    session = place.computer.session
    for step in ("A", "B", "none"):
        words = " ".join(str(word) for word in [PRIVACYCTL, *place.words(step)])
        done = calm(session.run("bash", "-c", f"{words} {closed}; exit ${{PIPESTATUS[0]}}"))
        assert done.returncode == 0, "the status says what was done, whether it was printed or not"
        if closed == ">/dev/full":
            assert "No space left on device" in done.stderr
        assert place.now() == step
    place.untouched()


def test_a_policy_does_not_touch_the_bus_of_any_session(computer):
    computer.write(PROFILE, "user-db:user\n")
    folder = computer.file(f"/run/user/{OTHER_USER}")
    folder.mkdir(parents=True)
    os.chown(folder, OTHER_USER, OTHER_USER)
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(folder / "bus"))
        (folder / "bus").chmod(0o777)
        bus.listen()
        bus.settimeout(0)
        for words in (["apply", "/etc/privacy-panel/A.toml"], ["status"], ["remove"]):
            done = calm(computer.policy(*words))
            assert done.stderr == ""
            with pytest.raises(BlockingIOError):
                bus.accept()


# Unusual policies

ODD = {
    "brackets": "a = " + "[" * 200_000,
    "closed brackets": "a = " + "[" * 100_000 + "]" * 100_000,
    "tables in tables": "a = " + "{a = " * 40_000,
    "dots": "a" + ".a" * 100_000 + " = 1",
    "dots in a heading": "[a" + ".a" * 100_000 + "]",
    "a long number": "[choices.online-search]\nstate = " + "1" * 200_000,
    "nothing but zeros": "\0" * 1000,
    "many mistakes": "".join(f"k{number} = 1\n" for number in range(5_000)),
    "too large": "#" * 300_000,
    "no text": b"\xff\xfe\x00" * 100,
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_policy_is_a_bad_file_in_little_time(computer, tmp_path, name):
    file = tmp_path / "policy.toml"
    text = ODD[name]
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    for words in (["check", file], ["apply", file]):
        done = calm(computer.policy(*words, timeout=60))
        assert done.returncode == BAD and done.stderr and not done.stdout
        assert max(len(line) for line in done.stderr.splitlines()) < 1000
        assert "\0" not in done.stderr
    assert not computer.file("/etc/dconf").exists()


@pytest.mark.parametrize(
    "name",
    [
        "pipe",
        "/dev/zero",
        "/dev/stdin",
        "/dev/full",
        "/",
        "/proc/self/mem",
        "/proc/kmsg",
        "-",
        "\udcff",
    ],
)
def test_a_policy_that_is_no_file_is_a_bad_file(computer, tmp_path, name):
    if name == "pipe":
        name = tmp_path / name
        os.mkfifo(name)
    for words in (["check", name], ["apply", name], ["apply", name, "--dry-run"]):
        done = calm(computer.policy(*words, timeout=60))
        assert done.returncode == BAD and done.stderr.count("\n") == 1
    assert not computer.file("/etc/dconf").exists()
