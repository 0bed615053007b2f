"""Which parameters decay."""

from __future__ import annotations

import torch
from torch import nn

from harness.training.losses import AdaFace
from harness.training.optimisers import adam, parameter_groups, sgd


def body():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.PReLU(4), nn.LayerNorm(4))
    return nn.ModuleDict({"network": network, "objective": AdaFace(4, 5, m=0.4)})


def test_norm_layers_do_not_decay_and_everything_is_there_once():
    module = body()
    decayed, kept = parameter_groups(module, 5e-4)
    assert (decayed["weight_decay"], kept["weight_decay"]) == (5e-4, 0.0)
    assert {tuple(p.shape) for p in kept["params"]} == {(4,)}
    assert len(kept["params"]) == 4
    assert [tuple(p.shape) for p in decayed["params"]] == [(4, 3, 3, 3), (4,), (4,), (4, 5)]
    assert len(decayed["params"]) + len(kept["params"]) == len(list(module.parameters()))


def test_frozen_parameters_are_left_out():
    module = body()
    module["network"][1].weight.requires_grad_(requires_grad=False)
    assert len(parameter_groups(module, 0.0)[1]["params"]) == 3


def test_sgd_and_adam_settings():
    groups = sgd(0.1, 0.9, 5e-4)(body()).param_groups
    assert [(g["lr"], g["momentum"], g["weight_decay"]) for g in groups] == [
        (0.1, 0.9, 5e-4),
        (0.1, 0.9, 0.0),
    ]
    made = adam(1e-3)(body())
    assert isinstance(made, torch.optim.Adam)
    assert {(g["betas"], g["eps"], g["weight_decay"]) for g in made.param_groups} == {
        ((0.9, 0.999), 1e-8, 0.0)
    }
