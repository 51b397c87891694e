# SPDX-License-Identifier: GPL-3.0-or-later
"""Previous Reports in the panel, used with a keyboard and a screen reader."""

import os
import shutil
import time

import pytest
from support.crashes import Crashes, Latency, give_away, packed, text
from support.harness import away_from_midnight, wait_for
from support.screen import Panel, walk_to

ROW = "Previous Reports"
SECTIONS = ["Sent", "Waiting to be sent", "Held back: sending is off", "Kept here"]
MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.fixture
def session(crashes):
    with crashes.session(screen="1000x900x24", animations=False) as session:
        yield session


def focused(panel):
    return [node["name"] for node in panel.tree() if "focused" in node["states"]]


def has_focus(panel, name):
    panel.wait(f"{name} has the focus", lambda: name in focused(panel))


def sections(panel):
    """The programs in each section of the list, with the text about each."""
    found, here = {}, None
    for node in panel.tree():
        if node["role"] == "list":
            here = node["name"] if node["name"] in SECTIONS else None
        elif here and node["role"] == "list item" and not node["name"].startswith("Show "):
            found.setdefault(here, {})[node["name"]] = node["description"]
    return found


def rows(panel):
    """The programs in the list, with the text about each."""
    return {name: said for section in sections(panel).values() for name, said in section.items()}


def opened(session):
    """The panel, showing the list of reports."""
    panel = Panel(session)
    panel.wait("the row", lambda: panel.find(role="list item", name=ROW))
    walk_to(panel, ROW)
    panel.key("Return")
    panel.wait("the page", lambda: panel.find(role="push button", name="Delete All…"))
    return panel


def answer(panel, name):
    """Answers the question in the dialog."""

    def buttons():
        # GTK 4.8 begins with the mnemonic.
        names = (name, f"_{name} {name}")
        return [node for node in panel.find(role="push button") if node["name"] in names]

    panel.wait("the question", buttons)
    panel.press("push button", buttons()[0]["name"])


def test_the_row_says_how_many_there_are_and_leads_to_them(crashes, session):
    crashes.add("/usr/bin/gnome-control-center", age=10)
    crashes.add("/usr/bin/unlisted", age=20, marks=["upload"])
    crashes.add("/usr/bin/sent", age=30, marks=["upload", "uploaded"])
    (crashes.cores / "core.sleep.1000.b.1.1594211350000000.zst").write_text("core")
    with opened(session) as panel:
        panel.wait("the reports", lambda: len(rows(panel)) == 4)
        has_focus(panel, "sent")
        # Each with its display name, the newest first.
        told = sections(panel)
        names = {section: list(programs) for section, programs in told.items()}
        assert names == {
            "Sent": ["sent"],
            "Held back: sending is off": ["unlisted"],
            "Kept here": ["Settings", "sleep"],
        }
        states = [said.split(", ")[0] for said in rows(panel).values()]
        assert states == ["Handed over", "Held back: sending is off", "Not sent", "Kept here"]
        assert ", 07/08/20, 07/08/20 " in told["Kept here"]["sleep"]
        panel.key("Escape")
        has_focus(panel, ROW)
        assert panel.says("4 reports")


def test_where_nothing_keeps_reports_there_is_no_row(tmp_path):
    with Crashes(tmp_path, places=False).session(screen="1000x900x24") as session:
        with Panel(session) as panel:
            panel.wait("the switches", lambda: panel.says("Send error reports"))
            assert not panel.says(ROW)


def test_where_there_is_none_the_page_says_so_and_shows_what_comes(crashes, session):
    with opened(session) as panel:
        panel.wait("nothing", lambda: panel.says("No Reports"))
        (button,) = panel.find(role="push button", name="Delete All…")
        assert "sensitive" not in button["states"]
        crashes.add("/usr/bin/new")
        panel.wait("the new one", lambda: "new" in rows(panel))
        shutil.rmtree(crashes.crash)
        panel.wait("nothing again", lambda: not rows(panel))


