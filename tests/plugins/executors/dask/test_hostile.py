"""A recipe is data: without permission it starts no code and reaches no other machine."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

pytest.importorskip("distributed")
pytest.importorskip("dask_jobqueue")

from harness._plugins.discovery import load
from harness._plugins.lookup import open_executor
from harness.api import choose_executor
from harness.errors import UsageError
from harness.extensions import Setup
from harness.recipe.resolve import read
from harness_plugins.executors.dask import clusters
from harness_plugins.executors.dask.options import PLAIN, objections
from harness_plugins.executors.dask.params import DaskParams

EVIL = "import os; os.system('touch pwned.txt')"
FILLED = {
    "memory_limit": "2GB", "cores": 4, "memory": "8 GiB", "job_name": "faces", "death_timeout": 60,
    "queue": "gpu,short", "project": "synth-2", "walltime": "1-12:00:00", "account": "a.b",
    "job_cpu": 4, "job_mem": "8GB", "ncpus": 4, "mem": 8_000_000_000, "disk": "10GB",
    "resource_spec": "select=1:ncpus=4:mem=8GB",
}  # fmt: skip
DIRECTIVES = {"slurm": "--gres=gpu:a100:1", "sge": "-pe smp 4", "pbs": "-l ngpus=1",
              "moab": "-q gpu", "lsf": "-gpu num=1"}  # fmt: skip


def of_recipe(tmp_path, text, **more):
    file = tmp_path / "r.toml"
    file.write_text(f'[executor]\nuse = "dask"\n{text}\n')
    return choose_executor(read(file), load(), **more)


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        (f'options = {{ preload = "{EVIL}" }}', "options.preload"),
        ("options = { preload_nanny = ['evil.py'] }", "options.preload_nanny"),
        ("options = { env = { PYTHONPATH = '.' } }", "options.env"),
        ("options = { local_directory = '/elsewhere' }", "options.local_directory"),
        ("options = { worker_class = 'x' }", "options.worker_class"),
        ("options = { host = '0.0.0.0' }", "options.host"),
        ("options = { security = false }", "options.security"),
        ("options = { scheduler_kwargs = { preload = 'evil' } }", "options.scheduler_kwargs"),
        ("options = { memory_limit = '1GB\\u000A' }".replace("'", '"'), "options.memory_limit"),
        ("scheduler = 'tcp://stranger:8786'", "scheduler"),
        ("cluster = 'ssh'\nhosts = ['stranger', 'stranger']", "hosts"),
        ("cluster = 'slurm'\noptions = { job_script_prologue = ['id'] }", "job_script_prologue"),
        ("cluster = 'slurm'\noptions = { python = 'evil' }", "options.python"),
        ("cluster = 'slurm'\noptions = { queue = \"a\\nid\" }", "options.queue"),
        ("cluster = 'slurm'\noptions = { interface = 'lo; id' }", "options.interface"),
        ("cluster = 'slurm'\noptions = { submit_command_extra = ['x'] }", "submit_command_extra"),
        ("cluster = 'slurm'\noptions = { job_extra_directives = ['--output=/x'] }", "directives"),
        (
            "cluster = 'slurm'\noptions = { job_extra_directives = [\"--qos=a\\nid\"] }",
            "directives",
        ),
        ("cluster = 'sge'\noptions = { shebang = '#!/evil' }", "options.shebang"),
        ("cluster = 'pbs'\noptions = { worker_extra_args = ['; id'] }", "worker_extra_args"),
        ("cluster = 'lsf'\noptions = { lsf_units = 'x' }", "options.lsf_units"),
        ("cluster = 'oar'\noptions = { walltime = '1$(id)' }", "options.walltime"),
        ("cluster = 'htcondor'\noptions = { disk = '1GB; id' }", "options.disk"),
        ("cluster = 'moab'\noptions = { resource_spec = 'a`id`' }", "options.resource_spec"),
    ],
)
def test_what_can_run_code_needs_a_flag(tmp_path, text, setting):
    with pytest.raises(UsageError, match=r"r\.toml:\d+: .*--allow-code") as refused:
        of_recipe(tmp_path, text)
    assert setting in str(refused.value)
    assert "\n" not in str(refused.value)
    of_recipe(tmp_path, text, allow_code=True)


def test_what_the_caller_says_needs_none(tmp_path):
    _, executor = of_recipe(
        tmp_path, "scheduler = 'tcp://stranger:1'", options={"scheduler": "tcp://mine:8786"}
    )
    assert executor.params.scheduler == "tcp://mine:8786"
    assert open_executor(load(), "dask", {"options": {"preload": "x"}}).params.options


@pytest.mark.parametrize("text", ['resources = { "GPU=1; id" = 1 }', "workers = 1000000000",
                                  'resources = { "a b" = 1 }', "dashboard = 'x'"])  # fmt: skip
def test_values_of_a_wrong_type_are_refused_with_the_flag_too(tmp_path, text):
    with pytest.raises(UsageError, match=r"\[executor\]"):
        of_recipe(tmp_path, text, allow_code=True)


@pytest.mark.filterwarnings("ignore:OAR Job memory")
@pytest.mark.parametrize("cluster", [name for name in PLAIN if name not in ("local", "ssh")])
def test_every_plain_option_is_one_of_the_real_class(cluster):
    options = {name: FILLED[name] for name in PLAIN[cluster].model_fields if name in FILLED}
    if cluster == "oar":
        options["resource_spec"] = "/nodes=1/core=4"
    if cluster == "sge":
        options["resource_spec"] = "h_vmem=8G"
    if cluster in DIRECTIVES:
        options["job_extra_directives"] = [DIRECTIVES[cluster]]
    assert not objections(cluster, options)
    script = clusters.job_script(DaskParams(cluster=cluster, options=options))
    assert DIRECTIVES.get(cluster, "") in script


@pytest.mark.parametrize(
    ("options", "named"),
    [({"host": "::1"}, "host"), ({"nosuch": 1}, "nosuch"), ({"security": 3}, "security")],
)
def test_options_that_dask_refuses_are_errors_of_usage(home, options, named):
    executor = open_executor(load(), "dask", {"workers": 1, "options": options})
    with pytest.raises(UsageError, match=rf"\[executor.options\] of local: .*{named}"):
        executor.open(Setup(folders=(home,)))
    executor.close()


STRANGER = """
import sys
from distributed import Client
from distributed.security import Security
own = Security.temporary() if sys.argv[1].startswith("tls") else None
try:
    with Client(sys.argv[1], timeout=5, security=own) as client:
        print(client.submit(abs, -41).result(timeout=5))
