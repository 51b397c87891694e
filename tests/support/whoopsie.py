# SPDX-License-Identifier: GPL-3.0-or-later
"""A mock of the service com.ubuntu.WhoopsiePreferences on a session's system bus.

It has the methods and properties of whoopsie-preferences. `behave` sets what a call does. Made with
python-dbusmock.
"""

import json

from support.harness import wait_for

NAME = "com.ubuntu.WhoopsiePreferences"
PATH = "/com/ubuntu/WhoopsiePreferences"
MOCK = "org.freedesktop.DBus.Mock"
IDENTIFIER = "93c9a2" + 122 * "7"
PROPERTIES = ("ReportCrashes", "ReportMetrics", "AutomaticallyReportCrashes")

# The modes: code that runs before the property gets the value, and code that replaces this.
BEHAVIOURS = {
    "obey": "",
    # polkit refused; as an error of the bus, and as an error of polkit.
    "refuse": 'raise dbus.exceptions.DBusException("Not authorized", '
    'name="org.freedesktop.DBus.Error.AccessDenied")',
    "dismiss": 'raise dbus.exceptions.DBusException("The authentication dialog was dismissed", '
    'name="org.freedesktop.PolicyKit1.Error.NotAuthorized")',
    # Like a service that asks polkit without a main loop: it answers no calls in the meantime.
    "hang": "import time; time.sleep(3600)",
    "slow": "import time; time.sleep(4)",
    "crash": "import os; os._exit(1)",
    "forget": "return",
}


class Whoopsie:
    """The service, in a session that has a system bus."""

    def __init__(self, session, behaviour="obey", **values):
        self.session = session
        self.process = session.spawn(
            ["/usr/bin/python3", "-m", "dbusmock", "--system", NAME, PATH, NAME]
        )
        wait_for("the service is there", lambda: self._call(f"{MOCK}.Reset").returncode == 0)
        false = {name: values.get(name, False) for name in PROPERTIES}
        properties = ", ".join(f"'{name}': <{json.dumps(on)}>" for name, on in false.items())
        self._must(f"{MOCK}.AddProperties", NAME, f"{{{properties}}}")
        self._must(f"{MOCK}.AddMethod", NAME, "GetIdentifier", "", "s", f'ret = "{IDENTIFIER}"')
        self.behave(behaviour)

    def behave(self, behaviour):
        """Sets the mode of every change from now on."""
        for name in PROPERTIES:
            code = BEHAVIOURS[behaviour]
            then = f"self.UpdateProperties('{NAME}', {{'{name}': args[0]}})"
            self._must(f"{MOCK}.AddMethod", NAME, f"Set{name}", "b", "", f"{code}\n{then}")

    def identify(self, code):
        """Sets the code that finds its identifier: Python that sets `ret`."""
        self._must(f"{MOCK}.AddMethod", NAME, "GetIdentifier", "", "s", code)

    def stop_caller(self, file):
        """Stops a process in the middle of its next change. The file has its process ID."""
        for name in PROPERTIES:
            code = (
                "import os, signal\n"
                f"if os.path.exists({str(file)!r}):\n"
                f"    os.kill(int(open({str(file)!r}).read()), signal.SIGSTOP)\n"
                f"    os.unlink({str(file)!r})\n"
                f"self.UpdateProperties('{NAME}', {{'{name}': args[0]}})"
            )
            self._must(f"{MOCK}.AddMethod", NAME, f"Set{name}", "b", "", code)

    def grow(self, count):
        """Adds properties up to that number."""
        code = f"self.props['{NAME}'].update({{'p%d' % n: True for n in range({count})}})"
        self._must(f"{MOCK}.AddMethod", NAME, "Grow", "", "", code)
        self._must(f"{NAME}.Grow")

    def hang(self):
        """Answers no calls from now on, not even reads."""
        self._must(f"{MOCK}.AddMethod", NAME, "Sleep", "", "", BEHAVIOURS["hang"])
        code = (
            "from gi.repository import Gio; bus = Gio.bus_get_sync(Gio.BusType.SYSTEM);"
            f"bus.call('{NAME}', '{PATH}', '{NAME}', 'Sleep', None, None, 0, -1); bus.flush_sync()"
        )
        self.session.ask("/usr/bin/python3", "-c", code)

    def set(self, name, on):
        """A change by another program, which the service signals."""
        self._must(f"{MOCK}.UpdateProperties", NAME, f"{{'{name}': <{json.dumps(on)}>}}")

    def get(self, name):
        done = self._must("org.freedesktop.DBus.Properties.Get", NAME, name)
        return "true" in done

    def stop(self):
        self.process.kill()
        self.process.wait()

    def _must(self, method, *arguments):
        done = self._call(method, *arguments)
        assert done.returncode == 0, f"{method}: {done.stderr}"
        return done.stdout

    def _call(self, method, *arguments):
        return self.session.run(
            *("gdbus", "call", "--system", "--dest", NAME, "--object-path", PATH),
            *("--method", method, "--", *arguments),
        )
