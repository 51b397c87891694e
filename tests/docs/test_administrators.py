# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/administrators.md is true: the tests run its policies, commands, messages and recipes on a
private computer, and check its facts about dconf with dconf."""

import json
import os
import re
import shutil
import subprocess
import time

import pytest
import yaml
from support.computer import (
    DATABASE,
    OUR_LINE,
    POLICY,
    PROFILE,
    READERS,
    SOURCES,
    Computer,
    contents,
)
from support.harness import INSTALLED, SOURCE
from support.names import PANEL_SCHEMA, UNITY_KEY, UNITY_SCHEMA

PAGE = (SOURCE / "docs" / "administrators.md").read_text()
BLOCKS = re.findall(r"^```(.*?)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def blocks(kind):
    return [text for found, text in BLOCKS if found == kind]


def block(kind):
    (text,) = blocks(kind)
    return text


# The complete example and the small one.
EXAMPLE, SMALL = blocks("toml")


def table(heading):
    """The rows of the table that begins with this row, without the backquotes of code."""
    rows = PAGE.split(f"\n| {heading} |", 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def as_nobody(computer, *arguments):
    """Runs privacyctl policy as a user without any rights to write."""
    # Other users may not be able to enter the folder where it is installed.
    copy = computer.root / "copy"
    if not copy.exists():
        for name in ("bin/privacyctl", "share/privacy-panel", "share/glib-2.0"):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-r", INSTALLED / name, copy / name], check=True)
        computer.root.chmod(0o755)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    program = copy / "bin" / "privacyctl"
    return computer.session.run(*nobody, program, "policy", *arguments, env={"TMPDIR": "/tmp"})


def last(done):
    assert done.returncode == 0, done
    return done.stdout.splitlines()[-1]


def test_every_block_on_the_page_is_of_a_kind_that_is_run_below():
    kinds = {kind: len(blocks(kind)) for kind, _ in BLOCKS}
    assert kinds == {
        "toml": 2,
        "toml broken": 1,
        "text": 1,
        "text overruled": 1,
        "js rule": 1,
        "console": 7,
        "json": 1,
        "yaml playbook": 1,
        "sh image": 1,
        "sh folder": 1,
        "yaml cloud-config": 1,
        "sh package": 1,
        # tests/package also runs the recipes for Debian's packages.
        "text preseed": 1,
    }


def test_the_actions_that_the_page_names_are_those_that_there_are():
    file = SOURCE / "data" / "net.launchpad.PrivacyPanel.policy"
    known = re.findall(r'<action id="(.*?)">', file.read_text())
    (in_rule,) = re.findall(r'action\.id == "(.*?)"', block("js rule"))
    (other,) = re.findall(r"The other action is `(.*?)`", PAGE)
    assert {in_rule, other} == set(known)


# The format


@pytest.mark.parametrize("text", [EXAMPLE, SMALL])
def test_every_policy_on_the_page_has_no_mistakes(computer, text):
    computer.write(POLICY, text)
    done = computer.policy("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{POLICY}: no mistakes.\n")


def test_the_broken_policy_is_reported_as_the_page_says(computer):
    (computer.root / "policy.toml").write_text(block("toml broken"))
    done = computer.policy("check", "policy.toml", cwd=computer.root)
    assert (done.returncode, done.stderr) == (2, block("text"))


def test_the_fields_and_words_on_the_page_are_those_that_there_are(computer):
    fields = {row[0].strip("`"): row[1] for row in table("field | value")[:6]}
    assert list(fields) == [
        "organisation.name",
        "organisation.contact",
        "choices.ID.state",
        "choices.ID.locked",
        "choices.ID.lists",
        "profiles",
    ]
    broken = computer.root / "broken.toml"

    def expected(text):
        broken.write_text(text)
        return computer.policy("check", broken).stderr

    said = expected('[organisation]\nname = "x"\nx = 1\n')
    assert "unknown field “x”; expected one of: name, contact\n" in said
    said = expected('[choices.online-search]\nstate = "off"\nx = 1\n')
    assert "unknown field “x”; expected one of: state, locked, lists\n" in said
    (ids,) = re.findall(r"unknown choice “x”; expected one of: (.*)\n", expected("choices.x = {}"))
    for name in ids.split(", "):
        assert f"`{name}`" in fields["choices.ID.state"]
    words = expected('choices.online-search = { state = "off", locked = true, lists = "x" }')
    (words,) = re.findall(r"; expected (.*)\n", words)
    assert re.findall("“(.*?)”", words) == re.findall('`"(.*?)"`', fields["choices.ID.lists"])
    # Which fields need which others, by the page.
    assert "“lists” without a lock" in expected(
        'choices.online-search = { state = "off", lists = "preset" }'
    )
    assert "“all-off” for a choice that is on" in expected(
        'choices.online-search = { state = "on", locked = true, lists = "all-off" }'
    )
    assert "no name; expected" in expected("[organisation]")
    assert "larger than 256 KiB" in expected("#" * (256 * 1024 + 1))


# The commands


def as_pattern(lines):
    """A pattern for the output: a lone “…” is any number of lines, at an end of a line any text."""
    pattern = ""
    for line in lines:
        if line == "…":
            pattern += r"(?:.*\n)*?"
        elif line.endswith("…"):
            pattern += re.escape(line[:-1]) + r".*\n"
        else:
            pattern += re.escape(line) + r"\n"
    return re.compile(pattern)


def without_others(output, expected):
    """The output without the programs of the computer that runs the tests that no policy reaches."""
    names = tuple(line.partition(":")[0] for line in expected)
    lines = output.splitlines(keepends=True)
    return "".join(
        line for line in lines if "not reached by a policy" not in line or line.startswith(names)
    )


def test_every_command_on_the_page_prints_what_stands_there(computer):
    work = computer.root / "work"
    work.mkdir()
    (work / "new.toml").write_text(EXAMPLE.replace('"on"', '"off"'))
    computer.write(POLICY, EXAMPLE)
    ran = 0
    for text in blocks("console"):
        for part in re.split(r"^(?=[#$] )", text, flags=re.M)[1:]:
            command, *expected = part.splitlines()
            done = computer.session.run("sh", "-c", f"exec 2>&1; {command[2:]}", cwd=work)
            printed = without_others(done.stdout, expected)
            assert as_pattern(expected).fullmatch(printed), (command, printed)
            ran += 1
    assert ran == 20
    assert not computer.file("/etc/dconf").exists(), "the last of them takes it out"
    shutil.rmtree(work)


def test_the_status_as_json_is_the_pages(computer):
    computer.apply(SMALL)
    done = computer.policy("status", "--json")
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    found = json.loads(done.stdout)
    for choice in found["choices"]:
        # The programs of the computer that runs the tests.
        choice["beyond"] = []
    assert found == json.loads(block("json"))
    described = "".join(row[0] for row in table("field | value")) + PAGE.split("```json")[1].split(
        "Fields are added"
    )[0].split("```")[1]
    for name in json.loads(done.stdout).keys() - {"choices"}:
        assert f"`{name}`" in described, name
    computer.clean()
    nothing = json.loads(computer.policy("status", "--json").stdout)
    assert (nothing["policy"], nothing["organisation"], nothing["in_force"]) == (None, None, False)


def test_the_exit_statuses_are_the_pages(computer):
    assert [row[0] for row in table("exit status | meaning")] == ["0", "1", "2", "4"]
    assert computer.policy("status").returncode == 1, "no policy"
    assert computer.policy("apply").returncode == 2, "no such file"
    assert computer.policy("apply", "--no-such-option").returncode == 2
    computer.write(POLICY, EXAMPLE)
    assert computer.policy("status").returncode == 1, "not in force"
    computer.apply()
    assert computer.policy("status").returncode == 0
    profile = computer.file(PROFILE)
    profile.unlink()
    profile.symlink_to("elsewhere")
    for command in ("apply", "remove"):
        done = computer.policy(command)
        if command == "apply":
            assert (done.returncode, done.stdout) == (4, ""), "no last line where it fails"
    assert computer.policy("apply", "--dry-run").returncode == 4


def test_apply_and_remove_end_with_one_of_two_words_in_every_language(computer):
    german = {"LC_ALL": "C.UTF-8", "LANGUAGE": "de"}
    computer.write(POLICY, EXAMPLE)
    for word in ("changed", "unchanged"):
        assert last(computer.policy("apply", "--dry-run", env=german)) == word
        assert last(computer.policy("apply", env=german)) == word
    for word in ("changed", "unchanged"):
        assert last(computer.policy("remove", env=german)) == word


def test_the_status_and_a_dry_run_need_no_root(computer):
    computer.apply(EXAMPLE)
    done = as_nobody(computer, "status")
    assert done.returncode == 0, done
    assert last(as_nobody(computer, "apply", "--dry-run")) == "unchanged"
    assert as_nobody(computer, "apply").returncode == 4


# Files that are written


def test_files_and_folders_are_those_on_the_page_with_these_rights(computer):
    computer.write(POLICY, EXAMPLE)
    done = computer.session.run("sh", "-c", "umask 077; privacyctl policy apply")
    assert last(done) == "changed"
    top = computer.file("/etc/dconf")
    found = {f"/{path.relative_to(computer.root)}": path.stat() for path in top.rglob("*")}
    files = {name for name in found if not computer.file(name).is_dir()}
    backups = str(SOURCES / ".backups")
    assert "`.backups`" in PAGE
    expected = [SOURCES / "policy", SOURCES / "locks" / "policy", backups, DATABASE, PROFILE]
    assert files == {str(path) for path in expected}
    for name in [*map(str, expected), str(SOURCES)]:
        assert name in PAGE or name.startswith(f"{SOURCES}/"), name
    for name, status in found.items():
        wanted = 0o600 if name == backups else 0o644 if name in files else 0o755
        assert status.st_mode & 0o777 == wanted, name
        assert (status.st_uid, status.st_gid) == (os.geteuid(), os.getegid())
    assert computer.file("/run/privacy-panel.lock").exists()
    kept = computer.read(SOURCES / "policy")
    assert all(f"#| {line}".rstrip() in kept for line in EXAMPLE.splitlines())


def test_our_line_comes_after_the_persons_database_and_the_rest_of_the_profile_stays(computer):
    file = computer.write(PROFILE, "# ours\nuser-db:user\nsystem-db:site\n")
    file.chmod(0o664)
    computer.apply(EXAMPLE)
    assert computer.read(PROFILE) == f"# ours\nuser-db:user\n{OUR_LINE}\nsystem-db:site\n"
    assert file.stat().st_mode & 0o777 == 0o664


def test_a_profile_of_the_distributions_is_taken_over(computer, tmp_path):
    vendor = tmp_path / "usr" / "share" / "dconf" / "profile" / "user"
    vendor.parent.mkdir(parents=True)
    vendor.write_text("user-db:user\nsystem-db:distribution\n")
    computer.write(POLICY, EXAMPLE)
    made = tmp_path / PROFILE.relative_to("/")
    assert last(computer.policy("apply", POLICY, "--root", tmp_path)) == "changed"
    assert made.read_text() == f"user-db:user\n{OUR_LINE}\nsystem-db:distribution\n"


def test_the_status_compares_with_what_was_applied_from_another_file(computer):
    (computer.root / "other.toml").write_text(SMALL)
    computer.policy("apply", computer.root / "other.toml")
    status = json.loads(computer.policy("status", "--json").stdout)
    assert (status["policy"], status["in_force"]) == (str(SOURCES / "policy"), True)
    computer.write(POLICY, EXAMPLE)
    status = json.loads(computer.policy("status", "--json").stdout)
    assert (status["policy"], status["in_force"]) == (str(POLICY), False)


# What people see


def test_what_a_person_had_decided_counts_again_when_the_lock_is_gone(computer):
    session = computer.session
    session.ask("privacyctl", "set", "online-search", "on")
    computer.apply(EXAMPLE)
    assert session.status("online-search")["state"] == "off"
    assert session.ctl("set", "online-search", "on").returncode == 3
    computer.policy("remove")
    status = session.status("online-search")
    assert (status["state"], status["origin"]) == ("on", "you")


def test_a_masked_reader_is_neither_decided_nor_shown(computer):
    computer.write(READERS / "unity-dash.toml", "")
    computer.apply(EXAMPLE)
    assert "lenses" not in computer.read(SOURCES / "policy")
    readers = computer.session.status("online-search")["readers"]
    assert "unity-dash" not in {reader["id"] for reader in readers}


# Other databases and profiles


def test_names_of_other_databases_stay_in_lists_and_status_notices_when_they_change(computer):
    schema = "org.gnome.desktop.search-providers"
    key = f"[{schema.replace('.', '/')}]\ndisabled="
    computer.administrator(f"{key}['org.example.One.desktop']\n")
    computer.apply(EXAMPLE)
    assert "'org.example.One.desktop'" in computer.session.get(schema, "disabled")
    computer.database("site", f"{key}['org.example.Two.desktop']\n")
    computer.session.ask("dconf", "update")
    assert computer.policy("status").returncode == 1
    assert computer.apply()[-1] == "changed"
    assert "'org.example.Two.desktop'" in computer.session.get(schema, "disabled")


def test_a_lock_further_down_counts_over_the_policy_and_apply_says_so(computer):
    path = UNITY_SCHEMA.replace(".", "/").lower()
    computer.administrator(f"[{path}]\n{UNITY_KEY}='all'\n", [f"/{path}/{UNITY_KEY}"])
    computer.write(POLICY, EXAMPLE)
    done = computer.policy("apply")
    assert done.returncode == 4
    assert block("text overruled") in done.stderr
    assert block("text overruled").strip() in computer.policy("status").stdout


def test_sessions_with_another_profile_are_not_covered_and_dconf_takes_the_first(computer):
    session = computer.session
    computer.apply(EXAMPLE)
    session.ask("privacyctl", "reset", "--all")

    def decides(**env):
        """The origin of the value that programs of this session read."""
        found = session.ask("gsettings", "get", PANEL_SCHEMA, "error-reports", env=env)
        return {"true": "policy", "false": "default"}[found]

    assert decides() == "policy"
    without = computer.write("/etc/without", "user-db:user\n")
    ours = computer.write("/etc/with", f"user-db:user\n{OUR_LINE}\n")
    runtime = session.root / "run" / "dconf" / "profile"
    runtime.parent.mkdir(exist_ok=True)
    shutil.copy(without, runtime)
    assert decides() == "default"
    assert decides(DCONF_PROFILE="/etc/with") == "policy", "the variable comes before"
    mandatory = computer.file(f"/run/dconf/user/{os.getuid()}")
    mandatory.parent.mkdir(parents=True)
    shutil.copy(without, mandatory)
    assert decides(DCONF_PROFILE="/etc/with") == "default", "and this before the variable"
    shutil.copy(ours, mandatory)
    assert decides() == "policy", "with the line in it, it is covered"
    runtime.unlink()
    mandatory.unlink()


def test_a_profile_of_a_service_database_gets_the_line_after_it(computer):
    computer.write(POLICY, EXAMPLE)
    profile = "service-db:keyfile/user\n{}system-db:site\n"
    computer.write(PROFILE, profile.format(""))
    assert computer.apply()[-1] == "changed"
    assert computer.read(PROFILE) == profile.format(f"{OUR_LINE}\n")
    assert computer.policy("status").returncode == 0
    assert last(computer.policy("remove")) == "changed"
    assert computer.read(PROFILE) == profile.format("")


# What it trusts


def test_no_variable_and_no_home_has_a_part_in_a_policy(computer):
    session = computer.session
    reader = (
        'name = "Evil"\nchoice = "error-reports"\n[gsettings]\nschema = "org.example.Evil"\n'
        'path = "/org/example/evil/"\nkey = "key"\non = "true"\noff = "false"\n'
    )
    session.add_reader("evil", reader)
    shared = session.share / "privacy-panel" / "readers.d"
    shared.mkdir(parents=True, exist_ok=True)
    (shared / "also.toml").write_text(reader)
    listed = session.ctl("readers").stdout
    assert "evil" in listed and "also" in listed, "for the person's own session they count"
    computer.apply(EXAMPLE)
    assert "evil" not in computer.read(SOURCES / "policy")
    shutil.rmtree(shared.parent)
    computer.write(READERS / "good.toml", reader.replace("evil", "good"))
    assert computer.apply()[-1] == "changed"
    assert "[org/example/good]" in computer.read(SOURCES / "policy")


# Messages

SENTENCES = [row[0] for row in table("it says | what to do")]
CLI = "".join(
    (SOURCE / "src" / "cli" / name).read_text() for name in ("policy.rs", "policy/text.rs")
)


def sentence(beginning):
    """The page's message with that beginning, as a pattern: a word in capitals is any text."""
    (found,) = [text for text in SENTENCES if text == beginning] or [
        text for text in SENTENCES if text.startswith(beginning)
    ]
    parts = re.split(r"\b[A-Z]{3,}\b", found)
    return re.compile("privacyctl: " + "[^\n]+".join(map(re.escape, parts)) + r"$", re.MULTILINE)


