"""The images behind a stored result, aligned as its network saw them; computes no model."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness._plugins.registry import Registry
from harness.align.aligned import AlignedImages
from harness.align.placements import Placements
from harness.components import Benchmark, InputSpec
from harness.engine.opener import ComponentOpener
from harness.engine.stages.place import FILE
from harness.errors import DataError, HarnessError, PrerequisiteError
from harness.plan.nodes import ResolvedComponent
from harness.plan.planner import image_identity
from harness.plan.resolve_components import ComponentResolver
from harness.protocols.pair_groups import PairGroups
from harness.protocols.pairs import PairFolds
from harness.recipe.resolve import Recipe, StudyTable, Use, read
from harness.results.schema import Result
from harness.results.unreadable import own
from harness.store.artifacts import Artifact, Store


@dataclass(frozen=True)
class ImageOpener:
    """Opens the images of results; benchmarks come from the ``recipes`` of their studies."""

    registry: Registry
    store: Store
    recipes: tuple[Recipe, ...]

    @classmethod
    def of_study(cls, folder: Path, registry: Registry, store: Store) -> ImageOpener:
        """For the results of a study folder, of whose recipes the newest comes first.

        A recipe that cannot be read is passed over: the others may have the benchmark.
        """
        recipes: list[Recipe] = []
        for path in (folder / "study.toml", *sorted(folder.glob("study-*.toml"))):
            if path.is_file() and own(folder, path, []):
                with suppress(HarnessError):
                    recipes.append(read(path))
        return cls(registry, store, tuple(recipes))

    def open(self, result: Result) -> AlignedImages:
        """The images of a pair benchmark, in the order that ``first`` and ``second`` number.

        Raises ``HarnessError`` where the alignment, the data or the list of pairs is not at hand,
        or is not the one that the result was scored on.
        """
        key = result.provenance.inputs.get("placements")
        if key is None:
            raise PrerequisiteError("the result records no alignment of images")
        placed = self.store.get("placements", key)
        chosen = self._benchmark(result, placed)
        opener = ComponentOpener(self.store, StudyTable(limit=result.limited))
        inputs = result.provenance.inputs
        benchmark: Benchmark = opener.prepared(chosen, Benchmark, faces=inputs)[0]
        _require_same_pairs(benchmark, result)
        placements = Placements.load(placed.folder / FILE)
        return AlignedImages(benchmark.images(), placements, _input_spec(result))

    def _benchmark(self, result: Result, placed: Artifact) -> ResolvedComponent:
        """The benchmark of a recipe whose data are those that were aligned.

        The digest of the data is in the key of the alignment, so other data are never shown.
        """
        use = result.cell.benchmark
        reasons = []
        for wanted in self._uses(use.name):
            resolver = ComponentResolver(self.registry, self.store)
            try:
                chosen = resolver.choose("benchmark", wanted)
                resolver.require_assets()
            except HarnessError as error:
                reasons.append(str(error))
                continue
            if image_identity(chosen) == placed.manifest["parts"].get("images"):
                return chosen
            reasons.append(f"the data or the version of benchmark {use.name} changed since")
        raise PrerequisiteError(
            reasons[-1] if reasons else f"study.toml does not name benchmark {use.name}"
        )

    def _uses(self, name: str) -> Iterable[Use]:
        for recipe in self.recipes:
            for use in recipe.benchmark:
                if self.registry.find("benchmark", use.use).component.name == name:
                    yield use


def _require_same_pairs(benchmark: Benchmark, result: Result) -> None:
    comparison = benchmark.comparison(result.comparison)
    if not isinstance(comparison, PairFolds | PairGroups):
        raise DataError("its comparisons are not those of a list of image pairs")
    if comparison.protocol()["pairs_sha256"] != result.protocol.get("pairs_sha256"):
        raise DataError("the list of pairs is not the one that was scored")


def _input_spec(result: Result) -> InputSpec:
    """Size and template of the network's input, as the result records them."""
    stored = result.protocol.get("input")
    if not isinstance(stored, dict):
        raise DataError("the result does not record the input of its network")
    return InputSpec(int(stored["width"]), int(stored["height"]), str(stored["template"]))
