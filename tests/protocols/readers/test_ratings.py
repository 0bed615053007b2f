"""Lists of ratings: ours, those of OFIQ, and lists that cannot be meant."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import DataError, UsageError
from harness.protocols.readers.ratings import rating_columns, read_ratings

OFIQ = """Filename;UnifiedQualityScore;Sharpness;UnifiedQualityScore.scalar;Sharpness.scalar
/data/out/0/1.png;24.1;1.5;71;60
/data/out/0/2.png;20.3;1.1;nan;40
/data/out/1/1.png;27.0;0.2;83;12
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "ratings.csv"
        path.write_text(text)
        return path

    return write


def test_the_unified_score_of_ofiq_is_found_by_the_ends_of_paths(written):
    found = read_ratings(written(OFIQ))
    assert found.column == "UnifiedQualityScore.scalar"
    assert found.of(["1/1.png", "0/1.png", "0/2.png", "9/9.png"]) == pytest.approx(
        [83, 71, np.nan, np.nan], nan_ok=True
    )


def test_a_column_is_named_in_any_case_or_refused(written):
    path = written(OFIQ)
    assert read_ratings(path, "sharpness").of(["0/1.png"]) == pytest.approx([1.5])
    with pytest.raises(UsageError, match="no column 'Pose'; it has UnifiedQualityScore"):
        read_ratings(path, "Pose")
    assert len(rating_columns(path)) == 4


def test_our_own_file_has_identities_that_are_not_ratings(written):
    path = written("image,identity,quality,yaw_deg\n3/0,ann,0.5,10\n3/1,ann,nan,-4\n")
    assert rating_columns(path) == ["quality", "yaw_deg"]
    found = read_ratings(path)
    assert found.column == "quality"
    assert found.of(["3/0", "3/1"]) == pytest.approx([0.5, np.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("quality\n1\n", DataError, "names images"),
        ("image,identity\na,b\n", DataError, "no column of ratings"),
        ("image,a,b\nx,1,2\n", UsageError, "name the one that counts"),
        ("image,a\nx,good\n", DataError, "line 2"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(written, text, error, words):
    with pytest.raises(error, match=words):
        read_ratings(written(text))


def test_two_ratings_of_one_image_and_a_list_of_another_set_are_refused(written):
    twice = read_ratings(written("image,q\na/x.png,1\nb/x.png,2\n"))
    with pytest.raises(DataError, match="twice"):
        twice.of(["x.png"])
    same = read_ratings(written("image,q\na/x.png,1\nb/x.png,1\n"))
    assert same.of(["x.png"]) == pytest.approx([1])
    with pytest.raises(DataError, match="none of this set"):
        same.of(["y.png"])


def test_no_file_is_a_sentence(tmp_path):
    with pytest.raises(UsageError, match="not a file"):
        read_ratings(tmp_path / "absent.csv")