def no_policy(computer):
    return computer.policy("apply"), 2


def not_writable(computer):
    computer.write(POLICY, EXAMPLE)
    return as_nobody(computer, "apply"), 4


def read_only_image(computer):
    computer.write(POLICY, EXAMPLE)
    image = computer.root / "image"
    (image / "etc").mkdir(parents=True)
    read_only = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", image, image]
    done = computer.session.run(
        *read_only, "privacyctl", "policy", "apply", POLICY, "--root", image
    )
    shutil.rmtree(image)
    return done, 4


def the_systems_own(computer):
    computer.write(POLICY, EXAMPLE)
    lock = computer.file("/run/privacy-panel.lock")
    lock.unlink(missing_ok=True)
    lock.mkdir()
    done = computer.policy("apply")
    lock.rmdir()
    return done, 4


def in_the_way(computer):
    computer.write(POLICY, EXAMPLE)
    computer.write(SOURCES, "")
    return computer.policy("apply"), 4


def somebody_elses(computer):
    computer.write(POLICY, EXAMPLE)
    computer.write(SOURCES / "mine", "")
    return computer.policy("apply"), 4


def a_link(computer):
    computer.write(POLICY, EXAMPLE)
    computer.write("/etc/dconf/profile/elsewhere", "user-db:user\n")
    computer.file(PROFILE).symlink_to("elsewhere")
    return computer.policy("apply"), 4


