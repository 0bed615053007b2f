"""Figures as files for a paper."""

from __future__ import annotations

import io
import re
import zlib

import pytest
from PIL import Image

from harness.errors import PrerequisiteError, UsageError
from harness.reporting.figures import for_paper, vega
from harness.reporting.figures.figure_embed import Figure
from harness.reporting.figures.for_paper import Size, foreign_letters, picture, write_figures

SPEC = {
    "width": 680, "height": 360,
    "data": {"values": [{"x": 1, "y": 2, "c": "Δ é"}, {"x": 2, "y": 1, "c": "second"}]},
    "mark": {"type": "line", "clip": True, "opacity": 0.5},
    "encoding": {
        "x": {"field": "x", "type": "quantitative"},
        "y": {"field": "y", "type": "quantitative"},
        "color": {"field": "c", "type": "nominal"},
    },
    "config": {"legend": {"orient": "bottom"}},
}  # fmt: skip


@pytest.fixture
def figure():
    return Figure("one", "ROC on lfw/a", "What it shows.", SPEC, "")


@pytest.fixture(autouse=True)
def engine(monkeypatch):
    made = vega.Vega()
    monkeypatch.setattr(for_paper, "VEGA", made)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("text", "size"), [("3.5", Size(3.5)), ("7x2.25", Size(7, 2.25)), ("4X3", Size(4, 3))]
)
def test_sizes_are_inches(text, size):
    assert Size.of(text) == size


@pytest.mark.parametrize("text", ["", "wide", "3x", "1x2x3", "0.5", "nan", "inf", "3x-2", "300"])
def test_no_other_size_is_taken(text):
    with pytest.raises(UsageError, match="in inches"):
        Size.of(text)


def test_a_pdf_has_its_size_its_font_and_no_date(figure):
    data = picture(figure, "pdf", Size(3.5, 2.4))
    width, height = map(float, re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", data).groups())
    assert (width, height) == pytest.approx((3.5 * 72, 2.4 * 72), abs=1)
    assert b"HarnessFigureSans" in data
    assert b"/FontFile2" in data
    assert b"Date" not in data


@pytest.mark.parametrize("form", ["pdf", "svg", "png"])
def test_bytes_are_the_same_from_another_process_that_drew_other_things(figure, engine, form):
    first = picture(figure, form, Size(3.5))
    engine.close()
    other = Figure("two", "x", "y", {**SPEC, "mark": {"type": "area", "clip": True}}, "")
    picture(other, form, Size(3.5))
    assert picture(figure, form, Size(3.5)) == first


def test_a_png_has_300_pixels_per_inch(figure):
    image = Image.open(io.BytesIO(picture(figure, "png", Size(3.5, 2.4))))
    assert image.size == pytest.approx((1050, 720), abs=4)


def test_an_svg_has_its_size_in_inches_and_its_font(figure):
    text = picture(figure, "svg", Size(3.5, 2.4)).decode()
    assert 'width="3.5in" height="2.4in"' in text
    assert "@font-face{font-family:'Harness Figure Sans'" in text
    assert "http://" not in text.replace("http://www.w3.org/", "")


def test_letters_of_the_font_are_drawn(figure):
    """A picture whose letters no font has would be the same without any text."""
    with_text = Image.open(io.BytesIO(picture(figure, "png", Size(3.5))))
    bare = {**SPEC, "encoding": {k: {**v, "title": " "} for k, v in SPEC["encoding"].items()}}
    without = picture(Figure("a", "b", "c", bare, ""), "png", Size(3.5))
    assert zlib.crc32(with_text.tobytes()) != zlib.crc32(Image.open(io.BytesIO(without)).tobytes())


def test_files_are_named_by_titles_and_captions_are_beside_them(figure, tmp_path):
    again = Figure("two", "ROC on lfw a", "More.", SPEC, "")
    written = write_figures([figure, again], tmp_path / "out", "svg")
    names = ["ROC-on-lfw-a.svg", "ROC-on-lfw-a_2.svg", "captions.md"]
    assert [path.name for path in written] == names
    assert "`ROC-on-lfw-a_2.svg`: ROC on lfw a. More." in written[-1].read_text()


@pytest.mark.parametrize("title", ["../../etc/passwd", "/", "..", "a\nb", "CON: x"])
def test_no_title_leaves_the_folder(title, tmp_path):
    written = write_figures([Figure("id", title, "t", SPEC, "")], tmp_path / "out", "svg")
    assert {path.parent for path in written} == {tmp_path / "out"}


def test_letters_that_the_font_lacks_are_named(figure):
    assert foreign_letters([figure]) == ""
    spec = {**SPEC, "title": "顔 faces 🙂"}
    assert foreign_letters([Figure("a", "b", "c", spec, "")]) == "顔🙂"


def test_without_an_engine_it_is_an_error(figure, engine):
    engine.failed = True
    with pytest.raises(PrerequisiteError, match="cannot be drawn"):
        picture(figure, "pdf", Size(3.5))


def test_a_picture_keeps_the_specification_of_the_page(figure):
    for_paper.for_paper(figure.spec, Size(3.5))
    assert figure.spec["width"] == 680
    assert figure.spec["config"] == {"legend": {"orient": "bottom"}}
