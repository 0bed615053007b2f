from __future__ import annotations

import time
from importlib import metadata

import pytest

from harness import hookspecs
from harness._plugins import manager, timeouts
from harness._plugins.manager import did_you_mean
from harness.components import Component, ReportSection
from harness.errors import PrerequisiteError, UsageError


def component(name: str = "thing", kind: str = "generator", **more) -> Component:
    return Component(
        kind=kind, name=name, version=1, target="x:Y", params="x:P", summary="s", **more
    )


def source(name: str, dist: str, plugin, version: str = "1.0"):
    def load():
        if isinstance(plugin, BaseException):
            raise plugin
        return plugin

    return manager._Source(name, dist, version, load)


class Plugin:
    def __init__(self, *components: Component) -> None:
        self._components = components

    @hookspecs.hookimpl
    def harness_components(self):
        return self._components


@pytest.fixture
def load(monkeypatch):
    def with_sources(*sources, **options):
        monkeypatch.setattr(manager, "_installed", lambda autoload: iter(sources))
        return manager.load(**options)

    return with_sources


def test_two_plugins_of_different_names_are_both_found(load):
    found = load(
        source("a", "dist-a", Plugin(component("one"))),
        source("b", "dist-b", Plugin(component("two"))),
    )
    assert [p.provider for p in found.of_kind("generator")] == ["dist-a:one", "dist-b:two"]
    assert all(row.ok for row in found.plugins)


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


def test_two_providers_of_one_name_are_refused_by_name_and_accepted_qualified(load):
    found = load(
        source("a", "dist-a", Plugin(component())), source("b", "dist-b", Plugin(component()))
    )
    with pytest.raises(UsageError, match=r"both dist-a 1\.0 and dist-b 1\.0; write dist-a:thing"):
        found.find("generator", "thing")
    assert found.find("generator", "dist-b:thing").dist == "dist-b"


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


def test_unknown_name_gets_the_nearest(load):
    found = load(source("a", "dist-a", Plugin(component("facenet-nn4"))))
    with pytest.raises(UsageError, match="did you mean 'facenet-nn4'"):
        found.find("generator", "facenet-nn")


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

    entries = [Entry("core", manager.BUILTIN), Entry("other", "acme")]
    monkeypatch.setattr(metadata, "entry_points", lambda group: entries)
    assert [r.name for r in manager.load(autoload=True).plugins] == ["core", "other"]
    monkeypatch.setenv("HARNESS_DISABLE_PLUGIN_AUTOLOAD", "1")
    assert [r.name for r in manager.load().plugins] == ["core"]


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
    found = manager.load(autoload=False)
    assert found.plugins
    assert [row for row in found.plugins if not row.ok] == []


def test_a_plugin_that_raises_in_a_later_hook_is_noted_and_others_answer(load):
    class Raising:
        @hookspecs.hookimpl
        def harness_groups(self):
            raise OSError("no groups today")

    class Answering:
        @hookspecs.hookimpl
        def harness_groups(self):
            return {"pair": ["a", "b"]}

        @hookspecs.hookimpl
        def harness_templates(self):
            return ["folder"]

    found = load(source("bad", "dist-bad", Raising()), source("good", "dist-good", Answering()))
    assert found.groups() == {"pair": ["a", "b"]}
    assert [str(path) for path in found.templates()] == ["folder"]
    bad = next(row for row in found.plugins if row.name == "bad")
    assert bad.reason == "harness_groups raised OSError: no groups today"


def test_a_watcher_sees_the_events_it_asks_for(load):
    seen = []

    class Watcher:
        @hookspecs.hookimpl
        def harness_on_event(self, event):
            seen.append(event["stage"])

    load(source("w", "dist-w", Watcher())).call("harness_on_event", event={"stage": "train"})
    assert seen == ["train"]


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


