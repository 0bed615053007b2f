from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from harness.reporting.sections.training import phases, trained_on, training

FIRST = {
    "steps": 300,
    "images": 9000,
    "seconds": 44.0,
    "final_loss": 0.7,
    "trained_on": [{"name": "bfm", "key": "f" * 64, "images": 9000, "identities": 100}],
}
LAST = {"steps": 100, "images": 500, "seconds": 130.0, "final_loss": 0.25, "assumed": ["lr"],
        "notes": ["resumed"], "validation_accuracy": 0.91,
        "trained_on": [{"name": "casia", "key": "", "images": 500}]}  # fmt: skip


@pytest.fixture
def trained(make):
    def made(facts=LAST, earlier=(FIRST,), name="net", **fields):
        facts = dict(facts) | ({"earlier_phases": list(earlier)} if earlier else {})
        network = make.component(name, facts=facts, **fields.pop("params", {}))
        result = make.result(model=network, **fields)
        inputs = {f"model.{k}": f"{name}-early-{k}" for k in range(len(earlier))}
        known = result.provenance.model_copy(update={"inputs": {**inputs, "model": network.key}})
        return result.model_copy(update={"provenance": known})

    return made


def history(folder, key, steps, **columns):
    (folder / "media").mkdir(exist_ok=True)
    table = {"step": range(1, steps + 1), "loss": [1 / k for k in range(1, steps + 1)], **columns}
    pd.DataFrame(table).to_parquet(folder / f"media/history-{key[:12]}.parquet")


def test_phases_stand_in_the_order_they_were_trained_in(trained):
    result = trained()
    found = list(phases(result))
    assert [(phase.number, phase.key) for phase in found] == [
        (1, "net-early-0"), (2, result.cell.model.key),
    ]  # fmt: skip
    assert [phase.facts["steps"] for phase in found] == [300, 100]


def test_a_ready_model_has_no_phase(make):
    result = make.result(None, "onnx")
    known = result.provenance.model_copy(update={"inputs": {}})
    assert list(phases(result.model_copy(update={"provenance": known}))) == []


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([], ""),
        ([{"name": "bfm", "identities": 1000, "images": 20_000}],
         "bfm 1,000 identities, 20,000 images"),
        ([{"name": "a", "images": 5}, {"source": "b"}], "a 5 images + b"),
        ([{"key": "0123456789abcdef"}], "0123456789ab"),
    ],
)  # fmt: skip
def test_what_a_phase_saw_in_words(parts, text):
    assert trained_on({"trained_on": parts}) == text


def test_a_line_for_every_phase(trained, study_of, lines):
    made = study_of(trained(repeat=1))
    grid = training(made.study, made.names, made.series).grid
    first, last = lines(grid)
    assert first[:5] == ["bfm", "net", "1", "1", "bfm 100 identities, 9,000 images"]
    assert first[5:11] == ["300", "9,000", "44.0 s", "0.7", "", ""]
    assert last[3:5] == ["2", "casia 500 images"]
    assert last[5:11] == ["100", "500", "2 min 10 s", "0.25", "91.00", "resumed; lr is assumed"]
    assert grid.rows[1][9].sort == 0.91
    assert [row[7].sort for row in grid.rows] == [44.0, 130.0]


def test_a_training_is_shown_once_however_many_cells_use_it(trained, study_of, lines):
    made = study_of(trained(), trained(bench="cfp"), trained(name="other", bench="cfp"))
    assert len(lines(training(made.study, made.names, made.series).grid)) == 4


def test_a_study_without_training_shows_none(make, study_of):
    made = study_of(make.result(None, "onnx"))
    found = training(made.study, made.names, made.series)
    assert (found.grid, found.figures, found.inputs) == (None, [], [])


