"""Help pages of commands with many options: in groups, by what an option is about."""

from __future__ import annotations

from collections.abc import Mapping

import click

GROUPS: Mapping[str, tuple[str, ...]] = {
    "What to run": ("recipe", "profile", "generator", "model", "bench", "aligner", "mix",
                    "finetune", "initial", "stream", "label"),
    "Parameters": ("params_0", "params_1", "params_2", "params_3", "params_4",
                   "values_0", "sweep_0"),
    "Measures": ("measure", "against", "seen", "control"),
    "Study": ("study", "name", "seed", "repeats", "limit", "align", "on_failure", "max_doubtful",
              "device", "precision", "portable", "batch_size"),
    "Execution": ("dry_run", "yes", "jobs", "nproc", "rerun", "fail_fast", "offline", "executor",
                  "show_executor", "allow_code"),
    "Output": ("quiet", "verbose", "as_json", "show_config", "track", "_click_default_help"),
}  # fmt: skip
"""Names that click gives the values of options, in the order of the help page."""
OTHER = "Other options"
OF_EXECUTORS = "executor_option_"
"""How the names of options begin that executors declare."""
ALIKE = "params_"
"""How the names of options begin that are shown on one line: a letter per kind of component."""
KINDS = {"-G": "generator", "-M": "model", "-B": "benchmark", "-A": "aligner", "-P": "measure"}
HOME = "HARNESS_HOME: folder of the store, of everything that is made"


class GroupedCommand(click.Command):
    """A command whose options are shown in groups, the folder of the store below them."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, those of no group last."""
        shown = {param.name: param.get_help_record(ctx) for param in self.get_params(ctx)}
        groups = dict(GROUPS)
        named = {name for names in groups.values() for name in names}
        rest = [str(name) for name in shown if name not in named]
        of_executors = [name for name in rest if name.startswith(OF_EXECUTORS)]
        groups["Execution"] += tuple(of_executors)
        groups[OTHER] = tuple(name for name in rest if name not in of_executors)
        for title, names in groups.items():
            there = {name: row for name in names if (row := shown.get(name)) is not None}
            rows = _joined(there)
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write which environment variable names the store."""
        formatter.write_paragraph()
        formatter.write_text(HOME)


def _joined(records: Mapping[str, tuple[str, str]]) -> list[tuple[str, str]]:
    """Rows of a group; options that differ only in the kind of component share the first."""
    alike = [record[0].split() for name, record in records.items() if name.startswith(ALIKE)]
    if len(alike) < 2:
        return list(records.values())
    kinds = ", ".join(KINDS[flag] for flag, *_ in alike)
    row = f"{', '.join(flag for flag, *_ in alike)} {alike[0][-1]}", f"Parameter of a {kinds}."
    return [row, *(record for name, record in records.items() if not name.startswith(ALIKE))]
