# SPDX-License-Identifier: GPL-3.0-or-later
"""privacyctl reports: waiting, sent and kept reports, as a user and as the administrator."""

import json
import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.crashes import Crashes, give_away, packed, text
from support.harness import wait_for

APPORT = Path(__file__).parent / "apport"
GEDIT = "apport:_usr_bin_gedit.1000"


@pytest.fixture
def session(crashes):
    with crashes.session(bus=False) as session:
        yield session


def listed(session):
    return json.loads(session.ask("privacyctl", "reports", "--json"))["reports"]


def test_reports_are_listed_with_program_date_size_and_state_the_newest_first(crashes, session):
    crashes.add("/usr/bin/old", age=300, marks=["upload", "uploaded"])
    crashes.add("/usr/bin/new", age=100)
    crashes.add("/usr/bin/middle", age=200, marks=["upload"])
    reports = listed(session)
    assert [report["program"] for report in reports] == [
        "/usr/bin/new",
        "/usr/bin/middle",
        "/usr/bin/old",
    ]
    assert [report["state"] for report in reports] == ["waiting", "held", "sent"]
    assert all(report["readable"] and report["deletable"] for report in reports)
    said = session.ask("privacyctl", "reports")
    assert re.search(r"new +\d+ bytes +Not sent +apport:_usr_bin_new\.1000", said)
    assert session.ask("privacyctl", "reports", "list") == said


def test_where_there_is_none_it_is_said_and_where_there_is_no_place_too(session, tmp_path):
    assert session.ask("privacyctl", "reports") == "No reports"
    with Crashes(tmp_path / "bare", places=False).session(bus=False) as bare:
        assert bare.ask("privacyctl", "reports") == "Nothing on this computer keeps error reports."
        assert json.loads(bare.ask("privacyctl", "reports", "--json")) == {"reports": [], "places": []}


def test_a_report_is_shown_field_by_field(crashes, session):
    more = "ProcStatus:\n Name: x\n State: y\n" + packed("Journal", b"line\n" * 3)
    crashes.add("/usr/bin/gedit", text("/usr/bin/gedit", more + packed("CoreDump", bytes(100_000))))
    said = session.ask("privacyctl", "reports", "show", GEDIT)
    assert "ProcCmdline: program /home/me/letter.txt\n" in said
    assert "ProcStatus:\n Name: x\n State: y\n" in said
    assert "Journal:\n line\n line\n line\n" in said
    assert re.search(r"CoreDump: \[100\.0\skB of binary data, \d+ bytes packed\]", said)
    shown = json.loads(session.ask("privacyctl", "reports", "show", GEDIT, "--json"))
    fields = {field["name"]: field for field in shown["fields"]}
    assert fields["ProcStatus"]["text"] == "Name: x\nState: y"
    assert fields["CoreDump"]["unpacked"] == 100_000
    assert session.ask("privacyctl", "reports", "show", GEDIT, "--field", "Journal") == "line\n" * 2 + "line"
    core = session.root / "core"
    with core.open("w") as file:
        command = [*session.wrap, "privacyctl", "reports", "show", GEDIT, "--field", "CoreDump"]
        subprocess.run(command, env=session.env, stdout=file, check=True)
    assert core.read_bytes() == bytes(100_000)
    for wrong in ([GEDIT, "--field", "None"], ["apport:none"], ["nonsense"]):
        done = session.ctl("reports", "show", *wrong)
        assert (done.returncode, done.stdout) == (1, "") and done.stderr


def test_a_report_that_apport_wrote_is_read_as_apport_reads_it(crashes, session):
    """Debian has no Apport, so its own code ran once: canonical/apport at d7b9734b wrote the report
    about a real process with the beginning of a real core, and marked it
    (apport.report.Report.add_proc_info(), apport.fileutils.mark_report_upload()). fields.json has
    the fields that its problem_report.ProblemReport.load() read from it."""
    for file in APPORT.glob("_usr*"):
        shutil.copy(file, crashes.crash)
    (report,) = listed(session)
    assert (report["program"], report["state"]) == ("/usr/bin/sleep", "held")
    shown = json.loads(session.ask("privacyctl", "reports", "show", report["id"], "--json"))
    fields = {
        field["name"]: {"bytes": field["unpacked"]} if field["text"] is None else field["text"]
        for field in shown["fields"]
    }
    assert fields == json.loads((APPORT / "fields.json").read_text())
    session.ask("privacyctl", "reports", "delete", report["id"], "--yes")
    assert crashes.names() == []


