"""Whether the data of a benchmark are complete: its own reader is asked, so both always agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.components import Benchmark, Images
from harness.errors import DataError
from harness.registry import Provided, Registry, import_object
from harness.study import parameters
from harness.study.context import RunContext
from harness.study.store import Store


@dataclass(frozen=True)
class Checked:
    """What one benchmark says of a folder: ``missing`` names file and line; empty if complete."""

    benchmark: str
    images: int
    missing: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every number of the benchmark can be had from the folder."""
        return not self.missing


def users_of(registry: Registry, name: str) -> list[Provided]:
    """The benchmarks that a name means: one of this name, or all that use the asset of it."""
    benchmarks = registry.of_kind("benchmark")
    named = [provided for provided in benchmarks if provided.component.name == name]
    return named or [
        provided
        for provided in benchmarks
        if name in {asset.name for asset in provided.component.assets}
    ]


def check(provided: Provided, asset: str, path: Path, store: Store, *, decode: bool) -> Checked:
    """Read the lists of a benchmark in ``path`` and look for every image that they name.

    With ``decode`` every image is decoded too. What is wrong is said, never raised.
    """
    component = provided.component
    fields = parameters.external_fields(parameters.params_class(provided))
    (field,) = [name for name, mark in fields.items() if mark.asset == asset]
    params = parameters.build(provided, {field: str(path)})
    benchmark: Benchmark = import_object(component.target)(params)
    ctx = RunContext(store.home, provided.provider, component.version, 0, "cpu", "fp32")
    try:
        benchmark.prepare(ctx)
        images = benchmark.images()
    except DataError as error:
        findings = getattr(error, "findings", None) or [str(error)]
        return Checked(component.name, 0, tuple(findings))
    missing = [*benchmark.shortfalls(), *(_damaged(images) if decode else ())]
    return Checked(component.name, len(images), tuple(missing))


def _damaged(images: Images) -> Iterator[str]:
    from harness.align.decode import decode

    for index, name in enumerate(images.names):
        try:
            decode(images.read(index), name)
        except DataError as error:
            yield str(error)
