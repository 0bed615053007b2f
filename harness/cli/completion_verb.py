"""``harness completion``."""

from __future__ import annotations

import click

from harness.terminal import say_page

SHELLS = ("bash", "zsh", "fish")


@click.command(name="completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> int:
    """Print the script that lets a shell complete verbs, options and names of components.

    \b
    Examples:
      eval "$(harness completion bash)"       in ~/.bashrc
      eval "$(harness completion zsh)"        in ~/.zshrc
      harness completion fish > ~/.config/fish/completions/harness.fish
    """
    from click.shell_completion import get_completion_class

    from harness.cli.main import cli

    chosen = get_completion_class(shell)
    assert chosen is not None, "click knows these shells"
    say_page(chosen(cli, {}, "harness", "_HARNESS_COMPLETE").source())
    return 0
