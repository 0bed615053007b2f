"""Every reader of binary files, through the command line: damage is a sentence with a file name."""

from __future__ import annotations

import io
import pickle
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from PIL import Image
from safetensors.torch import save_file
from scipy.io import savemat

from harness import reporting
from harness.faces.export import LAYOUTS
from harness.faces.face import Face, Slot
from harness.faces.recordio import RecordWriter
from harness.faces.store import FaceSet, shard_path, write_shard
from tests.fuzz.mutate import CLEAN, command, mutants
from tests.plugins.generators.bfm.model.test_bfm2009 import TINY as TINY_MAT
from tests.plugins.generators.bfm.model.test_h5_model import write as write_h5_model

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
CASES, MANY = 100, 2000
Files = dict[str, bytes]


@dataclass(frozen=True)
class Reader:
    """Sound files in a folder, the words that read them, and the files that are damaged."""

    make: Callable[[Path], Files]
    argv: tuple[str, ...]
    damaged: str = "*"


def picture(suffix: str = ".png", seed: int = 1) -> bytes:
    rng = np.random.default_rng(seed)
    small = cv2.GaussianBlur(rng.normal(128, 60, (24, 20, 3)), (0, 0), 1)
    return cv2.imencode(suffix, np.clip(small, 0, 255).astype(np.uint8))[1].tobytes()


def images(name: str, **options) -> Callable[[Path], Files]:
    def make(_: Path) -> Files:
        file = io.BytesIO()
        Image.open(io.BytesIO(picture())).save(file, **options)
        return {f"p/{name}": file.getvalue()}

    return make


def zipped(_: Path) -> Files:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"{number // 2}/{number}.png", picture(seed=number))
    return {"a.zip": file.getvalue()}


def exported(layout: str) -> Callable[[Path], Files]:
    def make(folder: Path) -> Files:
        points = np.full((5, 2), 3, np.float32)
        faces = [Face(Slot(k // 2, k % 2), picture(seed=k), points, None, None, {"k": k})
                 for k in range(4)]  # fmt: skip
        write_shard(shard_path(folder, 0), faces)
        LAYOUTS[layout](FaceSet(folder), folder, lambda *_: None)
        found = {path.name: path.read_bytes() for path in sorted(folder.glob("faces[.-]*"))}
        for path in folder.iterdir():
            path.unlink()
        return found

    return make


def records(_: Path) -> Files:
    file = io.BytesIO()
    writer = RecordWriter(file)
    writer.write(0, (5.0, 7.0))
    for number in range(4):
        writer.write(number + 1, float(number // 2), picture(seed=number))
    for number in range(2):
        writer.write(number + 5, (1.0 + 2 * number, 3.0 + 2 * number))
    return {"a.rec": file.getvalue(), "a.idx": writer.index_text().encode()}


def pack(protocol: int) -> Callable[[Path], Files]:
    def make(folder: Path) -> Files:
        bins = [np.frombuffer(photo(k), np.uint8).copy() if k % 2 else photo(k) for k in range(40)]
        same = [True, np.bool_(False)] * 10
        data = pickle.dumps((bins, same), protocol=protocol)
        return {"lfw.bin": data, "net.onnx": network(folder)["net.onnx"]}

    return make


def model_2017(folder: Path) -> Files:
    path = write_h5_model(folder / "m.h5")
    data = path.read_bytes()
    return {"m.h5": data}


def model_2009(folder: Path) -> Files:
    """The layout alone: its mesh has no face, which is said only after everything was read."""
    savemat(folder / "m.mat", TINY_MAT, do_compression=True)
    return {"m.mat": (folder / "m.mat").read_bytes()}


def network(_: Path) -> Files:
    """Global mean of the colours, and a matrix."""
    shape = ["n", 3, 112, 112]
    matrix = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("GlobalAveragePool", ["x"], ["a"]),
         helper.make_node("Flatten", ["a"], ["b"]),
         helper.make_node("MatMul", ["b", "w"], ["y"])],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 8])],
        [onnx.numpy_helper.from_array(matrix, "w")],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return {"net.onnx": made.SerializeToString(), "p/0.png": photo()}


def photo(seed: int = 0) -> bytes:
    """One colour, which is all that the network sees."""
    colour = np.random.default_rng(seed).integers(0, 256, 3, np.uint8)
    return cv2.imencode(".png", np.full((112, 112, 3), colour, np.uint8))[1].tobytes()


