# SPDX-License-Identifier: GPL-3.0-or-later
"""The built panel on a real screen, bus and dconf, pressed through AT-SPI."""

import subprocess
import time
from pathlib import Path

import pytest
from support.computer import Computer
from support.harness import Session, list_reader, wait_for
from support.names import (
    ACTIVITY,
    CHOICES,
    PANEL_SCHEMA,
    PRIVACY_SCHEMA,
    REPORTS,
    REPORTS_KEY,
    SCREEN,
    SEARCH,
    UNITY_KEY,
    UNITY_SCHEMA,
)
from support.screen import Panel, go_to, handled
from support.whoopsie import Whoopsie

DASH = "Unity Dash"
OWN = "Programs that follow this panel"
SHELL_READER = list_reader("Test Shell", ["org.example.Online.desktop"])

pytestmark = pytest.mark.session(screen=SCREEN)


@pytest.fixture
def panel(session):
    with Panel(session, "--choice=online-search") as panel:
        yield panel


def state(panel, app):
    """What a screen reader hears of an app on the page of a choice."""
    rows = panel.find(role="list item", name=app)
    return rows[0]["description"].split(".")[0] if rows else None


def test_pressing_the_search_switch_changes_what_libunity_tells_another_process(session, panel):
    assert session.libunity() == "none"
    panel.toggle(SEARCH)
    panel.wait_on(SEARCH)
    wait_for("libunity says all", lambda: session.libunity() == "all")
    wait_for("its own key", lambda: session.get(PANEL_SCHEMA, "online-search") == "true")
    panel.toggle(SEARCH)
    panel.wait_on(SEARCH, False)
    wait_for("libunity says none", lambda: session.libunity() == "none")
    wait_for("its own key", lambda: session.get(PANEL_SCHEMA, "online-search") == "false")


def test_pressing_the_reports_switch_changes_what_the_error_reporters_read(session):
    with Panel(session) as panel:
        panel.toggle(REPORTS)
        panel.wait_on(REPORTS)
        wait_for("the key is true", lambda: session.get(PRIVACY_SCHEMA, REPORTS_KEY) == "true")
        wait_for("its own is", lambda: session.get(PANEL_SCHEMA, "error-reports") == "true")
    assert session.libunity() == "none", "the other choice stays as it is"


def test_a_change_from_outside_moves_the_switch(session, panel):
    session.set(UNITY_SCHEMA, UNITY_KEY, "all")
    panel.wait_on(SEARCH)
    session.reset(UNITY_SCHEMA, UNITY_KEY)
    panel.wait_on(SEARCH, False)
    session.ask("dconf", "write", "/net/launchpad/PrivacyPanel/error-reports", "true")
    panel.wait_on(REPORTS)


def test_programs_that_differ_are_shown_and_the_switch_realigns_them(session, panel):
    session.set(PANEL_SCHEMA, "online-search", "false")
    session.set(UNITY_SCHEMA, UNITY_KEY, "all")
    panel.wait("the words", lambda: panel.says("On in 1 of 2 apps"))
    panel.wait("both", lambda: state(panel, DASH) == "On" and state(panel, OWN) == "Off")
    assert panel.is_on(SEARCH), "what is mixed may send something"
    panel.toggle(SEARCH)
    panel.wait_on(SEARCH, False)
    wait_for("it is saved", lambda: session.libunity() == "none")
    panel.wait("it is said", lambda: panel.says("Off in Unity Dash"))

    session.set(UNITY_SCHEMA, UNITY_KEY, "all")
    panel.wait("the words", lambda: panel.says("On in 1 of 2 apps"))
    panel.toggle(SEARCH)
    panel.wait_on(SEARCH, False)
    panel.toggle(SEARCH)
    panel.wait("no more words", lambda: panel.says("On in Unity Dash"))
    assert session.get(PANEL_SCHEMA, "online-search") == "true"


def test_one_app_is_switched_alone_and_the_choice_says_that_they_differ(session):
    session.add_reader("test-shell", SHELL_READER)
    providers = "org.gnome.desktop.search-providers"
    with Panel(session, "--choice=online-search") as panel:
        panel.wait("it is there", lambda: state(panel, "Test Shell") == "On")
        panel.toggle("Test Shell")
        panel.wait("it is off", lambda: state(panel, "Test Shell") == "Off")
        assert session.get(providers, "disabled") == "['org.example.Online.desktop']"
        assert session.libunity() == "none", "the other stays as it is"
        panel.toggle(DASH)
        panel.wait("it is on", lambda: state(panel, DASH) == "On")
        assert session.libunity() == "all"
        assert session.get(PANEL_SCHEMA, "online-search") == "false"
        panel.wait("the words", lambda: panel.says("On in 1 of 2 apps"))
        assert panel.is_on(SEARCH)


