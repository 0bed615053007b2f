"""``harness audit``."""

from __future__ import annotations

import json

import click

from harness.terminal import say, say_page


@click.command(name="audit")
@click.argument("tables", nargs=-1, required=True, metavar="PAPER[/TABLE]|FILE.csv...")
@click.option("--strict", is_flag=True, help="Exit 4 if anything cannot be as printed.")
@click.option("--json", "as_json", is_flag=True, help="Print findings as JSON.")
def command(tables: tuple[str, ...], *, strict: bool, as_json: bool) -> int:
    """Check published tables by their own digits: granularity, derived columns, repeated rows.

    \b
    Examples:
      harness audit digi2real2024
      harness audit digi2real2024/7 kortylewski2018/I
      harness audit mytable.csv --strict
    """
    from harness.published.audit import audit
    from harness.published.records import load

    findings = audit([record for table in tables for record in load(table)])
    if as_json:
        say_page(json.dumps([vars(finding) for finding in findings], indent=1))
    else:
        for finding in findings:
            say(f"{finding.level:<8} {finding.check:<12} {finding.text}")
        problems = sum(finding.level == "problem" for finding in findings)
        say(f"{len(findings)} findings, {problems} problems", err=True)
    return 4 if strict and any(finding.level == "problem" for finding in findings) else 0
