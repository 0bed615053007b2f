"""What a rescored result says of its rules."""

from __future__ import annotations

import pytest

from harness.tools.rescore import changed_protocol

USUAL = {"id": "t/insightface@1", "score": "squared L2", "flip": "sum"}
ANGLE = {"id": "t/insightface@1", "score": "angle", "flip": "sum", "distance": "angle"}
STORED = {"pairs_sha256": "abc", "input": {"width": 112}}


@pytest.mark.parametrize(("was", "now"), [(USUAL, ANGLE), (ANGLE, USUAL), (ANGLE, ANGLE)])
def test_a_rule_that_is_given_up_leaves_no_field(was, now):
    assert changed_protocol({**STORED, **was}, was, now) == {**STORED, **now}


def test_digests_of_rebuilt_lists_do_not_replace_the_stored_ones():
    rebuilt = {**USUAL, "pairs_sha256": "of numbers"}
    changed = {**ANGLE, "pairs_sha256": "of numbers"}
    found = changed_protocol({**STORED, **USUAL}, rebuilt, changed)
    assert found == {**STORED, **ANGLE}
