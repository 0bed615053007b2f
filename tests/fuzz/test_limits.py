"""Small files that ask for gigabytes or minutes are refused: 1 GB and 10 s at most for 1 MB."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import h5py
import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet
from scipy.io import savemat

from harness.align.decode import decode
from harness.errors import DataError, HarnessError
from harness.faces.recordio import RecordFile, RecordWriter
from harness.fileio.npz_files import read_npz
from harness.protocols.readers.columns import ListColumn, read_text_columns
from harness.protocols.readers.matfile import read_variable
from harness.protocols.readers.packs import read_pack
from harness_plugins.generators.bfm.model.h5_model import read_h5
from harness_plugins.generators.folder.rows import ParquetRows
from harness_plugins.generators.folder.tars import index_tars
from harness_plugins.generators.folder.zips import ZipImages
from tests.fuzz.mutate import bounded

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
SMALL = 1_050_000
Read = Callable[[], object]


def png(width: int, height: int, bits: int, kind: int, channels: int) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        crc = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)

    packer = zlib.compressobj(9)
    row = bytes(1 + (width * bits * channels + 7) // 8)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def saved(form: str, mode: str, size: tuple[int, int], **options) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, form, **options)
    return file.getvalue()


def jpeg_claiming(width: int, height: int) -> bytes:
    data = bytearray(saved("JPEG", "RGB", (2000, 2000)))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(data)


IMAGES = {
    "png of one bit": lambda: png(15000, 15000, 1, 0, 1),
    "largest png": lambda: png(8000, 8000, 8, 2, 3),
    "largest deep png": lambda: png(8000, 4000, 16, 6, 4),
    "deep png": lambda: png(8000, 4500, 16, 6, 4),
    "jpeg header": lambda: jpeg_claiming(30000, 30000),
    "largest jpeg": lambda: saved("JPEG", "L", (8000, 8000)),
    "largest progressive": lambda: saved("JPEG", "RGB", (8000, 8000), progressive=True),
    "webp": lambda: saved("WEBP", "RGB", (16000, 4500), lossless=True, method=0),
    "largest webp": lambda: saved("WEBP", "RGBA", (8000, 8000), lossless=True, method=0),
    "comments": lambda: b"P5 " + b"#\n" * 400_000 + b"2 2 255\n\0\0\0\0",
    "text of samples": lambda: b"P2 700 700 255\n" + b"0 " * 490_000,
    "bmp": lambda: b"BM" + struct.pack("<IIIIiiHHI", 0, 0, 54, 40, 30000, 30000, 1, 8, 1)
    + bytes(99),
}  # fmt: skip


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.slow if "largest" in name else ()) for name in IMAGES
])  # fmt: skip
def test_images(name):
    data = IMAGES[name]()
    assert len(data) <= SMALL
    with bounded():
        try:
            assert decode(data, "a").ndim == 3
        except HarnessError as error:
            assert str(error).startswith("a: ")
            assert "largest" not in name


def test_scans_of_a_jpeg():
    """Each of them costs a pass over all pixels, and a few bytes."""
    data = saved("JPEG", "L", (8000, 8000), progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    with bounded(), pytest.raises(HarnessError, match="scans"):
        decode(data[:-2] + scan * 40 + b"\xff\xd9", "a")


# -- archives ------------------------------------------------------------------------------------


def overlapping_zip(path: Path) -> Read:
    """Two thousand entries of the directory for one packed member."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/0000.png", bytes(20_000_000))
        (info,) = archive.infolist()
        for number in range(1, 2000):
            other = zipfile.ZipInfo(f"a/{number:04d}.png")
            for key in ("compress_type", "CRC", "compress_size", "file_size", "header_offset"):
                setattr(other, key, getattr(info, key))
            archive.filelist.append(other)
            archive.NameToInfo[other.filename] = other
        archive._didModify = True
    return lambda: ZipImages(path)


def zip_of_a_bomb(path: Path) -> Read:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/0.png", bytes(270_000_000))
    return lambda: ZipImages(path).read("a", "0.png")


