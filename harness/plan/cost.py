"""What a plan will cost: images, disk and hours, from what earlier runs of this store measured.

Where a component has never run here, a default is in its place and the answer says so. Counts
come from parameters, so they are of what is asked for; what is not known stays None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.plan.nodes import KIND_OF_STAGE, Node, Plan, Stage, TrainingSource
from harness.store.artifacts import Artifact, Store

DEFAULT_RATES: Mapping[str, tuple[float, float]] = {
    # Images a second on one CPU machine and with one GPU.
    "generate": (50.0, 50.0),
    "diffuse": (0.01, 1.5),
    "place": (2000.0, 2000.0),
    "detect": (20.0, 200.0),
    "train": (60.0, 1500.0),
    "embed": (60.0, 3000.0),
    "measure": (1000.0, 1000.0),
}
BYTES_PER_PIXEL = 0.35  # of a JPEG of quality 95
DEFAULT_PX = 256
PLACEMENT_BYTES = 60.0
EMBEDDING_BYTES = 4096.0  # 512 float32, plain and mirrored
MODEL_BYTES = 2e8

ENOUGH_IMAGES, ENOUGH_S = 100, 300.0
"""A shorter stage tells no rate: most of its time was loading and compiling."""

Measured = Mapping[tuple[str, str], tuple[float, float]]
"""(stage, component) -> (images a second, bytes an image)."""


@dataclass(frozen=True)
class NodeCost:
    """Work of one node that is not there yet; None is not known."""

    images: int | None
    seconds: float | None
    bytes: float | None
    measured: bool


@dataclass
class Total:
    """Sums over the nodes to run. ``unknown`` names the stages whose size nobody can tell."""

    images: int = 0
    seconds: float = 0.0
    bytes: float = 0.0
    assumed: bool = False
    unknown: list[str] = field(default_factory=list)

    def add(self, node: Node, estimate: NodeCost) -> None:
        """Count one node."""
        if estimate.seconds is None:
            self.unknown.append(f"{node.stage} {node.label}")
        self.images += (estimate.images or 0) if node.stage == "generate" else 0
        self.seconds += estimate.seconds or 0.0
        self.bytes += estimate.bytes or 0.0
        self.assumed = self.assumed or not estimate.measured


class Estimator:
    """Estimates the nodes of one plan, in their order: later ones count the images of earlier."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self._store = store
        self._gpu = plan.device.startswith("cuda")
        self._measured = measured(store)
        self._images: dict[str, int | None] = {}
        self._benchmarks = _benchmark_images(store)

    def of(self, node: Node, *, there: bool) -> NodeCost:
        """The cost of a node, nothing for one that is ``there``."""
        held = self._store.find(KIND_OF_STAGE[node.stage], node.key) if there else None
        images = _held(held) if held is not None else self._count(node)
        self._images[node.key] = images
        if there:
            return NodeCost(images, 0.0, 0.0, measured=True)
        work = images
        if node.stage == "train" and node.worker is not None:
            work = node.worker.params.image_visits(images)
        found = self._measured.get((node.stage, _provider(node.parts)))
        rate = found[0] if found else self._default_rate(node)
        each = found[1] if found else _default_bytes(node)
        return NodeCost(
            images=images,
            seconds=None if work is None else work / rate,
            bytes=each if node.stage == "train" else None if images is None else images * each,
            measured=found is not None,
        )

    def _count(self, node: Node) -> int | None:
        """Images a node handles."""
        if node.stage == "generate":
            return _asked(node)
        if node.stage == "train" and node.training is not None:
            counts = [self._taken(source) for source in node.training.sources]
            return None if None in counts else sum(count or 0 for count in counts)
        made = [self._images[key] for role, key in node.inputs.items()
                if role.startswith(("faces", "set")) and key in self._images]  # fmt: skip
        if made:
            return None if None in made else sum(count or 0 for count in made)
        return self._benchmarks.get(str(node.parts.get("images")))

    def _taken(self, source: TrainingSource) -> int | None:
        """Images of a face set that a training takes."""
        images = self._images.get(source.key)
        if images is None and source.node is not None:
            images = _asked(source.node)
        most = source.take.images
        return images if most is None else most if images is None else min(images, most)

    def _default_rate(self, node: Node) -> float:
        name: str = node.stage
        if node.worker is not None:
            exact = node.worker.provided.component.determinism == "exact"
            name = {"generate": name if exact else "diffuse", "place": "detect"}.get(name, name)
        return DEFAULT_RATES[name][self._gpu]


def measured(store: Store) -> Measured:
    """Rates and sizes of what is in the store, the latest of each component."""
    found: dict[tuple[str, str], tuple[str, float, float]] = {}
    for stage, kind in KIND_OF_STAGE.items():
        for item in store.of_kind(kind):
            seconds = item.facts.get("seconds" if stage == "train" else "wall_s")
            work = item.facts.get("image_visits") if stage == "train" else _held(item)
            if not seconds or not work or (work < ENOUGH_IMAGES and seconds < ENOUGH_S):
                continue
            each = float(item.facts.get("image_bytes") or _size(item))
            row = item.manifest["created"], work / seconds, each / (1 if stage == "train" else work)
            key = stage, _provider(item.manifest["parts"])
            found[key] = max(found.get(key, row), row)
    return {key: (rate, each) for key, (_, rate, each) in found.items()}


def _provider(parts: Mapping[str, object]) -> str:
    component = parts.get("component")
    return str(component["provider"]) if isinstance(component, Mapping) else ""


def _held(item: Artifact) -> int | None:
    """Images an artifact was made from or holds."""
    count = item.facts.get("faces", item.facts.get("images"))
    return None if count is None else int(count)


def _size(item: Artifact) -> int:
    return sum(item.manifest["files"].values())


def _benchmark_images(store: Store) -> dict[str, int | None]:
    """Number of images of every benchmark that was ever aligned here."""
    return {
        str(item.manifest["parts"]["images"]): _held(item)
        for item in store.of_kind(KIND_OF_STAGE["place"])
        if "images" in item.manifest["parts"]
    }


def _asked(node: Node) -> int | None:
    """Images a generator is asked for, by the parameters that all of them have."""
    params, limit = node.component.params, node.parts["limit"]
    identities: int | None = getattr(params, "identities", None)
    each: int | None = getattr(params, "images_per_id", None)
    if identities is None or each is None:
        return None
    return (identities if limit is None else min(identities, limit)) * each


def _default_bytes(node: Node) -> float:
    stage: Stage = node.stage
    if stage == "generate" and node.worker is not None:
        px = getattr(node.worker.params, "image_px", None) or DEFAULT_PX
        return float(px * px * BYTES_PER_PIXEL)
    sizes = {"place": PLACEMENT_BYTES, "embed": EMBEDDING_BYTES, "measure": 1.0}
    return sizes.get(stage, MODEL_BYTES)
