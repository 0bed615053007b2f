"""``harness store``: what is there, whether it is intact, and what can go."""

from __future__ import annotations

import json
import shutil

import pytest

from harness.store.artifacts import Store

RUN = ("run", "-m", "toy-pixels", "-b", "toy-pairs", "-j", "1", "-q")


@pytest.fixture
def studies(here, home):
    """Two studies that share their face set, and an artifact that neither needs."""
    here(*RUN, "-o", "one")
    here(*RUN, "-M", "noise=3", "-o", "two")
    Store(home).build("things", "ab" * 32, {}, lambda folder: (folder / "x").write_text("x") and {})
    return home


def keys(home, kind):
    return {path.parent.name for path in home.glob(f"store/{kind}/*/*/manifest.json")}


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_list_says_size_use_and_what_needs_it(here, studies):
    rows = {row["key"]: row for row in lines(here("store", "list", "one", "--json").stdout)}
    (faces,) = keys(studies, "faces")
    users = rows[faces]["needed_by"]
    assert "one" in users
    assert sum(user.startswith("embeddings ") for user in users) == 2
    assert rows[faces]["component"] == "toy-faces"
    assert rows[faces]["bytes"] == sum(
        path.stat().st_size for path in studies.glob("store/faces/*/*/shard-*")
    )
    assert rows[faces]["used"] >= rows[faces]["created"][:10]
    text = here("store", "list").stdout
    assert "needed by nothing here" in text
    assert f"{len(rows)} artifacts" in text


def test_gc_frees_what_no_named_study_needs(here, studies):
    before = {kind: keys(studies, kind) for kind in ("faces", "placements", "embeddings", "things")}
    dry = here("store", "gc", "one", "two", "--dry-run").stdout
    assert "1 artifacts would be deleted" in dry
    dry = here("store", "gc", "one", "--dry-run").stdout
    assert "2 artifacts would be deleted" in dry
    assert {kind: keys(studies, kind) for kind in before} == before
    kept = here("store", "gc", "one", "--keep", "abab", "--dry-run").stdout
    assert "1 artifacts would be deleted" in kept
    assert "2 artifacts deleted" in here("store", "gc", "one").stdout
    assert keys(studies, "faces") == before["faces"]
    assert len(keys(studies, "embeddings")) == 1
    assert not keys(studies, "things")
    # What was deleted is made again by the study that needs it.
    here(*RUN, "-M", "noise=3", "-o", "two")
    assert keys(studies, "embeddings") == before["embeddings"]


@pytest.mark.parametrize("folder", ["nothing", "empty", "broken"])
def test_gc_deletes_nothing_where_it_cannot_know_what_is_needed(here, studies, tmp_path, folder):
    (tmp_path / "empty").mkdir()
    shutil.copytree(tmp_path / "two", tmp_path / "broken")
    (tmp_path / "broken" / "plan.json").write_text("{")
    before = sorted(studies.glob("store/*/*/*"))
    assert here("store", "gc", "one", folder, check=2).stderr.startswith("harness: ")
    here("store", "gc", check=2)
    assert "no artifact" in here("store", "gc", "one", "--keep", "zz", check=2).stderr
    assert sorted(studies.glob("store/*/*/*")) == before


def test_verify_reads_everything(here, harness_command, studies, tmp_path):
    sound = here("store", "verify", "one").stdout
    assert "0 damaged, 0 unverified" in sound
    assert "one: 0 damaged, 0 results unverified" in sound
    (path, *_) = sorted(studies.glob("store/embeddings/*/*/plain.npy"))
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    (scores,) = (tmp_path / "one" / "cells").glob("*/scores.arrow")
    scores.write_bytes(scores.read_bytes()[:-1])
    (picture, *_) = (tmp_path / "one" / "media").glob("*.jpg")
    picture.write_bytes(b"other")
    bad = here("store", "verify", "one", check=1)
    for file in (path, scores, picture):
        assert str(file.relative_to(file.parents[2])) in bad.stderr
    assert "1 damaged, 0 unverified" in bad.stdout
    assert "one: 2 damaged" in bad.stdout
    assert path.exists()
    here("store", "verify", "--set-aside", check=1)
    assert not path.exists()
    assert "set aside: embeddings" in here("store", "list").stdout
    doctor = harness_command("doctor", "--json", check=None).stdout
    assert any(row["what"] == "set aside" for row in json.loads(doctor))
    assert "set aside" in here("store", "gc", "one", "two", "--aside").stdout
    assert not list(studies.glob("aside/*/*"))


def test_old_artifacts_are_unverified_until_they_are_made_again(here, studies):
    (manifest, *_) = sorted(studies.glob("store/embeddings/*/*/manifest.json"))
    fields = json.loads(manifest.read_text())
    manifest.write_text(
        json.dumps({k: v for k, v in fields.items() if k not in ("digest", "digests")})
    )
    assert "0 damaged, 1 unverified" in here("store", "verify").stdout
    assert "unverified" in here("store", "list").stdout
    Store(studies).discard("embeddings", fields["key"])
    for study in ("one", "two"):
        shutil.rmtree(studies.parent / study, ignore_errors=True)
    here(*RUN, "-o", "three")
    here(*RUN, "-M", "noise=3", "-o", "four")
    assert "0 damaged, 0 unverified" in here("store", "verify").stdout


def test_doctor_counts_artifacts_of_older_components_and_damage_in_place(harness_command, studies):
    from harness.fileio.verified import sealed

    for manifest in studies.glob("store/faces/*/*/manifest.json"):
        fields = json.loads(manifest.read_text())
        fields["parts"]["component"]["version"] = 0
        manifest.write_text(json.dumps(sealed(fields)))
    (path, *_) = sorted(studies.glob("store/embeddings/*/*/plain.npy"))
    path.unlink()
    rows = {
        row["what"]: row["text"]
        for row in json.loads(harness_command("doctor", "--json", check=None).stdout)
    }
    assert rows["old artifacts"].startswith("1 (0.0 GiB) were made by older versions")
    assert "plain.npy is missing" in rows["damaged artifact"]
