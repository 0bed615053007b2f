from __future__ import annotations

from harness.reporting.compare.protocols import diff, meaning

BASE = {"id": "x/y@1", "flip": "sum", "input.width": "112", "align": "auto", "n_genuine": "300"}


def verdict(**changes):
    return diff(BASE, {**BASE, **{k.replace("_0_", "."): v for k, v in changes.items()}}, "x")


def test_each_kind_of_difference_has_its_verdict_and_the_gravest_counts():
    assert verdict().verdict == "comparable"
    assert verdict(input_0_width="96").verdict == "comparable"
    assert "models" in verdict(input_0_width="96").sentence
    assert "rules of scoring" in verdict(flip="none").sentence
    assert "aligned" in verdict(flip="none", align="box").sentence
    gravest = verdict(flip="none", align="box", n_genuine="3", input_0_width="96")
    assert "same comparisons" in gravest.sentence
    assert [item.weight for item in gravest.differences] == ["pairs", "images", "rule", "model"]


def test_a_field_that_only_one_side_states_differs():
    (item,) = diff(BASE, {**BASE, "far_rule": "at-most"}, "x").differences
    assert (item.a, item.b) == ("not stated", "at-most")


def test_unknown_fields_count_as_rules_and_inner_ones_follow_their_parent():
    assert meaning("weather_rule") == ("weather rule", "rule")
    assert meaning("aligner.params.size") == ("aligner: params.size", "images")
