"""The plan: every artifact and cell of a recipe, with its key and why it runs or is reused.

Planning reads declarations and light parameter modules only. Each stage is a node whose key is made
of (component, its parameters, the keys of its inputs, seed); equal nodes are one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from harness.components import Asset, BenchmarkParams, External, Kind, Params
from harness.digests import digest
from harness.errors import NothingSelectedError, PrerequisiteError, UsageError
from harness.registry import FROM_FILE, Provided, Registry, source_sha256
from harness.study import parameters
from harness.study.assets import Links, declared, missing_message
from harness.study.device import resolve_device, resolve_precision
from harness.study.keys import SCHEMA, Fingerprints
from harness.study.recipe import Recipe, StudyTable, Use
from harness.study.store import Store

Stage = Literal["generate", "place", "train", "embed", "score"]
KIND_OF_STAGE: Mapping[Stage, str] = {
    "generate": "faces",
    "place": "placements",
    "train": "models",
    "embed": "embeddings",
}


@dataclass(frozen=True)
class Chosen:
    """A component with its resolved parameters."""

    provided: Provided
    params: Params
    key_params: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Short name."""
        return self.provided.component.name

    def identity(self) -> dict[str, Any]:
        """What of this component enters a key; a single file has no version but its content."""
        component = self.provided.component
        identity = {
            "provider": self.provided.provider,
            "version": component.version,
            "params": dict(self.key_params),
        }
        if self.provided.dist_version == FROM_FILE:
            identity["file_sha256"] = source_sha256(component.target.partition(":")[0])
        return identity


@dataclass(frozen=True)
class Node:
    """One stage to run: its key, what the key is made of, and what it needs."""

    stage: Stage
    label: str
    key: str
    parts: Mapping[str, Any]
    chosen: Chosen | None
    inputs: Mapping[str, str] = field(default_factory=dict)  # role -> key of another node
    seed: int = 0


@dataclass(frozen=True)
class Cell:
    """One number to be: a generator (or none), a model and a comparison of a benchmark."""

    key: str
    generator: Chosen | None
    model: Chosen
    benchmark: Chosen
    comparison: str
    aligner: Chosen | None
    repeat: int
    keys: Mapping[str, str]  # role -> node key: faces, model, images, placements, embeddings

    @property
    def folder(self) -> str:
        """Name of the cell's folder in the study."""
        generator = self.generator.name if self.generator else "ready"
        parts = [self.key[:12], generator, self.model.name, self.benchmark.name, f"r{self.repeat}"]
        return "-".join(parts)

    @property
    def label(self) -> str:
        """For people."""
        generator = f"{self.generator.name} > " if self.generator else ""
        comparison = "" if self.comparison == "verification" else f"/{self.comparison}"
        repeat = f" #{self.repeat}" if self.repeat else ""
        return f"{generator}{self.model.name} > {self.benchmark.name}{comparison}{repeat}"


@dataclass(frozen=True)
class Plan:
    """All nodes in an order that can be run, and the cells that use them."""

    study: StudyTable
    device: str
    precision: str
    nodes: Mapping[str, Node]
    cells: tuple[Cell, ...]
    recipe: Recipe


