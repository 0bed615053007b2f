"""Landmarks that cannot be those of a face: which images, and what is likely wrong with all.

Two facts of five points are independent of where the face is in its image: how well the best
similarity carries them onto the template, and by what angle it turns them. A wrong order changes
both. A wrong scale changes neither, only where the points are in the image.
"""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.align.templates import template_points
from harness.align.warp import MIN_SPREAD_PX, spread
from harness.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

# Measured on given and detected landmarks of 13,233 images of LFW and 1,391 of CFP: the residual is
# at most 0.53 (LFW), 0.30 (CFP frontal) and 0.68 (CFP profile, 99 % below 0.52). A solid face seen
# from up to 90 degrees aside and 45 from above or below has at most 0.82, and no reflected one less
# than 0.71, half of them 0.92 or more.
MAX_RESIDUAL = 0.9
DOUBTFUL_RESIDUAL = 0.5
BETTER = 0.6
"""Another arrangement fits better if its residual is below this share of the one that is given.

In the same images no wrong arrangement reaches this where the residual is above 0.5: 8 of 8 profile
faces stay.
"""
MAX_ROLL_DEG = 120.0  # of one face; half of it for most of a set
"""Heads are turned by at most 48 degrees in the same images."""
MAX_OUTSIDE = 0.75
"""Points may be outside the image by this share of their spread: 0.34 is the most in CFP."""
FEW = 3
"""This many doubtful images say nothing about the whole set."""
SCALE_IMAGES = 10
SCALE_SHARE = 0.9
LOW, HIGH = 0.42, 0.6
"""Faces whose centre is before or behind this share of both sides, in nearly all images."""
SAMPLE = 500
CHUNK = 50_000
"""Faces looked at together, so that memory does not grow with the set."""

NAMES = ("left eye", "right eye", "nose", "left mouth corner", "right mouth corner")
_KNOWN: Mapping[str, tuple[int, ...]] = {
    "the left and the right eye are exchanged": (1, 0, 2, 3, 4),
    "the left and the right mouth corner are exchanged": (0, 1, 2, 4, 3),
    "left and right are exchanged (they are those of the image, not of the person)": (
        1, 0, 2, 4, 3,
    ),
    "the mouth comes before the eyes": (3, 4, 2, 0, 1),
}  # fmt: skip


def residual(points: NDArray[Any]) -> NDArray[np.float64]:
    """What the best similarity of points (..., 5, 2) onto the template leaves, float64 (...).

    As a share of the template's own spread: 0 for its exact shape, 1 where no similarity helps.
    """
    return np.sqrt(np.maximum(0.0, 1.0 - np.abs(_correlation(points)) ** 2))


def roll(points: NDArray[Any]) -> NDArray[np.float64]:
    """By how much points (..., 5, 2) are turned against the template, degrees in 0..180 (...)."""
    return np.asarray(np.abs(np.degrees(np.angle(_correlation(points)))))


def _correlation(points: NDArray[Any]) -> NDArray[np.complex128]:
    """Complex correlation of points with the template: its angle turns, its square is the fit."""
    z = _centred(points)
    w = _centred(template_points("arcface", 112, 112))
    norm = np.linalg.norm(z, axis=-1) * np.linalg.norm(w)
    return np.asarray((z.conj() * w).sum(axis=-1) / np.maximum(norm, np.finfo(np.float64).tiny))


def _centred(points: NDArray[Any]) -> NDArray[np.complex128]:
    points = np.asarray(points, np.float64)
    z = points[..., 0] + 1j * points[..., 1]
    return np.asarray(z - z.mean(axis=-1, keepdims=True))


def _usable(points: NDArray[Any]) -> NDArray[np.bool_]:
    finite = np.isfinite(points).all(axis=(1, 2))
    wide = spread(np.where(finite[:, None, None], points, 0)) >= MIN_SPREAD_PX
    return np.asarray(finite & wide)


def misfits(points: NDArray[Any]) -> list[str]:
    """Why each of points (N, 5, 2) is not a face in the order that is expected; empty where it is.

    Points that are not finite or coincide are left to :func:`harness.align.warp.unusable`.
    """
    return [
        reason
        for start in range(0, len(points), CHUNK)
        for reason in _misfits(points[start : start + CHUNK])
    ]


def _misfits(points: NDArray[Any]) -> list[str]:
    reasons = [""] * len(points)
    rows = np.flatnonzero(_usable(points))
    if not rows.size:
        return reasons
    faces = np.asarray(points, np.float64)[rows]
    left, turned = residual(faces), roll(faces)
    better = np.min([residual(other) for other in _arranged(faces).values()], axis=0)
    wrong = (left > MAX_RESIDUAL) | ((left > DOUBTFUL_RESIDUAL) & (better < BETTER * left))
    for row in rows[wrong]:
        reasons[row] = "landmarks do not have the shape of a face"
    for row in rows[~wrong & (turned > MAX_ROLL_DEG)]:
        reasons[row] = "landmarks are those of a face upside down"
    return reasons


