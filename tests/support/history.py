# SPDX-License-Identifier: GPL-3.0-or-later
"""The history of a session's user, and clearing it with privacyctl."""

import json
from datetime import datetime, timedelta, timezone

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<xbel version="1.0"
      xmlns:bookmark="http://www.freedesktop.org/standards/desktop-bookmarks"
      xmlns:mime="http://www.freedesktop.org/standards/shared-mime-info"
>
"""

ENTRY = """  <bookmark href="file:///tmp/{name}" added="{date}" modified="{date}" visited="{date}">
    <info>
      <metadata owner="http://freedesktop.org">
        <mime:mime-type type="text/plain"/>
        <bookmark:applications>
          <bookmark:application name="Editor" exec="&apos;editor %u&apos;" modified="{date}" count="1"/>
        </bookmark:applications>
      </metadata>
      <metadata owner="http://www.example.org"/>
    </info>
  </bookmark>
"""


def ago(**past):
    return (datetime.now(timezone.utc) - timedelta(**past)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def xbel(**entries):
    return HEAD + "".join(ENTRY.format(name=n, date=d) for n, d in entries.items()) + "</xbel>\n"


class Recent:
    """The list of recently used files of a session."""

    def __init__(self, session):
        self.path = session.root / "data" / "recently-used.xbel"

    def write(self, **entries):
        self.path.write_text(xbel(**entries))

    def text(self):
        return self.path.read_text()


def clear(session, *arguments, **options):
    """Clears, and returns the exit status and the result of each place."""
    done = session.ctl("history", "clear", *arguments, "--yes", "--json", **options)
    places = json.loads(done.stdout)["places"] if done.stdout else []
    return done.returncode, {place["id"]: place for place in places}


def counts(session, *arguments, **options):
    found = json.loads(session.ask("privacyctl", "history", *arguments, "--json", **options))
    return {place["id"]: place.get("count") for place in found["places"]}
