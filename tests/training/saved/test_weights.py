"""Reading weights in any layout, and refusing what does not fit."""

from __future__ import annotations

import io
import pickle
import sys
import zipfile
from argparse import Namespace
from collections import Counter, OrderedDict, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from harness.errors import DataError
from harness.training.saved.weights import WeightsLayout, load_weights, read_weights

LAYOUT = WeightsLayout(
    "other", "net.w", [(r"net\.w", "weight"), (r"net\.b", "bias")], (r"head\..*",)
)
STATE = {"weight": torch.randn(2, 3), "bias": torch.randn(2)}
THEIRS = {"net.w": STATE["weight"], "net.b": STATE["bias"], "head.kernel": torch.zeros(9)}


@pytest.mark.parametrize("nest", [None, "state_dict", "net_state_dict", "state_dict_backbone"])
def test_reads_torch_files_nested_or_not(tmp_path, nest):
    path = tmp_path / "w.pt"
    torch.save({nest: THEIRS, "epoch": 3} if nest else THEIRS, path)
    found = read_weights(path, [LAYOUT])
    assert found.keys() == STATE.keys()
    network = nn.Linear(3, 2)
    load_weights(network, found, "w.pt")
    assert torch.equal(network.weight, STATE["weight"])


def test_reads_safetensors_under_our_own_names(tmp_path):
    save_file(STATE, tmp_path / "w.safetensors")
    assert torch.equal(read_weights(tmp_path / "w.safetensors", [LAYOUT])["bias"], STATE["bias"])


class Evil:
    """Would run code when unpickled."""

    def __reduce__(self):
        return (print, ("executed",))


def test_never_executes_what_a_file_holds(tmp_path, capsys):
    (tmp_path / "evil.pt").write_bytes(pickle.dumps({"a": Evil()}))
    with pytest.raises(DataError, match=r"evil\.pt is a Python pickle, not a weights file"):
        read_weights(tmp_path / "evil.pt")
    for new in (True, False):
        torch.save({"a": Evil()}, tmp_path / "evil2.pt", _use_new_zipfile_serialization=new)
        with pytest.raises(DataError, match=r"evil2\.pt cannot be read: it names builtins\.print"):
            read_weights(tmp_path / "evil2.pt")
    assert capsys.readouterr().out == ""


def test_a_list_is_no_state_dict(tmp_path):
    torch.save([1, 2], tmp_path / "w.pt")
    with pytest.raises(DataError, match="holds no state dict but a list"):
        read_weights(tmp_path / "w.pt")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bias": None}, r"1 missing \(bias\), none unexpected"),
        ({"extra": torch.ones(1)}, r"none missing, 1 unexpected \(extra\)"),
        ({"bias": torch.ones(3)}, r"bias has shape \(3,\) where the network has \(2,\)"),
        ({"bias": torch.tensor([1.0, torch.nan])}, "values of bias are not finite"),
    ],
)
def test_what_does_not_fit_is_named(change, message):
    weights = {k: v for k, v in (STATE | change).items() if v is not None}
    with pytest.raises(DataError, match=message):
        load_weights(nn.Linear(3, 2), weights, "file")


class Callback(dict):
    """What a training library stores beside the weights; unknown where the file is read."""

    def __reduce__(self):
        return (Callback, ("argument",), {"best": 0.5}, None, iter([("key", 1)]))


def lightning(path, library, monkeypatch):
    """A checkpoint that holds an object of a library which is not installed."""
    module = ModuleType(f"{library}.callbacks")
    module.Callback = Callback
    with monkeypatch.context() as patch:
        patch.setattr(Callback, "__module__", module.__name__)
        patch.setitem(sys.modules, library, ModuleType(library))
        patch.setitem(sys.modules, module.__name__, module)
        torch.save({"callbacks": [Callback()], "state_dict": THEIRS, "epoch": 3}, path)


def test_objects_of_lightning_become_empty_shells(tmp_path, monkeypatch):
    lightning(tmp_path / "w.ckpt", "pytorch_lightning", monkeypatch)
    found = read_weights(tmp_path / "w.ckpt", [LAYOUT])
    assert torch.equal(found["weight"], STATE["weight"])
    assert found.keys() == STATE.keys()


