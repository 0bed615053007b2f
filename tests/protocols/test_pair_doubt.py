from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.errors import DataError
from harness.protocols.pair_doubt import (
    examine,
    examine_listed,
    require_few,
    same_content,
    unbalanced,
)
from harness.protocols.readers.lists import Pair


def pairs(count=100, people=20):
    """Genuine and impostor pairs of people who are in one of two folds."""
    made = []
    for k in range(count):
        fold, one = k % 2, f"{k % people}/{k}.png"
        made.append(Pair(one, f"{k % people}/{k + count}.png", True, fold, f"line {2 * k + 1}"))
        other = (k + 2) % people
        made.append(Pair(one, f"{other}/{k}x.png", False, fold, f"line {2 * k + 2}"))
    return made


def person(name):
    return name.split("/")[0]


def test_a_sound_list_has_nothing_to_tell():
    found = examine(pairs(), person)
    assert found.texts() == []
    assert found.share == 0
    assert found.people == 20
    assert require_few(found, "pairs.csv", 0) == []


def test_an_image_with_itself_is_found_under_any_spelling():
    one = Pair("a/1.png", "a/1.png", True, 0, "line 201")
    other, third = replace(one, second="a/./1.png"), replace(one, first="./a//1.png", genuine=False)
    listed = [*pairs(), one, other, third]
    found = examine(listed, person)
    assert (found.itself, found.repeated, found.contradicted) == (3, 0, 0)
    (text,) = [text for text in found.texts() if "itself" in text]
    assert text.startswith("3 of 203 pairs compare an image with itself (line 201: a/1.png with")


def test_repeated_pairs_are_found_also_exchanged():
    listed = pairs()
    again = [listed[0], Pair(listed[1].second, listed[1].first, False, listed[1].fold)]
    found = examine([*listed, *again], person)
    assert (found.itself, found.repeated, found.contradicted) == (0, 2, 0)
    assert found.share == pytest.approx(2 / 202)


def test_a_pair_under_both_labels_counts_each_time():
    listed = pairs()
    turned = Pair(listed[0].second, listed[0].first, False, 0, "line 900")
    found = examine([*listed, turned], person)
    assert (found.repeated, found.contradicted) == (0, 2)
    (text,) = found.texts()
    assert "2 of 201 pairs are there as genuine and as impostor" in text
    assert "line 900" in text


def test_people_in_two_folds_are_named_and_do_not_count_as_pairs():
    listed = [*pairs(), Pair("3/a.png", "3/b.png", True, 0)]
    found = examine(listed, person)
    assert found.in_folds == 1
    assert found.share == 0
    assert "1 of 20 people are in more than one fold (3)" in found.texts()[0]


def test_unknown_people_are_those_that_genuine_pairs_link():
    chain = [Pair("a", "b", True, 0), Pair("b", "c", True, 0), Pair("x", "y", True, 1)]
    assert examine(chain).people == 2
    assert examine(chain).in_folds == 0
    joined = examine([*chain, Pair("c", "z", True, 1)])
    assert (joined.people, joined.in_folds) == (2, 1)
    assert "a" in joined.examples["in_folds"]


def test_equal_content_may_be_one_image():
    listed = [Pair("0001a", "0001b", True, 0), Pair("0002a", "0002b", True, 1)]
    content = {"0001a": "p", "0001b": "q", "0002a": "q", "0002b": "p"}.__getitem__
    found = examine(listed, None, content)
    assert (found.repeated, found.people, found.in_folds) == (1, 1, 1)
    assert examine(listed).repeated == 0


def test_copies_and_links_of_an_image_are_that_image(tmp_path):
    (tmp_path / "a.png").write_bytes(b"same")
    (tmp_path / "copy.png").write_bytes(b"same")
    (tmp_path / "size.png").write_bytes(b"emas")
    (tmp_path / "other.png").write_bytes(b"longer")
    (tmp_path / "link.png").symlink_to("a.png")
    names = ["a.png", "copy.png", "link.png", "other.png", "size.png"]
    same = same_content(tmp_path, names)
    assert same("a.png") == same("copy.png") == same("link.png")
    assert len({same(name) for name in names}) == 3
    listed = [Pair("a.png", "copy.png", True, 0), Pair("size.png", "other.png", False, 1)]
    found = examine(listed, None, same)
    assert found.itself == 1
    assert found.examples["itself"] == "a.png with copy.png"
    with pytest.raises(DataError, match=r"gone\.png: No such file"):
        same_content(tmp_path, ["gone.png"])


@pytest.mark.parametrize(("genuine", "told"), [(50, ""), (33, "impostor"), (80, "genuine")])
def test_a_list_of_mostly_one_kind_is_told_with_the_accuracy_of_calling_all_so(genuine, told):
    listed = [Pair(f"{k}a", f"{k}b", k < genuine, k % 2) for k in range(100)]
    share = {50: "", 33: "67.00%", 80: "80.00%"}[genuine]
    found = unbalanced(listed, "pairs.csv")
    assert len(found) == (1 if told else 0)
    assert all(f"calls all pairs {told} has an accuracy of {share}" in text for text in found)


@pytest.mark.parametrize("spoil", ["itself", "repeated", "contradicted"])
def test_a_share_above_the_limit_is_refused(spoil):
    listed = pairs()
    more = {
        "itself": [Pair(f"{k}.png", f"{k}.png", True, 0) for k in range(20)],
        "repeated": listed[:20],
        "contradicted": [Pair(p.first, p.second, not p.genuine, p.fold) for p in listed[:20]],
    }[spoil]
    found = examine([*listed, *more], person)
    with pytest.raises(DataError, match=r"^pairs.csv: (2|4)0 of 220 pairs .*max_doubtful_pairs"):
        require_few(found, "pairs.csv", 0.05)
    assert require_few(found, "pairs.csv", 0.5)[0].startswith("pairs.csv: ")


def listed_counts(rows):
    first, second, genuine = (np.array(column) for column in zip(*rows, strict=True))
    found = examine_listed(first, second, genuine.astype(bool))
    slow = examine([Pair(a, b, bool(g), 0) for a, b, g in rows])
    assert (found.itself, found.repeated, found.contradicted) == (
        slow.itself, slow.repeated, slow.contradicted
    )  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ([], ""),
        ([("a1", "b1", 1)], "1 of 6 pairs occur earlier in the list (a1 with b1)"),
        (
            [("b1", "a1", 1), ("a1", "b1", 1)],
            "2 of 7 pairs occur earlier in the list (b1 with a1",
        ),
        ([("b2", "a2", 1)], "2 of 6 pairs are there as genuine and as impostor (a2 with b2, b2 "),
        ([("a1", "a1", 0), ("a1", "a1", 1)], "2 of 7 pairs compare an image with itself (a1 wi"),
    ],
)
def test_lists_of_scores_are_examined_as_lists_of_pairs(more, text):
    rows = [(f"a{k}", f"b{k}", k % 2) for k in range(5)]
    told = listed_counts([*rows, *more]).texts()
    assert told == [] if not text else told[0].startswith(text)


def test_random_lists_have_the_counts_of_the_slow_way():
    rng = np.random.default_rng(0)
    for size in (3, 6, 12):
        rows = [(f"i{a}", f"i{b}", int(g)) for a, b, g in rng.integers(0, [size, size, 2], (90, 3))]
        listed_counts(rows)
