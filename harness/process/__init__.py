"""What a process runs on: machine, kernels, signals, environment variables."""
