# SPDX-License-Identifier: GPL-3.0-or-later
"""The dconf profiles other than `user`. `status` names those that leave a policy out and says what to
do, and `profiles = "all"` gives them the policy's line."""

import json
import shutil

import pytest
from support.computer import DATABASES, OUR_LINE, POLICY, PROFILE, contents
from support.harness import SOURCE
from support.names import BAD, DONE, NO
from support.policy import OFF_LOCKED

FOR_ALL = 'profiles = "all"\n' + OFF_LOCKED
ALICE = "user-db:user\nsystem-db:alice@example.com\n"
FOLDER = PROFILE.parent
LENSES = ("com.canonical.Unity.Lenses", "remote-content-search")


# Files that may name a profile for logins.
NAMING = (
    "/etc/environment",
    "/etc/environment.d/90-site.conf",
    "/etc/profile.d/site.sh",
    "/etc/profile.d/user.sh",
    "/etc/security/pam_env.conf",
)


@pytest.fixture(autouse=True)
def naming(shared):
    """Puts back the files that name a profile."""
    files = [shared.file(name) for name in NAMING]
    before = {file: file.read_bytes() if file.exists() else None for file in files}
    yield
    for file, content in before.items():
        if content is not None:
            file.write_bytes(content)
        else:
            file.unlink(missing_ok=True)
    shutil.rmtree(shared.file("/run/dconf"), ignore_errors=True)


def left_out(computer, *options):
    done = computer.policy("status", "--json", *options)
    found = json.loads(done.stdout)
    assert (done.returncode == DONE) == found["in_force"]
    assert not (found["in_force"] and found["left_out"])
    return {profile["profile"]: profile for profile in found["left_out"]}


def warnings(done):
    lines = done.stderr.splitlines()
    return [line.removeprefix("privacyctl: ") for line in lines if "profile" in line]


def test_a_profile_that_leaves_the_policy_out_is_named_by_each_command_and_status_is_no(computer):
    path = FOLDER / "alice@example.com"
    computer.write(path, ALICE)
    computer.write(POLICY, OFF_LOCKED)
    wanted = [
        f"The dconf profile “{path}” leaves the policy out. Add the line “{OUR_LINE}” below its "
        "“user-db:” line, or “profiles = \"all\"” to the top of the policy, and apply it."
    ]
    for command, status in (("check", DONE), ("apply", DONE), ("status", NO), ("apply", DONE)):
        done = computer.policy(command)
        assert (done.returncode, warnings(done)) == (status, wanted), done
    assert done.stdout.splitlines()[-1] == "unchanged"
    last = computer.policy("status").stdout.splitlines()[-1]
    assert last.startswith("The policy is not in force for everybody")
    entry = {"profile": str(path), "named_in": [], "why": "no-line"}
    assert left_out(computer) == {str(path): entry}
    # Both are true: what the programs read, and the advice.
    computer.session.env["DCONF_PROFILE"] = path.name
    try:
        assert computer.session.ask("gsettings", "writable", *LENSES) == "true"
        computer.write(path, ALICE.replace("system", f"{OUR_LINE}\nsystem", 1))
        assert left_out(computer) == {}
        assert computer.session.ask("gsettings", "writable", *LENSES) == "false"
    finally:
        del computer.session.env["DCONF_PROFILE"]


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        # GDM's greeter, and IBus's own settings
        ("gdm", "user-db:user\nsystem-db:gdm\nfile-db:/usr/share/gdm/greeter-dconf-defaults\n"),
        ("Debian-gdm", "user-db:user\nfile-db:/var/lib/gdm3/greeter-dconf-defaults\n"),
        ("ibus", "user-db:ibus\nsystem-db:ibus\n"),
        # No person's own settings
        ("kiosk", "file-db:/usr/share/kiosk\nsystem-db:kiosk\n"),
        ("empty", ""),
        ("comments", "#user-db:user\n"),
        # Not in use
        ("alice~", ALICE),
        ("alice.dpkg-old", ALICE),
        (".hidden", ALICE),
    ],
)
def test_a_profile_that_is_no_persons_makes_no_noise_until_it_is_named(computer, name, profile):
    computer.write(FOLDER / name, profile)
    computer.apply(OFF_LOCKED)
    assert left_out(computer) == {}
    computer.write("/etc/environment", f'DCONF_PROFILE="{name}"\n')
    assert list(left_out(computer)) == [str(FOLDER / name)]


