# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings storage that can't save, or that isn't the session's: found out before anything is written,
and said in one sentence with what to do."""

import contextlib
import json
import os
import subprocess

import pytest
from support.harness import CONSENT_READER, Session
from support.names import DONE, LOCKED, NOT_SAVED, PANEL_SCHEMA, UNITY_KEY, UNITY_SCHEMA

BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir={root}</listen><servicedir>{root}/services</servicedir>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy></busconfig>
"""

TRY_AGAIN = ("try again", "Try again", "Something else")
# The bus needs a user with an entry in the password database.
PERSON = 65534


@contextlib.contextmanager
def own_bus(service=None):
    """A session whose bus starts dconf's service by a command, or not at all."""
    with Session(bus=False) as session:
        services = session.root / "services"
        services.mkdir()
        if service:
            text = f"[D-BUS Service]\nName=ca.desrt.dconf\nExec={service}\n"
            (services / "ca.desrt.dconf.service").write_text(text)
        config = session.root / "bus.conf"
        config.write_text(BUS.format(root=session.root))
        bus = session.spawn(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address"],
            stdout=subprocess.PIPE,
            text=True,
        )
        session.env["DBUS_SESSION_BUS_ADDRESS"] = bus.stdout.readline().strip()
        yield session


def refused(session, sentence, *command, **options):
    """A change that isn't made, for a reason that is said once, and not as a lock."""
    done = session.ctl(*(command or ("set", "online-search", "on")), **options)
    assert done.returncode == NOT_SAVED, done.stderr
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "locked" not in done.stderr
    return done


def nothing_saved(session):
    return not (session.config / "dconf" / "user").exists()


# The service


@pytest.mark.parametrize(
    ("service", "sentence"),
    [
        (None, "The settings service is not installed for this session. Install dconf-service"),
        ("/bin/false", "The settings service does not work: "),
        ("/nonexistent/dconf-service", "The settings service does not work: "),
    ],
)
def test_a_service_that_cannot_be_started_is_said_and_only_other_storage_is_turned_off(service, sentence):
    with own_bus(service) as session:
        session.add_reader("program", CONSENT_READER)
        consent = session.config / "program" / "consent.toml"
        consent.parent.mkdir()
        consent.write_text("consent = true\n")
        done = refused(session, sentence)
        assert not any(words in done.stderr for words in TRY_AGAIN), done.stderr
        refused(session, sentence, "set", "usage-statistics", "off")
        assert consent.read_text() == "consent = false\n", "nothing more is sent"
        refused(session, sentence, "set", "usage-statistics", "on")
        assert consent.read_text() == "consent = false\n", "nothing is turned on by half"
        assert nothing_saved(session)


def test_a_service_that_never_starts_keeps_other_storage_from_nothing():
    with own_bus("/bin/sleep 1000") as session:
        session.add_reader("program", CONSENT_READER)
        consent = session.config / "program" / "consent.toml"
        consent.parent.mkdir()
        consent.write_text("consent = true\n")
        refused(session, "did not answer in time", "set", "usage-statistics", "off")
        assert consent.read_text() == "consent = false\n"


# The profile


def test_a_profile_that_does_not_exist_is_no_lock(session):
    for name in ("alice@example.com", str(session.root / "missing")):
        session.env["DCONF_PROFILE"] = name
        sentence = f"The dconf profile “{name}” does not exist"
        refused(session, sentence)
        refused(session, sentence, "set", "online-search", "off")
        assert not any(choice["locked"] for choice in all_choices(session))
        status = session.ctl("status")
        assert status.returncode == DONE
        assert status.stderr.count(sentence) == 1 == len(status.stderr.splitlines())
        assert "administrator" not in status.stdout
    assert nothing_saved(session)


def all_choices(session):
    return json.loads(session.ask("privacyctl", "status", "--json"))["choices"]


@pytest.mark.parametrize("content", ["", "# user-db:user\n", "user\nother-db:x\n", None])
def test_a_profile_without_a_database_is_no_lock(session, content):
    profile = session.root / "profile"
    if content is None:
        profile.mkdir()
    else:
        profile.write_text(content)
    session.env["DCONF_PROFILE"] = str(profile)
    refused(session, f"The dconf profile “{profile}” names no database")
    assert not any(choice["locked"] for choice in all_choices(session))
    assert nothing_saved(session)


