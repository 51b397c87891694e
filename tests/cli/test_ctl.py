# SPDX-License-Identifier: GPL-3.0-or-later
"""privacyctl on a real bus and dconf: output, exit statuses and messages."""

import json
import os
import subprocess

import pytest
from support.harness import INSTALLED, Session, Watch, profile
from support.names import (
    BAD,
    CHOICES,
    DONE,
    LOCKED,
    NOT_SAVED,
    PANEL_SCHEMA,
    PRIVACY_SCHEMA,
    REPORTS_KEY,
    UNITY_KEY,
    UNITY_SCHEMA,
)


def test_status_in_json_has_the_agreed_fields(session):
    status = session.status("online-search")
    further = {"organisation": None, "pending": False, "mode": None}
    assert status.keys() == {"id", "state", "origin", "locked", "readers", *further}
    assert further.items() <= status.items()
    assert (status["state"], status["origin"], status["locked"]) == ("off", "default", False)
    reader = session.reader("online-search", "unity-dash")
    agreed = {"id": "unity-dash", "name": "Unity Dash", "installed": True, "state": "off"}
    assert agreed.items() <= reader.items()
    assert json.loads(session.ask("privacyctl", "--json")) == json.loads(
        session.ask("privacyctl", "status", "--json")
    )


@pytest.mark.proof("unity-dash", "program")
def test_set_writes_every_installed_reader_and_get_and_is_on_agree(session):
    assert session.ctl("is-on", "online-search").returncode == 1
    assert session.ctl("set", "online-search", "on").returncode == 0
    assert session.libunity() == "all"
    assert session.get(PANEL_SCHEMA, "online-search") == "true"
    assert session.ask("privacyctl", "get", "online-search") == "on"
    assert session.ctl("is-on", "online-search").returncode == 0
    session.set(UNITY_SCHEMA, UNITY_KEY, "none")
    assert session.ask("privacyctl", "get", "online-search") == "mixed"
    assert session.ctl("is-on", "online-search").returncode == 0, "something may be sent"


def test_reset_goes_back_to_the_default_for_one_and_for_all(session):
    for choice in ("online-search", "error-reports"):
        assert session.ctl("set", choice, "on").returncode == 0
    assert session.ctl("reset", "online-search").returncode == 0
    assert session.status("online-search")["origin"] == "default"
    assert session.status("error-reports")["origin"] == "you"
    assert session.ctl("reset", "--all").returncode == 0
    assert session.status("error-reports")["origin"] == "default"
    assert session.ask("dconf", "dump", "/") == ""


def test_bad_usage_is_exit_status_2_and_says_what_there_is(session):
    for arguments in (
        ["get", "nonsense"],
        ["set", "online-search", "maybe"],
        ["set", "online-search"],
        ["reset"],
        ["reset", "online-search", "--all"],
        ["frobnicate"],
    ):
        done = session.ctl(*arguments)
        assert done.returncode == BAD, arguments
        assert done.stderr and not done.stdout
    assert "online-search, search-suggestions, error-reports, usage-statistics, activity-history" in session.ctl("get", "nonsense").stderr


def test_it_never_links_gtk():
    libraries = subprocess.run(
        ["ldd", INSTALLED / "bin" / "privacyctl"], capture_output=True, text=True, check=True
    ).stdout
    assert "libgio-2.0" in libraries
    for word in ("gtk", "gdk", "adwaita", "pango", "cairo", "libX11", "wayland"):
        assert word not in libraries
    panel = subprocess.run(
        ["ldd", INSTALLED / "bin" / "privacy-panel"], capture_output=True, text=True, check=True
    ).stdout
    assert "libgtk-4" in panel, "the check can tell the difference"


