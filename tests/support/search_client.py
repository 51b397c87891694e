# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls a search provider once: FILE, with [NAME, METHOD, SIGNATURE, ARGUMENTS] in JSON.

Prints the reply, or the error, in JSON.
"""

import json
import sys
from pathlib import Path

from gi.repository import Gio, GLib

name, method, signature, arguments = json.loads(Path(sys.argv[1]).read_text())
try:
    reply = Gio.bus_get_sync(Gio.BusType.SESSION).call_sync(
        name,
        "/" + name.replace(".", "/"),
        "org.gnome.Shell.SearchProvider2",
        method,
        GLib.Variant(signature, tuple(arguments)),
        None,
        Gio.DBusCallFlags.NONE,
        30_000,
    )
    print(json.dumps({"reply": reply.unpack()}))
except GLib.Error as error:
    print(json.dumps({"error": error.message}))
