# SPDX-License-Identifier: GPL-3.0-or-later
"""The measures of a policy outside dconf: values in KDE's and GTK's files, separate files in other
programs' folders, values merged into JSON files, and dconf keys without a schema."""

import json
import os
import random
import re
import shutil
import signal
import subprocess

import pytest
from support.computer import BACKUPS, POLICY, READERS, SOURCES, Computer, contents
from support.harness import SOURCE
from support.names import DONE, LOCKED, NO, NOT_SAVED

POSTRM = SOURCE / "debian" / "privacyctl.postrm"
SHIPPED = SOURCE / "data" / "readers.d"

# A reader for each place, all of one choice.
EXAMPLE = """
name = "Example {id}"
choice = "usage-statistics"
programs = ["/usr/bin/env"]

[file]
format = "toml"
files = ["example-{id}.toml"]
key = "send"
on = true
off = false
missing = "on"
"""
PLACES = {
    "firefox": """
[[policy]]
place = "firefox-esr"
key = ["example.usage.enabled"]
on = true
off = false

[[policy]]
place = "firefox-esr"
key = ["example.level"]
on = 2
off = 0

[[policy]]
place = "firefox-policies"
key = ["policies", "DisableExample"]
off = true
""",
    "mail": """
[[policy]]
place = "thunderbird"
key = ["example.usage.enabled"]
on = true
off = false
""",
    "browser": """
[[policy]]
place = "chromium"
key = "ExampleReportingEnabled"
on = true
off = false
""",
    "editor": """
[[policy]]
place = "vscode"
key = "TelemetryLevel"
on = "all"
off = "off"
""",
    "contest": """
[[policy]]
place = "popularity-contest"
key = "PARTICIPATE"
on = "yes"
off = "no"
""",
    "packages": """
[[policy]]
place = "dnf"
key = ["*", "countme"]
off = 0
""",
    "monitor": """
[[policy]]
place = "netdata"
off = true
""",
    "variable": """
[[policy]]
place = "environment"
key = "EXAMPLE_TELEMETRY_OPTOUT"
off = "1"
""",
    "desktop": """
[[policy]]
place = "kconfig"
file = "examplerc"
key = ["Global", "FeedbackLevel"]
on = 16
off = 0
""",
    "office": """
[[policy]]
place = "dconf"
key = ["/org/example/office/History/PickListSize"]
on = "25"
off = "0"
""",
}

# The files outside dconf while the choice is locked off.
OFF_LOCKED = {
    "/etc/firefox-esr/zzz-privacy-panel-firefox.js": 'pref("example.usage.enabled", false, locked);\n'
    'pref("example.level", 0, locked);\n',
    "/etc/firefox/policies/policies.json": {"policies": {"DisableExample": True}},
    "/etc/thunderbird/pref/zzz-privacy-panel-mail.js": 'pref("example.usage.enabled", false, locked);\n',
    "/etc/chromium/policies/managed/zzz-privacy-panel-browser.json": '{\n  "ExampleReportingEnabled": false\n}\n',
    "/etc/vscode/policy.json": {"TelemetryLevel": "off"},
    "/etc/popularity-contest.d/zzz-privacy-panel-contest.conf": 'PARTICIPATE="no"\n',
    "/etc/dnf/repos.override.d/zzz-privacy-panel-packages.repo": "[*]\ncountme=0\n",
    "/etc/netdata/.opt-out-from-anonymous-statistics": "",
    "/etc/environment.d/10-privacy-panel-variable.conf": "EXAMPLE_TELEMETRY_OPTOUT=1\n",
    "/etc/xdg/examplerc": "[Global]\nFeedbackLevel[$i]=0\n",
}
OFF_PRESET = {
    "/etc/firefox-esr/10-privacy-panel-firefox.js": 'pref("example.usage.enabled", false);\n'
    'pref("example.level", 0);\n',
    "/etc/thunderbird/pref/10-privacy-panel-mail.js": 'pref("example.usage.enabled", false);\n',
    "/etc/chromium/policies/recommended/zzz-privacy-panel-browser.json": '{\n  "ExampleReportingEnabled": false\n}\n',
    "/etc/environment.d/10-privacy-panel-variable.conf": "EXAMPLE_TELEMETRY_OPTOUT=1\n",
    "/etc/xdg/examplerc": "[Global]\nFeedbackLevel=0\n",
}
ON_LOCKED = {
    "/etc/firefox-esr/zzz-privacy-panel-firefox.js": 'pref("example.usage.enabled", true, locked);\n'
    'pref("example.level", 2, locked);\n',
    "/etc/thunderbird/pref/zzz-privacy-panel-mail.js": 'pref("example.usage.enabled", true, locked);\n',
    "/etc/chromium/policies/managed/zzz-privacy-panel-browser.json": '{\n  "ExampleReportingEnabled": true\n}\n',
    "/etc/vscode/policy.json": {"TelemetryLevel": "all"},
    "/etc/popularity-contest.d/zzz-privacy-panel-contest.conf": 'PARTICIPATE="yes"\n',
    "/etc/xdg/examplerc": "[Global]\nFeedbackLevel[$i]=16\n",
}


