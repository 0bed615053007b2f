"""Metrics against the published algorithms written out plainly: one run, ratios of CPU time.

``python perf/metrics.py`` takes IJB-C at its exact size (about 6 GiB and some minutes);
``--quick`` takes a twentieth of it in seconds. Results are compared as well as timed: the script
fails when one differs. Single ratios on a busy machine mean little; the targets are printed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ijb_scene import IJBC, TWENTIETH, Scene, make_scene
from numpy.typing import NDArray
from plain_metrics import (
    FARS,
    FPIRS,
    RANKS,
    plain_folds,
    plain_pair_file,
    plain_pairs,
    plain_pooling,
    plain_search,
    plain_tar,
)
from sklearn.metrics import roc_curve

from harness.metrics import (
    POOLING_VARIANTS,
    PoolingVariant,
    SearchResult,
    contiguous_folds,
    kfold_accuracy,
    pair_scores,
    pool_templates,
    rank_rates,
    search_gallery,
    search_scores,
    sort_labelled_scores,
    tar_at_far,
    template_layout,
    tpir_at_fpir,
)
from harness.metrics.uncertainty import SubjectPairs, bootstrap_tar, draw_subject_weights
from harness.protocols.base import Embeddings
from harness.protocols.template_lists import PairSplit
from harness.protocols.template_sets import TemplateRules, TemplateSet
from harness.protocols.templates import TemplateVerification
from harness_plugins.benchmarks.ijbc import insightface

VARIANT = PoolingVariant(keep_norm=True, detector=True, flip=True)

Array = NDArray[Any]


def timed(function: Callable[[], Any], repeats: int = 1) -> tuple[Any, float]:
    """Result and the least CPU seconds (all threads) of some runs."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        result = function()
        best = min(best, time.process_time() - start)
    return result, best


def extra_memory(function: Callable[[], Any]) -> float:
    """Peak MiB that a call allocates beyond what was there."""
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def extra_resident(function: Callable[[], Any]) -> float:
    """Peak MiB of memory, all kinds, that a call takes beyond what was there; NaN off Linux."""
    clear, status = Path("/proc/self/clear_refs"), Path("/proc/self/status")
    if not clear.exists():
        return float("nan")

    def resident(name: str) -> int:
        (line,) = (line for line in status.read_text().splitlines() if line.startswith(name))
        return int(line.split()[1])

    clear.write_text("5")  # the peak starts again
    before = resident("VmRSS")
    function()
    return (resident("VmHWM") - before) / 2**10


@dataclass
class Table:
    """Prints one row per stage and remembers whether all results agreed."""

    full: bool
    agreed: bool = True

    def row(
        self, name: str, plain: float, ours: float, target: float, note: str, *, agrees: bool
    ) -> None:
        """One stage: CPU seconds of both sides, the target ratio and what was compared."""
        self.agreed &= agrees
        ratio = plain / ours
        # The published loops over templates are quadratic: targets hold at the full size.
        missed = self.full and ratio < target
        print(
            f"{name:28} {plain:9.3f} s {ours:9.4f} s {ratio:8.1f}x  "
            f"{'missed' if missed else 'target'} {target:g}x  "
            f"{'equal' if agrees else 'DIFFERENT'}  {note}",
            flush=True,
        )


def bench_folds(table: Table, rng: np.random.Generator) -> None:
    genuine = np.tile(np.repeat([True, False], 300), 10)
    distances = np.clip(rng.normal(np.where(genuine, 1.2, 1.8), 0.25), 0, 4)
    folds = contiguous_folds(6000)
    plain, slow = timed(lambda: plain_folds(distances, genuine, folds))
    ours, fast = timed(lambda: kfold_accuracy(distances, genuine, folds), 5)
    agrees = bool((plain == ours.accuracies).all())
    table.row("10 folds of 600 pairs", slow, fast, 10, "bit-identical", agrees=agrees)