class Planner:
    """Turns a recipe into a plan."""

    def __init__(self, registry: Registry, store: Store, recipe: Recipe) -> None:
        self.registry, self.recipe = registry, recipe
        self.study = recipe.study
        self.device = resolve_device(self.study.device)
        self.precision = resolve_precision(self.study.precision, self.device)
        self._fingerprints = Fingerprints(store.home / "fingerprints.sqlite")
        self._links = Links(store)
        self._missing: dict[str, Asset | None] = {}
        self._nodes: dict[str, Node] = {}

    def plan(self) -> Plan:
        """The plan; raises one ``PrerequisiteError`` naming every missing asset of all stages."""
        if not (self.recipe.generator or self.recipe.model or self.recipe.benchmark):
            raise NothingSelectedError("nothing is selected; give --generator, --model and --bench")
        generators = [self.choose("generator", use) for use in self.recipe.generator]
        models = [self.choose("model", use) for use in self.recipe.model]
        benchmarks = [self.choose("benchmark", use) for use in self.recipe.benchmark]
        aligner = self.choose("aligner", self.recipe.aligner) if self.recipe.aligner else None
        self.require_assets()
        if models and not benchmarks and not generators:
            raise UsageError("a ready model needs something to be tested on; add --bench NAME")
        trainable = [model for model in models if model.provided.component.trainable]
        if generators and models and not trainable:
            raise UsageError(
                f"model {models[0].name} cannot be trained; leave out --generator, or add a model "
                "that can"
            )
        if benchmarks and not models:
            raise UsageError("a benchmark needs a model to test; add --model NAME")
        faces = {id(chosen): self._generate(chosen, self.study.seed) for chosen in generators}
        cells: list[Cell] = []
        for model in models:
            for generator in self._trained_on(model, generators):
                # A model that is not trained has no seed to repeat.
                for repeat in range(self.study.repeats if generator else 1):
                    trained = self._model(model, generator, faces, aligner, repeat)
                    for benchmark in benchmarks:
                        cells += self._cells(generator, model, trained, benchmark, aligner, repeat)
        self.require_assets()
        cells = list({cell.key: cell for cell in cells}.values())
        return Plan(
            self.study, self.device, self.precision, dict(self._nodes), tuple(cells), self.recipe
        )

    def _trained_on(self, model: Chosen, generators: Sequence[Chosen]) -> Sequence[Chosen | None]:
        """The generators a model is trained on; a model that cannot be trained is tested once."""
        trains = bool(generators) and model.provided.component.trainable
        return generators if trains else [None]

    def require_assets(self) -> None:
        """Raise one ``PrerequisiteError`` that names every missing asset so far."""
        if self._missing:
            raise missing_message(self._missing)

    # -- choosing ------------------------------------------------------------------------------

    def choose(self, kind: Kind, use: Use) -> Chosen:
        """A component with typed parameters; missing assets are collected, not raised."""
        provided = self.registry.find(kind, use.use)
        params = self._linked(provided, parameters.build(provided, use.params()))
        return Chosen(provided, params, self._key_params(params))

    def _linked(self, provided: Provided, params: Params) -> Params:
        """Fill paths the user left out from linked assets; note what is missing or gone."""
        filled: dict[str, Path] = {}
        for name, mark in parameters.external_fields(type(params)).items():
            value = getattr(params, name)
            if mark.inside is not None:
                self._check_inside(provided, params, name, mark)
            elif value is not None and not Path(value).exists():
                raise PrerequisiteError(
                    f"{provided.component.kind} {provided.component.name}: {name}={value} does not "
                    "exist; check the path"
                )
            elif value is None and mark.asset is not None:
                path = self._links.find(mark.asset)
                if path is None:
                    self._missing[mark.asset] = declared(self.registry).get(mark.asset)
                else:
                    filled[name] = path
        return params.model_copy(update=filled)

    def _check_inside(self, provided: Provided, params: Params, name: str, mark: External) -> None:
        folder, value = getattr(params, mark.inside or ""), getattr(params, name)
        if folder is None or value is None:
            return
        if not (Path(folder) / value).resolve().is_relative_to(Path(folder).resolve()):
            raise UsageError(
                f"{provided.component.kind} {provided.component.name}: {name}={value} must lie "
                f"below {folder}; copy the file there"
            )
        if not (Path(folder) / value).exists():
            raise PrerequisiteError(
                f"{provided.component.kind} {provided.component.name}: {name}={value} is not in "
                f"{folder}; check the name"
            )

    def _key_params(self, params: Params) -> dict[str, Any]:
        fields = parameters.external_fields(type(params))
        prints = {
            name: self._fingerprints.of(Path(getattr(params, name)))
            for name, mark in fields.items()
            if mark.inside is None and getattr(params, name) is not None
        }
        return parameters.key_values(params, prints)

    # -- nodes ---------------------------------------------------------------------------------

    def _add(
        self,
        stage: Stage,
        label: str,
        chosen: Chosen | None,
        inputs: Mapping[str, str],
        seed: int = 0,
        **more: Any,
    ) -> str:
        parts = {
            "schema": SCHEMA,
            "stage": stage,
            "component": chosen.identity() if chosen else None,
            "inputs": dict(inputs),
            "seed": seed,
            "limit": self.study.limit,
            **more,  # may lift the limit
        }
        key = digest(parts)
        self._nodes.setdefault(key, Node(stage, label, key, parts, chosen, dict(inputs), seed))
        return key

    def _hardware(self) -> dict[str, str]:
        """Device class and precision, for what they can change."""
        return {"device": self.device.split(":")[0], "precision": self.precision}

    def _generate(self, chosen: Chosen, seed: int, **more: Any) -> str:
        if chosen.provided.component.determinism != "exact":
            more |= self._hardware()
        return self._add("generate", chosen.name, chosen, self._requests(chosen), seed, **more)

    def _requests(self, chosen: Chosen) -> dict[str, str]:
        """Face sets this component asks of generators, as nodes; ``--limit`` leaves them whole."""
        keys = {}
        for name, request in chosen.params.requests().items():
            use = Use.model_validate({**request.params, "use": request.generator})
            keys[f"faces:{name}"] = self._generate(
                self.choose("generator", use), request.seed, limit=None
            )
        return keys

    def _place(self, source: Mapping[str, str], label: str, aligner: Chosen | None,
               owner: Chosen | None) -> str:  # fmt: skip
        more: dict[str, Any] = {"rule": [self.study.align, self.study.on_failure]}
        if owner is not None:
            more["images"] = _image_identity(owner)
        if aligner is not None and aligner.provided.component.determinism != "exact":
            more |= self._hardware()
        return self._add("place", label, aligner, source, **more)

    def _model(
        self,
        model: Chosen,
        generator: Chosen | None,
        faces: Mapping[int, str],
        aligner: Chosen | None,
        repeat: int,
    ) -> dict[str, str]:
        """Keys of what the model is made from; empty for a ready model."""
        if generator is None:
            return {}
        key = faces[id(generator)]
        placed = self._place({"faces": key}, generator.name, aligner, None)
        trained = self._add(
            "train",
            f"{generator.name} > {model.name}",
            model,
            {"faces": key, "placements": placed, **self._requests(model)},
            self.study.seed,
            repeat=repeat,
            **self._hardware(),
        )
        return {"faces": key, "model": trained}

    def _cells(
        self,
        generator: Chosen | None,
        model: Chosen,
        trained: Mapping[str, str],
        benchmark: Chosen,
        aligner: Chosen | None,
        repeat: int,
    ) -> Iterable[Cell]:
        params = benchmark.params
        if not isinstance(params, BenchmarkParams):
            raise UsageError(f"benchmark {benchmark.name} has parameters of the wrong base class; "
                             "they must derive from BenchmarkParams")  # fmt: skip
        images = self._requests(benchmark)
        placed = self._place(images, benchmark.name, aligner, benchmark)
        source = f"{generator.name} > {model.name}" if generator else model.name
        embedded = self._add(
            "embed",
            f"{source} > {benchmark.name}",
            model,
            {"placements": placed, **images, **({"model": trained["model"]} if trained else {})},
            images=_image_identity(benchmark),
            mirror=params.mirror(),
            device=self.device.split(":")[0],
        )
        keys = {**trained, "placements": placed, "embeddings": embedded, **images}
        for name in params.comparison_names():
            parts = {"benchmark": benchmark.identity(), "comparison": name, "embeddings": embedded,
                     "limit": self.study.limit, "seed": self.study.seed, "repeat": repeat,
                     "schema": SCHEMA}  # fmt: skip
            yield Cell(digest(parts), generator, model, benchmark, name, aligner, repeat, keys)


