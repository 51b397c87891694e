# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium's own view of a policy, on its page chrome://policy. Brave and Edge, which are not in Debian,
read such files from other folders: the tests mount each of these in place of Chromium's folder."""

import json
import os

import pytest
from support.computer import READERS, Computer
from support.harness import wait_for
from support.names import DONE

POLICY = "SearchSuggestEnabled"
FOLDERS = {"chromium": "/etc/chromium", "brave": "/etc/brave", "edge": "/etc/opt/edge"}
# A reader for a place that has no reader of that policy.
READER = """
name = "Example"
choice = "search-suggestions"
programs = ["/usr/bin/env"]

[file]
format = "json"
files = ["example/Preferences"]
key = "suggest"
on = true
off = false
missing = "on"

[[policy]]
place = "{place}"
key = "{policy}"
on = true
off = false
"""
# The texts of the page's rows. Each is in the shadow of an element.
ROWS = """
(() => {
function texts(node, found) {
    if (node.nodeType == Node.TEXT_NODE && node.data.trim())
        found.push(node.data.trim());
    for (const child of [node.shadowRoot, ...node.childNodes])
        if (child && !["STYLE", "SCRIPT"].includes(child.nodeName))
            texts(child, found);
    return found;
}
const found = [];
function rows(node) {
    if (node.nodeName == "POLICY-ROW" || node.classList?.contains("policy-data"))
        found.push(texts(node, []));
    for (const child of [node.shadowRoot, ...node.childNodes])
        if (child)
            rows(child);
}
rows(document);
return JSON.stringify(found);
})()
"""
PRESS = """
(function press(node) {
    if (node.id == "reload-policies")
        node.click();
    for (const child of [node.shadowRoot, ...node.childNodes])
        if (child)
            press(child);
})(document)
"""


class Chromium:
    """A running Chromium without a window or a network, which takes commands of the DevTools protocol:
    JSON with a NUL after each."""

    def __init__(self, computer, folder):
        self.computer = computer
        to, self.commands = os.pipe()
        self.answers, back = os.pipe()
        self.number = 0
        self.rest = b""
        # The shell gives the pipes the numbers that Chromium expects.
        words = "exec chromium --headless --no-sandbox --disable-gpu --remote-debugging-pipe 3<&$0 4>&$1"
        folders = ["--bind", folder, "/etc/chromium"]
        alone = ["bwrap", "--dev-bind", "/", "/", *folders, "--unshare-net", "--die-with-parent", "--"]
        self.process = computer.session.spawn(
            [*alone, "bash", "-c", words, str(to), str(back)], pass_fds=(to, back)
        )
        os.close(to)
        os.close(back)

    def ask(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        message |= {"sessionId": session} if session else {}
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.rest:
                chunk = os.read(self.answers, 65536)
                assert chunk, "Chromium ended"
                self.rest += chunk
            line, _, self.rest = self.rest.partition(b"\0")
            answer = json.loads(line)
            if answer.get("id") == self.number:
                # While a page is replaced, it cannot be asked.
                return answer.get("result", {})

    def open(self, url):
        target = self.ask("Target.createTarget", url=url)["targetId"]
        return self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def policies(self, page):
        """The rows of the page, by the names of policies."""
        answer = self.ask("Runtime.evaluate", page, expression=ROWS).get("result", {})
        return {row[0]: row[1:] for row in json.loads(answer.get("value", "[]")) if row}

    def reloaded(self, page):
        """The texts of the policy's row, after a press of the page's button that reads all policies again.
        Otherwise Chromium looks for them only now and then."""
        self.ask("Runtime.evaluate", page, expression=PRESS)
        return self.policies(page).get(POLICY, [""])

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.commands)
        os.close(self.answers)


@pytest.fixture(params=FOLDERS)
def chromium(request):
    place = request.param
    with Computer() as computer:
        for folder in FOLDERS.values():
            computer.file(folder).mkdir(parents=True, exist_ok=True)
        if place != "chromium":
            computer.write(READERS / "chromium-suggestions.toml", "")
            computer.write(READERS / "example.toml", READER.format(place=place, policy=POLICY))
        chromium = Chromium(computer, FOLDERS[place])
        yield chromium
        chromium.end()


def test_chromium_says_that_a_lock_is_mandatory_and_a_preset_recommended_and_follows_both(chromium):
    page = chromium.open("chrome://policy")
    wait_for("the page", lambda: chromium.policies(page))
    assert chromium.policies(page)[POLICY][0] == "Not set."
    for state, locked in (("off", True), ("on", True), ("off", False)):
        value = "true" if state == "on" else "false"
        wanted = [value, "Machine", "Mandatory" if locked else "Recommended"]
        text = f'[choices.search-suggestions]\nstate = "{state}"\nlocked = {str(locked).lower()}\n'
        chromium.computer.write("/run/policy.toml", text)
        done = chromium.computer.policy("apply", "/run/policy.toml")
        assert done.returncode == DONE, done
        wait_for(f"{wanted} on the page", lambda: set(wanted) <= set(chromium.reloaded(page)))
        # Each policy takes the place of the one before.
        assert {"Mandatory", "Recommended"} & set(chromium.reloaded(page)) == {wanted[2]}
    assert chromium.computer.policy("remove").returncode == DONE
    wait_for("the end of the policy", lambda: chromium.reloaded(page)[0] == "Not set.")