def test_profiles_that_files_name_for_logins_are_judged_wherever_they_are(computer):
    computer.apply(OFF_LOCKED)
    places = {
        "/etc/environment": "A=b\r\nDCONF_PROFILE='kiosk'\r\n",
        "/etc/environment.d/90-site.conf": "DCONF_PROFILE=/srv/dconf/environment\n",
        "/etc/profile.d/site.sh": "# x\n[ -n \"$X\" ] || export DCONF_PROFILE=/srv/dconf/shell\n",
        "/etc/security/pam_env.conf": "DCONF_PROFILE DEFAULT=/srv/dconf/pam\n",
        "/etc/profile.d/user.sh": "export DCONF_PROFILE=user",
    }
    for place, text in places.items():
        computer.write(place, text)
    computer.write("/run/dconf/user/1000", ALICE)
    computer.write("/run/dconf/user/1001", f"user-db:user\n{OUR_LINE}\n")
    found = left_out(computer)
    assert {name: (entry["named_in"], entry["why"]) for name, entry in found.items()} == {
        f"{FOLDER}/kiosk": (["/etc/environment"], "missing"),
        "/srv/dconf/environment": (["/etc/environment.d/90-site.conf"], "missing"),
        "/srv/dconf/shell": (["/etc/profile.d/site.sh"], "missing"),
        "/srv/dconf/pam": (["/etc/security/pam_env.conf"], "missing"),
        "/run/dconf/user/1000": ([], "no-line"),
    }
    said = computer.policy("apply").stderr
    assert "There is no dconf profile “/srv/dconf/shell”, which “/etc/profile.d/site.sh” sets" in said
    # With the line they are fine.
    computer.write(FOLDER / "kiosk", f"user-db:user\n{OUR_LINE}\n")
    for place in places:
        computer.file(place).unlink()
    computer.write("/etc/environment.d/90-site.conf", "DCONF_PROFILE=kiosk\n")
    computer.write("/run/dconf/user/1000", f"user-db:user\n{OUR_LINE}\n")
    assert left_out(computer) == {}


def test_profiles_whose_names_are_known_at_login_only_are_all_judged(computer):
    computer.apply(OFF_LOCKED)
    computer.write("/etc/profile.d/site.sh", 'export DCONF_PROFILE="users/$USER.conf"\n')
    computer.write(FOLDER / "users" / "a.conf", ALICE)
    computer.write(FOLDER / "users" / "b.conf", f"user-db:user\n{OUR_LINE}\n")
    computer.write(FOLDER / "users" / "c.txt", ALICE)
    assert list(left_out(computer)) == [f"{FOLDER}/users/a.conf"]
    computer.write("/etc/profile.d/site.sh", "export DCONF_PROFILE=/home/$USER/x\n")
    (entry,) = left_out(computer).values()
    assert (entry["profile"], entry["why"]) == ("/home/…/x", "variable")


PROFILES = {
    "plain": ALICE,
    "without an end": "user-db:user",
    "comments": "# Ours\n\n  user-db:user # hers\nsystem-db:x\n# end\n",
    "crlf": "user-db:user\r\nsystem-db:x\r\n",
    "twice": "user-db:user\nuser-db:user\nsystem-db:x\nsystem-db:x\n",
    "service": "service-db:keyfile/user\nsystem-db:x\n",
    "Größe ' \" $x `y` \\ *": ALICE,
    "-n": ALICE,
}
OTHERS = {"kiosk": "system-db:kiosk\n", "empty": "", "by hand": f"user-db:user\n{OUR_LINE}\n"}


