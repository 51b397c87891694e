# SPDX-License-Identifier: GPL-3.0-or-later
"""Uses a program by AT-SPI, as a user with a screen reader and a keyboard does."""

import json
import select
import subprocess
import time

from support.harness import SUPPORT, wait_for

DRIVER = SUPPORT / "atspi_driver.py"


class X11:
    """An X client of a session's screen, without a window."""

    def __init__(self, session):
        # Not at the top of the file: debian/tests run without it.
        from Xlib import X
        from Xlib.display import Display
        from Xlib.protocol.event import ClientMessage

        self.constants, self.message = X, ClientMessage
        self.display = Display(session.env["DISPLAY"])
        self.root = self.display.screen().root

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.display.close()

    def unfocus(self):
        """Takes the keyboard focus from all windows."""
        self.display.set_input_focus(0, self.constants.RevertToNone, self.constants.CurrentTime)
        self.display.sync()

    def handled(self, window, seconds=120):
        """Waits until the program of a window has handled all earlier events. Events arrive in
        order, and it answers the window managers' _NET_WM_PING of the Extended Window Manager
        Hints."""
        window = int(window)
        protocols, ping = (self.display.get_atom(name) for name in ("WM_PROTOCOLS", "_NET_WM_PING"))
        self.root.change_attributes(event_mask=self.constants.SubstructureNotifyMask)
        question = (ping, int(time.monotonic() * 1000) & 0x7FFFFFFF, window, 0, 0)
        event = self.message(window=window, client_type=protocols, data=(32, question))
        self.display.create_resource_object("window", window).send_event(event)
        self.display.flush()
        end = time.monotonic() + seconds
        while True:
            while self.display.pending_events():
                answer = self.display.next_event()
                if answer.type == self.constants.ClientMessage:
                    if tuple(answer.data[1])[:3] == question[:3]:
                        return
            left = end - time.monotonic()
            assert left > 0, f"the program did not answer in {seconds} s"
            select.select([self.display.fileno()], [], [], left)


def enlarge_text(session, dpi):
    """What “Large Text” does: GTK takes the size of all texts from there. 96 is usual."""
    resources = ("-f", "RESOURCE_MANAGER", "8s", "-set", "RESOURCE_MANAGER", f"Xft.dpi: {dpi}")
    session.ask("xprop", "-root", *resources)


def handled(session, window):
    """Waits until the program of a window has handled all earlier events."""
    with X11(session) as x11:
        x11.handled(window)


