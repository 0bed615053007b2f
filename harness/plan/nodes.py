"""What a plan consists of: chosen components, nodes and cells, each with its key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from harness._plugins.registry import FROM_FILE, RegisteredComponent
from harness._plugins.targets import source_sha256
from harness.components import Asset, Params
from harness.recipe.resolve import Recipe, StudyTable
from harness.recipe.tables import Take

Stage = Literal["generate", "place", "train", "embed", "measure", "score"]
KIND_OF_STAGE: Mapping[Stage, str] = {
    "generate": "faces",
    "place": "placements",
    "train": "models",
    "embed": "embeddings",
    "measure": "measures",
}


def named(name: str, departures: Sequence[str]) -> str:
    """``name``, or ``name [source bfm, no detector]`` where it is not as published."""
    return f"{name} [{', '.join(departures)}]" if departures else name


def nth(repeat: int, repeats: int) -> str:
    """`` #0``, `` #1`` and so on, where a training is repeated."""
    return f" #{repeat}" if repeats > 1 else ""


@dataclass(frozen=True)
class ResolvedComponent:
    """A component with its resolved parameters."""

    provided: RegisteredComponent
    params: Params
    key_params: Mapping[str, Any]
    label: str | None = None  # of its entry in the recipe; no part of any key
    published: str | None = None
    tools: Mapping[str, ResolvedComponent] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Short name."""
        return self.provided.component.name

    @property
    def shown(self) -> str:
        """Label in the recipe, or name and how it departs from the published; for people."""
        return self.label or named(self.name, self.params.departures())

    def identity(self) -> dict[str, Any]:
        """What of this component enters a key; a single file has no version but its content."""
        component = self.provided.component
        identity = {
            # With its distribution: two packages may each have a component of this name.
            "provider": self.provided.provider,
            "version": component.version,
            "params": dict(self.key_params),
        }
        if self.provided.dist_version == FROM_FILE:
            identity["file_sha256"] = source_sha256(component.target.partition(":")[0])
        if self.tools:
            identity["tools"] = {name: tool.identity() for name, tool in self.tools.items()}
        return identity


@dataclass(frozen=True)
class TrainingSource:
    """A face set to train on: what makes it, its key, and which part of it is taken.

    ``node`` generates it; None for a set that is in the store under a key the user gave.
    """

    name: str
    key: str
    chosen: ResolvedComponent
    take: Take
    rules: Mapping[str, Any]  # of ``take``, as they enter a key
    node: Node | None = None


@dataclass(frozen=True)
class TrainingPhase:
    """What a train node does: one phase. ``sources`` are in the order of its inputs.

    ``depth`` counts the trainings that this one continues from.
    """

    sources: tuple[TrainingSource, ...]
    stream: bool
    validation: int
    depth: int
    params: Mapping[str, Any]  # of the model, that the phase sets


@dataclass(frozen=True)
class ImageSource:
    """A face set that is looked at: a stored one, or a folder with a folder for each person.

    ``key`` is that of the stored set, or one made of the folder's content. ``per_identity`` takes
    the first images of each identity only.
    """

    key: str
    title: str
    folder: Path | None = None
    template: str | None = None
    per_identity: int | None = None


@dataclass(frozen=True)
class Measuring:
    """What a measure node looks at: ``sets`` by role, and the network it sees them through.

    The measured set has the role ``set``; ``generator`` made it, None for a folder.
    """

    sets: Mapping[str, ImageSource]
    model: ResolvedComponent | None
    generator: ResolvedComponent | None


@dataclass(frozen=True)
class Node:
    """One stage to run: its key, what the key is made of, and what it needs."""

    stage: Stage
    label: str
    key: str
    parts: Mapping[str, Any]
    worker: ResolvedComponent | None
    """The component that computes it; None where placing has no detector."""
    inputs: Mapping[str, str] = field(default_factory=dict)  # role -> key of another node
    seed: int = 0
    training: TrainingPhase | None = None  # of a train node
    benchmark: ResolvedComponent | None = None
    """Whose images are placed or embedded; None for those of a face set."""
    source: ImageSource | None = None
    """The face set that a measure looks at, of a node that places or embeds it."""
    measuring: Measuring | None = None  # of a measure node

    @property
    def component(self) -> ResolvedComponent:
        """The worker of a stage that always has one."""
        assert self.worker is not None, f"a {self.stage} node has a component"
        return self.worker


@dataclass(frozen=True)
class PlannedCell:
    """One number to be: a generator (or none), a model and a comparison of a benchmark."""

    key: str
    generator: ResolvedComponent | None
    model: ResolvedComponent
    benchmark: ResolvedComponent
    comparison: str
    aligner: ResolvedComponent | None
    repeat: int
    keys: Mapping[str, str]  # role -> node key: faces, model, images, placements, embeddings
    repeats: int = 1  # of the study
    phases: tuple[str, ...] = ()  # in words, where there is more than one or a rule

    @property
    def folder(self) -> str:
        """Name of the cell's folder in the study."""
        generator = self.generator.name if self.generator else "ready"
        parts = [self.key[:12], generator, self.model.name, self.benchmark.name, f"r{self.repeat}"]
        return "-".join(parts)

    @property
    def label(self) -> str:
        """For people."""
        generator = f"{self.generator.shown} > " if self.generator else ""
        model = self.model.shown
        if self.phases and self.model.label is None:
            model += f" [{'; '.join(self.phases)}]"
        comparison = "" if self.comparison == "verification" else f"/{self.comparison}"
        repeat = nth(self.repeat, max(self.repeats, self.repeat + 1))
        return f"{generator}{model} > {self.benchmark.shown}{comparison}{repeat}"


@dataclass(frozen=True)
class Plan:
    """All nodes in an order that can be run, and the cells that use them."""

    study: StudyTable
    device: str
    precision: str
    nodes: Mapping[str, Node]
    cells: tuple[PlannedCell, ...]
    recipe: Recipe
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Published rows and columns by cell key, as PAPER/TABLE#ROW/COLUMN."""
    missing: Mapping[str, Asset | None] = field(default_factory=dict)
    """Assets without which some of it cannot run; only in a tolerant plan."""
