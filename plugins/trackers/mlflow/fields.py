"""A result as the flat names and short values that MLflow takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

KINDS = ("generator", "model", "benchmark", "aligner")
LONGEST = 500
"""Characters of a value that every version of MLflow takes."""


def params_of(result: Mapping[str, Any]) -> dict[str, str]:
    """Components, their versions and parameters, the protocol, seed and repeat of a result."""
    found = {"comparison": result["comparison"], "limit": result["limited"]}
    found |= {name: result["seed"][name] for name in ("root", "repeat")}
    for kind in KINDS:
        use = result["cell"][kind]
        if use is not None:
            found |= {kind: use["name"], f"{kind}.version": use["version"]}
            found |= {f"{kind}.{name}": value for name, value in _flat(use["params"])}
    found |= {f"protocol.{name}": value for name, value in _flat(result["protocol"])}
    return {clean(name): str(v)[:LONGEST] for name, v in found.items() if v is not None}


def metrics_of(result: Mapping[str, Any]) -> dict[str, float]:
    """Every number with the ends of its interval; one that could not be measured is left out.

    ``tar@far`` at 1e-4 is ``tar_at_far.far_0.0001``; the ends of its interval have ``.low`` and
    ``.high`` after it. No name is a folder of another, which a store of files could not keep.
    """
    found: dict[str, float] = {}
    for metric in result["metrics"]:
        if metric["value"] is None:
            continue
        point = [f"{key}_{value}" for key, value in sorted(metric["at"].items())]
        base = name = clean(".".join([metric["name"], *point]))
        count = 2
        while name in found:
            name, count = f"{base}.{count}", count + 1
        found[name] = metric["value"]
        if metric["ci"]:
            found |= {f"{name}.low": metric["ci"]["low"], f"{name}.high": metric["ci"]["high"]}
    return found


def clean(name: str) -> str:
    """The name in the characters that MLflow takes."""
    return re.sub(r"[^\w\-. ]", "_", name.replace("@", "_at_"), flags=re.ASCII)


def _flat(tree: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
