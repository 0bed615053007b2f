"""RFW in its official layout: a list without a header for each of four races."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from harness.errors import DataError
from harness_plugins.benchmarks.rfw.benchmark import LEAK, Rfw
from harness_plugins.benchmarks.rfw.params import RfwParams

RACES = ("African", "Asian", "Caucasian", "Indian")
SHARED = "m.0bk56n"


@pytest.fixture
def rfw(tmp_path, paint, five):
    """Four people a race in two folds; one person is under two races."""
    base = tmp_path / "rfw" / "test"
    for place, race in enumerate(RACES):
        people = [f"m.{race.lower()}{k}" for k in range(3)]
        people.append(SHARED if race in ("Asian", "Indian") else f"m.{race.lower()}3")
        points = []
        for k, person in enumerate(people):
            for number in (1, 2):
                name = f"{person}/{person}_{number:04d}.jpg"
                paint(base / "data" / race / name, 10 * place + k, number)
                points.append("\t".join(map(str, [f"/test/data/{race}/{name}", k, *five.ravel()])))
        lines = []
        for a, b in ((people[0], people[1]), (people[2], people[3])):
            lines += [f"{a}\t1\t2", f"{b}\t1\t2", f"{a}\t1\t{b}\t2", f"{b}\t1\t{a}\t2"]
        folder = base / "txts" / race
        folder.mkdir(parents=True)
        (folder / f"{race}_pairs.txt").write_text("\n".join(lines) + "\n")
        (folder / f"{race}_lmk.txt").write_text("\n".join(points) + "\n")
    return tmp_path / "rfw"


def test_accuracy_by_the_command(results, rfw):
    found = results("rfw", "root=rfw", "flip=none")
    assert sorted(found) == sorted((*RACES, "fairness"))
    together = found.pop("fairness")
    assert together["accuracy"] == 1.0
    assert together["protocol"]["n_genuine"] == 4 * 4
    assert list(together["protocol"]["groups"]) == list(RACES)
    (spread,) = [m for m in together["metrics"]
                 if m["name"] == "accuracy-std" and m["at"]["ddof"] == 0.0]  # fmt: skip
    assert spread["value"] is None
    assert "8 comparisons; 100 are needed" in spread["note"]
    assert {m["at"]["group"] for m in together["metrics"] if m["at"].keys() == {"group"}} == {
        *RACES
    }
    assert LEAK in together["warnings"]
    assert sum("second race" in w for w in together["warnings"]) == 2
    for race, result in found.items():
        assert result["accuracy"] == 1.0
        assert result["protocol"]["id"] == f"rfw-{race}/insightface@1"
        assert LEAK in result["warnings"]
        overlap = [w for w in result["warnings"] if "second race" in w]
        assert bool(overlap) == (race in ("Asian", "Indian"))
        counts = [w for w in result["warnings"] if "official list" in w]
        assert len(counts) == 1, counts
    assert SHARED in " ".join(found["Asian"]["warnings"])
    assert found["Asian"]["enrolment"]["images"] == 4 * 8


def test_one_race_alone(prepared, rfw):
    benchmark = prepared(Rfw, RfwParams(root=rfw / "test", races=("Indian",)))
    assert len(benchmark.images()) == 8
    assert benchmark.images().names[0].startswith("Indian/m.")


def test_a_pack_holds_one_race(rfw):
    with pytest.raises(ValidationError, match="a pack holds the pairs of one race"):
        RfwParams(pack=rfw / "african.bin")
    with pytest.raises(ValidationError, match="a CSV list holds the pairs of one race"):
        RfwParams(root=rfw, pairs="african.csv")
    with pytest.raises(ValidationError, match="name each race once"):
        RfwParams(root=rfw, races=("Asian", "Asian"))
    assert RfwParams(pack=rfw / "a.bin", races=("Asian",)).comparison_names() == ("Asian",)
    assert RfwParams().comparison_names() == (*RACES, "fairness")


def test_what_is_missing_is_named(prepared, rfw):
    lists = rfw / "test/txts/Asian"
    points = (lists / "Asian_lmk.txt").read_text().splitlines()
    (lists / "Asian_lmk.txt").write_text("\n".join(points[1:]))
    with pytest.raises(DataError, match=r"no landmarks for 1 images.*Asian/m.asian0"):
        prepared(Rfw, RfwParams(root=rfw))
    pairs = (lists / "Asian_pairs.txt").read_text().splitlines()
    (lists / "Asian_pairs.txt").write_text("\n".join(pairs[:-1]))
    with pytest.raises(DataError, match=r"Asian_pairs.txt: the folds are not balanced"):
        prepared(Rfw, RfwParams(root=rfw))
    (lists / "Asian_pairs.txt").unlink()
    with pytest.raises(DataError, match=r"Asian_pairs.txt: there is no such list \(1 of 4"):
        prepared(Rfw, RfwParams(root=rfw))
