"""Checks of attribute components: described values, the same alone and among others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from harness.components import FaceBatch
from harness.testing.base import require
from harness.testing.faces import batch, part
from harness.testing.subject import Subject


def describes_every_attribute(subject: Subject) -> None:
    """What is described is what is given, one float64 value per face; no faces have none."""
    faces = batch()
    described, found = subject.opened.attributes, _described(subject, faces)
    require(found.keys() == described.keys(), f"{sorted(found)} are given, {sorted(described)} "
            "are described")  # fmt: skip
    for name, values in found.items():
        require(values.shape == (len(faces),), f"{name} has shape {values.shape}")
        require(values.dtype == np.float64, f"{name} is {values.dtype}, not float64")
        require(described[name].text.strip(), f"{name} has no description")
        edges = described[name].edges
        require(list(edges) == sorted(set(edges)), f"the edges of {name} do not ascend")
    for name, values in _described(subject, part(faces, [])).items():
        require(values.shape == (0,), f"no faces have values of {name}")


def in_its_range(subject: Subject) -> None:
    """Categories are numbers of categories, angles are degrees, nothing is infinite."""
    found = _described(subject, batch())
    for name, info in subject.opened.attributes.items():
        values = found[name][~np.isnan(found[name])]
        require(not np.isinf(values).any(), f"{name} is infinite")
        if info.kind == "category":
            known = np.isin(values, np.arange(len(info.categories)))
            require(known.all(), f"{name} has a value that is not a category")
        elif info.kind == "angle":
            require((np.abs(values) <= 180).all(), f"{name} has an angle beyond 180 degrees")


def of_each_face_alone(subject: Subject) -> None:
    """A face has the same values alone and among others, and a second time."""
    faces = batch()
    whole, again = _described(subject, faces), _described(subject, faces)
    for name, values in whole.items():
        require(np.array_equal(values, again[name], equal_nan=True), f"{name} has two values")
    for k in range(len(faces)):
        for name, values in _described(subject, part(faces, [k])).items():
            among = whole[name][k]
            same = np.allclose(values, among, rtol=1e-4, atol=1e-4, equal_nan=True)
            require(same, f"{name} of face {k} is {values[0]} alone and {among} among others")


def nothing_known(subject: Subject) -> None:
    """A face without landmarks, box or embedding has NaN or a value, never an exception."""
    blind = batch(known=False)
    for name, values in _described(subject, blind).items():
        require(values.shape == (len(blind),), f"{name} has shape {values.shape}")


def _described(subject: Subject, faces: FaceBatch) -> Mapping[str, NDArray[np.float64]]:
    found: Mapping[str, NDArray[np.float64]] = subject.opened.describe(faces)
    return found


CHECKS = (describes_every_attribute, in_its_range, of_each_face_alone, nothing_known)
