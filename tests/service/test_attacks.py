# SPDX-License-Identifier: GPL-3.0-or-later
"""What hostile callers and files, full disks and kills do to the system service: nothing."""

import concurrent.futures
import itertools
import os
import random
import re
import signal
import subprocess
import time

import pytest

from support.everyone import (
    ALLOWED,
    CHOICE,
    ERROR,
    LVFS,
    NETDATA,
    NEWS,
    OFF,
    OTHER,
    PERSON,
    POPCON,
    READERS,
    STATE,
    Everyone,
    become,
)
from support.harness import DISK, wait_for

INVALID = "org.freedesktop.DBus.Error.InvalidArgs"



def test_only_ids_are_arguments_and_others_are_refused_before_polkit_is_asked(allowed):
    before = allowed.files()
    token = "0" * 64
    for arguments in (
        ("/etc/passwd", "off", "", token),
        ("../usage-statistics", "off", "", token),
        ("usage-statistics\n", "off", "", token),
        (CHOICE, "reset", "", token),
        (CHOICE, "off", "", "x" * 64),
        (CHOICE, "off", "", "0" * 65),
        (CHOICE, "off", "", "0" * 5000),
        (CHOICE, "off", "", {"length": 10_000_000}),
        ("%s%n" * 8, "off", "", token),
        (CHOICE, 1, "", token),
        (CHOICE, "off", "../fwupd", token),
        (CHOICE, "off"),
        (CHOICE, "off", "", token, token),
    ):
        error = allowed.ask("Set", *arguments, agent="answer")["error"]
        refused = (INVALID, "org.freedesktop.DBus.Error.LimitsExceeded")
        assert error in refused, arguments[:2]
    assert allowed.ask("Set", CHOICE, "off", "", token)["error"] == f"{ERROR}Stale"
    assert not any(entry.get("PRIVACY_PANEL_POLKIT") for entry in allowed.log)
    assert allowed.files() == before