def is_outside(points: NDArray[Any], width: int, height: int) -> bool:
    """Whether points (5, 2) leave an image of ``width`` x ``height`` further than a face would."""
    beyond = max(-points.min(), points[:, 0].max() - width + 1, points[:, 1].max() - height + 1)
    return bool(beyond > MAX_OUTSIDE * spread(points))


def _arranged(points: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Points (N, 5, 2) as they would be if a common mistake were undone."""
    flat = points.reshape(-1, 10)
    found = {text: points[:, order] for text, order in _KNOWN.items()}
    found["x and y are exchanged"] = points[..., ::-1]
    found["all x come before all y"] = np.stack([flat[:, :5], flat[:, 5:]], axis=-1)
    found["y is counted from the bottom of the image"] = points * np.array([1.0, -1.0])
    return found


def require_plausible(
    points: NDArray[Any],
    reasons: Sequence[str],
    sizes: NDArray[np.int32],
    *,
    most: float,
) -> None:
    """Raise DataError when more than the share ``most`` of a set's landmarks are doubtful.

    ``points`` (N, 5, 2) are as they were given, ``reasons`` why those of an image are doubtful
    (else empty), ``sizes`` (N, 2) width and height of each image, 0 where unknown. The message
    names the order or scale that would fit.
    """
    usable: list[int] = np.flatnonzero(_usable(points)).tolist()
    wrong = [row for row in usable if reasons[row]]
    if len(wrong) >= FEW and len(wrong) > most * len(usable):
        kinds = Counter(reasons[row] for row in wrong)
        cause = likely_cause(np.asarray(points, np.float64)[wrong[:SAMPLE]])
        cause = cause or _scale(points[wrong], sizes[wrong])
        raise DataError(
            f"landmarks of {len(wrong):,} of {len(usable):,} images cannot be right "
            f"({', '.join(f'{kind}: {count:,}' for kind, count in kinds.most_common())}); "
            f"{cause or 'check what file and images they belong to'}; to accept "
            f"a larger share than {most:.0%} set max_doubtful"
        )
    right = [row for row in usable if not reasons[row]]
    if cause := _of_all(points, right) or _scale(points[right], sizes[right]):
        raise DataError(f"landmarks cannot be right: {cause}; to accept them set max_doubtful = 1")


def _of_all(points: NDArray[Any], right: Sequence[int]) -> str:
    """The one mistake whose undoing makes all faces much more so; empty if there is none.

    Poses that are far from the front fit badly as well, but no one order improves all of them.
    """
    seen = np.asarray(points, np.float64)[list(right[:: max(1, len(right) // SAMPLE)])]
    if len(seen) < FEW:
        return ""
    if np.median(roll(seen)) > MAX_ROLL_DEG / 2:
        return likely_cause(seen) or "nearly all faces are turned by more than 60 degrees"
    typical = float(np.median(residual(seen)))
    return likely_cause(seen, BETTER * typical) if typical > DOUBTFUL_RESIDUAL else ""


def likely_cause(points: NDArray[np.float64], below: float = DOUBTFUL_RESIDUAL) -> str:
    """The mistake whose undoing brings points (N, 5, 2) ``below`` a residual, empty if none."""
    upright = {
        text: float(np.median(residual(other)))
        for text, other in _arranged(points).items()
        if np.median(roll(other)) < MAX_ROLL_DEG / 2
    }
    best = min(upright, key=lambda text: upright[text], default="")
    if best and upright[best] < below:
        return f"it seems that {best}"
    orders = np.array(list(permutations(range(5))))
    seen = points[:, orders]  # (N, 120, 5, 2)
    left = np.where(np.median(roll(seen), axis=0) < MAX_ROLL_DEG / 2, 0.0, 1.0)
    left += np.median(residual(seen), axis=0)
    found = orders[int(np.argmin(left))]
    if left.min() >= below or (found == np.arange(5)).all():
        return ""
    # Point k of the right order is at place found[k] of the file.
    return f"it seems that their order is {', '.join(NAMES[k] for k in np.argsort(found))}"


def _scale(points: NDArray[Any], sizes: NDArray[np.int32]) -> str:
    """A sentence if nearly all faces are towards one end of both sides; empty if not."""
    known = sizes.all(axis=1)
    if known.sum() < SCALE_IMAGES:
        return ""
    places = np.asarray(points[known], np.float64).mean(axis=1) / sizes[known]
    low, high = (places < LOW).all(axis=1).mean(), (places > HIGH).all(axis=1).mean()
    if max(low, high) < SCALE_SHARE:
        return ""
    factor = 0.5 / float(np.median(places))
    end = "upper left" if low > high else "lower right"
    return (
        f"{max(low, high):.0%} of the faces would be at the {end} of their images, as with "
        f"landmarks made on images of another size; times {factor:.2f} they would be in the middle"
    )
