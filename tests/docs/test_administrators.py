# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/administrators.md is true: its policies, commands and output, files, and facts about dconf, on a
private computer."""

import json
import os
import re
import shutil

import pytest
from support.administrators import BLOCKS, EXAMPLE, PAGE, SMALL, as_user, block, blocks, last, table
from support.computer import DATABASE, OUR_LINE, POLICY, PROFILE, READERS, SOURCES
from support.harness import SOURCE
from support.names import PANEL_SCHEMA, UNITY_KEY, UNITY_SCHEMA


def test_every_block_on_the_page_is_of_a_kind_that_the_tests_run():
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
    done = as_user(computer, "status")
    assert done.returncode == 0, done
    assert last(as_user(computer, "apply", "--dry-run")) == "unchanged"
    assert as_user(computer, "apply").returncode == 4


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
