"""Files are recognised by their content, whatever their name."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from safetensors.torch import save

from harness.errors import DataError
from harness.fileio.file_kinds import FileKind, expect, kind_of, not_downloaded

STATE = {"weight": torch.ones(2, 3)}


def torch_file(*, new: bool) -> bytes:
    out = io.BytesIO()
    torch.save(STATE, out, _use_new_zipfile_serialization=new)
    return out.getvalue()


def torchscript() -> bytes:
    return zipped("m/constants.pkl", "m/code/__torch__.py", "m/data.pkl", "m/version")


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"content of some length")
    return out.getvalue()


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("empty"))
    return out.getvalue()


def saved(write, *arguments) -> bytes:
    out = io.BytesIO()
    write(out, *arguments)
    return out.getvalue()


def network() -> bytes:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    node = helper.make_node("Identity", ["x"], ["y"])
    graph = helper.make_graph([node], "g", [value], [result])
    made: onnx.ModelProto = helper.make_model(graph)
    return made.SerializeToString()


FILES = {
    FileKind.EMPTY: b"",
    FileKind.LFS_POINTER: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    FileKind.WEB_PAGE: b"\n<!DOCTYPE html><html><title>Google Drive</title></html>",
    FileKind.ERROR_PAGE: b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    FileKind.TORCH: torch_file(new=True),
    FileKind.OLD_TORCH: torch_file(new=False),
    FileKind.TORCHSCRIPT: torchscript(),
    FileKind.SAFETENSORS: save(STATE),
    FileKind.ONNX: network(),
    FileKind.NUMPY: saved(np.save, np.ones(3)),
    FileKind.NUMPY_ZIP: saved(np.savez, np.ones(3)),
    FileKind.EXCEL: zipped("[Content_Types].xml", "xl/workbook.xml"),
    FileKind.ZIP: zipped("a/1.png"),
    FileKind.CUT_ZIP: torch_file(new=True)[:-40],
    FileKind.TAR: tarred(),
    FileKind.GZIP: gzip.compress(b"a"),
    FileKind.TEXT: "name\tFrançois\r\n".encode(),
    FileKind.UNKNOWN: bytes(range(200, 256)) * 9,
}


@pytest.mark.parametrize("kind", FILES, ids=lambda kind: kind.name)
def test_the_content_tells(tmp_path, kind):
    path = tmp_path / "weights.pt"
    path.write_bytes(FILES[kind])
    assert kind_of(path) is kind


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (FileKind.EMPTY, r"w\.pt is an empty file: download"),
        (FileKind.LFS_POINTER, "is a Git LFS pointer: .*git lfs pull"),
        (FileKind.WEB_PAGE, "is a web page: a login or error page was saved"),
        (FileKind.ERROR_PAGE, "is an error message of a server"),
        (FileKind.CUT_ZIP, "cut short"),
    ],
)
def test_what_nobody_wanted_is_said_with_advice(tmp_path, kind, message):
    path = tmp_path / "w.pt"
    path.write_bytes(FILES[kind])
    with pytest.raises(DataError, match=message):
        raise DataError(not_downloaded(path))


def test_a_file_of_a_wanted_kind_passes_and_another_is_named(tmp_path):
    path = tmp_path / "w.onnx"
    path.write_bytes(FILES[FileKind.TORCH])
    assert not_downloaded(path) == ""
    assert expect(path, "weights", FileKind.SAFETENSORS, FileKind.TORCH) is FileKind.TORCH
    with pytest.raises(DataError, match=r"w\.onnx is a torch checkpoint, not an ONNX network"):
        expect(path, "an ONNX network", FileKind.ONNX)
    with pytest.raises(DataError, match=r"cannot read .*absent: No such file"):
        kind_of(tmp_path / "absent")


def test_a_character_cut_at_the_end_of_the_head_is_still_text(tmp_path):
    (tmp_path / "list.txt").write_text("a" * 1023 + "é" * 20, encoding="utf-8")
    assert kind_of(tmp_path / "list.txt") is FileKind.TEXT
