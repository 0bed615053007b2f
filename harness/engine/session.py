"""What the stages of one run share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness._plugins.manager import Registry, import_object
from harness.components import Benchmark, Generator, Images, Model, TrainableModel
from harness.digests import digest
from harness.engine.context import RunContext, Tool
from harness.errors import PrerequisiteError, UsageError
from harness.executors.local import LocalExecutor
from harness.extensions import Executor
from harness.faces.store import FaceSet
from harness.packages import missing_package
from harness.plan.nodes import Node, Plan, PlannedCell, ResolvedComponent
from harness.process import portable
from harness.progress import Progress
from harness.seeds import derive
from harness.store.artifacts import Store

if TYPE_CHECKING:
    from harness.training.torchrun import TorchrunGroup


@dataclass
class Session:
    """Store, plan and settings of a run, and the components it has opened."""

    plan: Plan
    store: Store
    folder: Path  # of the study
    progress: Progress
    jobs: int
    plugin_files: tuple[Path, ...] = ()
    executor: Executor = field(default_factory=LocalExecutor)
    registry: Registry = field(default_factory=Registry)  # plugins that may add metrics
    processes: int = 1  # of a training
    group: TorchrunGroup | None = None  # those of torchrun, which share every training
    _benchmarks: dict[tuple[str, str], Benchmark] = field(default_factory=dict)
    _notes: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _opening: threading.Lock = field(default_factory=threading.Lock)

    def kernels(self) -> AbstractContextManager[None]:
        """Holds the kernels of a portable study while a stage works; else changes nothing."""
        return portable.held() if self.plan.study.portable else nullcontext()

    def context(
        self,
        chosen: ResolvedComponent,
        *,
        seed: int,
        faces: Mapping[str, str] = {},
        precision: str | None = None,
    ) -> RunContext:
        """The context of a component at work."""
        component = chosen.provided.component
        names = {
            role.removeprefix("faces:"): key
            for role, key in faces.items()
            if role.startswith("faces:")
        }
        return RunContext(
            home=self.store.home,
            provider=chosen.provided.provider,
            component_version=component.version,
            seed=seed,
            device=self.plan.device,
            precision=precision or self.plan.precision,
            batch_size=self.plan.study.batch_size,
            limit=self.plan.study.limit,
            faces_keys=names,
            tools=tools_of(chosen),
            sink=self.progress,
            shared=self.store.shared,
        )

    def generator(self, node: Node) -> tuple[Generator, RunContext]:
        """The prepared generator of a node."""
        chosen = _component(node)
        ctx = self.context(chosen, seed=node.seed, faces=node.inputs)
        ctx.limit = node.parts["limit"]
        if chosen.provided.component.gpu_determinism and "device" not in node.parts:
            ctx.device = "cpu"  # the key promises its bytes
        generator = create(chosen, Generator)
        generator.prepare(ctx)
        return generator, ctx

    def benchmark(self, chosen: ResolvedComponent, faces: Mapping[str, str]) -> Benchmark:
        """The prepared benchmark, opened once per run for each choice of parameters."""
        key = _identity(chosen)
        with self._opening:
            if key not in self._benchmarks:
                benchmark = create(chosen, Benchmark)
                ctx = self.context(chosen, seed=0, faces=faces)
                benchmark.prepare(ctx)
                self._benchmarks[key], self._notes[key] = benchmark, ctx.notes
            return self._benchmarks[key]

    def notes(self, chosen: ResolvedComponent) -> list[str]:
        """Warnings of an opened benchmark for the reader of its results."""
        return self._notes.get(_identity(chosen), [])

    def images(self, chosen: ResolvedComponent | None, inputs: Mapping[str, str]) -> Images:
        """The images a placement is for: a benchmark's, or a generated face set."""
        if chosen is not None:
            return self.benchmark(chosen, inputs).images()
        return self.faces(inputs["faces"])

    def faces(self, key: str) -> FaceSet:
        """A face set in the store."""
        return FaceSet(self.store.get("faces", key).folder)

    def model(
        self, chosen: ResolvedComponent, repeat: int, *, precision: str
    ) -> tuple[Model, RunContext]:
        """A prepared model; training seeds differ by repeat."""
        seed = derive(self.plan.study.seed, "model", chosen.name, "repeat", repeat)
        ctx = self.context(chosen, seed=seed, precision=precision)
        model = create(chosen, Model)
        model.prepare(ctx)
        return model, ctx

    def trained(
        self, chosen: ResolvedComponent, key: str | None, said: list[str] | None = None
    ) -> Model:
        """A model ready to embed, in fp32: from the store, or with weights of its own.

        What it noted while it was prepared is added to ``said``.
        """
        model: Model = create(chosen, Model)
        ctx = self.context(chosen, seed=0, precision="fp32")
        model.prepare(ctx)
        if said is not None:
            said += ctx.notes
        if isinstance(model, TrainableModel):
            if key is not None:
                model.load(self.store.get("models", key).folder)
            elif not model.ready:
                raise UsageError(
                    f"model {chosen.name} has no weights; train it with --generator NAME or give "
                    "-M weights=FILE"
                )
        return model


def create(chosen: ResolvedComponent, base: Callable[..., Any]) -> Any:
    """Import and construct a component; raises ``PrerequisiteError`` when a library is missing."""
    component = chosen.provided.component
    try:
        cls = import_object(component.target)
    except ImportError as error:
        what = f"{component.kind} {component.name}"
        missing = missing_package(error, what, chosen.provided.dist, component.extras)
        if missing is not None:
            raise missing from error
        extra = f"; pip install '{chosen.provided.dist}[{','.join(component.extras)}]'"
        raise PrerequisiteError(
            f"{what} cannot be imported: {error}"
            f"{extra if component.extras else f'; reinstall {chosen.provided.dist}'}"
        ) from error
    made = cls(chosen.params)
    if not isinstance(made, base):  # type: ignore[arg-type]
        raise UsageError(
            f"{component.kind} {component.name} of {chosen.provided.dist} is a "
            f"{type(made).__name__}, which does not derive from {base.__name__}"
        )
    return made


def tools_of(chosen: ResolvedComponent) -> dict[str, Tool]:
    """The tools of a component as plain data, which travels to workers."""
    return {
        name: Tool(
            target=tool.provided.component.target,
            params_target=tool.provided.component.params,
            params=tool.params.model_dump(),
            provider=tool.provided.provider,
            component_version=tool.provided.component.version,
            key=digest(tool.identity()),
        )
        for name, tool in chosen.tools.items()
    }


def _identity(chosen: ResolvedComponent) -> tuple[str, str]:
    return chosen.provided.provider, repr(sorted(chosen.key_params.items()))


def _component(node: Node) -> ResolvedComponent:
    assert node.chosen is not None, "generate and train nodes always have a component"
    return node.chosen


def cell_inputs(cell: PlannedCell) -> dict[str, str]:
    """The face sets a cell's benchmark was made from."""
    return {role: key for role, key in cell.keys.items() if role.startswith("faces:")}
