"""The attributes ``onnx-attributes``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError
from harness.plugin.ratings import AttributeInfo, FaceAttributes, FaceBatch

from .edges import POSE
from .network import FaceNetwork

if TYPE_CHECKING:
    from harness.plugin import Context

    from .params import OnnxAttributesParams


class OnnxAttributes(FaceAttributes):
    """Heads of a network: numbers, expected values over bins, and classes."""

    needs = frozenset({"images", "landmarks"})
    params: OnnxAttributesParams

    def prepare(self, ctx: Context) -> None:
        """Open the network."""
        super().prepare(ctx)
        self._network = FaceNetwork(self.params, ctx)

    @property
    def attributes(self) -> Mapping[str, AttributeInfo]:
        """One attribute per head that is not skipped."""
        kept = {k: head for k, head in self.params.heads.items() if not head.startswith("skip:")}
        return {name: _info(name, head) for name, head in kept.items()}

    def describe(self, faces: FaceBatch) -> Mapping[str, NDArray[np.float64]]:
        """Values of every head; NaN for a face that cannot be cropped."""
        values = {name: np.full(len(faces), np.nan) for name in self.attributes}
        found, rows = self._network.run(faces)
        if not len(rows):
            return values
        for name, part in self._parts([output.reshape(len(rows), -1) for output in found]):
            head = self.params.heads[name]
            if name in values:
                values[name][rows] = _read(head, part)
        return values

    def _parts(self, found: list[NDArray[np.float64]]) -> list[tuple[str, NDArray[np.float64]]]:
        """The part of the outputs that belongs to each head; DataError where they do not fit."""
        heads, path = self.params.heads, self.params.path
        if len(found) == len(heads):
            parts = dict(zip(heads, found, strict=True))
        else:
            whole = np.concatenate(found, axis=1)
            widths = [_width(head) for head in heads.values()]
            if 0 in widths or sum(widths) != whole.shape[1]:
                raise DataError(
                    f"{path} has {len(found)} outputs of {whole.shape[1]} numbers in all; "
                    f"heads names {len(heads)}, which do not fit"
                )
            parts = dict(zip(heads, np.split(whole, np.cumsum(widths)[:-1], axis=1), strict=True))
        for name, part in parts.items():
            if _width(heads[name]) not in (0, part.shape[1]):
                raise DataError(
                    f"{path} gives {part.shape[1]} numbers for {name}={heads[name]!r}, which "
                    f"wants {_width(heads[name])}"
                )
        return list(parts.items())


def _info(name: str, head: str) -> AttributeInfo:
    form, _, rest = head.partition(":")
    if form == "classes":
        return AttributeInfo(f"{name} by the network", "", "category", tuple(rest.split(",")))
    return POSE.get(name, AttributeInfo(f"{name} by the network"))


def _width(head: str) -> int:
    """Numbers that a head reads; 0 for any."""
    form, _, rest = head.partition(":")
    if form == "classes":
        return len(rest.split(","))
    if form == "skip":
        return int(rest)
    return 1 if form == "number" else 0


def _read(head: str, part: NDArray[np.float64]) -> NDArray[np.float64]:
    form, _, rest = head.partition(":")
    if form == "classes":
        return np.asarray(part.argmax(1), np.float64)
    if form == "number":
        return part[:, 0]
    first, step = (float(number) for number in rest.split(":"))
    weights = np.exp(part - part.max(1, keepdims=True))
    values = first + step * np.arange(part.shape[1])
    return np.asarray(weights @ values / weights.sum(1), np.float64)
