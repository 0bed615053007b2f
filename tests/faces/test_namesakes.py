"""Who is named in two data sets, whatever the spelling."""

from __future__ import annotations

import pytest

from harness.errors import DataError
from harness.faces.namesakes import plain, read_names, read_people, shared


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Aaron_Eckhart", "Aaron Eckhart"),
        ("Beyonc\u00e9 Knowles", "beyonce_knowles"),
        ("Beyonce\u0301", "BEYONC\u00c9"),
        ("Conan O'Brien", "Conan_O Brien"),
        ("Jean-Pierre  Raffarin", "Jean_Pierre_Raffarin"),
    ],
)
def test_one_name_in_two_spellings(one, other):
    assert plain(one) == plain(other) != ""


def test_what_is_no_name():
    assert plain("601") == plain(" - ") == ""
    assert plain("50 Cent") == "50 cent"
    assert plain("Aaron Eckhart") != plain("Aaron Eckhardt")


def test_lists_of_lines_and_of_identities(tmp_path):
    file = tmp_path / "list_name.txt"
    file.write_bytes("50 Cent\r\nBeyonc\u00e9 Knowles\r\n\r\nAda\r\n".encode())
    assert read_people(file, 3) == {"001": "50 Cent", "002": "Beyonc\u00e9 Knowles", "004": "Ada"}
    assert read_people(file)["Ada"] == "Ada"
    file.write_text("0000045\tAda Lovelace\n0000099\tAlan Turing\n")
    assert read_people(file) == {"0000045": "Ada Lovelace", "0000099": "Alan Turing"}


def test_names_of_a_list_and_of_a_folder(tmp_path):
    (tmp_path / "people.txt").write_text("10\n601\nAda_Lovelace\t3\n")
    for name in ("Ada_Lovelace", "Alan_Turing"):
        (tmp_path / "lfw" / name).mkdir(parents=True)
    listed, folders = read_names(tmp_path / "people.txt"), read_names(tmp_path / "lfw")
    people = {"001": "ada lovelace", "002": "Alan Turing", "003": "601"}
    assert shared(people, [listed]) == {"001": "ada lovelace"}
    assert set(shared(people, [listed, folders])) == {"001", "002"}


def test_bad_lists_are_named(tmp_path):
    file = tmp_path / "names.txt"
    with pytest.raises(DataError, match=r"cannot read .*names\.txt: No such file"):
        read_people(file)
    file.write_text("1\tAda\n1\tAlan\n")
    with pytest.raises(DataError, match="line 2: 1 was given before"):
        read_people(file)
    file.write_text("12\n13\n")
    with pytest.raises(DataError, match="names nobody"):
        read_people(file)
    with pytest.raises(DataError, match="names nobody"):
        read_names(file)
