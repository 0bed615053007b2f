"""What two results were measured by, field by field in plain words, and whether they compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from harness.errors import UsageError
from harness.reporting.tables.columns import flat, rules

if TYPE_CHECKING:
    from harness.results.schema import Result
    from harness.results.study import Cell

Weight = Literal["pairs", "rule", "images", "model", "share"]
Verdict = Literal["comparable", "not comparable"]

ABSENT = "not stated"
WHY: Mapping[Weight, str] = {
    "pairs": "other comparisons are counted",
    "rule": "the same scores or embeddings give another number",
    "images": "the network sees other pixels",
    "model": "belongs to the model, not to the protocol",
    "share": "how many faces each rule placed; the rules are the same",
}
WORDS: Mapping[str, tuple[str, Weight]] = {
    "benchmark": ("benchmark", "pairs"),
    "comparison": ("comparison", "pairs"),
    "benchmark_version": ("version of the benchmark's code", "pairs"),
    "id": ("name of the protocol", "rule"),
    "score": ("score", "rule"),
    "flip": ("fusion with the mirrored image", "rule"),
    "centre": ("mean embedding subtracted", "rule"),
    "views": ("length of image and mirrored image before fusion", "rule"),
    "normalise": ("fused embedding made unit length", "rule"),
    "distance": ("distance of a pair", "rule"),
    "val_far": ("FAR at which VAL is given", "rule"),
    "val_rule": ("how VAL is found", "rule"),
    "pooling": ("pooling of a template (norm, detector weight, flip)", "rule"),
    "detector_score": ("weight by detector score", "rule"),
    "folds": ("number of folds", "pairs"),
    "fold_rule": ("fold rule", "rule"),
    "threshold_rule": ("threshold rule", "rule"),
    "far_rule": ("how the operating point of a FAR is selected", "rule"),
    "predicate": ("when a comparison is accepted", "rule"),
    "rank_rule": ("rank rule", "rule"),
    "fpir_rule": ("threshold of an open-set search", "rule"),
    "over_splits": ("mean and spread over splits", "rule"),
    "over_galleries": ("mean over galleries", "rule"),
    "galleries": ("galleries", "pairs"),
    "splits": ("number of splits", "pairs"),
    "not_enrolled": ("pairs without a face", "rule"),
    "on_failure": ("images in which no face is found", "rule"),
    "align": ("how landmarks are found", "images"),
    "aligner": ("aligner", "images"),
    "placed_by": ("rules that aligned the faces", "images"),
    "pairs_sha256": ("digest of the pair list", "pairs"),
    "lists_sha256": ("digest of the lists", "pairs"),
    "n_genuine": ("genuine comparisons", "pairs"),
    "n_impostor": ("impostor comparisons", "pairs"),
    "n_templates": ("templates", "pairs"),
    "n_probes": ("probes", "pairs"),
    "n_gallery": ("gallery entries", "pairs"),
    "counts": ("what is counted", "pairs"),
    "limit": ("trial limit on the pairs", "pairs"),
    "limited": ("trial limit of the run", "pairs"),
    "leak": ("people of the benchmark in the training set", "pairs"),
    "input.width": ("image width the network sees", "model"),
    "input.height": ("image height the network sees", "model"),
    "input.template": ("crop: landmark template", "model"),
    "input.colour": ("colour order", "model"),
    "input.mean": ("mean subtracted from pixels", "model"),
    "input.std": ("scale of pixels", "model"),
    "embedding_dtype": ("number format of embeddings", "model"),
}


@dataclass(frozen=True)
class FieldDifference:
    """One field in which two protocols differ."""

    field: str
    meaning: str
    a: str
    b: str
    weight: Weight
    why: str


@dataclass(frozen=True)
class ProtocolComparison:
    """Two protocols of one benchmark; ``advice`` says what to do where numbers do not compare."""

    benchmark: str
    differences: tuple[FieldDifference, ...]
    verdict: Verdict
    sentence: str


def fields_of(result: Result) -> dict[str, str]:
    """Everything a number was measured by, as text by dotted field."""
    facts: dict[str, Any] = {
        "benchmark": result.cell.benchmark.name,
        "comparison": result.comparison,
        **result.protocol,
        **rules(result),
        "limited": result.limited,
    }
    placed = result.protocol.get("placed_by")
    if isinstance(placed, Mapping):
        facts["placed_by"] = ", ".join(sorted(rule for rule, faces in placed.items() if faces))
    return flat(facts)


def meaning(field: str) -> tuple[str, Weight]:
    """A field in plain words and what a difference in it means; an unknown one counts as a rule."""
    name = field
    while name:
        if name in WORDS:
            words, weight = WORDS[name]
            rest = field[len(name) :].lstrip(".")
            return (f"{words}: {rest}" if rest else words), weight
        name = name.rpartition(".")[0]
    return field.replace("_", " "), "rule"


def diff(a: Mapping[str, str], b: Mapping[str, str], benchmark: str) -> ProtocolComparison:
    """Which fields of two protocols differ, pairs first, and whether their numbers compare."""
    order: list[Weight] = ["pairs", "images", "rule", "model", "share"]
    found = []
    for field in dict.fromkeys([*a, *b]):
        one, other = a.get(field, ABSENT), b.get(field, ABSENT)
        if one != other:
            words, weight = meaning(field)
            found.append(FieldDifference(field, words, one, other, weight, WHY[weight]))
    found.sort(key=lambda item: order.index(item.weight))
    return ProtocolComparison(benchmark, tuple(found), *_judged(found))


def _judged(found: Iterable[FieldDifference]) -> tuple[Verdict, str]:
    weights = {item.weight for item in found}
    if "pairs" in weights:
        return "not comparable", "not comparable: they do not count the same comparisons"
    if "images" in weights:
        return "not comparable", (
            "not comparable: the faces were not aligned the same way; run both with one "
            "aligner and rule"
        )
    if "rule" in weights:
        return "not comparable", (
            "not comparable as they are: the rules of scoring differ; `harness rescore` brings "
            "both to one rule without a model"
        )
    if weights:
        return "comparable", "comparable: only what the models ask of their input differs"
    return "comparable", "comparable: the protocols are the same"


def compare_cells(a: Iterable[Cell], b: Iterable[Cell]) -> list[ProtocolComparison]:
    """Every benchmark that is in both, in the order of their names.

    Raises UsageError where a benchmark was measured by several protocols on one side, or where
    nothing is on both sides.
    """
    first, second = _by_benchmark(a, "the first"), _by_benchmark(b, "the second")
    if len(first) == len(second) == 1:  # selected: to be compared even across benchmarks
        (name, one), (_, other) = next(iter(first.items())), next(iter(second.items()))
        return [diff(one, other, name)]
    both = sorted(first.keys() & second.keys())
    if not both:
        raise UsageError(
            f"nothing is in both: {', '.join(sorted(first))} and {', '.join(sorted(second))}; "
            "select two results as STUDY:CELL"
        )
    return [diff(first[name], second[name], name) for name in both]


def _by_benchmark(cells: Iterable[Cell], which: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for cell in cells:
        name, comparison = cell.result.cell.benchmark.name, cell.result.comparison
        name = name if comparison == "verification" else f"{name}/{comparison}"
        fields = fields_of(cell.result)
        known = found.setdefault(name, fields)
        if diff(known, fields, name).verdict != "comparable":
            raise UsageError(
                f"{which} study measured {name} by several protocols; select one as STUDY:CELL, "
                "where CELL is the beginning of its id"
            )
    return found