except Exception as error:
    print(type(error).__name__)
"""


def test_another_user_of_the_machine_cannot_use_the_workers(home):
    executor = open_executor(load(), "dask", {"workers": 1})
    executor.open(Setup(folders=(home,)))
    try:
        address = executor._client.scheduler.address
        (worker,) = executor._workers()
        assert address.startswith("tls://127.0.0.1:")
        assert worker.startswith("tls://127.0.0.1:")
        assert executor._cluster.scheduler.http_server.address == "127.0.0.1"
        port = executor._cluster.scheduler.http_server.port
        for page in ("status", "info/main/workers.html", "metrics", "health", "json/counts.json"):
            with pytest.raises(HTTPError, match="404"):
                urlopen(f"http://127.0.0.1:{port}/{page}")
        for target in (address, address.replace("tls", "tcp"), worker.replace("tls", "tcp")):
            done = subprocess.run(
                [sys.executable, "-c", STRANGER, target],
                capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
            assert done.stdout.strip().endswith(("OSError", "CommClosedError")), done.stdout
        assert executor._client.submit(abs, -42).result() == 42
    finally:
        executor.close()


def test_the_dashboard_is_on_only_when_asked_for(home):
    said = []
    executor = open_executor(load(), "dask", {"workers": 1, "dashboard": True})
    executor.open(Setup(folders=(home,), say=said.append))
    try:
        assert any("127.0.0.1" in text and "every user" in text for text in said)
        with urlopen(executor._client.dashboard_link) as page:  # noqa: S310 (our own)
            assert page.status == 200
    finally:
        executor.close()


def test_the_scheduler_of_a_batch_system_has_no_dashboard():
    async def options():
        params = DaskParams(cluster="slurm", options={"cores": 1, "memory": "1GB"})
        cluster = clusters.batch(params, asynchronous=True)
        cluster.status = clusters.Status.closed
        return cluster.scheduler_spec["options"]

    found = asyncio.run(options())
    assert (found["dashboard"], found["dashboard_address"]) == (False, "127.0.0.1:0")
