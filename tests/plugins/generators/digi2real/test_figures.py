"""Pictures for the report, from a set as the store holds it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from harness.faces.face import Slot
from harness.faces.store import FaceSet, shard_path, write_shard
from harness_plugins.generators.digi2real import figures
from harness_plugins.generators.digi2real.generator import Digi2Real
from harness_plugins.generators.digi2real.params import Digi2RealParams

SLOTS = [Slot(i, s) for i in range(3) for s in range(2)]
TILE = 116


@pytest.fixture
def opened(context):
    def make(ctx=None, **values):
        made = Digi2Real(
            Digi2RealParams.model_validate(
                {"pipeline": "tiny", "identities": 3, "images_per_id": 2, "latents": 2, "steps": 2,
                 "source": "patches"} | values
            )
        )  # fmt: skip
        made.prepare(ctx or context())
        return made

    return make


@pytest.fixture
def stored(opened, tmp_path):
    """A set of six faces on disk."""
    write_shard(shard_path(tmp_path, 0), opened().generate(SLOTS))
    return FaceSet(tmp_path)


def test_every_figure_that_the_set_has_the_material_for(opened, context, patches, stored, tmp_path):
    titles = [picture.title for picture in opened().pictures(stored, tmp_path)]
    assert titles == [
        "Source beside enhanced", "Most similar identities",
        "Similarity within and between identities", "Interpolation along t",
    ]  # fmt: skip
    ctx = context(sets={"source": patches(4, 6), "real": patches(3, 2, bias=50)})
    shown = opened(ctx, real=tmp_path).pictures(stored, tmp_path)
    assert [p.title for p in shown][4:] == ["Without and with the shift", "Prompt space"]
    assert "6 real, 20 source, 20 shifted" in shown[-1].text
    for picture in shown:
        image = cv2.imread(str(tmp_path / picture.file))
        assert image is not None
        assert image.std() > 3


def test_source_and_enhanced_images_stand_in_one_row(opened, stored, tmp_path, patches):
    source = patches(4, 6)
    figures.source_beside_made(source, figures.Made(stored, 9), tmp_path)
    sheet = cv2.imread(str(tmp_path / "beside.jpg")).astype(int)
    assert sheet.shape[0] == 3 * TILE + 4
    for row in range(3):
        tile = sheet[row * TILE + 4 : row * TILE + 116, 48:160]
        raw = cv2.imdecode(np.frombuffer(source.read(6 * row), np.uint8), cv2.IMREAD_COLOR)
        expected = cv2.resize(raw, (112, 112), interpolation=cv2.INTER_LINEAR)
        assert np.abs(tile - expected).mean() < 12


def test_the_most_similar_pair_comes_first(opened, stored, tmp_path, monkeypatch):
    made = opened()
    seen = {}
    monkeypatch.setattr(
        figures, "contact_sheet", lambda rows, path, row_labels: seen.update(labels=row_labels)
    )
    figures.similar_pairs(
        made.ctx.faces("source"), figures.Made(stored, 9), made._identities, tmp_path
    )
    rows = np.array(made._identities.prototypes)[:3]
    products = (rows @ rows.T)[np.triu_indices(3, 1)]
    assert seen["labels"][0] == f"{products.max():.2f}"
    assert len(seen["labels"]) in (2, 3)


def test_without_and_with_differ_by_the_shift_alone(tmp_path):
    asked = []

    def sample(embeddings, seeds, shifted):
        asked.append((embeddings.tolist(), list(seeds), shifted))
        return np.full((len(seeds), 8, 8, 3), 90 + 100 * shifted, np.uint8)

    figures.without_and_with(sample, np.eye(2, dtype=np.float32), [5, 6], tmp_path)
    assert [call[2] for call in asked] == [False, True]
    assert asked[0][:2] == asked[1][:2]


def test_new_images_of_the_tiny_pipeline_say_that_they_are_noise(opened):
    made = opened()
    points = np.stack([made._job(slot).embedding for slot in SLOTS[:2]])
    for image in made._shown(points, [1, 2], True):
        corner = image[-10:, :30].reshape(-1, 3)
        assert (corner.max(axis=1) == 0).mean() > 0.3  # the black ground of the watermark


def test_the_way_along_t_begins_at_the_prototype(tmp_path):
    asked = []

    def sample(embeddings, seeds, shifted):
        asked.append((embeddings, set(seeds)))
        return np.zeros((len(seeds), 8, 8, 3), np.uint8)

    mean, towards = np.eye(2, dtype=np.float32)
    figures.along_t(sample, [(mean, towards, 9)], tmp_path)
    ((points, seeds),) = asked
    assert seeds == {9}
    angles = np.degrees(np.arctan2(points[:, 1], points[:, 0]))
    assert angles == pytest.approx([0, 22.5, 45, 67.5, 90], abs=1e-3)