def tar_with_header(size: int, kind: bytes) -> Callable[[Path], Read]:
    def build(path: Path) -> Read:
        entry = tarfile.TarInfo("././@LongLink")
        entry.type, entry.size = kind, size
        with path.open("wb") as file:
            file.write(entry.tobuf(tarfile.GNU_FORMAT))
            file.seek(size + 512)  # a hole: no disk and no time
            file.write(bytes(1024))
        return lambda: index_tars([path])

    return build


def parquet_of(column: str) -> Callable[[Path], Read]:
    """A dictionary of one long value, and many rows that name it."""

    def build(path: Path) -> Read:
        count = 2000
        long = pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(count, np.int32)), pa.array([bytes(1_000_000)])
        )
        noise = [np.random.default_rng(k).bytes(200) for k in range(count)]
        columns = {"image": pa.array(noise), "identity": pa.array(["p"] * count)}
        columns[column] = long if column == "image" else pa.DictionaryArray.from_arrays(
            long.indices, pa.array(["x" * 1_000_000]))  # fmt: skip
        parquet.write_table(
            pa.table({**columns, "pad": noise}), path, compression="zstd", store_schema=False
        )
        return lambda: ParquetRows([path], "image").read(0)

    return build


def parquet_of_rows(path: Path) -> Read:
    count = 5_000_000
    one = pa.array(np.zeros(count, np.int32))
    table = pa.table({
        "image": pa.DictionaryArray.from_arrays(one, pa.array([b"x"])),
        "identity": pa.DictionaryArray.from_arrays(one, pa.array(["p"])),
    })  # fmt: skip
    parquet.write_table(table, path)
    return lambda: ParquetRows([path], "image")


def parquet_page(path: Path) -> Read:
    table = pa.table({"image": pa.array([bytes(120_000_000)]), "identity": [1]})
    parquet.write_table(table, path, compression="zstd")
    return lambda: ParquetRows([path], "image").read(0)


# -- arrays and pickles --------------------------------------------------------------------------


def pack_that_encodes(path: Path) -> Read:
    """One text of a megabyte in the memo, encoded a thousand times."""
    text = b"a" * 900_000
    made = b"(](X" + struct.pack("<I", len(text)) + text + b"q\x00" + b"0"
    call = b"c_codecs\nencode\n(h\x00X\x06\x00\x00\x00latin1tRa"
    path.write_bytes(b"\x80\x02]" + made[3:] + call * 2000 + b"]\x86.")
    return lambda: read_pack(path)


def pack_of_one_array(path: Path) -> Read:
    """The same array of a megabyte under many names."""
    image = bytearray(cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes())
    path.write_bytes(pickle.dumps(([image + bytes(200_000)] * 10_000, [True] * 5_000), protocol=5))
    return lambda: len(read_pack(path))


def mat_of_cells(path: Path) -> Read:
    """Eight bytes make an array, and compression makes them fewer."""
    cells = np.empty((1, 3_000_000), object)
    cells[:] = [[None]]
    element = struct.pack("<II", 14, 0) * cells.size
    head = struct.pack("<IIII", 6, 8, 1, 0) + struct.pack("<IIii", 5, 8, 1, cells.size)
    body = head + struct.pack("<HH4s", 1, 1, b"a\0\0\0") + element
    packed = zlib.compress(struct.pack("<II", 14, len(body)) + body)
    savemat(path, {})
    path.write_bytes(path.read_bytes()[:128] + struct.pack("<II", 15, len(packed)) + packed)
    return lambda: read_variable(path, "a")


def mat_of_counts(path: Path) -> Read:
    body = struct.pack("<II", 2, 50_000_000) + bytes(50_000_000)
    packed = zlib.compress(struct.pack("<II", 14, len(body)) + body)
    savemat(path, {})
    path.write_bytes(path.read_bytes()[:128] + struct.pack("<II", 15, len(packed)) + packed)
    return lambda: read_variable(path, "a")


def h5_of(shape: tuple[int, ...], **options) -> Callable[[Path], Read]:
    """Values that were never written."""

    def build(path: Path) -> Read:
        with h5py.File(path, "w") as file:
            file.create_dataset("shape/representer/points", shape, np.float64, **options)
            file["shape/representer/cells"] = np.zeros((3, 1), np.int32)
        return lambda: read_h5(path)

    return build


