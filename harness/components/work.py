"""What the core and a component hand to each other at work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from harness.components.pixels import check_mean, check_std

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


NO_MEASUREMENT = "no measurement: "
"""How the note of a component begins whose output is made up, like noise instead of faces."""


class ShowProgress(Protocol):
    """Where work says how far it is, like :meth:`Context.progress`."""

    def __call__(self, done: int, total: int, unit: str, detail: str = "") -> None:
        """``done`` of ``total`` units; cheap to call often."""


class Context(Protocol):
    """What the core hands to a component at work. Also given in worker processes."""

    @property
    def seed(self) -> int:
        """Root seed of this component's streams; see :mod:`harness.seeds`.

        The user's seed reaches generators and trainings, whose keys hold it. Aligners, benchmarks
        and models that embed always get 0: what they do must not depend on it.
        """

    @property
    def device(self) -> str:
        """``cpu``, ``cuda`` or ``cuda:N``, resolved before keying."""

    @property
    def precision(self) -> str:
        """``fp32``, ``bf16`` or ``fp16``, resolved before keying."""

    @property
    def batch_size(self) -> int | None:
        """Batch size the user asked for, if any; results keep the declared tolerance."""

    def artifact(self, name: str, parts: Mapping[str, Any], build: Callable[[Path], None]) -> Path:
        """A folder kept in the store under a key of (component, name, parts).

        If it is absent, ``build`` fills an empty folder that appears in the store as a whole.
        """

    def faces(self, name: str) -> Images:
        """The face set made for ``Params.requests()[name]``."""

    def tool(self, name: str) -> Any:
        """The prepared component of ``Params.tools()[name]``."""

    def tool_key(self, name: str) -> str:
        """Digest of component, version and parameters of ``Params.tools()[name]``."""

    @property
    def limit(self) -> int | None:
        """``--limit``: the first N identities, or genuine and impostor pairs of each fold."""

    def note(self, message: str) -> None:
        """Say something the reader of the result must know; it is stored as a warning.

        A note that begins with :data:`NO_MEASUREMENT` also is under every table of the numbers.
        """

    def progress(self, done: int, total: int, unit: str, detail: str = "") -> None:
        """Show how far the stage is; cheap to call often. Rate and time left follow from it.

        A ``total`` of 0 is work without a count, such as compiling, which ``detail`` names.
        """


@dataclass(frozen=True)
class InputSpec:
    """What a network wants to see; a mismatch is an error, never a quiet resize.

    ``template`` names the landmark template of :mod:`harness.align.templates`. Images are handed to
    ``Model.embed`` as uint8 RGB (N, height, width, 3); colour order and value range are applied by
    the model as declared here: value = (pixel / 255 - mean) / std per channel, in ``colour`` order.
    Raises ``ValueError`` for a mean or std that is not of pixels in [0, 1].
    """

    width: int
    height: int
    template: str
    colour: Literal["RGB", "BGR"] = "RGB"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)

    def __post_init__(self) -> None:
        for name, check, values in (
            ("mean", check_mean, self.mean),
            ("std", check_std, self.std),
        ):
            try:
                check(values)
            except ValueError as error:
                raise ValueError(f"{name} {error}") from None


class Images(Protocol):
    """An ordered collection of encoded images, random access, safe to read from many threads.

    ``landmarks`` is float32 (N, 5, 2) and ``boxes`` float32 (N, 4), NaN where unknown. ``template``
    names the template all images already follow, or is None. ``subjects`` is int64 (N,) or None.
    """

    @property
    def names(self) -> Sequence[str]:
        """A name for every image, for messages and lists."""

    @property
    def landmarks(self) -> NDArray[np.float32]:
        """Five points per image, in pixels."""

    @property
    def boxes(self) -> NDArray[np.float32]:
        """Left, top, right, bottom of each face, in pixels."""

    @property
    def template(self) -> str | None:
        """The template that all images follow."""

    @property
    def subjects(self) -> NDArray[np.int64] | None:
        """Who is on each image, as numbers."""

    def __len__(self) -> int:
        """Number of images."""

    def read(self, index: int) -> bytes:
        """Encoded bytes of one image; raises DataError naming the file when it cannot be read."""


@dataclass(frozen=True)
class Placement:
    """Where one face is: five landmarks in pixels (float32 (5, 2)) and the detector's score."""

    landmarks: NDArray[np.float32]
    score: float = 1.0
