"""Checks of aligners: every image has one answer, a placement or a reason."""

from __future__ import annotations

import numpy as np

from harness.components import Placement
from harness.testing.base import require
from harness.testing.subject import Subject
from harness.testing.work import photos


def one_answer_an_image(subject: Subject) -> None:
    """N images have N answers, each a ``Placement`` or a reason in words."""
    images, boxes = photos()
    found = subject.opened.locate(images, boxes)
    require(len(found) == len(images), f"{len(images)} images have {len(found)} answers")
    for number, answer in enumerate(found):
        require(
            isinstance(answer, Placement | str),
            f"image {number} is answered by a {type(answer).__name__}",
        )
        if isinstance(answer, str):
            require(answer.strip(), f"image {number} has an empty reason")


def placements_are_points(subject: Subject) -> None:
    """A placement has five finite landmarks and a finite score."""
    for number, answer in enumerate(subject.opened.locate(*photos())):
        if isinstance(answer, Placement):
            points = np.asarray(answer.landmarks)
            require(points.shape == (5, 2), f"image {number} has landmarks {points.shape}")
            require(np.isfinite(points).all(), f"image {number} has landmarks that are not finite")
            require(np.isfinite(answer.score), f"image {number} has the score {answer.score}")


def deterministic(subject: Subject) -> None:
    """The same images have the same answers a second time."""
    first, second = (subject.opened.locate(*photos()) for _ in range(2))
    for number, (one, two) in enumerate(zip(first, second, strict=True)):
        require(type(one) is type(two), f"image {number} is found once and not the other time")
        if isinstance(one, Placement):
            same = np.array_equal(one.landmarks, two.landmarks, equal_nan=True)
        else:
            same = one == two
        require(same, f"image {number} has two answers")


CHECKS = (one_answer_an_image, placements_are_points, deterministic)
