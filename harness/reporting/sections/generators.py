"""Generators: samples, how similar their faces are, and how their attributes are distributed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.fileio.decoding import reason
from harness.reporting.figures.figure_embed import Figure, draw
from harness.reporting.figures.series import drawn_series
from harness.reporting.sections.pictures import KEY, about, media, picture
from harness.reporting.tables.columns import flat
from harness.reporting.tables.grid import Box, Grid, Head, texts
from harness.reporting.tables.matrix import Names
from harness.results.stored_facts import read_attributes
from harness.results.study_records import read_pictures
from harness.results.unreadable import Damaged

if TYPE_CHECKING:
    from harness.results.leak_record import LeakRecord
    from harness.results.study import Study

FIRST = ("yaw", "pitch", "roll", "light", "expression", "style", "age")
"""Attributes that a reader asks for first."""
MOST_ATTRIBUTES = 8


@dataclass(frozen=True)
class FaceSetCard:
    """A face set: what made it and a picture of it; ``sheet`` is a data URI or empty."""

    title: str
    key: str
    about: list[tuple[str, str]]
    settings: dict[str, str]
    facts: dict[str, str]
    sheet: str
    figures: list[Figure] = field(default_factory=list)  # similarity within and between
    grids: list[Grid] = field(default_factory=list)  # nearest identities
    shown: list[tuple[str, str, str]] = field(default_factory=list)  # title, text, data URI

    @property
    def id(self) -> str:
        """Where the page shows it."""
        return f"faces-{self.key[:KEY]}"


@dataclass
class Attributes:
    """What the faces of all sets say of themselves: numbers as figures, words in a table."""

    figures: list[Figure] = field(default_factory=list)
    grid: Grid | None = None
    note: str = ""


def sources(study: Study, names: Names, searches: Sequence[LeakRecord]) -> list[FaceSetCard]:
    """Every face set that a model was trained on, once."""
    made: dict[str, FaceSetCard] = {}
    for result in study.results:
        use = result.cell.generator
        if use is not None and use.key not in made:
            made[use.key] = FaceSetCard(
                names.row(result).source,
                use.key,
                about(use),
                flat(use.params),
                flat(use.facts),
                picture(study, f"sheet-{use.key[:KEY]}.jpg"),
            )
    for source in made.values():
        _alike(source, searches)
        source.shown.extend(_shown(study, source.key))
    return sorted(made.values(), key=lambda source: source.title)


def _shown(study: Study, key: str) -> list[tuple[str, str, str]]:
    """The pictures that the generator made of its set."""
    for path in media(study, f"pictures-{key[:KEY]}.json"):
        try:
            rows = read_pictures(path)
        except (OSError, ValueError) as error:
            study.damaged.append(Damaged(path, f"not a list of pictures: {reason(error)}"))
            return []
        found = [(row.title, row.text, picture(study, Path(row.file).name)) for row in rows]
        return [each for each in found if each[2]]
    return []


def _alike(source: FaceSetCard, searches: Sequence[LeakRecord]) -> None:
    """Similarities within and between identities, as each model of a leak check saw them."""
    seen: set[str] = set()
    for search in searches:
        if search.training_key != source.key or not search.likeness or search.model in seen:
            continue
        seen.add(search.model)
        found, number = search.likeness, len(seen)
        identifier = f"{source.id}-alike-{number}"
        title = f"Similarity of {source.title} as {search.model} sees it"
        text = (
            f"{title}: histograms of the cosine within and between identities, of "
            f"{found.images:,} images of {found.identities:,} identities."
        )
        rows = [
            row
            for kind, counts in (("within", found.within), ("between", found.between))
            for row in bins(found.edges, counts, {"pairs": f"{kind} identities"})
        ]
        from harness.reporting.figures.values import distribution

        if rows:
            kinds = drawn_series(row["pairs"] for row in rows)
            spec = distribution(rows, "cosine similarity", "pairs", "pairs", kinds)
            source.figures.append(draw(identifier, title, text, spec))
        heads = [Head("Identity"), Head("Other identity"), Head("Image"), Head("Other image"),
                 Head("Cosine", numeric=True)]  # fmt: skip
        lines = [
            [*texts((near.identity, near.other, near.image, near.other_image)),
             Box(f"{near.score:.3f}", sort=near.score)]
            for near in found.nearest
        ]  # fmt: skip
        caption = f"Most similar identities of {source.title} as {search.model} sees them"
        note = "By the cosine of their mean embeddings: near 1 two identities may be one person."
        source.grids.append(Grid(f"{identifier}-nearest", caption, heads, lines, [note]))


def bins(
    edges: Sequence[float], counts: Sequence[int], common: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Rows of a histogram for a figure, without the empty bins at its ends."""
    total = sum(counts)
    filled = [index for index, count in enumerate(counts) if count]
    if not filled:
        return []
    rows = []
    for index in range(filled[0], filled[-1] + 1):
        low, high = edges[index], edges[index + 1]
        share = counts[index] / total
        density = share / (high - low) if high > low else share
        rows.append({"start": low, "end": high, "density": float(f"{density:.5g}"),
                     "share": float(f"{share:.5g}"), **common})  # fmt: skip
    end = edges[filled[-1] + 1]
    return [*rows, {"start": end, "end": end, "density": 0.0, "share": 0.0, **common}]


