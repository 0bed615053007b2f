"""Whether an asset can be opened by what uses it: generators list their faces, detectors load."""

from __future__ import annotations

from pathlib import Path

from harness._plugins.registry import RegisteredComponent, Registry
from harness.components import Asset, Generator
from harness.engine.opener import BASES, ComponentOpener
from harness.errors import HarnessError
from harness.fileio.file_kinds import not_downloaded
from harness.plan.nodes import ResolvedComponent
from harness.recipe import parameters
from harness.store.artifacts import Store


def unusable(registry: Registry, asset: Asset, path: Path, store: Store) -> list[str]:
    """What is wrong with a linked path, as its readers say; empty if they can open it.

    Benchmarks are left to :func:`harness.tools.asset_check.check`, and so are components that need
    several assets at once; of these the files alone are looked at.
    """
    if path.is_dir():
        if not any(path.iterdir()):
            return [f"{path} is an empty folder"]
    elif wrong := not_downloaded(path):
        return [wrong]
    return [
        text
        for provided in registry.components
        if provided.component.kind in ("generator", "aligner")
        and [needed.name for needed in provided.component.assets] == [asset.name]
        and (text := _opened(provided, asset.name, path, store))
    ]


def _opened(provided: RegisteredComponent, asset: str, path: Path, store: Store) -> str:
    """Why a component cannot open ``path``; empty if it can."""
    component = provided.component
    fields = parameters.external_fields(parameters.params_class(provided))
    field = next((name for name, mark in fields.items() if mark.asset == asset), None)
    if field is None:
        return ""
    try:
        params = parameters.build(provided, {field: str(path)})
        chosen = ResolvedComponent(provided, params, {})
        made, _ = ComponentOpener(store).prepared(chosen, BASES[component.kind])
        if isinstance(made, Generator) and not len(made.samples_per_identity()):
            return f"{component.name}: {path} holds no identities"
    except HarnessError as error:
        return f"{component.name}: {error}"
    return ""