def test_turn_everything_off_is_one_press_and_says_that_nothing_is_on(session):
    for choice in CHOICES:
        assert session.ctl("set", choice, "on").returncode == 0
    with Panel(session) as panel:
        panel.wait("what is on", lambda: panel.says("Apps here may send and record things about you"))
        panel.press("push button", "Turn Everything Off")
        panel.wait("it is off", lambda: panel.says("The apps here send and record nothing"))
        panel.wait("it is said", lambda: panel.says("Everything is off."))
    for choice in CHOICES:
        assert session.ask("privacyctl", "get", choice) == "off"


def test_the_command_that_turns_everything_off_reaches_the_panel_that_runs(session):
    assert session.ctl("set", "online-search", "on").returncode == 0
    with Panel(session) as panel:
        panel.wait_on(SEARCH)
        session.ask("privacy-panel", "--turn-everything-off")
        panel.wait_on(SEARCH, False)
        wait_for("it is saved", lambda: session.libunity() == "none")


def test_what_cannot_be_turned_off_with_everything_is_listed_with_what_to_do():
    with Session(screen=SCREEN, system_bus=True) as session:
        whoopsie = Whoopsie(session, "dismiss", ReportCrashes=True)
        assert session.ctl("set", "online-search", "on").returncode == 0
        with Panel(session) as panel:
            panel.wait_on(REPORTS)
            panel.press("push button", "Turn Everything Off")
            panel.wait("the page", lambda: panel.says("Not Turned Off"))
            assert panel.says("Ubuntu Error Reports (Whoopsie) was not changed: permission was not given.")
            assert session.libunity() == "none", "all else is off"
            panel.key("Escape")
            panel.wait("it is not called off", lambda: panel.says("Apps here may send"))
            whoopsie.behave("obey")
            panel.press("push button", "Turn Everything Off")
            panel.wait("it is off", lambda: not whoopsie.get("ReportCrashes"))


def test_who_decided_is_shown_and_reset_goes_back(session, panel):
    panel.wait("the default", lambda: panel.find(role="list item", name="Set by default"))
    panel.toggle(SEARCH)
    panel.wait("you", lambda: panel.find(role="list item", name="Set by you"))
    panel.press("push button", "Reset to Default (Off)")
    panel.wait("the default", lambda: panel.find(role="list item", name="Set by default"))
    panel.wait_on(SEARCH, False)
    assert session.status("online-search")["origin"] == "default"


def test_a_choice_that_no_installed_program_follows_says_so(session):
    with Panel(session, "--choice=error-reports") as panel:
        panel.wait(
            "the words", lambda: panel.says("No app here sends this")
        )
        assert not panel.says("ABRT"), "only its setting is here"


def test_choice_on_the_command_line_opens_its_page_and_no_second_one(session):
    with Panel(session) as panel:
        assert not panel.says("Set by default")
        for choice, title, other in [
            ("error-reports", REPORTS, SEARCH),
            ("online-search", SEARCH, REPORTS),
        ]:
            session.ask("privacy-panel", "--choice", choice)
            # One on the first page, and one on its own.
            panel.wait("its page", lambda: len(panel.find(role="check box", name=title)) == 2)
            panel.wait("only that", lambda: len(panel.find(role="check box", name=other)) == 1)
            panel.wait("who decided", lambda: panel.says("Set by default"))
            assert len(panel.find(role="push button", name="Back")) == 1
        assert len(panel.find(role="frame", name=SEARCH)) == 1, "one instance, one window"


# It owns the panel's name, and ends without an answer when it is called.
ENDING = """
import os
from gi.repository import Gio, GLib
NAME = "net.launchpad.PrivacyPanel"
def end(bus, message, incoming):
    if incoming and message.get_path() == "/" + NAME.replace(".", "/"):
        os._exit(0)
    return message
bus = Gio.bus_get_sync(Gio.BusType.SESSION)
bus.add_filter(end)
Gio.bus_own_name_on_connection(bus, NAME, 0, lambda *_: print("ready", flush=True), None)
GLib.MainLoop().run()
"""


