"""The reference of the command line, from the commands themselves."""

from __future__ import annotations

import click

from harness.cli.main import VERBS, cli

WIDTH = 100
EXIT_CODES = """
| code | meaning |
|---:|---|
| 0 | all was done |
| 1 | at least one cell failed, or data are bad |
| 2 | wrong use: an option, a name, a value, a recipe |
| 3 | something you must provide is missing: data, an extra, a device |
| 4 | a gate you asked for did not hold (`--fail-on`, `--strict`, `harness check`) |
| 5 | nothing was selected |
| 70 | an error inside the harness |
| 130 | interrupted; the same command continues |
"""


def pages() -> dict[str, str]:
    """Markdown by page name: one page per verb, and one that lists them."""
    root = click.Context(cli, info_name="harness", max_content_width=WIDTH)
    made = {f"command-{verb}": _page(verb, root) for verb in VERBS}
    rows = [f"| [`{verb}`](command-{verb}.md) | {about} |" for verb, about in VERBS.items()]
    made["commands"] = "\n".join(
        [
            "# Commands",
            "",
            "| verb | does |",
            "|---|---|",
            *rows,
            "",
            "Results go to standard output, all else to standard error; `--json` gives data.",
            "",
            "## Before the verb",
            "",
            *_help(cli, root),
            "## Exit codes",
            EXIT_CODES,
            "```{toctree}",
            ":hidden:",
            *made,
            "```",
            "",
        ]
    )
    return made


def _page(verb: str, root: click.Context) -> str:
    command = cli.get_command(root, verb)
    if command is None:
        raise LookupError(f"verb {verb} has no command")
    return "\n".join(_section(command, root, verb, "#"))


def _section(command: click.Command, parent: click.Context, name: str, level: str) -> list[str]:
    context = click.Context(command, info_name=name, parent=parent, max_content_width=WIDTH)
    lines = [f"{level} `{context.command_path}`", "", *_help(command, context)]
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                lines += _section(found, context, inner, f"{level}#")
    return lines


def _help(command: click.Command, context: click.Context) -> list[str]:
    return ["```text", command.get_help(context), "```", ""]
