"""Which lines a figure draws, and whether everybody can tell their colours apart."""

from __future__ import annotations

import importlib.util
import re
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest

import harness_reports
from harness.reporting.figures.parts import spread
from harness.reporting.figures.series import (
    COLOURS,
    DARK_COLOURS,
    MOST_SERIES,
    drawn_series,
    rank_of,
)

path = Path(__file__).parent / "colour_vision.py"
spec = importlib.util.spec_from_file_location("colour_vision", path)
vision = importlib.util.module_from_spec(spec)
spec.loader.exec_module(vision)

STYLE = (Path(harness_reports.__file__).parent / "report.css").read_text(encoding="utf-8")
PAPER = re.search(r"--paper: light-dark\((#\w+), (#\w+)\)", STYLE).groups()
CLOSEST = 16  # CIEDE2000; the ten colours before these had a pair at 5 under deuteranopia

# Pairs 1, 4, 7, 13, 17, 19, 25 and 33 of Sharma, Wu and Dalal 2005, table 1.
SHARMA = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (56, -27, -3), 31.9030),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
]


@pytest.mark.parametrize(("one", "other", "expected"), SHARMA)
def test_differences_are_those_of_the_published_table(one, other, expected):
    assert vision.ciede2000(np.array(one), np.array(other)) == pytest.approx(expected, abs=5e-5)


def test_the_simulations_keep_grey_and_do_what_they_say():
    for matrix in map(np.asarray, vision.KINDS.values()):
        assert matrix.sum(1) == pytest.approx(np.ones(3), abs=2e-5)
    for kind in ("protanopia (Vienot)", "deuteranopia (Vienot)"):
        red, green, _ = np.asarray(vision.KINDS[kind]) @ vision.linear("#d04010")
        assert red == pytest.approx(green)  # no difference of red and green is left
    assert vision.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert vision.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    confused = [vision.seen(c, "deuteranopia (Machado)") for c in ("#6f8f2f", "#a98600")]
    plain = [vision.seen(c, "none") for c in ("#6f8f2f", "#a98600")]
    assert vision.ciede2000(*confused) < CLOSEST < vision.ciede2000(*plain)


@pytest.mark.parametrize("kind", vision.KINDS)
@pytest.mark.parametrize("palette", [COLOURS, DARK_COLOURS], ids=["light", "dark"])
def test_every_two_colours_differ_for_everybody(kind, palette):
    least = min(
        vision.ciede2000(*(vision.seen(c, kind) for c in pair)) for pair in combinations(palette, 2)
    )
    assert least >= CLOSEST


@pytest.mark.parametrize(("palette", "paper"), zip((COLOURS, DARK_COLOURS), PAPER, strict=True))
def test_lines_stand_out_from_the_paper(palette, paper):
    """WCAG 2.1, 1.4.11: graphical objects have a contrast of at least 3."""
    assert min(vision.contrast(colour, paper) for colour in palette) >= 3


def test_the_page_has_the_same_colours():
    found = re.findall(r"--series-\d: light-dark\((#\w+), (#\w+)\)", STYLE)
    assert found == list(zip(COLOURS, DARK_COLOURS, strict=True))


@pytest.mark.parametrize("count", [1, MOST_SERIES, MOST_SERIES + 1, 50])
def test_no_more_lines_than_colours(count):
    names = [f"s{n:02}" for n in range(count)]
    found = drawn_series(names, names)
    assert found.all == tuple(names)
    assert found.drawn == tuple(names[:MOST_SERIES])
    assert len(set(found.colours)) == len(found.drawn) == min(count, MOST_SERIES)
    assert found.complete == (count <= MOST_SERIES)
    assert bool(found.note) == (count > MOST_SERIES)


def test_the_best_are_drawn_in_the_order_of_the_study():
    names = [f"s{n:02}" for n in range(20)]
    found = drawn_series(names, names, {name: n for n, name in enumerate(names)})
    assert found.drawn == tuple(names[-MOST_SERIES:])


def test_a_series_has_one_colour_in_all_figures():
    order = [f"s{n}" for n in range(MOST_SERIES)]
    all_of_them = drawn_series(order, order)
    alone = drawn_series(["s5"], order)
    assert alone.colours == (all_of_them.colours[5],)
    # Of two that would share one, the first has it, and the second takes none of the others'.
    more = [f"s{n}" for n in range(MOST_SERIES + 2)]
    found = drawn_series([more[0], more[MOST_SERIES], more[1]], more)
    assert found.drawn == (more[0], more[1], more[MOST_SERIES])
    assert found.colours[:2] == COLOURS[:2]
    assert found.colours[2] not in found.colours[:2]


def test_a_series_under_two_protocols_keeps_its_place():
    assert rank_of("b (a)", ["a", "b"]) == 1
    assert rank_of("b (epochs=3)", ["b", "b (epochs=3)"]) == 1
    assert rank_of("c", ["a", "b"]) == 2


@pytest.mark.parametrize(
    ("wanted", "low", "high"),
    [([5, 5, 5], 0, 100), ([90, 95, 99], 0, 100), ([1, 2, 50, 51, 98], 0, 100), ([3], 0, 10)],
)
def test_labels_are_apart_and_inside(wanted, low, high):
    placed = spread(wanted, 10, low, high)
    assert all(later - earlier >= 10 - 1e-9 for earlier, later in pairwise(sorted(placed)))
    assert low <= min(placed)
    assert max(placed) <= high
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    assert [placed[n] for n in order] == sorted(placed)


def test_labels_without_room_are_still_apart():
    placed = spread([1, 1, 1, 1], 10, 0, 15)
    assert sorted(placed) == [0, 10, 20, 30]
