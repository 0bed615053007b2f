"""Checks of benchmarks with embeddings whose result is known."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.components import BenchmarkParams
from harness.digests import digest
from harness.protocols.base import Comparison, Embeddings, Evaluation, Metric
from harness.protocols.pairs import PairFolds
from harness.seeds import stream
from harness.testing.base import CheckSkippedError, require
from harness.testing.subject import Subject

SIZE = 64
KINDS = 3  # different embeddings among which images tie
DRAWS, NEEDED = 5, 2
"""A 95 % interval misses in four or five of five draws once in 30,000 benchmarks."""


def images_agree(subject: Subject) -> None:
    """Names, landmarks, boxes and subjects have one entry per image, and an image can be read."""
    from harness.align.decode import decode

    images = subject.opened.images()
    total = len(images)
    require(total, "it has no image")
    shapes = {
        "names": ((len(images.names),), (total,)),
        "landmarks": (np.shape(images.landmarks), (total, 5, 2)),
        "boxes": (np.shape(images.boxes), (total, 4)),
    }
    if images.subjects is not None:
        shapes["subjects"] = (np.shape(images.subjects), (total,))
    wrong = [f"{name} {found}, not {want}" for name, (found, want) in shapes.items()
             if found != want]  # fmt: skip
    require(not wrong, f"shapes do not agree: {'; '.join(wrong)}")
    require(len(set(images.names)) == total, "two images have the same name")
    decode(images.read(total - 1), images.names[total - 1])


def protocol_complete(subject: Subject) -> None:
    """The protocol is JSON with an id, a digest of its lists and no path of this machine."""
    for name, comparison in _comparisons(subject, subject.opened):
        protocol = comparison.protocol()
        text = json.dumps(protocol, allow_nan=False, sort_keys=True)
        require(json.loads(text) == protocol, f"{name}: the protocol is another after JSON")
        require(protocol.get("id"), f"{name}: the protocol has no id")
        digests = [value for key, value in protocol.items() if key.endswith("sha256")]
        require(
            any(digests),
            f"{name}: the protocol has no digest of its lists (a key like pairs_sha256)",
        )
        paths = [value for value in _strings(protocol) if Path(value).is_absolute()]
        require(not paths, f"{name}: the protocol names a path of this machine: {paths[:1]}")


def protocol_stable(subject: Subject) -> None:
    """A fresh component has the same protocol."""
    fresh = dict(_comparisons(subject, subject.open(seed=1)))
    for name, comparison in _comparisons(subject, subject.opened):
        one, two = comparison.protocol(), fresh[name].protocol()
        changed = sorted(key for key in one.keys() | two.keys() if one.get(key) != two.get(key))
        require(digest(one) == digest(two), f"{name}: {', '.join(changed)} changes between runs")


def oracle_is_perfect(subject: Subject) -> None:
    """Embeddings that tell everybody apart score 1 (an error rate 0)."""
    for name, comparison in _comparisons(subject, subject.opened):
        metric = _headline(name, _evaluate(subject, comparison, _oracle(subject, comparison)))
        best = 1.0 if metric.higher_is_better else 0.0
        require(
            abs(_value(metric) - best) < 1e-9,
            f"{name}: perfect embeddings give {metric.name} {metric.value}, not {best:g}",
        )


def random_is_chance(subject: Subject) -> None:
    """Random embeddings score chance, within the interval in at least two of five draws."""
    total = len(subject.opened.images())
    for name, comparison in _comparisons(subject, subject.opened):
        hits, seen = 0, []
        for draw in range(DRAWS):
            rng = stream(draw, "conformance", "random", name)
            rows = rng.standard_normal((total, SIZE), np.float32)
            metric = _headline(name, _evaluate(subject, comparison, rows))
            if metric.interval is None:
                raise CheckSkippedError(f"{name}: {metric.name} has no interval")
            chance = _chance(metric, comparison.protocol())
            hits += metric.interval.low <= chance <= metric.interval.high
            seen.append(f"{metric.interval.low:.3f} to {metric.interval.high:.3f}")
        require(
            hits >= NEEDED,
            f"{name}: chance is {chance:.3f} but random embeddings give the intervals "
            f"{', '.join(seen)}",
        )


def constant_is_survived(subject: Subject) -> None:
    """Embeddings that are all the same are scored without an error."""
    rows = np.ones((len(subject.opened.images()), SIZE), np.float32)
    for name, comparison in _comparisons(subject, subject.opened):
        metric = _headline(name, _evaluate(subject, comparison, rows))
        require(
            metric.value is None or np.isfinite(metric.value),
            f"{name}: equal embeddings give {metric.name} {metric.value}",
        )


def ties_are_survived(subject: Subject) -> None:
    """Scores that tie are measured, and pairs in another order give the same number."""
    total = len(subject.opened.images())
    rng = stream(0, "conformance", "ties")
    rows = rng.standard_normal((KINDS, SIZE), np.float32)[rng.integers(0, KINDS, total)]
    for name, comparison in _comparisons(subject, subject.opened):
        found = _evaluate(subject, comparison, rows).metrics
        for metric in found:
            fine = metric.value is None or np.isfinite(metric.value)
            require(fine, f"{name}: tied scores give {metric.name} {metric.value}")
        if not isinstance(comparison, PairFolds):
            continue
        moved = _reordered(comparison, rng.permutation(len(comparison.first)))
        for one, other in zip(found, _evaluate(subject, moved, rows).metrics, strict=True):
            same = one.value == other.value or np.isclose(_value(one), _value(other), atol=1e-9)
            require(
                same,
                f"{name}: {one.name} is {one.value}, with tied pairs in another order "
                f"{other.value}",
            )


def permutation_invariant(subject: Subject) -> None:
    """The images in another order give the same number."""
    total = len(subject.opened.images())
    rng = stream(0, "conformance", "permutation")
    rows, order = rng.standard_normal((total, SIZE), np.float32), rng.permutation(total)
    place = np.argsort(order)
    for name, comparison in _comparisons(subject, subject.opened):
        if not isinstance(comparison, PairFolds):
            raise CheckSkippedError(
                f"{name} is not a list of pairs; the kit cannot reorder its images"
            )
        moved = replace(
            comparison,
            first=place[comparison.first],
            second=place[comparison.second],
            image_names=[comparison.image_names[k] for k in order],
        )
        before = _headline(name, _evaluate(subject, comparison, rows))
        after = _headline(name, _evaluate(subject, moved, rows[order]))
        require(
            before.value == after.value,
            f"{name}: {before.name} is {before.value}, with the images reordered {after.value}",
        )


CHECKS = (
    images_agree,
    protocol_complete,
    protocol_stable,
    oracle_is_perfect,
    random_is_chance,
    constant_is_survived,
    ties_are_survived,
    permutation_invariant,
)


def _reordered(comparison: PairFolds, order: NDArray[np.int64]) -> PairFolds:
    """The same pairs in another order: every field that has one row per pair is taken in it."""
    pairs = len(comparison.first)

    def moved(value: Any) -> Any:
        if isinstance(value, np.ndarray) and len(value) == pairs:
            return value[order]
        if isinstance(value, Mapping):
            return {key: moved(item) for key, item in value.items()}
        return value

    kept = {field.name: moved(getattr(comparison, field.name)) for field in fields(comparison)}
    return replace(comparison, **kept)


def _comparisons(subject: Subject, benchmark: Any) -> Iterator[tuple[str, Comparison]]:
    params = subject.chosen.params
    assert isinstance(params, BenchmarkParams), "the planner refuses others"
    for name in params.comparison_names():
        yield name, benchmark.comparison(name)


def _evaluate(subject: Subject, comparison: Comparison, rows: NDArray[np.float32]) -> Evaluation:
    """What a comparison says of embeddings; a mirrored image is as good as the plain one."""
    params = subject.chosen.params
    mirror = rows if isinstance(params, BenchmarkParams) and params.mirror() else None
    names = getattr(comparison, "image_names", subject.opened.images().names)
    everybody = np.ones(len(rows), np.bool_)
    return comparison.evaluate(comparison.score(Embeddings(rows, mirror, everybody, names)), seed=0)


def _headline(name: str, evaluation: Evaluation) -> Metric:
    found = [metric for metric in evaluation.metrics if metric.headline]
    require(len(found) == 1, f"{name}: {len(found)} metrics are the headline, not one")
    return found[0]


def _value(metric: Metric) -> float:
    if metric.value is None:
        raise CheckSkippedError(f"{metric.name} cannot be measured: {metric.note}")
    return metric.value


def _oracle(subject: Subject, comparison: Comparison) -> NDArray[np.float32]:
    """One random direction per subject."""
    subjects = subject.opened.images().subjects
    if subjects is None and isinstance(comparison, PairFolds):
        subjects = _from_pairs(len(subject.opened.images()), comparison)
    if subjects is None:
        raise CheckSkippedError("its images do not say who is on them")
    people, owner = np.unique(subjects, return_inverse=True)
    rng = stream(0, "conformance", "oracle")
    return rng.standard_normal((len(people), SIZE), np.float32)[owner]


def _from_pairs(total: int, comparison: PairFolds) -> NDArray[np.int64]:
    """Who is who as the genuine pairs say."""
    owner = list(range(total))

    def root(image: int) -> int:
        while owner[image] != image:
            image = owner[image] = owner[owner[image]]
        return image

    for first, second in zip(
        comparison.first[comparison.genuine], comparison.second[comparison.genuine], strict=True
    ):
        owner[root(int(first))] = root(int(second))
    return np.array([root(image) for image in range(total)], np.int64)


def _chance(metric: Metric, protocol: dict[str, Any]) -> float:
    """What guessing gives: the larger share of pairs, or the false accepts themselves."""
    if metric.name == "accuracy" and {"n_genuine", "n_impostor"} <= protocol.keys():
        genuine, impostor = int(protocol["n_genuine"]), int(protocol["n_impostor"])
        return max(genuine, impostor) / (genuine + impostor)
    if metric.name == "tar@far":
        return float(metric.at["far"] if metric.realised_far is None else metric.realised_far)
    raise CheckSkippedError(f"the kit does not know what guessing gives in {metric.name}")


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)
