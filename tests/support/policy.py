# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies, settings and reader files for the tests of `privacyctl policy`, and what it prints."""

from support.computer import BACKUPS, POLICIES, contents

OFF_LOCKED = (POLICIES / "off-locked.toml").read_text()
ON_LOCKED = (POLICIES / "on-locked.toml").read_text()
BOTH = (POLICIES / "both-choices.toml").read_text()
OFF_PRESET = (POLICIES / "off-preset.toml").read_text()
ON_PRESET = (POLICIES / "on-preset.toml").read_text()
MINIMAL = (POLICIES / "minimal.toml").read_text()
FULL = (POLICIES / "full.toml").read_text()
LENSES = "com.canonical.Unity.Lenses remote-content-search"
LENSES_PATH = "/com/canonical/unity/lenses/remote-content-search"
OWN_SEARCH = "net.launchpad.PrivacyPanel online-search"
OWN_REPORTS = "net.launchpad.PrivacyPanel error-reports"
DISABLED = "org.gnome.desktop.search-providers disabled"
# GNOME Shell’s online search providers, as in data/readers.d.
ONLINE = [
    "app.drey.Dialect.desktop",
    "com.github.hugolabe.Wike.desktop",
    "org.gnome.Epiphany.desktop",
    "org.gnome.Software.desktop",
]
REPORTS_LOCKED = '[choices.error-reports]\nstate = "off"\nlocked = true\n'
# How an application of a policy or its removal ends early, in place of dconf.
CRASHES = {
    "before the database is compiled": "kill -9 $PPID; exit 1",
    "after the database is compiled": "/usr/bin/dconf update; kill -9 $PPID",
}


def reached(done):
    """The lines of a command, without the programs of this computer that a policy does not reach."""
    return [line for line in done.stdout.splitlines() if "not reached by a policy" not in line]


def refused(done, status):
    """The error message of a command, which must end with this status and print nothing else."""
    assert (done.returncode, done.stdout) == (status, ""), done
    return said(done)


def said(done):
    """A command's standard error: sentences, without a programmer's terms."""
    for word in ("panicked", "backtrace", "RUST_", "src/", "Error {", "Some(", "CRITICAL"):
        assert word not in done.stderr
    lines = done.stderr.splitlines()
    assert lines and lines[0].startswith("privacyctl: "), done
    return [line.removeprefix("privacyctl: ") for line in lines]


def read_by_programs(computer, key):
    """The value and the lock of a key in a newly started program."""
    schema, _, name = key.rpartition(" ")
    session = computer.session
    return session.get(schema, name), session.ask("gsettings", "writable", schema, name) == "true"


def sources(folder):
    """All files except compiled databases and backups. `dconf update` compiles other databases, too,
    and to different bytes each time. Backups may be private, so a dry run does not print them."""
    return {
        name: text
        for name, text in contents(folder).items()
        if text is None or not (text.startswith(b"GVariant") or name.endswith(BACKUPS.name))
    }


def reader_file(name="Mine", schema="org.example.Absent", key="send", on="true", off="false"):
    return (
        f'name = "{name}"\nchoice = "error-reports"\n[gsettings]\nschema = "{schema}"\n'
        f'path = "/{schema.replace(".", "/")}/"\nkey = "{key}"\non = "{on}"\noff = "{off}"\n'
    )
