"""Face sets in a run: opened with who is on them, and what measures found kept in the study."""