@pytest.mark.parametrize("library", ["mmcv", "my_training"])
def test_objects_of_unknown_libraries_become_shells_too(tmp_path, monkeypatch, library):
    lightning(tmp_path / "w.ckpt", library, monkeypatch)
    assert read_weights(tmp_path / "w.ckpt", [LAYOUT]).keys() == STATE.keys()


@pytest.mark.parametrize("name", ["subprocess.run", "os.system", "builtins.eval", "runpy.run_path"])
def test_objects_that_could_only_be_an_attack_are_named(tmp_path, name):
    module, _, function = name.rpartition(".")
    call = f"c{module}\n{function}\n(Vtouch pwned\ntR.".encode()
    data = io.BytesIO()
    torch.save({"a": 1}, data)
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(tmp_path / "w.pt", "w") as new:
        for info in old.infolist():
            new.writestr(info, call if info.filename.endswith("data.pkl") else old.read(info))
    with pytest.raises(DataError, match=rf"w\.pt cannot be read.*{function}"):
        read_weights(tmp_path / "w.pt")


class Settings:
    """A class of a training script, which nobody else has."""

    def __init__(self):
        self.rate, self.where = 0.1, Path("runs")


BESIDE = {
    "number": np.float64(0.993),
    "array": np.arange(6.0).reshape(2, 3),
    "default": defaultdict(list, {"loss": [1.0, 2.0]}),
    "counter": Counter("aab"),
    "path": Path("/home/me/run"),
    "namespace": Namespace(lr=0.1, data=Path("x"), seeds=[1, 2]),
    "settings": Settings(),
    "date": datetime(2024, 5, 1, tzinfo=UTC),
    "set": {1, 2},
    "device": torch.device("cpu"),
    "dtype": np.dtype("float32"),
    "bytes": b"abc",
}


@pytest.mark.parametrize("new", [True, False], ids=["zip", "before-1.6"])
@pytest.mark.parametrize("name", [*BESIDE, "all"])
def test_what_training_scripts_store_beside_weights_is_left_out(tmp_path, name, new):
    beside = BESIDE if name == "all" else {name: BESIDE[name]}
    torch.save({"epoch": 3, **beside, "state_dict": STATE, "zz": beside}, tmp_path / "w.pt",
               _use_new_zipfile_serialization=new)  # fmt: skip
    found = read_weights(tmp_path / "w.pt", [], nn.Linear(3, 2))
    assert found.keys() == STATE.keys()
    assert torch.equal(found["weight"], STATE["weight"])


def prefixed(prefix, state=STATE):
    return {prefix + name: value for name, value in state.items()}


HEAD = {"head.weight": torch.ones(9, 2), "head.module.bias": torch.ones(9)}
SAVED = {
    "parallel": prefixed("module."),
    "compiled": prefixed("_orig_mod."),
    "compiled-parallel": prefixed("module._orig_mod."),
    "wrapped-inside": prefixed("_fsdp_wrapped_module."),
    "lightning": {"state_dict": prefixed("model.net.")},
    "with-head": {"state_dict": {**prefixed("backbone."), **HEAD}},
    "parallel-with-head": {"state_dict": {**prefixed("module.backbone."), **HEAD}},
    "model": {"model": STATE, "epoch": 3},
    "net": {"net": STATE},
    "ordered": OrderedDict(STATE),
    "default": {"state_dict": defaultdict(None, prefixed("module."))},
    "own-name": {"my_embedder": STATE, "optimizer": {"state": {0: {"step": torch.ones(1)}}}},
    "nested-twice": {"checkpoint": {"model_state_dict": prefixed("module.")}},
    "beside-a-tensor": {"state_dict": STATE, "loss": torch.tensor(0.5)},
    "parameters": {"weight": nn.Parameter(STATE["weight"]), "bias": STATE["bias"]},
    "their-names": {"model": prefixed("module.", THEIRS)},
}


@pytest.mark.parametrize("new", [True, False], ids=["zip", "before-1.6"])
@pytest.mark.parametrize("name", SAVED)
def test_checkpoints_as_people_save_them(tmp_path, name, new):
    torch.save(SAVED[name], tmp_path / "w.pt", _use_new_zipfile_serialization=new)
    network = nn.Linear(3, 2)
    load_weights(network, read_weights(tmp_path / "w.pt", [LAYOUT], network), "w.pt")
    assert torch.equal(network.weight, STATE["weight"])
    assert torch.equal(network.bias, STATE["bias"])


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
        self.register_buffer("scale", torch.ones(1))
        self.register_buffer("scratch", torch.ones(1), persistent=False)