def our_line_in_a_link(computer):
    a_link(computer)
    computer.write("/etc/dconf/profile/elsewhere", f"user-db:user\n{OUR_LINE}\n")
    assert last(computer.policy("apply")) == "changed"
    assert computer.file(PROFILE).is_symlink()
    return computer.policy("remove"), 4


def no_user_database(computer):
    computer.write(POLICY, EXAMPLE)
    computer.write(PROFILE, "system-db:site\n")
    return computer.policy("apply"), 4


def a_contradiction(computer):
    computer.write(POLICY, EXAMPLE)
    unity = (SOURCE / "data" / "readers.d" / "unity-dash.toml").read_text()
    unity = unity.replace("on =", "x =").replace("off =", "on =").replace("x =", "off =")
    computer.write(READERS / "other.toml", unity)
    return computer.policy("apply"), 2


def no_dconf(computer):
    computer.write(POLICY, EXAMPLE)
    program = INSTALLED / "bin" / "privacyctl"
    return computer.session.run("env", "PATH=/nonexistent", program, "policy", "apply"), 4


def not_compiled(computer):
    computer.write(POLICY, EXAMPLE)
    folder = computer.root / "stub"
    folder.mkdir(exist_ok=True)
    (folder / "dconf").write_text("#!/bin/sh\necho 'no space left' >&2\nexit 1\n")
    (folder / "dconf").chmod(0o755)
    path = f"{folder}:{computer.session.env['PATH']}"
    # The sandbox itself needs the old PATH.
    return computer.session.run("env", f"PATH={path}", "privacyctl", "policy", "apply"), 4


