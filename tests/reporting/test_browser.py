"""The page in a real browser."""

from __future__ import annotations

import json

import pytest

from harness.reporting import render
from harness.reporting.compare.rows import judge_rows
from harness.reporting.page.page import TABS
from harness.reporting.tables import writers
from harness.reporting.tables.comparison import comparison
from harness.reporting.tables.matrix import build
from harness.results.study import load_study

pytestmark = pytest.mark.browser
COLUMN = """(n) => [...document.querySelectorAll('[data-grid=comparison] tbody tr')]
  .map((r) => r.cells[n].textContent.trim())"""


@pytest.fixture(scope="module")
def url(study_folder, tmp_path_factory) -> str:
    out = tmp_path_factory.mktemp("browsed")
    return f"file://{render([study_folder], out, {'html'})[0]}"


@pytest.fixture
def page(browser, url):
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.call("Emulation.setEmulatedMedia", media="", features=[])
    browser.open(url)
    return browser


def shown(page) -> str:
    (panel,) = page.ask("[...document.querySelectorAll('.panel.shown')].map((p) => p.id)")
    return panel.removeprefix("tab-")


def test_every_tab_opens_without_a_request_or_a_complaint(page):
    for name, _ in TABS:
        page.ask(f"document.getElementById('to-{name}').click()")
        assert shown(page) == name
        figures = f"#tab-{name} figure[data-figure]"
        page.ask(f"document.querySelectorAll('{figures}').forEach((f) => f.scrollIntoView())")
    assert page.asked() == []
    assert page.complaints() == []


def test_figures_are_drawn_where_they_come_into_sight_and_all_can_be(page):
    assert page.ask("window.vegaEmbed === undefined")
    for name in ("benchmarks", "fairness", "generators", "training"):
        page.ask(f"document.getElementById('to-{name}').click()")
        page.ask("document.querySelectorAll('.panel.shown details').forEach((d) => d.open = true)")
        count = page.ask(f"document.querySelectorAll('#tab-{name} figure[data-figure]').length")
        assert count > 0
        for index in range(count):
            page.ask(f"document.querySelectorAll('#tab-{name} figure[data-figure]')[{index}]"
                     ".scrollIntoView()")  # fmt: skip
            page.wait(f"document.querySelectorAll('#tab-{name} figure[data-figure]')[{index}]"
                      ".classList.contains('drawn')")  # fmt: skip
    empty = (
        "[...document.querySelectorAll('.live')].filter((l) => !l.querySelector('svg path')).length"
    )
    assert page.ask(empty) == 0
    assert page.complaints() == []


def test_a_figure_answers_to_the_pointer(page):
    page.size(1280, 900)
    page.ask("document.getElementById('to-training').click()")
    page.wait("Boolean(document.querySelector('#tab-training figure.drawn'))")
    box = page.ask("""(() => { const f = document.querySelector('#tab-training .live');
      f.scrollIntoView({ block: 'center' });
      const r = f.querySelector('.mark-line path').getBoundingClientRect();
      return [r.left, r.top, r.width, r.height]; })()""")
    left, top, width, height = box
    for step in range(40):
        x, y = left + 1 + step * width / 40, top + 1 + (step % 8) * height / 8
        page.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        if page.ask("Boolean(document.querySelector('#vg-tooltip-element.visible'))"):
            break
    else:
        # A thin line is easily missed: its own path takes the pointer's event.
        page.ask("""(() => { const p = document.querySelector('#tab-training .mark-line path');
          const r = p.getBoundingClientRect();
          const o = { bubbles: true, clientX: r.left, clientY: r.top };
          for (const kind of ['pointerover', 'pointermove', 'mousemove'])
            p.dispatchEvent(new PointerEvent(kind, o)); })()""")
        page.wait("Boolean(document.querySelector('#vg-tooltip-element.visible'))")
    assert "series" in page.ask("document.querySelector('#vg-tooltip-element').textContent")


