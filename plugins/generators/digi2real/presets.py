"""The runs of George and Marcel 2024 as data: what each asks of the generator.

Common to all: DigiFace-1M as source, five images per identity with at most two of one accessory
set, five latents per identity, MTCNN. Names are those of the table and row: ``d3-40k`` is the run
of Table 3 with 40,000 identities. Table 8 mixes ``digi2real-20k`` with real faces, which is said in
a recipe. ``lcm-preview`` is not of the paper.
"""

from __future__ import annotations

from typing import Any

MOST = 87_000
"""The largest number of identities that the paper used; the filter chooses among these."""

_PAPER: dict[str, Any] = {
    "source": "digiface1m",
    "source_params": {"image_choice": "sampled", "most_per_group": 2},
    "latents": 5,
    "detector": "mtcnn",
}


def _run(identities: int, images_per_id: int, alpha: float, *, filtered: bool) -> dict[str, Any]:
    return {
        **_PAPER,
        "identities": identities,
        "images_per_id": images_per_id,
        "beta_a": alpha,
        "beta_b": alpha,
        "filtered": filtered,
        "candidates": MOST if filtered else None,
    }


def _thousands(*counts: int) -> list[tuple[str, int]]:
    return [(f"{count}k", count * 1000) for count in counts]


PRESETS: dict[str, dict[str, Any]] = {
    # Table 1 does not print alpha; its row of 20 images equals the row of alpha 1 of Table 2.
    "d1a": _run(10_000, 10, 1.0, filtered=False),
    "d1b": _run(10_000, 20, 1.0, filtered=False),
    "d1c": _run(10_000, 25, 1.0, filtered=False),
    "d2a": _run(10_000, 20, 1.0, filtered=False),
    "d2b": _run(10_000, 20, 2.0, filtered=False),
    **{
        f"d3-{name}": _run(count, 20, 2.0, filtered=False)
        for name, count in _thousands(10, 20, 30, 40, 50, 60, 70, 80, 87)
    },
    **{
        f"d4-{name}": _run(count, 20, 2.0, filtered=True)
        for name, count in _thousands(10, 20, 30, 40, 50, 60, 70, 80)
    },
}
PRESETS["digi2real-20k"] = PRESETS["d4-20k"]
PRESETS["lcm-preview"] = {"sampler": "lcm", "steps": 4, "guidance": 1.0}