def policy(state, locked):
    return f'[choices.usage-statistics]\nstate = "{state}"\nlocked = {str(locked).lower()}\n'


OFF, PRESET, ON = policy("off", True), policy("off", False), policy("on", True)
OTHER = '[choices.online-search]\nstate = "off"\n'
IN_PLACE = {OFF: OFF_LOCKED, PRESET: OFF_PRESET, ON: ON_LOCKED, OTHER: {}}


@pytest.fixture
def site(tmp_path):
    """A computer whose only readers outside dconf are the examples. It has a /var/lib of its own, where
    the package's script can run."""
    (tmp_path / "lib").mkdir()
    with Computer(binds=[(tmp_path / "lib", "/var/lib")]) as computer:
        for file in SHIPPED.glob("*.toml"):
            computer.write(READERS / file.name, "")
        for name, tables in PLACES.items():
            computer.write(READERS / f"{name}.toml", EXAMPLE.format(id=name) + tables)
        yield computer


def everything(computer):
    """What is in /etc, but for the policy's file: each file's bytes, mode and owner."""
    found = {}
    for path in computer.file("/etc").rglob("*"):
        about = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.is_file() and path.read_bytes()
        found[path] = content, about.st_mode, about.st_uid, about.st_gid
    return found


def in_place(computer):
    """The files of OFF_LOCKED and its like that exist."""
    names = {name for files in IN_PLACE.values() for name in files}
    found = {name: computer.read(name) for name in names if computer.file(name).exists()}
    return {
        name: json.loads(text) if name in OFF_LOCKED and isinstance(OFF_LOCKED[name], dict) else text
        for name, text in found.items()
    }


def apply(computer, text):
    computer.write("/run/policy.toml", text)
    done = computer.policy("apply", "/run/policy.toml")
    assert (done.returncode, done.stderr) == (DONE, ""), done
    return done.stdout.splitlines()[-1]


def purge(computer):
    done = computer.session.run("sh", POSTRM, "purge")
    assert (done.returncode, done.stdout) == (DONE, ""), done
    return done.stderr


@pytest.mark.parametrize("text", [OFF, PRESET, ON], ids=["off", "preset", "on"])
def test_a_policy_reaches_every_place_and_removal_and_purge_take_it_back(site, text):
    before = everything(site)
    for take_out in (lambda: site.policy("remove"), lambda: purge(site)):
        assert apply(site, text) == "changed"
        assert in_place(site) == IN_PLACE[text]
        for name in IN_PLACE[text]:
            assert site.file(name).stat().st_mode & 0o777 == 0o644
        assert apply(site, text) == "unchanged"
        done = site.policy("status", "--json")
        assert done.returncode == DONE, done.stdout
        take_out()
        assert everything(site) == before