def test_a_report_is_opened_with_the_keyboard_and_shows_what_it_holds(crashes, session):
    more = "ProcStatus:\n Name: x\n State: y\n" + packed("ShellJournal", b"a line of the journal\n" * 500)
    crashes.add("/usr/bin/other", age=100)
    crashes.add("/usr/bin/gedit", text("/usr/bin/gedit", more + packed("CoreDump", bytes(100_000))))
    with opened(session) as panel:
        panel.wait("the reports", lambda: len(rows(panel)) == 2)
        walk_to(panel, "gedit")
        panel.key("Return")
        panel.wait("all fields", lambda: panel.says("Kind of problem"))
        fields = {n["name"]: n["description"] for n in panel.find(role="list item")}
        assert fields["Command line"] == "program /home/me/letter.txt"
        assert "of binary data" in fields["Memory of the app"]
        assert panel.says("/var/crash/_usr_bin_gedit.1000.crash")
        # A long text has its own page.
        walk_to(panel, "System’s log")
        panel.key("Return")
        panel.wait("the text", lambda: panel.find(role="text", name="System’s log"))
        panel.key("Escape")
        has_focus(panel, "System’s log")
        panel.key("Escape")
        has_focus(panel, "gedit")


def test_what_may_be_personal_comes_first_in_words_and_all_is_copied(crashes, session):
    more = "Package: gedit 43\nUname: Linux laptop\nHookLog: something\nProcEnviron:\n LANG=C\n PATH=x\n"
    more += "Dependencies: helper 1 [modified: /home/me/x]\n" + packed("CoreDump", bytes(100_000))
    crashes.add("/usr/bin/gedit", text("/usr/bin/gedit", more))
    with opened(session) as panel:
        panel.wait("the report", lambda: rows(panel))
        walk_to(panel, "gedit")
        panel.key("Return")
        panel.wait("all fields", lambda: panel.says("Version of the kernel"))
        fields = [node["name"] for node in panel.find(role="list item")]
        fields = fields[fields.index("Memory of the app") :]
        # A field that is not known is by its name, and may be personal.
        personal = ["Command line", "Environment variables", "HookLog", "Versions of other packages"]
        assert fields[:5] == ["Memory of the app", *personal]
        assert {"File of the app", "Package", "Version of the kernel"} < set(fields[5:])
        assert panel.says("May Be Personal") and not panel.says("ProcCmdline")

        panel.press("push button", "Copy All")
        panel.wait("it is said", lambda: panel.says("Copied. Before you paste it where others can read it,"))
        copied = session.ask("xclip", "-selection", "clipboard", "-o")
        assert "Command line (ProcCmdline):\nprogram /home/me/letter.txt\n" in copied
        assert "HookLog:\nsomething\n" in copied and "of binary data" in copied


def test_a_report_that_was_to_be_sent_is_not(crashes, session):
    crashes.add("/usr/bin/gedit", age=10, marks=["upload"])
    crashes.add("/usr/bin/sent", age=20, marks=["upload", "uploaded"])
    with opened(session) as panel:
        panel.wait("the reports", lambda: len(rows(panel)) == 2)
        assert list(sections(panel)) == ["Sent", "Held back: sending is off"]
        walk_to(panel, "sent")
        panel.key("Return")
        panel.wait("the report", lambda: panel.find(role="push button", name="Copy All"))
        assert not panel.says("Don’t Send")
        panel.key("Escape")
        walk_to(panel, "gedit")
        panel.key("Return")
        panel.wait("the button", lambda: panel.find(role="push button", name="Don’t Send"))
        walk_to(panel, "Don’t Send")
        panel.key("space")
        has_focus(panel, "Not sent")
        (state,) = panel.find(role="list item", name="Not sent")
        assert state["description"].startswith("You have decided not to send this report.")
        assert "to make sure that it is never sent, delete it" in state["description"]
        assert "_usr_bin_gedit.1000.upload" not in crashes.names()
        assert "_usr_bin_gedit.1000.crash" in crashes.names()
        panel.key("Escape")
        panel.wait("the list", lambda: list(sections(panel)) == ["Sent", "Kept here"])
        has_focus(panel, "gedit")


