# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel's pages about the history, used by keyboard and AT-SPI, with a real Zeitgeist."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from support.computer import Computer
from support.harness import Session, away_from_midnight, wait_for
from support.history import Recent, ago
from support.names import LOCKED, SCREEN
from support.screen import Panel, answer, choose, go_to, open_page, says

pytestmark = pytest.mark.session(screen=SCREEN)


def test_the_past_hour_is_cleared_after_a_question_and_what_went_from_where_is_said(session, log):
    recent = Recent(session)
    recent.write(new=ago(minutes=5), old=ago(days=3))
    # No event is so old that it leaves the hour during the test.
    log.record([*range(50), *range(120, 270)])
    with Panel(session) as panel:
        open_page(panel, "Clear History")
        says(panel, "50 entries")
        panel.press("push button", "Clear History…")
        says(panel, "51 entries will be removed for good. This cannot be undone.")
        answer(panel, "Cancel")
        panel.wait("no question", lambda: not panel.says("cannot be undone"))
        assert len(log.ids()) == 200 and "new" in recent.text()

        panel.press("push button", "Clear History…")
        says(panel, "Clear the Past Hour?")
        answer(panel, "Clear")
        says(panel, "What Was Removed")
        says(panel, "50 entries removed")
        says(panel, "1 entry removed")
        says(panel, "51 entries were removed.")
        assert len(log.ids()) == 150
        assert "new" not in recent.text() and "old" in recent.text()

        # By keyboard; the count follows the chosen time.
        choose(panel, "Everything")
        says(panel, "150 entries")
        panel.key("Escape")
        panel.wait(
            "the focus is on the row again",
            lambda: any(
                "focused" in node["states"]
                for node in panel.find(role="list item", name="Clear History")
            ),
        )


def test_certain_days_begin_as_today_from_midnight_to_midnight(session, log):
    now = away_from_midnight()
    log.record([0, now.tm_hour * 60 + now.tm_min + 5])
    with Panel(session) as panel:
        open_page(panel, "Clear History")
        choose(panel, "Certain Days")
        today = time.strftime("%x")
        panel.wait("both days are shown", lambda: len(panel.find(name=today)) >= 2)
        says(panel, "1 entry")


# Its database is no file, so Zeitgeist itself removes all of them.
@pytest.mark.session(screen=SCREEN, env={"ZEITGEIST_DATABASE_PATH": ":memory:"})
@pytest.mark.clock
def test_while_thousands_are_cleared_the_panel_answers_and_can_be_stopped(session, log):
    log.record(range(20000))
    with Panel(session) as panel:
        open_page(panel, "Clear History")
        choose(panel, "Everything")
        says(panel, "20000 entries", 30)
        panel.press("push button", "Clear History…")
        says(panel, "20000 entries will be removed for good.")
        answer(panel, "Clear")
        panel.wait("it tells how far it is", lambda: panel.says("of 20000 removed"), 60)
        before = memory(panel)
        # No test calls it in the meantime: it uses time only to show progress.
        assert busiest(panel, seconds=5) < 0.05
        began = time.monotonic()
        panel.find(role="push button", name="Stop")
        assert time.monotonic() - began < 5, "it waits for Zeitgeist"
        assert memory(panel) - before < 8 * 1024
        panel.press("push button", "Stop")
        says(panel, "You stopped it.", 30)
        says(panel, "but not all of them")
        left = len(log.ids())
        assert 0 < left < 20000
        panel.wait("what is gone is said", lambda: panel.says(f"{20000 - left} entries removed"))
        says(panel, f"{left} entries are left")
        focused = [node for node in panel.tree() if "focused" in node["states"]]
        # What was announced, or the row's own text after it.
        assert f"{20000 - left} entries" in focused[0]["description"]
        # The rest can be cleared at once.
        panel.wait("the button", lambda: can_be_pressed(panel, "Clear the Rest…"), 30)
        panel.press("push button", "Clear the Rest…")
        says(panel, f"{left} entries will be removed for good.", 30)