def test_a_link_in_the_address_opens_its_tab(browser, url):
    browser.open(f"{url}#tab-training")
    assert shown(browser) == "training"
    assert browser.ask("document.getElementById('to-training').getAttribute('aria-selected')") == (
        "true"
    )


def test_a_number_leads_to_its_graph_and_the_graph_to_its_parts(page):
    page.ask("document.querySelector('[data-grid=comparison] td a[href^=\"#cell-\"]').click()")
    page.wait("document.querySelector('#tab-provenance').classList.contains('shown')")
    target = "document.querySelector(location.hash)"
    assert page.ask(f"{target}.open")
    links = page.ask(f"[...{target}.querySelectorAll('a')].map((a) => a.getAttribute('href'))")
    assert all(page.ask(f"Boolean(document.getElementById({json.dumps(x[1:])}))") for x in links)
    protocol = next(link for link in links if link.startswith("#protocol-"))
    page.ask(f"{target}.querySelector('a[href={json.dumps(protocol)}]').click()")
    page.wait("document.querySelector('#tab-protocols').classList.contains('shown')")


def test_every_link_of_the_page_has_a_target(page):
    lost = page.ask("""[...document.querySelectorAll('a[href^="#"]')]
      .map((a) => a.getAttribute('href').slice(1)).filter((id) => !document.getElementById(id))""")
    assert lost == []


def test_tabs_answer_to_the_keyboard(page):
    page.ask("document.getElementById('to-overview').focus()")
    page.press("ArrowRight")
    assert shown(page) == TABS[1][0]
    page.press("End")
    assert shown(page) == TABS[-1][0]
    page.press("ArrowRight")
    assert shown(page) == TABS[0][0]
    page.press("ArrowLeft")
    assert page.ask("document.activeElement.id") == f"to-{TABS[-1][0]}"
    page.press("Home")
    assert page.ask("document.querySelectorAll('[role=tab][tabindex=\"0\"]').length") == 1
    ring = page.ask("getComputedStyle(document.activeElement).outlineStyle")
    assert ring == "solid"


def test_what_takes_the_focus_has_a_name(page):
    nameless = page.ask("""[...document.querySelectorAll('button, a, input, [tabindex="0"]')]
      .filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label')))
      .map((e) => e.outerHTML.slice(0, 80))""")
    assert nameless == []
    untitled = (
        "[...document.querySelectorAll('table')].filter((t) => !t.caption.textContent).length"
    )
    assert page.ask(untitled) == 0
    assert page.ask("document.querySelectorAll('.still:not([aria-label])').length") == 0


def test_a_table_sorts_both_ways_by_number_and_says_so(page):
    head = "document.querySelectorAll('[data-grid=comparison] th')[4]"
    before = page.ask(f"({COLUMN})(4)")
    page.ask(f"{head}.querySelector('button').click()")
    assert page.ask(f"{head}.getAttribute('aria-sort')") == "descending"
    down = page.ask("""[...document.querySelectorAll('[data-grid=comparison] tbody tr')]
      .map((r) => r.cells[4].dataset.sort).filter(Boolean).map(Number)""")
    assert down == sorted(down, reverse=True)
    assert len(set(down)) > 1
    page.ask(f"{head}.querySelector('button').click()")
    assert page.ask(f"{head}.getAttribute('aria-sort')") == "ascending"
    assert sorted(page.ask(f"({COLUMN})(4)")) == sorted(before)
    assert page.ask(f"({COLUMN})(4)") != page.ask(f"({COLUMN})(4).slice().reverse()")


def test_a_table_filters_by_every_word(page):
    page.ask("""(() => { const i = document.querySelector('[data-grid=comparison] [data-filter]');
      i.value = 'digi nn4'; i.dispatchEvent(new Event('input')); })()""")
    rows = page.ask("""[...document.querySelectorAll('[data-grid=comparison] tbody tr')]
      .filter((r) => !r.hidden).map((r) => r.textContent)""")
    assert rows
    assert all("digi2real" in row and "facenet-nn4" in row for row in rows)


