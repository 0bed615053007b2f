"""The folder of a finished cell: written with digests, verified when it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.digests import file_sha256
from harness.embedding.extract import load
from harness.errors import DataError, PrerequisiteError
from harness.fileio.atomic import write_text, written_whole
from harness.fileio.names import file_name, inside
from harness.fileio.verified import unreadable
from harness.protocols.base import Embeddings, Evaluation, Scores
from harness.results.columns import read_columns, write_columns
from harness.results.migrate import NewerResultError
from harness.results.schema import Result
from harness.store.artifacts import Store

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCORES = "scores.arrow"
RESULT = "result.json"
SHORT_ID = 12
"""Digits of the cell's id that the name of its folder begins with."""
ASIDE = "aside"
ALTERED = "its digest does not fit its content"


def write_curves(folder: Path, evaluation: Evaluation) -> dict[str, str]:
    """Write the curves of a cell; their files by name."""
    files = {}
    for curve in evaluation.curves:
        files[curve.name] = f"curves/{_checked(curve.name)}.arrow"
        write_columns(folder / files[curve.name], curve.axes)
    return files


def _checked(name: str) -> str:
    """The name of a curve or array, which may come from a stored protocol, as that of a file."""
    try:
        return file_name(name)
    except ValueError as error:
        raise DataError(f"a curve or array cannot be written: its name {error}") from None


def write_extra(folder: Path, scores: Scores) -> dict[str, str]:
    """Write arrays that are not one row per pair, beside the scores."""
    import numpy as np

    files = {}
    for name, values in scores.extra.items():
        files[name] = f"{_checked(name)}.npy"
        with written_whole(folder / files[name]) as aside, aside.open("wb") as file:
            np.save(file, values, allow_pickle=False)
    return files


def write_result(folder: Path, result: Result) -> Result:
    """Write ``result.json`` with a digest of every file of the cell and of its own content.

    The last file of a cell: it means that the cell is done. Gives the result as written.
    """
    names = sorted({*result.curves.values(), *_arrays(result).values()})
    files = {name: file_sha256(folder / name) for name in names}
    written = result.model_copy(update={"files": files}).sealed()
    write_text(folder / RESULT, written.to_json())
    return written


def finished(folder: Path) -> Result | None:
    """The result of a cell that is whole: every file fits its digest.

    Raises ``NewerResultError`` for that of a newer harness, which must not be overwritten.
    """
    try:
        return _read(folder)
    except NewerResultError as error:
        raise NewerResultError(
            f"{folder / RESULT} was {error} to continue with this study"
        ) from None
    except (OSError, ValueError, KeyError, RecursionError, DataError):
        return None


def fault(folder: Path) -> str:
    """What is wrong with a cell that has a result, in one sentence; empty where nothing is."""
    if not (folder / RESULT).exists():
        return ""
    try:
        _read(folder)
    except NewerResultError:
        return ""
    except DataError as error:
        return str(error)
    except (OSError, ValueError, KeyError, RecursionError) as error:
        return f"{folder / RESULT} cannot be read ({' '.join(str(error).split())[:200]})"
    return ""


def set_aside(folder: Path) -> str:
    """Move a damaged cell to ``aside`` of its study, and say so; empty where nothing is wrong."""
    wrong = fault(folder)
    if not wrong:
        return ""
    place = folder.parents[1] / ASIDE
    place.mkdir(exist_ok=True)
    number = len(list(place.glob(f"{folder.name}.*"))) + 1
    return f"{wrong}; moved to {folder.rename(place / f'{folder.name}.{number}')}"


def stored_file(folder: Path, result: Result, name: str) -> Path:
    """A file of a finished cell, verified against the result.

    Raises ``DataError`` naming a file that is missing, altered, or outside the cell's folder.
    """
    inside(folder, name)  # which is with its links followed
    path = folder / name
    expected = result.files.get(name)
    if expected is None and name == result.raw.get("scores"):
        expected = result.raw.get("sha256")
    if not path.is_file():
        raise DataError(f"{path} is missing; run the study again")
    if expected and file_sha256(path) != expected:
        raise DataError(f"{path} is not what the result was made from; run the study again")
    return path


def load_array(folder: Path, result: Result, name: str) -> NDArray[Any]:
    """A stored array of a finished cell, verified; raises ``DataError`` as :func:`stored_file`."""
    import numpy as np

    path = stored_file(folder, result, name)
    try:
        array: NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise unreadable(path, error) from None
    return array


def stored_scores(folder: Path, result: Result) -> Scores:
    """The scores of a finished cell; DataError where they are gone or not those of the result."""
    if result.integrity == "altered":
        raise DataError(f"{folder / RESULT} is altered: {ALTERED}; run the study again")
    path = stored_file(folder, result, result.raw.get("scores", SCORES))
    extra = {
        name: load_array(folder, result, file)
        for name, file in result.raw.items()
        if name not in ("scores", "sha256")
    }
    return Scores(read_columns(path), extra)


def stored_embeddings(result: Result, store: Store) -> Embeddings:
    """The embeddings behind a result; PrerequisiteError where the store no longer has them."""
    key = result.provenance.inputs.get("embeddings")
    if key is None:
        raise PrerequisiteError("it was made from scores alone and has no embeddings to compare")
    found = load(store.get("embeddings", key).folder)
    names = [str(number) for number in range(len(found.plain))]
    return Embeddings(found.plain, found.mirror, found.enrolled, names)


def _arrays(result: Result) -> Mapping[str, str]:
    return {name: file for name, file in result.raw.items() if name != "sha256"}


def _read(folder: Path) -> Result:
    result = Result.from_json((folder / RESULT).read_text(encoding="utf-8"))
    if result.integrity == "altered":
        raise DataError(f"{folder / RESULT} is altered: {ALTERED}")
    if not folder.name.startswith(result.id[:SHORT_ID]):
        raise DataError(f"{folder / RESULT} is that of another cell ({result.id[:SHORT_ID]})")
    if "scores" not in result.raw:
        raise DataError(f"{folder / RESULT} names no scores")
    for name in {*result.curves.values(), *_arrays(result).values(), *result.files}:
        stored_file(folder, result, name)
    return result
