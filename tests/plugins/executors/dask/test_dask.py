from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("distributed")
pytest.importorskip("dask_jobqueue")

from distributed import LocalCluster

from harness._plugins.discovery import load
from harness._plugins.lookup import open_executor
from harness.errors import PrerequisiteError, UsageError
from harness.extensions import Setup
from harness_plugins.executors.dask import clusters
from harness_plugins.executors.dask.params import DaskParams

SLURM = """
[[generator]]
use = "toy-faces"

[executor]
use = "dask"
cluster = "slurm"
workers = 16
resources = { GPU = 1 }

[executor.options]
queue = "gpu"
cores = 8
memory = "32GB"
walltime = "12:00:00"
"""


def dask(**options):
    return open_executor(load(), "dask", options)


def test_declaring_it_imports_nothing_of_dask():
    code = (
        "import sys; from harness._plugins.discovery import load; "
        "from harness._plugins.lookup import offers; "
        "offers(load(), 'executor'); import harness_plugins.executors.dask.params; "
        "sys.exit(bool({'dask', 'distributed'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"worker": 3}, "did you mean 'workers'"),
        ({"workers": 0}, "greater than or equal to 1"),
        ({"cluster": "slrum"}, "Input should be"),
        ({"scheduler": "tcp://a:1", "cluster": "slurm"}, "leave out cluster"),
        ({"cluster": "ssh"}, "hosts are for"),
    ],
)
def test_settings_that_are_wrong_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        dask(**options)


def test_an_executor_without_settings_refuses_them():
    with pytest.raises(UsageError, match="executor local has no settings; remove scheduler"):
        open_executor(load(), "local", {"scheduler": "tcp://a:1"})


@pytest.mark.parametrize(
    ("cluster", "directive"),
    [("slurm", "#SBATCH -p short"), ("sge", "#$ -q short"), ("pbs", "#PBS -q short")],
)
def test_the_job_script_is_that_of_the_batch_system(cluster, directive):
    options = {"queue": "short", "cores": 4, "memory": "8GB"}
    script = dask(cluster=cluster, workers=3, options=options).describe(1)
    assert f"# 3 jobs of {cluster}" in script
    assert directive in script
    assert "export OMP_NUM_THREADS=1" in script
    worker = script.strip().splitlines()[-1]
    assert worker.rindex("--nthreads 1") > worker.index("--nthreads 4")  # the last one counts


def test_an_option_that_the_batch_system_lacks_is_named(harness_command, tmp_path):
    (tmp_path / "cluster.toml").write_text(SLURM.replace("walltime", "waltime"))
    refused = harness_command("plan", "-c", "cluster.toml", "--executor", check=2).stderr
    assert "options.waltime of executor dask is not a plain option" in refused
    assert "did you mean 'walltime'" in refused
    allowed = ("plan", "-c", "cluster.toml", "--executor", "--allow-code")
    refused = harness_command(*allowed, check=2).stderr
    assert "[executor.options] of slurm: Got unexpected keyword argument 'waltime'" in refused


def test_plan_prints_the_job_script_of_a_recipe(harness_command, tmp_path):
    (tmp_path / "cluster.toml").write_text(SLURM)
    shown = harness_command("plan", "-c", "cluster.toml", "--executor").stdout
    assert "#SBATCH -t 12:00:00" in shown
    assert "--resources GPU=1" in shown
    config = harness_command("plan", "-c", "cluster.toml", "--show-config").stdout
    assert 'executor.cluster = "slurm"  # cluster.toml:7' in config


def test_where_the_work_is_done_is_in_no_key(harness_command, tmp_path):
    (tmp_path / "cluster.toml").write_text(SLURM)
    (tmp_path / "plain.toml").write_text(SLURM.split("[executor]")[0])
    plans = [
        harness_command("plan", "-c", f"{name}.toml", "--json").stdout
        for name in ("cluster", "plain")
    ]
    assert plans[0] == plans[1]


def test_a_scheduler_that_is_not_there_is_named(monkeypatch, home):
    executor = dask(scheduler="tcp://127.0.0.1:1")
    monkeypatch.setattr(sys.modules[type(executor).__module__], "CONNECT_S", 0.5)
    with pytest.raises(PrerequisiteError, match=r"cannot be reached.*is the scheduler running"):
        executor.open(Setup(folders=(home,)))
    executor.close()


