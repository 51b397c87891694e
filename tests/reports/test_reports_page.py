# SPDX-License-Identifier: GPL-3.0-or-later
"""Previous Reports in the panel, used with a keyboard and a screen reader."""

import os
import shutil

import pytest
from support.crashes import Crashes, Latency, give_away, packed, text
from support.harness import wait_for
from support.screen import Panel

ROW = "Previous Reports"


@pytest.fixture
def session(crashes):
    with crashes.session(screen="1000x900x24", animations=False) as session:
        yield session


def focused(panel):
    return [node["name"] for node in panel.tree() if "focused" in node["states"]]


def has_focus(panel, name):
    panel.wait(f"{name} has the focus", lambda: name in focused(panel))


def go_to(panel, name, keys=("Tab", "Down"), times=40):
    """Moves the focus by keyboard."""
    for _ in range(times):
        for key in keys:
            if name in focused(panel):
                return
            panel.key(key)
    has_focus(panel, name)


def rows(panel):
    """The programs in the list, with the text about each."""
    # The first page's card is still in the tree.
    found = [node for node in panel.find(role="list item") if not node["name"].startswith("Apps here")]
    return {node["name"]: node["description"] for node in found if " · " in node["description"]}


def opened(session):
    """The panel, showing the list of reports."""
    panel = Panel(session)
    panel.wait("the row", lambda: panel.find(role="list item", name=ROW))
    go_to(panel, ROW)
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
    crashes.add("/usr/bin/nobody-knows-it", age=20, marks=["upload"])
    crashes.add("/usr/bin/sent", age=30, marks=["upload", "uploaded"])
    (crashes.cores / "core.sleep.1000.b.1.1594211350000000.zst").write_text("core")
    with opened(session) as panel:
        panel.wait("the reports", lambda: len(rows(panel)) == 4)
        told = rows(panel)
        # By date, each with its display name.
        assert list(told) == ["Settings", "nobody-knows-it", "sent", "sleep"]
        states = [said.split(" · ")[0] for said in told.values()]
        assert states == ["Not sent", "Held back: sending is off", "Handed over", "Kept here"]
        assert "07/08/20 " in told["sleep"]
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
        panel.wait("nothing", lambda: panel.says("No reports"))
        (button,) = panel.find(role="push button", name="Delete All…")
        assert "sensitive" not in button["states"]
        crashes.add("/usr/bin/new")
        panel.wait("the new one", lambda: "new" in rows(panel))
        shutil.rmtree(crashes.crash)
        panel.wait("nothing again", lambda: not rows(panel))


def test_a_report_is_opened_with_the_keyboard_and_shows_what_it_holds(crashes, session):
    more = "ProcStatus:\n Name: x\n State: y\n" + packed("Journal", b"a line of the journal\n" * 500)
    crashes.add("/usr/bin/other", age=100)
    crashes.add("/usr/bin/gedit", text("/usr/bin/gedit", more + packed("CoreDump", bytes(100_000))))
    with opened(session) as panel:
        panel.wait("the reports", lambda: len(rows(panel)) == 2)
        go_to(panel, "gedit", keys=["Tab"])
        panel.key("Return")
        panel.wait("all fields", lambda: panel.says("CoreDump"))
        fields = {n["name"]: n["description"] for n in panel.find(role="list item")}
        assert "program /home/me/letter.txt" in fields["ProcCmdline"] or panel.says("letter.txt")
        assert panel.says("of binary data")
        assert panel.says("/var/crash/_usr_bin_gedit.1000.crash")
        # A long text has its own page.
        go_to(panel, "Journal", keys=["Tab"])
        panel.key("Return")
        panel.wait("the text", lambda: panel.find(role="text", name="Journal"))
        panel.key("Escape")
        has_focus(panel, "Journal")
        panel.key("Escape")
        has_focus(panel, "gedit")


def test_a_field_is_copied(crashes, session):
    crashes.add("/usr/bin/gedit")
    with opened(session) as panel:
        panel.wait("the report", lambda: rows(panel))
        go_to(panel, "gedit", keys=["Tab"])
        panel.key("Return")
        name = "Copy “ProcCmdline”"
        panel.wait("the field", lambda: panel.find(role="push button", name=name))
        panel.press("push button", name)
        panel.wait("it is said", lambda: panel.says("Copied"))


def test_one_is_deleted_with_its_marks_after_a_question(crashes, session):
    crashes.add("/usr/bin/gedit", age=10, marks=["upload", "uploaded"])
    crashes.add("/usr/bin/other", age=100)
    with opened(session) as panel:
        panel.wait("the reports", lambda: len(rows(panel)) == 2)
        go_to(panel, "gedit", keys=["Tab"])
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
        assert crashes.names() == ["_usr_bin_other.1000.crash"]
        panel.key("Escape")
        has_focus(panel, ROW)
        panel.wait("one less", lambda: panel.says("1 report"))


def test_escape_is_no_answer(crashes, session):
    crashes.add("/usr/bin/gedit")
    with opened(session) as panel:
        panel.wait("the report", lambda: rows(panel))
        panel.press("push button", "Delete All…")
        panel.wait("the question", lambda: panel.says("Delete All Reports?"))
        # Pressing Enter at once does only what can be undone.
        assert not any("Delete All" in name for name in focused(panel))
        session.ask("xdotool", "key", "Escape")
        panel.wait("no question", lambda: not panel.says("Delete All Reports?"))
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


def test_a_report_of_somebody_elses_says_that_it_is_not_yours(crashes, session):
    give_away(crashes.add("/usr/sbin/cupsd", uid=0))
    with opened(session) as panel:
        panel.wait("the report", lambda: rows(panel))
        go_to(panel, "cupsd", keys=["Tab"])
        panel.key("Return")
        panel.wait("the reason", lambda: panel.says("sudo privacyctl reports show"))
        assert panel.says("You cannot delete it")
        (button,) = panel.find(role="push button", name="Delete Report…")
        assert "sensitive" not in button["states"]


def test_a_report_that_changes_while_it_is_looked_at_stays(crashes, session):
    file = crashes.add("/usr/bin/gedit", age=100)
    with opened(session) as panel:
        panel.wait("the report", lambda: rows(panel))
        go_to(panel, "gedit", keys=["Tab"])
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
        go_to(panel, "gedit", keys=["Tab"])
        os.unlink(file)
        panel.wait("it is gone", lambda: not rows(panel))


@pytest.mark.clock
@pytest.mark.parametrize(("lines", "name"), [(1, "one line"), (100_000, "many lines")])
def test_a_text_of_megabytes_does_not_stop_the_window(crashes, session, lines, name):
    field = "\n".join([" " + "x" * (3_000_000 // lines)] * lines)
    crashes.add("/usr/bin/gedit", text("/usr/bin/gedit", f"Long:\n{field}\n"))
    with opened(session) as panel:
        panel.wait("the report", lambda: rows(panel))
        go_to(panel, "gedit", keys=["Tab"])
        panel.key("Return")
        go_to(panel, "Long", keys=["Tab"])
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
    go_to(panel, ROW)
    latency = Latency(session)
    panel.key("Return")
    wait_for("the page was there a while", lambda: latency.seconds() > 3)
    # Laying out all prepared rows at once took 200 ms and more; scripts/bench shows the
    # current time.
    assert latency.longest() < 200
    panel.wait("the reports", lambda: "x0" in rows(panel))
    panel.close()
