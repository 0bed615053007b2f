"""A result as the settings and numbers that Weights & Biases takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KINDS = ("generator", "model", "benchmark", "aligner")


def config_of(result: Mapping[str, Any]) -> dict[str, Any]:
    """Components with versions and parameters, the protocol, seed and repeat of a result."""
    found: dict[str, Any] = {
        "comparison": result["comparison"],
        "limit": result["limited"],
        "seed": result["seed"]["root"],
        "repeat": result["seed"]["repeat"],
        "protocol": result["protocol"],
    }
    for kind in KINDS:
        use = result["cell"][kind]
        if use is not None:
            found[kind] = {name: use[name] for name in ("name", "label", "version", "params")}
    return found


def numbers_of(result: Mapping[str, Any]) -> dict[str, float]:
    """Every number with the ends of its interval; one that could not be measured is left out.

    ``tar@far`` at 1e-4 is ``tar@far far=0.0001``; the ends of its interval have ``low`` and
    ``high`` after it. A dot would make a nested summary, so there is none before those.
    """
    found: dict[str, float] = {}
    for metric in result["metrics"]:
        if metric["value"] is None:
            continue
        at = [f"{key}={value}" for key, value in sorted(metric["at"].items())]
        base = name = " ".join([metric["name"], *at])
        count = 2
        while name in found:
            name, count = f"{base} {count}", count + 1
        found[name] = metric["value"]
        if metric["ci"]:
            found |= {f"{name} {end}": metric["ci"][end] for end in ("low", "high")}
    return found
