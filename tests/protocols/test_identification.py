"""1:N of templates against a search written out in loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.errors import DataError, UsageError
from harness.protocols.base import Embeddings
from harness.protocols.identification import TemplateIdentification
from harness.protocols.template_lists import SearchSplit
from harness.protocols.template_sets import TemplateRules, TemplateSet

PEOPLE, DIM = 16, 4


def scene(seed: int = 1):
    """Sixteen people with a gallery template and four probes of one image; G1, G2 of six each."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(PEOPLE, dtype=np.int32), 5)
    rows = np.arange(who.size, dtype=np.int32)
    templates = TemplateSet(rows, rows + 100, rows, who)
    plain = rng.normal(size=(PEOPLE, DIM))[who] + 0.7 * rng.normal(size=(who.size, DIM))
    found = Embeddings(plain.astype(np.float32), None, np.ones(who.size, bool), ["x"] * who.size)
    heads = 100 + 5 * np.arange(PEOPLE, dtype=np.int32)
    probes = np.setdiff1d(templates.template_ids, heads)
    return SearchSplit(templates, {"G1": heads[:6], "G2": heads[6:12]}, probes), found


def build(split, found, **options) -> TemplateIdentification:
    rules = TemplateRules(flip="none", fusion=options.pop("fusion", "pool"))
    splits = options.pop("splits", [split])
    return TemplateIdentification("t", splits, rules, found.names,
                                  **{"ranks": (1, 3), "fpirs": (0.05, 0.2), **options})  # fmt: skip


def oracle(split, found, gallery, ranks, fpirs):
    """(rank rates, TPIRs) of one gallery, probe by probe."""
    unit = {}
    for row, tid in zip(split.templates.rows, split.templates.template_ids, strict=True):
        f = found.plain[row].astype(np.float64)
        unit[int(tid)] = f / np.linalg.norm(f) if found.enrolled[row] else None
    owner = dict(zip(*(a.tolist() for a in split.templates.subject_table()), strict=True))

    def score(p, g):
        return -np.inf if unit[p] is None or unit[g] is None else unit[p] @ unit[g]

    placed, alarms = [], []
    for p in split.probes.tolist():
        mates = [score(p, g) for g in gallery if owner[g] == owner[p]]
        others = [score(p, g) for g in gallery if owner[g] != owner[p]]
        if mates:
            placed.append((1 + sum(o >= mates[0] for o in others), mates[0]))
        else:
            alarms.append(max(others))
    alarms.sort(reverse=True)
    rates = [np.mean([rank <= n for rank, _ in placed]) for n in ranks]
    cuts = [alarms[max(int(len(alarms) * x) - 1, 0)] for x in fpirs]
    return rates, [np.mean([r == 1 and s > cut for r, s in placed]) for cut in cuts]


@pytest.mark.parametrize("lost", [False, True])
def test_rates_are_those_of_the_loops(lost):
    split, found = scene()
    if lost:  # a probe and a gallery template without a face
        gone = np.isin(np.arange(len(found.plain)), [5, 11])
        found.plain[gone] = np.nan
        found = replace(found, enrolled=~gone)
    comparison = build(split, found)
    evaluation = comparison.evaluate(comparison.score(found), 0)
    rates, tpirs = zip(*(oracle(split, found, ids.tolist(), comparison.ranks, comparison.fpirs)
                         for ids in split.galleries.values()), strict=True)  # fmt: skip
    value = {(m.name, *sorted(m.at.items())): m.value for m in evaluation.metrics}
    for k, rank in enumerate(comparison.ranks):
        assert value["rank-rate", ("rank", rank)] == pytest.approx(np.mean([r[k] for r in rates]))
        for name, own in zip(split.galleries, rates, strict=True):
            assert value["rank-rate", ("gallery", name), ("rank", rank)] == pytest.approx(own[k])
    for k, fpir in enumerate(comparison.fpirs):
        assert value["tpir@fpir", ("fpir", fpir)] == pytest.approx(np.mean([t[k] for t in tpirs]))
    assert 0 < value["rank-rate", ("rank", 1)] < 1
    assert ("no face" in " ".join(evaluation.warnings)) == lost


def test_headline_interval_curve_and_counts():
    split, found = scene()
    comparison = build(split, found)
    evaluation = comparison.evaluate(comparison.score(found), 0)
    (headline,) = [m for m in evaluation.metrics if m.headline]
    assert headline.at == {"rank": 1.0}
    assert "over 12 subjects" in headline.interval.method
    assert headline.interval.low < headline.value < headline.interval.high
    (curve,) = evaluation.curves
    assert curve.axes["rate"][0] == pytest.approx(headline.value)
    assert curve.axes["rate"][-1] == 1.0
    protocol = comparison.protocol()
    assert (protocol["n_genuine"], protocol["n_impostor"]) == (48, 80)


def test_too_few_non_mated_probes_are_said_and_closed_sets_ask_nothing():
    split, found = scene()
    comparison = build(split, found, fpirs=(1e-3,))
    (metric,) = [m for m in comparison.evaluate(comparison.score(found), 0).metrics
                 if m.at == {"fpir": 1e-3}]  # fmt: skip
    assert metric.value is None
    assert "non-mated probes" in metric.note
    closed = build(split, found, fpirs=())
    names = {m.name for m in closed.evaluate(closed.score(found), 0).metrics}
    assert names == {"rank-rate"}