def attributes(study: Study, made: Sequence[FaceSetCard]) -> Attributes:
    """Histograms of every attribute over all face sets that keep them."""
    numeric: dict[str, list[dict[str, Any]]] = {}
    named: list[tuple[str, str, str, int]] = []
    read = 0
    for source in made:
        for path in media(study, f"attributes-{source.key[:KEY]}.json"):
            try:
                facts = read_attributes(path)
            except (OSError, ValueError) as error:
                study.damaged.append(Damaged(path, reason(error)))
                break
            for name, found in facts.numeric.items():
                rows = bins(found.edges, found.counts, {"generator": source.title})
                if len(rows) > 2:  # a constant has one bin and says nothing as a picture
                    numeric.setdefault(name, []).extend(rows)
                elif rows:
                    named.append((name, f"{rows[0]['start']:g}", source.title, facts.read))
            for name, values in facts.named.items():
                named += [(name, value, source.title, n) for value, n in values.items()]
            read = max(read, facts.read)
            break
    note = f"Of at most {read:,} faces of each set, spread evenly over it." if read else ""
    titles = [source.title for source in made]
    return Attributes(_attribute_figures(numeric, titles), _attribute_grid(named), note)


def _attribute_figures(
    numeric: Mapping[str, list[dict[str, Any]]], order: Sequence[str]
) -> list[Figure]:
    def place(name: str) -> tuple[int, str]:
        places = [at for at, word in enumerate(FIRST) if name.startswith(word)]
        return (places[0] if places else len(FIRST), name)

    from harness.reporting.figures.values import distribution

    drawn: list[Figure] = []
    for name in sorted(numeric, key=place)[:MOST_ATTRIBUTES]:
        words = f"{name.removesuffix('_deg')} (degrees)" if name.endswith("_deg") else name
        text = f"Distribution of {words} over the faces of each set."
        sets = drawn_series((row["generator"] for row in numeric[name]), order)
        spec = distribution(numeric[name], words, "generator", "generator", sets)
        drawn.append(draw(f"attribute-{len(drawn)}", words, text, spec))
    return drawn


def _attribute_grid(named: Sequence[tuple[str, str, str, int]]) -> Grid | None:
    if not named:
        return None
    heads = [Head("Attribute"), Head("Value"), Head("Generator"), Head("Faces", numeric=True)]
    return Grid("attributes", "Attributes in words", heads, [texts(row) for row in named])
