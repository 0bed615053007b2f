"""One face, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MetaValue = str | int | float | bool | None


class Slot(NamedTuple):
    """A place in a face set: sample ``sample`` of identity ``identity``, both counted from 0."""

    identity: int
    sample: int


@dataclass(frozen=True)
class Face:
    """One image of one identity, as encoded bytes.

    ``image`` holds an encoded JPEG or PNG: these bytes are the canonical sample. ``landmarks`` are
    five points, float32 (5, 2), in pixels with the origin at the centre of the top-left pixel, in
    the order: eye on the image left, eye on the image right, nose tip, mouth corner on the image
    left, mouth corner on the image right. ``box`` is float32 (4,): left, top, right, bottom.
    ``template`` names the alignment template the image already follows, if any. ``meta`` is flat.
    """

    slot: Slot
    image: bytes
    landmarks: NDArray[np.float32] | None = None
    box: NDArray[np.float32] | None = None
    template: str | None = None
    meta: Mapping[str, MetaValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Missing:
    """A slot that could not be filled, and why (for example ``no face detected``)."""

    slot: Slot
    reason: str