def test_a_hook_that_hangs_is_asked_once(load, monkeypatch, capsys):
    asked = []

    class Hanging:
        @hookspecs.hookimpl
        def harness_on_event(self, event):
            asked.append(event)
            time.sleep(20)

    monkeypatch.setenv("HARNESS_PLUGIN_TIMEOUT_S", "0.2")
    found = load(source("slow", "dist-slow", Hanging()))
    for event in ({}, {}):
        found.call("harness_on_event", event=event)
    assert asked == [{}]
    assert capsys.readouterr().err.count("plugin slow of dist-slow is left out") == 1


@pytest.mark.parametrize("text", ["0", "-1", "soon", "inf", "nan"])
def test_a_limit_that_is_no_time_is_refused(load, monkeypatch, text):
    monkeypatch.setenv("HARNESS_PLUGIN_TIMEOUT_S", text)
    with pytest.raises(UsageError, match="HARNESS_PLUGIN_TIMEOUT_S"):
        timeouts.limit_s()


def test_what_a_plugin_prints_goes_to_standard_error(load, capsys):
    class Talking(Plugin):
        @hookspecs.hookimpl
        def harness_groups(self):
            print("hello from the hook")
            return {}

    load(source("t", "dt", Talking())).groups()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "hello from the hook" in captured.err


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (5, "TypeError: 'int' object is not iterable"),
        (["text"], "TypeError: it must give ReportSection objects, not 'text'"),
    ],
)
def test_a_wrong_answer_is_named_and_left_out(load, capsys, answers, reason):
    class Wrong:
        @hookspecs.hookimpl
        def harness_report_sections(self, study):
            return answers

    class Right:
        @hookspecs.hookimpl
        def harness_report_sections(self, study):
            yield ReportSection("Mine", (str(study),))

    found = load(source("w", "dw", Wrong()), source("r", "dr", Right()))
    assert [section.text for section in found.report_sections(7)] == [("7",)]
    told = f"harness: plugin w of dw is left out: harness_report_sections raised {reason}"
    assert told in capsys.readouterr().err


def test_of_two_providers_the_one_that_asks_is_meant(load):
    found = load(
        source("a", "dist-a", Plugin(component())), source("b", "dist-b", Plugin(component()))
    )
    assert found.find("generator", "thing", asker="dist-b").dist == "dist-b"
    with pytest.raises(UsageError, match="both"):
        found.find("generator", "thing", asker="dist-c")


def test_an_unknown_name_tells_which_plugins_are_left_out(load):
    found = load(source("bad", "dist-bad", RuntimeError("boom")), source("a", "d", Plugin()))
    with pytest.raises(UsageError, match=r"plugin bad is left out \(RuntimeError: boom\)"):
        found.find("model", "other")


def test_a_hint_lists_few_names_and_of_many_the_nearest_one():
    few, many = ["alpha", "beta"], [f"name{k:02d}" for k in range(30)]
    assert did_you_mean("alpa", few) == ", did you mean 'alpha'? (known: alpha, beta)"
    assert did_you_mean("name07x", many) == ", did you mean 'name07'?"
    assert did_you_mean("zzz", many).endswith("name10, name11 and 18 more)")
    assert did_you_mean("zzz", []) == ""


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("zzz", "; `harness list` lists all 30"),
        ("name07x", ", did you mean 'name07'? `harness list` lists all 30"),
        ("first_name", "; `harness list` lists all 30"),
    ],
)
def test_of_many_names_the_count_and_the_command_are_given(name, hint):
    assert did_you_mean(name, [f"name{k:02d}" for k in range(30)], "harness list") == hint


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("batch_size", "'embedding_size' or 'images_per_batch'"),
        ("warmup.steps", "'warm_up_steps'"),
        ("a_of_b", ""),
        ("embedding-dim", "'embedding_size'"),
    ],
)
def test_a_name_of_other_software_finds_those_that_share_a_word(name, near):
    known = ["images_per_batch", "embedding_size", "warm_up_steps", "share_of_faces", "lr"]
    hint = did_you_mean(name, known)
    assert hint.startswith(f", did you mean {near}?" if near else " (known: ")
