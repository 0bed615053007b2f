"""Hold comments, docstrings, messages and pages to one word per thing.

``python scripts/words.py`` lists every place that uses a word of ``WORDS``, with the word to use
instead, and exits with 1 if there is any. Names in code are not looked at, nor is what Markdown
and docstrings put between backquotes: keys, columns, parameters and flags keep their names.
"""

from __future__ import annotations

import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("harness", "plugins", "docs", "scripts", "perf", "tests")
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md")
SKIPPED = (
    "scripts/words.py",  # the list itself
    "tests/scripts/test_words.py",  # what it finds
    "tests/data/",  # files of earlier releases
)

_UNITS = (
    "row|line|entry|entries|record|file|object|task|writer|vector|answer|sample|landmarks|number"
    "|points|bytes|column|label|range|image|images|pairs|run|page|module|host|value|thread|folder"
)
_THINGS = (
    "image|pair|shard|identity|fold|row|person|cell|line|network|stage|study|key|benchmark|file"
    "|template|batch|step|epoch|subject|worker|process|task|machine|chunk|seed|model|generator"
    "|comparison|split|pixel|class|phase|verb|component|channel|race|sample|slot|entry|probe|value"
)
_NUMBERS = r"(?:one|two|three|four|five|six|ten|\d[\d,.]*)"

WORDS = {
    r"anew": "again, from scratch",
    r"mend(s|ed|ing)?": "fix",
    r"makings": "inputs",
    r"likeness(es)?": "similarity",
    r"(more|most|how|less|least) alike": "similar",
    r"strat(a|um)": "subgroup",
    r"remakes?|remade": "regenerate",
    r"who (said|says) (it|which|each)": "source, origin",
    r"so many (?!\w+ that )": "this many, N, the number of",
    r"the field's": "standard, common, published",
    r"lies|lie": "is, are",
    r"stands? (at|beside|under|below|there|behind|above|among)": "is, are",
    r"in the place of": "instead of",
    r"crews?": "process group",
    r"lanes?": "task",
    r"picks?|picked|picking": "select",
    r"(goes|go|going|went|gone) on": "continue, resume",
    r"sample sheets?": "contact sheet",
    r"taught": "logged, shown",
    r"placed faces|faces (are|were) placed": "aligned",
    r"joined (parts|sets|images)": "concatenated",
    r"finished parts|parts of 1,024": "chunks",
    r"(a|the) union of": "concatenation, together",
    r"(?<!contact\s)sheets? of (any|the|a) set": "contact sheet",
    r"(is|are) told by": "is detected from, is given by",
    r"(?<!there\s)(is|are) no (number|file|folder|study|report|name|list|array|path|readable)":
        "is not a",
    rf"{_NUMBERS} (?:[\w-]+ )?(?:{_UNITS})s? an? (?:{_THINGS})": "per",
    rf"(?:one|two|three|ten) an? (?:{_THINGS})": "per",
    rf"an? (?:row|line|name|module|folder|file) an? (?:{_THINGS})": "one ... per",
}  # fmt: skip
"""Pattern of a word to avoid, with what to write instead; whole words, in any case."""

ALLOWED = {
    # a rule in stored protocols, compared as text
    "harness/protocols/imported.py": ("more alike",),
    "plugins/generators/digi2real/source.py": ("lie",),  # a fact that stored face sets hold
}
"""Words that a file may use, each with the reason."""

_FOUND = re.compile(
    "|".join(rf"(?P<w{n}>\b(?:{word})\b)" for n, word in enumerate(WORDS)).replace(" ", r"\s+"),
    re.IGNORECASE,
)
_CODE = re.compile(r"``[^`]*``|`[^`\n]*`|https?://\S+|\{[^{}]*\}")


def main() -> int:
    """List what is found; the exit code."""
    found = [line for path in _files() for line in check(path, path.read_text(encoding="utf-8"))]
    sys.stdout.writelines(f"{line}\n" for line in found)
    return 1 if found else 0


def check(path: Path, text: str) -> Iterator[str]:
    """One line per word of ``text`` that is to be avoided, as ``path:line: ...``."""
    name = path.relative_to(ROOT).as_posix() if path.is_absolute() else path.as_posix()
    for line, part in prose(path, text):
        plain = _CODE.sub(lambda code: "\n" * code[0].count("\n") + "`code`", part)
        for match in _FOUND.finditer(plain):
            if match[0].lower() in ALLOWED.get(name, ()):
                continue
            instead = list(WORDS.values())[int(str(match.lastgroup)[1:])]
            at = line + plain.count("\n", 0, match.start())
            yield f"{name}:{at}: {' '.join(match[0].split())!r}: write {instead}"


def prose(path: Path, text: str) -> Iterator[tuple[int, str]]:
    """Words for people in a file, with the number of the first line of each."""
    if path.suffix == ".py":
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            words = token.type == tokenize.STRING and " " in token.string
            if words or token.type in (tokenize.COMMENT, _FSTRING):
                yield token.start[0], token.string
        return
    fenced = False
    for number, line in enumerate(text.splitlines(), 1):
        fence = line.lstrip().startswith("```")
        fenced ^= fence
        if not (fence or fenced or line.startswith("    ")):
            yield number, line


_FSTRING = getattr(tokenize, "FSTRING_MIDDLE", tokenize.COMMENT)  # a token since Python 3.12


def _files() -> Iterator[Path]:
    """The files of the project that hold prose."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in (".py", ".md", ".jinja") and not name.startswith(SKIPPED):
                yield path
    yield from (ROOT / page for page in PAGES)


if __name__ == "__main__":
    sys.exit(main())
