# SPDX-License-Identifier: GPL-3.0-or-later
"""Each policy in tests/policies compiles to the key file and the locks beside it, byte for byte,
and programs that read the compiled database read the values of the table below.

To rebuild the files, and then to read the changes in git's diff:
    PRIVACY_PANEL_UPDATE_GOLDEN=1 /usr/bin/python3 -m pytest tests/policy/test_policy_golden.py
"""

import json
import os
import shutil
from pathlib import Path

import pytest
from support.computer import BACKUPS, DATABASE, OUR_LINE, POLICIES, PROFILE, SOURCES, contents
from support.harness import INSTALLED, Session
from support.policy import DISABLED, LENSES, ONLINE, OWN_REPORTS, OWN_SEARCH

# These tests share fixtures that take long to create.
pytestmark = pytest.mark.xdist_group("golden")

UPDATE = "PRIVACY_PANEL_UPDATE_GOLDEN" in os.environ

OWN_STATISTICS = "net.launchpad.PrivacyPanel usage-statistics"
OWN_HISTORY = "net.launchpad.PrivacyPanel activity-history"
NAME = "net.launchpad.PrivacyPanel.Policy organisation-name"
CONTACT = "net.launchpad.PrivacyPanel.Policy organisation-contact"
ABRT = "org.gnome.desktop.privacy report-technical-problems"
STATISTICS = "org.gnome.desktop.privacy send-software-usage-stats"
RECENT = "org.gnome.desktop.privacy remember-recent-files"
RECENT_CINNAMON = "org.cinnamon.desktop.privacy remember-recent-files"
USAGE = "org.gnome.desktop.privacy remember-app-usage"
ENABLED = "org.gnome.desktop.search-providers enabled"
DISABLE_ALL = "org.gnome.desktop.search-providers disable-external"
EXTENSIONS = "org.gnome.shell disabled-extensions"

SCHEMAS = (
    "com.canonical.Unity.Lenses",
    "net.launchpad.PrivacyPanel",
    "net.launchpad.PrivacyPanel.Policy",
    "org.cinnamon.desktop.privacy",
    "org.gnome.desktop.privacy",
    "org.gnome.desktop.search-providers",
    "org.gnome.shell",
)

# A policy overrides all defaults: two vendors that differ in every key.
VENDORS = {
    "all off": {
        LENSES: "none",
        OWN_SEARCH: False,
        OWN_REPORTS: False,
        ABRT: False,
        OWN_STATISTICS: False,
        OWN_HISTORY: False,
        STATISTICS: False,
        RECENT: False,
        RECENT_CINNAMON: False,
        USAGE: False,
        DISABLED: [],
        ENABLED: [],
        DISABLE_ALL: False,
        EXTENSIONS: [],
    },
    "all on": {
        LENSES: "all",
        OWN_SEARCH: True,
        OWN_REPORTS: True,
        ABRT: True,
        OWN_STATISTICS: True,
        OWN_HISTORY: True,
        STATISTICS: True,
        RECENT: True,
        RECENT_CINNAMON: True,
        USAGE: True,
        DISABLED: ["org.example.Vendor.desktop"],
        ENABLED: ["org.example.Vendor.desktop"],
        DISABLE_ALL: False,
        EXTENSIONS: ["vendor@example.org"],
    },
}

SNAPS = ["snapd-search-provider@canonical.com"]

