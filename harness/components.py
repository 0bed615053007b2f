"""The contract between the core and its plugins: declarations and base classes.

A plugin declares cheaply (a :class:`Component`) and imports late (``target``). Constructors store
their parameters, ``prepare`` does the input and output, the other methods compute. Nothing here
imports a heavy library.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness.faces.face import Face, Missing, Slot
    from harness.faces.store import FaceSet
    from harness.protocols.base import Comparison
    from harness.training.recipe import TrainingRecipe

API = 1
"""Version of this contract. It only grows; a plugin states the version it needs."""

OLDEST_API = 1
"""The oldest version of the contract that plugins may be written for."""

Kind = Literal["generator", "model", "benchmark", "aligner"]
KINDS: tuple[Kind, ...] = ("generator", "model", "benchmark", "aligner")


@dataclass(frozen=True)
class External:
    """Marks a parameter as a path to data outside the harness.

    The path itself never enters a key: the content does, by fingerprint. ``asset`` names the linked
    asset that fills the parameter when the user gives no path. With ``inside`` the value is a
    file name relative to the folder in that other parameter, covered by its fingerprint.
    """

    asset: str | None = None
    inside: str | None = None


ExternalPath = Annotated[Path, External()]


class Params(BaseModel):
    """Base of every component's parameters: frozen, typed, no unknown keys, defaults documented.

    Field names carry their unit (``yaw_deg``, ``image_px``). Fields listed in ``neutral`` change
    speed but not results and stay out of keys.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    neutral: ClassVar[frozenset[str]] = frozenset()

    def requests(self) -> Mapping[str, ComponentRequest]:
        """Face sets this component needs from generators, by a name of its own choosing."""
        return {}

    def tools(self) -> Mapping[str, ToolRequest]:
        """Models and aligners this component works with, by a name of its own choosing."""
        return {}

    def image_visits(self, images: int | None) -> int | None:
        """Images a training looks at in all, given ``images`` to train on.

        None where these parameters do not tell. It is for the estimates of ``harness plan``.
        """
        return None


class BenchmarkParams(Params):
    """Base of a benchmark's parameters.

    Fields listed in ``scoring`` are rules of the protocol: they change scores, not embeddings, so
    that every protocol variant is scored from one embedding pass.
    """

    scoring: ClassVar[frozenset[str]] = frozenset()

    def comparison_names(self) -> tuple[str, ...]:
        """The comparisons to score; each is a cell of its own."""
        return ("verification",)

    def mirror(self) -> bool:
        """Whether any comparison needs embeddings of the mirrored images."""
        return True


@dataclass(frozen=True)
class ComponentRequest:
    """A face set wanted from a generator: its name, parameters and root seed."""

    generator: str
    params: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0


@dataclass(frozen=True)
class ToolRequest:
    """A model that embeds, or an aligner, that another component works with."""

    kind: Literal["model", "aligner"]
    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Product:
    """A file that a generator can write beside faces: ``harness GENERATOR NAME -o FILE``.

    ``options`` are parameters of the generator that get a flag of their own; those ``required``
    must be given.
    """

    name: str
    summary: str
    options: tuple[str, ...] = ()
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class AssetFile:
    """One file of an :class:`Asset`: its path in it, and where it is on the Hugging Face hub.

    ``megabytes`` is what to expect, rounded; ``instead`` are other paths that serve as well.
    """

    path: str
    hub_path: str
    megabytes: float
    instead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asset:
    """A file or folder the user must obtain, with its licence and where it comes from."""

    name: str
    summary: str
    licence: str
    source: str
    layout: str = ""
    hub: str = ""
    """Repository on the Hugging Face hub from which ``harness assets fetch`` takes ``files``."""
    place: str = ""
    """Where it lies in one folder that holds all assets of a component; its name if empty."""
    files: tuple[AssetFile, ...] = ()
    optional: bool = False
    """Whether the component works without it."""


@dataclass(frozen=True)
class Component:
    """The cheap declaration of a plugin component.

    ``target`` (``package.module:Class``) is imported only to run; ``params``
    (``package.light_module:Params``) must import nothing heavy, because planning reads it.
    ``version`` enters every key: raise it when the same parameters give other results.
    ``determinism`` is ``exact`` or, for example, ``within 1/255``. A generator that is less exact
    on a GPU says so in ``gpu_determinism``; it stays on the CPU where only equal bytes will do.
    ``resources`` is what its work needs of a worker where workers declare what they have, such as
    ``{"memory": 8e9}`` in bytes; a GPU is asked for wherever the device of the study is one.
    """

    kind: Kind
    name: str
    version: int
    target: str
    params: str
    summary: str
    assets: tuple[Asset, ...] = ()
    extras: tuple[str, ...] = ()
    requires_api: int = API
    requires_components: tuple[str, ...] = ()
    products: tuple[Product, ...] = ()
    trainable: bool = False
    determinism: str = "exact"
    gpu_determinism: str = ""
    training_data: tuple[str, ...] = ()
    licence: str = ""
    citation: str = ""
    resources: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ReportTable:
    """A table of a :class:`ReportSection`: as many values a row as heads. Numbers sort as such."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


@dataclass(frozen=True)
class ReportSection:
    """What a plugin adds to the report: paragraphs and tables, plain text that is escaped."""

    title: str
    text: tuple[str, ...] = ()
    tables: tuple[ReportTable, ...] = ()

    def __post_init__(self) -> None:
        """Refuse rows of another length than the heads, naming the table."""
        for table in self.tables:
            wrong = [row for row in table.rows if len(row) != len(table.heads)]
            if wrong:
                raise ValueError(
                    f"table {table.caption!r} has {len(table.heads)} heads and a row of "
                    f"{len(wrong[0])} values"
                )


@dataclass(frozen=True)
class Picture:
    """A JPEG of a generator for the report: title, what it shows, and the name of its file."""

    title: str
    text: str
    file: str


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
        """The prepared model or aligner of ``Params.tools()[name]``."""

    def tool_key(self, name: str) -> str:
        """Digest of component, version and parameters of ``Params.tools()[name]``."""

    @property
    def limit(self) -> int | None:
        """``--limit``: the first so many identities, or genuine and impostor pairs of each fold."""

    def note(self, message: str) -> None:
        """Say something the reader of the result must know; it is stored as a warning."""

    def progress(self, done: int, total: int, unit: str, detail: str = "") -> None:
        """Show how far the stage is; cheap to call often. Rate and time left follow from it."""


@dataclass(frozen=True)
class InputSpec:
    """What a network wants to see; a mismatch is an error, never a quiet resize.

    ``template`` names the landmark template of :mod:`harness.align.templates`. Images are handed to
    ``Model.embed`` as uint8 RGB (N, height, width, 3); colour order and value range are applied by
    the model as declared here: value = (pixel / 255 - mean) / std per channel, in ``colour`` order.
    """

    width: int
    height: int
    template: str
    colour: Literal["RGB", "BGR"] = "RGB"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)


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
        """Five points an image, in pixels."""

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

        Several files are given by their suffixes, in the place of the declared one.
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

        What a list names and the folder lacks is no shortfall: ``prepare`` refuses it.
        """
        return ()


@dataclass(frozen=True)
class Placement:
    """Where one face is: five landmarks in pixels (float32 (5, 2)) and the detector's score."""

    landmarks: NDArray[np.float32]
    score: float = 1.0


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
