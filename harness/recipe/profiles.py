"""Profiles of a recipe: named changes to it, such as ``smoke``, chosen with ``--profile``.

``[profile.NAME.study]``, ``[profile.NAME.aligner]`` and ``[profile.NAME.executor]`` override the
tables of these names.
``[profile.NAME.KIND.WHICH]`` is over every entry of that kind whose component or label is WHICH,
the face sets of a model's phases included; ``[[profile.NAME.KIND]]`` replaces the whole list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.did_you_mean import did_you_mean
from harness.errors import UsageError
from harness.recipe.layers import (
    LISTED,
    Origin,
    RawRecipe,
    Sourced,
    SourcedValues,
    entries,
    entry,
    sourced,
    table_of,
)

KEPT = frozenset({"label", "published", "take", "phases"})
"""What an entry keeps when a profile gives it another component; parameters go."""
ALLOWED = ("study", *LISTED, "aligner", "executor")


def apply(draft: RawRecipe, table: Mapping[str, Any], name: str, origin: Origin) -> RawRecipe:
    """The draft with a profile laid over it; raises ``UsageError`` for what it does not reach."""
    where = ("profile", name)
    for key in table:
        if key not in ALLOWED:
            raise UsageError(f"{origin((*where, key))}: a profile has no table {key!r}"
                             f"{did_you_mean(key, ALLOWED)}")  # fmt: skip
    study = sourced(table_of(table, (*where, "study"), origin), (*where, "study"), origin)
    made = replace(draft, study=draft.study | study, entries=dict(draft.entries))
    if "aligner" in table:
        made.aligner = entry(table["aligner"], (*where, "aligner"), origin)
    if "executor" in table:
        made.executor = entry(table["executor"], (*where, "executor"), origin)
    for kind in ("model", "generator", "benchmark", "measure"):
        over = table.get(kind, {})
        if isinstance(over, list):
            made.entries[kind] = entries(over, (*where, kind), origin)
        elif isinstance(over, dict):
            for which, values in over.items():
                path = (*where, kind, which)
                if not isinstance(values, dict):
                    raise UsageError(f"{origin(path)}: [profile.{name}.{kind}.WHICH] must be a "
                                     "table of a component or label")  # fmt: skip
                _lay(made, kind, which, sourced(values, path, origin), origin(path))
        else:
            raise UsageError(f"{origin((*where, kind))}: {kind} must be a table or an array")
    return made


def _lay(draft: RawRecipe, kind: str, which: str, over: SourcedValues, where: str) -> None:
    names: set[str] = set()

    def laid(item: SourcedValues) -> SourcedValues:
        own = {item["use"].value, item["label"].value if "label" in item else None}
        names.update(str(name) for name in own - {None})
        return _over(item, over) if which in own else item

    draft.entries[kind] = [laid(item) for item in draft.entries[kind]]
    if kind == "generator":
        draft.entries["model"] = [_in_phases(item, laid) for item in draft.entries["model"]]
    if which not in names:
        raise UsageError(f"{where}: no {kind} is {which!r} by component or label"
                         f"{did_you_mean(which, names)}")  # fmt: skip


def _in_phases(model: SourcedValues, laid: Any) -> SourcedValues:
    if "phases" not in model:
        return model
    phases = [
        {**phase, "faces": [laid(faces) for faces in phase["faces"]]}
        for phase in model["phases"].value
    ]
    return model | {"phases": Sourced(phases, model["phases"].origin)}


def _over(item: SourcedValues, over: SourcedValues) -> SourcedValues:
    if "use" in over and over["use"].value != item["use"].value:
        item = {key: value for key, value in item.items() if key in KEPT}
    return item | over
