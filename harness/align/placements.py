"""Where the faces of an image set are: the stored result of alignment.

Five landmarks per image, or the reason why there are none. Pixels are never stored: the warp is a
pure, fast function of image, landmarks and input specification.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pyarrow as pa

from harness.errors import DataError
from harness.fileio.verified import checked, unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Method = Literal["given", "template", "detector", "box", "centre", "none"]
METHODS: tuple[Method, ...] = get_args(Method)

_FORMAT = b"harness placements 1"
_SCHEMA = pa.schema(
    [
        ("landmarks", pa.list_(pa.float32(), 10)),
        ("score", pa.float32()),
        ("method", pa.string()),
        ("reason", pa.string()),
    ],
    metadata={b"format": _FORMAT},
)


@dataclass(frozen=True, eq=False)
class Placements:
    """One row per image, in the order of the image set.

    ``landmarks`` is float32 (N, 5, 2) in source pixels and ``scores`` float32 (N,), both NaN where
    there is no face. ``methods`` says how each row was found (``none`` for a failure) and
    ``reasons`` why it was not, or why a fallback was used (else empty).
    """

    landmarks: NDArray[np.float32]
    scores: NDArray[np.float32]
    methods: Sequence[Method]
    reasons: Sequence[str]

    def __post_init__(self) -> None:
        count = len(self.methods)
        shapes = (self.landmarks.shape, self.scores.shape, len(self.reasons))
        if shapes != ((count, 5, 2), (count,), count):
            raise DataError(f"placements of {count} images have columns of shapes {shapes}")
        unknown = set(self.methods) - set(METHODS)
        if unknown:
            raise DataError(f"placements name an unknown method {sorted(unknown)[0]!r}")
        if not np.isfinite(self.landmarks[~self.failed]).all():
            raise DataError("placements hold landmarks that are not finite")

    def __len__(self) -> int:
        return len(self.methods)

    @property
    def failed(self) -> NDArray[np.bool_]:
        """Bool (N,): True where no face was found. Its mean is the failure-to-enrol rate."""
        return np.fromiter((m == "none" for m in self.methods), dtype=np.bool_, count=len(self))

    def counts(self) -> dict[str, int]:
        """Number of images by method, without methods that were not used."""
        found = Counter(self.methods)
        return {method: found[method] for method in METHODS if found[method]}

    def failures(self) -> dict[str, int]:
        """Number of failed images by reason, the most frequent first."""
        reasons = Counter(r for r, m in zip(self.reasons, self.methods, strict=True) if m == "none")
        return dict(reasons.most_common())

    def save(self, path: Path) -> None:
        """Write an Arrow IPC file; it appears under its name complete or not at all."""
        values = pa.array(self.landmarks.reshape(-1), type=pa.float32())
        table = pa.table(
            [
                pa.FixedSizeListArray.from_arrays(values, 10),
                pa.array(self.scores, type=pa.float32()),
                pa.array(list(self.methods), type=pa.string()),
                pa.array(list(self.reasons), type=pa.string()),
            ],
            schema=_SCHEMA,
        )
        aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            with aside.open("wb") as file:
                with pa.ipc.new_file(file, _SCHEMA) as writer:
                    writer.write_table(table)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path) -> Placements:
        """Read and verify what ``save`` wrote; raises DataError naming a file that is not."""
        try:
            with pa.ipc.open_file(checked(path).read_bytes()) as reader:
                table = reader.read_all()
            table.validate(full=True)
        except (pa.ArrowException, OSError) as error:
            raise unreadable(path, error) from None
        if not table.schema.equals(_SCHEMA, check_metadata=True):
            raise unreadable(path, "this is not a file of placements")
        landmarks = table["landmarks"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        try:
            return cls(
                np.array(landmarks, dtype=np.float32).reshape(-1, 5, 2),
                np.array(table["score"].to_numpy(), dtype=np.float32),
                table["method"].to_pylist(),
                table["reason"].to_pylist(),
            )
        except DataError as error:
            raise unreadable(path, error) from None
