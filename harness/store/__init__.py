"""Artifacts under content keys: written whole, locked, verified, listed."""
