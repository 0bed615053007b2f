"""The same power from Python: the command line is a thin shell over these functions."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast, get_type_hints

from harness._plugins.aliases import aliases
from harness._plugins.discovery import load
from harness._plugins.lookup import LOCAL, open_executor
from harness._plugins.lookup import track as open_trackers
from harness._plugins.registry import RegisteredComponent, Registry
from harness.did_you_mean import did_you_mean
from harness.errors import UsageError
from harness.extensions import Executor
from harness.fileio.names import WRITTEN, require_no_links
from harness.plan import rerun
from harness.plan.forecast import Forecast, forecast
from harness.plan.nodes import Plan
from harness.plan.planner import Planner
from harness.plan.size_limits import require_room
from harness.plan.write import write_plan
from harness.process import portable
from harness.progress import Progress
from harness.recipe import parameters
from harness.recipe.resolve import Recipe, Surroundings, Use, resolve
from harness.recipe.run_options import RecipeFlags, RunOptions, kind_named
from harness.recipe.typed_recipe import with_types
from harness.store.artifacts import Store
from harness.store.assets import Links
from harness.store.missing_assets import missing_message

Keywords = ParamSpec("Keywords")
Result = TypeVar("Result")

if TYPE_CHECKING:
    from harness.engine.runner import RunOutcome
    from harness.results.study import Study
    from harness.training.torchrun import TorchrunGroup


def keywords_of(
    options: Callable[Keywords, object],
) -> Callable[[Callable[..., Result]], Callable[Keywords, Result]]:
    """Gives a function the keywords of ``options``, for readers, ``help`` and type checkers."""

    def decorate(function: Callable[..., Result]) -> Callable[Keywords, Result]:
        types = get_type_hints(options)  # without the flags
        keywords = [item.replace(annotation=types[name])
                    for name, item in signature(options).parameters.items()]  # fmt: skip
        own = signature(function).replace(parameters=keywords)
        function.__signature__ = own  # type: ignore[attr-defined]
        return cast("Callable[Keywords, Result]", function)

    return decorate


def make_recipe(
    settings: RecipeFlags, registry: Registry, around: Surroundings | None = None
) -> Recipe:
    """The recipe that the settings make of files, environment and flags."""
    made = resolve(settings, registry.groups(), _accepts(registry), aliases(registry), around)

    def provided_of(kind: str, name: str) -> RegisteredComponent | None:
        try:
            return registry.find(kind_named(kind), name)
        except UsageError:
            return None  # the key of a stored face set; an unknown name is named by the planner

    return with_types(made, provided_of, registry)


def make_plan(
    settings: RecipeFlags,
    registry: Registry,
    store: Store,
    *,
    tolerant: bool = False,
    around: Surroundings | None = None,
) -> Plan:
    """The plan of what the settings ask for.

    Raises ``PrerequisiteError`` naming every missing asset and what the run would take; a tolerant
    plan holds their names.
    """
    recipe = make_recipe(settings, registry, around)
    plan = Planner(registry, store, recipe, tolerant=True).plan()
    if plan.missing and not tolerant:
        estimate = forecast(plan, store, Path()).amount()
        raise missing_message(plan.missing, Links(store), registry, estimate)
    return plan


def _accepts(registry: Registry) -> Callable[[str, str, str], bool]:
    def accepts(kind: str, name: str, key: str) -> bool:
        cls = parameters.params_class(registry.find(kind_named(kind), name))
        return key in cls.model_fields or (key == parameters.PRESET and bool(cls.presets))

    return accepts


@dataclass(frozen=True)
class Finished:
    """A run that has ended, and what it was made with."""

    outcome: RunOutcome
    plan: Plan
    folder: Path
    registry: Registry
    store: Store


def open_registry(options: RunOptions) -> Registry:
    """The plugins that a run may use."""
    return load(disabled=tuple(options.disabled), plugins_dirs=options.plugin_places())


def start(
    options: RunOptions, agree: Callable[[Forecast], None] = lambda _: None
) -> Finished | None:
    """Plan what the options ask for and run it; all of ``harness run`` but what is printed.

    ``agree`` hears what the plan will cost, and may raise. Gives None in a process of torchrun that
    only took part in trainings of the first. Raises ``PrerequisiteError`` where the disk of the
    store is too small.
    """
    if options.offline:
        forbid_downloads()
    registry, store = open_registry(options), Store()
    plan = make_plan(options, registry, store, around=Surroundings.of_process())
    group = _torchrun_group()
    if group is not None and not group.ranks.first:
        take_part(plan, group, options, store=store)
        return None
    found = forecast(plan, store, Path(options.study))
    require_room(found, store.home)
    agree(found)
    progress = Progress(quiet=options.quiet, verbose=options.verbose)
    outcome = execute(
        plan, options, store=store, registry=registry, progress=progress, group=group
    )  # fmt: skip
    return Finished(outcome, plan, Path(options.study), registry, store)


def execute(
    plan: Plan,
    options: RunOptions,
    *,
    store: Store,
    registry: Registry,
    progress: Progress | None = None,
    group: TorchrunGroup | None = None,
) -> RunOutcome:
    """Run a plan as the options say; see :class:`harness.engine.runner.Runner`.

    Every training runs in ``options.nproc`` processes, each with a GPU of its own where there
    are any, or in those of a ``group``, of which this process must be the first. Executor and
    trackers are opened before anything is made.
    """
    from harness.engine.event_log import Events, told
    from harness.engine.job import Job
    from harness.engine.runner import Runner, run_opened
    from harness.engine.session import Session

    folder, progress = Path(options.study), progress or Progress(quiet=True)
    _require_portable(plan, one=options.nproc == 1 and group is None)
    name, maker = choose_executor(
        plan.recipe, registry, options.executor, options.executor_options,
        allow_code=options.allow_code,
    )  # fmt: skip
    if group is not None and maker.remote:
        raise UsageError(
            f"torchrun and the executor {name} both share out the work; leave one of them out"
        )
    open_trackers(registry, options.track)
    folder.mkdir(parents=True, exist_ok=True)
    require_no_links(folder, *WRITTEN)
    store = Store(store.home, shared=maker.remote or group is not None)
    rerun.discard(plan, store, folder, options.rerun)
    write_plan(_with_executor(plan, options), folder)
    session = Session.open(
        Job.of(plan, store, options),
        progress.lanes() if maker.remote else progress,
        executor=maker,
        registry=registry,
        group=group,
    )
    events = Events(folder, registry.call)
    runner = Runner(session, events)
    if group is not None:
        group.meet(plan.device)
    with told(plan, folder, events, name, runner.outcome):
        outcome = run_opened(runner)
    if group is not None:
        group.tell({})
        group.leave()
    return outcome


def _require_portable(plan: Plan, *, one: bool) -> None:
    """Raise where a portable study could not be; ``one`` process makes each of its trainings."""
    if not plan.study.portable:
        return
    portable.require()
    if not one:
        raise UsageError(
            "several processes of one training add their gradients in an order of their own; "
            "leave out --nproc and torchrun, or --portable"
        )


def _with_executor(plan: Plan, options: RunOptions) -> Plan:
    """The plan as it is recorded: with the executor that was used, where one was asked for."""
    recipe = plan.recipe
    if recipe.executor is None and not (options.executor or options.executor_options):
        return plan
    used = asked_executor(recipe, options.executor, options.executor_options)
    return replace(plan, recipe=recipe.model_copy(update={"executor": used}))


def take_part(plan: Plan, group: TorchrunGroup, options: RunOptions, *, store: Store) -> None:
    """What a process of torchrun other than the first does while that one executes ``plan``."""
    from harness.engine.job import Job
    from harness.engine.session import Session
    from harness.engine.stages import train

    session = Session.open(Job.of(plan, Store(store.home, shared=True), options))
    group.meet(plan.device)
    train.take_part(session, group)
    group.leave()


def _torchrun_group() -> TorchrunGroup | None:
    """The processes of torchrun, if it started this one and others."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return None
    from harness.process.lifeline import end_with_launcher
    from harness.training.torchrun import TorchrunGroup

    end_with_launcher()
    group = TorchrunGroup.of_environment()
    return group if group.ranks.count > 1 else None