def test_a_panel_that_is_started_while_another_ends_comes_up(session):
    ending = session.spawn(["/usr/bin/python3", "-c", ENDING], stdout=subprocess.PIPE, text=True)
    assert ending.stdout.readline() == "ready\n"
    with Panel(session) as panel:
        assert ending.wait(60) == 0, "it was asked"
        panel.wait("its switches", lambda: panel.find(role="check box"))


def test_everything_is_reached_with_the_keyboard_alone(session):
    with Panel(session, "--choice=error-reports") as panel:

        def focused():
            return [n["name"] for n in panel.tree() if "focused" in n["states"]]

        panel.wait("the page", lambda: panel.find(role="push button", name="Back"))
        panel.key("Escape")
        panel.wait("the first page", lambda: not panel.find(role="push button", name="Back"))
        go_to(panel, SEARCH)
        go_to(panel, REPORTS)
        panel.key("Return")
        panel.wait("the page", lambda: panel.find(role="push button", name="Back"))
        go_to(panel, REPORTS)
        panel.key("space")
        panel.wait_on(REPORTS)
        wait_for("saved", lambda: session.get(PRIVACY_SCHEMA, REPORTS_KEY) == "true")
        go_to(panel, "Reset to Default (Off)")
        panel.key("space")
        panel.wait_on(REPORTS, False)
        panel.key("Escape")
        panel.wait("the row has the focus", lambda: REPORTS in focused())
        panel.key("F10")
        # GTK 4.18 exposes the menu, but its items only if they have the focus.
        panel.wait("the menu", lambda: panel.says("About Privacy") or panel.find(role="menu"))
        panel.key("Escape")
        panel.key("ctrl+question")
        panel.wait("the shortcuts", lambda: panel.says("Close Window"))


def test_a_switch_that_is_turned_on_and_off_fast_ends_as_it_was_left():
    # GTK merges presses during one animation of a switch.
    with Session(screen=SCREEN, animations=False) as session, Panel(session) as panel:
        # The panel does not ask services during a change. So it shows what other programs change in
        # services only after all changes.
        panel.wait_on(ACTIVITY)
        for _ in range(7):
            panel.toggle(SEARCH)
        session.set(PRIVACY_SCHEMA, "remember-recent-files", "false")
        panel.wait("all is done", lambda: " of " in panel.switch(ACTIVITY)["description"])
        assert panel.is_on(SEARCH)
        assert session.libunity() == "all"
        assert session.status("online-search")["state"] == "on"


def test_a_press_just_before_the_window_closes_is_carried_out(session):
    with Panel(session) as panel:
        panel.toggle(SEARCH)
        panel.press("push button", "Close")
        panel.process.wait(60)
    assert session.libunity() == "all"
    assert session.status("online-search")["state"] == "on"


def test_a_computer_that_cannot_save_puts_the_switch_back_and_says_why():
    with Session(screen=SCREEN, read_only=["config"]) as session:
        with Panel(session) as panel:
            panel.toggle(SEARCH)
            panel.wait("the reason", lambda: panel.says("Read-only file system"))
            panel.wait_on(SEARCH, False)
        assert session.libunity() == "none"


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"DCONF_PROFILE": "/nonexistent"}, "The dconf profile “/nonexistent” does not exist"),
    ],
)
def test_storage_that_cannot_save_is_announced_and_the_switch_goes_back(env, words):
    with Session(screen=SCREEN, env=env) as session:
        with Panel(session) as panel:
            panel.wait("the notice", lambda: panel.says(words))
            before = len(panel.find(text=words))
            panel.toggle(SEARCH)
            panel.wait("it is said again", lambda: len(panel.find(text=words)) > before)
            panel.wait_on(SEARCH, False)


def test_a_switch_of_what_is_kept_in_memory_only_cannot_be_moved():
    memory = {"GSETTINGS_BACKEND": "memory"}
    with Session(screen=SCREEN, env=memory, system_bus=True) as session:
        Whoopsie(session, ReportCrashes=True)
        with Panel(session) as panel:
            panel.wait("the notice", lambda: panel.says("keeps settings in memory only"))
            panel.wait("all of it", lambda: len(panel.find(role="check box")) == len(CHOICES))
            assert not panel.is_sensitive(SEARCH)
            # A service keeps this one.
            assert panel.is_sensitive(REPORTS)
            panel.toggle(REPORTS)
            panel.wait("it is off", lambda: not panel.is_on(REPORTS))
            panel.wait("it stays", lambda: not panel.is_sensitive(REPORTS))
            # No password is asked for what cannot be moved.
            panel.wait("no key", lambda: not panel.says("Asks for an administrator’s password"))
        with Panel(session, "--choice=online-search") as panel:
            panel.wait("its page", lambda: panel.find(role="list item", name="Set by default"))
            reason = panel.find(role="list item", text="keeps settings in memory only")
            # On the first page and on this one. Trying again would not help.
            assert len(reason) == 2, reason
            assert not panel.find(role="push button", name="Try Again")


