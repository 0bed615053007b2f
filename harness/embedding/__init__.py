"""Embeddings of many images, with mirror features."""
