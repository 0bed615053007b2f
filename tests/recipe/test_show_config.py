from __future__ import annotations

from harness._plugins.discovery import load
from harness.api import make_recipe
from harness.recipe.resolve import Surroundings
from harness.recipe.run_options import RecipeFlags
from harness.recipe.show_config import rows


def test_every_value_has_its_origin(tmp_path):
    file = tmp_path / "r.toml"
    file.write_text(
        '[study]\nseed = 4\n[[generator]]\nuse = "bfm"\npreset = "syn-1m"\nimage_px = 64\n'
        'label = "g"\n[[model]]\nuse = "facenet-nn4"\n[[model.phases]]\nstream = true\n'
        '[[model.phases.faces]]\nuse = "bfm"\nidentities = 3\n[[benchmark]]\nuse = "synthpie"\n'
    )
    registry = load()
    settings = RecipeFlags(
        recipe=file,
        params={"model": (("steps", 3),)},
        values=(("generator.g.identities", 9),),
    )
    around = Surroundings(environ={"HARNESS_REPEATS": "2"})
    found = {row.path: (row.value, row.origin.rpartition("/")[2])
             for row in rows(make_recipe(settings, registry, around), registry)}  # fmt: skip
    assert found["study.seed"] == (4, "r.toml:2")
    assert found["study.repeats"] == (2, "environment HARNESS_REPEATS")
    assert found["study.limit"] == (None, "default")
    assert found["generator.0.use"] == ("bfm", "r.toml:4")
    assert found["generator.0.label"] == ("g", "r.toml:7")
    assert found["generator.0.preset"] == ("syn-1m", "r.toml:5")
    assert found["generator.0.images_per_id"] == (100, "preset syn-1m")
    assert found["generator.0.identities"] == (9, "flag --set generator.g.identities")
    assert found["generator.0.image_px"] == (64, "r.toml:6")
    assert found["generator.0.jpeg_quality"] == (95, "default")
    assert found["model.0.steps"] == (3, "flag -M steps")
    assert found["model.0.lr"] == (0.001, "default")
    assert found["model.0.phases.0.stream"] == (True, "r.toml:10")
    assert found["model.0.phases.0.faces.0.identities"] == (3, "r.toml:14")
    assert found["benchmark.0.folds"] == (10, "default")
