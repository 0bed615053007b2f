"""``harness run``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from harness.cli.executor_flags import WithExecutorFlags, executor_options
from harness.cli.options import run_flags, run_options
from harness.recipe.run_options import declared


@click.command(name="run", cls=WithExecutorFlags, context_settings={"max_content_width": 100})
@run_flags(*(item.name for item in declared()))
@click.option("-n", "--dry-run", is_flag=True, help="Show the plan and exit, like `harness plan`.")
@click.option("--json", "as_json", is_flag=True, help="Print results as JSON, one object per line.")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> int:
    """Generate faces, train models on them, test and report.

    \b
    Examples:
      harness run -g bfm -m facenet-nn4 -b synthpie
      harness run -m onnx -M path=net.onnx -M preset=arcface -b lfw -B root=lfw
      harness run -g bfm -G identities=1000 -m facenet-nn4 -b lfw,synthpie --repeats 3
    """
    chosen = run_options(ctx.obj, options)
    chosen = replace(chosen, executor_options=executor_options(options))
    if options["dry_run"]:
        from harness.cli.plan_verb import show

        return show(chosen, as_json=options["as_json"])
    from harness.api import start
    from harness.cli import run_output

    done = start(chosen)
    return 0 if done is None else run_output.show(done, as_json=options["as_json"])