def test_looking_does_not_keep_apport_from_asking(crashes, session):
    file = crashes.add("/usr/bin/gedit", age=100_000)
    listed(session)
    session.ask("privacyctl", "reports", "show", GEDIT)
    # As seen_report in apport/fileutils.py.
    assert not file.stat().st_atime > file.stat().st_mtime


def test_deleting_takes_the_marks_along_and_nothing_else(crashes, session):
    crashes.add("/usr/bin/gedit", age=10, marks=["upload", "uploaded"])
    crashes.add("/usr/bin/gedit", uid=1001)
    done = session.ctl("reports", "delete", GEDIT, "--yes")
    assert (done.returncode, done.stdout) == (0, "1 report deleted\n")
    assert crashes.names() == ["_usr_bin_gedit.1001.crash"]
    assert session.ctl("reports", "delete", GEDIT, "--yes").returncode == 1


def test_all_are_deleted_at_once(crashes, session):
    for number in range(20):
        crashes.add(f"/usr/bin/x{number}", marks=["upload"])
    done = session.ctl("reports", "delete", "--all", "--yes")
    assert (done.returncode, done.stdout) == (0, "20 reports deleted\n")
    assert crashes.names() == []
    assert session.ctl("reports", "delete", "--all", "--yes").stdout == "No reports\n"


def test_nothing_is_deleted_without_a_terminal_to_ask_on(crashes, session):
    crashes.add("/usr/bin/gedit")
    done = session.ctl("reports", "delete", "--all")
    assert done.returncode == 2 and "--yes" in done.stderr
    assert len(crashes.names()) == 1
    assert session.ctl("reports", "delete").returncode == 2
    assert session.ctl("reports", "delete", GEDIT, "--all").returncode == 2


@pytest.mark.parametrize(("answer", "deleted"), [("y\n", True), ("n\n", False), ("\n", False), ("\4", False)])
def test_a_person_at_a_terminal_is_asked(crashes, session, answer, deleted):
    crashes.add("/usr/bin/gedit")
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [*session.wrap, "privacyctl", "reports", "delete", "--all"],
        env=session.env,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    said = ""
    while "[y/N]" not in said:
        said += os.read(ours, 1000).decode()
    assert re.search(r"Delete 1 report, \d+ bytes\? It cannot be brought back\.", said)
    os.write(ours, answer.encode())
    assert child.wait(20) == (0 if deleted else 1)
    assert (crashes.names() == []) == deleted
    os.close(ours)
    os.close(theirs)


def test_what_belongs_to_others_is_listed_and_neither_read_nor_deleted(crashes, session):
    file = crashes.add("/usr/bin/gedit")
    give_away(file)
    (report,) = listed(session)
    assert report["program"] == "/usr/bin/gedit"
    assert not report["readable"] and not report["deletable"]
    shown = session.ctl("reports", "show", GEDIT)
    assert shown.returncode == 1 and f"sudo privacyctl reports show {GEDIT}" in shown.stderr
    done = session.ctl("reports", "delete", "--all", "--yes")
    assert done.returncode == 4 and f"sudo privacyctl reports delete {GEDIT}" in done.stderr
    assert done.stdout == "0 reports deleted\n"
    assert file.exists()
    # The administrator can.
    with crashes.session(person=False, bus=False) as administrator:
        assert "ProblemType: Crash" in administrator.ask("privacyctl", "reports", "show", GEDIT)
        assert administrator.ctl("reports", "delete", GEDIT, "--yes").returncode == 0
    assert crashes.names() == []


