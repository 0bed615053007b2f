"""Intervals, bootstrap and significance tests."""
