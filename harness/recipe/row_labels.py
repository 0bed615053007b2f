"""Labels that flags give to entries of a recipe: the names of rows in tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from harness.errors import UsageError
from harness.recipe.tables import Faces, ModelUse

Entry = TypeVar("Entry", Faces, ModelUse)


def with_labels(
    generators: Sequence[Faces], models: Sequence[ModelUse], labels: Sequence[str]
) -> tuple[list[Faces], list[ModelUse]]:
    """Generators and models with what ``--label`` says of them.

    ``NAME`` labels the one generator, or the one model where there is no generator;
    ``ENTRY=NAME`` the entries of that component or label. Raises ``UsageError`` where it is not
    clear which entry is meant, or there is none.
    """
    found: tuple[list[Faces], list[ModelUse]] = list(generators), list(models)
    for text in labels:
        entry, equals, name = text.partition("=")
        if not equals:
            entry, name = _only(found, text), text
        if not name.strip():
            raise UsageError(f"--label {text}: the label is empty; give --label ENTRY=NAME")
        known = [use for kind in found for use in kind if entry in use.names]
        if not known:
            names = ", ".join(use.use for kind in found for use in kind)
            raise UsageError(f"--label {text}: no generator or model is {entry!r}, only {names}")
        found = (
            [_labelled(use, entry, name) for use in found[0]],
            [_labelled(use, entry, name) for use in found[1]],
        )
    return found


def _only(found: tuple[list[Faces], list[ModelUse]], text: str) -> str:
    kind = found[0] or found[1]
    if len(kind) != 1:
        raise UsageError(
            f"--label {text}: {len(kind)} entries could be meant; give --label ENTRY={text}"
        )
    return kind[0].use


def _labelled(use: Entry, entry: str, name: str) -> Entry:
    return use.model_copy(update={"label": name}) if entry in use.names else use
