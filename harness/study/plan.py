"""The plan: every artifact and cell of a recipe, with its key and why it runs or is reused.

Planning reads declarations and light parameter modules only. Each stage is a node whose key is made
of (component, its parameters, the keys of its inputs, seed); equal nodes are one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from harness.components import Asset, BenchmarkParams, Component, External, Kind, Params
from harness.digests import digest
from harness.errors import NothingSelectedError, PrerequisiteError, UsageError
from harness.registry import FROM_FILE, Provided, Registry, source_sha256
from harness.services import LOCAL
from harness.study import face_sets, links, parameters
from harness.study.assets import Links, declared, missing_message
from harness.study.device import remote_device, resolve_device, resolve_precision
from harness.study.keys import SCHEMA, Fingerprints
from harness.study.phases import Faces, ModelUse, Phase, Take
from harness.study.recipe import Recipe, StudyTable, Use
from harness.study.store import Artifact, Store
from harness.study.training_plan import Chain, Source, Training, chain

MISSING = "missing asset "
"""Stands in a tolerant plan where the fingerprint of linked data would."""

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
    label: str | None = None  # of its entry in the recipe; no part of any key
    published: str | None = None
    tools: Mapping[str, Chosen] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Short name."""
        return self.provided.component.name

    @property
    def shown(self) -> str:
        """Label in the recipe, or name; for people."""
        return self.label or self.name

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
        if self.tools:
            identity["tools"] = {name: tool.identity() for name, tool in self.tools.items()}
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
    training: Training | None = None  # of a train node


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
        repeat = f" #{self.repeat}" if self.repeat else ""
        return f"{generator}{model} > {self.benchmark.shown}{comparison}{repeat}"


@dataclass(frozen=True)
class Plan:
    """All nodes in an order that can be run, and the cells that use them."""

    study: StudyTable
    device: str
    precision: str
    nodes: Mapping[str, Node]
    cells: tuple[Cell, ...]
    recipe: Recipe
    links: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Published rows and columns by cell key, as PAPER/TABLE#ROW/COLUMN."""
    missing: Mapping[str, Asset | None] = field(default_factory=dict)
    """Assets without which some of it cannot run; only in a tolerant plan."""


