# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints the entries of each group in Xfce's settings manager, in JSON."""

import ctypes
import json

MENU = "/etc/xdg/menus/xfce-settings-manager.menu"


class Garcon:
    """Xfce's menu library, from which the settings manager builds its groups."""

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


print(json.dumps(Garcon().groups(MENU)))
