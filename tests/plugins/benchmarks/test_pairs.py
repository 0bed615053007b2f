"""Pairs of one's own: a CSV list, or a pack, which every benchmark of pairs accepts."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from harness.errors import DataError, UsageError
from harness.protocols.base import Embeddings
from harness_plugins.benchmarks.agedb30.benchmark import AgeDb30
from harness_plugins.benchmarks.agedb30.params import AgeDb30Params
from harness_plugins.benchmarks.pairs.benchmark import Pairs
from harness_plugins.benchmarks.pairs.params import PairsParams

PEOPLE = 10


@pytest.fixture
def folder(tmp_path, paint):
    """Ten people with two images each, and a list without folds."""
    root = tmp_path / "own"
    lines = ["first,second,genuine"]
    for person in range(PEOPLE):
        for number in (1, 2):
            paint(root / f"p{person}/{number}.png", person, number)
        lines.append(f"p{person}/1.png,p{person}/2.png,1")
        lines.append(f"p{person}/1.png,p{(person + 1) % PEOPLE}/2.png,0")
    (root / "pairs.csv").write_text("\n".join(lines))
    return root


@pytest.fixture
def pack(tmp_path, encode):
    """The same pairs as an insightface pack."""
    images, same = [], []
    for person in range(PEOPLE):
        for other in (person, (person + 1) % PEOPLE):
            images += [encode(person, 1), np.frombuffer(encode(other, 2), np.uint8)]
            same.append(other == person)
    file = tmp_path / "own.bin"
    file.write_bytes(pickle.dumps((images, same), protocol=2))
    return file


def test_a_folder_by_the_command(results, folder):
    (result,) = results("pairs", "root=own", "template=arcface", "flip=none").values()
    assert result["accuracy"] == 1.0
    assert result["protocol"]["n_genuine"] == 10
    assert "contradict" not in " ".join(result["warnings"])


def test_copies_under_two_names_are_refused_or_counted(prepared, folder):
    """The copies of an image are as similar as an image is to itself."""
    copy = folder / "p0/2.png"
    copy.write_bytes((folder / "p0/1.png").read_bytes())
    with pytest.raises(DataError, match=r"1 of 20 pairs .* itself .*p0/1\.png with p0/2\.png"):
        prepared(Pairs, PairsParams(root=folder, max_doubtful_pairs=0.04))
    few = prepared(Pairs, PairsParams(root=folder, max_doubtful_pairs=0.05))
    assert "1 of 20 pairs compare an image with itself" in " ".join(few.cautions("verification"))
    for person in range(PEOPLE):
        (folder / f"p{person}/2.png").write_bytes((folder / f"p{person}/1.png").read_bytes())
    with pytest.raises(DataError, match=r"10 of 20 pairs compare an image with itself"):
        prepared(Pairs, PairsParams(root=folder))


def test_pairs_of_copies_are_repeated_or_contradict(prepared, folder):
    lines = (folder / "pairs.csv").read_text()
    for name, source in (("p3/copy.png", "p3/2.png"), ("p5/copy.png", "p5/2.png")):
        (folder / name).write_bytes((folder / source).read_bytes())
    (folder / "pairs.csv").write_text(f"{lines}\np3/copy.png,p3/1.png,1\np5/1.png,p5/copy.png,0")
    made = prepared(Pairs, PairsParams(root=folder, max_doubtful_pairs=0.5))
    said = " ".join(made.cautions("verification"))
    assert "1 of 22 pairs occur earlier in the list" in said
    assert "2 of 22 pairs are there as genuine and as impostor" in said


def test_a_pack_by_the_command_needs_no_asset(results, pack, harness_command, tmp_path):
    """Not even one that is linked: another version of it must change nothing."""
    (result,) = results("calfw", "pack=own.bin").values()
    assert result["accuracy"] == 1.0
    assert result["enrolment"]["images"] == 40
    assert result["protocol"]["folds"] == 10
    assert str(tmp_path) not in json.dumps(result)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "other.txt").write_text("of another version")
    harness_command("assets", "link", "calfw", "linked")
    done = harness_command("run", "-m", "toy-pixels", "-b", "calfw", "-B", "pack=own.bin")
    assert "embed  toy-pixels > calfw  reused" in done.stderr


def test_folder_and_pack_hold_the_same_pairs(prepared, folder, pack):
    listed = prepared(Pairs, PairsParams(root=folder)).comparison("verification")
    packed = prepared(Pairs, PairsParams(pack=pack)).comparison("verification")
    np.testing.assert_array_equal(listed.fold, packed.fold)
    np.testing.assert_array_equal(listed.genuine, packed.genuine)
    assert packed.subjects is None


@pytest.mark.parametrize(
    ("folds", "note"),
    [((), ""), ((1, 3), "2 of 10 folds"), ((2,), "1 of 10 folds, AUC because accuracy needs two")],
)
def test_a_headline_of_some_folds_says_so(prepared, pack, folds, note):
    made = prepared(AgeDb30, AgeDb30Params(pack=pack, folds=folds, flip="none"))
    comparison = made.comparison("verification")
    count = len(comparison.image_names)
    vectors = np.random.default_rng(0).normal(size=(count, 8)).astype(np.float32)
    found = Embeddings(vectors, None, np.ones(count, bool), comparison.image_names)
    metrics = comparison.evaluate(comparison.score(found), seed=0).metrics
    assert [metric.note for metric in metrics if metric.headline] == [note]


def test_a_limit_and_folds_keep_only_their_images(prepared, pack):
    limited = prepared(AgeDb30, AgeDb30Params(pack=pack, folds=(1, 3)), limit=1)
    assert limited.images().names == ["0001a", "0001b", "0002a", "0002b",
                                      "0005a", "0005b", "0006a", "0006b"]  # fmt: skip
    assert "own.bin lists 20 pairs" in limited.cautions("verification")[0]


def test_a_pack_of_one_kind_first_is_refused(prepared, pack):
    """Cut into runs, its folds would hold one kind only, and the accuracy would mean nothing."""
    images, same = pickle.loads(pack.read_bytes())  # noqa: S301
    order = [*range(0, 20, 2), *range(1, 20, 2)]
    shuffled = [images[2 * row + side] for row in order for side in (0, 1)]
    pack.write_bytes(pickle.dumps((shuffled, [same[row] for row in order])))
    with pytest.raises(DataError, match=r"own.bin: fold 1 has pairs of one kind only"):
        prepared(Pairs, PairsParams(pack=pack))


def test_root_and_pack_exclude_each_other(prepared, folder, pack):
    with pytest.raises(ValidationError, match="give root or pack, not both"):
        PairsParams(root=folder, pack=pack)
    with pytest.raises(UsageError, match="needs root=FOLDER"):
        prepared(Pairs, PairsParams())
    assert PairsParams.model_validate(PairsParams(pack=pack).model_dump()).root == pack


def test_a_hostile_pack_is_refused(prepared, tmp_path):
    trace = tmp_path / "trace"
    file = tmp_path / "bad.bin"
    file.write_bytes(b"cos\nsystem\n(S'touch " + str(trace).encode() + b"'\ntR.")
    with pytest.raises(DataError, match=r"bad.bin is not a pack"):
        prepared(Pairs, PairsParams(pack=file))
    assert not trace.exists()


def test_the_group_of_five_is_known(harness_command):
    done = harness_command("run", "-m", "toy-pixels", "-b", "hq5", check=3)
    for asset in ("lfw", "calfw", "cplfw", "agedb", "cfp"):
        assert f"harness assets link {asset} PATH" in done.stderr


def add(folder, *lines):
    file = folder / "pairs.csv"
    file.write_text("\n".join([file.read_text(), *lines]) + "\n")


SPOILED = {
    "compare an image with itself": [f"p{k}/1.png,p{k}/1.png,1" for k in range(3)],
    "occur earlier in the list": [f"p{k}/2.png,p{k}/1.png,1" for k in range(3)],
    "are there as genuine and as impostor": ["p0/1.png,p0/2.png,0", "p1/2.png,p1/1.png,0"],
}


@pytest.mark.parametrize("kind", SPOILED)
def test_a_list_of_doubtful_pairs_is_refused_or_warned_of(prepared, folder, kind):
    add(folder, *SPOILED[kind])
    with pytest.raises(DataError, match=rf"pairs\.csv: .* pairs {kind}"):
        prepared(Pairs, PairsParams(root=folder))
    accepted = prepared(Pairs, PairsParams(root=folder, max_doubtful_pairs=0.5))
    assert kind in " ".join(accepted.cautions("verification"))


def test_people_in_several_folds_are_in_the_warnings(results, folder):
    (result,) = results("pairs", "root=own", "template=arcface", "flip=none").values()
    (warning,) = [text for text in result["warnings"] if "more than one fold" in text]
    assert "10 of 10 people (images that genuine pairs link)" in warning


def test_a_pack_is_judged_by_the_content_of_its_images(prepared, tmp_path, encode):
    images = [encode(person, number) for person in range(10) for number in (1, 2, 1, 2)]
    file = tmp_path / "twice.bin"
    file.write_bytes(pickle.dumps((images, [True, False] * 10), protocol=2))
    with pytest.raises(DataError, match=r"20 of 20 pairs are there as genuine and as impostor"):
        prepared(Pairs, PairsParams(pack=file))


def test_labels_the_wrong_way_round_are_refused_where_names_tell(prepared, folder, tmp_path):
    from harness_plugins.benchmarks.lfw.benchmark import Lfw
    from harness_plugins.benchmarks.lfw.params import LfwParams

    lines = (folder / "pairs.csv").read_text().splitlines()
    turned = [line[:-1] + str(1 - int(line[-1])) for line in lines[1:]]
    (folder / "turned.csv").write_text("\n".join(turned) + "\n")

    class Named(Lfw):
        def own_listing(self):
            return replace(super().own_listing(), subject=lambda name: name.split("/")[0])

    with pytest.raises(DataError, match="20 of 20 labels contradict the names"):
        prepared(Named, LfwParams(root=folder, pairs="turned.csv"))
    prepared(Named, LfwParams(root=folder, pairs="pairs.csv"))


def test_an_absent_image_with_a_similar_name_is_suggested(prepared, folder):
    (folder / "p3/1.png").rename(folder / "p3/1.PNG")
    with pytest.raises(DataError, match=r"p3/1\.png is not in .*there is 'p3/1\.PNG', .* case"):
        prepared(Pairs, PairsParams(root=folder))


def test_folders_or_file_names_are_people_where_all_labels_agree(prepared, folder, pack):
    people = {f"p{person}" for person in range(PEOPLE)}
    assert prepared(Pairs, PairsParams(root=folder)).people() == people
    listed = (folder / "pairs.csv").read_text()
    for file in sorted(folder.glob("p*/*.png")):
        file.rename(folder / f"{file.parent.name}_{file.name}")
    (folder / "pairs.csv").write_text(listed.replace("/", "_"))
    assert prepared(Pairs, PairsParams(root=folder)).people() == people
    flat = listed.replace("/", "_")
    one_wrong = flat.replace("p1_2.png,1", "p5_2.png,1")
    (folder / "pairs.csv").write_text(one_wrong)
    assert prepared(Pairs, PairsParams(root=folder)).people() == people
    (folder / "pairs.csv").write_text(one_wrong.replace("p2_2.png,1", "p6_2.png,1"))
    assert prepared(Pairs, PairsParams(root=folder)).people() == ()
    assert prepared(Pairs, PairsParams(pack=pack)).people() == ()
