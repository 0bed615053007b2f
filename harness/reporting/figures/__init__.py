"""Figures as Vega-Lite specifications, and their still pictures."""
