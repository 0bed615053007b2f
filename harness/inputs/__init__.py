"""What an input is: one walk of folders, and the files that belong to a file.

The fingerprint of an input and every reader of it use the same functions, so that whatever is read
is part of the key. Hidden entries (:func:`is_hidden`) are neither read nor part of a fingerprint.
"""

from harness.inputs.belonging import belonging, beside, content_of, content_sha256
from harness.inputs.hdf5 import HDF5_DAMAGE, hdf5_error, open_hdf5, require_closed
from harness.inputs.names import inner_path, one_line, shown
from harness.inputs.stamps import identity, stamp
from harness.inputs.walk import WalkedFolder, is_hidden, is_hidden_path, walk, walk_files

__all__ = [
    "HDF5_DAMAGE",
    "WalkedFolder",
    "belonging",
    "beside",
    "content_of",
    "content_sha256",
    "hdf5_error",
    "identity",
    "inner_path",
    "is_hidden",
    "is_hidden_path",
    "one_line",
    "open_hdf5",
    "require_closed",
    "shown",
    "stamp",
    "walk",
    "walk_files",
]
