# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium in a closed network: the search engine learns what the user types into the address bar while
the choice is on, and nothing of it while the choice is off.

The program, its settings and its search engine are Debian's. A policy makes it trust the test's certificate
authority, since it doesn't ask the system for trusted authorities.
"""

import base64
import json
import ssl
import subprocess
import time

import pytest
from support.wire import ClosedNetwork

CHOICE = "search-suggestions"
READER = "chromium-suggestions"
# Chromium may open its start page before it has taken the authority from the policy. Then it refuses the
# server, and shows no page. It asks for signed-in accounts until it gets an answer.
HAS_AUTHORITY = "^(GET start.duckduckgo.com /$|POST accounts.google.com /ListAccounts)"
ENGINE = "duckduckgo.com"
# The user types slowly enough that Chromium asks during the word.
DELAY = 120


class Chromium:
    def __init__(self, screen):
        self.session = screen
        screen.unmask(READER)
        etc = screen.root / "etc"
        subprocess.run(["cp", "-a", "/etc", etc], check=True)
        self.network = ClosedNetwork(screen, binds=[(etc, "/etc")], card=True)
        authority = (self.network.authority / "certificate.pem").read_text()
        trusted = base64.b64encode(ssl.PEM_cert_to_DER_cert(authority)).decode()
        policies = etc / "chromium" / "policies" / "managed"
        policies.mkdir(parents=True, exist_ok=True)
        (policies / "test.json").write_text(json.dumps({"CACertificates": [trusted]}))

    def start(self):
        self.network.forget()
        # The network is a sandbox already, in which Chromium can't make its own.
        self.number = self.network.start("chromium", "--no-sandbox", "--disable-gpu")
        self.network.wait_for(HAS_AUTHORITY)

    def type(self, words):
        """The user types into the address bar."""
        self.session.wait_for_window("chromium")
        self.session.ask("xdotool", "key", "ctrl+l")
        self.session.ask("xdotool", "type", "--delay", str(DELAY), words)

    def search(self, words):
        """The user presses Enter. Returns when the search engine was asked for all of the words."""
        self.session.ask("xdotool", "key", "Return")
        self.network.wait_for(f"^GET {ENGINE} /.q={words}$")

    def suggestions(self):
        return self.network.seen(f"^GET {ENGINE} /ac/.q=")

    def stop(self):
        self.network.stop(self.number)


# A browser beside other tests may be ready minutes late.
@pytest.mark.clock
@pytest.mark.proof("chromium-suggestions", "traffic")
def test_chromium_tells_the_search_engine_what_the_user_types_only_while_the_choice_is_on(screen):
    chromium = Chromium(screen)
    chromium.start()
    chromium.stop()
    assert screen.reader(CHOICE, READER)["state"] == "off", "Debian's default for new profiles"
    took = 0
    for number, on in enumerate((True, False, True)):
        assert screen.ctl("set", CHOICE, "on" if on else "off", "--only-me").returncode == 0
        words = f"words{number}"
        chromium.start()
        begin = time.monotonic()
        chromium.type(words)
        if on:
            chromium.network.wait_for(f"^GET {ENGINE} /ac/.q={words}&")
            took = time.monotonic() - begin
        else:
            # Chromium asks before the user has typed all of the word; so this is long enough.
            time.sleep(2 * took)
            assert not chromium.network.seen(f"^(NAME|TLS) {ENGINE}$")
        chromium.search(words)
        chromium.stop()
        assert bool(chromium.suggestions()) == on
