# SPDX-License-Identifier: GPL-3.0-or-later
"""Clearing typed commands and searches.

Xfce's and MATE's programs write and read their entries themselves. Cinnamon's, GNOME Flashback's and
Unity's desktops do not run here, so the tests write their entries into their keys. Unity's schema
is not in Debian, so the tests create it. KRunner and Plasma are 240 MB: the real programs (Plasma
6.3 in Debian 13) wrote their files in typed_history, and KFind's, and showed no entries after
clearing. KDE's own library reads the files here.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from support.harness import Session, profile, wait_for
from support.history import clear, counts
from support.screen import Panel, answer, choose, handled, open_page, says

FIXTURES = Path(__file__).with_name("typed_history")

UNITY = """<schemalist>
  <schema id="com.canonical.Unity.Runner" path="/com/canonical/unity/runner/">
    <key name="history" type="as"><default>[]</default></key>
  </schema>
</schemalist>
"""

# Places that are keys: the schema, the key, its value, and the number of entries.
KEYS = {
    "commands": ("org.gnome.shell", "command-history", "['xeyes', 'r']", 2),
    "unity-commands": ("com.canonical.Unity.Runner", "history", "['xeyes']", 1),
    "flashback-commands": ("org.gnome.gnome-panel.run-dialog", "history", "['a', 'b', 'c']", 3),
    "mate-commands": ("org.mate.panel", "history-mate-run", "['xeyes']", 1),
    "cinnamon-commands": ("org.cinnamon", "command-history", "['xeyes', 'lg']", 2),
    "mate-searches": ("org.mate.search-tool", "search-history", "{'x': ['a', 'b'], 'y': ['c']}", 3),
}

# Places that are files of KDE: the file, and the number of entries in our copy.
KDE = {
    "krunner-searches": ("data/krunnerstaterc", 3),
    "plasma-searches": ("home/.local/state/plasmashellstaterc", 2),
    "kfind-searches": ("config/kfindrc", 12),
}


pytestmark = pytest.mark.session(animations=False)


@pytest.fixture
def session(session):
    add_unity(session)
    return session


def add_unity(session):
    schemas = session.share / "glib-2.0" / "schemas"
    schemas.mkdir(parents=True)
    (schemas / "com.canonical.Unity.Runner.gschema.xml").write_text(UNITY)
    subprocess.run(["glib-compile-schemas", schemas], check=True)


def typed(session, *arguments):
    """The number of typed entries in each place."""
    return {
        place: count for place, count in counts(session, *arguments).items() if place != "zeitgeist"
    }


def put(session, place):
    """Installs a file of KDE."""
    file = session.root / KDE[place][0]
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(FIXTURES / file.name, file)
    return file


def pretend(session, program, **env):
    """Runs a process with a program's name: the panel detects running programs by their names."""
    fake = session.root / "run" / program
    shutil.copy("/bin/sleep", fake)
    return session.spawn([str(fake), "60"], env=env)


def type_into(session, title, text):
    """Types a line into a window."""
    window = wait_for(
        f"the window “{title}”",
        lambda: session.run("xdotool", "search", "--onlyvisible", "--name", title).stdout.split(),
        30,
    )[0]
    session.ask("xdotool", "windowfocus", "--sync", window)
    # Then its entry has the focus.
    handled(session, window)
    session.ask("xdotool", "type", "--delay", "30", text)
    session.ask("xdotool", "key", "Return")


def test_xfces_commands_are_forgotten_by_a_finder_that_is_open_too(screen):
    history = screen.root / "cache" / "xfce4" / "appfinder" / "history"

    def finder():
        return screen.spawn(["xfce4-appfinder", "--collapsed"])

    finder()
    type_into(screen, "Application Finder", "true --first")
    wait_for("it is kept", history.exists)
    assert typed(screen) == {"xfce-commands": 1}
    # The first one keeps running without a window, and opens another with all its entries.
    assert finder().wait(30) == 0
    wait_for(
        "it is open",
        lambda: screen.run("xdotool", "search", "--onlyvisible", "--name", "Finder").stdout,
    )
    status, places = clear(screen, "--all")
    assert (status, places["xfce-commands"]["removed"]) == (0, 1)
    assert not history.exists() and typed(screen) == {}
    type_into(screen, "Application Finder", "true --second")
    wait_for("it is kept", history.exists)
    assert history.read_text() == "true --second\n"


