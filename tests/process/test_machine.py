"""What is recorded of a machine, and what counts as a difference."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from harness.process import machine


def test_a_record_is_json_and_names_the_processor():
    found = machine.machine()
    assert json.loads(json.dumps(found)) == found
    assert found["processor"]


def test_only_libraries_that_are_loaded_are_named():
    code = "import json; from harness.process.machine import machine; print(json.dumps(machine()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    found = json.loads(done.stdout)
    assert found["kernels"] == {}
    assert found["threads"] is None


def test_kernels_are_those_that_the_libraries_use():
    torch = pytest.importorskip("torch")
    found = machine.machine()
    assert found["kernels"]["torch"] == torch.backends.cpu.get_cpu_capability()
    assert found["threads"] == torch.get_num_threads()


@pytest.mark.parametrize(
    ("flags", "ceiling", "expected"),
    [
        ({"sse4_1", "avx", "avx2", "avx512bw"}, "", "AVX512_CORE"),
        ({"sse4_1", "avx", "avx2", "avx512bw"}, "avx2", "AVX2"),
        ({"sse4_1", "avx", "avx2"}, "AVX512_CORE", "AVX2"),
        ({"sse4_1"}, "AVX2", "SSE41"),
        (set(), "", ""),
        ({"sse4_1", "avx", "avx2"}, "NONSENSE", "AVX2"),
    ],
)
def test_onednn_takes_the_best_set_below_the_ceiling(monkeypatch, flags, ceiling, expected):
    monkeypatch.setattr(machine, "flags", lambda: frozenset(flags))
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", ceiling)
    assert machine._onednn() == expected


def test_a_ceiling_of_the_user_is_recorded(monkeypatch):
    for name in machine.CHOOSING:
        monkeypatch.delenv(name, raising=False)
    assert machine.machine()["set"] == {}
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert machine.machine()["set"] == {"ONEDNN_MAX_CPU_ISA": "AVX2"}


def test_differences_name_nested_facts_and_leave_out_what_one_side_does_not_tell():
    one = {"processor": "A", "kernels": {"torch": "AVX2", "openblas": "Haswell"}, "threads": 2}
    other = {"processor": "B", "kernels": {"torch": "AVX512"}, "threads": None}
    assert machine.differences(one, other) == ["kernels torch AVX2 / AVX512", "processor A / B"]
    assert machine.differences(one, one) == []


def test_a_variable_that_only_one_side_has_set_is_a_difference():
    one, other = {"set": {"MKL_CBWR": "AVX2"}}, {"set": {}}
    assert machine.differences(one, other) == ["set MKL_CBWR AVX2 / unset"]


def test_a_missing_cpuinfo_ends_in_the_name_of_the_platform(monkeypatch):
    monkeypatch.setattr(machine, "_cpuinfo", dict)
    machine.processor.cache_clear()
    try:
        assert machine.processor()
    finally:
        machine.processor.cache_clear()
