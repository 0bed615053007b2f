"""Records of leak checks: what a search writes is read back, and odd contents are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from harness.errors import DataError
from harness.results.leak_record import leaks_of
from harness.tools.leak import EmbeddedPeople, find_leaks
from harness.tools.leak_run import record


@pytest.fixture
def report():
    rng = np.random.default_rng(0)
    subjects = np.repeat(np.arange(40), 3)
    vectors = rng.normal(size=(40, 16))[subjects] + 0.05 * rng.normal(size=(120, 16))
    names = [f"{subject}/{k}.jpg" for k, subject in enumerate(subjects)]
    faces = EmbeddedPeople(vectors.astype(np.float32), subjects, names, {})
    return find_leaks(faces, faces, 1e-2, ("lfw", "faces", "net"))


@pytest.fixture
def written(report, tmp_path):
    return record(tmp_path, report, "abc")


def test_what_a_search_writes_is_read_back(report, written, tmp_path):
    ((key, (found,)),) = leaks_of(tmp_path).items()
    assert key == ("abc", "lfw")
    assert (found.leaked, found.above, found.identities) == (report.leaked, report.above, 40)
    assert [match.score for match in found.matches] == [match.score for match in report.matches]
    assert found.likeness.within == list(report.likeness.within)
    assert sum(found.likeness.between) == sum(report.likeness.between)


def test_a_record_without_histograms_is_read(written, tmp_path):
    fields = json.loads(written.read_text())
    del fields["likeness"]
    written.write_text(json.dumps(fields))
    ((found,),) = leaks_of(tmp_path).values()
    assert found.likeness is None


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema",), "harness/leak@9"), (("training_key",), ["a"]), (("benchmark",), {}),
        (("leaked",), "no"), (("leaked",), None), (("above",), -1), (("comparisons",), 10**400),
        (("identities",), 1.5), (("by_chance",), float("nan")), (("by_chance",), float("inf")),
        (("fmr",), 0), (("fmr",), "1e-5"), (("shared_names",), 3), (("shared_names",), [3]),
        (("matches",), {"a": 1}), (("matches", 0), "Ada"), (("matches", 0, "score"), None),
        (("matches", 0, "score"), 1e308), (("matches", 0, "image"), []), (("likeness",), []),
        (("likeness",), {}), (("likeness", "edges"), []), (("likeness", "edges"), ["x", "y"]),
        (("likeness", "edges", 3), float("inf")), (("likeness", "edges", 3), 2.0),
        (("likeness", "within"), [1]), (("likeness", "between", 0), -4),
        (("likeness", "between", 0), 2**63), (("likeness", "nearest", 0), {}),
    ],
    ids=range(29),
)  # fmt: skip
def test_odd_contents_are_refused_with_the_file_and_the_field(written, tmp_path, place, value):
    fields = json.loads(written.read_text())
    inner = fields
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    written.write_text(json.dumps(fields))
    with pytest.raises(DataError) as refused:
        leaks_of(tmp_path)
    assert written.name in str(refused.value)
    assert str(place[0]) in str(refused.value)


def test_a_record_that_is_a_link_out_of_the_study_is_not_read(written, tmp_path):
    study = tmp_path / "other"
    (study / "leaks").mkdir(parents=True)
    (study / "leaks" / written.name).symlink_to(written)
    with pytest.raises(DataError, match="leads out of"):
        leaks_of(study)
