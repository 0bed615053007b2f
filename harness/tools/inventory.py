"""What the store holds: size, last use, age of the components, and what needs each artifact."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness._plugins.registry import Registry
from harness.errors import UsageError
from harness.fileio import verified
from harness.fileio.verified import MANIFEST, DamagedError
from harness.store.artifacts import Artifact, Store

KEY = re.compile(r"[0-9a-f]{64}")
OF_PLUGINS = "parts"
"""The kind of what components keep for themselves; no plan names their keys."""


@dataclass(frozen=True)
class Item:
    """An artifact: bytes on disk, seconds since 1970 of its last use, and who needs it."""

    artifact: Artifact
    size: int
    used: float
    needed_by: tuple[str, ...] = ()

    @property
    def maker(self) -> str:
        """The component that made it, or the one whose images it belongs to."""
        parts = self.artifact.manifest["parts"]
        use = _use(parts, "component") or _use(parts, "images")
        return str(use.get("provider", "")).partition(":")[2]


def kinds(store: Store) -> list[str]:
    """The kinds of artifacts that the store has."""
    folder = store.home / "store"
    return (
        sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    )


def everything(store: Store) -> Iterator[Artifact]:
    """All artifacts with a readable manifest."""
    for kind in kinds(store):
        yield from store.of_kind(kind)


def incomplete(store: Store) -> Iterator[DamagedError]:
    """Artifacts whose manifest is damaged or missing, or a file missing or of another size."""
    for kind in kinds(store):
        for folder in sorted((store.home / "store" / kind).glob("??/*")):
            damage = store.damage(kind, folder.name) if KEY.fullmatch(folder.name) else None
            if damage is not None:
                yield damage


def items(store: Store, studies: Sequence[Path] = ()) -> list[Item]:
    """Every artifact, the largest first, with the artifacts and studies that need it."""
    users: dict[str, list[str]] = {}
    found = list(everything(store))
    for artifact in found:
        for key in _keys(artifact.manifest["parts"]):
            users.setdefault(key, []).append(f"{artifact.kind} {artifact.key[:12]}")
    for study in studies:
        for key in needed(study).keys:
            users.setdefault(key, []).append(str(study))
    made = [_item(artifact, tuple(users.get(artifact.key, ()))) for artifact in found]
    return sorted(made, key=lambda item: (-item.size, item.artifact.key))


@dataclass(frozen=True)
class Needed:
    """Keys that a study names, and the components that it uses."""

    keys: frozenset[str]
    providers: frozenset[str]


def needed(study: Path) -> Needed:
    """What the plans and results of a study folder name.

    Raises ``UsageError`` for a folder that has neither, or a file of them that cannot be read:
    nothing may be deleted because a list of what is needed was incomplete.
    """
    files = [*sorted(study.glob("plan*.json")), *sorted(study.glob("cells/*/result.json"))]
    if not files:
        raise UsageError(f"{study} holds no plan and no result; give the folder of a study")
    keys: set[str] = set()
    providers: set[str] = set()
    for path in files:
        try:
            content = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise UsageError(
                f"{path} cannot be read ({error}); run the study again first"
            ) from None
        keys |= _keys(content)
        providers |= _providers(content)
    return Needed(frozenset(keys), frozenset(providers))


def unreachable(store: Store, studies: Sequence[Path], keep: Iterable[str] = ()) -> list[Item]:
    """Artifacts that none of the studies needs, however indirectly; ``keep`` are more keys.

    What a component keeps for itself is needed while a study uses that component. Raises
    ``UsageError`` as :func:`needed` does, and for a key to keep that no artifact begins with.
    """
    found = {artifact.key: artifact for artifact in everything(store)}
    wanted = [needed(study) for study in studies]
    waiting = [key for one in wanted for key in one.keys] + list(_kept(found, keep))
    providers = {name for one in wanted for name in one.providers}
    reached: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in found and key not in reached:
            reached.add(key)
            waiting += _keys(found[key].manifest["parts"])
            providers |= _providers(found[key].manifest["parts"])
    for key, artifact in found.items():
        if artifact.kind == OF_PLUGINS and _providers(artifact.manifest["parts"]) & providers:
            reached.add(key)
    left = [_item(artifact) for key, artifact in found.items() if key not in reached]
    return sorted(left, key=lambda item: (-item.size, item.artifact.key))


def outdated(store: Store, registry: Registry) -> list[Artifact]:
    """Artifacts that older versions of the installed components made; no new key names them."""
    versions = {item.provider: item.component.version for item in registry.components}

    def is_old(use: Mapping[str, Any]) -> bool:
        version = use.get("version")
        made_by = version if isinstance(version, int) else 0
        return made_by < versions.get(str(use.get("provider")), 0)

    return [
        artifact
        for artifact in everything(store)
        if any(is_old(_use(artifact.manifest["parts"], role)) for role in ("component", "images"))
    ]


def _use(parts: Mapping[str, Any], role: str) -> Mapping[str, Any]:
    """The component of that role in what a key was made of; empty where there is none."""
    use = parts.get(role)
    return use if isinstance(use, Mapping) else {}


def _kept(found: Mapping[str, Artifact], keep: Iterable[str]) -> Iterator[str]:
    for prefix in keep:
        matching = [key for key in found if key.startswith(prefix)]
        if not matching:
            raise UsageError(f"no artifact has a key that begins with {prefix!r}")
        yield from matching


def _item(artifact: Artifact, needed_by: tuple[str, ...] = ()) -> Item:
    size = sum(int(size) for size in artifact.manifest["files"].values())
    used = 0.0
    with suppress(OSError):
        used = (artifact.folder / MANIFEST).stat().st_mtime
    return Item(artifact, size, used, needed_by)


def _strings(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _keys(value: Any) -> set[str]:
    return {text for text in _strings(value) if KEY.fullmatch(text)}


def _providers(value: Any) -> set[str]:
    """Names like ``distribution:component`` anywhere in decoded JSON."""
    found: set[str] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            if isinstance(one.get("provider"), str):
                found.add(one["provider"])
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
    return found


def damaged(store: Store, artifacts: Iterable[Artifact]) -> Iterator[DamagedError]:
    """Every damaged file of the artifacts; all content is read, whatever was verified before."""
    for artifact in artifacts:
        yield from verified.faults(artifact.folder, artifact.manifest)
    yield from (one for one in incomplete(store) if one.file == MANIFEST)
