"""Files that other services read: valid by their schemas, and in agreement with the project."""

from __future__ import annotations

import json
import os
import tomllib
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SCHEMAS = {
    ".github/workflows/checks.yml": "github-workflows",
    ".github/ISSUE_TEMPLATE/bug.yml": "github-issue-forms",
    ".github/ISSUE_TEMPLATE/proposal.yml": "github-issue-forms",
    ".github/ISSUE_TEMPLATE/config.yml": "github-issue-config",
    "CITATION.cff": "citation-file-format",
}


def read(path):
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SCHEMAS)
def test_a_file_fits_its_schema(path):
    pytest.importorskip("check_jsonschema", reason="check-jsonschema has the schemas")
    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    schema = json.loads((folder / f"{SCHEMAS[path]}.json").read_text(encoding="utf-8"))
    # `on:` is a boolean in YAML 1.1, which PyYAML reads; the services read it as a word.
    found = {"on" if key is True else key: value for key, value in read(path).items()}
    jsonschema.validate(found, schema)


def test_every_yaml_file_of_the_services_is_checked():
    files = {p.relative_to(ROOT).as_posix() for p in (ROOT / ".github").rglob("*.yml")}
    assert files == {path for path in SCHEMAS if path.startswith(".github")}


def test_the_citation_is_of_this_version_and_names_no_invented_person():
    citation = read("CITATION.cff")
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == PROJECT["authors"]
    assert citation["keywords"] == PROJECT["keywords"]


def test_workflows_run_what_anybody_can_run_on_every_version_that_is_promised():
    jobs = read(".github/workflows/checks.yml")["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert commands
    for command in commands:
        assert os.access(ROOT / command, os.X_OK), command
    promised = [
        version
        for line in PROJECT["classifiers"]
        if (version := line.removeprefix("Programming Language :: Python :: ")) != line
    ]
    assert jobs["gate"]["strategy"]["matrix"]["python"] == promised
    assert PROJECT["requires-python"] == f">={promised[0]}"


def test_commands_before_a_commit_are_installed_with_the_tests():
    (local,) = read(".pre-commit-config.yaml")["repos"]
    assert local["repo"] == "local"
    installed = {Requirement(text).name for text in PROJECT["optional-dependencies"]["test"]}
    for hook in local["hooks"]:
        program = hook["entry"].split()[0]
        assert program.removeprefix(".venv/bin/") in installed | {"python"}


def test_addresses_of_the_project_are_real_or_absent():
    for label, address in PROJECT.get("urls", {}).items():
        parts = urlsplit(address)
        assert parts.scheme == "https", label
        assert not parts.netloc.endswith(("example", "example.com", "example.org", "invalid"))


def test_the_lowest_versions_are_those_of_the_project():
    """One line for every bound of the project, its tests and Dask: the first release that fits."""
    groups = PROJECT["optional-dependencies"]
    needs = map(Requirement, [*PROJECT["dependencies"], *groups["test"], *groups["dask"]])
    wanted = {
        need.name: bounds[0]
        for need in needs
        if (bounds := [spec.version for spec in need.specifier if spec.operator == ">="])
    }
    lines = (ROOT / "constraints-lowest.txt").read_text(encoding="utf-8").splitlines()
    held = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert held.keys() == wanted.keys()
    for name, bound in wanted.items():
        # 4.11.0.86 is the first release of 4.11; 8 may stand for 8.0.0.
        assert [*held[name].split(".")][: len(bound.split("."))] == bound.split("."), name