def test_a_key_without_a_schema_is_in_the_database(site):
    apply(site, OFF)
    key = "/org/example/office/History/PickListSize"
    assert site.session.ask("dconf", "read", key) == "0"
    assert key in (site.file(SOURCES) / "locks/policy").read_text().splitlines()
    assert site.session.run("dconf", "write", key, "5").returncode != 0


def test_one_policy_after_the_other_leaves_what_the_last_one_wants(site):
    before = everything(site)
    texts = [OFF, PRESET, OFF, ON, OTHER, PRESET, ON, PRESET, OTHER, OFF]
    for text in texts:
        assert apply(site, text) == "changed"
        assert in_place(site) == IN_PLACE[text]
        assert apply(site, text) == "unchanged"
        assert site.policy("status").returncode == DONE
    site.policy("remove")
    assert everything(site) == before


# Each is something that taking values out one by one would not restore.
HAD = {
    "/etc/xdg/examplerc": b"# ours\r\n[Other]\r\nx=1\r\n\r\n[Global]\r\nFeedbackLevel = 64\r\nmore=[1]",
    "/etc/firefox/policies/policies.json": b'{ "policies" : {"DisableExample":false,\n\t"Other": [1,2]} }',
    "/etc/vscode/policy.json": b'{"UpdateMode": "none"}\n',
    "/etc/firefox-esr/zzz-privacy-panel-firefox.js": b"// the administrator's\n",
}


def test_a_distributions_own_policies_stay_in_force_and_the_new_file_goes_with_the_policy(site):
    image = site.file("/run/image")
    own = '{ "policies": {"DisableExample": false,\n\t"Homepage": {"URL": "https://example.org/"}} }\n'
    shipped = image / "usr/share/firefox-esr/distribution/policies.json"
    shipped.parent.mkdir(parents=True)
    shipped.write_text(own)
    (image / "usr/lib/firefox-esr").mkdir(parents=True)
    (image / "usr/lib/firefox-esr/distribution").symlink_to("/usr/share/firefox-esr/distribution")
    (image / READERS.relative_to("/")).mkdir(parents=True)
    for reader in site.file(READERS).glob("*.toml"):
        (image / READERS.relative_to("/") / reader.name).write_text(reader.read_text())
    site.write("/run/policy.toml", OFF)
    new = image / "etc/firefox/policies/policies.json"
    command = ("apply", "/run/policy.toml", "--root", "/run/image")
    said = site.policy(*command, "--dry-run")
    assert "example.org" in said.stdout and not new.exists()
    for word in ("changed", "unchanged"):
        done = site.policy(*command)
        assert (done.returncode, done.stdout.splitlines()[-1]) == (DONE, word), done
        assert new.read_text() == own.replace("false", "true")
    assert site.policy("remove", "--root", "/run/image").returncode == DONE
    assert not new.exists() and shipped.read_text() == own
    # Firefox takes no policies from a broken file.
    shipped.write_text('{"policies": ')
    assert site.policy(*command).returncode == DONE
    assert json.loads(new.read_text()) == {"policies": {"DisableExample": True}}


@pytest.mark.parametrize("text", [OFF, PRESET, ON], ids=["off", "preset", "on"])
@pytest.mark.parametrize("how", ["remove", "purge"])
def test_what_was_in_the_files_stays_and_comes_back(site, text, how):
    for name, content in HAD.items():
        site.write(name, content).chmod(0o640)
        site.file(name).chmod(0o644)
    before = everything(site)
    apply(site, text)
    if text == OFF:
        rc = site.file("/etc/xdg/examplerc").read_bytes()
        assert rc == HAD["/etc/xdg/examplerc"].replace(b"FeedbackLevel = 64", b"FeedbackLevel[$i]=0")
        policies = site.file("/etc/firefox/policies/policies.json").read_bytes()
        old = HAD["/etc/firefox/policies/policies.json"]
        assert policies == old.replace(b"false", b"true")
        found = json.loads(site.read("/etc/vscode/policy.json"))
        assert found == {"UpdateMode": "none", "TelemetryLevel": "off"}
    apply(site, OTHER)
    apply(site, text)
    if how == "remove":
        assert site.policy("remove").returncode == DONE
    else:
        assert purge(site) == ""
    assert everything(site) == before