def can_be_pressed(panel, name):
    buttons = panel.find(role="push button", name=name)
    return any("sensitive" in button["states"] for button in buttons)


def test_what_could_not_be_cleared_is_tried_again(session):
    recent = Recent(session)
    recent.write(new=ago(minutes=5))
    recent.path.parent.chmod(0o500)
    with Panel(session) as panel:
        open_page(panel, "Clear History")
        says(panel, "1 entry")
        panel.press("push button", "Clear History…")
        says(panel, "1 entry will be removed for good.")
        answer(panel, "Clear")
        says(panel, "is read-only, so it was left as it is")
        panel.wait("the button", lambda: can_be_pressed(panel, "Clear the Rest…"))
        recent.path.parent.chmod(0o700)
        panel.press("push button", "Clear the Rest…")
        says(panel, "1 entry will be removed for good.")
        answer(panel, "Clear")
        says(panel, "1 entry removed")
        panel.wait("the button", lambda: panel.find(role="push button", name="Clear History…"))
        assert not can_be_pressed(panel, "Clear History…")


def busiest(panel, seconds):
    """The longest time that the panel's main thread worked in a tenth of a second, in seconds."""
    path = f"/proc/{panel.process.pid}/task/{panel.process.pid}/schedstat"
    used, most, end = None, 0, time.monotonic() + seconds
    while time.monotonic() < end:
        with open(path) as file:
            now = int(file.read().split()[0]) / 1e9
        most = max(most, now - used) if used is not None else 0
        used = now
        time.sleep(0.1)
    print(f"the busiest tenth of a second: {most * 1000:.1f} ms")
    return most


def memory(panel):
    """The memory of the panel, in KiB."""
    status = Path(f"/proc/{panel.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon"))


def test_a_zeitgeist_that_hangs_leaves_the_panel_usable(session, log):
    log.record(range(10))
    with Panel(session) as panel:
        panel.wait("the row", lambda: panel.find(role="list item", name="Clear History"))
        os.kill(log.process(), signal.SIGSTOP)
        open_page(panel, "Clear History")
        says(panel, "Counting…")
        panel.key("Escape")
        panel.wait("back", lambda: not panel.find(role="push button", name="Back"))
        open_page(panel, "Exceptions", ("Up",))
        says(panel, "Zeitgeist did not answer in time", 40)
        os.kill(log.process(), signal.SIGCONT)


def test_a_kind_and_a_folder_are_never_recorded_and_recorded_again(session, log):
    folder = session.root / "home" / "Private"
    folder.mkdir()
    with Panel(session) as panel:
        open_page(panel, "Exceptions")
        panel.wait("the page", lambda: panel.find(role="push button", name="Add Kind of Files…"))
        assert not panel.says("Pictures")
        go_to(panel, "Add Kind of Files…")
        panel.key("Return")
        panel.wait("the kinds", lambda: panel.find(role="list item", name="Pictures"))
        go_to(panel, "Pictures")
        panel.key("Return")
        wait_for("Zeitgeist has it", lambda: list(log.templates()) == ["interpretation-image"])
        remove = "Remove Pictures"
        panel.wait("it is shown", lambda: panel.find(role="push button", name=remove))
        # Nothing is offered twice.
        go_to(panel, "Add Kind of Files…")
        panel.key("Return")
        panel.wait("the kinds", lambda: panel.find(role="list item", name="Videos"))
        assert len(panel.find(role="list item", name="Pictures")) == 1
        panel.key("Escape")
        panel.wait("back", lambda: not panel.find(role="list item", name="Videos"))
        panel.press("push button", remove)
        wait_for("Zeitgeist has it no longer", lambda: not log.templates())
        panel.wait("it is not shown", lambda: not panel.find(name=remove))

        go_to(panel, "Add Folder…")
        panel.key("Return")
        chooser = "Do Not Record in This Folder"
        panel.wait("the chooser", lambda: panel.says(chooser) or panel.find(name=chooser))
        window = session.ask("xdotool", "search", "--onlyvisible", "--name", chooser).split()[0]
        session.ask("xdotool", "windowfocus", "--sync", window)
        session.ask("xdotool", "type", "--delay", "30", str(folder))
        session.ask("xdotool", "key", "Return")
        wait_for("Zeitgeist has it", lambda: list(log.templates()) == [f"dir-{folder}"])
        says(panel, str(folder))
        log.record([1], file=f"{folder}/a.txt")
        assert log.ids() == []
        panel.press("push button", f"Remove {folder}")
        wait_for("Zeitgeist has it no longer", lambda: not log.templates())
        panel.wait("it is not shown", lambda: not panel.find(name=f"Remove {folder}"))


