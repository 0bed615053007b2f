"""Every reader of files from outside, on damaged files: clean errors, no hang, no great memory."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from harness.align.decode import decode
from harness.errors import HarnessError
from harness.faces.recordio import RecordFile, RecordWriter, read_index
from harness.protocols.readers import landmark_files, landmarks, lists, packs, pair_lists
from harness.protocols.readers.columns import read_text_columns
from harness.protocols.readers.matfile import read_variable
from harness.results.score_files import read_scores
from harness_plugins.benchmarks.agedb30.protocol import read_protocol
from harness_plugins.benchmarks.cfp.lists import read_index as read_cfp_index
from harness_plugins.benchmarks.cfp.lists import read_split
from harness_plugins.benchmarks.ijba.benchmark import ENTRIES
from harness_plugins.benchmarks.ijbc.insightface import POINTS, SEARCH
from harness_plugins.benchmarks.ijbc.lists import ID
from harness_plugins.benchmarks.ijbc.official import TEMPLATES
from harness_plugins.benchmarks.multipie.annotations import read_annotation
from harness_plugins.generators.folder.packed import PackedSource
from harness_plugins.generators.folder.rows import ParquetRows
from harness_plugins.generators.folder.tars import TarSamples, index_tars
from harness_plugins.generators.recordio.table import by_header, by_list
from tests.fuzz.mutate import bounded, mutants

CASES, MANY = 60, 10_000


@dataclass(frozen=True)
class Reader:
    """Files of a folder, all sound, and what reads them."""

    files: dict[str, bytes]
    read: Callable[[Path], Any]


def lines(*rows: str, end: str = "\n") -> bytes:
    return end.join(rows).encode()


def picture(suffix: str) -> bytes:
    rng = np.random.default_rng(1)
    small = cv2.GaussianBlur(rng.normal(128, 60, (24, 20, 3)), (0, 0), 2)
    return cv2.imencode(suffix, np.clip(small, 0, 255).astype(np.uint8))[1].tobytes()


def record_file() -> dict[str, bytes]:
    """As insightface writes it: meta, images, one range per identity."""
    import io

    labels = [10, 2, 2, 10, 7]
    rows = [(0, (6.0, 9.0), b"")]
    rows += [(1 + i, float(label), picture(".png")) for i, label in enumerate(labels)]
    rows += [(6 + i, (0.0, 0.0), b"") for i in range(3)]
    file = io.BytesIO()
    writer = RecordWriter(file)
    for key, label, body in rows:
        writer.write(key, label, body)
    listing = lines(*(f"{1 + i}\tp{label}/{i}.png" for i, label in enumerate(labels)))
    return {"a.rec": file.getvalue(), "a.idx": writer.index_text().encode(), "list.txt": listing}


def records(folder: Path, table: Callable[[RecordFile], Any]) -> None:
    rec = RecordFile(folder / "a.rec")
    for offset in table(rec).offsets.tolist():
        rec.record(offset)


def packed(folder: Path) -> dict[str, bytes]:
    """A tar file of WebDataset and a Parquet file, as ``harness faces export`` writes them."""
    from harness.faces.export import LAYOUTS
    from harness.faces.face import Face, Slot
    from harness.faces.store import FaceSet, shard_path, write_shard

    points, box = np.ones((5, 2), np.float32), np.ones(4, np.float32)
    faces = [Face(Slot(k // 2, k % 2), picture(".png"), points, box, None, {"k": k})
             for k in range(4)]  # fmt: skip
    write_shard(shard_path(folder, 0), faces)
    for layout in ("webdataset", "parquet"):
        LAYOUTS[layout](FaceSet(folder), folder, lambda *_: None)
    return {path.name: path.read_bytes() for path in sorted(folder.glob("faces-*"))}


def read_packed(pack: Any) -> None:
    source = PackedSource(pack)
    for identity, count in enumerate(source.counts.tolist()):
        for number in range(count):
            source.read(identity, number)


def matlab(folder: Path, *, compressed: bool) -> dict[str, bytes]:
    """The files of AgeDB-30 and TinyFace: nested cells of structures, a column of names."""
    cells = np.empty((2, 4), object)
    for column in range(4):
        for side in (0, 1):
            cells[side, column] = {"name": f"{column}_A_{side}_f", "age": 30.0}
    splits = np.empty((1, 1), object)
    splits[0, 0] = {"pairs": cells, "labels": np.array([[1, -1, 1, -1]], float)}
    names = np.empty((3, 1), object)
    names[:, 0] = ["1_1.jpg", "1_2.jpg", "2_1.jpg"]
    ids = np.array([[1], [1], [2]], np.int32)
    files = {}
    for name, content in {
        "agedb.mat": {"splits": splits},
        "tiny.mat": {"probe_set": names, "probe_ids": ids},
    }.items():
        savemat(folder / name, content, do_compression=compressed)
        files[name] = (folder / name).read_bytes()
    return files


def read_matlab(folder: Path) -> None:
    read_protocol(folder / "agedb.mat")
    for name in ("probe_set", "probe_ids"):
        read_variable(folder / "tiny.mat", name)


def read_cfp(folder: Path) -> None:
    frontal, profile = (read_cfp_index(folder / f"{k}.txt") for k in "FP")
    read_split(folder / "FP", frontal, profile)


def one(name: str, data: bytes, read: Callable[[Path], Any]) -> Reader:
    return Reader({name: data}, lambda folder: read(folder / name))


def text_readers() -> dict[str, Reader]:
    ten = " ".join(f"{10.5 + k}" for k in range(10))
    tens = ten.replace(" ", "\t")
    pairs = [f"A_B\t{k}\t{k + 1}" for k in (1, 3)] + [f"A_B\t{k}\tC_D\t{k}" for k in (1, 2)]
    entry = "1,2,img/3.jpg,4,5,,6,7,8.5,9"
    head = "TEMPLATE_ID,SUBJECT_ID,FILENAME,MEDIA_ID,SIGHTING_ID,FRAME,FACE_X,FACE_Y,FACE_WIDTH,FACE_HEIGHT"  # noqa: E501
    points = [f"{x + 1}.5 {x + 2}" for x in range(68)]
    scores = {
        "scores-csv": ["first,second,genuine,fold,score", "1,2,1,1,0.5", "3,4,0,2,-0.25"],
        "scores-four": ["a b p1 0.5", "a a p2 0.75"],
        "scores-five": ["a m b p1 0.5", "a m a p2 nan"],
        "scores-bob": [
            "probe_template_id,probe_subject_id,bio_ref_template_id,bio_ref_subject_id,score",
            "p,1,r,1,0.5", "p,1,s,2,0.25"],
    }  # fmt: skip
    cfp = {f"{k}.txt": lines(*(f"{i} ../Data/Images/001/{v}/{i:02d}.jpg" for i in range(1, 5)))
           for k, v in (("F", "frontal"), ("P", "profile"))}  # fmt: skip
    cfp |= {f"FP/01/{k}.txt": lines("1,2", "3,4", end="\r\n") for k in ("same", "diff")}
    columns = {
        "ijb-points": ({"name": TEMPLATES["filename"], **dict.fromkeys(POINTS, TEMPLATES["face_x"]),
                        "score": TEMPLATES["face_x"]}, [f"{k}.jpg {ten} 0.9" for k in range(3)]),
        "ijb-templates": ({"name": TEMPLATES["filename"], "tid": ID, "mid": ID},
                          [f"{k}.jpg {k} 9" for k in range(4)]),
        "ijb-pairs": ({"one": ID, "other": ID, "label": ID}, ["1 2 1", "1 3 0", "2 3 0"]),
    }  # fmt: skip
    with_header = {
        "ijb-nist": (TEMPLATES, [head, entry, entry]),
        "ijba": (ENTRIES, [head.replace("FILENAME", "FILE"), entry, entry]),
        "ijb-search": (SEARCH, ["TEMPLATE_ID,SUBJECT_ID,FILENAME", "1,2,3.jpg", "4,5,6.jpg"]),
    }
    return {
        "lfw": one("p.txt", lines("1\t2", *pairs), lists.read_lfw_pairs),
        "rfw": one("p.txt", lines(*pairs), lists.read_headless_pairs),
        "calfw": one("p.txt", lines(*(f"A_{k}.jpg {int(k < 20)}" for k in range(40))),
                     pair_lists.read_label_lines),
        "csv": one("p.csv", lines("first,second,genuine,fold", "a/1.png,b.png,1,1", "c,d,0,2"),
                   pair_lists.read_pairs_csv),
        "cfp": Reader(cfp, read_cfp),
        "points": one("l.txt", lines(*(f"a/{k}.jpg {ten}" for k in range(3))),
                      landmarks.read_five_points),
        "points-scored": one("l.tsv", lines(*(f"{k}.jpg\t{tens}\t0.9" for k in range(3)),
                                            "z.jpg" + "\tnan" * 10),
                             landmark_files.read_scored_points),
        "points-rfw": one("l.txt", lines(*(f"/test/data/Asian/m.1/{k}.jpg\t3\t{tens}"
                                           for k in range(3))), landmark_files.read_rfw_points),
        "points-lines": one("l.txt", lines(*["1.5 2"] * 5, "", "7"),
                            landmark_files.read_five_lines),
        "points-pts": one("l.pts", lines("version: 1", "n_points: 68", "{", *points, "}"),
                          landmark_files.read_pts),
        "points-multipie": one("l.pos", lines("8", *["10 20"] * 8), read_annotation),
        **{name: one("l.txt", lines(*rows), lambda path, c=wanted: read_text_columns(
            path, c, header=False)) for name, (wanted, rows) in columns.items()},
        **{name: one("l.csv", lines(*rows), lambda path, c=wanted: read_text_columns(
            path, c, header=True)) for name, (wanted, rows) in with_header.items()},
        **{name: one("s.txt", lines(*rows), read_scores) for name, rows in scores.items()},
    }  # fmt: skip


def binary_readers(folder: Path) -> dict[str, Reader]:
    import pickle

    bins = [np.frombuffer(picture(".png"), np.uint8).copy(), *[picture(".jpg")] * 3]
    rec = record_file()
    found = {
        f"pack-{protocol}": one("p.bin", pickle.dumps((bins, [True, np.bool_(False)]), protocol),
                                packs.read_pack)
        for protocol in (0, 2, 5)
    } | {
        f"image{suffix}": one(f"i{suffix}", picture(suffix),
                              lambda path: decode(path.read_bytes(), path.name))
        for suffix in (".jpg", ".png", ".bmp", ".webp", ".ppm")
    }  # fmt: skip
    return found | {
        "rec": Reader(rec, lambda f: records(f, lambda r: by_header(r, "skip"))),
        "rec-list": Reader(rec, lambda f: records(f, lambda r: by_list(r, f / "list.txt"))),
        "tar": one(
            "a.tar",
            packed(folder)["faces-00000.tar"],
            lambda path: read_packed(TarSamples([path], index_tars([path]))),
        ),
        "parquet": one(
            "a.parquet",
            packed(folder)["faces-00000.parquet"],
            lambda path: read_packed(ParquetRows([path], "image")),
        ),
        "idx": one("a.idx", rec["a.idx"], read_index),
        "mat": Reader(matlab(folder, compressed=False), read_matlab),
        "mat-compressed": Reader(matlab(folder, compressed=True), read_matlab),
    }


TEXTS = text_readers()
BINARIES = ["pack-0", "pack-2", "pack-5", "image.jpg", "image.png", "image.bmp", "image.webp",
            "image.ppm", "rec", "rec-list", "idx", "mat", "mat-compressed", "tar",
            "parquet"]  # fmt: skip


def fuzz(reader: Reader, folder: Path, cases: int, *, text: bool) -> int:
    """Read damaged files; how many were refused. Anything but HarnessError ends the test."""
    for name, data in reader.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    reader.read(folder)
    refused = 0
    for number, (name, sound) in enumerate(reader.files.items()):
        for data in mutants(sound, cases // len(reader.files), number, text=text):
            (folder / name).write_bytes(data)
            with bounded():
                try:
                    reader.read(folder)
                except HarnessError as error:
                    assert str(error)
                    refused += 1
        (folder / name).write_bytes(sound)
    return refused


@pytest.fixture
def folder():
    """A folder in memory where there is one: these tests write a file a case."""
    shared = Path("/dev/shm")  # noqa: S108 (where it exists it is memory)
    with TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        yield Path(name)


linux = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")


@linux
@pytest.mark.parametrize("name", TEXTS)
def test_damaged_lists(folder, name):
    assert fuzz(TEXTS[name], folder, CASES, text=True) > CASES / 20


@linux
@pytest.mark.parametrize("name", BINARIES)
def test_damaged_files(folder, name):
    assert fuzz(binary_readers(folder)[name], folder, CASES, text=False) > CASES / 20


@linux
@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
def test_ten_thousand_damaged_lists(folder, name):
    assert fuzz(TEXTS[name], folder, MANY, text=True) > MANY / 20


@linux
@pytest.mark.slow
@pytest.mark.parametrize("name", BINARIES)
def test_ten_thousand_damaged_files(folder, name):
    assert fuzz(binary_readers(folder)[name], folder, MANY, text=False) > MANY / 20
