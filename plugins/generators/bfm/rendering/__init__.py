"""From a face to pixels."""
