"""Setting parameters of selected components by dotted paths, and sweeping them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from harness.did_you_mean import did_you_mean
from harness.errors import UsageError
from harness.recipe.layers import LISTED, Sourced
from harness.recipe.limits import require_cells
from harness.recipe.parameters import Word, parse_literal
from harness.recipe.tables import Use

Accepts = Callable[[str, str, str], bool]
"""Whether a (kind, component name) has a parameter of that name."""

MOST_SWEPT = 10_000
AnyUse = TypeVar("AnyUse", bound=Use)
OWN_KEYS = {"use": "choose components with -g, -m and -b", "label": "use --label",
            "published": "write it into the recipe"}  # fmt: skip


def split(path: str, origin: str) -> tuple[str, str]:
    """``KIND.key`` or ``study.key`` of a ``--set`` or sweep; raises ``UsageError`` with origin."""
    kind, dot, key = path.partition(".")
    known = ("study", *LISTED, "aligner")
    if kind not in known:
        raise UsageError(
            f"{origin}: {path!r} does not begin with a table{did_you_mean(kind, known)}"
        )
    if not dot or not key:
        raise UsageError(f"{origin}: {path!r} names no key; write {kind}.KEY")
    return kind, key


def assign(
    kind: str, uses: Sequence[AnyUse], key: str, said: Sourced, accepts: Accepts
) -> list[AnyUse]:
    """Set a parameter of the entries it is for.

    ``NAME.key`` selects entries by component or label, a bare key those that have it. Raises
    ``UsageError`` when nothing is selected.
    """
    if not uses:
        raise UsageError(f"{key}={said.value} sets a {kind} parameter but no {kind} is selected")
    takers, inner = _takers(kind, uses, key, said, accepts)
    if inner.partition(".")[0] in OWN_KEYS:
        raise UsageError(f"{said.origin}: {inner!r} is not a parameter; {OWN_KEYS[inner]}")
    return [
        use.having({**use.params(), inner: said.value}, {inner: said.origin}) if takes else use
        for use, takes in zip(uses, takers, strict=True)
    ]


def _takers(
    kind: str, uses: Sequence[Use], key: str, said: Sourced, accepts: Accepts
) -> tuple[list[bool], str]:
    """Which entries a key is for, and the key without the name that selected them."""
    names = sorted({name for use in uses for name in use.names}, key=len, reverse=True)
    owner = next((name for name in names if key.startswith(f"{name}.")), None)
    if owner is not None:
        return [owner in use.names for use in uses], key[len(owner) + 1 :]
    head, dot, _ = key.partition(".")
    takers = [accepts(kind, use.use, head) for use in uses]
    if dot and not any(takers):
        raise UsageError(
            f"{said.origin}: {head!r} is neither a {kind} that is selected nor a parameter of one"
            f"{did_you_mean(head, names)}; select it or correct the name"
        )
    # Where none has it, the component's own error names the nearest match.
    return (takers if any(takers) else [True] * len(uses)), key


def sweep(
    kind: str, uses: Sequence[AnyUse], values: Mapping[str, Sourced], accepts: Accepts
) -> list[AnyUse]:
    """Every entry once for each combination of the values (the grid), labelled by what differs."""
    if not values:
        return list(uses)
    if not uses:
        raise UsageError(f"--sweep {kind}.{next(iter(values))}: no {kind} is selected")
    for key, said in values.items():
        if not isinstance(said.value, list) or not said.value:
            raise UsageError(f"{said.origin}: sweep of {kind}.{key} needs a list of values")
    mine: list[dict[str, Sourced]] = [{} for _ in uses]
    for key, said in values.items():
        takers, inner = _takers(kind, uses, key, said, accepts)
        for own, takes in zip(mine, takers, strict=True):
            own |= {inner: said} if takes else {}
    sizes = [math.prod(len(said.value) for said in own.values()) for own in mine]
    require_cells(sum(sizes), f"the sweep over {', '.join(values)} makes")
    return [swept for use, own in zip(uses, mine, strict=True) for swept in _grid(use, own)]


def _grid(use: AnyUse, values: Mapping[str, Sourced]) -> list[AnyUse]:
    count = math.prod(len(said.value) for said in values.values())
    if count > MOST_SWEPT:
        origin = next(iter(values.values())).origin
        raise UsageError(f"{origin}: the sweep gives {use.use} {count:,} variants, and at most "
                         f"{MOST_SWEPT:,} are planned; sweep fewer values")  # fmt: skip
    made = []
    for combination in itertools.product(*(said.value for said in values.values())):
        chosen = dict(zip(values, combination, strict=True))
        origins = {key: f"sweep, {values[key].origin}" for key in chosen}
        swept = use.having({**use.params(), **chosen}, origins)
        if chosen:
            shown = ", ".join(f"{key}={_short(value)}" for key, value in chosen.items())
            swept = swept.model_copy(update={"label": f"{use.label or use.use} {shown}"})
        made.append(swept)
    return made


def _short(value: Any) -> str:
    value = parse_literal(value) if isinstance(value, Word) else value
    return f"{value:g}" if isinstance(value, float) else str(value)
