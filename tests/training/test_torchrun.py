"""How the processes of torchrun find each other, with threads in their place."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import torch
from torch import distributed

from harness.errors import HarnessError, PrerequisiteError
from harness.training import torchrun
from harness.training.distributed import Ranks
from harness.training.torchrun import TorchrunGroup, meet_anew

COUNT = 3


@pytest.fixture
def store():
    return distributed.HashStore()


def attempt(store, ranks=range(COUNT), patience=timedelta(seconds=20)):
    with ThreadPoolExecutor(COUNT) as pool:
        waiting = [pool.submit(meet_anew, store, Ranks(r, COUNT), patience) for r in ranks]
        return [future.result() for future in waiting]


def test_every_attempt_has_one_name_of_its_own(store):
    names = [attempt(store) for _ in range(3)]
    assert all(len(set(mine)) == 1 for mine in names)
    assert len({mine[0] for mine in names}) == 3


@pytest.mark.parametrize("came", [(0,), (1,), (0, 2), (1, 2)])
def test_an_attempt_that_was_cut_short_confuses_nobody(store, came):
    with pytest.raises(HarnessError, match="did not meet; start the same command"):
        attempt(store, came, timedelta(seconds=0.3))
    assert len(set(attempt(store))) == 1


def test_who_a_process_is_stands_in_the_environment(monkeypatch):
    said = {"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4"}
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    group = TorchrunGroup.of_environment()
    assert group == TorchrunGroup(Ranks(5, 8), 1, 4)
    assert not group.ranks.first
    assert [group.jobs(jobs) for jobs in (1, 4, 16)] == [1, 1, 4]


def test_each_process_takes_a_gpu_of_its_own_before_they_meet(monkeypatch, store):
    done = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "set_device", done.append)
    monkeypatch.setattr(torchrun, "rendezvous", lambda *_, **__: iter([(store, 0, 1)]))
    monkeypatch.setattr(distributed, "init_process_group", lambda how, **_: done.append(how))
    TorchrunGroup(Ranks(0, 1), 3, 4).meet("cuda")
    assert done == ["cuda:3", "cpu:gloo,cuda:nccl"]
    TorchrunGroup(Ranks(0, 1), 3, 4).meet("cpu")
    assert done[2:] == ["gloo"]
    with pytest.raises(PrerequisiteError, match=r"5 processes .* sees 4 GPUs; lower"):
        TorchrunGroup(Ranks(0, 1), 3, 5).meet("cuda")