def test_bash_completes_choices_and_states(session):
    script = INSTALLED / "share" / "bash-completion" / "completions" / "privacyctl"
    words = session.ask(
        "bash",
        "-c",
        f'. {script}; COMP_WORDS=(privacyctl set ""); COMP_CWORD=2; '
        '_privacyctl privacyctl "" set; printf "%s\\n" "${COMPREPLY[@]}"',
    )
    assert {"online-search", "search-suggestions", "error-reports", "usage-statistics", "activity-history"} <= set(words.split())
    for shell, marker in (("zsh", "#compdef privacyctl"), ("fish", "complete -c privacyctl")):
        assert marker in session.ask("privacyctl", "completions", shell)


def test_watch_prints_in_the_same_moment_as_libunity_is_told(session):
    watch = Watch(session)
    unity = session.spawn(
        ["/usr/bin/python3", "-uc", LIBUNITY_WATCH], stdout=subprocess.PIPE, text=True
    )
    assert unity.stdout.readline() == "ready\n"
    told = None
    for value, state in (("all", "on"), ("none", "off")):
        session.set(UNITY_SCHEMA, UNITY_KEY, value)
        line, before = watch.next(), told
        # dconf tells some programs twice of a change that comes while they begin to listen.
        while (told := unity.stdout.readline().strip()) == before:
            pass
        assert (line["id"], line["state"], told) == ("online-search", state, value)
    session.reset(UNITY_SCHEMA, UNITY_KEY)
    assert watch.next()["origin"] == "default", "who decided is a change, too"


def test_watch_prints_every_choice_first_as_status_has_it(session):
    assert session.ctl("set", "error-reports", "on").returncode == 0
    watch = Watch(session)
    status = json.loads(session.ask("privacyctl", "status", "--json"))["choices"]
    assert list(watch.now.values()) == status
    # Only later changes are printed.
    session.set(UNITY_SCHEMA, UNITY_KEY, "all")
    assert watch.next() == session.status("online-search")


LIBUNITY_WATCH = """
import gi
gi.require_version("Unity", "7.0")
from gi.repository import GLib, Unity
preferences = Unity.PreferencesManager.get_default()
preferences.connect(
    "notify::remote-content-search",
    lambda p, _: print(p.props.remote_content_search.value_nick),
)
print("ready")
GLib.MainLoop().run()
"""


def test_watch_prints_for_people_and_ends_when_its_reader_leaves(session):
    watch = session.spawn(["privacyctl", "watch"], stdout=subprocess.PIPE, text=True)
    first = [watch.stdout.readline() for _ in CHOICES]
    assert [line.split()[0] for line in first] == list(CHOICES)
    assert first[2] == "error-reports off (Set by default)\n"
    # The program of this setting isn't installed, so there is nothing new to say.
    session.set(PRIVACY_SCHEMA, REPORTS_KEY, "true")
    session.set(UNITY_SCHEMA, UNITY_KEY, "all")
    assert watch.stdout.readline() == "online-search on (Set by you)\n"
    session.set(PANEL_SCHEMA, "online-search", "false")
    line = watch.stdout.readline()
    assert line.startswith("online-search mixed (Set by you. On: Unity Dash. Off: Programs that")
    watch.stdout.close()
    session.set(UNITY_SCHEMA, UNITY_KEY, "none")
    assert watch.wait(60) == 0


def test_a_reader_of_the_output_who_leaves_is_no_error(session):
    done = session.run("bash", "-c", "privacyctl status | true; exit ${PIPESTATUS[0]}")
    assert (done.returncode, done.stderr) == (0, "")


# Who decided


def nothing_saved(session):
    return not (session.config / "dconf" / "user").exists()


UNITY_PATH = "com/canonical/unity/lenses"
ALL_SEARCH_LOCKS = (
    f"/{UNITY_PATH}/{UNITY_KEY}\n/net/launchpad/PrivacyPanel/online-search\n"
    "/org/gnome/shell/disabled-extensions\n/org/gnome/desktop/search-providers/disabled\n"
)


