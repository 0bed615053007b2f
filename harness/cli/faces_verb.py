"""``harness faces``."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli import faces_measure, faces_namesakes, faces_rate, faces_verify
from harness.cli.options import files_of, open_registry
from harness.faces.export import LAYOUTS
from harness.terminal import say, say_page

if TYPE_CHECKING:
    from harness.faces.store import FaceSet
    from harness.store.artifacts import Artifact

MOST_NAMED = 20
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="No progress on standard error.")


@click.group(name="faces")
def command() -> None:
    """Look at, check, export and import face sets in the store; KEY is the beginning of a key.

    A set from elsewhere is read in place by generators such as folder, recordio and parquet.

    \b
    Examples:
      harness faces list
      harness faces stats 3fa9
      harness faces export 3fa9 --format recordio -o faces-rec
      harness faces import faces-rec
      harness faces measure 3fa9 -m onnx -M path=net.onnx -o card
      harness faces show 3fa9 --identity 12 --sample 3 -o face.jpg
    """


command.add_command(faces_namesakes.command)
command.add_command(faces_verify.command)
command.add_command(faces_measure.measure_command)
command.add_command(faces_measure.compare_command)
command.add_command(faces_rate.command)


@command.command(name="list")
@as_json_option
def list_sets(*, as_json: bool) -> int:
    """List the face sets in the store."""
    from harness.errors import DataError
    from harness.store.artifacts import Store
    from harness.store.face_sets import KIND, describe

    rows, damaged = [], list[str]()
    for item in Store().of_kind(KIND):
        try:
            rows.append(describe(item))
        except DataError as error:
            damaged.append(str(error))
    for sentence in damaged:
        say(f"harness: {sentence}", err=True)
    if as_json:
        say_page(json.dumps(rows, indent=1))
        return 1 if damaged else 0
    for row in rows:
        limited = f", limit {row['limit']}" if row["limit"] else ""
        say(
            f"{row['key'][:12]}  {row['generator'].partition(':')[2]:<16} "
            f"{row['identities']:>8} identities {row['faces']:>9} images "
            f"{row['missing']:>6} missing {row['image_bytes'] / 1e6:>10.1f} MB  "
            f"seed {row['seed']}{limited}  {row['created']}"
        )
    return 1 if damaged else 0


@command.command(name="export")
@click.argument("key")
@click.option(
    "--format", "layout", required=True, metavar="FORMAT",
    help=f"Layout: {', '.join(LAYOUTS)}; or a file beside each image that the generator writes, "
    "like landmark files or depth maps.",
)  # fmt: skip
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), metavar="DIR",
              help="New folder; it appears whole or not at all.")  # fmt: skip
@click.option(
    "-G", "given", multiple=True, metavar="KEY=PATH",
    help="Path of the external data the set was made from (needed for per-image files).",
)  # fmt: skip
@quiet_option
@click.pass_obj
def export_set(
    obj: dict[str, Any], key: str, layout: str, out: Path, given: tuple[str, ...], *, quiet: bool
) -> int:
    """Write a face set in a layout that other software reads; image bytes stay as they are.

    \b
    Examples:
      harness faces export 3fa9 --format imagefolder -o faces
      harness faces export 3fa9 --format recordio -o faces-rec
      harness faces export 3fa9 --format rps -o faces-rps
    """
    from harness.faces.export import export
    from harness.progress import Progress
    from harness.recipe.parameters import parse_assignment
    from harness.store.artifacts import Store
    from harness.store.face_sets import describe
    from harness.tools.sidecars import export_sidecars

    item, faces = _open(key)
    progress = Progress(quiet=quiet)
    progress.stage("export")
    if layout not in LAYOUTS:
        paths = dict(map(parse_assignment, given))
        count = export_sidecars(open_registry(obj), Store(), item, layout, out, paths, progress)
        progress.close()
        say(f"{count} {layout} files of {item.facts['identities']} identities written to {out}")
        return 0
    export(faces, layout, out, {"faces": describe(item)}, progress)
    progress.close()
    say(f"{len(faces)} images of {item.facts['identities']} identities written to {out}")
    return 0


@command.command(name="import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--format", "layout", default="auto", metavar="FORMAT",
    help="How it is read: a generator with a root; by the files "
    "if not given.",
)  # fmt: skip
@click.option(
    "-G", "given", multiple=True, metavar="KEY=VALUE",
    help="Set a parameter of that generator, like template, identities or max_unreadable.",
)  # fmt: skip
@click.option("-j", "--jobs", type=click.IntRange(1), help="Processes; all cores if not given.")
@quiet_option
@click.pass_obj
def import_set(
    obj: dict[str, Any],
    path: Path,
    layout: str,
    given: tuple[str, ...],
    jobs: int | None,
    *,
    quiet: bool,
) -> int:
    """Import a face set of other software into the store and print its key.

    Every image is decoded once; those that cannot be are named and count as missing. An import that
    was stopped continues where it was. A set that is there already is found, not made again.

    \b
    Examples:
      harness faces import faces-rec
      harness faces import faces.zip -G template=arcface
      harness faces import rows.parquet -G identity_column=person
    """
    from harness.faces.store import FaceSet
    from harness.progress import Progress
    from harness.recipe.parameters import parse_assignment
    from harness.store.artifacts import Store
    from harness.tools.import_faces import import_faces

    progress = Progress(quiet=quiet)
    item = import_faces(
        open_registry(obj), Store(), path, None if layout == "auto" else layout,
        given=dict(map(parse_assignment, given)), progress=progress, jobs=jobs,
        plugin_files=files_of(obj),
    )  # fmt: skip
    progress.close()
    facts = item.facts
    for missing in islice(FaceSet(item.folder).missing(), MOST_NAMED):
        say(f"harness: missing: {missing.reason}", err=True)
    for note in facts["warnings"]:
        say(f"harness: {note}", err=True)
    say(
        f"{item.key[:12]}  {facts['faces']} images of {facts['identities']} identities, "
        f"{facts['missing']} missing"
    )
    return 0


@command.command(name="sheet")
@click.argument("key")
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path), metavar="FILE.jpg",
    help="Picture to write, .jpg or .png.",
)  # fmt: skip
@click.option("--rows", default=8, show_default=True, type=click.IntRange(1, 200))
@click.option("--columns", default=10, show_default=True, type=click.IntRange(1, 200))
def sheet_of(key: str, out: Path, rows: int, columns: int) -> int:
    """Write a contact sheet: identities down, samples across."""
    from harness.errors import UsageError
    from harness.faces.face_sheet import sheet

    if out.suffix.lower() not in (".jpg", ".jpeg", ".png"):
        raise UsageError(
            f"{out}: a contact sheet is a JPEG or PNG picture; name a .jpg or .png file"
        )
    _, faces = _open(key)
    sheet(faces, out, rows, columns)
    say(f"sheet of {key} written to {out}")
    return 0


@command.command(name="stats")
@click.argument("key")
@as_json_option
def stats(key: str, *, as_json: bool) -> int:
    """Count identities, images, bytes, missing ones and why, and resolutions."""
    from harness.faces.census import census

    item, faces = _open(key)
    found = {"key": item.key, **census(faces)}
    if as_json:
        say_page(json.dumps(found, indent=1))
        return 0
    per = found["images_per_identity"]
    sizes = ", ".join(f"{size} ({count})" for size, count in found["resolutions"].items())
    say(f"key                  {item.key}")
    say(f"identities           {found['identities']}")
    say(f"images               {found['images']} ({found['image_bytes'] / 1e6:.1f} MB)")
    say(
        f"images per identity  {per['min']} to {per['max']}, median {per['median']:g}, mean "
        f"{per['mean']:.2f}"
    )
    say(f"resolution           {sizes}")
    say(f"template             {found['template'] or 'none'}")
    say(f"with landmarks       {found['landmarks']}")
    say(f"missing              {found['missing']}")
    for reason in found["missing_reasons"][:MOST_NAMED]:
        say(f"  {reason['count']}  {reason['text']}")
        if reason["example"] != reason["text"]:
            say(f"     first: {reason['example']}")
    return 0


@command.command(name="show")
@click.argument("key")
@click.option("--identity", required=True, type=int, help="Identity, counted from 0.")
@click.option("--sample", default=0, show_default=True, type=int, help="Sample, from 0.")
@click.option(
    "-o", "--out", required=True, type=click.Path(path_type=Path), metavar="FILE",
    help="Write the image here.",
)  # fmt: skip
@click.option(
    "-G", "given", multiple=True, metavar="KEY=PATH",
    help="Path of the external data the set was made from.",
)  # fmt: skip
@click.pass_obj
def show(
    obj: dict[str, Any], key: str, identity: int, sample: int, out: Path, given: tuple[str, ...]
) -> int:
    """Regenerate one image from its generator, parameters and seed, and compare it with the set.

    Exit 1 unless it equals the stored image byte for byte.

    \b
    Examples:
      harness faces show 3fa9 --identity 12 --sample 3 -o face.jpg
      harness faces show 81bc --identity 0 -G root=/data/faces -o face.png
    """
    from harness.faces.face import Missing, Slot
    from harness.fileio.atomic import write_bytes
    from harness.recipe.parameters import parse_assignment
    from harness.store.artifacts import Store
    from harness.store.face_sets import find
    from harness.tools.regenerate import remake

    store = Store()
    paths = dict(map(parse_assignment, given))
    made = remake(open_registry(obj), store, find(store, key), Slot(identity, sample), paths)
    if isinstance(made.face, Missing):
        say(f"no image: {made.face.reason}; {made.verdict}")
    else:
        write_bytes(out, made.face.image)
        say(f"{out}: {len(made.face.image)} bytes, {made.verdict}")
    return 0 if made.same else 1


def _open(key: str) -> tuple[Artifact, FaceSet]:
    from harness.faces.store import FaceSet
    from harness.store.artifacts import Store
    from harness.store.face_sets import find

    item = find(Store(), key)
    return item, FaceSet(item.folder)
