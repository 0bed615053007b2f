"""LMDB, the layout of HSFace, VFace and the training code of SOTA-FR."""

from __future__ import annotations

from pathlib import Path

import lmdb
import msgpack
import numpy as np

from harness.faces.export import Report
from harness.faces.export._samples import samples_of
from harness.faces.store import FaceSet

FILE = "faces.lmdb"
_COMMIT = 1000  # images in memory at a time
_SPARE = 1 << 26
_PAGES = 2 * 4096
"""Room of one image beyond its bytes: its page header and a share of the pages of keys."""


def write(faces: FaceSet, target: Path, report: Report) -> None:
    """``faces.lmdb``: keys ``0`` to N - 1, each a msgpack list of image bytes and label.

    ``__len__``, ``__keys__`` and ``__classnum__`` are what the training code reads first.
    """
    room = sum(len(faces.read(index)) + _PAGES for index in range(len(faces))) + _SPARE
    base = lmdb.open(
        str(target / FILE), subdir=False, map_size=room, lock=False, meminit=True, sync=False
    )
    with base:
        transaction = base.begin(write=True)
        for face in samples_of(faces, report):
            key = str(face.index).encode("ascii")
            transaction.put(key, msgpack.packb((face.image, face.label)))
            if face.index % _COMMIT == _COMMIT - 1:
                transaction.commit()
                transaction = base.begin(write=True)
        keys = [str(index).encode("ascii") for index in range(len(faces))]
        transaction.put(b"__keys__", msgpack.packb(keys))
        transaction.put(b"__len__", msgpack.packb(len(faces)))
        transaction.put(b"__classnum__", msgpack.packb(len(np.unique(faces.subjects))))
        transaction.commit()
        base.sync(True)
