"""What packed files say of a face, made into what a face set holds."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.plugin import DataError
from harness.plugin.files import shown
from harness.plugin.generators import MetaValue


def numbers(value: Any, shape: tuple[int, ...], name: str, what: str) -> NDArray[np.float32] | None:
    """Landmarks or a box; None where the file says that they are unknown (null or NaN)."""
    if value is None:
        return None
    try:
        made = np.array(value, np.float32).reshape(-1)
    except (ValueError, TypeError, OverflowError):
        made = np.empty(0, np.float32)
    if made.size != math.prod(shape) or np.isinf(made).any():
        raise DataError(f"{name}: {what} should be {math.prod(shape)} finite numbers")
    return None if np.isnan(made).any() else made.reshape(shape)


def flat(meta: Any) -> dict[str, MetaValue]:
    """The values of metadata that a face set can hold: text, numbers, yes and no."""
    if not isinstance(meta, dict):
        return {}
    return {
        shown(str(key)): shown(value) if isinstance(value, str) else value
        for key, value in meta.items()
        if value is None
        or isinstance(value, str | int)
        or (isinstance(value, float) and math.isfinite(value))
    }


def parse(text: str | bytes, name: str) -> Any:
    """JSON that is in a packed file; raises ``DataError`` naming the record."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise DataError(f"{name}: its JSON is damaged") from None
