"""``harness report --figures`` from the command line."""

from __future__ import annotations

import pytest

RUN = ("run", "-m", "toy-pixels", "-b", "toy-pairs", "-j", "1", "-q")


@pytest.fixture
def study(here, tmp_path):
    here(*RUN)
    return tmp_path / "study"


def test_figures_alone_write_no_page(here, study, tmp_path):
    before = sorted(study.rglob("*"))
    done = here("report", "study", "--figures", "figures", "--format", "svg", "--size", "3.5x2.4")
    written = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert "captions.md" in written
    assert any(name.startswith("ROC-on-toy-pairs") for name in written)
    assert len(done.stdout.splitlines()) == len(written)
    assert sorted(study.rglob("*")) == before


@pytest.mark.parametrize("flags", [("--format", "pdf"), ("--size", "3.5")])
def test_flags_of_figures_need_them(here, study, flags):
    assert "give --figures DIR" in here("report", "study", *flags, check=2).stderr
    wrong = here("report", "study", "--figures", "f", "--size", "big", check=2)
    assert "in inches" in wrong.stderr
