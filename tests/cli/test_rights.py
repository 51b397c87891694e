# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing in homes: files keep their permissions, and root writes only in its own home."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from support.computer import PROFILE, Computer
from support.crashes import Crashes
from support.harness import CONSENT_READER, INSTALLED, Session
from support.history import ago, xbel
from support.names import NOT_SAVED

PERSON = 4242
OTHER = 4243
LABEL = b"system_u:object_r:etc_t:s0\0"
USER_NOTE = b"mine"

KFIND = "[General]\nsize=3\n[History]\nPatterns=a,b\nDirectories=c\n"


@pytest.fixture
def session():
    with Session() as session:
        yield session


def put(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def prepare(session):
    """Creates the files of a session that a change, a reset or clearing writes."""
    session.add_reader("program", CONSENT_READER)
    return {
        "consent": put(session.config / "program" / "consent.toml", "# kept\nconsent = true\n"),
        "recent": put(session.root / "data" / "recently-used.xbel", xbel(old=ago(days=1))),
        "kfind": put(session.config / "kfindrc", KFIND),
    }


def access_list(file):
    """The output of getfacl, without the file's name."""
    done = subprocess.run(
        ["getfacl", "--omit-header", "--numeric", file], capture_output=True, text=True, check=True
    )
    return done.stdout


def keep_group_out(file):
    """Lets one more user read the file, and its own group no longer."""
    changes = ["-m", f"u:{OTHER}:r--,g::---,o::---"]
    subprocess.run(["setfacl", *changes, file], check=True)


def change_all(session):
    done = session.ctl("set", "usage-statistics", "off")
    assert done.returncode == 0, done.stderr
    done = session.ctl("history", "clear", "--all", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr


def test_access_lists_labels_and_attributes_of_files_stay(session):
    files = prepare(session)
    before = {}
    for file in files.values():
        keep_group_out(file)
        os.setxattr(file, "user.note", USER_NOTE)
        os.setxattr(file, "security.selinux", LABEL)
        before[file] = access_list(file), file.stat().st_ino
    change_all(session)
    for name, file in files.items():
        rights, number = before[file]
        assert file.stat().st_ino != number, f"{name} was not replaced"
        assert access_list(file) == rights and "group::---" in rights, name
        assert os.getxattr(file, "user.note") == USER_NOTE, name
        assert os.getxattr(file, "security.selinux") == LABEL, name
    assert files["consent"].read_text() == "# kept\nconsent = false\n"


def test_a_default_list_of_the_folder_and_setuid_bits_come_into_no_file(session):
    files = prepare(session)
    for file in files.values():
        subprocess.run(["setfacl", "-d", "-m", f"u:{OTHER}:rw", file.parent], check=True)
        file.chmod(0o6750)
    change_all(session)
    for name, file in files.items():
        assert str(OTHER) not in access_list(file), name
        assert file.stat().st_mode & 0o7777 == 0o750, name


def test_a_file_whose_group_cannot_be_kept_stays_where_that_would_let_others_read_it(session):
    files = prepare(session)
    # The session's folders belong to the user, and one program's file has another group.
    subprocess.run(["chown", "-R", f"{PERSON}:{PERSON}", session.root], check=True)
    os.chown(files["recent"], PERSON, OTHER)
    files["recent"].chmod(0o640)
    as_person = [f"--reuid={PERSON}", f"--regid={PERSON}", "--clear-groups", "privacyctl"]
    clear = ["setpriv", *as_person, "history", "clear", "--all", "--yes"]
    before = files["recent"].read_text()
    done = session.run(*clear)
    assert done.returncode == NOT_SAVED
    assert "permissions cannot be kept" in done.stdout
    assert (files["recent"].read_text(), files["recent"].stat().st_gid) == (before, OTHER)
    # If the group has the same rights as all others, or none, the old group does not matter.
    files["recent"].chmod(0o600)
    assert session.run(*clear).returncode == 0
    assert "bookmark href" not in files["recent"].read_text()
    assert files["recent"].stat().st_mode & 0o7777 == 0o600


def test_a_read_only_file_and_one_with_a_second_name_stay_on_reset_too(session):
    file = prepare(session)["consent"]
    # The file contains only the value that a reset removes.
    file.write_text("consent = false\n")
    file.chmod(0o444)
    done = session.ctl("reset", "usage-statistics")
    assert done.returncode == NOT_SAVED
    assert f"Nothing can be saved in “{file.parent}”: " in done.stderr
    file.chmod(0o644)
    os.link(file, file.parent / "second")
    for command in (["reset", "usage-statistics"], ["set", "usage-statistics", "on"]):
        done = session.ctl(*command)
        assert done.returncode == NOT_SAVED
        assert "has another hard link" in done.stderr
        assert file.read_text() == "consent = false\n"
    (file.parent / "second").unlink()
    assert session.ctl("reset", "usage-statistics").returncode == 0
    assert not file.exists()


def test_a_link_to_a_file_of_another_user_is_not_followed_to_write(session):
    files = prepare(session)
    managed = put(session.root / "managed.toml", "consent = true\n")
    files["consent"].unlink()
    files["consent"].symlink_to(managed)
    subprocess.run(["chown", "-Rh", f"{PERSON}:{PERSON}", session.root], check=True)
    os.chown(managed, OTHER, OTHER)
    managed.chmod(0o666)
    as_person = [f"--reuid={PERSON}", f"--regid={PERSON}", "--clear-groups", "privacyctl"]
    done = session.run("setpriv", *as_person, "set", "usage-statistics", "off")
    assert done.returncode == NOT_SAVED
    assert f"is managed elsewhere, in “{managed}”" in done.stderr
    assert managed.read_text() == "consent = true\n"


@pytest.mark.parametrize("change", ["apply", "remove"])
def test_a_profile_keeps_its_access_list_and_attributes(change):
    with Computer("user-db:user\nsystem-db:site\n") as computer:
        profile = computer.file(PROFILE)
        if change == "remove":
            computer.apply("[choices.online-search]\nstate = \"off\"\n")
        subprocess.run(["setfacl", "-m", f"u:{OTHER}:r--,g::---", profile], check=True)
        os.setxattr(profile, "user.note", USER_NOTE)
        before, number = access_list(profile), profile.stat().st_ino
        if change == "remove":
            assert computer.policy("remove").returncode == 0
        else:
            computer.apply("[choices.online-search]\nstate = \"off\"\n")
        assert profile.stat().st_ino != number
        assert access_list(profile) == before and "group::---" in before
        assert os.getxattr(profile, "user.note") == USER_NOTE


# Root in the home of a user

CHANGES = (
    "set usage-statistics off",
    "set online-search on",
    "reset usage-statistics",
    "reset --all",
    "mode error-reports ask",
    "history clear --all --yes",
    "history clear --last=hour",
    "history never-record add kind image",
    "history never-record remove kind image",
)
QUESTIONS = (
    "status",
    "get usage-statistics",
    "is-on usage-statistics",
    "readers",
    "history",
    "history clear --all --dry-run",
    "reports",
)


def snapshot(*folders):
    """Every file, with its owner and the time of its last change. Leaves out files that dconf and
    GLib themselves create while they read."""
    found = {}
    for top in folders:
        for path in [top, *top.rglob("*")]:
            status = path.lstat()
            found[path] = status.st_uid, status.st_ino, status.st_mtime_ns, status.st_ctime_ns
    return found


def give_away(folder):
    subprocess.run(["chown", "-Rh", f"{PERSON}:{PERSON}", folder], check=True)


@pytest.fixture
def home(session):
    """A session with the user's links to root's files."""
    prepare(session)
    folder = session.root / "roots"
    session.victims = [
        put(folder / "victim", "root:x:0:0\nmore\n"),
        put(folder / "victim.toml", "consent = true\n"),
    ]
    history = session.root / "cache" / "xfce4" / "appfinder" / "history"
    history.parent.mkdir(parents=True)
    history.symlink_to(session.victims[0])
    consent = session.config / "program" / "consent.toml"
    consent.unlink()
    consent.symlink_to(session.victims[1])
    session.links = [history, consent]
    session.folders = [session.root / name for name in ("home", "config", "data", "cache")]
    return session


def refused(done):
    assert done.returncode == NOT_SAVED, done.stdout + done.stderr
    assert done.stdout == ""
    sentence = f"privacyctl: This home or session belongs to #{PERSON}, not to root. "
    command = f"Run the command as that user: sudo -u #{PERSON} privacyctl …\n"
    assert done.stderr == sentence + command


@pytest.mark.parametrize("foreign", [("home", "config", "data", "cache"), ("config",), ("run",)])
def test_root_changes_nothing_with_the_home_of_a_person(home, foreign):
    for name in foreign:
        give_away(home.root / name)
    everything = snapshot(*home.folders, *home.victims)
    for command in CHANGES:
        refused(home.ctl(*command.split()))
        assert snapshot(*home.folders, *home.victims) == everything, command


def test_root_changes_nothing_through_the_bus_of_a_person(home):
    # As after “su” without “-”: the home belongs to root, the session does not.
    bus = home.root / "bus"
    bus.mkdir()
    os.chown(bus, PERSON, PERSON)
    as_person = ["setpriv", f"--reuid={PERSON}", f"--regid={PERSON}", "--clear-groups"]
    home.root.chmod(0o755)
    daemon = ["dbus-daemon", "--session", "--nofork", "--print-address"]
    child = home.spawn(
        [*as_person, *daemon, f"--address=unix:path={bus}/socket"], stdout=subprocess.PIPE
    )
    home.env["DBUS_SESSION_BUS_ADDRESS"] = child.stdout.readline().decode().strip()
    for command in CHANGES:
        refused(home.ctl(*command.split()))
    assert home.victims[0].read_text() == "root:x:0:0\nmore\n"


def test_root_may_ask_and_does_not_believe_the_reader_files_of_a_person(home):
    give_away(home.config)
    everything = snapshot(*home.folders[:3], *home.victims)
    for command in QUESTIONS:
        done = home.ctl(*command.split())
        assert done.returncode in (0, 1) and done.stderr == "", (command, done.stderr)
    readers = json.loads(home.ask("privacyctl", "readers", "--json"))["readers"]
    assert "program" not in [reader["id"] for reader in readers]
    assert snapshot(*home.folders[:3], *home.victims) == everything


def test_root_follows_no_link_through_a_folder_of_a_person_in_its_own_home(home):
    # The home belongs to root, but one folder in it does not.
    give_away(home.root / "cache" / "xfce4")
    done = home.ctl("history", "clear", "--all", "--yes")
    assert done.returncode == NOT_SAVED
    assert f"belongs to #{PERSON}, not to root" in done.stdout
    assert home.victims[0].read_text() == "root:x:0:0\nmore\n"
    give_away(home.config / "program")
    done = home.ctl("set", "usage-statistics", "off")
    assert done.returncode == NOT_SAVED
    assert f"belongs to #{PERSON}, not to root" in done.stderr
    assert home.victims[1].read_text() == "consent = true\n"


def test_root_in_its_own_home_does_all_of_it_but_follows_no_link_out_of_it(home):
    for command in ("set usage-statistics off", "history clear --all --yes"):
        assert home.ctl(*command.split()).returncode == NOT_SAVED
    assert [file.read_text() for file in home.victims] == ["root:x:0:0\nmore\n", "consent = true\n"]
    for link, file in zip(home.links, home.victims):
        link.unlink()
        link.symlink_to(file.rename(home.root / "home" / file.name))
    for command in ("set usage-statistics off", "history clear --all --yes"):
        assert home.ctl(*command.split()).returncode == 0
    assert [link.read_text() for link in home.links] == ["", "consent = false\n"]


def test_root_deletes_no_report_of_the_person_whose_home_it_has(tmp_path):

    crashes = Crashes(tmp_path)
    with crashes.session(person=False) as session:
        file = crashes.add("/usr/bin/program", uid=PERSON)
        os.chown(file, PERSON, PERSON)
        give_away(session.root / "home")
        listed = json.loads(session.ask("privacyctl", "reports", "--json"))["reports"]
        for which in (["--all"], [listed[0]["id"]]):
            refused(session.ctl("reports", "delete", *which, "--yes"))
        assert file.exists()
        subprocess.run(["chown", "-R", "root:", session.root / "home"], check=True)
        assert session.ctl("reports", "delete", "--all", "--yes").returncode == 0
        assert not file.exists()


def test_the_panel_does_not_open_for_root_in_the_home_of_a_person(home):
    give_away(home.root / "home")
    done = home.run(Path(INSTALLED) / "bin" / "privacy-panel")
    assert done.returncode == 1
    assert f"This home or session belongs to #{PERSON}, not to root." in done.stderr
