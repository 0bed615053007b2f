"""What a finished run prints: the table on standard output, the rest on standard error."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from harness.lifecycle import ReportWritten
from harness.slow_work import shown_if_slow
from harness.terminal import line, say, say_page

if TYPE_CHECKING:
    from harness.api import Finished
    from harness.engine.runner import RunOutcome


def show(done: Finished, *, as_json: bool) -> int:
    """Print results and failures, render the report, and return the exit code."""
    outcome, folder, registry = done.outcome, done.folder, done.registry
    if as_json:
        for result in outcome.results:
            say(json.dumps(json.loads(result.to_json())))
        for measured in outcome.measurements:
            say(json.dumps(measured.fields()))
    else:
        _tables(outcome)
    if not done.plan.cells:
        for label, key, sheet in outcome.face_sets:
            place = done.store.folder("faces", key)
            if as_json:
                record = {"generator": label, "key": key, "folder": str(place), "sheet": str(sheet)}
                say(json.dumps(record))
            else:
                say(f"{label}: face set {key[:12]} in {place}, contact sheet {sheet}")
    for failure in outcome.failures:
        where = f" (details: {failure.log})" if failure.log else ""
        say(f"harness: {failure.stage} {failure.label}: {failure.message}{where}", err=True)
    if outcome.results or outcome.measurements:
        from harness.reporting import pictures_missing, render

        extra = registry.templates()
        with shown_if_slow("rendering the report", partial(say, err=True)):
            pages = render(
                [folder], folder / "report", {"html", "md"}, extra, registry.report_sections
            )
        registry.call("harness_report_written", report=ReportWritten(folder, tuple(pages)))
        say(f"study: {folder}", err=True)
        if why := pictures_missing():
            say(f"harness: {why}", err=True)
        say(f"report: {pages[0]}", err=True)
    return _exit_code(outcome)


def _tables(outcome: RunOutcome) -> None:
    if outcome.results:
        from harness.reporting import summary_table

        say_page(summary_table(outcome.results))
    if outcome.measurements:
        from harness.reporting.tables.measured import measures_table

        text = measures_table(outcome.measurements)
        say_page("\n".join(map(line, text.split("\n"))))


def _exit_code(outcome: RunOutcome) -> int:
    """1 when cells failed among others; the error's own code when it is the whole story."""
    if not outcome.failures:
        return 0
    codes = {getattr(failure.error, "exit_code", 1) for failure in outcome.failures}
    return codes.pop() if not (outcome.results or outcome.measurements) and len(codes) == 1 else 1
