"""Files beside the images of a stored face set, as its generator writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness._plugins.registry import Registry
from harness.errors import UsageError
from harness.faces.face import Slot
from harness.faces.store import FaceSet
from harness.fileio.atomic import folder_written_whole, write_bytes
from harness.store.artifacts import Artifact, Store
from harness.tools.regenerate import reopen

Report = Callable[[int, int, str, str], None]


def export_sidecars(
    registry: Registry,
    store: Store,
    item: Artifact,
    layout: str,
    target: Path,
    given: Mapping[str, Any],
    report: Report = lambda *_: None,
) -> int:
    """Write ``identity/identity_sample.suffix`` for every image of a set; give how many files.

    The generator is opened as it made the set; ``given`` are paths to outside data. The folder
    ``target`` appears whole or not at all. Raises ``UsageError`` when the generator does not write
    ``layout``, or the folder holds something.
    """
    opener, generator = reopen(registry, store, item, given)
    suffix = generator.sidecars.get(layout)
    if suffix is None:
        known = ", ".join(generator.sidecars) or "none"
        raise UsageError(
            f"generator {item.manifest['parts']['component']['provider']} writes no {layout} files "
            f"(it writes: {known})"
        )
    faces, written = FaceSet(item.folder), 0
    with folder_written_whole(target) as aside:
        for index in range(len(faces)):
            slot = Slot(int(faces.subjects[index]), int(faces.samples[index]))
            folder = aside / str(slot.identity)
            folder.mkdir(exist_ok=True)
            with opener.kernels():
                made = generator.sidecar(slot, layout)
            files = made if isinstance(made, Mapping) else {suffix: made}
            for ending, content in files.items():
                path = folder / f"{slot.identity}_{slot.sample}{ending}"
                write_bytes(path, content.encode() if isinstance(content, str) else content)
            written += len(files)
            report(index + 1, len(faces), "files", "")
    return written