def test_an_application_is_found_by_its_name_and_rules_of_others_are_shown(session, log):
    entries = session.share / "applications"
    entries.mkdir()
    for identifier, name in (("Secret", "Secret Diary"), ("First", "A First One")):
        (entries / f"org.example.{identifier}.desktop").write_text(
            f"[Desktop Entry]\nType=Application\nName={name}\nExec=true\n"
        )
    log.add_template("third-party")
    with Panel(session) as panel:
        open_page(panel, "Exceptions")
        says(panel, "third-party")
        go_to(panel, "Add Application…")
        panel.key("Return")
        panel.wait("the search", lambda: panel.find(name="Search Applications"))
        panel.wait("all of them", lambda: panel.says("A First One"))
        panel.key("s", "e", "c", "r", "e", "t", "space", "d")
        panel.wait("only what was typed", lambda: not panel.says("A First One"))
        panel.key("x")
        panel.wait("nothing", lambda: panel.find(text="No Results Found"))
        panel.key("BackSpace")
        panel.wait("it again", lambda: panel.says("Secret Diary"))
        assert not panel.says("No Results Found")
        panel.key("Return")
        expected = ["app-org.example.Secret.desktop", "launch-org.example.Secret.desktop"]
        wait_for(
            "Zeitgeist has it",
            lambda: sorted(log.templates()) == [*expected, "third-party"],
        )
        says(panel, "Secret Diary")
        # Changes of other programs are shown at once.
        done = session.ctl("history", "never-record", "remove", "application", expected[0][4:])
        assert done.returncode == 0
        panel.wait("it is gone", lambda: not panel.says("Secret Diary"))


def test_where_nothing_remembers_there_are_no_rows():
    service = "/usr/share/dbus-1/services/org.gnome.zeitgeist.Engine.service"
    with Session(screen=SCREEN, binds=[("/dev/null", service)]) as session:
        recent = Recent(session)
        # Only the list of files can be cleared.
        recent.write(new=ago(minutes=5))
        with Panel(session) as panel:
            panel.wait("one row", lambda: panel.find(role="list item", name="Clear History"))
            assert not panel.find(role="list item", name="Exceptions")
            recent.path.unlink()
            panel.look_away()
            panel.wait("no row", lambda: not panel.find(role="list item", name="Clear History"))
            assert not panel.find(role="list item", name="Exceptions")
        with Panel(session) as panel:
            # The first answer and the new one arrive one after the other.
            panel.look_away()
            recent.write(new=ago(minutes=5))
            panel.look_away()
            panel.wait("one row", lambda: panel.find(role="list item", name="Clear History"))
            assert not panel.find(role="list item", name="Exceptions")



def keep_in_gnome(session, days):
    session.set("org.gnome.desktop.privacy", "recent-files-max-age", str(days))


def keep_in_files(session, days):
    for version in ("gtk-3.0", "gtk-4.0"):
        file = session.config / version / "settings.ini"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"[Settings]\ngtk-recent-files-max-age={days}\n")


