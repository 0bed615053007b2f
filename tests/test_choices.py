"""Folders whose modules are choices: names without an import, and one edit for one more."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError

import harness.faces.export as exports
import harness.training.losses as losses
from harness.choices import Choices
from harness.faces.export import LAYOUTS, export
from harness.training import params
from harness.training.losses import classification_loss
from harness.training.params import LOSSES, ClassificationParams


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "sweets"
    folder.mkdir()
    (folder / "__init__.py").write_text("raise AssertionError('names need no import')")
    (folder / "toffee.py").write_text("SWEET = 3")
    (folder / "anise.py").write_text("SWEET = 4")
    (folder / "_shared.py").write_text("SWEET = 5")
    (folder / "notes.txt").write_text("no module")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "sweets"]:
        del sys.modules[name]


def test_names_are_the_public_modules_and_import_nothing(package):
    sweets = Choices("sweets", "SWEET")
    assert list(sweets) == ["anise", "toffee"]
    assert len(sweets) == 2
    assert "toffee" in sweets
    assert "sweets" not in sys.modules


def test_a_value_is_imported_when_it_is_asked_for(package):
    (package / "__init__.py").write_text("")
    sweets = Choices("sweets", "SWEET")
    assert sweets["toffee"] == 3
    assert "sweets.anise" not in sys.modules


@pytest.mark.parametrize("name", ["_shared", "notes", "liquorice", "os", ""])
def test_anything_else_is_unknown(package, name):
    (package / "__init__.py").write_text("")
    with pytest.raises(KeyError):
        Choices("sweets", "SWEET")[name]


def test_recipes_accept_exactly_the_losses_of_the_folder():
    loss = TypeAdapter(params.LossName)
    assert [loss.validate_python(name) for name in LOSSES] == [*LOSSES]
    assert ClassificationParams().loss in LOSSES
    with pytest.raises(ValidationError):
        loss.validate_python("_base")


def test_a_loss_is_added_by_its_file(tmp_path, monkeypatch):
    (tmp_path / "sphereface.py").write_text(
        "from harness.training.losses import MARGIN_OPTIONS, CosFace, RegisteredLoss\n"
        "LOSS = RegisteredLoss(CosFace, MARGIN_OPTIONS, {'m': 0.7})\n"
    )
    monkeypatch.setattr(losses.__spec__, "submodule_search_locations", [str(tmp_path)])
    monkeypatch.setattr(losses, "__path__", [str(tmp_path)])
    assert list(LOSSES) == ["sphereface"]
    made = classification_loss("sphereface", 4, 3, scale=8.0)
    assert (made.m, made.scale) == (0.7, 8.0)
    assert torch.isfinite(made(torch.eye(4), torch.tensor([0, 1, 2, 0]))[0])
    del sys.modules["harness.training.losses.sphereface"]


def test_an_export_format_is_added_by_its_file(tmp_path, monkeypatch):
    (tmp_path / "listing.py").write_text(
        "def write(faces, target, report):\n"
        "    (target / 'list.txt').write_text(' '.join(map(str, faces.subjects)))\n"
    )
    monkeypatch.setattr(exports.__spec__, "submodule_search_locations", [str(tmp_path)])
    monkeypatch.setattr(exports, "__path__", [str(tmp_path)])
    assert list(LAYOUTS) == ["listing"]

    class Faces:
        subjects = np.array([0, 0, 7])
        template = None

        def __len__(self):
            return 3

    export(Faces(), "listing", tmp_path / "out", {})
    assert (tmp_path / "out/list.txt").read_text() == "0 0 7"
    assert (tmp_path / "out/identities.tsv").read_text() == "label\tidentity\n0\t0\n1\t7\n"
    del sys.modules["harness.faces.export.listing"]
