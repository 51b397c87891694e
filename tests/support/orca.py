# SPDX-License-Identifier: GPL-3.0-or-later
"""The screen reader Orca, with what it speaks in a file."""

from support.harness import wait_for

# Orca loads this file of the user's. It stands for the program that would make sounds.
CUSTOMIZATIONS = """
import os
from orca import speech

def texts(content):
    if isinstance(content, str):
        yield content
    elif isinstance(content, (list, tuple)):
        for part in content:
            yield from texts(part)

def speak(content, *_, **__):
    words = " ".join(text for text in texts(content) if text.strip())
    with open(os.environ["ORCA_SPEECH"], "a") as file:
        file.write(words + "\\n")

speech.speak = speak
"""


class Orca:
    """Orca in a session, for a panel that has a window already."""

    def __init__(self, session, panel):
        folder = session.root / "data" / "orca"
        folder.mkdir(parents=True)
        (folder / "orca-customizations.py").write_text(CUSTOMIZATIONS)
        self.panel = panel
        self.file = session.root / "speech"
        self.file.touch()
        self.read = 0
        session.spawn(["orca", "--replace"], env={"ORCA_SPEECH": str(self.file)})
        self.wait_for("Screen reader on.")
        # It learns of a window when the user comes to it.
        panel.look_away()

    def wait_for(self, words, seconds=60):
        """All that it speaks until these words are spoken."""
        found = []

        def spoken():
            lines = self.file.read_text().splitlines()
            found[:] = lines[self.read :]
            return any(words in line for line in found)

        wait_for(f"Orca says “{words}”", spoken, seconds)
        self.read += len(found)
        return found

    def press(self, key, words):
        """What it speaks after a key, until these words."""
        self.panel.key(key)
        return self.wait_for(words)
