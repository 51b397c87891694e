# SPDX-License-Identifier: GPL-3.0-or-later
"""Clearing the history, with a real Zeitgeist, GTK programs and GNOME Shell."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from datetime import datetime, timedelta, timezone

import pytest
from support.harness import INSTALLED, Session, stat, wait_for
from support.history import ENTRY, HEAD, Recent, ago, clear, counts, xbel
from support.shell import Shell
from support.zeitgeist import WRITER

# Keeps a list of recent files open and prints it whenever it changes, as a program's menu does.
PROGRAM = """
import os, signal, sys, gi
gi.require_version("Gtk", sys.argv[1])
from gi.repository import GLib, Gtk
Gtk.init() if sys.argv[1] == "4.0" else Gtk.init([])
manager = Gtk.RecentManager.get_default()
def show(*_):
    print(" ".join(sorted(item.get_uri().rpartition("/")[2] for item in manager.get_items())), flush=True)
manager.connect("changed", show)
show()
GLib.MainLoop().run()
"""


@pytest.fixture
def recent(session):
    return Recent(session)


def test_what_is_older_stays_to_the_letter_and_the_rest_goes_from_everywhere(session, log, recent):
    # No event is so old that it leaves the hour during the test.
    log.record([*range(50), *range(120, 270)])
    recent.write(new=ago(minutes=5), old=ago(days=3))
    assert counts(session) == {"recent-files": 2, "zeitgeist": 200}
    assert counts(session, "clear", "--last=hour", "--dry-run") == {
        "recent-files": 1,
        "zeitgeist": 50,
    }
    status, places = clear(session, "--last=hour")
    assert status == 0
    assert {place: facts["removed"] for place, facts in places.items()} == {
        "recent-files": 1,
        "zeitgeist": 50,
    }
    before = xbel(old=ago(days=3))
    assert "new" not in recent.text()
    assert '<metadata owner="http://www.example.org"/>' in recent.text()
    assert len(recent.text().splitlines()) == len(before.splitlines())
    assert len(log.ids()) == 150
    words = session.ask("privacyctl", "history", "clear", "--all", "--yes")
    assert "1 entry removed" in words and "150 entries removed" in words
    assert "Web browsers" in words, "what it does not reach is said"
    assert log.ids() == [] and "bookmark href" not in recent.text()


def test_nothing_is_removed_by_a_dry_run_or_without_a_yes(session, log, recent):
    log.record(range(10))
    recent.write(new=ago(minutes=5))
    before = recent.text()
    for arguments, status in [(("--all", "--dry-run"), 0), (("--all",), 2), ((), 2)]:
        assert session.ctl("history", "clear", *arguments).returncode == status
    assert recent.text() == before
    assert len(log.ids()) == 10


def test_what_a_wrong_clock_dated_ahead_goes_with_the_past_hour(session, log, recent):
    log.record([-3 * 24 * 60, 30, 90])
    recent.write(ahead=ago(days=-3), old=ago(hours=2))
    status, places = clear(session, "--last=hour")
    assert status == 0
    assert places["zeitgeist"]["removed"] == 2 and places["recent-files"]["removed"] == 1
    assert "old" in recent.text() and len(log.ids()) == 1


@pytest.mark.parametrize(
    ("zone", "day", "since", "until"),
    [
        # 25 and 23 hours: the clocks change in the night.
        ("Europe/Berlin", "2026-10-25", "2026-10-25T00:00:00+02", "2026-10-26T00:00:00+01"),
        ("Europe/Berlin", "2026-03-29", "2026-03-29T00:00:00+01", "2026-03-30T00:00:00+02"),
        # The clocks go forward at midnight: the day begins at one o’clock.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02", "2018-11-05T00:00:00-02"),
        # The clocks go back to midnight: the day has both midnights.
        ("America/Havana", "2026-11-01", "2026-11-01T00:00:00-04", "2026-11-02T00:00:00-05"),
        ("Asia/Kathmandu", "2026-11-24", "2026-11-24T00:00:00+05:45", "2026-11-25T00:00:00+05:45"),
    ],
)
def test_a_day_is_the_whole_day_of_the_clock_on_the_wall(session, recent, zone, day, since, until):
    first, after = datetime.fromisoformat(since), datetime.fromisoformat(until)
    moment = timedelta(milliseconds=1)
    times = {"before": first - moment, "first": first, "last": after - moment, "after": after}
    utc = {
        name: when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        for name, when in times.items()
    }
    recent.write(**utc)
    env = {"TZ": zone}
    arguments = ("clear", f"--since={day}", f"--until={day}", "--dry-run", "--json")
    found = json.loads(session.ask("privacyctl", "history", *arguments, env=env))
    assert datetime.fromisoformat(found["since"]) == first
    assert datetime.fromisoformat(found["until"]) == after
    status, places = clear(session, f"--since={day}", f"--until={day}", env=env)
    assert (status, places["recent-files"]["removed"]) == (0, 2)
    assert "before" in recent.text() and "after" in recent.text()
    assert "first" not in recent.text() and "last" not in recent.text()


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_a_program_that_runs_reads_its_list_again(version):
    with Session(screen="640x480x24") as session:
        recent = Recent(session)
        recent.write(new=ago(minutes=5), old=ago(days=3))
        menu = session.root / "menu"
        with menu.open("w") as out:
            session.spawn(["/usr/bin/python3", "-c", PROGRAM, version], stdout=out)
        wait_for("the program has both", lambda: menu.read_text().splitlines()[-1:] == ["new old"])
        assert clear(session, "--last=hour")[0] == 0
        wait_for("the program has one", lambda: menu.read_text().splitlines()[-1] == "old")


# As a program's menu, and adds a file to the list when a line is written to it.
ADDER = PROGRAM.replace(
    "show()\nGLib",
    """show()
