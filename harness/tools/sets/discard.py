"""Error versus discard of a score file, by files of image quality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.metrics.discard import area_difference, discard_curve, pair_quality
from harness.protocols.readers.ratings import read_ratings
from harness.results.score_files import Listed, read_scores
from harness.seeds import stream

SHARES = (0.0, 0.05, 0.1, 0.2)
"""Shares of the comparisons at which the error is shown."""


@dataclass(frozen=True)
class Discarded:
    """One quality: FNMR after discarding ``SHARES``, and the mean error up to the limit.

    ``difference`` is of that mean to the one of the first quality, with its 95 % interval.
    """

    quality: str
    column: str
    unrated: int
    fnmr: tuple[float, ...]
    area: float
    difference: tuple[float, float, float] | None


@dataclass(frozen=True)
class DiscardTable:
    """All qualities of one score file at one threshold."""

    threshold: float
    genuine: int
    impostors: int
    rows: Sequence[Discarded]


def discard_table(
    scores: Path, qualities: Sequence[Path], *, fmr: float, limit: float, seed: int = 0,
    replicates: int = 1000,
) -> DiscardTable:  # fmt: skip
    """FNMR of genuine comparisons at the threshold of ``fmr``, as the worst are discarded.

    Raises DataError where no threshold has that FMR, or a file rates none of the images.
    """
    listed = read_scores(scores)
    genuine = listed.genuine
    threshold = _threshold(listed, fmr, scores)
    wrong = listed.score[genuine] < threshold
    if not len(wrong):
        raise DataError(f"{scores} has no genuine comparison")
    first, second = listed.first[genuine].tolist(), listed.second[genuine].tolist()
    names = sorted({str(name) for name in (*first, *second)})
    row = {name: k for k, name in enumerate(names)}
    sides = [np.array([row[str(name)] for name in side]) for side in (first, second)]
    owners = _owners(listed, first)
    rows: list[Discarded] = []
    base: NDArray[np.float64] | None = None
    for path in qualities:
        ratings = read_ratings(path)
        values = ratings.of(names)
        quality = pair_quality(values[sides[0]], values[sides[1]])
        curve = discard_curve(wrong, quality)
        difference = None
        if base is not None:
            rng = stream(seed, "discard", path.name)
            difference = area_difference(wrong, quality, base, owners, limit, rng, replicates)
        base = quality if base is None else base
        rows.append(Discarded(
            path.name, ratings.column, int(np.isnan(values).sum()),
            tuple(float(error) for error in curve.at(SHARES)), curve.partial_area(limit),
            difference,
        ))  # fmt: skip
    return DiscardTable(threshold, len(wrong), int((~genuine).sum()), rows)


def _threshold(listed: Listed, fmr: float, path: Path) -> float:
    """The lowest threshold whose FMR over all impostors is at most ``fmr``."""
    impostors = np.sort(listed.score[~listed.genuine])[::-1]
    allowed = int(np.floor(fmr * len(impostors) + 1e-9))
    if not len(impostors) or allowed < 1:
        raise DataError(
            f"{path} has {len(impostors):,} impostor comparisons, too few for an FMR of {fmr:g}; "
            "give a higher --fmr"
        )
    return float(np.nextafter(impostors[allowed], np.inf)) if allowed < len(impostors) else -np.inf


def _owners(listed: Listed, first: Sequence[Any]) -> NDArray[np.int64]:
    """The identity of each genuine comparison: as listed, or the folder of its image."""
    if listed.subjects is not None:
        people = listed.subjects[0][listed.genuine]
    else:
        folders = [PurePosixPath(str(name)).parent.as_posix() for name in first]
        people = np.array([str(name) if folder == "." else folder
                           for name, folder in zip(first, folders, strict=True)])  # fmt: skip
    return np.unique(people, return_inverse=True)[1].astype(np.int64)
