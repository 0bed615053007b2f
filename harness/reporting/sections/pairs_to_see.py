"""The worst pairs of every result as pictures, on request: images of people are licensed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from harness.engine.sets.seen_images import ImageOpener
from harness.errors import HarnessError, UsageError
from harness.faces.contact_sheet import fitted
from harness.protocols.stored import title_and_rule
from harness.reporting.compare.worst_pairs import (
    Worst,
    WorstPair,
    operating_metric,
    worst_pairs,
)
from harness.reporting.sections.benchmarks import by_comparison
from harness.reporting.tables import redaction
from harness.reporting.tables.columns import NAMES
from harness.reporting.tables.matrix import Names
from harness.results.cells import stored_scores
from harness.results.operating_points import operating_point

if TYPE_CHECKING:
    from harness._plugins.registry import Registry
    from harness.align.aligned import AlignedImages
    from harness.results.schema import Result
    from harness.results.study import Cell, Study
    from harness.store.artifacts import Store

MOST_PAIRS = 50
"""Of one kind in one result; more are not looked at and make the page too large to send."""
MOST_PICTURES = 4000
"""In a page: 32 MB as text, whatever the number of results."""
MOST_BYTES = 6000
"""Of one picture; the quality is lowered until it fits."""
QUALITIES = (85, 70, 50, 30, 10)
TIES = "Pairs with the same score are in the order of the benchmark's list."


@dataclass(frozen=True)
class SeenFace:
    """One image of a pair: a JPEG as a data URI, or why there is none."""

    name: str
    picture: str = ""
    why: str = ""


@dataclass(frozen=True)
class SeenPair:
    """A pair as it is shown; ``number`` is its position in the list, from 1."""

    number: int
    score: str
    faces: tuple[SeenFace, SeenFace]


@dataclass(frozen=True)
class PairKind:
    """The worst pairs of one kind with what is said of them."""

    title: str
    pairs: list[SeenPair]
    said: list[str]


@dataclass
class PairsOfResult:
    """What is shown of one result; ``why`` where there are no scores, or no images, to show."""

    id: str
    title: str
    about: list[tuple[str, str]]
    threshold: str = ""
    why: str = ""
    kinds: list[PairKind] = field(default_factory=list)


def require_count(count: int) -> None:
    """Raise ``UsageError`` for a number of pairs that a report does not hold."""
    if not 1 <= count <= MOST_PAIRS:
        raise UsageError(
            f"--pairs {count}: give 1 to {MOST_PAIRS}; more pictures make the page too large"
        )


def pairs_to_see(study: Study, registry: Registry, store: Store, count: int) -> list[PairsOfResult]:
    """The ``count`` worst pairs of each kind for every result, benchmark by benchmark."""
    names, maker = Names.of(study.results), _Maker(study, registry, store, count)
    return [
        maker.of(cell, f"{title}: {_row(names, cell.result)}")
        for title, cells in by_comparison(study)
        for cell in cells
    ]


def _row(names: Names, result: Result) -> str:
    row = names.row(result)
    trained = f"{row.generator}, {row.model}" if row.generator else row.model
    limited = "" if result.limited is None else f", limited to {result.limited}"
    return f"{trained}, repeat {result.seed.repeat}{limited}"


class _Maker:
    def __init__(self, study: Study, registry: Registry, store: Store, count: int) -> None:
        self.study, self.count, self.left = study, count, MOST_PICTURES
        self.registry, self.store = registry, store
        self._openers: dict[Path, ImageOpener] = {}

    def of(self, cell: Cell, title: str) -> PairsOfResult:
        """The pairs of one result; a fault of its data is a sentence and no error."""
        use = cell.result.cell.benchmark
        about = [("Licence of the images", use.licence or "not stated")]
        made = PairsOfResult(f"pairs-of-{cell.result.id[:12]}", title, about)
        try:
            if cell.mailed:
                raise UsageError("a report that was read holds no scores; give the study folder")
            columns = stored_scores(cell.folder, cell.result).columns
            rule = title_and_rule(cell.result.protocol)[1]
            impostors, genuine = worst_pairs(columns, rule, self.count)
        except HarnessError as error:
            made.why = redaction.message(str(error))
            return made
        is_distance = any(name.startswith("distance") for name in columns)
        images = self._images(cell, made)
        made.threshold = _threshold(cell.result, is_distance=is_distance)
        made.kinds = [
            self._kind(
                "Impostor pairs with the highest similarity", impostors, images, is_distance
            ),
            self._kind("Genuine pairs with the lowest similarity", genuine, images, is_distance),
        ]
        return made

    def _images(self, cell: Cell, made: PairsOfResult) -> AlignedImages | None:
        if self.left < 4 * self.count:
            made.why = (
                f"a page holds at most {MOST_PICTURES:,} pictures; give fewer studies or a smaller "
                "--pairs"
            )
            return None
        try:
            return self._opener(cell).open(cell.result)
        except (HarnessError, OSError) as error:
            made.why = redaction.message(str(error))
        return None

    def _opener(self, cell: Cell) -> ImageOpener:
        folder = next(f for f in self.study.folders if cell.folder.is_relative_to(f))
        if folder not in self._openers:
            self._openers[folder] = ImageOpener.of_study(folder, self.registry, self.store)
        return self._openers[folder]

    def _kind(
        self, title: str, worst: Worst, images: AlignedImages | None, is_distance: bool
    ) -> PairKind:
        said = [TIES]
        if worst.tied:
            said.append(f"{worst.tied:,} more have the score of the last one shown.")
        if worst.lost:
            said.append(
                f"{worst.lost:,} were not compared, because no face was found in an image; they "
                "are not among these."
            )
        pairs = [
            SeenPair(
                pair.position + 1,
                f"{abs(pair.similarity) if is_distance else pair.similarity:.4f}",
                self._faces(pair, images),
            )
            for pair in worst.pairs
        ]
        return PairKind(title, pairs, said)

    def _faces(self, pair: WorstPair, images: AlignedImages | None) -> tuple[SeenFace, SeenFace]:
        first, second = (self._face(row, images) for row in (pair.first, pair.second))
        return first, second

    def _face(self, row: int, images: AlignedImages | None) -> SeenFace:
        if images is None:
            return SeenFace(f"image {row + 1}", why="not available")
        self.left -= 1
        if not 0 <= row < len(images):
            return SeenFace(f"image {row + 1}", why="the benchmark has no such image")
        name = redaction.name(images.images.names[row])
        try:
            return SeenFace(name, jpeg(images.image(row)))
        except (HarnessError, OSError) as error:
            return SeenFace(name, why=redaction.message(str(error)))


def jpeg(image: NDArray[np.uint8]) -> str:
    """An aligned uint8 RGB image as a JPEG data URI of at most ``MOST_BYTES`` bytes of JPEG.

    It is fitted into a tile of a contact sheet, so the input of the network decides no size.
    """
    tile = fitted(image)
    for content in _encoded(tile):
        if len(content) <= MOST_BYTES:
            break
    return "data:image/jpeg;base64," + base64.b64encode(content).decode()


def _encoded(tile: NDArray[np.uint8]) -> Iterator[bytes]:
    for quality in QUALITIES:
        done, found = cv2.imencode(".jpg", tile[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert done, "encoding a picture in memory does not fail"
        yield found.tobytes()


def _threshold(result: Result, *, is_distance: bool) -> str:
    """The threshold and the operating point that it is of, in the unit of the scores."""
    unit = "distance, smaller is more similar" if is_distance else "similarity"
    metric = operating_metric(result)
    if metric is None or metric.threshold is None:
        return f"Scores: {unit}. The result records no threshold that applies to all pairs."
    name = NAMES.get(metric.name, metric.name)
    point = operating_point(metric.at) or "mean over the folds' thresholds"
    low, high = ("below", "above") if is_distance else ("above", "below")
    # Accuracy calls a pair genuine where d < t; rates at a FAR also accept the threshold itself.
    accepted, rejected = (f"at or {low}", high) if metric.at else (low, f"at or {high}")
    return (
        f"Scores: {unit}. Threshold {metric.threshold:.4f}, of {name} ({point}): an impostor pair "
        f"{accepted} it is a false accept, a genuine pair {rejected} it is a false reject."
        + ("" if metric.at else " Accuracy itself judges each fold by its own threshold.")
    )