def test_user_value_administrators_default_and_schema_default_are_told_apart(session):
    def origin():
        return session.reader("online-search", "unity-dash")["origin"]

    assert origin() == "default"
    # Equal to the schema's default, and still the administrator's decision.
    profile(session, f"[{UNITY_PATH}]\n{UNITY_KEY}='none'\n")
    assert origin() == "administrator"
    assert session.status("online-search")["origin"] == "administrator"
    session.set(UNITY_SCHEMA, UNITY_KEY, "all")
    assert origin() == "you"
    session.set(UNITY_SCHEMA, UNITY_KEY, "none")
    assert origin() == "you", "equal to the administrator's, and still the person's decision"
    assert session.ctl("reset", "online-search").returncode == 0
    assert origin() == "administrator"


def test_a_vendors_override_is_a_default(session):
    schemas = session.root / "schemas"
    schemas.mkdir()
    sources = INSTALLED / "share" / "glib-2.0" / "schemas"
    (schemas / "panel.gschema.xml").write_text(
        (sources / f"{PANEL_SCHEMA}.gschema.xml").read_text()
    )
    (schemas / "10_vendor.gschema.override").write_text(
        f"[{PANEL_SCHEMA}]\nonline-search=true\n[{PANEL_SCHEMA}:GNOME]\nerror-reports=true\n"
    )
    session.ask("glib-compile-schemas", schemas)
    session.env["GSETTINGS_SCHEMA_DIR"] = str(schemas)
    for choice in ("online-search", "error-reports"):
        own = session.reader(choice, "privacy-panel")
        assert (own["state"], own["origin"]) == ("on", "default")


def test_a_lock_is_exit_status_3_and_nothing_changes(session):
    profile(session, f"[{UNITY_PATH}]\n{UNITY_KEY}='none'\n", ALL_SEARCH_LOCKS)
    status = session.status("online-search")
    assert (status["state"], status["origin"], status["locked"]) == ("off", "administrator", True)
    done = session.ctl("set", "online-search", "on")
    assert done.returncode == LOCKED
    assert "locked by your administrator" in done.stderr
    assert nothing_saved(session)
    assert session.libunity() == "none"


def test_one_reader_locked_off_refuses_on_as_a_whole(session):
    profile(session, f"[{UNITY_PATH}]\n{UNITY_KEY}='none'\n", f"/{UNITY_PATH}/{UNITY_KEY}\n")
    assert session.status("online-search")["locked"]
    done = session.ctl("set", "online-search", "on")
    assert done.returncode == LOCKED
    assert nothing_saved(session)


def test_off_goes_on_past_a_reader_that_is_locked_on(session):
    assert session.ctl("set", "online-search", "on").returncode == 0
    profile(session, f"[{UNITY_PATH}]\n{UNITY_KEY}='all'\n", f"/{UNITY_PATH}/{UNITY_KEY}\n")
    done = session.ctl("set", "online-search", "off")
    assert done.returncode == LOCKED
    assert "Unity Dash is locked by your administrator." in done.stderr
    assert session.get(PANEL_SCHEMA, "online-search") == "false"
    status = session.status("online-search")
    assert (status["state"], status["locked"]) == ("mixed", False)


def test_a_locked_choice_is_not_reset(session):
    assert session.ctl("set", "online-search", "off").returncode == 0
    profile(
        session,
        f"[{UNITY_PATH}]\n{UNITY_KEY}='all'\n",
        "/net/launchpad/PrivacyPanel/online-search\n",
    )
    assert session.status("online-search")["locked"]
    assert session.ctl("reset", "online-search").returncode == LOCKED
    assert session.libunity() == "none", "a reset would have turned it on"


def test_a_reset_is_done_even_if_nothing_can_be_printed(session):
    for choice in ("online-search", "error-reports"):
        assert session.ctl("set", choice, "on").returncode == 0
    done = session.run("bash", "-c", "privacyctl reset --all >/dev/full")
    assert "Cannot print" in done.stderr
    assert session.status("online-search")["origin"] == "default"
    assert session.status("error-reports")["origin"] == "default"


# Storage that fails


