"""From `harness new-plugin` to a number beside built-ins, and back to where one started."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

import harness

pytestmark = pytest.mark.slow

NAMES = {"generator": "acme-faces", "model": "acme-net", "benchmark": "acme-pairs",
         "report": "acme-costs", "aligner": "acme-boxes",
         "measure": "acme-length"}  # fmt: skip


@pytest.fixture(scope="module")
def installed(environment):
    """All kinds, as the template makes them, installed by pip; and how things were before."""
    before = environment.installed(), environment.harness("list", "--json").stdout
    start = time.perf_counter()
    for kind, name in NAMES.items():
        environment.harness("new-plugin", name, "--kind", kind)
    environment.install(*(environment.folder / name for name in NAMES.values()))
    return environment, before, start


def test_template_plugins_run_beside_built_ins_and_leave_no_trace(
    installed, tmp_path, home, record_property
):
    environment, (packages, listing), start = installed
    where = {"HARNESS_HOME": str(home)}
    first = ("run", "-g", "acme-faces", "-m", "acme-net", "-b", "acme-pairs", "-j", "1")
    done = environment.harness(*first, "-o", "first", cwd=tmp_path, **where)
    seconds = time.perf_counter() - start
    record_property("seconds_from_new_plugin_to_first_result", round(seconds, 1))
    print(f"new-plugin to first result, five packages: {seconds:.1f} s")
    assert "| acme-faces" in done.stdout

    study = (
        "run", "-g", "acme-faces", "-G", "identities=4", "-G", "images_per_id=5",
        "-m", "acme-net,mobilefacenet", "-M", "acme-net.steps=3", "-M", "mobilefacenet.steps=1",
        "-M", "images_per_batch=4", "-M", "acme-net.batch=4",
        "-b", "acme-pairs,synthpie", "-B", "people=8", "-B", "synthpie.identities=4",
        "-B", "folds=2", "-B", "pairs_per_fold=4", "-j", "1",
    )  # fmt: skip
    done = environment.harness(*study, cwd=tmp_path, **where)
    cells = [json.loads(p.read_text()) for p in tmp_path.glob("study/cells/*/result.json")]
    assert len(cells) == 6, done.stderr
    (ours,) = [
        c for c in cells
        if [c["cell"][k]["name"] for k in ("generator", "model", "benchmark")]
        == ["acme-faces", "acme-net", "acme-pairs"]
    ]  # fmt: skip
    used = ("acme-faces", "acme-net", "acme-pairs")
    assert ours["provenance"]["code"]["plugins"] == dict.fromkeys(used, "0.1.0")
    page = (tmp_path / "study" / "report" / "index.html").read_text()
    for kind, cls in (("generator", "AcmeFaces"), ("model", "AcmeNet"), ("benchmark", "AcmePairs")):
        assert ours["cell"][kind]["licence"] == "Apache-2.0"
        assert ours["cell"][kind]["citation"].startswith(f"{cls}, ")
        assert ours["cell"][kind]["citation"] in page
    assert "Seconds of work by result" in page  # of the report plugin

    results = {p: p.read_bytes() for p in tmp_path.rglob("result.json")}
    environment.pip("uninstall", "-y", *NAMES.values())
    assert environment.installed() == packages
    assert environment.harness("list", "--json").stdout == listing
    assert results == {p: p.read_bytes() for p in tmp_path.rglob("result.json")}
    environment.harness("report", "study", cwd=tmp_path, **where)
    assert "AcmePairs, " in (tmp_path / "study" / "report" / "index.html").read_text()
    gone = environment.harness("plan", "-m", "acme-net", "-g", "bfm", check=2, cwd=tmp_path)
    assert "unknown model 'acme-net'" in gone.stderr
    environment.install(*(environment.folder / name for name in NAMES.values()))


@pytest.mark.parametrize("kind", NAMES)
def test_the_tests_of_a_new_package_pass_at_once(installed, kind, home):
    environment, *_ = installed
    listed = environment.harness("list", "plugins").stdout
    assert f"ok {NAMES[kind]}" in listed
    folder = environment.folder / NAMES[kind]
    done = environment.run("-m", "pytest", "-q", cwd=folder, HARNESS_HOME=str(home))
    assert " passed" in done.stdout
    assert "failed" not in done.stdout


def test_what_is_written_is_typed(installed):
    environment, *_ = installed
    sources = [str(environment.folder / name / "src") for name in NAMES.values()]
    # An installed harness is found by itself; one installed in place may hide behind a hook.
    project = str(Path(harness.__file__).parents[1])
    done = environment.run("-m", "mypy", "--strict", "--config-file=", *sources, PYTHONPATH=project)
    assert "Success" in done.stdout
