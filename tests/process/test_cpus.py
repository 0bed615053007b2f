"""Processors that may be used, and threads that wait."""

from __future__ import annotations

import os

import pytest

from harness.process import cpus


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A made-up /proc and /sys."""

    def made(own: str = "/a/b", **files: str) -> None:
        (tmp_path / "cgroup").write_text(f"0::{own}\n" if own else "1:cpu:/\n")
        for name, text in files.items():
            path = tmp_path / "fs" / name.replace("__", "/").replace("cpu_", "cpu.")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.setattr(cpus, "CGROUP", tmp_path / "cgroup")
        monkeypatch.setattr(cpus, "MOUNT", tmp_path / "fs")

    return made


def test_without_a_limit_affinity_decides(system, monkeypatch):
    system(a__b__cpu_max="max 100000\n")
    monkeypatch.setattr(cpus, "affinity", lambda: 7)
    assert cpus.quota() is None
    assert cpus.cpu_count() == 7


@pytest.mark.parametrize(
    ("text", "granted", "count"),
    [("150000 100000", 1.5, 2), ("50000 100000", 0.5, 1), ("400000 100000", 4.0, 4),
     ("900000 100000", 9.0, 7)],
)  # fmt: skip
def test_a_container_grants_part_of_the_processors(system, monkeypatch, text, granted, count):
    system(a__b__cpu_max=text)
    monkeypatch.setattr(cpus, "affinity", lambda: 7)
    assert cpus.quota() == granted
    assert cpus.cpu_count() == count


def test_the_smallest_limit_of_all_groups_around_counts(system):
    system(a__b__cpu_max="400000 100000", a__cpu_max="200000 100000", cpu_max="max 100000")
    assert cpus.quota() == 2


def test_the_older_form_of_control_groups(system):
    system(own="", cpu__cpu_cfs_quota_us="300000\n", cpu__cpu_cfs_period_us="100000\n")
    assert cpus.quota() == 3


@pytest.mark.parametrize("text", ["", "nonsense", "1 0", "-1 100000", "5"])
def test_what_cannot_be_read_is_no_limit(system, text):
    system(a__b__cpu_max=text)
    assert cpus.quota() is None


def test_threads_wait_passively_unless_the_user_has_chosen(monkeypatch):
    environ: dict[str, str] = {}
    cpus.wait_passively(environ)
    assert environ == {"OMP_WAIT_POLICY": "PASSIVE"}
    for chosen in ({"OMP_WAIT_POLICY": "ACTIVE"}, {"GOMP_SPINCOUNT": "9"}, {"KMP_BLOCKTIME": "0"}):
        kept = dict(chosen)
        cpus.wait_passively(kept)
        assert kept == chosen
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    assert cpus.waiting() == "sleep"
    monkeypatch.delenv("OMP_WAIT_POLICY")
    assert "OpenMP" in cpus.waiting()


def test_this_machine_has_processors():
    assert 1 <= cpus.cpu_count() <= (os.cpu_count() or 1)