def test_a_mark_of_the_senders_stays_and_it_is_said(crashes, session):
    file = crashes.add("/usr/bin/gedit", age=10, marks=["upload", "uploaded"])
    give_away(file.with_suffix(".uploaded"))
    assert not listed(session)[0]["deletable"]
    done = session.ctl("reports", "delete", GEDIT, "--yes")
    assert done.returncode == 4
    mark = "/var/crash/_usr_bin_gedit.1000.uploaded"
    assert f"is deleted. “{mark}” is not yours to delete" in done.stderr
    assert crashes.names() == ["_usr_bin_gedit.1000.uploaded"]
    (left,) = listed(session)
    assert (left["state"], left["content"]) == ("sent", False)
    assert "not kept here any more" in session.ctl("reports", "show", GEDIT).stderr


def test_a_report_is_emptied_if_its_folder_cannot_be_written(crashes, session):
    file = crashes.add("/usr/bin/gedit")
    os.chmod(crashes.crash, 0o755)
    done = session.ctl("reports", "delete", GEDIT, "--yes")
    assert done.returncode == 4 and "held is deleted" in done.stderr
    assert file.stat().st_size == 0
    assert listed(session) == []


def test_a_folder_that_may_not_be_looked_into_is_said_and_the_others_are_listed(crashes, session):
    (crashes.cores / "core.vim.1000.b.1.1594211350000000").write_text("core")
    os.chmod(crashes.crash, 0o700)
    done = session.ctl("reports", "--json")
    assert done.returncode == 1 and "/var/crash" in done.stderr
    told = json.loads(done.stdout)
    assert [report["program"] for report in told["reports"]] == ["vim"]
    assert [place["keeper"] for place in told["places"] if "problem" in place] == ["apport"]


def test_the_core_of_a_program_that_really_failed_is_listed_and_written(crashes, session):
    """The kernel's own core file, under systemd's name."""
    pattern = open("/proc/sys/kernel/core_pattern").read().strip()
    folder = session.root / "failing"
    folder.mkdir()
    child = subprocess.Popen(
        ["sleep", "100"],
        cwd=folder,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2),
    )
    child.send_signal(signal.SIGSEGV)
    child.wait(20)
    cores = list(folder.iterdir())
    assert cores, f"the kernel writes cores elsewhere: {pattern}"
    data = cores[0].read_bytes()
    assert data.startswith(b"\x7fELF")
    name = f"core.sleep.1000.0123456789abcdef0123456789abcdef.{child.pid}.1594211350000000"
    (crashes.cores / name).write_bytes(data)
    os.setxattr(crashes.cores / name, "user.coredump.exe", b"/usr/bin/sleep")
    (report,) = listed(session)
    assert (report["program"], report["state"], report["time"]) == ("sleep", "kept", 1594211350)
    assert not report["deletable"]
    shown = session.ask("privacyctl", "reports", "show", report["id"])
    assert "COREDUMP_EXE: /usr/bin/sleep" in shown and "of binary data" in shown
    command = [*session.wrap, "privacyctl", "reports", "show", report["id"], "--field", "COREDUMP"]
    assert subprocess.run(command, env=session.env, stdout=subprocess.PIPE).stdout == data


def test_a_marked_report_waits_while_sending_is_on_and_is_held_back_while_it_is_off(crashes):
    crashes.add("/usr/bin/gedit", marks=["upload"])
    with crashes.session() as session:
        for on, state, said in [
            ("off", "held", "Held back: sending is off"),
            ("on", "marked", "Waiting to be sent"),
            ("off", "held", "Held back: sending is off"),
        ]:
            session.ask("privacyctl", "set", "error-reports", on)
            assert listed(session)[0]["state"] == state
            assert said in session.ask("privacyctl", "reports")
            shown = session.ask("privacyctl", "reports", "show", GEDIT)
            assert said in shown
            assert ("is sent when this computer is connected" in shown) == (on == "on")


