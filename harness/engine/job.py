"""Work that can be done in any process: a plan, or a part of one, and what a session is made of.

Every process that takes part in a run, on this machine or on another, gets one of these and opens
its session with :meth:`harness.engine.session.Session.open`.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from harness._plugins.single_files import import_files, plugin_files
from harness.plan.nodes import Node, Plan, PlannedCell
from harness.process.cpus import cpu_count
from harness.recipe.run_options import RunOptions
from harness.store.artifacts import Store


@dataclass(frozen=True)
class Job:
    """A plan with the store and the study folder that it is made in, and how."""

    plan: Plan
    home: Path
    folder: Path  # of the study
    options: RunOptions
    plugin_files: tuple[Path, ...] = ()
    shared: bool = False  # the store, by machines

    @classmethod
    def of(cls, plan: Plan, store: Store, options: RunOptions | None = None) -> Job:
        """The job of a whole plan in this store, as the options say."""
        said = options or RunOptions()
        return cls(
            plan=plan,
            home=store.home,
            folder=Path(said.study),
            options=replace(said, jobs=said.jobs or cpu_count()),
            plugin_files=plugin_files(said.plugin_places()),
            shared=store.shared,
        )

    def only(self, node: Node) -> Job:
        """The job of one node, whose inputs are in the store."""
        return replace(self, plan=replace(self.plan, nodes={node.key: node}, cells=()))

    def only_cell(self, cell: PlannedCell) -> Job:
        """The job of one cell, whose inputs are in the store."""
        return replace(self, plan=replace(self.plan, nodes={}, cells=(cell,)))

    def on(self, device: str, jobs: int | None = None) -> Job:
        """The same for one of several processes, on a device and with ``jobs`` of its own."""
        options = self.options if jobs is None else replace(self.options, jobs=max(1, jobs))
        return replace(self, plan=replace(self.plan, device=device), options=options)

    def __reduce__(self) -> tuple[Any, ...]:
        # Parameters may be classes of single-file plugins, which a fresh process has not imported.
        content = {item.name: getattr(self, item.name) for item in fields(self)}
        content["folder"] = self.folder.absolute()  # the other's current folder is not ours
        return _arrived, (self.plugin_files, pickle.dumps(content))


def _arrived(files: tuple[Path, ...], content: bytes) -> Job:
    import_files(files)
    return Job(**pickle.loads(content))  # noqa: S301 (part of a pickle that is being loaded)