def bench_verification(table: Table, scene: Scene) -> Array:
    """Features to TAR, to the table and to 1:N rates, stage by stage; returns the scores."""
    layout = template_layout(scene.template, scene.media)
    needs = {"mirrored": scene.mirrored, "detector": scene.detector}

    def pool() -> Array:
        return pool_templates(scene.features, layout, [VARIANT], **needs)[VARIANT]

    reference, slow_pool = timed(lambda: plain_pooling(scene))
    templates, fast_pool = timed(pool, 3)
    difference = float(np.abs(reference - templates).max())
    note, agrees = f"difference {difference:.0e}", difference < 1e-6
    table.row("template pooling, 1 cell", slow_pool, fast_pool, 30, note, agrees=agrees)
    _, fast_all = timed(lambda: pool_templates(scene.features, layout, **needs))
    slow_all = len(POOLING_VARIANTS) * slow_pool
    table.row("template pooling, 8 cells", slow_all, fast_all, 30, "8 x plain cell", agrees=True)
    published, scores, slow_pairs, fast_pairs = bench_pairs(table, scene, reference, templates)
    slow_tar, fast_tar = bench_tar(table, scene, published, scores)
    memory = extra_memory(lambda: verify(scene, pool))
    slow, fast = slow_pool + slow_pairs + slow_tar, fast_pool + fast_pairs + fast_tar
    note = f"extra memory {memory:.0f} MiB"
    table.row("features to TAR", slow, fast, 15, note, agrees=memory < 500)
    bench_table(table, scene, len(POOLING_VARIANTS) * slow)
    bench_search(table, scene, reference, templates, (slow_pool, fast_pool))
    return scores


def bench_table(table: Table, scene: Scene, slow: float) -> None:
    """All eight cells from embeddings to the rows of the table, intervals and ROC included."""
    n = scene.size.images
    entries = (np.arange(n), scene.template, scene.media, scene.subject[scene.template])
    templates = TemplateSet(*(values.astype(np.int32) for values in entries))
    comparison = TemplateVerification(
        name="ijbc-1:1",
        splits=[PairSplit(templates, scene.left, scene.right, scene.genuine)],
        rules=TemplateRules(scene.detector),
        image_names=(),
        fars=measurable(scene),
    )
    embeddings = Embeddings(scene.features, scene.mirrored, np.ones(n, np.bool_), ())

    def whole() -> int:
        return len(comparison.evaluate(comparison.score(embeddings), 0).metrics)

    count, fast = timed(whole)
    memory, resident = extra_memory(whole), extra_resident(whole)
    note = f"{count} numbers, extra memory {memory:.0f} MiB, {resident:.0f} MiB resident"
    agrees = memory < 500 and not resident > 500
    table.row("embeddings to 8 rows", slow, fast, 15, note, agrees=agrees)


def verify(scene: Scene, pool: Callable[[], Array]) -> None:
    scores = pair_scores(pool(), scene.left, scene.right)
    tar_at_far(sort_labelled_scores(scores, scene.genuine), measurable(scene))


def measurable(scene: Scene) -> list[float]:
    return [far for far in FARS if far * (scene.size.pairs - scene.size.genuine) >= 1]


def bench_pairs(
    table: Table, scene: Scene, published: Array, templates: Array
) -> tuple[Array, Array, float, float]:
    """Published scores, ours, and the CPU seconds of both."""
    reference, slow = timed(lambda: plain_pairs(published, scene.left, scene.right))
    scores, fast = timed(lambda: pair_scores(templates, scene.left, scene.right), 3)
    n = scene.size.subjects

    def gemm() -> None:
        for first in range(0, n, 256):
            np.matmul(templates[first : min(first + 256, n)], templates[n:].T)

    _, floor = timed(gemm, 3)
    difference = float(np.abs(reference - scores).max())
    note = f"difference {difference:.0e}, {fast / floor:.2f}x the gemm floor"
    table.row("pair scores", slow, fast, 30, note, agrees=difference <= 2e-6)
    return reference, scores, slow, fast


def bench_tar(table: Table, scene: Scene, published: Array, scores: Array) -> tuple[float, float]:
    """TAR of our scores by our rule against that of the published scores by the published rule."""
    genuine, fars = scene.genuine, measurable(scene)
    reference, slow = timed(lambda: plain_tar(published, genuine))
    points, fast = timed(lambda: tar_at_far(sort_labelled_scores(scores, genuine), fars), 3)
    agrees = [point.tar for point in points] == reference[-len(fars) :]
    note = " ".join(f"{point.tar:.4f}" for point in points)
    table.row("TAR at six FARs", slow, fast, 5, note, agrees=agrees)
    return slow, fast


def bench_bootstrap(table: Table, scene: Scene, scores: Array) -> None:
    """Replicates at all measurable FARs against one full ROC curve of the same pairs."""
    subjects = scene.subject.astype(np.int32)
    pairs = SubjectPairs(subjects[scene.left], subjects[scene.right], scene.size.subjects)
    genuine, fars = pairs.genuine, measurable(scene)

    def replicates() -> Array:
        weights = draw_subject_weights(scene.size.subjects, 1000, np.random.default_rng(0))
        return bootstrap_tar(scores, pairs, fars, weights)

    _, roc = timed(lambda: roc_curve(genuine, scores), 2)
    tar, seconds = timed(replicates, 2)
    note = "B = 1000, std " + " ".join(f"{std:.4f}" for std in tar.std(axis=1))
    agrees = bool(np.isfinite(tar).all())
    table.row("bootstrap, against one ROC", roc, seconds, 1, note, agrees=agrees)