def test_a_file_that_was_edited_since_stays(site):
    site.write("/etc/xdg/examplerc", "[Global]\nFeedbackLevel=64\n")
    apply(site, OFF)
    site.write("/etc/xdg/examplerc", "[Global]\nFeedbackLevel[$i]=0\nmore=1\n")
    script = "/etc/popularity-contest.d/zzz-privacy-panel-contest.conf"
    site.write(script, "# mine\nPARTICIPATE=no\n")
    keys = site.file("/etc/vscode/policy.json")
    keys.write_text(keys.read_text().replace("off", "error"))
    assert site.policy("status").returncode == NO
    assert site.policy("remove").returncode == DONE
    assert site.read("/etc/xdg/examplerc") == "[Global]\nFeedbackLevel=64\nmore=1\n"
    assert site.read(script) == "# mine\nPARTICIPATE=no\n"
    assert json.loads(keys.read_text()) == {"TelemetryLevel": "error"}


def test_status_names_the_place_that_is_not_as_the_policy_says(site):
    apply(site, OFF)
    site.write("/etc/xdg/examplerc", "[Global]\nFeedbackLevel=0\n")
    site.file("/etc/chromium/policies/managed/zzz-privacy-panel-browser.json").unlink()
    found = json.loads(site.policy("status", "--json").stdout)
    wrong = {
        key["key"]: (key["wanted"], key["wanted_locked"], key["found"], key["found_locked"])
        for choice in found["choices"]
        for reader in choice["readers"]
        for key in reader["keys"]
        if not reader["in_force"] and (key["wanted"], key["wanted_locked"]) != (key["found"], key["found_locked"])
    }
    assert wrong == {
        "/etc/xdg/examplerc#Global.FeedbackLevel": ("0", True, "0", False),
        "/etc/chromium/policies/managed/zzz-privacy-panel-browser.json": (
            '{ "ExampleReportingEnabled": false }',
            True,
            None,
            False,
        ),
    }
    assert apply(site, OFF) == "changed"
    assert site.policy("status").returncode == DONE


def test_a_dry_run_is_a_diff_of_every_file(site):
    site.write("/etc/xdg/examplerc", "[Global]\nFeedbackLevel=64\n")
    site.write(POLICY, OFF)
    before = everything(site)
    done = site.policy("apply", "--dry-run")
    assert everything(site) == before
    lines = done.stdout.splitlines()
    at = lines.index("--- /etc/xdg/examplerc")
    assert lines[at + 1 : at + 6] == [
        "+++ /etc/xdg/examplerc",
        "@@ -1,2 +1,2 @@",
        " [Global]",
        "-FeedbackLevel=64",
        "+FeedbackLevel[$i]=0",
    ]
    for name in OFF_LOCKED:
        assert f"+++ {name}" in lines
    assert lines[-1] == "changed"


def test_an_image_gets_the_same_files_and_no_link_in_it_leads_out(site, tmp_path):
    image = tmp_path / "image"
    readers = image / READERS.relative_to("/")
    readers.parent.mkdir(parents=True)
    shutil.copytree(site.file(READERS), readers)
    before = contents(image)
    site.write("/run/policy.toml", OFF)
    words = ["apply", "/run/policy.toml", "--root", image]
    assert site.policy(*words).stdout.splitlines()[-1] == "changed"
    assert site.policy(*words).stdout.splitlines()[-1] == "unchanged"
    for name, content in OFF_LOCKED.items():
        text = (image / name[1:]).read_text()
        assert (json.loads(text) if isinstance(content, dict) else text) == content
    assert site.policy("status", "--root", image).returncode == DONE
    assert site.policy("remove", "--root", image).stdout == "changed\n"
    assert contents(image) == before
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("xdg", "chromium", "vscode"):
        (image / "etc" / name).symlink_to(outside)
        assert site.policy(*words).returncode == NOT_SAVED
        assert list(outside.iterdir()) == []
        (image / "etc" / name).unlink()


