"""The offset between rendered and real faces in the space of prompt embeddings.

George and Marcel 2024, equations 1 and 2, after the domain gap embeddings of Wang et al. 2024:

    delta = mean_real C(r) - mean_source C(d)
    c'    = C(z) + scale * delta

C is the text encoder applied to a unit face embedding. Rows before the identity token are equal for
every face, so there delta is zero. Three shapes: ``token`` keeps one vector a token (which, rows
before it being zero, is the same as from the identity token onward), ``identity`` only the row of
the identity token, ``pooled`` the mean of the rows from there on, the same for all of them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from harness.plugin import DataError
from harness.plugin.files import json_value, written_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

Shape = Literal["token", "identity", "pooled"]
FACTS = "facts"
_BATCH = 32
_EQUAL = 1e-4
"""Largest difference before the identity token that rounding explains."""


class Encoder(Protocol):
    """What is needed of a conditioner: C and the place of the identity token."""

    @property
    def position(self) -> int:
        """Place of the identity token."""

    def encode(self, embeddings: NDArray[np.float32]) -> torch.Tensor:
        """C(z), float32 (N, tokens, width)."""


def mean_prompt(encoder: Encoder, embeddings: Floats) -> NDArray[np.float64]:
    """The mean of C over unit embeddings (N, d), float64 (tokens, width)."""
    if not len(embeddings):
        raise DataError("a shift needs at least one face on each side")
    total: Any = 0.0
    for first in range(0, len(embeddings), _BATCH):
        batch = encoder.encode(embeddings[first : first + _BATCH])
        total = total + batch.numpy().astype(np.float64).sum(axis=0)
    return np.asarray(total / len(embeddings))


def estimate(encoder: Encoder, real: Floats, source: Floats) -> Floats:
    """The delta of unit embeddings (N, d) and (M, d), float32 (tokens, width).

    Raises DataError when rows before the identity token differ: then the encoder is not causal.
    """
    delta = mean_prompt(encoder, real) - mean_prompt(encoder, source)
    before = np.abs(delta[: encoder.position]).max(initial=0.0)
    if before > _EQUAL:
        raise DataError(
            f"prompt embeddings before the identity token differ by {before:.2g} between faces; "
            "the text encoder is not causal, use that of Arc2Face"
        )
    delta[: encoder.position] = 0
    return delta.astype(np.float32)


def shaped(delta: Floats, shape: Shape, position: int) -> Floats:
    """``delta`` (tokens, width) in one of the three shapes, zero before ``position``."""
    made = np.zeros_like(delta)
    if shape == "token":
        made[position:] = delta[position:]
    elif shape == "identity":
        made[position] = delta[position]
    else:
        made[position:] = delta[position:].mean(axis=0)
    return made


def save(path: Path, delta: Floats, facts: Mapping[str, Any]) -> None:
    """Write a shift as one safetensors file: ``delta``, and as metadata the facts and row norms."""
    from safetensors.numpy import save_file

    norms = [round(float(norm), 6) for norm in np.linalg.norm(delta, axis=1)]
    text = json.dumps({**facts, "token_norms": norms}, sort_keys=True)
    with written_whole(path) as aside:
        save_file({"delta": np.ascontiguousarray(delta)}, str(aside), {FACTS: text})


def load(path: Path) -> tuple[Floats, dict[str, Any]]:
    """What ``save`` wrote; raises DataError when the file holds something else."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), "numpy") as file:
            delta, text = file.get_tensor("delta"), (file.metadata() or {})[FACTS]
        facts: dict[str, Any] = json_value(text)
        counts = facts["real"]["images"], facts["source"]["images"]
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{path} is not a shift ({error}); make one with: harness digi2real shift --real "
            "FOLDER "
            "--source SET -o FILE"
        ) from None
    if delta.ndim != 2 or delta.dtype != np.float32 or not np.isfinite(delta).all():
        raise DataError(f"{path} holds a shift that is not finite float32 (tokens, width)")
    if min(counts) < 1:
        raise DataError(f"{path} was estimated from no face on one side; estimate it again")
    return delta, facts