@pytest.mark.parametrize("form", ["markdown", "latex", "csv"])
def test_a_table_is_copied_as_the_writers_write_it(page, study_folder, form):
    study = load_study(study_folder)
    matrix = build(study.results, study.failures)
    judge_rows(matrix, study.cells)
    written = {
        "markdown": writers.markdown(comparison(matrix), heading=False),
        "latex": writers.latex(comparison(matrix)),
        "csv": writers.comma_separated(comparison(matrix)),
    }
    page.ask("""document.execCommand = () => {
      window.copied = document.activeElement.value; return true; };
      Object.defineProperty(navigator, 'clipboard', { value: undefined }); 0""")
    page.ask(f"document.querySelector('[data-grid=standings] [data-copy={form}]').click()")
    page.ask(f"document.querySelector('[data-grid=comparison] [data-copy={form}]').click()")
    page.wait("document.getElementById('status').textContent.startsWith('Copied')")
    assert page.ask("window.copied") == written[form]


def test_a_table_is_copied_in_the_order_shown_without_filtered_rows(page):
    page.ask("""Object.defineProperty(navigator, 'clipboard',
      { value: { writeText: async (text) => { window.copied = text; } } });
      Object.defineProperty(window, 'isSecureContext', { value: true }); 0""")
    page.ask("document.querySelector('[data-grid=comparison] .sort').click()")
    page.ask("""(() => {
      const input = document.querySelector('[data-grid=comparison] [data-filter]');
      input.value = 'digi2real'; input.dispatchEvent(new Event('input')); })()""")
    page.ask("document.querySelector('[data-grid=comparison] [data-copy=csv]').click()")
    page.wait("window.copied !== undefined")
    _head, *rows = page.ask("window.copied").splitlines()
    shown = page.ask("""[...document.querySelectorAll('[data-grid=comparison] tbody tr')]
      .filter((r) => !r.hidden).map((r) => r.cells[0].textContent.trim())""")
    assert [row.split(",")[0] for row in rows] == [text.partition(" [")[0] for text in shown]
    assert {row.split(",")[0] for row in rows} == {"digi2real"}


def test_the_clipboard_of_the_system_is_used_where_it_may_be(page):
    page.ask("""Object.defineProperty(navigator, 'clipboard',
      { value: { writeText: async (text) => { window.copied = text; } } });
      Object.defineProperty(window, 'isSecureContext', { value: true }); 0""")
    page.ask("document.querySelector('[data-grid=comparison] [data-copy=csv]').click()")
    page.wait("window.copied !== undefined")
    assert page.ask("window.copied").startswith("generator,")


