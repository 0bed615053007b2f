"""Running a plan: sessions, stages, workers, events."""
