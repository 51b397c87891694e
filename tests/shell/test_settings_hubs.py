# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of Xfce and MATE: each shows the panel once, among the personal settings."""

import json

from support.harness import SUPPORT, Session, wait_for
from support.screen import ScreenReader

APP = "net.launchpad.PrivacyPanel.desktop"
COMMENT = "Decide what this computer sends about you"
SCREEN = "1280x900x24"


def test_xfces_menu_has_it_once_among_the_personal_settings():
    with Session(env={"XDG_CURRENT_DESKTOP": "XFCE"}) as session:
        groups = json.loads(session.ask("/usr/bin/python3", SUPPORT / "xfce_menu.py"))
    assert "xfce-display-settings.desktop" in groups["Hardware"], "the menu is complete"
    found = [group for group, items in groups.items() for item in items if item == APP]
    assert found == ["Personal"]


def test_xfces_settings_manager_shows_it_once_and_opens_it():
    with Session(screen=SCREEN, env={"XDG_CURRENT_DESKTOP": "XFCE"}) as session:
        manager = session.spawn(["xfce4-settings-manager"])
        hub = ScreenReader(session, "xfce4-settings-manager")
        wait_for("the window", lambda: hub.find(role="dialog", name="Settings"))

        def groups():
            labels = hub.find(role="label")
            shown = [label["name"] for label in labels if "showing" in label["states"]]
            return [name for name in shown if name in ("Personal", "Hardware", "System", "Other")]

        wait_for("the groups", lambda: "Hardware" in groups())
        # Screen readers do not see its icons. But typing filters them, and Return opens an icon if
        # it is the only match: first the group, then the program.
        window = session.ask("xdotool", "search", "--pid", manager.pid, "--onlyvisible", "--name", ".")
        window = window.split()[0]
        session.ask("xdotool", "windowfocus", "--sync", window)
        session.ask("xdotool", "type", "--delay", "30", COMMENT)
        wait_for("the group", lambda: groups() == ["Personal"])
        session.ask("xdotool", "key", "Return")
        panel = ScreenReader(session)
        wait_for("the panel opens", lambda: panel.find(role="frame", name="Privacy"))


def test_mates_control_center_shows_it_once_among_the_personal_settings():
    with Session(screen=SCREEN, env={"XDG_CURRENT_DESKTOP": "MATE"}) as session:
        session.spawn(["mate-control-center"])
        hub = ScreenReader(session, "mate-control-center")
        wait_for("the icons", lambda: hub.find(role="push button", name="Keyboard"))
        group, found = None, []
        for node in hub.tree():
            if node["role"] == "label":
                group = node["name"]
            elif node["role"] == "push button" and node["name"] == "Privacy":
                found.append(group)
        assert found == ["Personal"]
