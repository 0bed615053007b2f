"""``harness store``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.terminal import say

if TYPE_CHECKING:
    from harness.tools.inventory import Item

MOST_USERS = 3
STUDIES = click.argument("studies", nargs=-1, metavar="[STUDY]...",
                         type=click.Path(path_type=Path))  # fmt: skip


@click.group(name="store")
def command() -> None:
    """List, verify and clean up the store of artifacts ($HARNESS_HOME).

    \b
    Examples:
      harness store list study
      harness store verify
      harness store gc study-a study-b --dry-run
    """


@command.command(name="list")
@STUDIES
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per artifact.")
def list_artifacts(studies: tuple[Path, ...], *, as_json: bool) -> int:
    """List artifacts: size, last use, and what needs them; STUDY adds what studies need."""
    from harness.store.artifacts import Store
    from harness.store.aside import all_aside
    from harness.tools.inventory import items

    store = Store()
    found = items(store, studies)
    for item in found:
        say(json.dumps(_record(item)) if as_json else _line(item))
    if not as_json:
        say(f"{len(found)} artifacts, {_size(sum(item.size for item in found))}")
        for one in all_aside(store):
            say(f"set aside: {one.kind} {one.key[:12]} in {one.folder}: {one.damage}")
    return 0


@command.command(name="verify")
@STUDIES
@click.option("--set-aside", is_flag=True,
              help="Move damaged artifacts aside; the next run makes them again.")  # fmt: skip
def verify(studies: tuple[Path, ...], *, set_aside: bool) -> int:
    """Read every stored file and compare it with its digest; exit 1 if any is damaged.

    With STUDY, results, scores, curves, pictures and environments of studies are compared too.
    """
    from harness.errors import UsageError
    from harness.results.study_files import faults, unverified
    from harness.store import aside
    from harness.store.artifacts import Store
    from harness.tools.inventory import damaged, everything

    for study in studies:
        if not study.is_dir():
            raise UsageError(f"no study folder at {study}; give the folder that holds 'cells'")
    store, moved = Store(), set()
    artifacts = list(everything(store))
    bad = 0
    for damage in damaged(store, artifacts):
        bad += 1
        text = str(damage)
        if set_aside and damage.folder not in moved:
            moved.add(damage.folder)
            text = aside.set_aside(damage)
        say(f"harness: {text}", err=True)
    files = sum(len(artifact.manifest["files"]) for artifact in artifacts)
    without = sum(not artifact.has_digests for artifact in artifacts)
    say(f"{len(artifacts)} artifacts with {files} files: {bad} damaged, {without} unverified")
    for study in studies:
        wrong = list(faults(study))
        for text in wrong:
            say(f"harness: {text}", err=True)
        say(f"{study}: {len(wrong)} damaged, {unverified(study)} results unverified")
        bad += len(wrong)
    return 1 if bad else 0


@command.command(name="gc")
@click.argument("studies", nargs=-1, required=True, metavar="STUDY...",
                type=click.Path(path_type=Path))  # fmt: skip
@click.option("--keep", multiple=True, metavar="KEY",
              help="Also keep the artifact whose key begins so, and its inputs.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only list what would be deleted.")
@click.option("--aside", "with_aside", is_flag=True, help="Also delete what was set aside.")
def collect(
    studies: tuple[Path, ...], keep: tuple[str, ...], *, dry_run: bool, with_aside: bool
) -> int:
    """Delete every artifact that none of the named studies needs.

    Name all studies that you want to keep using: what only others need is deleted, and a run would
    compute it again. Imported face sets are kept by --keep.

    \b
    Examples:
      harness store gc study-a study-b --dry-run
      harness store gc study-a --keep 3fa9
    """
    import shutil

    from harness.store.artifacts import Store
    from harness.tools.inventory import unreachable

    store = Store()
    found = unreachable(store, studies, keep)
    for item in found:
        say(_line(item))
        if not dry_run:
            store.discard(item.artifact.kind, item.artifact.key)
    total, folders = sum(item.size for item in found), store.aside() if with_aside else []
    for folder in folders:
        total += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        say(f"set aside: {folder}")
        if not dry_run:
            shutil.rmtree(folder)
    verb = "would be deleted" if dry_run else "deleted"
    say(f"{len(found) + len(folders)} artifacts {verb}, {_size(total)}")
    return 0


def _line(item: Item) -> str:
    record = _record(item)
    users = item.needed_by
    more = f" and {len(users) - MOST_USERS} more" if len(users) > MOST_USERS else ""
    told = f"needed by {', '.join(users[:MOST_USERS])}{more}" if users else "needed by nothing here"
    state = "" if item.artifact.has_digests else "  unverified"
    head = f"{item.artifact.kind:<10} {item.artifact.key[:12]}  {_size(item.size):>10}"
    return f"{head}  used {record['used']}  {item.maker:<16} {told}{state}"


def _record(item: Item) -> dict[str, object]:
    from datetime import UTC, datetime

    return {
        "kind": item.artifact.kind,
        "key": item.artifact.key,
        "bytes": item.size,
        "used": datetime.fromtimestamp(item.used, UTC).date().isoformat(),
        "created": item.artifact.manifest.get("created", ""),
        "component": item.maker,
        "needed_by": list(item.needed_by),
        "digests": item.artifact.has_digests,
    }


def _size(size: int) -> str:
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.2f} MB"
