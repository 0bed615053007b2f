"""Recipes that come with the package, installed as ``harness_recipes``."""
