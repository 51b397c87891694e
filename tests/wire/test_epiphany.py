# SPDX-License-Identifier: GPL-3.0-or-later
"""GNOME's web browser in a closed network: Google learns what the user types into the address bar while
the choice is on, and nothing of it while the choice is off."""

import pytest
from support.harness import wait_for
from support.wire import ClosedNetwork

CHOICE = "search-suggestions"
READER = "epiphany-suggestions"
GOOGLE = "suggestqueries.google.com"
ENGINE = "duckduckgo.com"
# The network is a sandbox already, in which WebKit can't make its own.
OPTIONS = {"WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1", "LIBGL_ALWAYS_SOFTWARE": "1"}


class Epiphany:
    def __init__(self, screen):
        self.session = screen
        self.network = ClosedNetwork(screen, card=True)

    def search(self, *words, meanwhile=None):
        """The user types words and presses Enter, again if the window didn't have the keyboard yet or if a
        request was not seen meanwhile. Returns when the search engine was asked for the words."""
        self.network.forget()
        number = self.network.start("epiphany", **OPTIONS)
        self.session.wait_for_window("epiphany")
        asked = f"^GET {ENGINE} /.q={'(%20|[+])'.join(words)}"

        def search_once():
            windows = self.session.run("xdotool", "search", "--onlyvisible", "--class", "epiphany").stdout
            if not windows:
                return False
            self.session.run("xdotool", "windowfocus", windows.split()[-1])
            for keys in (("key", "ctrl+l"), ("type", "--delay", "60", " ".join(words))):
                self.session.run("xdotool", *keys)
            # A busy computer would tell it of Enter before it has sent the request.
            try:
                wait_for("the request", lambda: not meanwhile or self.network.seen(meanwhile), 10)
            except AssertionError:
                return False
            self.session.run("xdotool", "key", "Return")
            return self.network.seen(asked)

        wait_for("the search", search_once, seconds=120, every=1)
        self.network.stop(number)


@pytest.mark.proof("epiphany-suggestions", "traffic")
def test_gnomes_browser_tells_google_what_the_user_types_only_while_the_choice_is_on(screen):
    screen.unmask(READER)
    epiphany = Epiphany(screen)
    assert screen.reader(CHOICE, READER)["state"] == "off", "by default"
    for number, on in enumerate((True, False, True)):
        done = screen.ctl("set", CHOICE, "on" if on else "off", "--only-me")
        assert done.returncode == 0, done.stderr
        # It asks from the second word on.
        request = f"^GET {GOOGLE} /complete/search.client=firefox&q=first%20second{number}$"
        epiphany.search("first", f"second{number}", meanwhile=request if on else None)
        assert bool(epiphany.network.seen(request)) == on
        assert bool(epiphany.network.seen(f"^(NAME|TLS) {GOOGLE}$")) == on
