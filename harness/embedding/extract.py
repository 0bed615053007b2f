"""Embeds many images into files, and takes an interrupted extraction up where it stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from harness.embedding.prefetch import prefetch
from harness.embedding.records import read_extraction, read_state
from harness.errors import DataError
from harness.fileio.atomic import sync, write_text
from harness.fileio.verified import checked, unreadable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.components import Model, ShowProgress

RESULT, STATE = "embeddings.json", "partial.json"
COMMIT_S = 20.0
"""Seconds between two points from which an interrupted extraction can continue."""


class FaceSource(Protocol):
    """Aligned images by number, or why one is missing; read from several threads at once."""

    def __len__(self) -> int: ...

    def failed(self, index: int) -> str | None:
        """Why image ``index`` has no face, or None when it has one."""

    def image(self, index: int) -> NDArray[np.uint8]:
        """One aligned image, uint8 RGB (H, W, 3)."""


@dataclass(frozen=True)
class Extraction:
    """What was embedded.

    ``plain`` and ``mirror`` are float32 (N, D), read from disk as needed; ``mirror`` is None
    unless asked for. ``enrolled`` is bool (N,); rows without a face are NaN. ``failures`` gives
    (name, reason) of each of those.
    """

    plain: NDArray[np.float32]
    mirror: NDArray[np.float32] | None
    enrolled: NDArray[np.bool_]
    failures: tuple[tuple[str, str], ...]


def extract(
    model: Model,
    data: FaceSource,
    names: Sequence[str],
    *,
    mirror: bool,
    folder: Path,
    progress: ShowProgress | None = None,
    batch_size: int = 64,
    threads: int = 2,
) -> Extraction:
    """Embed every image of ``data``, and its mirror image where asked, into ``folder``.

    Leaves ``plain.npy``, ``mirror.npy``, ``enrolled.npy`` and ``embeddings.json``. Decoding and
    warping continue in ``threads`` threads while the network works; memory holds a few batches. A
    killed extraction continues with the batch it had reached. ``batch_size`` changes results by no
    more than the model's declared tolerance, and an interruption not at all.

    Raises DataError naming the image when the network returns NaN or infinity for a face.
    """
    if len(data) == 0:
        raise DataError("there are no images to embed")
    if len(names) != len(data):
        raise DataError(f"{len(names)} names cannot belong to {len(data)} images")
    if not (folder / RESULT).exists():
        folder.mkdir(parents=True, exist_ok=True)
        reasons = [data.failed(index) for index in range(len(data))]
        work = _Work(model, data, names, reasons, mirror, folder, batch_size)
        work.run(progress, threads)
        work.finish()
    return load(folder)


def load(folder: Path) -> Extraction:
    """Open and verify what :func:`extract` left in ``folder``.

    Raises DataError where it is not complete, or naming the file that is damaged.
    """
    path = folder / RESULT
    if not path.exists():
        raise unreadable(path, "no complete embeddings")
    try:
        found = read_extraction(checked(path))
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    count, size = found.images, found.size
    return Extraction(
        plain=_array(folder / "plain.npy", (count, size), np.float32),
        mirror=_array(folder / "mirror.npy", (count, size), np.float32) if found.mirror else None,
        enrolled=_array(folder / "enrolled.npy", (count,), bool),
        failures=tuple((name, reason) for name, reason in found.failures),
    )


def _array(path: Path, shape: tuple[int, ...], dtype: type) -> NDArray[Any]:
    """A stored array, verified and mapped into memory; raises DataError naming a damaged file."""
    try:
        array: NDArray[Any] = np.load(checked(path), mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise unreadable(path, error) from None
    if array.shape != shape or array.dtype != dtype:
        found = f"{array.dtype} {array.shape} instead of {np.dtype(dtype)} {shape}"
        raise unreadable(path, f"it holds {found}")
    return array


class _Work:
    """One extraction: its files, and how many rows of them are safe on disk."""

    def __init__(
        self,
        model: Model,
        data: FaceSource,
        names: Sequence[str],
        reasons: Sequence[str | None],
        mirror: bool,
        folder: Path,
        batch: int,
    ) -> None:
        self.model, self.data, self.names, self.reasons = model, data, names, reasons
        self.folder, self.batch = folder, batch
        self.parts = ("plain", "mirror") if mirror else ("plain",)
        self.identity = {
            "images": len(data),
            "size": model.embedding_size,
            "parts": list(self.parts),
            "batch_size": batch,
        }

    def run(self, progress: ShowProgress | None, threads: int) -> None:
        """Embed what is not yet safe on disk."""
        total, done = len(self.data), self._done()
        if done == total:
            return
        saved = time.perf_counter()
        starts = range(done, total, self.batch)
        with _open_arrays(self._files(), (total, self.model.embedding_size), done) as arrays:
            for start, images in prefetch(starts, self._read, threads=threads, ahead=threads + 1):
                self._embed(arrays, start, images)
                done = min(start + self.batch, total)
                if progress:
                    progress(done, total, "images")
                if time.perf_counter() - saved > COMMIT_S and done < total:
                    self._commit(arrays, done)
                    saved = time.perf_counter()
            self._commit(arrays, total)

    def finish(self) -> None:
        """Put the files in place, the description last."""
        for part, path in self._files().items():
            if path.exists():  # else an earlier attempt was killed right after this
                path.replace(self.folder / f"{part}.npy")
        enrolled = np.array([reason is None for reason in self.reasons], bool)
        np.save(self.folder / "enrolled.npy", enrolled)
        failures = [
            [name, reason] for name, reason in zip(self.names, self.reasons, strict=True) if reason
        ]
        facts = self.identity | {"mirror": len(self.parts) > 1, "failures": failures}
        write_text(self.folder / RESULT, json.dumps(facts, indent=2, sort_keys=True) + "\n")
        (self.folder / STATE).unlink(missing_ok=True)

    def _files(self) -> dict[str, Path]:
        return {part: self.folder / f"{part}.partial.npy" for part in self.parts}

    def _done(self) -> int:
        path = self.folder / STATE
        if not path.exists():
            return 0
        try:
            state = read_state(path)
        except (OSError, ValueError):
            return 0  # nothing can be made of what is left: embed all again
        fits = state.identity == self.identity and state.done <= len(self.data)
        return state.done if fits else 0

    def _commit(self, arrays: dict[str, np.memmap[Any, Any]], done: int) -> None:
        for part, array in arrays.items():
            array.flush()
            sync(self._files()[part])
        state = {"identity": self.identity, "done": done}
        write_text(self.folder / STATE, json.dumps(state, sort_keys=True))

    def _read(self, start: int) -> tuple[int, NDArray[np.uint8]]:
        spec = self.model.input_spec
        stop = min(start + self.batch, len(self.data))
        images = np.zeros((stop - start, spec.height, spec.width, 3), np.uint8)
        for row, index in enumerate(range(start, stop)):
            if self.reasons[index] is None:
                images[row] = self.data.image(index)
        return start, images

    def _embed(
        self, arrays: dict[str, np.memmap[Any, Any]], start: int, images: NDArray[np.uint8]
    ) -> None:
        for part, array in arrays.items():
            seen = images if part == "plain" else np.ascontiguousarray(images[:, :, ::-1])
            rows = self._checked(self.model.embed(seen), len(images))
            for row, index in enumerate(range(start, start + len(images))):
                if self.reasons[index] is not None:
                    rows[row] = np.nan
                elif not np.isfinite(rows[row]).all():
                    raise DataError(
                        f"{self.names[index]}: the network's embedding is not finite; check its "
                        "weights and input range, or embed in fp32"
                    )
            array[start : start + len(images)] = rows

    def _checked(self, rows: Any, images: int) -> NDArray[np.float32]:
        """What the model returned; another shape would otherwise be stretched to fit."""
        wanted = (images, self.identity["size"])
        if np.shape(rows) != wanted:
            raise DataError(
                f"{type(self.model).__name__} returned embeddings of shape {np.shape(rows)} for "
                f"{images} images; embed must give (N, embedding_size), here {wanted}"
            )
        return np.asarray(rows, np.float32)


@contextmanager
def _open_arrays(
    files: dict[str, Path], shape: tuple[int, int], done: int
) -> Iterator[dict[str, np.memmap[Any, Any]]]:
    """Writable float32 arrays on disk, closed at the end so that Windows can rename them."""
    mode: Any = "r+" if done else "w+"
    arrays = {
        part: np.lib.format.open_memmap(path, mode, np.float32, shape)
        for part, path in files.items()
    }
    try:
        yield arrays
    finally:
        arrays.clear()
