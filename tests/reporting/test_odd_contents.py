"""Side files with odd contents are named in the report, which shows all else."""

from __future__ import annotations

import json

from harness.reporting import render


def test_a_report_names_odd_attributes_and_goes_on(make, tmp_path):
    result = make.result("bfm")
    make.write_cell(tmp_path / "study", result)
    path = tmp_path / "study" / "media" / f"attributes-{result.cell.generator.key[:12]}.json"
    path.parent.mkdir(exist_ok=True)
    odd = {"faces": 3, "read": 3, "numeric": {"yaw": {"edges": ["a", "b"], "counts": [1]}},
           "named": {}}  # fmt: skip
    path.write_text(json.dumps(odd))
    page, *_ = render([tmp_path / "study"], tmp_path / "out", {"html"})
    text = page.read_text(encoding="utf-8")
    assert path.name in text
    assert "numeric.yaw.edges.0" in text
