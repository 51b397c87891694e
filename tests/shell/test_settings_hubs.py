# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of Xfce and MATE: each shows the panel once, among the personal settings."""

import ctypes
import json
from pathlib import Path

from harness import ScreenReader, Session, wait_for

APP = "net.launchpad.PrivacyPanel.desktop"
COMMENT = "Decide what this computer sends about you"
SCREEN = "1280x900x24"


class Garcon:
    """Xfce's menu library, which its settings manager builds its groups with."""

    def __init__(self):
        self.menus = ctypes.CDLL("libgarcon-1.so.0")
        self.files = ctypes.CDLL("libgio-2.0.so.0")
        self.strings = ctypes.CDLL("libglib-2.0.so.0")

    def call(self, name, *arguments, kind=ctypes.c_void_p):
        library = next(lib for lib in (self.menus, self.files, self.strings) if hasattr(lib, name))
        function = getattr(library, name)
        function.restype = kind
        return function(*(ctypes.c_void_p(a) if isinstance(a, int) else a for a in arguments))

    def list(self, head):
        """The elements of a GList, whose first two members are the data and the next one."""
        while head:
            data, head = (ctypes.c_void_p * 2).from_address(head)
            yield data

    def groups(self, path):
        """The identifiers of the desktop files in each group of a menu; "" for its top."""
        menu = self.call("garcon_menu_new_for_path", str(path).encode())
        assert self.call("garcon_menu_load", menu, None, None, kind=ctypes.c_int)
        return {"": self.items(menu)} | {
            self.text("garcon_menu_element_get_name", sub): self.items(sub)
            for sub in self.list(self.call("garcon_menu_get_menus", menu))
        }

    def items(self, menu):
        items = self.list(self.call("garcon_menu_get_items", menu))
        return [self.text("garcon_menu_item_get_desktop_id", item) for item in items]

    def text(self, name, thing):
        return self.call(name, thing, kind=ctypes.c_char_p).decode()


XFCE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from test_settings_hubs import Garcon
print(json.dumps(Garcon().groups("/etc/xdg/menus/xfce-settings-manager.menu")))
"""


def test_xfces_menu_has_it_once_among_the_personal_settings():
    with Session(env={"XDG_CURRENT_DESKTOP": "XFCE"}) as session:
        here = str(Path(__file__).parent)
        groups = json.loads(session.ask("/usr/bin/python3", "-c", XFCE, here))
    assert "xfce-display-settings.desktop" in groups["Hardware"], "the menu is complete"
    found = [group for group, items in groups.items() for item in items if item == APP]
    assert found == ["Personal"]


def test_xfces_settings_manager_shows_it_once_and_opens_it():
    with Session(screen=SCREEN, env={"XDG_CURRENT_DESKTOP": "XFCE"}) as session:
        manager = session.spawn(["xfce4-settings-manager"])
        hub = ScreenReader(session, "xfce4-settings-manager")
        wait_for("the window", lambda: hub.find(role="dialog", name="Settings"), 20)

        def groups():
            labels = hub.find(role="label")
            shown = [label["name"] for label in labels if "showing" in label["states"]]
            return [name for name in shown if name in ("Personal", "Hardware", "System", "Other")]

        wait_for("the groups", lambda: "Hardware" in groups())
        # Its icons are not for screen readers. But what is typed leaves those that fit, and Return
        # opens one if it is the only one that is left: here the group, there the program.
        window = session.ask("xdotool", "search", "--pid", manager.pid, "--onlyvisible", "--name", ".")
        window = window.split()[0]
        session.ask("xdotool", "windowfocus", "--sync", window)
        session.ask("xdotool", "type", "--delay", "30", COMMENT)
        wait_for("the group", lambda: groups() == ["Personal"])
        session.ask("xdotool", "key", "Return")
        panel = ScreenReader(session)
        wait_for("the panel opens", lambda: panel.find(role="frame", name="Privacy"), 20)


def test_mates_control_center_shows_it_once_among_the_personal_settings():
    with Session(screen=SCREEN, env={"XDG_CURRENT_DESKTOP": "MATE"}) as session:
        session.spawn(["mate-control-center"])
        hub = ScreenReader(session, "mate-control-center")
        wait_for("the icons", lambda: hub.find(role="push button", name="Keyboard"), 30)
        group, found = None, []
        for node in hub.tree():
            if node["role"] == "label":
                group = node["name"]
            elif node["role"] == "push button" and node["name"] == "Privacy":
                found.append(group)
        assert found == ["Personal"]