def add(*_):
    sys.stdin.readline()
    manager.add_item("file:///tmp/added")
    print("adding", flush=True)
    # Writes its list only after the clearing, however busy the computer is.
    os.kill(os.getpid(), signal.SIGSTOP)
GLib.set_application_name("Adder")
GLib.set_prgname("adder")
GLib.io_add_watch(0, GLib.IO_IN, add)
GLib""",
)


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_what_a_program_writes_back_after_it_was_cleared_is_gone_and_what_it_adds_stays(version):
    with Session(screen="640x480x24") as session:
        recent = Recent(session)
        recent.write(one=ago(minutes=5), two=ago(days=3))
        menu = session.root / "menu"
        with menu.open("w") as out:
            program = subprocess.Popen(
                ["/usr/bin/python3", "-c", ADDER, version],
                env=session.env,
                stdin=subprocess.PIPE,
                stdout=out,
                text=True,
            )
        session.children.append(program)
        wait_for("the program has both", lambda: menu.read_text() == "one two\n")
        program.stdin.write("add\n")
        program.stdin.flush()
        wait_for("it adds one", lambda: "adding\n" in menu.read_text(), every=0.01)
        command = session.spawn(
            ["privacyctl", "history", "clear", "--all", "--yes", "--json"],
            stdout=subprocess.PIPE,
            text=True,
        )
        wait_for("it is cleared", lambda: "<bookmark " not in recent.text(), every=0.01)
        program.send_signal(signal.SIGCONT)
        output = command.communicate(timeout=120)[0]
        places = {place["id"]: place for place in json.loads(output)["places"]}
        assert (command.returncode, places["recent-files"]["removed"]) == (0, 2)
        assert "one" not in recent.text() and "two" not in recent.text()
        wait_for("only that is left", lambda: menu.read_text().splitlines()[-1] == "added")
        assert recent.text().count("<bookmark ") == 1 and "added" in recent.text()


def test_a_file_that_is_broken_or_in_a_read_only_folder_is_said_and_left(session, recent):
    for text in [HEAD, "", "text", HEAD + "</xbel></xbel>"]:
        recent.path.write_text(text)
        status, places = clear(session, "--all")
        if text:
            assert status == 4 and "cannot be understood" in places["recent-files"]["problem"]
        else:
            assert status == 0
        assert recent.text() == text
    recent.write(new=ago(minutes=5))
    before = recent.text()
    recent.path.parent.chmod(0o500)
    done = session.ctl("history", "clear", "--all", "--yes")
    recent.path.parent.chmod(0o700)
    assert done.returncode == 4
    assert "is read-only, so it was left as it is" in done.stdout
    assert recent.text() == before


@pytest.mark.parametrize("mode", [0o444, 0o400])
def test_the_mode_of_a_list_protects_no_entry_and_stays(session, recent, mode):
    # GTK itself replaces the list whatever its mode.
    recent.write(new=ago(minutes=5), old=ago(days=3))
    recent.path.chmod(mode)
    status, places = clear(session, "--last=hour")
    assert (status, places["recent-files"]["removed"]) == (0, 1)
    assert "new" not in recent.text() and "old" in recent.text()
    assert clear(session, "--all")[0] == 0
    assert "bookmark href" not in recent.text()
    assert recent.path.stat().st_mode & 0o777 == mode


def test_a_list_that_its_user_has_stopped_keeps_nothing_and_stays_stopped(session, recent):
    def null(path):
        path.symlink_to("/dev/null")

    for stop in (null, lambda path: path.mkdir(), os.mkfifo):
        stop(recent.path)
        before = recent.path.lstat()
        done = session.ctl("history", "clear", "--all", "--yes")
        assert done.returncode == 0
        assert re.search(r"Recently used files +Nothing is kept here\.\n", done.stdout)
        assert "Nothing is kept here." in session.ask("privacyctl", "history")
        status, places = clear(session, "--last=hour")
        assert (status, places["recent-files"]["removed"]) == (0, 0)
        assert places["recent-files"]["problem"] == "nothing is kept there"
        assert recent.path.lstat().st_mtime_ns == before.st_mtime_ns
        recent.path.rmdir() if recent.path.is_dir() else recent.path.unlink()


def test_one_byte_that_is_no_text_keeps_no_history(session, recent):
    bad = ENTRY.format(name="caf\udce9", date=ago(minutes=5)).encode(errors="surrogateescape")
    other = ENTRY.format(name="odd\udcff", date=ago(days=3)).encode(errors="surrogateescape")
    recent.path.write_bytes(HEAD.encode() + bad + other + b"</xbel>\n")
    assert clear(session, "--last=hour")[1]["recent-files"]["removed"] == 1
    assert recent.path.read_bytes() == HEAD.encode() + other + b"</xbel>\n"
    recent.path.write_bytes(b"\xef\xbb\xbf" + HEAD.encode() + bad + b"</xbel>\n")
    assert clear(session, "--all")[0] == 0
    assert b"bookmark href" not in recent.path.read_bytes()
    # The other files that programs write themselves.
    typed = session.root / "cache" / "xfce4" / "appfinder" / "history"
    typed.parent.mkdir(parents=True)
    typed.write_bytes(b"caf\xe9\nmousepad\n")
    kde = session.root / "data" / "krunnerstaterc"
    kde.write_bytes(b"[Other]\nA=\xff\n[PlasmaRunnerManager][History]\nx=caf\xe9,b\n")
    status, places = clear(session, "--all")
    assert status == 0 and places["xfce-commands"]["removed"] == 2
    assert places["krunner-searches"]["removed"] == 2
    assert not typed.exists()
    assert kde.read_bytes() == b"[Other]\nA=\xff\n[PlasmaRunnerManager][History]\n"


def test_entries_without_a_usable_date_are_named_and_go_with_everything(session, recent):
    recent.write(new=ago(minutes=5), never="never", none="", old=ago(days=3))
    with recent.path.open("r+") as file:
        text = file.read().replace('href="file:///tmp/none"', "href='' private=yes x='1' x='2'")
        file.seek(0)
        file.write(text)
    assert counts(session)["recent-files"] == 4
    found = session.ask("privacyctl", "history", "clear", "--last=hour", "--dry-run")
    assert "1 entry. 2 more have no date. They go when you clear everything." in found
    status, places = clear(session, "--last=hour")
    assert (status, places["recent-files"]["removed"]) == (0, 1)
    assert places["recent-files"]["problem"] == "2 more entries have no date"
    status, places = clear(session, "--all")
    assert (status, places["recent-files"]["removed"]) == (0, 3)
    assert "<bookmark " not in recent.text()


def test_lists_of_sandboxed_apps_are_cleared_once_each_and_no_link_leads_out(session):
    home = session.root / "home"
    recent = Recent(session)
    recent.write(own=ago(minutes=5))
    revision = home / "snap" / "editor" / "12" / ".local" / "share"
    folders = {
        home / ".var" / "app" / "org.example.Writer" / "data": "flatpak",
        home / ".var" / "app" / "org.example.Other" / "data": "flatpak",
        revision: "snap",
        home / "snap" / "editor" / "common" / ".local" / "share": "snap",
    }
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "recently-used.xbel").write_text(xbel(new=ago(minutes=5), old=ago(days=3)))
        (folder / "RecentDocuments").mkdir()
        (folder / "RecentDocuments" / "a.txt.desktop").write_text("[Desktop Entry]\nType=Link\n")
    (home / "snap" / "editor" / "current").symlink_to("12")
    # The user's own list, and a list that is switched off.
    for app, target in [("own", recent.path), ("off", "/dev/null")]:
        data = home / ".var" / "app" / app / "data"
        data.mkdir(parents=True)
        (data / "recently-used.xbel").symlink_to(target)
    found = counts(session)
    assert (found["recent-files"], found["recent-documents"]) == (1, 4)
    assert (found["recent-files-flatpak"], found["recent-files-snap"]) == (4, 4)
    status, places = clear(session, "--last=hour")
    assert status == 0
    assert places["recent-files-flatpak"]["removed"] == places["recent-files-snap"]["removed"] == 2
    words = session.ask("privacyctl", "history", "clear", "--all", "--yes")
    assert re.search(r"Recently used files \(Flatpak apps\) +2 entries removed", words)
    assert not any("bookmark href" in file.read_text() for file in home.rglob("*.xbel"))
    assert not list(home.rglob("*.desktop"))

    outside = session.root / "outside"
    outside.mkdir()
    (outside / "recently-used.xbel").write_text(xbel(old=ago(days=3)))
    (home / ".var" / "app" / "evil").mkdir()
    (home / ".var" / "app" / "evil" / "data").symlink_to(outside)
    done = session.ctl("history", "clear", "--all", "--yes")
    assert done.returncode == 4 and str(outside) in done.stdout
    assert "bookmark href" in (outside / "recently-used.xbel").read_text()


def test_kdes_recent_documents_go_by_the_time_of_their_last_use(session):
    folder = session.root / "data" / "RecentDocuments"
    folder.mkdir()
    for name, age in [("new", 60), ("old", 300_000), ("kept", 30)]:
        link = folder / f"{name}.desktop"
        link.write_text("[Desktop Entry]\nType=Link\nURL=file:///tmp/x\n")
        os.utime(link, (time.time() - age,) * 2)
    (folder / "other.txt").touch()
    assert counts(session)["recent-documents"] == 3
    folder.chmod(0o500)
    status, places = clear(session, "--last=hour")
    assert (status, places["recent-documents"]["removed"]) == (4, 0)
    assert ".desktop" in places["recent-documents"]["problem"]
    folder.chmod(0o700)
    # KDE removes it whatever its mode.
    (folder / "kept.desktop").chmod(0o400)
    status, places = clear(session, "--last=hour")
    assert (status, places["recent-documents"]["removed"]) == (0, 2)
    assert clear(session, "--all")[0] == 0
    assert [file.name for file in folder.iterdir()] == ["other.txt"]
    (folder / "other.txt").unlink()
    folder.rmdir()
    folder.symlink_to("/dev/null")
    status, places = clear(session, "--all")
    assert (status, places["recent-documents"]["problem"]) == (0, "nothing is kept there")


def test_a_folder_that_takes_no_files_is_said_and_the_other_places_are_cleared():
    with Session(read_only=("data",)) as session:
        recent = Recent(session)
        recent.write(new=ago(minutes=5))
        before = recent.text()
        done = session.ctl("history", "clear", "--all", "--yes")
        assert done.returncode == 4
        assert "is read-only" in done.stdout
        assert recent.text() == before


def test_a_link_stays_a_link_and_a_mode_a_mode(session, recent):
    real = session.root / "home" / "list"
    real.write_text(xbel(new=ago(minutes=5), old=ago(days=3)))
    real.chmod(0o640)
    recent.path.symlink_to("../home/list")
    assert clear(session, "--last=hour")[0] == 0
    assert os.readlink(recent.path) == "../home/list"
    assert real.stat().st_mode & 0o777 == 0o640
    assert "new" not in real.read_text() and "old" in real.read_text()


def test_a_zeitgeist_that_hangs_is_not_waited_for_for_ever_and_the_rest_is_cleared(
    session, log, recent
):
    log.record(range(10))
    recent.write(new=ago(minutes=5))
    os.kill(log.process(), signal.SIGSTOP)
    done = session.ctl("history", "clear", "--all", "--yes", timeout=40)
    assert done.returncode == 4
    assert "Zeitgeist did not answer in time" in done.stdout
    assert "1 entry removed" in done.stdout
    os.kill(log.process(), signal.SIGCONT)
    assert len(log.ids()) == 10


def few_of_many(log):
    """90 events of the past hour, among so many older ones that Zeitgeist takes seconds for them."""
    log.record(range(45))
    log.fill(40_000)
    log.record(range(45))


def clearing(session, log):
    """Begins to clear the past hour of few_of_many()."""
    command = session.spawn(
        ["privacyctl", "history", "clear", "--last=hour", "--yes", "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_for("it has begun", lambda: log.rows() < 40_090, 30, 0.01)
    return command


def zeitgeist_in(output):
    return next(p for p in json.loads(output)["places"] if p["id"] == "zeitgeist")


def rests(process):
    """Whether a process sleeps, and has done nothing for a second."""
    # The state, and the time that it used.
    before = stat(process)
    time.sleep(1)
    after = stat(process)
    return after[0] == "S" and before[11:13] == after[11:13]


def test_a_zeitgeist_that_is_killed_in_the_middle_is_said_with_what_is_gone(session, log):
    few_of_many(log)
    command = clearing(session, log)
    process = log.process()
    os.kill(process, signal.SIGSTOP)
    # The bus would start another one for a call that comes after its end.
    wait_for("a call waits for it", lambda: rests(command.pid))
    os.kill(process, signal.SIGKILL)
    output = command.communicate(timeout=60)[0]
    assert command.returncode == 4
    place = zeitgeist_in(output)
    assert place["problem"] == "the service ended"
    # What it reports as removed is what is gone.
    assert place["removed"] == 40_090 - len(log.ids())


def test_clearing_a_time_is_stopped_by_ctrl_c_and_says_what_is_left(session, log):
    few_of_many(log)
    command = clearing(session, log)
    os.kill(command.pid, signal.SIGINT)
    output = command.communicate(timeout=60)[0]
    assert command.returncode == 4
    place = zeitgeist_in(output)
    left = len(log.ids()) - 40_000
    assert 0 < left < 90 and place["removed"] == 90 - left
    assert place["problem"] == f"stopped; {left} entries are left"


def holds(path, text):
    # Zeitgeist removes files meanwhile.
    with contextlib.suppress(FileNotFoundError):
        return path.is_file() and text in path.read_bytes()
    return False


def test_nothing_of_an_event_is_left_in_zeitgeists_files_and_its_rules_stay(session, log):
    log.record(range(200))
    log.add_template("third-party")
    folder = log.database.parent
    for name in ("activity.sqlite.bck", "activity.sqlite.2026-11-24.bck"):
        (folder / name).write_text("file:///home/x/folder1/file1.txt")
    status, places = clear(session, "--all")
    assert (status, places["zeitgeist"]["removed"]) == (0, 200)
    assert log.is_running(), "it ran before"
    assert not [file for file in folder.rglob("*") if holds(file, b"file1")]
    assert not list(folder.glob("*.bck"))
    assert list(log.templates()) == ["third-party"]
    assert log.records(1)
    # The next clearing by Zeitgeist itself is as before.
    log.record(range(2, 5))
    log.record([300])
    assert clear(session, "--last=hour")[1]["zeitgeist"]["removed"] == 4
    assert len(log.ids()) == 1


def test_a_time_with_many_events_is_cleared_at_once_and_the_others_stay(session, log):
    log.record([*range(45), 600])
    # No event is so old that it leaves the hour during the test.
    log.fill(3000, [*(number / 2 for number in range(110)), *range(65, 2955)])
    log.record([601])
    status, places = clear(session, "--last=hour")
    assert (status, places["zeitgeist"]["removed"]) == (0, 45 + 110)
    assert len(log.ids()) == 3002 - 110
    with contextlib.closing(sqlite3.connect(log.database)) as database:
        texts = [text for (text,) in database.execute("SELECT value FROM text")]
    assert "filled109" not in texts and {"filled110", "filled2999", "file600.txt"} <= {*texts}
    assert b"/filled/109.txt" not in log.database.read_bytes()


def test_a_zeitgeist_that_was_stopped_is_started_neither_to_count_nor_to_clear(session, log):
    log.record([*range(30), *range(120, 150)])
    log.quit()
    assert counts(session)["zeitgeist"] == 60
    assert counts(session, "clear", "--last=hour", "--dry-run")["zeitgeist"] == 30
    status, places = clear(session, "--last=hour")
    assert status == 0, places
    assert places["zeitgeist"]["removed"] == 30
    assert counts(session)["zeitgeist"] == 30
    status, places = clear(session, "--all")
    assert (status, places["zeitgeist"]["removed"]) == (0, 30)
    assert not log.is_running()
    assert b"file1" not in log.database.read_bytes()
    assert log.ids() == []


def test_a_database_changes_only_while_the_caller_waits_for_it(session, log):
    log.record(range(5))
    log.quit()
    program = INSTALLED / "libexec" / "privacy-panel-zeitgeist"
    for waits, expected in ((False, {"Fault": "Cancelled"}), (True, {"Cleared": [5, None]})):
        reading, writing = os.pipe()
        os.write(writing, b'{"Clear":{"since":null,"until":null}}\n')
        if not waits:
            os.close(writing)
        with os.fdopen(reading) as question:
            done = subprocess.run([program, log.database], stdin=question, capture_output=True, check=True)
        if waits:
            os.close(writing)
        assert json.loads(done.stdout) == expected


def test_no_event_that_programs_report_meanwhile_is_lost(session, log):
    log.record(range(5))
    log.fill(20_000)
    log.record([1])
    with subprocess.Popen(
        ["/usr/bin/python3", "-W", "ignore", "-c", WRITER],
        env=session.env,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        writer.stdout.readline()
        status, places = clear(session, "--all")
        done = time.time()
        recorded = {}
        # The first one afterwards may be the one that waited meanwhile.
        while sum(when > done for when in recorded.values()) < 3:
            number, when = writer.stdout.readline().split()
            recorded[int(number)] = float(when)
        writer.kill()
    last = max(recorded)
    assert status == 0 and places["zeitgeist"]["removed"] > 20_000
    with contextlib.closing(sqlite3.connect(log.database)) as database:
        found = database.execute("SELECT value FROM uri WHERE value LIKE '%meanwhile%'").fetchall()
    kept = sorted(int(uri.rpartition("meanwhile")[2]) for (uri,) in found)
    # From one of them on, which is not the last, all are there.
    assert kept[: last - kept[0] + 1] == [*range(kept[0], last + 1)]
    assert kept[0] < last


@pytest.mark.clock
def test_the_time_to_clear_everything_does_not_grow_with_the_square(session, log):
    def timed(count):
        log.record(range(5))
        log.fill(count)
        log.ids()
        began = time.monotonic()
        assert clear(session, "--all")[1]["zeitgeist"]["removed"] == count + 5
        return time.monotonic() - began

    few = max(timed(2000) for _ in range(2))
    # The square would be 100 times as long.
    assert timed(20_000) < 12 * few


def test_without_a_bus_the_files_are_cleared():
    with Session(bus=False) as session:
        recent = Recent(session)
        recent.write(new=ago(minutes=5))
        status, places = clear(session, "--all")
        assert (status, list(places)) == (0, ["recent-files"])
        assert places["recent-files"]["removed"] == 1


def test_a_zeitgeist_that_never_ran_is_not_started_to_be_asked(session):
    assert counts(session) == {"zeitgeist": 0}
    assert clear(session, "--all")[0] == 0
    assert session.ctl("history", "never-record", "list").returncode == 0
    assert not (session.root / "data" / "zeitgeist").exists()


STATE = """<?xml version="1.0"?>
<application-state>
  <context id="">
    <application id="a.desktop" score="12.5" last-seen="{new}"/>
    <application id="b.desktop" score="3" last-seen="{old}"/>
  </context>
