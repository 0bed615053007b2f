"""The training loop, its samplers, schedules and checkpoints."""
