"""What plugins may rely on: one package, its signatures, and nothing else of ``harness``."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.version import Version

import harness
from harness._deprecated import Deprecated
from harness.plugin._lazy import exports, promised
from harness.scaffold import KINDS, new_package
from harness.testing.declaration import HEAVY

ROOT = Path(__file__).parents[2]
HOW_TO = sorted(f"docs/howto/{page.name}" for page in ROOT.glob("docs/howto/*.md"))
EXTEND = ("README.md", "docs/plugins.md", "docs/conformance.md", *HOW_TO)
"""Pages for authors of plugins, whose sentences name nothing else either."""
PAGES = ("README.md", *(p.relative_to(ROOT).as_posix() for p in sorted(ROOT.glob("docs/**/*.md"))))
BLOCK = re.compile(r"^```python\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`(harness(?:\.\w+)+)")
FOR_USERS = {"harness.run", "harness.load_study"}
"""What scripts import from ``harness`` itself."""


def load_snapshot():
    spec = importlib.util.spec_from_file_location("snapshot", Path(__file__).parent / "snapshot.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SNAPSHOT = load_snapshot()


def foreign(source: str) -> list[str]:
    """Imports from ``harness`` that are not from its contract."""

    def named(node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from whole if node.module == "harness" else [node.module]

    found = [name for node in ast.walk(ast.parse(source)) for name in named(node)]
    inside = [name for name in found if name.split(".")[0] == "harness"]
    return [
        name for name in inside
        if not (name + ".").startswith("harness.plugin.") or "._" in name
    ]  # fmt: skip


def test_a_foreign_import_would_be_found():
    assert foreign("from harness.seeds import stream") == ["harness.seeds"]
    assert foreign("import harness.faces.face") == ["harness.faces.face"]
    assert foreign("if x:\n    from harness import Component") == ["harness.Component"]
    assert foreign("from harness.plugin._lazy import exports") == ["harness.plugin._lazy"]
    assert not foreign("from harness import plugin\nfrom harness.plugin.files import walk")


@pytest.mark.parametrize("kind", sorted(p.name for p in (ROOT / "plugins").iterdir() if p.is_dir()))
def test_built_in_plugins_import_the_contract_and_nothing_else(kind):
    wrong = {
        path.relative_to(ROOT).as_posix(): names
        for path in (ROOT / "plugins" / kind).rglob("*.py")
        if (names := foreign(path.read_text(encoding="utf-8")))
    }
    assert not wrong


@pytest.mark.parametrize("kind", KINDS)
def test_written_packages_import_the_contract_and_nothing_else(kind, tmp_path):
    written = [path for path in new_package("acme", kind, tmp_path) if path.suffix == ".py"]
    assert len(written) >= 2
    assert not [name for path in written for name in foreign(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("page", PAGES)
def test_pages_show_the_contract_and_nothing_else(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    shown = {name for block in BLOCK.findall(text) for name in foreign(block)}
    if page in EXTEND:
        shown |= {name for name in SPAN.findall(text) if not name.startswith("harness.plugin")}
    assert shown <= {"harness", *FOR_USERS}  # `import harness` alone gives what users call


@pytest.mark.parametrize("page", EXTEND)
def test_names_of_the_contract_on_a_page_exist(page):
    for name in SPAN.findall((ROOT / page).read_text(encoding="utf-8")):
        module, _, last = name.rpartition(".")
        groups = {*SNAPSHOT.modules()}
        there = name in groups | FOR_USERS or (module in groups and last in promised(module))
        assert there, f"{page}: {name}"


def test_looking_at_the_contract_loads_nothing_heavy():
    code = f"import {', '.join(SNAPSHOT.modules())}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "harness.plugin.models" in loaded
    assert not loaded & {*HEAVY, "numpy", "pydantic", "harness.components"}


def test_every_promised_name_exists_and_is_in_one_group():
    seen = {}
    for module in SNAPSHOT.modules():
        for name in importlib.import_module(module).__all__:
            assert name not in seen, f"{name} is in {module} and {seen[name]}"
            seen[name] = module
            assert getattr(importlib.import_module(module), name) is not None
    assert len(seen) > 100


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"harness.plugin.files.*nonsense"):
        importlib.import_module("harness.plugin.files").nonsense  # noqa: B018
    with pytest.raises(ImportError):
        importlib.import_module("harness.plugin.nonsense")


def test_a_deprecated_name_works_for_two_minor_versions_and_warns(monkeypatch):
    old = {"digest": Deprecated("0.4", "harness.plugin.files.digest")}
    load, _, names = exports("harness.plugin", old)
    assert "digest" not in names
    with pytest.warns(DeprecationWarning, match=r"plugin.digest is now .*files.digest.* 0\.6"):
        assert load("digest") is importlib.import_module("harness.digests").digest
    assert Deprecated("1.9", "x").gone_in == "1.11"


@pytest.mark.parametrize("name", harness.DEPRECATED)
def test_names_of_before_the_contract_still_work_and_warn(name):
    module, _, new = harness.DEPRECATED[name].instead.rpartition(".")
    with pytest.warns(DeprecationWarning, match=rf"harness\.{name} is now .*{new}"):
        old = getattr(harness, name)
    assert old is getattr(importlib.import_module(module), new)


def test_what_was_promised_to_go_is_gone_in_time():
    now = Version(Version(harness.__version__).base_version)
    groups = [importlib.import_module(module) for module in SNAPSHOT.modules()]
    every = [getattr(module, "DEPRECATED", {}) for module in (harness, *groups)]
    late = {name for old in every for name, it in old.items() if Version(it.gone_in) <= now}
    assert not late, f"remove these names, their time is over: {late}"
