# SPDX-License-Identifier: GPL-3.0-or-later
"""KDE's program that opens files, kioclient, and its two lists of recent documents."""

import re

import pytest
from support.debian_13 import Debian13, install
from support.harness import Session, wait_for

CHOICE = "activity-history"
APP = "org.example.Viewer"


@pytest.fixture
def kde():
    """A session in which an app opens text files."""
    with Session() as session:
        session.unmask("kde-recent-documents")
        apps = session.share / "applications"
        apps.mkdir()
        (apps / f"{APP}.desktop").write_text(
            "[Desktop Entry]\nType=Application\nName=Viewer\nExec=true %f\nMimeType=text/plain;\n"
        )
        (session.config / "mimeapps.list").write_text(
            f"[Default Applications]\ntext/plain={APP}.desktop\n"
        )
        yield session


def opens(session, name):
    """The user opens a file. KDE records none in the folder of temporary files, where the tests are."""
    file = session.root / "home" / name
    file.write_text("words")
    env = {"QT_QPA_PLATFORM": "offscreen", "TMPDIR": str(session.root / "run")}
    session.ask("kioclient5", "exec", f"file://{file}", env=env)


def of_kde(session):
    """The files in KDE's own list."""
    return {file.stem for file in (session.root / "data" / "RecentDocuments").glob("*.desktop")}


def shared(session):
    """The files in the list that KDE shares with GTK."""
    file = session.root / "data" / "recently-used.xbel"
    text = file.read_text() if file.exists() else ""
    return {href.rpartition("/")[2] for href in re.findall('href="(file:[^"]*)"', text)}


def test_kio_of_frameworks_5_records_in_the_shared_list_without_a_condition_so_it_does_not_count(kde):
    """docs/not-reached.md names it, and the panel never says that it is off."""
    assert kde.reader(CHOICE, "kde-recent-documents")["installed"] is False
    for name, on in (("first.txt", True), ("second.txt", False), ("third.txt", True)):
        (kde.config / "kdeglobals").write_text(f"[RecentDocuments]\nUseRecent={str(on).lower()}\n")
        opens(kde, name)
        assert (name in of_kde(kde)) == on
    assert shared(kde) == {"first.txt", "second.txt", "third.txt"}


@Debian13.GROUP
@pytest.mark.proof("kde-recent-documents", "program")
def test_kio_of_frameworks_6_records_only_while_the_choice_is_on(kde):
    programs = Debian13()
    install(kde, "kde-recent-documents")
    assert kde.reader(CHOICE, "kde-recent-documents")["state"] == "on", "by default"
    # Without a menu, KDE's programs find no app.
    menu = kde.config / "menus" / "applications.menu"
    menu.parent.mkdir()
    menu.write_text(
        "<Menu><Name>Applications</Name><DefaultAppDirs/><Include><All/></Include></Menu>\n"
    )
    env = {"QT_QPA_PLATFORM": "offscreen", "TMPDIR": str(kde.root / "run")}
    for name, on in (("first.txt", True), ("second.txt", False), ("third.txt", True)):
        assert kde.ctl("set", CHOICE, "on" if on else "off", "--only-me").returncode == 0
        file = kde.root / "home" / name
        file.write_text("words")
        programs.run(kde, "kioclient", "exec", f"file://{file}", **env)
        if on:
            wait_for(name, lambda name=name: name in shared(kde))
    # The file that was opened last is there, so the one before it would be, too.
    assert "second.txt" not in shared(kde)