SEARCH_OFF = {LENSES: "none", OWN_SEARCH: False, DISABLED: ONLINE, EXTENSIONS: SNAPS}
SEARCH_OFF_FOR_GOOD = {**SEARCH_OFF, ENABLED: []}
SEARCH_ON = {LENSES: "all", OWN_SEARCH: True, DISABLED: [], ENABLED: ONLINE, EXTENSIONS: []}
SEARCH_LOCKS = {LENSES, OWN_SEARCH, DISABLED, ENABLED, EXTENSIONS}
ALL_OFF = {LENSES: "none", OWN_SEARCH: False, DISABLE_ALL: True, EXTENSIONS: SNAPS}
ALL_OFF_LOCKS = {LENSES, OWN_SEARCH, DISABLE_ALL, EXTENSIONS}
REPORTS_OFF = {ABRT: False, OWN_REPORTS: False}
REPORTS_ON = {ABRT: True, OWN_REPORTS: True}
REPORTS_LOCKS = {ABRT, OWN_REPORTS}
STATISTICS_OFF = {STATISTICS: False, OWN_STATISTICS: False}
HISTORY_OFF = {RECENT: False, RECENT_CINNAMON: False, USAGE: False, OWN_HISTORY: False}

# A policy's name: the keys that it sets, and the keys that users can no longer change. All other
# keys are as without a policy.
INTENDED = {
    "all-choices": (
        SEARCH_OFF | REPORTS_ON | STATISTICS_OFF | HISTORY_OFF | {NAME: "Example University"},
        set(STATISTICS_OFF) | set(HISTORY_OFF),
    ),
    "both-choices": (SEARCH_OFF_FOR_GOOD | REPORTS_ON, SEARCH_LOCKS),
    "empty": ({}, set()),
    "full": (
        ALL_OFF
        | REPORTS_ON
        | {NAME: "Example University", CONTACT: "https://it.example.edu/privacy"},
        ALL_OFF_LOCKS | REPORTS_LOCKS,
    ),
    "lists-all-off": (ALL_OFF, ALL_OFF_LOCKS),
    "lists-preset": (SEARCH_OFF, {LENSES, OWN_SEARCH}),
    "minimal": (REPORTS_OFF, set()),
    "off-locked": (SEARCH_OFF_FOR_GOOD, SEARCH_LOCKS),
    "off-preset": (SEARCH_OFF, set()),
    "on-locked": (SEARCH_ON, SEARCH_LOCKS),
    "on-preset": (SEARCH_ON, set()),
    "organisation-odd": (
        REPORTS_OFF
        | {
            NAME: "Universität „Łódź“ של הדוגמה 例え 🎓 <b>R&D</b> ['x'] \"y\" [z/w] #5; 100% %s"
            " $HOME C:\\new\\table = {organisation}",
            CONTACT: "mailto:privacy+questions@xn--bcher-kva.example?subject=Who%20decides%3F",
        },
        REPORTS_LOCKS,
    ),
    "organisation-only": ({NAME: "Example University"}, set()),
}

# Prints every key of every schema: its value, and whether it is writable.
READ = """
import json, sys
from gi.repository import Gio
source = Gio.SettingsSchemaSource.get_default()
found = {}
for schema in sys.argv[1:]:
    settings = Gio.Settings.new(schema)
    for key in source.lookup(schema, True).list_keys():
        value = settings.get_value(key).unpack()
        found[f"{schema} {key}"] = value, settings.is_writable(key)
print(json.dumps(found))
"""


def read(session):
    return json.loads(session.ask("/usr/bin/python3", "-c", READ, *SCHEMAS))


@pytest.fixture(scope="module")
def session():
    with Session() as session:
        yield session


@pytest.fixture(scope="module", params=sorted(VENDORS))
def vendor(request, session):
    """Installs the schemas with a vendor's defaults, and returns the values of all keys."""
    defaults = VENDORS[request.param]
    folder = session.root / request.param / "schemas"
    folder.mkdir(parents=True)
    for name in [*SCHEMAS, "org.gnome.desktop.enums"]:
        for place in (INSTALLED / "share", Path("/usr/share")):
            for file in (place / "glib-2.0" / "schemas").glob(f"{name}*.xml"):
                shutil.copy(file, folder)
    overrides = ""
    for name, value in defaults.items():
        schema, key = name.split()
        overrides += f"[{schema}]\n{key}={json.dumps(value)}\n"
    (folder / "90_vendor.gschema.override").write_text(overrides)
    session.ask("glib-compile-schemas", "--strict", folder)
    session.env["GSETTINGS_SCHEMA_DIR"] = str(folder)
    session.env.pop("DCONF_PROFILE", None)
    found = read(session)
    assert {name: found[name] for name in defaults} == {
        name: [value, True] for name, value in defaults.items()
    }
    return found