def test_the_mark_of_another_user_is_left_and_it_is_said_who_can_take_it_away(crashes, session):
    file = crashes.add("/usr/bin/gedit", marks=["upload"])
    give_away(file.with_suffix(".upload"))
    with opened(session) as panel:
        panel.wait("the report", lambda: rows(panel))
        walk_to(panel, "gedit")
        panel.key("Return")
        panel.wait("who can", lambda: panel.says("Only the administrator can keep this report from being sent"))
        assert not panel.find(role="push button", name="Don’t Send")


def test_the_list_says_how_long_ago_each_report_was_written(crashes, session):
    now = away_from_midnight()
    today = now.tm_hour * HOUR + now.tm_min * MINUTE + now.tm_sec
    ages = {"now": 1, "yesterday": today + HOUR, "days": 3 * DAY, "old": 30 * DAY}
    for name, age in ages.items():
        crashes.add(f"/usr/bin/{name}", age=age)
    with opened(session) as panel:
        panel.wait("the reports", lambda: len(rows(panel)) == 4)
        told = {name: said.split(", ", 1)[1] for name, said in rows(panel).items()}
        exact = {name: time.localtime(time.time() - age) for name, age in ages.items()}
        assert told["now"].startswith("Today, ")
        assert told["yesterday"].startswith(time.strftime("Yesterday, %H:", exact["yesterday"]))
        assert told["days"].startswith(time.strftime("3 days ago, %x ", exact["days"]))
        assert told["old"].startswith(time.strftime("%x, %x ", exact["old"]))


def test_a_long_section_shows_the_newest_and_all_when_asked(crashes, session):
    for number in range(70):
        crashes.add(f"/usr/bin/x{number}", age=number * DAY)
    with opened(session) as panel:
        panel.wait("the newest", lambda: list(rows(panel)) == [f"x{number}" for number in range(50)])
        walk_to(panel, "x0")
        panel.key("End")
        has_focus(panel, "Show 20 More")
        panel.key("Return")
        panel.wait("all", lambda: list(rows(panel)) == [f"x{number}" for number in range(70)])
        has_focus(panel, "x50")
        panel.press("push button", "Delete All…")
        panel.wait("how many", lambda: panel.says("Delete 70 Reports?"))


def test_one_is_deleted_with_its_marks_after_a_question(crashes, session):
    crashes.add("/usr/bin/gedit", age=10, marks=["upload", "uploaded"])
    crashes.add("/usr/bin/other", age=100)
    with opened(session) as panel:
        panel.wait("the reports", lambda: len(rows(panel)) == 2)
        walk_to(panel, "gedit")
        panel.key("Return")
        panel.wait("the report", lambda: panel.find(role="push button", name="Delete Report…"))
        panel.press("push button", "Delete Report…")
        panel.wait("the warning", lambda: panel.says("cannot be brought back"))
        answer(panel, "Cancel")
        panel.wait("no question", lambda: not panel.says("cannot be brought back"))
        assert len(crashes.names()) == 4
        panel.press("push button", "Delete Report…")
        answer(panel, "Delete")
        panel.wait("the list again", lambda: list(rows(panel)) == ["other"])
        # Without a window manager, no window has the focus after the dialog.
        panel.look_away()
        has_focus(panel, "other")
        assert panel.says("The report about gedit was deleted.")
        assert crashes.names() == ["_usr_bin_other.1000.crash"]
        panel.key("Escape")
        has_focus(panel, ROW)
        panel.wait("one less", lambda: panel.says("1 report"))


def test_escape_is_no_answer(crashes, session):
    crashes.add("/usr/bin/gedit")
    with opened(session) as panel:
        panel.wait("the report", lambda: rows(panel))
        panel.press("push button", "Delete All…")
        panel.wait("the question", lambda: panel.says("Delete 1 Report?"))
        # Pressing Enter at once does only what can be undone.
        assert not any("Delete All" in name for name in focused(panel))
        session.ask("xdotool", "key", "Escape")
        panel.wait("no question", lambda: not panel.says("Delete 1 Report?"))
        assert crashes.names() and rows(panel)


