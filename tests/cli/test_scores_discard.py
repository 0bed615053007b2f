"""Error versus discard from files: a quality that knows the errors, and one that does not."""

from __future__ import annotations

import json

import numpy as np
import pytest


@pytest.fixture
def files(tmp_path):
    """200 genuine comparisons of 50 people; the errors are those of a blurred image."""
    rng = np.random.default_rng(0)
    lines, good, random = ["first,second,genuine,score"], ["image,quality"], ["image,quality"]
    for k in range(200):
        bad = k % 10 == 0
        pair = [f"p{k // 4}/{k}{side}.png" for side in "ab"]
        lines.append(f"{pair[0]},{pair[1]},1,{0.1 if bad else 0.9}")
        lines.append(
            f"{pair[0]},p{(k // 4 + 1) % 50}/{(k + 4) % 200}b.png,0,{rng.uniform(0.1, 0.5)}"
        )
        good += [f"{pair[0]},{0.2 if bad else 0.8}", f"{pair[1]},0.9"]
        random += [f"{name},{rng.random()}" for name in pair]
    for name, rows in (("scores", lines), ("good", good), ("random", random)):
        (tmp_path / f"{name}.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_a_quality_that_knows_the_errors_discards_them_first(here, files):
    args = ("scores", "discard", "scores.csv", "-q", "random.csv", "-q", "good.csv", "--fmr",
            "0.01")  # fmt: skip
    other, best = (json.loads(text) for text in here(*args, "--json").stdout.splitlines())
    assert other["fnmr"][0] == best["fnmr"][0] == pytest.approx(0.1)
    assert best["fnmr"][2] == 0
    assert best["area"] < other["area"]
    value, low, high = best["difference"]
    assert value == pytest.approx(best["area"] - other["area"])
    assert low <= value <= high < 0
    shown = here(*args).stdout
    assert "200 genuine comparisons at an FMR of 0.01" in shown
    assert "good.csv: quality" in shown


def test_too_few_impostors_and_other_images_are_refused(here, files):
    args = ("scores", "discard", "scores.csv", "-q", "good.csv")
    assert "too few for an FMR of 0.001" in here(*args, check=1).stderr
    (files / "other.csv").write_text("image,quality\nz.png,1\n")
    done = here("scores", "discard", "scores.csv", "-q", "other.csv", "--fmr", "0.1", check=1)
    assert "none of this set" in done.stderr
