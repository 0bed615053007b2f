"""Face sets in the store: finding one by the beginning of its key, and what a list says of it."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from harness.errors import DataError, UsageError
from harness.fileio.decoding import reason
from harness.fileio.verified import MANIFEST
from harness.store.artifacts import Artifact, Store

KIND = "faces"
Count = Annotated[int, Field(ge=0, lt=2**63)]


def find(store: Store, prefix: str) -> Artifact:
    """The face set whose key begins with ``prefix``; raises ``UsageError`` if not exactly one."""
    found = [item for item in store.of_kind(KIND) if item.key.startswith(prefix)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"no face set in {store.home} has a key that begins with {prefix!r}; see "
                         "`harness faces list`")  # fmt: skip
    keys = ", ".join(item.key[: len(prefix) + 4] for item in found[:4])
    raise UsageError(f"{len(found)} face sets begin with {prefix!r} ({keys}); give more digits")


class _SetComponent(BaseModel):
    model_config = ConfigDict(strict=True)

    provider: str
    version: int
    params: dict[str, Any]


class _SetParts(BaseModel):
    model_config = ConfigDict(strict=True)

    component: _SetComponent
    seed: int | str | None
    limit: int | None


class _SetFacts(BaseModel):
    model_config = ConfigDict(strict=True)

    identities: Count
    faces: Count
    missing: Count
    image_bytes: Count
    sha256: str | None = None


def describe(item: Artifact) -> dict[str, Any]:
    """One row of the list of face sets, as JSON; raises ``DataError`` naming a damaged manifest."""
    try:
        parts = _SetParts.model_validate(item.manifest["parts"])
        facts = _SetFacts.model_validate(dict(item.facts))
    except ValueError as error:
        raise DataError(
            f"{item.folder / MANIFEST} does not describe a face set: {reason(error)}"
        ) from None
    return {
        "key": item.key,
        "generator": parts.component.provider,
        "version": parts.component.version,
        "params": parts.component.params,
        "seed": parts.seed,
        "limit": parts.limit,
        "created": item.manifest["created"],
        **facts.model_dump(),
    }