def test_kernel_dumps_are_listed_shown_and_deleted_with_their_folder(crashes, session):
    debian = crashes.crash / "202611241500"
    red_hat = crashes.crash / "127.0.0.1-2026-11-24-15:00:00"
    messages = "[    1.000000] Kernel panic - not syncing\n"
    for folder, dump, log in [
        (debian, "dump.202611241500", "dmesg.202611241500"),
        (red_hat, "vmcore", "vmcore-dmesg.txt"),
    ]:
        folder.mkdir()
        (folder / dump).write_bytes(bytes(50_000))
        (folder / log).write_text(messages)
    # Neither a folder without a dump nor a link is one.
    (crashes.crash / "20261124").mkdir()
    (crashes.crash / "202611241501").symlink_to(debian)
    reports = {report["id"]: report for report in listed(session)}
    identifier = "kernel:202611241500"
    assert list(sorted(reports)) == ["kernel:127.0.0.1-2026-11-24-15%3A00%3A00", identifier]
    report = reports[identifier]
    assert (report["program"], report["state"]) == ("Linux kernel", "kept")
    assert report["files"] == [
        f"/var/crash/202611241500/{name}.202611241500" for name in ("dump", "dmesg")
    ]
    said = session.ask("privacyctl", "reports", "show", identifier)
    assert "memory of the whole computer" in said and "Kernel panic" in said
    assert re.search(r"dump\.202611241500: \[50\.0\skB of binary data\]", said)
    field = session.ask("privacyctl", "reports", "show", identifier, "--field", "dmesg.202611241500")
    assert field == messages.strip()
    assert session.ctl("reports", "delete", identifier, "--yes").returncode == 0
    assert not debian.exists() and red_hat.exists()
    # Those of the system are the administrator's to delete.
    for file in red_hat.iterdir():
        give_away(file)
    give_away(red_hat, 0o755)
    done = session.ctl("reports", "delete", "--all", "--yes")
    assert done.returncode == 4 and "sudo privacyctl reports delete kernel:" in done.stderr
    assert (red_hat / "vmcore").exists()


def test_what_a_report_says_does_not_speak_to_the_terminal(crashes, session):
    evil = "\x1b]0;title\x07\x1b[2J\u202e"
    crashes.add("/usr/bin/gedit", f"ProblemType: Crash\nExecutablePath: /bin/{evil}x\nA{evil}: 1\nB: {evil}\n")
    for command in ([], ["show", GEDIT]):
        said = session.ctl("reports", *command).stdout
        assert not set(said) & {"\x1b", "\x07", "\u202e"}


def test_a_hundred_megabytes_and_a_bomb_are_shown_in_bounded_memory(crashes, session):
    crashes.add("/usr/bin/large", text("/usr/bin/large", "Long: " + "x" * 100_000_000 + "\n"))
    crashes.add("/usr/bin/bomb", text("/usr/bin/bomb", packed("Bomb", bytes(400_000_000), 9)))
    limit = 200 * 1024 * 1024
    for name in ("large", "bomb"):
        done = subprocess.run(
            [*session.wrap, "privacyctl", "reports", "show", f"apport:_usr_bin_{name}.1000"],
            env=session.env,
            capture_output=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        assert len(done.stdout) < 1_000_000
    assert b"400.0" in done.stdout


def test_a_folder_that_changes_while_it_is_listed_is_no_failure(crashes, session):
    """While reports appear and disappear, each list is a valid snapshot."""
    script = f"""
import os, sys
number = 0
while True:
    number += 1
    file = f"{crashes.crash}/_usr_bin_x{{number % 50}}.1000.crash"
    try:
        open(file, "x").write("ProblemType: Crash\\n")
        open(file[:-5] + "upload", "x")
    except FileExistsError:
        os.unlink(file)
        os.unlink(file[:-5] + "upload")
"""
    writer = subprocess.Popen([sys.executable, "-c", script])
    try:
        wait_for("a report", crashes.names)
        for _ in range(20):
            for report in listed(session):
                assert report["state"] in ("waiting", "held", "mark")
    finally:
        writer.kill()
        writer.wait()


def test_twenty_thousand_reports_are_listed_in_bounded_memory_and_time(crashes, session):
    def add(numbers):
        for number in numbers:
            crashes.add(f"/usr/bin/x{number}", age=number)

    def timed():
        """The reports, and the CPU time that listing them took, in seconds."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        reports = listed(session)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return reports, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    add(range(2000))
    tenth = max(timed()[1] for _ in range(3))
    add(range(2000, 20_000))
    reports, took = timed()
    assert len(reports) == 20_000
    assert reports[0]["program"] == "/usr/bin/x0"
    # Ten times as many take ten times as long; reading the folders anew for each, a hundred times.
    assert took < 40 * tenth, (took, tenth)
