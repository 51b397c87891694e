# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of a session's programs."""

GENERATOR = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator"


def generated(session):
    """The variables with which systemd starts the session's programs."""
    done = session.run(GENERATOR)
    assert done.returncode == 0, done.stderr
    return dict(line.split("=", 1) for line in done.stdout.splitlines())