@pytest.mark.parametrize(
    "put",
    [
        lambda file: os.mkfifo(file),
        lambda file: file.mkdir(),
        lambda file: file.symlink_to("/etc/passwd"),
        lambda file: file.symlink_to("/nowhere"),
        lambda file: file.symlink_to("/dev/null"),
    ],
    ids=["pipe", "folder", "link", "link to nothing", "link to null"],
)
@pytest.mark.parametrize(
    "name",
    ["/etc/xdg/examplerc", "/etc/firefox-esr/zzz-privacy-panel-firefox.js", "/etc/vscode/policy.json"],
)
def test_what_is_no_file_is_said_before_anything_is_changed(site, name, put):
    site.file(name).parent.mkdir(parents=True, exist_ok=True)
    put(site.file(name))
    site.write(POLICY, OFF)
    before = everything(site)
    done = site.policy("apply")
    assert (done.returncode, done.stdout) == (NOT_SAVED, "")
    assert "panicked" not in done.stderr
    assert everything(site) == before


NEWS = "/etc/default/motd-news"
LVFS = "/etc/fwupd/remotes.d/lvfs.conf"
# The files as their packages ship them, with everything on.
OF_PROGRAMS = {
    NEWS: "# Enable/disable the dynamic MOTD news service\nENABLED=1\n\nWAIT=5\n",
    LVFS: "[fwupd Remote]\n\n# stable\nEnabled=true\nAutomaticReports=true\nAutomaticSecurityReports=true\n",
}


@pytest.fixture
def shipped(site):
    """A computer with the readers of files that come with their programs, and without the programs."""
    for reader in ("fwupd", "ubuntu-motd-news"):
        site.file(READERS / f"{reader}.toml").unlink()
    for name in OF_PROGRAMS:
        site.file(name).unlink(missing_ok=True)
        site.file(name).parent.mkdir(parents=True, exist_ok=True)
    return site


def not_in_force(site):
    choices = json.loads(site.policy("status", "--json").stdout)["choices"]
    readers = (reader for choice in choices for reader in choice["readers"])
    return {reader["id"] for reader in readers if not reader["in_force"]}


@pytest.mark.parametrize("how", ["remove", "purge"])
def test_a_file_that_comes_with_its_program_is_changed_and_never_created(shipped, how):
    assert apply(shipped, OFF) == "changed"
    assert not any(shipped.file(name).exists() for name in OF_PROGRAMS)
    assert shipped.policy("status").returncode == DONE
    # The programs are installed.
    for name, text in OF_PROGRAMS.items():
        shipped.write(name, text)
    assert not_in_force(shipped) == {"fwupd", "ubuntu-motd-news"}
    said = shipped.policy("apply", "/run/policy.toml", "--dry-run").stdout.splitlines()
    at = said.index("-ENABLED=1")
    assert said[at + 1] == '+ENABLED="0"'
    assert apply(shipped, OFF) == "changed"
    assert shipped.read(NEWS) == OF_PROGRAMS[NEWS].replace("ENABLED=1", 'ENABLED="0"')
    assert shipped.read(LVFS) == OF_PROGRAMS[LVFS].replace("Reports=true", "Reports=false")
    assert not_in_force(shipped) == set()
    assert apply(shipped, OFF) == "unchanged"
    assert apply(shipped, ON) == "changed"
    assert shipped.read(LVFS) == OF_PROGRAMS[LVFS]
    assert apply(shipped, OFF) == "changed"
    assert shipped.policy("remove").returncode == DONE if how == "remove" else purge(shipped) == ""
    assert {name: shipped.read(name) for name in OF_PROGRAMS} == OF_PROGRAMS


