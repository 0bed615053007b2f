from __future__ import annotations

import pytest

from harness.errors import UsageError
from harness.reporting.compare.methods import by_benchmark, one_per_training
from harness.reporting.compare.select_cells import pick_cells
from harness.reporting.tables.matrix import Names


@pytest.fixture
def study(make, tmp_path):
    folder = tmp_path / "s"
    mine = make.component("folder", identities=9, label="MyFaces")
    for repeat in (0, 1):
        network = make.component("net").model_copy(update={"key": f"k{repeat}"})
        make.write_cell(folder, make.result(mine, network, repeat=repeat))
        make.write_cell(folder, make.result("bfm", network, repeat=repeat))
    make.write_cell(folder, make.result(None, "onnx", bench="cfp"))
    return folder


@pytest.mark.parametrize(
    ("which", "many"),
    [("MyFaces", 2), ("folder", 2), ("MyFaces > net", 2), ("MyFaces#1", 1), ("bfm > net#0", 1),
     ("net", 4), ("onnx", 1), ("", 5)],
)  # fmt: skip
def test_a_label_names_a_method_and_a_number_one_seed(study, which, many):
    cells = pick_cells(f"{study}:{which}" if which else str(study))
    assert len(cells) == many


def test_the_beginning_of_an_id_names_a_cell(study):
    (cell,) = pick_cells(f"{study}:MyFaces#0")
    assert pick_cells(f"{study}:{cell.result.id[:9]}") == [cell]


def test_an_unknown_label_is_told_what_there_is(study):
    with pytest.raises(UsageError, match=r"no finished cell 'other'; its rows are .*MyFaces > net"):
        pick_cells(f"{study}:other")
    with pytest.raises(UsageError, match="'absent' is not a study folder or report"):
        pick_cells("absent:x")


def test_a_folder_may_have_a_colon(study, tmp_path):
    moved = study.rename(tmp_path / "a:b")
    assert len(pick_cells(str(moved))) == 5
    assert len(pick_cells(f"{moved}:MyFaces")) == 2


def test_repeats_are_one_method_and_other_settings_are_not(study):
    cells = pick_cells(f"{study}:MyFaces")
    (method,) = by_benchmark(cells, Names.of([c.result for c in cells]), "A").values()
    assert (method.title, len(method.cells)) == ("MyFaces > net", 2)
    every = pick_cells(str(study))
    with pytest.raises(
        UsageError, match=r"A has several methods on lfw: .*name one as STUDY:LABEL"
    ):
        by_benchmark(every, Names.of([c.result for c in every]), "A")


def test_a_network_that_has_two_seeds_to_its_name_counts_once(make, tmp_path):
    folder = tmp_path / "s"
    for repeat in (0, 1):
        make.write_cell(folder, make.result(None, "onnx", repeat=repeat))
    assert len(one_per_training(pick_cells(str(folder)))) == 1
