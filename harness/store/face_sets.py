"""Face sets in the store: finding one by the beginning of its key, and what a list says of it."""

from __future__ import annotations

from typing import Any

from harness.errors import UsageError
from harness.store.artifacts import Artifact, Store

KIND = "faces"


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


def describe(item: Artifact) -> dict[str, Any]:
    """One row of the list of face sets, as JSON."""
    component = item.manifest["parts"]["component"]
    return {
        "key": item.key,
        "generator": component["provider"],
        "version": component["version"],
        "params": component["params"],
        "seed": item.manifest["parts"]["seed"],
        "limit": item.manifest["parts"]["limit"],
        "created": item.manifest["created"],
        **{name: item.facts.get(name) for name in ("identities", "faces", "missing")},
        "image_bytes": item.facts.get("image_bytes"),
        "sha256": item.facts.get("sha256"),
    }
