"""Embeddings of a plain folder of images, outside any study."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness._plugins.registry import Registry
from harness.align.aligned import AlignedImages
from harness.align.limits import MAX_DOUBTFUL
from harness.align.place import Rule, place
from harness.components import Aligner, InputSpec, Model
from harness.embedding.doubt import unsound
from harness.embedding.extract import Extraction, extract
from harness.engine.opener import ComponentOpener
from harness.engine.stages.embed import BATCH
from harness.errors import DataError, UsageError
from harness.faces.doubles import folder_copy_notes, spelling_notes
from harness.faces.files import ImageFiles, search_images
from harness.faces.left_out import LeftOut
from harness.faces.near_names import NearNames
from harness.fileio.atomic import write_text, written_whole
from harness.inputs import one_line, shown
from harness.plan.device import resolve_device
from harness.plan.planner import Planner
from harness.progress import Progress
from harness.protocols.pair_doubt import same_content
from harness.protocols.readers.landmarks import read_five_points
from harness.recipe.resolve import Recipe, StudyTable, Use
from harness.recipe.tables import ModelUse
from harness.store.artifacts import Store

Named = tuple[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Counts:
    """How many images were embedded, and why the others were not."""

    images: int
    embedded: int
    failures: Mapping[str, int]
    left_out: LeftOut
    warnings: tuple[str, ...] = ()


def embed_folder(
    registry: Registry,
    store: Store,
    folder: Path,
    *,
    model: Named,
    out: Path,
    aligner: Named | None = None,
    landmarks: Path | None = None,
    template: str | None = None,
    device: str = "auto",
    batch_size: int | None = None,
    max_doubtful: float = MAX_DOUBTFUL,
    quiet: bool = False,
) -> Counts:
    r"""Write float32 (N, D) to ``out`` and the N image paths to ``out`` with suffix ``.txt``.

    Rows of images without a face are NaN; bytes of a path that are not UTF-8 are written as
    ``\xNN``, and line ends as ``\n``. Raises ``UsageError`` when nothing says where the faces are.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; give a folder of images")
    found_images = search_images(folder)
    images = _open(folder, found_images.names, landmarks, template)
    progress = Progress(quiet=quiet)
    said: list[str] = []
    study = StudyTable(device=resolve_device(device), batch_size=batch_size)
    network, detector = _components(registry, store, study, model, aligner, progress, said)
    progress.stage("place")
    placements = place(images, Rule(max_doubtful=max_doubtful), aligner=detector, progress=progress)
    if placements.failed.all():
        raise DataError(f"no face was found in any image of {folder}")
    progress.stage("embed")
    with tempfile.TemporaryDirectory() as work:
        found = extract(
            network,
            AlignedImages(images, placements, network.input_spec),
            images.names,
            mirror=False,
            folder=Path(work),
            progress=progress,
            batch_size=batch_size or BATCH,
        )
        doubles = _doubles(folder, found_images.names)
        warnings = (*said, *doubles, *_warnings(found, network.input_spec))
        with written_whole(out) as aside, aside.open("wb") as file:
            np.save(file, found.plain, allow_pickle=False)
    write_text(out.with_suffix(".txt"), "".join(f"{one_line(name)}\n" for name in images.names))
    progress.close()
    failed = int(placements.failed.sum())
    return Counts(len(images), len(images) - failed, placements.failures(), found_images.left_out,
                  warnings)  # fmt: skip


def _components(
    registry: Registry,
    store: Store,
    study: StudyTable,
    model: Named,
    aligner: Named | None,
    progress: Progress,
    said: list[str],
) -> tuple[Model, Aligner | None]:
    """The network, and the detector where one is asked for; ``said`` gets what they note."""
    recipe = Recipe(
        study=study,
        model=[ModelUse.model_validate({**model[1], "use": model[0]})],
        aligner=Use.model_validate({**aligner[1], "use": aligner[0]}) if aligner else None,
    )
    planner = Planner(registry, store, recipe)
    chosen = planner.choose("model", recipe.model[0])
    finder = planner.choose("aligner", recipe.aligner) if recipe.aligner else None
    planner.require_assets()
    opener = ComponentOpener(store, recipe.study, device=planner.device, progress=progress)
    network = opener.trained(chosen, None, said)
    return network, opener.aligner(finder) if finder is not None else None


def _warnings(found: Extraction, spec: InputSpec) -> tuple[str, ...]:
    """What is wrong with all embeddings; the folder may hold one person, so it never stops."""
    try:
        return tuple(unsound(found.plain, found.enrolled, asdict(spec), ready=True))
    except DataError as error:
        return (str(error),)


def _doubles(folder: Path, names: list[str]) -> Iterator[str]:
    """Folders that may be of one person, where each person has a folder."""
    folders = list(dict.fromkeys(name.rpartition("/")[0] for name in names))
    if len(folders) > 1:
        yield from spelling_notes(list(map(shown, filter(None, folders))))
        same = same_content(folder, names)
        yield from folder_copy_notes({shown(name): same(name) for name in names})


def _open(
    folder: Path, names: list[str], landmarks: Path | None, template: str | None
) -> ImageFiles:
    if landmarks is None:
        return ImageFiles(folder, names, template=template)
    points = read_five_points(landmarks)
    rows = np.full((len(names), 5, 2), np.nan, np.float32)
    for row, name in enumerate(map(shown, names)):
        if name in points:
            rows[row] = points[name]
    if not np.isfinite(rows).any():
        other = next(iter(points))
        raise DataError(
            f"{landmarks} names none of the {len(names):,} images of {folder}: its first is "
            f"{other!r}, that of the folder {shown(names[0])!r}{NearNames(folder).hint(other)}"
        )
    return ImageFiles(folder, names, landmarks=rows)
