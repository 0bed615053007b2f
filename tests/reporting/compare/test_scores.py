"""Paired tests on stored scores against replicates written out in loops."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binomtest

from harness.errors import DataError
from harness.metrics import draw_subject_weights, kfold_accuracy
from harness.reporting.compare.scores import Stored, paired_test, read_stored
from harness.results.columns import write_columns
from harness.seeds import stream

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
    monkeypatch.setattr("harness.reporting.compare.scores.REPLICATES", 40)
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


def pair_scores(noise, *, folds=4, seed=0):
    """Distances of 96 pairs of 48 people, two thirds genuine, in folds that share nobody."""
    rng = np.random.default_rng(seed)
    first = np.repeat(np.arange(48), 2)
    genuine = np.arange(96) % 3 > 0
    second = np.where(genuine, first, first // 8 * 8 + (first + 1) % 8)
    distance = np.where(genuine, 0.5, 1.5) + noise * rng.normal(size=96)
    return {"distance": distance, "genuine": genuine, "fold": first // 8 % folds,
            "first_subject": first, "second_subject": second}  # fmt: skip


def of_pairs(columns, value=0.5, *, centre=False):
    return Stored(value, {}, {"id": "made/exact@1", "centre": centre}, columns)


def exact_p(right_a, right_b):
    won, lost = int((right_b & ~right_a).sum()), int((right_a & ~right_b).sum())
    assert won + lost > 5
    return binomtest(won, won + lost).pvalue


def kept(right, genuine, weights):
    """Weighted accuracy in which genuine and impostor pairs keep their shares."""
    kinds = (genuine, ~genuine)
    return sum(k.mean() * np.average(right[k], weights=weights[k]) for k in kinds)


def test_of_centred_pairs_each_fold_has_distances_of_its_own():
    known, right = [], []
    for noise in (0.4, 1.2):
        columns = pair_scores(noise, seed=3)
        called = np.zeros(96, bool)
        for fold in range(4):
            moved = pair_scores(noise, seed=4 + fold)["distance"]
            mine = columns["fold"] == fold
            called[mine] = kfold_accuracy(moved, columns["genuine"], columns["fold"], "exact"
                                          ).correct[mine]  # fmt: skip
            columns[f"distance_{fold}"] = moved
        known.append(of_pairs(columns, called.mean(), centre=True))
        right.append(called)
    found = paired_test(*known, 0)
    assert (found.test, found.p_value) == ("McNemar, exact", pytest.approx(exact_p(*right)))
    assert found.low < found.effect < found.high < 0


def test_groups_of_pairs_have_thresholds_and_people_of_their_own(monkeypatch):
    monkeypatch.setattr("harness.reporting.compare.scores.REPLICATES", 40)
    known, right = [], []
    for noise in (0.4, 1.2):
        groups = [pair_scores(noise * factor, seed=k) for k, factor in enumerate((0.5, 1, 1.5))]
        right.append(
            [
                kfold_accuracy(g["distance"], g["genuine"], g["fold"], "exact").correct
                for g in groups
            ]
        )
        columns = {key: np.concatenate([g[key] for g in groups]) for key in groups[0]}
        columns["fold_in_group"] = columns.pop("fold")
        columns["group"] = np.repeat(np.arange(3), 96)
        known.append(of_pairs(columns, np.mean(right[-1])))
    found = paired_test(*known, 2)
    assert found.p_value == pytest.approx(exact_p(*map(np.concatenate, right)))
    rng, means = stream(2, "compare"), []
    subject, genuine = groups[0]["first_subject"], groups[0]["genuine"]
    other = groups[0]["second_subject"]
    for a, b in zip(*right, strict=True):
        weights = draw_subject_weights(48, 40, rng).astype(float)
        pair = np.where(genuine[:, None], weights[subject], weights[subject] * weights[other])
        means.append([kept(b, genuine, w) - kept(a, genuine, w) for w in pair.T])
    ends = np.quantile(np.mean(means, axis=0), (0.025, 0.975))
    assert (found.low, found.high) == pytest.approx(ends)


def test_areas_of_one_fold_by_the_paired_bootstrap_over_subjects(monkeypatch):
    monkeypatch.setattr("harness.reporting.compare.scores.REPLICATES", 40)
    columns, noisy = (pair_scores(noise, folds=1, seed=6) for noise in (0.4, 0.9))
    noisy["distance"][5] = np.inf  # of a face that was not found

    def area(columns, weights):
        genuine, distance = columns["genuine"], columns["distance"]
        won = total = 0.0
        for i in np.flatnonzero(genuine):
            for j in np.flatnonzero(~genuine):
                nearer = (distance[i] < distance[j]) + 0.5 * (distance[i] == distance[j])
                won += weights[i] * weights[j] * nearer
                total += weights[i] * weights[j]
        return won / total

    values = [area(one, np.ones(96)) for one in (columns, noisy)]
    found = paired_test(of_pairs(columns, values[0]), of_pairs(noisy, values[1]), 5)
    weights = draw_subject_weights(48, 40, stream(5, "compare")).astype(float)
    first, second = columns["first_subject"], columns["second_subject"]
    differences = []
    for w in weights.T:
        pair = np.where(columns["genuine"], w[first], w[first] * w[second])
        differences.append(area(noisy, pair) - area(columns, pair))
    assert found.effect == pytest.approx(values[1] - values[0])
    assert (found.low, found.high) == pytest.approx(np.quantile(differences, (0.025, 0.975)))
    above = np.count_nonzero(np.array(differences) >= 0)
    assert found.p_value == pytest.approx(min(1, 2 * (1 + above) / 41))
    assert found.test == "paired bootstrap over subjects"
    nobody = {k: v for k, v in columns.items() if not k.endswith("subject")}
    assert paired_test(of_pairs(nobody), of_pairs(nobody), 0) is None


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
    monkeypatch.setattr("harness.reporting.compare.scores.REPLICATES", 80)
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
        files={},
        metrics=[metric],
        raw=raw or {"scores": "scores.arrow"},
        protocol={"id": f"ijb/{CELL}@1"},
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