class ScreenReader:
    """A program as a screen reader sees and controls it."""

    def __init__(self, session, program="privacy-panel"):
        self.driver = subprocess.Popen(
            [*session.wrap, "/usr/bin/python3", "-c", DRIVER.read_text(), program],
            env=session.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        session.children.append(self.driver)

    def _ask(self, **question):
        self.driver.stdin.write(json.dumps(question) + "\n")
        self.driver.stdin.flush()
        answer = self.driver.stdout.readline()
        assert answer, "the accessibility driver ended"
        return json.loads(answer)

    def tree(self):
        """Every accessible object of the program: role, name, description, states."""
        return self._ask(command="tree")

    def find(self, **wanted):
        """The objects with that role, name or part of their text."""
        text = wanted.pop("text", None)
        return [
            node
            for node in self.tree()
            if all(node[key] == value for key, value in wanted.items())
            and (text is None or text in node["name"] or text in node["description"])
        ]

    def says(self, text):
        """Whether the window contains that text."""
        return bool(self.find(text=text))

    def heard(self):
        """What a screen reader has spoken without being asked, since the last call: pairs of what it
        was, an announcement or the description of what has the focus, and the text."""
        return self._ask(command="heard")

    def sticking_out(self):
        """The objects that extend beyond the left or right edge of their list."""
        return self._ask(command="sticking out")

    def boxes(self, name):
        """The texts and controls below the object with that name, such as a page: role, name,
        description, whether it is sensitive, x, y, width and height in the window."""
        return self._ask(command="boxes", name=name)

    def bottoms(self):
        """Where the window and each pane that scrolls end, in pixels from the top: pairs of a role
        and a number."""
        return self._ask(command="bottoms")

    def press(self, role, name):
        """Does what a click does."""
        answer = self._ask(command="press", role=role, name=name)
        assert answer.get("done"), answer


class Panel(ScreenReader):
    """The built panel in a session, used through AT-SPI."""

    def __init__(self, session, *arguments, env=None, window="Privacy"):
        self.session = session
        self.errors = session.root / "panel.errors"
        with self.errors.open("w") as errors:
            self.process = session.spawn(["privacy-panel", *arguments], env=env, stderr=errors)
        super().__init__(session)
        # The title is that of the page.
        title = {} if arguments else {"name": window}
        self.wait("the window", lambda: self.find(role="frame", **title))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for child in (self.driver, self.process):
            child.terminate()
            child.wait(60)

    def switch(self, title):
        """The switch of a choice: that of its page, if that is open. It comes when the panel has read the
        choice."""
        found = self.wait(f"the switch “{title}”", lambda: self.find(role="check box", name=title))
        assert len(found) <= 2, f"{title}: {found}"
        # As in the driver.
        return found[0]

    def toggle(self, title):
        self.switch(title)
        self.press("check box", title)

    def is_on(self, title):
        return "checked" in self.switch(title)["states"]

    def is_sensitive(self, title):
        return "sensitive" in self.switch(title)["states"]

    def wait(self, what, question, seconds=120):
        def ask():
            assert self.process.poll() is None, f"the panel ended: {self.errors.read_text()}"
            return question()

        return wait_for(what, ask, seconds)

    def wait_on(self, title, on=True):
        self.wait(f"{title} is {'on' if on else 'off'}", lambda: self.is_on(title) == on)

    def window(self):
        """The X window, for key presses and sizes."""
        return self.session.ask(
            "xdotool", "search", "--pid", self.process.pid, "--onlyvisible", "--name", "."
        ).split()[0]

    def width(self):
        shape = self.session.ask("xdotool", "getwindowgeometry", "--shell", self.window())
        return int(dict(line.split("=") for line in shape.splitlines())["WIDTH"])

    def key(self, *keys):
        """Presses keys in order, and waits until the panel has handled them."""
        window = self.window()
        self.session.ask("xdotool", "windowfocus", "--sync", window)
        for key in keys:
            self.session.ask("xdotool", "key", key)
            handled(self.session, window)

    def look_away(self):
        """Moves the focus to another window, and back."""
        window = self.window()
        with X11(self.session) as x11:
            x11.unfocus()
            x11.handled(window)
        self.session.ask("xdotool", "windowfocus", "--sync", window)
        handled(self.session, window)

    def picture(self, path):
        self.session.ask("import", "-depth", "8", "-window", self.window(), path)


def go_to(panel, name, keys=("Tab", "Down")):
    """Moves the keyboard focus to the widget with that name."""
    for step in range(80):
        focused = [node for node in panel.tree() if "focused" in node["states"]]
        if any(node["name"] == name for node in focused):
            return
        # In another order now and then, so that the same few widgets don't follow one another
        # without end.
        panel.key(keys[(step + step // 9) % len(keys)])
    raise AssertionError(f"the keyboard does not get to “{name}”")


def walk_to(panel, name):
    """Moves the focus down each list, and on to the next."""
    for _ in range(20):
        before = None
        while (now := [node for node in panel.tree() if "focused" in node["states"]]) != before:
            if any(node["name"] == name for node in now):
                return
            before = now
            if any(node["role"] == "list item" for node in now):
                panel.key("Down")
        panel.key("Tab")
    raise AssertionError(f"the keyboard does not get to “{name}”")


def open_page(panel, title, keys=("Tab", "Down")):
    panel.wait(f"there is “{title}”", lambda: panel.find(role="list item", name=title))
    go_to(panel, title, keys)
    panel.key("Return")
    panel.wait("the page is there", lambda: panel.find(role="push button", name="Back"))


def answer(panel, label):
    """Presses a button of a dialog. libadwaita exposes its label twice."""
    names = {node["name"] for node in panel.find(role="push button")}
    panel.press("push button", next(name for name in (label, f"{label} {label}") if name in names))


def choose(panel, title):
    """Chooses a time by keyboard."""
    go_to(panel, title)
    panel.key("Return")


def says(panel, text, seconds=120):
    panel.wait(f"it says “{text}”", lambda: panel.says(text), seconds)
