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
    "Output": ("quiet", "verbose", "as_json", "show_config", "track"),
}  # fmt: skip
"""Names that click gives the values of options, in the order of the help page."""
OTHER = "Other options"
HOME = "HARNESS_HOME is the folder of the store (everything that is made, and links to your data)."


class GroupedCommand(click.Command):
    """A command whose options are shown in groups, the folder of the store below them."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, those of no group last."""
        shown = {param.name: param.get_help_record(ctx) for param in self.get_params(ctx)}
        groups = dict(GROUPS)
        named = {name for names in groups.values() for name in names}
        groups[OTHER] = tuple(str(name) for name in shown if name not in named)
        for title, names in groups.items():
            rows = [record for name in names if (record := shown.get(name)) is not None]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write which environment variable names the store."""
        with formatter.section("Environment"):
            formatter.write_text(HOME)
