"""``harness faces namesakes``."""

from __future__ import annotations

from pathlib import Path

import click

from harness.terminal import say


@click.command(name="namesakes")
@click.argument("people", metavar="LIST", type=click.Path(path_type=Path))
@click.option(
    "--in", "others", required=True, multiple=True, type=click.Path(path_type=Path),
    metavar="NAMES", help="Names of another set, or a folder with one subfolder per person.",
)  # fmt: skip
@click.option("--digits", type=click.IntRange(1, 12), metavar="N",
              help="Identities of LIST are its line numbers, zero-padded to N digits.")  # fmt: skip
@click.option("-o", "--out", required=True, type=click.Path(path_type=Path), metavar="FILE",
              help="List of identities to write.")  # fmt: skip
def command(people: Path, others: tuple[Path, ...], digits: int | None, out: Path) -> int:
    """List the people of one set who also appear in another, to exclude from training.

    LIST holds one name per line, or an identity, a tab and a name. Names are compared ignoring
    case, accents and punctuation. Use FILE as `exclude` of a generator or of a recipe's `take`.

    \b
    Examples:
      harness faces namesakes list_name.txt --digits 3 --in lfw/people.txt -o cfp-in-lfw.txt
      harness faces namesakes casia-names.tsv --in ijba-names.txt --in lfw/ -o exclude.txt
    """
    from harness.faces.namesakes import read_names, read_people, shared
    from harness.fileio.atomic import write_text

    known = read_people(people, digits)
    found = shared(known, map(read_names, others))
    sources = ", ".join(path.name for path in others)
    said = f"{len(found)} of the {len(known)} people of {people.name} are also named in {sources}"
    lines = [f"# {said}", *(f"{identity}  # {name}" for identity, name in found.items())]
    write_text(out, "\n".join(lines) + "\n")
    say(f"{said}; written to {out}")
    return 0