def test_mates_commands_are_forgotten_by_its_panel(screen):
    schema, key, *_ = KEYS["mate-commands"]
    screen.spawn(["mate-panel"])
    wait_for(
        "the panel",
        lambda: screen.run("xdotool", "search", "--onlyvisible", "--name", "Top Panel").stdout,
        30,
    )

    def run(command):
        screen.spawn(["mate-panel", "--run-dialog"])
        type_into(screen, "Run Application", command)
        wait_for("it is kept", lambda: command in screen.get(schema, key))

    run("true --first")
    assert typed(screen) == {"mate-commands": 1}
    status, places = clear(screen, "--all")
    assert (status, places["mate-commands"]["removed"]) == (0, 1)
    assert screen.get(schema, key) == "@as []"
    run("true --second")
    assert screen.get(schema, key) == "['true --second']"


def test_mates_searches_go_once_its_search_tool_is_closed(screen):
    schema, key, *_ = KEYS["mate-searches"]
    tool = screen.spawn(
        ["mate-search-tool", "--named=secret plan", f"--path={screen.root / 'home'}", "--start"]
    )
    wait_for("it is kept", lambda: "secret plan" in screen.get(schema, key))
    status, places = clear(screen, "--all")
    assert (status, places["mate-searches"]["removed"]) == (4, 0)
    done = screen.ctl("history", "clear", "--all", "--dry-run")
    assert "MATE Search Tool is open and would write these again. Close it" in done.stdout
    assert "secret plan" in screen.get(schema, key)
    tool.terminate()
    tool.wait()
    status, places = clear(screen, "--all")
    assert (status, places["mate-searches"]["removed"]) == (0, 1)
    assert screen.get(schema, key) == "@a{sas} {}"


def test_every_key_is_counted_and_cleared_and_absent_where_it_is_empty(session):
    assert typed(session) == {}
    for schema, key, value, _ in KEYS.values():
        session.set(schema, key, value)
    assert typed(session) == {place: count for place, (*_, count) in KEYS.items()}
    status, places = clear(session, "--all")
    assert status == 0
    for place, (schema, key, _, count) in KEYS.items():
        assert places[place]["removed"] == count, place
        assert session.get(schema, key) in ("@as []", "@a{sas} {}")
    assert typed(session) == {}


def test_nothing_that_was_typed_has_a_date(session):
    for schema, key, value, _ in KEYS.values():
        session.set(schema, key, value)
    files = [put(session, place) for place in KDE]
    before = [file.read_bytes() for file in files]
    history = session.root / "cache" / "xfce4" / "appfinder" / "history"
    history.parent.mkdir(parents=True)
    history.write_text("xeyes\n")
    status, places = clear(session, "--last=week")
    assert status == 0
    for place in [*KEYS, *KDE, "xfce-commands"]:
        assert places[place]["removed"] == 0 and "no dates" in places[place]["problem"], place
    assert [file.read_bytes() for file in files] == before
    assert history.read_text() == "xeyes\n"
    assert all(session.get(schema, key) == value for schema, key, value, _ in KEYS.values())


def test_a_key_that_an_administrator_locked_is_said_to_be_and_stays(session):
    profile(
        session,
        "[org/mate/panel/general]\nhistory-mate-run=['xeyes']\n",
        "/org/mate/panel/general/history-mate-run\n",
    )
    status, places = clear(session, "--all")
    assert (status, places["mate-commands"]["removed"]) == (3, 0)
    assert places["mate-commands"]["problem"] == "locked by the administrator"
    assert session.get("org.mate.panel", "history-mate-run") == "['xeyes']"


@pytest.mark.parametrize("place", KDE)
def test_of_kdes_files_the_entries_go_and_everything_else_stays_to_the_letter(session, place):
    file = put(session, place)
    count = KDE[place][1]
    # KDE's own library adds a value beside it, by the rules of its files.
    more = ["--file", file, "--group", "User’s [own]"]
    session.ask("kwriteconfig5", *more, "--key", "History", "a\\b,c\n d")
    before = file.read_text()
    assert typed(session) == {place: count}
    status, places = clear(session, "--all")
    assert (status, places[place]["removed"]) == (0, count)
    after = file.read_text()
    kept = iter(before.splitlines(keepends=True))
    gone = [line for line in before.splitlines() if line not in after.splitlines()]
    assert all(line in kept for line in after.splitlines(keepends=True)), "nothing new, in order"
    assert gone and all("=" in line for line in gone)
    assert session.ask("kreadconfig5", *more, "--key", "History") == "a\\b,c\n d"
    assert typed(session) == {}