@pytest.mark.parametrize("wrap", [lambda n: n, lambda n: {"model": n}, nn.DataParallel])
def test_a_whole_module_gives_its_state_dict(tmp_path, wrap):
    network = Net()
    torch.save(wrap(network), tmp_path / "w.pt")
    found = read_weights(tmp_path / "w.pt", [], Net())
    assert found.keys() == network.state_dict().keys()
    assert torch.equal(found["body.0.weight"], network.body[0].weight)
    torch.save(wrap(network), tmp_path / "w.pt", _use_new_zipfile_serialization=False)
    with pytest.raises(DataError, match=r"among .*Net, .*; save the state_dict\(\) alone"):
        read_weights(tmp_path / "w.pt", [], Net())


TWO_PARTS = {"model": prefixed("module.enc.x.")}


@pytest.mark.parametrize(
    ("held", "network", "message"),
    [
        (TWO_PARTS, nn.Sequential(nn.Linear(3, 2)),
         r"2 missing .*the file holds 2 entries in 'model'.*such as module\.enc\.x\.weight"),
        ({**prefixed("student."), **prefixed("teacher.")}, nn.Linear(3, 2),
         r"holds the network 2 times, under the prefixes 'student\.', 'teacher\.'"),
        ({"generator": STATE, "critic": STATE}, nn.Linear(3, 2),
         r"several sets of weights \(critic, generator\)"),
        (prefixed("module.", {"weight": STATE["weight"]}), nn.Linear(3, 2),
         r"1 missing \(bias\), none unexpected; .* 1 entries under the prefix 'module\.'"),
        ({}, nn.Linear(3, 2), "2 missing"),
        ({"epoch": 3}, nn.Linear(3, 2), "2 missing"),
    ],
)  # fmt: skip
def test_what_was_seen_is_said_where_nothing_fits(tmp_path, held, network, message):
    torch.save(held, tmp_path / "w.pt")
    with pytest.raises(DataError, match=rf"w\.pt.*{message}"):
        read_weights(tmp_path / "w.pt", [], network)


def test_files_are_told_by_content_and_not_by_suffix(tmp_path):
    save_file(STATE, tmp_path / "x.SAFETENSORS")
    save_file(STATE, tmp_path / "y.pt")
    torch.save(STATE, tmp_path / "z.safetensors")
    for name in ("x.SAFETENSORS", "y.pt", "z.safetensors"):
        assert torch.equal(read_weights(tmp_path / name)["weight"], STATE["weight"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is an empty file, not a weights file"),
        (b"version https://git-lfs.github.com/spec/v1\n", r"is a Git LFS pointer.*git lfs pull"),
        (b"<html>login</html>", "is a web page"),
        (b"PK\x03\x04", r".*damaged or cut short, not a weights file.*: download"),
        (b"\x93NUMPY\x01\x00", "is a NumPy array"),
        (b"\x08\x07\x12\x07pytorch", "is an ONNX network"),
        (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", r"cannot be read \(as a weights file"),
        (b"\x0a\0\0\0\0\0\0\0{not json}", r"cannot be read \(as a weights file"),
    ],
)
def test_what_is_no_weights_file_is_said(tmp_path, content, message):
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(DataError, match=rf"w\.pt {message}"):
        read_weights(tmp_path / "w.pt", [], nn.Linear(3, 2))


@pytest.mark.parametrize("stem", ["layer", "a.very.long.name.of.a.layer." * 9, "x" * 5000])
def test_a_network_that_does_not_fit_is_refused_in_few_words(tmp_path, stem):
    held = {f"module.{stem}{k}.weight": torch.ones(1) for k in range(99)}
    torch.save({"state_dict": held}, tmp_path / "w.pt")
    with pytest.raises(DataError) as raised:
        read_weights(tmp_path / "w.pt", [], nn.Sequential(*(nn.Linear(2, 2) for _ in range(20))))
    text = str(raised.value).replace(str(tmp_path), "")
    assert len(text) <= 400
    assert "40 missing (0.bias, 0.weight, ...), 99 unexpected (" in text
    assert text.endswith("choose the variant the weights were made for")
