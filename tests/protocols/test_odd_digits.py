"""Words that only look like numbers are refused by every reader of lists, with file and line."""

from __future__ import annotations

import pytest

from harness.errors import DataError, UsageError
from harness.plan.device import resolve_device
from harness.protocols.readers.lists import read_headless_pairs, read_lfw_pairs
from harness.protocols.readers.pair_lists import read_label_lines, read_pairs_csv
from harness_plugins.benchmarks.cfp.lists import read_index

ODD = ["²", "\u0663", "1_0", "9" * 5000, "0x1"]
LISTS = {
    "lfw-header": (read_lfw_pairs, "{}\t1\nA\t1\t2\nA\t1\tB\t1\n"),
    "lfw-image": (read_lfw_pairs, "1\t1\nA\t{}\t2\nA\t1\tB\t1\n"),
    "rfw": (read_headless_pairs, "m.1\t1\t{}\nm.1\t1\tm.2\t1\n"),
    "calfw": (read_label_lines, "A_1.jpg 1\nA_2.jpg {}\n"),
    "csv-fold": (read_pairs_csv, "first,second,genuine,fold\na,b,1,{}\n"),
    "cfp": (read_index, "{} ../Data/Images/001/frontal/01.jpg\n"),
}


@pytest.mark.parametrize("word", ODD, ids=["superscript", "arabic", "underscore", "long", "hex"])
@pytest.mark.parametrize("name", LISTS)
def test_a_word_that_looks_like_a_number_is_refused(tmp_path, name, word):
    read, text = LISTS[name]
    path = tmp_path / "list.txt"
    path.write_text(text.format(word), encoding="utf-8")
    with pytest.raises(DataError, match=r"list\.txt, line [12]") as error:
        read(path)
    assert len(str(error.value)) < 600


@pytest.mark.parametrize(
    "device", ["cuda:²", "cuda:\u0663", "cuda:" + "9" * 50, "cuda:-1", "cuda:"]
)
def test_a_device_number_is_plain_digits(device):
    with pytest.raises(UsageError, match="unknown device"):
        resolve_device(device)
