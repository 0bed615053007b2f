"""Checks of generators: a slot's content depends on (seed, identity, sample) alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from harness.faces.face import Face, Missing, Slot
from harness.faces.source import SourceGenerator
from harness.testing.base import CheckSkippedError, require
from harness.testing.subject import Subject
from harness.testing.work import answers, faces, reference, slots
from harness.testing.worker import answers_elsewhere

MARGIN = 0.5
"""Landmarks may be outside the image, by at most this share of its sides."""
_WITHIN = re.compile(r"within (\d+)/255")

Answers = Mapping[Slot, Face | Missing]


def slots_in_order(subject: Subject) -> None:
    """Each slot is answered once, in the order asked, by a ``Face`` or a ``Missing``."""
    wanted = slots(subject.opened)
    made = reference(subject)
    require(len(made) == len(wanted), f"{len(wanted)} slots have {len(made)} answers")
    for slot, item in zip(wanted, made, strict=True):
        require(isinstance(item, Face | Missing), f"{tuple(slot)} is a {type(item).__name__}")
        require(item.slot == slot, f"slot {tuple(slot)} is answered with {tuple(item.slot)}")


def same_seed(subject: Subject) -> None:
    """The same seed gives the same bytes in a fresh component."""
    fresh = subject.open()
    _require_same(subject, answers(fresh, slots(fresh)), "made again with the same seed")


def different_seed(subject: Subject) -> None:
    """Another seed gives other images."""
    if isinstance(subject.opened, SourceGenerator):
        raise CheckSkippedError("it hands out images that exist; a seed does not change them")
    fresh = subject.open(seed=1)
    other = [item for item in answers(fresh, slots(fresh)).values() if isinstance(item, Face)]
    mine = {face.image for face in faces(subject)}
    same = [face for face in other if face.image in mine]
    require(not same, f"seeds 0 and 1 give the same image of {_names(same)}; use ctx.seed")


def prefix_stable(subject: Subject) -> None:
    """The first identities of a larger set are those of a smaller one."""
    cls = type(subject.chosen.params)
    if "identities" not in cls.model_fields:
        raise CheckSkippedError("it has no parameter identities")
    total = len(subject.opened.samples_per_identity())
    if total < 2:
        raise CheckSkippedError("one identity leaves no smaller set; give -P identities=2 or more")
    fewer = min(total - 1, 2)
    values = subject.chosen.params.model_dump() | {"identities": fewer}
    small = subject.open(params=cls.model_validate(values))
    counts = list(small.samples_per_identity())
    require(len(counts) == fewer, f"identities={fewer} makes {len(counts)} identities")
    require(
        counts == list(subject.opened.samples_per_identity()[:fewer]),
        f"with identities={fewer} instead of {total} the number of samples is another",
    )
    _require_same(subject, answers(small, slots(small)), f"made with identities={fewer}")


def order_invariant(subject: Subject) -> None:
    """Slots asked for in another order hold the same."""
    wanted = slots(subject.opened)
    shuffled = wanted[1::2] + wanted[::2]
    for order, name in ((wanted[::-1], "in reverse"), (shuffled, "in another order")):
        _require_same(subject, answers(subject.open(), order), f"asked for {name}")


def batch_invariant(subject: Subject) -> None:
    """Slots asked for one at a time hold the same as all at once."""
    fresh = subject.open()
    made: dict[Slot, Face | Missing] = {}
    for slot in slots(subject.opened):
        made |= answers(fresh, [slot])
    _require_same(subject, made, "asked for one at a time")


def shard_invariant(subject: Subject) -> None:
    """Slots made in shards by two fresh processes hold the same."""
    wanted = slots(subject.opened)
    size = max(1, len(wanted) // 3)
    shards = [wanted[start : start + size] for start in range(0, len(wanted), size)]
    for number in (0, 1):
        made = answers_elsewhere(subject, shards[number::2] or shards, hash_seed=number + 1)
        _require_same(subject, made, f"made in shards of {size} by another process")


def image_decodes(subject: Subject) -> None:
    """Every image decodes to uint8 RGB of a size above nothing."""
    from harness.align.decode import decode

    for face in faces(subject):
        image = decode(face.image, f"the image of slot {tuple(face.slot)}")
        require(
            image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3 and image.size,
            f"slot {tuple(face.slot)} decodes to {image.dtype} {image.shape}",
        )


def declared_size(subject: Subject) -> None:
    """Images have the width and height that the parameter ``image_px`` says."""
    from harness.align.decode import image_size

    side = getattr(subject.chosen.params, "image_px", None)
    if side is None:
        raise CheckSkippedError("it has no parameter image_px, or leaves it open")
    for face in faces(subject):
        width, height = image_size(face.image, f"slot {tuple(face.slot)}")
        require(
            (width, height) == (side, side),
            f"slot {tuple(face.slot)} is {width}x{height} pixels, not {side}x{side}",
        )


def landmarks_in_image(subject: Subject) -> None:
    """Landmarks are five finite points in the image or within half its side of it."""
    from harness.align.decode import image_size
    from harness.align.templates import find_template

    for face in faces(subject):
        if face.template is not None:
            find_template(face.template)
    given = [face for face in faces(subject) if face.landmarks is not None]
    if not given:
        raise CheckSkippedError("its faces come without landmarks")
    for face in given:
        name = f"slot {tuple(face.slot)}"
        points = np.asarray(face.landmarks)
        require(points.shape == (5, 2), f"{name} has landmarks of shape {points.shape}, not (5, 2)")
        require(np.isfinite(points).all(), f"{name} has landmarks that are not finite")
        side = np.array(image_size(face.image, name), np.float64)
        outside = (points < -MARGIN * side).any() or (points > (1 + MARGIN) * side).any()
        require(not outside, f"{name} has landmarks far outside its {side[0]:g}x{side[1]:g} image")


CHECKS = (
    slots_in_order,
    same_seed,
    different_seed,
    prefix_stable,
    order_invariant,
    batch_invariant,
    shard_invariant,
    image_decodes,
    declared_size,
    landmarks_in_image,
)


def _require_same(subject: Subject, made: Answers, how: str) -> None:
    """Equal bytes, or equal pixels within the declared tolerance."""
    before = {item.slot: item for item in reference(subject)}
    within = _WITHIN.match(subject.component.determinism)
    changed = []
    for slot, item in made.items():
        if slot in before and not _same(before[slot], item, int(within[1]) if within else None):
            changed.append(item)
    shared = len(before.keys() & made.keys())
    require(shared, f"{how}, no slot is answered")
    require(not changed, f"{_names(changed)} of {shared} slots differ when {how}")


def _same(one: Face | Missing, other: Face | Missing, tolerance: int | None) -> bool:
    if isinstance(one, Missing) or isinstance(other, Missing):
        return one == other
    if one.image == other.image:
        return True
    if tolerance is None:
        return False
    from harness.align.decode import decode

    first, second = (decode(face.image, "image").astype(np.int16) for face in (one, other))
    return first.shape == second.shape and int(np.abs(first - second).max()) <= tolerance


def _names(items: list[Face] | list[Face | Missing]) -> str:
    shown = ", ".join(f"({item.slot.identity}, {item.slot.sample})" for item in items[:3])
    return shown + (f" and {len(items) - 3} more" if len(items) > 3 else "")
