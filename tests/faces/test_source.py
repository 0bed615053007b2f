"""Which faces of a source are taken, in which order, and how damaged ones are met."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from harness.errors import DataError, UsageError
from harness.faces.face import Face, Missing, Slot
from harness.faces.source import (
    SourceGenerator,
    SourceImage,
    SourceParams,
    among,
    natural,
    read_names,
)

PNG = cv2.imencode(".png", np.zeros((2, 2, 3), np.uint8))[1].tobytes()


class Memory(SourceGenerator):
    """Identity names with image counts; images listed in ``bad`` are cut short."""

    sizes: dict[str, int] = {"a": 5, "b": 40, "c": 1, "d": 36, "e": 7}
    bad: set[tuple[int, int]] = set()

    def open(self):
        def read(identity, number):
            data = PNG[:-9] if (identity, number) in self.bad else PNG
            return SourceImage(data, f"{list(self.sizes)[identity]}/{number}")

        return SimpleNamespace(
            names=list(self.sizes), counts=np.array(list(self.sizes.values())), read=read
        )


def made(seed=0, cls=Memory, **values):
    generator = cls(SourceParams(**values))
    generator.notes = []
    generator.prepare(SimpleNamespace(seed=seed, note=generator.notes.append))
    return generator


def images(generator):
    """``identity name`` to the numbers of its images, in order."""
    slots = [Slot(i, k) for i, n in enumerate(generator.samples_per_identity()) for k in range(n)]
    found = {}
    for face in generator.generate(slots):
        name, number = face.meta["source_image"].split("/")
        assert name == face.meta["source_identity"]
        found.setdefault(name, []).append(int(number))
    return found


def test_everything_in_the_order_of_the_source():
    found = images(made())
    assert {name: len(numbers) for name, numbers in found.items()} == Memory.sizes
    assert all(numbers == sorted(numbers) for numbers in found.values())


@pytest.mark.parametrize("choice", ["first", "sampled"])
def test_smaller_subsets_begin_larger_ones(choice):
    values = {"identity_choice": choice, "image_choice": choice}
    large = images(made(identities=5, images_per_id=30, **values))
    for identities in (1, 3, 4):
        for per in (1, 4, 20):
            small = images(made(identities=identities, images_per_id=per, **values))
            assert list(small) == list(large)[:identities]
            assert all(large[name][: len(numbers)] == numbers for name, numbers in small.items())


def test_samples_differ_by_seed_and_hold_no_image_twice():
    one = images(made(0, image_choice="sampled", identity_choice="sampled"))
    two = images(made(1, image_choice="sampled", identity_choice="sampled"))
    assert list(one) != list(two) or one != two
    assert {k: sorted(v) for k, v in one.items()} == {k: sorted(v) for k, v in two.items()}
    assert all(len(set(numbers)) == len(numbers) for numbers in one.values())


def test_leaving_an_identity_out_does_not_move_others(tmp_path):
    listing = tmp_path / "out.txt"
    listing.write_text("# overlap\nb  # the second\nnobody\n")
    whole = images(made(image_choice="sampled", identity_choice="sampled"))
    generator = made(image_choice="sampled", identity_choice="sampled", exclude=listing)
    part = images(generator)
    assert list(part) == [name for name in whole if name != "b"]
    assert all(part[name] == whole[name] for name in part)
    assert generator.notes == ["1 of 2 identities to exclude were in the set"]


def test_an_exclusion_list_that_fits_nothing_is_refused(tmp_path):
    listing = tmp_path / "out.txt"
    listing.write_text("m.0123\n")
    with pytest.raises(DataError, match="none is in the set"):
        made(exclude=listing)
    listing.write_text("# nothing\n")
    with pytest.raises(DataError, match="is empty"):
        read_names(listing)


def test_groups_cap_identities_that_have_several():
    generator = made(group_images=18, most_per_group=2, image_choice="sampled")
    found = images(generator)
    assert generator.samples_per_identity().tolist() == [5, 6, 1, 4, 7]
    for name in ("b", "d"):
        groups = [number // 18 for number in found[name]]
        assert max(groups.count(group) for group in groups) == 2
    with pytest.raises(ValidationError, match="group_images"):
        SourceParams(most_per_group=2)


def test_identities_with_few_images_are_left_out():
    assert list(images(made(min_images_per_id=6))) == ["b", "d", "e"]
    with pytest.raises(DataError, match="only 3 are there"):
        made(min_images_per_id=6, identities=4)


class Damaged(Memory):
    bad = {(1, 3), (3, 0)}


def test_unreadable_images_are_missing_with_their_name():
    generator = made(cls=Damaged, max_unreadable=0.03)
    items = list(generator.generate([Slot(1, 2), Slot(1, 3)]))
    assert isinstance(items[0], Face)
    assert items[1] == Missing(Slot(1, 3), items[1].reason)
    assert items[1].reason.startswith("b/3: the PNG file is cut short")


def test_more_unreadable_images_than_allowed_are_an_error():
    slots = [Slot(1, k) for k in range(40)] + [Slot(3, k) for k in range(36)]
    for share, error in ((0.03, False), (2 / 89, False), (0.02, True), (0.0, True)):
        generator = made(cls=Damaged, max_unreadable=share)
        if error:
            with pytest.raises(DataError, match="max_unreadable"):
                list(generator.generate(slots))
        else:
            assert sum(isinstance(i, Missing) for i in generator.generate(slots)) == 2


def test_an_unknown_template_is_refused():
    with pytest.raises((UsageError, DataError), match="arcfase"):
        made(template="arcfase")


def test_natural_order():
    names = ["10", "9", "a10", "a9", "a", "", "009", "a9b", "9" * 5000, "b"]
    ordered = sorted(names, key=natural)
    assert ordered == ["", "009", "9", "10", "9" * 5000, "a", "a9", "a9b", "a10", "b"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_exclude_list_means_the_same_however_it_is_saved(tmp_path, encoding, end):
    listing = tmp_path / "out.txt"
    text = end.join(["a", "", "  b  # seen twice", "# c", "e"])
    listing.write_bytes(text.encode(encoding))
    assert read_names(listing) == {"a", "b", "e"}
    assert set(images(made(exclude=listing))) == {"c", "d"}


def test_a_listed_name_counts_in_either_form_of_its_accents_and_may_hold_a_hash(tmp_path):
    listing = tmp_path / "out.txt"
    listing.write_text("Zoe\u0308\nC#1 # remark\n", encoding="utf-8")
    assert among(["Zo\u00eb", "Zoe", "C#1", "C"], read_names(listing)) == {"Zo\u00eb", "C#1"}
