"""CFP in its official layout: indices from 1, no final newline, a grey image."""

from __future__ import annotations

import pytest

from harness.errors import DataError, UsageError
from harness_plugins.benchmarks.cfp.benchmark import CfpFf, CfpFp
from harness_plugins.benchmarks.cfp.params import CfpParams

PEOPLE = 6


@pytest.fixture
def cfp(tmp_path, paint, five):
    """Six people, two frontal and two profile images each, three folds of two people."""
    base = tmp_path / "cfp" / "cfp-dataset"
    lists: dict[str, list[str]] = {"frontal": [], "profile": []}
    rows = []
    for person in range(PEOPLE):
        for view, listed in lists.items():
            for number in (1, 2):
                name = f"{person + 1:03d}/{view}/{number:02d}.jpg"
                grey = (person, view, number) == (0, "profile", 1)
                paint(base / "Data/Images" / name, person, number + 5 * (view == "profile"),
                      grey=grey)  # fmt: skip
                listed.append(name)
                rows.append("\t".join(map(str, [name, *five.ravel(), 0.99])))
    (base / "Protocol").mkdir()
    for letter, names in zip("FP", lists.values(), strict=True):
        text = "\n".join(f"{i} ../Data/Images/{name}" for i, name in enumerate(names, 1))
        (base / f"Protocol/Pair_list_{letter}.txt").write_text(text)
    for split in ("FF", "FP"):
        for fold in range(3):
            a, b = 4 * fold + 1, 4 * fold + 3  # first images of the two people of the fold
            folder = base / "Protocol/Split" / split / f"{fold + 1:02d}"
            folder.mkdir(parents=True)
            (folder / "same.txt").write_text(f"{a},{a + 1}\r\n{b},{b + 1}")
            (folder / "diff.txt").write_text(f"{a},{b}\n{b + 1},{a + 1}")
    (tmp_path / "cfp/cfp_landmark.tsv").write_text("\n".join(rows) + "\n")
    return tmp_path / "cfp"


def test_accuracy_by_the_command(results, cfp):
    settings = ("root=cfp", "landmarks=cfp_landmark.tsv", "flip=none", "folds=[2, 3]")
    (result,) = results("cfp-fp", *settings).values()
    assert result["accuracy"] == 1.0
    assert result["protocol"]["folds"] == 2
    assert result["enrolment"]["images"] == 12
    assert any("lists 12 pairs, the official list has 7000" in w for w in result["warnings"])


def names_of(pairs, row):
    return [pairs.image_names[pairs.first[row]], pairs.image_names[pairs.second[row]]]


def test_the_second_number_counts_profiles_in_fp_only(prepared, cfp):
    fp = prepared(CfpFp, CfpParams(root=cfp)).comparison("verification")
    ff = prepared(CfpFf, CfpParams(root=cfp)).comparison("verification")
    assert names_of(fp, 0) == ["001/frontal/01.jpg", "001/profile/02.jpg"]
    assert names_of(ff, 0) == ["001/frontal/01.jpg", "001/frontal/02.jpg"]
    assert names_of(fp, 2) == ["001/frontal/01.jpg", "002/profile/01.jpg"]
    assert ((fp.subjects[:, 0] == fp.subjects[:, 1]) == fp.genuine).all()


def test_the_folder_may_be_given_directly(prepared, cfp):
    assert len(prepared(CfpFp, CfpParams(root=cfp / "cfp-dataset")).images()) == 18


def test_a_part_of_the_images_serves_its_folds(prepared, cfp):
    (cfp / "cfp-dataset/Data/Images/005/profile/02.jpg").unlink()
    absent = r"FP/03/same.txt, line 1: image 005/profile/02.jpg is not in .*folds"
    with pytest.raises(DataError, match=absent):
        prepared(CfpFp, CfpParams(root=cfp))
    prepared(CfpFp, CfpParams(root=cfp, folds=(1, 2)))
    with pytest.raises(UsageError, match=r"no fold 9, only \[1, 2, 3\]"):
        prepared(CfpFp, CfpParams(root=cfp, folds=(1, 9)))


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("Pair_list_F.txt", "0 ../Data/Images/001/frontal/01.jpg", "number 0 should be 1"),
        ("Pair_list_F.txt", "1 a b", "line 1: expected a number and the path"),
        ("Pair_list_P.txt", "", "Pair_list_P.txt is empty"),
        ("Split/FP/01/same.txt", "0,1\n1,1", "line 1: 0,1 is outside the lists of 12 and 12"),
        ("Split/FP/02/diff.txt", "1,13\n", "line 1: 1,13 is outside"),
        ("Split/FP/02/diff.txt", "1;2\n", "line 1: expected two numbers"),
        ("Split/FP/02/diff.txt", "5,7\n", r"not balanced, .* 2 \+ 2, 2 \+ 1, 2 \+ 2"),
    ],
)
def test_damaged_lists_are_named(prepared, cfp, file, text, message):
    (cfp / "cfp-dataset/Protocol" / file).write_text(text)
    with pytest.raises(DataError, match=message):
        prepared(CfpFp, CfpParams(root=cfp))


def test_absent_files_are_named(prepared, cfp):
    (cfp / "cfp-dataset/Protocol/Split/FP/02/diff.txt").unlink()
    with pytest.raises(DataError, match=r"cannot read .*02/diff.txt"):
        prepared(CfpFp, CfpParams(root=cfp))
    (cfp / "cfp-dataset/Protocol/Pair_list_P.txt").unlink()
    with pytest.raises(DataError, match=r"holds none of Protocol/Pair_list_P.txt"):
        prepared(CfpFp, CfpParams(root=cfp))
