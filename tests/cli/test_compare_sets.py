"""`faces compare-sets`: differences with the way identities were resampled."""

from __future__ import annotations

import json
import shutil

import pytest


def keys(here, *runs):
    found = []
    for args in runs:
        here("run", "-g", "toy-faces", "-j", "1", "-q", "-o", "s", *args)
        known = [row["key"] for row in json.loads(here("faces", "list", "--json").stdout)]
        found += [key for key in known if key not in found]
    return found


def changes(here, *sets, **more):
    done = here("faces", "compare-sets", *sets, "-m", "toy-pixels", "-q", "--only",
                "diversity,separability", "--json", *more.get("args", ()))  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    values = {(row["set"], row["metric"]): row["value"] for row in rows if "value" in row
              and row["metric"] != "difference"}  # fmt: skip
    return values, {row["of"]: row for row in rows if row["metric"] == "difference"}


def test_variants_of_one_generator_are_paired_by_identity(here):
    first, second = keys(here, ("-G", "noise=2"), ("-G", "noise=70"))
    values, found = changes(here, first, second)
    row = found["intra_distance"]
    assert row["method"] == "paired by identity"
    both = [value for (_, metric), value in values.items() if metric == "intra_distance"]
    assert row["value"] == pytest.approx(both[1] - both[0])
    assert row["low"] <= row["value"] <= row["high"]
    assert row["low"] > 0
    assert "low" not in found["effective_dim"] or found["effective_dim"]["low"] is None


def test_other_people_are_two_samples(here):
    first, second = keys(here, ("-G", "identities=6"), ("-G", "identities=9", "--seed", "4"))
    _, found = changes(here, first, second)
    assert {row["method"] for row in found.values() if row["low"] is not None} == {"two samples"}


def test_numbered_folders_of_unknown_origin_are_two_samples_and_named_ones_are_paired(
    here, tmp_path
):
    (key,) = keys(here, ("-G", "identities=6"))
    here("faces", "export", key, "--format", "imagefolder", "-o", "out", "-q")
    for number, person in enumerate(sorted(p for p in (tmp_path / "out").iterdir() if p.is_dir())):
        for name in ("one", "two"):
            shutil.copytree(person, tmp_path / name / str(number))
            shutil.copytree(person, tmp_path / f"named-{name}" / f"person {'abcdef'[number]}")
            count = number if name == "one" else 5 - number
            shutil.copytree(person, tmp_path / f"counted-{name}" / f"person_{count}")
    (tmp_path / "two" / "0").joinpath("more.bmp").write_bytes(b"no image")
    template = ("--template", "arcface")
    _, found = changes(here, "named-one", "two", args=template)
    assert found["intra_distance"]["method"] == "two samples"
    _, found = changes(here, "counted-one", "counted-two", args=template)  # of anybody
    assert found["intra_distance"]["method"] == "two samples"
    shutil.copy(tmp_path / "one" / "1" / "00000.png", tmp_path / "named-two" / "person a" / "9.png")
    _, found = changes(here, "named-one", "named-two", args=template)
    assert found["intra_distance"]["method"] == "two samples"  # one image more
    (tmp_path / "named-two" / "person a" / "9.png").unlink()
    shutil.copy(tmp_path / "one" / "1" / "00001.png",
                tmp_path / "named-two" / "person b" / "00000.png")  # fmt: skip
    _, found = changes(here, "named-one", "named-two", args=template)
    assert found["intra_distance"]["method"] == "paired by identity"


def test_the_text_names_both_sets_and_the_method(here):
    first, second = keys(here, ("-G", "noise=2"), ("-G", "noise=70"))
    done = here("faces", "compare-sets", first, second, "-m", "toy-pixels", "-q",
                "--only", "diversity", "--against", first)  # fmt: skip
    assert "minus toy-faces" in done.stdout
    assert "paired by identity" in done.stdout
    assert "no interval: identities not resampled" in done.stdout
