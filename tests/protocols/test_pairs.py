from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold

from harness.errors import DataError, UsageError
from harness.protocols.base import Embeddings
from harness.protocols.pair_metrics import ONE_FOLD
from harness.protocols.pairs import PairFolds

FOLDS, PER_FOLD = 10, 40


class Named:
    """Just enough of an image set."""

    template = None

    def __init__(self, subjects) -> None:
        self.names = [f"{i}.jpg" for i in range(len(subjects))]
        self.subjects = np.asarray(subjects)


@pytest.fixture
def images():
    return Named(np.repeat(np.arange(200), 2))


def pairs_of(images):
    rows = []
    for fold in range(FOLDS):
        people = np.arange(20) + 20 * fold
        rows += [(2 * p, 2 * p + 1, True, fold) for p in people]
        rows += [
            (2 * p, 2 * q + 1, False, fold) for p, q in zip(people, np.roll(people, 1), strict=True)
        ]
    return rows


def noisy(images, noise: float, seed: int = 0) -> Embeddings:
    rng = np.random.default_rng(seed)
    centre = rng.normal(size=(200, 16))[images.subjects]
    plain = (centre + noise * rng.normal(size=centre.shape)).astype(np.float32)
    mirror = (centre + noise * rng.normal(size=centre.shape)).astype(np.float32)
    return Embeddings(plain, mirror, np.ones(len(plain), bool), images.names)


def build(images, **options) -> PairFolds:
    return PairFolds.build(
        name="t",
        pairs=pairs_of(images),
        images=images,
        **{"flip": "none", "rule": "insightface", **options},
    )


def evaluate(comparison, embeddings):
    return comparison.evaluate(comparison.score(embeddings), 0)


def headline(evaluation):
    return next(m for m in evaluation.metrics if m.headline)