@pytest.fixture(scope="module")
def images(session, tmp_path_factory):
    """Images that were empty, each with a policy applied."""
    images = {}
    for name in INTENDED:
        images[name] = tmp_path_factory.mktemp(name)
        policy = POLICIES / f"{name}.toml"
        done = session.ctl("policy", "apply", policy, "--root", images[name])
        assert (done.returncode, done.stderr) == (0, ""), name
        assert done.stdout.splitlines()[-1] == "changed"
    return images


def shown(path):
    return f"-> {os.readlink(path)}\n" if path.is_symlink() else path.read_text()


def below(root, path):
    return root / path.relative_to("/")


def test_every_policy_has_its_results_and_every_result_its_policy():
    assert {file.stem for file in POLICIES.glob("*.toml")} == set(INTENDED)
    endings = ("toml", "keys", "locks", "files")
    files = {f"{name}.{ending}" for name in INTENDED for ending in endings}
    assert UPDATE or {file.name for file in POLICIES.iterdir()} == files


@pytest.mark.parametrize("name", sorted(INTENDED))
def test_a_policy_becomes_exactly_these_files(session, images, name):
    root = images[name]
    made = contents(below(root, SOURCES))
    backups = made.pop(BACKUPS.name).decode().splitlines()
    if UPDATE:
        (POLICIES / f"{name}.keys").write_bytes(made["policy"])
        (POLICIES / f"{name}.locks").write_bytes(made["locks/policy"])
    assert made == {
        "policy": (POLICIES / f"{name}.keys").read_bytes(),
        "locks": None,
        "locks/policy": (POLICIES / f"{name}.locks").read_bytes(),
    }
    assert below(root, PROFILE).read_text() == f"user-db:user\n{OUR_LINE}\n"
    ours = {DATABASE, BACKUPS, SOURCES / "policy", SOURCES / "locks" / "policy", PROFILE}
    ours = {str(path.relative_to("/")) for path in ours}
    found = {str(path.relative_to(root)): path for path in root.rglob("*") if not path.is_dir()}
    assert ours <= set(found)
    # What the policy puts in place outside dconf.
    others = {name: path for name, path in sorted(found.items()) if name not in ours}
    text = "".join(f"==> /{name}\n{shown(path)}" for name, path in others.items())
    if UPDATE:
        (POLICIES / f"{name}.files").write_text(text)
    assert text == (POLICIES / f"{name}.files").read_text()
    backed_up = {line.split(" ", 2)[2] for line in backups if " folder " not in line}
    assert backed_up == {str(PROFILE)} | {f"/{name}" for name in others}
    again = session.ctl("policy", "apply", POLICIES / f"{name}.toml", "--root", root)
    assert again.stdout.splitlines()[-1] == "unchanged"


@pytest.mark.parametrize("name", sorted(INTENDED))
def test_dconf_compiles_the_files_without_a_word(session, images, name, tmp_path):
    done = session.run("dconf", "compile", tmp_path / "database", below(images[name], SOURCES))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "database").read_bytes().startswith(b"GVariant")


@pytest.mark.parametrize("name", sorted(INTENDED))
def test_programs_read_what_is_intended_and_can_change_all_else(session, images, vendor, name):
    profile = session.root / "profile"
    profile.write_text(f"user-db:user\nfile-db:{below(images[name], DATABASE)}\n")
    session.env["DCONF_PROFILE"] = str(profile)
    values, locks = INTENDED[name]
    intended = {
        key: [values.get(key, default), key not in locks] for key, (default, _) in vendor.items()
    }
    assert read(session) == intended
    assert session.libunity() == intended[LENSES][0]
