"""The diffusion pipeline."""
