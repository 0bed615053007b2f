"""The built site: complete, whole, quiet while it is made, and silent on the network."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from harness import hookspecs
from harness._plugins.discovery import load
from harness.recipe.parameters import params_class

LOADS = {"src", "srcset", "poster", "data"}  # `href` loads where a <link> has it
REMOTE = re.compile(r"^(https?:)?//")
CSS_LOADS = re.compile(r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')\s]+)")


class Page(HTMLParser):
    """What a page loads, where it links to, its anchors, its headings and its text."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.styles: list[str] = []
        self.headings: list[str] = []
        self.words: list[str] = []
        self._inside: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        self.text = " ".join("".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        self.loads += [given[name] for name in LOADS & given.keys()]
        if tag == "link":
            self.loads.append(given.get("href", ""))
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])
        if "id" in given:
            self.anchors.add(given["id"])
        self.styles.append(given.get("style", ""))
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append("")
        if tag in ("h1", "h2", "h3", "h4", "style", "script"):
            self._inside.append(tag)

    def handle_endtag(self, tag):
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data):
        inside = self._inside[-1] if self._inside else ""
        if inside == "style":
            self.styles.append(data)
        elif inside.startswith("h"):
            self.headings[-1] += data
        if inside not in ("style", "script"):
            self.words.append(data)

    def has_heading(self, text: str) -> bool:
        """Whether a heading is this text; the sign of its permanent link is not part of it."""
        return any(heading.removesuffix("¶") == text for heading in self.headings)


def build(scripts: Path, out: Path) -> dict[str, Page]:
    """Build the site, which must say nothing, and read every page."""
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    command = [sys.executable, str(scripts / "build.py"), "-o", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr + done.stdout
    return {path.relative_to(out).as_posix(): Page(path) for path in sorted(out.rglob("*.html"))}


def fetched(out: Path, pages: dict[str, Page]) -> list[str]:
    """What a browser would ask the network for while it shows the site."""
    found = [
        f"{name}: {url}" for name, page in pages.items() for url in page.loads if REMOTE.match(url)
    ]
    sheets = {path.name: path.read_text(encoding="utf-8") for path in out.rglob("*.css")}
    sheets |= {name: "\n".join(page.styles) for name, page in pages.items()}
    found += [f"{name}: {url}" for name, text in sheets.items() for url in CSS_LOADS.findall(text)]
    return found


def broken(out: Path, pages: dict[str, Page]) -> list[str]:
    """Links and loads inside the site that lead nowhere."""
    found = []
    for name, page in pages.items():
        for target in (*page.links, *page.loads):
            url = urlsplit(target)
            if url.scheme or url.netloc:
                continue
            path = (out / name).parent / unquote(url.path) if url.path else out / name
            page_name = Path(path).resolve().relative_to(out.resolve()).as_posix()
            anchors = pages[page_name].anchors if page_name in pages else set()
            if not path.exists() or (page_name in pages and url.fragment not in {"", *anchors}):
                found.append(f"{name}: {target}")
    return found


def undocumented(pages: dict[str, Page]) -> list[str]:
    """Hooks, components and parameters that the reference leaves out."""
    hooks = pages["reference/hooks.html"]
    found = [n for n in vars(hookspecs) if n.startswith("harness_") and not hooks.has_heading(n)]
    for provided in load(autoload=False).components:
        component = provided.component
        page = pages[f"reference/{component.kind}-{component.name}.html"]
        cls = params_class(provided)
        for name, field in cls.model_fields.items():
            told = " ".join((field.description or "").replace("`", "").split())
            if not page.has_heading(name) or told[1:].rstrip(".") not in page.text:
                found.append(f"{component.name}.{name}")
        found += [f"{component.name} preset {n}" for n in cls.presets if n not in page.text]
        found += [f"{component.name} {t}" for t in (component.licence, component.citation)
                  if " ".join(t.split()) not in page.text]  # fmt: skip
    return found


def test_the_site_is_built_without_a_word_complete_and_fetches_nothing(scripts, tmp_path):
    pages = build(scripts, tmp_path)
    assert {"index.html", "tutorial.html", "reference/hooks.html"} <= pages.keys()
    assert fetched(tmp_path, pages) == []
    assert broken(tmp_path, pages) == []
    assert undocumented(pages) == []
    formulas = [name for name in pages if name.startswith("protocols/")]
    assert all("<math" in (tmp_path / name).read_text(encoding="utf-8") for name in formulas)


def test_the_checks_find_what_is_wrong(tmp_path):
    """A page with one fault of each kind, so that an empty list of faults means something."""
    (tmp_path / "index.html").write_text(
        '<link href="https://cdn.example/a.css"><script src="//cdn.example/b.js"></script>'
        '<style>@import "https://cdn.example/c.css"; p { background: url(//cdn.example/d) }</style>'
        '<a href="gone.html">x</a><a href="#gone">x</a><a href="#here">x</a><p id="here">'
        '<a href="https://example.org">x</a><h1><code>word</code><a href="#here">¶</a></h1>'
    )
    pages = {"index.html": Page(tmp_path / "index.html")}
    assert sorted(url.rpartition("/")[2] for url in fetched(tmp_path, pages)) == [
        "a.css", "b.js", "c.css", "d"
    ]  # fmt: skip
    assert broken(tmp_path, pages) == ["index.html: gone.html", "index.html: #gone"]
    assert pages["index.html"].has_heading("word")


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("$\\alpha$", 0, ""),
        ("$\\nonsense$", 1, 'formula: Unknown LaTeX command "\\nonsense"'),
        ("[x](gone.md)", 1, "cross-reference target not found"),
    ],
)
def test_a_fault_in_a_page_ends_the_build(scripts, tmp_path, text, code, said):
    pytest.importorskip("sphinx", reason="the extra docs is not installed")
    for name in ("conf.py", "site.css"):
        (tmp_path / name).write_text((scripts / name).read_text(encoding="utf-8"))
    (tmp_path / "index.md").write_text(f"# Title\n\n{text}\n")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", tmp_path, tmp_path / "o"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
