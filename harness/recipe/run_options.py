"""Everything a run can be asked for, stated once.

A field of these classes is a keyword of :func:`harness.run` and, by its :class:`Flag`, an option of
``harness run``; a worker process gets the same object. A new option is a field here and one use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from harness.components import KINDS, Kind
from harness.did_you_mean import did_you_mean
from harness.errors import UsageError
from harness.recipe.parameters import parse_assignment, parse_sweep

INLINE = "harnessfile.py"
"""Single-file plugin that is loaded when it is in the folder of the recipe."""

Names = str | Iterable[str]
Place = Path | str
Entry = Callable[[str], tuple[str, Any]]
"""From the text of a flag to the key and the value of an entry of a mapping."""


@dataclass(frozen=True)
class Flag:
    """How the command line spells a field, or some entries of a mapping."""

    names: tuple[str, ...]
    help: str
    metavar: str | None = None
    least: int | None = None
    choices: tuple[str, ...] = ()
    completes: Kind | None = None
    default: Any = None
    """Of the command line, where it is not that of Python."""
    entry: Entry | None = None
    inner: str = ""
    """The key of a mapping of mappings whose entries these are."""


def flag(*names: str, help: str, **more: Any) -> Flag:  # noqa: A002 (click's word)
    """A :class:`Flag` of these names."""
    return Flag(names, help, **more)


def _params(name: str, kind: Kind, about: str) -> Flag:
    return Flag((name,), about, metavar="KEY=VALUE", entry=parse_assignment, inner=kind)


@dataclass(frozen=True, kw_only=True)
class RecipeFlags:
    """What is to be made: a recipe, and what overrides it; None or empty means not said.

    Names are one name, names joined by commas, or several. ``finetune`` has a set for each phase,
    or the names of several for their union. ``params`` maps a kind to parameters, and ``values``
    and ``sweep`` map dotted paths of the recipe to a value and to a list of values.
    """

    recipe: Annotated[
        Place | None,
        flag("-c", "--recipe", metavar="FILE", help="Read a TOML recipe; flags override it."),
    ] = None
    profile: Annotated[
        str | None, flag("--profile", metavar="NAME", help="Profile of the recipe, such as smoke.")
    ] = None
    generator: Annotated[
        Names,
        flag("-g", "--generator", metavar="NAME", completes="generator",
             help="Generator of training faces; repeatable."),
    ] = ()  # fmt: skip
    mix: Annotated[
        Names,
        flag("--mix", metavar="SET", completes="generator",
             help="Also train on this set: generator or key."),
    ] = ()  # fmt: skip
    finetune: Annotated[
        str | Iterable[Names],
        flag("--finetune", metavar="SET", completes="generator",
             help="Fine-tune on SET; repeatable; A,B merges."),
    ] = ()  # fmt: skip
    initial: Annotated[
        str | None,
        flag("--initial", metavar="KEY", help="Start from the weights of a trained model."),
    ] = None
    stream: Annotated[bool, flag("--stream", help="Generate faces on the fly; store none.")] = False
    model: Annotated[
        Names,
        flag("-m", "--model", metavar="NAME", completes="model", help="Model to train or test."),
    ] = ()
    bench: Annotated[
        Names,
        flag("-b", "--bench", metavar="NAME", completes="benchmark",
             help="Benchmark or group of benchmarks."),
    ] = ()  # fmt: skip
    measure: Annotated[
        Names,
        flag("--measure", metavar="NAME", completes="measure",
             help="Measure the generated faces; repeatable."),
    ] = ()  # fmt: skip
    against: Annotated[
        str | None, flag("--against", metavar="SET", help="Reference set of measures.")
    ] = None
    seen: Annotated[
        str | None,
        flag("--seen", metavar="SET", help="Faces the generator was trained on, for `leakage`."),
    ] = None
    control: Annotated[
        str | None, flag("--control", metavar="SET", help="People the generator cannot have seen.")
    ] = None
    aligner: Annotated[
        str | None,
        flag("--aligner", metavar="NAME", completes="aligner",
             help="Detector for images without landmarks."),
    ] = None  # fmt: skip
    label: Annotated[
        Names,
        flag("--label", metavar="NAME",
             help="Row name in tables; ENTRY=NAME for one entry."),
    ] = ()  # fmt: skip
    params: Annotated[
        Mapping[str, Mapping[str, Any]],
        _params("-G", "generator",
                "Set a generator parameter (or NAME.KEY=VALUE)."),
        _params("-M", "model", "Set a model parameter."),
        _params("-B", "benchmark", "Set a benchmark parameter."),
        _params("-A", "aligner", "Set an aligner parameter."),
        _params("-P", "measure", "Set a parameter of a measure."),
    ] = field(default_factory=dict)  # fmt: skip
    values: Annotated[
        Mapping[str, Any],
        flag("--set", metavar="PATH=VALUE", entry=parse_assignment,
             help="Set any value, such as model.epochs=3."),
    ] = field(default_factory=dict)  # fmt: skip
    sweep: Annotated[
        Mapping[str, list[Any]],
        flag("--sweep", metavar="PATH=A,B", entry=parse_sweep,
             help="Run once per value; several make a grid."),
    ] = field(default_factory=dict)  # fmt: skip
    # The rest are values of the table [study]: each is also a field of resolve.StudyTable.
    name: Annotated[str | None, flag("--name", metavar="NAME", help="Name of the study.")] = None
    seed: Annotated[int | None, flag("--seed", help="Root seed  [default: 0]")] = None
    repeats: Annotated[
        int | None, flag("--repeats", help="Training runs per model  [default: 1]")
    ] = None
    limit: Annotated[
        int | None,
        flag("--limit", metavar="N",
             help="Trial: N identities, N pairs per kind and fold."),
    ] = None  # fmt: skip
    align: Annotated[
        str | None,
        flag("--align", choices=("auto", "given", "template", "box", "detector"), metavar="HOW",
             help="Landmarks: auto (default), given, template, box, detector."),
    ] = None  # fmt: skip
    on_failure: Annotated[
        str | None,
        flag("--on-failure", choices=("reject", "given", "box", "centre", "error"), metavar="HOW",
             help="No face: reject (default), given, box, centre, error."),
    ] = None  # fmt: skip
    max_doubtful: Annotated[
        float | None,
        flag("--max-doubtful", metavar="SHARE",
             help="Accepted share of wrong landmarks  [default: 0.05]"),
    ] = None  # fmt: skip
    device: Annotated[
        str | None,
        flag("--device", metavar="DEV", help="auto, cpu, cuda or cuda:N  [default: auto]"),
    ] = None
    precision: Annotated[
        str | None,
        flag("--precision", metavar="P",
             help="fp32, bf16, fp16 (training)  [default: auto]"),
    ] = None  # fmt: skip
    portable: Annotated[
        bool | None, flag("--portable", help="Equal digits on every x86-64 CPU; slower.")
    ] = None
    batch_size: Annotated[
        int | None, flag("--batch-size", metavar="N", help="Embedding batch size.")
    ] = None

    def __post_init__(self) -> None:
        for item in declared():
            if not hasattr(self, item.name):
                continue
            value = getattr(self, item.name)
            if item.type is tuple:
                value = tuple(map(_tuple_or_name, [value] if isinstance(value, Place) else value))
            elif item.type is dict:
                value = dict(value or {})
            elif item.type is Path and value is not None:
                value = Path(value)
            if item.name == "params":
                value = {kind_named(kind): dict(given) for kind, given in value.items()}
            object.__setattr__(self, item.name, value)


@dataclass(frozen=True, kw_only=True)
class RunOptions(RecipeFlags):
    """What is to be made, and how it is run; nothing that is only here enters a key.

    ``executor`` and ``track`` name what plugins offer. Without ``executor`` the recipe says which;
    ``executor_options`` override its table, whose settings may run commands or use other machines
    only with ``allow_code``. ``disabled`` are plugins that are left alone. ``yes`` answers the
    question of the command line; from Python nothing is asked.
    """

    study: Annotated[
        Place, flag("-o", "--study", metavar="DIR", help="Folder of the study.")
    ] = Path("study")  # fmt: skip
    jobs: Annotated[
        int | None,
        flag("-j", "--jobs", least=1, metavar="N", help="Processes and threads  [processors]"),
    ] = None
    nproc: Annotated[
        int,
        flag("--nproc", least=1, metavar="N",
             help="Processes per training, one per GPU."),
    ] = 1  # fmt: skip
    rerun: Annotated[
        Names, flag("--rerun", metavar="SEL", help="Recompute a stage, component or key.")
    ] = ()
    executor: Annotated[
        str | None,
        flag("--executor", metavar="NAME", help="Where work runs; see harness list executors."),
    ] = None
    executor_options: Mapping[str, Any] = field(default_factory=dict)
    """Of the executor; the command line has a flag for each setting that a plugin declares."""
    allow_code: Annotated[
        bool, flag("--allow-code", help="Let [executor] of a recipe run commands.")
    ] = False
    track: Annotated[
        Names, flag("--track", metavar="NAME", help="Log the study to a tracker.")
    ] = ()
    fail_fast: Annotated[bool, flag("-x", "--fail-fast", help="Stop at the first failure.")] = False
    offline: Annotated[
        bool, flag("--offline", help="Forbid downloads (none happen by default).")
    ] = False  # fmt: skip
    quiet: Annotated[
        bool, flag("-q", "--quiet", default=False, help="No progress on standard error.")
    ] = True
    verbose: Annotated[
        bool,
        flag("-v", "--verbose",
             help="Also show keys, inputs, folders and commands of every stage."),
    ] = False  # fmt: skip
    yes: Annotated[bool, flag("-y", "--yes", help="Start a long or large run without asking.")] = (
        False
    )
    plugins_dirs: Iterable[Place] = ()
    disabled: Names = ()

    def plugin_places(self) -> tuple[Path, ...]:
        """Folders and files of single-file plugins: those named, and one beside the recipe."""
        return plugin_places(self.plugins_dirs, self.recipe)


@dataclass(frozen=True)
class Declared:
    """A field: the type of its values, ``tuple`` or ``dict`` for several, and its flags."""

    name: str
    type: type
    default: Any
    flags: tuple[Flag, ...]


@cache
def declared() -> tuple[Declared, ...]:
    """All fields of a run, those of :class:`RecipeFlags` first."""
    hints = get_type_hints(RunOptions, include_extras=True)
    made = []
    for item in fields(RunOptions):
        hint = hints[item.name]
        inner, *flags = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        default = {} if item.default is MISSING else item.default
        made.append(Declared(item.name, _type(inner), default, tuple(flags)))
    return tuple(made)


def _type(hint: Any) -> type:
    parts = get_args(hint) or (hint,)
    if get_origin(hint) is Mapping:
        return dict
    if Path in parts:
        return Path
    if any(get_origin(part) is Iterable for part in (hint, *parts)):
        return tuple
    return next(known for known in (bool, int, float, str) if known in parts)


def _tuple_or_name(value: Any) -> Any:
    return value if isinstance(value, Place) else tuple(value)


def kind_named(name: str) -> Kind:
    """A kind of component by its name or as ``bench``; raises ``UsageError`` for another."""
    if name == "bench":
        return "benchmark"
    for known in KINDS:
        if known == name:
            return known
    raise UsageError(f"unknown kind {name!r}{did_you_mean(name, KINDS)}")


def plugin_places(named: Iterable[Place], recipe: Place | None) -> tuple[Path, ...]:
    """Folders and files of single-file plugins: those ``named``, and one beside the recipe."""
    places = tuple(map(Path, named))
    # Not beside the name of a recipe that comes with the package: that is the current folder.
    if recipe is None or not Path(recipe).is_file():
        return places
    beside = Path(recipe).parent / INLINE
    return (*places, beside) if beside.exists() else places
