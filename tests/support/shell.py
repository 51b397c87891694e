# SPDX-License-Identifier: GPL-3.0-or-later
"""GNOME Shell without a screen, controlled by its own JavaScript."""

import json
import textwrap
import time
from urllib.parse import unquote

from support.harness import wait_for

DISPLAY = "privacy-test"
RESULTS = "Main.overview._overview.controls._searchController._searchResults"
SEARCH_IS_OVER = f"!{RESULTS}.searchInProgress"


class Shell:
    """GNOME Shell in a session, with its overview open."""

    def __init__(self, session):
        self.session = session
        # Without a GPU, each frame of an animation takes the processor's time.
        session.set("org.gnome.desktop.interface", "enable-animations", "false")
        session.spawn(
            [
                *("gnome-shell", "--headless", "--unsafe-mode", "--wayland", "--no-x11"),
                *("--virtual-monitor", "1280x800", "--wayland-display", DISPLAY),
            ],
            stderr=(session.root / "shell.errors").open("w"),
        )
        wait_for("GNOME Shell answers", lambda: self.js("1 + 1") == "2", 180, 0.5)
        # As gnome-session does: programs that the bus starts use the shell's display.
        session.ask(
            *("dbus-update-activation-environment", f"WAYLAND_DISPLAY={DISPLAY}"),
            "GDK_BACKEND=wayland",
        )
        self.js("Main.overview.show()")

    def js(self, code):
        """The value of an expression as text; None if it fails."""
        done = self.session.run(
            *("gdbus", "call", "--session", "--dest", "org.gnome.Shell"),
            *("--object-path", "/org/gnome/Shell", "--method", "org.gnome.Shell.Eval", code),
        )
        if not done.stdout.startswith("(true, "):
            return None
        return done.stdout.strip().removeprefix("(true, ").removesuffix(")").strip("'\"")

    def type(self, text):
        """Types a search, and waits until it is complete."""
        self.js("Main.overview.show()")
        self.js("Main.overview.searchEntry.set_text('')")
        wait_for("the search is empty", lambda: self.js(f"{RESULTS}._terms.length") == "0", 20)
        self.js(f"Main.overview.searchEntry.set_text({json.dumps(text)})")
        wait_for("the search begins", lambda: self.js(f"{RESULTS}._terms.length") != "0", 20)
        wait_for("the search is over", lambda: self.js(SEARCH_IS_OVER) == "true", 20)

    def results(self, provider):
        """The displayed results of a provider: a name for each identifier."""
        # Icons of applications keep their names elsewhere than results of providers.
        found = self.js(
            textwrap.dedent(
                f"""
                {RESULTS}._providers.filter(p => p.id === '{provider}' && p.display.visible).map(p =>
                    Object.entries(p.display._resultDisplays).filter(([id, shown]) => shown.mapped)
                        .map(([id, shown]) => [id, shown.metaInfo?.name ?? shown.app.get_name()]
                            .map(encodeURIComponent)))
                """
            ).strip()
        )
        entries = [entry for shown in json.loads(found or "[]") for entry in shown]
        return {unquote(result): unquote(name) for result, name in entries}

    def activate(self, provider, result):
        """Clicks a result."""
        code = f"{RESULTS}._providers.find(p => p.id === '{provider}').display"
        assert self.js(f"{code}._resultDisplays['{result}'].activate()") is not None

    def launch_search(self, provider):
        """Clicks a provider's icon."""
        code = f"{RESULTS}._providers.find(p => p.id === '{provider}').display"
        assert self.js(f"{code}.providerInfo.emit('clicked', 1)") is not None

    def windows(self):
        """The windows: the title, whether it has the focus, and its display state."""
        code = """global.get_window_actors().map(a => a.meta_window).map(w =>
            [encodeURIComponent(w.get_title()), w.has_focus(), w.get_client_type()])"""
        windows = json.loads(wait_for("the shell's windows", lambda: self.js(code)))
        return [[unquote(title), *others] for title, *others in windows]

    def picture(self, path):
        time.sleep(1)  # for animations to end
        self.session.ask(
            *("gdbus", "call", "--session", "--dest", "org.gnome.Shell.Screenshot"),
            *("--object-path", "/org/gnome/Shell/Screenshot"),
            *("--method", "org.gnome.Shell.Screenshot.Screenshot", "false", "false", str(path)),
        )
