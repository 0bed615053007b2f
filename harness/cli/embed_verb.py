"""``harness embed``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness.cli.options import open_registry
from harness.recipe.parameters import parse_assignment
from harness.terminal import say


@click.command(name="embed")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("-m", "--model", required=True, metavar="NAME", help="Model with weights.")
@click.option(
    "-M", "model_params", multiple=True, metavar="KEY=VALUE", help="Set a model parameter."
)
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE.npy",
    help="Write float32 (images, size) here, and the image names beside it.",
)
@click.option(
    "--landmarks",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Five-point file: path and ten numbers per line, in image pixels.",
)
@click.option("--template", metavar="NAME", help="The images are already aligned to this template.")
@click.option("--aligner", metavar="NAME", help="Detector that finds the faces.")
@click.option(
    "-A", "aligner_params", multiple=True, metavar="KEY=VALUE", help="Set an aligner parameter."
)
@click.option(
    "--device", default="auto", show_default=True, metavar="DEV", help="auto, cpu, cuda or cuda:N."
)
@click.option("--batch-size", type=click.IntRange(min=1), metavar="N", help="Images at a time.")
@click.option(
    "--max-doubtful",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    metavar="SHARE",
    help="Stop if more landmarks cannot be those of faces.",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress on standard error.")
@click.pass_obj
def command(obj: dict[str, Any], /, folder: Path, **options: Any) -> int:
    """Embed every image below FOLDER with a model, rows in the order of the sorted paths.

    \b
    Examples:
      harness embed photos -m onnx -M path=net.onnx --template arcface -o photos.npy
      harness embed photos -m facenet-nn4 -M weights=w.safetensors --aligner mtcnn -o photos.npy
    """
    from harness.errors import UsageError
    from harness.store.artifacts import Store
    from harness.tools.embed_folder import embed_folder

    if options["aligner_params"] and not options["aligner"]:
        raise UsageError("-A sets an aligner parameter but no aligner is selected; add --aligner")
    if options["out"].suffix != ".npy":
        raise UsageError(f"-o {options['out']}: give a file that ends in .npy")

    counts = embed_folder(
        open_registry(obj),
        Store(),
        folder,
        model=(options["model"], dict(map(parse_assignment, options["model_params"]))),
        aligner=(options["aligner"], dict(map(parse_assignment, options["aligner_params"])))
        if options["aligner"]
        else None,
        out=options["out"],
        landmarks=options["landmarks"],
        template=options["template"],
        device=options["device"],
        batch_size=options["batch_size"],
        max_doubtful=options["max_doubtful"],
        quiet=options["quiet"],
    )
    for note in counts.left_out.notes(folder.name):
        say(f"harness: {note}", err=True)
    for reason, count in counts.failures.items():
        say(f"harness: {count} images without embedding: {reason}", err=True)
    for warning in counts.warnings:
        say(f"harness: warning: {warning}", err=True)
    say(f"{counts.embedded} of {counts.images} images embedded to {options['out']}")
    return 0
