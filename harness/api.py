"""The same power from Python: the command line is a thin shell over these functions."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness._plugins.aliases import aliases
from harness._plugins.lookup import LOCAL, open_executor
from harness._plugins.lookup import track as open_trackers
from harness._plugins.manager import RegisteredComponent, Registry, did_you_mean, load, plugin_files
from harness.components import KINDS, Kind
from harness.errors import UsageError
from harness.extensions import Executor
from harness.fileio.atomic import write_text
from harness.fileio.names import WRITTEN, require_no_links
from harness.inputs import shown
from harness.plan.nodes import KIND_OF_STAGE, Plan
from harness.plan.planner import Planner
from harness.process import portable
from harness.process.cpus import cpu_count
from harness.progress import Progress
from harness.recipe import parameters
from harness.recipe.project import project_file
from harness.recipe.resolve import Recipe, RunFlags, StudyTable, Use, resolve
from harness.recipe.typed_recipe import with_types
from harness.store.artifacts import Store

KEY_PREFIX = 8

if TYPE_CHECKING:
    from harness.engine.runner import RunOutcome
    from harness.results.study import Study
    from harness.training.torchrun import TorchrunGroup


def make_recipe(settings: RunFlags, registry: Registry) -> Recipe:
    """The recipe that the settings make of files, environment and flags."""
    made = resolve(settings, registry.groups(), _accepts(registry), aliases(registry))

    def provided_of(kind: str, name: str) -> RegisteredComponent | None:
        try:
            return registry.find(_kind(kind), name)
        except UsageError:
            return None  # the key of a stored face set; an unknown name is named by the planner

    return with_types(made, provided_of, registry)


def make_plan(
    settings: RunFlags, registry: Registry, store: Store, *, tolerant: bool = False
) -> Plan:
    """The plan of what the settings ask for.

    Raises ``PrerequisiteError`` naming every missing asset; a tolerant plan holds their names.
    """
    recipe = make_recipe(settings, registry)
    return Planner(registry, store, recipe, tolerant=tolerant).plan()


def _accepts(registry: Registry) -> Callable[[str, str, str], bool]:
    def accepts(kind: str, name: str, key: str) -> bool:
        cls = parameters.params_class(registry.find(_kind(kind), name))
        return key in cls.model_fields or (key == parameters.PRESET and bool(cls.presets))

    return accepts


def _kind(kind: str) -> Kind:
    if kind == "bench":
        return "benchmark"
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
    executor: str | None = None,
    executor_options: Mapping[str, Any] | None = None,
    allow_code: bool = False,
    track: Iterable[str] = (),
    processes: int = 1,
    group: TorchrunGroup | None = None,
) -> RunOutcome:
    """Run a plan in a study folder; see :class:`harness.engine.runner.Runner`.

    Every training runs in this many ``processes``, each with a GPU of its own where there are any,
    or in those of a ``group``, of which this process must be the first.
    ``executor`` and ``track`` name what plugins offer; both are opened before anything is made.
    Without ``executor`` the recipe says which, and ``executor_options`` override its table, whose
    settings may run commands or use other machines only with ``allow_code``.
    """
    from harness.engine.event_log import Events, told
    from harness.engine.runner import Runner, run_on
    from harness.engine.session import Session

    if plan.study.portable:
        portable.require()
        if processes > 1 or group is not None:
            raise UsageError(
                "several processes of one training add their gradients in an order of their own; "
                "leave out --nproc and torchrun, or --portable"
            )
    name, maker = choose_executor(
        plan.recipe, registry, executor, executor_options, allow_code=allow_code
    )
    if group is not None and maker.remote:
        raise UsageError(
            f"torchrun and the executor {name} both share out the work; leave one of them out"
        )
    open_trackers(registry, track)
    folder.mkdir(parents=True, exist_ok=True)
    require_no_links(folder, *WRITTEN)
    store = Store(store.home, shared=maker.remote or group is not None)
    forget(plan, store, folder, rerun)
    write_plan(plan, folder)
    session = Session(
        plan,
        store,
        folder,
        progress.lanes() if maker.remote else progress,
        jobs or cpu_count(),
        plugin_files,
        maker,
        registry,
        processes,
        group,
    )
    events = Events(folder, registry.call)
    runner = Runner(session, events, fail_fast=fail_fast)
    if group is not None:
        group.meet(plan.device)
    with told(plan, folder, events, name, runner.outcome):
        outcome = run_on(maker, runner, events)
    if group is not None:
        group.tell({})
        group.leave()
    return outcome


def take_part(
    plan: Plan,
    group: TorchrunGroup,
    *,
    folder: Path,
    store: Store,
    jobs: int | None = None,
    plugin_files: tuple[Path, ...] = (),
) -> None:
    """What a process of torchrun other than the first does while that one executes ``plan``."""
    from harness.engine.session import Session
    from harness.engine.stages import train

    store = Store(store.home, shared=True)
    quiet = Progress(quiet=True)
    session = Session(plan, store, folder, quiet, jobs or cpu_count(), plugin_files)
    group.meet(plan.device)
    train.take_part(session, group)
    group.leave()


def choose_executor(
    recipe: Recipe,
    registry: Registry,
    name: str | None = None,
    options: Mapping[str, Any] | None = None,
    *,
    allow_code: bool = False,
) -> tuple[str, Executor]:
    """The executor of that name, or of the recipe, or ``local``; ``options`` override its table.

    Raises ``UsageError`` where the recipe's table would run code and ``allow_code`` is not given.
    """
    table, said = recipe.executor, options or {}
    chosen = name or (table.use if table else LOCAL)
    given = table.params() if table and table.use == chosen else {}
    origins = table.origins if table else {}
    untrusted = {key: origins.get(key, "the recipe") for key in given if key not in said}
    return chosen, open_executor(
        registry, chosen, {**given, **said}, untrusted={} if allow_code else untrusted
    )


def forget(plan: Plan, store: Store, folder: Path, selections: Iterable[str]) -> None:
    """Discard what ``--rerun`` selects, and everything that is made from it.

    A selection is a stage, a component, a whole label, or eight or more characters of a key.
    Nothing is discarded before every selection is found to name something.
    """
    nodes: set[str] = set()
    cells: set[str] = set()
    for chosen in selections:
        found = {
            n.key
            for n in plan.nodes.values()
            if _selects(chosen, n.stage, n.label, n.key) or (n.chosen and chosen == n.chosen.name)
        }
        scored = {c.key for c in plan.cells if _selects(chosen, "score", c.label, c.key)}
        if not found and not scored:
            raise UsageError(
                f"--rerun {chosen!r} selects nothing; give a stage, a component or at least "
                f"{KEY_PREFIX} characters of a key of the plan"
            )
        nodes |= found
        cells |= scored
    for node in plan.nodes.values():  # in an order in which inputs come first
        if nodes.intersection(node.inputs.values()):
            nodes.add(node.key)
    cells |= {c.key for c in plan.cells if nodes.intersection(c.keys.values())}
    for key in nodes:
        store.discard(KIND_OF_STAGE[plan.nodes[key].stage], key)
    for cell in plan.cells:
        if cell.key in cells:
            (folder / "cells" / cell.folder / "result.json").unlink(missing_ok=True)


def _selects(chosen: str, stage: str, label: str, key: str) -> bool:
    by_key = len(chosen) >= KEY_PREFIX and key.startswith(chosen)
    return by_key or chosen in (stage, label) or chosen in label.split(" > ")


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
            {
                "key": c.key,
                "label": c.label,
                "folder": c.folder,
                "inputs": dict(c.keys),
                "published": list(plan.links.get(c.key, ())),
            }
            for c in plan.cells
        ],
        "device": plan.device,
        "precision": plan.precision,
    }
    _write_accretive(folder / "plan.json", json.dumps(rows, indent=1) + "\n")
    _write_accretive(folder / "study.toml", to_toml(plan))


def _write_accretive(path: Path, text: str) -> None:
    """Write the newest under its plain name; each plan also stays under its own digest."""
    text = shown(text)
    own = hashlib.sha256(text.encode()).hexdigest()[:8]
    write_text(path.with_name(f"{path.stem}-{own}{path.suffix}"), text)
    write_text(path, text)


def to_toml(plan: Plan) -> str:
    """The recipe as it was resolved, as TOML that ``-c`` reads again."""
    recipe = plan.recipe
    lines = _toml_table("[study]", recipe.study)
    for kind in ("generator", "model", "benchmark"):
        for use in getattr(recipe, kind):
            lines += _toml_table(f"[[{kind}]]", use)
    if recipe.aligner:
        lines += _toml_table("[aligner]", recipe.aligner)
    return "\n".join(lines) + "\n"


def _toml_table(header: str, table: StudyTable | Use) -> list[str]:
    """One table, each value with its source; of a path only the last part."""
    values = table.model_dump(mode="json", exclude_none=True)
    lines = [header]
    for key, value in values.items():
        unsaid = "flags" if key in table.model_fields_set else "default"
        said = table.origins.get(key, unsaid).replace("\\", "/").rpartition("/")[2]
        said = " ".join(said.splitlines())
        lines.append(f"{key if key.isidentifier() else json.dumps(key)} = {_toml(value)}  # {said}")
    return [*lines, ""]


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    return json.dumps(shown(value) if isinstance(value, str) else value, ensure_ascii=False)


def run(
    *,
    generator: str | Iterable[str] = (),
    model: str | Iterable[str] = (),
    bench: str | Iterable[str] = (),
    study: Path | str = "study",
    mix: str | Iterable[str] = (),
    finetune: str | Iterable[str | Iterable[str]] = (),
    initial: str | None = None,
    stream: bool = False,
    label: str | Iterable[str] = (),
    params: dict[str, dict[str, Any]] | None = None,
    recipe: Path | str | None = None,
    profile: str | None = None,
    values: Mapping[str, Any] | None = None,
    sweep: Mapping[str, list[Any]] | None = None,
    jobs: int | None = None,
    quiet: bool = True,
    plugins_dirs: Sequence[Path] = (),
    executor: str | None = None,
    executor_options: Mapping[str, Any] | None = None,
    allow_code: bool = False,
    track: str | Iterable[str] = (),
    **study_values: Any,
) -> Study:
    """Run what ``harness run`` would run, and load the study.

    ``params`` maps a kind (``generator``, ``model``, ``benchmark``, ``aligner``) to its parameters;
    ``finetune`` names a set for each phase, or several for their union; ``label`` is the name of
    the row in tables, or ``ENTRY=NAME`` for one entry of several;
    ``values`` is ``--set`` (``{"model.epochs": 3}``) and ``sweep`` ``--sweep``, by dotted path;
    ``executor`` and ``track`` name an executor and trackers of plugins, ``executor_options`` is
    what ``[executor]`` of a recipe says, and ``allow_code`` lets the recipe's own table run
    commands and use other machines;
    ``study_values`` are those of the ``[study]`` table (seed, repeats, limit, ...). Raises the
    first failure of a stage.
    """
    registry, store, folder = load(plugins_dirs=plugins_dirs), Store(), Path(study)
    settings = RunFlags(
        recipe=Path(recipe) if recipe else None,
        generators=_tuple(generator),
        models=_tuple(model),
        benchmarks=_tuple(bench),
        mix=_tuple(mix),
        finetune=tuple(_tuple(phase) for phase in _phases(finetune)),
        initial=initial,
        stream=stream,
        labels=_tuple(label),
        params={_kind(kind): tuple(values.items()) for kind, values in (params or {}).items()},
        study=study_values,
        profile=profile,
        sets=tuple((values or {}).items()),
        sweeps=tuple((sweep or {}).items()),
        project=project_file(Path.cwd()),
        environ=os.environ,
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
        executor=executor,
        executor_options=executor_options,
        allow_code=allow_code,
        track=_tuple(track),
    )
    if outcome.failures:
        raise outcome.failures[0].error
    return load_study(folder)


def _phases(sets: str | Iterable[str | Iterable[str]]) -> Iterable[str | Iterable[str]]:
    return (sets,) if isinstance(sets, str) else sets


def _tuple(names: str | Iterable[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def load_study(path: Path | str) -> Study:
    """Open a study folder; ``frame()`` of what it returns is a pandas table of all numbers."""
    from harness.results.study import load_study as load_folder

    return load_folder(Path(path))
