"""Claims tested on printed numbers and on studies, against independent tests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from harness.published.claims import Claim, ClaimedComparison, ClaimTest, claims
from harness.published.records import PublishedNumber, load
from harness.reporting.papers.against import gather
from harness.reporting.papers.claims import Proof, judge, of_study
from harness.reporting.papers.claims_text import (
    comparison_line,
    part_line,
    record_of,
    usual_test,
)
from harness.reporting.papers.published_intervals import estimate, group_error, proof
from harness.results.columns import write_columns
from harness.results.study import load_study


def judged(name):
    (claim,) = claims([name])
    return judge(claim, proof)


def number(table, label, benchmark, metric):
    (found,) = [
        r for r in load(table) if (r.label, r.benchmark, r.metric) == (label, benchmark, metric)
    ]
    return found


@pytest.mark.parametrize(
    ("name", "outcome", "parts"),
    [
        ("C1", "supported", ["supported"]),
        ("C2", "supported", ["supported", "supported"]),
        ("C3", "undecided", ["supported", "undecided", "undecided"]),
        ("C4", "supported", ["supported", "supported", "supported"]),
        ("C5", "supported", ["supported", "supported", "supported"]),
        ("C6", "undecided", ["undecided"]),
        ("C7", "supported", ["supported", "supported"]),
    ],
)
def test_what_the_printed_numbers_say(name, outcome, parts):
    found = judged(name)
    assert found.outcome == outcome
    assert [part.outcome for part in found.parts] == parts


def test_c3_the_loss_of_frontal_faces_against_a_two_proportion_test():
    tested = next(t for t in judged("C3").parts[0].tested if t.comparison.first.benchmark == "lfw")
    assert (tested.first, tested.second) == (0.706, 0.801)
    z = (0.801 - 0.706) / math.sqrt((0.706 * 0.294 + 0.801 * 0.199) / 6000)
    assert z > 11
    assert tested.p_holds < 1e-15 < norm.sf(7)


def test_c3_what_stays_open_agrees_with_a_two_proportion_test():
    tested = next(t for t in judged("C3").parts[2].tested if t.comparison.first.benchmark == "lfw")
    z = 0.002 / math.sqrt((0.96 * 0.04 + 0.958 * 0.042) / 6000)
    assert tested.outcome == "undecided"
    assert tested.seen
    # The interval is widened by the rounding of the digits, so the test is a little more cautious.
    assert norm.sf(z) < tested.p_holds < norm.sf(z) + 0.05


def test_c6_has_the_smallest_spread_but_not_beyond_chance():
    (part,) = judged("C6").parts
    assert all(tested.seen for tested in part.tested)
    assert {t.first for t in part.tested} == {0.0208}
    open_ = {t.comparison.second.label for t in part.tested if t.outcome == "undecided"}
    assert open_ == {"DigiFace1M [1]", "Syn2Auth-DF-CF [23]"}


def test_the_error_of_a_spread_against_simulation():
    groups = [r for r in load("digi2real2024/7")
              if r.label == "Digi2Real-20K (ours)" and r.metric == "accuracy"]  # fmt: skip
    rates = np.array([float(r.percent / 100) for r in groups])
    drawn = np.random.default_rng(0).binomial(6000, rates, (100_000, 4)) / 6000
    assert group_error(groups, spread=True) == pytest.approx(drawn.std(axis=1).std(), rel=0.02)
    assert group_error(groups, spread=False) == pytest.approx(drawn.mean(axis=1).std(), rel=0.02)
    assert group_error(groups[:1], spread=True) is None


def test_a_number_without_a_count_has_no_interval():
    unknown = PublishedNumber("p", "1", 0, "x", "elsewhere", "accuracy", "90.0", "percent")
    assert estimate(unknown).low is None
    assert proof(ClaimedComparison(unknown, unknown, "higher")).p_above is None
    lfw = number("digi2real2024/5", "Digi2Real-20K", "lfw", "accuracy")
    right = round(0.9858 * 6000)
    exact = binomtest(right, 6000).proportion_ci(method="wilson")
    found = estimate(lfw)
    assert found.low == pytest.approx(exact.low - 5e-5)
    assert found.high == pytest.approx(exact.high + 5e-5)


def made_claim(*relations, margin=0.0):
    a, b = (
        PublishedNumber("p", "1", i, "ab"[i], "lfw", "accuracy", "90", "percent") for i in range(2)
    )
    tests = [
        ClaimTest(r, (ClaimedComparison(a, b, r, margin if "not" in r else 0.0),))
        for r in relations
    ]
    return Claim("p", "Z", "z", tuple(tests))


def fixed(p_above):
    return lambda comparison: Proof(0.9, 0.8, p_above, 1 - p_above, "made up")


@pytest.mark.parametrize(
    ("relation", "p_above", "outcome"),
    [
        ("higher", 0.049, "supported"),
        ("higher", 0.051, "undecided"),
        ("higher", 0.949, "undecided"),
        ("higher", 0.951, "refuted"),
        ("lower", 0.951, "supported"),
        ("lower", 0.049, "refuted"),
        ("not lower", 0.01, "supported"),
        ("not higher", 0.01, "refuted"),
    ],
)
def test_the_outcome_of_one_comparison(relation, p_above, outcome):
    assert judge(made_claim(relation, margin=0.01), fixed(p_above)).outcome == outcome


def test_refuting_is_corrected_for_the_number_of_comparisons():
    assert judge(made_claim("higher"), fixed(0.97)).outcome == "refuted"
    assert judge(made_claim("higher", "higher"), fixed(0.97)).outcome == "undecided"
    assert judge(made_claim("higher", "higher"), fixed(0.98)).outcome == "refuted"


LINKS = {
    "first": "digi2real2024/5#Digi2Real-20K/lfw",
    "second": "digi2real2024/5#DigiFace1M [1]/lfw",
}


def scored(make, folder, which, right, repeat=0, limited=None, pairs=6000):
    """A result with stored scores of which the first ``right`` pairs are right; ten folds."""
    genuine = np.arange(pairs) % 2 == 0
    good = np.zeros(pairs, bool)
    good[np.random.default_rng(repeat).permutation(pairs)[:right]] = True
    distance = np.where(genuine == good, 0.2, 0.8).astype(np.float32)
    entry = {"ref": LINKS[which], "metric": "accuracy", "at": {}, "value": 0.9,
             "protocol_match": "claimed"}  # fmt: skip
    value = right / pairs
    made = make.result(
        generator=which, value=value, half=0.01, repeat=repeat, limited=limited, published=[entry],
        protocol={"id": "lfw/insightface@1"}, raw={"scores": "scores.arrow", "sha256": ""},
    )  # fmt: skip
    place = make.write_cell(folder, made)
    fold = (np.arange(pairs) * 10 // pairs).astype(np.int32)
    write_columns(place / "scores.arrow", {"distance": distance, "genuine": genuine, "fold": fold})


def lfw_claim(relation="higher", margin=0.0):
    first = number("digi2real2024/5", "Digi2Real-20K", "lfw", "accuracy")
    second = number("digi2real2024/5", "DigiFace1M [1]", "lfw", "accuracy")
    return Claim(
        "p", "Z", "z", (ClaimTest("t", (ClaimedComparison(first, second, relation, margin),)),)
    )


def compared_on(folder, claim):
    (part,) = judge(claim, of_study(gather(load_study(folder)))).parts
    return part.tested[0]


def test_one_seed_is_tested_on_the_same_pairs(make, tmp_path):
    scored(make, tmp_path, "first", 5900)
    scored(make, tmp_path, "second", 5880)
    tested = compared_on(tmp_path, lfw_claim())
    assert tested.test == "paired t test over pairs, on the same comparisons"
    # Drawn from one order, the pairs that the second gets right are among those of the first.
    assert tested.p_holds < 0.001
    assert tested.outcome == "supported"
    assert compared_on(tmp_path, lfw_claim("lower")).outcome == "refuted"
    assert compared_on(tmp_path, lfw_claim("not lower", 0.001)).outcome == "supported"
    assert compared_on(tmp_path, lfw_claim("not higher", 0.02)).outcome == "supported"
    assert compared_on(tmp_path, lfw_claim("not higher", 0.001)).outcome == "refuted"


def test_several_seeds_are_pooled(make, tmp_path):
    for repeat in range(3):
        scored(make, tmp_path, "first", 5900 + repeat, repeat)
        scored(make, tmp_path, "second", 5300 + repeat, repeat)
    tested = compared_on(tmp_path, lfw_claim())
    assert tested.test == "two-level t test over seeds and pairs, on the same comparisons"
    assert tested.effect == pytest.approx(0.1)
    assert tested.outcome == "supported"


def test_limited_or_absent_results_decide_nothing(make, tmp_path):
    scored(make, tmp_path, "first", 5900, limited=4)
    tested = compared_on(tmp_path, lfw_claim())
    assert tested.outcome == "undecided"
    assert tested.effect is None
    assert "limited to 4" in tested.test
    scored(make, tmp_path, "first", 5900)
    assert "not run" in compared_on(tmp_path, lfw_claim()).test


def test_words_and_data():
    found = judged("C6")
    text = part_line(found.parts[0])
    assert "6 supported, 2 undecided; values agree in 8 of 8" in text
    usual = usual_test(found.parts)
    assert text.endswith(f"; {usual}")
    assert part_line(found.parts[0], usual) == text.removesuffix(f"; {usual}")
    assert part_line(found.parts[0], "another test") == text
    assert usual_test([]) == ""
    line = comparison_line(found.parts[0].tested[0])
    assert "2.08 against 3.31, -1.23 points, p = " in line
    data = record_of(found.parts[0].tested[0])
    assert data["first_row"] == "digi2real2024/7#Digi2Real-20K (ours)"
    assert data["effect"] == pytest.approx(-0.0123)