def test_a_settings_service_that_hangs_freezes_nothing():
    with Session(screen=SCREEN) as session, Panel(session) as panel:
        panel.toggle(SEARCH)
        panel.wait_on(SEARCH)
        wait_for("saved", lambda: session.libunity() == "all")
        (service,) = session.dconf_services()
        session.ask("kill", "-STOP", service)
        began = time.monotonic()
        panel.toggle(SEARCH)
        # The window responds while the service does not: this is visible before the time limit.
        panel.key("F10")
        panel.wait("the menu", lambda: panel.says("About Privacy") or panel.find(role="menu"))
        waited = panel.says("did not answer in time")
        # On a busy computer, the panel's patience may have ended by now.
        assert not waited or time.monotonic() - began > 9
        panel.key("Escape")
        panel.wait("the reason", lambda: panel.says("did not answer in time"))
        assert panel.is_on(SEARCH), "nothing was saved, so it still is on"
        session.ask("kill", "-CONT", service)
        # Nothing had been sent to the service, so it has nothing to catch up on.
        panel.toggle(SEARCH)
        panel.wait_on(SEARCH, False)
        wait_for("saved", lambda: session.libunity() == "none")


def test_a_service_that_dies_between_two_changes_is_no_obstacle(session, panel):
    panel.toggle(SEARCH)
    panel.wait_on(SEARCH)
    for service in session.dconf_services():
        session.ask("kill", "-9", service)
    panel.toggle(SEARCH)
    panel.wait_on(SEARCH, False)
    wait_for("saved", lambda: session.libunity() == "none")


def test_only_the_users_own_broken_reader_file_is_on_the_first_page(session):
    broken = 'name = "Broken"\nchioce = "online-search"\n'
    session.add_reader("theirs", broken, session.share)
    with Panel(session) as panel:
        panel.wait("all of it", lambda: len(panel.find(role="check box")) == len(CHOICES))
        assert not panel.says("Could Not Be Read")
    session.add_reader("mine", broken)
    with Panel(session) as panel:
        panel.wait("the row", lambda: panel.says("1 File Could Not Be Read"))
        assert not panel.says("chioce"), "what the parser says is in About"
        go_to(panel, "1 File Could Not Be Read")
        panel.key("Return")
        panel.wait("the details", lambda: panel.find(text="Troubleshooting"))


def test_a_panel_without_its_own_schema_says_so_and_works_for_the_rest(session):
    session.forget_own_schema()
    with Panel(session, "--choice=online-search") as panel:
        panel.wait("the words", lambda: panel.says("This panel is not completely installed"))
        assert panel.is_on(SEARCH), "what is not known to be off is not called off"
        panel.wait("its apps", lambda: panel.find(role="list item", name="Unity Dash"))


@pytest.mark.parametrize("text_scale", [1, 2])
def test_the_window_is_usable_at_360_pixels(text_scale):
    with Session(screen="360x720x24", text_scale=text_scale) as session:
        session.set(PANEL_SCHEMA, "online-search", "true")
        with Panel(session, "--choice=online-search") as panel:
            panel.wait("the row", lambda: panel.says("On in 1 of 2 apps"))
            window = panel.window()
            session.ask("xdotool", "windowsize", window, "360", "720")
            geometry = session.ask("xdotool", "getwindowgeometry", "--shell", window)
            assert "WIDTH=360" in geometry.split(), geometry


def test_the_systems_privacy_policy_is_linked_where_there_is_one(tmp_path):
    policy = tmp_path / "os-release"
    policy.write_text('NAME="Test OS"\nPRIVACY_POLICY_URL="https://example.org/privacy"\n')
    # A link on most systems, but a bind mount needs a file.
    os_release = Path("/etc/os-release").resolve()
    for text, shown in [(policy.read_text(), True), ('NAME="Test OS"\n', False)]:
        policy.write_text(text)
        with Session(screen=SCREEN, binds=[(policy, os_release)]) as session:
            with Panel(session) as panel:
                assert panel.says("Privacy Policy") == shown


