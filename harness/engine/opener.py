"""Opening components: constructed, checked, and prepared with the context of their work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from harness._plugins.targets import import_object
from harness.components import (
    Aligner,
    Benchmark,
    FaceAttributes,
    FaceQuality,
    Generator,
    Kind,
    Measure,
    Model,
    TrainableModel,
)
from harness.digests import digest
from harness.engine.context import RunContext, Tool
from harness.errors import PrerequisiteError, UsageError
from harness.packages import missing_package
from harness.plan.nodes import ResolvedComponent
from harness.process import portable
from harness.process.kernel_cache import keep_kernels
from harness.progress import Progress
from harness.recipe.resolve import StudyTable
from harness.store.artifacts import Store

BASES: Mapping[Kind, type] = {
    "generator": Generator,
    "model": Model,
    "benchmark": Benchmark,
    "aligner": Aligner,
    "measure": Measure,
    "quality": FaceQuality,
    "attribute": FaceAttributes,
}


class ComponentOpener:
    """Opens components in a store, under the settings of a study; no plan is needed."""

    def __init__(
        self,
        store: Store,
        study: StudyTable | None = None,
        *,
        device: str = "cpu",
        precision: str = "fp32",
        progress: Progress | None = None,
    ) -> None:
        self.store, self.study = store, study or StudyTable()
        self.device, self.precision = device, precision
        self.progress = progress or Progress(quiet=True)
        keep_kernels(store.home, Path(__file__).parents[1])

    def kernels(self) -> AbstractContextManager[None]:
        """Holds the kernels of a portable study while a stage works; else changes nothing."""
        return portable.held() if self.study.portable else nullcontext()

    def context(
        self,
        chosen: ResolvedComponent,
        *,
        seed: int = 0,
        faces: Mapping[str, str] = {},
        precision: str | None = None,
    ) -> RunContext:
        """The context of a component at work; of ``faces`` those that it requested reach it."""
        names = {
            role.removeprefix("faces:"): key
            for role, key in faces.items()
            if role.startswith("faces:")
        }
        return RunContext(
            home=self.store.home,
            provider=chosen.provided.provider,
            component_version=chosen.provided.component.version,
            seed=seed,
            device=self.device,
            precision=precision or self.precision,
            batch_size=self.study.batch_size,
            limit=self.study.limit,
            faces_keys=names,
            tools=tools_of(chosen),
            sink=self.progress,
            shared=self.store.shared,
        )

    def generator_of(
        self, chosen: ResolvedComponent, parts: Mapping[str, Any]
    ) -> tuple[Generator, RunContext]:
        """The prepared generator of a face set with these key parts, planned or in the store."""
        ctx = self.context(chosen, seed=parts["seed"], faces=parts["inputs"])
        ctx.limit = parts["limit"]
        if chosen.provided.component.gpu_determinism and "device" not in parts:
            ctx.device = "cpu"  # the key promises its bytes
        generator = create(chosen, Generator)
        generator.prepare(ctx)
        return generator, ctx

    def prepared(
        self, chosen: ResolvedComponent, base: Callable[..., Any], **about: Any
    ) -> tuple[Any, RunContext]:
        """A component that derives from ``base``, prepared; ``about`` as for :meth:`context`."""
        made, ctx = create(chosen, base), self.context(chosen, **about)
        made.prepare(ctx)
        return made, ctx

    def aligner(self, chosen: ResolvedComponent) -> Aligner:
        """A prepared detector."""
        made: Aligner = self.prepared(chosen, Aligner)[0]
        return made

    def trained(
        self, chosen: ResolvedComponent, key: str | None, said: list[str] | None = None
    ) -> Model:
        """A model ready to embed, in fp32: from the store, or with weights of its own.

        What it noted while it was prepared is added to ``said``.
        """
        model: Model
        model, ctx = self.prepared(chosen, Model, precision="fp32")
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
