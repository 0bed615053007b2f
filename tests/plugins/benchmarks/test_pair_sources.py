"""Every benchmark of the LFW family reads its folder, a pack and a CSV list of the same pairs."""

from __future__ import annotations

import pickle
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from harness.errors import DataError
from harness.protocols.base import Embeddings

FAMILY = {
    "lfw": ("lfw", "Lfw", "LfwParams", {}),
    "xqlfw": ("xqlfw", "Xqlfw", "XqlfwParams", {}),
    "calfw": ("cross_lfw", "Calfw", "CalfwParams", {}),
    "cplfw": ("cross_lfw", "Cplfw", "CplfwParams", {}),
    "cfp-fp": ("cfp", "CfpFp", "CfpParams", {}),
    "cfp-ff": ("cfp", "CfpFf", "CfpParams", {}),
    "agedb-30": ("agedb30", "AgeDb30", "AgeDb30Params", {}),
    "rfw": ("rfw", "Rfw", "RfwParams", {"races": ("Indian",)}),
}


class Source:
    """One benchmark in its official layout, and how to open it."""

    def __init__(self, name, folder, official, prepared) -> None:
        module, cls, params, self.fixed = FAMILY[name]
        home = f"harness_plugins.benchmarks.{module}"
        self.cls = getattr(import_module(f"{home}.benchmark"), cls)
        self.params = getattr(import_module(f"{home}.params"), params)
        written = official.write_official(folder, [name])
        self.root, self.settings = written.roots[name], written.settings[name]
        self.prepared, self.name = prepared, self.fixed.get("races", ("verification",))[0]

    def open(self, **settings):
        return self.prepared(self.cls, self.params(**self.fixed, **settings))

    def pairs(self, **settings):
        return self.open(**settings).comparison(self.name)


@pytest.fixture(params=FAMILY)
def source(request, tmp_path, official, prepared):
    return Source(request.param, tmp_path, official, prepared)


def facts(pairs):
    """Genuine and impostor pairs of each fold."""
    return [
        (int((pairs.genuine & (pairs.fold == fold)).sum()),
         int((~pairs.genuine & (pairs.fold == fold)).sum()))
        for fold in range(10)
    ]  # fmt: skip


def test_folder_list_and_pack_hold_the_same_pairs(source, tmp_path):
    benchmark = source.open(root=source.root, **source.settings)
    pairs = benchmark.comparison(source.name)
    assert facts(pairs) == [(3, 3)] * 10
    assert np.isfinite(benchmark.images().landmarks).all()
    base = Path(benchmark.images().root).relative_to(source.root)
    names = [(base / name).as_posix() for name in pairs.image_names]
    rows = list(zip(pairs.first, pairs.second, pairs.genuine, pairs.fold, strict=True))
    (source.root / "own.csv").write_text(
        "\n".join(f"{names[a]},{names[b]},{int(g)},{k + 1}" for a, b, g, k in rows)
    )
    listed = source.open(root=source.root, pairs="own.csv", template="arcface")
    assert listed.images().template == "arcface"
    again = listed.comparison(source.name)
    assert [again.image_names[k] for k in again.first] == [names[k] for k in pairs.first]
    assert facts(again) == facts(pairs)
    assert any("own.csv, not the official list" in text for text in again.cautions)
    images = [benchmark.images().read(int(k)) for row in rows for k in row[:2]]
    pack = tmp_path / "all.bin"
    pack.write_bytes(pickle.dumps((images, [bool(row[2]) for row in rows]), protocol=2))
    packed = source.open(pack=pack)
    assert facts(packed.comparison(source.name)) == facts(pairs)
    assert packed.images().read(0) == images[0]


@pytest.mark.parametrize("rule", ["insightface", "official", "exact"])
def test_every_rule_of_folds_is_recorded(source, rule):
    pairs = source.pairs(root=source.root, rule=rule, flip="none", **source.settings)
    assert pairs.protocol()["id"].endswith(f"/{rule}@1")
    rng = np.random.default_rng(0)
    plain = rng.normal(0, 1, (len(pairs.image_names), 8)).astype(np.float32)
    scores = pairs.score(Embeddings(plain, None, np.ones(len(plain), bool), pairs.image_names))
    found = pairs.evaluate(scores, 0)
    assert sum(metric.at.keys() == {"fold"} for metric in found.metrics) == 10


def test_every_absent_image_is_named_with_its_place(source):
    benchmark = source.open(root=source.root, **source.settings)
    gone = benchmark.images().names[:3]
    for name in gone:
        (Path(benchmark.images().root) / name).unlink()
    with pytest.raises(DataError, match=r"3 of \d+ images are absent") as caught:
        source.open(root=source.root, **source.settings)
    findings = caught.value.findings
    assert len(findings) == 3
    assert all(any(name in text for text in findings) for name in gone)
    assert all("line " in text or "pair " in text for text in findings)


def test_people_are_known_by_name_where_the_layout_has_names(source, tmp_path):
    benchmark = source.open(root=source.root, **source.settings)
    people = set(benchmark.people())
    assert len(people) == len(set(benchmark.images().subjects.tolist()))
    if source.name == "verification" and source.cls.__name__.startswith("Cfp"):
        assert all(name.isdecimal() for name in people)
        base = Path(benchmark.images().root).parents[1]
        names = [f"Person Number{chr(65 + k)}" for k in range(200)]
        (base / "Data/list_name.txt").write_text("\n".join(names))
        assert set(benchmark.people()) == {names[int(number) - 1] for number in people}
