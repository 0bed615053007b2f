"""Base classes of components: constructors store, ``prepare`` reads, the rest computes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness.components.sections import Picture
from harness.components.work import Context, Images, InputSpec, Placement

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.faces.face import Face, Missing, Slot
    from harness.faces.store import FaceSet
    from harness.protocols.base import Comparison
    from harness.training.recipe import TrainingRecipe


class Generator(ABC):
    """A deterministic random-access sequence of faces.

    The content of a slot depends on (seed, identity, sample) alone: never on order, batch, worker
    or shard. The first identities of a larger set are those of a smaller one. ``shard_slots`` slots
    should be at most a minute's work: that is what a kill can lose.
    """

    shard_slots: ClassVar[int] = 1000
    sidecars: ClassVar[Mapping[str, str]] = {}
    """Formats of files beside an image, with their suffixes, that ``sidecar`` can write."""

    def __init__(self, params: Any) -> None:
        self.params = params

    def prepare(self, ctx: Context) -> None:
        """Load or make what the samples share. Called once in every process before ``generate``."""
        self.ctx = ctx

    @abstractmethod
    def samples_per_identity(self) -> NDArray[np.int32]:
        """Number of samples of each identity, int32 (identities,). Called after ``prepare``."""

    @abstractmethod
    def generate(self, slots: Sequence[Slot]) -> Iterator[Face | Missing]:
        """Yield one ``Face`` or ``Missing`` for each slot, in the order given."""

    def sidecar(self, slot: Slot, layout: str) -> str | bytes | Mapping[str, str | bytes]:
        """The content of one of ``sidecars`` for one sample, for ``harness faces export``.

        Several files are given by their suffixes, instead of the declared one.
        """
        raise NotImplementedError(f"{type(self).__name__} declares {layout} and does not write it")

    def pictures(self, faces: FaceSet, folder: Path) -> Sequence[Picture]:
        """JPEG pictures of its finished set for the report, written into ``folder``."""
        return ()

    def write_product(self, name: str, path: Path) -> str:
        """Write one of the declared ``Component.products``; gives a sentence of what was made."""
        raise NotImplementedError(f"{type(self).__name__} declares {name} and does not write it")


class Model(ABC):
    """Turns aligned faces into embeddings."""

    def __init__(self, params: Any) -> None:
        self.params = params

    def prepare(self, ctx: Context) -> None:
        """Load weights from parameters or, for a trainable model, build the network."""
        self.ctx = ctx

    @property
    @abstractmethod
    def input_spec(self) -> InputSpec:
        """The input this network wants; known from the parameters alone."""

    @property
    @abstractmethod
    def embedding_size(self) -> int:
        """Length of one embedding. Called after ``prepare``."""

    @abstractmethod
    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed uint8 RGB (N, height, width, 3) to float32 (N, embedding_size).

        Raw network outputs: the protocol decides about mirror fusion and normalisation. Image i of
        the result depends on image i alone.
        """


class TrainableModel(Model):
    """A model the core can train; its declaration says ``trainable=True``.

    ``prepare`` builds the network, with ``ctx.seed`` as its seed, or loads weights that a parameter
    names.
    """

    @property
    def ready(self) -> bool:
        """Whether ``prepare`` loaded weights, so that the model can be tested without training."""
        return False

    @abstractmethod
    def training(self, labels: NDArray[np.int64]) -> TrainingRecipe:
        """How to train on images with these labels (int64 (N,), classes 0..C-1 all present)."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the weights as safetensors into a folder."""

    @abstractmethod
    def load(self, folder: Path) -> None:
        """Read what ``save`` wrote; missing and unexpected entries are refused by name."""


class Benchmark(ABC):
    """Images and what to compare among them. The core embeds and scores."""

    def __init__(self, params: Any) -> None:
        self.params = params

    def prepare(self, ctx: Context) -> None:
        """Read lists and check them; raises DataError naming file and line."""
        self.ctx = ctx

    @abstractmethod
    def images(self) -> Images:
        """Every image that any comparison names, in a fixed order."""

    @abstractmethod
    def comparison(self, name: str) -> Comparison:
        """One of ``BenchmarkParams.comparison_names``, with its complete protocol."""

    def shortfalls(self) -> Sequence[str]:
        """In what the prepared data fall short of the published set; for ``harness assets check``.

        What a list names and the folder lacks is not a shortfall: ``prepare`` refuses it.
        """
        return ()

    def people(self) -> Collection[str]:
        """Names of the people on the images, where the data set has names, to warn of training.

        A label that is only a number or a counter is not a name and may be among them.
        """
        return ()


class Aligner(ABC):
    """Finds the face in an image that comes without landmarks."""

    def __init__(self, params: Any) -> None:
        self.params = params

    def prepare(self, ctx: Context) -> None:
        """Load weights."""
        self.ctx = ctx

    @abstractmethod
    def locate(
        self, images: Sequence[NDArray[np.uint8]], boxes: NDArray[np.float32]
    ) -> list[Placement | str]:
        """For each uint8 RGB (H, W, 3) image a ``Placement``, or the reason why there is none.

        ``boxes`` is float32 (N, 4), NaN where the data set gives none; an aligner may use it to
        choose among several faces.
        """
