# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person with a screen reader and a keyboard sees of a program and does with it, by AT-SPI."""

import json
import subprocess
import time

from support.harness import SUPPORT, wait_for

DRIVER = SUPPORT / "atspi_driver.py"


class ScreenReader:
    """What a screen reader knows of a program, and does with it."""

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
        """The objects with that role, name or piece of text."""
        text = wanted.pop("text", None)
        return [
            node
            for node in self.tree()
            if all(node[key] == value for key, value in wanted.items())
            and (text is None or text in node["name"] or text in node["description"])
        ]

    def says(self, text):
        """Whether something in the window says that."""
        return bool(self.find(text=text))

    def sticking_out(self):
        """What reaches beyond the sides of the list that it is in."""
        return self._ask(command="sticking out")

    def press(self, role, name):
        """Does what a click does."""
        answer = self._ask(command="press", role=role, name=name)
        assert answer.get("done"), answer


class Panel(ScreenReader):
    """The built panel in a session, used as a screen reader uses it."""

    def __init__(self, session, *arguments, env=None, window="Privacy"):
        self.session = session
        self.errors = session.root / "panel.errors"
        with self.errors.open("w") as errors:
            self.process = session.spawn(["privacy-panel", *arguments], env=env, stderr=errors)
        super().__init__(session)
        self.wait("the window", lambda: self.find(role="frame", name=window))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for child in (self.driver, self.process):
            child.terminate()
            child.wait(10)

    def switch(self, title):
        found = self.find(role="check box", name=title)
        assert len(found) == 1, f"{title}: {found}"
        return found[0]

    def toggle(self, title):
        self.press("check box", title)

    def is_on(self, title):
        return "checked" in self.switch(title)["states"]

    def is_sensitive(self, title):
        return "sensitive" in self.switch(title)["states"]

    def wait(self, what, question, seconds=15):
        def ask():
            assert self.process.poll() is None, f"the panel ended: {self.errors.read_text()}"
            return question()

        return wait_for(what, ask, seconds)

    def wait_on(self, title, on=True):
        self.wait(f"{title} is {'on' if on else 'off'}", lambda: self.is_on(title) == on)

    def window(self):
        """The X window, for keys and sizes."""
        return self.session.ask(
            "xdotool", "search", "--pid", self.process.pid, "--onlyvisible", "--name", "."
        ).split()[0]

    def width(self):
        shape = self.session.ask("xdotool", "getwindowgeometry", "--shell", self.window())
        return int(dict(line.split("=") for line in shape.splitlines())["WIDTH"])

    def key(self, *keys):
        window = self.window()
        self.session.ask("xdotool", "windowfocus", "--sync", window)
        for key in keys:
            self.session.ask("xdotool", "key", key)
            time.sleep(0.1)

    def picture(self, path):
        self.session.ask("import", "-window", self.window(), path)


def go_to(panel, name, keys=("Tab", "Down")):
    """Moves the keyboard's focus to something of that name."""
    for step in range(80):
        focused = [node for node in panel.tree() if "focused" in node["states"]]
        if any(node["name"] == name for node in focused):
            return
        panel.key(keys[step % len(keys)])
    raise AssertionError(f"the keyboard does not get to “{name}”")


def open_page(panel, title, keys=("Tab", "Down")):
    panel.wait(f"there is “{title}”", lambda: panel.find(role="list item", name=title))
    go_to(panel, title, keys)
    panel.key("Return")
    panel.wait("the page is there", lambda: panel.find(role="push button", name="Back"))


def answer(panel, label):
    """Presses a button of a question. libadwaita has it say its label twice."""
    names = {node["name"] for node in panel.find(role="push button")}
    panel.press("push button", next(name for name in (label, f"{label} {label}") if name in names))


def choose(panel, title):
    """Chooses a time by the keyboard."""
    go_to(panel, title)
    panel.key("Return")


def says(panel, text, seconds=15):
    panel.wait(f"it says “{text}”", lambda: panel.says(text), seconds)