def bench_search(
    table: Table, scene: Scene, published: Array, templates: Array, pooling: tuple[float, float]
) -> None:
    """All probes in either of two galleries: reduced alone, with the products, with the pooling."""
    n = scene.size.subjects
    held = np.array_split(np.arange(n), 2)  # as the 3,531 of IJB-C are 1,772 and 1,759
    subjects = scene.subject[n:]

    def plain(similarities: list[Array]) -> list[Any]:
        pairs = zip(similarities, held, strict=True)
        return [plain_search(scores, subjects, scene.subject[rows]) for scores, rows in pairs]

    def plain_products() -> list[Array]:
        return [np.dot(published[n:], published[rows].T) for rows in held]

    def ours() -> list[SearchResult]:
        return [
            search_gallery(templates[n:], subjects, templates[rows], scene.subject[rows])
            for rows in held
        ]

    similarities, plain_gemm = timed(plain_products)
    reference, slow = timed(lambda: plain(similarities))
    narrow = [scores.astype(np.float32) for scores in similarities]
    found, fast = timed(
        lambda: [
            search_scores(scores, subjects, scene.subject[rows])
            for scores, rows in zip(narrow, held, strict=True)
        ],
        3,
    )
    agrees = [rates_of(result) for result in found] == reference
    note = f"{n:,} x {len(subjects):,}, rank-1 {reference[0][0][0]:.4f} {reference[1][0][0]:.4f}"
    table.row("1:N, given the scores", slow, fast, 8, note, agrees=agrees)
    found, fast = timed(ours, 3)
    _, gemm = timed(lambda: [templates[n:] @ templates[rows].T for rows in held], 3)
    agrees = [rates_of(result) for result in found] == reference
    note = f"products {plain_gemm:.2f} s in float64, {gemm:.2f} s in float32"
    table.row("1:N, with the products", slow + plain_gemm, fast, 4, note, agrees=agrees)
    slow_pool, fast_pool = pooling
    slow, fast = slow_pool + plain_gemm + slow, fast_pool + fast
    table.row("1:N, features to rates", slow, fast, 8, "equal to all digits", agrees=agrees)


def rates_of(found: SearchResult) -> tuple[list[float], list[float]]:
    return (
        [rate.value for rate in rank_rates(found, RANKS)],
        [getattr(rate, "value", np.nan) for rate in tpir_at_fpir(found, FPIRS)],
    )


class Kept:
    """The part of a run's context that keeps what was read of a list."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "kept"

    def artifact(self, _kind: str, _parts: Any, build: Callable[[Path], None]) -> Path:
        """The folder, built the first time."""
        if not self._folder.exists():
            self._folder.mkdir()
            build(self._folder)
        return self._folder


def bench_pair_file(table: Table, scene: Scene) -> None:
    """The pair list as text, read by the published rule, and ours when it was read before."""
    import pyarrow as pa
    from pyarrow import csv

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ijbc_template_pair_label.txt"
        columns = [scene.left, scene.right, scene.genuine.astype(np.int8)]
        csv.write_csv(
            pa.table(columns, names=list("abc")),
            path,
            csv.WriteOptions(include_header=False, delimiter=" "),
        )
        context: Any = Kept(Path(folder))
        _, first = timed(lambda: insightface._pairs(path, context))
        (pairs, genuine), fast = timed(lambda: insightface._pairs(path, context), 3)
        (left, right, label), slow = timed(lambda: plain_pair_file(path))
        same = zip((left, right, label), (*pairs, genuine), strict=True)
        agrees = all(bool((one == other).all()) for one, other in same)
        note = f"{path.stat().st_size / 1e6:.0f} MB; the first read takes {first:.2f} s"
        table.row("pair file, from the cache", slow, fast, 10, note, agrees=agrees)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of IJB-C")
    quick = parser.parse_args().quick
    size = TWENTIETH if quick else IJBC
    table, rng = Table(full=not quick), np.random.default_rng(0)
    print(f"{size}; CPU seconds of the published rule and of ours, ratio, target ratio")
    bench_folds(table, rng)
    scene = make_scene(size, rng)
    bench_pair_file(table, scene)
    scores = bench_verification(table, scene)
    bench_bootstrap(table, scene, scores)
    return 0 if table.agreed else 1


if __name__ == "__main__":
    sys.exit(main())
