# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy as users and their programs see it: real dconf, real locks, the real panel."""


import pytest
from support.computer import OUR_LINE, POLICIES, Computer
from support.harness import Watch, wait_for
from support.names import LOCKED, PANEL_SCHEMA, REPORTS, SCREEN, SEARCH, UNITY_KEY, UNITY_SCHEMA
from support.screen import Panel, says


ORGANISATION = """
[organisation]
name = "Example University"
contact = "https://it.example.edu/privacy"
"""
OFF_LOCKED = ORGANISATION + (POLICIES / "off-locked.toml").read_text()
ON_LOCKED = ORGANISATION + (POLICIES / "on-locked.toml").read_text()
ON_PRESET = ORGANISATION + (POLICIES / "on-preset.toml").read_text()
OFF_PRESET = ORGANISATION + (POLICIES / "off-preset.toml").read_text()
ODD = POLICIES / "organisation-odd.toml"
ODD_NAME = (
    "Universität „Łódź“ של הדוגמה 例え 🎓 <b>R&D</b> ['x'] \"y\" [z/w] #5; 100% %s"
    " $HOME C:\\new\\table = {organisation}"
)
# In a sentence: a name with Hebrew letters in it must not turn the sentence around.
ODD_SET_APART = f"\u2068{ODD_NAME}\u2069"

PENDING = "Open apps change the next time you log in."
SET = f"user-db:user\n{OUR_LINE}\n"


# Which keys users can change


# The keys that off-locked.toml locks, each with a value that a user may want instead.
NAMED = {
    ("com.canonical.Unity.Lenses", "remote-content-search"): "all",
    ("net.launchpad.PrivacyPanel", "online-search"): "true",
    ("org.gnome.desktop.search-providers", "disabled"): "@as []",
    ("org.gnome.desktop.search-providers", "enabled"): "['org.gnome.Software.desktop']",
    ("org.gnome.shell", "disabled-extensions"): "@as []",
}
# Others in the same schemas, and all keys of the other choice.
FREE = {
    ("com.canonical.Unity.Lenses", "home-lens-default-view"): "['x.scope']",
    ("com.canonical.Unity.Lenses", "always-search"): "['y.scope']",
    ("net.launchpad.PrivacyPanel", "error-reports"): "true",
    ("org.gnome.desktop.privacy", "report-technical-problems"): "true",
    ("org.gnome.desktop.privacy", "remember-recent-files"): "false",
    ("org.gnome.desktop.search-providers", "disable-external"): "true",
    ("org.gnome.desktop.search-providers", "sort-order"): "['z.desktop']",
    ("org.gnome.shell", "enabled-extensions"): "['a@example.org']",
    ("org.gnome.shell", "favorite-apps"): "['b.desktop']",
}


def test_the_keys_that_a_policy_names_are_locked_and_no_others(computer):
    session = computer.session
    computer.apply(OFF_LOCKED)
    before = {key: session.get(*key) for key in NAMED}
    for (schema, key), value in NAMED.items():
        assert session.ask("gsettings", "writable", schema, key) == "false"
        assert session.run("gsettings", "set", schema, key, value).returncode != 0
        path = f"/{schema.replace('.', '/')}/{key}"
        if schema == UNITY_SCHEMA:
            path = f"/com/canonical/unity/lenses/{key}"
        text = "'all'" if value == "all" else value
        written = session.run("dconf", "write", path, text)
        assert written.returncode != 0
        assert "non-writable" in written.stderr
    assert {key: session.get(*key) for key in NAMED} == before
    assert session.libunity() == "none"
    for (schema, key), value in FREE.items():
        assert session.ask("gsettings", "writable", schema, key) == "true"
        session.set(schema, key, value)
        assert session.get(schema, key) == value
    # The user has exactly the values that the user could set.
    (session.root / "own").write_text("user-db:user\n")
    own = session.ask("dconf", "dump", "/", env={"DCONF_PROFILE": str(session.root / "own")})
    keys = [line.partition("=")[0] for line in own.splitlines() if "=" in line]
    assert sorted(keys) == sorted(key for _, key in FREE)


def test_privacyctl_says_that_it_is_locked_and_changes_the_other_choice(computer):
    session = computer.session
    computer.apply(OFF_LOCKED)
    done = session.ctl("set", "online-search", "on")
    assert done.returncode == LOCKED
    assert "locked by your administrator" in done.stderr
    assert session.ctl("get", "online-search").stdout == "off\n"
    assert session.ctl("is-on", "online-search").returncode == 1
    assert session.ctl("set", "error-reports", "on").returncode == 0
    assert session.status("error-reports")["origin"] == "you"


