from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from harness.errors import DataError
from harness.reporting import extract, render
from harness.results.study import load_study


@pytest.fixture(scope="module")
def page(study_folder, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("report")
    return render([study_folder], out, {"html", "md", "tex", "csv"})[0]


def test_all_formats_are_written_html_first(page):
    assert page.name == "index.html"
    found = {path.suffix for path in page.parent.rglob("*.*")}
    assert found >= {".html", ".md", ".tex", ".csv"}


def test_the_page_asks_nothing_of_the_network(page):
    text = page.read_text(encoding="utf-8")
    without_scripts = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.findall(r"(?:src|href)=[\"'](?:https?:)?//", without_scripts)
    assert "@import" not in without_scripts
    assert len(text) < 3_000_000 + 400_000  # the contact sheets of the made-up study


def test_every_number_leads_to_its_cell(page, study_folder):
    text = page.read_text(encoding="utf-8")
    for cell in load_study(study_folder).results:
        assert f"cell-{cell.id[:12]}" in text


def test_results_come_back_out_of_the_page(page, study_folder):
    theirs = {r.id: r for r in extract(page)}
    ours = {r.id: r for r in load_study(study_folder).results}
    assert theirs == ours


def test_a_page_that_is_none_is_refused(tmp_path):
    file = tmp_path / "x.html"
    file.write_text("<p>no report</p>")
    with pytest.raises(DataError, match="holds no results"):
        extract(file)


def test_hostile_names_are_text_and_not_code(make, tmp_path):
    name = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    source = make.component("bfm").model_copy(update={"label": name})
    made = make.result(generator=source, warnings=[name])
    make.write_cell(tmp_path / "study", made)
    text = render([tmp_path / "study"], tmp_path / "out", {"html"})[0].read_text(encoding="utf-8")
    assert "<script>alert(1)" not in text
    assert "<img src=x" not in text
    assert extract(tmp_path / "out" / "index.html")[0].cell.generator.label == name


def test_damaged_results_are_named_and_not_fatal(make, tmp_path):
    folder = tmp_path / "study"
    make.write_cell(folder, make.result())
    (make.write_cell(folder, make.result(model="onnx")) / "result.json").write_text('{"schema"')
    study = load_study(folder)
    assert len(study.results) == 1
    assert len(study.damaged) == 1
    assert "result.json" in render([folder], tmp_path / "out", {"html"})[0].read_text()


def test_a_users_template_is_found_first(make, tmp_path):
    make.write_cell(tmp_path / "study", make.result())
    own = tmp_path / "templates"
    own.mkdir()
    (own / "page.jinja").write_text("<title>mine</title>")
    written = render([tmp_path / "study"], tmp_path / "out", {"html"}, [own])
    assert written[0].read_text() == "<title>mine</title>"


def test_200_cells_render_within_five_seconds_beyond_imports(make, tmp_path, page):
    for index in range(200):
        made = make.result(generator=f"g{index % 20}", model=f"m{index // 20}", value=0.5)
        make.write_cell(tmp_path / "study", made)
    start = time.process_time()
    render([tmp_path / "study"], tmp_path / "out", {"html", "md"})
    assert time.process_time() - start < 5