def test_profiles_all_gives_each_its_line_and_takes_it_out_byte_for_byte(computer):
    for name, text in (PROFILES | OTHERS).items():
        computer.write(FOLDER / name, text).chmod(0o664)
    computer.write(FOLDER / "folder" / "alice", ALICE)
    computer.file(FOLDER / "link").symlink_to("plain")
    before = contents(computer.file(FOLDER))
    computer.write(POLICY, FOR_ALL)
    done = computer.policy("check")
    assert (done.returncode, [line for line in warnings(done) if "/link”" not in line]) == (DONE, [])
    dry = computer.policy("apply", "--dry-run").stdout
    assert dry.count(f"\n+{OUR_LINE}\n") == len(PROFILES) + 1
    assert contents(computer.file(FOLDER)) == before

    assert computer.apply()[-1] == "changed"
    for name, text in PROFILES.items():
        now = computer.file(FOLDER / name)
        lines = now.read_bytes().decode().split("\n")
        assert lines.count(OUR_LINE) == 1, name
        at = lines.index(OUR_LINE)
        assert "-db:" in lines[at - 1] and "system" not in lines[at - 1], name
        lines.remove(OUR_LINE)
        assert "\n".join(lines) == text, name
        assert now.stat().st_mode & 0o7777 == 0o664
    for name, text in OTHERS.items():
        assert computer.read(FOLDER / name) == text
    assert left_out(computer) == {}
    stamps = computer.stamps()
    assert computer.apply()[-1] == "unchanged"
    assert computer.stamps() == stamps

    # A policy for the profile `user` alone takes the lines out again.
    assert computer.apply(OFF_LOCKED)[-1] == "changed"
    now = contents(computer.file(FOLDER))
    assert now.pop("user") and now == before
    assert computer.apply()[-1] == "unchanged"

    computer.apply(FOR_ALL)
    edited = computer.read(FOLDER / "plain") + "system-db:late\n"
    computer.write(FOLDER / "plain", edited)
    assert computer.policy("remove").stdout == "changed\n"
    now = contents(computer.file(FOLDER))
    hand = now.pop("by hand")
    assert hand == b"user-db:user\n"
    assert now.pop("plain") == now.pop("link") == f"{ALICE}system-db:late\n".encode()
    before.pop("by hand"), before.pop("plain"), before.pop("link")
    assert now == before


def test_the_packages_script_takes_the_line_out_of_each_profile(computer):
    for name, text in PROFILES.items():
        computer.write(FOLDER / name, text)
    before = contents(computer.file(FOLDER))
    computer.apply(FOR_ALL)
    computer.write(FOLDER / "plain", computer.read(FOLDER / "plain") + "system-db:late\n")
    done = computer.session.run("sh", SOURCE / "debian" / "privacyctl.postrm", "purge")
    assert (done.returncode, done.stderr) == (0, "")
    before["plain"] += b"system-db:late\n"
    assert contents(computer.file(FOLDER)) == before


def test_a_thousand_profiles_are_named_and_changed_in_little_time(computer):
    for number in range(1000):
        computer.write(FOLDER / f"user{number}@example.com", ALICE)
    computer.apply(OFF_LOCKED)
    assert len(left_out(computer)) == 1000
    done = computer.policy("apply", timeout=60)
    assert (len(warnings(done)), done.stdout.splitlines()[-1]) == (1000, "unchanged")
    computer.write(POLICY, FOR_ALL)
    done = computer.policy("apply", timeout=120)
    assert (done.returncode, warnings(done)) == (DONE, [])
    assert left_out(computer) == {}
    assert computer.policy("remove", timeout=120).returncode == DONE
    assert set(contents(computer.file(FOLDER)).values()) == {ALICE.encode()}


def test_the_profiles_of_an_image_are_the_images_own(computer, tmp_path):
    root = tmp_path / "image"
    for name, text in {"etc/dconf/profile/alice": ALICE, "etc/environment": "DCONF_PROFILE=/p\n",
                       "opt/p": "user-db:user\n"}.items():  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "p").symlink_to("/opt/p")
    computer.write("/run/dconf/user/1000", ALICE)
    policy = tmp_path / "policy.toml"
    policy.write_text(OFF_LOCKED)
    done = computer.policy("apply", policy, "--root", root)
    assert done.returncode == DONE
    found = left_out(computer, "--root", root)
    assert {name: entry["named_in"] for name, entry in found.items()} == {
        f"{root}/etc/dconf/profile/alice": [],
        f"{root}/p": [f"{root}/etc/environment"],
    }


@pytest.mark.parametrize("word", ['"some"', "true", '["user"]'])
def test_profiles_is_one_of_two_words(computer, word):
    computer.write(POLICY, f"profiles = {word}\n{OFF_LOCKED}")
    done = computer.policy("check")
    assert done.returncode == BAD
    assert ":1:12: " in done.stderr and "expected “user” or “all”" in done.stderr


def test_a_policy_without_choices_says_that_it_decides_nothing(computer):
    computer.write(POLICY, '[organisation]\nname = "X"\n')
    for command in ("check", "apply --dry-run", "apply", "status", "apply"):
        done = computer.policy(*command.split())
        assert done.returncode == DONE
        assert "The policy decides nothing: it has no choices." in done.stdout.splitlines(), command
    assert computer.policy("remove").returncode == DONE
    assert not computer.file(DATABASES).exists()