@pytest.mark.parametrize(
    ("desktop", "default", "keep"),
    [("GNOME", "Forever", keep_in_gnome), ("LXQt", "30 days", keep_in_files)],
)
def test_how_long_files_are_listed_is_chosen_where_programs_obey_it(desktop, default, keep):
    env = {"XDG_CURRENT_DESKTOP": desktop, "GDK_BACKEND": "x11"}
    with Session(screen=SCREEN, env=env) as session:
        with Panel(session) as panel:
            panel.wait("the row", lambda: panel.says("File History Duration"))
            panel.wait("the setting", lambda: panel.says(default))
            # The settings are watched from then on.
            panel.look_away()
            panel.tree()
            # Another program's value, and one that the panel doesn't offer. It shows at once.
            for days in (7, 14):
                keep(session, days)
                panel.wait("the setting", lambda days=days: panel.says(f"{days} days"))
            go_to(panel, "File History Duration")
            panel.key("space")
            panel.wait("the list", lambda: panel.says("30 days"))
            panel.key("Down", "Down", "Down", "Return")
            panel.wait("it is saved", lambda: session.ask("privacyctl", "history", "keep") == "30")
            panel.wait("the setting", lambda: panel.says("30 days"))


def test_where_no_program_obeys_it_there_is_no_row_for_how_long_files_are_listed():
    env = {"XDG_CURRENT_DESKTOP": "LXQt", "GDK_BACKEND": "x11"}
    with Session(screen=SCREEN, env=env) as session:
        # As if GTK's other programs weren't installed.
        session.add_reader("gtk-recent-files-settings", "", session.share)
        Recent(session).write(new=ago(minutes=5))
        with Panel(session) as panel:
            panel.wait("the other row", lambda: panel.says("Clear History"))
            panel.look_away()
            assert not panel.says("History Duration")
        done = session.ctl("history", "keep")
        assert (done.returncode, done.stdout) == (1, "")
        assert "No app of this session" in done.stderr
        assert session.ctl("history", "keep", "7").returncode == 1


def test_a_month_is_chosen_where_kde_remembers_what_was_used():
    env = {"XDG_CURRENT_DESKTOP": "KDE", "GDK_BACKEND": "x11"}
    with Session(screen=SCREEN, env=env) as session:
        session.unmask("kde-activities")
        file = session.config / "kactivitymanagerd-pluginsrc"
        with Panel(session) as panel:
            panel.wait("both rows", lambda: panel.says("Activity History Duration"))
            panel.wait("the default", lambda: panel.says("Forever"))
            go_to(panel, "Activity History Duration")
            panel.key("space")
            panel.wait("the list", lambda: panel.says("12 months"))
            panel.key("Home", "Return")
            panel.wait("it is saved", lambda: file.exists() and "keep-history-for=1\n" in file.read_text())
            panel.wait("the setting", lambda: panel.says("1 month"))
            # The other list has its own.
            assert panel.says("30 days")


def test_a_locked_duration_is_shown_and_not_changed():
    key = "/org/gnome/desktop/privacy/recent-files-max-age"
    with Computer(profile="user-db:user\nsystem-db:site\n", screen=SCREEN) as computer:
        computer.session.env["XDG_CURRENT_DESKTOP"] = "GNOME"
        computer.write("/etc/dconf/db/site.d/00", "[org/gnome/desktop/privacy]\nrecent-files-max-age=7\n")
        computer.write("/etc/dconf/db/site.d/locks/00", f"{key}\n")
        computer.session.ask("dconf", "update")
        done = computer.session.ctl("history", "keep", "30")
        assert done.returncode == LOCKED and "Only your administrator" in done.stderr
        found = json.loads(computer.session.ask("privacyctl", "history", "keep", "--json"))
        (listed,) = found.pop("lists")
        assert found == {"days": 7, "origin": "administrator", "locked": True}
        assert listed == {"id": "recent-files", **found}
        with Panel(computer.session) as panel:
            panel.wait("the setting", lambda: panel.says("7 days"))
            (row,) = panel.find(role="combo box", name="File History Duration")
            assert "sensitive" not in row["states"]
            assert panel.says("Locked by your administrator")
