"""Comparisons made again from stored scores say what the original ones say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.errors import DataError, UsageError
from harness.protocols.base import Embeddings, Scores
from harness.protocols.identification import TemplateIdentification
from harness.protocols.pairs import PairFolds
from harness.protocols.stored import SETTINGS, form_of, needs_embeddings, rebuild
from harness.protocols.template_lists import PairSplit, SearchSplit
from harness.protocols.template_sets import TemplateRules, TemplateSet
from harness.protocols.templates import TemplateVerification

IMAGES, PEOPLE = 240, 20


@pytest.fixture(scope="module")
def embeddings():
    rng = np.random.default_rng(0)
    owner = np.arange(IMAGES) % PEOPLE
    centres = rng.normal(size=(PEOPLE, 8))
    plain, mirror = (
        (centres[owner] + rng.normal(size=(IMAGES, 8))).astype(np.float32) for _ in range(2)
    )
    return Embeddings(plain, mirror, np.ones(IMAGES, bool), [f"i{k}" for k in range(IMAGES)])


def template_set():
    """Four templates a person, three images each."""
    images = np.arange(IMAGES, dtype=np.int32)
    subjects = images % PEOPLE
    ids = (subjects * 10 + images // PEOPLE % 4).astype(np.int32)
    return TemplateSet(images, ids, images // 2, subjects.astype(np.int32))


def rules(**changes):
    detector = np.linspace(0.2, 1, IMAGES).astype(np.float32)
    return TemplateRules(**{"detector": detector, "weigh": True, **changes})


def verification(splits=1, **changes):
    templates = template_set()
    ids = np.unique(templates.template_ids)
    left, right = (ids[side].astype(np.int32) for side in np.triu_indices(len(ids), 1))
    split = PairSplit(templates, left, right, left // 10 == right // 10)
    far_rule = changes.pop("far_rule", "nearest-vertex")
    headline = changes.pop("headline_far", 1e-2)
    return TemplateVerification("toy-1:1", [split] * splits, rules(**changes),
                                [f"i{k}" for k in range(IMAGES)], (1e-3, 1e-2, 1e-1), headline,
                                far_rule)  # fmt: skip


def identification(**changes):
    templates = template_set()
    galleries = {"G1": np.arange(0, 80, 10, dtype=np.int32),
                 "G2": np.arange(80, 150, 10, dtype=np.int32)}  # fmt: skip
    probes = np.unique(templates.template_ids)
    probes = probes[probes % 10 > 0].astype(np.int32)
    average = changes.pop("rank_average", "galleries")
    return TemplateIdentification("toy-1:N", [SearchSplit(templates, galleries, probes)],
                                  rules(**changes), [f"i{k}" for k in range(IMAGES)],
                                  rank_average=average)  # fmt: skip


def again(original, embeddings, changes=None):
    scores = original.score(embeddings)
    points = [(m.name, m.at, m.headline) for m in original.evaluate(scores, 0).metrics]
    return rebuild(original.protocol(), points, scores, changes or {}), scores


def same(a, b, scores):
    assert a.evaluate(scores, 3).metrics == b.evaluate(scores, 3).metrics


@pytest.mark.parametrize("splits", [1, 3])
def test_template_verification_comes_back(embeddings, splits):
    original = verification(splits)
    made, scores = again(original, embeddings)
    same(made, original, scores)
    assert form_of(scores) == "templates"


@pytest.mark.parametrize(
    ("changes", "direct"),
    [
        ({"norm": "unit"}, {"keep_norm": False}),
        ({"detector_score": False}, {"weigh": False}),
        ({"flip": "none"}, {"flip": "none"}),
        ({"far_rule": "at-most", "headline_far": 1e-1}, None),
    ],
)
def test_changed_template_rules_are_those_made_so_from_the_start(embeddings, changes, direct):
    made, scores = again(verification(), embeddings, changes)
    wanted = verification(**(changes if direct is None else direct))
    same(made, wanted, scores)
    told = {k: v for k, v in made.protocol().items() if k != "pairs_sha256"}
    assert told == {k: v for k, v in wanted.protocol().items() if k != "pairs_sha256"}
    if direct is not None:
        made, scores = again(identification(), embeddings, changes)
        same(made, identification(**direct), scores)


def test_identification_comes_back(embeddings):
    original = identification()
    made, scores = again(original, embeddings)
    same(made, original, scores)
    assert form_of(scores) == "searches"
    kept = ("n_probes", "n_genuine", "n_impostor", "galleries", "id")
    assert {k: made.protocol()[k] for k in kept} == {k: original.protocol()[k] for k in kept}


def test_a_search_follows_another_rank_average(embeddings):
    made, scores = again(identification(), embeddings, {"rank_average": "probes"})
    same(made, identification(rank_average="probes"), scores)
    back, _ = again(identification(rank_average="probes"), embeddings)
    assert back.rank_average == "probes"
    assert back.protocol()["over_galleries"] == made.protocol()["over_galleries"]


@pytest.mark.parametrize("make", [verification, identification])
@pytest.mark.parametrize("flip", ["sum", "concat"])
def test_unit_views_come_back_and_cannot_be_switched(embeddings, make, flip):
    original = make(views="unit", flip=flip, keep_norm=False)
    made, scores = again(original, embeddings)
    same(made, original, scores)
    assert made.rules.headline == original.rules.headline
    with pytest.raises(UsageError, match=r"do not hold .*run the study again"):
        again(make(), embeddings, {"views": "unit"})


@pytest.mark.parametrize("make", [verification, identification])
def test_cells_that_a_zero_feature_forbids_stay_away(embeddings, make):
    plain, mirror = embeddings.plain.copy(), embeddings.mirror.copy()
    plain[9] = mirror[9] = 0
    zero = replace(embeddings, plain=plain, mirror=mirror)
    made, scores = again(make(), zero)
    same(made, make(), scores)
    assert made.evaluate(scores, 0).warnings == make().evaluate(scores, 0).warnings != []
    with pytest.raises(UsageError, match="do not hold unit-norm"):
        again(make(), zero, {"norm": "unit"})


def pair_folds(**changes):
    images = np.arange(IMAGES - 1)
    return replace(
        PairFolds(
            name="toy-pairs",
            first=images,
            second=np.where(images % 2 == 0, (images + PEOPLE) % IMAGES, images + 1),
            genuine=images % 2 == 0,
            fold=images * 5 // IMAGES,
            image_names=[f"i{k}" for k in range(IMAGES)],
            subjects=np.stack([images % PEOPLE, images // 3 % PEOPLE], axis=1),
            strata={"yaw": (images % 3).astype(float)},
        ),
        **changes,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"rule": "official"},
        {"rule": "openface", "val_far": 0.1},
        {"flip": "none"},
        {"centre": True},
        {"distance": "angle"},
        {"views": "unit"},
        {"views": "unit", "normalise": False, "centre": True, "val_far": 0.2},
    ],
)
def test_pairs_come_back_with_their_strata(embeddings, changes):
    made, scores = again(pair_folds(), embeddings, changes)
    wanted = pair_folds(**changes)
    moved = needs_embeddings(made, pair_folds().protocol())
    assert moved == bool(changes.keys() & {"flip", "centre", "distance", "views"})
    if moved:
        scores = made.score(embeddings)
        columns = wanted.score(embeddings).columns
        assert all((scores.columns[name] == columns[name]).all() for name in columns)
    same(made, wanted, scores)
    assert any("yaw" in metric.at for metric in made.evaluate(scores, 0).metrics)
    back, _ = again(wanted, embeddings)  # its protocol names every rule that is not the usual one
    assert [getattr(back, name) for name in SETTINGS["pairs"]] == [
        getattr(wanted, name) for name in SETTINGS["pairs"]
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fusion": "softmax"}, "run the study again"),
        ({"norm": "none"}, "none of raw, unit"),
        ({"headline_far": 0.5}, "was not measured"),
        ({"flip": "concat"}, "concat"),
    ],
)
def test_what_scores_cannot_follow_is_refused(embeddings, changes, message):
    with pytest.raises(UsageError, match=message):
        again(verification(), embeddings, changes)


def test_scores_of_a_plugins_own_form_are_refused():
    with pytest.raises(DataError, match="only its own benchmark"):
        form_of(Scores({"distances": np.zeros(2)}))
