"""What a component at work can ask of the core; the same in this process and in a worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness._plugins.targets import import_object
from harness.components import Aligner, FaceRater, Images, Model, TrainableModel
from harness.digests import digest
from harness.errors import PrerequisiteError, UsageError
from harness.faces.store import FaceSet
from harness.store.artifacts import Store

ProgressSink = Callable[[int, int, str, str], None]


@dataclass(frozen=True)
class Tool:
    """A component that another one works with; plain data."""

    target: str
    params_target: str
    params: Mapping[str, Any]
    provider: str
    component_version: int
    key: str


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
    tools: Mapping[str, Tool] = field(default_factory=dict)
    sink: ProgressSink | None = None
    notes: list[str] = field(default_factory=list)
    shared: bool = False  # the store, by machines

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

        return (
            Store(self.home, shared=self.shared).build("parts", digest(whole), whole, make).folder
        )

    def faces(self, name: str) -> Images:
        """See :class:`harness.components.Context`."""
        key = self.faces_keys.get(name)
        if key is None:
            raise PrerequisiteError(
                f"{self.provider} asks for the face set {name!r} but its parameters request "
                "none of that name; report this to the author of the plugin"
            )
        return FaceSet(Store(self.home).get("faces", key).folder)

    def tool(self, name: str) -> Model | Aligner | FaceRater:
        """See :class:`harness.components.Context`."""
        tool = self._tool(name)
        params = import_object(tool.params_target).model_validate(tool.params)
        made: Model | Aligner | FaceRater = import_object(tool.target)(params)
        made.prepare(
            replace(
                self, provider=tool.provider, component_version=tool.component_version, seed=0,
                precision="fp32", faces_keys={}, tools={}, notes=self.notes,
            )
        )  # fmt: skip
        if isinstance(made, TrainableModel) and not made.ready:
            raise UsageError(
                f"model {tool.provider} has no weights and cannot serve {self.provider}; name them "
                f"among its parameters"
            )
        return made

    def tool_key(self, name: str) -> str:
        """See :class:`harness.components.Context`."""
        return self._tool(name).key

    def _tool(self, name: str) -> Tool:
        if name not in self.tools:
            raise PrerequisiteError(
                f"{self.provider} asks for the tool {name!r} but its parameters request none of "
                "that name; report this to the author of the plugin"
            )
        return self.tools[name]

    def note(self, message: str) -> None:
        """See :class:`harness.components.Context`."""
        if message not in self.notes:
            self.notes.append(message)

    def progress(self, done: int, total: int, unit: str, detail: str = "") -> None:
        """See :class:`harness.components.Context`."""
        if self.sink is not None:
            self.sink(done, total, unit, detail)