</application-state>
"""


def test_the_shells_counts_go_while_it_does_not_run_and_are_not_claimed_while_it_does():
    with Session(system_bus=True) as session:
        state = session.root / "data" / "gnome-shell" / "application_state"
        state.parent.mkdir()
        now = int(time.time())
        state.write_text(STATE.format(new=now - 60, old=now - 7200))
        status, places = clear(session, "--last=hour")
        assert (status, places["app-usage"]["removed"]) == (0, 1)
        assert "a.desktop" not in state.read_text() and "b.desktop" in state.read_text()

        session.set("org.gnome.shell", "command-history", "['xeyes', 'r']")
        shell = Shell(session)
        before = state.read_text()
        status, places = clear(session, "--all")
        assert status == 4
        assert "GNOME Shell is running" in places["app-usage"]["problem"]
        assert state.read_text() == before
        # The commands are in a setting that the shell watches.
        assert places["commands"]["removed"] == 2
        assert session.get("org.gnome.shell", "command-history") == "@as []"
        assert shell.js("1 + 1") == "2"


def test_commands_have_no_dates_and_go_with_everything_alone(session):
    session.set("org.gnome.shell", "command-history", "['xeyes']")
    status, places = clear(session, "--last=week")
    assert (status, places["commands"]["removed"]) == (0, 0)
    assert "no dates" in places["commands"]["problem"]
    assert session.get("org.gnome.shell", "command-history") == "['xeyes']"
    status, places = clear(session, "--all")
    assert (status, places["commands"]["removed"]) == (0, 1)


def test_what_is_never_to_be_recorded_is_not_recorded_by_the_daemon(session, log):
    def never(*arguments):
        return session.ctl("history", "never-record", *arguments)

    private = "/home/x/Private files"
    assert never("add", "folder", private + "/").returncode == 0
    assert never("add", "kind", "image").returncode == 0
    assert never("add", "application", "secret.desktop").returncode == 0
    # With the names that activity-log-manager uses.
    assert sorted(log.templates()) == [
        "app-secret.desktop",
        f"dir-{private}",
        "interpretation-image",
        "launch-secret.desktop",
    ]
    log.record([1], file=private + "/a.txt")
    log.record([2], file=private + "/deep/a.txt")
    log.record([3], kind="IMAGE")
    log.record([4], actor="secret.desktop")
    assert log.ids() == []
    log.record([5], file="/home/x/Private files too/a.txt")
    assert len(log.ids()) == 1

    log.add_template("third-party")
    listed = never("list", "--json").stdout
    assert json.loads(listed)["never_record"] == [
        {"kind": "kind", "value": "image"},
        {"kind": "folder", "value": private},
        {"kind": "application", "value": "secret.desktop"},
        {"kind": "other", "value": "third-party"},
    ]
    for rule in [("folder", private), ("kind", "image"), ("application", "secret.desktop")]:
        assert never("remove", *rule).returncode == 0
    assert list(log.templates()) == ["third-party"]
    assert never("remove", "folder", "/not/there").returncode == 0


@pytest.mark.parametrize(
    "rule", [("kind", "nonsense"), ("application", "gedit"), ("folder", os.fsdecode(b"/tmp/\xff"))]
)
def test_no_rule_is_made_of_nonsense(session, log, rule):
    done = session.run("privacyctl", "history", "never-record", "add", *rule)
    assert done.returncode == 2 and done.stderr.startswith("privacyctl: ")


def test_where_there_is_no_zeitgeist_nothing_is_claimed():
    with Session(bus=False) as session:
        done = session.ctl("history", "never-record", "add", "kind", "image")
        assert done.returncode == 1
        assert "Zeitgeist is not on this computer" in done.stderr
        words = session.ask("privacyctl", "history")
        assert words.startswith("Nothing on this computer remembers what you do")


def test_the_help_and_the_completions_know_it():
    completions = INSTALLED / "share" / "bash-completion" / "completions" / "privacyctl"
    assert "never-record" in completions.read_text()
    help_text = subprocess.run(
        [INSTALLED / "bin" / "privacyctl", "history", "clear", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for option in ("--since", "--until", "--last", "--all", "--dry-run", "--yes", "--json"):
        assert option in help_text
