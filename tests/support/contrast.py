# SPDX-License-Identifier: GPL-3.0-or-later
"""The contrast of texts and controls, from screenshots, as in the Web Content Accessibility Guidelines."""

from collections import Counter

# The minimum contrast of texts, and of the edges of controls.
TEXT, CONTROL = 4.5, 3.0


def luminance(pixel):
    def linear(part):
        part /= 255
        return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in pixel)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class Picture:
    """A screenshot in the format PPM."""

    def __init__(self, path):
        kind, size, most, self.data = path.read_bytes().split(b"\n", 3)
        assert kind == b"P6" and most == b"255"
        self.width, self.height = (int(part) for part in size.split())

    def pixels(self, x, y, width, height):
        """How often each colour is in the part of a rectangle that is in the picture."""
        found = Counter()
        for line in range(max(y, 0), min(y + height, self.height)):
            begin = 3 * (line * self.width + max(x, 0))
            end = 3 * (line * self.width + min(x + width, self.width))
            row = self.data[begin:end]
            found.update(zip(row[0::3], row[1::3], row[2::3]))
        return found

    def contrast(self, x, y, width, height):
        """The contrast between the background of a rectangle and the colour that differs most from it.
        Smoothing makes thin strokes fainter, never stronger."""
        found = self.pixels(x, y, width, height)
        if not found:
            return None
        ((background, _),) = found.most_common(1)
        return max(contrast(background, pixel) for pixel in found)
