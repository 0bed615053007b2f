"""Paired tests on stored scores against replicates written out in loops."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binomtest

from harness.errors import DataError
from harness.metrics import draw_subject_weights
from harness.reporting.compare_scores import Stored, paired_test, read_stored
from harness.seeds import stream
from harness.study.tables import write_columns

FAR = 0.1
CELL = "raw-norm+no-detector+no-flip"


def template_scores(noise, *, splits=1, seed=0):
    """Scores of all pairs of 24 templates of 12 subjects, in one or several splits."""
    rng = np.random.default_rng(seed)
    a, b = np.triu_indices(24, 1)
    ids = 7 * np.arange(24) + 3
    subject = np.arange(24) // 2
    parts = []
    for _ in range(splits):
        genuine = subject[a] == subject[b]
        score = np.where(genuine, 1.5, 0) + noise * rng.normal(size=a.size)
        parts.append((ids[a], ids[b], genuine, score.astype(np.float32)))
    first, second, genuine, score = (np.concatenate(column) for column in zip(*parts, strict=True))
    columns = {"first": first, "second": second, "genuine": genuine, f"score:{CELL}": score}
    if splits > 1:
        columns["split"] = np.repeat(np.arange(splits, dtype=np.int8), a.size)
    table = [np.stack([np.full(24, k), ids, subject], axis=1) for k in range(splits)]
    return columns, np.concatenate(table).astype(np.int32)


def plain_tar(score, genuine, weight):
    """Weighted TAR at the lowest threshold with weighted FAR at most the target, by trying all."""
    best = 0.0
    for threshold in np.unique(score):
        accepted = score >= threshold
        far = weight[accepted & ~genuine].sum() / weight[~genuine].sum()
        if far <= FAR:
            best = max(best, weight[accepted & genuine].sum() / weight[genuine].sum())
    return best


def stored(columns, table):
    value = mean_tar(columns, np.ones(columns["genuine"].size))
    protocol = {"id": f"ijb/{CELL}@1", "far_rule": "at-most"}
    return Stored(value, {"far": FAR}, protocol, columns, table)


def mean_tar(columns, weight):
    score, genuine = columns[f"score:{CELL}"], columns["genuine"]
    split = columns.get("split", np.zeros(score.size))
    rates = []
    for number in np.unique(split):
        own = split == number
        rates.append(plain_tar(score[own], genuine[own], weight[own]))
    return float(np.mean(rates))


@pytest.mark.parametrize("splits", [1, 2])
def test_tar_by_the_paired_bootstrap_over_subjects(splits, monkeypatch):
    monkeypatch.setattr("harness.reporting.compare_scores.REPLICATES", 40)
    columns, table = template_scores(0.6, splits=splits)
    noisy, _ = template_scores(1.6, splits=splits, seed=5)
    a, b = stored(columns, table), stored(noisy, table)
    found = paired_test(a, b, seed=3)
    weights = draw_subject_weights(12, 40, stream(3, "compare")).astype(float)
    left, right = ((columns[side] - 3) // 14 for side in ("first", "second"))
    genuine = columns["genuine"]
    differences = []
    for w in weights.T:
        pair = np.where(genuine, w[left], w[left] * w[right])
        differences.append(mean_tar(noisy, pair) - mean_tar(columns, pair))
    assert found.effect == pytest.approx(b.value - a.value)
    assert (found.low, found.high) == pytest.approx(np.quantile(differences, (0.025, 0.975)))
    above = np.count_nonzero(np.array(differences) >= 0)
    assert found.p_value == pytest.approx(min(1, 2 * (1 + above) / 41))
    assert found.test == "paired bootstrap over subjects"


def test_a_weaker_model_is_found_and_a_model_equals_itself():
    columns, table = template_scores(0.5)
    weak = stored(template_scores(2.0, seed=1)[0], table)
    strong = stored(columns, table)
    worse = paired_test(strong, weak, 0, margin=0.05)
    assert worse.p_value < 0.01
    assert worse.high < 0
    assert worse.p_not_worse > 0.9
    same = paired_test(strong, strong, 0, margin=0.05)
    assert (same.effect, same.p_value) == (0, 1)
    assert same.p_equal < 0.01
    better = paired_test(weak, strong, 0, margin=0.05)
    assert better.effect == -worse.effect
    assert better.p_not_worse < 0.01
    assert better.p_equal > 0.9


def test_without_subjects_the_genuine_pairs_are_tested_by_mcnemar():
    a, b = (
        stored(template_scores(noise, seed=seed)[0], None) for noise, seed in ((0.5, 0), (2, 1))
    )
    found = paired_test(a, b, 0)
    calls = []
    for one in (a, b):
        score, genuine = one.columns[f"score:{CELL}"], one.columns["genuine"]
        fits = [t for t in score if (score[~genuine] >= t).mean() <= FAR]
        calls.append(score[genuine] >= min(fits))
    lost, won = (calls[0] & ~calls[1]).sum(), (calls[1] & ~calls[0]).sum()
    assert lost + won > 5
    assert found.p_value == pytest.approx(binomtest(int(won), int(lost + won)).pvalue)
    assert (found.low, found.high) == (None, None)


def searches(share, seed=0):
    rng = np.random.default_rng(seed)
    subject = np.tile(np.arange(30), 8)
    gallery = np.repeat([0, 1], 120)
    mated = subject % 2 == gallery
    rank = np.where(mated, np.where(rng.random(240) < share, 1, 9), 0)
    columns = {"split": np.zeros(240, np.int8), "gallery": gallery, "subject": subject,
               "mated": mated, f"rank:{CELL}": rank}  # fmt: skip
    value = np.mean([(rank[mated & (gallery == g)] <= 1).mean() for g in (0, 1)])
    return Stored(float(value), {"rank": 1.0}, {"id": f"tiny/{CELL}@1"}, columns)


def test_rank_rates_by_the_paired_bootstrap_over_subjects(monkeypatch):
    monkeypatch.setattr("harness.reporting.compare_scores.REPLICATES", 80)
    a, b = searches(0.9), searches(0.5, seed=2)
    found = paired_test(a, b, 1)
    weights = draw_subject_weights(30, 80, stream(1, "compare")).astype(float)
    differences = []
    for w in weights.T:
        rates = []
        for one in (a, b):
            c, each = one.columns, []
            for g in (0, 1):
                rows = np.flatnonzero(c["mated"] & (c["gallery"] == g))
                drawn = np.repeat(rows, w[c["subject"][rows]].astype(int))
                each.append((c[f"rank:{CELL}"][drawn] <= 1).mean())
            rates.append(np.mean(each))
        differences.append(rates[1] - rates[0])
    assert (found.low, found.high) == pytest.approx(np.quantile(differences, (0.025, 0.975)))
    assert found.p_value == pytest.approx(2 / 81)


def test_scores_of_another_form_are_not_compared():
    columns, table = template_scores(1.0)
    assert paired_test(stored(columns, table), searches(0.9), 0) is None
    odd = Stored(0.5, {}, {"id": "own/median@1"}, {"distance": np.zeros(3)})
    assert paired_test(odd, odd, 0) is None


def cell_of(folder, columns, *, value=0.5, raw=None):
    write_columns(folder / "scores.arrow", columns)
    metric = SimpleNamespace(headline=True, value=value, at={"far": FAR})
    result = SimpleNamespace(
        metrics=[metric], raw=raw or {"scores": "scores.arrow"}, protocol={"id": f"ijb/{CELL}@1"}
    )

    def file(name):
        return folder / name if name else None

    return SimpleNamespace(folder=folder, result=result, file=file)


def test_of_the_stored_cells_only_the_headline_is_read(tmp_path):
    columns, table = template_scores(1.0)
    np.save(tmp_path / "template_subjects.npy", table)
    more = columns | {"score:unit-norm+no-detector+no-flip": columns[f"score:{CELL}"]}
    raw = {"scores": "scores.arrow", "template_subjects": "template_subjects.npy"}
    found = read_stored(cell_of(tmp_path, more, raw=raw))
    assert found.columns.keys() == columns.keys()
    for name, values in columns.items():
        np.testing.assert_array_equal(found.columns[name], values)
    np.testing.assert_array_equal(found.subjects, table)
    assert read_stored(cell_of(tmp_path, columns, value=None)) is None
    with pytest.raises(DataError, match="are gone"):
        read_stored(cell_of(tmp_path, columns, raw={"scores": "absent.arrow"}))
