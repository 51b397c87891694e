# SPDX-License-Identifier: GPL-3.0-or-later
"""VLC remembers what it plays while the choice is on, and nothing while it is off."""

import shutil
import wave

import pytest
from support.harness import wait_for
from support.history import clear, counts
from support.names import NOT_SAVED

CHOICE = "activity-history"
READER = "vlc-recent-media"
# It refuses to run as root.
AS_USER = ("bwrap", "--dev-bind", "/", "/", "--unshare-user", "--uid", "1000")

# How long what it plays lasts.
SECONDS = 8


class Vlc:
    """The real program, with its window."""

    def __init__(self, session):
        self.session = session
        self.settings = session.config / "vlc" / "vlcrc"
        self.lists = session.config / "vlc" / "vlc-qt-interface.conf"

    def remembers(self, name):
        """Plays for long enough that the window's list hears of it, even on a busy computer, and ends."""
        media = self.session.root / "home" / name
        with wave.open(str(media), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes(2 * SECONDS * 8000))
        options = ("--no-qt-privacy-ask", "--aout", "dummy", "--play-and-exit")
        self.session.ask(*AS_USER, "vlc", "--intf", "qt", *options, str(media))
        return name in self.lists.read_text()


def state(session):
    return session.reader(CHOICE, READER)["state"]


@pytest.mark.proof("vlc-recent-media", "program")
def test_vlc_remembers_what_it_plays_only_while_the_choice_is_on(screen):
    screen.unmask(READER)
    vlc = Vlc(screen)
    assert state(screen) == "on", "by default"
    assert vlc.remembers("default.wav")
    for choice in ("off", "on", "off"):
        assert screen.ctl("set", CHOICE, choice).returncode == 0
        assert vlc.remembers(f"{choice}.wav") == (choice == "on")
        assert state(screen) == choice
    assert screen.ctl("reset", CHOICE).returncode == 0
    assert not vlc.settings.exists() and vlc.remembers("reset.wav")


def test_only_the_line_changes_in_vlcs_own_file(session):
    session.unmask(READER)
    vlc = Vlc(session)
    session.config.joinpath("vlc").mkdir()
    text = "\ufeff###\n###  vlc 3.0.24\n###\n\n[qt] # Qt interface\n\n# Save the recently played items\n#qt-recentplay=1\n"
    vlc.settings.write_text(text)
    assert session.ctl("set", CHOICE, "off").returncode == 0
    assert vlc.settings.read_text() == f"{text}qt-recentplay=0\n" and state(session) == "off"
    assert session.ctl("reset", CHOICE).returncode == 0
    assert vlc.settings.read_text() == text and state(session) == "on"


def test_vlcs_files_in_sandboxes_count_once_it_has_run_there(session):
    session.unmask(READER)
    home = session.root / "home"
    sandbox = home / ".var" / "app" / "org.videolan.VLC" / "config"
    files = [sandbox / "vlc" / "vlcrc", home / "snap" / "vlc" / "common" / "vlcrc"]
    assert session.ctl("set", CHOICE, "off").returncode == 0 and state(session) == "off"
    assert not any(file.exists() for file in files), "nothing is created for an app that isn't there"
    sandbox.mkdir(parents=True)
    assert state(session) == "mixed"
    files[1].parent.parent.mkdir(parents=True)
    running = session.root / "run" / "vlc"
    shutil.copy("/bin/sleep", running)
    child = session.spawn([str(running), "60"], env={"XDG_CONFIG_HOME": str(sandbox)})
    wait_for("its start", lambda: session.ctl("set", CHOICE, "off").returncode == NOT_SAVED)
    assert not files[0].exists() and "qt-recentplay=0" in files[1].read_text(), "only the other one runs"
    child.kill()
    child.wait()
    assert session.ctl("set", CHOICE, "off").returncode == 0 and state(session) == "off"
    assert "qt-recentplay=0" in files[0].read_text()
    assert session.ctl("reset", CHOICE).returncode == 0
    assert not any(file.exists() for file in files)


def test_vlcs_list_of_media_is_forgotten(screen):
    vlc = Vlc(screen)
    assert vlc.remembers("first.wav") and vlc.remembers("second.wav")
    assert counts(screen)["vlc-media"] == 2
    before = vlc.lists.read_text()
    status, places = clear(screen, "--last=week")
    assert (status, places["vlc-media"]["removed"]) == (0, 0) and vlc.lists.read_text() == before
    status, places = clear(screen, "--all")
    assert (status, places["vlc-media"]["removed"]) == (0, 2)
    lines = before.splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(("list=", "times="))]
    assert len(kept) == len(lines) - 2 and vlc.lists.read_text() == "".join(kept)
    assert "vlc-media" not in counts(screen)
    assert vlc.remembers("third.wav") and "first.wav" not in vlc.lists.read_text()
