"""Image sets in a run: opened with their subjects, as networks saw them, and as measured."""
