"""The command: finds the verb, imports only its module, and turns errors into exit codes."""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import click

from harness.errors import OUT_OF_MEMORY, HarnessError, advice, is_out_of_memory
from harness.process.cpus import wait_passively
from harness.process.portable import VariablesNeededError
from harness.process.signals import EndedError, listen
from harness.terminal import say, say_page

VERBS = {
    "run": "Generate, train, test and report",
    "plan": "Show what a run would do, and why",
    "list": "List plugins, generators, models, benchmarks, aligners and measures",
    "show": "Describe one component: parameters, licence, citation",
    "config": "Print the JSON Schema of recipes",
    "report": "Render studies as HTML, Markdown, LaTeX and CSV",
    "store": "List, verify and clean up stored artifacts",
    "faces": "List, inspect, measure, check and export face sets",
    "embed": "Embed a folder of images",
    "export-onnx": "Write a model as an ONNX network",
    "rescore": "Recompute metrics from stored scores",
    "protocol": "Show the protocol behind a number, and compare protocols",
    "scores": "Export scores as CSV, and import scores of other tools",
    "predict": "Relate measures of face sets to the accuracy of networks",
    "leak": "Search the people of benchmarks among training faces",
    "compare": "Test whether two studies differ",
    "table": "Print published tables beside measured results",
    "claims": "Test the claims of papers against a study or their own numbers",
    "leaderboard": "Rank generators and models across studies",
    "trace": "Show what a number is made of, from seed to digit",
    "audit": "Check published tables for internal consistency",
    "new-plugin": "Create the package of a new plugin",
    "check": "Test a component against the plugin contract",
    "assets": "Register and check data that you must obtain",
    "doctor": "Check this environment for problems",
    "completion": "Print the completion script for a shell",
}
INTERRUPTED, INTERNAL = 130, 70
LONGEST_MESSAGE = 10_000


