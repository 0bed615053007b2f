"""The plan: every artifact and cell of a recipe, with its key.

Planning reads declarations and light parameter modules only. Each stage is a node whose key is made
of (component, its parameters, the keys of its inputs, seed); equal nodes are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness._plugins.lookup import LOCAL
from harness._plugins.registry import Registry
from harness.align.limits import DOUBT_RULE, MAX_DOUBTFUL
from harness.components import BenchmarkParams, Component
from harness.digests import digest
from harness.errors import NothingSelectedError, UsageError
from harness.faces.source import NAMES_READER
from harness.plan import published_refs
from harness.plan.device import (
    remote_device,
    resolve_device,
    resolve_portable,
    resolve_precision,
)
from harness.plan.measuring import add_measures
from harness.plan.nodes import (
    ImageSource,
    Measuring,
    Node,
    Plan,
    PlannedCell,
    ResolvedComponent,
    Stage,
    TrainingPhase,
    TrainingSource,
    nth,
)
from harness.plan.resolve_components import ComponentResolver
from harness.plan.training import Chain, chain
from harness.recipe.limits import require_planned
from harness.recipe.resolve import Recipe, Use
from harness.recipe.tables import Faces, ModelUse, Phase, Take
from harness.store import face_sets
from harness.store.artifacts import Store
from harness.store.fingerprints import DECODER, SCHEMA


class Planner(ComponentResolver):
    """Turns a recipe into a plan."""

    def __init__(
        self, registry: Registry, store: Store, recipe: Recipe, *, tolerant: bool = False
    ) -> None:
        super().__init__(registry, store, tolerant=tolerant)
        self.recipe = recipe
        self.study = recipe.study
        away = recipe.executor is not None and recipe.executor.use != LOCAL
        device, precision = self.study.device, self.study.precision
        if self.study.portable:
            device, precision = resolve_portable(device, precision)
        self.device = (remote_device if away else resolve_device)(device)
        self.precision = resolve_precision(precision, self.device)
        self._nodes: dict[str, Node] = {}

    def plan(self) -> Plan:
        """The plan; raises one ``PrerequisiteError`` naming every missing asset of all stages."""
        if not (self.recipe.generator or self.recipe.model or self.recipe.benchmark):
            raise NothingSelectedError("nothing is selected; give --generator, --model and --bench")
        published_refs.check(self.recipe)
        generators = [self.source(faces) for faces in self.recipe.generator]
        models = [(self.choose("model", use), use) for use in self.recipe.model]
        benchmarks = [self.choose("benchmark", use) for use in self.recipe.benchmark]
        aligner = self.choose("aligner", self.recipe.aligner) if self.recipe.aligner else None
        if self.study.portable:
            check_portable([*(m for m, _ in models), *(s.chosen for s in generators), aligner])
        trains = bool(generators) or any(use.phases for _, use in models)
        if models and not benchmarks and not trains:
            raise UsageError("a ready model needs something to be tested on; add --bench NAME")
        measured = bool(self.recipe.measure)
        trainable = any(m.provided.component.trainable for m, _ in models)
        if trains and models and not trainable and not measured:
            raise UsageError(
                f"model {models[0][0].name} cannot be trained; leave out --generator and "
                "--finetune, or add a model that can"
            )
        if benchmarks and not models:
            raise UsageError("a benchmark needs a model to test; add --model NAME")
        rows, repeats = len(models) * max(1, len(generators)), self.study.repeats if trains else 1
        require_planned(rows, repeats, [benchmark.params for benchmark in benchmarks])
        if not models:
            for source in generators:
                self.add_set(source)
        found = list(self._all(models, generators, benchmarks, aligner))
        cells = tuple({cell.key: cell for cell in found}.values())
        add_measures(self, generators, models, aligner)
        return self.planned(cells, published_refs.links_of(found))

    def planned(
        self, cells: tuple[PlannedCell, ...] = (), links: Mapping[str, tuple[str, ...]] = {}
    ) -> Plan:
        """The plan of all nodes added so far; raises where an asset is missing."""
        self.require_assets()
        return Plan(
            self.study, self.device, self.precision, dict(self._nodes), cells, self.recipe, links,
            dict(self.missing),
        )  # fmt: skip

    def _all(
        self,
        models: Sequence[tuple[ResolvedComponent, ModelUse]],
        generators: Sequence[TrainingSource],
        benchmarks: Sequence[ResolvedComponent],
        aligner: ResolvedComponent | None,
    ) -> Iterable[PlannedCell]:
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
        self, model: ResolvedComponent, use: ModelUse, generators: Sequence[TrainingSource]
    ) -> Sequence[TrainingSource | None]:
        """The generators a model is trained on; one that needs none is made or tested once."""
        phases = use.phases or [Phase()]
        needs = any(phase.on_generator(number == 0) for number, phase in enumerate(phases))
        trains = bool(generators) and model.provided.component.trainable
        return generators if trains and needs else [None]

    # -- nodes ---------------------------------------------------------------------------------

    def add(self, node: Node) -> str:
        """Take a node into the plan; gives its key."""
        return self._nodes.setdefault(node.key, node).key

    def add_set(self, source: TrainingSource) -> str:
        """Take a face set into the plan, unless it is in the store already; gives its key."""
        return source.key if source.node is None else self.add(source.node)

    def node(
        self,
        stage: Stage,
        label: str,
        chosen: ResolvedComponent | None,
        inputs: Mapping[str, str],
        seed: int = 0,
        *,
        training: TrainingPhase | None = None,
        benchmark: ResolvedComponent | None = None,
        source: ImageSource | None = None,
        measuring: Measuring | None = None,
        **more: Any,
    ) -> Node:
        """A node that is not in the plan yet; ``more`` enters its key."""
        parts = {
            "schema": SCHEMA,
            # The stage: two stages of one component over the same inputs make different artifacts.
            "stage": stage,
            "component": chosen.identity() if chosen else None,
            "inputs": dict(inputs),
            "seed": seed,
            # A set cut by --limit has a key of its own and never answers for the whole one.
            "limit": self.study.limit,
            # Pinned kernels move pixels of renderings too. Keys of before have no such entry.
            **({"portable": True} if self.study.portable else {}),
            **more,  # may lift the limit
        }
        key = digest(parts)
        return Node(stage, label, key, parts, chosen, dict(inputs), seed, training, benchmark,
                    source, measuring)  # fmt: skip

    def hardware(self) -> dict[str, Any]:
        """Device class and precision, for what they can change."""
        # The class of device alone: which of several equal GPUs is used moves no bit.
        return {"device": self.device.split(":")[0], "precision": self.precision}

    def _generate(
        self,
        chosen: ResolvedComponent,
        seed: int,
        *,
        exact: bool = False,
        asker: str = "",
        **more: Any,
    ) -> Node:
        """A generate node; with ``exact`` on the CPU where a GPU would give other bytes.

        ``asker`` says for whom it is, where that is not a training.
        """
        if self._inexact(chosen.provided.component, exact=exact):
            more |= self.hardware()
        label = f"{chosen.shown}{asker}"
        return self.node("generate", label, chosen, self.requests(chosen), seed, **more)

    def _inexact(self, component: Component, *, exact: bool) -> bool:
        """Whether the device can change a bit of the images."""
        on_gpu = self.device.startswith("cuda") and not exact
        return component.determinism != "exact" or (on_gpu and bool(component.gpu_determinism))

    def exact(self, source: TrainingSource) -> TrainingSource:
        """The same faces with equal bytes on every machine, if their generator can make them so."""
        if source.node is None:
            return source
        node = self._generate(source.chosen, self.study.seed, exact=True)
        return replace(source, key=node.key, node=node)

    def source(self, faces: Faces) -> TrainingSource:
        """A face set to train on: a generator's, which is not in the plan yet, or a stored one."""
        rules = self._rules(faces.take)
        if not faces.stored:
            chosen = self.choose("generator", faces)
            node = self._generate(chosen, self.study.seed)
            return TrainingSource(chosen.shown, node.key, chosen, faces.take, rules, node)
        if faces.params():
            raise UsageError(
                f"{faces.use} is a stored face set, which takes no parameters "
                f"({', '.join(faces.params())}); name its generator to make another"
            )
        item = face_sets.find(self.store, faces.use)
        chosen = self.stored("generator", item)
        return TrainingSource(item.key[:12], item.key, chosen, faces.take, rules)

    def _rules(self, take: Take) -> dict[str, Any]:
        """What is taken of a face set, as it enters a key."""
        drawn = take.model_dump(include={"images", "identities"})
        counts: dict[str, Any] = {name: count for name, count in drawn.items() if count}
        if counts:  # only then is something drawn
            counts["seed"] = self.study.seed if take.seed is None else take.seed
        for name, path in (("exclude", take.exclude), ("quality", take.quality)):
            if path is not None and not path.is_file():
                raise UsageError(f"{name}={path} is not a file; check the path")
        if take.exclude is not None:
            read = f"+reader{NAMES_READER}"  # as for parameters, see External
            counts["exclude"] = self.fingerprints.of(take.exclude) + read
        if take.quality is not None:
            rated = [self.fingerprints.of(take.quality), take.quality_column, take.min_quality]
            counts["quality"] = rated
        return counts

    def trained(self, prefix: str, model: ResolvedComponent) -> tuple[str, int]:
        """Key of a trained model in the store, and how many trainings it has behind it."""
        found = [item for item in self.store.of_kind("models") if item.key.startswith(prefix)]
        if len(found) != 1 or len(prefix) < 8:
            raise UsageError(
                f"{len(found)} trained models in {self.store.home} have a key that begins with "
                f"{prefix!r}; give at least 8 characters of the key of one"
            )
        parts = found[0].manifest["parts"]
        if parts["component"]["provider"] != model.provided.provider:
            raise UsageError(
                f"{prefix} is a {parts['component']['provider']}, its weights do not fit "
                f"{model.provided.provider}; give the key of a run of that model"
            )
        return found[0].key, int(parts["phase"]["depth"]) + 1

    def requests(self, chosen: ResolvedComponent) -> dict[str, str]:
        """Face sets this component asks of generators, as nodes; ``--limit`` leaves them whole."""
        keys = {}
        for name, request in chosen.params.requests().items():
            if Faces(use=request.generator).stored:
                keys[f"faces:{name}"] = face_sets.find(self.store, request.generator).key
                continue
            use = Use.model_validate({**request.params, "use": request.generator})
            made = self.choose("generator", use, asker=chosen.provided.dist)
            asker = f" for {chosen.shown} ({name})"
            node = self._generate(made, request.seed, exact=True, asker=asker, limit=None)
            keys[f"faces:{name}"] = self.add(node)
        return keys

    def placing_rule(self) -> list[Any]:
        """What alignment contributes to a key, besides the images and the detector."""
        study = self.study
        rule: list[Any] = [study.align, study.on_failure]
        if study.align in ("auto", "given", "box") or study.on_failure in ("given", "box"):
            rule.append(DOUBT_RULE)
        # A set that was accepted under one share is judged again under another.
        return rule if study.max_doubtful == MAX_DOUBTFUL else [*rule, study.max_doubtful]

    def place(
        self,
        inputs: Mapping[str, str],
        label: str,
        aligner: ResolvedComponent | None,
        owner: ResolvedComponent | None,
        source: ImageSource | None = None,
        **more: Any,
    ) -> str:
        """Where the faces of a set, or of the benchmark ``owner``, are; ``more`` enters the key."""
        more |= {"rule": self.placing_rule()}
        if owner is not None:
            more |= self._image_parts(owner)
        if aligner is not None and aligner.provided.component.determinism != "exact":
            more |= self.hardware()
        return self.add(
            self.node("place", label, aligner, inputs, benchmark=owner, source=source, **more)
        )

    def _image_parts(self, benchmark: ResolvedComponent) -> dict[str, Any]:
        """What decides a benchmark's images: its rules of scoring left out.

        The decoder too, unless the images are face sets of the store, which are encoded here. Of
        those a trial once took all, and now takes what its pairs use.
        """
        if not benchmark.params.requests():
            return {"images": image_identity(benchmark), "decoder": DECODER}
        trial = {"images_of_trial": "used"} if self.study.limit is not None else {}
        return {"images": image_identity(benchmark), **trial}

    def _cells(
        self,
        model: ResolvedComponent,
        trained: Chain,
        benchmark: ResolvedComponent,
        aligner: ResolvedComponent | None,
        repeat: int,
    ) -> Iterable[PlannedCell]:
        params = benchmark.params
        if not isinstance(params, BenchmarkParams):
            raise UsageError(f"benchmark {benchmark.name} has parameters of the wrong base class; "
                             "they must derive from BenchmarkParams")  # fmt: skip
        images = self.requests(benchmark)
        placed = self.place(images, benchmark.name, aligner, benchmark)
        source = f"{trained.generator.shown} > " if trained.generator else ""
        source += model.shown
        repeats = self.study.repeats if trained.keys else 1
        weights = {"model": trained.keys["model"]} if trained.keys else {}
        embedded = self.add(
            self.node(
                "embed",
                f"{source} > {benchmark.name}{nth(repeat, repeats)}",
                model,
                {"placements": placed, **images, **weights},
                benchmark=benchmark,
                **self._image_parts(benchmark),
                mirror=params.mirror(),
                # No precision: embeddings are fp32 always, and sums differ between devices alone.
                device=self.device.split(":")[0],
            )
        )
        keys = {**trained.keys, "placements": placed, "embeddings": embedded, **images}
        for name in params.comparison_names():
            # The key of the embeddings stands for all before them; here alone do rules of scoring
            # enter, so another threshold rule embeds nothing again.
            parts = {"benchmark": benchmark.identity(), "comparison": name, "embeddings": embedded,
                     "limit": self.study.limit, "seed": self.study.seed, "repeat": repeat,
                     "schema": SCHEMA}  # fmt: skip
            yield PlannedCell(
                digest(parts), trained.generator, model, benchmark, name, aligner, repeat, keys,
                repeats, trained.words,
            )  # fmt: skip


def check_portable(chosen: Iterable[ResolvedComponent | None]) -> None:
    """Raise ``UsageError`` where a component's kernels cannot be pinned."""
    for one in chosen:
        if one is not None and not one.provided.component.portable:
            component = one.provided.component
            raise UsageError(
                f"{component.kind} {component.name} runs in a library that chooses its kernels by "
                "the processor, so its digits cannot be made portable; leave out --portable"
            )


def image_identity(benchmark: ResolvedComponent) -> dict[str, Any]:
    """What of a benchmark decides its images: its rules of scoring left out."""
    identity = benchmark.identity()
    scoring: frozenset[str] = getattr(type(benchmark.params), "scoring", frozenset())
    identity["params"] = {k: v for k, v in identity["params"].items() if k not in scoring}
    return identity