def npz_of_zeros(path: Path) -> Read:
    np.savez_compressed(path, a=np.zeros(40_000_000, np.uint8))
    return lambda: read_npz(path, ["a"])


def npz_claiming(path: Path) -> Read:
    with zipfile.ZipFile(path, "w") as archive, archive.open("a.npy", "w") as file:
        shape = {"descr": "<f8", "fortran_order": False, "shape": (1 << 40,)}
        np.lib.format.write_array_header_1_0(file, shape)
    return lambda: read_npz(path, ["a"])


BOMBS = {
    "zip-overlap": (overlapping_zip, "share bytes"),
    "zip-member": (zip_of_a_bomb, "too many for an image"),
    "tar-long-name": (tar_with_header(8 << 30, b"L"), "a header of 8589934592 bytes"),
    "tar-pax": (tar_with_header(8 << 30, b"x"), "a header of 8589934592 bytes"),
    "tar-pax-global": (tar_with_header(1 << 20, b"g"), "a header of 1048576 bytes"),
    "parquet-image": (parquet_of("image"), "unpacks to more than 100 times"),
    "parquet-identity": (parquet_of("identity"), "is not a name of an identity"),
    "parquet-rows": (parquet_of_rows, "claims 5000000 rows"),
    "parquet-page": (parquet_page, "unpacks to more than 100 times"),
    "pack-encode": (pack_that_encodes, "unpacks to more bytes than the file has"),
    "pack-shared": (pack_of_one_array, None),
    "mat-cells": (mat_of_cells, "more than 1000000 arrays"),
    "mat-counts": (mat_of_counts, "more lengths than an array has"),
    "h5-fill": (h5_of((3, 400_000_000)), "announces 9600000000 bytes and 0 are stored"),
    "h5-chunk": (h5_of((3, 10), maxshape=(None, None), chunks=(3, 40_000_000)), "announces"),
    "npz-zeros": (npz_of_zeros, "announces"),
    "npz-shape": (npz_claiming, "announces"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_files(name, tmp_path):
    build, message = BOMBS[name]
    path = tmp_path / "bomb.npz"
    read = build(path)
    assert path.stat().st_blocks * 512 <= SMALL + 4096
    with bounded():
        if message is None:
            read()
            return
        with pytest.raises(DataError, match=message) as caught:
            read()
    assert "bomb.npz" in str(caught.value)


def test_records_that_share_bytes(tmp_path):
    """Frames within the payloads of others: each record reaches to the end of the file."""
    file = io.BytesIO()
    RecordWriter(file).write(0, 1.0, bytes(400_000))
    data = bytearray(file.getvalue())
    offsets = range(0, 300_000, 40)
    for at in offsets:
        length = len(data) - at - 8
        data[at : at + 8] = struct.pack("<II", 0xCED7230A, length)
        data[at + 8 : at + 32] = struct.pack("<IfQQ", 0, 1.0, 0, 0)
    (tmp_path / "a.rec").write_bytes(data)
    with bounded(), pytest.raises(DataError, match="share bytes"):
        RecordFile(tmp_path / "a.rec").headers(np.array(offsets))


# -- many names, one of them long ----------------------------------------------------------------

LONG, MANY = "x" * 60_000, 60_000


def test_a_list_with_one_long_name(tmp_path):
    path = tmp_path / "list.txt"
    for separator in (",", " "):  # by pyarrow, and line by line where spaces are doubled
        gap = separator if separator == "," else "  "
        rows = [f"n{k}{gap}{k}" for k in range(MANY)] + [f"{LONG}{gap}7"]
        path.write_text("\n".join(rows))
        columns = {"name": ListColumn("str"), "id": ListColumn("int32")}
        with bounded():
            found = read_text_columns(path, columns, header=False)
        assert found["name"][-1] == LONG
        assert found["name"][3] == "n3"


def test_a_zip_with_one_long_name(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(8000):
            archive.writestr(f"a/{number}.png", b"")
        archive.writestr("a/" + LONG + ".png", b"")
    with bounded(memory=1 << 28):
        found = ZipImages(path)
        assert found.files("a")[7] == "7.png"
        assert found.read("a", LONG + ".png") == b""