def test_an_unknown_choice_or_no_display_is_said_in_words():
    with Session() as session:
        unknown = session.run("privacy-panel", "--choice", "nonsense")
        assert unknown.returncode == 2
        assert "There is no choice “nonsense”" in unknown.stderr
        version = session.run("privacy-panel", "--version")
        assert version.stdout.startswith("privacy-panel ")
        nowhere = session.run("privacy-panel")
        assert nowhere.returncode == 1
        assert "privacyctl" in nowhere.stderr


def test_without_a_session_bus_the_panel_opens_and_says_what_failed():
    # AT-SPI needs a bus, so this test looks only at the process and a screenshot.
    with Session(screen=SCREEN, bus=False) as session:
        child = session.spawn(["privacy-panel"])
        search = ("xdotool", "search", "--onlyvisible", "--name", "Privacy")
        window = wait_for("the window", lambda: session.run(*search).stdout.split())[0]
        for key in ("Tab", "space"):
            session.ask("xdotool", "windowfocus", "--sync", window)
            session.ask("xdotool", "key", key)
            handled(session, window)
        assert child.poll() is None


LOCKS = [
    "/net/launchpad/PrivacyPanel/online-search",
    "/com/canonical/unity/lenses/remote-content-search",
]


@pytest.fixture
def managed():
    """A computer whose administrator has not decided anything yet."""
    with Computer(screen=SCREEN) as computer:
        computer.administrator()
        yield computer


def test_a_locked_choice_is_insensitive_and_says_who_set_it(managed):
    managed.administrator(locks=LOCKS)
    session = managed.session
    with Panel(session, "--choice=online-search") as panel:
        panel.wait("it is locked", lambda: not panel.is_sensitive(SEARCH))
        panel.wait("it is said", lambda: panel.says("Locked off by your administrator"))
        panel.wait("who", lambda: panel.find(role="list item", name="Locked by your administrator"))
        assert not panel.find(role="push button", text="Reset")
        assert session.ctl("set", "online-search", "on").returncode == 3
        assert session.libunity() == "none"
        assert panel.is_sensitive(REPORTS), "what the administrator did not lock stays free"


def test_locks_come_and_go_while_the_panel_is_open(managed):
    with Panel(managed.session, "--choice=online-search") as panel:
        assert panel.is_sensitive(SEARCH)
        locked_on = "[com/canonical/unity/lenses]\nremote-content-search='all'\n"
        locked_on += "[net/launchpad/PrivacyPanel]\nonline-search=true\n"
        managed.administrator(defaults=locked_on, locks=LOCKS)
        panel.wait("it is locked", lambda: not panel.is_sensitive(SEARCH))
        panel.wait_on(SEARCH)
        panel.wait("it is said", lambda: panel.says("Locked on by your administrator"))
        managed.administrator()
        panel.wait("it is free", lambda: panel.is_sensitive(SEARCH))
        panel.wait_on(SEARCH, False)
        panel.wait("no word", lambda: not panel.says("Locked on by your administrator"))


def test_an_administrators_default_is_told_from_a_persons_decision(managed):
    managed.administrator("[net/launchpad/PrivacyPanel]\nonline-search=false\n")
    with Panel(managed.session, "--choice=online-search") as panel:
        panel.wait("the words", lambda: panel.says("Set by your administrator"))
        assert panel.is_sensitive(SEARCH)
        panel.toggle(SEARCH)
        panel.wait("the words", lambda: panel.find(role="list item", name="Set by you"))


def test_three_readers_set_apart_are_mixed_and_realigning_mends_them(session):
    providers = "org.gnome.desktop.search-providers"
    session.add_reader("test-shell", SHELL_READER)
    assert session.ctl("set", "online-search", "off").returncode == 0
    with Panel(session, "--choice=online-search") as panel:
        panel.wait_on(SEARCH, False)
        session.set(PANEL_SCHEMA, "online-search", "true")
        panel.wait("the words", lambda: panel.says("On in 1 of 3 apps"))
        apps = (OWN, "Test Shell", DASH)
        panel.wait("they", lambda: [state(panel, name) for name in apps] == ["On", "Off", "Off"])
        session.set(providers, "disabled", "['org.example.Kept.desktop']")
        panel.wait("the words", lambda: panel.says("On in 2 of 3 apps"))
        panel.wait("they", lambda: [state(panel, name) for name in apps] == ["On", "On", "Off"])
        panel.toggle(SEARCH)
        panel.wait_on(SEARCH, False)
        wait_for("libunity", lambda: session.libunity() == "none")
        assert session.get(PANEL_SCHEMA, "online-search") == "false"
        kept = "['org.example.Kept.desktop', 'org.example.Online.desktop']"
        assert session.get(providers, "disabled") == kept
