"""A fault is reported to where the copy came from; the text names no person and no machine."""

from __future__ import annotations

import json
import socket
from importlib import metadata
from pathlib import Path

import pytest

from harness.tools import bug_report
from harness.tools.doctor import DoctorFinding


class Dist:
    def __init__(self, urls=(), recorded=None):
        self.urls, self.recorded = list(urls), recorded
        self.metadata = self

    def get_all(self, name):
        assert name == "Project-URL"
        return self.urls or None

    def read_text(self, name):
        assert name == "direct_url.json"
        return self.recorded


def url(address, **more):
    return json.dumps({"url": address, **more})


GIT = {"vcs_info": {"vcs": "git", "commit_id": "0"}}


@pytest.mark.parametrize(
    ("dist", "place"),
    [
        (Dist(["Homepage, https://a.example", "Issues, https://a.example/i"]),
         "https://a.example/i"),
        (Dist(["Bug Tracker, https://b.example"], url("file:///x")), "https://b.example"),
        (Dist(["Homepage, https://a.example"]),
         "the maintainers of synthface-harness on the package index it was installed from"),
        (Dist([], url("file:///home/x/harness", dir_info={})), "whoever gave you /home/x/harness"),
        (Dist([], url("https://h.example/a/b.git", **GIT)),
         "the maintainers of the repository https://h.example/a/b.git"),
        (Dist([], url("https://me:secret@h.example/b.git?token=x#y", **GIT)),
         "the maintainers of the repository https://h.example/b.git"),
        (Dist([], url("https://h.example/b.whl", archive_info={})),
         "the maintainers of the archive https://h.example/b.whl"),
        (Dist([], "{"), "the place you got harness from"),
        (Dist([], "[]"), "the place you got harness from"),
        (Dist([], "{}"), "the place you got harness from"),
    ],
)  # fmt: skip
def test_the_place_is_where_the_copy_came_from(monkeypatch, dist, place):
    monkeypatch.setattr(metadata, "distribution", lambda name: dist)
    assert bug_report.where_to_report() == place


def test_a_copy_that_was_never_installed(monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", absent)
    assert bug_report.where_to_report() == "the place you got harness from"


def test_the_text_names_versions_and_problems_and_neither_home_nor_host():
    findings = [
        DoctorFinding("ok", "python", "fine"),
        DoctorFinding("warn", "lock", f"left behind by process 3 on {socket.gethostname()}"),
        DoctorFinding("bad", "asset x", f"{Path.home()}/data is gone"),
    ]
    text = bug_report.report_text(findings)
    assert f"- numpy {metadata.version('numpy')}" in text
    assert "warn: lock: left behind by process 3 on HOST" in text
    assert "bad: asset x: ~/data is gone" in text
    assert "fine" not in text
    assert "\nnothing\n" in bug_report.report_text([])
