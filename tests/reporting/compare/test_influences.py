"""What stored scores say, against sums in loops over the same comparisons."""

from __future__ import annotations

import numpy as np
import pytest

from harness.metrics import kfold_accuracy
from harness.reporting.compare.influences import influences_of, spread
from harness.reporting.compare.paired import paired_test
from harness.reporting.compare.scores import Stored

FAR = 0.1
CELL = "raw-norm+no-detector+no-flip"


def compared(a, b, margin=None):
    return paired_test([influences_of(a)], [influences_of(b)], margin)


def shared(people, u):
    """Sum of products of influences over all two rows with a common person."""
    sets = [set(map(int, row)) for row in people]
    return sum(u[i] * u[j] for i in range(len(u)) for j in range(len(u)) if sets[i] & sets[j])


def variance(found):
    return spread(found).of([-1, 1])[0]


# -- templates -------------------------------------------------------------------------------------


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


def mean_tar(columns, weight):
    score, genuine = columns[f"score:{CELL}"], columns["genuine"]
    split = columns.get("split", np.zeros(score.size))
    rates = []
    for number in np.unique(split):
        own = split == number
        rates.append(plain_tar(score[own], genuine[own], weight[own]))
    return float(np.mean(rates))


def stored(columns, table):
    value = mean_tar(columns, np.ones(columns["genuine"].size))
    protocol = {"id": f"ijb/{CELL}@1", "far_rule": "at-most"}
    return Stored(value, {"far": FAR}, protocol, columns, table)


def tar_influence(columns, own):
    """By definition: acceptance of genuine pairs, and what a moved threshold costs."""
    score, genuine = columns[f"score:{CELL}"][own], columns["genuine"][own]
    impostor = np.sort(score[~genuine])[::-1]
    allowed = int(FAR * impostor.size)
    threshold = impostor[allowed]  # above it are as many as the FAR allows
    low, high = int(FAR * impostor.size / 1.5), round(1.5 * FAR * impostor.size)
    tar = [(score[genuine] >= impostor[count - 1]).mean() for count in (low, high)]
    slope = (tar[1] - tar[0]) / ((high - low) / impostor.size)
    u = (score > threshold).astype(float)
    u[genuine] = (u[genuine] - u[genuine].mean()) / genuine.sum()
    u[~genuine] = -slope * (u[~genuine] - u[~genuine].mean()) / impostor.size
    return u


