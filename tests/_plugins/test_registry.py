from __future__ import annotations

import time
from dataclasses import replace

import pytest

from harness import hookspecs
from harness.components import Asset, ReportSection
from harness.errors import UsageError
from tests._plugins.given import Plugin, component, source


def test_two_plugins_of_different_names_are_both_found(load):
    found = load(
        source("a", "dist-a", Plugin(component("one"))),
        source("b", "dist-b", Plugin(component("two"))),
    )
    assert [p.provider for p in found.of_kind("generator")] == ["dist-a:one", "dist-b:two"]
    assert all(row.ok for row in found.plugins)


def test_two_providers_of_one_name_are_refused_by_name_and_accepted_qualified(load):
    found = load(
        source("a", "dist-a", Plugin(component())), source("b", "dist-b", Plugin(component()))
    )
    with pytest.raises(UsageError, match=r"both dist-a 1\.0 and dist-b 1\.0; write dist-a:thing"):
        found.find("generator", "thing")
    assert found.find("generator", "dist-b:thing").dist == "dist-b"


def test_unknown_name_gets_the_nearest(load):
    found = load(source("a", "dist-a", Plugin(component("facenet-nn4"))))
    with pytest.raises(UsageError, match="did you mean 'facenet-nn4'"):
        found.find("generator", "facenet-nn")


def test_a_data_set_never_leads_to_another(load):
    """Names of data sets are one letter away from each other, and their images are others."""

    def data_set(name):
        return replace(component(name), assets=(Asset(name, "faces", "free", "here"),))

    folder = replace(component("folder"), reads=("",))
    sets = map(data_set, ("sface", "ms1mv2", "casia-webface", "vface"))
    found = load(source("a", "dist-a", Plugin(folder, *sets)))
    for name in ("hsface", "sface2", "ms1mv3", "webface", "casia-webfaces"):
        with pytest.raises(UsageError) as caught:
            found.find("generator", name)
        said = str(caught.value)
        assert "did you mean" not in said
        assert said.endswith("is read by its format: folder"), said
    for name in ("SFace", "casia_webface", "MS1M-V2"):
        with pytest.raises(UsageError, match=r"did you mean '(sface|casia-webface|ms1mv2)'"):
            found.find("generator", name)


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