def weights(suffix: str, **options) -> Callable[[Path], Files]:
    """A part of a network: whatever is read of the file itself, and nothing fits."""

    def make(folder: Path) -> Files:
        state = {f"layer{k}.weight": torch.ones(3, 2) * k for k in range(3)}
        path = folder / f"w{suffix}"
        if suffix == ".safetensors":
            save_file(state, path)
        else:
            torch.save(state, path, **options)
        return {path.name: path.read_bytes(), "p/0.png": photo()}

    return make


IMPORT = ("faces", "import", ".", "-j", "1", "-q")
EMBED = ("embed", "p", "--template", "arcface", "-o", "out.npy", "-q", "--device", "cpu", "-m")
PAIRS = ("run", "-m", "onnx", "-M", "path=net.onnx", "-b", "pairs", "-B", "pack=lfw.bin", "-q",
         "-j", "1", "-o", "out", "--device", "cpu")  # fmt: skip
RENDER = ("run", "-g", "bfm", "-G", "identities=1", "-G", "images_per_id=1", "-j", "1", "-q",
          "-o", "out", "-G")  # fmt: skip
READERS = {
    "jpeg": Reader(images("0.jpg", format="JPEG"), IMPORT),
    "jpeg-progressive": Reader(images("0.jpg", format="JPEG", progressive=True), IMPORT),
    "png": Reader(images("0.png", format="PNG"), IMPORT),
    "webp": Reader(images("0.webp", format="WEBP"), IMPORT),
    "webp-lossless": Reader(images("0.webp", format="WEBP", lossless=True), IMPORT),
    "bmp": Reader(images("0.bmp", format="BMP"), IMPORT),
    "ppm": Reader(images("0.ppm", format="PPM"), IMPORT),
    "zip": Reader(zipped, IMPORT),
    "tar": Reader(exported("webdataset"), IMPORT),
    "parquet": Reader(exported("parquet"), IMPORT),
    "lmdb": Reader(exported("lmdb"), IMPORT),
    "rec": Reader(records, IMPORT),
    **{f"pack-{protocol}": Reader(pack(protocol), PAIRS, "*.bin")
       for protocol in (0, 2, 5)},
    "h5": Reader(model_2017, (*RENDER, "model_file=m.h5")),
    "mat": Reader(model_2009, (*RENDER, "model_file=m.mat")),
    "onnx": Reader(network, (*EMBED, "onnx", "-M", "path=net.onnx"), "*.onnx"),
    "safetensors": Reader(weights(".safetensors"), (*EMBED, "small-resnet", "-M",
                                                    "weights=w.safetensors"), "w.*"),
    "torch": Reader(weights(".pt"), (*EMBED, "small-resnet", "-M", "weights=w.pt"), "w.*"),
    "torch-old": Reader(weights(".pt", _use_new_zipfile_serialization=False),
                        (*EMBED, "small-resnet", "-M", "weights=w.pt"), "w.*"),
}  # fmt: skip


def write(folder: Path, files: Files) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


@pytest.fixture(autouse=True)
def readers_alone(monkeypatch):
    """No page of a result is drawn: the engine reserves more address space than is allowed."""
    monkeypatch.setattr(reporting, "render", lambda *_: [Path("report.html")])


def fuzz(reader: Reader, cases: int, monkeypatch) -> None:
    """Damage each file in turn; exit codes are clean, and errors name a file."""
    memory = Path("/dev/shm")  # noqa: S108 (where it exists it is memory)
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        folder = Path(name)
        monkeypatch.setenv("HARNESS_HOME", str(folder / ".home"))
        sound = reader.make(folder)
        monkeypatch.chdir(folder)
        write(folder, sound)
        first = command(reader.argv, limited=False)  # compiles and imports once
        assert first.code in (0, 1, 3), first
        targets = [name for name in sound if Path(name).match(reader.damaged)]
        for number, target in enumerate(targets):
            for case, data in enumerate(mutants(sound[target], cases // len(targets), number)):
                write(folder, {**sound, target: data})
                done = command(reader.argv)
                assert done.code in CLEAN, (target, case, done)
                if done.code == 1:
                    said = done.stderr + done.stdout
                    stem = target.rpartition("/")[2].partition(".")[0]
                    assert stem in said, (target, case, said)
                    assert len(done.stderr) < 3000, (target, case)


@pytest.mark.parametrize("name", READERS)
def test_damaged_files(name, monkeypatch):
    fuzz(READERS[name], CASES, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_many_damaged_files(name, monkeypatch):
    fuzz(READERS[name], MANY, monkeypatch)
