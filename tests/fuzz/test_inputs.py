"""Text files, checkpoints and networks through the command line: damage never is our bug.

Every case ends with exit code 0, 1, 2 or 3, and what is refused is refused with the file's name.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

from harness.faces.recordio import RecordWriter
from harness.training.saved.weights import load_weights, read_weights
from tests.fuzz.mutate import CLEAN, command, mutants

FEW, MANY = 100, 2000
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
HEAD = "first,second,genuine,fold,score"
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "latin-1")


@dataclass(frozen=True)
class Reader:
    """A sound text, the file's name, and the command line that reads it below a folder."""

    text: str
    name: str
    argv: Callable[[Path], list[str | Path]]


def lines(*rows: str) -> str:
    return "\n".join(rows) + "\n"


def scores(text: str, *flags: str) -> Reader:
    return Reader(text, "s.csv", lambda f: ["scores", "import", f / "s.csv", "-b", "lfw", "-m", "x",
                                            "-o", f / "out", *flags])  # fmt: skip


def plan(text: str, name: str = "r.toml") -> Reader:
    return Reader(text, name, lambda f: ["plan", "-c", f / name])


def import_of(*flags: str) -> Callable[[Path], list[str | Path]]:
    return lambda f: ["faces", "import", f / "faces", "-G", "template=arcface", "-j", "1", "-q",
                      *(flag.format(f) for flag in flags)]  # fmt: skip


