# SPDX-License-Identifier: GPL-3.0-or-later
"""`policy --root`: an image with its own readers, profile and databases."""

from support.computer import NAME, OUR_LINE, PROFILE, READERS, contents
from support.harness import INSTALLED, list_reader
from support.names import BAD, DONE
from support.policy import OFF_LOCKED, REPORTS_LOCKED, reader_file, refused

SHELL_READER = list_reader("Shell", ["org.example.Online.desktop"])


def test_an_image_is_prepared_and_nothing_outside_it_is_written(computer, tmp_path):
    (tmp_path / "policy.toml").write_text(OFF_LOCKED)
    image = tmp_path / "image"
    image.mkdir()
    outside = contents(computer.file("/etc")), contents(computer.file("/run"))
    sealed = ("bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")
    # The programs themselves may be below /tmp.
    sealed += ("--tmpfs", "/tmp", "--ro-bind", INSTALLED, INSTALLED, "--bind", tmp_path, "/mnt")
    # For temporary files and the lock file.
    sealed += ("--tmpfs", "/run")
    policy = ("privacyctl", "policy")
    for command, last in (
        (("apply", "/mnt/policy.toml", "--root", "/mnt/image"), "changed"),
        (("status", "--root", "/mnt/image"), "What is in force is what the policy says."),
        (("apply", "/mnt/policy.toml", "--root", "/mnt/image"), "unchanged"),
        (("remove", "--root", "/mnt/image"), "changed"),
        (("remove", "--root", "/mnt/image"), "unchanged"),
    ):
        done = computer.session.run(*sealed, *policy, *command)
        assert (done.returncode, done.stderr) == (DONE, ""), done
        assert done.stdout.splitlines()[-1] == last
    assert contents(image) in ({}, {"etc": None})
    assert (contents(computer.file("/etc")), contents(computer.file("/run"))) == outside
    nowhere = computer.policy("apply", tmp_path / "policy.toml", "--root", tmp_path / "none")
    assert refused(nowhere, BAD) == [f"{tmp_path}/none: No such file or directory"]


def test_an_image_has_its_own_readers_profile_and_databases(computer, tmp_path):
    site = "org/gnome/desktop/search-providers]\ndisabled=['org.example.Kept.desktop']\n"
    computer.write(PROFILE, "user-db:user\nsystem-db:site\n")
    computer.database("site", f"[{site.replace('Kept', 'Elsewhere')}")
    computer.session.ask("dconf", "update")
    computer.write(READERS / "elsewhere.toml", reader_file())

    files = {
        "usr/share/privacy-panel/readers.d/gnome-shell-search.toml": SHELL_READER,
        "etc/privacy-panel/readers.d/site.toml": reader_file(schema="org.example.Image"),
        "etc/privacy-panel/policy.toml": OFF_LOCKED + REPORTS_LOCKED,
        "usr/share/dconf/profile/user": "# vendor\nuser-db:user\nsystem-db:site\n",
        "etc/dconf/db/site.d/defaults": f"[{site}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    databases = tmp_path / "etc/dconf/db"
    computer.session.ask("dconf", "compile", databases / "site", databases / "site.d")
    lines = computer.apply(None, "--root", tmp_path)
    assert [line.rpartition("(")[2] for line in lines] == [
        "in force for 2 programs)",
        "in force for 2 programs)",
        "changed",
    ]
    keys = (databases / f"{NAME}.d" / "policy").read_text()
    assert keys.endswith(
        """
[net/launchpad/PrivacyPanel]
error-reports=false
online-search=false

[org/example/Image]
send=false

[org/gnome/desktop/search-providers]
disabled=['org.example.Kept.desktop', 'org.example.Online.desktop']
"""
    )
    assert computer.apply(None, "--root", tmp_path)[-1] == "unchanged"
    profile = tmp_path / "etc/dconf/profile/user"
    assert profile.read_text() == f"# vendor\nuser-db:user\n{OUR_LINE}\nsystem-db:site\n"
    assert computer.policy("remove", "--root", tmp_path).stdout == "changed\n"
    assert not profile.parent.exists()
    assert sorted(path.name for path in databases.iterdir()) == ["site", "site.d"]