def test_without_a_bus_it_reads_and_says_that_it_cannot_save():
    with Session(bus=False) as session:
        assert session.ask("privacyctl", "get", "online-search") == "off"
        done = session.ctl("set", "online-search", "on")
        assert done.returncode == NOT_SAVED
        assert "The settings service cannot be reached from here" in done.stderr
        assert "dconf-WARNING" not in done.stderr


def test_a_read_only_home_is_said_with_the_folder_and_the_reason():
    with Session(read_only=["config"]) as session:
        done = session.ctl("set", "online-search", "on")
        assert done.returncode == NOT_SAVED
        assert f"“{session.config}/dconf”: Read-only file system" in done.stderr
        assert session.ask("privacyctl", "get", "online-search") == "off"
        # It is off by default, but the decision was not saved.
        assert session.ctl("set", "online-search", "off").returncode == NOT_SAVED


def test_a_full_disk_is_said_and_leaves_nothing_behind():
    with Session() as session:
        folder = session.config / "dconf"
        folder.mkdir()
        session.ask("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder)
        try:
            (folder / "filler").write_bytes(b"x" * 4096)
            for _ in range(2):
                done = session.ctl("set", "online-search", "on")
                assert done.returncode == NOT_SAVED
                assert "No space left on device" in done.stderr
            assert [file.name for file in folder.iterdir()] == ["filler"]
        finally:
            for service in session.dconf_services():
                session.run("kill", service)
            session.ask("umount", "-l", folder)


def test_memory_only_storage_is_announced_and_nothing_is_claimed(session):
    memory = {"GSETTINGS_BACKEND": "memory"}
    assert "keeps settings in memory only" in session.ctl("status", env=memory).stderr
    done = session.ctl("set", "online-search", "on", env=memory)
    assert done.returncode == NOT_SAVED
    assert "keeps settings in memory only" in done.stderr


def test_without_a_home_it_still_answers(session):
    del session.env["HOME"], session.env["XDG_CONFIG_HOME"]
    done = session.ctl("get", "online-search")
    assert (done.returncode, done.stdout) == (DONE, "off\n"), "the default"


def test_a_service_killed_while_500_changes_are_made_loses_none_that_was_reported(session):
    """If set reports success, every process that starts later reads the new value. Every state
    that is printed is the state that such a process reads."""
    script = r"""
        while :; do
            for process in /proc/[0-9]*; do
                read -r name 2>/dev/null <"$process/comm" || continue
                [ "$name" = dconf-service ] || continue
                grep -qzF "$1" "$process/environ" 2>/dev/null &&
                    kill -9 "${process#/proc/}" && echo killed >>"$1/kills"
            done
            sleep 0.0$((RANDOM % 9))
        done
    """
    reads = r"""
        random() { random=$(((random * 1103515245 + 12345) % 2147483648)); [ $((random / 65536 % 2)) = 0 ]; }
        random=$1 killed=0
        for round in $(seq 500); do
            if random; then state=on unity="'all'" own=true; else state=off unity="'none'" own=false; fi
            if privacyctl set online-search $state >out 2>err; then
                [ "$(gsettings get com.canonical.Unity.Lenses remote-content-search)" = "$unity" ] ||
                    { echo "round $round: $state was reported, Unity reads another"; exit 1; }
                [ "$(gsettings get net.launchpad.PrivacyPanel online-search)" = $own ] ||
                    { echo "round $round: $state was reported, the own key is another"; exit 1; }
            else
                [ -s err ] || { echo "round $round: no word about a failure"; exit 1; }
                killed=$((killed + 1))
            fi
        done
        echo "failures reported: $killed"
    """
    killer = session.spawn(["bash", "-c", script, "killer", str(session.root)])
    done = session.run("bash", "-c", reads, "sets", "20261123", cwd=session.root, timeout=1800)
    assert killer.poll() is None, "the killer ran to the end"
    assert done.returncode == 0, done.stdout + done.stderr
    kills = (session.root / "kills").read_text().count("killed")
    assert kills >= 50, f"the service was killed {kills} times only"
    print(f"service killed {kills} times, {done.stdout}")


# Unusual readers


SCHEMAS = """
<schemalist>
  <enum id="org.example.Modes"><value nick="never" value="0"/><value nick="ask" value="1"/>
    <value nick="always" value="2"/></enum>
  <schema id="org.example.Odd" path="/org/example/odd/">
    <key name="flag" type="b"><default>true</default></key>
    <key name="level" type="i"><range min="0" max="3"/><default>1</default></key>
    <key name="mode" enum="org.example.Modes"><default>'ask'</default></key>
  </schema>
  <schema id="org.example.Relocatable">
    <key name="flag" type="b"><default>true</default></key>
  </schema>
</schemalist>
"""


def reader_file(key="flag", on="true", off="false", schema="org.example.Odd", path="/org/example/odd/"):
    return (
        f'name = "Odd"\nchoice = "error-reports"\n[gsettings]\nschema = "{schema}"\n'
        f'path = "{path}"\nkey = "{key}"\non = "{on}"\noff = "{off}"\n'
    )


@pytest.fixture
def odd(session):
    schemas = session.share / "glib-2.0" / "schemas"
    schemas.mkdir(parents=True)
    (schemas / "org.example.Odd.gschema.xml").write_text(SCHEMAS)
    session.ask("glib-compile-schemas", schemas)
    return session


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (reader_file(key="no-such-key"), "has no key “no-such-key”"),
        (reader_file(key="level"), "has the type “i”; “b” was expected"),
        (reader_file(path="/org/example/elsewhere/"), "not at “/org/example/elsewhere/”"),
        (reader_file(key="level", on="7", off="0"), "does not allow the value 7"),
        (reader_file(key="mode", on="'loud'", off="'never'"), "does not allow the value 'loud'"),
    ],
)
def test_a_reader_that_does_not_fit_its_schema_is_said_in_words_and_the_rest_goes_on(
    odd, file, problem
):
    odd.add_reader("odd", file)
    done = odd.ctl("set", "error-reports", "on")
    assert done.returncode == NOT_SAVED
    assert problem in done.stderr
    assert odd.get(PRIVACY_SCHEMA, REPORTS_KEY) == "true", "the others are turned on"
    assert odd.ctl("set", "error-reports", "off").returncode in (0, NOT_SAVED)
    assert odd.get(PRIVACY_SCHEMA, REPORTS_KEY) == "false"