def plain_accuracy(features, comparison) -> float:
    """The published loop, written out."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    distance = ((unit[comparison.first] - unit[comparison.second]) ** 2).sum(1)
    thresholds = np.arange(0, 4, 0.01)
    right = []
    for train, test in KFold(FOLDS, shuffle=False).split(distance):
        scores = [((distance[train] < t) == comparison.genuine[train]).mean() for t in thresholds]
        best = thresholds[int(np.argmax(scores))]
        right.append(((distance[test] < best) == comparison.genuine[test]).mean())
    return float(np.mean(right))


@pytest.mark.parametrize("flip", ["none", "sum", "concat"])
def test_accuracy_equals_the_published_loop(images, flip):
    embeddings, comparison = noisy(images, 1.2), build(images, flip=flip)
    plain, mirror = embeddings.plain.astype(float), embeddings.mirror.astype(float)
    features = {"none": plain, "sum": plain + mirror, "concat": np.hstack([plain, mirror])}[flip]
    value = headline(evaluate(comparison, embeddings)).value
    assert value == plain_accuracy(features, comparison)
    assert 0.6 < value < 0.99


def test_perfect_embeddings_score_one_and_constant_ones_do_not_crash(images):
    assert headline(evaluate(build(images), noisy(images, 0.0))).value == 1.0
    constant = noisy(images, 0.0)
    constant.plain[:] = 1.0
    assert headline(evaluate(build(images), constant)).value == 0.5


def test_random_embeddings_score_chance_within_the_interval(images):
    metric = headline(evaluate(build(images), noisy(images, 1e6)))
    assert metric.interval.low < 0.5 < metric.interval.high


def test_the_interval_resamples_subjects(images):
    metric = headline(evaluate(build(images), noisy(images, 1.2)))
    assert metric.interval.method == "bootstrap over 200 subjects, 1000 replicates"
    assert metric.interval.low < metric.value < metric.interval.high


def test_the_interval_over_pairs_where_identities_are_unknown(images):
    images.subjects = None
    comparison = build(images)
    images.subjects = np.repeat(np.arange(200), 2)
    assert headline(evaluate(comparison, noisy(images, 1.2))).interval.method.startswith("Clopper")


def test_auc_against_sklearn(images):
    comparison = build(images)
    scores = comparison.score(noisy(images, 1.2))
    auc = next(m for m in comparison.evaluate(scores, 0).metrics if m.name == "auc")
    expected = roc_auc_score(comparison.genuine, -scores.columns["distance"])
    assert auc.value == pytest.approx(expected, abs=1e-12)


def test_centring_subtracts_the_training_mean(images):
    embeddings, comparison = noisy(images, 1.2), build(images, centre=True)
    scores = comparison.score(embeddings)
    unit = embeddings.plain / np.linalg.norm(embeddings.plain, axis=1, keepdims=True)
    fold = 3
    other = comparison.fold != fold
    mean = np.concatenate([unit[comparison.first[other]], unit[comparison.second[other]]]).mean(0)
    moved = unit - mean
    moved /= np.linalg.norm(moved, axis=1, keepdims=True)
    distance = ((moved[comparison.first] - moved[comparison.second]) ** 2).sum(1)
    assert scores.columns["distance_3"] == pytest.approx(distance, abs=1e-5)
    evaluation = comparison.evaluate(scores, 0)
    folds = [m.value for m in evaluation.metrics if "fold" in m.at]
    assert headline(evaluation).value == pytest.approx(np.mean(folds))


def test_an_unenrolled_face_is_never_accepted_and_said_so(images):
    embeddings = noisy(images, 0.0)
    embeddings.plain[0] = np.nan
    embeddings.enrolled[0] = False
    evaluation = evaluate(build(images), embeddings)
    # Face 0 is in one genuine pair (lost) and one impostor pair (still right).
    assert headline(evaluation).value == pytest.approx(1 - 1 / 400)
    assert "2 of 400 pairs hold a face that was not found" in evaluation.warnings[0]


def test_an_embedding_that_is_not_finite_names_the_image(images):
    embeddings = noisy(images, 0.0)
    embeddings.plain[7, 3] = np.inf
    with pytest.raises(DataError, match=r"the first is of 7\.jpg"):
        build(images).score(embeddings)


def test_flip_needs_mirrored_embeddings(images):
    embeddings = noisy(images, 0.0)
    alone = Embeddings(embeddings.plain, None, embeddings.enrolled, embeddings.names)
    with pytest.raises(UsageError, match="needs embeddings of the mirrored images"):
        build(images, flip="sum").score(alone)


def test_limit_keeps_the_first_pairs_of_each_kind_and_fold(images):
    comparison = build(images, limit=3)
    assert len(comparison.fold) == FOLDS * 6
    assert comparison.genuine.sum() == FOLDS * 3
    assert comparison.first[:3].tolist() == [0, 2, 4]


def test_strata_give_the_share_right_within_them(images):
    values = np.arange(400) % 2 * 45.0
    comparison = build(images, strata={"yaw_deg": values})
    embeddings = noisy(images, 1.2)
    metrics = evaluate(comparison, embeddings).metrics
    found = {m.at["yaw_deg"]: m.value for m in metrics
             if m.name == "accuracy" and "yaw_deg" in m.at}  # fmt: skip
    assert set(found) == {0.0, 45.0}
    assert np.mean(list(found.values())) == pytest.approx(
        headline(evaluate(comparison, embeddings)).value
    )


def test_the_protocol_digest_depends_on_the_list_and_not_on_the_path(images):
    one, two = build(images).protocol(), build(images).protocol()
    assert one == two
    assert one["n_genuine"] == one["n_impostor"] == 200
    assert build(images, limit=3).protocol()["pairs_sha256"] != one["pairs_sha256"]


def test_far_below_resolution_is_refused_with_its_reason(images):
    metrics = evaluate(build(images), noisy(images, 1.2)).metrics
    lowest = next(m for m in metrics if m.at.get("far") == 1e-3)
    assert lowest.value is None
    assert "200" in lowest.note


def test_one_fold_has_an_area_and_no_accuracy(images):
    rng = np.random.default_rng(3)
    rows = [row for row in pairs_of(images) if row[3] == 4]
    made = PairFolds.build(name="one", pairs=rows, images=images, flip="none", rule="exact")
    identity = rng.normal(size=(200, 16)).repeat(2, axis=0)
    plain = (identity + 0.9 * rng.normal(size=identity.shape)).astype(np.float32)
    found = Embeddings(plain, None, np.ones(400, bool), images.names)
    scores = made.score(found)
    result = made.evaluate(scores, seed=0)
    (headline,) = [metric for metric in result.metrics if metric.headline]
    expected = roc_auc_score(made.genuine, -scores.columns["distance"])
    assert headline.name == "auc"
    assert headline.value == pytest.approx(expected)
    assert headline.interval.low < expected < headline.interval.high
    assert "accuracy" not in {metric.name for metric in result.metrics}
    assert made.protocol()["fold_rule"].startswith("one fold")
    with pytest.raises(UsageError, match="choose two or more"):
        PairFolds.build(name="one", pairs=rows, images=images, flip="none", rule="exact",
                        centre=True)  # fmt: skip


def sandberg(plain, mirror, comparison, *, metric, subtract, flip=True):
    """Accuracy and VAL at FAR 0.1 of facenet's scripts, written out threshold by threshold."""

    def unit(rows):
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    rows = np.hstack([unit(plain), unit(mirror)]) if flip else unit(plain)
    one, two, same = rows[comparison.first], rows[comparison.second], comparison.genuine
    accuracies, vals, fars = [], [], []
    for train, test in KFold(FOLDS, shuffle=False).split(one):
        mean = np.concatenate([one[train], two[train]]).mean(axis=0) if subtract else 0.0
        a, b = one - mean, two - mean
        if metric == 0:
            distance = np.sum((a - b) ** 2, axis=1)
        else:
            cosine = np.sum(a * b, 1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
            distance = np.arccos(np.clip(cosine, -1, 1)) / math.pi
        grid = np.arange(0, 4, 0.01)
        scores = [((distance[train] < t) == same[train]).mean() for t in grid]
        cut = grid[int(np.argmax(scores))]
        accuracies.append(((distance[test] < cut) == same[test]).mean())
        grid = np.arange(0, 4, 0.001)
        strangers = distance[train][~same[train]]
        rates = np.array([(strangers < t).mean() for t in grid])
        cut = 0.0
        if rates.max() >= 0.1:
            at = max(k for k in range(len(grid)) if rates[k] <= 0.1)
            rise = (0.1 - rates[at]) / (rates[at + 1] - rates[at])
            cut = grid[at] + rise * (grid[at + 1] - grid[at])
        vals.append((distance[test][same[test]] < cut).mean())
        fars.append((distance[test][~same[test]] < cut).mean())
    return np.mean(accuracies), np.mean(vals), np.std(vals), np.mean(fars)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("flip", [True, False])
@pytest.mark.parametrize("subtract", [True, False])
@pytest.mark.parametrize("metric", [0, 1])
def test_the_rules_of_facenet(images, metric, subtract, flip, seed):
    embeddings = noisy(images, 1.2, seed)
    embeddings.mirror[:] *= 7  # the length of a view must not matter
    comparison = build(
        images, flip="concat" if flip else "none", views="unit", normalise=False,
        distance=("squared-l2", "angle")[metric], centre=subtract, val_far=0.1,
    )  # fmt: skip
    found = {(m.name, m.at.get("fold")): m for m in evaluate(comparison, embeddings).metrics}
    wanted = sandberg(embeddings.plain.astype(float), embeddings.mirror.astype(float), comparison,
                      metric=metric, subtract=subtract, flip=flip)  # fmt: skip
    val = found["val@far", None]
    mine = (found["accuracy", None].value, val.value, found["val@far-fold-std", None].value,
            val.realised_far)  # fmt: skip
    assert mine == pytest.approx(wanted, abs=1e-12)
    assert val.interval.low <= val.value <= val.interval.high


def test_centring_without_normalising_moves_no_squared_distance(images):
    options = {"flip": "concat", "views": "unit", "normalise": False}
    embeddings = noisy(images, 1.2)
    plain = build(images, **options).score(embeddings).columns["distance"]
    centred = build(images, **options, centre=True).score(embeddings).columns
    for fold in range(FOLDS):
        np.testing.assert_allclose(centred[f"distance_{fold}"], plain, atol=1e-12)
    assert plain.max() > 4.0  # beyond the grid of thresholds: never accepted


def test_the_angle_of_equal_and_opposite_and_zero_vectors(images):
    embeddings = noisy(images, 1.0)
    embeddings.plain[1] = 3 * embeddings.plain[0]
    embeddings.plain[3] = -embeddings.plain[2]
    embeddings.plain[5] = 0
    distance = build(images, distance="angle").score(embeddings).columns["distance"]
    assert distance[:3] == pytest.approx([0.0, 1.0, 0.5], abs=2e-8)


def test_usual_rules_leave_the_protocol_as_it_was_and_others_are_named(images):
    usual = build(images).protocol()
    assert not usual.keys() & {"views", "normalise", "distance", "val_far", "val_rule"}
    other = build(images, views="unit", normalise=False, distance="angle", val_far=1e-2).protocol()
    assert {key: other[key] for key in other.keys() - usual.keys()} == {
        "views": "unit", "normalise": False, "distance": "angle", "val_far": 1e-2,
        "val_rule": other["val_rule"],
    }  # fmt: skip
    assert other["score"] == "angle between embeddings over pi"
    assert build(images, rule="openface").protocol()["id"] == "t/openface@1"


def test_val_says_where_impostors_are_too_few_and_one_fold_has_none(images):
    metrics = evaluate(build(images, val_far=1e-3), noisy(images, 1.2)).metrics
    val = next(m for m in metrics if m.name == "val@far")
    assert val.note == "180 impostor pairs of the other folds are fewer than 1 / FAR"
    rows = [row for row in pairs_of(images) if row[3] == 4]
    alone = PairFolds.build(name="one", pairs=rows, images=images, flip="none", rule="exact",
                            val_far=1e-2)  # fmt: skip
    last = evaluate(alone, noisy(images, 1.2)).metrics[-1]
    assert (last.name, last.value, last.note) == ("val@far", None, ONE_FOLD)