def _image_identity(benchmark: Chosen) -> dict[str, Any]:
    """What decides a benchmark's images: its rules of scoring left out."""
    identity = benchmark.identity()
    scoring: frozenset[str] = getattr(type(benchmark.params), "scoring", frozenset())
    identity["params"] = {k: v for k, v in identity["params"].items() if k not in scoring}
    return identity


# -- reasons -----------------------------------------------------------------------------------


def reason(node: Node, store: Store) -> str:
    """Why a node runs, in words; empty when its artifact is there to be reused."""
    kind = KIND_OF_STAGE[node.stage]
    if store.find(kind, node.key):
        return ""
    if (store.home / "work" / kind / node.key).exists():
        return "interrupted before; continues"
    provider = (node.parts.get("component") or {}).get("provider")
    nearest: list[str] | None = None
    for other in store.of_kind(kind):
        theirs = other.manifest["parts"]
        if (theirs.get("component") or {}).get("provider") != provider:
            continue
        changes = _changes(theirs, node.parts)
        if nearest is None or len(changes) < len(nearest):
            nearest = changes
    if not nearest:
        return "not made yet"
    shown = "; ".join(nearest[:3]) + ("; ..." if len(nearest) > 3 else "")
    return f"changed: {shown}"


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> list[str]:
    found = []
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            found += _changes(before, after, f"{prefix}{name}.")
        else:
            label = f"{prefix}{name}".removeprefix("component.").removeprefix("params.")
            found.append(f"{label} {_short(before)} -> {_short(after)}")
    return found


def _short(value: Any) -> str:
    text = value[:12] if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
