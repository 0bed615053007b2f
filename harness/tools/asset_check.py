"""Whether the data of a benchmark are complete: its own reader is asked, so both always agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness._plugins.registry import RegisteredComponent, Registry
from harness.components import Benchmark, Images
from harness.engine.opener import ComponentOpener
from harness.errors import DataError
from harness.fileio.file_kinds import HEAD_BYTES, FileKind, kind_of_head
from harness.plan.nodes import ResolvedComponent
from harness.recipe import parameters
from harness.store.artifacts import Store

LOOKED_AT = 100
"""Images whose first bytes are looked at where they are not all decoded."""


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


def users_of(registry: Registry, name: str) -> list[RegisteredComponent]:
    """The benchmarks that a name means: one of this name, or all that use the asset of it."""
    benchmarks = registry.of_kind("benchmark")
    named = [provided for provided in benchmarks if provided.component.name == name]
    return named or [
        provided
        for provided in benchmarks
        if name in {asset.name for asset in provided.component.assets}
    ]


def check(
    provided: RegisteredComponent, asset: str, path: Path, store: Store, *, decode: bool
) -> Checked:
    """Read the lists of a benchmark in ``path`` and look for every image that they name.

    With ``decode`` every image is decoded too. What is wrong is said, never raised.
    """
    component = provided.component
    fields = parameters.external_fields(parameters.params_class(provided))
    (field,) = [name for name, mark in fields.items() if mark.asset == asset]
    params = parameters.build(provided, {field: str(path)})
    try:
        chosen = ResolvedComponent(provided, params, {})
        benchmark: Benchmark = ComponentOpener(store).prepared(chosen, Benchmark)[0]
        images = benchmark.images()
    except DataError as error:
        findings = getattr(error, "findings", None) or [str(error)]
        return Checked(component.name, 0, tuple(findings))
    looked = _damaged(images) if decode else _not_downloaded(images)
    missing = [*benchmark.shortfalls(), *looked]
    return Checked(component.name, len(images), tuple(missing))


def _not_downloaded(images: Images) -> Iterator[str]:
    """Images, of some in equal steps, that are pointers, pages or nothing instead."""
    for index in range(0, len(images), max(1, len(images) // LOOKED_AT)):
        kind = kind_of_head(images.read(index)[:HEAD_BYTES])
        if kind in (FileKind.EMPTY, FileKind.LFS_POINTER, FileKind.WEB_PAGE, FileKind.ERROR_PAGE):
            yield f"{images.names[index]} is {kind}; download or copy it again"


def _damaged(images: Images) -> Iterator[str]:
    from harness.align.decode import decode

    for index, name in enumerate(images.names):
        try:
            decode(images.read(index), name)
        except DataError as error:
            yield str(error)
