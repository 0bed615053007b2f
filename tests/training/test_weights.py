"""Reading weights in any layout, and refusing what does not fit."""

from __future__ import annotations

import pickle
import sys
from types import ModuleType

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from harness.errors import DataError
from harness.training.weights import Layout, load_weights, read_weights

LAYOUT = Layout("other", "net.w", [(r"net\.w", "weight"), (r"net\.b", "bias")], (r"head\..*",))
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
    torch.save({"a": Evil()}, tmp_path / "evil2.pt")
    for name in ("evil.pt", "evil2.pt"):
        with pytest.raises(DataError, match=f"{name} cannot be read"):
            read_weights(tmp_path / name)
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


def test_objects_of_anything_else_are_refused(tmp_path, monkeypatch):
    lightning(tmp_path / "w.ckpt", "evil_library", monkeypatch)
    with pytest.raises(DataError, match=r"w\.ckpt cannot be read"):
        read_weights(tmp_path / "w.ckpt", [LAYOUT])
