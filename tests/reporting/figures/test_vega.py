"""Pictures are drawn in another process, whose end is not the end of the report."""

from __future__ import annotations

import os
import signal

import pytest

from harness.reporting.figures import figure_embed, vega

SPEC = {
    "data": {"values": [{"x": 1, "y": 2}, {"x": 2, "y": 1}]},
    "mark": "line",
    "encoding": {"x": {"field": "x", "type": "quantitative"}},
}


@pytest.fixture
def engine():
    made = vega.Vega()
    yield made
    made.close()


def test_a_figure_is_svg_and_the_process_serves_again(engine):
    first = engine.svg(SPEC)
    assert first is not None
    assert first.startswith("<svg")
    assert engine.svg(SPEC) == first


def test_a_wrong_specification_is_an_error_and_the_process_lives(engine):
    with pytest.raises(ValueError, match="Vega refuses"):
        engine.svg({"mark": 3})
    assert engine.svg(SPEC) is not None


def test_an_engine_that_dies_draws_nothing_more(engine):
    assert engine.svg(SPEC) is not None
    os.kill(engine._process.pid, signal.SIGTRAP)
    engine._process.wait()
    assert engine.svg(SPEC) is None
    assert engine.failed
    assert engine.viewer() is None


def test_a_figure_without_a_picture_says_why(monkeypatch):
    class Dead(vega.Vega):
        def _exchange(self, text: str) -> str:
            return ""

    monkeypatch.setattr(figure_embed, "VEGA", Dead())
    figure = figure_embed.draw("one", "One", "a line", SPEC)
    assert vega.CANNOT in figure.svg
    assert figure.spec == SPEC
