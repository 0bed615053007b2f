"""Groups of pairs: spread and fairness against plain loops."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product
from types import SimpleNamespace

import numpy as np
import pytest

from harness.errors import DataError
from harness.protocols.base import Embeddings
from harness.protocols.pair_groups import PairGroups
from harness.protocols.pairs import PairFolds

FOLDS, PEOPLE, SHOTS = 4, 48, 4
NOISE = {"one": 0.9, "two": 1.05, "three": 1.2}


def folds_of(name: str, start: int, total: int) -> PairFolds:
    """Every genuine pair of a person, and as many impostors within the fold."""
    pairs = []
    for person in range(PEOPLE):
        fold, row = person % FOLDS, start + person * SHOTS
        other = start + (person + FOLDS) % PEOPLE * SHOTS
        for i, j in combinations(range(SHOTS), 2):
            pairs += [(row + i, row + j, True, fold), (row + i, other + j, False, fold)]
    subjects = np.arange(total) // SHOTS
    images = SimpleNamespace(names=[str(k) for k in range(total)], subjects=subjects)
    return PairFolds.build(name=name, pairs=pairs, images=images, flip="none", rule="insightface")


@pytest.fixture(scope="module")
def groups() -> PairGroups:
    size = PEOPLE * SHOTS
    made = {
        name: folds_of(name, size * place, size * len(NOISE)) for place, name in enumerate(NOISE)
    }
    return PairGroups("made-fairness", made, ["mind the gap"])


@pytest.fixture(scope="module")
def embeddings() -> Embeddings:
    rng = np.random.default_rng(3)
    rows = []
    for noise in NOISE.values():
        people = rng.normal(0, 1, (PEOPLE, 1, 16))
        rows.append((people + rng.normal(0, noise, (PEOPLE, SHOTS, 16))).reshape(-1, 16))
    plain = np.concatenate(rows).astype(np.float32)
    return Embeddings(plain, None, np.ones(len(plain), bool), [str(k) for k in range(len(plain))])


def value(found, name, **at):
    (metric,) = [m for m in found.metrics if m.name == name and dict(m.at) == at]
    return metric.value


def test_each_group_has_its_own_accuracy_and_the_headline_is_their_mean(groups, embeddings):
    found = groups.evaluate(groups.score(embeddings), 0)
    alone = {}
    for name, group in groups.groups.items():
        single = group.evaluate(group.score(embeddings), 0)
        (alone[name],) = [m for m in single.metrics if m.headline]
        assert value(found, "accuracy", group=name) == alone[name].value
    (headline,) = [m for m in found.metrics if m.headline]
    assert headline.value == pytest.approx(np.mean([m.value for m in alone.values()]))
    assert headline.interval.low < headline.value < headline.interval.high
    widest = max(m.interval.high - m.interval.low for m in alone.values())
    assert headline.interval.high - headline.interval.low < widest
    assert list(found.warnings) == ["mind the gap"]


def test_the_spread_is_that_of_the_accuracies(groups, embeddings):
    found = groups.evaluate(groups.score(embeddings), 0)
    accuracies = [value(found, "accuracy", group=name) for name in NOISE]
    assert accuracies[0] > accuracies[2]
    std = value(found, "accuracy-std", over="groups", ddof=0.0)
    assert std == pytest.approx(np.std(accuracies))
    ddof1 = value(found, "accuracy-std", over="groups", ddof=1.0)
    assert ddof1 == pytest.approx(np.std(accuracies, ddof=1))
    assert value(found, "accuracy-max-min", over="groups") == pytest.approx(np.ptp(accuracies))
    ratio = (1 - min(accuracies)) / (1 - max(accuracies))
    assert value(found, "skewed-error-ratio", over="groups") == pytest.approx(ratio)
    trade_off = value(found, "accuracy-trade-off", over="groups")
    assert trade_off == pytest.approx(np.mean(accuracies) - np.std(accuracies))
    (headline,) = [m for m in found.metrics if m.headline]
    assert f"std {100 * std:.2f} points (ddof 0)" in headline.note


def test_fairness_at_one_threshold_for_all_groups(groups, embeddings):
    scores = groups.score(embeddings)
    found = groups.evaluate(scores, 0)
    columns = scores.columns
    distance, genuine, group = (columns[name] for name in ("distance", "genuine", "group"))
    impostors = np.sort(distance[~genuine])
    cut = impostors[int(0.1 * impostors.size)]  # the first impostor that is one too many
    rates = {}
    for number, name in enumerate(NOISE):
        mine = group == number
        fmr = np.mean(distance[mine & ~genuine] < cut)
        fnmr = np.mean(distance[mine & genuine] >= cut)
        rates[name] = (fmr, fnmr)
        assert value(found, "fmr", fmr=0.1, group=name) == pytest.approx(fmr)
        assert value(found, "fnmr", fmr=0.1, group=name) == pytest.approx(fnmr)
    fmrs, fnmrs = zip(*rates.values(), strict=True)
    fdr = 1 - 0.5 * np.ptp(fmrs) - 0.5 * np.ptp(fnmrs)
    assert value(found, "fdr", fmr=0.1) == pytest.approx(fdr)

    def gini(x):
        total = sum(abs(a - b) for a, b in product(x, x))
        return 3 / 2 * total / (2 * 9 * np.mean(x))

    assert value(found, "garbe", fmr=0.1) == pytest.approx(0.5 * gini(fmrs) + 0.5 * gini(fnmrs))
    inequity = np.sqrt(max(fmrs) / min(fmrs) * max(fnmrs) / min(fnmrs))
    assert value(found, "inequity-rate", fmr=0.1) == pytest.approx(inequity)


def test_what_too_few_pairs_cannot_show_is_refused(groups, embeddings):
    found = groups.evaluate(groups.score(embeddings), 0)
    (fdr,) = [m for m in found.metrics if m.name == "fdr" and m.at == {"fmr": 0.01}]
    assert fdr.value is None
    assert "10 are needed" in fdr.note


def test_small_groups_have_no_spread(groups, embeddings):
    def few(group):
        keep = np.arange(len(group.first)) < 80
        parts = ("first", "second", "genuine", "fold", "subjects")
        return replace(group, **{part: getattr(group, part)[keep] for part in parts})

    small = PairGroups("small", {name: few(group) for name, group in groups.groups.items()})
    found = small.evaluate(small.score(embeddings), 0)
    assert value(found, "accuracy-std", over="groups", ddof=0.0) is None
    (headline,) = [m for m in found.metrics if m.headline]
    assert "no spread over groups: group one has 80 comparisons; 100 are needed" in headline.note


def test_the_protocol_names_every_group(groups):
    protocol = groups.protocol()
    assert protocol["id"] == "made-fairness/insightface@1"
    assert protocol["n_genuine"] == protocol["n_impostor"] == 3 * PEOPLE * 6
    assert list(protocol["groups"]) == list(NOISE)
    digests = {found["pairs_sha256"] for found in protocol["groups"].values()}
    assert len(digests | {protocol["pairs_sha256"]}) == 4


def test_centring_needs_the_same_folds(groups, embeddings):
    centred = {name: replace(group, centre=True) for name, group in groups.groups.items()}
    made = PairGroups("made", centred)
    assert made.evaluate(made.score(embeddings), 0).metrics[0].headline
    centred["one"] = replace(centred["one"], fold=centred["one"].fold + 7)
    with pytest.raises(DataError, match="do not have the same folds"):
        PairGroups("made", centred).score(embeddings)


def test_each_group_has_its_val_where_it_is_asked_for(groups, embeddings):
    asked = {name: replace(group, val_far=0.1) for name, group in groups.groups.items()}
    other = replace(groups, groups=asked)
    found = other.evaluate(other.score(embeddings), 0)
    for name, group in asked.items():
        alone = group.evaluate(group.score(embeddings), 0)
        assert value(found, "val@far", far=0.1, group=name) == value(alone, "val@far", far=0.1)
    assert other.protocol()["val_far"] == 0.1
    plain = groups.evaluate(groups.score(embeddings), 0)
    assert [m for m in found.metrics if not m.name.startswith("val")] == list(plain.metrics)
