"""Pictures of a finished set for the report, after the figures of George and Marcel 2024.

What needs new images (the same noise without and with the shift, the way along t) is made where
that takes seconds: on a GPU, or with the tiny pipeline.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from harness.plugin.generators import Picture, contact_sheet
from harness.plugin.images import decode

from .filter import most_similar
from .prototypes import slerp
from .source import Identities

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from harness.plugin import Images
    from harness.plugin.generators import FaceSet

    Floats = NDArray[np.float32]
    Pixels = NDArray[np.uint8]
    # Embeddings (N, d), seeds of the noise, and whether to shift, to images (N, px, px, 3).
    Sampler = Callable[[Floats, Sequence[int], bool], Pixels]

ROWS, SOURCES, MADE = 6, 3, 5
STEPS_OF_T = (0.0, 0.25, 0.5, 0.75, 1.0)
COLOURS = {"real": (40, 90, 200), "source": (200, 110, 30), "shifted": (30, 150, 90)}
MOST_POINTS = 300
SIDE_PX, RADIUS_PX, MARGIN_PX = 720, 4, 24


class Made:
    """The faces of a set by the number of their identity in the source."""

    def __init__(self, faces: FaceSet, most: int) -> None:
        self.faces = faces
        self.of: dict[int, list[int]] = {}
        for identity in np.unique(faces.subjects)[:most]:
            rows = np.flatnonzero(faces.subjects == identity)
            number = int(faces.meta(int(rows[0]))["source_identity"])  # type: ignore[arg-type]
            self.of[number] = rows.tolist()

    def images(self, number: int, count: int) -> list[Pixels]:
        """The first images of an identity."""
        return [_read(self.faces, row) for row in self.of[number][:count]]


def source_beside_made(source: Images, made: Made, folder: Path) -> Picture:
    """Source images on the left, images of the same identity on the right."""
    rows: list[list[Pixels]] = []
    for number in list(made.of)[:ROWS]:
        left = _source(source, number, SOURCES)
        rows.append([*left, *made.images(number, MADE)])
    contact_sheet(rows, folder / "beside.jpg", row_labels=[str(n) for n in list(made.of)[:ROWS]])
    text = f"An identity a row: up to {SOURCES} source images, then images made of it."
    return Picture("Source beside enhanced", text, "beside.jpg")


def similar_pairs(
    source: Images, made: Made, identities: Identities, folder: Path
) -> Picture | None:
    """The pairs of identities whose prototypes are most similar; None for a single identity."""
    places = [p for p, number in enumerate(identities.numbers.tolist()) if number in made.of]
    if len(places) < 2:
        return None
    nearest, scores = most_similar(np.array(identities.prototypes[places]))
    rows: list[list[Pixels]] = []
    labels: list[str] = []
    seen: set[frozenset[int]] = set()
    for first in np.argsort(-scores, kind="stable").tolist():
        pair = frozenset((first, int(nearest[first])))
        if pair in seen or len(rows) == ROWS:
            continue
        seen.add(pair)
        numbers = [int(identities.numbers[places[p]]) for p in (first, int(nearest[first]))]
        rows.append(
            [image for n in numbers for image in (*_source(source, n, 1), *made.images(n, 1))]
        )
        labels.append(f"{scores[first]:.2f}")
    contact_sheet(rows, folder / "pairs.jpg", row_labels=labels)
    text = (
        "A pair of identities a row, with the cosine of their prototypes: source and enhanced "
        "image of the one, source and enhanced image of the other."
    )
    return Picture("Most similar identities", text, "pairs.jpg")


def without_and_with(
    sample: Sampler, embeddings: Floats, seeds: Sequence[int], folder: Path
) -> Picture:
    """The same identities and noise, without and with the shift."""
    rows = [list(sample(embeddings, seeds, shifted)) for shifted in (False, True)]
    contact_sheet(rows, folder / "shift.jpg", row_labels=["no", "yes"])
    text = "The same identities and noise, above without and below with the shift."
    return Picture("Without and with the shift", text, "shift.jpg")


def along_t(sample: Sampler, identities: Sequence[tuple[Floats, Floats, int]],
            folder: Path) -> Picture:  # fmt: skip
    """From the prototype to one of its samples; each is prototype, sample and seed."""
    rows = []
    for mean, towards, seed in identities:
        points = np.stack([slerp(mean, towards, t) for t in STEPS_OF_T])
        rows.append(list(sample(points, [seed] * len(points), True)))
    contact_sheet(rows, folder / "along.jpg")
    steps = ", ".join(f"{t:g}" for t in STEPS_OF_T)
    text = f"An identity a row, the same noise: t = {steps} from the prototype to a sample of it."
    return Picture("Interpolation along t", text, "along.jpg")


def prompt_space(points: dict[str, Floats], folder: Path) -> Picture:
    """t-SNE of prompt embeddings (N, width) of real, source and shifted source faces."""
    from sklearn.manifold import TSNE

    some = {name: rows[:MOST_POINTS] for name, rows in points.items()}
    every = np.concatenate(list(some.values()))
    perplexity = min(30.0, (len(every) - 1) / 3)
    flat = TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(every)
    low, high = flat.min(axis=0), flat.max(axis=0)
    places = MARGIN_PX + (flat - low) / np.maximum(high - low, 1e-9) * (SIDE_PX - 2 * MARGIN_PX)
    image = np.full((SIDE_PX, SIDE_PX, 3), 250, np.uint8)
    start = 0
    for name, rows in some.items():
        for x, y in places[start : start + len(rows)]:
            cv2.circle(image, (int(x), int(y)), RADIUS_PX, COLOURS[name], -1, cv2.LINE_AA)
        start += len(rows)
    for line, (name, colour) in enumerate(COLOURS.items()):
        place = (12, 24 + 22 * line)
        cv2.putText(image, name, place, cv2.FONT_HERSHEY_SIMPLEX, 0.6, colour, 2, cv2.LINE_AA)
    _write(folder / "space.jpg", image)
    counts = ", ".join(f"{len(rows)} {name}" for name, rows in some.items())
    text = f"t-SNE of prompt embeddings, the mean of the two rows from the identity on: {counts}."
    return Picture("Prompt space", text, "space.jpg")


def _source(source: Images, number: int, count: int) -> list[Pixels]:
    assert source.subjects is not None, "the generator refuses such a source"
    rows = np.flatnonzero(source.subjects == number)[:count]
    return [_read(source, int(row)) for row in rows]


def _read(images: Any, row: int) -> Pixels:
    return decode(images.read(row), images.names[row])


def _write(path: Path, image: Pixels) -> None:
    done, encoded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert done, "encoding a JPEG in memory does not fail"
    path.write_bytes(encoded.tobytes())