def test_a_program_that_is_off_without_a_value_gets_none(shipped):
    """fwupd leaves out values that are false when it writes its file."""
    for name, text in OF_PROGRAMS.items():
        shipped.write(name, text)
    apply(shipped, OFF)
    lines = shipped.read(LVFS).splitlines(keepends=True)
    fwupds = "".join(line for line in lines if "Reports" not in line and not line.startswith("#"))
    shipped.write(LVFS, fwupds)
    shipped.write(NEWS, "WAIT=5\n")
    assert not_in_force(shipped) == set()
    # A value that the policy replaced is written again.
    assert apply(shipped, OFF) == "changed"
    assert shipped.read(LVFS).count("Reports=false") == 2 and "ENABLED=" in shipped.read(NEWS)
    assert apply(shipped, OFF) == "unchanged"
    # What the policy turned off is on again without it.
    assert shipped.policy("remove").returncode == DONE
    assert shipped.read(LVFS).count("=true") == 3 and "ENABLED=" in shipped.read(NEWS)
    # If there was no value before the policy, removing the policy leaves none.
    shipped.write(LVFS, fwupds)
    shipped.write(NEWS, "WAIT=5\n")
    apply(shipped, OFF)
    assert (shipped.read(LVFS), shipped.read(NEWS)) == (fwupds, "WAIT=5\n")
    assert not_in_force(shipped) == set()
    shipped.policy("remove")
    assert (shipped.read(LVFS), shipped.read(NEWS)) == (fwupds, "WAIT=5\n")


def test_a_program_that_is_removed_under_a_policy_leaves_nothing_behind(shipped):
    for name, text in OF_PROGRAMS.items():
        shipped.write(name, text)
    apply(shipped, OFF)
    for name in OF_PROGRAMS:
        shipped.file(name).unlink()
    assert shipped.policy("status").returncode == DONE
    apply(shipped, OFF)
    assert not any(shipped.file(name).exists() for name in OF_PROGRAMS)
    # The package restores its file, and the policy applies to it, too.
    for name, text in OF_PROGRAMS.items():
        shipped.write(name, text)
    assert apply(shipped, OFF) == "changed"
    assert shipped.policy("remove").returncode == DONE
    assert {name: shipped.read(name) for name in OF_PROGRAMS} == OF_PROGRAMS


def test_a_file_by_whose_existence_the_administrator_turned_a_program_off_stays(site):
    mark = "/etc/netdata/.opt-out-from-anonymous-statistics"
    site.write(mark, "ours\n")
    apply(site, OFF)
    assert site.policy("status").returncode == DONE
    site.policy("remove")
    assert site.read(mark) == "ours\n"
    site.file(mark).unlink()
    # The administrator has edited the file since, so it belongs to the administrator.
    apply(site, OFF)
    site.write(mark, "ours\n")
    assert site.policy("status").returncode == DONE
    site.policy("remove")
    assert site.read(mark) == "ours\n"


def test_check_says_which_values_need_a_programs_file(shipped):
    shipped.write(POLICY, OFF)
    lines = shipped.policy("check").stdout.splitlines()
    for line in (
        f"Ubuntu News at Login: turned off for everybody by “ENABLED=\"0\"” in “{NEWS}”, if the file exists.",
        "Example monitor: turned off for everybody by the file “/etc/netdata/.opt-out-from-anonymous-statistics”.",
    ):
        assert line in lines, lines
    shipped.write(POLICY, ON)
    lines = shipped.policy("check").stdout.splitlines()
    on = f"turned on for everybody by “[fwupd Remote] AutomaticReports=true” in “{LVFS}”, if the file exists."
    assert f"Firmware Updates (fwupd): {on}" in lines, lines
    assert any(line.startswith("Example monitor: ") and "not reached" in line for line in lines), lines