def test_what_a_person_decided_before_counts_again_when_the_lock_is_gone(computer):
    session = computer.session
    session.ctl("set", "online-search", "on")
    computer.apply(OFF_LOCKED)
    assert session.libunity() == "none"
    status = session.status("online-search")
    assert (status["state"], status["origin"], status["locked"]) == ("off", "administrator", True)
    assert session.ctl("reset", "online-search").returncode == LOCKED
    computer.policy("remove")
    assert session.libunity() == "all"
    assert session.status("online-search")["origin"] == "you"


def test_a_preset_is_the_persons_to_change_and_reset_goes_back_to_it(computer):
    session = computer.session
    computer.apply(ON_PRESET)
    assert session.libunity() == "all"
    status = session.status("online-search")
    assert (status["state"], status["origin"], status["locked"]) == ("on", "administrator", False)
    assert session.ctl("set", "online-search", "off").returncode == 0
    assert session.libunity() == "none"
    assert session.status("online-search")["origin"] == "you"
    # A user’s decision counts even if the policy decides the same.
    assert session.ctl("set", "online-search", "on").returncode == 0
    computer.apply(OFF_PRESET)
    assert session.libunity() == "all"
    assert session.ctl("reset", "online-search").returncode == 0
    assert session.libunity() == "none"
    assert session.status("online-search")["origin"] == "administrator"


def test_status_names_the_organisation_where_it_decided_and_only_there(computer):
    session = computer.session
    computer.apply(OFF_LOCKED)
    whose = {"name": "Example University", "contact": "https://it.example.edu/privacy"}
    assert session.status("online-search")["organisation"] == whose
    assert session.status("error-reports")["organisation"] is None
    words = session.ask("privacyctl", "status")
    assert "Include online search results: Off. Locked by Example University." in words
    assert "Example University, https://it.example.edu/privacy" in words
    assert "Send error reports: Off. Set by default." in words
    computer.apply(ON_PRESET)
    assert "On. Set by Example University." in session.ask("privacyctl", "status")
    session.ctl("set", "online-search", "off")
    assert session.status("online-search")["organisation"] == whose, "whose the default is"

    computer.apply(ODD.read_text())
    found = session.status("error-reports")["organisation"]
    assert found["name"] == ODD_NAME
    assert found["contact"].startswith("mailto:privacy+questions@xn--bcher-kva.example?")
    assert f"Locked by {ODD_SET_APART}" in session.ask("privacyctl", "status")
    computer.apply((POLICIES / "off-locked.toml").read_text())
    assert session.status("online-search")["organisation"] is None
    assert "Locked by your administrator" in session.ask("privacyctl", "status")


def test_only_the_administrator_says_whose_the_policy_is(computer):
    session = computer.session
    keys = "/net/launchpad/PrivacyPanel/policy/organisation-"
    computer.apply(OFF_LOCKED)
    for key, value in (("name", "'Mallory'"), ("contact", "'https://mallory.example'")):
        session.ask("dconf", "write", f"{keys}{key}", value)
    found = session.status("online-search")["organisation"]
    assert found == {"name": "Example University", "contact": "https://it.example.edu/privacy"}
    computer.policy("remove")
    assert session.status("online-search")["organisation"] is None


# When programs notice a policy


WATCH = """
import sys
from gi.repository import GLib, Gio
settings = Gio.Settings.new("com.canonical.Unity.Lenses")
key = "remote-content-search"
def tell(*_):
    print(settings.get_string(key), settings.is_writable(key), flush=True)
settings.connect("changed::" + key, tell)
settings.connect("writable-changed::" + key, tell)
settings.get_string(key)
print("ready", flush=True)
GLib.MainLoop().run()
"""


