"""The rule that finds five landmarks in every image, of training and of benchmarks alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from harness.align.decode import image_size
from harness.align.detect import Progress, detect
from harness.align.doubt import is_outside, misfits, require_plausible
from harness.align.limits import MAX_DOUBTFUL
from harness.align.placements import Method, Placements
from harness.align.templates import find_template, template_points
from harness.align.warp import unusable
from harness.components import Placement
from harness.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from harness.components import Aligner, Images

Policy = Literal["auto", "given", "template", "box", "detector"]
Fallback = Literal["reject", "given", "box", "centre", "error"]

BOX_POINTS: tuple[tuple[float, float], ...] = (
    (0.27, 0.40),
    (0.73, 0.40),
    (0.50, 0.60),
    (0.29, 0.77),
    (0.71, 0.77),
)
"""Five landmarks as fractions of the width and height of a face box.

Medians of the landmarks of MTCNN within its own boxes over 477 images of LFW, made symmetric.
"""

CENTRE_BOX: tuple[float, float] = (0.375, 0.5)
"""Width and height of the face that ``centre`` assumes, as shares of the shorter image side.

Medians of the same boxes: an image framed as LFW frames its faces.
"""

_LACK: dict[str, str] = {
    "given": "the images have no landmarks; add landmarks=FILE or --aligner NAME",
    "template": "the images have no declared template; add template=NAME or --aligner NAME",
    "detector": "no detector is selected; add --aligner NAME (harness list aligners)",
    "box": "the images have no boxes; add boxes or --aligner NAME",
}


@dataclass(frozen=True)
class Rule:
    """How landmarks are found, and what happens to an image where that fails.

    ``auto`` takes what the set has: given landmarks, else the template that its images follow,
    else the selected detector, else given boxes. It is resolved once for a set, never per image.
    ``fallback``: ``reject`` leaves the image out and counts it (failure to enrol), ``given`` uses
    the landmarks that come with it, ``box`` the given box, ``centre`` assumes a face in the middle,
    ``error`` stops. Given landmarks and boxes that cannot be those of a face (see
    :mod:`harness.align.doubt`) are failures too; a share above ``max_doubtful`` stops, also with a
    detector. With 1 all landmarks are accepted as they are.
    """

    policy: Policy = "auto"
    fallback: Fallback = "reject"
    max_doubtful: float = MAX_DOUBTFUL


def resolve(rule: Rule, images: Images, *, detector: bool) -> Method:
    """The method that ``rule`` means for these images; ``detector`` says that one is selected.

    Raises UsageError when the images have nothing that the rule can use.
    """
    offers: dict[Method, bool] = {
        "given": bool(np.isfinite(images.landmarks).any()),
        "template": images.template is not None,
        "detector": detector,
        "box": bool(np.isfinite(images.boxes).any()),
    }
    if images.template is not None:
        find_template(images.template)
    for method, offered in offers.items():
        if offered and rule.policy in ("auto", method):
            return method
    if rule.policy == "auto":
        raise UsageError(
            "the images have no landmarks, template or boxes; add landmarks=FILE, template=NAME "
            "if they are already aligned (such as arcface), or --aligner NAME"
        )
    raise UsageError(f"alignment by {rule.policy!r} is not possible: {_LACK[rule.policy]}")


def place(
    images: Images,
    rule: Rule,
    *,
    aligner: Aligner | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
) -> Placements:
    """Five landmarks, or the reason why there are none, for every image.

    ``aligner`` is a prepared detector. With a ``folder`` (kept for these images and this aligner
    alone) its work is saved at least every minute and taken up again after an interruption.
    ``progress`` is called as ``Context.progress`` is. Raises UsageError as :func:`resolve` does,
    and DataError when a face is missing under the fallback ``error``, or when more than the share
    ``rule.max_doubtful`` of the landmarks cannot be right.
    """
    method = resolve(rule, images, detector=aligner is not None)
    found: Iterable[Placement | str]
    if method == "detector" and aligner is not None:
        found = detect(images, aligner, folder, progress)
    elif method == "given":
        found = _plausible(images, images.landmarks, "no landmarks are given", rule)
    elif method == "box":
        found = _plausible(images, box_points(images.boxes), "no box is given", rule)
    else:
        found = (_by_template(images, index) for index in range(len(images)))
    placed = _collect(images, found, method, rule)
    if method == "detector" and rule.max_doubtful < 1:
        unknown = np.zeros((len(placed), 2), np.int32)
        reasons = misfits(placed.landmarks)
        require_plausible(placed.landmarks, reasons, unknown, most=rule.max_doubtful)
    return placed


def box_points(box: NDArray[Any]) -> NDArray[np.float32]:
    """Five landmarks, float32 (..., 5, 2), of upright faces in boxes (..., 4).

    A box is left, top, right, bottom of a face detector (ear to ear, forehead to chin), the places
    in it are ``BOX_POINTS``.
    """
    sides = np.asarray(box, np.float64)
    corner, size = sides[..., None, :2], (sides[..., 2:] - sides[..., :2])[..., None, :]
    points: NDArray[np.float64] = corner + np.asarray(BOX_POINTS) * size
    return points.astype(np.float32)


def _plausible(
    images: Images, points: NDArray[np.float32], absent: str, rule: Rule
) -> Iterator[Placement | str]:
    """Each of points (N, 5, 2), or why it cannot be used; raises DataError for a doubtful set."""
    if rule.max_doubtful >= 1:
        yield from (_check(face, absent) for face in points)
        return
    reasons = misfits(points)
    sizes = np.zeros((len(points), 2), np.int32)
    for index, face in enumerate(points):
        if isinstance(_check(face, absent), Placement):
            sizes[index] = _size(images, index)
            if not reasons[index] and sizes[index].all() and is_outside(face, *sizes[index]):
                reasons[index] = "landmarks are outside the image"
    require_plausible(points, reasons, sizes, most=rule.max_doubtful)
    for face, reason in zip(points, reasons, strict=True):
        yield reason or _check(face, absent)


def _size(images: Images, index: int) -> tuple[int, int]:
    """Width and height of an image; 0 where it cannot be read, which is told when it is used."""
    try:
        return image_size(images.read(index), images.names[index])
    except DataError:
        return 0, 0


def _check(points: NDArray[np.float32], absent: str) -> Placement | str:
    if np.isnan(points).all():
        return absent
    return unusable(points) or Placement(points)


def _sound(
    points: NDArray[np.float32], width: int, height: int, absent: str, rule: Rule
) -> Placement | str:
    """The points of one image, unless they are absent or cannot be those of a face in it."""
    made = _check(points, absent)
    if isinstance(made, str) or rule.max_doubtful >= 1:
        return made
    outside = "landmarks are outside the image" if is_outside(points, width, height) else ""
    return misfits(points[None])[0] or outside or made


def _by_template(images: Images, index: int) -> Placement | str:
    try:
        width, height = image_size(images.read(index), images.names[index])
        return Placement(template_points(str(images.template), width, height))
    except DataError as error:
        return f"unreadable: {error}"
    except UsageError as error:
        return f"not aligned as declared: {error}"


def _collect(
    images: Images, found: Iterable[Placement | str], method: Method, rule: Rule
) -> Placements:
    landmarks = np.full((len(images), 5, 2), np.nan, dtype=np.float32)
    scores = np.full(len(images), np.nan, dtype=np.float32)
    methods: list[Method] = ["none"] * len(images)
    reasons = [""] * len(images)
    for index, item in enumerate(found):
        used, placed = method, item
        if isinstance(item, str):
            reasons[index] = item
            used, placed = _fall_back(images, index, item, rule)
        if isinstance(placed, Placement):
            landmarks[index], scores[index] = placed.landmarks, placed.score
            methods[index] = used
        else:
            reasons[index] = placed
    return Placements(landmarks, scores, methods, reasons)


def _fall_back(
    images: Images, index: int, reason: str, rule: Rule
) -> tuple[Method, Placement | str]:
    """What takes the place of a failed image; an image that cannot be read stays failed."""
    fallback = rule.fallback
    if fallback == "error":
        raise DataError(
            f"{images.names[index]}: {reason}; choose another fallback (reject, given, box or "
            "centre) to continue without it"
        )
    if fallback == "reject":
        return "none", reason
    try:
        width, height = image_size(images.read(index), images.names[index])
    except DataError as error:
        return "none", f"unreadable: {error}"
    if fallback == "given":
        absent = f"{reason}, and no landmarks are given"
        return "given", _sound(images.landmarks[index], width, height, absent, rule)
    if fallback == "box":
        points, absent = box_points(images.boxes[index]), f"{reason}, and no box is given"
        return "box", _sound(points, width, height, absent, rule)
    centre = (np.array([width, height]) - 1) / 2
    half = np.array(CENTRE_BOX) * min(width, height) / 2
    box = np.concatenate([centre - half, centre + half])
    return "centre", _check(box_points(box), reason)
