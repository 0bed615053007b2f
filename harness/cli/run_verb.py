"""``harness run``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.executor_flags import WithExecutorFlags, executor_options
from harness.cli.options import ALLOW_CODE, files_of, open_registry, selection, settings

if TYPE_CHECKING:
    from harness.training.torchrun import TorchrunGroup


@click.command(name="run", cls=WithExecutorFlags, context_settings={"max_content_width": 100})
@selection
@click.option(
    "-o",
    "--study",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("study"),
    show_default=True,
    metavar="DIR",
    help="Folder of the study.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Processes and threads  [processors]",
)
@click.option(
    "--nproc",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes of one training; on GPUs, one each.",
)
@click.option(
    "--rerun",
    multiple=True,
    metavar="SEL",
    help="Recompute a stage, component or key.",
)
@click.option(
    "--executor",
    metavar="NAME",
    help="Where the work is done (harness list executors).",
)
@ALLOW_CODE
@click.option("--track", multiple=True, metavar="NAME", help="Log to a tracker.")
@click.option("-x", "--fail-fast", is_flag=True, help="Stop at the first failure.")
@click.option("--offline", is_flag=True, help="Forbid downloads (none happen by default).")
@click.option("-n", "--dry-run", is_flag=True, help="Show the plan and exit, like `harness plan`.")
@click.option("--json", "as_json", is_flag=True, help="Print results as JSON, one object per line.")
@click.option("-q", "--quiet", is_flag=True, help="No progress on standard error.")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> int:
    """Generate faces, train models on them, test and report.

    \b
    Examples:
      harness run -g bfm -m facenet-nn4 -b synthpie
      harness run -m onnx -M path=net.onnx -M preset=arcface -b lfw -B root=lfw
      harness run -g bfm -G identities=1000 -m facenet-nn4 -b lfw,synthpie --repeats 3
    """
    if options["dry_run"]:
        from harness.cli.plan_verb import show

        return show(ctx.obj, settings(options), options["folder"], as_json=options["as_json"])
    from harness.api import execute, make_plan, take_part
    from harness.cli import run_output
    from harness.progress import Progress
    from harness.store.artifacts import Store

    if options["offline"]:
        _forbid_downloads()
    registry = open_registry(ctx.obj, options["recipe"])
    store = Store()
    plan = make_plan(settings(options), registry, store)
    group = _torchrun_group()
    if group is not None and not group.ranks.first:
        take_part(
            plan,
            group,
            folder=options["folder"],
            store=store,
            jobs=options["jobs"],
            plugin_files=files_of(ctx.obj, options["recipe"]),
        )
        return 0
    outcome = execute(
        plan,
        folder=options["folder"],
        store=store,
        registry=registry,
        progress=Progress(quiet=options["quiet"]),
        jobs=options["jobs"],
        fail_fast=options["fail_fast"],
        rerun=options["rerun"],
        plugin_files=files_of(ctx.obj, options["recipe"]),
        executor=options["executor"],
        executor_options=executor_options(options),
        allow_code=options["allow_code"],
        track=options["track"],
        processes=options["nproc"],
        group=group,
    )
    return run_output.show(
        outcome, plan, options["folder"], registry, store, as_json=options["as_json"]
    )


def _torchrun_group() -> TorchrunGroup | None:
    """The processes of torchrun, if it started this one and others."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return None
    from harness.process.lifeline import end_with_launcher
    from harness.training.torchrun import TorchrunGroup

    end_with_launcher()
    group = TorchrunGroup.of_environment()
    return group if group.ranks.count > 1 else None


def _forbid_downloads() -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HARNESS_OFFLINE"] = "1"
