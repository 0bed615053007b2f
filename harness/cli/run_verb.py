"""``harness run``."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from harness.cli.executor_flags import WithExecutorFlags, executor_options
from harness.cli.options import run_flags, run_options
from harness.errors import DeclinedError
from harness.recipe.run_options import declared
from harness.terminal import say

if TYPE_CHECKING:
    from harness.plan.forecast import Forecast
    from harness.recipe.run_options import RunOptions


@click.command(name="run", cls=WithExecutorFlags, context_settings={"max_content_width": 100})
@run_flags(*(item.name for item in declared()))
@click.option("-n", "--dry-run", is_flag=True, help="Show the plan and exit, like `harness plan`.")
@click.option("--json", "as_json", is_flag=True, help="Print results as JSON, one object per line.")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> int:
    """Generate faces, train models on them, test and report.

    \b
    Examples:
      harness run -c demo --profile quick
      harness run -g folder -G root=faces -m mobilefacenet -M steps=30 -b synthpie -B preset=small
      harness run -m onnx -M path=net.onnx -M preset=arcface -b lfw -B root=lfw
    """
    chosen = run_options(ctx.obj, options)
    chosen = replace(chosen, executor_options=executor_options(options))
    if options["dry_run"]:
        from harness.cli.plan_verb import show

        return show(chosen, as_json=options["as_json"])
    from harness.api import start
    from harness.cli import run_output

    done = start(chosen, partial(_agree, chosen))
    return 0 if done is None else run_output.show(done, as_json=options["as_json"])


def _agree(chosen: RunOptions, found: Forecast) -> None:
    """Ask before a long or large run on a terminal; elsewhere say what it takes, and start."""
    from harness.plan.size_limits import is_large

    if not is_large(found.total):
        return
    asks = not chosen.yes and sys.stdin.isatty() and sys.stderr.isatty()
    if asks or not chosen.quiet:
        say(f"this run: {found.amount()}", err=True)
    if asks and not click.confirm("start it?", err=True):
        raise DeclinedError("nothing was started; harness plan shows each stage, --yes starts it")
