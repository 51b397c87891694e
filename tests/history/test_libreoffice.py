# SPDX-License-Identifier: GPL-3.0-or-later
"""LibreOffice remembers the documents that it opens while the choice is on, and none while it is off."""

import os
import re
import shutil
import signal
from pathlib import Path

import pytest
from support.computer import OUR_LINE, Computer
from support.harness import wait_for
from support.history import clear, counts
from support.names import LOCKED, NOT_SAVED

CHOICE = "activity-history"
READER = "libreoffice-recent-documents"
# What the program remembers of a document's window.
WINDOW = "WriterWindowState"
HEAD = '<?xml version="1.0"?>\n<oor:items xmlns:oor="http://openoffice.org/2001/registry">\n'
TAIL = "</oor:items>\n"


class LibreOffice:
    """The real program, without a display."""

    def __init__(self, session):
        self.session = session
        self.settings = session.config / "libreoffice/4/user/registrymodifications.xcu"

    def process(self):
        """The process of the program itself, which a starter starts again after its first start."""
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                name = (folder / "comm").read_text().strip()
                if name == "soffice.bin" and bytes(self.session.root) in (folder / "environ").read_bytes():
                    return int(folder.name)
            except OSError:
                continue
        return None

    def start(self, *names):
        """Starts for the first time, and opens documents one after the other."""
        home = self.session.root / "home"
        for name in names:
            (home / name).write_text("a document\n")
        documents = [str(home / name) for name in names]
        self.child = self.session.spawn(["soffice", "--headless", "--norestore", "--nologo", *documents])
        wait_for("the last document", (home / f".~lock.{names[-1]}#").exists, seconds=240)
        # It writes its settings a second after a change, such as of the first document's window.
        wait_for("its settings", lambda: WINDOW in self.text(), seconds=240)

    def stop(self):
        os.kill(self.process(), signal.SIGTERM)
        wait_for("its end", lambda: self.process() is None)
        self.child.wait(60)
        for lock in (self.session.root / "home").glob(".~lock.*"):
            lock.unlink()

    def forget(self):
        """Before its first start."""
        shutil.rmtree(self.settings.parent.parent, ignore_errors=True)

    def remembers(self, name):
        """Opens a document, and then another one."""
        self.start(name, f"after-{name}")
        self.stop()
        return f"/{name}<" in self.text()

    def text(self):
        return self.settings.read_text() if self.settings.exists() else ""


def state(session):
    return session.reader(CHOICE, READER)["state"]


@pytest.mark.proof("libreoffice-recent-documents", "program")
def test_libreoffice_remembers_a_document_only_while_the_choice_is_on(session):
    session.unmask(READER)
    office = LibreOffice(session)
    assert state(session) == "on", "by default"
    for choice in ("off", "on", "off"):
        office.forget()
        assert session.ctl("set", CHOICE, choice).returncode == 0
        assert office.remembers(f"{choice}.txt") == (choice == "on")
        assert state(session) == choice, "what the program wrote back"

    # All other settings stay, and the program's own default is back.
    before = office.text()
    assert session.ctl("set", CHOICE, "on").returncode == 0
    assert office.text() == re.sub("(PickListSize.*?<value>)0<", r"\g<1>25<", before)
    assert session.ctl("reset", CHOICE).returncode == 0
    assert office.text() == re.sub("<item [^>]*><prop oor:name=.PickListSize.*\n", "", before)
    assert state(session) == "on"


def test_a_running_libreoffice_keeps_its_file(session):
    session.unmask(READER)
    office = LibreOffice(session)
    office.start("open.txt")
    done = session.ctl("set", CHOICE, "off")
    assert done.returncode == NOT_SAVED and "Close the app and try again" in done.stderr, done.stderr
    assert "PickListSize" not in office.text() and state(session) == "on"
    office.stop()
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert state(session) == "off"


def test_a_policy_decides_over_libreoffices_default_and_its_lock_over_the_user():
    with Computer(f"user-db:user\n{OUR_LINE}\n") as computer:
        session = computer.session
        session.unmask(READER)
        office = LibreOffice(session)
        policy = f'[choices.{CHOICE}]\nstate = "off"\nlocked = {{}}\n'

        def found():
            reader = session.reader(CHOICE, READER)
            return reader["state"], reader["origin"], reader["locked"]

        # A preset counts where the user has decided nothing.
        computer.apply(policy.format("false"))
        assert found() == ("off", "administrator", False)
        assert not office.remembers("preset.txt")
        office.forget()
        assert session.ctl("set", CHOICE, "on").returncode == 0
        assert found() == ("on", "you", False)
        assert office.remembers("decided.txt")
        computer.apply(policy.format("true"))
        assert found() == ("off", "administrator", True)
        assert session.ctl("set", CHOICE, "on").returncode == LOCKED
        settings = office.text()
        office.forget()
        office.settings.parent.mkdir(parents=True)
        office.settings.write_text(HEAD + re.search("<item [^>]*><prop oor:name=.PickListSize.*\n", settings)[0] + TAIL)
        assert not office.remembers("locked.txt")


def test_libreoffices_list_of_documents_is_forgotten_once_it_is_closed(session):
    office = LibreOffice(session)
    place = "libreoffice-documents"
    office.start("first.txt", "second.txt")
    wait_for("its list", lambda: counts(session).get(place))
    status, places = clear(session, "--all")
    assert status == 4 and "LibreOffice is running" in places[place]["problem"]
    office.stop()
    before, kept = office.text(), counts(session)[place]
    assert "/first.txt<" in before
    status, places = clear(session, "--last=week")
    assert (status, places[place]["removed"]) == (0, 0) and office.text() == before
    status, places = clear(session, "--all")
    assert (status, places[place]["removed"]) == (0, kept)
    assert office.text() == re.sub("<item [^>]*HistoryInfo\\['PickList'\\].*\n", "", before)
    assert place not in counts(session)
    # The program takes the file for its own, and has forgotten them.
    office.start("third.txt", "fourth.txt")
    wait_for("a new list", lambda: counts(session).get(place))
    office.stop()
    assert "/third.txt<" in office.text() and "/first.txt<" not in office.text()
