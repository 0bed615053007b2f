"""What the stages of one run share."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from harness._plugins.discovery import load
from harness._plugins.registry import Registry
from harness.components import Benchmark, Generator, Images, Model
from harness.engine.context import RunContext
from harness.engine.job import Job
from harness.engine.opener import ComponentOpener
from harness.engine.sets.labelled_set import source_images
from harness.executors.local import LocalExecutor
from harness.extensions import Executor
from harness.faces.store import FaceSet
from harness.plan.nodes import Node, ResolvedComponent
from harness.process.cpus import cpu_count
from harness.progress import Progress
from harness.seeds import derive
from harness.store.artifacts import Store

if TYPE_CHECKING:
    from harness.training.torchrun import TorchrunGroup

Identity = tuple[str, str]


class Session(ComponentOpener):
    """A job that this process works on: its store, and the components that it has opened."""

    def __init__(
        self,
        job: Job,
        progress: Progress | None,
        executor: Executor | None,
        registry: Registry | None,
        group: TorchrunGroup | None,
    ) -> None:
        plan = job.plan
        super().__init__(
            Store(job.home, shared=job.shared),
            plan.study,
            device=plan.device,
            precision=plan.precision,
            progress=progress,
        )
        self.job, self.plan, self.folder = job, plan, job.folder
        self.jobs = job.options.jobs or cpu_count()  # processes and threads
        self.executor = executor or LocalExecutor()
        self.group = group  # processes of torchrun, which share every training
        self._registry = registry
        self._benchmarks: dict[Identity, tuple[Benchmark, RunContext]] = {}
        self._opening = threading.Lock()

    @classmethod
    def open(
        cls,
        job: Job,
        progress: Progress | None = None,
        *,
        executor: Executor | None = None,
        registry: Registry | None = None,
        group: TorchrunGroup | None = None,
    ) -> Session:
        """The session of a job in this process, silent and with local workers by default."""
        return cls(job, progress, executor, registry, group)

    @cached_property
    def registry(self) -> Registry:
        """The plugins, which are asked for more metrics."""
        if self._registry is not None:
            return self._registry
        disabled = tuple(map(str, self.job.options.disabled))
        return load(disabled=disabled, plugins_dirs=self.job.plugin_files)

    def generator(self, node: Node) -> tuple[Generator, RunContext]:
        """The prepared generator of a node."""
        return self.generator_of(node.component, node.parts)

    def benchmark(self, chosen: ResolvedComponent, inputs: Mapping[str, str]) -> Benchmark:
        """The prepared benchmark, opened once for each choice of parameters.

        Of ``inputs`` the face sets it was made from reach it.
        """
        key = _identity(chosen)
        with self._opening:
            if key not in self._benchmarks:
                self._benchmarks[key] = self.prepared(chosen, Benchmark, faces=inputs)
            return self._benchmarks[key][0]

    def notes(self, chosen: ResolvedComponent) -> list[str]:
        """What an opened benchmark said that the reader of its results must know."""
        key = _identity(chosen)
        return self._benchmarks[key][1].notes if key in self._benchmarks else []

    def images(self, node: Node) -> Images:
        """The images that a node places or embeds: a benchmark's, or a face set's."""
        if node.benchmark is not None:
            return self.benchmark(node.benchmark, node.inputs).images()
        if node.source is not None:
            return source_images(self.store, node.source)
        return self.faces(node.inputs["faces"])

    def faces(self, key: str) -> FaceSet:
        """A face set in the store."""
        return FaceSet(self.store.get("faces", key).folder)

    def model(
        self, chosen: ResolvedComponent, repeat: int, *, precision: str
    ) -> tuple[Model, RunContext]:
        """A prepared model; training seeds differ by repeat."""
        seed = derive(self.study.seed, "model", chosen.name, "repeat", repeat)
        return self.prepared(chosen, Model, seed=seed, precision=precision)


def _identity(chosen: ResolvedComponent) -> Identity:
    return chosen.provided.provider, repr(sorted(chosen.key_params.items()))
