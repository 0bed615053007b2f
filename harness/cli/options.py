"""Options that several verbs share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from harness._plugins.manager import Registry, load, plugin_files
from harness.cli.completion import names_of
from harness.components import Kind
from harness.recipe.parameters import parse_assignment, parse_sweep
from harness.recipe.project import project_file
from harness.recipe.resolve import RunFlags, split_names

Command = TypeVar("Command", bound=Callable[..., Any])
INLINE = "harnessfile.py"
KINDS = {"generator": "G", "model": "M", "benchmark": "B", "aligner": "A"}


def inline_dirs(obj: dict[str, Any], recipe: Path | None) -> tuple[Path, ...]:
    """Plugin folders of the command line, and ``harnessfile.py`` beside the recipe."""
    dirs: tuple[Path, ...] = obj["plugins_dirs"]
    # Not beside the name of a recipe that comes with the package: that is the current folder.
    beside = recipe.parent / INLINE if recipe and recipe.is_file() else None
    return (*dirs, beside) if beside is not None and beside.exists() else dirs


def open_registry(obj: dict[str, Any], recipe: Path | None = None) -> Registry:
    """The registry as the global options want it."""
    return load(disabled=obj["disabled"], plugins_dirs=inline_dirs(obj, recipe))


def files_of(obj: dict[str, Any], recipe: Path | None = None) -> tuple[Path, ...]:
    """Single-file plugins, for worker processes."""
    return plugin_files(inline_dirs(obj, recipe))


def selection(command: Command) -> Command:
    """The options that select and set components, in the order of the help page."""
    for option in reversed(SELECTION):
        command = option(command)
    return command


def _named(*flags: str, of: Kind, metavar: str = "NAME", about: str, multiple: bool = True) -> Any:
    """An option whose values are names of components of one kind, and complete as such."""
    return click.option(
        *flags, multiple=multiple, metavar=metavar, shell_complete=names_of(of), help=about
    )


SELECTION = [
    click.option(
        "-c",
        "--recipe",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Read a TOML recipe; flags override it.",
    ),
    click.option("--profile", metavar="NAME", help="Profile of the recipe, such as smoke."),
    _named(
        "-g",
        "--generator",
        of="generator",
        about="Generator of training faces; repeatable.",
    ),
    _named(
        "--mix",
        of="generator",
        metavar="SET",
        about="Also train on this set: generator or key.",
    ),
    _named(
        "--finetune",
        of="generator",
        metavar="SET",
        about="Fine-tune on this set. Repeat for more phases; use A,B to merge sets.",
    ),
    click.option("--initial", metavar="KEY", help="Start from the weights of a trained model."),
    click.option("--stream", is_flag=True, help="Generate faces on the fly; do not store them."),
    _named(
        "-m",
        "--model",
        of="model",
        about="Model to train or test.",
    ),
    _named(
        "-b",
        "--bench",
        of="benchmark",
        about="Benchmark or group of benchmarks.",
    ),
    _named(
        "--aligner",
        of="aligner",
        multiple=False,
        about="Detector for images without landmarks.",
    ),
    click.option(
        "--label",
        "labels",
        multiple=True,
        metavar="NAME",
        help="Name of the row in tables; ENTRY=NAME for one of several.",
    ),
    click.option(
        "-G",
        "generator_params",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set a generator parameter (NAME.KEY=VALUE for one of several).",
    ),
    click.option(
        "-M", "model_params", multiple=True, metavar="KEY=VALUE", help="Set a model parameter."
    ),
    click.option(
        "-B", "bench_params", multiple=True, metavar="KEY=VALUE", help="Set a benchmark parameter."
    ),
    click.option(
        "-A", "aligner_params", multiple=True, metavar="KEY=VALUE", help="Set an aligner parameter."
    ),
    click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="PATH=VALUE",
        help="Set any value: model.epochs=3, generator.bfm.identities=9.",
    ),
    click.option(
        "--sweep",
        "sweeps",
        multiple=True,
        metavar="PATH=A,B",
        help="Run once per value; several: a grid.",
    ),
    click.option("--seed", type=int, help="Root seed  [default: 0]"),
    click.option("--repeats", type=int, help="Training runs (seeds) per model  [default: 1]"),
    click.option(
        "--limit",
        type=int,
        metavar="N",
        help="Trial: first N identities, and N genuine and impostor pairs per fold.",
    ),
    click.option(
        "--align",
        type=click.Choice(["auto", "given", "template", "box", "detector"]),
        help="How landmarks are found  [default: auto]",
    ),
    click.option(
        "--on-failure",
        type=click.Choice(["reject", "given", "box", "centre", "error"]),
        help="What to do where no face is found  [default: reject]",
    ),
    click.option("--device", metavar="DEV", help="auto, cpu, cuda or cuda:N  [default: auto]"),
    click.option(
        "--precision", metavar="P", help="Training: auto, fp32, bf16, fp16  [default: auto]"
    ),
    click.option(
        "--portable",
        is_flag=True,
        default=None,
        help="Equal digits on every x86-64 CPU; slower.",
    ),
    click.option("--batch-size", type=int, metavar="N", help="Embedding batch size."),
]


ALLOW_CODE = click.option(
    "--allow-code",
    is_flag=True,
    help="Let [executor] of a recipe run commands.",
)


def settings(options: dict[str, Any]) -> RunFlags:
    """What the selection options say."""
    params = {
        kind: tuple(parse_assignment(text) for text in options[name])
        for kind, name in (
            ("generator", "generator_params"),
            ("model", "model_params"),
            ("benchmark", "bench_params"),
            ("aligner", "aligner_params"),
        )
    }
    study = ("seed", "repeats", "limit", "device", "precision", "batch_size", "align", "on_failure",
             "portable")  # fmt: skip
    return RunFlags(
        recipe=options["recipe"],
        profile=options["profile"],
        generators=options["generator"],
        models=options["model"],
        benchmarks=options["bench"],
        aligner=options["aligner"],
        mix=tuple(name for value in options["mix"] for name in split_names(value)),
        finetune=tuple(map(split_names, options["finetune"])),
        stream=options["stream"],
        initial=options["initial"],
        labels=options["labels"],
        params=params,
        study={name: options[name] for name in study},
        sets=tuple(parse_assignment(text) for text in options["sets"]),
        sweeps=tuple(parse_sweep(text) for text in options["sweeps"]),
        project=project_file(Path.cwd()),
        environ=os.environ,
    )