def test_a_figure_is_saved_as_svg(page, tmp_path):
    page.call("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    page.ask("document.getElementById('to-benchmarks').click()")
    page.ask("document.querySelector('#tab-benchmarks [data-save]').click()")
    for _ in range(100):
        if any(tmp_path.glob("*.svg")):
            break
        page.ask("new Promise((done) => setTimeout(done, 50))")
    (saved,) = tmp_path.glob("*.svg")
    assert saved.name.startswith("ROC-on-")
    assert (
        page.ask(f"""new DOMParser().parseFromString({json.dumps(saved.read_text())},
      'image/svg+xml').querySelectorAll('parsererror').length""")
        == 0
    )


def luminance(page, name: str) -> float:
    colour = page.ask(f"getComputedStyle(document.body)['{name}']")
    parts = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(parts) / 3


def test_dark_follows_the_system_and_the_button(page):
    page.dark(on=True)
    assert luminance(page, "backgroundColor") < 60 < 190 < luminance(page, "color")
    page.ask("document.getElementById('theme').click()")
    assert luminance(page, "color") < 60 < 190 < luminance(page, "backgroundColor")
    page.dark(on=False)
    page.ask("document.getElementById('theme').click()")
    assert luminance(page, "backgroundColor") < 60


def test_paper_has_all_tabs_no_controls_and_is_light(page):
    page.dark(on=True)
    page.call("Emulation.setEmulatedMedia", media="print",
              features=[{"name": "prefers-color-scheme", "value": "dark"}])  # fmt: skip
    for name, _ in TABS:
        assert page.ask(f"document.getElementById('tab-{name}').offsetHeight") > 0
    controls = "[...document.querySelectorAll('.needs-js')].filter((e) => e.offsetHeight).length"
    assert page.ask(controls) == 0
    assert luminance(page, "color") < 60
    assert page.ask("[...document.querySelectorAll('.still')].every((s) => s.offsetHeight > 0)")
    page.call("Emulation.setEmulatedMedia", media="")
    assert page.pdf().startswith(b"%PDF")


@pytest.mark.parametrize("width", [1280, 390])
def test_no_tab_is_wider_than_the_window(page, width):
    page.size(width, 900)
    for name, _ in TABS:
        page.ask(f"document.getElementById('to-{name}').click()")
        page.ask("new Promise((done) => setTimeout(done, 100))")
        assert page.ask("document.documentElement.scrollWidth") <= width, name


def test_all_tabs_are_in_sight_on_a_laptop(page):
    page.size(1280, 900)
    assert page.ask("""(() => { const bar = document.querySelector('.tabs [role=tablist]');
      return bar.scrollWidth <= bar.clientWidth; })()""")
    assert page.ask("document.querySelector('.further').getBoundingClientRect().right") <= 1280
    page.ask("document.querySelector('.further summary').click()")
    hidden = page.ask("""[...document.querySelectorAll('.further [role=tab]')]
      .filter((t) => !t.offsetHeight || t.getBoundingClientRect().right > 1280).length""")
    assert hidden == 0
    page.ask("document.getElementById('to-environment').click()")
    assert page.ask("document.querySelector('.further summary').textContent") == "More: Environment"
    assert not page.ask("document.querySelector('.further').open")


def test_a_phone_shows_verdict_and_numbers_first(page):
    page.size(390, 844)
    box = "document.querySelector('{}').getBoundingClientRect()"
    head, table = (page.ask(f"{box.format(q)}.top") for q in ("h1", "[data-grid=comparison] table"))
    number = page.ask(box.format("[data-grid=comparison] tbody td.warm") + ".right")
    cards = page.ask(box.format(".answers") + ".top")
    assert 0 <= head < table < 500
    assert number <= 390
    assert cards > table
    assert page.ask(
        "getComputedStyle(document.querySelector('.tabs [role=tablist]')).overflowX"
    ) == ("auto")
    before = page.ask(f"({COLUMN})(1)")
    page.ask("document.querySelector('[data-grid=comparison] [data-whole]').click()")
    shown = "getComputedStyle(document.querySelector('[data-grid=comparison] td.minor')).display"
    assert page.ask(shown) == "table-cell"
    assert page.ask(f"({COLUMN})(1)") == before
    page.size(1280, 900)
    page.ask("document.querySelector('[data-grid=comparison] [data-whole]').click()")
    assert page.ask(shown) == "table-cell"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    "name",
    ["environment", "tab-environment", "training", "tab-training", "failures", "tab-provenance",
     "bench-2", "attributes"],
)  # fmt: skip
def test_a_link_into_the_page_hides_nothing_under_the_bar(browser, url, name, width):
    browser.call("Emulation.setEmulatedMedia", media="", features=[])
    browser.size(width, 500)
    browser.open(f"{url}#{name}")
    browser.ask("new Promise((done) => setTimeout(done, 200))")
    bar = browser.ask("document.querySelector('.tabs').getBoundingClientRect().bottom")
    where = "document.querySelector('.panel.shown')"
    if name.startswith(("bench", "attributes")):
        where = f"document.getElementById('{name}')"
    top = browser.ask(f"""Math.min(...[...{where}.querySelectorAll('h3, p, summary, input')]
      .filter((e) => e.offsetHeight).slice(0, 1).map((e) => e.getBoundingClientRect().top))""")
    assert top >= bar
    assert top < 500


