"""What a face set holds, and which of its images are damaged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.align.decode import decode, image_size
from harness.errors import DataError
from harness.faces.store import FaceSet


@dataclass(frozen=True)
class Reason:
    """Why images are missing: how many, and the first of them as it was reported."""

    text: str
    count: int
    example: str


def census(faces: FaceSet) -> dict[str, Any]:
    """Counts of a face set, as JSON.

    ``images_per_identity`` has minimum, median, mean and maximum over identities with images;
    ``resolutions`` counts ``WIDTHxHEIGHT``, most frequent first, and ``unreadable`` images whose
    header gives none.
    """
    _, counts = np.unique(faces.subjects, return_counts=True)
    sizes: Counter[str] = Counter()
    image_bytes = 0
    for index in range(len(faces)):
        data = faces.read(index)
        image_bytes += len(data)
        try:
            sizes["{}x{}".format(*image_size(data, faces.names[index]))] += 1
        except DataError:
            sizes["unreadable"] += 1
    reasons = missing_reasons(faces)
    return {
        "identities": len(counts),
        "images": len(faces),
        "image_bytes": image_bytes,
        "missing": sum(reason.count for reason in reasons),
        "missing_reasons": [vars(reason) for reason in reasons],
        "images_per_identity": {
            "min": int(counts.min()),
            "median": float(np.median(counts)),
            "mean": float(counts.mean()),
            "max": int(counts.max()),
        },
        "resolutions": dict(sizes.most_common()),
        "template": faces.template,
        "landmarks": int((~np.isnan(faces.landmarks).any(axis=(1, 2))).sum()),
    }


def missing_reasons(faces: FaceSet) -> list[Reason]:
    """Reasons by frequency; the name of a file before ``: `` does not make a reason of its own."""
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for item in faces.missing():
        text = item.reason.split(": ", 1)[-1]
        counts[text] += 1
        examples.setdefault(text, item.reason)
    return [Reason(text, count, examples[text]) for text, count in counts.most_common()]


def damaged(
    faces: FaceSet, report: Callable[[int, int, str, str], None] = lambda *_: None
) -> Iterator[str]:
    """Decode every image; yields one sentence for each that cannot be decoded."""
    for index in range(len(faces)):
        try:
            decode(faces.read(index), f"face {faces.names[index]}")
        except DataError as error:
            yield str(error)
        report(index + 1, len(faces), "images", "")
