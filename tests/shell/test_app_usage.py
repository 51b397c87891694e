# SPDX-License-Identifier: GPL-3.0-or-later
"""The real GNOME Shell counts how long each application is used, whatever the desktop's key says. Should
this test fail with a newer shell, that shell may obey the key: then its reader file should name it."""

import re

import pytest
from support.harness import wait_for
from support.names import PRIVACY_SCHEMA
from support.shell import DISPLAY, Shell

CHOICE = "activity-history"
READER = "gnome-shell-app-usage"
APPLICATIONS = ("org.example.First", "org.example.Second")
FOCUS = "Shell.WindowTracker.get_default().focus_app?.get_id()"
WINDOW = """
import sys, gi
gi.require_version("Gtk", "4.0")
from gi.repository import Gtk
application = Gtk.Application(application_id=sys.argv[1])
window = lambda application: Gtk.ApplicationWindow(application=application, title=sys.argv[1]).present()
application.connect("activate", window)
application.run()
"""
# The shell saves its counts five minutes after they changed. This lets it do so at once, and says whether
# it was going to.
SAVE = """(() => {
    const context = imports.gi.GLib.MainContext.default();
    const sources = [...Array(100000).keys()].map(id => context.find_source_by_id(id + 1));
    const save = sources.find(source => source?.get_name()?.endsWith(' idle_save_application_usage'));
    save?.set_ready_time(0);
    return !!save;
})()"""


class Usage:
    """A shell with windows of two applications."""

    def __init__(self, session):
        self.shell = Shell(session)
        self.saved = session.root / "data" / "gnome-shell" / "application_state"
        folder = session.share / "applications"
        folder.mkdir(parents=True, exist_ok=True)
        for name in APPLICATIONS:
            entry = f"[Desktop Entry]\nType=Application\nName={name}\nExec=true\n"
            (folder / f"{name}.desktop").write_text(entry)
            env = {"GDK_BACKEND": "wayland", "WAYLAND_DISPLAY": DISPLAY}
            session.spawn(["/usr/bin/python3", "-c", WINDOW, name], env=env)
        names = {*APPLICATIONS}
        wait_for("the windows", lambda: {name for name, *_ in self.shell.windows()} == names, 90)

    def go_to_the_other_window(self):
        """Gives the focus to the application that doesn't have it."""
        before = self.shell.js(FOCUS)
        name = next(name for name in APPLICATIONS if f"{name}.desktop" != before)
        windows = "global.get_window_actors().map(actor => actor.meta_window)"
        activate = f"Main.activateWindow({windows}.find(window => window.title === '{name}'))"

        def has_the_focus():
            # Again, since the overview may not have closed yet.
            self.shell.js(activate)
            return self.shell.js(FOCUS) == f"{name}.desktop"

        wait_for("the focus", has_the_focus, every=0.2)

    def is_counted(self):
        """Whether the shell had something to save after a change of the window."""
        self.go_to_the_other_window()
        return self.shell.js(SAVE) == "true"

    def scores(self):
        found = re.findall('id="(.*)[.]desktop" score="(.*?)"', self.saved.read_text())
        return {name: float(score) for name, score in found}


@pytest.mark.session(system_bus=True)
def test_gnome_shell_counts_use_while_its_key_is_off_so_that_it_does_not_follow_the_choice(session):
    done = session.ctl("set", CHOICE, "off", "--only-me")
    assert done.returncode == 0, done.stderr
    assert session.get(PRIVACY_SCHEMA, "remember-app-usage") == "false"
    assert session.reader(CHOICE, READER)["program"] is False
    usage = Usage(session)
    assert not usage.saved.exists()
    # The shell counts only from seven seconds in one window on.
    wait_for("the count", usage.is_counted, every=7.5)
    wait_for("the file", usage.saved.exists)
    wait_for("a score", lambda: max(usage.scores().values(), default=0) > 0)
