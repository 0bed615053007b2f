"""How similar faces are within and between identities: the source beside what was made of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from harness.plugin.aligners import box_points
from harness.plugin.generators import Picture

from .source import embed_images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.plugin import Context
    from harness.plugin.generators import FaceSet

    from .embedding import Embedder
    from .figures import Made
    from .source import Identities

    Floats = NDArray[np.float32]

MOST_IDENTITIES, MOST_IMAGES = 25, 4
"""What is embedded for a figure: at most half a minute of ArcFace on one processor."""
BINS = np.linspace(-1, 1, 101)
WITHIN, BETWEEN = (30, 150, 90), (90, 90, 90)
WIDTH_PX, PANEL_PX, LEFT_PX, TOP_PX, FOOT_PX = 720, 200, 20, 28, 24


class Placed:
    """Images of a face set; the chosen rows that have a box alone get landmarks from it."""

    def __init__(self, faces: FaceSet, rows: NDArray[np.int64]) -> None:
        self.names, self.subjects, self.boxes = faces.names, faces.subjects, faces.boxes
        self.template, self.read, self._count = faces.template, faces.read, len(faces)
        self.landmarks = faces.landmarks.copy()
        for row in rows[np.isnan(faces.landmarks[rows]).all(axis=(1, 2))]:
            self.landmarks[row] = box_points(faces.boxes[row])

    def __len__(self) -> int:
        return self._count


def within_and_between(vectors: Floats, subjects: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Cosines of all pairs of unit rows (n, d): those of one subject, those of two."""
    first, second = np.triu_indices(len(vectors), 1)
    cosines = np.einsum("ij,ij->i", vectors[first], vectors[second])
    same = subjects[first] == subjects[second]
    return cosines[same], cosines[~same]


def of_source(identities: Identities, made: Made) -> tuple[Floats, Floats]:
    """The same of source images, for the identities that were imaged."""
    vectors: list[Floats] = []
    subjects: list[int] = []
    for place, number in enumerate(identities.numbers.tolist()):
        if number in made.of and len(vectors) < MOST_IDENTITIES:
            samples = identities[place].samples[:MOST_IMAGES]
            vectors.append(samples)
            subjects += [number] * len(samples)
    return within_and_between(np.concatenate(vectors), np.array(subjects, np.int64))


def of_made(ctx: Context, made: Made, embedder: Embedder) -> tuple[Floats, Floats]:
    """The same of images that were made, by the network that embedded the source."""
    of = list(made.of.values())[:MOST_IDENTITIES]
    rows = np.array([row for some in of for row in some[:MOST_IMAGES]], np.int64)
    found = embed_images(ctx, Placed(made.faces, rows), rows, embedder, "enhanced faces").vectors
    usable = np.isfinite(found).all(axis=1)
    return within_and_between(found[usable], made.faces.subjects[rows[usable]])


def histograms(sides: Mapping[str, tuple[Floats, Floats]], folder: Path) -> Picture:
    """A panel for each of ``sides``: cosines within identities and between them."""
    panels = [_panel(name, *pair) for name, pair in sides.items()]
    done, encoded = cv2.imencode(".jpg", np.concatenate(panels), [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done, "encoding a JPEG in memory does not fail"
    (folder / "likeness.jpg").write_bytes(encoded.tobytes())
    text = "; ".join(f"{name}: {_words(*pair)}" for name, pair in sides.items())
    return Picture(
        "Similarity within and between identities",
        f"Cosines of pairs of faces by the network that embeds the source. {text}.",
        "likeness.jpg",
    )


def _words(within: Floats, between: Floats) -> str:
    return ", ".join(
        f"{where} {len(cosines)} pairs, mean {cosines.mean():.2f}, deviation {cosines.std():.2f}"
        if len(cosines)
        else f"{where} no pair"
        for where, cosines in (("within", within), ("between", between))
    )


def _panel(name: str, within: Floats, between: Floats) -> NDArray[np.uint8]:
    """BGR (PANEL_PX, WIDTH_PX, 3): shares of pairs a bin, the highest bin of a curve on top."""
    image = np.full((PANEL_PX, WIDTH_PX, 3), 250, np.uint8)
    base, width = PANEL_PX - FOOT_PX, WIDTH_PX - 2 * LEFT_PX
    for cosines, rgb in ((between, BETWEEN), (within, WITHIN)):
        counts = np.histogram(np.clip(cosines, -1, 1), BINS)[0]
        heights = counts / max(1, counts.max()) * (base - TOP_PX)
        edges = LEFT_PX + (BINS + 1) / 2 * width
        xs, ys = np.repeat(edges, 2)[1:-1], np.repeat(base - heights, 2)
        corners = np.stack([xs, ys], axis=1).round().astype(np.int32)
        cv2.polylines(image, [corners], False, rgb[::-1], 2, cv2.LINE_AA)
    for tick in (-1.0, -0.5, 0.0, 0.5, 1.0):
        x = int(LEFT_PX + (tick + 1) / 2 * width)
        cv2.line(image, (x, base), (x, base + 4), (60, 60, 60), 1)
        _write(image, f"{tick:g}", (x - 10, PANEL_PX - 5), (60, 60, 60))
    _write(image, name, (LEFT_PX, 18), (20, 20, 20))
    _write(image, "within", (LEFT_PX + 120, 18), WITHIN[::-1])
    _write(image, "between", (LEFT_PX + 200, 18), BETWEEN[::-1])
    return image


def _write(image: NDArray[np.uint8], text: str, at: tuple[int, int], bgr: tuple[int, ...]) -> None:
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, bgr, 1, cv2.LINE_AA)
