"""Rows of a table tested against each other, and the words that are made of the tests."""

from __future__ import annotations

import numpy as np
import pytest

from harness.metrics.uncertainty.paired import holm
from harness.reporting.compare.rows import judge_rows
from harness.reporting.compare.studies import compare
from harness.reporting.compare.verdict import NETWORKS, standings, verdict
from harness.reporting.tables.matrix import build
from harness.results.columns import write_columns
from harness.results.study import load_study

PAIRS = 400


def scored(make, folder, generator, bench="lfw", share=0.8, repeat=0, seed=None, model="net"):
    """A cell with stored scores; of ``share`` of the pairs the calls are right."""
    rng = np.random.default_rng([*bench.encode(), repeat] if seed is None else seed)
    genuine = np.arange(PAIRS) % 2 == 0
    people = np.arange(PAIRS) // 4
    right = rng.random(PAIRS) < share
    columns = {
        "distance": np.where(genuine == right, 0.2, 0.8) + 0.01 * rng.random(PAIRS),
        "genuine": genuine, "fold": (np.arange(PAIRS) * 4 // PAIRS).astype(np.int32),
        "first_subject": people, "second_subject": np.where(genuine, people, (people + 1) % 100),
    }  # fmt: skip
    network = make.component(model).model_copy(update={"key": f"{generator}-{model}-{repeat}"})
    source = make.component(generator, identities=9) if generator else None
    made = make.result(
        source, network, bench, value=right.mean(), half=0.04, repeat=repeat,
        protocol={"id": f"{bench}/insightface@1"}, raw={"scores": "scores.arrow", "sha256": ""},
    )  # fmt: skip
    inputs = {"model": network.key} if generator else {}
    origin = made.provenance.model_copy(update={"inputs": inputs})
    place = make.write_cell(folder, made.model_copy(update={"provenance": origin}))
    write_columns(place / "scores.arrow", columns)


def judged(folder):
    study = load_study(folder)
    matrix = build(study.results, study.failures)
    return study, matrix, judge_rows(matrix, study.cells)


def test_two_rows_have_the_p_values_of_compare(make, tmp_path):
    for bench, share in (("lfw", 0.8), ("cfp", 0.75)):
        scored(make, tmp_path, "a", bench, share)
        scored(make, tmp_path, "b", bench, share + 0.06, seed=[9, *bench.encode()])
    study, matrix, tests = judged(tmp_path)
    sides = [[c for c in study.cells if c.result.cell.generator.name == name] for name in "ab"]
    rows = {row.generator: row for row in matrix.rows}
    for change in compare(*sides):
        (column,) = (c for c in matrix.columns if c.benchmark == change.benchmark)
        found = tests.between(column, rows["b"], rows["a"])
        assert found.p_value == pytest.approx(change.p_value)
        assert (found.found.effect, found.found.low) == pytest.approx((change.effect, change.low))
        assert found.found.test == change.test == "paired t test over people"
        back = tests.between(column, rows["a"], rows["b"])
        assert (back.found.low, back.found.high) == (-found.found.high, -found.found.low)
        assert back.ahead is False


def test_more_rows_are_corrected_for_all_pairs_of_them(make, tmp_path):
    for number, name in enumerate("abc"):
        scored(make, tmp_path, name, seed=number)
    study, _, tests = judged(tmp_path)
    raw = [
        compare(*([c for c in study.cells if c.result.cell.generator.name == n] for n in pair))[0]
        for pair in ("ab", "ac", "bc")
    ]
    assert sorted(t.p_value for t in tests.all) == pytest.approx(sorted(holm(
        [change.p_value for change in raw])))  # fmt: skip
    assert "Holm's correction for the 3 tests of this table" in tests.note()


def test_without_scores_the_intervals_are_compared_and_it_says_so(make, tmp_path):
    make.write_cell(tmp_path, make.result("a", value=0.8))
    make.write_cell(tmp_path, make.result("b", value=0.9))
    _, matrix, tests = judged(tmp_path)
    assert "MOVER, assuming independence" in tests.note()
    assert [e.rank for e in matrix.entries.values()].count("best") == 1


def test_a_tie_is_a_tie(make, tmp_path):
    """Bit-equal training sets: equal numbers, equal scores, on two benchmarks."""
    for bench in ("lfw", "synthpie"):
        for name in ("bfm-30", "MyFaces"):
            scored(make, tmp_path, name, bench, seed=4)
    _, matrix, tests = judged(tmp_path)
    text = verdict(matrix, tests, 0)
    assert text == f"No significant difference on any of 2 benchmarks. {NETWORKS}"
    for place in standings(matrix, tests):
        assert len(place.ties) == 2
        assert not place.clear
    assert not any(entry.rank for entry in matrix.entries.values())


def test_the_same_set_under_two_names_with_five_seeds_gives_no_verdict(make, tmp_path):
    """Seeds differ far more than pairs can tell: two networks differ, the methods do not."""
    for repeat, share in enumerate((0.62, 0.80, 0.71, 0.90, 0.76)):
        for name in ("mine", "theirs"):
            scored(make, tmp_path, name, share=share, repeat=repeat)
    study, matrix, tests = judged(tmp_path)
    mine = [c for c in study.cells if c.result.cell.generator.name == "mine"]
    theirs = [c for c in study.cells if c.result.cell.generator.name == "theirs"]
    (change,) = compare(mine, theirs)
    assert (change.verdict, change.effect, change.p_value) == ("unchanged", 0, 1)
    assert (change.seeds_a, change.seeds_b) == (5, 5)
    assert change.test == "two-level t test over seeds and people"
    (networks,) = compare(mine[:1], theirs[1:2])
    assert networks.seeds_a == 1
    assert any("this compares two networks, not two methods" in text for text in networks.about)
    assert verdict(matrix, tests, 0).startswith("No difference on lfw accuracy: mine > net and")
    assert NETWORKS not in verdict(matrix, tests, 0)


def test_what_is_significant_comes_first(make, tmp_path):
    scored(make, tmp_path, "good", "lfw", 0.95, seed=1)
    scored(make, tmp_path, "bad", "lfw", 0.6, seed=2)
    _, matrix, tests = judged(tmp_path)
    assert verdict(matrix, tests, 0).startswith(
        "good > net is significantly ahead of bad > net on lfw accuracy, by +3"
    )
    scored(make, tmp_path, "good", "cfp", 0.8, seed=3)
    scored(make, tmp_path, "bad", "cfp", 0.8, seed=3)
    _, matrix, tests = judged(tmp_path)
    assert verdict(matrix, tests, 1).startswith(
        "good > net is significantly ahead of bad > net on 1 of 2 benchmarks; on 1 no row is."
    )
    assert verdict(matrix, tests, 1).endswith("1 stage failed.")
    scored(make, tmp_path, "other", "lfw", 0.95, seed=1)
    _, matrix, tests = judged(tmp_path)
    assert "no row is ahead of all others on any of 2 benchmarks" in verdict(matrix, tests, 0)


def test_two_seeds_say_why_the_interval_is_wide(make, tmp_path):
    for name, shares in (("a", (0.7, 0.8)), ("b", (0.75, 0.9))):
        for repeat, share in enumerate(shares):
            scored(make, tmp_path, name, share=share, repeat=repeat, seed=[repeat, ord(name)])
    study = load_study(tmp_path)
    sides = [[c for c in study.cells if c.result.cell.generator.name == name] for name in "ab"]
    (change,) = compare(*sides)
    assert any("2 and 2 seeds leave" in text and "one more seed each" in text
               for text in change.about)  # fmt: skip
    (change,) = compare(sides[0][:1], sides[1])
    assert any("one side has a single training" in text for text in change.about)


def test_ready_networks_are_networks_and_nobody_asks_for_seeds(make, tmp_path):
    scored(make, tmp_path, None, seed=1, model="one")
    scored(make, tmp_path, None, seed=2, model="two")
    study, matrix, tests = judged(tmp_path)
    assert NETWORKS not in verdict(matrix, tests, 0)
    (change,) = compare(study.cells[:1], study.cells[1:])
    assert change.about == ()


def test_scores_that_are_gone_leave_the_intervals(make, tmp_path):
    scored(make, tmp_path, "a", seed=1)
    scored(make, tmp_path, "b", seed=2)
    for path in tmp_path.glob("cells/*-a-*/scores.arrow"):
        path.unlink()
    _, _, tests = judged(tmp_path)
    assert "MOVER" in tests.note()
