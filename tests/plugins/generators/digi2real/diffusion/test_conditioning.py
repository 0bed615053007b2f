from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from harness.errors import DataError
from harness_plugins.generators.digi2real.diffusion.conditioning import open_conditioner


def reopen(folders, encoder):
    return open_conditioner(encoder, folders.base / "tokenizer")


@pytest.fixture
def copy(folders, tmp_path):
    """A copy of the text encoder, its weights changed by a function."""

    def make(change, pickled=False):
        folder = tmp_path / f"encoder-{pickled}"
        shutil.copytree(folders.encoder, folder)
        weights = change(load_file(folder / "model.safetensors"))
        (folder / "model.safetensors").unlink()
        if pickled:
            torch.save(weights, folder / "pytorch_model.bin")
        else:
            save_file(weights, folder / "model.safetensors", {"format": "pt"})
        return folder

    return make


def test_the_identity_enters_by_its_token_alone(conditions, random_units):
    """Rows before the identity token are equal for all, those from there on differ."""
    rows = conditions.encode(random_units(6, 48))
    assert conditions.position == 4
    assert rows.shape == (6, 77, 64)
    assert rows.dtype == torch.float32
    assert (rows[:, :4] - rows[:1, :4]).abs().max() < 1e-6
    apart = (rows[1:, 4:] - rows[:1, 4:]).abs().amax(dim=2)
    assert (apart > 1e-3).all()


def test_the_hook_equals_a_vocabulary_that_holds_the_identity(folders, conditions, random_units):
    """Writing the padded vector into the embedding matrix is the same without any hook."""
    from transformers import CLIPTextModel, CLIPTokenizer

    (face,) = random_units(1, 48, seed=8)
    plain = CLIPTextModel.from_pretrained(folders.encoder)
    words = CLIPTokenizer.from_pretrained(folders.base / "tokenizer")
    tokens = words("photo of a id person", padding="max_length", max_length=77)["input_ids"]
    assert tokens[5] == words("person", add_special_tokens=False)["input_ids"][0]
    assert tokens[6] == tokens[76] == plain.config.eos_token_id
    with torch.no_grad():
        matrix = plain.get_input_embeddings().weight
        matrix[tokens[4]] = 0
        matrix[tokens[4], :48] = torch.from_numpy(face)
        expected = plain(torch.tensor([tokens])).last_hidden_state[0]
        empty = plain(torch.tensor([[tokens[0]] + [tokens[76]] * 76])).last_hidden_state[0]
    assert conditions.encode(face[None])[0] == pytest.approx(expected, abs=1e-5)
    assert conditions.unconditional() == pytest.approx(empty, abs=1e-5)


def test_embeddings_that_do_not_fit_are_refused(conditions, random_units):
    with pytest.raises(DataError, match="do not fit"):
        conditions.encode(random_units(1, 65))
    with pytest.raises(DataError, match="unit length"):
        conditions.encode(random_units(1, 48) * 3)


@pytest.mark.parametrize("pickled", [False, True])
def test_prefixed_checkpoints_load_the_same(folders, conditions, random_units, copy, pickled):
    """Older releases name every entry ``text_model.*`` and carry position numbers."""

    def change(weights):
        old = {f"text_model.{name.removeprefix('text_model.')}": w for name, w in weights.items()}
        return old | {"text_model.embeddings.position_ids": torch.arange(77)[None]}

    faces = random_units(2, 48)
    other = reopen(folders, copy(change, pickled))
    assert torch.equal(other.encode(faces), conditions.encode(faces))


def test_incomplete_weights_are_refused_by_name(folders, copy):
    def without(weights):
        return {k: w for k, w in weights.items() if not k.endswith("final_layer_norm.weight")}

    with pytest.raises(DataError, match=r"missing.*final_layer_norm\.weight"):
        reopen(folders, copy(without))


def test_weights_of_another_shape_are_refused(folders, copy):
    def wider(weights):
        return {
            k: torch.zeros(len(w), 32) if k.endswith("token_embedding.weight") else w
            for k, w in weights.items()
        }

    with pytest.raises(DataError, match="token_embedding"):
        reopen(folders, copy(wider))


def test_a_network_of_other_names_is_refused(folders, copy):
    with pytest.raises(DataError, match="is not the network"):
        reopen(folders, copy(lambda weights: {f"other.{k}": w for k, w in weights.items()}))


def test_no_weights_at_all(folders, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    shutil.copy(folders.encoder / "config.json", folder)
    with pytest.raises(DataError, match="cannot be read"):
        reopen(folders, folder)


def test_encoding_leaves_no_hook_behind(conditions, random_units):
    before = conditions.unconditional()
    conditions.encode(random_units(1, 48))
    assert torch.equal(conditions.unconditional(), before)
    assert np.isfinite(before.numpy()).all()