@pytest.mark.parametrize("others", ["", "system-db:site\n"])
def test_programs_that_are_running_are_told_of_each_policy_and_of_its_end(others):
    with Computer(SET + others) as computer:
        session = computer.session
        if others:
            computer.database("site")
        computer.apply("")
        told = session.root / "told"
        # Only dconf's own signal on the system bus reaches it.
        alone = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}
        with told.open("w") as file:
            session.spawn(["/usr/bin/python3", "-c", WATCH], stdout=file, env=alone)

        def last():
            return told.read_text().splitlines()[-1:]

        wait_for("it watches", lambda: last() == ["ready"])
        computer.apply(ON_LOCKED)
        wait_for("it is told of a lock", lambda: last() == ["all False"])
        computer.apply(OFF_LOCKED)
        wait_for("it is told of another value", lambda: last() == ["none False"])
        computer.apply(ON_PRESET)
        wait_for("it is told that it is free", lambda: last() == ["all True"])
        computer.apply(OFF_LOCKED)
        wait_for("it is told of a lock", lambda: last() == ["none False"])
        computer.policy("remove")
        wait_for("it is told that it is free", lambda: last() == ["none True"])


def test_a_policy_is_pending_for_the_session_that_began_before_it_and_for_no_other(computer):
    session = computer.session
    assert session.status("online-search")["pending"] is False
    lines = computer.apply(ON_LOCKED)
    assert "For people who are logged in it comes into force when they log in again." in lines
    found = session.status("online-search")
    assert (found["pending"], found["locked"]) == (True, True)
    assert session.status("error-reports")["pending"] is False, "it was not decided"
    assert PENDING in session.ask("privacyctl", "status")
    assert "log in again" not in "".join(computer.apply(OFF_LOCKED)), "the profile is as it was"
    with computer.login() as later:
        found = later.status("online-search")
        assert (found["pending"], found["locked"]) == (False, True)
        assert PENDING not in later.ask("privacyctl", "status")
    computer.policy("remove")
    assert session.status("online-search")["pending"] is False


def test_programs_are_running_on_the_old_profile_where_a_policy_is_pending(computer):
    session = computer.session
    told = session.root / "told"
    watch = WATCH.replace("GLib.MainLoop().run()", "sys.stdin.readline(); tell()")
    session.ask("mkfifo", session.root / "go")
    with told.open("w") as file:
        program = session.spawn(
            ["bash", "-c", 'exec /usr/bin/python3 -c "$1" <>"$2"', "", watch, session.root / "go"],
            stdout=file,
        )
    wait_for("it watches", lambda: told.read_text() == "ready\n")
    computer.apply(ON_LOCKED)
    (session.root / "go").write_text("\n")
    assert program.wait(60) == 0
    assert told.read_text() == "ready\nnone True\n", "as the words say"
    assert session.get(UNITY_SCHEMA, UNITY_KEY) == "'all'"


# The panel


@pytest.fixture(scope="module")
def desk():
    with Computer(SET, screen=SCREEN) as computer:
        yield computer


@pytest.fixture
def desktop(desk):
    """A computer with a screen, whose profile has had our database for a long time."""
    desk.clean()
    desk.set_profile(SET)
    yield desk


def test_a_locked_choice_says_who_set_it_and_where_to_ask(desktop):
    desktop.apply(ON_LOCKED)
    with Panel(desktop.session, "--choice=online-search") as panel:
        panel.wait_on(SEARCH)
        assert not panel.is_sensitive(SEARCH)
        says(panel, "Locked on by Example University")
        says(panel, "Example University manages 1 of these choices")
        panel.wait("who", lambda: panel.find(role="list item", name="Locked by Example University"))
        panel.wait("whom to ask", lambda: panel.find(role="list item", name="Contact Example University"))
        assert panel.says("Only Example University can change this.")
        assert panel.find(role="list item", name="Contact Example University")
        assert panel.says("https://it.example.edu/privacy")
        assert not panel.find(role="push button", text="Reset")
        assert not panel.says(PENDING)
        assert not panel.says("our administrator")
        assert panel.is_sensitive(REPORTS), "what was not decided stays free"


def test_a_name_is_shown_letter_by_letter(desktop):
    desktop.apply(ODD.read_text())
    with Panel(desktop.session, "--choice=error-reports") as panel:
        says(panel, f" by {ODD_SET_APART}")
        panel.wait("who", lambda: panel.find(role="list item", name=f"Locked by {ODD_SET_APART}"))
        panel.wait("whom to ask", lambda: panel.find(role="list item", name=f"Contact {ODD_SET_APART}"))
        address = "privacy+questions@xn--bcher-kva.example?subject=Who%20decides%3F"
        assert panel.find(name=address), "without what makes it a link"


