"""Checks of quality components: one number per face, the same alone and among others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.components import FaceBatch
from harness.testing.base import require
from harness.testing.faces import batch, part
from harness.testing.subject import Subject


def one_number_per_face(subject: Subject) -> None:
    """N faces have N numbers, float64, none infinite; no faces have none."""
    faces = batch()
    found = _rated(subject, faces)
    require(found.shape == (len(faces),), f"{len(faces)} faces have ratings {found.shape}")
    require(found.dtype == np.float64, f"ratings are {found.dtype}, not float64")
    require(not np.isinf(found).any(), "a rating is infinite")
    require(_rated(subject, part(faces, [])).shape == (0,), "no faces have ratings")


def in_its_range(subject: Subject) -> None:
    """Ratings are in the range that ``metric`` states."""
    info, found = subject.opened.metric, _rated(subject, batch())
    found = found[np.isfinite(found)]
    low = -np.inf if info.low is None else info.low
    high = np.inf if info.high is None else info.high
    outside = found[(found < low) | (found > high)]
    require(not len(outside), f"a rating is {outside[:1]}, outside {low} to {high}")
    require(info.text.strip(), "metric has no description")


def of_each_face_alone(subject: Subject) -> None:
    """A face has the same number alone and among others, and a second time."""
    faces = batch()
    whole, again = _rated(subject, faces), _rated(subject, faces)
    require(np.array_equal(whole, again, equal_nan=True), "the same faces have two ratings")
    for k in range(len(faces)):
        alone = _rated(subject, part(faces, [k]))
        same = np.allclose(alone, whole[k : k + 1], rtol=1e-4, atol=1e-5, equal_nan=True)
        require(same, f"face {k} is rated {alone[0]} alone and {whole[k]} among others")


def nothing_known(subject: Subject) -> None:
    """A face without landmarks, box or embedding has NaN or a number, never an exception."""
    blind = batch(known=False)
    found = _rated(subject, blind)
    require(found.shape == (len(blind),), f"{len(blind)} faces have ratings {found.shape}")
    require(not np.isinf(found).any(), "a rating is infinite")


def _rated(subject: Subject, faces: FaceBatch) -> NDArray[np.float64]:
    found: NDArray[np.float64] = subject.opened.rate(faces)
    return found


CHECKS = (one_number_per_face, in_its_range, of_each_face_alone, nothing_known)
