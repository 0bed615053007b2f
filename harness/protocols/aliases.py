"""Names by which Bob knows benchmarks of ours, with the comparison that each means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Alias(NamedTuple):
    """A benchmark, and the comparison of it that is meant; empty for all of them."""

    benchmark: str
    comparison: str = ""


ALIASES: Mapping[str, Alias] = {
    "lfw-view2": Alias("lfw"),
    "ijbc-test1": Alias("ijbc", "1:1"),
    "rfw-original": Alias("rfw"),
}


def resolve_alias(name: str) -> Alias:
    """The benchmark behind a name; a name that is no alias stands for itself."""
    return ALIASES.get(name, Alias(name))
