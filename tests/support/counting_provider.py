# SPDX-License-Identifier: GPL-3.0-or-later
"""A search provider that finds nothing and counts its calls: NAME FOLDER"""

import sys
from pathlib import Path

from gi.repository import Gio, GLib

NAME, FOLDER = sys.argv[1:]
COUNTER = Path(FOLDER) / f"{NAME}.count"
INTERFACE = Gio.DBusNodeInfo.new_for_xml(
    """
    <node>
      <interface name="org.gnome.Shell.SearchProvider2">
        <method name="GetInitialResultSet">
          <arg type="as" direction="in"/><arg type="as" direction="out"/>
        </method>
        <method name="GetSubsearchResultSet">
          <arg type="as" direction="in"/><arg type="as" direction="in"/>
          <arg type="as" direction="out"/>
        </method>
        <method name="GetResultMetas">
          <arg type="as" direction="in"/><arg type="aa{sv}" direction="out"/>
        </method>
        <method name="ActivateResult">
          <arg type="s" direction="in"/><arg type="as" direction="in"/>
          <arg type="u" direction="in"/>
        </method>
        <method name="LaunchSearch">
          <arg type="as" direction="in"/><arg type="u" direction="in"/>
        </method>
      </interface>
    </node>
    """
).interfaces[0]


def called(_bus, _sender, _path, _interface, method, _arguments, invocation):
    if method in ("GetInitialResultSet", "GetSubsearchResultSet"):
        with COUNTER.open("a") as counter:
            counter.write("x")
        invocation.return_value(GLib.Variant("(as)", ([],)))
    elif method == "GetResultMetas":
        invocation.return_value(GLib.Variant("(aa{sv})", ([],)))
    else:
        invocation.return_value(None)


def connected(bus, _name):
    bus.register_object("/" + NAME.replace(".", "/"), INTERFACE, called)


Gio.bus_own_name(Gio.BusType.SESSION, NAME, Gio.BusNameOwnerFlags.NONE, connected, None, None)
GLib.MainLoop().run()
