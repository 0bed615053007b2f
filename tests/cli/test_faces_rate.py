"""Ratings of a set as a file, and trainings that take only what it rates well."""

from __future__ import annotations

import csv
import json

import pytest

RECIPE = """
[[generator]]
use = "toy-faces"
identities = 4
images_per_id = 4
take = {{ {take} }}
[[model]]
use = "toy-net"
[[benchmark]]
use = "toy-pairs"
"""


@pytest.fixture
def key(here):
    here("run", "-g", "toy-faces", "-G", "identities=4", "-G", "images_per_id=4", "-j", "1")
    return json.loads(here("faces", "list", "--json").stdout)[0]["key"]


def rated(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def trained(here, take, check=0):
    from pathlib import Path

    Path("recipe.toml").write_text(RECIPE.format(take=take), encoding="utf-8")
    study = f"study-{abs(hash(take))}"
    done = here("run", "-c", "recipe.toml", "-j", "1", "-o", study, check=check)
    results = [json.loads(p.read_text()) for p in Path(study).glob("cells/*/result.json")]
    return done, results


def test_ratings_are_written_found_again_and_decide_what_is_trained_on(here, tmp_path, key):
    args = ("faces", "rate", key[:12], "-a", "pixel-statistics", "--quiet")
    shown = [json.loads(line) for line in here(*args, "--json").stdout.splitlines()]
    here(*args, "-o", "ratings.csv")
    rows = rated(tmp_path / "ratings.csv")
    assert [row["name"] for row in shown] == [name for name in rows[0] if name not in
                                              ("image", "identity")]  # fmt: skip
    assert len(rows) == shown[0]["images"] == 16
    values = sorted(float(row["brightness"]) for row in rows)
    least = values[6]
    take = f'quality = "ratings.csv", quality_column = "brightness", min_quality = {least}'
    _, results = trained(here, take)
    used = {
        str(faces)
        for result in results
        for faces in [result["cell"]["model"]["facts"]["trained_on"]]
    }
    wanted = sum(value >= least for value in values)
    assert f"'images': {wanted}" in next(iter(used))
    assert f"ratings.csv brightness from {least:g}" in next(iter(used))
    changed = take.replace(str(least), str(values[3]))
    _, others = trained(here, changed)
    assert {r["id"] for r in others}.isdisjoint(r["id"] for r in results)


@pytest.mark.parametrize(
    ("take", "code", "words"),
    [
        ("min_quality = 0.5", 2, "go together"),
        ('quality = "absent.csv", min_quality = 1', 2, "is not a file"),
        ('quality = "some.csv", min_quality = 1', 1, "does not name 15 of 16 images"),
        ('quality = "all.csv", min_quality = 9', 1, "no image of the face set has quality from 9"),
    ],
)
def test_a_list_that_cannot_decide_is_refused(here, tmp_path, key, take, code, words):
    (tmp_path / "some.csv").write_text("image,quality\n0/0,2\n")
    listed = [f"{k}/{n},2" for k in range(4) for n in range(4)]
    (tmp_path / "all.csv").write_text("\n".join(["image,quality", *listed]))
    done, _ = trained(here, take, check=code)
    assert words in done.stderr + done.stdout


def test_what_is_asked_for_twice_or_not_at_all_is_a_sentence(here, key):
    assert "nothing to rate by" in here("faces", "rate", key[:12], check=2).stderr
    done = here("faces", "rate", key[:12], "-q", "feature-norm", "--quiet", check=2)
    assert "give --model" in done.stderr
    twice = ("-a", "stated-attributes", "-a", "pose-from-landmarks", "--quiet")
    assert "two components give" in here("faces", "rate", key[:12], *twice, check=2).stderr


def test_the_norm_of_embeddings_is_a_quality(here, tmp_path, key):
    args = ("-q", "feature-norm", "-m", "toy-pixels", "--quiet", "-o", "norm.csv")
    here("faces", "rate", key[:12], *args)
    assert all(float(row["quality"]) > 0 for row in rated(tmp_path / "norm.csv"))
