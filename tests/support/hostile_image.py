# SPDX-License-Identifier: GPL-3.0-or-later
"""An image with links that lead out of it and strange files, and a database that lists gigabytes."""

import os
import shutil
import socket
import struct

from support.faults import FOLDER_UNDER_WAY, POLICIES, UNDER_WAY


SECRET = "OUTSIDE-7f3a"


class Image:
    """An image, and files beside it that no command may touch."""

    def __init__(self, folder):
        self.root = folder / "image"
        self.outside = folder / "outside"
        for top in (self.root, self.outside):
            for name in (
                "dconf/db/privacy_panel.d/locks",
                "dconf/profile",
                "privacy-panel/readers.d",
            ):
                (top / "etc" / name).mkdir(parents=True)
        outside = self.outside / "etc"
        policy = f'[organisation]\nname = "{SECRET}"\n[choices.online-search]\nstate = "on"\n'
        reader = (
            f'name = "{SECRET}"\nchoice = "online-search"\n[gsettings]\nschema = "org.example"\n'
            f'path = "/org/example/"\nkey = "{SECRET.lower()}"\non = "\'a\'"\noff = "\'b\'"\n'
        )
        for name, text in {
            "dconf/db/privacy_panel": SECRET,
            "dconf/db/privacy_panel.d/policy": f"# {SECRET}\n#| {policy}",
            "dconf/db/privacy_panel.d/locks/policy": f"/{SECRET}\n",
            "dconf/profile/user": f"user-db:user\nsystem-db:{SECRET}\n",
            "privacy-panel/policy.toml": policy,
            "privacy-panel/readers.d/a.toml": reader,
            "shadow": f"root:{SECRET}:19000:0:99999:7:::\n",
        }.items():
            (outside / name).write_text(text)
        (outside / "shadow").chmod(0o600)
        (self.root / "etc/dconf/profile/user").write_text("user-db:user\nsystem-db:site\n")
        (self.root / "etc/privacy-panel/policy.toml").write_text(POLICIES["A"])

    def put(self, name, make):
        """Replaces a file or folder of the image."""
        place = self.root / name
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        make(place)

    def link(self, name, target):
        self.put(name, lambda place: place.symlink_to(target))


def a_socket(place):
    here = os.open(place.parent, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as made:
        # The path of a socket must be short.
        made.bind(f"/proc/self/fd/{here}/{place.name}")
    os.close(here)


def a_link_in_circles(place):
    place.symlink_to(f"{place.name}.b")
    place.with_name(f"{place.name}.b").symlink_to(place.name)


def full_of_links(place):
    place.mkdir()
    for name in ("policy", "locks", "x"):
        (place / name).symlink_to("/etc")


STRANGE = {
    "a dangling link": lambda place: place.symlink_to("nothing-there"),
    "a link in circles": a_link_in_circles,
    "a link to itself": lambda place: place.symlink_to(place.name),
    "a pipe": os.mkfifo,
    "a socket": a_socket,
    "a device": lambda place: os.mknod(place, 0o20666, os.makedev(1, 5)),
    "a folder": lambda place: place.mkdir(),
    "a folder of links": full_of_links,
    "a large file": lambda place: os.truncate(os.open(place, os.O_CREAT | os.O_WRONLY), 2**40),
}

DB, PROFILES = "etc/dconf/db", "etc/dconf/profile"
OURS = (
    f"{DB}/privacy_panel",
    f"{DB}/privacy_panel.d",
    f"{DB}/privacy_panel.d/policy",
    f"{DB}/privacy_panel.d/locks",
    f"{DB}/privacy_panel.d/locks/policy",
    f"{DB}/{UNDER_WAY}",
    f"{DB}/{FOLDER_UNDER_WAY}",
    f"{PROFILES}/user",
    f"{PROFILES}/{UNDER_WAY}",
    "etc/privacy-panel/policy.toml",
)
FOLDERS = ("etc", "etc/dconf", DB, PROFILES, "etc/privacy-panel", "etc/privacy-panel/readers.d")


def same_place_outside(image, name):
    counterpart = image.outside / name
    return counterpart if counterpart.exists() else image.outside / "etc" / "shadow"


def relative(image, name):
    return os.path.relpath(same_place_outside(image, name), (image.root / name).parent)


def by_another_link(image, name):
    image.link("way", f"../{image.outside.name}")
    way = os.path.relpath(image.root / "way", (image.root / name).parent)
    image.link(name, f"{way}/{same_place_outside(image, name).relative_to(image.outside)}")


# A link to the same file outside.
LINKS = {
    "absolute": lambda image, name: image.link(name, same_place_outside(image, name)),
    "with dots": lambda image, name: image.link(name, relative(image, name)),
    "with too many dots": lambda image, name: image.link(
        name, "/".join([".."] * 40) + str(same_place_outside(image, name))
    ),
    "by another link": by_another_link,
}


def deep_database(levels, letters):
    """A database of nested folders with one long name, which is stored once, and a key in each.

    The format is that of gvdb (https://gitlab.gnome.org/GNOME/gvdb, gvdb-format.h)."""
    name = b"a" * (letters - 1) + b"/"

    def hashed(text, value=5381):
        for letter in text:
            value = (value * 33 + letter) & 0xFFFFFFFF
        return value

    # The hash of a longer name: the hash of the shorter one times this, plus that of the addition.
    factor, added = pow(33, len(name), 1 << 32), hashed(name, 0)
    items = 1 + 2 * levels
    start = 24
    end = start + 8 + 4 + 24 * items
    base = (end + 7) & ~7
    data = bytearray()

    def put(content, alignment=1):
        data.extend(bytes(-(base + len(data)) % alignment))
        data.extend(content)
        return base + len(data) - len(content), base + len(data)

    root, long, short, value = put(b"/"), put(name), put(b"k"), put(b"\1\0b", 8)
    table = bytearray()

    def item(hash_value, parent, text, kind, content):
        size = text[1] - text[0]
        table.extend(
            struct.pack("<IIIHcBII", hash_value, parent, text[0], size, kind, 0, *content)
        )

    hash_value = last = hashed(b"/")
    parent = 0xFFFFFFFF
    for level in range(levels + 1):
        own = 2 * level - 1 if level else 0
        children = [own + 2, own + 3] if level else [1, 2]
        children = struct.pack("<II", *children) if level < levels else b""
        item(hash_value, parent, long if level else root, b"L", put(children, 4))
        if level:
            item((last * 33 + ord("k")) & 0xFFFFFFFF, parent, short, b"v", value)
        last, parent = hash_value, own
        hash_value = (hash_value * factor + added) & 0xFFFFFFFF
    header = struct.pack("<4I2I", 1918981703, 1953390953, 0, 0, start, end)
    head = header + struct.pack("<3I", 0, 1, 0) + table
    return head + bytes(base - len(head)) + data