def test_softmax_of_single_images_is_pooling():
    split, found = scene()
    pooled, fused = build(split, found), build(split, found, fusion="softmax")
    one, two = pooled.score(found).columns, fused.score(found).columns
    for part in ("mate", "other"):
        np.testing.assert_allclose(two[f"{part}:softmax+no-flip"],
                                   one[f"{part}:{pooled.rules.headline}"], atol=2e-6)  # fmt: skip


def test_splits_are_averaged_and_a_limit_keeps_whole_searches():
    split, found = scene()
    small = split.first_subjects(2)
    owner = small.templates.subjects_of(small.probes)
    assert [ids.size for ids in small.galleries.values()] == [2, 2]
    assert np.unique(owner).tolist() == [0, 1, 6, 7, 12, 13]
    comparison = build(split, found, splits=[split, small])
    metrics = comparison.evaluate(comparison.score(found), 0).metrics
    at = {m.at.get("split"): m.value for m in metrics
          if m.at.get("rank") == 1 and m.name == "rank-rate" and "gallery" not in m.at}  # fmt: skip
    (std,) = [m for m in metrics if m.name == "rank-rate-std" and m.at["rank"] == 1]
    (mean,) = [m for m in metrics if m.headline]
    assert mean.value == pytest.approx((at[1.0] + at[2.0]) / 2)
    assert std.value == pytest.approx(abs(at[1.0] - at[2.0]) / 2)


def test_what_cannot_be_is_refused():
    split, found = scene()
    with pytest.raises(DataError, match="template 101 is given twice"):
        replace(split, probes=np.array([101, 101], np.int32))
    with pytest.raises(DataError, match="no probe has its subject in gallery G3"):
        replace(split, probes=split.probes[:4],
                galleries={"G3": split.galleries["G2"]})  # fmt: skip
    with pytest.raises(DataError, match="same galleries"):
        build(split, found, splits=[split, replace(split, galleries={"G1": split.probes[4:8]})])


def mean_of_insightface(split, found, n):
    """Hits in both galleries over all probes, counted probe by probe."""
    unit = found.plain / np.linalg.norm(found.plain, axis=1, keepdims=True)
    unit = dict(zip(split.templates.template_ids.tolist(), unit, strict=True))
    owner = dict(zip(*(a.tolist() for a in split.templates.subject_table()), strict=True))
    hits = 0
    for gallery in split.galleries.values():
        for probe in split.probes.tolist():
            best = sorted(gallery.tolist(), key=lambda g: -(unit[probe] @ unit[g]))[:n]
            hits += any(owner[g] == owner[probe] for g in best)
    return hits / split.probes.size


@pytest.mark.parametrize("seed", range(4))
def test_rank_rates_over_all_probes_are_insightfaces_mean(seed):
    split, found = scene(seed)  # a quarter of the people are in no gallery
    comparison = build(split, found, rank_average="probes")
    scores = comparison.score(found)
    metrics = comparison.evaluate(scores, 0).metrics
    plain = build(split, found).evaluate(scores, 0).metrics
    for n in comparison.ranks:
        at = {"rank": float(n)}
        (metric,) = [m for m in metrics if m.name == "rank-rate" and m.at == at]
        (other,) = [m for m in plain if m.name == "rank-rate" and m.at == at]
        assert metric.value == pytest.approx(mean_of_insightface(split, found, n), abs=1e-12)
        assert metric.value < other.value
        assert metric.interval.low <= metric.value <= metric.interval.high
        (cell,) = [m for m in metrics if m.name == "rank-rate"
                   and m.at == {**at, "pooling": comparison.rules.headline}]  # fmt: skip
        assert cell.value == metric.value
    rest = [[m for m in found if m.name != "rank-rate"] for found in (metrics, plain)]
    assert rest[0] == rest[1]
    assert "over all probes" in comparison.protocol()["over_galleries"]
    assert build(split, found).protocol()["over_galleries"] == "mean of galleries searched apart"


def test_a_tie_with_the_mate_is_no_hit_over_all_probes_either():
    split, found = scene()
    found.plain[:] = 1.0  # everybody ties with everybody
    comparison = build(split, found, rank_average="probes")
    first = comparison.evaluate(comparison.score(found), 0).metrics[0]
    assert (first.at, first.value) == ({"rank": 1.0}, 0.0)


def test_galleries_that_share_people_have_no_rate_over_all_probes():
    split, found = scene()
    both = {"G1": split.galleries["G1"], "G2": split.galleries["G1"][:2]}
    comparison = build(replace(split, galleries=both), found, rank_average="probes")
    with pytest.raises(UsageError, match="8 probes are mated in several"):
        comparison.evaluate(comparison.score(found), 0)


def test_a_zero_feature_leaves_the_raw_cells_of_a_search():
    split, found = scene()
    found.plain[7] = 0
    comparison = build(split, found)
    scores = comparison.score(found)
    raw, unit = "raw-norm+no-detector+no-flip", "unit-norm+no-detector+no-flip"
    assert f"mate:{raw}" in scores.columns
    assert f"mate:{unit}" not in scores.columns
    evaluation = comparison.evaluate(scores, 0)
    refused = [m for m in evaluation.metrics if m.at.get("pooling") == unit]
    assert len(refused) == 4
    assert all(m.value is None and "not computed: zero features: 1" in m.note for m in refused)
    assert "zero templates: 1, the first is 107; they score 0" in evaluation.warnings[0]
    # A zero probe ties with its whole gallery at score 0, so it is not found.
    row = np.flatnonzero((scores.columns["probe"] == 107) & scores.columns["mated"])
    assert scores.columns[f"rank:{raw}"][row[0]] == 6
