"""The same power from Python: the command line is a thin shell over these functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.components import KINDS, Kind
from harness.errors import UsageError
from harness.executors.local import cpu_count
from harness.files import write_text
from harness.progress import Progress
from harness.registry import Registry, did_you_mean, load, plugin_files
from harness.study import parameters
from harness.study.plan import KIND_OF_STAGE, Plan, Planner
from harness.study.recipe import Settings, resolve
from harness.study.store import Store

if TYPE_CHECKING:
    from harness.reporting.study import Study
    from harness.study.runner import Outcome


def make_plan(settings: Settings, registry: Registry, store: Store) -> Plan:
    """The plan of what the settings ask for."""
    recipe = resolve(settings, registry.groups(), _accepts(registry))
    return Planner(registry, store, recipe).plan()


def _accepts(registry: Registry) -> Callable[[str, str, str], bool]:
    def accepts(kind: str, name: str, key: str) -> bool:
        cls = parameters.params_class(registry.find(_kind(kind), name))
        return key in cls.model_fields or (key == parameters.PRESET and bool(cls.presets))

    return accepts


def _kind(kind: str) -> Kind:
    for known in KINDS:
        if known == kind:
            return known
    raise UsageError(f"unknown kind {kind!r}{did_you_mean(kind, KINDS)}")


def execute(
    plan: Plan,
    *,
    folder: Path,
    store: Store,
    registry: Registry,
    progress: Progress,
    jobs: int | None = None,
    fail_fast: bool = False,
    rerun: Iterable[str] = (),
    plugin_files: tuple[Path, ...] = (),
) -> Outcome:
    """Run a plan in a study folder; see :class:`harness.study.runner.Runner`."""
    from harness.study.events import Events
    from harness.study.runner import Runner
    from harness.study.session import Session

    folder.mkdir(parents=True, exist_ok=True)
    forget(plan, store, folder, rerun)
    write_plan(plan, folder)
    session = Session(plan, store, folder, progress, jobs or cpu_count(), plugin_files)
    events = Events(folder, lambda event: registry.call("harness_on_event", event=event))
    return Runner(session, events, fail_fast=fail_fast).run()


def forget(plan: Plan, store: Store, folder: Path, selections: Iterable[str]) -> None:
    """Discard what ``--rerun`` selects: a stage, a label's part or the beginning of a key."""
    for chosen in selections:
        nodes = [
            n
            for n in plan.nodes.values()
            if chosen in (n.stage, n.label)
            or n.key.startswith(chosen)
            or chosen in n.label.split(" > ")
        ]
        cells = [
            c
            for c in plan.cells
            if chosen == "score"
            or c.key.startswith(chosen)
            or any(n.key in c.keys.values() for n in nodes)
        ]
        if not nodes and not cells:
            raise UsageError(
                f"--rerun {chosen} selects nothing; give a stage, a component or a key of the plan"
            )
        for node in nodes:
            store.discard(KIND_OF_STAGE[node.stage], node.key)
        for cell in cells:
            (folder / "cells" / cell.folder / "result.json").unlink(missing_ok=True)


def write_plan(plan: Plan, folder: Path) -> None:
    """Write ``study.toml`` and ``plan.json``; earlier ones of other plans are kept beside them."""
    rows = {
        "nodes": [
            {
                "stage": n.stage,
                "label": n.label,
                "key": n.key,
                "inputs": dict(n.inputs),
                "parts": n.parts,
            }
            for n in plan.nodes.values()
        ],
        "cells": [
            {"key": c.key, "label": c.label, "folder": c.folder, "inputs": dict(c.keys)}
            for c in plan.cells
        ],
        "device": plan.device,
        "precision": plan.precision,
    }
    _write_accretive(folder / "plan.json", json.dumps(rows, indent=1) + "\n")
    _write_accretive(folder / "study.toml", to_toml(plan))


def _write_accretive(path: Path, text: str) -> None:
    if path.exists() and path.read_text(encoding="utf-8") != text:
        number = len(list(path.parent.glob(f"{path.stem}-*{path.suffix}"))) + 1
        path.replace(path.with_name(f"{path.stem}-{number}{path.suffix}"))
    write_text(path, text)


def to_toml(plan: Plan) -> str:
    """The recipe as it was resolved, as TOML that ``-c`` reads again."""
    recipe = plan.recipe.model_dump(mode="json", exclude_none=True)
    lines = ["[study]", *(f"{key} = {json.dumps(value)}" for key, value in recipe["study"].items())]
    for kind in ("generator", "model", "benchmark"):
        for table in recipe[kind]:
            lines += ["", f"[[{kind}]]", *(f"{k} = {_toml(v)}" for k, v in table.items())]
    if recipe.get("aligner"):
        lines += ["", "[aligner]", *(f"{k} = {_toml(v)}" for k, v in recipe["aligner"].items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return json.dumps(value)


def run(
    *,
    generator: str | Iterable[str] = (),
    model: str | Iterable[str] = (),
    bench: str | Iterable[str] = (),
    study: Path | str = "study",
    params: dict[str, dict[str, Any]] | None = None,
    recipe: Path | str | None = None,
    jobs: int | None = None,
    quiet: bool = True,
    plugins_dirs: Sequence[Path] = (),
    **study_values: Any,
) -> Study:
    """Run what ``harness run`` would run, and load the study.

    ``params`` maps a kind (``generator``, ``model``, ``benchmark``, ``aligner``) to its parameters;
    ``study_values`` are those of the ``[study]`` table (seed, repeats, limit, ...). Raises the
    first failure of a stage.
    """
    registry, store, folder = load(plugins_dirs=plugins_dirs), Store(), Path(study)
    settings = Settings(
        recipe=Path(recipe) if recipe else None,
        generators=_tuple(generator),
        models=_tuple(model),
        benchmarks=_tuple(bench),
        params={kind: tuple(values.items()) for kind, values in (params or {}).items()},
        study=study_values,
    )
    plan = make_plan(settings, registry, store)
    outcome = execute(
        plan,
        folder=folder,
        store=store,
        registry=registry,
        progress=Progress(quiet=quiet),
        jobs=jobs,
        plugin_files=plugin_files(plugins_dirs),
    )
    if outcome.failures:
        raise outcome.failures[0].error
    return load_study(folder)


def _tuple(names: str | Iterable[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def load_study(path: Path | str) -> Study:
    """Open a study folder; ``frame()`` of what it returns is a pandas table of all numbers."""
    from harness.reporting.study import load_study as load_folder

    return load_folder(Path(path))