@pytest.mark.parametrize("splits", [1, 2])
def test_tar_has_a_threshold_that_impostors_move(splits):
    columns, table = template_scores(0.6, splits=splits)
    noisy, _ = template_scores(1.6, splits=splits, seed=5)
    split = columns.get("split", np.zeros(columns["genuine"].size))
    change = 0.0
    for one, sign in ((columns, -1), (noisy, 1)):
        parts = [tar_influence(one, split == k) for k in range(splits)]
        change = change + sign * np.concatenate(parts) / splits
    people = np.stack([(columns[side] - 3) // 14 for side in ("first", "second")], axis=1)
    found = [influences_of(stored(c, table)) for c in (columns, noisy)]
    assert variance(found) == pytest.approx(shared(people, change), rel=1e-6)
    nobody = [influences_of(stored(c, None)) for c in (columns, noisy)]
    assert variance(nobody) == pytest.approx(np.square(change).sum(), rel=1e-6)
    assert compared(stored(columns, None), stored(noisy, None)).test == "paired t test over pairs"


# -- pairs -----------------------------------------------------------------------------------------


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


def by_kind(right, genuine):
    """What each call adds to the accuracy, where the shares of both kinds are fixed."""
    u = right.astype(float)
    for kind in (genuine, ~genuine):
        u[kind] -= u[kind].mean()
    return u / len(u)


def people_of(columns):
    return np.stack([columns["first_subject"], columns["second_subject"]], axis=1)


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
        right.append(by_kind(called, columns["genuine"]))
    found = compared(*known)
    expected = shared(people_of(known[0].columns), right[1] - right[0])
    assert variance([influences_of(one) for one in known]) == pytest.approx(expected)
    assert found.test == "paired t test over people"
    assert found.low < found.effect < found.high < 0


def test_groups_of_pairs_have_thresholds_and_people_of_their_own():
    known, change = [], 0.0
    for noise, sign in ((0.4, -1), (1.2, 1)):
        groups = [pair_scores(noise * factor, seed=k) for k, factor in enumerate((0.5, 1, 1.5))]
        right = [kfold_accuracy(g["distance"], g["genuine"], g["fold"], "exact").correct
                 for g in groups]  # fmt: skip
        change = change + sign * np.concatenate(
            [by_kind(r, g["genuine"]) / 3 for r, g in zip(right, groups, strict=True)]
        )
        columns = {key: np.concatenate([g[key] for g in groups]) for key in groups[0]}
        columns["fold_in_group"] = columns.pop("fold")
        columns["group"] = np.repeat(np.arange(3), 96)
        known.append(of_pairs(columns, np.mean(right)))
    people = people_of(columns) + 1000 * columns["group"][:, None]
    found = variance([influences_of(one) for one in known])
    assert found == pytest.approx(shared(people, change))


def area(columns):
    genuine, distance = columns["genuine"], columns["distance"]
    won = [[(g < i) + 0.5 * (g == i) for i in distance[~genuine]] for g in distance[genuine]]
    return np.array(won)


def test_areas_of_one_fold_by_placements():
    columns, noisy = (pair_scores(noise, folds=1, seed=6) for noise in (0.4, 0.9))
    noisy["distance"][5] = np.inf  # of a face that was not found
    tables = [area(one) for one in (columns, noisy)]
    known = [of_pairs(c, t.mean()) for c, t in zip((columns, noisy), tables, strict=True)]
    change, genuine = np.zeros(96), columns["genuine"]
    for table, sign in zip(tables, (-1, 1), strict=True):
        change[genuine] += sign * (table.mean(1) - table.mean()) / genuine.sum()
        change[~genuine] += sign * (table.mean(0) - table.mean()) / (~genuine).sum()
    found = [influences_of(one) for one in known]
    assert variance(found) == pytest.approx(shared(people_of(columns), change))
    # Without people the pairs are independent: the variance of DeLong et al. (1988), all but n - 1.
    nobody = [of_pairs({k: v for k, v in one.columns.items() if "subject" not in k}, one.value)
              for one in known]  # fmt: skip
    assert variance([influences_of(one) for one in nobody]) == pytest.approx(
        np.square(change).sum()
    )


# -- searches --------------------------------------------------------------------------------------


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


def test_rank_rates_by_the_people_searched():
    a, b = searches(0.9), searches(0.5, seed=2)
    people = np.zeros(30)
    for one, sign in ((a, -1), (b, 1)):
        for gallery in (0, 1):
            mine = one.columns["mated"] & (one.columns["gallery"] == gallery)
            hit = (one.columns[f"rank:{CELL}"][mine] <= 1).astype(float)
            share = sign * (hit - hit.mean()) / hit.size / 2
            np.add.at(people, one.columns["subject"][mine], share)
    found = variance([influences_of(one) for one in (a, b)])
    assert found == pytest.approx(np.square(people).sum())
    assert compared(a, b).p_value < 1e-5


# -- together --------------------------------------------------------------------------------------


def test_a_weaker_model_is_found_and_a_model_equals_itself():
    columns, table = template_scores(0.5)
    weak = stored(template_scores(2.0, seed=1)[0], table)
    strong = stored(columns, table)
    worse = compared(strong, weak, margin=0.05)
    assert worse.p_value < 0.02
    assert worse.high < 0
    assert worse.p_not_worse > 0.9
    same = compared(strong, strong, margin=0.5)
    assert (same.effect, same.p_value) == (0, 1)
    assert same.p_equal < 0.01
    better = compared(weak, strong, margin=0.05)
    assert better.effect == -worse.effect
    assert better.p_not_worse < 0.01
    assert better.p_equal > 0.9


def test_seeds_of_two_methods_are_pooled():
    """Equal seeds of both: no difference, however much the seeds differ from each other."""
    seeds = [of_pairs(pair_scores(noise, seed=k), 0.9 - noise / 4)
             for k, noise in enumerate((0.3, 0.5, 0.8))]  # fmt: skip
    method = [influences_of(one) for one in seeds]
    same = paired_test(method, method)
    assert (same.effect, same.p_value) == (0, 1)
    assert same.test == "two-level t test over seeds and people"
    two = paired_test(method[:2], method[1:])
    assert "2 and 2 seeds leave" in two.wide
    assert "one more seed each" in two.wide
    assert two.low < two.effect < two.high
    assert paired_test(method[:1], method[:1]).wide == ""


def test_other_comparisons_are_not_tested():
    columns, table = template_scores(1.0)
    a, b = influences_of(stored(columns, table)), influences_of(searches(0.9))
    assert paired_test([a], [b]) is None
    moved = pair_scores(0.4) | {"genuine": np.arange(96) % 2 == 0}
    c, d = influences_of(of_pairs(pair_scores(0.4))), influences_of(of_pairs(moved))
    assert paired_test([c], [d]) is None


def test_scores_of_another_form_are_not_compared():
    odd = Stored(0.5, {}, {"id": "own/median@1"}, {"distance": np.zeros(3), "fold": np.arange(3)})
    assert influences_of(odd) is None
    assert influences_of(Stored(0.5, {}, {"id": "own/median@1"}, {"other": np.zeros(3)})) is None