def test_a_profile_that_may_not_be_read_is_no_lock(session):
    profile = session.root / "closed" / "profile"
    profile.parent.mkdir(mode=0o700)
    profile.write_text("user-db:user\n")
    session.root.chmod(0o755)
    for name in ("home", "config", "data", "cache", "run", "share"):
        subprocess.run(["chown", "-R", f"{PERSON}:{PERSON}", session.root / name], check=True)
    session.env["DCONF_PROFILE"] = str(profile)
    as_person = ["setpriv", f"--reuid={PERSON}", f"--regid={PERSON}", "--clear-groups"]
    done = session.run(*as_person, "privacyctl", "set", "online-search", "on")
    assert done.returncode == NOT_SAVED
    assert f"The dconf profile “{profile}” cannot be read (Permission denied)" in done.stderr


def test_a_profile_in_which_the_administrator_decides_everything_is_a_lock(session):
    (session.root / "profile").write_text("system-db:site\nuser-db:user\n")
    session.env["DCONF_PROFILE"] = str(session.root / "profile")
    done = session.ctl("set", "online-search", "on")
    assert done.returncode == LOCKED
    assert "locked by your administrator" in done.stderr


# The folder


def elsewhere(session, folder):
    return f"keep their settings in “{session.config}/dconf”, not in “{folder}/dconf”."


@pytest.mark.parametrize("which", ["absolute", "relative", "home"])
def test_settings_in_another_folder_than_the_sessions_are_not_written(session, which):
    mine = session.root / "mine"
    mine.mkdir()
    if which == "home":
        env = ["env", "-u", "XDG_CONFIG_HOME", f"HOME={mine}"]
        folder = mine / ".config"
    else:
        folder = mine if which == "absolute" else "mine"
        env = ["env", "-C", session.root, f"XDG_CONFIG_HOME={folder}"]
    for state in ("on", "off"):
        done = session.run(*env, "privacyctl", "set", "online-search", state)
        assert done.returncode == NOT_SAVED
        assert elsewhere(session, folder) in done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr
    assert not list(mine.rglob("dconf")), "no folder was left"
    assert session.libunity() == "none"
    assert nothing_saved(session)


def test_questions_say_that_the_session_has_its_settings_elsewhere(session):
    session.set(UNITY_SCHEMA, UNITY_KEY, "all")
    mine = session.root / "mine"
    for command in (["get", "online-search"], ["is-on", "online-search"], ["status", "--json"]):
        done = session.ctl(*command, env={"XDG_CONFIG_HOME": str(mine)})
        assert elsewhere(session, mine) in done.stderr
        assert session.ctl(*command).stderr == ""


def test_another_way_to_the_sessions_folder_is_no_other_folder(session):
    (session.root / "link").symlink_to(session.config)
    env = {"XDG_CONFIG_HOME": str(session.root / "link")}
    for command in (["set", "online-search", "on"], ["get", "online-search"]):
        done = session.ctl(*command, env=env)
        assert (done.returncode, done.stderr) == (DONE, "")
    assert session.libunity() == "all"


def test_the_probe_leaves_nothing_behind(session):
    for state in ("on", "off"):
        assert session.ctl("set", "online-search", state).returncode == DONE
    assert [file.name for file in (session.config / "dconf").iterdir()] == ["user"]


def test_a_folder_that_is_read_only_for_the_command_alone_is_the_services_to_write(session):
    session.set(UNITY_SCHEMA, UNITY_KEY, "none")
    read_only = f"mount --bind {session.config} {session.config} && mount -o remount,bind,ro {session.config}"
    done = session.run("unshare", "-m", "sh", "-c", f"{read_only} && privacyctl set online-search on")
    assert (done.returncode, done.stderr) == (DONE, "")
    assert session.libunity() == "all"
    assert [file.name for file in (session.config / "dconf").iterdir()] == ["user"]


# The database


def test_a_database_that_is_no_file_is_said(session):
    (session.config / "dconf" / "user").mkdir(parents=True)
    done = refused(session, "The settings service cannot use its database: ")
    assert "dconf/user" in done.stderr
    assert session.ask("privacyctl", "get", "online-search") == "off"


@pytest.mark.parametrize("content", [b"", b"garbage\n" * 9, b"GVariant" + bytes(99)])
def test_a_damaged_database_is_replaced_by_dconf_and_the_change_is_kept(session, content):
    database = session.config / "dconf" / "user"
    database.parent.mkdir()
    database.write_bytes(content)
    done = session.ctl("set", "online-search", "on")
    assert done.returncode == DONE, done.stderr
    assert session.libunity() == "all"