def test_ten_thousand_calls_at_once_are_answered_and_most_are_refused():
    calls = 10_000
    with Everyone() as computer:
        before = computer.files()
        token = computer.plan("off")
        pid = computer.pid()
        arguments = ("Set", CHOICE, "off", "", token)
        with computer.caller(*arguments, agent="silent", times=calls) as caller:
            events = [caller.next() for _ in range(calls)]
            asked = [event for event in events if "asked" in event]
            refused = [event["error"] for event in events if "error" in event]
            # One dialog for one caller. The bus itself refuses many calls without an answer.
            assert (len(asked), len(refused)) == (1, calls - 1)
            limits = "org.freedesktop.DBus.Error.LimitsExceeded"
            assert set(refused) <= {f"{ERROR}Busy", limits} and f"{ERROR}Busy" in refused
        began = time.monotonic()
        with computer.caller("Plan", CHOICE, "off", "", times=calls) as caller:
            answers = [event for event in caller.all() if "name" not in event]
            minutes = int((time.monotonic() - began) // 60) + 1
            planned = [event for event in answers if "reply" in event]
            assert len(answers) == calls
            assert 0 < len(planned) <= 60 * minutes
        memory = int(open(f"/proc/{pid}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        assert computer.pid() == pid and memory < 64 * 1024 * 1024
        assert computer.services() == [pid]
        assert computer.files() == before


def test_three_dialogs_are_open_at_most_and_the_next_caller_waits_for_one():
    with Everyone() as computer:
        token = computer.plan("off")
        arguments = ("Set", CHOICE, "off", "", token)
        callers = [computer.caller(*arguments, agent="silent") for _ in range(3)]
        assert all(caller.next()["asked"] == OFF for caller in callers)
        with computer.caller(*arguments, agent="silent") as fourth:
            callers[0].__exit__()
            assert fourth.next()["asked"] == OFF
        for caller in callers[1:]:
            caller.__exit__()


def test_eight_calls_wait_for_a_dialog_and_one_more_is_refused():
    with Everyone() as computer, concurrent.futures.ThreadPoolExecutor(12) as pool:
        arguments = ("Set", CHOICE, "off", "", computer.plan("off"))
        callers = [
            computer.caller(*arguments, agent="silent", uid=(PERSON, OTHER)[number % 2])
            for number in range(12)
        ]
        events = concurrent.futures.as_completed([pool.submit(caller.next) for caller in callers])
        events = [event.result() for event in itertools.islice(events, 4)]
        assert sorted(event.get("error", "asked") for event in events) == ["asked"] * 3 + [f"{ERROR}Busy"]
        for caller in callers:
            # Ends the thread that reads from it.
            caller.process.kill()
        # All places in the queue are free again.
        assert computer.set("off", agent="missing")["error"] == f"{ERROR}NoAgent"


def test_a_user_may_make_ten_changes_a_minute(allowed):
    wanted = ["off", "on"] * 6
    errors = [allowed.set(state).get("error") for state in wanted]
    assert errors[:10] == [None] * 10
    assert errors[10:] == [f"{ERROR}Busy"] * 2


def test_reader_files_of_users_and_of_the_environment_do_not_count(allowed):
    evil = (
        'name = "Evil"\nchoice = "usage-statistics"\nprograms = ["/bin/sh"]\n[system-file]\n'
        'file = "/etc/cron.d/evil"\nkey = "PATH"\non = "a"\noff = "b"\nmissing = "on"\n'
    )
    home = allowed.root / f"home-{PERSON}"
    for folder in (home / ".config", home / ".local/share"):
        place = folder / "privacy-panel" / "readers.d"
        place.mkdir(parents=True)
        (place / "evil.toml").write_text(evil)
        (place / "fwupd.toml").write_text("")
    # Not even root’s own file can name another place.
    allowed.write(READERS / "evil.toml", evil)
    _, readers, files, left = allowed.ask("Plan", CHOICE, "off", "")["reply"]
    assert set(readers) == {"fwupd", "netdata", "popularity-contest", "ubuntu-motd-news"}
    assert set(files) == {str(file) for file in (LVFS, NETDATA, POPCON, NEWS)}
    assert left == []


@pytest.mark.parametrize("kind", ["writable-file", "writable-folder", "other-owner", "link", "pipe"])
def test_a_layer_of_reader_files_that_a_user_could_change_is_refused_as_a_whole(allowed, kind):
    file = allowed.file(READERS / "fwupd.toml")
    if kind == "writable-file":
        file.chmod(0o666)
    elif kind == "writable-folder":
        file.parent.chmod(0o777)
    elif kind == "other-owner":
        os.chown(file, PERSON, PERSON)
    elif kind == "link":
        file.rename(file.with_suffix(".real"))
        file.symlink_to(file.with_suffix(".real").name)
    else:
        file.unlink()
        os.mkfifo(file)
    before = allowed.files() if kind != "pipe" else None
    assert allowed.ask("Plan", CHOICE, "off", "")["error"] == f"{ERROR}Catalogue"
    assert allowed.ask("Set", CHOICE, "off", "", "0" * 64)["error"] == f"{ERROR}Catalogue"
    assert before is None or allowed.files() == before


@pytest.mark.parametrize("kind", ["link", "dangling", "hard-link", "pipe", "folder", "owner", "large"])
def test_what_stands_where_the_service_writes_is_neither_followed_nor_written(allowed, kind):
    outside = allowed.write("/var/tmp/precious", "ENABLED=1\n")
    file = allowed.file(NEWS)
    file.unlink()
    why = "not-regular"
    if kind == "link":
        file.symlink_to("/var/tmp/precious")
    elif kind == "dangling":
        file.symlink_to("/var/tmp/new")
    elif kind == "hard-link":
        os.link(outside, file)
        why = "other-link"
    elif kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    elif kind == "owner":
        file.write_text("ENABLED=1\n")
        os.chown(file, PERSON, PERSON)
        why = "untrusted"
    else:
        file.write_bytes(b"ENABLED=1\n#" + b" " * 2 * 1024 * 1024)
    before = file.lstat()
    token, readers, files, left = allowed.ask("Plan", CHOICE, "off", "")["reply"]
    assert str(NEWS) not in files
    if kind != "dangling":
        # The program reads a link to nothing as no file, so nothing is sent.
        assert [id for id, _ in left] == ["ubuntu-motd-news"]
        assert left[0][1] in (why, "not-understood", "too-large")
    # The other programs are off nevertheless.
    assert allowed.ask("Set", CHOICE, "off", "", token)["reply"][1] == left
    assert "false" in allowed.read(LVFS)
    now = file.lstat()
    assert (now.st_ino, now.st_mode, now.st_mtime_ns) == (before.st_ino, before.st_mode, before.st_mtime_ns)
    assert outside.read_text() == "ENABLED=1\n"
    assert not allowed.file("/var/tmp/new").exists()


def test_a_link_in_place_of_a_folder_leads_nowhere(allowed):
    allowed.file("/var/tmp/elsewhere").mkdir()
    allowed.file(POPCON.parent).symlink_to("/var/tmp/elsewhere")
    left = allowed.set("off")["reply"][1]
    assert left == [["popularity-contest", "untrusted"]]
    assert list(allowed.file("/var/tmp/elsewhere").iterdir()) == []


def test_a_full_disk_leaves_every_file_as_it_was(allowed):
    place = allowed.file("/etc/fwupd")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,mode=755", "tmpfs", place], check=True)
    try:
        allowed.write(LVFS, "[fwupd Remote]\nAutomaticReports=true\nAutomaticSecurityReports=true\n")
        with (place / "full").open("wb", buffering=0) as full, pytest.raises(OSError):
            while True:
                full.write(b"x" * 4096)
        before = allowed.files()
        answer = allowed.ctl("set", CHOICE, "off", "--for-everyone")
        assert answer.returncode == 4 and "the disk is full" in answer.stderr
        assert allowed.files() == before
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def test_on_a_read_only_disk_nothing_changes_and_the_user_is_told_why(allowed):
    place = allowed.file("/etc/fwupd")
    subprocess.run(["mount", "--bind", place, place], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", place], check=True)
        before = allowed.files()
        answer = allowed.ctl("set", CHOICE, "off", "--for-everyone")
        assert answer.returncode == 4 and "read-only" in answer.stderr, answer
        assert allowed.files() == before
    finally:
        subprocess.run(["umount", "-l", place], check=True)


class Traced:
    """The files that a running service opens for writing, creates, renames or removes meanwhile, by strace."""

    CALLS = "open,creat,openat,openat2,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,"
    CALLS += "symlink,symlinkat,truncate,mknod,mknodat,execve,fork,vfork,close,dup,fcntl"
    NAMED = re.compile(r'(\w+)\((?:(AT_FDCWD|\d+), )?"([^"]*)"(?:, (AT_FDCWD|\d+), "([^"]*)")?(.*)\) += (-?\d+)')

    def __init__(self, computer):
        self.file = computer.root / "trace"
        words = ["strace", "-f", "-p", str(computer.pid()), "-o", self.file, "-e", f"trace={self.CALLS}"]
        self.strace = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        assert "attached" in self.strace.stderr.readline()

    def end(self):
        self.strace.send_signal(signal.SIGINT)
        self.strace.communicate()
        folders, written, begun = {"AT_FDCWD": "/"}, set(), {}
        for line in self.file.read_text().splitlines():
            thread, _, call = line.partition(" ")
            call = call.strip()
            if call.endswith("<unfinished ...>"):
                begun[thread] = call.removesuffix("<unfinished ...>")
                continue
            if call.startswith("<..."):
                call = begun.pop(thread) + call.partition("resumed>")[2]
            if closed := re.match(r"close\((\d+)\)", call):
                folders.pop(closed[1], None)
                continue
            if copied := re.match(r"(?:dup|fcntl)\((\d+)(?:, F_DUPFD.*)?\) += (\d+)", call):
                folders[copied[2]] = folders.get(copied[1])
                continue
            if call.startswith(("---", "+++", "fcntl")):
                continue
            assert not call.startswith(("execve", "fork", "vfork")), line
            found = self.NAMED.match(call)
            assert found, line
            name, folder, path, other, into, rest, result = found.groups()
            if int(result) < 0:
                continue
            path = os.path.join(folders[folder or "AT_FDCWD"], path)
            if name in ("open", "openat", "openat2"):
                folders[result] = path
                if not re.search("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE", rest):
                    continue
            written.add(path)
            if into:
                written.add(os.path.join(folders[other], into))
        return written


def test_the_service_writes_only_its_own_state_and_the_files_of_the_plan(allowed):
    _, _, files, _ = allowed.ask("Plan", CHOICE, "off", "")["reply"]
    traced = Traced(allowed)
    assert allowed.set("off")["reply"][1] == []
    assert allowed.set("on", uid=0)["reply"][1] == []
    written = traced.end()
    others = {f"{file.parent}/.privacy-panel-new" for file in (LVFS, NETDATA, POPCON, NEWS)}
    own = ("/var/lib/privacy-panel-system", "/run/privacy-panel-system.lock", str(POPCON.parent))
    assert set(files) <= written
    rest = {re.sub(r"-new\.[0-9a-f]{16}$", "-new", path) for path in written - set(files)}
    assert {path for path in rest - others if not path.startswith(own)} == set()


def test_two_callers_at_once_both_get_an_answer_and_the_files_are_those_of_one(allowed):
    for _ in range(3):
        tokens = [allowed.plan("off"), allowed.plan("off")]
        callers = [allowed.caller("Set", CHOICE, "off", "", token) for token in tokens]
        events = [caller.end() for caller in callers]
        assert any("reply" in event for event in events), events
        assert all(event.get("error", f"{ERROR}Stale") == f"{ERROR}Stale" for event in events)
        for caller in callers:
            caller.__exit__()
        assert allowed.ask("Plan", CHOICE, "off", "")["reply"][1] == []
        assert allowed.services() == [allowed.pid()]
        assert "reply" in allowed.set("on", uid=0)


def test_a_service_that_is_killed_at_any_moment_leaves_all_files_old_or_all_new():
    kills = int(os.environ.get("PRIVACY_PANEL_KILLS", "30"))
    watched = (POPCON, NEWS, LVFS, NETDATA)
    with Everyone(ALLOWED, folder=DISK) as computer:
        states = {"on": [computer.read(file) for file in watched]}
        computer.set("off", uid=0)
        states["off"] = [computer.read(file) for file in watched]
        outside = {
            name: content
            for name, content in computer.files().items()
            if not any(name in str(file) for file in (*watched, POPCON.parent))
        }
        computer.set("on", uid=0)
        states["on"] = [computer.read(file) for file in watched]
        found = set()
        chance = random.Random(7)
        # From before the change to after it.
        token = computer.plan("off", uid=0)
        with computer.caller("Set", CHOICE, "off", "", token, uid=0) as caller:
            began = time.monotonic()
            caller.end()
            longest = 2 * (time.monotonic() - began)

        def enough():
            return {"unchanged"} < found

        for number in itertools.takewhile(lambda n: n < kills or not enough(), itertools.count()):
            assert number < 8 * max(kills, 30), (found, longest)
            if number % 4 == 0:
                # The counts of calls go with the process.
                computer.kill_service()
            now = [computer.read(file) for file in watched]
            state = "off" if now == states["on"] else "on"
            token = computer.plan(state, uid=0)
            pid = computer.pid()
            with computer.caller("Set", CHOICE, state, "", token, uid=0) as caller:
                time.sleep(chance.uniform(0, longest))
                os.kill(pid, signal.SIGKILL)
                caller.end()
            # The next start undoes the unfinished change.
            wait_for("a new service", lambda: computer.ask("Plan", CHOICE, "off", "", uid=0).get("reply"))
            now = [computer.read(file) for file in watched]
            assert now in states.values(), (number, now)
            found.add(state if now == states[state] else "unchanged")
            # Its duration depends on the load of the computer.
            longest *= 0.8 if now == states[state] else 1.1
            leftover = [name for name in computer.files() if ".privacy-panel" in name]
            assert leftover == [], number
        after = {
            name: content
            for name, content in computer.files().items()
            if not any(name in str(file) for file in (*watched, POPCON.parent))
        }
        assert after == outside
        assert not computer.file(STATE / "under-way.json").exists()
        # No process of a killed service is left.
        assert computer.services() == [computer.pid()]


def test_no_other_user_can_take_the_name_of_the_service(allowed):
    answer = allowed.run(
        *become(PERSON),
        *("gdbus", "call", "--system", "--dest", "org.freedesktop.DBus"),
        *("--object-path", "/", "--method", "org.freedesktop.DBus.RequestName"),
        *("net.launchpad.PrivacyPanel.System", "0"),
    )
    assert answer.returncode != 0 and "AccessDenied" in answer.stderr


def test_the_service_ends_when_it_is_idle_and_starts_again(allowed):
    allowed.plan("off")
    first = allowed.pid()
    wait_for("the end of the idle service", lambda: not allowed.pid(), seconds=60)
    allowed.plan("off")
    assert allowed.pid() not in (None, first)
