"""What a component at work can ask of the core; the same in this process and in a worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.components import Images
from harness.digests import digest
from harness.errors import PrerequisiteError
from harness.faces.store import FaceSet
from harness.study.store import Store

ProgressSink = Callable[[int, int, str, str], None]


@dataclass
class RunContext:
    """Implements :class:`harness.components.Context`. Picklable when ``sink`` is None."""

    home: Path
    provider: str
    component_version: int
    seed: int
    device: str
    precision: str
    batch_size: int | None = None
    limit: int | None = None
    faces_keys: Mapping[str, str] = field(default_factory=dict)
    sink: ProgressSink | None = None
    say: Callable[[str], None] | None = None
    notes: list[str] = field(default_factory=list)

    def artifact(self, name: str, parts: Mapping[str, Any], build: Callable[[Path], None]) -> Path:
        """See :class:`harness.components.Context`."""
        whole = {
            "component": {"provider": self.provider, "version": self.component_version},
            "name": name,
            "parts": dict(parts),
        }

        def make(folder: Path) -> Mapping[str, Any]:
            build(folder)
            return {}

        return Store(self.home).build("parts", digest(whole), whole, make).folder

    def faces(self, name: str) -> Images:
        """See :class:`harness.components.Context`."""
        key = self.faces_keys.get(name)
        if key is None:
            raise PrerequisiteError(
                f"{self.provider} asks for the face set {name!r} but its parameters request "
                "none of that name; report this to the author of the plugin"
            )
        return FaceSet(Store(self.home).get("faces", key).folder)

    def note(self, message: str) -> None:
        """See :class:`harness.components.Context`."""
        if message not in self.notes:
            self.notes.append(message)

    def progress(self, done: int, total: int, unit: str, detail: str = "") -> None:
        """See :class:`harness.components.Context`."""
        if self.sink is not None:
            self.sink(done, total, unit, detail)

    def for_worker(self) -> RunContext:
        """A copy that can be pickled."""
        return replace(self, sink=None, say=None, notes=[])