def test_steps_of_later_phases_go_on_where_the_earlier_ended(trained, study_of, monkeypatch):
    from harness.reporting.sections import training as section

    drawn = {}

    def draw(identifier, title, text, spec, data_of=""):
        drawn[identifier] = (spec, data_of)
        return SimpleNamespace(id=identifier)

    monkeypatch.setattr(section, "draw", draw)
    monkeypatch.setattr(
        "harness.reporting.figures.values.training", lambda rows, column, title, drawn: rows
    )
    result = trained()
    made = study_of(result)
    history(made.folder, "net-early-0", 30)
    history(made.folder, result.cell.model.key, 10, validation_accuracy=[0.5] * 10)
    training(made.study, made.names, made.series)
    assert list(drawn) == ["training-loss", "training-validation_accuracy"]
    rows, of = drawn["training-loss"]
    assert drawn["training-validation_accuracy"] == (rows, "training-loss")
    assert of == ""
    early = [row["step"] for row in rows if row["phase"] == 1]
    late = [row["step"] for row in rows if row["phase"] == 2]
    assert (early[0], max(early)) == (1, 30)  # the phase says that it took 300
    assert (late[0], max(late)) == (301, 310)
    assert {row["validation_accuracy"] for row in rows if row["phase"] == 1} == {None}
    assert len({row["run"] for row in rows}) == 2


def test_seeds_of_a_series_are_one_line_with_a_band(make, study_of, monkeypatch):
    """Losses k/step of seeds k = 1, 2, 6: mean 3/step between 1/step and 6/step."""
    from harness.reporting.sections import training as section

    texts = []

    def draw(identifier, title, text, spec, data_of=""):
        texts.append(text)
        return SimpleNamespace(id=identifier, spec=spec)

    monkeypatch.setattr(section, "draw", draw)
    monkeypatch.setattr(
        "harness.reporting.figures.values.training", lambda rows, column, title, drawn: rows
    )
    results = [make.result(model=make.component("m", seed=n), repeat=n) for n in range(3)]
    network = results[0].cell.model.model_copy(update={"params": {}})
    cells = [r.cell.model_copy(update={"model": network.model_copy(
        update={"key": r.cell.model.key})}) for r in results]  # fmt: skip
    made = study_of(
        *(r.model_copy(update={"cell": c}) for r, c in zip(results, cells, strict=True))
    )
    for factor, result in zip((1, 2, 6), results, strict=True):
        history(made.folder, result.cell.model.key, 10, loss=[factor / k for k in range(1, 11)])
    (figure,) = training(made.study, made.names, made.series).figures
    assert len(figure.spec) == 10
    assert {row["run"] for row in figure.spec} == {"m.1"}
    for row in figure.spec:
        ends = [row["loss_low"], row["loss"], row["loss_high"]]
        assert ends == pytest.approx([n / row["step"] for n in (1, 3, 6)], rel=1e-5)
    assert "the mean over seeds, with a band from the lowest to the highest" in texts[0]


def test_seeds_of_other_lengths_are_lines_of_their_own(make, study_of):
    from harness.reporting.sections.training import _joined

    points = [
        [{"step": 1.0, "loss": 2.0}],
        [{"step": 1.0, "loss": 1.0}, {"step": 2.0, "loss": 1.0}],
    ]
    found = _joined("m", 1, points)
    assert len(found) == 3
    assert {row["run"] for row in found} == {"m.1.0", "m.1.1"}


def test_speed_is_in_the_details(trained, study_of):
    result = trained(earlier=())
    made = study_of(result)
    history(made.folder, result.cell.model.key, 10, images_per_s=[100.0] * 10)
    found = training(made.study, made.names, made.series)
    assert [figure.id for figure in found.figures] == ["training-loss"]
    assert [figure.id for figure in found.speed] == ["training-images_per_s"]


def test_pictures_of_what_networks_saw_are_titled_by_their_phase(trained, study_of):
    made = study_of(trained())
    (made.folder / "media").mkdir()
    (made.folder / "media/inputs-net-early-0.jpg").write_bytes(b"\xff\xd8\xff picture")
    ((title, uri),) = training(made.study, made.names, made.series).inputs
    assert title == "bfm > net, repeat 0, phase 1"
    assert uri.startswith("data:image/jpeg;base64,")
