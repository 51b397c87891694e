#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls a method of the system service as this user, with a polkit agent of its own if wanted.

    bus_caller.py ADDRESS AGENT TIMES METHOD ARGUMENT...

AGENT is `none` (polkit may not ask), `missing` (it may, and no agent is there), or what the agent does
when polkit asks: `answer` waits for a line on standard input, `refuse` says that the user cancelled,
`silent` never answers, `vanish` ends this process.
TIMES is how many calls are made at once; with 0, this is only an agent, for the process in the variable
AGENT_FOR. After the argument null, another method and its arguments follow, which are called once the
first calls are answered. Prints a JSON line about everything that happens.
"""

import json
import os
import sys
from pathlib import Path

from gi.repository import Gio, GLib

NAME = "net.launchpad.PrivacyPanel.System"
AUTHORITY = ("org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority")
AGENT = """
<node><interface name="org.freedesktop.PolicyKit1.AuthenticationAgent">
  <method name="BeginAuthentication">
    <arg type="s" direction="in"/><arg type="s" direction="in"/><arg type="s" direction="in"/>
    <arg type="a{ss}" direction="in"/><arg type="s" direction="in"/>
    <arg type="a(sa{sv})" direction="in"/>
  </method>
  <method name="CancelAuthentication"><arg type="s" direction="in"/></method>
</interface></node>
"""

address, agent, times, method, *arguments = sys.argv[1:]
arguments = [json.loads(text) for text in arguments]
# A long one is not passed on the command line.
arguments = ["0" * each["length"] if isinstance(each, dict) else each for each in arguments]
flags = Gio.DBusConnectionFlags
bus = Gio.DBusConnection.new_for_address_sync(
    address, flags.AUTHENTICATION_CLIENT | flags.MESSAGE_BUS_CONNECTION, None, None
)
loop = GLib.MainLoop()


def tell(**event):
    print(json.dumps(event), flush=True)


def asked(_bus, _sender, _path, _interface, name, values, invocation):
    if name == "CancelAuthentication":
        tell(cancelled=values.unpack()[0])
        invocation.return_value(None)
        return
    action, message, _, details, cookie, identities = values.unpack()
    tell(asked=action, message=message, details=details, cookie=cookie, identities=identities)
    if agent == "vanish":
        os._exit(0)
    if agent == "refuse":
        invocation.return_dbus_error("org.freedesktop.PolicyKit1.Error.Cancelled", "cancelled")
    if agent == "answer":

        def told(_channel, _condition):
            sys.stdin.readline()
            invocation.return_value(None)
            return False

        GLib.io_add_watch(0, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN, told)


if agent not in ("none", "missing"):
    interface = Gio.DBusNodeInfo.new_for_xml(AGENT).interfaces[0]
    bus.register_object("/agent", interface, asked, None, None)
    pid = int(os.environ.get("AGENT_FOR", os.getpid()))
    start = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[19])
    process = {
        "pid": GLib.Variant("u", pid),
        "start-time": GLib.Variant("t", start),
        "uid": GLib.Variant("i", os.getuid()),
    }
    subject = GLib.Variant("((sa{sv})ss)", (("unix-process", process), "C", "/agent"))
    interface = "org.freedesktop.PolicyKit1.Authority"
    register = "RegisterAuthenticationAgent"
    bus.call_sync(*AUTHORITY, interface, register, subject, None, 0, -1, None)

calls = [[method]]
for argument in arguments:
    if argument is None:
        calls.append([])
    else:
        calls[-1].append(argument)
left = 0


def answered(_bus, result):
    global left
    try:
        tell(reply=bus.call_finish(result).unpack())
    except GLib.Error as error:
        name = Gio.DBusError.get_remote_error(error)
        tell(error=name or str(error.code), message=error.message)
    left -= 1
    if left == 0:
        call()



def call():
    """Makes the next calls, or ends."""
    global left
    if not calls:
        loop.quit()
        return
    method, *arguments = calls.pop(0)
    kinds = {"str": "s", "int": "i", "bool": "b"}
    signature = "(" + "".join(kinds[type(value).__name__] for value in arguments) + ")"
    interactive = 0 if agent == "none" else Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION
    left = int(times)
    for _ in range(left):
        values = GLib.Variant(signature, tuple(arguments))
        path = "/net/launchpad/PrivacyPanel/System"
        bus.call(NAME, path, NAME, method, values, None, interactive, 200_000, None, answered)


tell(name=bus.get_unique_name())
call()
loop.run()