def test_what_cannot_be_read_is_not_called_off(odd):
    odd.add_reader("odd", reader_file(key="no-such-key"))
    assert odd.status("error-reports")["state"] == "mixed"
    odd_reader = odd.reader("error-reports", "odd")
    assert odd_reader["installed"] and odd_reader["state"] is None and odd_reader["problem"]


def test_a_value_that_is_neither_on_nor_off_may_send(odd):
    odd.add_reader("odd", reader_file(key="mode", on="'always'", off="'never'"))
    assert odd.reader("error-reports", "odd")["state"] == "mixed"
    assert odd.ctl("set", "error-reports", "off").returncode == 0
    assert odd.get("org.example.Odd", "mode") == "'never'"


def test_a_relocatable_schema_takes_the_files_path(odd):
    odd.add_reader(
        "odd", reader_file(schema="org.example.Relocatable", path="/org/example/moved/")
    )
    assert odd.ctl("set", "error-reports", "on").returncode == 0
    assert odd.ask("dconf", "read", "/org/example/moved/flag") == "true"


def test_a_stored_value_of_another_type_or_out_of_range_counts_as_not_set(odd):
    odd.add_reader("odd", reader_file(key="level", on="3", off="0"))
    for value in ("'text'", "99"):
        odd.ask("dconf", "write", "/org/example/odd/level", value)
        assert odd.get("org.example.Odd", "level") == "1"
        found = odd.reader("error-reports", "odd")
        assert (found["state"], found["origin"]) == ("mixed", "default")
    assert odd.ctl("set", "error-reports", "off").returncode == 0
    assert odd.get("org.example.Odd", "level") == "0"