def test_what_kdes_library_wrote_is_counted_as_it_reads_it(session):
    file = ["--file", session.config / "kfindrc", "--group", "History", "--key", "Patterns"]
    # A list escapes commas and backslashes, and the file escapes the result again.
    for value, count in [("a", 1), ("a,b", 2), (r"a\,b,c", 2), (r"a\\,b", 2), (r"\0", 1)]:
        session.ask("kwriteconfig5", *file, "--", value)
        assert typed(session) == {"kfind-searches": count}, value
    session.ask("kwriteconfig5", *file, "--", "")
    assert typed(session) == {}


@pytest.mark.parametrize(
    ("place", "program", "words"),
    [
        ("krunner-searches", "krunner", "KRunner keeps these in memory"),
        ("plasma-searches", "plasmashell", "Plasma keeps these in memory"),
        ("kfind-searches", "kfind", "KFind is open"),
    ],
)
def test_what_runs_and_would_write_again_is_said_and_nothing_is_claimed(
    session, place, program, words
):
    file = put(session, place)
    before = file.read_bytes()
    child = pretend(session, program)
    wait_for("it runs", lambda: Path(f"/proc/{child.pid}/comm").read_text().strip() == program)
    assert words in session.ask("privacyctl", "history")
    status, places = clear(session, "--all")
    assert (status, places[place]["removed"]) == (4, 0)
    assert file.read_bytes() == before
    child.terminate()
    child.wait()
    assert clear(session, "--all")[0] == 0
    # A program of another user, or with other folders, is no reason to wait.
    put(session, place)
    elsewhere = {name: "/nonexistent" for name in ("HOME", *(v for v in session.env if "_HOME" in v))}
    fake = str(session.root / "run" / program)
    session.spawn([fake, "60"], env=elsewhere)
    assert clear(session, "--all")[0] == 0


def test_what_an_administrator_made_immutable_stays(session):
    file = put(session, "kfind-searches")
    for marked in (
        "[$i]\n" + file.read_text(),
        file.read_text().replace("[History]", "[History][$i]"),
    ):
        file.write_text(marked)
        status, places = clear(session, "--all")
        assert (status, places["kfind-searches"]["problem"]) == (3, "locked by the administrator")
        assert file.read_text() == marked


@pytest.mark.parametrize("text", ["[History\nPatterns=a\n", "[History]\nPatterns\n", "\0[History]\n"])
def test_a_file_of_kdes_that_is_broken_is_said_and_left(session, text):
    file = session.config / "kfindrc"
    file.write_text(text)
    done = session.ctl("history", "clear", "--all", "--yes")
    assert done.returncode == 4 and "cannot be understood" in done.stdout
    assert file.read_text() == text


def test_links_stay_links_and_a_finder_that_would_not_see_it_is_said(session):
    real = session.root / "home" / "commands"
    real.write_text("xeyes\nxclock\n")
    real.chmod(0o640)
    history = session.root / "cache" / "xfce4" / "appfinder" / "history"
    history.parent.mkdir(parents=True)
    history.symlink_to(real)
    finder = pretend(session, "xfce4-appfinder")
    status, places = clear(session, "--all")
    assert status == 4 and "is running" in places["xfce-commands"]["problem"]
    finder.terminate()
    finder.wait()
    status, places = clear(session, "--all")
    assert (status, places["xfce-commands"]["removed"]) == (0, 2)
    assert os.readlink(history) == str(real)
    assert real.read_text() == "" and real.stat().st_mode & 0o777 == 0o640
    file = put(session, "kfind-searches")
    file.rename(session.root / "home" / "kfindrc")
    file.symlink_to("../home/kfindrc")
    assert clear(session, "--all")[0] == 0
    assert os.readlink(file) == "../home/kfindrc" and "Patterns" not in file.read_text()


def test_a_list_behind_a_link_out_of_the_users_folders_is_said_and_left(session):
    file = put(session, "kfind-searches")
    outside = session.root / "kfindrc"
    file.rename(outside)
    file.symlink_to(outside)
    before = outside.read_text()
    status, places = clear(session, "--all")
    assert status == 4 and str(outside) in places["kfind-searches"]["problem"]
    assert outside.read_text() == before


