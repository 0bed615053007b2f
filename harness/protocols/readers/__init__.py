"""Readers of lists, packs and landmark files."""
