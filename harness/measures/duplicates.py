"""Images that are there twice: by their bytes, and nearly, by a perceptual hash of 64 bits.

The hash is the sign of the 8 x 8 lowest frequencies of a discrete cosine transform of the grey
image at 32 x 32 against their median (the usual pHash). Two images whose hashes differ in at most
four bits are near duplicates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.components import MeasuredValue
from harness.measures.values import missing

Hashes = NDArray[np.uint64]
DISTANCE = 4
"""Most bits in which the hashes of near duplicates differ."""
SIDE = 32
MOST_PAIRS = 1_000_000
"""NearDuplicates that are listed; more are counted and not listed."""
_ROWS = 512
_COLUMNS = 1 << 15


def perceptual_hash(image: NDArray[np.uint8]) -> np.uint64:
    """Hash of an image (H, W, 3) or (H, W), uint8: 64 bits, of which half are set.

    The first bit belongs to the mean, which a change of brightness moves, so the constant term
    takes no part in the median; it does take its place among the bits, as in the common
    implementations.
    """
    import cv2

    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:8, :8].ravel()
    bits = low > np.median(low[1:])
    return np.uint64(int("".join("1" if bit else "0" for bit in bits), 2))


@dataclass(frozen=True, eq=False)
class NearDuplicates:
    """Near duplicates: rows ``first`` and ``second`` int64 (P,), ``bits`` in which they differ.

    ``count`` is the number of pairs; not more than a million are listed.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    bits: NDArray[np.uint8]
    count: int


def near_pairs(
    hashes: Hashes, others: Hashes | None = None, distance: int = DISTANCE
) -> NearDuplicates:
    """All pairs within a set, or between two, whose hashes (N,) differ in few bits.

    Every pair is looked at, in blocks: memory does not grow with the number of images.
    """
    own = others is None
    columns = hashes if others is None else others
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]] = []
    count = listed = 0
    for first in range(0, len(hashes), _ROWS):
        for other in range(first if own else 0, len(columns), _COLUMNS):
            part = columns[other : other + _COLUMNS]
            bits = np.bitwise_count(hashes[first : first + _ROWS, None] ^ part[None, :])
            rows, places = np.nonzero(bits <= distance)
            rows, places = rows + first, places + other
            if own:
                once = rows < places
                rows, places = rows[once], places[once]
            count += len(rows)
            if listed < MOST_PAIRS and len(rows):
                rows, places = rows[: MOST_PAIRS - listed], places[: MOST_PAIRS - listed]
                listed += len(rows)
                found.append((rows, places, bits[rows - first, places - other]))
    empty = np.empty(0, np.int64)
    if not found:
        return NearDuplicates(empty, empty, np.empty(0, np.uint8), 0)
    joined = [np.concatenate(column) for column in zip(*found, strict=True)]
    return NearDuplicates(joined[0], joined[1], joined[2], count)


def exact_copies(digests: Sequence[str | bytes]) -> NDArray[np.int64]:
    """Rows whose digest an earlier row has, int64."""
    seen: set[str | bytes] = set()
    copies = []
    for row, value in enumerate(digests):
        if value in seen:
            copies.append(row)
        seen.add(value)
    return np.array(copies, np.int64)


def duplicates(
    digests: Sequence[str | bytes],
    hashes: Hashes,
    subjects: NDArray[np.int64],
    distance: int = DISTANCE,
) -> list[MeasuredValue]:
    """Copies within a set: by bytes, and near pairs within an identity and across identities.

    ``exact_duplicates`` counts images, the others count pairs; ``n`` is the number of images.
    """
    pairs = near_pairs(hashes, distance=distance)
    same = int((subjects[pairs.first] == subjects[pairs.second]).sum())
    n = len(hashes)
    if pairs.count > len(pairs.first):  # too many to list, so who they are of is not known
        why = f"{pairs.count:,} near pairs, of which {len(pairs.first):,} were looked at"
        split = [
            missing("near_duplicates_within", why, n),
            missing("near_duplicates_across", why, n),
        ]
    else:
        split = [
            MeasuredValue("near_duplicates_within", float(same), n=n),
            MeasuredValue("near_duplicates_across", float(len(pairs.first) - same), n=n),
        ]
    return [
        MeasuredValue("exact_duplicates", float(len(exact_copies(digests))), n=n),
        MeasuredValue("near_duplicates", float(pairs.count), n=n),
        *split,
    ]
