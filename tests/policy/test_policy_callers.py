# SPDX-License-Identifier: GPL-3.0-or-later
"""`policy` run with a user's variables and files, without rights, and where nothing can be written."""

import json

from support.computer import DATABASES, POLICY, PROFILE
from support.names import DONE, NO, NOT_SAVED
from support.policy import BOTH, FULL, OFF_LOCKED, reader_file, refused


def test_a_persons_own_files_and_variables_have_no_influence(computer, tmp_path):
    session = computer.session
    computer.apply(BOTH)
    clean = computer.files()
    computer.policy("remove")
    bad = 'name = "Mine"\nchioce = "online-search"\n'
    # A valid reader file, a mask, and a broken one.
    session.add_reader("broken", bad)
    session.add_reader("unity-dash", "")
    session.add_reader("mine", reader_file())
    data = tmp_path / "privacy-panel" / "readers.d"
    data.mkdir(parents=True)
    (data / "broken.toml").write_text(bad)
    (data / "unity-dash.toml").write_text("")
    (tmp_path / "dconf" / "profile").mkdir(parents=True)
    (tmp_path / "dconf" / "profile" / "user").write_text("user-db:x\nsystem-db:elsewhere\n")
    odd = {
        "XDG_DATA_DIRS": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "XDG_CONFIG_DIRS": str(tmp_path),
        "DCONF_PROFILE": str(tmp_path / "no-profile"),
        "GSETTINGS_BACKEND": "memory",
        "GSETTINGS_SCHEMA_DIR": str(tmp_path),
        "G_MESSAGES_DEBUG": "all",
        "HOME": "/nonexistent",
        "LC_ALL": "de_DE.UTF-8",
    }
    for command in (["check"], ["apply", "--dry-run"], ["apply"], ["status"]):
        done = computer.policy(*command, env=odd)
        assert done.returncode == DONE, done
        assert "broken.toml" not in done.stderr
    assert computer.files() == clean
    status = computer.policy("status", "--json", env=odd).stdout
    assert json.loads(status)["in_force"]


def test_a_user_without_rights_reads_one_sentence_and_nothing_is_changed(computer):
    computer.apply(OFF_LOCKED)
    computer.write(POLICY, FULL)
    before = computer.stamps()
    sentence = (
        f"Nothing can be written in “{DATABASES}”: Permission denied. "
        "The administrator can run this, such as with sudo."
    )
    for command in ("apply", "remove"):
        done = computer.as_user("privacyctl", "policy", command)
        assert refused(done, NOT_SAVED) == [sentence]
    assert computer.stamps() == before
    # Reading is allowed.
    assert computer.as_user("privacyctl", "policy", "check").returncode == DONE
    looked = computer.as_user("privacyctl", "policy", "apply", "--dry-run")
    assert looked.stdout.splitlines()[-1] == "changed"
    assert computer.as_user("privacyctl", "policy", "status").returncode == NO
    assert computer.stamps() == before


def test_where_nothing_can_be_written_it_says_so_and_leaves_all_as_it_is(computer):
    computer.write(PROFILE, "user-db:user\n")
    computer.write(POLICY, OFF_LOCKED)
    before = computer.stamps()
    read_only = ("bwrap", "--dev-bind", "/", "/", "--ro-bind", "/etc", "/etc")
    done = computer.session.run(*read_only, "privacyctl", "policy", "apply")
    (sentence,) = refused(done, NOT_SAVED)
    assert sentence.startswith("Nothing can be written in “/etc/dconf”: Read-only file system.")
    assert computer.stamps() == before
