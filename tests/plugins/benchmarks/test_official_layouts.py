"""Every benchmark, made up in its official layout, from the command to the table."""

from __future__ import annotations

import json

import pytest

from harness.engine.context import RunContext
from harness_plugins.benchmarks.ijbc.benchmark import Ijb
from harness_plugins.benchmarks.ijbc.params import IjbbParams, IjbcParams

SEED1 = ("multipie", "lfw", "ijba")
SEED2 = ("lfw", "calfw", "cplfw", "agedb-30", "cfp-fp", "ijbb", "ijbc", "rfw")
BOTH = tuple(dict.fromkeys([*SEED1, *SEED2]))
OTHERS = ("xqlfw", "cfp-ff", "tinyface")
RFW = ("African", "Asian", "Caucasian", "Indian", "fairness")
SMALL = ("-B", "multipie.pairs_per_fold=6", "-j", "1")


def stored(tmp_path) -> dict[tuple[str, str], dict]:
    found = [json.loads(p.read_text()) for p in tmp_path.glob("study/cells/*/result.json")]
    return {(r["cell"]["benchmark"]["name"], r["comparison"]): r for r in found}


def cells_of(names) -> set[tuple[str, str]]:
    made = set()
    for name in names:
        comparisons = {"rfw": RFW, "tinyface": ("1:N",)}.get(name, ("verification",))
        if name.startswith("ijb"):
            comparisons = ("1:1", "1:N")
        made |= {(name, comparison) for comparison in comparisons}
    return made


def headline(result: dict) -> dict:
    (metric,) = [m for m in result["metrics"] if m["headline"]]
    return metric


def test_people_of_flat_colours_are_told_apart_everywhere(harness_command, official, tmp_path):
    written = official.write_official(tmp_path / "data", [*BOTH, *OTHERS])
    harness_command("run", "-m", "toy-pixels", "-b", ",".join([*BOTH, *OTHERS]), *SMALL,
                    *written.flags())  # fmt: skip
    found = stored(tmp_path)
    assert set(found) == cells_of([*BOTH, *OTHERS])
    for key, result in found.items():
        metric = headline(result)
        if metric["value"] is None:
            assert "needs at least" in metric["note"], key
        else:
            assert metric["value"] > 0.95, (key, metric)
        assert result["enrolment"]["failure_rate"] == 0.0, key
        assert result["protocol"], key
    assert found["lfw", "verification"]["enrolment"]["images"] == 60
    yaws = {m["at"]["yaw_deg"] for m in found["multipie", "verification"]["metrics"]
            if "yaw_deg" in m["at"]}  # fmt: skip
    assert yaws <= {15.0 * step for step in range(7)}
    assert {75.0, 90.0} <= yaws
    assert len(found["multipie", "verification"]["protocol"]["pairs_sha256"]) == 64


@pytest.mark.parametrize("params", [IjbbParams, IjbcParams])
def test_both_layouts_of_the_janus_benchmarks_hold_the_same(official, tmp_path, home, params):
    name = params.dataset
    found = {}
    for layout in ("insightface", "nist"):
        root = official.write_official(tmp_path / layout, [name], ijb_layout=layout).roots[name]
        benchmark = Ijb(params(root=root, layout=layout))
        benchmark.prepare(RunContext(home, name, 1, 0, "cpu", "fp32"))
        (pairs,) = benchmark.comparison("1:1").splits
        (search,) = benchmark.comparison("1:N").splits
        found[layout] = (
            list(zip(pairs.left, pairs.right, pairs.genuine, strict=True)),
            {gallery: ids.tolist() for gallery, ids in search.galleries.items()},
            search.probes.tolist(),
            len(benchmark.images()),
        )
    assert found["insightface"] == found["nist"]
    assert tuple(found["nist"][1]) == params.galleries


@pytest.mark.slow
def test_both_papers_from_rendering_to_the_table(harness_command, official, tmp_path):
    written = official.write_official(tmp_path / "data", BOTH)
    done = harness_command(
        "run", "-g", "bfm", "-m", "mobilefacenet", "-b", "seed1,seed2", "--limit", "2",
        "-G", "images_per_id=2", "-M", "steps=1", "-M", "images_per_batch=4", *SMALL,
        *written.flags(),
    )  # fmt: skip
    found = stored(tmp_path)
    assert set(found) == cells_of(BOTH)
    for key, result in found.items():
        assert result["limited"] == 2, key
        assert result["cell"]["generator"]["name"] == "bfm", key
        assert result["cell"]["generator"]["facts"]["faces"] == 4, key
    for name in BOTH:
        assert name in done.stdout
    lfw = found["lfw", "verification"]["protocol"]
    assert (lfw["n_genuine"], lfw["n_impostor"], lfw["folds"]) == (20, 20, 10)
    assert "[limited N] runs saw only N identities and pairs" in done.stdout