def test_at_most_eight_series_are_drawn_and_others_can_be_selected(browser, big_report):
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.call("Emulation.setEmulatedMedia", media="", features=[])
    browser.open(f"file://{big_report}")
    browser.ask("document.getElementById('to-benchmarks').click()")
    browser.wait("document.querySelector('#tab-benchmarks figure.drawn .live svg')")
    figure = "document.querySelector('#tab-benchmarks figure')"
    lines = f"""new Set([...{figure}.querySelectorAll('.live .mark-line path')]
      .map((p) => p.getAttribute('stroke'))).size"""
    assert browser.ask(lines) == 8
    assert browser.ask(f"{figure}.querySelector('summary').textContent") == "Select series (50)"
    browser.ask(f"{figure}.querySelector('details').open = true")
    boxes = f"[...{figure}.querySelectorAll('input[type=checkbox]')]"
    browser.wait(f"{boxes}.length === 50")
    assert browser.ask(f"{boxes}.filter((b) => b.checked).length") == 8
    assert browser.ask(f"{boxes}.filter((b) => b.disabled).length") == 42
    browser.ask(f"{boxes}.find((b) => b.checked).click()")
    assert browser.ask(f"{boxes}.filter((b) => b.disabled).length") == 0
    browser.wait(f"{lines} === 7")
    name = browser.ask(f"""(() => {{ const box = {boxes}.filter((b) => !b.checked).at(-1);
      box.click(); return box.parentElement.textContent; }})()""")
    browser.wait(f"{lines} === 8")
    assert name in browser.ask(f"{figure}.querySelector('.live .role-legend').textContent")
    assert browser.complaints() == []


def test_hostile_names_do_nothing(browser, make, tmp_path):
    bad = '</script><img src=x onerror="window.hacked=1">\'"`--><svg onload=window.hacked=1>{{7*7}}'
    folder = tmp_path / "study"
    made = make.result(
        # A name becomes part of paths, so it may hold no such thing; a label may.
        generator=make.component("bad", label=bad, identities=3, **{"k</style>": bad}),
        model=make.component("badm", label=bad + "m", facts={"notes": [bad], "steps": 3}),
        warnings=[bad], protocol={bad: bad},
        metrics=[make.metric(0.5, at={"group": bad}), make.metric(0.6, at={"group": "b"}),
                 make.metric(0.5, name=bad, headline=True, note=bad)],
    )  # fmt: skip
    make.write_cell(folder, made)
    make.write_failure(folder, bad, bad, "ab" * 32, bad)
    key = made.cell.generator.key
    (folder / "media").mkdir()
    facts = {"faces": 2, "read": 2, "named": {bad: {bad: 2}},
             "numeric": {bad: {"edges": [0, 1, 2, 3], "counts": [1, 2, 3]}}}  # fmt: skip
    (folder / f"media/attributes-{key[:12]}.json").write_text(json.dumps(facts))
    (folder / "study.toml").write_text(f"[study]\nname = {json.dumps(bad)}\n")
    browser.open(f"file://{render([folder], tmp_path / 'out', {'html'})[0]}")
    for name, _ in TABS:
        browser.ask(f"document.getElementById('to-{name}').click()")
        browser.ask(
            "document.querySelectorAll('.panel.shown details').forEach((d) => d.open = true)"
        )
        browser.ask("new Promise((done) => setTimeout(done, 150))")
    assert browser.ask("window.hacked") is None
    assert browser.ask("document.querySelectorAll('img[src=x]').length") == 0
    assert browser.asked() == []
    assert browser.complaints() == []
    assert "{{7*7}}" in browser.ask("document.querySelector('#tab-protocols').textContent")


def test_200_cells_open_without_a_stutter(browser, big_report):
    browser.open(f"file://{big_report}")
    assert browser.script_s() < 0.3
    browser.ask("document.getElementById('to-provenance').click()")
    assert browser.ask("document.querySelectorAll('#tab-provenance .origin').length") >= 200
    start = browser.ask("performance.now()")
    browser.ask("document.querySelectorAll('[data-grid=comparison] .sort')[4].click()")
    assert browser.ask("performance.now()") - start < 500