def test_a_worker_that_cannot_see_the_store_says_so_at_once(monkeypatch, home):
    executor = dask(workers=1)
    worker = sys.modules[type(executor).__module__].worker

    def elsewhere(sign):
        """As if the folder of this name were another one on the worker's machine."""
        for file in sign.files():
            file.write_text("of another machine")

    monkeypatch.setattr(worker.Sign, "put", elsewhere)
    with pytest.raises(
        PrerequisiteError, match=rf"worker tls\S+ cannot see {home}, .*HARNESS_HOME"
    ):
        executor.open(Setup(folders=(home,)))
    executor.close()


def test_resources_that_no_worker_has_are_refused_before_waiting(home):
    executor = dask(workers=1)
    executor.open(Setup(folders=(home,)))
    try:
        with pytest.raises(PrerequisiteError, match="no Dask worker has GPU=1"):
            executor.run_stage(abs, 1, {"GPU": 1.0}, print)
    finally:
        executor.close()


def test_workers_keep_the_memory_that_networks_use_again(home, monkeypatch):
    """With the setting of Dask's own a network on a CPU has half of its speed."""
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    executor = dask(workers=1)
    executor.open(Setup(folders=(home,)))
    try:
        found = executor._client.run(os.getenv, "MALLOC_TRIM_THRESHOLD_")
    finally:
        executor.close()
    assert list(found.values()) == [None]


def test_a_cluster_that_ends_late_does_not_make_a_run_fail(home, monkeypatch):
    executor = dask(workers=1)
    executor.open(Setup(folders=(home,)))
    close = executor._cluster.close

    def late(timeout):
        close(timeout=timeout)
        raise TimeoutError(f"timed out after {timeout} s.")

    monkeypatch.setattr(executor._cluster, "close", late)
    executor.close()


@pytest.mark.skipif(os.name == "nt", reason="SIGSTOP is a POSIX signal")
def test_a_worker_that_sleeps_does_not_keep_a_run_from_ending(home, monkeypatch):
    cluster = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0")
    executor = dask(scheduler=cluster.scheduler_address)
    monkeypatch.setattr(sys.modules[type(executor).__module__], "FAREWELL_S", 1)
    try:
        executor.open(Setup(folders=(home,)))
        (pid,) = executor._client.run(os.getpid).values()
        os.kill(pid, signal.SIGSTOP)
        start = time.monotonic()
        executor.close()
        assert time.monotonic() - start < 20
        os.kill(pid, signal.SIGCONT)
    finally:
        cluster.close(timeout=30)


def test_a_job_of_a_batch_system_says_the_same_to_its_nanny():
    script = clusters.job_script(DaskParams(cluster="slurm", options={"cores": 1, "memory": "1GB"}))
    exports = "\n".join(line for line in script.splitlines() if line.startswith("export "))
    code = (
        "from distributed.nanny import _get_env_variables as given; "
        f"print(sorted(given({clusters.NANNY!r})))"
    )
    bare = {k: v for k, v in os.environ.items() if not k.startswith(("DASK_", "MALLOC_"))}
    found = [
        subprocess.run(
            ["bash", "-c", f"{lines}\nexec {shlex.quote(sys.executable)} -c {shlex.quote(code)}"],
            env=bare, check=True, capture_output=True, text=True,
        ).stdout
        for lines in ("", exports)
    ]  # fmt: skip
    assert "MALLOC_TRIM_THRESHOLD_" in found[0]
    assert "MALLOC_TRIM_THRESHOLD_" not in found[1]
    assert "OMP_NUM_THREADS" in found[1]


def test_a_head_node_without_a_gpu_can_plan_for_one(harness_command, tmp_path):
    gpu = SLURM.replace("[executor]", '[study]\ndevice = "cuda"\n\n[executor]', 1)
    (tmp_path / "gpu.toml").write_text(gpu)
    (tmp_path / "here.toml").write_text(gpu.replace('"dask"\ncluster = "slurm"', '"local"'))
    planned = harness_command("plan", "-c", "gpu.toml", "--json", CUDA_VISIBLE_DEVICES="")
    assert '"device": "cuda"' in planned.stdout
    harness_command("plan", "-c", "here.toml", check=3, CUDA_VISIBLE_DEVICES="")
    (tmp_path / "wrong.toml").write_text(gpu.replace('"cuda"', '"cudax"'))
    assert "unknown device" in harness_command("plan", "-c", "wrong.toml", check=2).stderr