class Verbs(click.Group):
    """Sub-commands that are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Verbs in the order of work, not of the alphabet."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one verb."""
        if cmd_name not in VERBS:
            from harness.cli.product_verb import find

            return find(_global(ctx.params), cmd_name)
        module = f"harness.cli.{cmd_name.replace('-', '_')}_verb"
        command: click.Command = import_module(module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest verb for a misspelt one."""
        known = bool(args) and (args[0] in VERBS or args[0].startswith("-"))
        if args and not known and self.get_command(ctx, args[0]) is None:
            from harness.did_you_mean import did_you_mean

            raise click.UsageError(f"unknown verb {args[0]!r}{did_you_mean(args[0], VERBS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs, without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from harness import __version__
    from harness._plugins.discovery import load

    say(f"harness {__version__}")
    for row in load().plugins:
        say(f"  {row.name} ({row.dist} {row.version}){' broken' if row.reason else ''}")
    ctx.exit()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-V",
    "--version",
    is_flag=True,
    callback=_version,
    expose_value=False,
    is_eager=True,
    help="Show the version and the plugins.",
)
@click.option(
    "-C",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Run as if started in DIR.",
)
@click.option(
    "-p",
    "plugin_flags",
    multiple=True,
    metavar="no:NAME",
    help="Switch a plugin off, by its name or its distribution.",
)
@click.option(
    "--plugins-dir",
    "plugins_dirs",
    multiple=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Also load the .py files in DIR as plugins.",
)
@click.pass_context
def cli(
    ctx: click.Context,
    folder: Path | None,
    plugin_flags: tuple[str, ...],
    plugins_dirs: tuple[Path, ...],
) -> None:
    """Benchmark face recognition trained on synthetic faces.

    \b
    Examples:
      harness run -c demo --profile quick
      harness plan -g digi2real -m iresnet50 -b ijbc
      harness list models
    """
    if folder is not None:
        if not folder.is_dir():
            raise click.UsageError(f"-C {folder}: there is no such folder")
        os.chdir(folder)
    wrong = [flag for flag in plugin_flags if not flag.startswith("no:")]
    if wrong:
        raise click.UsageError(f"-p {wrong[0]}: write -p no:NAME to switch a plugin off")
    _name_unknown_variables()
    ctx.obj = _global(ctx.params)


def _name_unknown_variables() -> None:
    """Warn of variables that begin like ours, so that a misspelt one is not without effect."""
    from harness.process.known_variables import unknown

    if not any(unknown(os.environ, ())):
        return
    from harness.recipe.resolve import StudyTable

    for text in unknown(os.environ, StudyTable.model_fields):
        say(f"harness: warning: {text}", err=True)


def _global(params: dict[str, Any]) -> dict[str, Any]:
    """The global options as verbs get them."""
    return {
        "disabled": tuple(flag.removeprefix("no:") for flag in params["plugin_flags"]),
        "plugins_dirs": params["plugins_dirs"],
    }


def main(args: list[str] | None = None) -> None:
    """Entry point of the ``harness`` command."""
    # Workers are started by `python -c`, which would import modules of the current folder first.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    wait_passively()
    listen()
    try:
        code = run(sys.argv[1:] if args is None else args, restartable=args is None)
    except VariablesNeededError as needed:
        _start_again(needed.variables)
    sys.exit(code)


def _start_again(variables: dict[str, str]) -> NoReturn:
    """Run the command again in a process whose libraries are loaded with other settings."""
    command = [sys.executable, *sys.orig_argv[1:]]
    environ = {**os.environ, **variables}
    if os.name == "nt":  # where exec returns to the shell before the command has ended
        sys.exit(subprocess.call(command, env=environ))  # noqa: S603 (this very command)
    os.execve(sys.executable, command, environ)  # noqa: S606


def run(args: list[str], *, restartable: bool = False) -> int:
    """Run a command line and return its exit code; errors are one sentence on standard error.

    Where the command needs a process that was started with other variables, a ``restartable`` one
    raises :class:`VariablesNeededError`; others say which.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A file name may hold what the terminal's encoding has not.
            stream.reconfigure(errors="backslashreplace")
    try:
        outcome: Any = cli.main(args, prog_name="harness", standalone_mode=False)
    except click.exceptions.Abort as error:  # click's word for every KeyboardInterrupt
        return _interrupted(args, error.__cause__)
    except click.ClickException as error:
        return _say(error.format_message(), 2)
    except HarnessError as error:
        if restartable and isinstance(error, VariablesNeededError):
            raise
        return _say(_whole_sentence(error), error.exit_code)
    except KeyboardInterrupt as error:
        return _interrupted(args, error)
    except BrokenPipeError:
        # The reader (`| head`) is gone; nothing is left to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 (the last line of defence)
        return _internal(error)
    return outcome if isinstance(outcome, int) else 0


def _whole_sentence(error: HarnessError) -> str:
    """What to tell the user; a damaged artifact is set aside, so that a run makes it again."""
    from harness.fileio.verified import DamagedError

    if not isinstance(error, DamagedError):
        return str(error)
    from harness.store.aside import set_aside

    try:
        return f"{set_aside(error)}; run the study that made it again"
    except HarnessError as refused:
        return str(refused)


def _say(message: str, code: int) -> int:
    if len(message) > LONGEST_MESSAGE:  # a name in it may be as long as the file it comes from
        message = f"{message[:LONGEST_MESSAGE]} ..."
    # A list continues on lines of its own, indented: a name with a line end cannot fake a message.
    say_page("\n  ".join(f"harness: {message}".split("\n")), err=True)
    return code


def _interrupted(args: list[str], error: BaseException | None) -> int:
    why, code = "interrupted", INTERRUPTED
    if isinstance(error, EndedError):
        why, code = f"ended by {error}", error.exit_code
    command = shlex.join(["harness", *args])
    return _say(f"{why}; what was finished is kept, resume with: {command}", code)


def _internal(error: Exception) -> int:
    from harness.packages import missing_package

    missing = missing_package(error, "this command")
    if missing is not None:
        return _say(str(missing), missing.exit_code)
    if is_out_of_memory(error):
        return _say(OUT_OF_MEMORY, 1)
    if isinstance(error, OSError) and error.strerror:
        return _say(advice(error), 1)
    import traceback

    from harness.tools.bug_report import where_to_report

    if os.environ.get("HARNESS_TRACEBACK"):
        traceback.print_exception(error)
    return _say(
        f"internal error, {type(error).__name__}: {error}; please report it to {where_to_report()} "
        "with the output of `harness doctor --report` (HARNESS_TRACEBACK=1 prints the details)",
        INTERNAL,
    )