def not_in_force(computer):
    path = UNITY_SCHEMA.replace(".", "/").lower()
    computer.administrator(f"[{path}]\n{UNITY_KEY}='all'\n", [f"/{path}/{UNITY_KEY}"])
    computer.write(POLICY, EXAMPLE)
    return computer.policy("apply"), 4


def hidden(computer):
    computer.apply(EXAMPLE)
    computer.file(DATABASE).chmod(0o600)
    return computer.policy("status"), 1


def hidden_profile(computer):
    computer.write(POLICY, EXAMPLE)
    computer.write(PROFILE, "user-db:user\n").chmod(0o600)
    return computer.policy("apply"), 4


def exposed(computer):
    computer.apply(EXAMPLE)
    computer.file(DATABASE).chmod(0o666)
    return computer.policy("status"), 0


def a_broken_reader(computer):
    computer.write(POLICY, EXAMPLE)
    computer.write(READERS / "broken.toml", "name = 1\n")
    return computer.policy("apply"), 0


def another_at_work(computer):
    computer.write(POLICY, EXAMPLE)
    lock = "/run/privacy-panel.lock"
    holder = computer.session.spawn(["flock", lock, "sleep", "60"])
    end = time.monotonic() + 10
    while computer.session.run("flock", "-n", lock, "true").returncode == 0:
        assert time.monotonic() < end
    waiting = computer.session.spawn(
        ["privacyctl", "policy", "apply"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    said = waiting.stderr.readline()
    os.killpg(holder.pid, 15)
    out, more = waiting.communicate(timeout=30)
    assert out.splitlines()[-1] == "changed", "it goes on when the other one is done"
    return subprocess.CompletedProcess([], waiting.returncode, out, said + more), 0


def a_broken_opt_out(computer):
    computer.write("/etc/ubuntu-insights/system-config.toml", "system_opt_out = = true\n")
    computer.write(POLICY, '[choices.usage-statistics]\nstate = "off"\nlocked = true\n')
    done = computer.policy("apply")
    shutil.rmtree(computer.file("/etc/ubuntu-insights"))
    return done, 4


def a_profile_without_the_line(computer):
    computer.write("/etc/dconf/profile/alice", "user-db:user\n")
    computer.apply(EXAMPLE)
    return computer.policy("status"), 1


def setting(computer, profile):
    computer.apply(EXAMPLE)
    file = computer.write("/etc/environment.d/90-site.conf", f"DCONF_PROFILE={profile}\n")
    done = computer.policy("status")
    file.unlink()
    return done, 1


def a_profile_elsewhere(computer):
    computer.write("/etc/dconf/elsewhere", "user-db:user\n")
    return setting(computer, "/etc/dconf/elsewhere")


def a_missing_profile(computer):
    return setting(computer, "missing")


def a_variable_profile(computer):
    return setting(computer, "/home/$USER/profile")


def an_unreadable_profile(computer):
    computer.apply(EXAMPLE)
    computer.write("/etc/dconf/profile/alice", "user-db:user\n").chmod(0o600)
    return as_nobody(computer, "status"), 1


def a_packages_profile(computer):
    image = computer.root / "image"
    profiles = image / "usr" / "share" / "dconf" / "profile"
    profiles.mkdir(parents=True)
    (profiles / "vendor").write_text("user-db:user\n")
    (image / "etc").mkdir()
    computer.write(POLICY, EXAMPLE)
    done = computer.policy("apply", POLICY, "--root", image)
    shutil.rmtree(image)
    return done, 0


CAUSES = {
    "There is no policy": no_policy,
    "Nothing can be written in “FOLDER”: REASON. The": not_writable,
    "Nothing can be written in “FOLDER”: REASON.": read_only_image,
    "“FILE”: REASON.": the_systems_own,
    "“FILE” is in the way": in_the_way,
    "“FILE” was not put there": somebody_elses,
    "“FILE” is a link, so that something else takes care of it. Add": a_link,
    "“FILE” is a link, so that something else takes care of it. Take": our_line_in_a_link,
    "“FILE” has no line": no_user_database,
    "The readers": a_contradiction,
    "dconf is not installed": no_dconf,
    "The database could not be compiled": not_compiled,
    "Another privacyctl is at work on the policy. Waiting.": another_at_work,
    "The policy was written, but is not": not_in_force,
    "The policy was written, but not everybody": hidden_profile,
    "People cannot read": hidden,
    "Others than the administrator": exposed,
    "The dconf profile “FILE” leaves the policy out. Add": a_profile_without_the_line,
    "The dconf profile “FILE”, which NAMES sets, leaves": a_profile_elsewhere,
    "The dconf profile “FILE” leaves the policy out. Copy": a_packages_profile,
    "There is no dconf profile": a_missing_profile,
    "The dconf profile “FILE” cannot be read": an_unreadable_profile,
    "The dconf profile “FILE”, which NAMES sets, is known": a_variable_profile,
    "FILE:LINE:COLUMN: MISTAKE. It": a_broken_reader,
    "FILE:LINE:COLUMN: MISTAKE. Mend": a_broken_opt_out,
}
# It waits for a minute.
NOT_RUN = "Another privacyctl is at work on the policy and does not come to an end"


@pytest.mark.parametrize("beginning", CAUSES)
def test_every_sentence_on_the_page_is_said_for_its_cause(computer, beginning):
    done, status = CAUSES[beginning](computer)
    assert done.returncode == status, done
    assert sentence(beginning).match(done.stderr), done.stderr


def test_every_sentence_of_the_program_is_on_the_page():
    assert len(SENTENCES) == len(CAUSES) + 1
    (not_run,) = [text for text in SENTENCES if text.startswith(NOT_RUN)]
    assert f'"{not_run}"' in CLI
    # Every message that ends a command or warns is in these two functions, and in `wait`.
    functions = [CLI.split(f"fn {name}(", 1)[1].split("\n}\n", 1)[0] for name in
                 ("sentence", "warn", "wait", "left_out")]  # fmt: skip
    said = re.findall(r'"((?:[^"\\]|\\.)*\.)"', "".join(functions))
    assert len(said) == 29

    def bare(text):
        return re.sub(r"\{\w+\}|\b[A-Z]{3,}\b", "_", text)

    on_page = {bare(text) for text in SENTENCES}
    for text in said:
        text = text.replace("{line}", OUR_LINE).replace("{all}", 'profiles = "all"')
        # Some messages have two parts.
        parts = [page for page in on_page if bare(text).removeprefix("_") in page]
        assert parts, text


# The recipes


@pytest.mark.parametrize("kind", ["sh image", "sh folder", "sh package"])
def test_shellcheck_finds_nothing_in_the_scripts(kind):
    done = subprocess.run(
        ["shellcheck", "-S", "warning", "-s", "sh", "-"],
        input=block(kind), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_the_playbook_puts_the_policy_in_force_on_a_computer(computer):
    work = computer.root / "ansible"
    work.mkdir()
    (work / "play.yml").write_text(block("yaml playbook"))
    (work / "inventory").write_text(
        "[desktops]\nhere ansible_connection=local ansible_python_interpreter=/usr/bin/python3\n"
    )
    roles = SOURCE / "contrib" / "ansible" / "roles"

    def run(*options):
        said = computer.session.ask(
            "ansible-playbook", "-i", work / "inventory", *options, work / "play.yml",
            env={"ANSIBLE_ROLES_PATH": str(roles)},
        )  # fmt: skip
        return int(re.search(r" changed=(\d+) ", said)[1])

    assert run("--check") == 1
    assert not computer.file("/etc/dconf").exists()
    assert (run(), run()) == (1, 0)
    assert computer.policy("status").returncode == 0
    assert computer.session.status("online-search")["organisation"]["name"] == "Example University"
    assert run("-e", "privacy_policy_state=absent") == 1
    assert not computer.file("/etc/dconf").exists()
    assert not computer.file(POLICY).exists()


def in_force(computer, folder):
    assert computer.policy("status", "--root", folder).returncode == 0
    # The image has no reader files of its own.
    locks = folder / SOURCES.relative_to("/") / "locks" / "policy"
    assert "/com/canonical/unity/lenses/" in locks.read_text()
    assert (folder / POLICY.relative_to("/")).read_text() == EXAMPLE
    assert (folder / PROFILE.relative_to("/")).read_text() == f"user-db:user\n{OUR_LINE}\n"


def test_mmdebstraps_hooks_put_the_policy_into_an_image(computer, tmp_path):
    (tmp_path / "policy.toml").write_text(EXAMPLE)
    image = tmp_path / "image"
    (image / "etc").mkdir(parents=True)
    # The arguments that mmdebstrap would get.
    hooks = [
        word.removeprefix("--customize-hook=")
        for word in subprocess.run(
            ["sh", "-c", 'mmdebstrap() { printf "%s\\0" "$@"; }\n' + block("sh image")],
            capture_output=True, text=True, check=True,
        ).stdout.split("\0")
        if word.startswith("--customize-hook=")
    ]  # fmt: skip
    assert len(hooks) == 2
    for hook in hooks:
        # As mmdebstrap(1) calls hooks.
        done = computer.session.run("sh", "-c", hook, "exec", image, cwd=tmp_path)
        assert done.returncode == 0, done
    in_force(computer, image)


def test_the_commands_for_a_folder_put_the_policy_into_it(computer, tmp_path):
    (tmp_path / "policy.toml").write_text(EXAMPLE)
    image = tmp_path / "image"
    (image / "etc").mkdir(parents=True)
    script = block("sh folder")
    assert script.count("/srv/image") == 1
    before = contents(computer.file("/etc"))
    done = computer.session.run(
        "sh", "-euc", script.replace("/srv/image", str(image)), cwd=tmp_path
    )
    assert done.returncode == 0, done
    in_force(computer, image)
    assert contents(computer.file("/etc")) == before


@pytest.mark.parametrize("absolute", [True, False])
def test_a_link_out_of_an_image_leads_to_a_file_of_the_image(computer, tmp_path, absolute):
    computer.write(POLICY, EXAMPLE)
    image, outside = tmp_path / "image", tmp_path / "outside"
    (image / "etc").mkdir(parents=True)
    outside.mkdir()
    (image / "etc" / "dconf").symlink_to(outside if absolute else "../../outside")
    done = computer.policy("apply", POLICY, "--root", image)
    assert done.returncode == 4 and "leads nowhere" in done.stderr
    inside = image / (outside.relative_to("/") if absolute else "outside")
    inside.mkdir(parents=True)
    done = computer.policy("apply", POLICY, "--root", image)
    assert (done.returncode, last(done)) == (0, "changed")
    assert (inside / "db" / "privacy_panel").exists()
    assert not list(outside.iterdir())


@pytest.fixture(scope="module")
def cloud_init():
    """Debian's cloud-init, unpacked once and kept. If it were installed, it would run at the next
    boot of the computer that runs the tests."""
    place = SOURCE / "_build" / "cloud-init"
    if not place.exists():
        new = place.with_name("cloud-init.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        # Without package lists, fetch them first.
        script = "download() { apt-get download -qq cloud-init; }\n"
        script += "download || { apt-get update -qq && download; }"
        subprocess.run(["sh", "-c", script], cwd=new, check=True)
        (package,) = new.glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", package, new], check=True)
        new.rename(place)
    return {"PYTHONPATH": str(place / "usr" / "lib" / "python3" / "dist-packages")}


# cloud-init's own code handles the two keys, from the file to the script that it runs.
CARRY_OUT = """
import subprocess, sys, yaml
from cloudinit import util
from cloudinit.config.cc_write_files import write_files
config = yaml.safe_load(open(sys.argv[1]))
write_files("write_files", config["write_files"], "root:root")
subprocess.run(["sh", "-c", util.shellify(config["runcmd"])], check=True)
"""


def test_cloud_init_accepts_the_page_and_carries_it_out(computer, cloud_init, tmp_path):
    def accepts(text):
        (tmp_path / "user-data").write_text(text)
        done = computer.session.run(
            "/usr/bin/python3", "-m", "cloudinit.cmd.main",
            "schema", "--config-file", tmp_path / "user-data",
            env=cloud_init,
        )  # fmt: skip
        return done.returncode == 0 and "Valid cloud-config" in done.stdout

    text = block("yaml cloud-config")
    assert not accepts(text.replace("permissions", "permission")), "it looks"
    assert not accepts(text.replace("- [privacyctl, policy, apply]", "privacyctl")), "it looks"
    assert accepts(text)
    config = yaml.safe_load(text)
    assert config["packages"] == ["privacyctl"]
    assert config["write_files"][0]["content"] == EXAMPLE
    computer.session.ask(
        "/usr/bin/python3", "-c", CARRY_OUT, tmp_path / "user-data", env=cloud_init
    )
    assert computer.policy("status").returncode == 0
    assert computer.file(POLICY).stat().st_mode & 0o777 == 0o644


def test_the_package_is_built_and_dpkg_installs_upgrades_and_removes_it(tmp_path):
    (tmp_path / "policy.toml").write_text(EXAMPLE)
    script = block("sh package")

    def build(version):
        done = subprocess.run(
            ["sh", "-c", script.replace("version=1.0", f"version={version}")],
            cwd=tmp_path, capture_output=True, text=True, umask=0o077,
        )  # fmt: skip
        assert done.returncode == 0, done
        return tmp_path / f"example-privacy-policy_{version}_all.deb"

    one = build("1.0")
    listed = subprocess.run(["dpkg-deb", "-c", one], capture_output=True, text=True, check=True)
    assert re.findall(r"^(\S+) (\S+) .* (\S+)$", listed.stdout, re.M) == [
        ("drwxr-xr-x", "root/root", "./"),
        ("drwxr-xr-x", "root/root", "./etc/"),
        ("drwxr-xr-x", "root/root", "./etc/privacy-panel/"),
        ("-rw-r--r--", "root/root", "./etc/privacy-panel/policy.toml"),
    ]

    subprocess.run(["dpkg-deb", "-e", one, tmp_path / "control"], check=True)
    for name in ("postinst", "prerm"):
        subprocess.run(["shellcheck", tmp_path / "control" / name], check=True)

    # A package that satisfies the dependency.
    control = tmp_path / "privacyctl" / "DEBIAN" / "control"
    control.parent.mkdir(parents=True)
    control.write_text(
        "Package: privacyctl\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\n"
        "Description: a stand-in; the program is in PATH\n"
    )
    for folder in (control.parent.parent, control.parent):
        folder.chmod(0o755)
    subprocess.run(
        ["dpkg-deb", "--build", control.parent.parent, tmp_path / "privacyctl.deb"],
        check=True, capture_output=True,
    )  # fmt: skip

    database = tmp_path / "dpkg"
    for name in ("info", "updates", "triggers", "parts"):
        (database / name).mkdir(parents=True)
    (database / "status").touch()
    log = tmp_path / "log"
    log.mkdir()
    with Computer(binds=[(database, "/var/lib/dpkg"), (log, "/var/log")]) as computer:
        before = contents(computer.file("/etc"))

        def dpkg(*arguments):
            return computer.session.run("dpkg", "--force-confdef", *arguments)

        assert dpkg("-i", one).returncode != 0, "it needs privacyctl"
        assert computer.policy("status").returncode == 1
        assert dpkg("--purge", "example-privacy-policy").returncode == 0
        assert dpkg("-i", tmp_path / "privacyctl.deb").returncode == 0

        done = dpkg("-i", one)
        assert last(done) == "changed"
        assert computer.policy("status").returncode == 0
        assert last(dpkg("-i", one)) == "unchanged"

        (tmp_path / "policy.toml").write_text(SMALL)
        assert last(dpkg("-i", build("1.1"))) == "changed"
        assert computer.read(POLICY) == SMALL
        assert computer.policy("status").returncode == 0

        # dpkg does not replace a file that was edited on the computer without asking.
        edited = SMALL.replace('"off"', '"on"')
        computer.write(POLICY, edited)
        (tmp_path / "policy.toml").write_text(EXAMPLE)
        assert last(dpkg("-i", build("1.2"))) == "changed"
        assert computer.read(POLICY) == edited
        assert computer.policy("status").returncode == 0

        assert dpkg("-r", "example-privacy-policy").returncode == 0
        assert computer.read(POLICY) == edited
        assert not computer.file("/etc/dconf").exists()
        assert dpkg("-i", build("1.2")).returncode == 0
        assert computer.policy("status").returncode == 0
        assert dpkg("--purge", "example-privacy-policy").returncode == 0
        assert contents(computer.file("/etc")) == before
