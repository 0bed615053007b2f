"""The ranking against scipy and against sums made by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.stats import rankdata

from harness.errors import NothingSelectedError
from harness.reporting.leaderboard import average_ranks, leaderboard, ranking
from harness.reporting.tables.writers import markdown
from harness.results.study import load_study

BENCHES = ("lfw", "cfp-fp", "ijbc")


def study(make, folder, values, **more):
    for row, numbers in enumerate(values):
        for bench, value in zip(BENCHES, numbers, strict=False):
            made = make.result(generator=f"g{row}", bench=bench, value=float(value), **more)
            make.write_cell(folder, made)
    return load_study(folder)


def test_ranks_against_scipy():
    rng = np.random.default_rng(0)
    for _ in range(50):
        values = rng.integers(0, 6, rng.integers(1, 9)).astype(float)
        assert average_ranks(values.tolist()) == rankdata(-values).tolist()


def test_borda_and_mean_rank_against_scipy(make, tmp_path):
    values = np.random.default_rng(1).permuted(np.linspace(0.5, 0.9, 21)).reshape(7, 3)
    values[1, 0] = values[2, 0]  # a tie
    board = leaderboard(study(make, tmp_path, values))
    ranks = np.stack([rankdata(-column) for column in values.T], axis=1)
    for place in board.places:
        row = int(place.row.generator[1:])
        assert place.mean_rank == pytest.approx(ranks[row].mean())
        assert place.borda == pytest.approx((7 - ranks[row]).sum())
    borda = [place.borda for place in board.places]
    assert borda == sorted(borda, reverse=True)


def test_each_pair_of_rows_shares_a_point_on_each_measure(make, tmp_path):
    board = leaderboard(study(make, tmp_path, np.full((4, 3), 0.8)))
    assert [place.borda for place in board.places] == [4.5] * 4
    assert [place.mean_rank for place in board.places] == [2.5] * 4


def test_limited_and_incomplete_rows_are_shown_and_not_ranked(make, tmp_path):
    study(make, tmp_path, [(0.7, 0.7, 0.7), (0.8, 0.8, 0.8)])
    study(make, tmp_path, [(0.99, 0.99, 0.99)], limited=5)
    make.write_cell(tmp_path, make.result(generator="part", bench="lfw", value=0.99))
    board = leaderboard(load_study(tmp_path))
    assert [place.row.generator for place in board.places[:2]] == ["g1", "g0"]
    assert [place.borda for place in board.places[:2]] == [3, 0]
    excluded = {place.row.generator: place.excluded for place in board.places[2:]}
    assert excluded == {"g0": "limited to 5", "part": "lacks cfp-fp, ijbc"}
    assert all(place.borda is None for place in board.places[2:])
    only = leaderboard(load_study(tmp_path), ["lfw"])
    assert only.places[0].row.generator == "part"


def test_leaked_rows_are_shown_and_not_ranked(make, tmp_path):
    found = study(make, tmp_path, [(0.7, 0.7, 0.7), (0.8, 0.8, 0.8), (0.9, 0.9, 0.9)])
    best = next(r for r in found.results if r.cell.generator.name == "g2")
    (tmp_path / "leaks").mkdir()
    for name, leaked, benchmark in (("a", True, "lfw"), ("b", False, "cfp-fp")):
        facts = make.leak(best.cell.generator.key, benchmark=benchmark, leaked=leaked)
        (tmp_path / "leaks" / f"{name}.json").write_text(json.dumps(facts))
    board = leaderboard(load_study(tmp_path))
    assert [place.row.generator for place in board.places] == ["g1", "g0", "g2"]
    assert board.places[2].excluded == "training set has people of lfw"
    assert board.places[0].borda == 3


def test_avg_minus_std_is_that_of_the_groups(make, tmp_path):
    groups = {"african": 0.8, "asian": 0.82, "caucasian": 0.9, "indian": 0.85}
    values = np.array(list(groups.values()))
    score = float(values.mean() - values.std())
    for name in ("g0", "g1"):
        metrics = [
            make.metric(float(values.mean()), headline=True),
            make.metric(score, name="accuracy-trade-off", at={"over": "groups"}),
        ]
        make.write_cell(tmp_path, make.result(generator=name, bench="rfw", metrics=metrics))
    make.write_cell(tmp_path, make.result(generator="g0", bench="lfw", value=0.9))
    make.write_cell(tmp_path, make.result(generator="g1", bench="lfw", value=0.8))
    board = leaderboard(load_study(tmp_path))
    assert board.places[0].trade_off == pytest.approx(score)
    assert f"{100 * score:.2f}" in markdown(ranking(board))


def test_nothing_to_rank(make, tmp_path):
    with pytest.raises(NothingSelectedError):
        leaderboard(study(make, tmp_path, [(0.7,)]))


def test_two_studies_are_one_list(make, tmp_path):
    study(make, tmp_path / "a", [(0.7, 0.7, 0.7)])
    make.write_cell(tmp_path / "b", make.result(generator="other", bench="lfw", value=0.9))
    board = leaderboard(load_study(tmp_path / "a", tmp_path / "b"))
    assert [place.row.generator for place in board.places] == ["other", "g0"]
    table = ranking(board)
    assert table.records[0]["borda"] == 1
    assert "Leaderboard" in markdown(table)