def test_all_are_deleted_but_what_belongs_to_others_which_is_said(crashes, session):
    for number in range(30):
        crashes.add(f"/usr/bin/x{number}", age=number, marks=["upload"])
    give_away(crashes.add("/usr/sbin/cupsd", uid=0))
    with opened(session) as panel:
        panel.wait("the reports", lambda: len(rows(panel)) == 31)
        panel.press("push button", "Delete All…")
        answer(panel, "Delete All")
        panel.wait("only one is left", lambda: list(rows(panel)) == ["cupsd"])
        assert crashes.names() == ["_usr_sbin_cupsd.0.crash"]
        panel.wait("why", lambda: panel.says("sudo privacyctl reports delete apport:_usr_sbin_cupsd.0"))


def test_another_users_report_says_that_it_is_not_yours(crashes, session):
    give_away(crashes.add("/usr/sbin/cupsd", uid=0))
    with opened(session) as panel:
        panel.wait("the report", lambda: rows(panel))
        walk_to(panel, "cupsd")
        panel.key("Return")
        panel.wait("the reason", lambda: panel.says("sudo privacyctl reports show"))
        assert panel.says("You cannot delete it")
        (button,) = panel.find(role="push button", name="Delete Report…")
        assert "sensitive" not in button["states"]


def test_a_report_that_changes_while_it_is_looked_at_stays(crashes, session):
    file = crashes.add("/usr/bin/gedit", age=100)
    with opened(session) as panel:
        panel.wait("the report", lambda: rows(panel))
        walk_to(panel, "gedit")
        panel.key("Return")
        panel.wait("the report", lambda: panel.find(role="push button", name="Delete Report…"))
        # The program has failed again.
        os.unlink(file)
        crashes.add("/usr/bin/gedit")
        panel.press("push button", "Delete Report…")
        answer(panel, "Delete")
        panel.wait("it is said", lambda: panel.says("has changed meanwhile"))
        assert file.exists()


def test_a_report_that_goes_while_it_is_looked_at_is_no_failure(crashes, session):
    file = crashes.add("/usr/bin/gedit")
    with opened(session) as panel:
        panel.wait("the report", lambda: rows(panel))
        walk_to(panel, "gedit")
        os.unlink(file)
        panel.wait("it is gone", lambda: not rows(panel))


@pytest.mark.clock
@pytest.mark.parametrize(("lines", "name"), [(1, "one line"), (100_000, "many lines")])
def test_a_text_of_megabytes_does_not_stop_the_window(crashes, session, lines, name):
    field = "\n".join([" " + "x" * (3_000_000 // lines)] * lines)
    crashes.add("/usr/bin/gedit", text("/usr/bin/gedit", f"Long:\n{field}\n"))
    with opened(session) as panel:
        panel.wait("the report", lambda: rows(panel))
        walk_to(panel, "gedit")
        panel.key("Return")
        walk_to(panel, "Long")
        latency = Latency(session)
        panel.key("Return")
        panel.wait("the text", lambda: panel.find(role="text", name="Long"))
        assert latency.longest() < 2000, name


@pytest.mark.clock
def test_two_thousand_reports_do_not_stop_the_window(crashes, session):
    for number in range(2000):
        crashes.add(f"/usr/bin/x{number}", age=number)
    panel = Panel(session)
    panel.wait("the row", lambda: panel.find(role="list item", name=ROW))
    walk_to(panel, ROW)
    latency = Latency(session)
    panel.key("Return")
    wait_for("the page was there a while", lambda: latency.seconds() > 3)
    # Laying out all prepared rows at once took 200 ms and more; scripts/bench shows the
    # current time.
    assert latency.longest() < 200
    panel.wait("the reports", lambda: "x0" in rows(panel))
    panel.close()
