"""``harness export-onnx``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness.cli.options import open_registry
from harness.recipe.parameters import parse_assignment
from harness.terminal import say


@click.command(name="export-onnx")
@click.argument("model", metavar="MODEL|KEY")
@click.argument("out", type=click.Path(path_type=Path), metavar="OUT.onnx")
@click.option(
    "-M", "model_params", multiple=True, metavar="KEY=VALUE", help="Set a model parameter."
)
@click.pass_obj
def command(obj: dict[str, Any], /, model: str, out: Path, model_params: tuple[str, ...]) -> int:
    """Write a model as an ONNX network; KEY is the beginning of a trained model's key.

    The batch axis is free. The file is checked against torch at batch 1 and 7 before it appears,
    and it says what input it wants, so that it runs as `-m onnx -M path=OUT.onnx`.

    \b
    Examples:
      harness export-onnx 91acd2f07b net.onnx
      harness export-onnx iresnet50 r50.onnx -M weights=adaface_ir50.ckpt
      harness export-onnx mobilefacenet m.onnx -M preset=foamliu -M weights=mobilefacenet.pt
    """
    from harness.errors import UsageError
    from harness.store.artifacts import Store
    from harness.tools.export_onnx import export_model

    if out.suffix != ".onnx":
        raise UsageError(f"{out}: give a file that ends in .onnx")
    values = dict(map(parse_assignment, model_params))
    done = export_model(open_registry(obj), Store(), model, values, out)
    for batch, share in done.difference.items():
        say(f"batch {batch}: differs from torch by {share:.1e} of the largest value")
    say(f"{done.model} written to {out}; run it with -m onnx -M path={out}")
    return 0