def test_another_name_of_a_file_keeps_what_it_has(site):
    file = site.write("/etc/xdg/examplerc", "[Global]\nFeedbackLevel=64\n")
    os.link(file, site.file("/etc/other"))
    apply(site, OFF)
    assert site.read("/etc/other") == "[Global]\nFeedbackLevel=64\n"


def test_a_group_that_the_administrator_locked_is_not_touched(site):
    """If the file has another value than the wanted one, a message says so, and nothing changes."""
    text = "[Global][$i]\nFeedbackLevel=0\n"
    site.write("/etc/xdg/examplerc", text)
    apply(site, OFF)
    assert site.read("/etc/xdg/examplerc") == text
    site.policy("remove")
    site.write("/etc/xdg/examplerc", text.replace("=0", "=64"))
    site.write(POLICY, OFF)
    done = site.policy("apply")
    assert done.returncode == NOT_SAVED
    assert "/etc/xdg/examplerc:2:1: a value that is immutable" in done.stderr


def test_check_names_every_place_and_what_is_only_preset(site):
    site.write(POLICY, OFF)
    lines = site.policy("check").stdout.splitlines()
    for line in (
        "Example desktop: turned off for everybody by “[Global] FeedbackLevel[$i]=0” in “/etc/xdg/examplerc”.",
        "Example variable: preset by “EXAMPLE_TELEMETRY_OPTOUT=1” in "
        "“/etc/environment.d/10-privacy-panel-variable.conf”. People can change it.",
        "Example variable: preset, not locked, since the program knows no lock. People can change it.",
    ):
        assert line in lines, lines
    site.write(POLICY, ON)
    lines = site.policy("check").stdout.splitlines()
    assert "Example packages: not reached by a policy, neither preset nor locked. People decide." in lines
    assert (
        "Example desktop: turned on for everybody by “[Global] FeedbackLevel[$i]=16” in “/etc/xdg/examplerc”."
    ) in lines
    site.write(POLICY, PRESET)
    lines = site.policy("check").stdout.splitlines()
    assert (
        "Example contest: not reached by a policy that leaves the choice to people. "
        "“locked = true” would turn it off for everybody."
    ) in lines


def test_a_person_sees_what_a_policy_holds_and_cannot_change_it(site):
    def reader(name):
        return site.session.reader("usage-statistics", name)

    assert (reader("browser")["state"], reader("browser")["locked"]) == ("on", False)
    apply(site, OFF)
    for name in ("browser", "editor"):
        found = reader(name)
        assert (found["state"], found["origin"], found["locked"]) == ("off", "administrator", True)
    done = site.session.ctl("set", "usage-statistics", "on")
    assert done.returncode == LOCKED
    assert "Example browser is locked by your administrator." in done.stderr


def test_kde_itself_refuses_to_write_a_locked_value(site):
    for file in ("kde-recent-documents.toml", "drkonqi.toml", "kde-activities.toml"):
        site.file(READERS / file).unlink()
    keys = [
        ("kdeglobals", "RecentDocuments", "UseRecent", "true", "false"),
        ("drkonqirc", "DrKonqi", "Sentry", "true", "false"),
        (
            "kactivitymanagerd-pluginsrc",
            "Plugin-org.kde.ActivityManager.Resources.Scoring",
            "what-to-remember",
            "0",
            "2",
        ),
    ]

    def kde(program, file, group, key, *value):
        words = [program, "--file", file, "--group", group, "--key", key, *value]
        return site.session.run(*words)

    for file, group, key, on, _ in keys:
        assert kde("kwriteconfig5", file, group, key, on).returncode == 0
    off = "".join(
        f'[choices.{choice}]\nstate = "off"\nlocked = true\n'
        for choice in ("activity-history", "error-reports")
    )
    apply(site, off)
    for file, group, key, on, wanted in keys:
        assert kde("kreadconfig5", file, group, key).stdout == f"{wanted}\n"
        assert kde("kwriteconfig5", file, group, key, on).returncode == 2
    for preset in (off.replace("locked = true\n", ""), None):
        if preset is None:
            site.policy("remove")
        else:
            apply(site, preset)
        for file, group, key, on, _ in keys:
            assert kde("kreadconfig5", file, group, key).stdout == f"{on}\n", "the person's own"
            assert kde("kwriteconfig5", file, group, key, on).returncode == 0