ROWS = [f"a{k},Zoë {k},{k % 2},{k // 10 + 1},{k % 2 + k / 70}" for k in range(20)]
BOB = [f"p{k % 4} p{k % 3} img/{k}.png {k / 9}" for k in range(12)]
READERS = {
    "scores": scores(lines(HEAD, *ROWS)),
    "scores-semicolons": scores(lines(HEAD, *ROWS).replace(",", ";"), "--format", "csv"),
    "scores-four": scores(lines(*BOB)),
    "scores-bob": scores(lines(
        "probe_template_id,probe_subject_id,bio_ref_template_id,bio_ref_subject_id,score",
        *(f"p{k},{k % 3},r{k},{k % 2},{k / 7}" for k in range(12)))),
    "recipe": plan(lines(
        "[study]", "seed = 3", "[[generator]]", 'use = "bfm"', "identities = 40",
        "images_per_id = 2", "[[model]]", 'use = "facenet-nn4"', "steps = 10", "[sweep]",
        '"model.lr" = [0.1, 0.2]')),
    "audit": Reader(lines("table,row,label,benchmark,metric,value,unit",
                          *(f"A,{k},net {k},lfw,accuracy,9{k}.10,percent" for k in range(6))),
                    "t.csv", lambda f: ["audit", f / "t.csv"]),
    "namesakes": Reader(lines("1\tAda Lovelace", "2\tAlan Turing", "3\tZoë"), "people.txt",
                        lambda f: ["faces", "namesakes", f / "people.txt", "--in", f / "faces",
                                   "-o", f / "out.txt"]),
    "exclude": Reader(lines("p0  # one", "# all", "pé"), "exclude.txt",
                      import_of("-G", "exclude={}/exclude.txt")),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _libraries():
    """Loaded before limits of time and memory count."""
    for name in ("onnxruntime", "scipy.stats", "pyarrow.csv", "pyarrow.compute", "harness.api",
                 "harness.tools.import_scores", "harness.engine.runner"):  # fmt: skip
        import_module(name)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A home of its own, and four people with two images each."""
    monkeypatch.setenv("HARNESS_HOME", str(tmp_path / "home"))
    for person in ("p0", "p1", "pé", "p3"):
        (tmp_path / "faces" / person).mkdir(parents=True)
        for number in range(2):
            image = np.full((112, 112, 3), 40 * number + len(person), np.uint8)
            cv2.imwrite(str(tmp_path / "faces" / person / f"{number}.png"), image)
    return tmp_path


def check(reader: Reader, folder: Path, data: bytes) -> int:
    """Give a file to its command line; the exit code, which must be a clean one."""
    (folder / reader.name).write_bytes(data)
    answer = command(reader.argv(folder))
    clean = (*CLEAN, 5) if reader.name == "r.toml" else CLEAN  # 5: a recipe without components
    assert answer.code in clean, f"{data[:300]!r}\n{answer.stderr}"
    assert "Traceback" not in answer.stderr
    assert len(answer.stderr) < 20_000  # a name of 5,000 letters is repeated
    if answer.code:
        assert answer.stderr.startswith("harness: "), answer.stderr
        # A recipe that can be read may still plan nothing, which is said of its components.
        assert reader.name in answer.stderr or reader.name in ("exclude.txt", "r.toml")
    for made in ("out", "home", "out.txt"):
        shutil.rmtree(folder / made, ignore_errors=True)
    return answer.code


def damage(reader: Reader, folder: Path, cases: int) -> None:
    """Every encoding of a text, whole first, then damaged; all kinds of ends must be seen."""
    codes = [check(reader, folder, reader.text.encode(encoding)) for encoding in ENCODINGS[:3]]
    assert codes == [0, 0, 0]
    for number, encoding in enumerate(ENCODINGS):
        data = reader.text.encode(encoding, "replace")
        damaged = mutants(data, cases // len(ENCODINGS), number, text=True)
        codes += [check(reader, folder, made) for made in damaged]
    assert {1, 2} & set(codes), "no case was refused"


@pytest.mark.parametrize("name", READERS)
def test_damaged_texts(folder, name):
    damage(READERS[name], folder, FEW if "scores" not in name else FEW // 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_many_damaged_texts(folder, name):
    damage(READERS[name], folder, MANY)


# -- records ---------------------------------------------------------------------------------------


def records(folder: Path) -> None:
    image = cv2.imencode(".png", np.zeros((112, 112, 3), np.uint8))[1].tobytes()
    with (folder / "x.rec").open("wb") as file:
        writer = RecordWriter(file)
        for key in range(6):
            writer.write(key, 0.0, image)
    (folder / "x.idx").write_text(writer.index_text())
    (folder / "list.txt").write_text("".join(f"{k}\tp{k % 2}/{k}.png\n" for k in range(6)))


@pytest.mark.parametrize(
    "cases", [pytest.param(FEW // 2), pytest.param(MANY, marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("name", ["x.idx", "list.txt"])
def test_damaged_lists_of_records(tmp_path, monkeypatch, name, cases):
    monkeypatch.setenv("HARNESS_HOME", str(tmp_path / "home"))
    root = tmp_path / "rec"
    root.mkdir()
    records(root)
    sound = (root / name).read_bytes()
    for made in mutants(sound, cases, text=True):
        (root / name).write_bytes(made)
        answer = command(["faces", "import", root, "-G", "template=arcface", "-j", "1", "-q"])
        assert answer.code in CLEAN, f"{made[:300]!r}\n{answer.stderr}"
        shutil.rmtree(tmp_path / "home", ignore_errors=True)


# -- checkpoints and networks ----------------------------------------------------------------------


def read_checkpoint(path: Path) -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    load_weights(network, read_weights(path, [], network), str(path))


def checkpoint(path: Path, *, new: bool) -> bytes:
    network = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    held = {"state_dict": {f"module.{k}": v for k, v in network.state_dict().items()},
            "best": np.float64(0.5), "where": Path("a"), "epoch": 3}  # fmt: skip
    torch.save(held, path, _use_new_zipfile_serialization=new)
    return path.read_bytes()


@pytest.mark.parametrize("cases", [pytest.param(FEW), pytest.param(MANY, marks=pytest.mark.slow)])
@pytest.mark.parametrize("new", [True, False], ids=["zip", "before-1.6"])
def test_damaged_checkpoints(tmp_path, new, cases):
    from harness.errors import HarnessError

    path = tmp_path / "w.pt"
    refused = 0
    for made in mutants(checkpoint(path, new=new), cases):
        path.write_bytes(made)
        try:
            read_checkpoint(path)
        except HarnessError as error:
            assert "w.pt" in str(error)
            refused += 1
    assert refused > cases / 4


def network(path: Path) -> bytes:
    nodes = [helper.make_node("GlobalAveragePool", ["x"], ["p"]),
             helper.make_node("Flatten", ["p"], ["y"])]  # fmt: skip
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 112, 112])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(made, path)
    return path.read_bytes()


@pytest.mark.parametrize(
    "cases", [pytest.param(FEW // 2), pytest.param(MANY, marks=pytest.mark.slow)]
)
def test_damaged_networks(folder, cases):
    path = folder / "net.onnx"
    argv = ["embed", folder / "faces", "-m", "onnx", "-M", f"path={path}", "--template", "arcface",
            "-o", folder / "o.npy", "-q"]  # fmt: skip
    sound = network(path)
    assert command(argv).code == 0
    for made in mutants(sound, cases):
        path.write_bytes(made)
        answer = command(argv)
        assert answer.code in CLEAN, f"{made!r}\n{answer.stderr}"
        if answer.code:
            assert "net.onnx" in answer.stderr


# -- the environment and parameters ----------------------------------------------------------------

HOSTILE = ("", " ", "0", "-1", "nan", "inf", "1e400", "9" * 400, "true", "maybe", "\u0663", "[",
           "[[" * 400, '"', "a=b", "/dev/zero", "/nonexistent/x", "~nobody-at-all/x", "é\u202e",
           "\x1b[31m", "a\nb", "../../..", "%s%n", "{}", "x" * 5000, "1979-05-27",
           "\udcff")  # fmt: skip
VARIABLES = (
    "HARNESS_HOME", "HARNESS_SEED", "HARNESS_REPEATS", "HARNESS_DEVICE", "HARNESS_PRECISION",
    "HARNESS_LIMIT", "HARNESS_JOBS", "HARNESS_BATCH_SIZE", "HARNESS_NAME", "HARNESS_ALIGN",
    "HARNESS_ON_FAILURE", "HARNESS_TRACEBACK", "HARNESS_STRICT_PLUGINS", "HARNESS_LEASE_S",
    "HARNESS_DISABLE_PLUGIN_AUTOLOAD", "HARNESS_PLUGIN_TIMEOUT_S", "HARNESS_MAX_PIXELS",
    "HARNESS_VERIFY", "COLUMNS", "LINES", "NO_COLOR", "TERM", "HOME", "TMPDIR", "XDG_DATA_HOME",
    "CUDA_VISIBLE_DEVICES", "RANK", "LANG",
)  # fmt: skip
COMMANDS = (
    ["plan", "-g", "bfm", "-m", "facenet-nn4"],
    ["faces", "list"],
    ["list", "models"],
)


@pytest.mark.parametrize("cases", [3, pytest.param(None, marks=pytest.mark.slow)])
@pytest.mark.parametrize("variable", VARIABLES)
def test_no_variable_of_the_environment_is_a_bug_of_ours(tmp_path, monkeypatch, variable, cases):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_HOME", str(tmp_path / "home"))
    start = VARIABLES.index(variable)
    values = (
        HOSTILE if cases is None else [HOSTILE[(3 * start + k) % len(HOSTILE)] for k in (0, 1, 2)]
    )
    for value in values:
        monkeypatch.setenv(variable, value)
        for argv in COMMANDS:
            answer = command(argv)
            assert answer.code in CLEAN, f"{variable}={value!r}: {answer.stderr}"
            assert len(answer.stderr) < 10_000


OPTIONS = (
    ["plan", "-g", "bfm", "-m", "facenet-nn4", "--seed", "{}"],
    ["plan", "-g", "bfm", "-m", "facenet-nn4", "-G", "identities={}"],
    ["plan", "-g", "bfm", "-m", "facenet-nn4", "-M", "{}"],
    ["plan", "-g", "{}", "-m", "facenet-nn4"],
    ["plan", "-g", "bfm", "-m", "facenet-nn4", "--sweep", "model.lr={}"],
    ["plan", "-c", "{}"],
    ["plan", "-g", "folder", "-G", "root={}", "-m", "facenet-nn4"],
    ["scores", "import", "{}", "-b", "lfw", "-m", "x", "-o", "out"],
    ["scores", "import", "s.csv", "-b", "lfw", "-m", "{}", "-o", "out"],
    ["scores", "import", "s.csv", "-b", "{}", "-m", "x", "-o", "out"],
    ["audit", "{}"],
    ["report", "{}"],
    ["show", "{}"],
    ["{}"],
    ["embed", "faces", "-m", "onnx", "-M", "path={}", "-o", "o.npy"],
    ["embed", "{}", "-m", "onnx", "-M", "path=x.onnx", "-o", "o.npy"],
    ["faces", "import", "{}", "-q"],
    ["table", "{}"],
    ["protocol", "{}"],
    ["assets", "check", "{}"],
)


@pytest.mark.parametrize("cases", [4, pytest.param(None, marks=pytest.mark.slow)])
@pytest.mark.parametrize("number", range(len(OPTIONS)), ids=lambda n: "-".join(OPTIONS[n][:2]))
def test_no_parameter_is_a_bug_of_ours(folder, monkeypatch, number, cases):
    monkeypatch.chdir(folder)
    (folder / "s.csv").write_text(lines(HEAD, *ROWS), encoding="utf-8")
    picked = (
        HOSTILE if cases is None else [HOSTILE[(4 * number + k) % len(HOSTILE)] for k in range(4)]
    )
    for value in picked:
        argv = [word.replace("{}", value) for word in OPTIONS[number]]
        answer = command(argv)
        assert answer.code in (*CLEAN, 4, 5), f"{argv}: {answer.stderr}"
        assert len(answer.stderr) < 10_000
