"""Parameters that benchmarks share agree with what computes, and with each other."""

from __future__ import annotations

from typing import get_args

import pytest
from pydantic import ValidationError

from harness.metrics.operating_points import FarRule
from harness.metrics.verification import FOLD_RULES
from harness.protocols.base import Flip, Views
from harness.protocols.pair_metrics import THRESHOLD_RULES
from harness.protocols.pair_vectors import Distance
from harness.protocols.params import (
    FoldParams,
    ImageTemplateParams,
    PairParams,
    TemplateParams,
)
from harness.protocols.search_rates import OVER_GALLERIES
from harness.protocols.stored import SETTINGS


def choices(params, field):
    return get_args(params.model_fields[field].annotation)


def test_the_choices_are_those_that_can_be_computed():
    assert choices(FoldParams, "rule") == FOLD_RULES == tuple(THRESHOLD_RULES)
    assert choices(FoldParams, "flip") == get_args(Flip)
    assert choices(FoldParams, "distance") == get_args(Distance)
    assert choices(TemplateParams, "rank_average") == tuple(OVER_GALLERIES)
    for params in (FoldParams, TemplateParams):
        assert choices(params, "views") == get_args(Views)
        assert choices(params, "flip") == get_args(Flip)
    assert choices(TemplateParams, "far_rule") == get_args(FarRule)


def test_a_pack_takes_the_place_of_root_and_lists(tmp_path):
    pack = tmp_path / "lfw.bin"
    assert PairParams(pack=pack).root == pack
    for beside in ({"root": tmp_path}, {"pairs": "a.csv"}, {"template": "arcface"}):
        with pytest.raises(ValidationError, match=r"not both|says nothing of a pack"):
            PairParams(pack=pack, **beside)


def test_a_headline_is_one_of_the_reported_rates():
    assert TemplateParams(headline_far=1e-6).headline_far == 1e-6
    with pytest.raises(ValidationError, match="TAR is reported at 1e-06, 1e-05"):
        TemplateParams(headline_far=0.02)


def test_every_fold_rule_can_be_scored_again():
    assert set(FoldParams().fold_rules()) == set(SETTINGS["pairs"]) == FoldParams.scoring


@pytest.mark.parametrize("name", ["facenet", "openface"])
def test_the_rules_of_published_toolkits_have_a_name(name):
    made = FoldParams(**FoldParams.presets[name])
    assert set(FoldParams.presets[name]) <= FoldParams.scoring
    assert made.mirror() == (name == "facenet")


def test_vectors_of_any_length_are_not_compared():
    with pytest.raises(ValidationError, match="set views=unit too"):
        FoldParams(normalise=False)
    with pytest.raises(ValidationError, match="choose another flip than none"):
        ImageTemplateParams(views="unit", flip="none")
    assert ImageTemplateParams(views="raw", flip="none").mirror() is False
    assert ImageTemplateParams(views="unit", flip="sum").mirror() is True
    with pytest.raises(ValidationError, match="less than 1"):
        FoldParams(val_far=1.0)