# A file of each program that may be in a sandbox, without and with its list: its ID in Flatpak, its name
# as a snap, its process, and the name of its file.
SANDBOXED = {
    "libreoffice-documents": (
        *("org.libreoffice.LibreOffice", "libreoffice", "soffice.bin"),
        "libreoffice/4/user/registrymodifications.xcu",
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry">\n{}</oor:items>\n',
        '<item oor:path="/org.openoffice.Office.Histories/Histories/'
        "org.openoffice.Office.Histories:HistoryInfo['PickList']/ItemList\"/>\n",
    ),
    "vlc-media": (
        *("org.videolan.VLC", "vlc", "vlc"),
        "vlc/vlc-qt-interface.conf",
        "[RecentsMRL]\n{}other=1\n",
        "list=file:///a\n",
    ),
}


@pytest.mark.parametrize("place", SANDBOXED)
def test_the_lists_in_sandboxes_are_forgotten_too(session, place):
    app, snap, process, name, text, entry = SANDBOXED[place]
    home = session.root / "home"
    sandbox = home / ".var" / "app" / app / "config"
    snaps = home / "snap" / snap
    folders = [session.config, sandbox, snaps / "11" / ".config", snaps / "12" / ".config"]
    files = [folder / name for folder in folders]
    for file in files:
        file.parent.mkdir(parents=True)
        file.write_text(text.format(entry))
    (snaps / "current").symlink_to("12")
    assert counts(session)[place] == 4
    # In Flatpak, in a snap, and in another sandbox, which doesn't matter.
    for env in ({"XDG_CONFIG_HOME": str(sandbox)}, {"XDG_CONFIG_HOME": "", "HOME": str(snaps / "12")}):
        running = pretend(session, process, **env)
        status, places = clear(session, "--all")
        assert status == 4 and "is running" in places[place]["problem"]
        running.kill()
        running.wait()
    running = pretend(session, process, XDG_CONFIG_HOME=str(sandbox.parent.with_name("other")))
    # The app can write its own folder, but not this one.
    outside = session.root / "outside"
    outside.write_text(text.format(entry))
    files[1].unlink()
    files[1].symlink_to(outside)
    status, places = clear(session, "--all")
    assert (status, places[place]["removed"]) == (4, 3) and str(outside) in places[place]["problem"]
    assert outside.read_text() == text.format(entry)
    files[1].unlink()
    assert place not in counts(session)
    assert [file.read_text() for file in files[:1] + files[2:]] == [text.format("")] * 3


def test_a_home_that_takes_no_files_is_said_and_left():
    with Session(read_only=("cache", "config")) as session:
        history = session.root / "cache" / "xfce4" / "appfinder" / "history"
        history.parent.mkdir(parents=True)
        history.write_text("xeyes\n")
        put(session, "kfind-searches")
        done = session.ctl("history", "clear", "--all", "--yes", "--json")
        places = {place["id"]: place for place in json.loads(done.stdout)["places"]}
        assert done.returncode == 4
        for place in ("xfce-commands", "kfind-searches"):
            assert places[place]["removed"] == 0 and "read-only" in places[place]["problem"]
        assert history.read_text() == "xeyes\n"
    with Session() as session:
        file = put(session, "kfind-searches")
        file.chmod(0o400)
        before = file.read_text()
        assert clear(session, "--all")[0] == 4
        assert file.read_text() == before


def test_the_page_says_it_in_the_same_words_and_clears_it():
    # Without Zeitgeist, only typed entries are here.
    service = "/usr/share/dbus-1/services/org.gnome.zeitgeist.Engine.service"
    with Session(screen="800x1200x24", binds=[("/dev/null", service)]) as session:
        schema, key, value, _ = KEYS["mate-commands"]
        session.set(schema, key, value)
        put(session, "krunner-searches")
        with Panel(session) as panel:
            open_page(panel, "Clear History")
            says(panel, "What Stays")
            undated = "These have no dates. They go when you clear everything."
            panel.wait("why is said", lambda: len(panel.find(role="list item", text=undated)) == 2)
            assert not panel.says("What Will Be Removed"), "nothing will be"
            choose(panel, "Everything")
            says(panel, "What Will Be Removed")
            says(panel, "Searches (KRunner)")
            says(panel, "3 entries")
            panel.press("push button", "Clear History…")
            says(panel, "4 entries will be removed for good.")
            answer(panel, "Clear")
            says(panel, "4 entries were removed.")
        assert typed(session) == {}
