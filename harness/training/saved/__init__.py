"""What a training leaves on disk: weights, checkpoints, exports."""