@pytest.mark.parametrize("seed", range(4))
def test_an_application_that_is_killed_at_any_moment_is_mended_or_removed(site, seed):
    """Nothing that both policies turn off is on meanwhile, and every byte comes back."""
    choose = random.Random(seed)
    for name, content in HAD.items():
        if choose.random() < 0.5:
            site.write(name, content).chmod(0o644)
    before = everything(site)
    text = choose.choice([OFF, PRESET])
    apply(site, text)
    # Whether both the last policy that was applied to its end, and all since, turn it off.
    is_off = True
    for _ in range(6):
        text = choose.choice([OFF, PRESET, ON, OTHER])
        is_off = is_off and text in (OFF, PRESET)
        site.write("/run/policy.toml", text)
        child = site.session.spawn(["privacyctl", "policy", "apply", "/run/policy.toml"])
        try:
            child.wait(choose.random() * 0.4)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait(10)
        if is_off:
            rc = site.read("/etc/xdg/examplerc")
            assert re.search(r"FeedbackLevel(\[\$i\])? ?= ?0", rc), rc
        if choose.random() < 0.5:
            apply(site, text)
            is_off = text in (OFF, PRESET)
            for name, content in IN_PLACE[text].items():
                if name not in HAD:
                    assert in_place(site)[name] == content
    assert site.policy("remove").returncode == DONE
    assert everything(site) == before


def test_what_a_killed_application_left_in_a_folder_of_a_program_goes_with_the_next_one(site):
    """Chromium reads every file in its folder, whatever the file's name."""
    before = everything(site)
    folder = site.file("/etc/chromium/policies/managed")
    left = folder / ".privacy-panel.new"
    for when in range(1, 60):
        apply(site, OFF)
        site.write("/run/policy.toml", ON)
        kill = ["strace", "-f", "-o", "/dev/null", "-e", f"inject=fsync:signal=KILL:when={when}"]
        site.session.run(*kill, "privacyctl", "policy", "apply", "/run/policy.toml")
        if left.exists():
            break
    assert "true" in left.read_text(), "killed before the file had its name"
    # This policy has nothing to write in that folder.
    site.write("/run/policy.toml", OFF)
    said = site.policy("apply", "/run/policy.toml", "--dry-run").stdout.splitlines()
    assert said[-1] == "changed"
    assert apply(site, OFF) == "changed"
    assert [file.name for file in folder.iterdir()] == ["zzz-privacy-panel-browser.json"]
    assert apply(site, OFF) == "unchanged"
    assert site.policy("remove").returncode == DONE
    assert everything(site) == before


def test_two_applications_at_once_end_with_one_of_the_policies(site):
    before = everything(site)
    for number, text in enumerate((OFF, PRESET)):
        site.write(f"/run/{number}.toml", text)
    for _ in range(3):
        words = ["privacyctl", "policy", "apply"]
        children = [site.session.spawn([*words, f"/run/{number}.toml"]) for number in (0, 1)]
        assert [child.wait(120) for child in children] == [DONE, DONE]
        assert in_place(site) in (OFF_LOCKED, OFF_PRESET)
    site.policy("remove")
    assert everything(site) == before


def test_only_root_can_read_the_backups_of_other_programs_files(site):
    site.write("/etc/vscode/policy.json", '{"a": 1}\n')
    apply(site, OFF)
    assert site.file(BACKUPS).stat().st_mode & 0o777 == 0o600
