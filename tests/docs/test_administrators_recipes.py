# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipes of docs/administrators.md: the playbook, images, cloud-init, and the package with a policy."""

import re
import shutil
import subprocess

import pytest
import yaml
from support.administrators import EXAMPLE, SMALL, block, last
from support.computer import OUR_LINE, POLICY, PROFILE, SOURCES, Computer, contents
from support.harness import SOURCE


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
