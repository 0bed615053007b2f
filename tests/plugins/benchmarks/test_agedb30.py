"""AgeDB-30 in its official layout: a MATLAB file of nested cells, names without .jpg, .pts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import savemat

from harness.errors import DataError
from harness.protocols.readers.matfile import read_variable
from harness_plugins.benchmarks.agedb30.benchmark import AgeDb30
from harness_plugins.benchmarks.agedb30.params import AgeDb30Params
from harness_plugins.benchmarks.agedb30.protocol import read_protocol

FOLDS, PEOPLE = 2, 4
MAT = "04_FINAL_protocol_30_years.mat"


def image_name(person: int, number: int) -> str:
    return f"{10 * person + number}_Name{person}_{20 + 30 * number}_f"


def matlab(path, folds, compressed=True) -> None:
    """``splits{k}`` = struct(pairs, labels); ``pairs`` a 2 x N cell of struct(name, age)."""
    splits = np.empty((len(folds), 1), object)
    for place, rows in enumerate(folds):
        cells = np.empty((2, len(rows)), object)
        for column, row in enumerate(rows):
            for side in (0, 1):
                cells[side, column] = {"name": row[side], "age": 30.0}
        splits[place, 0] = {"pairs": cells, "labels": np.array([[row[2] for row in rows]], float)}
    savemat(path, {"splits": splits}, do_compression=compressed)


def rows_of(fold: int) -> list[tuple[str, str, int]]:
    a, b = 2 * fold, 2 * fold + 1
    return [
        (image_name(a, 1), image_name(a, 2), 1),
        (image_name(b, 1), image_name(b, 2), 1),
        (image_name(a, 1), image_name(b, 2), -1),
        (image_name(b, 1), image_name(a, 2), -1),
    ]


@pytest.fixture
def agedb(tmp_path, paint, five):
    root = tmp_path / "agedb"
    points = np.zeros((68, 2))
    points[36:42], points[42:48] = five[0], five[1]
    points[[30, 48, 54]] = five[2:]
    body = "\n".join(f"{x + 1:.3f} {y + 1:.3f}" for x, y in points)
    for person in range(PEOPLE):
        for number in (1, 2):
            file = root / "03_Protocol_Images" / f"{image_name(person, number)}.jpg"
            paint(file, person, number)
            file.with_suffix(".pts").write_text(f"version: 1\nn_points:  68\n{{\n{body}\n}}\n")
    matlab(root / MAT, [rows_of(fold) for fold in range(FOLDS)])
    return root


def test_accuracy_by_the_command(results, agedb):
    (result,) = results("agedb-30", "root=agedb", "flip=none").values()
    assert result["accuracy"] == 1.0
    assert result["protocol"]["placed_by"] == {"given": 8}


def test_the_fixture_has_the_nesting_of_the_official_file(agedb):
    """The indices that public readers of the official file use."""
    from scipy.io import loadmat

    splits = loadmat(agedb / MAT)["splits"]
    assert str(splits[0][0][0][0][0][0][1][0][0][0][0]) == image_name(1, 1)
    assert splits[1][0][0][0][1][0].tolist() == [1, 1, -1, -1]


def test_landmarks_lie_where_the_68_points_do(prepared, agedb, five):
    benchmark = prepared(AgeDb30, AgeDb30Params(root=agedb))
    np.testing.assert_allclose(benchmark.images().landmarks[0], five, atol=1e-3)
    assert len(set(benchmark.images().subjects)) == PEOPLE
    assert not [c for c in benchmark.cautions("verification") if "contradict" in c]
    without = prepared(AgeDb30, AgeDb30Params(root=agedb, landmarks="none"))
    assert np.isnan(without.images().landmarks).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: [rows[0], [*rows[1][:-1], (*rows[1][-1][:2], 0)]],
         r"split 2, pair 4: label 0.* is not \+1 or -1"),
        (lambda rows: [rows[0], rows[1][:-1]], "not balanced"),
        (lambda rows: [rows[0], [("../x", *rows[1][0][1:]), *rows[1][1:]]],
         "split 2, pair 1: the name of an image is missing"),
        (lambda rows: [rows[0], [(3.0, *rows[1][0][1:]), *rows[1][1:]]],
         "split 2, pair 1: the name of an image is missing"),
    ],
    ids=["label", "balance", "outside", "number"],
)  # fmt: skip
def test_damaged_protocols_are_named(prepared, agedb, change, message):
    matlab(agedb / MAT, change([rows_of(fold) for fold in range(FOLDS)]))
    with pytest.raises(DataError, match=message):
        prepared(AgeDb30, AgeDb30Params(root=agedb))


def test_other_files_are_refused(prepared, agedb):
    params = AgeDb30Params(root=agedb)
    savemat(agedb / MAT, {"other": 1})
    with pytest.raises(DataError, match="has no variable 'splits'"):
        prepared(AgeDb30, params)
    savemat(agedb / MAT, {"splits": np.eye(2)})
    with pytest.raises(DataError, match="'splits' should be cells"):
        prepared(AgeDb30, params)
    splits = np.empty((2, 1), object)
    splits[:, 0] = [1.0, 2.0]
    savemat(agedb / MAT, {"splits": splits})
    with pytest.raises(DataError, match="split 1: expected a struct"):
        prepared(AgeDb30, params)
    (agedb / MAT).write_bytes(b"MATLAB")
    with pytest.raises(DataError, match="is not a little-endian MATLAB file"):
        prepared(AgeDb30, params)


@pytest.mark.parametrize("compressed", [False, True])
def test_matlab_values_as_scipy_wrote_them(tmp_path, compressed):
    cells = np.empty((2, 3), object)
    cells[:] = [["a", "\u00e9", ""], [1.5, np.arange(6).reshape(2, 3), np.array([[True]])]]
    record = {"x": cells, "long_name": np.int16(-3), "s": {"inner": "text"}}
    savemat(tmp_path / "m.mat", {"before": "no", "v": record}, do_compression=compressed)
    found = read_variable(tmp_path / "m.mat", "v")
    assert found.fields == ("x", "long_name", "s")
    ((inner, number, nested),) = found.values
    assert inner.shape == (2, 3)
    assert [inner.values[k] for k in (0, 2, 4)] == ["a", "\u00e9", ""]
    assert inner.values[1].tolist() == [1.5]
    np.testing.assert_array_equal(inner.values[3].reshape(2, 3, order="F"), cells[1, 1])
    assert inner.values[5].tolist() == [1]
    assert number.tolist() == [-3]
    assert nested.values == [["text"]]


def test_absent_points_are_named(prepared, agedb):
    (agedb / "03_Protocol_Images" / f"{image_name(2, 1)}.pts").unlink()
    with pytest.raises(DataError, match=r"1 of 8 landmark files are absent.*Name2_50_f.pts"):
        prepared(AgeDb30, AgeDb30Params(root=agedb))


def fuzz(file, cases: int) -> int:
    original, rng, refused = file.read_bytes(), np.random.default_rng(5), 0
    for _ in range(cases):
        data = bytearray(original[: rng.integers(1, len(original) + 1)])
        for _ in range(3):
            data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        file.write_bytes(data)
        try:
            read_protocol(file)
        except DataError:
            refused += 1
    return refused


@pytest.mark.parametrize("compressed", [False, True])
def test_damage_gives_clean_errors(tmp_path, compressed):
    matlab(tmp_path / MAT, [rows_of(fold) for fold in range(FOLDS)], compressed)
    assert fuzz(tmp_path / MAT, 200) > 80
