# SPDX-License-Identifier: GPL-3.0-or-later
"""How many presses it takes to learn or to do what people come for, by keyboard, and by the actions that
a screen reader has. Moving the focus is no press, and a password is none."""

import pytest
from support.everyone import LVFS, NETDATA, OFF, Everyone
from support.history import Recent, ago
from support.names import CHOICES, REPORTS, SCREEN, SEARCH
from support.screen import Panel, says, walk_to

PROGRAM = "program"


class Presses:
    """Uses the panel, and counts."""

    def __init__(self, panel, by):
        self.panel = panel
        self.by = by
        self.count = 0

    def press(self, name, role="push button"):
        self.count += 1
        self.panel.wait(f"there is “{name}”", lambda: self.panel.find(name=name))
        # Rows have no action of their own in GTK: screen readers press their key.
        if self.by == "actions" and role != "list item":
            self.panel.press(role, name)
            return
        walk_to(self.panel, name)
        self.panel.key("Return" if role == "list item" else "space")

    def answer(self, name):
        self.count += 1
        # GTK 4.8 says the label twice, first with the mnemonic's mark.
        marked = name if "_" in name else f"_{name}"
        names = (name, f"{name} {name}", f"{marked} {name}")
        find = self.panel.find
        self.panel.wait("the question", lambda: any(find(name=label) for label in names))
        label = next(label for label in names if find(role="push button", name=label))
        self.panel.press("push button", label)


def what_is_sent(panel, _presses):
    says(panel, "Apps here may send and record things about you")
    # Which ones.
    says(panel, f"{SEARCH}, ")


def stop_everything(panel, presses):
    presses.press("Turn Everything Off")
    says(panel, "Everything is off.")


def see_what_was_sent(panel, presses):
    presses.press("Previous Reports", "list item")
    panel.wait("a heading", lambda: panel.find(role="list", name="Sent"))
    presses.press(PROGRAM, "list item")
    says(panel, "/home/me/letter.txt")


def delete_reports(panel, presses):
    presses.press("Previous Reports", "list item")
    panel.wait("the list", lambda: panel.find(role="list item", name=PROGRAM))
    presses.press("Delete All…")
    presses.answer("Delete All")
    panel.wait("they are gone", lambda: not panel.find(role="list item", name=PROGRAM))


def delete_history(panel, presses):
    presses.press("Clear History", "list item")
    says(panel, "1 entry")
    presses.press("Clear History…")
    presses.answer("Clear")
    says(panel, "1 entry removed")


def who_decided(panel, presses):
    presses.press(REPORTS, "list item")
    says(panel, "Set by you")


# What to do, and the most presses for it.
TASKS = [
    (what_is_sent, 0),
    (stop_everything, 1),
    (see_what_was_sent, 2),
    (delete_reports, 3),
    (delete_history, 4),
    (who_decided, 1),
]


@pytest.mark.parametrize("by", ["keyboard", "actions"])
@pytest.mark.parametrize(("task", "most"), TASKS, ids=lambda part: getattr(part, "__name__", None))
def test_what_people_come_for_takes_few_presses(crashes, task, most, by):
    crashes.add("/usr/bin/program", marks=("upload", "uploaded"))
    with crashes.session(screen=SCREEN, animations=False) as session:
        for choice in CHOICES:
            assert session.ctl("set", choice, "on").returncode == 0
        Recent(session).write(letter=ago(minutes=5))
        with Panel(session) as panel:
            panel.wait("all of it", lambda: len(panel.find(role="check box")) == len(CHOICES))
            presses = Presses(panel, by)
            task(panel, presses)
    print(f"{task.__name__}: {presses.count} of {most}")
    assert presses.count <= most


@pytest.mark.parametrize("by", ["keyboard", "actions"])
def test_everything_is_turned_off_with_one_press_and_one_password(by):
    # The service asks for each choice, and the programs of one need a password.
    with (
        Everyone(without=["abrt-auto-reporting"]) as computer,
        computer.session(screen=SCREEN, animations=False) as session,
    ):
        with Panel(session) as panel:
            panel.wait("all of it", lambda: len(panel.find(role="check box")) == len(CHOICES))
            owner = session.ask(
                *("gdbus", "call", "--session", "--dest", "org.freedesktop.DBus"),
                *("--object-path", "/org/freedesktop/DBus"),
                *("--method", "org.freedesktop.DBus.GetConnectionUnixProcessID"),
                "net.launchpad.PrivacyPanel",
            )
            # Such as “(uint32 123,)”.
            with computer.agent(int(owner.split()[1].strip(",)"))) as agent:
                presses = Presses(panel, by)
                presses.press("Turn Everything Off")
                asked = agent.next()
                assert asked["asked"] == OFF
                says(panel, "Waiting for permission…")
                computer.permit(asked)
                agent.go_on()
                says(panel, "Everything is off.")
                agent.process.terminate()
                assert agent.all() == [], "the password is asked for once"
            assert computer.read(LVFS).count("=false") == 2 and computer.read(NETDATA) == ""
    assert presses.count == 1
