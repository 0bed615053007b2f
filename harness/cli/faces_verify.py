"""``harness faces verify``."""

from __future__ import annotations

import click

from harness.terminal import say

MOST_NAMED = 20


@click.command(name="verify")
@click.argument("key")
@click.option("-q", "--quiet", is_flag=True, help="No progress on standard error.")
def command(key: str, *, quiet: bool) -> int:
    """Compare every file with its digest and decode every image; exit 1 if any is damaged."""
    from harness.faces.census import damaged
    from harness.faces.store import FaceSet
    from harness.fileio.verified import faults
    from harness.progress import Progress
    from harness.store.artifacts import Store
    from harness.store.face_sets import find

    item = find(Store(), key)
    altered = [str(fault) for fault in faults(item.folder, item.manifest)]
    for sentence in altered[:MOST_NAMED]:
        say(f"harness: {sentence}", err=True)
    files = len(item.manifest["files"])
    digests = f"{len(altered)} damaged" if item.has_digests else "unverified (no digests)"
    say(f"{files} files compared, {digests}")
    faces = FaceSet(item.folder, verify=False)
    progress = Progress(quiet=quiet)
    progress.stage("verify")
    bad = 0
    for sentence in damaged(faces, progress):
        bad += 1
        if bad <= MOST_NAMED:
            say(f"harness: {sentence}", err=True)
    progress.close()
    say(f"{len(faces)} images decoded, {bad} damaged")
    return 1 if bad or altered else 0