def test_a_database_of_another_user_that_cannot_be_read_is_said(session):
    database = session.config / "dconf" / "user"
    database.parent.mkdir()
    database.write_bytes(b"")
    database.chmod(0o600)
    session.root.chmod(0o755)
    for name in ("home", "config", "data", "cache", "run", "share"):
        subprocess.run(["chown", "-R", f"{PERSON}:{PERSON}", session.root / name], check=True)
    os.chown(database, 0, 0)
    as_person = ["setpriv", f"--reuid={PERSON}", f"--regid={PERSON}", "--clear-groups"]
    session.env.pop("DBUS_SESSION_BUS_ADDRESS")
    run = [*as_person, "dbus-run-session", "--", "privacyctl", "set", "online-search", "on"]
    done = session.run(*run)
    assert done.returncode == NOT_SAVED
    assert "The settings service cannot use its database: " in done.stderr
    assert "Permission denied" in done.stderr


def test_settings_in_a_key_file_of_dconfs_service_are_saved(session):
    (session.root / "profile").write_text("service-db:keyfile/user\n")
    session.env["DCONF_PROFILE"] = str(session.root / "profile")
    done = session.ctl("set", "online-search", "on")
    assert (done.returncode, done.stderr) == (DONE, "")
    assert session.libunity() == "all"
    assert "online-search=true" in (session.config / "dconf" / "user.txt").read_text()
    # The values are read from the runtime folder.
    mine = session.root / "mine"
    mine.mkdir(mode=0o700)
    done = session.ctl("set", "online-search", "off", env={"XDG_RUNTIME_DIR": str(mine)})
    assert done.returncode == NOT_SAVED
    assert f"do not keep their settings in “{mine}/dconf-service/keyfile”" in done.stderr
    assert session.libunity() == "all"


# Other storage


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        (
            {"GSETTINGS_BACKEND": "memory"},
            "GSETTINGS_BACKEND=memory keeps settings in memory only. Unset it",
        ),
        ({"GSETTINGS_BACKEND": "keyfile"}, "since GSETTINGS_BACKEND is “keyfile”. Unset it"),
        # Without dconf's module, GSettings writes a file.
        ({"GIO_MODULE_DIR": "/nonexistent"}, "since GIO_MODULE_DIR is “/nonexistent”. Unset it"),
    ],
)
def test_a_storage_that_only_the_environment_of_the_command_chooses_is_not_written(session, env, sentence):
    refused(session, sentence, env=env)
    for command in ("status", "get online-search"):
        done = session.ctl(*command.split(), env=env)
        assert done.returncode == DONE
        assert sentence in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
    assert not list(session.config.rglob("keyfile"))


@pytest.mark.parametrize("env", [{"GSETTINGS_BACKEND": "keyfile"}, {"GIO_MODULE_DIR": "/nonexistent"}])
def test_a_storage_that_the_whole_session_has_is_written(env):
    with Session(env=env) as session:
        done = session.ctl("set", "online-search", "on")
        assert (done.returncode, done.stderr) == (DONE, "")
        assert session.get(PANEL_SCHEMA, "online-search") == "true"


# What the libraries print

COMMANDS = (
    "status",
    "get online-search",
    "is-on online-search",
    "set online-search on",
    "reset online-search",
    "reset --all",
    "mode error-reports",
    "identifier",
    "readers",
    "history",
    "history clear --all --dry-run",
    "reports",
    "policy status",
)


def test_one_question_has_one_complaint_and_debug_messages_stay_as_they_are(session):
    # A file where dconf needs a folder.
    (session.root / "run" / "dconf").write_text("")
    complaint = f"privacyctl: “{session.root}/run/dconf” cannot be used, so settings are read more slowly."
    for command in COMMANDS:
        lines = session.ctl(*command.split()).stderr.splitlines()
        raw = [line for line in lines if "CRITICAL" in line or "WARNING" in line]
        assert not raw, command
        assert len([line for line in lines if line.startswith(complaint)]) <= 1, (command, lines)
        assert len(lines) == len(set(lines)), command
    assert session.ctl("status").stderr.startswith(complaint)
    debug = session.ctl("status", env={"G_MESSAGES_DEBUG": "dconf"}).stderr
    assert "dconf will not work properly" in debug


def test_an_unknown_storage_in_the_environment_is_one_complaint(session):
    done = session.ctl("status", env={"GSETTINGS_BACKEND": "nonsense"})
    assert done.returncode == DONE
    assert len(done.stderr.splitlines()) == 1
    assert "privacyctl: GLib-GIO reports a problem: " in done.stderr
