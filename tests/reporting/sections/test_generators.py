from __future__ import annotations

import json

import pytest

from harness.reporting.sections.generators import attributes, bins, sources
from harness.results.leak_record import LeakRecord


@pytest.fixture
def made(make, study_of):
    faces = make.component("bfm", identities=100, facts={"faces": 2000})
    written = study_of(make.result(faces), make.result(faces, bench="cfp"), make.result("dcface"),
                       make.result(None, "onnx"))  # fmt: skip
    (written.folder / "media").mkdir()
    written.key = faces.key
    return written


def searched(make, key, **fields):
    return LeakRecord.model_validate(make.leak(key, **fields))


def put(made, name, value):
    (made.folder / "media" / name).write_text(json.dumps(value))


def test_a_face_set_is_shown_once_in_alphabetical_order(made):
    first, second = sources(made.study, made.names, [])
    assert [first.title, second.title] == ["bfm", "dcface"]
    assert first.id == f"faces-{made.key[:12]}"
    assert first.settings == {"identities": "100"}
    assert first.facts == {"faces": "2000"} or first.facts == {"faces": "2,000"}
    assert ("Licence", "Apache-2.0") in first.about
    assert (first.sheet, first.figures, first.grids, first.shown) == ("", [], [], [])


def test_how_alike_its_faces_are_once_for_each_model(make, made, lines):
    records = [
        searched(make, made.key), searched(make, made.key, benchmark="cfp"),
        searched(make, made.key, model="other"), searched(make, "elsewhere", model="third"),
    ]  # fmt: skip
    first, second = sources(made.study, made.names, records)
    assert [figure.id for figure in first.figures] == [f"{first.id}-alike-1", f"{first.id}-alike-2"]
    assert [grid.caption for grid in first.grids] == [
        "Most similar identities of bfm as onnx sees them",
        "Most similar identities of bfm as other sees them",
    ]
    assert lines(first.grids[0]) == [["12", "907", "12/0", "907/0", "0.800"]]
    assert first.grids[0].rows[0][4].sort == 0.8
    assert second.figures == []


def test_pictures_of_a_generator_with_their_texts(made):
    (made.folder / "media/one.jpg").write_bytes(b"\xff\xd8\xff")
    rows = [{"title": "t", "text": "x", "file": "media/one.jpg"},
            {"title": "u", "text": "y", "file": "absent.jpg"}]  # fmt: skip
    put(made, f"pictures-{made.key[:12]}.json", rows)
    first, _ = sources(made.study, made.names, [])
    assert [(title, text) for title, text, _ in first.shown] == [("t", "x")]
    assert first.shown[0][2].startswith("data:image/jpeg")


@pytest.mark.parametrize("rows", [[{"title": "t"}], {"a": 1}, [1]])
def test_a_list_of_pictures_that_is_none_is_listed_as_damaged(made, rows):
    put(made, f"pictures-{made.key[:12]}.json", rows)
    assert sources(made.study, made.names, [])[0].shown == []
    (damaged,) = made.study.damaged
    assert damaged.reason.startswith("not a list of pictures: ")


# -- histograms --------------------------------------------------------------------------------


def test_bins_are_densities_without_the_empty_ends():
    rows = bins([0.0, 1.0, 2.0, 4.0, 5.0, 6.0], [0, 3, 0, 1, 0], {"k": "v"})
    assert [(row["start"], row["end"]) for row in rows] == [(1, 2), (2, 4), (4, 5), (5, 5)]
    assert [row["share"] for row in rows] == [0.75, 0.0, 0.25, 0.0]
    assert [row["density"] for row in rows] == [0.75, 0.0, 0.25, 0.0]
    assert {row["k"] for row in rows} == {"v"}


def test_the_density_of_wide_bins_is_lower_and_integrates_to_one():
    edges = [0.0, 0.5, 2.5, 10.0]
    rows = bins(edges, [1, 2, 3], {})
    assert [row["density"] for row in rows] == pytest.approx([1 / 3, 1 / 6, 1 / 15, 0], rel=1e-4)
    area = sum(row["density"] * (row["end"] - row["start"]) for row in rows)
    assert area == pytest.approx(1, rel=1e-4)


def test_no_counts_are_no_bins_and_a_bin_without_width_is_a_share():
    assert bins([0, 1, 2], [0, 0], {}) == []
    assert bins([1.0, 1.0], [5], {})[0]["density"] == 1.0


# -- attributes --------------------------------------------------------------------------------

EDGES = [0.0, 10.0, 20.0, 30.0]


def facts(numeric=None, named=None, read=500):
    numeric = {k: {"edges": EDGES, "counts": v} for k, v in (numeric or {}).items()}
    return {"faces": 2000, "read": read, "numeric": numeric, "named": named or {}}


def found(made, **by_generator):
    made_of = {source.title: source for source in sources(made.study, made.names, [])}
    for title, stored in by_generator.items():
        put(made, f"attributes-{made_of[title].key[:12]}.json", stored)
    return attributes(made.study, list(made_of.values()))


def test_attributes_that_readers_ask_for_come_first(made):
    spread = [1, 2, 3]
    numeric = dict.fromkeys(("zeta", "age", "light_deg", "pitch_deg", "yaw_deg", "alpha"), spread)
    shown = found(made, bfm=facts(numeric)).figures
    assert [figure.title for figure in shown] == [
        "yaw (degrees)", "pitch (degrees)", "light (degrees)", "age", "alpha", "zeta",
    ]  # fmt: skip


def test_at_most_eight_are_drawn(made):
    assert len(found(made, bfm=facts({f"a{k}": [1, 2, 3] for k in range(9)})).figures) == 8


def test_a_constant_is_a_row_and_so_are_words(made, lines):
    stored = facts({"yaw_deg": [0, 5, 0]}, {"light": {"lobes": 400, "ambient": 1000}})
    shown = found(made, bfm=stored, dcface=facts({"yaw_deg": [1, 1, 0]}, read=700))
    assert lines(shown.grid) == [
        ["yaw_deg", "10", "bfm", "500"], ["light", "lobes", "bfm", "400"],
        ["light", "ambient", "bfm", "1,000"],
    ]  # fmt: skip
    assert [figure.title for figure in shown.figures] == ["yaw (degrees)"]
    assert shown.note == "Of at most 700 faces of each set, spread evenly over it."


def test_nothing_kept_is_nothing_shown(made):
    shown = found(made)
    assert (shown.figures, shown.grid, shown.note) == ([], None, "")


def test_attributes_that_cannot_be_read_are_listed(made):
    shown = found(made, bfm={"faces": "many"}, dcface=facts({"age": [1, 1, 1]}))
    assert len(made.study.damaged) == 1
    assert [figure.title for figure in shown.figures] == ["age"]
