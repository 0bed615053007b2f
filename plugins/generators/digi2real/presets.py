"""The runs of George and Marcel 2024 as data: what each asks of the generator.

Common to all, and the defaults of the generator: DigiFace-1M as source, five images per identity
with at most two of one accessory set, five latents per identity, MTCNN. Names are those of the
table and row: ``d3-40k`` is the run of Table 3 with 40,000 identities. Table 8 mixes
``digi2real-20k`` with real faces, which is said in a recipe. ``rendered`` and ``lcm-preview`` are
not of the paper, and the names of their rows say so.
"""

from __future__ import annotations

from typing import Any

MOST = 87_000
"""The largest number of identities that the paper used; the filter chooses among these."""

PAPER_SOURCE, PAPER_DETECTOR = "digiface1m", "mtcnn"
PAPER_CHOICE: dict[str, Any] = {"image_choice": "sampled", "most_per_group": 2}
"""Which images of an identity are taken, as parameters of the source."""

_PAPER: dict[str, Any] = {
    "source": PAPER_SOURCE,
    "source_params": PAPER_CHOICE,
    "latents": 5,
    "detector": PAPER_DETECTOR,
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
# Cheap: from rendered identities, on which no detector is needed, and without a choice among them.
PRESETS["rendered"] = {
    "source": "bfm", "identities": 1000, "filtered": False, "detector": "none"
}  # fmt: skip
PRESETS["lcm-preview"] = PRESETS["rendered"] | {"sampler": "lcm", "steps": 4, "guidance": 1.0}