def forbid_downloads() -> None:
    """Make every library that could fetch something refuse to, in this process and its workers."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HARNESS_OFFLINE"] = "1"


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
    use = asked_executor(recipe, name, options)
    untrusted = {key: use.origins.get(key, "the recipe")
                 for key in use.params() if key not in (options or {})}  # fmt: skip
    return use.use, open_executor(
        registry, use.use, use.params(), untrusted={} if allow_code else untrusted
    )


def asked_executor(
    recipe: Recipe, name: str | None = None, options: Mapping[str, Any] | None = None
) -> Use:
    """The executor of that name, or of the recipe, or ``local``; ``options`` override its table."""
    table, said = recipe.executor, options or {}
    if table is None or name not in (None, table.use):
        table = Use(use=name or LOCAL).having({}, {"use": "flag --executor"})
    return table.having({**table.params(), **said}, dict.fromkeys(said, "flags"))


@keywords_of(RunOptions)
def run(**options: Any) -> Study:
    """Run what ``harness run`` would run, and load the study.

    The keywords are the flags of ``harness run`` and the fields of
    :class:`~harness.recipe.run_options.RunOptions`, which say what each means. Raises the first
    failure of a stage, ``UsageError`` for an unknown keyword.
    """
    known = [item.name for item in fields(RunOptions)]
    for name in options:
        if name not in known:
            raise UsageError(f"run has no option {name!r}{did_you_mean(name, known)}")
    asked = RunOptions(**options)
    done = start(asked)
    if done is not None and done.outcome.failures:
        raise done.outcome.failures[0].error
    return load_study(Path(asked.study))


def load_study(path: Path | str) -> Study:
    """Open a study folder; ``frame()`` of what it returns is a pandas table of all numbers.

    A notebook shows it as the table of ``harness table``.
    """
    from harness.results.study import load_study as load_folder

    study = load_folder(Path(path))
    study.html = _html_of
    return study


def _html_of(study: Study) -> str:
    from harness.reporting.notebook import study_html

    return study_html(study)