def test_a_program_that_is_not_installed_is_listed_and_not_counted(session):
    session.add_reader("absent", reader_file(schema="org.example.Absent"))
    assert session.status("error-reports")["state"] == "off"
    absent = session.reader("error-reports", "absent")
    assert absent["installed"] is False and absent["state"] is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (reader_file().replace("choice", "chioce"), "2:1: unknown field `chioce`"),
        (reader_file().replace("error-reports", "weather"), "2:10: unknown choice “weather”"),
        (reader_file(on="'yes"), "7:6: "),
        (reader_file(off="'no'"), "8:7: of the type “s”, but “on” is of the type “b”"),
        (reader_file(off="true"), "8:7: the same value as “on”"),
        (reader_file(path="org/example"), "5:8: “org/example”; expected a path"),
        (reader_file() + "extra = 1\n", "9:1: unknown field `extra`"),
        ("name = [\n", "1:9: unclosed array"),
        (reader_file().replace('name = "Odd"', 'name = "a\\nb"'), "1:8: “a\\nb” has the character U+000A"),
        ('name = "X"\nchoice = "error-reports"\n', ": expected a table [gsettings]"),
    ],
)
def test_a_broken_file_is_told_with_its_place_and_everything_else_goes_on(session, text, place):
    session.add_reader("broken", text)
    path = session.config / "privacy-panel" / "readers.d" / "broken.toml"
    listed = session.ctl("readers")
    assert listed.returncode == BAD
    assert f"{path}:{place}".replace("::", ":") in listed.stderr
    assert "unity-dash" in listed.stdout
    (mistake,) = json.loads(session.ctl("readers", "--json").stdout)["mistakes"]
    assert mistake["file"] == str(path)
    done = session.ctl("set", "error-reports", "on")
    assert done.returncode == 0, "the others are not held up"
    assert str(path) in done.stderr


def test_layers_replace_and_mask_as_systemds_do(session):
    session.add_reader("unity-dash", "")
    assert "unity-dash" not in session.ask("privacyctl", "readers")
    session.add_reader("abrt", reader_file().replace('"Odd"', '"Mine"'))
    readers = json.loads(session.ask("privacyctl", "readers", "--json"))["readers"]
    (abrt,) = [reader for reader in readers if reader["id"] == "abrt"]
    assert abrt["name"] == "Mine"
    assert abrt["file"] == str(session.config / "privacy-panel" / "readers.d" / "abrt.toml")


def test_without_its_own_schema_it_says_so_and_claims_nothing(session):
    session.forget_own_schema()
    assert session.ask("privacyctl", "get", "online-search") == "mixed"
    done = session.ctl("set", "online-search", "off")
    assert done.returncode == NOT_SAVED
    assert "This panel is not completely installed" in done.stderr
    assert session.libunity() == "none"
    assert os.path.exists(session.share / "privacy-panel" / "readers.d")


@pytest.mark.parametrize("what", ["privacy-panel", "privacy-panel/readers.d"])
def test_while_reader_files_are_lost_nothing_is_called_off_or_done(session, what):
    assert session.ask("privacyctl", "get", "online-search") == "off"
    link = session.config / what
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to("nowhere")
    found = session.ctl("get", "online-search")
    assert (found.returncode, found.stdout.strip()) == (NOT_SAVED, "mixed")
    assert f"the link “{link}” leads nowhere" in found.stderr
    assert session.ctl("is-on", "online-search").returncode == 0, "something may be sent"
    for command in (["status"], ["readers"], ["set", "online-search", "off"], ["reset", "--all"]):
        done = session.ctl(*command)
        assert done.returncode == NOT_SAVED, command
        assert str(link) in done.stderr, command
    link.unlink()
    assert session.ctl("set", "online-search", "off").returncode == 0
