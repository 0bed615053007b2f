"""Measures of a face set itself."""
