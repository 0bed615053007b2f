"""Parameters that benchmarks share agree with what computes, and with each other."""

from __future__ import annotations

from typing import get_args

import pytest
from pydantic import ValidationError

from harness.metrics.operating_points import FarRule
from harness.metrics.verification import FOLD_RULES
from harness.protocols.base import Flip
from harness.protocols.pairs import THRESHOLD_RULES
from harness.protocols.params import FoldParams, PairParams, TemplateParams


def choices(params, field):
    return get_args(params.model_fields[field].annotation)


def test_the_choices_are_those_that_can_be_computed():
    assert choices(FoldParams, "rule") == FOLD_RULES == tuple(THRESHOLD_RULES)
    assert choices(FoldParams, "flip") == get_args(Flip)
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
