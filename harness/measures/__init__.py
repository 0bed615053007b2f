"""What a face set is worth before a training: pure functions of embeddings, identities and images.

Definitions and sources are in ``docs/measures.md``. Every function takes arrays and gives
:class:`~harness.components.MeasuredValue` values; nothing here opens a file or a network.
"""