class Planner:
    """Turns a recipe into a plan."""

    def __init__(
        self, registry: Registry, store: Store, recipe: Recipe, *, tolerant: bool = False
    ) -> None:
        self.registry, self.recipe, self.tolerant = registry, recipe, tolerant
        self.study = recipe.study
        away = recipe.executor is not None and recipe.executor.use != LOCAL
        self.device = (remote_device if away else resolve_device)(self.study.device)
        self.precision = resolve_precision(self.study.precision, self.device)
        self._store = store
        self._fingerprints = Fingerprints(store.home / "fingerprints.sqlite")
        self._links = Links(store)
        self._missing: dict[str, Asset | None] = {}
        self._nodes: dict[str, Node] = {}

    def plan(self) -> Plan:
        """The plan; raises one ``PrerequisiteError`` naming every missing asset of all stages."""
        if not (self.recipe.generator or self.recipe.model or self.recipe.benchmark):
            raise NothingSelectedError("nothing is selected; give --generator, --model and --bench")
        links.check(self.recipe)
        generators = [self.source(faces) for faces in self.recipe.generator]
        models = [(self.choose("model", use), use) for use in self.recipe.model]
        benchmarks = [self.choose("benchmark", use) for use in self.recipe.benchmark]
        aligner = self.choose("aligner", self.recipe.aligner) if self.recipe.aligner else None
        trains = bool(generators) or any(use.phases for _, use in models)
        if models and not benchmarks and not trains:
            raise UsageError("a ready model needs something to be tested on; add --bench NAME")
        if trains and models and not any(m.provided.component.trainable for m, _ in models):
            raise UsageError(
                f"model {models[0][0].name} cannot be trained; leave out --generator and "
                "--finetune, or add a model that can"
            )
        if benchmarks and not models:
            raise UsageError("a benchmark needs a model to test; add --model NAME")
        if not models:
            for source in generators:
                self.add_set(source)
        found = list(self._all(models, generators, benchmarks, aligner))
        cells = tuple({cell.key: cell for cell in found}.values())
        self.require_assets()
        return Plan(
            self.study, self.device, self.precision, dict(self._nodes), cells, self.recipe,
            links.links_of(found), dict(self._missing),
        )  # fmt: skip

    def _all(
        self,
        models: Sequence[tuple[Chosen, ModelUse]],
        generators: Sequence[Source],
        benchmarks: Sequence[Chosen],
        aligner: Chosen | None,
    ) -> Iterable[Cell]:
        """The cells, after the nodes that each needs."""
        for model, use in models:
            for generator in self._trained_on(model, use, generators):
                # A model that is not trained has no seed to repeat.
                phases = use.phases or ([Phase()] if generator else [])
                for repeat in range(self.study.repeats if phases else 1):
                    trained = chain(self, model, use, phases, generator, aligner, repeat)
                    for benchmark in benchmarks:
                        yield from self._cells(model, trained, benchmark, aligner, repeat)

    def _trained_on(
        self, model: Chosen, use: ModelUse, generators: Sequence[Source]
    ) -> Sequence[Source | None]:
        """The generators a model is trained on; one that needs none is made or tested once."""
        phases = use.phases or [Phase()]
        needs = any(phase.on_generator(number == 0) for number, phase in enumerate(phases))
        trains = bool(generators) and model.provided.component.trainable
        return generators if trains and needs else [None]

    def require_assets(self) -> None:
        """Raise one ``PrerequisiteError`` that names every missing asset so far."""
        if self._missing and not self.tolerant:
            raise missing_message(self._missing)

    # -- choosing ------------------------------------------------------------------------------

    def choose(self, kind: Kind, use: Use, asker: str = "") -> Chosen:
        """A component with typed parameters; missing assets are collected, not raised."""
        provided = self.registry.find(kind, use.use, asker=asker)
        params = self._linked(provided, parameters.build(provided, use.params(), use.origins))
        tools = {
            name: self.choose(
                request.kind, Use.model_validate({**request.params, "use": request.name}),
                asker=provided.dist,
            )
            for name, request in params.tools().items()
        }  # fmt: skip
        return Chosen(provided, params, self._key_params(params), use.label, use.published, tools)

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
        absent = {
            name: f"{MISSING}{mark.asset}"
            for name, mark in fields.items()
            if mark.asset is not None and getattr(params, name) is None
        }
        return parameters.key_values(params, prints) | absent

    # -- nodes ---------------------------------------------------------------------------------

    def add(self, node: Node) -> str:
        """Take a node into the plan; gives its key."""
        return self._nodes.setdefault(node.key, node).key

    def add_set(self, source: Source) -> str:
        """Take a face set into the plan, unless it is in the store already; gives its key."""
        return source.key if source.node is None else self.add(source.node)

    def node(
        self,
        stage: Stage,
        label: str,
        chosen: Chosen | None,
        inputs: Mapping[str, str],
        seed: int = 0,
        *,
        training: Training | None = None,
        **more: Any,
    ) -> Node:
        """A node that is not in the plan yet; ``more`` enters its key."""
        parts = {
            "schema": SCHEMA,
            "stage": stage,
            "component": chosen.identity() if chosen else None,
            "inputs": dict(inputs),
            "seed": seed,
            "limit": self.study.limit,
            **more,  # may lift the limit
        }
        return Node(stage, label, digest(parts), parts, chosen, dict(inputs), seed, training)

    def hardware(self) -> dict[str, str]:
        """Device class and precision, for what they can change."""
        return {"device": self.device.split(":")[0], "precision": self.precision}

    def _generate(self, chosen: Chosen, seed: int, *, exact: bool = False, **more: Any) -> Node:
        """A generate node; with ``exact`` on the CPU where a GPU would give other bytes."""
        if self._inexact(chosen.provided.component, exact=exact):
            more |= self.hardware()
        return self.node("generate", chosen.shown, chosen, self.requests(chosen), seed, **more)

    def _inexact(self, component: Component, *, exact: bool) -> bool:
        """Whether the device can change a bit of the images."""
        on_gpu = self.device.startswith("cuda") and not exact
        return component.determinism != "exact" or (on_gpu and bool(component.gpu_determinism))

    def exact(self, source: Source) -> Source:
        """The same faces with equal bytes on every machine, if their generator can make them so."""
        if source.node is None:
            return source
        node = self._generate(source.chosen, self.study.seed, exact=True)
        return replace(source, key=node.key, node=node)

    def source(self, faces: Faces) -> Source:
        """A face set to train on: a generator's, which is not in the plan yet, or a stored one."""
        rules = self._rules(faces.take)
        if not faces.stored:
            chosen = self.choose("generator", faces)
            node = self._generate(chosen, self.study.seed)
            return Source(chosen.shown, node.key, chosen, faces.take, rules, node)
        if faces.params():
            raise UsageError(
                f"{faces.use} is a stored face set, which takes no parameters "
                f"({', '.join(faces.params())}); name its generator to make another"
            )
        item = face_sets.find(self._store, faces.use)
        chosen = self._stored("generator", item)
        return Source(item.key[:12], item.key, chosen, faces.take, rules)

    def _rules(self, take: Take) -> dict[str, Any]:
        """What is taken of a face set, as it enters a key."""
        counts = {k: v for k, v in take.model_dump(include={"images", "identities"}).items() if v}
        if counts:
            counts["seed"] = self.study.seed if take.seed is None else take.seed
        if take.exclude is None:
            return counts
        if not take.exclude.is_file():
            raise UsageError(f"exclude={take.exclude} is no file; check the path")
        return counts | {"exclude": self._fingerprints.of(take.exclude)}

    def _stored(self, kind: Kind, item: Artifact) -> Chosen:
        """The component a stored artifact was made by, without the paths it was given."""
        component = item.manifest["parts"]["component"]
        provided = self.registry.find(kind, component["provider"])
        paths = parameters.external_fields(parameters.params_class(provided))
        values = {k: v for k, v in component["params"].items() if k not in paths}
        return Chosen(provided, parameters.build(provided, values), component["params"])

    def trained(self, prefix: str, model: Chosen) -> tuple[str, int]:
        """Key of a trained model in the store, and how many trainings it has behind it."""
        found = [item for item in self._store.of_kind("models") if item.key.startswith(prefix)]
        if len(found) != 1 or len(prefix) < 8:
            raise UsageError(
                f"{len(found)} trained models in {self._store.home} have a key that begins with "
                f"{prefix!r}; give at least 8 characters of the key of one"
            )
        parts = found[0].manifest["parts"]
        if parts["component"]["provider"] != model.provided.provider:
            raise UsageError(
                f"{prefix} is a {parts['component']['provider']}, its weights do not fit "
                f"{model.provided.provider}; give the key of a run of that model"
            )
        return found[0].key, int(parts["phase"]["depth"]) + 1

    def requests(self, chosen: Chosen) -> dict[str, str]:
        """Face sets this component asks of generators, as nodes; ``--limit`` leaves them whole."""
        keys = {}
        for name, request in chosen.params.requests().items():
            if Faces(use=request.generator).stored:
                keys[f"faces:{name}"] = face_sets.find(self._store, request.generator).key
                continue
            use = Use.model_validate({**request.params, "use": request.generator})
            made = self.choose("generator", use, asker=chosen.provided.dist)
            node = self._generate(made, request.seed, exact=True, limit=None)
            keys[f"faces:{name}"] = self.add(node)
        return keys

    def place(self, source: Mapping[str, str], label: str, aligner: Chosen | None,
              owner: Chosen | None) -> str:  # fmt: skip
        """Where the faces of a set, or of the benchmark ``owner``, are."""
        more: dict[str, Any] = {"rule": [self.study.align, self.study.on_failure]}
        if owner is not None:
            more["images"] = _image_identity(owner)
        if aligner is not None and aligner.provided.component.determinism != "exact":
            more |= self.hardware()
        return self.add(self.node("place", label, aligner, source, **more))

    def _cells(
        self,
        model: Chosen,
        trained: Chain,
        benchmark: Chosen,
        aligner: Chosen | None,
        repeat: int,
    ) -> Iterable[Cell]:
        params = benchmark.params
        if not isinstance(params, BenchmarkParams):
            raise UsageError(f"benchmark {benchmark.name} has parameters of the wrong base class; "
                             "they must derive from BenchmarkParams")  # fmt: skip
        images = self.requests(benchmark)
        placed = self.place(images, benchmark.name, aligner, benchmark)
        source = f"{trained.generator.shown} > " if trained.generator else ""
        source += model.shown
        weights = {"model": trained.keys["model"]} if trained.keys else {}
        embedded = self.add(
            self.node(
                "embed",
                f"{source} > {benchmark.name}",
                model,
                {"placements": placed, **images, **weights},
                images=_image_identity(benchmark),
                mirror=params.mirror(),
                device=self.device.split(":")[0],
            )
        )
        keys = {**trained.keys, "placements": placed, "embeddings": embedded, **images}
        for name in params.comparison_names():
            parts = {"benchmark": benchmark.identity(), "comparison": name, "embeddings": embedded,
                     "limit": self.study.limit, "seed": self.study.seed, "repeat": repeat,
                     "schema": SCHEMA}  # fmt: skip
            yield Cell(
                digest(parts), trained.generator, model, benchmark, name, aligner, repeat, keys,
                trained.words,
            )  # fmt: skip


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
    if store.is_begun(kind, node.key):
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
