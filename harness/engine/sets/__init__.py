"""Image sets in a run: opened with who is on them, as a network saw them, and what measures found."""