def test_an_organisation_without_an_address_offers_no_contact(desktop):
    desktop.apply(OFF_LOCKED.replace('contact = "https://it.example.edu/privacy"', ""))
    with Panel(desktop.session, "--choice=online-search") as panel:
        says(panel, "Locked off by Example University")
        panel.wait("who", lambda: panel.find(role="list item", name="Locked by Example University"))
        assert not panel.says("Contact")


def test_a_preset_is_shown_changed_and_gone_back_to(desktop):
    session = desktop.session
    desktop.apply(ON_PRESET)
    with Panel(session, "--choice=online-search") as panel:
        panel.wait_on(SEARCH)
        assert panel.is_sensitive(SEARCH)
        panel.wait("who", lambda: panel.find(role="list item", name="Set by Example University"))
        says(panel, "You can still decide otherwise.")
        panel.wait("whom to ask", lambda: panel.find(role="list item", name="Contact Example University"))
        assert not panel.says("Locked")
        panel.toggle(SEARCH)
        panel.wait("you", lambda: panel.find(role="list item", name="Set by you"))
        panel.wait_on(SEARCH, False)
        says(panel, "Reset goes back to what Example University has set.")
        wait_for("it is saved", lambda: session.libunity() == "none")
        panel.press("push button", "Reset")
        panel.wait(
            "the preset", lambda: panel.find(role="list item", name="Set by Example University")
        )
        panel.wait_on(SEARCH)
        wait_for("it is reset", lambda: session.libunity() == "all")
        wait_for("its own key", lambda: session.get(PANEL_SCHEMA, "online-search") == "true")


def test_a_policy_that_is_applied_and_removed_while_the_panel_is_open_shows_at_once(desktop):
    session = desktop.session
    desktop.apply("")
    with Panel(session, "--choice=online-search") as panel:
        assert panel.is_sensitive(SEARCH)
        panel.wait("who", lambda: panel.find(role="list item", name="Set by default"))
        desktop.apply(ON_LOCKED)
        panel.wait("it is locked", lambda: not panel.is_sensitive(SEARCH))
        panel.wait_on(SEARCH)
        says(panel, "Locked on by Example University")
        panel.wait("whom to ask", lambda: panel.find(role="list item", name="Contact Example University"))
        assert not panel.says(PENDING), "all programs follow at once"
        desktop.apply(OFF_LOCKED.replace("University", "College"))
        panel.wait("another name", lambda: panel.says("Locked off by Example College"))
        panel.wait_on(SEARCH, False)
        desktop.policy("remove")
        panel.wait("it is free", lambda: panel.is_sensitive(SEARCH))
        panel.wait("who", lambda: panel.find(role="list item", name="Set by default"))
        panel.wait("no name", lambda: not panel.says("Example College"))
        panel.toggle(SEARCH)
        panel.wait_on(SEARCH)
        wait_for("it is saved", lambda: session.libunity() == "all")


@pytest.mark.parametrize("folders", ["/etc/dconf/profile", "/etc"])
def test_a_policy_that_comes_with_the_first_profile_is_shown_with_what_open_apps_do(folders):
    with Computer(screen=SCREEN) as computer:
        computer.file(folders).mkdir(parents=True, exist_ok=True)
        with Panel(computer.session, "--choice=online-search") as panel:
            assert panel.is_sensitive(SEARCH)
            computer.apply(ON_LOCKED)
            panel.wait("it is locked", lambda: not panel.is_sensitive(SEARCH))
            panel.wait_on(SEARCH)
            says(panel, "Locked by Example University")
            says(panel, f"{PENDING} Only Example University can change this.")
            assert computer.session.ctl("set", "online-search", "off").returncode == LOCKED
            computer.policy("remove")
            panel.wait("it is free", lambda: panel.is_sensitive(SEARCH))
            panel.wait("no more words", lambda: not panel.says(PENDING))
            panel.wait_on(SEARCH, False)


def test_watch_prints_a_line_when_a_policy_comes_and_goes(computer):
    session = computer.session
    computer.set_profile(SET)
    computer.apply("")
    watch = Watch(session)

    def told(choice):
        return watch.now[choice]["state"], watch.now[choice]["locked"]

    assert told("online-search") == ("off", False)
    computer.apply(ON_LOCKED)
    watch.wait_for("it tells of a lock", lambda: told("online-search") == ("on", True))
    assert watch.now["online-search"]["organisation"]["name"] == "Example University"
    computer.policy("remove")
    watch.wait_for("it tells of its end", lambda: told("online-search") == ("off", False))
