"""Colours as people with colour vision deficiencies see them, and how far two colours are apart.

Machado, Oliveira and Fernandes 2009 (severity 1) and Vienot, Brettel and Mollon 1999, both in
linear RGB; CIEDE2000 after Sharma, Wu and Dalal 2005.
"""

from __future__ import annotations

import numpy as np

KINDS = {
    "none": np.eye(3),
    "protanopia (Machado)": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia (Machado)": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia (Machado)": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "protanopia (Vienot)": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
    "deuteranopia (Vienot)": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
}
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
     [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(colour: str) -> np.ndarray:
    """``#rrggbb`` as linear RGB in 0..1."""
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def seen(colour: str, kind: str) -> np.ndarray:
    """CIELAB of a colour as one kind of vision sees it."""
    xyz = np.clip(np.asarray(KINDS[kind]) @ linear(colour), 0, 1) @ XYZ.T / WHITE
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    light, dark = sorted((float(linear(c) @ XYZ[1]) for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """The difference of two colours in CIELAB; 1 is about what can just be seen side by side."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25.0**7))
    c1, c2 = np.hypot(stretch * a1, b1), np.hypot(stretch * a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, stretch * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    hue = (h1 + h2) / 2
    if c1 * c2 == 0:
        hue = h1 + h2
    elif abs(h1 - h2) > 180:
        hue = (h1 + h2 + (360 if h1 + h2 < 360 else -360)) / 2
    at = np.radians
    t = (1 - 0.17 * np.cos(at(hue - 30)) + 0.24 * np.cos(at(2 * hue))
         + 0.32 * np.cos(at(3 * hue + 6)) - 0.2 * np.cos(at(4 * hue - 63)))  # fmt: skip
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    bend = 2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    rotation = -np.sin(at(60 * np.exp(-(((hue - 275) / 25) ** 2)))) * bend
    dl = (l2 - l1) / (1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2))
    dc = (c2 - c1) / (1 + 0.045 * chroma)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(at(turn / 2)) / (1 + 0.015 * chroma * t)
    return float(np.sqrt(dl**2 + dc**2 + dh**2 + rotation * dc * dh))
