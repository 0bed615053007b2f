"""Random streams by name: no global generator, no dependence on order.

A stream is a function of (root seed, names and numbers), so adding a benchmark or a second
generator changes no byte of another, and any single sample can be made alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


def derive(seed: int, *path: str | int) -> int:
    """A 128-bit integer that depends on the root seed and every element of ``path``.

    Elements are length-prefixed before hashing, so ``("ab", "c")`` and ``("a", "bc")`` differ, and
    tagged by type, so ``1`` and ``"1"`` differ.
    """
    whole = b""
    for part in (seed, *path):
        text = str(part).encode()
        tag = b"i" if isinstance(part, int) else b"s"
        whole += tag + len(text).to_bytes(4, "little") + text
    return int.from_bytes(hashlib.sha256(whole).digest()[:16], "little")


def stream(seed: int, *path: str | int) -> np.random.Generator:
    """An independent numpy generator (Philox) for this seed and path."""
    import numpy as np

    return np.random.Generator(np.random.Philox(_key_type()(derive(seed, *path))))


def children(rng: np.random.Generator) -> Callable[[str], np.random.Generator]:
    """Streams by name below ``rng``, from which one number is drawn.

    A name that is added, or draws more, changes no other.
    """
    root = int(rng.integers(2**63))
    return lambda name: stream(root, name)


@cache
def _key_type() -> Any:
    """A seed sequence that holds a key of Philox.

    Given ``key=``, numpy asks the system for entropy first and never uses it, which takes three
    times as long.
    """
    import numpy as np

    class Key(np.random.bit_generator.ISeedSequence):
        def __init__(self, value: int) -> None:
            self._words = np.array([value % 2**64, value >> 64], np.uint64)

        def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Any:
            return self._words

    return Key
