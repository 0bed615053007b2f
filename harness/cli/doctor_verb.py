"""``harness doctor``."""

from __future__ import annotations

import json
from typing import Any

import click

from harness.cli.options import open_registry
from harness.terminal import say, say_page

MARKS = {"ok": "ok  ", "warn": "!   ", "bad": "BAD "}


@click.command(name="doctor")
@click.option(
    "--device", default="auto", show_default=True, metavar="DEV", help="Device you want to run on."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--report", "as_report", is_flag=True,
    help="Print a text to attach to the report of a fault, and where to send it.",
)  # fmt: skip
@click.pass_obj
def command(obj: dict[str, Any], device: str, *, as_json: bool, as_report: bool) -> int:
    """Check this environment for problems: versions, devices, plugins, disk, store, locks, links.

    \b
    Examples:
      harness doctor
      harness doctor --device cuda
      harness doctor --json
      harness doctor --report > report.md
    """
    from harness.store.artifacts import Store
    from harness.tools.doctor import examine

    findings = examine(open_registry(obj), Store(), device)
    if as_report:
        from harness.tools.bug_report import report_text, where_to_report

        say_page(report_text(findings))
        say(f"harness: report it to {where_to_report()}", err=True)
        return 0
    if as_json:
        say_page(json.dumps([vars(finding) for finding in findings], indent=1))
    else:
        for finding in findings:
            say(f"{MARKS[finding.level]} {finding.what}: {finding.text}")
    return 3 if any(finding.level == "bad" for finding in findings) else 0
