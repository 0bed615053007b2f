from __future__ import annotations

import time
from importlib import metadata

import pytest

from harness import hookspecs
from harness._plugins import discovery, timeouts
from harness._plugins.registry import BUILTIN
from harness.errors import PrerequisiteError, UsageError
from tests._plugins.given import Plugin, component, source


@pytest.mark.parametrize(
    "error", [ModuleNotFoundError("no module named 'open3d'"), RuntimeError("boom"), SystemExit(3)]
)
def test_a_plugin_that_fails_to_import_is_a_row_and_others_work(load, error):
    found = load(source("bad", "dist-bad", error), source("good", "dist-good", Plugin(component())))
    bad = next(row for row in found.plugins if row.name == "bad")
    assert type(error).__name__ in bad.reason
    assert found.find("generator", "thing").dist == "dist-good"
    with pytest.raises(PrerequisiteError, match="plugin bad of dist-bad does not load"):
        found.find("generator", "bad")


def test_a_plugin_that_fails_in_its_hook_is_a_row(load):
    class Failing:
        @hookspecs.hookimpl
        def harness_components(self):
            raise ValueError("cannot declare")

    found = load(source("bad", "dist-bad", Failing()))
    assert found.plugins[0].reason == "ValueError: cannot declare"


def test_strict_loading_raises(load, monkeypatch):
    monkeypatch.setenv("HARNESS_STRICT_PLUGINS", "1")
    with pytest.raises(RuntimeError, match="boom"):
        load(source("bad", "dist-bad", RuntimeError("boom")))


def test_two_plugins_of_one_entry_point_name_are_both_loaded(load):
    found = load(
        source("same", "dist-a", Plugin(component("one"))),
        source("same", "dist-b", Plugin(component("two"))),
    )
    assert len(found.components) == 2


def test_unknown_hook_gets_the_nearest_name(load):
    class Misspelt:
        @hookspecs.hookimpl
        def harness_component(self):
            return []

    found = load(source("bad", "dist-bad", Misspelt()))
    assert "unknown hook 'harness_component', did you mean 'harness_components'?" in (
        found.plugins[0].reason
    )


def test_a_plugin_for_a_newer_api_is_a_row(load):
    found = load(source("new", "dist-new", Plugin(component(requires_api=99))))
    assert "needs plugin API 99" in found.plugins[0].reason
    assert not found.components


def test_what_is_not_a_component_is_refused(load):
    found = load(source("bad", "dist-bad", Plugin("a string")))
    assert "must give Component objects" in found.plugins[0].reason


def test_disabled_by_plugin_or_distribution_name(load):
    sources = source("a", "dist-a", Plugin(component("one"))), source("b", "dist-b", Plugin())
    assert not load(*sources, disabled=("a",)).components
    assert not load(*sources, disabled=("dist-a",)).components


def test_autoload_off_leaves_only_the_built_in(monkeypatch):
    class Entry:
        def __init__(self, name, dist):
            self.name, self.value = name, f"{name}:plugin"
            self.dist = type("Dist", (), {"name": dist, "version": "1"})()

        def load(self):
            return Plugin(component(self.name))

    entries = [Entry("core", BUILTIN), Entry("other", "acme")]
    monkeypatch.setattr(metadata, "entry_points", lambda group: entries)
    assert [r.name for r in discovery.load(autoload=True).plugins] == ["core", "other"]
    monkeypatch.setenv("HARNESS_DISABLE_PLUGIN_AUTOLOAD", "1")
    assert [r.name for r in discovery.load().plugins] == ["core"]


def test_single_file_plugins_and_their_errors(tmp_path, load):
    good = (
        "from harness.plugin import Component, hookimpl\n@hookimpl\ndef harness_components():\n"
        "    return [Component(kind='model', name='m', version=1, target='x:Y', params='x:P',"
        " summary='s')]\n"
    )
    (tmp_path / "good_file.py").write_text(good)
    (tmp_path / "bad_file.py").write_text("import not_there_at_all\n")
    found = load(plugins_dirs=[tmp_path])
    assert found.find("model", "m").dist == "good_file"
    assert "not_there_at_all" in next(r for r in found.plugins if r.name == "bad_file").reason
    with pytest.raises(UsageError, match="does not exist"):
        load(plugins_dirs=[tmp_path / "absent"])


def test_every_built_in_plugin_loads():
    found = discovery.load(autoload=False)
    assert found.plugins
    assert [row for row in found.plugins if not row.ok] == []


def test_a_plugin_states_its_api_before_anything_of_it_is_looked_at(load):
    class New:
        HARNESS_API = 99

        @hookspecs.hookimpl
        def harness_of_the_future(self):
            return []

    class Old(Plugin):
        HARNESS_API = 0

    class Odd(Plugin):
        HARNESS_API = "1.0"

    found = load(source("n", "dn", New()), source("o", "do", Old()), source("x", "dx", Odd()))
    reasons = [row.reason for row in found.plugins]
    assert "it needs plugin API 99 and this harness has 1: upgrade synthface-harness" in reasons[0]
    assert "written for plugin API 0 and this harness serves 1 to 1: upgrade do" in reasons[1]
    assert "HARNESS_API must be a whole number, not '1.0'" in reasons[2]


def test_a_plugin_that_hangs_is_a_row_after_the_limit(load, monkeypatch, capsys):
    class Hanging:
        @hookspecs.hookimpl
        def harness_components(self):
            time.sleep(20)

    monkeypatch.setenv("HARNESS_PLUGIN_TIMEOUT_S", "0.4")
    monkeypatch.setattr(timeouts, "HEARTBEAT_S", 0.1)
    found = load(source("slow", "dist-slow", Hanging()), source("b", "db", Plugin(component())))
    assert "no answer within 0.4 s" in found.plugins[0].reason
    assert found.find("generator", "thing").dist == "db"
    assert (
        "loading plugin slow of dist-slow: still running, no progress for"
        in capsys.readouterr().err
    )
